import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { type OfflinePortals, startOfflinePortals } from "../../examples/portals/server.mjs";
import { fileOf } from "../../examples/portals/tree.mjs";
import { parseManifest } from "../../src/stations/harvest/download/manifest.js";
import { leftovers, tree } from "../peers/cluster-kit.js";
import { emporium } from "../peers/environment.js";
import { killOnce, playedCluster } from "./cluster-stations-kit.js";
import { sha256, webSite } from "./harvest-download-kit.js";

const FILES = 160;
const bytesOf = (n: number) => new TextEncoder().encode(`file ${n} `.repeat(n + 1));
interface Counts {
  present: number;
  fetched: number;
  list: unknown[];
}
const BROKEN = "sub/broken.bin";

/** Files of a server come by the jobs of a cluster as by one machine: the same files, the same manifest, no more requests. */
describe("harvest download on a cluster", { timeout: 240_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), "emporium-fetch-"));
  let portals: OfflinePortals;
  let local: Record<string, unknown>;
  let isBroken = true;

  const site = () =>
    webSite([
      ...Array.from({ length: FILES }, (_, n) => [`set/sub/${n}.bin`, fileOf(bytesOf(n))] as const),
      ["set/SHA256SUMS", fileOf(`${sha256(bytesOf(7))}  sub/7.bin\n`)] as const,
      [`set/${BROKEN}`, fileOf("broken")] as const,
    ]);
  beforeAll(async () => {
    portals = await startOfflinePortals({
      small: true,
      sites: { "files.test": site() },
      fault: ({ path }) => (isBroken && path.endsWith(BROKEN) ? { status: 403 } : undefined),
    });
    const { stdout } = await emporium([...words("local"), "--json", "-q"]);
    local = JSON.parse(stdout) as Record<string, unknown>;
  });
  afterAll(async () => {
    await portals.close();
    rmSync(folder, { recursive: true, force: true });
  });
  afterEach(() => {
    isBroken = true;
  });

  const dest = (name: string) => join(folder, name);
  const words = (name: string, address = "https://files.test/set/") => [
    ...["harvest", "download", address, "--dest", dest(name)],
    ...portals.bases.flatMap((base) => ["--portal-base", base]),
  ];
  /** Lines of a manifest, without when they were written and where this machine's file is. */
  const manifest = (name: string) =>
    [...parseManifest(readFileSync(join(dest(name), ".emporium-manifest.jsonl"), "utf8"), name).entries.values()].map(
      ({ retrieved_at, written, ...entry }) => ({
        ...entry,
        isDated: retrieved_at !== "" && (written !== "" || entry.status === "failed"),
      }),
    );
  const withoutPlace = (report: Record<string, unknown>): Record<string, unknown> => ({
    ...report,
    dest: "",
    manifest: "",
    seconds: 0,
  });

  it("gives the files, the manifest and the report of one machine, also after a job was killed", async () => {
    expect(local).toMatchObject({ fetched: FILES + 1, failed: 1, exitStatus: 3 });
    const engine = join(folder, "a.engine");
    const cluster = playedCluster(engine, [killOnce(engine, `${dest("a")}/.emporium/locks/task-*.json`)]);
    const begun = await cluster.submit(words("a"));
    const over = await cluster.ended(dest("a"), begun.run);
    expect(over).toMatchObject({ status: "done", done: over.tasks, exitStatus: 3 });
    expect(over.stages[0]!.submissions).toBe(2);
    const { present, fetched, list, ...report } = withoutPlace(over.report) as unknown as Counts;
    const { present: _, fetched: all, list: files, ...wanted } = withoutPlace(local) as unknown as Counts;
    // what the killed job had fetched was found by the next
    expect([present + fetched, list.length]).toEqual([all, files.length]);
    expect({ ...report, bytesFetched: 0 }).toEqual({ ...wanted, bytesFetched: 0 });
    expect(tree(dest("a"))).toEqual(tree(dest("local")));
    expect(manifest("a")).toEqual(manifest("local"));
    expect(leftovers(dest("a"))).toEqual([]);
  });

  it("fetches the second time only what failed, here too", async () => {
    isBroken = false;
    const cluster = playedCluster(join(folder, "b.engine"));
    const done = await emporium([...words("a"), "--executor", "sge", "--driver", "here", "--json", "-q"], cluster.env);
    expect(JSON.parse(done.stdout)).toMatchObject({ fetched: 1, present: FILES + 1, failed: 0, exitStatus: 0 });
    const here = await emporium([...words("a"), "--json", "-q"]);
    expect(JSON.parse(here.stdout)).toMatchObject({ fetched: 0, present: FILES + 2, exitStatus: 0 });
  });

  it("asks a server with no more workers than it bears", async () => {
    const cluster = playedCluster(join(folder, "c.engine"));
    const begun = await cluster.submit(words("c"), ["--slots", "200"]);
    expect(begun).toMatchObject({ notes: [expect.stringContaining("8 workers")] });
    const [run] = readdirSync(join(dest("c"), ".emporium/runs"));
    const record = JSON.parse(readFileSync(join(dest("c"), ".emporium/runs", run!, "run.json"), "utf8"));
    expect([record.slots, record.params.sharers]).toEqual([8, 8]);
    await cluster.ended(dest("c"), begun.run);
  });

  it("leaves a file alone that no download has left, until --force-overwrite replaces it", async () => {
    const cluster = playedCluster(join(folder, "f.engine"));
    const [name] = [...tree(dest("local")).keys()].filter((path) => path.endsWith("/8.bin"));
    mkdirSync(dirname(join(dest("f"), name!)), { recursive: true });
    writeFileSync(join(dest("f"), name!), "mine");
    const get = async (...more: string[]) =>
      JSON.parse(
        (await emporium([...words("f"), "--executor", "sge", "--driver", "here", "--json", "-q", ...more], cluster.env)).stdout,
      );
    isBroken = false;
    for (const round of ["first", "again"]) {
      expect([round, await get()]).toMatchObject([
        round,
        { exitStatus: 3, failed: 1, errors: [{ code: "CONFIG_COLLISION", rel: name }] },
      ]);
      expect(readFileSync(join(dest("f"), name!), "utf8")).toBe("mine");
    }
    expect(await get("--force-overwrite")).toMatchObject({ exitStatus: 0, fetched: 1, failed: 0 });
    expect(tree(dest("f")).get(name!)).toBe(tree(dest("local")).get(name!));
  });

  it("leaves the destination free when it is cancelled", async () => {
    const cluster = playedCluster(join(folder, "d.engine"), ["sleep 600"]);
    const begun = await cluster.submit(words("d"));
    const locked = await emporium([...words("d"), "--json", "-q"]);
    expect([locked.status, JSON.parse(locked.stdout).errors[0].code]).toEqual([11, "TARGET_LOCKED"]);
    expect((await emporium(["engine", "cancel", begun.run], cluster.env)).status).toBe(0);
    expect((await emporium([...words("d"), "--json", "-q"])).status).toBe(3);
    expect(tree(dest("d"))).toEqual(tree(dest("local")));
  });

  it.each([
    ["--fail-fast", ["--fail-fast"]],
    ["--crop", ["--crop", "0:1,0:1,0:1"]],
  ])("refuses what a cluster does not do: %s", async (flag, flags) => {
    const { env } = playedCluster(join(folder, "e.engine"));
    const refused = await emporium([...words("e"), "--executor", "sge", ...flags], env);
    expect([refused.status, refused.stderr]).toEqual([2, expect.stringContaining(flag)]);
  });
  it("refuses flags of clusters on this machine", async () => {
    const refused = await emporium([...words("e"), "--slots", "3"]);
    expect([refused.status, refused.stderr]).toEqual([2, expect.stringContaining("--slots")]);
  });
});
