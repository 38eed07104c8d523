import type { Json, JsonObject } from "../../../core/json.js";
import { isJsonObject } from "../../../core/json-fields.js";
import type { Task } from "../../../engine/task.js";
import { datasetFolder, datasetMetadataKey } from "../../../model/layout.js";
import { scalarText, toJson } from "../config/nodes.js";
import { addMetadataTask, type Draft, leave } from "../draft.js";
import type { Ancestor } from "../finders/scope.js";
import { isTruthy, type MutableJson, put } from "../metadata.js";
import type { PlanContext, SectionItem } from "./context.js";
import { storedPhotos } from "./photos.js";
import { baseName } from "./source-names.js";

/** Descriptions of the sample that every dataset has, in the order in which missing ones are added. */
const SAMPLE_FIELDS = [
  "assay",
  "cell_component",
  "cell_strain",
  "cell_type",
  "development_stage",
  "disease",
  "organism",
  "tissue",
];

export async function planDataset(
  context: PlanContext,
  draft: Draft,
  { block, atTarget }: SectionItem,
  { name }: Ancestor,
  deposition: Ancestor,
  photos: readonly Task[] = [],
): Promise<void> {
  if (!context.selection.metadata("dataset")) return;
  const text = scalarText(name);
  const title = `metadata of dataset ${text}`;
  const where = { dataset: text };
  if (atTarget) {
    draft.entities.push(leave("dataset", title, "it is only referred to", where, block.place));
    return;
  }
  const key = datasetMetadataKey(text);
  // the reference writes defaults over what another deposition said of its dataset
  if (!block.metadata && !context.compat && (await context.target.child(`${datasetFolder(text)}/`, baseName(key)))) {
    draft.entities.push(leave("dataset", title, "it is there, and nothing is said of it here", where, block.place));
    return;
  }
  addMetadataTask(draft, {
    kind: "dataset",
    title,
    key,
    configured: withSampleDefaults(block.metadata ? (toJson(block.metadata) as JsonObject) : {}),
    measured: { key_photos: await storedPhotos(context.target, datasetFolder(text), photos) },
    depositionId: deposition.name,
    needs: photos.map(({ id }) => id),
    force: context.force,
    place: block.metadata?.place ?? block.place,
    where,
  });
}

/**
 * Fills in what a dataset does not tell of its sample: `name`, then `id`, each `not_reported` (`unknown` for the development stage); an organism
 * has a `taxonomy_id` instead, null when missing. Empty values count as missing. What is given keeps its place, new fields follow in their order.
 */
export function withSampleDefaults(metadata: JsonObject): JsonObject {
  const filled: MutableJson = { ...metadata } as MutableJson;
  for (const field of SAMPLE_FIELDS) {
    const given: Json | undefined = filled[field];
    const value: MutableJson = isJsonObject(given) ? ({ ...given } as MutableJson) : {};
    const missing = field === "development_stage" ? "unknown" : "not_reported";
    if (!isTruthy(value.name)) value.name = missing;
    if (field === "organism") {
      if (!isTruthy(value.taxonomy_id)) value.taxonomy_id = null;
    } else if (!isTruthy(value.id)) value.id = missing;
    put(filled, field, value);
  }
  return filled;
}
