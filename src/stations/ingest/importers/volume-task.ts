import type { VolumeForm } from "../../../arrays/stream/plan/forms.js";
import { INNER_CHUNKS } from "../../../arrays/stream/plan/layout.js";
import { estimateVolumeMemory } from "../../../arrays/stream/plan/memory.js";
import { resamplingOf } from "../../../arrays/stream/plan/resampling.js";
import type { MaskSelection } from "../../../arrays/stream/plan/selection.js";
import { type Triple, volumeOf } from "../../../core/box.js";
import type { Place } from "../../../core/errors.js";
import type { PlainObject, Task } from "../../../engine/task.js";
import { PORTAL_CHUNKS } from "../../../formats/zarr/ome.js";
import { makeTask } from "../draft.js";
import { VOLUME_OPERATION } from "../ops/names.js";
import { keepingForm, shardParams } from "../ops/volume-params.js";
import { keptType, type VolumeSource } from "../volume-source.js";
import type { PlanContext } from "./context.js";
import { type ImportContext, warn } from "./importer.js";

/** Above this size a volume may use all worker threads. */
const LARGE_BYTES = 64 * 2 ** 20;

export interface VolumeRequest {
  readonly kind: "tomogram" | "tiltseries";
  readonly title: string;
  readonly volume: VolumeSource;
  readonly keys: { readonly mrc: string; readonly zarr: string; readonly metadata: string };
  /** Its text without the time; null where no metadata is to be written. */
  readonly metadata: string | null;
  readonly spacingAngstrom: number;
  /** Pictures are made of it. */
  readonly hasPictures?: boolean | undefined;
  readonly needs: readonly string[];
  readonly place: Place | undefined;
}

/** Adds the task that converts a volume and then writes the metadata that vouch for it. */
export function addVolumeTask(
  context: ImportContext,
  { kind, title, volume, keys, metadata, spacingAngstrom, hasPictures, needs, place }: VolumeRequest,
): Task {
  const mrc = context.writeMrc ? keys.mrc : null;
  const zarr = context.writeZarr ? keys.zarr : null;
  const metadataKey = metadata === null ? null : keys.metadata;
  const { dtype, warning } = zarr === null ? {} : keptType(volume, context.dtype);
  if (warning !== undefined) warn(context, warning, place);
  const params: PlainObject = {
    kind,
    source: volume.key,
    mrc,
    zarr,
    metadataKey,
    metadata,
    spacingAngstrom,
    scaleZ: kind === "tomogram",
    ...zarrParams(context, kind),
    ...(dtype && { dtype }),
    ...(context.force ? { force: true } : {}),
  };
  const outputs = [mrc, zarr, metadataKey].filter((key) => key !== null);
  const form = keepingForm(kind === "tomogram" ? "volume" : "series", dtype);
  return addTask(context, { title, params, volume, form, slab: hasPictures, outputs, needs, place });
}

/** Voxels as 0 and 1 by a label or threshold, or as the labels they are. */
export type Segmentation = { readonly form: "mask"; readonly select: MaskSelection } | { readonly form: "labels" };

export interface MaskRequest {
  readonly segmentation: Segmentation;
  readonly title: string;
  readonly volume: VolumeSource;
  readonly keys: { readonly mrc: string; readonly zarr: string };
  /** Voxels `[z, y, x]` that are wanted; undefined: those of the source. */
  readonly targetShape?: Triple | undefined;
  readonly spacingAngstrom: number;
  readonly needs: readonly string[];
  readonly place: Place | undefined;
}

/** Adds the task that makes a mask or labels. Another task writes the metadata. Undefined if neither MRC nor Zarr is selected. */
export function addMaskTask(
  context: ImportContext,
  { segmentation, title, volume, keys, targetShape, spacingAngstrom, needs, place }: MaskRequest,
): Task | undefined {
  const mrc = context.writeMrc ? keys.mrc : null;
  const zarr = context.writeZarr ? keys.zarr : null;
  const outputs = [mrc, zarr].filter((key) => key !== null);
  if (outputs.length === 0) return undefined;
  const { form } = segmentation;
  const select = segmentation.form === "mask" ? segmentation.select : undefined;
  const resampling = resamplingOf(volume.shape, targetShape, select);
  const params: PlainObject = {
    kind: "tomogram",
    form,
    ...(select && { select: { ...select } }),
    ...(resampling && { targetShape: [...targetShape!] }),
    source: volume.key,
    mrc,
    zarr,
    metadataKey: null,
    metadata: null,
    spacingAngstrom,
    scaleZ: true,
    ...zarrParams(context, "tomogram"),
    ...(context.force ? { force: true } : {}),
  };
  const shape = resampling ? targetShape : undefined;
  return addTask(context, { title, params, volume, form, select, shape, outputs, needs, place });
}

function zarrParams({ compat, omeZarr, codec }: PlanContext, kind: "tomogram" | "tiltseries"): PlainObject {
  const shards = shardParams({ omeZarr, codec });
  return { chunk: (shards.omeZarr ? INNER_CHUNKS : PORTAL_CHUNKS)[kind], compat, omeZarr, ...shards };
}

interface TaskRequest extends Pick<VolumeRequest, "title" | "volume" | "needs" | "place"> {
  readonly params: PlainObject;
  readonly form: VolumeForm;
  readonly select?: MaskSelection | undefined;
  /** Voxels of what is written, where they are not the source's. */
  readonly shape?: Triple | undefined;
  /** Planes are added up for pictures. */
  readonly slab?: boolean | undefined;
  readonly outputs: readonly string[];
}

function addTask(
  context: ImportContext,
  { title, params, volume, form, select, shape, slab, outputs, needs, place }: TaskRequest,
): Task {
  const isLarge = Math.max(volume.bytes, shape ? volumeOf(shape) : 0) > LARGE_BYTES;
  const task = makeTask({
    title,
    run: VOLUME_OPERATION,
    params,
    inputs: volume.inputs,
    outputs,
    needs,
    bytes: volume.bytes,
    memoryBytes: estimateVolumeMemory({
      shape: [...(shape ?? volume.shape)],
      threads: isLarge ? context.threads : 1,
      form,
      itemBytes: volume.itemBytes,
      mrc: context.writeMrc,
      remote: context.source.store.local === undefined,
      resampling: resamplingOf(volume.shape, shape, select),
      slab,
      shards: context.writeZarr && context.omeZarr === "0.5" ? (context.codec ?? "blosc-lz4") : undefined,
    }),
    threads: isLarge ? "all" : 1,
    place,
  });
  context.draft.tasks.push(task);
  return task;
}
