import { KINDS, type SectionKey } from "../../../../model/kinds.js";
import { ALIGNMENT, ANNOTATION, CTF, DATASET, DEPOSITION, FRAME, IDENTIFIED_OBJECTS, TILTSERIES, TOMOGRAM } from "./metadata.js";
import { type Field, filled, integer, list, type MapShape, map, may, must, text } from "./shape.js";
import { sourceShape } from "./sources.js";

/** The grammar of a whole configuration, section by section. */

/** Versions that this grammar is the current form of, oldest first. `ingest upgrade` brings a file to the last. */
export const VERSIONS = ["0.0.0", "1.0.0", "1.1.0", "1.2.0", "1.3.0"] as const;
export type Version = (typeof VERSIONS)[number];
export const CURRENT_VERSION: Version = "1.3.0";

export const SETTINGS = map("standardization config", {
  deposition_id: must(integer, "number of the deposition, for people: what is written is under the deposition's own name"),
  source_prefix: must(text, "folder below the input that holds everything"),
  run_data_map_file: may(text, "CSV or TSV below source_prefix with a row for each run; its columns are variables"),
  run_to_tomo_map_csv: may(text, "two columns without a header: run, {mapped_tomo_name}"),
  run_to_frame_map_csv: may(text, "two columns without a header: run, {mapped_frame_name}"),
  run_to_ts_map_csv: may(text, "two columns without a header: run, {mapped_ts_name}"),
});

/** Metadata that a block of a section has. */
export const METADATA: Readonly<Partial<Record<SectionKey, MapShape>>> = {
  depositions: DEPOSITION,
  datasets: DATASET,
  frames: FRAME,
  tiltseries: TILTSERIES,
  ctfs: CTF,
  alignments: ALIGNMENT,
  identified_objects: IDENTIFIED_OBJECTS,
  tomograms: TOMOGRAM,
  annotations: ANNOTATION,
};

const REQUIRED_SECTIONS: readonly SectionKey[] = ["depositions", "datasets", "runs", "voxel_spacings"];
/** Sections whose blocks may do without sources: a built-in default stands in. */
export const SOURCELESS_SECTIONS: readonly SectionKey[] = ["frames", "alignments"];

const SAYS: Readonly<Partial<Record<SectionKey, string>>> = {
  depositions: "the deposition",
  datasets: "the dataset",
  runs: "one run for each place that was imaged",
  gains: "gain references",
  collection_metadata: "mdoc files of the acquisition",
  frames: "movie frames; literal [default] where none are deposited",
  tiltseries: "tilt series",
  ctfs: "CTF estimates",
  rawtilts: "raw tilt angles",
  alignments: "alignments of tilt series",
  identified_objects: "tables of objects",
  voxel_spacings: "voxel spacings of the tomograms",
  annotations: "annotations",
  tomograms: "tomograms",
  key_images: "pictures of tomograms",
  dataset_keyphotos: "pictures of the dataset",
  deposition_keyphotos: "pictures of the deposition",
};

export const CONFIG: MapShape = map("configuration", {
  version: must(text, `version of the configuration, ${CURRENT_VERSION}`),
  standardization_config: must(SETTINGS, "where the sources are"),
  ...Object.fromEntries(
    KINDS.filter(({ configured }) => configured).map(({ section, type }) => [section, sectionField(section, type)]),
  ),
});

function sectionField(section: SectionKey, type: (typeof KINDS)[number]["type"]): Field {
  const metadata = METADATA[section];
  const fields: Record<string, Field> = {};
  const says = `metadata for all that this block finds`;
  if (metadata) fields.metadata = section === "annotations" ? must(metadata, says) : may(metadata, says);
  const source = sourceShape(type);
  fields.sources = SOURCELESS_SECTIONS.includes(section)
    ? may(list(source), "where it is found")
    : must(filled(source), "where it is found");
  const block = map(`block of ${section}`, fields);
  const about = SAYS[section] ?? section;
  return REQUIRED_SECTIONS.includes(section) ? must(filled(block), about) : may(list(block), about);
}
