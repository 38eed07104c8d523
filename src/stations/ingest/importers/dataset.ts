import type { Json, JsonObject } from "../../../core/json.js";
import { isJsonObject } from "../../../core/json-fields.js";
import { datasetFolder, datasetMetadataKey } from "../../../model/layout.js";
import { baseName } from "../../../stores/keys.js";
import { scalarText, toJson } from "../config/nodes.js";
import { isTruthy, type MutableJson, put } from "../metadata.js";
import { attempt, type ImportContext, type Importer, passOver, planned } from "./importer.js";
import { datasetKeyPhoto } from "./key-photos.js";
import { addMetadataTask } from "./metadata-task.js";
import { requirePhotos, storedPhotos } from "./photos.js";

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

const KIND = "dataset";

/** The dataset's own metadata, with the key photos that are there. */
export const dataset: Importer<null> = {
  kind: KIND,
  per: "dataset",
  needs: [],
  notesFailures: true,
  title: ({ entity }) => `metadata of dataset ${scalarText(entity.name)}`,
  isWanted: ({ selection }) => selection.metadata(KIND),
  find: async () => null,
  plan: planMetadata,
};

async function planMetadata(context: ImportContext): Promise<void> {
  const { atTarget, block } = context.item;
  const name = scalarText(context.entity.name);
  const title = dataset.title(context);
  if (atTarget) {
    passOver(context, { kind: KIND, title }, "only referred to", block.place);
    return;
  }
  const key = datasetMetadataKey(name);
  // the reference writes defaults over what another deposition said of its dataset
  if (!block.metadata && !context.compat && (await context.target.child(`${datasetFolder(name)}/`, baseName(key)))) {
    passOver(context, { kind: KIND, title }, "already on the target, and not described by the configuration", block.place);
    return;
  }
  const photos = planned(context, datasetKeyPhoto) ?? [];
  const place = block.metadata?.place ?? block.place;
  const named = await storedPhotos(context.target, datasetFolder(name), photos);
  await attempt(context, { kind: KIND, title }, async () => {
    requirePhotos(context, { kind: KIND, title }, named);
    addMetadataTask(context, {
      kind: KIND,
      title,
      key,
      configured: withSampleDefaults(block.metadata ? (toJson(block.metadata) as JsonObject) : {}),
      measured: { key_photos: named },
      needs: photos.map(({ id }) => id),
      place,
    });
  });
}

/**
 * Fills in missing fields of a dataset's sample: `name`, then `id`, each `not_reported` (`unknown` for the development stage); an
 * organism has a `taxonomy_id` instead, null if missing. Empty values count as missing. Given fields keep their order, new ones
 * follow.
 */
function withSampleDefaults(metadata: JsonObject): JsonObject {
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
