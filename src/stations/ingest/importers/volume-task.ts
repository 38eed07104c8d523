import { estimateVolumeMemory } from "../../../arrays/stream/memory.js";
import type { Place } from "../../../core/errors.js";
import type { PlainObject, Task } from "../../../engine/task.js";
import { PORTAL_CHUNKS } from "../../../formats/zarr/ome.js";
import { type Draft, makeTask } from "../draft.js";
import { VOLUME_OPERATION } from "../ops/volume.js";
import type { VolumeSource } from "../volume-source.js";
import type { PlanContext } from "./context.js";

/** Above this size a volume may use all worker threads. */
const LARGE_BYTES = 64 * 2 ** 20;

export interface VolumeWish {
  readonly kind: "tomogram" | "tiltseries";
  readonly title: string;
  readonly volume: VolumeSource;
  readonly keys: { readonly mrc: string; readonly zarr: string; readonly metadata: string };
  /** Its text without the time; null where no metadata is to be written. */
  readonly metadata: string | null;
  readonly spacingAngstrom: number;
  readonly needs: readonly string[];
  readonly place: Place | undefined;
}

/** Adds the task that converts a volume and then writes the metadata that vouch for it. */
export function addVolumeTask(
  context: PlanContext,
  draft: Draft,
  { kind, title, volume, keys, metadata, spacingAngstrom, needs, place }: VolumeWish,
): Task {
  const mrc = context.writeMrc ? keys.mrc : null;
  const zarr = context.writeZarr ? keys.zarr : null;
  const metadataKey = metadata === null ? null : keys.metadata;
  const params: PlainObject = {
    kind,
    source: volume.key,
    mrc,
    zarr,
    metadataKey,
    metadata,
    spacingAngstrom,
    scaleZ: kind === "tomogram",
    chunk: PORTAL_CHUNKS[kind],
    compat: context.compat,
    omeZarr: context.omeZarr,
    ...(context.force ? { force: true } : {}),
  };
  const isLarge = volume.bytes > LARGE_BYTES;
  const form = kind === "tomogram" ? "volume" : "series";
  const task = makeTask({
    title,
    run: VOLUME_OPERATION,
    params,
    inputs: volume.inputs,
    outputs: [mrc, zarr, metadataKey].filter((key) => key !== null),
    needs,
    bytes: volume.bytes,
    memoryBytes: estimateVolumeMemory({ shape: [...volume.shape], threads: isLarge ? context.threads : 1, form }),
    threads: isLarge ? "all" : 1,
    place,
  });
  draft.tasks.push(task);
  return task;
}
