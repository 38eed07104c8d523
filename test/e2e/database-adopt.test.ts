import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { adopt } from "../../src/catalog/adopt/adopt.js";
import type { Database } from "../../src/catalog/database.js";
import { migrate } from "../../src/catalog/migrate.js";
import { open, query, SERVERS, type TestServer } from "./database-kit.js";

/**
 * The tables of imagingDB, as its models and its chain of alembic changes leave them. `818bfb535590` is the baseline; each later state
 * changes it as the changes of that name do. Without a chain, `create_all` makes the last state at once.
 */
const BASELINE = `
  create table data_set (id serial primary key, dataset_serial varchar, description varchar, microscope varchar, frames boolean,
    date_time timestamp, parent_id integer references data_set (id));
  create table file_global (id serial primary key, s3_dir varchar, metadata_json jsonb, dataset_id integer references data_set (id));
  create table frames_global (id serial primary key, nbr_frames integer, im_width integer, im_height integer, nbr_slices integer,
    nbr_channels integer, im_colors integer, nbr_timepoints integer, nbr_positions integer, bit_depth varchar, s3_dir varchar,
    metadata_json jsonb, dataset_id integer references data_set (id));
  create table frames (id serial primary key, channel_idx integer, slice_idx integer, time_idx integer, pos_idx integer,
    channel_name varchar, file_name varchar, metadata_json jsonb, frames_global_id integer references frames_global (id));`;
const CHAIN = {
  "818bfb535590": "",
  "7a7422f19234": "alter table file_global add sha256 varchar; alter table frames add sha256 varchar;",
  bae28d7da970: "alter table file_global add file_name varchar;",
  "8e0d2514fd1f": `alter table file_global add storage_dir varchar; alter table file_global drop s3_dir;
    alter table frames_global add storage_dir varchar; alter table frames_global drop s3_dir;`,
} as const;
type Revision = keyof typeof CHAIN;
const REVISIONS = Object.keys(CHAIN) as Revision[];

/** Statements that make the tables as they were after a change. */
function tablesAt(revision: Revision, withVersionTable = true): string {
  const steps = REVISIONS.slice(0, REVISIONS.indexOf(revision) + 1).map((name) => CHAIN[name]);
  const version = `create table alembic_version (version_num varchar(32) primary key); insert into alembic_version values ('${revision}');`;
  return BASELINE + steps.join("") + (withVersionTable ? version : "");
}

/** A file and six frames, as the uploader writes them, in the columns that every state has. */
const ROWS = `
  insert into data_set values (1, 'TEST-2005-06-09-20-00-00-1000', 'Testing', 'Mass Spectrometry', false, '2005-06-09 20:00:00', null);
  insert into data_set values (2, 'FRAMES-2005-06-09-20-00-00-1000', null, 'Leica', true, '2005-06-09 20:00:00', 1);
  insert into file_global (id, metadata_json, dataset_id) values (1, '{"file_origin": "/data/A1_2_PROTEIN_test.tif"}', 1);
  insert into frames_global (id, nbr_frames, im_width, im_height, nbr_slices, nbr_channels, im_colors, nbr_timepoints, nbr_positions,
    bit_depth, metadata_json, dataset_id) values (1, 6, 15, 10, 3, 2, 1, 1, 1, 'uint16', '{"file_origin": "/data/x.tif"}', 2);
  insert into frames (id, channel_idx, slice_idx, time_idx, pos_idx, channel_name, file_name, metadata_json, frames_global_id)
    select n + 1, n / 3, n % 3, 0, 0, null, 'im_c00' || n / 3 || '_z00' || n % 3 || '_t000_p000.png', jsonb_build_object('page', n), 1
    from generate_series(0, 5) n;
  select setval('data_set_id_seq', 2), setval('frames_id_seq', 6);`;

describe.each(SERVERS)("taking over an older catalogue on $name", ({ absent, start }) => {
  if (absent) {
    it("runs the same tests", (context) => context.skip(absent));
    return;
  }
  let server: TestServer;
  beforeAll(async () => {
    server = await start();
  });
  afterAll(() => server?.stop());

  async function withTables<T>(tables: string, work: (database: Database, url: string) => Promise<T>): Promise<T> {
    const url = await server.makeDatabase();
    await query(url, tables);
    const database = await open(url);
    try {
      await migrate(database);
      return await work(database, url);
    } finally {
      await database.close();
    }
  }
  const rowsOf = (url: string, table: string) => query(url, `select * from emporium_microscopy.${table} order by id`);

  it.each(REVISIONS)("keeps every row and value of one at %s", (revision) => {
    const directory = revision === "8e0d2514fd1f" ? "storage_dir" : "s3_dir";
    const filled = `${tablesAt(revision)}${ROWS}
      update file_global set ${directory} = 'raw_files/TEST-2005-06-09-20-00-00-1000';
      update frames_global set ${directory} = 'raw_frames/FRAMES-2005-06-09-20-00-00-1000';
      ${revision === "818bfb535590" ? "" : "update file_global set sha256 = 'aaa'; update frames set sha256 = 'b' || id;"}
      ${["818bfb535590", "7a7422f19234"].includes(revision) ? "" : "update file_global set file_name = 'named.tif';"}`;
    return withTables(filled, async (database, url) => {
      const report = await adopt(database);
      expect(report).toMatchObject({
        source: "public",
        revision,
        adopted: { data_set: 2, file_global: 1, frames_global: 1, frames: 6 },
        leftOver: [],
        before: 0,
      });
      expect(await rowsOf(url, "data_set")).toMatchObject([
        { id: 1, dataset_serial: "TEST-2005-06-09-20-00-00-1000", description: "Testing", frames: false, parent_id: null },
        { id: 2, dataset_serial: "FRAMES-2005-06-09-20-00-00-1000", description: null, frames: true, parent_id: 1 },
      ]);
      const old = REVISIONS.indexOf(revision);
      expect(await rowsOf(url, "file_global")).toMatchObject([
        {
          dataset_id: 1,
          storage_dir: "raw_files/TEST-2005-06-09-20-00-00-1000",
          file_name: old < 2 ? "A1_2_PROTEIN_test.tif" : "named.tif",
          sha256: old < 1 ? null : "aaa",
          metadata_json: { file_origin: "/data/A1_2_PROTEIN_test.tif" },
        },
      ]);
      expect(await rowsOf(url, "frames_global")).toMatchObject([
        {
          dataset_id: 2,
          nbr_frames: 6,
          im_width: 15,
          bit_depth: "uint16",
          storage_dir: "raw_frames/FRAMES-2005-06-09-20-00-00-1000",
        },
      ]);
      expect(await rowsOf(url, "frames")).toMatchObject(
        [0, 1, 2, 3, 4, 5].map((n) => ({
          id: String(n + 1),
          frames_global_id: 1,
          channel_idx: Math.trunc(n / 3),
          slice_idx: n % 3,
          file_name: `im_c00${Math.trunc(n / 3)}_z00${n % 3}_t000_p000.png`,
          sha256: old < 1 ? null : `b${n + 1}`,
          metadata_json: { page: n },
        })),
      );
      // the old tables are as they were, and new rows of ours do not meet old ids
      expect(await query(url, "select count(*)::int as n from public.frames")).toEqual([{ n: 6 }]);
      expect(await query(url, "select nextval('emporium_microscopy.data_set_id_seq')::int as n")).toEqual([{ n: 3 }]);
    });
  });

  it("makes the folders that the last change dropped from the serials, and says so", () =>
    withTables(tablesAt("8e0d2514fd1f") + ROWS, async (database, url) => {
      const report = await adopt(database);
      expect(report?.derived).toEqual([
        { what: "file_name from file_origin", rows: 1 },
        { what: "storage_dir from the serial", rows: 2 },
      ]);
      expect(await query(url, "select storage_dir from emporium_microscopy.frames_global")).toEqual([
        { storage_dir: "raw_frames/FRAMES-2005-06-09-20-00-00-1000" },
      ]);
    }));

  it("knows tables that were made at once, without a chain", () =>
    withTables(tablesAt("8e0d2514fd1f", false) + ROWS, async (database) => {
      expect(await adopt(database)).toMatchObject({ revision: undefined, adopted: { frames: 6 } });
    }));

  it("leaves alone what is none: no tables, others of these names, a part of them", async () => {
    await withTables("select 1", async (database) => expect(await adopt(database)).toBeUndefined());
    await withTables("create table frames (id int, picture text)", async (database) =>
      expect(await adopt(database)).toBeUndefined(),
    );
    await withTables(`${BASELINE}; drop table frames`, async (database) => {
      await expect(adopt(database)).rejects.toMatchObject({
        code: "DATABASE_FAILED",
        message: expect.stringContaining("no table frames"),
      });
    });
  });

  it("takes what has come since when it is run again, and nothing twice", () =>
    withTables(tablesAt("8e0d2514fd1f") + ROWS, async (database, url) => {
      await adopt(database);
      expect(await adopt(database)).toMatchObject({ adopted: { data_set: 0, frames: 0 }, before: 2, leftOver: [] });
      await query(
        url,
        `insert into data_set values (3, 'ML-2019-01-01-00-00-00-0001', null, null, false, '2019-01-01', 2);
         insert into file_global (id, dataset_id, file_name, metadata_json) values (2, 3, 'late.lif', '{}');`,
      );
      expect(await adopt(database)).toMatchObject({ adopted: { data_set: 1, file_global: 1, frames: 0 }, before: 2 });
      expect(await query(url, "select id, parent_id from emporium_microscopy.data_set where id = 3")).toEqual([
        { id: 3, parent_id: 2 },
      ]);
      expect(await query(url, "select count(*)::int as n from emporium.adoption")).toEqual([{ n: 2 }]);
    }));

  it("moves ids up where our own data sets have them, with all that refers to them", () =>
    withTables(tablesAt("8e0d2514fd1f") + ROWS, async (database, url) => {
      await query(
        url,
        `begin; insert into emporium_microscopy.data_set values (1, 'OURS-2020-01-01-00-00-00-0001', null, null, true, '2020-01-01');
         insert into emporium_microscopy.frames_global values (1, 1, default, 1, 4, 4, 1, 1, 1, 1, 1, 'uint8', 'x', '{}');
         insert into emporium_microscopy.frames values (3, 1, 0, 0, 0, 0, 'c', 'f.png', null, '{}'); commit`,
      );
      await adopt(database);
      const joined = await query(
        url,
        `select d.dataset_serial, p.dataset_serial as parent, count(f.id)::int as frames from emporium_microscopy.data_set d
         left join emporium_microscopy.data_set p on p.id = d.parent_id
         left join emporium_microscopy.frames_global g on g.dataset_id = d.id left join emporium_microscopy.frames f on f.frames_global_id = g.id
         group by 1, 2 order by 1`,
      );
      expect(joined).toEqual([
        { dataset_serial: "FRAMES-2005-06-09-20-00-00-1000", parent: "TEST-2005-06-09-20-00-00-1000", frames: 6 },
        { dataset_serial: "OURS-2020-01-01-00-00-00-0001", parent: null, frames: 1 },
        { dataset_serial: "TEST-2005-06-09-20-00-00-1000", parent: null, frames: 0 },
      ]);
    }));

  it("loses nothing of rows that break a rule: each is taken or kept whole, with its reason", () =>
    withTables(
      `${tablesAt("8e0d2514fd1f")}${ROWS}
       alter table data_set add owner varchar; alter table frames add focus float;
       update data_set set owner = 'Ada' where id = 1; update frames set focus = 1.5 where id = 2;
       insert into data_set values (10, 'TEST-2005-06-09-20-00-00-1000', 'again', null, false, now(), null),
         (11, 'EMPTY-2006-01-01-00-00-00-0001', null, null, true, '2006-01-01', null),
         (12, 'CHILD-2006-01-01-00-00-00-0002', null, null, false, null, 11),
         (13, null, null, null, false, now(), null),
         (14, 'FLAG-2006-01-01-00-00-00-0004', null, null, true, '2006-01-01', 14),
         (15, 'ODD-2006-02-30-00-00-00-0005', null, null, false, null, null);
       insert into file_global (id, dataset_id, metadata_json) values (10, 10, '{}'), (12, 12, null), (13, 13, '{}'), (14, 14, '{}'),
         (15, 15, '{}'), (16, 14, '{}'), (17, null, '{}');
       insert into frames_global (id, dataset_id, nbr_frames) values (20, 14, 1);
       insert into frames (id, frames_global_id, channel_idx, slice_idx, time_idx, pos_idx, file_name) values
         (20, 1, 0, 0, 0, 0, 'other.png'), (21, 1, 7, null, null, null, 'sparse.png'), (22, 1, 7, null, null, null, 'sparse2.png'),
         (23, 1, null, 0, 0, 0, 'none.png'), (24, null, 0, 0, 0, 0, 'orphan.png'), (25, 1, 8, 0, 0, 0, 'sparse.png'), (26, 20, 0, 0, 0, 0, 'x.png');`,
      async (database, url) => {
        const report = await adopt(database);
        expect(report?.adopted).toEqual({ data_set: 4, file_global: 3, frames_global: 1, frames: 7 });
        expect(report?.leftOver.map(({ table, reason, rows }) => `${table}: ${reason}: ${rows}`).sort()).toEqual([
          "data_set: a parent that has no place: 2",
          "data_set: columns that this catalogue does not have: 1",
          "data_set: has neither a file nor frames: 1",
          "data_set: has no date, and none in its serial: 1",
          "data_set: has no serial: 1",
          "data_set: its serial is that of an earlier one: 1",
          "file_global: belongs to no data set: 1",
          "file_global: its data set has another file: 1",
          "file_global: its data set has no place: 3",
          "frames: belongs to no data set: 1",
          "frames: columns that this catalogue does not have: 1",
          "frames: has no channel index: 1",
          "frames: has the file name of an earlier frame: 1",
          "frames: has the indices of an earlier frame: 2",
          "frames: its data set has no place: 1",
          "frames_global: a count, size or bit depth is missing or impossible: 1",
        ]);
        expect(report?.derived).toEqual(
          expect.arrayContaining([
            { what: "date_time from the serial", rows: 1 },
            { what: "frames from the kind of child", rows: 1 },
          ]),
        );
        const kept = await query(
          url,
          "select source_row from emporium.adopted_left_over where source_table = 'frames' and source_id = 20",
        );
        expect(kept).toMatchObject([{ source_row: { id: 20, file_name: "other.png", frames_global_id: 1, channel_idx: 0 } }]);
        const extra = await query(
          url,
          "select source_row from emporium.adopted_left_over where reason like 'columns%' order by source_table",
        );
        expect(extra.map((row) => row.source_row)).toEqual([
          { id: 1, owner: "Ada" },
          { id: 2, focus: 1.5 },
        ]);
        expect(
          await query(
            url,
            "select date_time::text, metadata_json from emporium_microscopy.data_set d join emporium_microscopy.file_global f on f.dataset_id = d.id where d.id = 12",
          ),
        ).toEqual([{ date_time: "2006-01-01 00:00:00", metadata_json: null }]);
        // what was put aside is not found again
        expect(await adopt(database)).toMatchObject({ adopted: { data_set: 0, file_global: 0, frames: 0 }, leftOver: [] });
      },
    ));

  it("changes nothing when it fails in the middle", () =>
    withTables(tablesAt("8e0d2514fd1f") + ROWS, async (database, url) => {
      await query(
        url,
        `create function stop() returns trigger language plpgsql as $$ begin raise exception 'pulled the plug'; end $$;
         create trigger stop before insert on emporium_microscopy.frames for each row when (new.slice_idx = 2) execute function stop()`,
      );
      await expect(adopt(database)).rejects.toMatchObject({
        code: "DATABASE_FAILED",
        message: expect.stringContaining("pulled the plug"),
      });
      for (const table of [
        "emporium_microscopy.data_set",
        "emporium_microscopy.frames",
        "emporium.adoption",
        "emporium.adopted_data_set",
      ]) {
        expect(await query(url, `select count(*)::int as n from ${table}`), table).toEqual([{ n: 0 }]);
      }
      await query(url, "drop trigger stop on emporium_microscopy.frames");
      expect(await adopt(database)).toMatchObject({ adopted: { frames: 6 } });
    }));
});
