import type { ByteRange } from "../../core/bytes.js";
import { EmporiumError } from "../../core/errors.js";
import { Recent } from "../../core/recent.js";
import { counted } from "../../core/units.js";
import { decodeShardIndex, findInShard, type ShardIndex, shardIndexBytes } from "../../formats/zarr/shard.js";
import type { ShardAround } from "../../formats/zarr/v3-unit.js";
import type { ChunkPlace } from "./chunked.js";
import type { VolumeFolder } from "./documents.js";

/** A shard whose index was read. */
interface KnownShard {
  readonly index: ShardIndex;
  readonly etag: string | undefined;
}

/** Indexes of shards, the latest of them: bytes count, not shards. */
export interface ShardIndexes {
  /** The index of a shard, read once however many ask for it at the same time. */
  get(id: string, read: () => Promise<KnownShard | undefined>): Promise<KnownShard | undefined> | KnownShard | undefined;
  readonly bytes: number;
}

const ENTRY_BYTES = 16;
/** Bytes that an entry of the map takes beside its numbers. */
const OVERHEAD_BYTES = 512;

export function shardIndexes(bytesMax: number): ShardIndexes {
  const sizeOf = (shard: KnownShard | null) => OVERHEAD_BYTES + ENTRY_BYTES * (shard?.index.offsets.length ?? 0);
  // null: there is no such shard
  const known = new Recent<string, KnownShard | null>(bytesMax, sizeOf);
  const pending = new Map<string, Promise<KnownShard | undefined>>();
  return {
    get bytes() {
      let sum = 0;
      for (const shard of known.values()) sum += sizeOf(shard);
      return sum;
    },
    get(id, read) {
      const found = known.get(id);
      if (found !== undefined) return found ?? undefined;
      const running = pending.get(id);
      if (running) return running;
      const job = read()
        .then((shard) => {
          known.set(id, shard ?? null);
          return shard;
        })
        .finally(() => pending.delete(id));
      pending.set(id, job);
      return job;
    },
  };
}

/**
 * Finds chunks in shards, also in shards within shards. An index at a shard's end takes two requests, for the length and for the
 * index.
 *
 * @throws {EmporiumError} FORMAT_CORRUPT, FORMAT_TRUNCATED, STORE_CONFLICT (a shard that was replaced)
 */
export function shardFinder(folder: VolumeFolder, shards: readonly ShardAround[], indexes: ShardIndexes, name: string) {
  const { store } = folder;
  /** Reads the index of the shard that is these bytes of an object, or all of it; undefined where there is no object. */
  async function readIndex(key: string, depth: number, inside: ByteRange | undefined, signal: AbortSignal | undefined) {
    const { shard } = shards[depth]!;
    const stat = inside && shard.location === "start" ? undefined : await store.stat(key, { signal });
    if (!inside && !stat) return undefined;
    const length = shardIndexBytes(shard);
    const shardBytes = inside?.length ?? stat!.size;
    const start = (inside?.offset ?? 0) + (shard.location === "end" ? Math.max(0, shardBytes - length) : 0);
    const bytes = await store.read(key, { offset: start, length: Math.min(length, shardBytes) }, { signal, ifMatch: stat?.etag });
    if (!bytes) return undefined;
    return { index: decodeShardIndex(bytes, shard, { name: `${name}/${key}`, shardBytes }), etag: stat?.etag };
  }

  return async (
    key: string,
    position: readonly number[],
    unit: readonly number[],
    object: readonly number[],
    signal: AbortSignal | undefined,
  ): Promise<ChunkPlace | undefined> => {
    let outer = object;
    let range: ByteRange | undefined;
    let etag: string | undefined;
    for (const [depth, { axes, chunks }] of shards.entries()) {
      const inside = range;
      const id = `${folder.name}\n${key}\n${depth}@${inside?.offset ?? 0}`;
      // whoever asked first may give up: the others must not be left without an index
      const known = await indexes.get(id, () => readIndex(key, depth, inside, undefined));
      signal?.throwIfAborted();
      if (!known) return undefined;
      const place = outer;
      const inner = axes.map((axis) => Math.floor(((position[axis]! * unit[axis]!) % place[axis]!) / chunks[axis]!));
      const found = findInShard(known.index, inner);
      if (!found) return undefined;
      if (inside && found.offset + found.length > inside.length) throw outside(name, key, found);
      range = { offset: found.offset + (inside?.offset ?? 0), length: found.length };
      etag ??= known.etag;
      outer = chunks;
    }
    return { key, range, etag };
  };
}

function outside(name: string, key: string, { offset, length }: ByteRange): EmporiumError {
  return new EmporiumError(
    "FORMAT_CORRUPT",
    `${name}/${key}: a chunk of ${counted(length, "byte")} from ${offset}, behind its shard's end`,
    {
      place: { file: `${name}/${key}` },
      hint: "copy the shard again: its index is damaged",
    },
  );
}
