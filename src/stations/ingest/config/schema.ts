import { EmporiumError, type Place } from "../../../core/errors.js";
import { ancestorsOf, KINDS, kindOf, kindOfSection, type SectionKey, type TypeKey } from "../../../model/kinds.js";
import { nearest } from "./nearest.js";
import { type ConfigNode, describe, type ListNode, type MapNode, type ScalarNode } from "./nodes.js";
import { compilePattern, type Pattern } from "./pattern.js";
import type { MAPPED_NAMES } from "./run-data-map.js";

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
}

/** One list entry of a section: metadata for all that its sources find. */
export interface Block {
  readonly metadata: MapNode | undefined;
  readonly sources: readonly Source[];
  readonly place: Place;
}

export interface Source {
  readonly place: Place;
  /** Undefined only for annotations, whose sources are wrapped in shapes. */
  readonly finder: Finder | undefined;
  /** Names to leave out, matched from their start. */
  readonly exclude: readonly Pattern[];
  readonly includeParents: ReadonlyMap<TypeKey, readonly Pattern[]>;
  readonly excludeParents: ReadonlyMap<TypeKey, readonly Pattern[]>;
}

export type Finder =
  | { kind: "source_glob" | "destination_glob"; glob: ScalarNode; match: Pattern; name: Pattern; place: Place }
  | { kind: "source_multi_glob"; globs: readonly ScalarNode[]; place: Place }
  | { kind: "literal"; values: readonly { name: ScalarNode; path: ScalarNode | undefined }[]; place: Place }
  | { kind: "tomogram_header"; glob: ScalarNode; match: Pattern; place: Place }
  | { kind: "destination_filter"; place: Place };

const STANDARD = ["source_glob", "source_multi_glob", "destination_glob", "literal"] as const;
const FINDERS = [...STANDARD, "destination_filter", "tomogram_header"] as const;
const SETTINGS = [
  "deposition_id",
  "source_prefix",
  "run_data_map_file",
  "run_to_tomo_map_csv",
  "run_to_frame_map_csv",
  "run_to_ts_map_csv",
];
const SHAPES = [
  "Point",
  "OrientedPoint",
  "InstanceSegmentation",
  "SegmentationMask",
  "SemanticSegmentationMask",
  "InstanceSegmentationMask",
  "TriangularMesh",
  "TriangularMeshGroup",
  "GlobalCaption",
  "AnnotationCaption",
];

/** Sections whose finders this version runs. The others are counted, and checked for the names of their finders. */
export const BUILT_SECTIONS: ReadonlySet<SectionKey> = new Set<SectionKey>([
  "depositions",
  "datasets",
  "runs",
  "voxel_spacings",
  "tomograms",
  "alignments",
  "key_images",
]);

/**
 * @throws {EmporiumError} CONFIG_FIELD (missing, unknown, wrong), CONFIG_REGEX, NAME_UNSAFE (a prefix that leaves the input)
 */
export function parseConfig(root: ConfigNode, file: string): IngestConfig {
  const map = asMap(root, "a map of sections");
  const settings = map.entries.get("standardization_config");
  if (!settings) {
    throw new EmporiumError("CONFIG_FIELD", "standardization_config is missing", {
      place: map.place,
      hint: "add it with deposition_id and source_prefix",
    });
  }
  const known = [
    ...KINDS.filter(({ configured }) => configured).map(({ section }) => section),
    "version",
    "standardization_config",
  ];
  for (const key of map.entries.keys()) {
    // `overrides` is of old configurations; nothing reads it
    if (!known.includes(key) && key !== "overrides") throw unknownKey(map, key, known, "section");
  }
  const sections = new Map<SectionKey, Section>();
  for (const { section, type } of KINDS) {
    const node = map.entries.get(section);
    if (!node) continue;
    const blocks = listOf(node).map((block) => parseBlock(block, section));
    sections.set(section, { type, place: map.keyPlaces.get(section)!, blocks });
  }
  if (!sections.has("depositions")) {
    throw new EmporiumError("CONFIG_FIELD", "the section depositions is missing", {
      place: map.place,
      hint: "add it: sources: [{literal: {value: [<deposition id>]}}]",
    });
  }
  return { file, ...parseSettings(asMap(settings, "a map")), sections };
}

function parseSettings(map: MapNode): Pick<IngestConfig, "sourcePrefix" | "maps"> {
  const prefix = map.entries.get("source_prefix");
  if (!prefix)
    throw new EmporiumError("CONFIG_FIELD", "source_prefix is missing", {
      place: map.place,
      hint: "name the folder below the input",
    });
  const text = asText(prefix);
  const segments = text.split("/").filter((segment) => segment !== "" && segment !== ".");
  if (segments.includes("..") || text.includes("\\")) {
    throw new EmporiumError("NAME_UNSAFE", `source_prefix ${JSON.stringify(text)} leaves the input`, {
      place: prefix.place,
      hint: "name a folder below the input",
    });
  }
  const maps: Record<string, { value: string; place: Place }> = {};
  for (const key of SETTINGS.slice(2)) {
    const node = map.entries.get(key);
    if (!node || (node.kind === "scalar" && node.value === null)) continue;
    const value = asText(node);
    if (value.split("/").includes("..")) {
      throw new EmporiumError("NAME_UNSAFE", `${key} ${JSON.stringify(value)} leaves the source folder`, { place: node.place });
    }
    maps[key] = { value, place: node.place };
  }
  for (const key of map.entries.keys()) {
    const near = SETTINGS.includes(key) ? undefined : nearest(key, SETTINGS);
    if (near !== undefined) throw unknownKey(map, key, SETTINGS, "setting");
  }
  return { sourcePrefix: segments.join("/"), maps };
}

function parseBlock(node: ConfigNode, section: SectionKey): Block {
  const block = asMap(node, "a map with sources");
  for (const key of block.entries.keys()) {
    if (key !== "metadata" && key !== "sources") throw unknownKey(block, key, ["metadata", "sources"], "key");
  }
  const metadata = block.entries.get("metadata");
  const sources = block.entries.get("sources");
  if (!sources)
    throw new EmporiumError("CONFIG_FIELD", "sources is missing", { place: block.place, hint: "say where to find the entity" });
  const isNull = metadata?.kind === "scalar" && metadata.value === null;
  return {
    metadata: metadata && !isNull ? asMap(metadata, "a map") : undefined,
    sources: listOf(sources).map((source) => parseSource(source, section)),
    place: block.place,
  };
}

function parseSource(node: ConfigNode, section: SectionKey): Source {
  const source = asMap(node, "a map with a finder");
  const type = kindOfSection(section)!.type;
  const built = BUILT_SECTIONS.has(section);
  const names = section === "annotations" ? SHAPES : findersOf(section);
  const allowed = [...names, "exclude", "parent_filters"];
  let finder: Finder | undefined;
  let seen: string | undefined;
  for (const [key, value] of source.entries) {
    if (key === "exclude" || key === "parent_filters") continue;
    if (!allowed.includes(key)) {
      // annotation sources have had other forms; they are read by a part that is not here yet
      if (section === "annotations") continue;
      throw unknownKey(source, key, allowed, "finder");
    }
    if (seen !== undefined && section !== "annotations") {
      throw new EmporiumError("CONFIG_FIELD", `two finders in one source, ${seen} and ${key}`, {
        place: source.keyPlaces.get(key),
        hint: "make two sources of them",
      });
    }
    seen = key;
    if (built) finder = parseFinder(key as Finder["kind"], asMap(value, "a map"), section);
  }
  if (built && !finder) {
    throw new EmporiumError("CONFIG_FIELD", "a source without a finder", {
      place: source.place,
      hint: `use one of ${findersOf(section).join(", ")}`,
    });
  }
  const filters = source.entries.get("parent_filters");
  return {
    place: source.place,
    finder,
    exclude: patterns(source.entries.get("exclude"), built),
    ...parseParentFilters(filters, type, built),
  };
}

function findersOf(section: SectionKey): readonly string[] {
  if (section === "voxel_spacings") return ["source_glob", "destination_glob", "literal", "tomogram_header"];
  return kindOf(kindOfSection(section)!.type).hasId && section !== "annotations" ? [...STANDARD, "destination_filter"] : STANDARD;
}

const PARAMETERS: Record<(typeof FINDERS)[number], readonly string[]> = {
  source_glob: ["list_glob", "match_regex", "name_regex"],
  destination_glob: ["list_glob", "match_regex", "name_regex"],
  source_multi_glob: ["list_globs"],
  literal: ["value"],
  destination_filter: ["filters"],
  tomogram_header: ["list_glob", "match_regex", "header_key"],
};

function parseFinder(kind: Finder["kind"], map: MapNode, section: SectionKey): Finder {
  for (const key of map.entries.keys())
    if (!PARAMETERS[kind].includes(key)) throw unknownKey(map, key, PARAMETERS[kind], "parameter");
  const need = (key: string): ConfigNode => {
    const node = map.entries.get(key);
    if (node) return node;
    throw new EmporiumError("CONFIG_FIELD", `${kind} needs ${key}`, { place: map.place, hint: `add ${key}` });
  };
  const pattern = (key: string, standard: string): Pattern => {
    const node = map.entries.get(key);
    const text = node && !(node.kind === "scalar" && node.value === null) ? asText(node) : "";
    return compilePattern(text === "" ? standard : text, node?.place);
  };
  const glob = (node: ConfigNode): ScalarNode => {
    if (asText(node) !== "") return node as ScalarNode;
    throw new EmporiumError("CONFIG_FIELD", "an empty glob", {
      place: node.place,
      hint: "name files, for example tomograms/*.rec",
    });
  };
  const { place } = map;
  switch (kind) {
    case "source_glob":
    case "destination_glob":
      return {
        kind,
        glob: glob(need("list_glob")),
        match: pattern("match_regex", ".*"),
        name: pattern("name_regex", "(.*)"),
        place,
      };
    case "source_multi_glob":
      return { kind, globs: asList(need("list_globs"), "a list of globs").items.map(glob), place };
    case "tomogram_header": {
      const key = map.entries.get("header_key");
      if (key && asText(key) !== "voxel_size") {
        throw new EmporiumError("CONFIG_FIELD", `header_key is ${describe(key)}, wanted voxel_size`, { place: key.place });
      }
      return { kind, glob: glob(need("list_glob")), match: pattern("match_regex", ".*"), place };
    }
    case "literal":
      return { kind, values: literals(need("value"), section), place };
    case "destination_filter":
      return { kind, place };
  }
}

function literals(node: ConfigNode, section: SectionKey): { name: ScalarNode; path: ScalarNode | undefined }[] {
  if (node.kind === "list") {
    return node.items.map((item) => {
      if (item.kind === "scalar" && item.value !== null && typeof item.value !== "boolean")
        return { name: item, path: undefined };
      throw new EmporiumError("CONFIG_FIELD", `${describe(item)} among the values of a literal, wanted a name or number`, {
        place: item.place,
      });
    });
  }
  if (node.kind === "map" && (section === "dataset_keyphotos" || section === "deposition_keyphotos")) return [];
  throw new EmporiumError("CONFIG_FIELD", `${describe(node)} as value of a literal, wanted a list`, {
    place: node.place,
    hint: "write - before the value",
  });
}

function parseParentFilters(
  node: ConfigNode | undefined,
  type: TypeKey,
  built: boolean,
): Pick<Source, "includeParents" | "excludeParents"> {
  const read = (rule: "include" | "exclude"): Map<TypeKey, Pattern[]> => {
    const found = new Map<TypeKey, Pattern[]>();
    if (node?.kind !== "map") return found;
    const rules = node.entries.get(rule);
    if (!rules || (rules.kind === "scalar" && rules.value === null)) return found;
    const map = asMap(rules, "a map of parents");
    const parents = ancestorsOf(type);
    for (const [parent, list] of map.entries) {
      if (!parents.includes(parent as TypeKey)) throw unknownKey(map, parent, parents, "parent");
      found.set(parent as TypeKey, patterns(list, built));
    }
    return found;
  };
  if (node && node.kind === "map") {
    for (const key of node.entries.keys()) {
      if (key !== "include" && key !== "exclude") throw unknownKey(node, key, ["include", "exclude"], "key");
    }
  } else if (node && built) {
    asMap(node, "a map with include or exclude");
  }
  return { includeParents: read("include"), excludeParents: read("exclude") };
}

function patterns(node: ConfigNode | undefined, built: boolean): Pattern[] {
  if (!node || !built || (node.kind === "scalar" && node.value === null)) return [];
  return asList(node, "a list of regular expressions").items.map((item) => compilePattern(asText(item), item.place));
}

/** A list, or nothing at all: `annotations:` and `annotations: []` are both empty. */
function listOf(node: ConfigNode): readonly ConfigNode[] {
  return node.kind === "scalar" && node.value === null ? [] : asList(node, "a list").items;
}

function asMap(node: ConfigNode, wanted: string): MapNode {
  if (node.kind === "map") return node;
  throw new EmporiumError("CONFIG_FIELD", `${describe(node)}, wanted ${wanted}`, { place: node.place });
}

function asList(node: ConfigNode, wanted: string): ListNode {
  if (node.kind === "list") return node;
  throw new EmporiumError("CONFIG_FIELD", `${describe(node)}, wanted ${wanted}`, {
    place: node.place,
    hint: "write - before each entry",
  });
}

function asText(node: ConfigNode): string {
  if (node.kind === "scalar" && typeof node.value === "string") return node.value;
  throw new EmporiumError("CONFIG_FIELD", `${describe(node)}, wanted a text`, { place: node.place, hint: "put it in quotes" });
}

function unknownKey(map: MapNode, key: string, valid: readonly string[], what: string): EmporiumError {
  const near = nearest(key, valid);
  return new EmporiumError("CONFIG_FIELD", `unknown ${what} ${JSON.stringify(key)}, known are ${valid.join(", ")}`, {
    place: map.keyPlaces.get(key),
    hint: near === undefined ? `use one of the known, or leave it out` : `did you mean ${near}?`,
  });
}
