import { type Box, boxShape, intersect, type Triple, volumeOf } from "../../core/box.js";
import type { RandomAccess } from "../../core/bytes.js";
import { type DType, HOST_LITTLE_ENDIAN, ITEM_BYTES, swapBytes } from "../../core/dtype.js";
import { EmporiumError } from "../../core/errors.js";
import { LIMITS } from "../../core/limits.js";
import { decodeSegmentation } from "./compressed-segmentation.js";
import { chunkBox, chunkGridOf, chunkName, mortonBits, mortonCode } from "./grid.js";
import { gunzip, isGzip } from "./gzip.js";
import type { VolumeInfo, VolumeScale } from "./info.js";
import { readShardValue, shardName, shardOf } from "./sharding.js";

/** A file by its key below the folder of the scale, or undefined where there is none. */
export type OpenChunk = (key: string) => Promise<RandomAccess | undefined>;

export interface PrecomputedReadOptions {
  /** What messages call the volume; the key of the chunk is added. */
  name?: string | undefined;
  /** Most bytes that the result may have. */
  bytesMax?: number | undefined;
  signal?: AbortSignal | undefined;
}

/**
 * A box of one scale as bytes: `[channel, z, y, x]`, C order, host byte order. A chunk that is not there is zeros.
 *
 * Chunks may lie gzip-ed, under their own name or with `.gz` behind it, as copies of a bucket have them.
 *
 * @param box from the volume's first voxel on, its offset not counted.
 * @throws {EmporiumError} USAGE (a box outside the volume), FORMAT_UNSUPPORTED (an encoding that is not read), FORMAT_CORRUPT, FORMAT_LIMIT.
 */
export async function readPrecomputedBox(
  open: OpenChunk,
  info: VolumeInfo,
  scale: VolumeScale,
  box: Box,
  { name = "volume", bytesMax = LIMITS.memoryBytes, signal }: PrecomputedReadOptions = {},
): Promise<Uint8Array> {
  requireInside(box, scale.shape, name);
  const shape = boxShape(box);
  const item = ITEM_BYTES[info.dtype];
  const wanted = volumeOf(shape) * info.channels * item;
  if (wanted > bytesMax) {
    throw new EmporiumError(
      "FORMAT_LIMIT",
      `${name}: ${shape.join("×")} voxels are ${wanted} bytes, at most ${bytesMax} are read at once`,
      {
        place: { file: name },
        hint: "read the volume in smaller boxes",
      },
    );
  }
  const result = new Uint8Array(wanted);
  if (wanted === 0) return result;
  const chunk = scale.chunks[0]!;
  for (const cell of cellsOf(box, chunk)) {
    signal?.throwIfAborted();
    const chunkVoxels = chunkBox(cell, scale.shape, chunk);
    const plain = await readChunk(open, info, scale, cell, name, signal);
    const shared = intersect(chunkVoxels, box);
    if (plain && shared) {
      for (let channel = 0; channel < info.channels; channel++) copyRows(plain, chunkVoxels, result, box, shared, channel, item);
    }
  }
  return result;
}

/** Plain bytes of one chunk, `[channel, z, y, x]`, host byte order; undefined where there is none. */
async function readChunk(
  open: OpenChunk,
  info: VolumeInfo,
  scale: VolumeScale,
  cell: Triple,
  name: string,
  signal: AbortSignal | undefined,
): Promise<Uint8Array | undefined> {
  const box = chunkBox(cell, scale.shape, scale.chunks[0]!);
  const stored = scale.sharding
    ? await readSharded(open, scale, cell, name, signal)
    : await readFile(open, chunkName(box, scale.offset), signal);
  return stored && decodePrecomputedChunk(stored, info, scale, boxShape(box), `${name}/${chunkName(box, scale.offset)}`);
}

/**
 * Plain bytes of a stored chunk: `[channel, z, y, x]`, host byte order.
 *
 * @param shape of this chunk, smaller at the upper edge.
 * @throws {EmporiumError} FORMAT_UNSUPPORTED, FORMAT_CORRUPT, FORMAT_LIMIT.
 */
export async function decodePrecomputedChunk(
  stored: Uint8Array,
  { dtype, channels }: Pick<VolumeInfo, "dtype" | "channels">,
  { encoding, block }: Pick<VolumeScale, "encoding" | "block">,
  shape: Triple,
  name = "chunk",
): Promise<Uint8Array> {
  const plainBytes = volumeOf(shape) * channels * ITEM_BYTES[dtype];
  if (encoding === "raw") {
    // A chunk that happens to begin as a gzip stream does has the length of a chunk.
    const zipped = stored.length !== plainBytes && isGzip(stored);
    const plain = zipped ? await gunzip(stored, plainBytes, name) : stored;
    if (plain.length !== plainBytes) {
      throw new EmporiumError("FORMAT_CORRUPT", `${name}: ${plain.length} bytes, ${shape.join("×")} voxels have ${plainBytes}`, {
        place: { file: name, byte: plain.length },
        hint: "copy the chunk again: it is damaged or cut short",
      });
    }
    return native(plain, dtype);
  }
  if (encoding === "compressed_segmentation" && block && (dtype === "uint32" || dtype === "uint64")) {
    // Its first word is the number of channels, which is never that of a gzip stream.
    const plain = isGzip(stored) ? await gunzip(stored, LIMITS.chunkBytes, name) : stored;
    const labels = decodeSegmentation(plain, { dtype, shape, block, channels, name });
    return new Uint8Array(labels.buffer, labels.byteOffset, labels.byteLength);
  }
  throw new EmporiumError("FORMAT_UNSUPPORTED", `${name}: chunks encoded as ${JSON.stringify(encoding)} are not read`, {
    place: { file: name },
    hint: "write the volume again with encoding raw or compressed_segmentation",
  });
}

async function readFile(open: OpenChunk, key: string, signal: AbortSignal | undefined): Promise<Uint8Array | undefined> {
  const source = (await open(key)) ?? (await open(`${key}.gz`));
  if (!source) return undefined;
  const length = await source.size();
  if (length > LIMITS.chunkBytes) {
    throw new EmporiumError("FORMAT_LIMIT", `${source.name}: a chunk of ${length} bytes, ${LIMITS.chunkBytes} at most are read`, {
      place: { file: source.name },
    });
  }
  return source.read({ offset: 0, length }, { signal });
}

async function readSharded(
  open: OpenChunk,
  scale: VolumeScale,
  cell: Triple,
  name: string,
  signal: AbortSignal | undefined,
): Promise<Uint8Array | undefined> {
  const sharding = scale.sharding!;
  const grid = chunkGridOf(scale.shape, scale.chunks[0]!);
  if (mortonBits(grid) > 64) {
    throw new EmporiumError("FORMAT_LIMIT", `${name}: ${grid.join("×")} chunks have no ids of 64 bits`, {
      place: { file: name },
    });
  }
  const id = mortonCode(cell, grid);
  const source = await open(shardName(sharding, shardOf(sharding, id).shard));
  return source && readShardValue(source, sharding, id, { signal });
}

function native(plain: Uint8Array, dtype: DType): Uint8Array {
  if (HOST_LITTLE_ENDIAN) return plain;
  const swapped = new Uint8Array(plain); // the chunk may be the store's own memory
  swapBytes(swapped, ITEM_BYTES[dtype]);
  return swapped;
}

function* cellsOf({ start, stop }: Box, chunk: Triple): Generator<Triple> {
  const first = start.map((from, axis) => Math.floor(from / chunk[axis]!)) as Triple;
  const end = stop.map((to, axis) => Math.ceil(to / chunk[axis]!)) as Triple;
  for (let z = first[0]; z < end[0]; z++)
    for (let y = first[1]; y < end[1]; y++) for (let x = first[2]; x < end[2]; x++) yield [z, y, x];
}

function copyRows(source: Uint8Array, from: Box, target: Uint8Array, to: Box, shared: Box, channel: number, item: number): void {
  const place = ({ start }: Box, shape: Triple, z: number, y: number) =>
    item * (((channel * shape[0] + z - start[0]) * shape[1] + y - start[1]) * shape[2] + shared.start[2] - start[2]);
  const length = item * (shared.stop[2] - shared.start[2]);
  const [fromShape, toShape] = [boxShape(from), boxShape(to)];
  for (let z = shared.start[0]; z < shared.stop[0]; z++) {
    for (let y = shared.start[1]; y < shared.stop[1]; y++) {
      const at = place(from, fromShape, z, y);
      target.set(source.subarray(at, at + length), place(to, toShape, z, y));
    }
  }
}

function requireInside({ start, stop }: Box, shape: Triple, name: string): void {
  const inside = shape.every((length, axis) => {
    const [from, to] = [start[axis]!, stop[axis]!];
    return Number.isInteger(from) && Number.isInteger(to) && from >= 0 && from <= to && to <= length;
  });
  if (inside) return;
  throw new EmporiumError(
    "USAGE",
    `${name}: box from ${start.join(",")} to ${stop.join(",")} wanted, the volume has ${shape.join("×")}`,
    {
      place: { file: name },
    },
  );
}
