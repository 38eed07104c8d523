import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { generateLab } from "../../examples/lab/generate.mjs";
import { namedRows } from "../e2e/catalog-dump.mjs";
import { SERVERS } from "../e2e/database-kit.js";
import { hasEnded, leftovers, tree } from "./cluster-kit.js";
import { emporium } from "./environment.js";
import { hasSlurm, type Slurm, startSlurm } from "./slurm-kit.js";

const POLL_MS = 100;

/** Commands beside `ingest run`, on one real Slurm: each gives what this machine gives alone. */
describe.runIf(hasSlurm())(
  "verify, validate, catalog import, harvest download and publish on a Slurm cluster",
  { timeout: 300_000 },
  () => {
    const folder = mkdtempSync(join(tmpdir(), "emporium-stations-"));
    const made = join(folder, "made");
    const workspace = ["--workspace", join(folder, "work")];
    let slurm: Slurm;

    beforeAll(async () => {
      await generateLab({ out: join(folder, "lab"), deposits: ["imod"], runs: 3, shape: [8, 32, 24] });
      const words = [
        "ingest",
        "run",
        join(folder, "lab/imod.yaml"),
        join(folder, "lab/input"),
        made,
        "--import-everything",
        "-q",
      ];
      expect((await emporium([...words, ...workspace])).status).toBe(0);
      slurm = await startSlurm();
    }, 300_000);
    afterAll(async () => {
      await slurm?.stop();
      rmSync(folder, { recursive: true, force: true });
    });

    /** Submits a command, waits until its run has ended, and gives the report that `engine status` prints. */
    async function onSlurm(home: string, words: readonly string[]): Promise<Record<string, unknown>> {
      const { stdout, stderr } = await emporium([...words, "--executor", "slurm", "--json", "-q", ...workspace], slurm.env);
      if (stdout === "") throw new Error(stderr);
      const { run } = JSON.parse(stdout) as { run: string };
      while (!hasEnded(home)) await sleep(POLL_MS);
      const status = JSON.parse((await emporium(["engine", "status", run, "--json"], slurm.env)).stdout);
      expect(status).toMatchObject({ status: "done", failed: 0 });
      return status.report;
    }
    const here = async (words: readonly string[]) =>
      JSON.parse((await emporium([...words, "--json", "-q", ...workspace])).stdout) as Record<string, unknown>;

    it("verify gives the report of this machine", async () => {
      const report = await onSlurm(join(folder, "work/verify"), ["verify", made]);
      expect({ ...report, seconds: 0 }).toEqual({ ...(await here(["verify", made])), seconds: 0 });
      expect(report.status).toBe("proven");
    });
    it("ingest validate finds what this machine finds (34.32)", async () => {
      const spoilt = join(folder, "spoilt");
      cpSync(made, spoilt, { recursive: true });
      rmSync(join(spoilt, [...tree(spoilt).keys()].find((key) => key.endsWith("tomogram_metadata.json"))!));
      const words = ["ingest", "validate", "standardized", spoilt];
      const report = await onSlurm(join(folder, "work/validate"), words);
      expect(report).toEqual(await here(words));
      expect(report).toMatchObject({ status: "errors", exitStatus: 4 });
    });
    it.runIf(SERVERS[1]!.absent === undefined)("catalog import gives the rows of this machine (34.32)", async () => {
      const server = await SERVERS[1]!.start();
      try {
        const [one, other] = [await server.makeCatalog(), await server.makeCatalog()];
        const login = (url: string) => {
          const { username, password, port, pathname, searchParams } = new URL(url);
          const text = (value: string) => decodeURIComponent(value);
          const file = join(folder, `login${pathname}.json`);
          mkdirSync(join(folder, "login"), { recursive: true });
          const words = { drivername: "postgresql", username, password: text(password), host: searchParams.get("host") };
          writeFileSync(file, JSON.stringify({ ...words, port: Number(port), dbname: pathname.slice(1) }), { mode: 0o600 });
          return ["--login", file];
        };
        const words = ["catalog", "import", made];
        const report = await onSlurm(join(folder, "work/import"), [...words, ...login(other)]);
        const wanted = await here([...words, ...login(one)]);
        expect({ ...report, seconds: 0, database: "" }).toEqual({ ...wanted, seconds: 0, database: "" });
        expect(report).toMatchObject({ status: "done", runs: { imported: 3 } });
        const rows = async (url: string) => {
          const client = new pg.Client({ connectionString: url });
          await client.connect();
          return namedRows(client).finally(() => client.end());
        };
        expect(await rows(other)).toEqual(await rows(one));
      } finally {
        await server.stop();
      }
    });
    it("publish tree fills a folder as this machine does", async () => {
      const report = await onSlurm(join(folder, "work/publish"), ["publish", "tree", made, join(folder, "bucket")]);
      expect(report).toMatchObject({ exitStatus: 0 });
      expect(tree(join(folder, "bucket"))).toEqual(tree(made));
      expect(leftovers(join(folder, "bucket"))).toEqual([]);
    });
    it("harvest download copies a folder as this machine does", async () => {
      cpSync(join(made, "10401"), join(folder, "set"), { recursive: true });
      await here(["harvest", "download", join(folder, "set"), "--dest", join(folder, "here")]);
      const report = await onSlurm(join(folder, "copy"), [
        "harvest",
        "download",
        join(folder, "set"),
        "--dest",
        join(folder, "copy"),
      ]);
      expect(report).toMatchObject({ failed: 0, exitStatus: 0 });
      expect(tree(join(folder, "copy"))).toEqual(tree(join(folder, "here")));
      expect(await slurm.command("squeue", ["-h"])).toBe("");
    });
  },
);
