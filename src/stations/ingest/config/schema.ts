import { EmporiumError, type Place } from "../../../core/errors.js";
import { KINDS, type SectionKey, type TypeKey } from "../../../model/kinds.js";
import { CONFIG, SETTINGS, SOURCELESS_SECTIONS } from "./grammar/config.js";
import { type ConfigNode, type MapNode, placeOfValue } from "./nodes.js";
import { asMap, asText, attempt, isNull, listOf, type Report, refuse, unknownKey } from "./parts.js";
import type { MAPPED_NAMES } from "./run-data-map.js";
import { parseSource, type Source } from "./sources.js";

export type { Finder, Source } from "./sources.js";

/** A configuration whose structure has been checked: sections, blocks, finders, patterns. Values of metadata are kept as they are. */
export interface IngestConfig {
  readonly file: string;
  /** Folder below the input, without slashes at its ends; `""` is the input itself. */
  readonly sourcePrefix: string;
  readonly maps: Readonly<Partial<Record<"run_data_map_file" | keyof typeof MAPPED_NAMES, { value: string; place: Place }>>>;
  readonly sections: ReadonlyMap<SectionKey, Section>;
}

export interface Section {
  readonly type: TypeKey;
  readonly place: Place;
  readonly blocks: readonly Block[];
  /** What is wrong with it, where that matters only to a run that imports the section. */
  readonly faults: readonly EmporiumError[];
}

/** One list entry of a section: metadata for all that its sources find. */
export interface Block {
  readonly metadata: MapNode | undefined;
  readonly sources: readonly Source[];
  readonly place: Place;
}

/** Sections whose finders this version runs. Of the others a run needs only to know how many sources there are. */
export const BUILT_SECTIONS: ReadonlySet<SectionKey> = new Set<SectionKey>([
  "depositions",
  "datasets",
  "runs",
  "voxel_spacings",
  "tomograms",
  "alignments",
  "key_images",
  "gains",
  "collection_metadata",
  "frames",
  "tiltseries",
  "ctfs",
  "rawtilts",
  "identified_objects",
  "annotations",
  "dataset_keyphotos",
  "deposition_keyphotos",
]);

/** What every run walks through: a fault here is one of any run. Faults of other sections are kept for those that import them. */
const ALWAYS: ReadonlySet<SectionKey> = new Set<SectionKey>([
  "depositions",
  "datasets",
  "runs",
  "voxel_spacings",
  "tomograms",
  "alignments",
  "key_images",
]);

export interface ParseOptions {
  /** Takes every fault, and parsing goes on as far as it can. Default: the first one is thrown. */
  report?: Report | undefined;
  /** Also look into the sources of sections that this version does not run. Default false. */
  everySection?: boolean | undefined;
}

/**
 * The structure of a configuration: what a run needs to know before it looks for anything. `checkGrammar` knows the types of all fields.
 *
 * @throws {EmporiumError} CONFIG_FIELD (missing, unknown, wrong), CONFIG_REGEX, NAME_UNSAFE (a prefix that leaves the input)
 */
export function parseConfig(root: ConfigNode, file: string, options: ParseOptions = {}): IngestConfig {
  const { report = refuse, everySection = false } = options;
  const map = asMap(root, "a map of sections");
  const known = Object.keys(CONFIG.fields);
  for (const key of map.entries.keys()) {
    // `overrides` is of old configurations; nothing reads it
    if (!known.includes(key) && key !== "overrides") report(unknownKey(map, key, known, "section"));
  }
  const sections = new Map<SectionKey, Section>();
  for (const { section, type } of KINDS) {
    const node = map.entries.get(section);
    if (!node) continue;
    const faults: EmporiumError[] = [];
    const keep: Report = everySection || ALWAYS.has(section) ? report : (fault) => void faults.push(fault);
    const blocks = attempt(keep, () => listOf(node)) ?? [];
    const parseOne = (block: ConfigNode) => parseBlock(block, section, type, keep, everySection);
    sections.set(section, {
      type,
      place: map.keyPlaces.get(section)!,
      blocks: blocks.flatMap((block) => attempt(keep, () => parseOne(block)) ?? []),
      faults,
    });
  }
  if (!sections.has("depositions")) report(missingSection(map, "depositions"));
  const settings = map.entries.get("standardization_config");
  if (!settings) {
    report(
      new EmporiumError("CONFIG_FIELD", "standardization_config is missing", {
        place: placeOfValue(map),
        hint: "add it with deposition_id and source_prefix",
      }),
    );
    return { file, sourcePrefix: "", maps: {}, sections };
  }
  const parsed = attempt(report, () => parseSettings(asMap(settings, "a map"), report));
  return { file, sourcePrefix: "", maps: {}, ...parsed, sections };
}

function missingSection(map: MapNode, section: SectionKey): EmporiumError {
  return new EmporiumError("CONFIG_FIELD", `the section ${section} is missing`, {
    place: placeOfValue(map),
    hint: "add it: sources: [{literal: {value: [<deposition id>]}}]",
  });
}

function parseSettings(map: MapNode, report: Report): Pick<IngestConfig, "sourcePrefix" | "maps"> {
  const prefix = map.entries.get("source_prefix");
  if (!prefix)
    throw new EmporiumError("CONFIG_FIELD", "source_prefix is missing", {
      place: placeOfValue(map),
      hint: "name the folder below the input",
    });
  const text = asText(prefix);
  const segments = text.split("/").filter((segment) => segment !== "" && segment !== ".");
  if (segments.includes("..") || text.includes("\\")) {
    report(
      new EmporiumError("NAME_UNSAFE", `source_prefix ${JSON.stringify(text)} leaves the input`, {
        place: placeOfValue(prefix),
        hint: "name a folder below the input",
      }),
    );
  }
  const known = Object.keys(SETTINGS.fields);
  const maps: Record<string, { value: string; place: Place }> = {};
  for (const key of known.filter((name) => name !== "deposition_id" && name !== "source_prefix")) {
    const node = map.entries.get(key);
    if (!node || isNull(node)) continue;
    const value = attempt(report, () => asText(node));
    if (value === undefined) continue;
    if (value.split("/").includes("..")) {
      report(new EmporiumError("NAME_UNSAFE", `${key} ${JSON.stringify(value)} leaves the source folder`, { place: node.place }));
    }
    maps[key] = { value, place: node.place };
  }
  for (const key of map.entries.keys()) {
    const fault = known.includes(key) ? undefined : unknownKey(map, key, known, "setting");
    // settings of old configurations do no harm; a misspelled one would be missed
    if (fault?.facts.hint?.startsWith("did you mean")) report(fault);
  }
  return { sourcePrefix: segments.join("/"), maps };
}

function parseBlock(node: ConfigNode, section: SectionKey, type: TypeKey, report: Report, everySection: boolean): Block {
  const block = asMap(node, "a map with sources");
  for (const key of block.entries.keys()) {
    if (key !== "metadata" && key !== "sources") report(unknownKey(block, key, ["metadata", "sources"], "key"));
  }
  const metadata = block.entries.get("metadata");
  const sources = block.entries.get("sources");
  if (!sources && !SOURCELESS_SECTIONS.includes(section)) {
    report(
      new EmporiumError("CONFIG_FIELD", "sources is missing", {
        place: placeOfValue(block),
        hint: "say where to find the entity",
      }),
    );
  }
  const strict = everySection || BUILT_SECTIONS.has(section);
  const list = sources ? (attempt(report, () => listOf(sources)) ?? []) : [];
  return {
    metadata: metadata && !isNull(metadata) ? attempt(report, () => asMap(metadata, "a map")) : undefined,
    sources: list.flatMap((source) => attempt(report, () => parseSource(source, type, { strict, report })) ?? []),
    place: block.place,
  };
}
