import { EmporiumError, type Place } from "../../../core/errors.js";
import type { Json } from "../../../core/json.js";
import { isJsonObject } from "../../../core/json-fields.js";
import { Float, toNumber } from "../../../core/number.js";
import type { Pattern } from "../../../engine/pattern.js";
import type { TypeKey } from "../../../model/kinds.js";
import { TILTSERIES_METADATA, TOMOGRAM_METADATA, tiltseriesFolder, tomogramFolder } from "../../../model/layout.js";
import { roundVoxelSpacing } from "../../../model/voxel-spacing.js";
import type { Stat } from "../../../stores/store.js";
import { mapLimit } from "../../../system/parallel.js";
import { formatTemplate } from "../config/expand.js";
import type { MetadataFilter } from "../config/finder.js";
import { type Scalar, type ScalarNode, scalarText, toJson } from "../config/nodes.js";
import type { Finder, Source } from "../config/schema.js";
import { readMetadata } from "../identifiers.js";
import { isTruthy } from "../metadata.js";
import { readVolumeSource } from "../volume-source.js";
import { escapeGlob, glob, type Match } from "./glob.js";
import type { Listing } from "./listing.js";
import { isEntityVariable, type Scope, variablesOf } from "./scope.js";

/** Headers and metadata documents read at once. */
const READS_AT_ONCE = 16;

/** One thing that a source names. */
export interface Found {
  readonly name: Scalar;
  /** Key in its store, without a slash at the end; null for literals. */
  readonly key: string | null;
  /** For a literal that gives its name a place (key photos): the place as it is written. */
  readonly location?: string | undefined;
  readonly folder: boolean;
  readonly stat: Stat | undefined;
  /** Key of the volume whose header gives the name, where the find itself has none. */
  readonly header?: string | undefined;
  /** True for what is there already, in the output: it is walked through, never written. */
  readonly atTarget: boolean;
  /** Place of the finder or of the literal in the configuration. */
  readonly place: Place;
}

export interface FinderContext {
  /** Kind of entity that is looked for. */
  readonly type: TypeKey;
  readonly source: Listing;
  readonly target: Listing;
  /** Folder of the sources below the input. */
  readonly sourcePrefix: string;
  readonly compat: boolean;
  /** Value of a literal in this scope; templates in it are filled in by kinds that allow them. Default: as it stands. */
  readonly literal?: ((node: ScalarNode, scope: Scope) => Scalar) | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Is told of each glob as it is looked for, below its store. */
  readonly onGlob?: ((where: "source" | "target", pattern: string) => void) | undefined;
  /** Is told of a find whose name another one takes. */
  readonly onReplaced?: ((item: Found, by: Found) => void) | undefined;
  /** Is told of a file of the source that a glob matches and the configuration leaves out, with the name that it has by then. */
  readonly onLeft?: ((key: string, by: "match_regex" | "exclude", name?: string) => void) | undefined;
  /** Whether the source leaves out a match; asked before its header is read or a name is taken from it. */
  readonly isLeft?: ((find: Match) => boolean) | undefined;
}

/**
 * Runs one source of a block in a scope.
 *
 * @returns undefined if its parent filters exclude the scope; otherwise its items in order, without those that `exclude` names.
 *   Of two items with one name the last counts, in the position of the first.
 */
export async function findItems(source: Source, scope: Scope, context: FinderContext): Promise<Found[] | undefined> {
  if (!parentsPass(source, scope)) return undefined;
  return findAnyway(source, scope, context);
}

/** The same whatever the parent filters say. */
export async function findAnyway(source: Source, scope: Scope, context: FinderContext): Promise<Found[]> {
  const items = new Map<string, Found>();
  const isExcluded = (name: string) => source.exclude.some((pattern) => pattern.atStart(name));
  for (const item of source.finder ? await run(source.finder, scope, context) : []) {
    const name = scalarText(item.name);
    if (isExcluded(name)) {
      if (item.key !== null && !item.atTarget) context.onLeft?.(item.key, "exclude", name);
      continue;
    }
    const other = items.get(name);
    if (other && other.key !== item.key) context.onReplaced?.(other, item);
    items.set(name, item);
  }
  return [...items.values()];
}

function parentsPass({ includeParents, excludeParents }: Source, { ancestors }: Scope): boolean {
  return ancestors.every(({ type, name }) => {
    const text = scalarText(name);
    if (excludeParents.get(type)?.some((pattern) => pattern.search(text))) return false;
    const wanted = includeParents.get(type);
    return !wanted || wanted.length === 0 || wanted.some((pattern) => pattern.search(text));
  });
}

async function run(finder: Finder, scope: Scope, context: FinderContext): Promise<Found[]> {
  const { place } = finder;
  switch (finder.kind) {
    case "literal":
      return finder.values.map(({ name, path }) => {
        const value = context.literal ? context.literal(name, scope) : name.value;
        const location = path && scalarText(path.value);
        return { name: value, key: null, location, folder: false, stat: undefined, atTarget: false, place: name.place };
      });
    case "source_multi_glob": {
      const lists = [];
      for (const node of finder.globs) lists.push(await globOf(node, scope, "source", context));
      const kept = lists.flat().filter((match) => !context.isLeft?.(match));
      return kept.map((match) => ({ ...match, name: context.source.fullPath(match.key), atTarget: false, place }));
    }
    case "source_glob":
    case "destination_glob": {
      const where = finder.kind === "source_glob" ? "source" : "target";
      const matches = await globOf(finder.glob, scope, where, context);
      return matches
        .filter(({ key }) => isNamed(key, finder.match, where, context))
        .filter((match) => where === "target" || !context.isLeft?.(match))
        .map((match) => ({ ...match, name: nameOf(match.key, finder), atTarget: where === "target", place }));
    }
    case "tomogram_header": {
      const matches = await globOf(finder.glob, scope, "source", context);
      const named = matches.filter(({ key }) => isNamed(key, finder.match, "source", context));
      const wanted = named.filter((match) => !context.isLeft?.(match));
      return mapLimit(wanted, READS_AT_ONCE, (match) => headerSpacing(match, place, context));
    }
    case "destination_filter": {
      const matches = await glob(context.target, metadataGlob(context.type, scope, place), { place });
      const kept = await mapLimit(matches, READS_AT_ONCE, async (match) => {
        const metadata = await readMetadata(context.target.store, match.key);
        return metadata && finder.filters.every((filter) => matchesFilter(metadata, filter)) ? match : undefined;
      });
      return kept.filter((match) => match !== undefined).map((match) => ({ ...match, name: match.key, atTarget: true, place }));
    }
  }
}

/** Whether `match_regex` lets a match through. */
function isNamed(key: string, match: Pattern, where: "source" | "target", context: FinderContext): boolean {
  const isFound = match.search(context[where].fullPath(key));
  if (!isFound && where === "source") context.onLeft?.(key, "match_regex");
  return isFound;
}

/** The spacing along y that a volume's header tells. */
async function headerSpacing(match: Match, place: Place, { source, compat, signal }: FinderContext): Promise<Found> {
  const { voxelSizeAngstrom } = await readVolumeSource(source.store, match.key, match.folder, { compat, signal });
  if (voxelSizeAngstrom === undefined) {
    throw new EmporiumError(
      "FORMAT_FIELD",
      `${source.fullPath(match.key)} has no voxel size, the spacing was to be read from it`,
      { place, hint: "give the spacing as a literal" },
    );
  }
  const name = new Float(roundVoxelSpacing(voxelSizeAngstrom));
  return { name, key: null, header: match.key, folder: false, stat: undefined, atTarget: false, place };
}

/** Every metadata file of the entities that a filter chooses among. */
function metadataGlob(type: TypeKey, { ancestors }: Scope, place: Place): string {
  const folder = escapeGlob(ancestors.at(-1)?.folder ?? "");
  if (type === "tiltseries") return `${tiltseriesFolder(folder, "*")}/${TILTSERIES_METADATA}`;
  if (type === "tomogram") return `${tomogramFolder(folder, "*")}/${TOMOGRAM_METADATA}`;
  throw new EmporiumError(
    "CONFIG_FIELD",
    `destination_filter among the sources of a ${type}, it finds tilt series and tomograms`,
    {
      place,
      hint: "name the entity by destination_glob",
    },
  );
}

/** Fills in a glob and runs it: below the source folder, or below the output. Names of entities in it mean themselves. */
async function globOf(node: ScalarNode, scope: Scope, where: "source" | "target", context: FinderContext): Promise<Match[]> {
  const pattern = formatTemplate(String(node.value), variablesOf(scope), {
    place: node.place,
    nullText: context.compat ? "None" : undefined,
    escapeValue: (name, text) => (isEntityVariable(name, scope) ? escapeGlob(text) : text),
  });
  const prefix = where === "source" && context.sourcePrefix !== "" ? `${escapeGlob(context.sourcePrefix)}/` : "";
  const listing = context[where];
  context.onGlob?.(where, prefix + pattern);
  return glob(listing, prefix + pattern, { place: node.place, hidden: context.compat && !listing.store.local });
}

/** Group 1 of `name_regex` at the start of the last part of a path. */
function nameOf(key: string, { name, place }: Extract<Finder, { kind: "source_glob" | "destination_glob" }>): string {
  const base = key.slice(key.lastIndexOf("/") + 1);
  const groups = name.atStart(base);
  if (groups?.[1] !== undefined) return groups[1];
  const fault = groups ? "has no group 1" : "does not match it";
  throw new EmporiumError(
    "CONFIG_REGEX",
    `name_regex ${name.source} and the name ${base}: ${groups ? "the regex" : "the name"} ${fault}`,
    {
      place,
      hint: groups
        ? "put the part that names the entity in parentheses"
        : "correct name_regex, or narrow list_glob or match_regex so that only matching names are found",
    },
  );
}

/**
 * Whether a metadata document meets one condition of a `destination_filter`. The key is followed member by member, in arrays for
 * each object, up to the first empty value. An array at the end must contain the value; anything else must equal it.
 */
export function matchesFilter(metadata: Json, { key, value }: MetadataFilter): boolean {
  const wanted = toJson(value);
  let found: Json | undefined = metadata;
  for (const member of key) {
    if (!isTruthy(found)) break;
    found = Array.isArray(found)
      ? (found as readonly Json[]).filter(isJsonObject).flatMap((item) => memberOf(item, member) ?? [])
      : memberOf(found, member);
  }
  if (Array.isArray(found) && !Array.isArray(wanted)) return (found as readonly Json[]).some((item) => equal(item, wanted));
  return equal(found, wanted);
}

function memberOf(value: Json | undefined, member: string): Json | undefined {
  return isJsonObject(value) && Object.hasOwn(value, member) ? value[member] : undefined;
}

/** Numbers are equal by value, whatever their kind; a number and a text are not. */
function equal(a: Json | undefined, b: Json): boolean {
  const [left, right] = [toNumber(a), toNumber(b)];
  if (left !== undefined || right !== undefined) return left === right;
  if (Array.isArray(a) && Array.isArray(b)) return a.length === b.length && a.every((item, i) => equal(item, b[i]!));
  if (isJsonObject(a) && isJsonObject(b)) {
    const keys = Object.keys(a);
    return keys.length === Object.keys(b).length && keys.every((name) => equal(a[name], b[name] ?? null));
  }
  return a === b;
}
