import { CompiledQuery } from "kysely";
import type { TreePrefixes } from "../../../catalog/import-prefixes.js";
import type { Session } from "./sync.js";

/** The record of an earlier import about a row of the tree. */
interface Seen {
  readonly fingerprint: string;
  /** The number of rows by entity, its own included. */
  readonly rows: Readonly<Record<string, number>>;
}

export interface SeenRun extends Seen {
  readonly id: number;
  readonly name: string;
}

/**
 * Runs of a dataset in the database, by folder. Runs without a folder were not imported from a tree. One statement.
 *
 * @param only the run of this folder
 */
export async function seenRuns(session: Session, dataset: number, only: string | null = null): Promise<Map<string, SeenRun>> {
  const { rows } = await ask<{
    id: number;
    name: string;
    folder: string;
    fingerprint: string;
    row_counts: Record<string, number>;
  }>(
    session,
    `select run.id, run.name, seen.folder, seen.fingerprint, seen.row_counts
      from emporium_portal.run join emporium.imported_run seen on seen.run_id = run.id
      where run.dataset_id = $1 and ($2::text is null or seen.folder = $2)`,
    [dataset, only],
  );
  return new Map(rows.map(({ folder, row_counts, ...run }) => [folder, { ...run, rows: row_counts }]));
}

export async function noteRun(
  session: Session,
  run: { id: number; folder: string; fingerprint: string; rows: Readonly<Record<string, number>> },
): Promise<void> {
  await ask(
    session,
    `insert into emporium.imported_run (run_id, folder, fingerprint, row_counts) values ($1, $2, $3, $4::jsonb)
      on conflict (run_id) do update set folder = excluded.folder, fingerprint = excluded.fingerprint, row_counts = excluded.row_counts`,
    [run.id, run.folder, run.fingerprint, JSON.stringify(run.rows)],
  );
}

export type Root = "dataset" | "deposition";

/** A dataset or deposition as an earlier import saw it. */
export interface SeenRoot extends Seen {
  /** Folder in each tree that it was imported from, the last one last. Empty: imported before folders were recorded. */
  readonly folders: readonly string[];
  /** Digest that distinguishes it from another one with the same number. */
  readonly identity: string | null;
}

export async function seenRoot(session: Session, root: Root, id: number): Promise<SeenRoot | undefined> {
  const { rows } = await ask<{ fingerprint: string; row_counts: Record<string, number>; folders: string[]; identity: string }>(
    session,
    `select fingerprint, row_counts, folders, identity from emporium.imported_${root} where ${root}_id = $1`,
    [id],
  );
  const [seen] = rows;
  return seen && { fingerprint: seen.fingerprint, rows: seen.row_counts, folders: seen.folders, identity: seen.identity };
}

export async function noteRoot(session: Session, root: Root, id: number, noted: SeenRoot): Promise<void> {
  await ask(
    session,
    `insert into emporium.imported_${root} (${root}_id, fingerprint, row_counts, folders, identity) values ($1, $2, $3::jsonb, $4::text[], $5)
      on conflict (${root}_id) do update set fingerprint = excluded.fingerprint, row_counts = excluded.row_counts,
        folders = excluded.folders, identity = excluded.identity`,
    [id, noted.fingerprint, JSON.stringify(noted.rows), noted.folders, noted.identity],
  );
}

/** The prefixes of the last import; undefined if there is none. */
export async function lastPrefixes(session: Session): Promise<TreePrefixes | undefined> {
  const { rows } = await ask<TreePrefixes>(
    session,
    "select s3, https from emporium.import_prefix where s3 is not null order by used_at desc, s3, https limit 1",
    [],
  );
  return rows[0];
}

export async function notePrefixes(session: Session, { s3, https }: TreePrefixes): Promise<void> {
  await ask(
    session,
    "insert into emporium.import_prefix (s3, https) values ($1, $2) on conflict (s3, https) do update set used_at = excluded.used_at",
    [s3, https],
  );
}

/** Locks a named object until the end of the transaction, so that two imports of it take turns. */
export async function lockFor(session: Session, what: string): Promise<void> {
  await ask(session, "select pg_advisory_xact_lock(hashtextextended($1, 742106651))", [`emporium import ${what}`]);
}

export async function ask<T>(session: Session, text: string, parameters: readonly unknown[]): Promise<{ rows: T[] }> {
  return await session.executeQuery<T>(CompiledQuery.raw(text, [...parameters]) as CompiledQuery<T>);
}
