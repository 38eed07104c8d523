import { crc32 } from "node:zlib";
import type { Triple } from "../../../core/box.js";
import { combineCrc32 } from "../../../core/crc32.js";
import { EmporiumError } from "../../../core/errors.js";
import { emptyShardIndex, encodeShardIndex, entryOf, type ShardIndex, type ShardLayout } from "../../../formats/zarr/shard.js";
import type { Flusher } from "./flusher.js";
import type { Kept, ShardOutput, ShardSink } from "./shard-sink.js";

/** Bytes that an earlier attempt noted are missing: start again. */
export class ShardsLost extends Error {}

/** Layout of shards as `zarr.json` states it. */
const SHARD_INDEX: Omit<ShardLayout, "grid"> = { location: "end", littleEndian: true, checksum: true };

/** One shard while it is written: chunks are appended, the index goes last. */
export class Shard {
  /** Chunks of units that are not noted yet. */
  unnoted: number;
  done: { size: number; crc32: number } | undefined;
  private index: ShardIndex;
  /** Bytes of the chunks so far, and their CRC-32. */
  private end = 0;
  private crc32 = 0;
  /** Undefined: it is not open. */
  private output: Promise<ShardOutput> | undefined;
  private lastAppend: Promise<void> = Promise.resolve();
  private readonly kept: Promise<Kept>[] = [];
  /** Number of those of `kept` that belong to noted units. */
  private keptNoted = 0;

  constructor(
    readonly key: string,
    grid: Triple,
    /** Chunks that are still to come. */
    public missing: number,
    private readonly sink: ShardSink,
    private readonly flusher: Flusher | undefined,
  ) {
    this.index = emptyShardIndex(grid);
    this.unnoted = missing;
  }

  /** Enters a chunk, at its place in the grid of all chunks, behind those before it. */
  enter(chunk: Triple, size: number, crc: number): void {
    this.missing--;
    if (size === 0) return;
    const { grid } = this.index;
    const inside = chunk.map((at, axis) => at % grid[axis]!);
    const entry = entryOf(grid, inside);
    this.index.offsets[entry] = this.end;
    this.index.lengths[entry] = size;
    this.end += size;
    this.crc32 = combineCrc32(this.crc32, crc, size);
  }

  /** Goes on behind the chunks that are entered. */
  async resume(): Promise<void> {
    const whole = this.missing === 0 ? this.end + encoded(this.index).length : undefined;
    const output = await this.sink.open(this.key, this.end, whole);
    if (!output) throw new ShardsLost(`${this.key} has not the bytes that were noted`);
    this.output = Promise.resolve(output);
    if (this.missing === 0) await this.finish();
    else if (output.path !== undefined) this.flusher?.add(output.path);
  }

  async append(bytes: Uint8Array | undefined): Promise<void> {
    this.output ??= this.begin();
    const { output, lastAppend } = this;
    this.lastAppend = lastAppend.then(async () => {
      const to = await output;
      if (bytes) await to.append(bytes);
    });
    await this.lastAppend;
  }

  private async begin(): Promise<ShardOutput> {
    const output = await this.sink.open(this.key, 0);
    if (!output) throw new EmporiumError("INTERNAL", `shard ${this.key} cannot be begun`);
    if (output.path !== undefined) this.flusher?.add(output.path);
    return output;
  }

  /** Resolves when what is appended so far survives a kill. */
  keep(): Promise<Kept> {
    const kept = this.lastAppend.then(async () => (await this.output!).keep());
    // The next bytes must come after this length is recorded. The unit's waiter gets the failure.
    this.kept.push(kept);
    kept.catch(() => {});
    return kept;
  }

  /** One length is kept for each unit that has chunks of the shard; the newest noted one must stay. */
  async releaseOld(): Promise<void> {
    const old = this.kept.splice(0, this.keptNoted);
    this.keptNoted = 1;
    for (const kept of old) await (await kept).release();
  }

  async finish(): Promise<void> {
    await this.lastAppend;
    const output = await this.output!;
    const index = encoded(this.index);
    if (output.path !== undefined) this.flusher?.remove(output.path);
    await output.finish(index);
    this.done = { size: this.end + index.length, crc32: combineCrc32(this.crc32, crc32(index), index.length) };
    for (const kept of this.kept.splice(0)) await (await kept).release();
    this.index = emptyShardIndex([0]); // 16 bytes a chunk are free again
  }

  async close(): Promise<void> {
    if (this.done || !this.output) return;
    await Promise.allSettled([this.lastAppend, ...this.kept]);
    await this.output.then((output) => output.close()).catch(() => {});
  }
}

function encoded(index: ShardIndex): Uint8Array {
  return encodeShardIndex(index, { ...SHARD_INDEX, grid: index.grid });
}
