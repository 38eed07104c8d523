import type { Place } from "../../src/core/errors.js";
import { type Json, printJson } from "../../src/core/json.js";
import { KINDS, type TypeKey } from "../../src/model/kinds.js";
import { type ConfigNode, scalarText, toJson } from "../../src/stations/ingest/config/nodes.js";
import { readYaml } from "../../src/stations/ingest/config/read.js";

/** One entry of a section's `sources`, as it is written: none of the program's own ideas of finders is in it. */
export interface Entry {
  readonly type: TypeKey;
  readonly section: string;
  /** `annotations.0.sources.1`: what places of the plan begin with. */
  readonly path: string;
  readonly place: Place;
  /** `source_glob`, …, or the shape of an annotation. */
  readonly finder: string;
  readonly parameters: Readonly<Record<string, Json>>;
  readonly exclude: readonly string[];
  readonly include: Readonly<Record<string, readonly string[]>>;
  readonly leaveOut: Readonly<Record<string, readonly string[]>>;
  /** Of its block. */
  readonly metadata: Readonly<Record<string, Json>>;
}

export interface Written {
  readonly settings: Readonly<Record<string, Json>>;
  readonly entries: readonly Entry[];
  /** Every text of the configuration. */
  readonly texts: readonly string[];
}

/** All sources of a configuration, section by section. Empty blocks and sources are left out, as they find nothing. */
export function writtenIn(bytes: Uint8Array, file: string): Written {
  const root = mapOf(readYaml(bytes, file));
  const entries: Entry[] = [];
  for (const { type, section } of KINDS) {
    const node = root.get(section);
    for (const block of node?.kind === "list" ? node.items : []) {
      const metadata = objectOf(mapOf(block).get("metadata"));
      const sources = mapOf(block).get("sources");
      for (const source of sources?.kind === "list" ? sources.items : []) {
        const filters = objectOf(mapOf(source).get("parent_filters"));
        const named = [...mapOf(source).keys()].filter((key) => key !== "exclude" && key !== "parent_filters");
        // an old form of annotation sources has the shape beside its options
        const { shape } = objectOf(source);
        const names = typeof shape === "string" ? [shape] : named;
        for (const finder of names) {
          entries.push({
            type,
            section,
            path: source.place.path!,
            place: source.place,
            finder,
            parameters: typeof shape === "string" ? objectOf(source) : objectOf(mapOf(source).get(finder)),
            exclude: texts(toJsonOr(mapOf(source).get("exclude"))),
            include: listsOf(filters.include),
            leaveOut: listsOf(filters.exclude),
            metadata,
          });
        }
      }
    }
  }
  const all: string[] = [];
  const collect = (value: Json): void => {
    if (typeof value === "string") all.push(value);
    else if (Array.isArray(value)) for (const one of value as readonly Json[]) collect(one);
    else if (value !== null && typeof value === "object") for (const one of Object.values(value)) collect(one as Json);
  };
  for (const node of root.values()) collect(toJson(node));
  return { settings: objectOf(root.get("standardization_config")), entries, texts: all };
}

/** Globs of an entry that names files; none of a literal. */
export function globsOf({ parameters }: Entry): string[] {
  return ["list_glob", "list_globs", "glob_string", "glob_strings"].flatMap((key) => texts(parameters[key]));
}

/** Values of a literal, as texts. */
export function valuesOf({ finder, parameters: { value } }: Entry): string[] {
  return finder === "literal" && Array.isArray(value) ? (value as readonly Json[]).map((one) => scalarText(one as never)) : [];
}

export function texts(value: Json | undefined): string[] {
  if (typeof value === "string") return [value];
  return Array.isArray(value)
    ? (value as readonly Json[]).flatMap((one) =>
        typeof one === "string" ? [one] : one === null ? [] : [printJson(one, { indent: 0 })],
      )
    : [];
}

function mapOf(node: ConfigNode): ReadonlyMap<string, ConfigNode> {
  return node.kind === "map" ? node.entries : new Map();
}

function toJsonOr(node: ConfigNode | undefined): Json | undefined {
  return node && toJson(node);
}

function objectOf(node: ConfigNode | undefined): Readonly<Record<string, Json>> {
  return node?.kind === "map" ? (toJson(node) as Readonly<Record<string, Json>>) : {};
}

function listsOf(value: Json | undefined): Readonly<Record<string, readonly string[]>> {
  if (value === null || typeof value !== "object" || Array.isArray(value)) return {};
  return Object.fromEntries(Object.entries(value).map(([parent, list]) => [parent, texts(list as Json)]));
}
