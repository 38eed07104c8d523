import { spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { Database } from "../../src/catalog/database.js";
import { type Embedded, openEmbedded } from "../../src/catalog/embedded/embedded.js";
import { migrate } from "../../src/catalog/migrate.js";
import { silentLog } from "../../src/core/log.js";
import { parseUploadConfig } from "../../src/stations/catalog/inputs/config.js";
import { databaseRepository } from "../../src/stations/catalog/rows/database.js";
import type { UploadReport } from "../../src/stations/catalog/upload/report.js";
import { upload } from "../../src/stations/catalog/upload/upload.js";
import { verifyCatalog } from "../../src/stations/catalog/verify/verify.js";
import { fileStore } from "../../src/stores/file/store.js";
import type { Store } from "../../src/stores/store.js";
import { writeTiffFile } from "../e2e/catalog-fixtures.js";
import { writeTree } from "../e2e/catalog-kill-kit.mjs";
import { giveCluster } from "../e2e/cluster-template.js";
import { open, query } from "../e2e/database-kit.js";

const program = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));
const ID = "RIVAL-2024-01-02-03-04-05-0001";
const FRAMES = 3;
const CONFIG = { upload_type: "frames", frames_format: "tif_folder", microscope: "m", filename_parser: "parse_sms_name" };

const base = mkdtempSync(join(tmpdir(), "emporium-rivals-"));
let embedded: Embedded;
let url: string;
let database: Database;

beforeAll(async () => {
  await giveCluster(join(base, "workspace"));
  embedded = await openEmbedded({ workspace: join(base, "workspace"), log: silentLog });
  const { address, cluster } = embedded;
  url = `postgresql://emporium_owner:${cluster.secrets.emporium_owner}@localhost:${address.port}/emporium?host=${encodeURIComponent(address.host)}`;
  database = await open(url);
  await migrate(database);
  // two who upload one id, each with pixels of its own
  for (const [n, name] of ["first", "second"].entries()) {
    for (let z = 0; z < FRAMES; z++) {
      const plane = Uint16Array.from({ length: 64 }, (_, i) => i * 100 + z + 10 * n);
      await writeTiffFile(join(base, name, `img_a_t000_p000_z00${z}.tif`), [plane], { height: 8, width: 8 });
    }
    writeFileSync(join(base, `${name}.csv`), `dataset_id,file_name,description\n${ID},${join(base, name)},${name}\n`);
  }
  writeFileSync(join(base, "config.json"), JSON.stringify(CONFIG));
});
afterEach(async () => {
  await query(url, "delete from emporium_microscopy.data_set");
  for (const name of ["storage", "other"]) rmSync(join(base, name), { recursive: true, force: true });
});
afterAll(async () => {
  await database?.close();
  await embedded?.leave();
  rmSync(base, { recursive: true, force: true });
});

function storageNamed(name: string): Store {
  mkdirSync(join(base, name), { recursive: true });
  return fileStore(join(base, name), { sync: false });
}

function run(name: string, storage: Store, overwrite = false): Promise<UploadReport> {
  const config = parseUploadConfig(JSON.stringify(CONFIG), join(base, "config.json"));
  const workspace = join(base, `journals-${name}`);
  const repository = databaseRepository(database);
  return upload({ csv: join(base, `${name}.csv`), config, storage, repository, workspace, overwrite, sync: false });
}

/** A store whose frames are written once `gate` opens; `reached` tells that somebody waits there. */
function gated(store: Store, gate: Promise<unknown>): { store: Store; reached: Promise<void> } {
  let tell: () => void;
  const reached = new Promise<void>((resolve) => {
    tell = resolve;
  });
  const write: Store["write"] = async (key, body, options) => {
    if (key.endsWith(".png")) {
      tell();
      await gate;
    }
    return store.write(key, body, options);
  };
  return { store: { ...store, write }, reached };
}

/** The data set is one of the two, whole: its rows, and the objects that they name. */
async function expectWhole(storage: Store, whose: string | readonly string[]): Promise<void> {
  const rows = await query(url, "select description from emporium_microscopy.data_set");
  expect(rows).toHaveLength(1);
  expect([whose].flat()).toContain(rows[0]!.description);
  expect(await verifyCatalog({ repository: databaseRepository(database), storage })).toMatchObject({
    status: "proven",
    objects: FRAMES,
  });
}

describe("two uploads of one id at once", () => {
  it.each([false, true])("in one process: the second is told who is there (--overwrite: %s)", async (overwrite) => {
    const storage = storageNamed("storage");
    let openGate = () => {};
    const gate = new Promise<void>((resolve) => {
      openGate = resolve;
    });
    const slow = gated(storage, gate);
    const first = run("first", slow.store, overwrite);
    await slow.reached;
    const second = await run("second", storage, overwrite);
    expect([second.status, second.exitStatus]).toEqual(["failed", 11]);
    expect(second.errors).toEqual([
      expect.objectContaining({
        code: "TARGET_LOCKED",
        dataset: ID,
        message: expect.stringContaining(`catalog upload of ${ID}`),
      }),
    ]);
    openGate();
    expect(await first).toMatchObject({ status: "done", exitStatus: 0 });
    await expectWhole(storage, "first");
    // once the first is done the second is refused for another reason, or replaces it
    const again = await run("second", storage, overwrite);
    expect(again.exitStatus).toBe(overwrite ? 0 : 2);
    if (!overwrite) expect(again.errors).toEqual([expect.objectContaining({ code: "CONFIG_COLLISION", dataset: ID })]);
    await expectWhole(storage, overwrite ? "second" : "first");
  });

  it("to two storages, where no lock is shared: the database decides", async () => {
    const storages = { first: storageNamed("storage"), second: storageNamed("other") };
    const waiting: Promise<void>[] = [];
    let openGate = () => {};
    const gate = new Promise<void>((resolve) => {
      openGate = resolve;
    });
    const both = (["first", "second"] as const).map((name) => {
      const slow = gated(storages[name], gate);
      waiting.push(slow.reached);
      return run(name, slow.store);
    });
    // both have looked, and found nothing
    await Promise.all(waiting);
    openGate();
    const reports = await Promise.all(both);
    expect(reports.map(({ exitStatus }) => exitStatus).sort()).toEqual([0, 1]);
    const winner = reports[0]!.exitStatus === 0 ? "first" : "second";
    expect(reports.flatMap(({ errors }) => errors)).toEqual([
      expect.objectContaining({
        code: "DATABASE_CONFLICT",
        dataset: ID,
        message: `Dataset ${ID} already exists in database`,
        hint: expect.stringContaining("--overwrite"),
      }),
    ]);
    await expectWhole(storages[winner], winner);
    // the answer was no: the same command again does not take for its own what is there
    const loser = winner === "first" ? "second" : "first";
    const again = await run(loser, storages[loser]);
    expect(again.errors).toEqual([expect.objectContaining({ code: "CONFIG_COLLISION", dataset: ID })]);
  });

  it.each([
    { database: "the embedded one", overwrite: false },
    { database: "a server by its address", overwrite: false },
    { database: "the embedded one", overwrite: true },
  ])("by two processes, $database, overwrite $overwrite: one wins, the other says so", async ({ database: kind, overwrite }) => {
    expect(existsSync(program), "npm run build was run").toBe(true);
    const storage = storageNamed("storage");
    const words = (name: string) => [
      ...["catalog", "upload", "--csv", join(base, `${name}.csv`), "--config", join(base, "config.json")],
      ...["--storage", join(base, "storage"), ...(overwrite ? ["--overwrite"] : []), "--json"],
      ...["--workspace", kind === "the embedded one" ? join(base, "workspace") : join(base, `journals-${name}`)],
    ];
    const env = kind === "the embedded one" ? process.env : { ...process.env, EMPORIUM_DATABASE_URL: url };
    const ends = await Promise.all(["first", "second"].map((name) => ended(words(name), env)));
    const statuses = ends.map(({ status }) => status);
    const codes = ends.flatMap(({ report }) => report.errors.map(({ code }) => code));
    // with --overwrite the one that comes after the other's end replaces it
    if (!overwrite || codes.length > 0) {
      expect(statuses, JSON.stringify(ends)).toContain(0);
      const lost = ends.find(({ status }) => status !== 0)!;
      expect([1, 2, 11], JSON.stringify(ends)).toContain(lost.status);
      expect(["TARGET_LOCKED", "DATABASE_CONFLICT", "CONFIG_COLLISION"], JSON.stringify(ends)).toContain(
        lost.report.errors[0]?.code,
      );
      expect(lost.report.errors[0]?.message).toContain(ID);
      await expectWhole(storage, statuses[0] === 0 ? "first" : "second");
    } else {
      expect(statuses).toEqual([0, 0]);
      await expectWhole(storage, ["first", "second"]);
    }
  });
});

describe("two imports of one tree at once", () => {
  it("by two processes: each run's rows are made once, and both say what they did", async () => {
    const tree = join(base, "tree");
    await writeTree(tree, { runs: 4, annotations: 2 });
    const env = { ...process.env, EMPORIUM_DATABASE_URL: url };
    const words = (name: string) => ["catalog", "import", tree, "--json", "--workspace", join(base, `journals-${name}`)];
    const ends = await Promise.all(["first", "second"].map((name) => ended(words(name), env)));
    expect(ends.map(({ status, report }) => [status, report.errors])).toEqual([
      [0, []],
      [0, []],
    ]);
    const made = ends.map(({ report }) => report.rows?.Run?.inserted ?? 0);
    expect(made[0]! + made[1]!).toBe(4);
    const [count] = await query(url, "select count(*)::int as runs, count(distinct name)::int as names from emporium_portal.run");
    expect(count).toEqual({ runs: 4, names: 4 });
  });
});

interface Ended {
  status: number | null;
  stderr: string;
  report: { errors: { code: string; message: string }[]; rows?: { Run?: { inserted: number } } };
}

function ended(words: readonly string[], env: NodeJS.ProcessEnv): Promise<Ended> {
  const child = spawn(process.execPath, [program, ...words], { env, stdio: ["ignore", "pipe", "pipe"] });
  let [stdout, stderr] = ["", ""];
  child.stdout.on("data", (bytes) => {
    stdout += bytes;
  });
  child.stderr.on("data", (bytes) => {
    stderr += bytes;
  });
  return new Promise((resolve) => child.once("close", (status) => resolve({ status, report: JSON.parse(stdout), stderr })));
}
