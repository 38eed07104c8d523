import { type BloscFrame, decodeBlosc } from "../../../arrays/kernels/blosc.js";
import type { Triple } from "../../../core/box.js";
import type { ByteRange } from "../../../core/bytes.js";
import { HOST_LITTLE_ENDIAN, swapBytes } from "../../../core/dtype.js";
import { chunkKey } from "../../../formats/zarr/chunks.js";
import { type CodecRegistry, defaultCodecs } from "../../../formats/zarr/codecs.js";
import type { ZarrArrayMeta } from "../../../formats/zarr/metadata.js";
import { fillElement, readZarrBox } from "../../../formats/zarr/read.js";
import type { ShardIndex } from "../../../formats/zarr/shard.js";
import { v3ChunkKey, type ZarrV3Array } from "../../../formats/zarr/v3-metadata.js";
import { readZarrV3Box } from "../../../formats/zarr/v3-read.js";

/** Where objects are read from: a folder of this machine inside a worker thread, a store elsewhere. Absent is undefined. */
export interface Reader {
  /** @param room gives the memory to read into, where the reader can use it. */
  read(key: string, range?: ByteRange, room?: (bytes: number) => Uint8Array): Promise<Uint8Array | undefined>;
  size(key: string): Promise<number | undefined>;
}

/** An array of three axes, of Zarr 2 or 3, at a folder key that ends with `/`. Plain data: it is sent to threads. */
export interface ArrayPlace {
  folder: string;
  meta: ZarrArrayMeta | ZarrV3Array;
}

/** Voxels `[z, y, x]`, half-open. */
export interface Box3 {
  start: Triple;
  stop: Triple;
}

export function shapeOf({ start, stop }: Box3): Triple {
  return stop.map((to, axis) => to - start[axis]!) as Triple;
}

function isV3(meta: ArrayPlace["meta"]): meta is ZarrV3Array {
  return "kind" in meta;
}

/** Key of the object, a chunk or a shard, at a position of the grid. */
export function objectKey({ folder, meta }: ArrayPlace, position: readonly number[]): string {
  return folder + (isV3(meta) ? v3ChunkKey(position, meta.keys) : chunkKey(position, meta.dimensionSeparator));
}

/** Key of the document that describes the array. */
export function documentKey({ folder, meta }: ArrayPlace): string {
  return `${folder}${isV3(meta) ? "zarr.json" : ".zarray"}`;
}

/** Voxels that are decoded together: a chunk, also where many of them are in a shard. */
export function cellShape({ meta }: ArrayPlace): Triple {
  const inner =
    isV3(meta) && meta.codecs.serializer.kind === "shard" && !meta.codecs.order ? meta.codecs.serializer.chunks : meta.chunks;
  return inner as Triple;
}

export function fillOf({ meta }: ArrayPlace): Uint8Array {
  return isV3(meta) ? meta.fillElement : fillElement(meta.fillValue, meta.type.dtype);
}

/** True where a part of a chunk costs less than all of it. */
export function isPartly({ meta }: ArrayPlace): boolean {
  return !isV3(meta) && meta.compressor?.id === "blosc" && !meta.filters && meta.order === "C";
}

/** Own decoder for the common frames; the others are decoded in TypeScript. */
const codecs: CodecRegistry = {
  ...defaultCodecs,
  blosc: (config) => {
    const other = defaultCodecs.blosc!(config);
    return { decode: (bytes, plainBytes) => decodeBlosc(bytes) ?? other.decode(bytes, plainBytes) };
  },
};

/**
 * Boxes of an array, read through one reader. For Zarr 2 the last object is cached if parts of it can be decoded in `frame`; for
 * Zarr 3 the indexes of shards.
 */
export function openArray(place: ArrayPlace, reader: Reader, frame: BloscFrame) {
  const { folder, meta } = place;
  const name = folder.slice(0, -1);
  const isFramed = isPartly(place);
  const indexes = new Map<string, ShardIndex>();
  let last: { key: string; stored: Uint8Array | undefined } | undefined;
  const whole = async (key: string): Promise<Uint8Array | undefined> => {
    if (last?.key === key) return last.stored;
    last = undefined;
    let stored = await reader.read(key, undefined, isFramed ? (bytes) => frame.room(bytes) : undefined);
    if (isFramed && stored) {
      const room = frame.room(stored.length);
      if (stored.buffer !== room.buffer) room.set(stored);
      stored = room;
    }
    last = { key, stored };
    return stored;
  };
  return {
    /** An object as it is stored, which is then kept. */
    whole,
    /**
     * C order, host byte order; what is not stored is fill. The bytes are the caller's until the next read.
     *
     * @throws {EmporiumError} FORMAT_CORRUPT, FORMAT_TRUNCATED
     */
    async read(box: Box3): Promise<Uint8Array> {
      const options = { codecs, name, bytesMax: Number.MAX_SAFE_INTEGER };
      if (isV3(meta)) {
        const objects = {
          read: (key: string, range?: ByteRange) => reader.read(folder + key, range),
          size: (key: string) => reader.size(folder + key),
        };
        return readZarrV3Box(objects, meta, box, { ...options, indexes });
      }
      const chunk = box.start.map((from, axis) => Math.floor(from / meta.chunks[axis]!)) as Triple;
      const stored = isPartly(place) ? await whole(objectKey(place, chunk)) : undefined;
      // other decoders do not take shared memory
      const copy = async (key: string) => (await whole(folder + key))?.slice();
      return (stored && decodePart(meta, chunk, box, frame)) ?? readZarrBox(copy, meta, box, options);
    },
  };
}

/** Of a Blosc frame only the blocks that a box touches are decoded. Undefined for frames of other decoders. */
function decodePart({ type, chunks }: ZarrArrayMeta, chunk: Triple, box: Box3, frame: BloscFrame): Uint8Array | undefined {
  const origin = chunk.map((c, axis) => c * chunks[axis]!);
  const inner = {
    start: box.start.map((from, axis) => from - origin[axis]!) as Triple,
    stop: box.stop.map((to, axis) => to - origin[axis]!) as Triple,
  };
  if (inner.stop.some((to, axis) => to > chunks[axis]!)) return undefined;
  const plain = frame.lendBox(chunks as Triple, type.itemBytes, inner);
  if (plain && type.littleEndian !== HOST_LITTLE_ENDIAN && type.swapBytes > 1) swapBytes(plain, type.swapBytes);
  return plain;
}
