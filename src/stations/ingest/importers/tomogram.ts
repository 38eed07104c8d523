import { EmporiumError, type Place } from "../../../core/errors.js";
import type { Json, JsonObject } from "../../../core/json.js";
import { Float } from "../../../core/number.js";
import type { Task } from "../../../engine/task.js";
import { pyramidShapes } from "../../../formats/zarr/ome.js";
import { keyImageKey, tomogramKeys } from "../../../model/layout.js";
import { isTemplate } from "../config/expand.js";
import { describe } from "../config/nodes.js";
import { metadataText } from "../metadata.js";
import { alignment, alignmentNeeds } from "./alignment.js";
import type { PlanContext } from "./context.js";
import { addWritten, attempt, blockedBy, fail, found, type ImportContext, type Importer } from "./importer.js";
import { findKeyImages, type KeyImages } from "./key-image-finds.js";
import { addMetadataTask } from "./metadata-task.js";
import type { PictureSubject } from "./picture-subject.js";
import { placeOf, sectionOf } from "./sections.js";
import {
  type FoundTomograms,
  identityOf,
  type ReadTomogram,
  type TomogramCandidate,
  tomogramFinder,
  tomogramIds,
} from "./tomogram-candidates.js";
import { addVolumeTask } from "./volume-task.js";
import { wantsVolumes } from "./voxel-spacing.js";

const KIND = "tomogram";
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

/** The part of a run's tomograms that other importers need. */
export interface PlannedTomograms {
  /** Tomograms that may get pictures. */
  readonly subjects: readonly PictureSubject[];
}

/** The tomograms of a run. Without an alignment none can be made. */
export const tomogram: Importer<FoundTomograms, PlannedTomograms> = {
  ...tomogramFinder,
  per: "run",
  files: { emptyTold: "source", failsAlone: true, asVolumes: true },
  isWanted: wantsVolumes,
  async plan(context, { candidates, read }) {
    const alignments = await found(context, alignment);
    if (!alignments) {
      failAll(context, candidates);
      return { subjects: [] };
    }
    const alignmentPath = alignments[0]!.metadataKey;
    const tomograms = await read(alignmentPath);
    // the reference gives ids to all that it finds, before any filter; otherwise only what is written gets one
    const numbered = context.compat ? candidates : tomograms;
    const ids = await tomogramIds(
      context,
      numbered.map((one) => identityOf(context, one, alignmentPath)),
    );
    context.draft.ids.push(...ids.given);
    const subjects: PictureSubject[] = [];
    for (const one of tomograms) {
      try {
        const { spacing, volume } = one;
        const id = ids.of(identityOf(context, one, alignmentPath));
        const pictures = await attempt(context, { kind: "key_image", title: `pictures of ${one.title}` }, () =>
          findKeyImages(context, id, spacing),
        );
        if (!pictures && context.selection.metadata(KIND)) throw blockedBy(one.title, [`pictures of ${one.title}`]);
        const task = planOne(context, one, { id, alignmentPath, pictures });
        if (pictures) subjects.push({ id, spacing, task, shape: volume.shape, alignmentPath, pictures });
      } catch (error) {
        const reads = [context.source.fullPath(one.item.key!)];
        fail(context, error, { kind: KIND, title: one.title }, undefined, reads);
      }
    }
    return { subjects };
  },
};

function failAll(context: ImportContext, candidates: readonly TomogramCandidate[]): void {
  for (const { title, item } of candidates.filter(({ selected }) => selected)) {
    const reads = [context.source.fullPath(item.key!)];
    const why = "the alignment of its run is unknown";
    const files = { reads, writes: [], bytes: 0, place: item.place };
    context.draft.entities.push({ kind: KIND, title, ...context.location, action: "fail", why, ...files });
  }
}

interface Parts {
  readonly id: number;
  readonly alignmentPath: string;
  /** Undefined where nobody can tell which. */
  readonly pictures: KeyImages | undefined;
}

/** Plans one tomogram: its volume with its metadata as one task, or its metadata alone where no volume is to be written. */
function planOne(context: ImportContext, one: ReadTomogram, parts: Parts): Task {
  const { item, spacing, volume } = one;
  const { selection } = context;
  const { place } = item;
  const runName = context.location.run!;
  const keys = tomogramKeys(spacing.ancestor.folder, parts.id, runName);
  const wantsMetadata = selection.metadata(KIND);
  const configured = { ...one.configured };
  if (wantsMetadata) {
    const field = "fiducial_alignment_status";
    configured[field] = fiducialStatus(configured[field], placeOf(item.block, field));
  }
  const measured = measuredOf(context, one, keys, parts);
  const needs = alignmentNeeds(context, one.title, place);
  const title = `tomogram ${parts.id} of ${runName} (${spacing.name} Å)`;
  if (!selection.items(KIND) || !(context.writeMrc || context.writeZarr)) {
    return addMetadataTask(context, {
      kind: KIND,
      title: `metadata of ${title}`,
      key: keys.metadata,
      configured,
      measured,
      needs,
      place,
    });
  }
  const metadata = wantsMetadata ? metadataText(configured, measured, context.deposition.name as Json) : null;
  const { angstrom: spacingAngstrom } = spacing;
  const hasPictures = selection.items("key_image");
  const task = addVolumeTask(context, { kind: KIND, title, volume, keys, metadata, spacingAngstrom, hasPictures, needs, place });
  const reads = [context.source.fullPath(item.key!)];
  const entity = { kind: KIND, title: `${one.title} as ${parts.id}` } as const;
  addWritten(context, entity, { reads, writes: task.outputs, bytes: volume.bytes, place });
  return task;
}

function measuredOf(
  { location }: ImportContext,
  { spacing, volume }: ReadTomogram,
  keys: ReturnType<typeof tomogramKeys>,
  { id, alignmentPath, pictures }: Parts,
): JsonObject {
  const scales = pyramidShapes(volume.shape).map(([z, y, x]) => ({ z, y, x }));
  return {
    scales,
    size: scales[0]!,
    omezarr_dir: keys.zarr.slice(0, -1),
    mrc_file: keys.mrc,
    run_name: location.run!,
    key_photo: Object.fromEntries(
      (["snapshot", "thumbnail"] as const)
        .filter((name) => pictures?.has(name))
        .map((name) => [name, keyImageKey(spacing.ancestor.folder, id, name)]),
    ),
    voxel_spacing: new Float(spacing.angstrom),
    alignment_metadata_path: alignmentPath,
    neuroglancer_config_path: keys.neuroglancer,
  };
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
    `fiducial_alignment_status is ${JSON.stringify(value ?? null)}; expected ${FIDUCIAL.join(" or ")}`,
    { place },
  );
}
