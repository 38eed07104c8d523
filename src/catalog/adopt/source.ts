import { type Kysely, sql } from "kysely";
import { EmporiumError } from "../../core/errors.js";

/** The four tables of imagingDB. A database may lack columns of them: its chain of schema changes may have stopped anywhere. */
export const SOURCE_TABLES = ["data_set", "file_global", "frames_global", "frames"] as const;
export type SourceTable = (typeof SOURCE_TABLES)[number];

/** Columns that any state of the chain has had. `s3_dir` became `storage_dir`; `sha256` and `file_name` came later than the rest. */
export const SOURCE_COLUMNS: Readonly<Record<SourceTable, readonly string[]>> = {
  data_set: ["id", "dataset_serial", "description", "microscope", "frames", "date_time", "parent_id"],
  file_global: ["id", "s3_dir", "storage_dir", "file_name", "metadata_json", "dataset_id", "sha256"],
  frames_global: [
    "id",
    "nbr_frames",
    "im_width",
    "im_height",
    "nbr_slices",
    "nbr_channels",
    "im_colors",
    "nbr_timepoints",
    "nbr_positions",
    "bit_depth",
    "s3_dir",
    "storage_dir",
    "metadata_json",
    "dataset_id",
  ],
  frames: [
    "id",
    "channel_idx",
    "slice_idx",
    "time_idx",
    "pos_idx",
    "channel_name",
    "file_name",
    "sha256",
    "metadata_json",
    "frames_global_id",
  ],
};

/** Columns without which a table is not the expected one. */
const NEEDED: Readonly<Record<SourceTable, readonly string[]>> = {
  data_set: ["id", "dataset_serial", "frames"],
  file_global: ["id", "dataset_id"],
  frames_global: ["id", "dataset_id", "nbr_frames"],
  frames: ["id", "frames_global_id", "channel_idx"],
};

export interface Source {
  readonly schema: string;
  /** Columns that each table has. */
  readonly columns: Readonly<Record<SourceTable, readonly string[]>>;
  /** The last schema change that alembic recorded; undefined where the tables were made at once. */
  readonly revision: string | undefined;
}

/** The tables of an older catalogue in `schema`, or undefined where there are none. */
export async function findSource<Tables>(db: Kysely<Tables>, schema: string): Promise<Source | undefined> {
  const { rows } = await sql<{ table: string; column: string }>`
    select c.relname as "table", a.attname as "column" from pg_class c
    join pg_namespace n on n.oid = c.relnamespace join pg_attribute a on a.attrelid = c.oid
    where n.nspname = ${schema} and c.relkind in ('r', 'p') and a.attnum > 0 and not a.attisdropped
    order by c.relname, a.attnum`.execute(db);
  const of = (table: string) => rows.filter((row) => row.table === table).map(({ column }) => column);
  const columns = Object.fromEntries(SOURCE_TABLES.map((table) => [table, of(table)])) as Record<SourceTable, string[]>;
  if (SOURCE_TABLES.every((table) => columns[table].length === 0)) return undefined;
  const odd = SOURCE_TABLES.filter((table) => NEEDED[table].some((column) => !columns[table].includes(column)));
  if (odd.length === SOURCE_TABLES.length || columns.data_set.length === 0 || odd.includes("data_set")) return undefined;
  if (odd.length > 0) {
    throw new EmporiumError(
      "DATABASE_FAILED",
      `${schema} holds a part of an older catalogue: ${odd.map((table) => missing(table, columns[table])).join("; ")}`,
      { hint: "load all four tables, or ignore them with --no-adopt" },
    );
  }
  const revision = of("alembic_version").includes("version_num") ? await readRevision(db, schema) : undefined;
  return { schema, columns, revision };
}

function missing(table: SourceTable, found: readonly string[]): string {
  if (found.length === 0) return `no table ${table}`;
  return `${table} without ${NEEDED[table].filter((column) => !found.includes(column)).join(", ")}`;
}

async function readRevision<Tables>(db: Kysely<Tables>, schema: string): Promise<string | undefined> {
  const { rows } = await sql<{ version_num: string }>`select version_num from ${sql.id(schema, "alembic_version")}`.execute(db);
  return rows[0]?.version_num;
}
