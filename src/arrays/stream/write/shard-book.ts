import type { Triple } from "../../../core/box.js";
import { LEVELS } from "../plan/forms.js";
import { chunksInOrder, type Geometry } from "../plan/geometry.js";
import type { UnitReceipt } from "../plan/job.js";
import type { Flusher } from "./flusher.js";
import { ShardsLost } from "./shard.js";
import { type FinishedChunk, type ShardOptions, ShardTable } from "./shard-table.js";

interface Waiting extends FinishedChunk {
  resolve(taken: Promise<void>): void;
  reject(error: Error): void;
}

/** A chunk of a shard by its place: `0/3/1/2`. */
export function chunkName(level: number, chunk: Triple): string {
  return `${level}/${chunk.join("/")}`;
}

/**
 * Puts chunks into their shards in the order of the walk, in whatever order they come: the bytes are always the same. Writes the
 * index of a shard when all its units are noted.
 */
export class ShardBook {
  readonly table: ShardTable;
  private readonly order: Iterator<{ chunk: Triple; unit: number }>[];
  private readonly next: ({ chunk: Triple; unit: number } | undefined)[];
  private readonly waiting = new Map<string, Waiting>();
  /** Pending `keep` calls of each unit's shards. */
  private readonly keeping = new Map<number, Promise<unknown>[]>();

  constructor(g: Geometry, options: ShardOptions, flusher: Flusher | undefined) {
    this.table = new ShardTable(g, options, flusher);
    this.order = Array.from({ length: LEVELS }, (_, level) => chunksInOrder(g, level));
    this.next = this.order.map((chunks) => chunks.next().value as { chunk: Triple; unit: number } | undefined);
  }

  /**
   * Goes on behind the first units, which an earlier attempt has noted.
   *
   * @throws {ShardsLost} if their bytes are not there any more.
   */
  async goOnAfter(receipts: readonly UnitReceipt[]): Promise<void> {
    for (const { unit, objects } of receipts) {
      const sizes = new Map(objects.map((object) => [object.key, object]));
      for (let level = 0; level < LEVELS; level++) {
        for (let next = this.next[level]; next?.unit === unit; next = this.next[level]) {
          const known = sizes.get(chunkName(level, next.chunk));
          if (!known) throw new ShardsLost(`unit ${unit} has no chunk ${chunkName(level, next.chunk)}`);
          this.table.enter({ level, chunk: next.chunk, unit, size: known.size, crc32: known.crc32, bytes: undefined });
          this.next[level] = this.order[level]!.next().value;
        }
      }
      this.table.settle(unit);
    }
    for (const shard of this.table.all()) await shard.resume();
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
      found.resolve(this.table.enter(found).append(found.bytes));
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
    for (const shard of this.table.settle(unit)) {
      if (shard.missing === 0 && shard.unnoted === 0) await shard.finish();
      else await shard.releaseOld();
    }
  }

  /** Lets go of all files and uploads, however it ended. */
  async close(): Promise<void> {
    for (const shard of this.table.all()) await shard.close();
  }

  /** The level's last chunk of a unit is in: from here a later attempt may have to go on. */
  private keepShards(level: number, unit: number): void {
    const keeping = this.keeping.get(unit) ?? [];
    this.keeping.set(unit, keeping);
    for (const shard of this.table.of(unit, level)) keeping.push(shard.keep());
  }
}
