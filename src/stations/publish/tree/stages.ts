import { ALIGNMENT_METADATA, TILTSERIES_METADATA, TOMOGRAM_METADATA } from "../../../model/layout.js";

/**
 * The order in which files of a standardised tree are sent. A document goes after everything that it describes, so a reader who
 * finds it finds all of that. First data; then the documents of volumes, views, and the metadata of entities, children before
 * their parents. Files are removed in the opposite order.
 */
export const STAGES = [
  "body",
  /** Document within a volume: of a level, of a mesh. */
  "level",
  /** Document of a volume as a whole. */
  "volume",
  "view",
  "series",
  "alignment",
  "tomogram",
  "run",
  "dataset",
  "deposition",
] as const;
export type Stage = (typeof STAGES)[number];

export const DEPOSITIONS = "depositions_metadata";
export const DATASET_DOCUMENT = "dataset_metadata.json";
export const DEPOSITION_DOCUMENT = "deposition_metadata.json";
/** The folder of key photos, which is no run. */
export const PHOTOS = "Images";
const PRECOMPUTED = "NeuroglancerPrecompute";

/** Documents whose stage does not depend on their place below a run. */
const BY_NAME: Readonly<Record<string, Stage>> = {
  "frames_metadata.json": "series",
  [TILTSERIES_METADATA]: "series",
  [ALIGNMENT_METADATA]: "alignment",
  [TOMOGRAM_METADATA]: "tomogram",
  "identified_objects_metadata.json": "tomogram",
  "run_metadata.json": "run",
};

const ZARR_DOCUMENTS = new Set([".zarray", ".zattrs", ".zgroup", ".zmetadata", "zarr.json"]);

/** @param key of the tree: `10001/TS_01/…`, `depositions_metadata/10301/…`. */
export function stageOf(key: string): Stage {
  const names = key.split("/");
  const name = names.at(-1)!;
  if (names[0] === DEPOSITIONS) return names.length === 3 && name === DEPOSITION_DOCUMENT ? "deposition" : "body";
  if (names.length === 2) return name === DATASET_DOCUMENT ? "dataset" : "body";
  const zarr = names.findIndex((folder) => folder.endsWith(".zarr"));
  if (zarr >= 0 && zarr < names.length - 1) {
    if (!ZARR_DOCUMENTS.has(name)) return "body";
    return names.length - zarr > 2 ? "level" : "volume";
  }
  const precomputed = names.indexOf(PRECOMPUTED);
  if (precomputed >= 0) {
    const depth = names.length - precomputed;
    if (depth === 2) return name.endsWith(".json") ? "view" : "body";
    return name !== "info" ? "body" : depth === 3 ? "volume" : "level";
  }
  if (names.at(-3) === "Annotations" && name.endsWith(".json")) return "tomogram";
  return BY_NAME[name] ?? "body";
}

/** Folders (with a last `/`) that a document describes. It waits if something in them could not be sent. `""` is the tree. */
export function coveredBy(key: string): string[] {
  const folder = key.slice(0, key.lastIndexOf("/") + 1);
  const [dataset, run] = key.split("/");
  const ofRun = `${dataset}/${run}/`;
  switch (stageOf(key)) {
    case "view":
      return [folder.slice(0, -PRECOMPUTED.length - 1)];
    case "alignment":
      return [folder, `${ofRun}TiltSeries/`];
    case "tomogram": {
      const spacing = /^.*\/VoxelSpacing[^/]*\//.exec(key)?.[0];
      const pictures =
        spacing === undefined || !key.endsWith(`/${TOMOGRAM_METADATA}`)
          ? []
          : [`${spacing}${PHOTOS}/`, `${spacing}${PRECOMPUTED}/`];
      return [folder, `${ofRun}Alignments/`, ...pictures];
    }
    default:
      return [folder];
  }
}

/**
 * Whether a file belongs to a run. Documents of a run can be sent when the next run begins, those of datasets and depositions
 * only at the end.
 */
export function isOfRun(key: string): boolean {
  const stage = stageOf(key);
  return stage !== "dataset" && stage !== "deposition";
}
