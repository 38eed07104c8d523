import { mkdir, open, rename, writeFile } from "node:fs/promises";
import { crc32 } from "node:zlib";
import { ceilDiv, volumeOf } from "../../../core/box.js";
import { combineCrc32 } from "../../../core/crc32.js";
import { EmporiumError } from "../../../core/errors.js";
import { LIMITS } from "../../../core/limits.js";
import { COUNTS_BYTES, FORMS, LEVELS } from "../plan/forms.js";
import type { Geometry } from "../plan/geometry.js";
import type { Statistics, UnitReceipt, WriteVolumeOptions, WriteVolumeResult, WrittenObject } from "../plan/job.js";
import type { Unit } from "../plan/shard-walk.js";
import type { WorkerMessage } from "../work/worker-job.js";
import { giveBack } from "./chunk-pool.js";
import type { Flusher } from "./flusher.js";
import { chunkName, type ShardBook } from "./shard-book.js";

/** Gathers what workers report: finished chunks and units, in whatever order they come. */
export class Collector {
  failure: unknown;
  private readonly objects = new Map<number, WrittenObject[]>();
  private readonly handled = new Map<number, number>();
  private readonly reports = new Map<number, { sums: number[]; checksums: number[] }>();
  private readonly counts = new Float64Array(COUNTS_BYTES / 4);
  private readonly pending = new Set<Promise<void>>();
  private readonly expected: number[];
  private pendingBytes = 0;
  private readonly doneBytes: number;
  /** Where shards are written units are noted in their order, one after the other: a later attempt goes on behind the last one. */
  private readonly ready = new Map<number, UnitReceipt>();
  private nextToNote: number;
  private noting: Promise<void> = Promise.resolve();
  private readonly kept: readonly number[];
  private readonly slab: Float32Array | undefined;

  constructor(
    private readonly options: WriteVolumeOptions,
    private readonly g: Geometry,
    private readonly words: Int32Array,
    private readonly columns: number,
    private readonly done: Map<number, UnitReceipt>,
    private readonly flusher: Flusher | undefined,
    /** Source bytes that a written voxel stands for. */
    bytesPerVoxel: number,
    private readonly shards: ShardBook | undefined,
  ) {
    this.kept = [...done.keys()];
    this.nextToNote = done.size;
    this.slab = this.roomForSlab();
    this.expected = g.units.map((unit) => (options.zarr || shards ? chunksOf(unit, g) : 0));
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
    else if (message.kind === "slab") this.addToSlab(message);
    else if (message.kind === "unit") {
      this.reports.set(message.unit, { sums: message.sums, checksums: message.checksums });
      this.addCounts(message.counts);
      this.track(this.keepCounts(message.unit, message.counts).then(() => this.unitMaybeDone(message.unit)));
    }
  }

  private roomForSlab(): Float32Array | undefined {
    const { slab } = this.options;
    const [, ny, nx] = this.g.shapes[0]!;
    const isRead = ({ index, z0, z1 }: Unit) => this.done.has(index) && z0 < slab!.z1 && z1 > slab!.z0;
    return slab && !this.g.units.some(isRead) ? new Float32Array(ny * nx) : undefined;
  }

  /** Of a column of voxels at most two units hold planes of the slab, so the order of their sums does not matter. */
  private addToSlab({ y, x, width, sum }: Extract<WorkerMessage, { kind: "slab" }>): void {
    if (!this.slab) return;
    const nx = this.g.shapes[0]![2];
    for (let row = 0; row * width < sum.length; row++) {
      const to = (y + row) * nx + x;
      for (let i = 0; i < width; i++) this.slab[to + i]! += sum[row * width + i]!;
    }
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

  /** Waits until nobody works on a chunk any more, however that ended. Workers have ended. */
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
    await this.handle(unit, object);
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
    await this.handle(unit, { key: chunkName(level, chunk), path: "", size, crc32 });
  }

  private async handle(unit: number, object: WrittenObject): Promise<void> {
    const list = this.objects.get(unit) ?? [];
    list.push(object);
    this.objects.set(unit, list);
    this.handled.set(unit, (this.handled.get(unit) ?? 0) + 1);
    await this.unitMaybeDone(unit);
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

  private addCounts(counts: Uint32Array): void {
    for (let bin = 0; bin < counts.length; bin++) this.counts[bin]! += counts[bin]!;
  }

  private async keepCounts(unit: number, counts: Uint32Array): Promise<void> {
    const { scratch } = this.options;
    if (scratch === undefined || counts.length === 0) return;
    const path = countsPath(scratch, unit);
    await mkdir(scratch, { recursive: true });
    await writeFile(`${path}.part`, counts);
    await rename(`${path}.part`, path);
  }

  private async unitMaybeDone(unit: number): Promise<void> {
    const report = this.reports.get(unit);
    if (!report || (this.handled.get(unit) ?? 0) < this.expected[unit]!) return;
    this.reports.delete(unit);
    const receipt = this.receipt(unit, report);
    this.done.set(unit, receipt);
    if (!this.shards) return this.noteUnit(receipt);
    this.ready.set(unit, receipt);
    for (let next = this.ready.get(this.nextToNote); next; next = this.ready.get(++this.nextToNote)) {
      this.ready.delete(next.unit);
      this.noting = this.noting.then(() => this.noteShards(next));
    }
    await this.noting;
  }

  private async noteShards(receipt: UnitReceipt): Promise<void> {
    await this.shards!.keep(receipt.unit);
    await this.noteUnit(receipt);
    await this.shards!.noted(receipt.unit);
  }

  private async noteUnit(receipt: UnitReceipt): Promise<void> {
    // a receipt must not vouch for pages that the disk has refused
    this.flusher?.check();
    if (this.options.scratch !== undefined) await this.options.onUnit?.(receipt);
  }

  private receipt(index: number, { sums, checksums }: { sums: number[]; checksums: number[] }): UnitReceipt {
    const unit = this.g.units[index]!;
    const [, ny, nx] = this.g.shapes[0]!;
    const planeBytes = (unit.y1 - unit.y0) * nx * this.g.itemBytes;
    const together = unit.y1 - unit.y0 === ny;
    const planes = planeChecksums(unit, this.g, checksums, nx);
    return {
      unit: index,
      columns: this.columns,
      sums: sums.map((value) => (Number.isFinite(value) ? value : String(value))),
      checksums: together ? [planes.reduce((crc, next) => combineCrc32(crc, next, planeBytes), 0)] : planes,
      objects: (this.objects.get(index) ?? [])
        .map(({ key, size, crc32 }) => ({ key, size, crc32 }))
        .sort((a, b) => (a.key < b.key ? -1 : 1)),
    };
  }

  async result(wholeRows: boolean): Promise<WriteVolumeResult> {
    const { options, g } = this;
    const receipts = g.units.map((unit) => this.done.get(unit.index));
    const missing = receipts.indexOf(undefined);
    if (missing >= 0) throw new EmporiumError("INTERNAL", `unit ${missing} of ${receipts.length} gave no receipt`);
    const { counts } = FORMS[g.form];
    if (counts) for (const unit of this.kept) await this.addKeptCounts(unit);
    const sums = [Infinity, -Infinity, 0, 0, 0];
    for (const receipt of receipts) {
      const [min, max, ...rest] = receipt!.sums.map(Number);
      sums[0] = Math.min(sums[0]!, min!);
      sums[1] = Math.max(sums[1]!, max!);
      for (const [i, value] of rest.entries()) sums[2 + i]! += value;
    }
    const voxels = volumeOf(g.shapes[0]!);
    const statistics = statisticsOf(sums, voxels);
    const result: WriteVolumeResult = {
      shapes: g.shapes,
      chunk: g.chunk,
      statistics,
      histogram: counts === "histogram" ? this.counts : undefined,
      labels: counts === "labels" ? [...this.counts.keys()].filter((label) => label > 0 && this.counts[label]! > 0) : undefined,
      objects: this.shards?.results() ?? receipts.flatMap((receipt) => receipt!.objects),
      shards: this.shards?.shapes,
      slab: this.slab,
    };
    if (options.mrc) {
      const head = await options.mrc.head(statistics);
      const file = await open(options.mrc.path, "r+");
      try {
        await file.write(head, 0, head.length, 0);
        const crc = wholeRows ? this.dataChecksum(receipts as UnitReceipt[], crc32(head)) : await fileChecksum(file);
        result.mrc = { size: head.length + voxels * g.itemBytes, crc32: crc };
      } finally {
        await file.close();
      }
    }
    return result;
  }

  private async addKeptCounts(unit: number): Promise<void> {
    const file = await open(countsPath(this.options.scratch!, unit), "r");
    try {
      const counts = new Uint32Array(COUNTS_BYTES / 4);
      await file.read(new Uint8Array(counts.buffer), 0, counts.byteLength, 0);
      this.addCounts(counts);
    } finally {
      await file.close();
    }
  }

  /** Puts the units' checksums together in the order of the file: planes, and in each plane the units from top to bottom. */
  private dataChecksum(receipts: readonly UnitReceipt[], start: number): number {
    const { units, itemBytes } = this.g;
    const [, ny, nx] = this.g.shapes[0]!;
    let crc = start;
    for (let first = 0; first < units.length; ) {
      let end = first;
      while (end < units.length && units[end]!.z0 === units[first]!.z0) end++;
      const slab = units.slice(first, end);
      const planes = slab[0]!.z1 - slab[0]!.z0;
      if (slab.length === 1) crc = combineCrc32(crc, receipts[first]!.checksums[0]!, planes * ny * nx * itemBytes);
      else {
        for (let plane = 0; plane < planes; plane++) {
          for (const unit of slab) {
            crc = combineCrc32(crc, receipts[unit.index]!.checksums[plane]!, (unit.y1 - unit.y0) * nx * itemBytes);
          }
        }
      }
      first = end;
    }
    return crc;
  }
}

function countsPath(scratch: string, unit: number): string {
  return `${scratch}/counts-${unit}.bin`;
}

function statisticsOf([min, max, sum, squares, nonFinite]: number[], count: number): Statistics {
  const finite = count - nonFinite!;
  const mean = finite > 0 ? sum! / finite : 0;
  const rms = finite > 0 ? Math.sqrt(Math.max(0, squares! / finite - mean * mean)) : 0;
  return { min: finite > 0 ? min! : 0, max: finite > 0 ? max! : 0, mean, rms, nonFinite: nonFinite!, count };
}

/** Workers sum step by step, and several steps may have a part of a plane: those that lie higher come first in the file. */
function planeChecksums(unit: Unit, g: Geometry, checksums: readonly number[], nx: number): number[] {
  const parts = new Map<number, { y0: number; rows: number; crc: number }[]>();
  let at = 0;
  for (const { z0, planes, y0, rows } of g.steps.slice(unit.firstStep, unit.firstStep + unit.steps)) {
    for (let z = z0; z < z0 + planes; z++) {
      const part = { y0, rows, crc: checksums[at++]! };
      if (!parts.get(z)?.push(part)) parts.set(z, [part]);
    }
  }
  return Array.from({ length: unit.z1 - unit.z0 }, (_, plane) =>
    parts
      .get(unit.z0 + plane)!
      .sort((a, b) => a.y0 - b.y0)
      .reduce((crc, part) => combineCrc32(crc, part.crc, part.rows * nx * g.itemBytes), 0),
  );
}

function chunksOf(unit: Unit, g: Geometry): number {
  let count = 0;
  for (let level = 0; level < LEVELS; level++) {
    const scale = 1 << level;
    const depth = g.halvesZ ? ceilDiv(ceilDiv(unit.z1 - unit.z0, scale), g.chunk[0]) : unit.z1 - unit.z0;
    const height = ceilDiv(ceilDiv(unit.y1 - unit.y0, scale), g.chunk[1]);
    count += depth * height * ceilDiv(ceilDiv(unit.x1 - unit.x0, scale), g.chunk[2]);
  }
  return count;
}

async function fileChecksum(file: {
  read(b: Uint8Array, o: number, l: number, p: number): Promise<{ bytesRead: number }>;
}): Promise<number> {
  const buffer = new Uint8Array(8 * 2 ** 20);
  let crc = 0;
  for (let at = 0; ; ) {
    const { bytesRead } = await file.read(buffer, 0, buffer.length, at);
    if (bytesRead === 0) return crc;
    crc = crc32(buffer.subarray(0, bytesRead), crc);
    at += bytesRead;
  }
}
