import { groupsOf } from "../../../core/groups.js";
import { isTaken, type MatchRow } from "../match/match-row.js";
import { archiveKeys, portalKeys, RULES } from "../match/rules.js";

/** The contents of a run folder and of the folders below. */
interface RunContent {
  readonly files: number;
  readonly bytes: number;
  readonly tomograms: number;
  readonly tiltSeries: number;
  readonly models: number;
}

/** A run folder of the archive. */
export interface ArchiveRun extends RunContent {
  readonly name: string;
  /** Absolute. */
  readonly path: string;
  readonly drive: string;
  readonly species: string | undefined;
}

interface MissingRun extends ArchiveRun {
  /** A run of the portal that it may be: a rule matches the two names. */
  readonly perhaps: string | undefined;
}

/** Runs of one species that the portal does not have. */
export interface MissingSpecies extends RunContent {
  readonly species: string | undefined;
  /** By name: a copy on another drive is the same run. */
  readonly runs: number;
  readonly drives: readonly string[];
  readonly folders: readonly MissingRun[];
  /** The folders above its run folders, as sources of a configuration, with the number of the portal's runs in them. */
  readonly places: readonly { readonly path: string; readonly runs: number; readonly portalRuns: number }[];
}

/** Measures of a species' size. */
const SIZES = ["runs", "bytes", "tomograms"] as const;
export type SizeBy = (typeof SIZES)[number];

/**
 * Run folders that are in no row of a table of matches, by species, the largest first.
 *
 * An ambiguous row counts too: a person must decide first. A table without paths, of the reference, covers every folder of a
 * name.
 */
export function missingRuns(folders: readonly ArchiveRun[], rows: readonly MatchRow[], by: SizeBy = "runs"): MissingSpecies[] {
  const perhaps = portalNames(rows);
  const isPortals = inRows(rows.filter(({ status }) => status !== "rejected"));
  const missing = folders
    .filter((folder) => !isPortals(folder))
    .map((folder): MissingRun => ({ ...folder, perhaps: perhaps(folder.name) }));
  const portalsAt = groupsOf(folders.filter(inRows(rows.filter(isTaken))), ({ path }) => parentOf(path));
  return [...groupsOf(missing, ({ species }) => species ?? "").values()]
    .map((some) => speciesOf(some, portalsAt))
    .sort((a, b) => b[by] - a[by] || b.runs - a.runs || b.bytes - a.bytes || byText(a.species ?? "", b.species ?? ""));
}

/** Tells whether a run folder is in one of these rows: by its path, or by its name where the row has no path. */
export function inRows(rows: readonly MatchRow[]): (run: Pick<ArchiveRun, "name" | "path">) => boolean {
  const paths = new Set(rows.map(({ path }) => path));
  const names = new Set(rows.filter(({ path }) => path === "").map(({ archiveRun }) => archiveRun));
  return ({ name, path }) => paths.has(path) || names.has(name);
}

function speciesOf(some: readonly MissingRun[], portalsAt: ReadonlyMap<string, readonly ArchiveRun[]>): MissingSpecies {
  const sum = (size: (run: MissingRun) => number) => some.reduce((total, run) => total + size(run), 0);
  const places = groupsOf(some, ({ path }) => parentOf(path));
  return {
    species: some[0]!.species,
    runs: new Set(some.map(({ name }) => name)).size,
    drives: [...new Set(some.map(({ drive }) => drive))].sort(byText),
    files: sum(({ files }) => files),
    bytes: sum(({ bytes }) => bytes),
    tomograms: sum(({ tomograms }) => tomograms),
    tiltSeries: sum(({ tiltSeries }) => tiltSeries),
    models: sum(({ models }) => models),
    folders: some.toSorted((a, b) => byText(a.name, b.name) || byText(a.path, b.path)),
    places: [...places]
      .map(([path, here]) => ({ path, runs: here.length, portalRuns: portalsAt.get(path)?.length ?? 0 }))
      .sort((a, b) => b.runs - a.runs || byText(a.path, b.path)),
  };
}

/** The portal run that a name may match, without the rule of other initials. A person has rejected runs of the same name. */
function portalNames(rows: readonly MatchRow[]): (name: string) => string | undefined {
  const byKey = new Map<string, string>();
  const rules = RULES.length - 1;
  for (const name of new Set(rows.map(({ portalRun }) => portalRun))) {
    for (const keys of portalKeys(name).slice(0, rules)) for (const key of keys) if (!byKey.has(key)) byKey.set(key, name);
  }
  return (name) => {
    for (const key of archiveKeys(name).slice(0, rules).flat()) {
      const found = byKey.get(key);
      if (found !== undefined) return found;
    }
    return undefined;
  };
}

const parentOf = (path: string): string => path.slice(0, Math.max(1, path.lastIndexOf("/")));
const byText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
