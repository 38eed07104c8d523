import { mkdir } from "node:fs/promises";
import { greyOf } from "../../../arrays/picture/grey.js";
import { centralSlab } from "../../../arrays/picture/slab.js";
import { FORMS, integerTypeOf } from "../../../arrays/stream/plan/forms.js";
import type { Statistics, UnitReceipt, WriteVolumeResult } from "../../../arrays/stream/plan/job.js";
import { isCutAcross } from "../../../arrays/stream/plan/memory.js";
import { openVolume } from "../../../arrays/stream/source/open-volume.js";
import type { OpenVolume } from "../../../arrays/stream/source/volume.js";
import { float32Statistics } from "../../../arrays/stream/write/float32-statistics.js";
import { ShardsLost } from "../../../arrays/stream/write/shard.js";
import { writeVolume } from "../../../arrays/stream/write/write-volume.js";
import type { Triple } from "../../../core/box.js";
import { EmporiumError } from "../../../core/errors.js";
import { counted } from "../../../core/units.js";
import type { Operation, Plain, Task, TaskContext, TaskOutcome } from "../../../engine/task.js";
import { mrcHeaderBytes } from "../../../formats/mrc/write.js";
import { type SectionCache, sectionCacheKey } from "./section-cache.js";
import { addSha256, factsOf, zarrDocuments } from "./volume-outputs.js";
import { formOf, type VolumeParams } from "./volume-params.js";
import { placeKept, placeWarnings, voxelSizesOf } from "./volume-place.js";
import { finishedUnits, makePlaces } from "./volume-places.js";

export type { VolumeParams } from "./volume-params.js";

/**
 * Converts a volume, mask or labels: MRC, OME-Zarr, statistics, then the entity's metadata, which mark it as complete. On local
 * stores parts are written beside their final names and renamed. On others chunks go to a scratch folder and are sent when
 * complete, and shards are sent as they grow.
 */
export const volumeOperation: Operation = (task, context) => convertVolume(task, context);

/** The same, for tomograms whose pictures are drawn later in the same run: their section is added up on the way. */
export function cachingVolumeOperation(cache: SectionCache): Operation {
  return (task, context) => convertVolume(task, context, cache);
}

async function convertVolume(task: Task, context: TaskContext, cache?: SectionCache): Promise<TaskOutcome> {
  const params = task.params as unknown as VolumeParams;
  const scratch = await context.scratch();
  await mkdir(scratch, { recursive: true });
  const volume = await openSource(params, context, scratch);
  if (params.dtype !== undefined) requireType(volume.raw, params.dtype);
  const warnings = [...volume.warnings];
  const places = await makePlaces(task, params, context, scratch);
  const earlier = await finishedUnits(context, places, params);
  if (earlier.length === 0) await places.startAnew();
  const voxel = params.spacingAngstrom ?? voxelSizesOf(volume, params);
  warnings.push(...placeWarnings(volume, params, voxel));
  const job: Conversion = { task, params, context, volume, places, voxel, scratch, cache };
  const written = await writeOnce(job, earlier).catch(async (error: unknown) => {
    if (!(error instanceof ShardsLost)) throw error;
    context.log.warn(`${task.title}: ${error.message}; it is written again`);
    await places.startAnew();
    await context.note({ anew: true });
    return writeOnce(job, []);
  });
  if (written.statistics.nonFinite > 0) {
    warnings.push(
      `${volume.raw.name}: ${counted(written.statistics.nonFinite, "voxel is", "voxels are")} not finite; statistics are of the others`,
    );
  }

  if (cache) cacheSection(cache, written, params);
  const outputs = await places.publish(
    written,
    zarrDocuments(written, params, { spacing: voxel ?? 1, ...placeKept(volume, params) }),
  );
  if (params.metadataKey !== null && params.metadata !== null)
    outputs.push(await places.publishMetadata(params.metadataKey, params.metadata));
  return {
    outputs: params.checksum === "sha256" ? await addSha256(outputs, context) : outputs,
    warnings,
    facts: factsOf(written, volume.raw.dtype),
  };
}

/** One volume on its way, with where it is written. */
interface Conversion {
  readonly task: Task;
  readonly params: VolumeParams;
  readonly context: TaskContext;
  readonly volume: OpenVolume;
  readonly places: Awaited<ReturnType<typeof makePlaces>>;
  /** Å; undefined where nobody says it. */
  readonly voxel: number | Triple | undefined;
  readonly scratch: string;
  readonly cache: SectionCache | undefined;
}

/** @throws {EmporiumError} SOURCE_CHANGED where the source has another type than when the work was planned */
function requireType({ name, dtype }: OpenVolume["raw"], planned: string): void {
  if (integerTypeOf(dtype) === planned) return;
  throw new EmporiumError("SOURCE_CHANGED", `${name} has voxels of type ${dtype}, ${planned} were planned`, {
    place: { file: name },
    hint: "run the same command again: the source was replaced meanwhile",
  });
}

const isSharded = ({ omeZarr, zarr }: VolumeParams): boolean => omeZarr === "0.5" && zarr !== null;

async function openSource(params: VolumeParams, { source, signal }: TaskContext, scratch: string): Promise<OpenVolume> {
  const opening = { signal, compat: params.compat, scratch: async () => scratch };
  const volume = await openVolume(source, params.source, { ...opening, asFile: params.targetShape !== undefined });
  // over a network rows are read whole, which would take memory, and give shards another order than those of a file
  const isWhole = "path" in volume.raw.data || !isSharded(params) || !isCutAcross(volume.raw.shape, formOf(params));
  return isWhole ? volume : openVolume(source, params.source, { ...opening, asFile: true });
}

/** @param finished units that an earlier attempt has written. @throws {ShardsLost} where their bytes are gone */
function writeOnce(job: Conversion, finished: readonly UnitReceipt[]): Promise<WriteVolumeResult> {
  const { task, params, context, volume, places, scratch, cache } = job;
  const { signal } = context;
  const rawBytes = rawBytesOf(volume.raw);
  return writeVolume({
    source: volume.raw,
    form: formOf(params),
    select: params.select,
    targetShape: params.targetShape,
    edge: params.compat ? "zeros" : "present",
    threads: context.threads,
    memoryBytes: context.memoryBytes,
    mrc: places.mrc === undefined ? undefined : mrcOutput(job, places.mrc),
    zarr: places.zarr === undefined || isSharded(params) ? undefined : { folder: places.zarr },
    shards: isSharded(params)
      ? { sink: places.shards(), codec: params.codec ?? "blosc-lz4", bytesMax: params.shardBytes }
      : undefined,
    slab: cache?.awaits(sectionCacheKey(params)) ? centralSlab(volume.raw.shape[0]) : undefined,
    scratch,
    finished,
    onUnit: async (receipt) => {
      await places.settle();
      await context.note({ unit: receipt as unknown as Plain });
    },
    flush: places.flush,
    io: { read: context.source.local?.io, write: context.target.local?.io },
    onObject: places.onObject,
    onProgress: (bytes) => context.progress(Math.min(task.bytes, (bytes / rawBytes) * task.bytes)),
    signal,
  });
}

/** The MRC at a path: its header is written last, when the statistics are known. */
function mrcOutput({ params, context, volume, voxel }: Conversion, path: string) {
  const kept = placeKept(volume, params);
  const header = {
    kind: params.scaleZ ? ("tomogram" as const) : ("tiltseries" as const),
    shape: params.targetShape ?? volume.raw.shape,
    dtype: FORMS[formOf(params)].mrc.dtype,
    voxelSizeAngstrom: voxel ?? 0,
    dateMs: context.createdMs,
    source: volume.mrc?.header,
    place: kept.mrc,
    labels: kept.labels,
    extendedHeader: volume.mrc?.extended,
  };
  const headBytes = mrcHeaderBytes({ ...header, statistics: { min: 0, max: 0, mean: 0, rms: 0 } }).length;
  const head = async (written: Statistics) => {
    const statistics = params.compat
      ? await float32Statistics(written, { path, headBytes, form: formOf(params), signal: context.signal })
      : written;
    return mrcHeaderBytes({ ...header, statistics });
  };
  return { path, headBytes, head };
}

function cacheSection(cache: SectionCache, { shapes, slab }: WriteVolumeResult, params: VolumeParams): void {
  if (!slab) return;
  const [planes, height, width] = shapes[0]!;
  cache.put(sectionCacheKey(params), { planes, height, width, grey: greyOf(slab) });
}

function rawBytesOf({ shape, dtype }: { shape: readonly number[]; dtype: string }): number {
  const bits = Number(/\d+$/.exec(dtype)?.[0] ?? 8);
  return (shape.reduce((a, b) => a * b, 1) * bits) / 8;
}
