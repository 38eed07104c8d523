import { formatPlace, isEmporiumError, type Place } from "../../../core/errors.js";
import { KINDS, kindOf, type TypeKey } from "../../../model/kinds.js";
import { namesIn } from "../config/expand.js";
import type { Source } from "../config/schema.js";
import type { PlanFailure } from "../draft.js";
import { type Found, findAnyway } from "../finders/finder.js";
import type { Listing } from "../finders/listing.js";
import type { PlanContext } from "../importers/context.js";
import { globText, placeOfFinder } from "../importers/source-names.js";
import type { Look } from "./ledger.js";
import { walkFiles } from "./walk.js";

/** Folders that are listed only to say that parent filters leave out their files. */
const FOLDERS_MORE = 200;

/** A use of a file: the kind that it is imported as, and the dataset, run and voxel spacing that it is used for. */
interface FileUse {
  readonly as: TypeKey | "run_data_map";
  readonly dataset?: string | undefined;
  readonly run?: string | undefined;
  readonly voxelSpacing?: string | undefined;
}

/** The fate of one file below the source; of a folder (with a slash at its end) that is one thing, or that no glob looks into. */
export type FileFate =
  | { readonly path: string; readonly fate: "used"; readonly uses: readonly FileUse[] }
  /** `by`: `exclude` at `c.yaml:12:5`. */
  | { readonly path: string; readonly fate: "left out"; readonly by: string; readonly at?: string | undefined }
  | { readonly path: string; readonly fate: "unnamed" };

/** Every file below the source, with its one fate. */
export interface FileAccount {
  /** The folder that was walked, as the user knows it. */
  readonly below: string;
  readonly used: number;
  readonly leftOut: number;
  readonly unnamed: number;
  readonly files: readonly FileFate[];
  /** Sections of the configuration that the command does not import: their files are unnamed here. */
  readonly notImported: readonly string[];
  /** Sources that parent filters leave out and whose files were not all looked for: some of these count as unnamed. */
  readonly notLookedFor: number;
}

export interface AccountParts {
  /** Failures of finds that give no output; their files are told as left out, `not used`. */
  readonly failures: readonly PlanFailure[];
}

/**
 * Tells the fate of each file below `source_prefix`, from the listings that the plan has made: folders that no glob looks into
 * are one entry each.
 */
export async function fileAccount(context: PlanContext, { failures }: AccountParts): Promise<FileAccount> {
  const { source, config, uses: ledger } = context;
  const uses = new Map<string, FileUse[]>();
  const whole = new Set<string>();
  const use = (key: string, one: FileUse) => {
    const known = uses.get(key);
    if (!known) uses.set(key, [one]);
    else if (!known.some((other) => sameUse(other, one))) known.push(one);
  };
  for (const look of ledger.looks.values()) {
    for (const [key, folder] of look.used) {
      // a run's folder holds files of their own
      if (folder && !isContainer(look.type)) whole.add(key);
      if (!folder || !isContainer(look.type)) use(key, useOf(look));
    }
  }
  for (const one of ledger.referred) use(one.key, useOf(one));
  for (const { value } of Object.values(config.maps)) use(below(config.sourcePrefix, value), { as: "run_data_map" });
  const unused = new Map(failures.flatMap(({ error, files = [] }) => files.map((file) => [file, error] as const)));
  const { files: skipped, cut } = await skippedFiles(context);
  const keys = await walkFiles(source, config.sourcePrefix, { isWhole: (key) => whole.has(key), named: uses.keys() });
  for (const [folder, own] of insideFolders(uses, keys)) for (const one of own) use(folder, one);
  const fateOf = (path: string): FileFate => {
    const key = path.replace(/\/$/, "");
    const nothing = unused.get(source.fullPath(key));
    if (nothing) return { path, fate: "left out", by: "not used", at: lineOf(nothing) };
    const own = uses.get(key);
    if (own) return { path, fate: "used", uses: withoutNames(own) };
    const left = ledger.left.get(key);
    if (left) return { path, fate: "left out", by: left.by, at: lineOf(left.source.place) };
    const filtered = skipped.get(key);
    if (filtered) return { path, fate: "left out", by: "parent_filters", at: filtered };
    return { path, fate: "unnamed" };
  };
  const files = keys.map(fateOf);
  const numberOf = (wanted: FileFate["fate"]) => files.filter(({ fate }) => fate === wanted).length;
  return {
    below: source.fullPath(config.sourcePrefix),
    used: numberOf("used"),
    leftOut: numberOf("left out"),
    unnamed: numberOf("unnamed"),
    files,
    notImported: KINDS.filter(({ type, section }) => config.sections.has(section) && !context.selection.walks(type)).map(
      ({ section }) => section,
    ),
    notLookedFor: cut,
  };
}

const orderOf = ({ dataset, run, voxelSpacing, as }: FileUse): string => [dataset, run, voxelSpacing, as].join("\0");

/** A file that gives a run its name is mostly used for more: then that counts. */
function withoutNames(uses: readonly FileUse[]): readonly FileUse[] {
  const more = uses.filter(({ as }) => as === "run_data_map" || !isContainer(as));
  // runs are planned side by side, in any order
  return (more.length > 0 ? more : uses).toSorted((a, b) => (orderOf(a) < orderOf(b) ? -1 : 1));
}

/** `c.yaml:12:5` */
function lineOf({ file, line, column }: Place): string {
  return formatPlace({ file, line, column });
}

function isContainer(type: TypeKey): boolean {
  return CONTAINERS.has(type);
}
const CONTAINERS: ReadonlySet<TypeKey> = new Set(["deposition", "dataset", "run", "voxel_spacing"]);

/** Uses of files inside folders that count as one thing, such as a mask among the labels of a Zarr, by the folder's key. */
function insideFolders(uses: ReadonlyMap<string, readonly FileUse[]>, keys: readonly string[]): Map<string, FileUse[]> {
  const counted = new Set(keys);
  const inside = new Map<string, FileUse[]>();
  for (const [key, own] of uses) {
    if (counted.has(key) || counted.has(`${key}/`)) continue;
    let slash = key.lastIndexOf("/");
    while (slash > 0 && !counted.has(key.slice(0, slash + 1))) slash = key.lastIndexOf("/", slash - 1);
    if (slash > 0) inside.set(key.slice(0, slash), [...(inside.get(key.slice(0, slash)) ?? []), ...own]);
  }
  return inside;
}

function useOf({ type, spot: { dataset, run, spacing } }: Pick<Look, "type" | "spot">): FileUse {
  return { as: kindOf(type).type, dataset, run, voxelSpacing: spacing };
}

function sameUse(a: FileUse, b: FileUse): boolean {
  return a.as === b.as && a.dataset === b.dataset && a.run === b.run && a.voxelSpacing === b.voxelSpacing;
}

function below(prefix: string, path: string): string {
  return [...prefix.split("/"), ...path.split("/")].filter((part) => part !== "" && part !== ".").join("/");
}

/** Files that would be found if the parent filters let their source be looked for: key and place of the filter. */
async function skippedFiles(context: PlanContext): Promise<{ files: ReadonlyMap<string, string>; cut: number }> {
  const files = new Map<string, string>();
  const { source: listing, target, config, compat, signal } = context;
  const done = new Set<Source>();
  const cut = new Set<Source>();
  const known = frugal(listing);
  for (const { type, source, scope } of context.uses.skipped) {
    const { finder } = source;
    if (done.has(source)) continue;
    // one that names no run finds the same for all of them
    if (namesIn(globText(source)).length === 0) done.add(source);
    // headers are not read for this
    if (finder?.kind !== "source_glob" && finder?.kind !== "source_multi_glob") continue;
    const take = ({ key }: Pick<Found, "key">) => {
      if (key !== null && !files.has(key)) files.set(key, lineOf(placeOfFinder(source)));
    };
    // files of one name in several folders are as many files
    const given = { type, source: known, target, sourcePrefix: config.sourcePrefix, compat, signal, onReplaced: take };
    const before = known.refused();
    const found = await findAnyway(source, scope, given).catch((error: unknown) => {
      if (!isEmporiumError(error) || error.code === "CANCELLED") throw error;
      cut.add(source);
      return [];
    });
    if (known.refused() > before) cut.add(source);
    for (const item of found) take(item);
  }
  return { files, cut: cut.size };
}

/** A listing that lists a few folders more than it has, and no others. */
function frugal(listing: Listing): Listing & { /** Folders that it has not listed. */ refused(): number } {
  const listed = new Set(listing.listed());
  let left = FOLDERS_MORE;
  let refused = 0;
  const children = async (folder: string) => {
    if (!listed.has(folder) && left-- <= 0) {
      refused++;
      return [];
    }
    listed.add(folder);
    return listing.children(folder);
  };
  return {
    ...listing,
    refused: () => refused,
    children,
    child: async (folder, name) =>
      (await children(folder)).find(({ key }) => key === `${folder}${name}` || key === `${folder}${name}/`),
  };
}
