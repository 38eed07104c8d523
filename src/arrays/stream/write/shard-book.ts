import { crc32 } from "node:zlib";
import type { Triple } from "../../../core/box.js";
import { volumeOf } from "../../../core/box.js";
import { combineCrc32 } from "../../../core/crc32.js";
import { EmporiumError } from "../../../core/errors.js";
import { emptyShardIndex, encodeShardIndex, entryOf, type ShardIndex, type ShardLayout } from "../../../formats/zarr/shard.js";
import { v3ChunkKey } from "../../../formats/zarr/v3-metadata.js";
import { LEVELS } from "../plan/forms.js";
import type { Geometry } from "../plan/geometry.js";
import { chunksInOrder } from "../plan/geometry.js";
import type { UnitReceipt } from "../plan/job.js";
import { SHARD_BYTES_MAX, type ShardGrid, shardGrid } from "../plan/shard-grid.js";
import type { Flusher } from "./flusher.js";
import type { Kept, ShardOutput, ShardSink } from "./shard-sink.js";

/** A chunk that a worker has put together; `bytes` undefined where it holds nothing but zeros. */
export interface FinishedChunk {
  level: number;
  chunk: Triple;
  unit: number;
  size: number;
  crc32: number;
  bytes: Uint8Array | undefined;
}

/** What an earlier attempt has left is not what its notes promise: the work must be begun anew. */
export class ShardsLost extends Error {}

/** How shards are laid out: what `zarr.json` says of them. */
const SHARD_INDEX: Omit<ShardLayout, "grid"> = { location: "end", littleEndian: true, checksum: true };

interface Shard {
  key: string;
  index: ShardIndex;
  /** Bytes of the chunks so far, and their CRC-32. */
  end: number;
  crc32: number;
  /** Chunks that are still to come, and chunks of units that are not noted yet. */
  missing: number;
  unnoted: number;
  /** Everything that was asked of the output so far; undefined: it is not open. */
  output: Promise<ShardOutput> | undefined;
  /** The last call of `append`. */
  last: Promise<void>;
  kept: Promise<Kept>[];
  /** How many of `kept` are of units that are noted. */
  keptNoted: number;
  done: { size: number; crc32: number } | undefined;
}

interface Waiting extends FinishedChunk {
  resolve(taken: Promise<void>): void;
  reject(error: Error): void;
}

/** A chunk of a shard by its place: `0/3/1/2`. */
export function chunkName(level: number, chunk: Triple): string {
  return `${level}/${chunk.join("/")}`;
}

/**
 * Puts chunks into their shards in the order of the walk, whoever makes them and in whatever order they come: so the bytes are always the same.
 * Indexes are written when all units that a shard has chunks of are noted.
 */
export class ShardBook {
  readonly grids: readonly ShardGrid[];
  private readonly order: Iterator<{ chunk: Triple; unit: number }>[];
  private readonly next: ({ chunk: Triple; unit: number } | undefined)[];
  private readonly waiting = new Map<string, Waiting>();
  private readonly shards = new Map<string, Shard>();
  /** Of each unit: the shards that it has chunks of, with their number, and what is being kept for it. */
  private readonly touched = new Map<number, Map<Shard, number>>();
  private readonly keeping = new Map<number, Promise<unknown>[]>();

  constructor(
    private readonly g: Geometry,
    private readonly options: { sink: ShardSink; bytesMax?: number | undefined },
    private readonly flusher: Flusher | undefined,
  ) {
    const bytesMax = options.bytesMax ?? SHARD_BYTES_MAX;
    this.grids = g.shapes.map((shape, level) => shardGrid(level, shape, g.layout, g.itemBytes, bytesMax));
    this.order = Array.from({ length: LEVELS }, (_, level) => chunksInOrder(g, level));
    this.next = this.order.map((chunks) => chunks.next().value as { chunk: Triple; unit: number } | undefined);
  }

  /** Voxels of a shard of each level. */
  get shapes(): Triple[] {
    return this.grids.map(({ shard }) => shard.map((count, axis) => count * this.g.chunk[axis]!) as Triple);
  }

  /**
   * Goes on behind the first units, which an earlier attempt has noted.
   *
   * @throws {ShardsLost} where their bytes are not there any more.
   */
  async goOnAfter(receipts: readonly UnitReceipt[]): Promise<void> {
    for (const { unit, objects } of receipts) {
      const sizes = new Map(objects.map((object) => [object.key, object]));
      for (let level = 0; level < LEVELS; level++) {
        for (let next = this.next[level]; next?.unit === unit; next = this.next[level]) {
          const known = sizes.get(chunkName(level, next.chunk));
          if (!known) throw new ShardsLost(`unit ${unit} has no chunk ${chunkName(level, next.chunk)}`);
          this.enter({ level, chunk: next.chunk, unit, size: known.size, crc32: known.crc32, bytes: undefined });
          this.next[level] = this.order[level]!.next().value;
        }
      }
      this.settleUnit(unit);
    }
    for (const shard of this.shards.values()) {
      const whole = shard.missing === 0 ? shard.end + this.indexOf(shard).length : undefined;
      const output = await this.options.sink.open(shard.key, shard.end, whole);
      if (!output) throw new ShardsLost(`${shard.key} has not the bytes that were noted`);
      shard.output = Promise.resolve(output);
      if (shard.missing === 0) await this.finish(shard);
      else if (output.path !== undefined) this.flusher?.add(output.path);
    }
  }

  /** Resolves when the chunk's bytes are taken, which may have to wait for those before it. */
  async add(chunk: FinishedChunk): Promise<void> {
    const taken = new Promise<void>((resolve, reject) => {
      this.waiting.set(chunkName(chunk.level, chunk.chunk), { ...chunk, resolve, reject });
    });
    const { level } = chunk;
    for (;;) {
      const next = this.next[level];
      const name = next && chunkName(level, next.chunk);
      const found = name === undefined ? undefined : this.waiting.get(name);
      if (!next || !found) break;
      this.waiting.delete(name!);
      found.resolve(this.append(this.enter(found), found.bytes));
      this.next[level] = this.order[level]!.next().value;
      if (this.next[level]?.unit !== next.unit) this.keepShards(level, next.unit);
    }
    await taken;
  }

  /** No more chunks will come: those that wait for others wait in vain. */
  abandon(): void {
    for (const { reject } of this.waiting.values()) reject(new Error("chunks before this one were not made"));
    this.waiting.clear();
  }

  /** Resolves when all chunks of a unit, which were added before, survive a kill. */
  async keep(unit: number): Promise<void> {
    await Promise.all(this.keeping.get(unit) ?? []);
    this.keeping.delete(unit);
  }

  /** A unit is noted: shards that are complete with it are finished. Units are noted in their order. */
  async noted(unit: number): Promise<void> {
    for (const shard of this.settleUnit(unit)) {
      if (shard.missing === 0 && shard.unnoted === 0) await this.finish(shard);
      else await this.releaseOld(shard);
    }
  }

  /** All shards, in the order of their levels and places. */
  results(): { key: string; size: number; crc32: number }[] {
    return this.grids.flatMap(({ shards }, level) =>
      [...places(shards)].map((place) => {
        const key = shardKey(level, place);
        const done = this.shards.get(key)?.done;
        if (!done) throw new EmporiumError("INTERNAL", `shard ${key} was not finished`);
        return { key, ...done };
      }),
    );
  }

  /** Lets go of all files and uploads, however it ended. */
  async close(): Promise<void> {
    for (const shard of this.shards.values()) {
      if (shard.done || !shard.output) continue;
      await Promise.allSettled([shard.last, ...shard.kept]);
      await shard.output.then((output) => output.close()).catch(() => {});
    }
  }

  /** Enters a chunk behind those before it. */
  private enter({ level, chunk, unit, size, crc32: crc }: FinishedChunk): { shard: Shard } {
    const { shard: length, chunks } = this.grids[level]!;
    const place = chunk.map((at, axis) => Math.floor(at / length[axis]!)) as Triple;
    const key = shardKey(level, place);
    let shard = this.shards.get(key);
    if (!shard) {
      const inside = place.map((at, axis) => Math.min(length[axis]!, chunks[axis]! - at * length[axis]!)) as Triple;
      const count = volumeOf(inside);
      shard = {
        ...{ key, index: emptyShardIndex(length), end: 0, crc32: 0, missing: count, unnoted: count },
        ...{ output: undefined, last: Promise.resolve(), kept: [], keptNoted: 0, done: undefined },
      };
      this.shards.set(key, shard);
    }
    const touched = this.touched.get(unit) ?? new Map<Shard, number>();
    touched.set(shard, (touched.get(shard) ?? 0) + 1);
    this.touched.set(unit, touched);
    shard.missing--;
    if (size > 0) {
      const entry = entryOf(
        length,
        chunk.map((at, axis) => at % length[axis]!),
      );
      shard.index.offsets[entry] = shard.end;
      shard.index.lengths[entry] = size;
      shard.end += size;
      shard.crc32 = combineCrc32(shard.crc32, crc, size);
    }
    return { shard };
  }

  private async append({ shard }: { shard: Shard }, bytes: Uint8Array | undefined): Promise<void> {
    shard.output ??= this.open(shard);
    const { output, last } = shard;
    shard.last = last.then(async () => {
      const to = await output;
      if (bytes) await to.append(bytes);
    });
    await shard.last;
  }

  private async open({ key }: Shard): Promise<ShardOutput> {
    const output = await this.options.sink.open(key, 0);
    if (!output) throw new EmporiumError("INTERNAL", `shard ${key} cannot be begun`);
    if (output.path !== undefined) this.flusher?.add(output.path);
    return output;
  }

  /** The level's last chunk of a unit is in: from here a later attempt may have to go on. */
  private keepShards(level: number, unit: number): void {
    const keeping = this.keeping.get(unit) ?? [];
    this.keeping.set(unit, keeping);
    for (const shard of this.touched.get(unit)?.keys() ?? []) {
      if (!shard.key.startsWith(`${level}/`)) continue;
      const kept = shard.last.then(async () => (await shard.output!).keep());
      // the next bytes must not come before the length is taken down; whoever waits for the unit hears of a failure
      shard.kept.push(kept);
      keeping.push(kept);
      kept.catch(() => {});
    }
  }

  /** Takes a unit's chunks off those that are not noted. */
  private settleUnit(unit: number): Shard[] {
    const touched = this.touched.get(unit) ?? new Map<Shard, number>();
    this.touched.delete(unit);
    for (const [shard, count] of touched) shard.unnoted -= count;
    return [...touched.keys()];
  }

  private async releaseOld(shard: Shard): Promise<void> {
    // one length is kept for each unit that has chunks of the shard; the newest noted one must stay
    const old = shard.kept.splice(0, shard.keptNoted);
    shard.keptNoted = 1;
    for (const kept of old) await (await kept).release();
  }

  private indexOf({ index }: Shard): Uint8Array {
    return encodeShardIndex(index, { ...SHARD_INDEX, grid: index.grid });
  }

  private async finish(shard: Shard): Promise<void> {
    await shard.last;
    const output = await shard.output!;
    const index = this.indexOf(shard);
    if (output.path !== undefined) this.flusher?.remove(output.path);
    await output.finish(index);
    shard.done = { size: shard.end + index.length, crc32: combineCrc32(shard.crc32, crc32(index), index.length) };
    for (const kept of shard.kept.splice(0)) await (await kept).release();
    // an index of 16 bytes a chunk is not needed any more
    shard.index = emptyShardIndex([0]);
  }
}

function shardKey(level: number, place: Triple): string {
  return `${level}/${v3ChunkKey(place, { encoding: "default", separator: "/" })}`;
}

function* places([nz, ny, nx]: Triple): Generator<Triple> {
  for (let z = 0; z < nz; z++) for (let y = 0; y < ny; y++) for (let x = 0; x < nx; x++) yield [z, y, x];
}
