import { HOST_LITTLE_ENDIAN, swapBytes } from "../../core/dtype.js";
import { EmporiumError } from "../../core/errors.js";
import { counted } from "../../core/units.js";
import { chunkKey, positions } from "./chunks.js";
import { type CodecRegistry, encodeChunk } from "./codecs.js";
import { fillElement } from "./fill-element.js";
import { printZarray, product, type ZarrArrayMeta } from "./metadata.js";
import { copyElements, gridOf, stridesOf } from "./read.js";

/** Takes an object by its key below the array. */
export type PutChunk = (key: string, bytes: Uint8Array) => Promise<void>;

/**
 * An array that is in memory already: masks, small volumes, fixtures. (Volumes that are not go through the streaming writer.)
 * Every chunk is written, at full size, padded with the fill value, as the portal's converter does; `.zarray` comes last, so that
 * an array that can be opened is whole.
 *
 * @param voxels C order, host byte order.
 * @throws {EmporiumError} FORMAT_FIELD when `voxels` has another length than the metadata say.
 */
export async function writeZarrArray(
  put: PutChunk,
  meta: ZarrArrayMeta,
  voxels: Uint8Array,
  codecs?: CodecRegistry,
): Promise<void> {
  const { itemBytes, littleEndian, swapBytes: swapped, dtype } = meta.type;
  const wanted = product(meta.shape) * itemBytes;
  if (voxels.length !== wanted) {
    throw new EmporiumError(
      "FORMAT_FIELD",
      `${counted(voxels.length, "byte")} given, ${meta.shape.join("×")} ${dtype} are ${wanted}`,
    );
  }
  if (meta.filters?.length) throw new EmporiumError("FORMAT_UNSUPPORTED", "filters are read, not written");
  const fill = fillElement(meta.fillValue, dtype);
  const chunkStrides = stridesOf(meta.chunks, meta.order);
  const strides = stridesOf(meta.shape, "C");
  const grid = gridOf(meta);
  for (const chunk of positions(
    grid.map(() => 0),
    grid,
  )) {
    const plain = new Uint8Array(product(meta.chunks) * itemBytes);
    const origin = chunk.map((c, i) => c * meta.chunks[i]!);
    const shape = origin.map((from, i) => Math.min(meta.chunks[i]!, meta.shape[i]! - from));
    const target = { bytes: plain, strides: chunkStrides, offset: 0 };
    if (product(shape) < product(meta.chunks) && fill.some((byte) => byte !== 0)) {
      copyElements({ bytes: fill, strides: meta.chunks.map(() => 0), offset: 0 }, target, meta.chunks, itemBytes);
    }
    const offset = origin.reduce((sum, at, i) => sum + at * strides[i]!, 0);
    copyElements({ bytes: voxels, strides, offset }, target, shape, itemBytes);
    if (littleEndian !== HOST_LITTLE_ENDIAN) swapBytes(plain, swapped);
    await put(chunkKey(chunk, meta.dimensionSeparator), await encodeChunk(plain, meta.compressor, codecs));
  }
  await put(".zarray", new TextEncoder().encode(printZarray(meta)));
}
