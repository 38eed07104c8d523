import { headBehind } from "../../../arrays/stream/source/compressed.js";
import type { ByteRange, RandomAccess, ReadOptions } from "../../../core/bytes.js";
import { concat } from "../../../core/bytes.js";
import { isEmporiumError } from "../../../core/errors.js";
import { type Peek, type PeekOptions, peekFile } from "../../../formats/peek/peek.js";
import type { HostPace } from "../../../net/pace.js";
import { oneVersion } from "../../../stores/one-version.js";
import { absent, isVersioned, type Stat, type Store } from "../../../stores/store.js";

/** An object of a store, for reading parts of it. */
export interface ObjectSource extends RandomAccess {
  /** Requests for the size, which the reader does not count. */
  readonly asides: number;
  /** Path of a file on this machine; undefined for a remote object. */
  readonly path: string | undefined;
}

export interface ObjectSourceOptions {
  /** The name in messages. */
  name: string;
  pace?: HostPace | undefined;
  signal?: AbortSignal | undefined;
}

/**
 * An object whose size and version come with the first read, so that a header takes one request and not two. If the object
 * changes between two reads, the second throws STORE_CONFLICT, provided that the store has etags.
 *
 * @throws {EmporiumError} STORE_ABSENT at the first read, and what the store throws
 */
export function objectSource(store: Store, key: string, { name, pace, signal }: ObjectSourceOptions): ObjectSource {
  let stat: Stat | undefined;
  let asides = 0;
  let begun: { range: ByteRange; bytes: Uint8Array } | undefined;
  /** Reads from a server that names no version of the object; set with the first such read. */
  let careful: RandomAccess["read"] | undefined;

  async function turn<T>(work: () => Promise<T>): Promise<T> {
    const leave = await pace?.request(signal);
    try {
      return await work();
    } finally {
      leave?.();
    }
  }

  async function known(options: ReadOptions): Promise<Stat> {
    if (stat) return stat;
    asides++;
    stat = await turn(() => store.stat(key, options));
    if (!stat) throw absent(store, key);
    return stat;
  }

  /** The first bytes, with the object's size and version; undefined if the store does not give both at once. */
  async function begin(range: ByteRange, options: ReadOptions): Promise<Uint8Array | undefined> {
    const stream = await turn(async () => store.stream!(key, range, options));
    if (!stream) throw absent(store, key);
    const pieces: Uint8Array[] = [];
    let length = 0;
    // a server without ranges begins at 0 and sends everything
    const wanted = range.offset - stream.offset + range.length;
    for await (const piece of stream.body) {
      pieces.push(piece);
      length += piece.length;
      if (length >= wanted) break;
    }
    await stream.cancel();
    const { size, etag, modifiedMs, weak } = stream.stat;
    const bytes = concat(pieces).subarray(range.offset - stream.offset, wanted);
    begun = { range, bytes };
    if (size !== undefined) stat = { size, etag, modifiedMs, weak };
    return bytes;
  }

  async function readNow(range: ByteRange | undefined, options: ReadOptions, ifMatch: string | undefined): Promise<Uint8Array> {
    const bytes = await turn(() => store.read(key, range, { ...options, ifMatch }));
    if (!bytes) throw absent(store, key);
    return bytes;
  }

  return {
    name,
    path: store.local?.path(key),
    get asides() {
      return asides;
    },
    size: async () => (await known({ signal })).size,
    async read(range, given = {}) {
      const options = { signal: given.signal ?? signal };
      if (!stat && store.stream && range.length > 0) {
        try {
          const bytes = await begin(range, options);
          if (bytes) return bytes;
        } catch (error) {
          // `read` tries again after temporary failures
          if (!isEmporiumError(error) || (error.facts.retry ?? "no") === "no") throw error;
        }
      }
      const now = await known(options);
      if (range.offset >= now.size) return new Uint8Array(0);
      if (isVersioned(now)) return readNow(range, options, now.etag);
      careful ??= oneVersion({
        name,
        size: now.size,
        begun,
        read: (part, more) => readNow(part, { ...options, ...more }, now.etag),
      });
      return careful(range, options);
    },
  };
}

/**
 * Peeks into a file with the readers that browsers do not have: decompression of its head, and HDF5 where the file is on this
 * machine.
 */
export function peekObject(file: RandomAccess & { readonly path?: string | undefined }, options: PeekOptions): Promise<Peek> {
  const { path, name } = file;
  const hdf5 =
    path === undefined ? undefined : async () => (await import("../../../arrays/loader/open-hdf5.js")).peekHdf5(path, name);
  return peekFile(file, { ...options, decompressHead: headBehind, hdf5 });
}

/** The same source with its first bytes in memory. */
export function primed(source: RandomAccess, head: Uint8Array, whole: number): RandomAccess {
  return {
    name: source.name,
    size: () => source.size(),
    read: async (range, options) =>
      range.offset === 0 && range.length <= whole ? head.subarray(0, range.length) : source.read(range, options),
  };
}
