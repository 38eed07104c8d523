import type { Socket } from "node:net";
import { sql } from "kysely";
import pg from "pg";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { Database } from "../../src/catalog/database.js";
import { sqlState } from "../../src/catalog/database-errors.js";
import { ENTITIES } from "../../src/catalog/entities.js";
import { migrate, openCatalog, schemaState } from "../../src/catalog/migrate.js";
import { PORTAL_DEFAULTS } from "../../src/catalog/migrations/0010-portal-defaults.js";
import { MIGRATIONS } from "../../src/catalog/migrations/list.js";
import { PORTAL_TABLES } from "../../src/catalog/migrations/portal-tables-1.js";
import { portalStatements } from "../../src/catalog/portal-ddl.js";
import { lacksRights } from "../../src/catalog/roles.js";
import { catalogStatus } from "../../src/catalog/status.js";
import { allTables, type ColumnDescription } from "../../src/catalog/table-description.js";
import { silentLog } from "../../src/core/log.js";
import { Secret } from "../../src/core/redact.js";
import { open, query, SERVERS, type TestServer } from "./database-kit.js";

const STEPS = Object.keys(MIGRATIONS);

/** Takes what a later migration has set out of the statement that makes the table. */
function withoutDefault(statements: string[], name: string, value: string): void {
  const [table, column] = name.split(".");
  const at = statements.findIndex((statement) => statement.startsWith(`create table emporium_portal.${table} (`));
  const line = new RegExp(`^( {2}${column} \\w+(?: \\w+)?) default ${value}(?=,?$)`, "m");
  expect(statements[at], name).toMatch(line);
  statements[at] = statements[at]!.replace(line, "$1");
}

describe("the frozen statements of the portal's tables", () => {
  it("are those of entities.ts: a change there needs a new migration, and this test its name", () => {
    const made = portalStatements();
    for (const [column, value] of PORTAL_DEFAULTS) withoutDefault(made, column, value);
    expect(made).toEqual(PORTAL_TABLES);
  });
});

describe.each(SERVERS)("the schema on $name", ({ absent, start }) => {
  if (absent) {
    it("runs the same tests", (context) => context.skip(absent));
    return;
  }
  let server: TestServer;
  beforeAll(async () => {
    server = await start();
  });
  afterAll(() => server?.stop());

  async function withDatabase<T>(work: (database: Database, url: string) => Promise<T>): Promise<T> {
    const url = await server.makeDatabase();
    const database = await open(url);
    try {
      return await work(database, url);
    } finally {
      await database.close();
    }
  }

  it("is made, found complete the second time, undone and made again", () =>
    withDatabase(async (database) => {
      expect(await schemaState(database)).toEqual({ applied: [], pending: STEPS, unknown: [] });
      expect(await migrate(database)).toEqual({ applied: STEPS, version: STEPS.at(-1), roles: "granted" });
      expect(await migrate(database)).toEqual({ applied: [], version: STEPS.at(-1), roles: "granted" });
      await migrate(database, { to: "" });
      const left = await sql`select nspname from pg_namespace where nspname like 'emporium\\_%'`.execute(database.db);
      expect(left.rows).toEqual([]);
      expect((await migrate(database, { to: STEPS[0] })).applied).toEqual([STEPS[0]]);
      expect((await schemaState(database)).pending).toEqual(STEPS.slice(1));
      expect((await migrate(database)).applied).toEqual(STEPS.slice(1));
    }));

  it("is made once by five that come at the same moment", () =>
    withDatabase(async (_, url) => {
      const all = await Promise.all([1, 2, 3, 4, 5].map(() => open(url)));
      const reports = await Promise.all(all.map((database) => migrate(database)));
      expect(reports.flatMap(({ applied }) => applied)).toEqual(STEPS);
      await Promise.all(all.map((database) => database.close()));
    }));

  it("is whole or not there: a step that fails takes those before it along", () =>
    withDatabase(async (database, url) => {
      await query(url, "create schema emporium_portal");
      await expect(migrate(database)).rejects.toMatchObject({
        code: "DATABASE_FAILED",
        message: expect.stringContaining("step 0002-portal of the schema"),
      });
      expect((await schemaState(database)).applied).toEqual([]);
      expect(await query(url, "select 1 from pg_namespace where nspname = 'emporium_microscopy'")).toEqual([]);
    }));

  it("seam 25: is whole or not there, with the roles' rights, at whatever statement its maker is killed", async () => {
    const statements = await withDatabase((database) => killedAt(Number.POSITIVE_INFINITY, () => migrate(database)));
    for (const cut of [5, 9, 40, statements - 20, statements - 2, statements]) {
      const url = await server.makeDatabase();
      const [victim, reader] = [await open(url), await open(url, "reader")];
      await expect(killedAt(cut, () => migrate(victim))).rejects.toMatchObject({ code: "DATABASE_UNAVAILABLE" });
      const schemas = await sql`select nspname from pg_namespace where nspname ~ '^emporium'`.execute(reader.db);
      expect(schemas.rows, `killed at statement ${cut}`).toEqual([]);
      expect(await schemaState(reader)).toMatchObject({ applied: [] });
      await victim.close();
      await reader.close();
    }
  });

  it("seam 25: a database whose roles were left without rights is mended by the next command on it", () =>
    withDatabase(async (database, url) => {
      await migrate(database);
      await query(
        url,
        `revoke all on schema emporium from emporium_writer, emporium_reader;
        revoke insert on all tables in schema emporium_portal from emporium_writer`,
      );
      expect(await lacksRights(database.db)).toBe(true);
      await migrate(database);
      expect(await lacksRights(database.db)).toBe(false);
    }));

  it("of a newer version is refused, and one that lacks steps names the command", () =>
    withDatabase(async (database, url) => {
      const catalog = () =>
        openCatalog({
          url: new Secret(url),
          workspace: ".",
          role: "writer",
          purpose: "test",
          log: silentLog,
        });
      await expect(catalog()).rejects.toMatchObject({
        code: "DATABASE_VERSION",
        facts: { hint: expect.stringContaining("catalog migrate") },
      });
      await migrate(database);
      await query(url, "insert into emporium.migration values ('9999-future', '2030-01-01')");
      for (const attempt of [() => migrate(database), catalog]) {
        await expect(attempt()).rejects.toMatchObject({
          code: "DATABASE_VERSION",
          message: expect.stringContaining("9999-future"),
        });
      }
    }));

  describe("once made", () => {
    let url: string;
    let database: Database;
    beforeAll(async () => {
      url = await server.makeDatabase();
      database = await open(url);
      await migrate(database);
    });
    afterAll(() => database?.close());

    it("is what the descriptions say, column by column", async () => {
      const described = allTables().flatMap(({ schema, name, columns }) =>
        columns.map((column) => ({ table: `${schema}.${name}`, ...comparable(column) })),
      );
      const found = await columnsOf(url);
      expect(found).toEqual(described);
    });

    it("has the unique rules that the descriptions say", async () => {
      const described = allTables().flatMap(({ schema, name, unique }) =>
        unique.map((columns) => `${schema}.${name}: ${columns.join(", ")}`),
      );
      const rows = await query(
        url,
        `select i.indrelid::regclass::text || ': ' || (select string_agg(a.attname, ', ' order by k.at) from unnest(i.indkey) with ordinality k(number, at)
           join pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.number) as rule
         from pg_index i join pg_class c on c.oid = i.indrelid join pg_namespace n on n.oid = c.relnamespace
         where i.indisunique and not i.indisprimary and n.nspname in ('emporium_microscopy', 'emporium_portal')`,
      );
      expect(rows.map(({ rule }) => rule).sort()).toEqual(described.sort());
    });

    it("has an index on every foreign key", async () => {
      const bare = await query(
        url,
        `select c.conrelid::regclass::text as "table", c.conname from pg_constraint c join pg_namespace n on n.oid = c.connamespace
         where c.contype = 'f' and n.nspname like 'emporium%' and not exists
           (select from pg_index i where i.indrelid = c.conrelid and i.indkey[0] = c.conkey[1])`,
      );
      expect(bare.filter(({ table }) => !/adopted_/.test(String(table)))).toEqual([]);
    });

    it("gives the writer rows and no tables, and the reader nothing but a look", async () => {
      const [writer, reader] = await Promise.all([open(url, "writer"), open(url, "reader")]);
      await sql`insert into emporium_portal.dataset_funding (grant_id) values ('G1')`.execute(writer.db);
      for (const text of ["drop table emporium_portal.run", "alter table emporium_portal.run add column x int"]) {
        await expect(sql.raw(text).execute(writer.db)).rejects.toMatchObject({ code: "DATABASE_DENIED" });
      }
      expect((await sql`select grant_id from emporium_portal.dataset_funding`.execute(reader.db)).rows).toEqual([
        { grant_id: "G1" },
      ]);
      for (const text of [
        "delete from emporium_portal.dataset_funding",
        "create table x (i int)",
        "select nextval('emporium_portal.run_id_seq')",
      ]) {
        await expect(sql.raw(text).execute(reader.db)).rejects.toMatchObject({ code: "DATABASE_DENIED" });
      }
      await sql`delete from emporium_portal.dataset_funding`.execute(writer.db);
      await Promise.all([writer.close(), reader.close()]);
    });

    it("reads moments as the API writes them, counts as numbers and JSON as it is", async () => {
      const { rows } =
        await sql`select '2024-03-01 01:02:03+01'::timestamptz as zoned, '2024-03-01 01:02:03.123456'::timestamptz as micro,
        '2018-06-08 15:45:00'::timestamp as local, '2018-06-08'::date as day, count(*) as count, 0.1::float8 + 0.2::float8 as float,
        '[[1, 2.5]]'::jsonb as json, 1::bigint << 40 as big`.execute(database.db);
      expect(rows).toEqual([
        {
          zoned: "2024-03-01T00:02:03+00:00",
          micro: "2024-03-01T01:02:03.123456+00:00",
          local: "2018-06-08T15:45:00",
          day: "2018-06-08",
          count: 1,
          float: 0.1 + 0.2,
          json: [[1, 2.5]],
          big: 2 ** 40,
        },
      ]);
    });

    it("ends a statement that takes too long, and says what a session that is cut off means", async () => {
      const hasty = await open(url, "reader", { statementTimeoutMs: 50 });
      await expect(sql`select pg_sleep(20)`.execute(hasty.db)).rejects.toMatchObject({ code: "DATABASE_TIMEOUT" });
      const cut = hasty.db.connection().execute(async (session) => {
        const { rows } = await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(session);
        await query(url, `select pg_terminate_backend(${rows[0]!.pid})`);
        return await sql`select 1`.execute(session);
      });
      await expect(cut).rejects.toMatchObject({ code: "DATABASE_UNAVAILABLE", facts: { retry: "later" } });
      expect((await sql`select 1 as one`.execute(hasty.db)).rows).toEqual([{ one: 1 }]);
      await hasty.close();
    });

    it("deletes with a portal row whatever belongs to it, and nothing else", async () => {
      for (const [victim, left] of [
        ["run", ["dataset", "dataset_author", "dataset_funding", "deposition", "deposition_author", "deposition_type"]],
        ["deposition", []],
      ] as const) {
        await fillPortal(url);
        expect(await filled(url)).toEqual(ENTITIES.map(({ table }) => table).sort());
        await query(url, `delete from emporium_portal.${victim}`);
        expect(await filled(url)).toEqual(left);
        await query(url, "truncate emporium_portal.deposition cascade");
      }
    });

    it("refuses words that no enum has, and what must not be null", async () => {
      await expect(
        sql`insert into emporium_portal.deposition_type (type) values ('x')`.execute(database.db),
      ).rejects.toMatchObject({
        code: "DATABASE_CONFLICT",
      });
      await query(url, "insert into emporium_portal.deposition values (1, 't', 'd', null, null, null, now(), now(), now())");
      const word = sql`insert into emporium_portal.deposition_type (deposition_id, type) values (1, 'model')`.execute(
        database.db,
      );
      expect(sqlState(await word.catch((error: unknown) => error))).toBe("23514");
      await query(url, "truncate emporium_portal.deposition cascade");
    });

    describe("of the microscopy catalogue", () => {
      const SERIAL = "ISP-2018-06-08-15-45-00-0001";
      const dataSet = (id: number, frames: boolean, serial = `ISP-2018-06-08-15-45-00-${String(id).padStart(4, "0")}`) =>
        `insert into emporium_microscopy.data_set (id, dataset_serial, frames, date_time) values (${id}, '${serial}', ${frames}, '2018-06-08');`;
      const file = (id: number) =>
        `insert into emporium_microscopy.file_global (dataset_id, storage_dir, metadata_json) values (${id}, 'raw_files/x', '{}');`;
      const frames = (id: number) =>
        `insert into emporium_microscopy.frames_global (id, dataset_id, nbr_frames, im_width, im_height, nbr_slices, nbr_channels, im_colors,
          nbr_timepoints, nbr_positions, bit_depth, storage_dir, metadata_json) values (${id}, ${id}, 1, 4, 3, 1, 1, 1, 1, 1, 'uint8', 'x', '{}');`;
      const frame = (id: number, indices: string, name: string) =>
        `insert into emporium_microscopy.frames (frames_global_id, channel_idx, slice_idx, time_idx, pos_idx, file_name, metadata_json)
          values (${id}, ${indices}, '${name}', '{"Channel": "GFP"}');`;
      /** What PostgreSQL says of statements that are taken together or not at all. */
      const said = (text: string) =>
        query(url, `begin; ${text} commit`).then(
          () => "taken",
          (error: unknown) => sqlState(error),
        );
      const [UNIQUE, FOREIGN, CHECK, MISSING] = ["23505", "23503", "23514", "23502"];

      afterEach(() => query(url, "truncate emporium_microscopy.data_set cascade"));

      it("takes a data set with the child that it names, and no other", async () => {
        expect(await said(dataSet(1, false) + file(1))).toBe("taken");
        expect(await said(dataSet(2, true) + frames(2) + frame(2, "0, 0, 0, 0", "a.png"))).toBe("taken");
        expect(await said(dataSet(3, true))).toBe(CHECK);
        expect(await said(dataSet(3, true) + file(3))).toBe(FOREIGN);
        expect(await said(dataSet(3, false) + frames(3))).toBe(FOREIGN);
        expect(await said(file(1))).toBe(UNIQUE);
        expect(await said(file(99))).toBe(FOREIGN);
        expect(await said("delete from emporium_microscopy.file_global;")).toBe(CHECK);
        expect(await said("update emporium_microscopy.data_set set frames = true where id = 1;")).toBe(FOREIGN);
        expect(
          await said("delete from emporium_microscopy.file_global; delete from emporium_microscopy.data_set where id = 1;"),
        ).toBe("taken");
      });

      it("takes a serial once, a frame once, and parents that exist", async () => {
        expect(await said(dataSet(1, false, SERIAL) + file(1))).toBe("taken");
        expect(await said(dataSet(2, false, SERIAL) + file(2))).toBe(UNIQUE);
        expect(await said(dataSet(2, false, "") + file(2))).toBe(CHECK);
        expect(await said(dataSet(2, true) + frames(2) + frame(2, "0, 0, 0, 0", "a.png"))).toBe("taken");
        expect(await said(frame(2, "0, 0, 0, 0", "b.png"))).toBe(UNIQUE);
        expect(await said(frame(2, "0, 1, 0, 0", "a.png"))).toBe(UNIQUE);
        expect(await said(frame(2, "0, null, null, null", "c.png"))).toBe("taken");
        expect(await said(frame(2, "0, null, null, null", "d.png"))).toBe(UNIQUE);
        expect(await said(frame(2, "null, 0, 0, 0", "e.png"))).toBe(MISSING);
        const parent = (id: number) => `update emporium_microscopy.data_set set parent_id = ${id} where id = 2;`;
        expect(await said(parent(99))).toBe(FOREIGN);
        expect(await said(parent(2))).toBe(CHECK);
        expect(await said(parent(1))).toBe("taken");
        expect(await said("delete from emporium_microscopy.data_set where id = 1;")).toBe(FOREIGN);
      });

      it("loses with a data set its file or its frames", async () => {
        await said(dataSet(1, false) + file(1) + dataSet(2, true) + frames(2) + frame(2, "0, 0, 0, 0", "a.png"));
        await query(url, "delete from emporium_microscopy.data_set");
        for (const table of ["file_global", "frames_global", "frames"]) {
          expect(await query(url, `select 1 from emporium_microscopy.${table}`), table).toEqual([]);
        }
      });

      it("finds frames by their metadata through an index", async () => {
        await said(`${dataSet(1, true)}${frames(1)} insert into emporium_microscopy.frames (frames_global_id, channel_idx, slice_idx, file_name, metadata_json)
          select 1, 0, n, n || '.png', jsonb_build_object('z', n) from generate_series(1, 20000) n;`);
        await query(url, "analyze emporium_microscopy.frames");
        const plan = await query(url, `explain select id from emporium_microscopy.frames where metadata_json @> '{"z": 77}'`);
        expect(JSON.stringify(plan)).toContain("frames_metadata_json_idx");
      });
    });

    it("is told by status, table by table", async () => {
      const status = await catalogStatus(database);
      expect(status.schema.pending).toEqual([]);
      expect(status.roles).toEqual(["emporium_writer", "emporium_reader"]);
      const names = status.tables.map(({ schema, name }) => `${schema}.${name}`);
      expect(names).toEqual(expect.arrayContaining(allTables().map(({ schema, name }) => `${schema}.${name}`)));
      expect(status.tables.every(({ rows, estimated }) => rows === 0 && !estimated)).toBe(true);
      expect(JSON.stringify(status)).not.toMatch(/password of the test/);
    });
  });
});

/** Does work in one database whose session breaks as the statement of that number is sent. @returns how many were sent. */
async function killedAt(number: number, work: () => Promise<unknown>): Promise<number> {
  const original = pg.Client.prototype.query;
  let sent = 0;
  const query = function (this: pg.Client & { connection: { stream: Socket } }, ...args: unknown[]): unknown {
    if (++sent === number) this.connection.stream.destroy();
    return Reflect.apply(original, this, args);
  };
  pg.Client.prototype.query = query as typeof original;
  try {
    await work();
  } finally {
    pg.Client.prototype.query = original;
  }
  return sent;
}

interface Comparable {
  name: string;
  type: string;
  required: boolean;
  references: string | null;
  identity: boolean;
  index: string | null;
  values: string[] | null;
  default: string | null;
}

function comparable({
  name,
  type,
  required,
  references,
  identity,
  indexed,
  values,
  default: value,
}: ColumnDescription): Comparable {
  return {
    name,
    type,
    required,
    references: references ? `${references.table} ${references.onDelete}` : null,
    identity: identity ?? false,
    index: indexed ?? null,
    values: values ? [...values] : null,
    default: value ?? null,
  };
}

/** Columns as the database has them, from its own catalogue. Indexes are those of one column that are no key. */
async function columnsOf(url: string): Promise<(Comparable & { table: string })[]> {
  const rows = await query(
    url,
    `select n.nspname || '.' || c.relname as "table", a.attname as name, format_type(a.atttypid, a.atttypmod) as type, a.attnotnull as required,
      (select f.confrelid::regclass::text || case f.confdeltype when 'c' then ' cascade' when 'a' then ' no action' else ' other' end
        from pg_constraint f where f.conrelid = c.oid and f.contype = 'f' and f.conkey[1] = a.attnum) as references,
      a.attidentity <> '' as identity,
      (select m.amname from pg_index i join pg_class x on x.oid = i.indexrelid join pg_am m on m.oid = x.relam
        where i.indrelid = c.oid and not i.indisunique and i.indnatts = 1 and i.indkey[0] = a.attnum) as index,
      (select array_agg(v[1] order by at) from pg_constraint k, regexp_matches(pg_get_constraintdef(k.oid), '''([^'']+)''::text', 'g') with ordinality t(v, at)
        where k.conrelid = c.oid and k.contype = 'c' and k.conkey = array[a.attnum] and pg_get_constraintdef(k.oid) like '%ANY%') as values,
      case when a.attgenerated = '' then pg_get_expr(d.adbin, d.adrelid) end as default
    from pg_class c join pg_namespace n on n.oid = c.relnamespace join pg_attribute a on a.attrelid = c.oid
    left join pg_attrdef d on d.adrelid = c.oid and d.adnum = a.attnum
    where n.nspname in ('emporium_microscopy', 'emporium_portal') and c.relkind = 'r' and a.attnum > 0
    order by n.nspname, c.oid, a.attnum`,
  );
  return (rows as unknown as (Comparable & { table: string })[]).map((row) => ({
    ...row,
    references: row.references?.replace(/^emporium_\w+\./, "") ?? null,
  }));
}

/** One row in every table of the portal. */
async function fillPortal(url: string): Promise<void> {
  const value = (type: string, values: readonly string[] | undefined) => {
    if (values) return `'${values[0]}'`;
    if (type === "jsonb") return "'[[1]]'";
    return type === "timestamp with time zone" ? "now()" : type === "text" ? "'x'" : type === "boolean" ? "true" : "1";
  };
  for (const { schema, name, columns } of allTables().filter(({ schema }) => schema === "emporium_portal")) {
    const values = columns.map(({ type, values }) => value(type, values));
    await query(
      url,
      `insert into ${schema}.${name} (${columns.map((column) => column.name).join(", ")}) values (${values.join(", ")})`,
    );
  }
}

async function filled(url: string): Promise<string[]> {
  const counts = ENTITIES.map(({ table }) => `select '${table}' as name, count(*)::int as rows from emporium_portal.${table}`);
  const rows = await query(url, counts.join(" union all "));
  return rows
    .filter(({ rows: count }) => count === 1)
    .map(({ name }) => String(name))
    .sort();
}
