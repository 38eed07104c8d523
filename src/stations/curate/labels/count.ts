import { keyOf } from "../../../core/groups.js";
import type { Archive, ArchiveFile, ArchiveFolder } from "../inventory/archive.js";
import { isBackupName, isSidecarName } from "../inventory/kind.js";
import type { MatchRow } from "../match/match-row.js";
import type { Classified, Classify } from "./classify.js";

/**
 * The class of a model file. `annotation` and `unlisted` are counted: a person's work, with a label of the vocabulary or another
 * name. The others are not: a program's model, a sidecar of macOS, a backup, an empty file, an invalid or truncated one.
 */
export const MODEL_CLASSES = ["annotation", "unlisted", "automatic", "sidecar", "backup", "empty", "unreadable"] as const;
export type ModelClass = (typeof MODEL_CLASSES)[number];

export const isCounted = (name: ModelClass): boolean => name === "annotation" || name === "unlisted";

/** Files of one name on one drive. */
export interface CountRow {
  readonly drive: string;
  readonly label: string;
  readonly fileName: string;
  readonly class: ModelClass;
  readonly status: Classified["status"] | undefined;
  count: number;
  /** Names of the runs whose folders hold one. */
  readonly runs: Set<string>;
  /** Models with a point or slicer angle, and those without. */
  withPoints: number;
  empty: number;
}

/** Models of a species on a drive. */
export interface MatrixCell {
  readonly drive: string;
  readonly species: string;
  readonly label: string;
  count: number;
  readonly runs: Set<string>;
}

export interface LabelCounts {
  readonly rows: readonly CountRow[];
  /** Counted labels alone. */
  readonly cells: readonly MatrixCell[];
  /** Counted models in no matched run. */
  readonly outside: number;
  /** Symbolic links, and what is no file, with a model's name, in the folders that count. */
  readonly links: number;
  /** Models that are invalid or truncated. */
  readonly unreadable: readonly { file: ArchiveFile; folder: ArchiveFolder }[];
  /** The folder of each counted file, and the row by which it belongs to a run. */
  readonly places: readonly { fileName: string; path: string; row: MatchRow | undefined }[];
}

/** Finds the matched run of a folder. */
export interface RunScope {
  /** The nearest row of this folder or one above it; "all" where every folder counts. */
  find(folder: ArchiveFolder): MatchRow | "all" | undefined;
}

export const everywhere: RunScope = { find: () => "all" };

/**
 * The scope of a table of matches: the folders that taken rows name, and those below them. Each file counts once, however matched
 * folders nest. Rows without a path (of the reference) are found by their folders' names; so are all rows if no path is on these
 * drives.
 */
export function matchedScope(rows: readonly MatchRow[], roots: readonly string[]): RunScope & { readonly byName: boolean } {
  const onRoots = (path: string) => roots.some((root) => path === root || path.startsWith(`${root}/`));
  const byName = !rows.some(({ path }) => path !== "" && onRoots(path));
  const paths = new Map(byName ? [] : rows.filter(({ path }) => path !== "").map((row) => [row.path, row]));
  const names = new Map((byName ? rows : rows.filter(({ path }) => path === "")).map((row) => [row.archiveRun, row]));
  const nearest = (path: string, root: string): MatchRow | undefined => {
    for (let at = path; ; at = at.slice(0, at.lastIndexOf("/"))) {
      const row = paths.get(at) ?? names.get(at.slice(at.lastIndexOf("/") + 1));
      if (row) return row;
      if (at.length <= root.length) return undefined;
    }
  };
  return { byName, find: ({ path, root }) => nearest(path, root) };
}

/** Counts the models of an archive, folder by folder. */
export async function countLabels(
  archive: Archive,
  scope: RunScope,
  classify: Classify,
  signal?: AbortSignal,
): Promise<LabelCounts> {
  const rows = new Map<string, CountRow>();
  const cells = new Map<string, MatrixCell>();
  const unreadable: { file: ArchiveFile; folder: ArchiveFolder }[] = [];
  const places: { fileName: string; path: string; row: MatchRow | undefined }[] = [];
  let outside = 0;
  let links = 0;
  for await (const folder of archive.folders({ signal })) {
    const named = folder.files.filter(({ name }) => MODEL_NAME.test(name));
    if (named.length === 0) continue;
    const models = named.filter(isModelFile);
    const found = scope.find(folder);
    if (found !== undefined) links += named.length - models.length;
    const run = found === "all" || found === undefined ? folder.run : found.archiveRun;
    for (const file of models) {
      const classified = classify(stemOf(file.name));
      const kind = classOf(file, classified);
      if (found === undefined) {
        if (isCounted(kind)) outside++;
        continue;
      }
      if (kind === "unreadable") unreadable.push({ file, folder });
      const label = isCounted(kind) || kind === "automatic" ? classified.label : stemOf(file.name);
      const row = entry(rows, keyOf(folder.drive, file.name, kind), () => {
        const status = isCounted(kind) ? classified.status : undefined;
        return emptyRow({ drive: folder.drive, label, fileName: file.name, class: kind, status });
      });
      row.count++;
      if (run !== undefined) row.runs.add(run);
      if (file.head?.format === "mod") {
        if (file.hygiene.includes("empty-model")) row.empty++;
        else row.withPoints++;
      }
      if (!isCounted(kind)) continue;
      places.push({ fileName: file.name, path: folder.path, row: found === "all" ? undefined : found });
      const species = folder.species ?? "";
      const cell = entry(cells, keyOf(folder.drive, species, label), () => ({
        drive: folder.drive,
        species,
        label,
        count: 0,
        runs: new Set<string>(),
      }));
      cell.count++;
      if (run !== undefined) cell.runs.add(run);
    }
  }
  return { rows: [...rows.values()], cells: [...cells.values()], outside, links, unreadable, places };
}

/**
 * Counts as the reference does: every name that ends in `.mod`, sidecars too, once for each folder above it (but the scanned
 * folder) that has the name of a matched run.
 */
export async function countAsReference(
  archive: Archive,
  matches: readonly MatchRow[],
  signal?: AbortSignal,
): Promise<LabelCounts> {
  const names = new Set(matches.map(({ archiveRun }) => archiveRun));
  const rows = new Map<string, CountRow>();
  for await (const folder of archive.folders({ signal })) {
    const above = folder.rel === "" ? [] : folder.rel.split("/").filter((name) => names.has(name));
    if (above.length === 0) continue;
    for (const { name } of folder.files) {
      if (!name.endsWith(".mod")) continue;
      const row = entry(rows, keyOf(folder.drive, name), () => {
        const label = name.slice(0, -".mod".length);
        return emptyRow({ drive: folder.drive, label, fileName: name, class: "annotation", status: undefined });
      });
      row.count += above.length;
      for (const run of above) row.runs.add(run);
    }
  }
  return { rows: [...rows.values()], cells: [], outside: 0, links: 0, unreadable: [], places: [] };
}

function emptyRow(row: Pick<CountRow, "drive" | "label" | "fileName" | "class" | "status">): CountRow {
  return { ...row, count: 0, runs: new Set(), withPoints: 0, empty: 0 };
}

const MODEL_NAME = /\.mod~?$/i;

/** Models, and sidecars, backups and empty files with a model's name. Links are left out, since their targets count. */
export function isModelFile({ name, hygiene }: ArchiveFile): boolean {
  return MODEL_NAME.test(name) && !hygiene.some((flag) => flag === "link" || flag === "broken-link" || flag === "special");
}

export function classOf({ name, size, kind, head }: ArchiveFile, classified: Classified): ModelClass {
  if (kind === "sidecar" || isSidecarName(name)) return "sidecar";
  if (isBackupName(name)) return "backup";
  if (size === 0) return "empty";
  if (head?.format === "damaged" || head?.format === "unread") return "unreadable";
  return classified.class;
}

export function stemOf(fileName: string): string {
  return fileName.replace(MODEL_NAME, "");
}

function entry<T>(map: Map<string, T>, key: string, make: () => T): T {
  const known = map.get(key);
  if (known) return known;
  const made = make();
  map.set(key, made);
  return made;
}
