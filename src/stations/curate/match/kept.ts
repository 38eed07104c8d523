import { dirname, join } from "node:path";
import { EmporiumError } from "../../../core/errors.js";
import { keyOf } from "../../../core/groups.js";
import { LIMITS } from "../../../core/limits.js";
import { Recent } from "../../../core/recent.js";
import { counted } from "../../../core/units.js";
import type { GivenEnv } from "../../../engine/env.js";
import { type Kept, keepLatest, latestKind, listLatest, readLatest } from "../../../engine/kept.js";
import { openLocation } from "../../../stores/url.js";
import { shownPath } from "../inventory/path-bytes.js";
import { folderPlace } from "../inventory/place.js";
import { type RunNaming, runNaming } from "../inventory/run-name.js";
import { rowName } from "./decide.js";
import { type MatchRow, parseMatches } from "./match-row.js";
import { REASONS } from "./rules.js";

const KIND = latestKind("curate/matches");

/** A note of the table that `curate match` has written, and of its folders. The table itself is the person's own file. */
export interface KeptMatches {
  /** Absolute path of the table. */
  readonly out: string;
  readonly roots: readonly { readonly path: string; readonly runPatterns?: readonly string[] | undefined }[];
  readonly source: string;
  readonly unmatched: { readonly archive: number; readonly portal: number };
  /** Absolute path of the file of decisions that the same command reads. Null where it reads none; absent in older notes. */
  readonly decisions?: string | null | undefined;
}

/** A row of the table, with the facts that its path tells. */
export interface PlacedMatch extends Omit<MatchRow, "path"> {
  /** Name of the row. Absent where it has no path, so that nobody can decide about it. */
  readonly name?: string | undefined;
  readonly drive: string;
  readonly species: string;
  /** Path of the folder, from the scanned folder's own name on. */
  readonly folder: string;
  readonly reason: string;
}

/** Notes in the workspace where a table is, in place of an earlier note about the same file. */
export async function keepMatches(
  result: KeptMatches,
  { command, workspace, ...env }: GivenEnv & { readonly workspace: string; readonly command: readonly string[] },
): Promise<void> {
  await keepLatest(KIND, result, { ...env, workspace, command, about: { locations: [result.out] } });
}

export const listMatches = (workspace: string) => listLatest(KIND, workspace);

/** @throws {EmporiumError} as `readAnswer` */
export const readMatches = (workspace: string, id: string): Promise<Kept<KeptMatches>> => readLatest(KIND, workspace, id);

const TABLES_KEPT = 2;

export interface MatchTable {
  readonly rows: readonly PlacedMatch[];
  readonly byName: ReadonlyMap<string, MatchRow>;
}

/** Path of the file of decisions on the rows of a table; undefined where the table's command reads none. */
export const decisionsPath = ({ out, decisions }: KeptMatches): string | undefined =>
  decisions === null ? undefined : (decisions ?? defaultDecisions(out));

/** Path of the decisions that `curate match` reads by default, if the file is there. */
export const defaultDecisions = (out: string): string => join(dirname(out), "decisions.csv");

/** Reads tables as they are now; one that has not changed is read once. */
export function matchTables(): (kept: KeptMatches) => Promise<MatchTable> {
  const tables = new Recent<string, MatchTable>(TABLES_KEPT);
  return async ({ out, roots }) => {
    const { store, key } = await openLocation(out, { readOnly: true });
    const stat = await store.stat(key);
    const bytes = stat && stat.size <= LIMITS.metadataBytes ? await store.read(key) : undefined;
    if (!stat || !bytes) {
      const found = stat
        ? `has ${counted(stat.size, "byte")}, at most ${LIMITS.metadataBytes} are read`
        : "is not there any more";
      throw new EmporiumError(stat ? "CONFIG_LIMIT" : "STORE_ABSENT", `the table ${key} ${found}`, {
        hint: "emporium curate match writes it",
      });
    }
    const version = keyOf(
      out,
      ...roots.flatMap(({ path, runPatterns = [] }) => [path, ...runPatterns]),
      String(stat.size),
      stat.etag ?? "",
    );
    let table = tables.get(version);
    if (!table) {
      const placed = placer(roots);
      const named = parseMatches(bytes, key).map((row) => ({ name: rowName(row), row }));
      table = {
        rows: named.map(({ name, row: { path, ...row } }) => ({
          name,
          ...row,
          ...placed(path),
          reason: REASONS[row.rule] ?? "",
        })),
        byName: new Map(named.flatMap(({ name, row }) => (name === undefined ? [] : [[name, row]]))),
      };
      tables.set(version, table);
    }
    return table;
  };
}

function placer(roots: KeptMatches["roots"]): (path: string) => Pick<PlacedMatch, "drive" | "species" | "folder"> {
  const namings = roots.map(({ path, runPatterns }): [string, RunNaming] => [path, runNaming(runPatterns)]);
  return (path) => {
    const [root, naming] = namings.find(([root]) => path === root || path.startsWith(`${root}/`)) ?? [];
    // a table of the reference has names alone
    if (root === undefined) return { drive: "", species: "", folder: shownPath(path.split("/").slice(-2).join("/")) };
    const { drive, species = "" } = folderPlace(root, path.slice(root.length + 1), naming);
    return { drive, species, folder: shownPath(path.slice(root.lastIndexOf("/") + 1)) };
  };
}
