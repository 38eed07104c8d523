import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { clusterFolder } from "../../src/catalog/embedded/cluster.js";
import { MIGRATIONS } from "../../src/catalog/migrations/list.js";
import { allTables } from "../../src/catalog/table-description.js";
import { emporium } from "./cli-host.js";
import { query, SERVERS, type TestServer } from "./database-kit.js";

const STEPS = Object.keys(MIGRATIONS);
const folder = mkdtempSync(join(tmpdir(), "emporium-catalog-cli-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("catalog init, migrate and status in a workspace", () => {
  const workspace = join(folder, "workspace");
  const run = (...words: string[]) => emporium(["catalog", ...words, "--workspace", workspace]);

  it("look without making anything", async () => {
    const { status, out } = await run("status");
    expect([status, out]).toEqual([0, `no database in the workspace ${workspace} yet; emporium catalog init creates one\n`]);
    expect(existsSync(workspace)).toBe(false);
    expect(JSON.parse((await run("status", "--json")).out)).toMatchObject({ server: null, tables: [], errors: [] });
  });

  it.each([
    ["query"],
    ["query", "--id", "CELLS-2024-05-17-10-30-00-0001"],
    ["verify", "--storage", folder],
    ["download", "--id", "CELLS-2024-05-17-10-30-00-0001", "--dest", join(folder, "dest"), "--storage", folder],
  ])("seam 26: a question is answered by no empty database: catalog %s %s", async (...words) => {
    const { status, out, err } = await run(...words);
    expect([status, out]).toEqual([1, ""]);
    expect(err).toContain(`error[DATABASE_ABSENT]: there is no database in the workspace ${workspace}\n`);
    expect([existsSync(workspace), existsSync(join(folder, "dest"))]).toEqual([false, false]);
  });

  it("seam 26: nor is a portal served without a database where nothing may be imported", async () => {
    const tree = join(folder, "tree");
    mkdirSync(join(tree, "10001"), { recursive: true });
    writeFileSync(join(tree, "10001/dataset_metadata.json"), "{}");
    const { status, err } = await emporium(["serve", tree, "--no-import", "--port", "0", "--workspace", workspace]);
    expect([status, err]).toEqual([1, expect.stringContaining("error[DATABASE_ABSENT]")]);
    expect(existsSync(workspace)).toBe(false);
  });

  it("make the embedded database, find it made, and tell of it", async () => {
    const made = await run("init", "--json");
    expect(made.status).toBe(0);
    expect(JSON.parse(made.out)).toMatchObject({
      server: { kind: "embedded" },
      applied: STEPS,
      version: STEPS.at(-1),
      errors: [],
    });
    expect((await run("init")).out).toContain(`tables at ${STEPS.at(-1)}, nothing to do`);
    expect((await run("migrate")).out).toBe(`${clusterFolder(workspace)}: at ${STEPS.at(-1)}, nothing to do\n`);
    const { out } = await run("status");
    expect(out).toMatch(/^server {4}embedded PostgreSQL 18\.\d+, /);
    expect(out).toContain(join(clusterFolder(workspace), "data"));
    const status = JSON.parse((await run("status", "--json")).out);
    expect(status.tables.map(({ schema, name }: Record<string, string>) => `${schema}.${name}`)).toEqual(
      expect.arrayContaining(allTables().map(({ schema, name }) => `${schema}.${name}`)),
    );
    // seam 26: those that hold something
    expect(out.match(/^ {2}\S.*$/gm)).toEqual([`  all ${status.tables.length} tables are empty`]);
    expect(status).toMatchObject({
      schema: { applied: STEPS, pending: [], unknown: [] },
      roles: ["emporium_writer", "emporium_reader"],
    });
    expect(status.tables).toContainEqual({
      schema: "emporium_portal",
      name: "run",
      rows: 0,
      estimated: false,
      bytes: expect.any(Number),
    });
    expect(existsSync(join(clusterFolder(workspace), "data", "postmaster.pid"))).toBe(false);
  });
});

describe("the choice of a server", () => {
  it.each([
    ["postgres://127.0.0.1:1/images", "postgresql://127.0.0.1:1/images"],
    ["postgresql://ada@127.0.0.1:1/images", "postgresql://ada@127.0.0.1:1/images"],
    ["postgres://ada:canary@127.0.0.1:1/images", "postgresql://ada@127.0.0.1:1/images"],
    ["postgres:///images?host=/none/of%20these", "postgresql:///none/of these/images"],
  ])("seam 26: hides passwords and nothing else: %s", async (url, shown) => {
    const { status, err } = await emporium(["catalog", "query"], { env: { EMPORIUM_DATABASE_URL: url } });
    expect([status, /\[secret\]|canary/.test(err)]).toEqual([1, false]);
    expect(err).toContain(`  at ${shown}\n`);
    const word = await emporium(["catalog", "query", "--database", "postgres"]);
    expect([word.status, word.err]).toEqual([2, expect.stringContaining("hint: postgres://USER@HOST:5432/DATABASE")]);
  });

  it("that is none ends with 2 or 1, a place, and no secret", async () => {
    const unreachable = "postgres://ada:canary-word@127.0.0.1:1/images";
    const given = await emporium(["catalog", "status", "--database", unreachable, "--verbose"]);
    expect(given.status).toBe(1);
    expect(given.err).toContain("warning: --database contains a password");
    expect(given.err).toMatch(
      /error\[DATABASE_UNAVAILABLE\]: the connection is refused: no server listens there \(ECONNREFUSED\)\n {2}at postgresql:\/\/ada@127\.0\.0\.1:1\/images\n/,
    );
    const quiet = await emporium(["catalog", "status", "--json"], { env: { EMPORIUM_DATABASE_URL: unreachable } });
    expect(quiet.status).toBe(1);
    expect(quiet.err).not.toContain("warning");
    expect(JSON.parse(quiet.out).errors).toMatchObject([
      { code: "DATABASE_UNAVAILABLE", url: "postgresql://ada@127.0.0.1:1/images" },
    ]);
    const login = join(folder, "login.json");
    writeFileSync(
      login,
      '{"drivername": "postgres", "username": "a", "password": "canary-word", "host": "h", "port": "5433", "dbname": "d"}',
    );
    const wrong = await emporium(["catalog", "status", "--login", login]);
    expect(wrong.status).toBe(2);
    expect(wrong.err).toContain("error[CONFIG_FIELD]: port: expected a port number, found a string");
    const both = await emporium(["catalog", "migrate", "--login", login, "--database", unreachable]);
    expect([both.status, both.err]).toEqual([2, expect.stringContaining("error[USAGE]")]);
    for (const { out, err } of [given, quiet, wrong, both]) expect(out + err).not.toContain("canary");
  });
});

describe.each(SERVERS)("catalog migrate on $name", ({ absent, start }) => {
  if (absent) {
    it("runs the same tests", (context) => context.skip(absent));
    return;
  }
  let server: TestServer;
  beforeAll(async () => {
    server = await start();
  });
  afterAll(() => server?.stop());

  it("makes the tables, takes an older catalogue over, and says what of it", async () => {
    const url = await server.makeDatabase();
    await query(
      url,
      `create table data_set (id serial primary key, dataset_serial varchar, description varchar, microscope varchar, frames boolean, date_time timestamp, parent_id int);
       create table file_global (id serial primary key, storage_dir varchar, file_name varchar, metadata_json jsonb, dataset_id int, sha256 varchar);
       create table frames_global (id serial primary key, nbr_frames int, im_width int, im_height int, nbr_slices int, nbr_channels int, im_colors int,
         nbr_timepoints int, nbr_positions int, bit_depth varchar, storage_dir varchar, metadata_json jsonb, dataset_id int);
       create table frames (id serial primary key, channel_idx int, slice_idx int, time_idx int, pos_idx int, channel_name varchar, file_name varchar,
         sha256 varchar, metadata_json jsonb, frames_global_id int);
       insert into data_set values (1, 'ISP-2005-01-01-01-00-00-0001', null, 'm', false, '2005-01-01'), (2, 'BARE-2005-01-01-01-00-00-0001', null, 'm', false, '2005-01-01');
       insert into file_global values (1, 'raw_files/x', 'x.lif', '{}', 1, 'abc');`,
    );
    const env = { EMPORIUM_DATABASE_URL: url };
    const skipped = await emporium(["catalog", "migrate", "--no-adopt", "--json"], { env });
    expect(JSON.parse(skipped.out)).toMatchObject({ applied: STEPS, adopted: null, roles: "granted" });
    const { status, out } = await emporium(["catalog", "migrate"], { env });
    expect(status).toBe(0);
    expect(out.split("\n").slice(1)).toEqual([
      "taken over from public: 1 data_set, 1 file_global, 0 frames_global, 0 frames",
      "  left over of data_set, has neither a file nor frames: 1 (kept in emporium.adopted_left_over)",
      "",
    ]);
    const told = await emporium(["catalog", "status", "--json"], { env });
    expect(JSON.parse(told.out).tables).toContainEqual(expect.objectContaining({ name: "file_global", rows: 1 }));
    expect(told.out).not.toMatch(/password of the test|dataFolder/);
  });
});
