import type { RandomAccess } from "./bytes.js";
import { Recent } from "./recent.js";

/** Counts of the requests that a source has received. */
export interface Traffic {
  requests: number;
  /** Bytes that came back. */
  bytes: number;
}

/**
 * Wraps a source and counts its reads in `traffic`. Calls of `size()` are not counted: the code that opened the source knows their cost.
 */
export function counting(source: RandomAccess, traffic: Traffic): RandomAccess {
  return {
    name: source.name,
    size: () => source.size(),
    read: async (range, options) => {
      traffic.requests++;
      const bytes = await source.read(range, options);
      traffic.bytes += bytes.length;
      return bytes;
    },
  };
}

export interface BlockOptions {
  /** Default 64 KiB. */
  blockBytes?: number | undefined;
  /** Bytes of all cached blocks. Default 8 MiB. */
  keptBytes?: number | undefined;
  /** A cache that several sources share, and a name in it that no other source has. `keptBytes` bounds what one read may take of it. */
  kept?: { readonly cache: Map<string, Uint8Array>; readonly id: string } | undefined;
  /** Smallest number of blocks for request 0, 1, 2, …. Default always 1. */
  ahead?: ((request: number) => number) | undefined;
}

export interface BlockSource extends RandomAccess {
  /** Whether a range can be read without a request. */
  holds(range: { offset: number; length: number }): boolean;
}

const BLOCK_BYTES = 64 * 1024;

/**
 * A cache of whole blocks in front of a source: header fields that lie together cost one request. Adjacent missing blocks are read with one
 * request; a range larger than the cache bypasses it. The wrapper calls the source's `size()` only on demand, because some sources learn
 * their length from the first answer.
 */
export function blockSource(source: RandomAccess, options: BlockOptions = {}): BlockSource {
  const { blockBytes = BLOCK_BYTES, keptBytes = 128 * BLOCK_BYTES, ahead = () => 1 } = options;
  const keptMax = Math.max(1, Math.floor(keptBytes / blockBytes));
  const kept = options.kept ? partOf(options.kept) : new Recent<number, Uint8Array>(keptMax);
  let requests = 0;
  /** Smallest offset that is known to be past the end. */
  let end = Number.POSITIVE_INFINITY;

  const lastOf = (offset: number, length: number) => Math.floor((Math.min(offset + length, end) - 1) / blockBytes);

  return {
    name: source.name,
    size: () => source.size(),
    holds: ({ offset, length }) => {
      for (let index = Math.floor(offset / blockBytes); index <= lastOf(offset, length); index++)
        if (!kept.has(index)) return false;
      return true;
    },
    async read({ offset, length }, readOptions) {
      if (length <= 0 || offset >= end) return new Uint8Array(0);
      const first = Math.floor(offset / blockBytes);
      if (lastOf(offset, length) - first + 1 > keptMax) return source.read({ offset, length }, readOptions);
      const found = new Map<number, Uint8Array>();
      for (let index = first; index <= lastOf(offset, length); index++) {
        let block = kept.get(index);
        if (block === undefined) {
          let stop = index + 1;
          while (stop <= lastOf(offset, length) && !kept.has(stop)) stop++;
          const wanted = Math.min(Math.max(stop - index, ahead(requests++)), keptMax);
          const bytes = await source.read({ offset: index * blockBytes, length: wanted * blockBytes }, readOptions);
          if (bytes.length < wanted * blockBytes) end = Math.min(end, index * blockBytes + bytes.length);
          for (let i = 0; i * blockBytes < Math.max(bytes.length, 1); i++) {
            // a part of a larger buffer would keep all of it
            const piece = bytes.length > blockBytes ? bytes.slice(i * blockBytes, (i + 1) * blockBytes) : bytes;
            if (index + i < stop) found.set(index + i, piece);
            kept.set(index + i, piece);
          }
          block = found.get(index)!;
        }
        found.set(index, block);
      }
      const last = Math.min(lastOf(offset, length), first + found.size - 1);
      const from = offset - first * blockBytes;
      if (last <= first) return found.get(first)!.subarray(from, from + length);
      const result = new Uint8Array(Math.max(0, Math.min(offset + length, end) - offset));
      for (let index = first; index <= last; index++) {
        const block = found.get(index)!;
        const at = index * blockBytes - offset;
        const piece = block.subarray(Math.max(0, -at), Math.max(0, result.length - at));
        result.set(piece, Math.max(0, at));
      }
      return result;
    },
  };
}

function partOf({ cache, id }: NonNullable<BlockOptions["kept"]>): Pick<Map<number, Uint8Array>, "get" | "has" | "set"> {
  const part = {
    get: (index: number) => cache.get(`${id}\n${index}`),
    has: (index: number) => cache.has(`${id}\n${index}`),
    set(index: number, block: Uint8Array) {
      cache.set(`${id}\n${index}`, block);
      return part as Map<number, Uint8Array>;
    },
  };
  return part;
}
