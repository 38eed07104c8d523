/** Configurations of the miniature laboratory's deposits, as text: version 1.3.0, one dataset each or those of others. */

/**
 * A configuration without its sections.
 *
 * @param {object} deposit
 * @param {number} deposit.depositionId
 * @param {number} [deposit.datasetId] of its own dataset
 * @param {string} deposit.title
 * @param {string} deposit.sourcePrefix
 * @param {Record<string, string>} [deposit.maps] tables of the runs, by their key: files below the prefix
 * @param {string[]} [deposit.types] what it brings
 * @param {string[]} [deposit.datasets] sources, from `source`, of datasets that are described elsewhere
 * @param {string[]} sections what `section` gives, in the order of the file
 */
export function depositConfig(deposit, sections) {
  const { depositionId, datasetId, title, sourcePrefix, maps = {}, types = ["dataset", "tomogram"], datasets } = deposit;
  const tables = Object.entries(maps).map(([key, path]) => `  ${key}: ${path}\n`);
  return `version: "1.3.0"
standardization_config:
  deposition_id: ${depositionId}
  source_prefix: ${sourcePrefix}
${tables.join("")}depositions:
- metadata:
    deposition_identifier: ${depositionId}
    deposition_title: ${title}
    deposition_description: Generated volumes with a known value in every voxel.
    deposition_types: [${types.join(", ")}]
    authors: &authors
    - name: Example Author
      ORCID: 0000-0000-0000-0000
      primary_author_status: true
      corresponding_author_status: true
    dates: &dates
      deposition_date: 2026-01-10
      release_date: 2026-02-01
      last_modified_date: 2026-02-01
  sources:
  - literal:
      value: [${depositionId}]
${datasets ? section("datasets", { sources: datasets }) : datasetSection(datasetId, title)}${sections.join("")}`;
}

function datasetSection(datasetId, title) {
  return `datasets:
- metadata:
    dataset_identifier: ${datasetId}
    dataset_title: ${title}
    dataset_description: Generated volumes with a known value in every voxel.
    sample_type: organism
    organism: {name: Bacillus subtilis, taxonomy_id: 1423}
    tissue: {name: spore, id: "BTO:0001293"}
    assay: {name: cryo-ET, id: "EFO:0900000"}
    development_stage: {name: unknown, id: unknown}
    disease: {name: normal, id: "PATO:0000461"}
    authors: *authors
    dates: *dates
  sources:
  - literal:
      value: ['${datasetId}']
`;
}

/** @param {{ metadata?: string[], sources: string[] }[]} blocks lines of YAML: metadata, and sources from `source` */
export function section(name, ...blocks) {
  return `${name}:\n${blocks.map(blockText).join("")}`;
}

function blockText({ metadata, sources }) {
  const head = metadata ? `- metadata:\n${metadata.map((line) => `    ${line}\n`).join("")}  sources:\n` : "- sources:\n";
  return head + sources.join("");
}

/**
 * One source of a block.
 *
 * @param {string} finder YAML of the finder, on one line
 * @param {object} [filters]
 * @param {Record<string, string[]>} [filters.include] patterns by kind of parent
 * @param {Record<string, string[]>} [filters.exclude]
 * @param {string[]} [filters.names] patterns of names to leave out
 */
export function source(finder, { include, exclude, names } = {}) {
  const lines = [`- ${finder}`];
  if (names) lines.push(`  exclude: ${list(names)}`);
  if (include || exclude) lines.push("  parent_filters:");
  for (const [word, parents] of Object.entries({ include, exclude })) {
    if (!parents) continue;
    lines.push(`    ${word}:`, ...Object.entries(parents).map(([parent, patterns]) => `      ${parent}: ${list(patterns)}`));
  }
  return lines.map((line) => `  ${line}\n`).join("");
}

export function glob(listGlob, { match, name } = {}) {
  const regexes = [match && `match_regex: ${quoted(match)}`, name && `name_regex: ${quoted(name)}`].filter(Boolean);
  return `source_glob: {${[`list_glob: ${quoted(listGlob)}`, ...regexes].join(", ")}}`;
}

export function destinationGlob(listGlob, { match = ".*", name = "(.*)" } = {}) {
  const keys = { list_glob: listGlob, match_regex: match, name_regex: name };
  return `destination_glob: {${Object.entries(keys)
    .map(([key, value]) => `${key}: ${quoted(value)}`)
    .join(", ")}}`;
}

export function tomogramHeader(listGlob) {
  return `tomogram_header: {list_glob: ${quoted(listGlob)}, match_regex: '.*', header_key: voxel_size}`;
}

export function globs(...listGlobs) {
  return `source_multi_glob: {list_globs: ${list(listGlobs)}}`;
}

export function literal(value) {
  return `literal:\n      value: ${value}`;
}

/**
 * The finder of an annotation's files.
 *
 * @param {string} name of the shape: `Point`
 * @param {Record<string, string | number | boolean>} options in the order of the file
 */
export function annotationFiles(name, options) {
  const lines = Object.entries(options).map(
    ([key, value]) => `      ${key}: ${typeof value === "string" ? quoted(value) : value}`,
  );
  return [`${name}:`, ...lines].join("\n");
}

function list(texts) {
  return `[${texts.map(quoted).join(", ")}]`;
}

function quoted(text) {
  return `'${text.replaceAll("'", "''")}'`;
}

/**
 * Metadata of a tomogram.
 *
 * @param {object} tomogram YAML of the values
 * @param {string} tomogram.spacing
 * @param {string} tomogram.method
 * @param {string} [tomogram.software]
 * @param {string} [tomogram.processing]
 * @param {string} [tomogram.processingSoftware]
 * @param {boolean} [tomogram.shown] in the portal's viewer by default
 */
export function tomogramMetadata(tomogram) {
  const { spacing, method, software = "IMOD", processing = "raw", processingSoftware, shown = true } = tomogram;
  return [
    `voxel_spacing: ${spacing}`,
    "fiducial_alignment_status: NON_FIDUCIAL",
    "ctf_corrected: false",
    `reconstruction_method: ${method}`,
    `reconstruction_software: ${software}`,
    `processing: ${processing}`,
    ...(processingSoftware ? [`processing_software: ${processingSoftware}`] : []),
    "tomogram_version: 1.0",
    "offset: {x: 0, y: 0, z: 0}",
    `is_visualization_default: ${shown}`,
    "authors: *authors",
    "dates: *dates",
  ];
}

/**
 * Metadata of a tilt series of the laboratory's tilt scheme.
 *
 * @param {object} series YAML of the values
 * @param {string} series.pixel Å
 * @param {string} series.axis degrees
 * @param {string} [series.range]
 * @param {string} [series.quality]
 * @param {string[]} [series.more] further lines
 */
export function tiltSeriesMetadata(series) {
  const { pixel, axis, range = "{min: -9.0, max: 9.0}", quality = "4", more = [] } = series;
  return [
    "acceleration_voltage: 300000",
    "spherical_aberration_constant: 2.7",
    "microscope: {manufacturer: TFS, model: Krios}",
    "microscope_optical_setup: {energy_filter: Selectris}",
    "camera: {manufacturer: TFS, model: FALCON 4i}",
    "data_acquisition_software: SerialEM",
    "is_aligned: false",
    `tilt_range: ${range}`,
    "tilt_step: 3.0",
    `tilt_axis: ${axis}`,
    "tilting_scheme: dose-symmetric from 0 degrees",
    "total_flux: 21.0",
    `tilt_series_quality: ${quality}`,
    `pixel_spacing: ${pixel}`,
    ...more,
  ];
}

export const RIBOSOME = { name: "cytosolic ribosome", id: "GO:0022626" };

/**
 * Metadata of an annotation.
 *
 * @param {object} annotation
 * @param {string} annotation.ingestId
 * @param {{ name: string, id: string, description?: string, state?: string }} annotation.object
 * @param {string} annotation.method in words
 * @param {"manual" | "automated" | "hybrid" | "simulated"} [annotation.type]
 * @param {string} [annotation.version]
 * @param {string[]} [annotation.more] further lines
 */
export function annotationMetadata({ ingestId, object, method, type = "manual", version = "1.0", more = [] }) {
  return [
    `annotation_ingest_id: ${ingestId}`,
    `annotation_method: ${method}`,
    "annotation_object:",
    ...Object.entries(object).map(([key, value]) => `  ${key}: ${quoted(value)}`),
    "annotation_software: Miniature laboratory",
    `method_type: ${type}`,
    `ground_truth_status: ${type === "simulated"}`,
    "is_curator_recommended: true",
    `version: ${version}`,
    ...more,
    "authors: *authors",
    "dates: *dates",
  ];
}

/** Metadata of frames: what their doses follow from. */
export function frameMetadata(doseRate, isGainCorrected = false) {
  return [`dose_rate: ${doseRate}`, `is_gain_corrected: ${isGainCorrected}`];
}
