import type { Triple } from "../../core/box.js";
import { byteOrderOf, ITEM_BYTES } from "../../core/dtype.js";
import { EmporiumError } from "../../core/errors.js";
import { readN5BlockHeader } from "../../formats/n5/block.js";
import { stridesOf } from "../../formats/zarr/read.js";
import { stepName } from "../../formats/zarr/steps.js";
import { objectName, type Store } from "../../stores/store.js";
import type { VoxelPlace } from "../plane/plane.js";
import type { ChunkedLevel, ChunkPlace } from "./chunked.js";

/** Bytes that hold the header of any N5 block, with its mode, rank and lengths: a kibibyte is enough for 255 axes. */
const N5_HEADER_BYTES = 1024;

/**
 * The place where a voxel of a level is stored: its chunk or, where the chunk has no codec, the voxel's own bytes.
 *
 * @returns undefined where no such chunk is stored
 * @throws {EmporiumError} FORMAT_UNSUPPORTED for formats that find their chunks by themselves; what stores and formats throw
 */
export async function locateVoxel(
  store: Store,
  level: ChunkedLevel,
  voxel: Triple,
  signal: AbortSignal | undefined,
): Promise<VoxelPlace | undefined> {
  const { chunk, coding, dtype, itemBytes, name } = level;
  if (!coding) {
    throw new EmporiumError("FORMAT_UNSUPPORTED", `${name}: the library that reads HDF5 does not give the offsets of chunks`, {
      place: { file: name },
      hint: "convert the dataset to Zarr",
    });
  }
  const cell = voxel.map((at, axis) => Math.floor(at / chunk[axis]!)) as Triple;
  const within = voxel.map((at, axis) => at % chunk[axis]!) as Triple;
  const found: (ChunkPlace & { codecs?: readonly string[] }) | undefined = level.locate
    ? await level.locate(cell, signal)
    : await level.find(cell, signal);
  const range = found && (found.range ?? (await wholeOf(store, found.key, signal)));
  if (!found || !range) return undefined;
  const { key } = found;
  const at = ({ offset, strides }: { offset: number; strides: Triple }) =>
    within.reduce((sum, position, axis) => sum + position * strides[axis]!, offset);
  const placed = (codecs: readonly string[], element: number, order: "little" | "big", headerBytes = 0): VoxelPlace => {
    const common = { key, dtype, ...(itemBytes > 1 && { byteOrder: order }) };
    const decodedByte = element * itemBytes;
    if (codecs.length === 0) {
      return { ...common, offset: range.offset + headerBytes + decodedByte, length: itemBytes, codecs, decodedByte: 0 };
    }
    const says = range.offset > 0 ? "one chunk of a shard" : "one chunk of the volume";
    return { ...common, ...range, codecs, ...(headerBytes > 0 && { headerBytes }), decodedByte, says };
  };
  if (coding.kind === "steps") {
    const codecs = coding.steps.map(stepName).reverse();
    const own = placed(codecs, at(coding), byteOrderOf(coding.swapBytes));
    return coding.flipSign ? { ...own, dtype: "uint8", minus: 128 } : own;
  }
  if (coding.kind === "n5") {
    const head = await store.read(key, { offset: 0, length: N5_HEADER_BYTES }, { signal });
    if (!head) return undefined;
    const { shape, headerBytes } = readN5BlockHeader(head, coding.dataset, objectName(store, key));
    const strides = stridesOf(shape, "C");
    const own = coding.axes.map((axis) => (axis === undefined ? 0 : strides[axis]!)) as Triple;
    const first = coding.at.reduce((sum, position, axis) => sum + position * strides[axis]!, 0);
    const { type, useZlib } = coding.dataset.compression;
    const codecs = type === "raw" ? [] : [type === "gzip" && useZlib ? "zlib" : type];
    return placed(codecs, at({ offset: first, strides: own }), "big", headerBytes);
  }
  const { scale, channel, shape } = coding;
  const own = chunk.map((length, axis) => Math.min(length, shape[axis]! - cell[axis]! * length)) as Triple;
  const element = at({ offset: channel * own[0] * own[1] * own[2], strides: [own[1] * own[2], own[2], 1] });
  const around = found.codecs ?? [];
  const plainBytes = own[0] * own[1] * own[2] * coding.info.channels * ITEM_BYTES[coding.info.dtype];
  // files that a server has compressed under their own name
  const isWrapped = scale.encoding === "raw" && around.length === 0 && range.length !== plainBytes;
  const codecs = [...around, ...(isWrapped ? ["gzip"] : []), ...(scale.encoding === "raw" ? [] : [scale.encoding])];
  return placed(codecs, element, "little");
}

async function wholeOf(store: Store, key: string, signal: AbortSignal | undefined) {
  const stat = await store.stat(key, { signal });
  return stat && { offset: 0, length: stat.size };
}
