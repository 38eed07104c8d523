import { LIMITS } from "../../../core/limits.js";
import type { Geometry, Slab } from "../plan/geometry.js";
import type { UnitReceipt, WriteVolumeOptions, WriteVolumeResult } from "../plan/job.js";
import type { WorkerMessage } from "../work/worker-job.js";
import { giveBack } from "./chunk-pool.js";
import type { Flusher } from "./flusher.js";
import { chunkName, type ShardBook } from "./shard-book.js";
import { Units } from "./units.js";

/** Gathers what workers report: finished chunks and units, in whatever order they come. */
export class Collector {
  failure: unknown;
  private readonly units: Units;
  private readonly pending = new Set<Promise<void>>();
  private pendingBytes = 0;
  private readonly doneBytes: number;
  private readonly slab: Float32Array | undefined;

  constructor(
    private readonly options: WriteVolumeOptions,
    private readonly g: Geometry,
    private readonly words: Int32Array,
    columns: number,
    done: Map<number, UnitReceipt>,
    private readonly flusher: Flusher | undefined,
    /** Source bytes that a written voxel stands for. */
    bytesPerVoxel: number,
    private readonly shards: ShardBook | undefined,
  ) {
    this.units = new Units(options, g, columns, done, flusher, shards);
    this.slab = roomForSlab(options.slab, g, done);
    this.doneBytes = g.units
      .filter((unit) => done.has(unit.index))
      .reduce((sum, { z0, z1, y0, y1, x0, x1 }) => sum + (z1 - z0) * (y1 - y0) * (x1 - x0) * bytesPerVoxel, 0);
  }

  report(bytesRead: number): void {
    this.options.onProgress?.(this.doneBytes + bytesRead);
  }

  hear(message: WorkerMessage): void {
    if (message.kind === "begin") this.flusher?.add(message.path);
    else if (message.kind === "object") {
      this.flusher?.remove(message.path);
      this.track(this.object(message));
    } else if (message.kind === "chunk") this.track(this.chunk(message));
    else if (message.kind === "slab") addToSlab(this.slab, this.g.shapes[0]![2], message);
    else if (message.kind === "unit") this.track(this.units.addReport(message));
  }

  private track(work: Promise<void>): void {
    const tracked = work
      .catch((error: unknown) => {
        this.failure ??= error;
        Atomics.store(this.words, this.g.control.stop, 1);
      })
      .finally(() => this.pending.delete(tracked));
    this.pending.add(tracked);
  }

  /** Waits until all chunks are settled, even after a failure. Workers have ended. */
  async quiet(): Promise<void> {
    if (Atomics.load(this.words, this.g.control.stop) !== 0) this.shards?.abandon();
    while (this.pending.size > 0) await Promise.all(this.pending);
  }

  async idle(): Promise<void> {
    await this.quiet();
    if (this.failure) throw this.failure;
  }

  private async object({ key, path, size, crc32, unit }: Extract<WorkerMessage, { kind: "object" }>): Promise<void> {
    const object = { key, path, size, crc32 };
    this.gate(size);
    try {
      await this.options.onObject?.(object);
    } finally {
      this.gate(-size);
    }
    await this.units.addObject(unit, object);
  }

  private async chunk(message: Extract<WorkerMessage, { kind: "chunk" }>): Promise<void> {
    const { level, chunk, unit, buffer, size, crc32 } = message;
    const pool = this.g.pool!;
    const bytes = size === 0 ? undefined : new Uint8Array(this.words.buffer, pool.address(buffer), size);
    if (!bytes) giveBack(this.words, pool, buffer);
    try {
      await this.shards!.add({ level, chunk, unit, size, crc32, bytes });
    } finally {
      if (bytes) giveBack(this.words, pool, buffer);
    }
    await this.units.addObject(unit, { key: chunkName(level, chunk), path: "", size, crc32 });
  }

  /** Workers stop reading while too much waits to be sent or synced. */
  private gate(bytes: number): void {
    this.pendingBytes += bytes;
    const open = this.pendingBytes <= (this.options.pendingBytes ?? LIMITS.unsentBytes) ? 1 : 0;
    if (this.words[this.g.control.gate] !== open) {
      Atomics.store(this.words, this.g.control.gate, open);
      Atomics.notify(this.words, this.g.control.gate);
    }
  }

  async result(wholeRows: boolean): Promise<WriteVolumeResult> {
    return { ...(await this.units.result(wholeRows)), slab: this.slab };
  }
}

/** Memory for the slab's sum; undefined where an earlier attempt has read planes of it, whose sum is lost. */
function roomForSlab(slab: Slab | undefined, { shapes, units }: Geometry, done: ReadonlyMap<number, unknown>) {
  if (!slab || units.some(({ index, z0, z1 }) => done.has(index) && z0 < slab.z1 && z1 > slab.z0)) return undefined;
  return new Float32Array(shapes[0]![1] * shapes[0]![2]);
}

/**
 * Adds sums to the slab. Two units at most hold planes of it for any column of voxels, so the order of the additions does not
 * matter.
 */
function addToSlab(slab: Float32Array | undefined, nx: number, { y, x, width, sum }: Extract<WorkerMessage, { kind: "slab" }>) {
  if (!slab) return;
  for (let row = 0; row * width < sum.length; row++) {
    const to = (y + row) * nx + x;
    for (let i = 0; i < width; i++) slab[to + i]! += sum[row * width + i]!;
  }
}
