import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { generateLab } from "../../examples/lab/generate.mjs";
import { tree } from "../peers/cluster-kit.js";
import { emporium } from "../peers/environment.js";
import { exactRows, namedRows } from "./catalog-dump.mjs";
import { killOnce, locksIn, playedCluster } from "./cluster-stations-kit.js";
import { query, SERVERS, type TestServer } from "./database-kit.js";

const { absent, start } = SERVERS[1]!;
if (absent) console.warn(`skipped: ${absent}`);

/** The jobs of a cluster import as one process does: the same rows and the same report. */
describe.skipIf(absent !== undefined)("catalog import on a cluster (34.32)", { timeout: 240_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), "emporium-import-"));
  const lab = join(folder, "lab");
  const workspace = ["--workspace", join(folder, "work")];
  const home = join(folder, "work/import");
  const pgpass = join(folder, "pgpass");
  const driven = ["--executor", "sge", "--driver", "here"];
  let server: TestServer;

  beforeAll(async () => {
    server = await start();
    await generateLab({ out: join(folder, "input"), deposits: ["imod", "sim"], runs: 4, shape: [8, 32, 24] });
    for (const name of ["imod", "sim"]) {
      const words = [
        "ingest",
        "run",
        join(folder, `input/${name}.yaml`),
        join(folder, "input/input"),
        lab,
        "--import-everything",
      ];
      expect((await emporium([...words, ...workspace, "-q"])).status).toBe(0);
    }
  }, 240_000);
  afterAll(async () => {
    await server?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  /** A database with tables and no rows: its address without the password, which is in a file. */
  async function database(): Promise<{ url: string; bare: string; env: NodeJS.ProcessEnv }> {
    const url = await server.makeCatalog();
    const { password, searchParams, port } = new URL(url);
    const bare = url.replace(/:[^:@/]*@/, "@");
    const secret = decodeURIComponent(password).replace(/[\\:]/g, "\\$&");
    const host = searchParams.get("host")!.replace(/[\\:]/g, "\\$&");
    writeFileSync(pgpass, `${host}:${port}:*:*:${secret}\nlocalhost:${port}:*:*:${secret}\n`, { mode: 0o600 });
    return { url, bare, env: { PGPASSFILE: pgpass } };
  }
  async function dumped<T>(url: string, dump: (client: pg.Client) => Promise<T>): Promise<T> {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    return dump(client).finally(() => client.end());
  }
  const words = (place: string, url: string) => ["catalog", "import", place, "--database", url, ...workspace];
  const report = (text: string) => {
    const { seconds, database: _, errors, ...rest } = JSON.parse(text);
    const sorted = errors.map((error: unknown) => JSON.stringify(error)).sort();
    return { ...rest, errors: sorted, seconds: typeof seconds };
  };
  const edit = (place: string, key: string, change: (value: Record<string, unknown>) => void) => {
    const value = JSON.parse(readFileSync(join(place, key), "utf8"));
    change(value);
    writeFileSync(join(place, key), JSON.stringify(value));
  };
  const documents = (place: string, pattern: RegExp) => [...tree(place).keys()].filter((key) => pattern.test(key)).sort();

  /** The same tree by one process and by a cluster with one job at a time, again and again. */
  async function both(name: string, places: readonly string[], flags: readonly string[], status: number) {
    const [one, other] = [await database(), await database()];
    const cluster = playedCluster(join(folder, `cluster-${name}`));
    for (const place of places) {
      const here = await emporium([...words(place, one.bare), ...flags, "--jobs", "1", "--json"], one.env);
      expect([here.status, here.stderr.includes("INTERNAL")], here.stderr).toEqual([status, false]);
      const there = await emporium([...words(place, other.bare), ...flags, ...driven, "--slots", "1", "--json"], {
        ...cluster.env,
        ...other.env,
      });
      expect(report(there.stdout), there.stderr).toEqual(report(here.stdout));
      expect(there.status).toBe(status);
    }
    expect(await dumped(other.url, exactRows)).toEqual(await dumped(one.url, exactRows));
    expect(locksIn(home)).toEqual([]);
    return one;
  }

  it("has the rows of one process, numbers included: a new tree, the same again, one with runs that changed and went", async () => {
    const changed = join(folder, "changed");
    cpSync(lab, changed, { recursive: true });
    const [first, ...others] = documents(changed, /^10401\/[^/]+\/run_metadata\.json$/);
    rmSync(join(changed, first!, ".."), { recursive: true });
    cpSync(join(changed, others[0]!, ".."), join(changed, "10401/TS_0900"), { recursive: true });
    edit(changed, "10401/TS_0900/run_metadata.json", (value) => {
      value.run_name = "TS_0900";
    });
    edit(changed, documents(changed, /^10401\/.*tomogram_metadata\.json$/)[0]!, (value) => {
      value.tomogram_version = 7;
    });
    const { url } = await both("again", [lab, lab, changed], ["--replace"], 0);
    expect(await query(url, "select count(*)::int as n from emporium_portal.run")).toEqual([
      { n: documents(changed, /run_metadata\.json$/).length },
    ]);
  });

  it("fails as one process does: a broken document, two folders of one name, a deposition without a document", async () => {
    const broken = join(folder, "broken");
    cpSync(lab, broken, { recursive: true });
    const runs = documents(broken, /^10401\/[^/]+\/run_metadata\.json$/);
    writeFileSync(join(broken, documents(broken, /^10401\/TS_0002\/.*tomogram_metadata\.json$/)[0]!), "{");
    edit(broken, runs[3]!, (value) => {
      value.run_name = "TS_0001";
    });
    const alone = (key: string) => edit(broken, key, (value) => (value.deposition_id = 7));
    for (const run of ["TS_0001", "TS_0003"]) alone(documents(broken, new RegExp(`^10401/${run}/.*tomogram_metadata`))[0]!);
    mkdirSync(join(broken, "10999"));
    writeFileSync(join(broken, "10999/dataset_metadata.json"), "[]");
    const { url } = await both("broken", [broken], [], 3);
    const rows = await query(url, "select name from emporium_portal.run where dataset_id = 10401 order by name");
    expect(rows.map(({ name }) => name)).toEqual(["TS_0001", "TS_0003"]);
  });

  it.each([
    ["some datasets", ["--dataset", "10401", "--dataset", "4711"], 3],
    ["some kinds", ["--import-tomograms"], 0],
    ["expressions", ["--filter-datasets", "104", "--exclude-dataset", "10402", "--filter-datasets", "9"], 0],
  ])("takes its options as one process does: %s", async (name, flags, status) => {
    await both(name.replaceAll(" ", "-"), [lab], flags, status);
  });

  it.each([
    ["before it has begun", "locks/task-*.json", true],
    ["when the datasets were imported, before that was noted", "results/*/*", false],
    ["when a run was imported, before that was noted", "results/*/*", true, true],
  ])("repeats nothing wrongly after a job was killed %s", async (name, at, isTold, isRun = false) => {
    const one = await database();
    const here = await emporium([...words(lab, one.bare), "--json", "-q"], one.env);
    const other = await database();
    const base = join(folder, `kill-${name.length}`);
    const own = join(base, "work/import");
    const kill = killOnce(base, `${own}/.emporium/${at}`);
    // not the first job, which has another task, and not a gate, whose jobs would have its environment
    const isWorker = `[ "\${SGE_TASK_ID:-undefined}" != undefined ] && ls ${own}/.emporium/results/*/0.json`;
    const prologue = isRun ? `if ${isWorker}; then ${kill}; fi` : kill;
    const cluster = playedCluster(base, [`export PGPASSFILE=${pgpass}`, prologue]);
    Object.assign(cluster.env, other.env);
    const begun = await cluster.submit([...words(lab, other.bare).slice(0, -2), "--workspace", join(base, "work")]);
    const over = await cluster.ended(own, begun.run);
    expect(over, JSON.stringify(over.report.errors)).toMatchObject({
      status: "done",
      done: over.tasks,
      failed: 0,
      exitStatus: 0,
    });
    expect(over.stages.some(({ submissions }) => submissions > 1)).toBe(true);
    // which job came first decides the numbers of what is below a run
    expect(await dumped(other.url, namedRows)).toEqual(await dumped(one.url, namedRows));
    expect(locksIn(own)).toEqual([]);
    if (!isTold) return; // as after a kill of one process: what is there is found unchanged, and numbers that were taken are lost
    expect(report(JSON.stringify(over.report))).toEqual(report(here.stdout));
    const numbers = "select id, name, dataset_id from emporium_portal.run order by id";
    expect(await query(other.url, numbers)).toEqual(await query(one.url, numbers));
  });

  it("refuses what only this machine can open, and what would be written down, before anything is submitted", async () => {
    const { url, bare, env } = await database();
    const cluster = playedCluster(join(folder, "refused"));
    const call = (flags: readonly string[], more: NodeJS.ProcessEnv = {}) =>
      emporium(["catalog", "import", lab, ...flags, ...driven, "--workspace", join(folder, "none")], {
        ...cluster.env,
        ...env,
        ...more,
      });
    for (const [flags, more, says] of [
      [[], {}, "jobs on other nodes cannot open the embedded database"],
      [["--database", url], {}, "--database holds a password, which is not written"],
      [[], { EMPORIUM_DATABASE_URL: url }, "$EMPORIUM_DATABASE_URL holds a password, which is not written"],
      [["--database", bare, "--jobs", "2"], {}, "--jobs: each job imports one run after the other"],
    ] as const) {
      const refused = await call(flags, more);
      expect([refused.status, refused.stderr]).toEqual([2, expect.stringContaining(says)]);
    }
    const told = await call(["--database", bare]);
    expect([told.status, told.stderr]).toEqual([0, expect.stringContaining("a job on another node looks for it on that node")]);
    expect(readdirSync(join(folder, "none/import/.emporium/runs"))).toHaveLength(1);
    const written = readFileSync(
      join(folder, "none/import/.emporium/runs", readdirSync(join(folder, "none/import/.emporium/runs"))[0]!, "run.json"),
      "utf8",
    );
    expect(written).not.toContain(encodeURIComponent("a password of the test"));
    expect(written).not.toContain("a password of the test");
  });
});
