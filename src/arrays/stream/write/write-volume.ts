import { mkdir, open, stat as statFile } from "node:fs/promises";
import { dirname } from "node:path";
import { ceilDiv, type Triple, volumeOf } from "../../../core/box.js";
import { systemClock } from "../../../core/clock.js";
import { EmporiumError } from "../../../core/errors.js";
import { counted } from "../../../core/units.js";
import { readsDirect, writesDirect } from "../../../stores/file/direct.js";
import { fewFiles } from "../../../system/open-files.js";
import { FORMS, integerTypeOf } from "../plan/forms.js";
import { type Geometry, type GeometryOptions, planGeometry } from "../plan/geometry.js";
import { type UnitReceipt, voxelOf, type WriteVolumeOptions, type WriteVolumeResult } from "../plan/job.js";
import { fitColumns, fitRawSlots, fitSpareBuffers, slabBytes } from "../plan/memory.js";
import { type Resampling, resamplingOf } from "../plan/resampling.js";
import { Collector } from "./collector.js";
import { feedSlots } from "./feed.js";
import { Flusher } from "./flusher.js";
import { ShardBook } from "./shard-book.js";
import { takeThreads } from "./threads.js";

/**
 * Reads a volume once, and writes the MRC with its statistics, all levels of the Zarr pyramid, and the histogram of the coarsest
 * level or the labels. Memory is bounded by `memoryBytes`. The bytes do not depend on the number of threads or on interruptions
 * between units. (The order of chunks in a shard depends on `memoryBytes` if that cuts the volume along x.)
 *
 * @throws {ShardsLost} if the shards that `finished` promises are gone: start again.
 * @throws {EmporiumError} FORMAT_TRUNCATED, FORMAT_FIELD (no label), DISK_FULL, MEMORY_LIMIT, CANCELLED; errors of `onObject`.
 */
export async function writeVolume(options: WriteVolumeOptions): Promise<WriteVolumeResult> {
  const { source, threads, signal } = options;
  signal?.throwIfAborted();
  const plan = planWrite(options);
  const { shape, slab, columns, rawSlots, sourceRowBytes, io, g } = plan;
  const known = (options.finished ?? []).filter((receipt) => receipt.columns === columns);
  const finished = options.shards ? firstUnits(known) : known;
  const done = new Map(finished.map((receipt) => [receipt.unit, receipt]));

  if (options.zarr) await makeFolders(options.zarr.folder, g);
  if (options.mrc) await extend(options.mrc.path, options.mrc.headBytes + volumeOf(shape) * g.mrcItemBytes);

  const volumeThreads = takeThreads(threads);
  try {
    const memory = volumeThreads.memory(g.totalBytes);
    const words = new Int32Array(memory.buffer);
    new Uint8Array(memory.buffer).fill(0, g.clear[0], g.clear[1]);
    words[g.control.gate] = 1;
    const bytesPerVoxel = (sourceRowBytes * source.shape[0] * source.shape[1]) / volumeOf(shape);
    const bytesRead = () => words[g.control.rowsRead]! * shape[2] * bytesPerVoxel;
    // source bytes stand for written ones: the ratio does not matter
    const flusher = options.flush ? new Flusher(bytesRead, systemClock) : undefined;
    if (options.mrc && !io.mrc) flusher?.add(options.mrc.path);
    const book = options.shards && new ShardBook(g, options.shards, flusher);
    const collector = new Collector(
      { ...options, slab },
      g,
      words,
      columns,
      done,
      io.zarr ? undefined : flusher,
      bytesPerVoxel,
      book,
    );
    const stop = () => Atomics.store(words, g.control.stop, 1);
    signal?.addEventListener("abort", stop, { once: true });
    const progress = setInterval(() => collector.report(bytesRead()), 200);
    const job = jobOf(options, plan, done);
    try {
      await book?.goOnAfter(finished);
      if (g.pool)
        words[g.pool.served] = g.units[finished.length] ? g.steps[g.units[finished.length]!.firstStep]!.chunksBefore : 0;
      const feed =
        "read" in source.data ? feedSlots(source.data, g, memory, sourceRowBytes, source, rawSlots, done) : Promise.resolve();
      // a reader that fails must stop the workers that wait for it
      feed.catch(stop);
      await settle([volumeThreads.run(job, memory, (message) => collector.hear(message)), feed]);
      signal?.throwIfAborted();
      await collector.idle();
      await flusher?.stop();
    } catch (error) {
      stop();
      const failure = collector.failure ?? error;
      await collector.quiet();
      if (signal?.aborted)
        throw new EmporiumError("CANCELLED", "stopped", { cause: signal.reason, hint: "run the same command again to go on" });
      throw failure;
    } finally {
      clearInterval(progress);
      await book?.close();
      // After a success it has stopped already; after a failure, that failure is thrown.
      await flusher?.stop().catch(() => {});
      signal?.removeEventListener("abort", stop);
    }
    return await collector.result(columns >= shape[2]);
  } finally {
    volumeThreads.release();
  }
}

/** Plans the division of a volume, and what goes past the page cache, by the memory that is available. */
function planWrite(options: WriteVolumeOptions) {
  const { source, form, threads } = options;
  const voxel = voxelOf(source);
  const resampling = resamplingOf(source.shape, options.targetShape, options.select);
  const shape = resampling ? options.targetShape! : source.shape;
  const remote = !("path" in source.data);
  requireFitting(options, resampling);
  const sourceRowBytes = Math.ceil(source.shape[2] * voxel.itemBytes);
  // local voxels that stay what they are are read straight into the step buffers
  const { reduce, dtype } = FORMS[form];
  const stays = voxel.convert === dtype || (voxel.convert === "int8Flipped" && dtype === "int8");
  const isReadInPlace = !remote && reduce === "mean" && stays;
  const rawRowBytes = isReadInPlace ? 0 : sourceRowBytes;
  // the sum of a slab is a help to pictures, not worth a narrow cut
  const slab = options.slab && 2 * slabBytes(shape) <= options.memoryBytes ? options.slab : undefined;
  const shards = options.shards && { codec: options.shards.codec };
  const cut = { shape, form, threads, rawRowBytes, resampling, slab, shards, mrc: options.mrc !== undefined };
  const bufferBytes = options.memoryBytes - (slab ? slabBytes(shape) : 0);
  const { rawSlots, columns } = chooseCut(cut, remote, bufferBytes);
  const unitRaw = voxel.itemBytes === 0.5 || resampling ? rawRowBytes : Math.min(rawRowBytes, columns * voxel.itemBytes);
  const fitted = { ...cut, rawSlots, columns, rawRowBytes: unitRaw };
  const wanted = {
    ...fitted,
    shards: shards && { ...shards, spareBuffers: fitSpareBuffers({ ...cut, rawSlots, columns }, bufferBytes) },
  };
  const io = ioOf(options, shape, columns >= shape[2] && planGeometry({ ...wanted, direct: true }).totalBytes <= bufferBytes);
  const geometryOptions = { ...wanted, direct: io.source || io.mrc || io.zarr };
  const g = planGeometry(geometryOptions);
  return { voxel, shape, slab, columns, rawSlots, sourceRowBytes, io, geometryOptions, g };
}

/** The job for the worker threads. @param done units that are not written again */
function jobOf(
  { source, mrc, zarr, edge, select }: WriteVolumeOptions,
  { voxel, sourceRowBytes, io, geometryOptions }: ReturnType<typeof planWrite>,
  done: ReadonlyMap<number, UnitReceipt>,
) {
  return {
    geometry: geometryOptions,
    skipUnits: [...done.keys()],
    source: {
      file: "path" in source.data ? { ...source.data, isDirect: io.source } : undefined,
      name: source.name,
      convert: voxel.convert,
      rowBytes: sourceRowBytes,
      itemBytes: voxel.itemBytes,
      swap: !source.littleEndian && voxel.itemBytes > 1,
    },
    mrc: mrc ? { path: mrc.path, dataOffset: mrc.headBytes, isDirect: io.mrc } : undefined,
    zarr: zarr && { ...zarr, isDirect: io.zarr },
    edge,
    select,
  };
}

async function settle(promises: Promise<unknown>[]): Promise<void> {
  // all must have stopped before the memory is used again
  const results = await Promise.allSettled(promises);
  for (const result of results) if (result.status === "rejected") throw result.reason;
}

/** Shards grow from their beginning: units behind one that is missing are of no use. */
function firstUnits(receipts: readonly UnitReceipt[]): UnitReceipt[] {
  const known = new Map(receipts.map((receipt) => [receipt.unit, receipt]));
  const first: UnitReceipt[] = [];
  for (let next = known.get(0); next; next = known.get(first.length)) first.push(next);
  return first;
}

function requireFitting({ source, form, select }: WriteVolumeOptions, resampling: Resampling | undefined): void {
  if ((form === "mask") !== (select !== undefined)) throw new EmporiumError("INTERNAL", `form ${form} with a wrong selection`);
  const { reduce, integers, dtype } = FORMS[form];
  if (integers !== undefined && integerTypeOf(source.dtype) !== dtype)
    throw new EmporiumError("INTERNAL", `form ${form} with voxels of type ${source.dtype}`);
  if (!resampling) return;
  if (reduce === "mean") throw new EmporiumError("INTERNAL", `form ${form} cannot be resampled`);
  if (!("path" in source.data)) throw new EmporiumError("INTERNAL", `${source.name} must be a file to be resampled`);
}

/** Says which files go past the page cache. @param fits whether rows are whole, and there is room for it */
function ioOf({ source, form, io = {}, mrc, zarr, shards }: WriteVolumeOptions, shape: Triple, fits: boolean) {
  if (!fits || fewFiles) return { source: false, mrc: false, zarr: false };
  const sourceBytes = volumeOf(source.shape) * voxelOf(source).itemBytes;
  const voxels = volumeOf(shape);
  const facts = FORMS[form];
  const { read = "auto", write = "auto" } = io;
  return {
    source: "path" in source.data && readsDirect(read, source.data.path, { offset: source.data.offset, length: sourceBytes }),
    mrc: mrc !== undefined && writesDirect(write, dirname(mrc.path), voxels * facts.mrc.itemBytes),
    zarr: zarr !== undefined && !shards && writesDirect(write, dirname(zarr.folder), voxels * facts.itemBytes),
  };
}

/** Over a network whole rows are read, as far ahead as memory allows. Units of local files are cut in x if rows are too long. */
function chooseCut(
  wanted: Omit<GeometryOptions, "columns" | "rawSlots">,
  remote: boolean,
  memoryBytes: number,
): { rawSlots: number; columns: number } {
  if (!remote) return { rawSlots: 0, columns: fitColumns({ ...wanted, rawSlots: 0 }, memoryBytes) };
  const cut = fitRawSlots(wanted, memoryBytes);
  if (cut) return cut;
  throw new EmporiumError(
    "MEMORY_LIMIT",
    `rows of ${counted(wanted.shape[2], "voxel does", "voxels do")} not fit the memory ceiling while they are read over a network`,
    {
      hint: "raise --memory, or copy the file to this machine first",
    },
  );
}

const FOLDERS_AT_ONCE = 64;

async function makeFolders(folder: string, g: Geometry): Promise<void> {
  for (const [level, [nz, ny]] of g.shapes.entries()) {
    for (let z = 0; z < ceilDiv(nz, g.chunk[0]); z++) {
      const rows = ceilDiv(ny, g.chunk[1]);
      for (let y = 0; y < rows; y += FOLDERS_AT_ONCE) {
        const some = Array.from({ length: Math.min(FOLDERS_AT_ONCE, rows - y) }, (_, i) => `${folder}/${level}/${z}/${y + i}`);
        await Promise.all(some.map((path) => mkdir(path, { recursive: true })));
      }
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
