import { type Box, boxShape, intersect, type Triple, volumeOf } from "../../core/box.js";
import { type ByteRange, joined, type RandomAccess } from "../../core/bytes.js";
import { type DType, HOST_LITTLE_ENDIAN, ITEM_BYTES, swapBytes } from "../../core/dtype.js";
import { EmporiumError } from "../../core/errors.js";
import { LIMITS } from "../../core/limits.js";
import { counted } from "../../core/units.js";
import { decodeSegmentation } from "./compressed-segmentation.js";
import { chunkBox, chunkGridOf, chunkName, mortonBits, mortonCode } from "./grid.js";
import { gunzip, isGzip } from "./gzip.js";
import { decodePictureChunk, isPicture, isPictureEncoding } from "./image-chunk.js";
import type { VolumeInfo, VolumeScale } from "./info.js";
import { type MinishardIndex, readIndexed, readMinishardIndex, shardName, shardOf } from "./sharding.js";

/** A file by its key below the folder of the scale, or undefined where there is none. */
export type OpenChunk = (key: string) => Promise<RandomAccess | undefined>;

/** Plain bytes of a Brotli stream; undefined where the bytes are none, or have more than `bytesMax`. */
export type Brotli = (bytes: Uint8Array, bytesMax: number) => Promise<Uint8Array | undefined>;

export interface StoredChunkOptions {
  /** Name of the volume in messages; the key of the chunk is added. */
  name?: string | undefined;
  signal?: AbortSignal | undefined;
  /** The platform's Brotli decoder. Browsers do not expose one. With it, files with `.br` behind their name are read as well. */
  brotli?: Brotli | undefined;
  /** Indexes of shards read so far: hand in the same map again, and none is read twice. A `Recent` has a bound. */
  indexes?: Map<string, MinishardIndex | undefined> | undefined;
}

export interface PrecomputedReadOptions extends StoredChunkOptions {
  /** Most bytes that the result may have. */
  bytesMax?: number | undefined;
}

/**
 * A box of one scale as bytes: `[channel, z, y, x]`, C order, host byte order. Missing chunks are zeros. Chunks may be compressed
 * once more, under their own name or with `.gz` or `.br` behind it.
 *
 * @param box from the volume's first voxel on, its offset not counted.
 * @throws {EmporiumError} USAGE (a box outside the volume), FORMAT_UNSUPPORTED (encoding), FORMAT_CORRUPT, FORMAT_LIMIT.
 */
export async function readPrecomputedBox(
  open: OpenChunk,
  info: VolumeInfo,
  scale: VolumeScale,
  box: Box,
  { name = "volume", bytesMax = LIMITS.memoryBytes, signal, brotli, indexes = new Map() }: PrecomputedReadOptions = {},
): Promise<Uint8Array> {
  requireInside(box, scale.shape, name);
  const shape = boxShape(box);
  const item = ITEM_BYTES[info.dtype];
  const wanted = volumeOf(shape) * info.channels * item;
  if (wanted > bytesMax) {
    throw new EmporiumError(
      "FORMAT_LIMIT",
      `${name}: ${shape.join("×")} voxels are ${counted(wanted, "byte")}, at most ${bytesMax} are read at once`,
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
    const plain = await readChunk(open, info, scale, cell, { name, signal, brotli, indexes });
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
  options: StoredChunkOptions & { name: string },
): Promise<Uint8Array | undefined> {
  const box = chunkBox(cell, scale.shape, scale.chunks[0]!);
  const stored = await readStoredChunk(open, scale, cell, options);
  const name = `${options.name}/${chunkName(box, scale.offset)}`;
  return stored && decodePrecomputedChunk(stored, info, scale, boxShape(box), { name, brotli: options.brotli });
}

/**
 * Plain bytes of a stored chunk: `[channel, z, y, x]`, host byte order. Around what the encoding says there may be gzip or, where
 * `brotli` is given, Brotli: files that were copied with the coding that a server puts around them.
 *
 * @param shape shape of this chunk, which is smaller at the upper edge.
 * @throws {EmporiumError} FORMAT_UNSUPPORTED, FORMAT_CORRUPT, FORMAT_TRUNCATED, FORMAT_LIMIT.
 */
export async function decodePrecomputedChunk(
  stored: Uint8Array,
  { dtype, channels }: Pick<VolumeInfo, "dtype" | "channels">,
  { encoding, block }: Pick<VolumeScale, "encoding" | "block">,
  shape: Triple,
  { name = "chunk", brotli }: { name?: string | undefined; brotli?: Brotli | undefined } = {},
): Promise<Uint8Array> {
  const plain = await unwrapStoredChunk(stored, { dtype, channels }, { encoding }, shape, { name, brotli });
  if (encoding === "raw") {
    const plainBytes = volumeOf(shape) * channels * ITEM_BYTES[dtype];
    if (plain.length !== plainBytes) {
      throw new EmporiumError(
        "FORMAT_CORRUPT",
        `${name}: ${counted(plain.length, "byte")}, ${shape.join("×")} voxels have ${plainBytes}`,
        {
          place: { file: name, byte: plain.length },
          hint: "copy the chunk again: it is damaged or cut short",
        },
      );
    }
    return native(plain, dtype);
  }
  if (encoding === "compressed_segmentation" && block && (dtype === "uint32" || dtype === "uint64")) {
    const labels = decodeSegmentation(plain, { dtype, shape, block, channels, name });
    return new Uint8Array(labels.buffer, labels.byteOffset, labels.byteLength);
  }
  if (isPictureEncoding(encoding))
    return native(await decodePictureChunk(plain, encoding, { dtype, channels, shape }, name), dtype);
  throw new EmporiumError("FORMAT_UNSUPPORTED", `${name}: chunks encoded as ${JSON.stringify(encoding)} are not read`, {
    place: { file: name },
    hint: "write the volume again with encoding raw, jpeg, png or compressed_segmentation",
  });
}

/** Bytes that an encoding may add to a chunk: tables, and what pictures say of themselves. */
const WRAPPED_MORE = 2 ** 20;

/**
 * A stored chunk without what a server has put around its encoding.
 *
 * @throws {EmporiumError} FORMAT_CORRUPT, FORMAT_LIMIT of gzip. What is no Brotli stream stays as it is.
 */
export async function unwrapStoredChunk(
  stored: Uint8Array,
  { dtype, channels }: Pick<VolumeInfo, "dtype" | "channels">,
  { encoding }: Pick<VolumeScale, "encoding">,
  shape: Triple,
  { name = "chunk", brotli }: { name?: string | undefined; brotli?: Brotli | undefined } = {},
): Promise<Uint8Array> {
  const plainBytes = volumeOf(shape) * channels * ITEM_BYTES[dtype];
  // A raw chunk that happens to begin as a gzip stream does has the length of a chunk.
  if (encoding === "raw" && stored.length === plainBytes) return stored;
  if (isPictureEncoding(encoding) && isPicture(stored, encoding)) return stored;
  // The first word says where the first channel begins: right behind such words. A gzip stream's does not.
  if (encoding === "compressed_segmentation" && stored[0]! + 256 * stored[1]! === channels && stored[2] === 0) return stored;
  // no encoding makes more of voxels than twice as many bytes: labels that all differ come nearest
  const bytesMax = encoding === "raw" ? plainBytes : Math.min(2 * plainBytes + WRAPPED_MORE, LIMITS.chunkBytes);
  if (isGzip(stored)) return gunzip(stored, bytesMax, name);
  // Brotli has no magic: a stream is one where it decodes
  return (await brotli?.(stored, bytesMax)) ?? stored;
}

/**
 * The bytes of one chunk as the scale's encoding has them, or what a server has put around those; undefined where there is none.
 *
 * @throws {EmporiumError} FORMAT_LIMIT, and of shards FORMAT_CORRUPT, FORMAT_TRUNCATED.
 */
export async function readStoredChunk(
  open: OpenChunk,
  scale: VolumeScale,
  cell: Triple,
  options: StoredChunkOptions = {},
): Promise<Uint8Array | undefined> {
  return scale.sharding
    ? readSharded(open, scale, cell, options)
    : readFile(open, chunkName(chunkBox(cell, scale.shape, scale.chunks[0]!), scale.offset), options);
}

/**
 * The place of a chunk's bytes: the file below the folder of the scale, its range, and the codecs around the encoding; undefined
 * where there is none.
 */
export async function findStoredChunk(
  open: OpenChunk,
  scale: VolumeScale,
  cell: Triple,
  options: StoredChunkOptions = {},
): Promise<{ readonly file: string; readonly range: ByteRange; readonly codecs: readonly string[] } | undefined> {
  if (!scale.sharding) {
    const key = chunkName(chunkBox(cell, scale.shape, scale.chunks[0]!), scale.offset);
    for (const [ending, codecs] of [
      ["", []],
      [".gz", ["gzip"]],
      [".br", ["brotli"]],
    ] as const) {
      const source = await open(`${key}${ending}`);
      if (source) return { file: `${key}${ending}`, range: { offset: 0, length: await source.size() }, codecs };
    }
    return undefined;
  }
  const found = await findSharded(open, scale, cell, options);
  if (!found) return undefined;
  const { file, index, at } = found;
  const codecs = scale.sharding.dataEncoding === "gzip" ? ["gzip"] : [];
  return { file, range: { offset: index.offsets[at]!, length: index.sizes[at]! }, codecs };
}

async function readFile(open: OpenChunk, key: string, { signal, brotli }: StoredChunkOptions): Promise<Uint8Array | undefined> {
  const source = (await open(key)) ?? (await open(`${key}.gz`)) ?? (await open(`${key}.br`));
  if (!source) return undefined;
  if (source.name.endsWith(".br") && !brotli) {
    throw new EmporiumError("FORMAT_UNSUPPORTED", `${source.name}: Brotli is not read here`, { place: { file: source.name } });
  }
  const length = await source.size();
  if (length > LIMITS.chunkBytes) {
    throw new EmporiumError(
      "FORMAT_LIMIT",
      `${source.name}: a chunk of ${counted(length, "byte")}; at most ${LIMITS.chunkBytes} are read`,
      {
        place: { file: source.name },
      },
    );
  }
  return source.read({ offset: 0, length }, { signal });
}

async function readSharded(
  open: OpenChunk,
  scale: VolumeScale,
  cell: Triple,
  options: StoredChunkOptions,
): Promise<Uint8Array | undefined> {
  const found = await findSharded(open, scale, cell, options);
  return found && readIndexed(found.source, scale.sharding!, found.index, found.at, { signal: options.signal });
}

async function findSharded(
  open: OpenChunk,
  scale: VolumeScale,
  cell: Triple,
  { name = "volume", signal, indexes }: StoredChunkOptions,
): Promise<{ file: string; source: RandomAccess; index: MinishardIndex; at: number } | undefined> {
  const sharding = scale.sharding!;
  const grid = chunkGridOf(scale.shape, scale.chunks[0]!);
  if (mortonBits(grid) > 64) {
    throw new EmporiumError("FORMAT_LIMIT", `${name}: ${grid.join("×")} chunks have no ids of 64 bits`, {
      place: { file: name },
    });
  }
  const id = mortonCode(cell, grid);
  const { shard, minishard } = shardOf(sharding, id);
  const key = shardName(sharding, shard);
  const source = await openShard(open, key);
  if (!source) return undefined;
  const indexName = `${key}#${minishard}`;
  const index = indexes?.has(indexName)
    ? indexes.get(indexName)
    : await readMinishardIndex(source, sharding, minishard, { signal });
  indexes?.set(indexName, index);
  const at = index?.ids.indexOf(id) ?? -1;
  return at < 0 ? undefined : { file: key, source, index: index!, at };
}

/** A shard in one file, or as an older form has it: what is its index in one, the values in another. */
async function openShard(open: OpenChunk, key: string): Promise<RandomAccess | undefined> {
  const whole = await open(key);
  if (whole) return whole;
  const stem = key.replace(/\.shard$/, "");
  const index = await open(`${stem}.index`);
  const data = index && (await open(`${stem}.data`));
  return data && joined(index!, data);
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
    `${name}: box from ${start.join(",")} to ${stop.join(",")} is outside of the volume of ${shape.join("×")} voxels`,
    {
      place: { file: name },
    },
  );
}
