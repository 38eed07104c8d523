import { mkdir, open, rename, stat as statFile, writeFile } from "node:fs/promises";
import { crc32 } from "node:zlib";
import { ceilDiv, type Triple, volumeOf } from "../../core/box.js";
import { systemClock } from "../../core/clock.js";
import { combineCrc32 } from "../../core/crc32.js";
import type { DType } from "../../core/dtype.js";
import { EmporiumError } from "../../core/errors.js";
import { LIMITS } from "../../core/limits.js";
import type { CONVERT } from "../kernels/kernels.js";
import { hireCrew } from "./crew.js";
import { Flusher } from "./flusher.js";
import { type Geometry, type GeometryOptions, ITEM_BYTES, LEVELS, planGeometry, type Unit, type VolumeForm } from "./geometry.js";
import { fitColumns, RAW_SLOTS_MAX } from "./memory.js";
import type { WorkerMessage } from "./worker.js";

/** Voxels in C order, `[z, y, x]`, x fastest, behind `offset` of a file of this machine or behind a reader. */
export interface RawVolume {
  name: string;
  shape: Triple;
  dtype: DType;
  littleEndian: boolean;
  /** 1-byte voxels u that were stored unsigned under a signed mode: they become u − 128. */
  flipSign?: boolean | undefined;
  data: { path: string; offset: number } | { read(offset: number, length: number): Promise<Uint8Array>; offset: number };
}

export interface Statistics {
  min: number;
  max: number;
  mean: number;
  /** Standard deviation (population), which the MRC header calls rms. */
  rms: number;
  /** NaN and infinite voxels: left out of the four figures. */
  nonFinite: number;
  count: number;
}

export interface WrittenObject {
  /** Below the Zarr folder: `0/3/1/2`. */
  key: string;
  path: string;
  size: number;
  crc32: number;
}

/** A unit that is whole on disk: what a resumed attempt needs instead of its voxels. Plain JSON. */
export interface UnitReceipt {
  unit: number;
  /** Columns of a unit. A receipt of another cut (another memory ceiling) is of no use. */
  columns: number;
  /** min, max, sum, sum of squares, non-finite count; min and max are text where no voxel is finite. */
  sums: readonly (number | string)[];
  /** CRC-32 of the unit's float32 bytes: one for all where they lie together in the MRC, else one a plane. */
  checksums: readonly number[];
  objects: readonly { key: string; size: number; crc32: number }[];
}

export interface WriteVolumeOptions {
  source: RawVolume;
  form: VolumeForm;
  /** What an odd last plane, row or column meets: the mean of what is there, or the reference's zeros. */
  edge: "present" | "zeros";
  threads: number;
  memoryBytes: number;
  /** Float32 MRC: an empty or partly written file of this machine. `head` gives header and extended header for the statistics. */
  mrc?: { path: string; headBytes: number; head(statistics: Statistics): Uint8Array } | undefined;
  /** Folder for the chunks of all levels; metadata documents are the caller's. */
  zarr?: { folder: string } | undefined;
  /** Where the histograms of finished units are kept for a resume. Absent: no resume, `onUnit` is not called. */
  scratch?: string | undefined;
  /** Units of an earlier attempt on the same files. */
  finished?: readonly UnitReceipt[];
  onUnit?: ((receipt: UnitReceipt) => Promise<void>) | undefined;
  /** Files shall be synced at the end: they are sent to the disk while they are being written. */
  flush?: boolean | undefined;
  /** Called for each finished chunk; its promise is part of the chunk being finished. Reading goes on meanwhile, up to `pendingBytes`. */
  onObject?: ((object: WrittenObject) => Promise<void>) | undefined;
  pendingBytes?: number;
  /** Source bytes read so far, those of finished units included. */
  onProgress?: ((bytesRead: number) => void) | undefined;
  signal?: AbortSignal | undefined;
}

export interface WriteVolumeResult {
  shapes: Triple[];
  chunk: Triple;
  statistics: Statistics;
  /** Counts over the order-preserving upper 16 bits of float32, of the coarsest level. */
  histogram: Float64Array;
  mrc?: { size: number; crc32: number };
  objects: { key: string; size: number; crc32: number }[];
}

/**
 * One reading of a volume gives the float32 MRC with its statistics, all levels of the Zarr pyramid and the histogram of the coarsest
 * one. Memory is bounded by `memoryBytes` whatever the size; bytes do not depend on the number of threads, nor on whether the work
 * was interrupted between units.
 *
 * @throws {EmporiumError} FORMAT_TRUNCATED (source too short), DISK_FULL, MEMORY_LIMIT, CANCELLED; whatever `onObject` throws.
 */
export async function writeVolume(options: WriteVolumeOptions): Promise<WriteVolumeResult> {
  const { source, form, threads, signal } = options;
  signal?.throwIfAborted();
  const voxel = voxelOf(source);
  const nx = source.shape[2];
  const remote = !("path" in source.data);
  const sourceRowBytes = voxel.itemBytes === 0.5 ? ceilDiv(nx, 2) : nx * voxel.itemBytes;
  // local float32 is read straight into the step buffers
  const rawRowBytes = !remote && voxel.convert === "float32" ? 0 : sourceRowBytes;
  const { rawSlots, columns } = chooseCut({ shape: source.shape, form, threads, rawRowBytes }, remote, options.memoryBytes);
  const wanted = { shape: source.shape, form, threads, rawRowBytes, rawSlots };
  const unitRaw = voxel.itemBytes === 0.5 ? rawRowBytes : Math.min(rawRowBytes, columns * voxel.itemBytes);
  const geometryOptions = { ...wanted, columns, rawRowBytes: unitRaw };
  const g = planGeometry(geometryOptions);
  const finished = (options.finished ?? []).filter((receipt) => receipt.columns === columns);
  const done = new Map(finished.map((receipt) => [receipt.unit, receipt]));

  if (options.zarr) await makeFolders(options.zarr.folder, g);
  if (options.mrc) await extend(options.mrc.path, options.mrc.headBytes + volumeOf(source.shape) * ITEM_BYTES);

  const crew = hireCrew(threads);
  try {
    const memory = crew.memory(g.totalBytes);
    const words = new Int32Array(memory.buffer);
    new Uint8Array(memory.buffer).fill(0, g.clear[0], g.clear[1]);
    words[g.control.gate] = 1;
    // source bytes stand for written ones: the ratio does not matter
    const flusher = options.flush ? new Flusher(() => words[g.control.rowsRead]! * sourceRowBytes, systemClock) : undefined;
    if (options.mrc) flusher?.add(options.mrc.path);
    const collector = new Collector(options, g, words, columns, done, flusher);
    const stop = () => Atomics.store(words, g.control.stop, 1);
    signal?.addEventListener("abort", stop, { once: true });
    const progress = setInterval(() => collector.report(words[g.control.rowsRead]! * sourceRowBytes), 200);
    const job = {
      geometry: geometryOptions,
      skipUnits: [...done.keys()],
      source: {
        file: "path" in source.data ? source.data : undefined,
        name: source.name,
        convert: voxel.convert,
        rowBytes: sourceRowBytes,
        itemBytes: voxel.itemBytes,
        swap: !source.littleEndian && voxel.itemBytes > 1,
      },
      mrc: options.mrc ? { path: options.mrc.path, dataOffset: options.mrc.headBytes } : undefined,
      zarr: options.zarr,
      edge: options.edge,
    };
    try {
      const feed =
        "read" in source.data ? feedSlots(source.data, g, memory, sourceRowBytes, source, rawSlots, done) : Promise.resolve();
      // a reader that fails must stop the workers that wait for it
      feed.catch(stop);
      await settle([crew.run(job, memory, (message) => collector.hear(message)), feed]);
      signal?.throwIfAborted();
      await collector.idle();
    } catch (error) {
      stop();
      await collector.quiet();
      if (signal?.aborted)
        throw new EmporiumError("CANCELLED", "stopped", { cause: signal.reason, hint: "run the same command again to go on" });
      throw collector.failure ?? error;
    } finally {
      clearInterval(progress);
      await flusher?.stop();
      signal?.removeEventListener("abort", stop);
    }
    return await collector.result(columns >= nx);
  } finally {
    crew.release();
  }

  async function settle(promises: Promise<unknown>[]): Promise<void> {
    // all must have stopped before the memory is used again
    const results = await Promise.allSettled(promises);
    for (const result of results) if (result.status === "rejected") throw result.reason;
  }
}

/** Over a network rows are read whole, as many steps ahead as there is room for; of local files, columns are cut where rows are too long. */
function chooseCut(
  wanted: Omit<GeometryOptions, "columns" | "rawSlots">,
  remote: boolean,
  memoryBytes: number,
): { rawSlots: number; columns: number } {
  if (!remote) return { rawSlots: 0, columns: fitColumns({ ...wanted, rawSlots: 0 }, memoryBytes) };
  for (let rawSlots = RAW_SLOTS_MAX; rawSlots > 0; rawSlots--) {
    const columns = fitColumns({ ...wanted, rawSlots }, memoryBytes);
    if (columns >= wanted.shape[2]) return { rawSlots, columns };
  }
  throw new EmporiumError(
    "MEMORY_LIMIT",
    `rows of ${wanted.shape[2]} voxels do not fit the memory ceiling while they are read over a network`,
    {
      hint: "raise --memory, or copy the file to this machine first",
    },
  );
}

interface Voxel {
  convert: keyof typeof CONVERT;
  itemBytes: number;
}

function voxelOf({ dtype, flipSign, name }: RawVolume): Voxel {
  const itemBytes = {
    int8: 1,
    uint8: 1,
    int16: 2,
    uint16: 2,
    float16: 2,
    int32: 4,
    uint32: 4,
    float32: 4,
    float64: 8,
    uint4: 0.5,
  } as Record<string, number>;
  const size = itemBytes[dtype];
  if (size === undefined) {
    throw new EmporiumError("FORMAT_UNSUPPORTED", `${name}: voxels of type ${dtype} cannot become a float32 volume`, {
      place: { file: name },
    });
  }
  return { convert: (dtype === "int8" && flipSign ? "int8Flipped" : dtype) as keyof typeof CONVERT, itemBytes: size };
}

/** Gathers what workers report: finished chunks and units, in whatever order they come. */
class Collector {
  failure: unknown;
  private readonly objects = new Map<number, WrittenObject[]>();
  private readonly handled = new Map<number, number>();
  private readonly reports = new Map<number, { sums: number[]; checksums: number[] }>();
  private readonly histogram = new Float64Array(65_536);
  private readonly pending = new Set<Promise<void>>();
  private readonly expected: number[];
  private pendingBytes = 0;
  private readonly doneBytes: number;
  private readonly kept: readonly number[];

  constructor(
    private readonly options: WriteVolumeOptions,
    private readonly g: Geometry,
    private readonly words: Int32Array,
    private readonly columns: number,
    private readonly done: Map<number, UnitReceipt>,
    private readonly flusher: Flusher | undefined,
  ) {
    this.kept = [...done.keys()];
    this.expected = g.units.map((unit) => (options.zarr ? chunksOf(unit, g) : 0));
    const rowBytes = options.source.shape[2] * (voxelOf(options.source).itemBytes || 1);
    this.doneBytes = g.units
      .filter((unit) => done.has(unit.index))
      .reduce(
        (sum, unit) =>
          sum + ((unit.z1 - unit.z0) * (unit.y1 - unit.y0) * (unit.x1 - unit.x0) * rowBytes) / options.source.shape[2],
        0,
      );
  }

  report(bytesRead: number): void {
    this.options.onProgress?.(this.doneBytes + bytesRead);
  }

  hear(message: WorkerMessage): void {
    if (message.kind === "begin") this.flusher?.add(message.path);
    else if (message.kind === "object") {
      this.flusher?.remove(message.path);
      this.track(this.object(message));
    } else if (message.kind === "unit") {
      this.reports.set(message.unit, { sums: message.sums, checksums: message.checksums });
      const { histogram } = message;
      for (let bin = 0; bin < histogram.length; bin++) this.histogram[bin]! += histogram[bin]!;
      this.track(this.keepHistogram(message.unit, histogram).then(() => this.unitMaybeDone(message.unit)));
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

  /** Waits until nobody works on a chunk any more, however that ended. */
  async quiet(): Promise<void> {
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

  private async keepHistogram(unit: number, counts: Uint32Array): Promise<void> {
    const { scratch } = this.options;
    if (scratch === undefined) return;
    const path = histogramPath(scratch, unit);
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
    if (this.options.scratch !== undefined) await this.options.onUnit?.(receipt);
  }

  private receipt(index: number, { sums, checksums }: { sums: number[]; checksums: number[] }): UnitReceipt {
    const unit = this.g.units[index]!;
    const [, ny, nx] = this.options.source.shape;
    const planeBytes = (unit.y1 - unit.y0) * nx * ITEM_BYTES;
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
    for (const unit of this.kept) await this.addKeptHistogram(unit);
    const sums = [Infinity, -Infinity, 0, 0, 0];
    for (const receipt of receipts) {
      const [min, max, ...rest] = receipt!.sums.map(Number);
      sums[0] = Math.min(sums[0]!, min!);
      sums[1] = Math.max(sums[1]!, max!);
      for (const [i, value] of rest.entries()) sums[2 + i]! += value;
    }
    const statistics = statisticsOf(sums, volumeOf(options.source.shape));
    const result: WriteVolumeResult = {
      shapes: g.shapes,
      chunk: g.chunk,
      statistics,
      histogram: this.histogram,
      objects: receipts.flatMap((receipt) => receipt!.objects),
    };
    if (options.mrc) {
      const head = options.mrc.head(statistics);
      const file = await open(options.mrc.path, "r+");
      try {
        await file.write(head, 0, head.length, 0);
        const crc = wholeRows ? this.dataChecksum(receipts as UnitReceipt[], crc32(head)) : await fileChecksum(file);
        result.mrc = { size: head.length + volumeOf(options.source.shape) * ITEM_BYTES, crc32: crc };
      } finally {
        await file.close();
      }
    }
    return result;
  }

  private async addKeptHistogram(unit: number): Promise<void> {
    const file = await open(histogramPath(this.options.scratch!, unit), "r");
    try {
      const counts = new Uint32Array(65_536);
      await file.read(new Uint8Array(counts.buffer), 0, counts.byteLength, 0);
      for (let bin = 0; bin < counts.length; bin++) this.histogram[bin]! += counts[bin]!;
    } finally {
      await file.close();
    }
  }

  /** Puts the units' checksums together in the order of the file: planes, and in each plane the units from top to bottom. */
  private dataChecksum(receipts: readonly UnitReceipt[], start: number): number {
    const [, ny, nx] = this.options.source.shape;
    let crc = start;
    const { units } = this.g;
    for (let first = 0; first < units.length; ) {
      let end = first;
      while (end < units.length && units[end]!.z0 === units[first]!.z0) end++;
      const slab = units.slice(first, end);
      const planes = slab[0]!.z1 - slab[0]!.z0;
      if (slab.length === 1) crc = combineCrc32(crc, receipts[first]!.checksums[0]!, planes * ny * nx * ITEM_BYTES);
      else {
        for (let plane = 0; plane < planes; plane++) {
          for (const unit of slab) {
            crc = combineCrc32(crc, receipts[unit.index]!.checksums[plane]!, (unit.y1 - unit.y0) * nx * ITEM_BYTES);
          }
        }
      }
      first = end;
    }
    return crc;
  }
}

function histogramPath(scratch: string, unit: number): string {
  return `${scratch}/histogram-${unit}.bin`;
}

function statisticsOf([min, max, sum, squares, nonFinite]: number[], count: number): Statistics {
  const finite = count - nonFinite!;
  const mean = finite > 0 ? sum! / finite : 0;
  const rms = finite > 0 ? Math.sqrt(Math.max(0, squares! / finite - mean * mean)) : 0;
  return { min: finite > 0 ? min! : 0, max: finite > 0 ? max! : 0, mean, rms, nonFinite: nonFinite!, count };
}

/** Workers sum step by step; a series has several steps to a plane. */
function planeChecksums(unit: Unit, g: Geometry, checksums: readonly number[], nx: number): number[] {
  if (g.form === "volume") return [...checksums];
  const planes: number[] = [];
  let crc = 0;
  for (let s = 0; s < unit.steps; s++) {
    const step = g.steps[unit.firstStep + s]!;
    crc = combineCrc32(crc, checksums[s]!, step.rows * nx * ITEM_BYTES);
    if (step.endsPlane) {
      planes.push(crc);
      crc = 0;
    }
  }
  return planes;
}

function chunksOf(unit: Unit, g: Geometry): number {
  let count = 0;
  for (let level = 0; level < LEVELS; level++) {
    const scale = 1 << level;
    const depth = g.form === "volume" ? ceilDiv(ceilDiv(unit.z1 - unit.z0, scale), g.chunk[0]) : unit.z1 - unit.z0;
    const height = ceilDiv(ceilDiv(unit.y1 - unit.y0, scale), g.chunk[1]);
    count += depth * height * ceilDiv(ceilDiv(unit.x1 - unit.x0, scale), g.chunk[2]);
  }
  return count;
}

async function makeFolders(folder: string, g: Geometry): Promise<void> {
  for (const [level, [nz, ny]] of g.shapes.entries()) {
    for (let z = 0; z < ceilDiv(nz, g.chunk[0]); z++) {
      const rows = Array.from({ length: ceilDiv(ny, g.chunk[1]) }, (_, y) => `${folder}/${level}/${z}/${y}`);
      await Promise.all(rows.map((path) => mkdir(path, { recursive: true })));
    }
  }
}

/** Makes the file and gives it its final length; bytes of an earlier attempt stay. */
async function extend(path: string, size: number): Promise<void> {
  const present = await statFile(path).catch(() => undefined);
  if (present?.size === size) return;
  const file = await open(path, present ? "r+" : "w+");
  try {
    await file.truncate(size);
  } finally {
    await file.close();
  }
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

/** Bytes of one request when steps are read ahead over a network: long enough to be fast, short enough to run side by side. */
const REQUEST_BYTES = 4 * 2 ** 20;

/** Fills the raw slots, steps ahead of the workers, with parallel range requests. Each source byte is asked for once. */
async function feedSlots(
  data: { read(offset: number, length: number): Promise<Uint8Array>; offset: number },
  g: Geometry,
  memory: WebAssembly.Memory,
  rowBytes: number,
  source: RawVolume,
  rawSlots: number,
  done: ReadonlyMap<number, UnitReceipt>,
): Promise<void> {
  const words = new Int32Array(memory.buffer);
  const bytes = new Uint8Array(memory.buffer);
  const slots = rawSlots;
  const ny = source.shape[1];
  const skip = new Set(done.keys());
  for (const [index, step] of g.steps.entries()) {
    const before = g.steps[index - slots];
    if (before)
      await reached(words, g.control.read[(index - slots) & 1]!, before.slotStripsBefore + before.strips, g.control.stop);
    if (Atomics.load(words, g.control.stop) !== 0) return;
    if (!skip.has(step.unit.index)) {
      const requests: Promise<void>[] = [];
      const slot = g.rawSlot(index);
      const load = async (at: number, offset: number, length: number) => {
        const piece = await data.read(data.offset + offset, length);
        if (piece.length < length) {
          const byte = data.offset + offset + piece.length;
          throw new EmporiumError("FORMAT_TRUNCATED", `${source.name} ends at byte ${byte}, its header promises more`, {
            place: { file: source.name, byte },
            hint: "copy the file again: it was cut short",
          });
        }
        bytes.set(piece, at);
      };
      // planes that lie together are one run
      const run = step.rows === ny ? step.planes * step.rows * rowBytes : step.rows * rowBytes;
      const runs = step.rows === ny ? 1 : step.planes;
      for (let r = 0; r < runs; r++) {
        const offset = ((step.z0 + r) * ny + step.y0) * rowBytes;
        for (let from = 0; from < run; from += REQUEST_BYTES) {
          requests.push(load(slot + r * run + from, offset + from, Math.min(REQUEST_BYTES, run - from)));
        }
      }
      const results = await Promise.allSettled(requests);
      for (const result of results) if (result.status === "rejected") throw result.reason;
    }
    Atomics.store(words, g.control.filled, index + 1);
    Atomics.notify(words, g.control.filled);
  }
}

async function reached(words: Int32Array, word: number, value: number, stop: number): Promise<void> {
  for (;;) {
    const now = Atomics.load(words, word);
    if (now >= value || Atomics.load(words, stop) !== 0) return;
    const wait = Atomics.waitAsync(words, word, now, 100);
    if (wait.async) await wait.value;
  }
}
