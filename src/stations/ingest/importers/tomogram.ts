import { EmporiumError, type Place } from "../../../core/errors.js";
import type { Json, JsonObject } from "../../../core/json.js";
import { Float } from "../../../core/number.js";
import type { Task } from "../../../engine/task.js";
import { pyramidShapes } from "../../../formats/zarr/ome.js";
import { keyImageKey, tomogramKeys } from "../../../model/layout.js";
import { isTemplate } from "../config/expand.js";
import { describe, scalarText } from "../config/nodes.js";
import { addMetadataTask, type Draft, type Whereabouts } from "../draft.js";
import type { Ancestor } from "../finders/scope.js";
import { metadataText } from "../metadata.js";
import type { Alignment } from "./alignment.js";
import { type PlanContext, placeOf, sectionOf } from "./context.js";
import type { KeyImages } from "./key-image-finds.js";
import type { ReadTomogram } from "./tomogram-candidates.js";
import { addVolumeTask } from "./volume-task.js";

const FIDUCIAL = ["FIDUCIAL", "NON_FIDUCIAL"];

/**
 * Checks what can be known of the tomograms' metadata before anything is touched.
 *
 * @throws {EmporiumError} CONFIG_FIELD
 */
export function checkTomogramSection(context: Pick<PlanContext, "config" | "selection">): void {
  if (!context.selection.metadata("tomogram")) return;
  for (const block of sectionOf(context, "tomogram")?.blocks ?? []) {
    const status = block.metadata?.entries.get("fiducial_alignment_status");
    if (!status) {
      throw new EmporiumError("CONFIG_FIELD", "fiducial_alignment_status is missing", {
        place: placeOf(block),
        hint: `add it to the metadata: ${FIDUCIAL.join(" or ")}`,
      });
    }
    const isDynamic = status.kind === "scalar" && typeof status.value === "string" && isTemplate(status.value);
    if (!isDynamic) fiducialStatus(status.kind === "scalar" ? (status.value as Json) : describe(status), status.place);
  }
}

/** Plans one tomogram: its volume with its metadata as one task, or its metadata alone where no volume is to be written. */
export async function planTomogram(
  context: PlanContext,
  draft: Draft,
  tomogram: ReadTomogram,
  {
    id,
    alignment,
    needs,
    run,
    deposition,
    pictures,
  }: {
    id: number;
    alignment: Alignment;
    needs: readonly string[];
    run: Ancestor;
    deposition: Ancestor;
    /** Undefined where nobody can tell which. */
    pictures: KeyImages | undefined;
  },
  where: Whereabouts,
): Promise<Task> {
  const { item, spacing, volume, title } = tomogram;
  const runName = scalarText(run.name);
  const keys = tomogramKeys(spacing.ancestor.folder, id, runName);
  const place = item.place;
  const configured = { ...tomogram.configured };
  if (context.selection.metadata("tomogram")) {
    configured.fiducial_alignment_status = fiducialStatus(
      configured.fiducial_alignment_status,
      placeOf(item.block, "fiducial_alignment_status"),
    );
  }
  const scales = pyramidShapes(volume.shape).map(([z, y, x]) => ({ z, y, x }));
  const measured: JsonObject = {
    scales,
    size: scales[0]!,
    omezarr_dir: keys.zarr.slice(0, -1),
    mrc_file: keys.mrc,
    run_name: runName,
    key_photo: Object.fromEntries(
      (["snapshot", "thumbnail"] as const)
        .filter((name) => pictures?.has(name))
        .map((name) => [name, keyImageKey(spacing.ancestor.folder, id, name)]),
    ),
    voxel_spacing: new Float(spacing.angstrom),
    alignment_metadata_path: alignment.metadataKey,
    neuroglancer_config_path: keys.neuroglancer,
  };
  const writesVolume = context.selection.items("tomogram") && (context.writeMrc || context.writeZarr);
  const wantsMetadata = context.selection.metadata("tomogram");
  const titled = `tomogram ${id} of ${runName} (${spacing.name} Å)`;
  if (!writesVolume) {
    return addMetadataTask(draft, {
      kind: "tomogram",
      title: `metadata of ${titled}`,
      key: keys.metadata,
      configured,
      measured,
      depositionId: deposition.name,
      needs,
      force: context.force,
      place,
      where,
    });
  }
  const metadata = wantsMetadata ? metadataText(configured, measured, deposition.name as Json) : null;
  const task = addVolumeTask(context, draft, {
    kind: "tomogram",
    title: titled,
    volume,
    keys,
    metadata,
    spacingAngstrom: spacing.angstrom,
    hasPictures: context.selection.items("key_image"),
    needs,
    place,
  });
  const reads = [context.source.fullPath(item.key!)];
  draft.entities.push({
    kind: "tomogram",
    title: `${title} as ${id}`,
    ...where,
    action: "write",
    reads,
    writes: task.outputs,
    bytes: volume.bytes,
    place,
  });
  return task;
}

/**
 * The word that the portal's metadata has: configurations also say it as a boolean.
 *
 * @throws {EmporiumError} CONFIG_FIELD
 */
export function fiducialStatus(value: Json | undefined, place?: Place): string {
  if (value === true || value === "True") return "FIDUCIAL";
  if (value === false || value === "False") return "NON_FIDUCIAL";
  const word = typeof value === "string" ? value.toUpperCase() : undefined;
  if (word !== undefined && FIDUCIAL.includes(word)) return word;
  throw new EmporiumError(
    "CONFIG_FIELD",
    `fiducial_alignment_status is ${JSON.stringify(value ?? null)}, wanted ${FIDUCIAL.join(" or ")}`,
    { place },
  );
}
