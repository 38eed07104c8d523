import { isMap, isSeq, type Node, type YAMLMap } from "yaml";
import { EmporiumError } from "../../../../core/errors.js";
import { SETTINGS } from "../grammar/config.js";
import { entryLines, itemLines } from "./yaml-lines.js";
import { YamlText } from "./yaml-text.js";

/** Lines of a section with one block. */
const section = (name: string, block: readonly string[]): string[] => [`${name}:`, ...itemLines(block)];

const source = (finder: string, lines: readonly string[]): string[] => [
  "sources:",
  `- ${finder}:`,
  ...lines.map((line) => `    ${line}`),
];

/** Sections that were a map of metadata, with the settings that found their files. */
const DESCRIBED = [
  { name: "tiltseries", glob: "tiltseries_glob", regex: "ts_name_regex" },
  { name: "tomograms", glob: "tomo_glob", regex: "tomo_regex" },
] as const;

/** Sections of files without metadata. */
const FILES = [
  { name: "gains", glob: "gain_glob" },
  { name: "frames", glob: "frames_glob" },
  { name: "key_images", glob: "tomo_key_photo_glob" },
] as const;

/** A configuration of the first form, while its sections are made. */
interface FlatConfig {
  readonly yaml: YamlText;
  readonly settings: YAMLMap;
  /** Metadata of the dataset, wherever they stand. */
  readonly dataset: Node | undefined;
  /** Its pictures, as they are configured in these. */
  readonly photos: Node | undefined;
  readonly depositionId: string | undefined;
  readonly note: (message: string) => void;
}

/**
 * 0.0.0 → 1.0.0: the flat settings of the first configurations become sections. Metadata stay in their place under the new name,
 * so that anchors still precede their aliases.
 *
 * @throws {EmporiumError} CONFIG_FIELD where what everything is made from is missing
 */
export function fromFlatKeys(text: string, file: string, note: (message: string) => void): string {
  const yaml = new YamlText(text, file);
  const { root } = yaml;
  const settings = yaml.map(root, "standardization_config");
  if (!settings) {
    throw new EmporiumError("CONFIG_FIELD", `${file}: standardization_config is missing`, {
      place: { file },
      hint: "check that the file is an ingestion configuration",
    });
  }
  if (yaml.has(root, "overrides_by_run")) {
    yaml.replaceEntry(root, "overrides_by_run");
    note("overrides_by_run has no successor and was left out: give such runs a block of their own, with parent_filters");
  }
  const oldDataset = yaml.get(root, "dataset");
  const datasets = yaml.items(yaml.get(root, "datasets"));
  const dataset = datasets.length === 0 ? oldDataset : yaml.get(datasets[0], "metadata");
  const photos = dataset && yaml.get(dataset, "key_photos");
  // they are taken before anything goes
  const photoLines = photos ? yaml.copy(photos) : ["snapshot: null", "thumbnail: null"];
  const depositionId =
    setting({ yaml, settings }, "deposition_id") ?? (oldDataset && scalarLine(yaml, yaml.get(oldDataset, "dataset_identifier")));
  const config: FlatConfig = { yaml, settings, dataset, photos, depositionId, note };
  nameDeposition(config);
  addDataset(config);
  addRuns(config);
  addFiles(config);
  const tomogram = metadataOf(yaml, root, "tomograms");
  addDeposition(config, tomogram);
  if (dataset && isMissing(yaml, "dataset_keyphotos")) {
    addSection(yaml, "dataset_keyphotos", source("literal", entryLines("value", photoLines)));
  }
  addSpacings(config, tomogram);
  for (const { key } of [...settings.items] as { key: Node }[]) {
    const name = yaml.text(key) ?? "";
    if (!Object.hasOwn(SETTINGS.fields, name)) yaml.replaceEntry(settings, name);
  }
  return yaml.finish();
}

function setting({ yaml, settings }: Pick<FlatConfig, "yaml" | "settings">, key: string): string | undefined {
  return scalarLine(yaml, yaml.get(settings, key));
}

function isMissing(yaml: YamlText, name: string): boolean {
  return yaml.items(yaml.get(yaml.root, name)).length === 0;
}

function nameDeposition(config: FlatConfig): void {
  const { yaml, settings, depositionId } = config;
  if (setting(config, "deposition_id") !== undefined || depositionId === undefined) return;
  if (yaml.pair(settings, "deposition_id")) yaml.replaceEntry(settings, "deposition_id", [`deposition_id: ${depositionId}`]);
  else yaml.addEntry(settings, "deposition_id", [depositionId]);
}

function addDataset({ yaml, settings, dataset, photos }: FlatConfig): void {
  const { root } = yaml;
  if (!isMissing(yaml, "datasets")) {
    if (photos && isMap(dataset) && isMissing(yaml, "dataset_keyphotos")) yaml.replaceEntry(dataset as YAMLMap, "key_photos");
    return;
  }
  const prefix = yaml.text(yaml.get(settings, "destination_prefix")) ?? "None";
  const literal = source("literal", ["value:", `- '${prefix.replaceAll("'", "''")}'`]);
  if (!dataset) {
    addSection(yaml, "datasets", literal);
    return;
  }
  const metadata = withoutPhotos(yaml.moved("metadata", yaml.pair(root, "dataset")!.value), photos);
  replaceByBlock(yaml, "dataset", "datasets", metadata, literal);
}

function addRuns(config: FlatConfig): void {
  const { yaml, note } = config;
  if (!isMissing(yaml, "runs")) return;
  if (setting(config, "run_glob") === undefined) {
    note("there is no run_glob, so no section runs could be made: add one");
    return;
  }
  const finder = ["list_glob", "match_regex", "name_regex"].flatMap((key, at) => {
    const value = setting(config, ["run_glob", "run_regex", "run_name_regex"][at]!);
    return value === undefined ? [] : [`${key}: ${value}`];
  });
  addSection(yaml, "runs", source("source_glob", finder));
}

/** Adds the sections of acquired and reconstructed files, from the flat configuration's globs. */
function addFiles(config: FlatConfig): void {
  const { yaml, settings } = config;
  const { root } = yaml;
  for (const { name, glob } of FILES) {
    const value = setting(config, glob);
    if (isMissing(yaml, name) && value !== undefined) addSection(yaml, name, source("source_glob", [`list_glob: ${value}`]));
  }
  for (const { name, glob, regex } of DESCRIBED) {
    const value = setting(config, glob);
    if (value === undefined || hasSources(yaml, root, name)) continue;
    const finder = source("source_glob", [`list_glob: ${value}`, `match_regex: ${setting(config, regex) ?? ".*"}`]);
    const pair = yaml.pair(root, name);
    if (pair) replaceByBlock(yaml, name, name, yaml.moved("metadata", pair.value), finder);
    else addSection(yaml, name, finder);
  }
  const rawtilts = yaml.get(settings, "rawtlt_files");
  if (isMissing(yaml, "rawtilts") && isSeq(rawtilts) && rawtilts.items.length > 0) {
    addSection(yaml, "rawtilts", source("source_multi_glob", entryLines("list_globs", yaml.copy(rawtilts))));
  }
}

/** @param tomogram metadata of tomograms: used for authors and dates without a dataset; without them the annotations'. */
function addDeposition({ yaml, dataset, depositionId, note }: FlatConfig, tomogram: Node | undefined): void {
  if (!isMissing(yaml, "depositions")) return;
  const annotation = metadataOf(yaml, yaml.root, "annotations");
  const [type, from] = dataset ? ["dataset", dataset] : tomogram ? ["tomogram", tomogram] : ["annotation", annotation];
  addSection(yaml, "depositions", [
    "metadata:",
    `  deposition_identifier: ${depositionId ?? "null"}`,
    "  deposition_title: TBA",
    "  deposition_description: TBA",
    "  deposition_types:",
    `  - ${type}`,
    ...["dates", "authors"].flatMap((key) => {
      const node = from && yaml.get(from, key);
      return entryLines(key, node ? yaml.copy(node) : [key === "dates" ? "{}" : "[]"]).map((line) => `  ${line}`);
    }),
    ...source("literal", ["value:", `- ${depositionId ?? "null"}`]),
  ]);
  note("the deposition's title and description are TBA: write them");
}

function addSpacings({ yaml, note }: FlatConfig, tomogram: Node | undefined): void {
  if (!isMissing(yaml, "voxel_spacings")) return;
  const spacing = tomogram && scalarLine(yaml, yaml.get(tomogram, "voxel_spacing"));
  if (spacing === undefined) {
    note("no voxel spacing is known, so no section voxel_spacings could be made: add one");
    return;
  }
  const value = spacing.includes("{") && !/^['"]?\s*float/.test(spacing) ? spacing.replace(/^(['"]?)/, "$1float ") : spacing;
  addSection(yaml, "voxel_spacings", source("literal", ["value:", `- ${value}`]));
}

function addSection(yaml: YamlText, name: string, block: readonly string[]): void {
  const [head = "", ...lines] = section(name, block);
  if (yaml.pair(yaml.root, name)) yaml.replaceEntry(yaml.root, name, [head, ...lines]);
  else yaml.addEntry(yaml.root, name, lines);
}

function replaceByBlock(yaml: YamlText, old: string, name: string, metadata: readonly string[], finder: readonly string[]): void {
  yaml.replaceEntry(yaml.root, old, section(name, [...metadata, ...finder]));
}

/** The dataset's pictures become a section; they stand in its metadata as `key_photos` and lines below it. */
function withoutPhotos(lines: readonly string[], photos: Node | undefined): string[] {
  if (!photos) return [...lines];
  const start = lines.findIndex((line) => /^ {2}key_photos:/.test(line));
  if (start < 0) return [...lines];
  let end = start + 1;
  while (end < lines.length && /^ {3,}\S/.test(lines[end]!)) end++;
  return [...lines.slice(0, start), ...lines.slice(end)];
}

function scalarLine(yaml: YamlText, node: Node | undefined): string | undefined {
  return yaml.text(node) === undefined ? undefined : yaml.copy(node)[0];
}

function hasSources(yaml: YamlText, root: YAMLMap, name: string): boolean {
  return yaml.items(yaml.get(root, name)).some((block) => yaml.items(yaml.get(block, "sources")).length > 0);
}

/** Metadata of a section's first block, or the section itself where it was a map of metadata. */
function metadataOf(yaml: YamlText, root: YAMLMap, name: string): Node | undefined {
  const node = yaml.get(root, name);
  return isMap(node) ? node : yaml.get(yaml.items(node)[0], "metadata");
}
