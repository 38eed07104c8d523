import { EmporiumError, type Place } from "../../../core/errors.js";
import { toNumber } from "../../../core/number.js";
import { compilePattern, type Pattern } from "../../../engine/pattern.js";
import { ancestorsOf, type TypeKey } from "../../../model/kinds.js";
import { parseShape, type ShapeSource } from "./annotation-shapes.js";
import type { Finder, MetadataFilter } from "./finder.js";
import { ANNOTATION_SHAPES, type FinderName, findersOf, type ShapeName } from "./grammar/sources.js";
import { type ConfigNode, describe, type MapNode, placeOfValue, type ScalarNode } from "./nodes.js";
import { asList, asMap, asText, attempt, isNull, type Report, unknownKey } from "./parts.js";

export interface Source {
  readonly place: Place;
  /** Undefined where the source names no files. */
  readonly finder: Finder | undefined;
  /** Shape of an annotation's source, which wraps its finder; undefined for other kinds. */
  readonly shape?: ShapeSource | undefined;
  /** Names to leave out, matched from their start. */
  readonly exclude: readonly Pattern[];
  readonly includeParents: ReadonlyMap<TypeKey, readonly Pattern[]>;
  readonly excludeParents: ReadonlyMap<TypeKey, readonly Pattern[]>;
}

/** Keys of a source that restrict what it finds, beside its one finder. */
const FILTERS = ["exclude", "parent_filters"];

/** @throws {EmporiumError} CONFIG_FIELD, CONFIG_REGEX */
export function parseSource(node: ConfigNode, type: TypeKey, report: Report): Source {
  const source = type === "annotation" ? wrapped(asMap(node, "a map with a shape")) : asMap(node, "a map with a finder");
  const names: readonly string[] = type === "annotation" ? Object.keys(ANNOTATION_SHAPES) : findersOf(type);
  const known = [...names, ...FILTERS];
  let finder: Finder | undefined;
  let shape: ShapeSource | undefined;
  let seen: string | undefined;
  for (const [key, value] of source.entries) {
    if (FILTERS.includes(key) || (isNull(value) && known.includes(key))) continue;
    if (!known.includes(key)) {
      report(unknownKey(source, key, known, type === "annotation" ? "shape" : "finder"));
      continue;
    }
    if (seen !== undefined) report(twoOf(type, seen, key, source.keyPlaces.get(key)));
    seen = key;
    const map = asMap(value, "a map");
    if (type === "annotation") ({ shape, finder } = parseShape(key as ShapeName, map, report));
    else finder = parseFinder(key as FinderName, map, type, report);
  }
  if (seen === undefined) {
    const what = type === "annotation" ? "shape" : "finder";
    report(
      new EmporiumError("CONFIG_FIELD", `a source without a ${what}`, {
        place: placeOfValue(source),
        hint: `use one of ${names.join(", ")}`,
      }),
    );
  }
  return {
    place: source.place,
    finder,
    ...(shape ? { shape } : {}),
    exclude: patterns(source.entries.get("exclude"), report),
    ...parseParentFilters(source.entries.get("parent_filters"), type, report),
  };
}

/** Old configurations wrote the shape as a value beside its options: the same in the form of today. */
function wrapped(source: MapNode): MapNode {
  const shape = source.entries.get("shape");
  if (shape?.kind !== "scalar" || typeof shape.value !== "string" || !Object.hasOwn(ANNOTATION_SHAPES, shape.value))
    return source;
  const isOption = (key: string) => key !== "shape" && !FILTERS.includes(key);
  const options = new Map([...source.entries].filter(([key]) => isOption(key)));
  const filters = [...source.entries].filter(([key]) => FILTERS.includes(key));
  const place = source.keyPlaces.get("shape")!;
  return {
    ...source,
    entries: new Map<string, ConfigNode>([[shape.value, { ...source, entries: options }], ...filters]),
    keyPlaces: new Map([...source.keyPlaces, [shape.value, place]]),
  };
}

function twoOf(type: TypeKey, first: string, second: string, place: Place | undefined): EmporiumError {
  const what = type === "annotation" ? "shapes" : "finders";
  return new EmporiumError("CONFIG_FIELD", `two ${what} in one source, ${first} and ${second}`, {
    place,
    hint: "make two sources of them",
  });
}

const PARAMETERS: Readonly<Record<FinderName, readonly string[]>> = {
  source_glob: ["list_glob", "match_regex", "name_regex"],
  destination_glob: ["list_glob", "match_regex", "name_regex"],
  source_multi_glob: ["list_globs"],
  literal: ["value"],
  destination_filter: ["filters"],
  tomogram_header: ["list_glob", "match_regex", "header_key"],
};

function parseFinder(kind: FinderName, map: MapNode, type: TypeKey, report: Report): Finder {
  for (const key of map.entries.keys())
    if (!PARAMETERS[kind].includes(key)) report(unknownKey(map, key, PARAMETERS[kind], "parameter"));
  const need = (key: string): ConfigNode => {
    const node = map.entries.get(key);
    if (node) return node;
    throw new EmporiumError("CONFIG_FIELD", `${kind} needs ${key}`, { place: placeOfValue(map), hint: `add ${key}` });
  };
  const pattern = (key: string, standard: string): Pattern => {
    const node = map.entries.get(key);
    const text = node && !isNull(node) ? asText(node) : "";
    return compilePattern(text === "" ? standard : text, node && placeOfValue(node));
  };
  const { place } = map;
  switch (kind) {
    case "source_glob":
    case "destination_glob":
      return {
        kind,
        glob: globOf(need("list_glob")),
        match: pattern("match_regex", ".*"),
        name: pattern("name_regex", "(.*)"),
        place,
      };
    case "source_multi_glob":
      return {
        kind,
        globs: asList(need("list_globs"), "a list of globs").items.flatMap((item) => attempt(report, () => globOf(item)) ?? []),
        place,
      };
    case "tomogram_header": {
      const key = map.entries.get("header_key");
      if (key && !isNull(key) && asText(key) !== "voxel_size") {
        throw new EmporiumError("CONFIG_FIELD", `header_key is ${describe(key)}; expected voxel_size`, {
          place: placeOfValue(key),
        });
      }
      return { kind, glob: globOf(need("list_glob")), match: pattern("match_regex", ".*"), place };
    }
    case "literal":
      return { kind, values: literals(need("value"), type, report), place };
    case "destination_filter":
      return { kind, filters: asList(need("filters"), "a list of filters").items.map(parseFilter), place };
  }
}

function globOf(node: ConfigNode): ScalarNode {
  if (asText(node) !== "") return node as ScalarNode;
  throw new EmporiumError("CONFIG_FIELD", "an empty glob", {
    place: placeOfValue(node),
    hint: "name files, for example tomograms/*.rec",
  });
}

function literals(node: ConfigNode, type: TypeKey, report: Report): { name: ScalarNode; path: ScalarNode | undefined }[] {
  if (node.kind === "list") {
    const names = node.items.flatMap((item) => attempt(report, () => literalName(item, type)) ?? []);
    return names.map((name) => ({ name, path: undefined }));
  }
  // only key photos may have one: the grammar refuses it elsewhere, where the reference takes its keys for names
  if (node.kind === "map") {
    return [...node.entries].flatMap(([key, path]) => {
      if (isNull(path)) return [];
      asText(path);
      return [{ name: { kind: "scalar", value: key, place: node.keyPlaces.get(key)! }, path: path as ScalarNode }];
    });
  }
  throw new EmporiumError("CONFIG_FIELD", `${describe(node)} as value of a literal; expected a list`, {
    place: placeOfValue(node),
    hint: "write - before the value",
  });
}

function literalName(node: ConfigNode, type: TypeKey): ScalarNode {
  if (node.kind !== "scalar" || node.value === null || typeof node.value === "boolean") {
    throw new EmporiumError("CONFIG_FIELD", `${describe(node)} among the values of a literal; expected a name or number`, {
      place: placeOfValue(node),
      hint: "put it in quotes if it is a name",
    });
  }
  const number = toNumber(node.value);
  if (type === "voxel_spacing" && number !== undefined && !(number > 0 && Number.isFinite(number))) {
    throw new EmporiumError("CONFIG_FIELD", `${number} as voxel spacing; expected a number of Å above 0`, {
      place: placeOfValue(node),
      hint: "write a number such as 13.48, or float {column}",
    });
  }
  return node;
}

function parseFilter(node: ConfigNode): MetadataFilter {
  const map = asMap(node, "a map with key and value");
  const [key, value] = [map.entries.get("key"), map.entries.get("value")];
  if (!key || !value) {
    throw new EmporiumError("CONFIG_FIELD", `a filter needs ${key ? "value" : "key"}`, {
      place: placeOfValue(map),
      hint: "write {key: [authors, name], value: Bob}",
    });
  }
  return { key: asList(key, "a list of member names").items.map(asText), value };
}

function parseParentFilters(
  node: ConfigNode | undefined,
  type: TypeKey,
  report: Report,
): Pick<Source, "includeParents" | "excludeParents"> {
  const read = (rule: "include" | "exclude"): Map<TypeKey, Pattern[]> => {
    const found = new Map<TypeKey, Pattern[]>();
    if (node?.kind !== "map") return found;
    const rules = node.entries.get(rule);
    if (!rules || isNull(rules)) return found;
    const map = asMap(rules, "a map of parents");
    const parents = ancestorsOf(type);
    for (const [parent, list] of map.entries) {
      if (!parents.includes(parent as TypeKey)) {
        report(unknownKey(map, parent, parents, "parent"));
        continue;
      }
      found.set(parent as TypeKey, patterns(list, report));
    }
    return found;
  };
  if (node && node.kind === "map") {
    for (const key of node.entries.keys()) {
      if (key !== "include" && key !== "exclude") report(unknownKey(node, key, ["include", "exclude"], "key"));
    }
  } else if (node && !isNull(node)) {
    asMap(node, "a map with include or exclude");
  }
  return { includeParents: read("include"), excludeParents: read("exclude") };
}

function patterns(node: ConfigNode | undefined, report: Report): Pattern[] {
  if (!node || isNull(node)) return [];
  const { items } = asList(node, "a list of regular expressions");
  return items.flatMap((item) => attempt(report, () => compilePattern(asText(item), placeOfValue(item))) ?? []);
}
