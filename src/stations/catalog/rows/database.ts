import { type RawBuilder, type Selectable, sql, type Transaction } from "kysely";
import type { CatalogTables, Database } from "../../../catalog/database.js";
import type { FramesGlobalRow } from "../../../catalog/microscopy-rows.js";
import { EmporiumError, isEmporiumError } from "../../../core/errors.js";
import { type Json, type JsonObject, parseJson, printJsonLine } from "../../../core/json.js";
import { isJsonObject } from "../../../core/json-fields.js";
import { counted } from "../../../core/units.js";
import type { FrameRow, FramesGlobal } from "../frames/frame.js";
import type { FrameSelection } from "../select.js";
import type { DistinctSubject } from "../where.js";
import { alreadyThere, ownAncestor, parentMissing } from "./errors.js";
import type {
  CatalogRepository,
  DatasetQuery,
  DatasetSummary,
  FileGlobal,
  InsertOptions,
  NewDataset,
  StoredDataset,
} from "./repository.js";
import { distinctSql, whereSql } from "./where-sql.js";

/** Rows of one statement: an insert, or a page of a listing. */
const INSERT_ROWS = 2_000;
const PAGE_ROWS = 5_000;
const PAGE_DATASETS = 1_000;

type Tx = Transaction<CatalogTables>;

/**
 * Rows in PostgreSQL. Every value from outside is a parameter. Reading resumes after the server was away; the caller repeats an
 * insert (`steady`). The caller closes the database.
 */
export function databaseRepository({ db, server, steady }: Pick<Database, "db" | "server" | "steady">): CatalogRepository {
  return {
    name: server.name,
    steady,

    async findDataset(serial) {
      const query = datasetRows(sql`d.dataset_serial = ${serial}`, { metadata: true, limit: 1 });
      const [row] = (await steady(() => query.execute(db))).rows;
      return row && storedOf(row);
    },

    async insertFile(dataset, file, options) {
      await db.transaction().execute(async (tx) => {
        const dataset_id = await putDataset(tx, dataset, false, options);
        await tx
          .insertInto("emporium_microscopy.file_global")
          .values({ ...file, dataset_id, metadata_json: printJsonLine(file.metadata_json ?? {}) })
          .execute();
      });
    },

    async insertFrames(dataset, global, frames, options) {
      await db.transaction().execute(async (tx) => {
        const dataset_id = await putDataset(tx, dataset, true, options);
        const { id } = await tx
          .insertInto("emporium_microscopy.frames_global")
          .values({ ...global, dataset_id, metadata_json: printJsonLine(global.metadata_json ?? {}) })
          .returning("id")
          .executeTakeFirstOrThrow();
        let batch: FrameRow[] = [];
        let count = 0;
        for await (const row of frames) {
          options.signal?.throwIfAborted();
          batch.push(row);
          count++;
          if (batch.length === INSERT_ROWS) {
            await insertRows(tx, id, batch);
            batch = [];
          }
        }
        await insertRows(tx, id, batch);
        if (count !== global.nbr_frames) {
          throw new EmporiumError("DATABASE_CONFLICT", `${counted(count, "frame")} came, ${global.nbr_frames} were announced`);
        }
      });
    },

    async *framesOf(serial, selection, { metadata = false, signal } = {}) {
      for (let last: string | undefined; ; ) {
        signal?.throwIfAborted();
        const { rows } = await steady(() => frameRows(serial, selection, metadata, last).execute(db));
        for (const { metadata_json, ...row } of rows) yield { ...row, metadata_json: metadata ? objectOf(metadata_json) : null };
        last = rows.at(-1)?.file_name;
        if (rows.length < PAGE_ROWS) return;
      }
    },

    async removeDataset(serial) {
      try {
        const { numDeletedRows } = await db
          .deleteFrom("emporium_microscopy.data_set")
          .where("dataset_serial", "=", serial)
          .executeTakeFirst();
        return numDeletedRows > 0n;
      } catch (error) {
        if (!isEmporiumError(error) || error.code !== "DATABASE_CONFLICT") throw error;
        throw new EmporiumError("DATABASE_CONFLICT", `Dataset ${serial} has children: remove them before it`, { cause: error });
      }
    },

    async *query(query, signal) {
      for (let last: string | undefined; ; ) {
        signal?.throwIfAborted();
        const conditions = [...queryConditions(query), ...(last === undefined ? [] : [sql<boolean>`d.dataset_serial > ${last}`])];
        const condition = conditions.length === 0 ? sql`true` : sql.join(conditions, sql` and `);
        const page = datasetRows(condition, { metadata: false, limit: PAGE_DATASETS });
        const { rows } = await steady(() => page.execute(db));
        for (const row of rows) yield summaryOf(row);
        last = rows.at(-1)?.dataset_serial;
        if (rows.length < PAGE_DATASETS) return;
      }
    },

    async distinct(subject, query, limit) {
      const page = distinctRows(subject, queryConditions(query), limit);
      const { rows } = await steady(() => page.execute(db));
      return rows.map(({ value, datasets }) => ({ value: parseJson(value), datasets: Number(datasets) }));
    },

    async close() {},
  };
}

/**
 * The row of a data set, new or replaced. A replaced one loses its file or frames, but keeps its id and the data sets that were
 * made from it.
 *
 * @throws {EmporiumError} DATABASE_CONFLICT, CONFIG_RULE
 */
async function putDataset(tx: Tx, dataset: NewDataset, frames: boolean, { overwrite }: InsertOptions): Promise<number> {
  const { dataset_serial, description, microscope, date_time, parent } = dataset;
  const parent_id = parent === null ? null : await parentId(tx, parent, dataset_serial);
  const values = { description, microscope, frames, date_time, parent_id };
  const inserted = await tx
    .insertInto("emporium_microscopy.data_set")
    .values({ dataset_serial, ...values })
    .onConflict((conflict) => conflict.column("dataset_serial").doNothing())
    .returning("id")
    .executeTakeFirst();
  if (inserted) return inserted.id;
  if (!overwrite) throw alreadyThere(dataset_serial);
  const before = await tx
    .selectFrom("emporium_microscopy.data_set")
    .select("id")
    .where("dataset_serial", "=", dataset_serial)
    .forUpdate()
    .executeTakeFirst();
  if (!before) throw new EmporiumError("DATABASE_CONFLICT", `Dataset ${dataset_serial} was removed meanwhile`, { retry: "now" });
  const { id } = before;
  if (parent_id !== null) await refuseCircle(tx, parent_id, id, dataset_serial);
  await tx.deleteFrom("emporium_microscopy.file_global").where("dataset_id", "=", id).execute();
  await tx.deleteFrom("emporium_microscopy.frames_global").where("dataset_id", "=", id).execute();
  await tx.updateTable("emporium_microscopy.data_set").set(values).where("id", "=", id).execute();
  return id;
}

async function parentId(tx: Tx, parent: string, serial: string): Promise<number> {
  if (parent === serial) throw ownAncestor(serial);
  const found = await tx
    .selectFrom("emporium_microscopy.data_set")
    .select("id")
    .where("dataset_serial", "=", parent)
    .forShare()
    .executeTakeFirst();
  if (!found) throw parentMissing(parent, serial);
  return found.id;
}

async function refuseCircle(tx: Tx, parent: number, id: number, serial: string): Promise<void> {
  const { rows } = await sql`
    with recursive above (id) as (
      select ${parent}::int
      union
      select d.parent_id from emporium_microscopy.data_set d join above on d.id = above.id where d.parent_id is not null
    )
    select 1 from above where id = ${id}`.execute(tx);
  if (rows.length > 0) throw ownAncestor(serial);
}

/** One statement for many rows: columns as lists, so its text is always the same. */
async function insertRows(tx: Tx, frames_global_id: number, rows: readonly FrameRow[]): Promise<void> {
  if (rows.length === 0) return;
  const list = <Key extends keyof FrameRow>(key: Key) => rows.map((row) => row[key]);
  await sql`
    insert into emporium_microscopy.frames
      (frames_global_id, channel_idx, slice_idx, time_idx, pos_idx, channel_name, file_name, sha256, metadata_json)
    select ${frames_global_id}::int, c, z, t, p, n, f, s, m::jsonb
    from unnest(${list("channel_idx")}::int[], ${list("slice_idx")}::int[], ${list("time_idx")}::int[], ${list("pos_idx")}::int[],
      ${list("channel_name")}::text[], ${list("file_name")}::text[], ${list("sha256")}::text[],
      ${rows.map(({ metadata_json }) => printJsonLine(metadata_json ?? {}))}::text[]) as v (c, z, t, p, n, f, s, m)`.execute(tx);
}

type FrameResult = Omit<FrameRow, "metadata_json"> & { metadata_json: string | null };

function frameRows(
  serial: string,
  { channels, slices, times, positions }: FrameSelection,
  metadata: boolean,
  after: string | undefined,
) {
  const conditions = [sql`d.dataset_serial = ${serial}`];
  if (channels) {
    conditions.push(
      "names" in channels
        ? sql`r.channel_name = any(${[...channels.names]}::text[])`
        : sql`r.channel_idx = any(${[...channels.indices]}::int8[])`,
    );
  }
  for (const [column, list] of [
    ["slice_idx", slices],
    ["time_idx", times],
    ["pos_idx", positions],
  ] as const) {
    if (list) conditions.push(sql`${sql.ref(`r.${column}`)} = any(${[...list]}::int8[])`);
  }
  if (after !== undefined) conditions.push(sql`r.file_name > ${after}`);
  // as text, so that numbers keep their form: 10.0 stays 10.0
  const json = metadata ? sql`r.metadata_json::text` : sql`null::text`;
  return sql<FrameResult>`
    select r.channel_idx, r.slice_idx, r.time_idx, r.pos_idx, r.channel_name, r.file_name, r.sha256, ${json} as metadata_json
    from emporium_microscopy.frames r
    join emporium_microscopy.frames_global g on g.id = r.frames_global_id
    join emporium_microscopy.data_set d on d.id = g.dataset_id
    where ${sql.join(conditions, sql` and `)}
    order by r.file_name limit ${PAGE_ROWS}`;
}

interface DatasetResult extends Omit<NewDataset, "parent"> {
  parent: string | null;
  frames: boolean;
  children: string[];
  file: { storage_dir: string; file_name: string | null; sha256: string | null } | null;
  frames_global: Omit<Selectable<FramesGlobalRow>, "id" | "dataset_id" | "is_frames" | "metadata_json"> | null;
  metadata_json: string | null;
}

function datasetRows(
  condition: RawBuilder<unknown>,
  { metadata, limit }: { metadata: boolean; limit: number },
): RawBuilder<DatasetResult> {
  const json = metadata ? sql`coalesce(g.metadata_json, f.metadata_json)::text` : sql`null::text`;
  return sql<DatasetResult>`
    select d.dataset_serial, d.description, d.microscope, d.date_time, d.frames, p.dataset_serial as parent,
      (select coalesce(json_agg(c.dataset_serial order by c.dataset_serial), '[]') from emporium_microscopy.data_set c where c.parent_id = d.id) as children,
      case when f.id is not null then json_build_object('storage_dir', f.storage_dir, 'file_name', f.file_name, 'sha256', f.sha256) end as file,
      case when g.id is not null then json_build_object('nbr_frames', g.nbr_frames, 'im_width', g.im_width, 'im_height', g.im_height,
        'nbr_slices', g.nbr_slices, 'nbr_channels', g.nbr_channels, 'im_colors', g.im_colors, 'nbr_timepoints', g.nbr_timepoints,
        'nbr_positions', g.nbr_positions, 'bit_depth', g.bit_depth, 'storage_dir', g.storage_dir) end as frames_global,
      ${json} as metadata_json
    from emporium_microscopy.data_set d
    left join emporium_microscopy.data_set p on p.id = d.parent_id
    left join emporium_microscopy.file_global f on f.dataset_id = d.id
    left join emporium_microscopy.frames_global g on g.dataset_id = d.id
    where ${condition}
    order by d.dataset_serial limit ${limit}`;
}

function distinctRows(subject: DistinctSubject, conditions: readonly RawBuilder<boolean>[], limit: number) {
  const isText = sql`jsonb_typeof(v.value) = 'string'`;
  return sql<{ value: string; datasets: string }>`
    select v.value::text as value, count(distinct d.id) as datasets
    from emporium_microscopy.data_set d
    left join emporium_microscopy.data_set p on p.id = d.parent_id
    left join emporium_microscopy.file_global f on f.dataset_id = d.id
    left join emporium_microscopy.frames_global g on g.dataset_id = d.id
    cross join lateral ${distinctSql(subject)} v
    where ${sql.join([sql`v.value is not null`, sql`v.value <> 'null'::jsonb`, ...conditions], sql` and `)}
    group by v.value
    order by case when ${isText} then v.value #>> '{}' end collate "C" nulls first, v.value limit ${limit}`;
}

function queryConditions(query: DatasetQuery): RawBuilder<boolean>[] {
  const { serial, project, microscope, description, from, to, where, after } = query;
  const conditions: RawBuilder<boolean>[] = [];
  if (after !== undefined) conditions.push(sql`d.dataset_serial > ${after}`);
  if (serial !== undefined) conditions.push(sql`d.dataset_serial = ${serial}`);
  if (project !== undefined) conditions.push(sql`split_part(d.dataset_serial, '-', 1) = ${project}`);
  if (microscope !== undefined) conditions.push(sql`position(${microscope}::text in d.microscope) > 0`);
  if (description !== undefined) conditions.push(sql`position(${description}::text in d.description) > 0`);
  if (from !== undefined) conditions.push(sql`d.date_time >= ${from}::timestamp`);
  // the whole second is included
  if (to !== undefined) conditions.push(sql`d.date_time < ${to}::timestamp + interval '1 second'`);
  if (where) conditions.push(...whereSql(where));
  return conditions;
}

function storedOf({ children: _, file, frames_global, metadata_json, ...rest }: DatasetResult): StoredDataset {
  const metadata = objectOf(metadata_json);
  return {
    ...rest,
    file: file ? ({ ...file, metadata_json: metadata } satisfies FileGlobal) : undefined,
    framesGlobal: frames_global ? ({ ...frames_global, metadata_json: metadata } satisfies FramesGlobal) : undefined,
  };
}

function summaryOf({ file, frames_global, metadata_json: _, ...rest }: DatasetResult): DatasetSummary {
  return { ...rest, ...(frames_global ? { framesGlobal: frames_global } : {}), ...(file ? { file } : {}) };
}

function objectOf(text: string | null): JsonObject | null {
  const value: Json = text === null ? null : parseJson(text);
  return isJsonObject(value) ? value : null;
}
