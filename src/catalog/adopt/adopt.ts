import { type RawBuilder, sql, type Transaction } from "kysely";
import { EmporiumError } from "../../core/errors.js";
import { counted } from "../../core/units.js";
import type { CatalogTables, Database } from "../database.js";
import { databaseError } from "../database-errors.js";
import { SORT_OUT } from "./sort-out.js";
import { findSource, SOURCE_COLUMNS, SOURCE_TABLES, type Source, type SourceTable } from "./source.js";

export interface AdoptionReport {
  /** `public`, and the state in which its tables were. */
  readonly source: string;
  readonly revision: string | undefined;
  /** Rows of each table that became rows of ours. */
  readonly adopted: Readonly<Record<SourceTable, number>>;
  /** Rows that the new tables refuse, kept in `emporium.adopted_left_over`: table, reason, count. */
  readonly leftOver: readonly { readonly table: string; readonly reason: string; readonly rows: number }[];
  /** Values that older rows lacked and that were derived from others: serial and value. */
  readonly derived: readonly { readonly what: string; readonly rows: number }[];
  /** Data sets that an earlier adoption took. */
  readonly before: number;
}

/**
 * Copies an imagingDB catalogue into ours: whole data sets, in one transaction, without changing its tables. What the new tables'
 * rules refuse (a serial that occurs twice, a data set without file or frames, frames of the same indices) is kept row by row in
 * `emporium.adopted_left_over`, and counted; before the transaction ends, rows taken and rows left over must add up to what was
 * found.
 *
 * Run again, it takes the data sets that have come since: the older program may go on writing for a while.
 *
 * @returns undefined where the database holds no such catalogue.
 */
export async function adopt(database: Database, schema = "public"): Promise<AdoptionReport | undefined> {
  const source = await findSource(database.db, schema);
  if (!source) return undefined;
  const transaction = database.db.transaction().setIsolationLevel("repeatable read");
  try {
    return await transaction.execute(async (tx) => {
      await holdAdoptionLock(tx);
      await readIn(tx, source);
      for (const statement of SORT_OUT) await statement.execute(tx);
      return await finish(tx, source);
    });
  } catch (error) {
    throw databaseError(error, database.place);
  }
}

/** Two adoptions take turns. The second one's moment begins behind its wait: `lock table` takes no snapshot, unlike any `select`. */
async function holdAdoptionLock(tx: Tx): Promise<void> {
  for (const setting of ["statement_timeout", "lock_timeout"]) await sql.raw(`set local ${setting} = 0`).execute(tx);
  await sql`lock table emporium.adoption in share row exclusive mode`.execute(tx);
}

type Tx = Transaction<CatalogTables>;

/** Copies the older tables, as they are in this moment, to four temporary ones that have every column. */
async function readIn(tx: Tx, source: Source): Promise<void> {
  for (const table of SOURCE_TABLES) {
    const known = SOURCE_COLUMNS[table].map((column) => {
      const there = source.columns[table].includes(column);
      return sql`${there ? sql.ref(`s.${column}`) : sql`null`}::${TYPES[column] ?? sql`integer`} as ${sql.id(column)}`;
    });
    const extra = source.columns[table].filter((column) => !SOURCE_COLUMNS[table].includes(column));
    await sql`create temporary table ${sql.id(`old_${table}`)} on commit drop as
      select ${sql.join(known)}, jsonb_strip_nulls(${pick(extra)}) as extra, null::text as reason
      from ${sql.id(source.schema, table)} s`.execute(tx);
    await sql`analyze ${sql.id(`old_${table}`)}`.execute(tx);
  }
  await sql`create temporary table old_source on commit drop as select ${source.schema}::text as name`.execute(tx);
}

const TYPES: Readonly<Record<string, RawBuilder<unknown>>> = {
  dataset_serial: sql`text`,
  description: sql`text`,
  microscope: sql`text`,
  frames: sql`boolean`,
  date_time: sql`timestamp`,
  s3_dir: sql`text`,
  storage_dir: sql`text`,
  file_name: sql`text`,
  metadata_json: sql`jsonb`,
  sha256: sql`text`,
  bit_depth: sql`text`,
  channel_name: sql`text`,
};

/** Columns that somebody added, as one object. */
function pick(columns: readonly string[]): RawBuilder<unknown> {
  const pairs = columns.map((column) => sql`${column}::text, ${sql.ref(`s.${column}`)}`);
  return columns.length === 0 ? sql`'{}'::jsonb` : sql`jsonb_build_object(${sql.join(pairs)})`;
}

async function finish(tx: Tx, source: Source): Promise<AdoptionReport> {
  const counts = await sql<{
    table: SourceTable;
    adopted: number;
    left: number;
    found: number;
  }>`select * from new_counts`.execute(tx);
  for (const { table, adopted, left, found } of counts.rows) {
    if (adopted + left === found) continue;
    const message = `${table}: ${counted(found, "row")} found, ${adopted} taken and ${left} left over do not add up to that`;
    throw new EmporiumError("INTERNAL", message);
  }
  const before = await sql<{ rows: number }>`
    select count(*) as rows from emporium.adopted_data_set where source = ${source.schema} and adoption_id <> (select id from new_adoption)
  `.execute(tx);
  const leftOver = await sql<{ table: string; reason: string; rows: number }>`
    select source_table as "table", reason, count(*) as rows from emporium.adopted_left_over
    where adoption_id = (select id from new_adoption) group by 1, 2 order by 1, 2`.execute(tx);
  const derived = await sql<{
    what: string;
    rows: number;
  }>`select what, count(*) as rows from new_derived group by 1 order by 1`.execute(tx);
  const report: AdoptionReport = {
    source: source.schema,
    revision: source.revision,
    adopted: Object.fromEntries(counts.rows.map(({ table, adopted }) => [table, adopted])) as Record<SourceTable, number>,
    leftOver: leftOver.rows,
    derived: derived.rows,
    before: before.rows[0]?.rows ?? 0,
  };
  const nothing = counts.rows.every(({ found }) => found === 0);
  if (nothing) await sql`delete from emporium.adoption where id = (select id from new_adoption)`.execute(tx);
  else
    await sql`update emporium.adoption set report = ${JSON.stringify(report)}::jsonb where id = (select id from new_adoption)`.execute(
      tx,
    );
  return report;
}
