import {
  BLOSC_HEADER_BYTES,
  type BloscFrame,
  bloscHeadBytes,
  decodeBlosc,
  readBloscHeader,
} from "../../../arrays/kernels/blosc.js";
import type { Triple } from "../../../core/box.js";
import type { ByteRange } from "../../../core/bytes.js";
import { HOST_LITTLE_ENDIAN, swapBytes } from "../../../core/dtype.js";
import { EmporiumError } from "../../../core/errors.js";
import { chunkKey } from "../../../formats/zarr/chunks.js";
import { type CodecRegistry, defaultCodecs } from "../../../formats/zarr/codecs.js";
import { fillElement } from "../../../formats/zarr/fill-element.js";
import type { ZarrArrayMeta } from "../../../formats/zarr/metadata.js";
import { readZarrBox } from "../../../formats/zarr/read.js";
import type { ShardIndex } from "../../../formats/zarr/shard.js";
import { v3ChunkKey, type ZarrV3Array } from "../../../formats/zarr/v3-metadata.js";
import { readZarrV3Box } from "../../../formats/zarr/v3-read.js";

/** Reads objects: from a folder of this machine inside a worker thread, elsewhere from a store. An absent object is undefined. */
export interface Reader {
  /** @param room gives the memory to read into, where the reader can use it. */
  read(key: string, range?: ByteRange, room?: (bytes: number) => Uint8Array): Promise<Uint8Array | undefined>;
  size(key: string): Promise<number | undefined>;
  /** A read costs no round trip: long objects are read in parts, each once, and are never whole in memory. */
  isNear?: boolean | undefined;
  /** A part of an object for one pass from its beginning to its end, read ahead. One at a time. */
  inOrder?(key: string, range: ByteRange): InOrder;
}

export interface InOrder {
  /** Some bytes from a position on, until the next call; none at the end, undefined where there is no such object. */
  lend(position: number): Promise<Uint8Array | undefined>;
  close(): Promise<void>;
}

/** Takes the bytes of an object in their order, each once. */
export interface Sums {
  add(bytes: Uint8Array): void;
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

/** Bytes that are read at once of an object that is read along, where nothing else says how much. */
const PIECE_BYTES = 4 * 1024 * 1024;
/** Bytes that are read first: the header, and the offsets of some thousand blocks. */
const HEAD_BYTES = 16 * 1024;

/**
 * Boxes of an array, read through one reader. For Zarr 2 the last object, or where reads are cheap a window of it, is kept in `frame` if parts of it
 * can be decoded there; for Zarr 3 the indexes of shards.
 */
export function openArray(place: ArrayPlace, reader: Reader, frame: BloscFrame) {
  const { folder, meta } = place;
  const name = folder.slice(0, -1);
  const isFramed = isPartly(place);
  const indexes = new Map<string, ShardIndex>();
  let last: { key: string; stored: Uint8Array | undefined } | undefined;
  let along: Along | undefined;
  const whole = async (key: string): Promise<Uint8Array | undefined> => {
    if (last?.key === key) return last.stored;
    last = undefined;
    along = undefined;
    let stored = await reader.read(key, undefined, isFramed ? (bytes) => frame.room(bytes) : undefined);
    if (isFramed && stored) {
      const room = frame.room(stored.length);
      if (stored.buffer !== room.buffer) room.set(stored);
      stored = room;
    }
    last = { key, stored };
    return stored;
  };
  /** A part of a chunk, of which only a window is read; undefined where it is absent or for another decoder. */
  const windowed = async (chunk: Triple, box: Box3): Promise<Uint8Array | undefined> => {
    const { type, chunks } = meta as ZarrArrayMeta;
    const key = objectKey(place, chunk);
    if (along?.key !== key) {
      last = undefined;
      along = await readAlong(key, reader, frame);
    }
    const inner = insideOf(chunk, chunks as Triple, box);
    return inner && along && (await along.read(chunks as Triple, type.itemBytes, inner));
  };
  return {
    /** An object as it is stored, which is then kept. */
    whole,
    /**
     * Goes to an object whose bytes are to be summed while boxes of it are read. False where it is absent.
     *
     * @returns `end`, which reads what no box needed, and `close`, which is called in any case.
     */
    async summed(key: string, sums: Sums): Promise<Pick<Along, "end" | "close"> | undefined> {
      last = undefined;
      along = await readAlong(key, reader, frame, sums);
      return along;
    },
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
      const part = !isFramed ? undefined : reader.isNear ? await windowed(chunk, box) : await framed(chunk, box);
      if (part) return inHostOrder(part, meta);
      // other decoders do not take shared memory
      const copy = async (key: string) => (await whole(folder + key))?.slice();
      return readZarrBox(copy, meta, box, options);
    },
  };

  async function framed(chunk: Triple, box: Box3): Promise<Uint8Array | undefined> {
    const { type, chunks } = meta as ZarrArrayMeta;
    const inner = insideOf(chunk, chunks as Triple, box);
    if (!(await whole(objectKey(place, chunk))) || !inner) return undefined;
    return frame.lendBox(chunks as Triple, type.itemBytes, inner);
  }
}

/** An object of which a window is in memory, which moves along it. */
interface Along {
  key: string;
  read(chunks: Triple, itemBytes: number, box: Box3): Promise<Uint8Array | undefined>;
  end(): Promise<void>;
  close(): Promise<void>;
}

/**
 * Reads a Blosc frame along. Boxes may come in any order; in that of the blocks no byte is read twice.
 *
 * @param sums are told of every byte up to the last that was read; without, what no box needs is left out.
 * @returns undefined where there is no such object.
 */
async function readAlong(key: string, reader: Reader, frame: BloscFrame, sums?: Sums): Promise<Along | undefined> {
  const size = await reader.size(key);
  if (size === undefined) return undefined;
  const ordered = sums && reader.inOrder?.(key, { offset: 0, length: size });
  let summedTo = 0;
  const note = (bytes: Uint8Array, at: number): void => {
    if (!sums || at > summedTo || at + bytes.length <= summedTo) return;
    sums.add(bytes.subarray(summedTo - at));
    summedTo = at + bytes.length;
  };
  /** Reads bytes to `room`; fewer than wanted where the object has become shorter. */
  const fetch = async (at: number, room: Uint8Array): Promise<Uint8Array> => {
    let read = room.subarray(0, 0);
    if (!ordered) {
      read = (await reader.read(key, { offset: at, length: room.length }, (length) => room.subarray(0, length))) ?? read;
      if (read.length > 0 && read.buffer !== room.buffer) room.set(read);
      note(read, at);
    }
    while (ordered && read.length < room.length) {
      const lent = (await ordered.lend(at + read.length))?.subarray(0, room.length - read.length);
      if (!lent?.length) break;
      note(lent, at + read.length);
      room.set(lent, read.length);
      read = room.subarray(0, read.length + lent.length);
    }
    return read;
  };
  /** Sums what lies before, in pieces, and without keeping it. */
  const upTo = async (end: number): Promise<void> => {
    if (!sums || summedTo >= end) return;
    const room = ordered ? undefined : new Uint8Array(Math.min(PIECE_BYTES, end - summedTo));
    while (summedTo < end) {
      const wanted = end - summedTo;
      const read = room ? await fetch(summedTo, room.subarray(0, wanted)) : (await ordered!.lend(summedTo))?.subarray(0, wanted);
      if (!read?.length) return;
      if (!room) note(read, summedTo);
    }
  };
  let head = await fetch(0, new Uint8Array(Math.min(HEAD_BYTES, size)));
  if (head.length >= BLOSC_HEADER_BYTES) {
    const wanted = Math.min(size, bloscHeadBytes(head, readBloscHeader(head)));
    if (wanted > head.length) {
      const more = new Uint8Array(wanted);
      more.set(head);
      const rest = await fetch(head.length, more.subarray(head.length));
      head = more.subarray(0, head.length + rest.length);
    } else head = head.subarray(0, wanted);
  }
  frame.open(head, size);
  return {
    key,
    async read(chunks, itemBytes, box) {
      const range = frame.rangeOf(chunks, itemBytes, box);
      const to = Math.min(range.to, size);
      const from = Math.min(range.from, to);
      const { at, room } = frame.window(from, to);
      if (room.length > 0) {
        await upTo(at);
        const read = await fetch(at, room).catch((error: unknown) => {
          frame.window(0, 0);
          throw error;
        });
        if (read.length < room.length) frame.window(0, 0);
        if (read.length < room.length) throw new EmporiumError("FORMAT_TRUNCATED", `${key} ends while it is read`);
      }
      return frame.lendBox(chunks, itemBytes, box);
    },
    end: () => upTo(size),
    close: async () => ordered?.close(),
  };
}

/** A box in voxels of a chunk that it lies in; undefined where it lies in more of them. */
function insideOf(chunk: Triple, chunks: Triple, box: Box3): Box3 | undefined {
  const moved = (corner: Triple) => corner.map((at, axis) => at - chunk[axis]! * chunks[axis]!) as Triple;
  const inner = { start: moved(box.start), stop: moved(box.stop) };
  return inner.stop.some((to, axis) => to > chunks[axis]!) ? undefined : inner;
}

function inHostOrder(plain: Uint8Array, { type }: ZarrArrayMeta): Uint8Array {
  if (type.littleEndian !== HOST_LITTLE_ENDIAN && type.swapBytes > 1) swapBytes(plain, type.swapBytes);
  return plain;
}
