import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { generateLab } from "../../examples/lab/generate.mjs";
import { tree } from "../peers/cluster-kit.js";
import { emporium } from "../peers/environment.js";
import { killOnce, locksIn, playedCluster } from "./cluster-stations-kit.js";

/** The jobs of a cluster validate as one machine does: what they print, write and end with is the same, byte for byte. */
describe("ingest validate on a cluster (34.32)", { timeout: 240_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), "emporium-validate-"));
  const made = join(folder, "made");
  const spoilt = join(folder, "spoilt");
  const env = { SOURCE_DATE_EPOCH: "1767225600" };
  const workspace = ["--workspace", join(folder, "work")];
  const home = join(folder, "work/validate");

  beforeAll(async () => {
    await generateLab({ out: join(folder, "lab"), deposits: ["imod", "sim"], runs: 5, shape: [8, 32, 24] });
    for (const name of ["imod", "sim"]) {
      const words = ["ingest", "run", join(folder, `lab/${name}.yaml`), join(folder, "lab/input"), made, "--import-everything"];
      expect((await emporium([...words, ...workspace, "-q"], env)).status).toBe(0);
    }
    cpSync(made, spoilt, { recursive: true });
    const keys = [...tree(spoilt).keys()];
    appendFileSync(join(spoilt, keys.find((key) => key.endsWith(".mrc"))!), "more");
    // one tomogram of several says another spacing than the others: found only where all runs of a dataset are known
    const [first] = keys.filter((key) => /TS_0002.*tomogram_metadata\.json$/.test(key));
    const said = JSON.parse(readFileSync(join(spoilt, first!), "utf8"));
    writeFileSync(join(spoilt, first!), JSON.stringify({ ...said, voxel_spacing: said.voxel_spacing * 2, deposition_id: 7 }));
    symlinkSync(made, join(spoilt, first!, "../elsewhere"));
    symlinkSync("no-such", join(spoilt, "10409"));
    rmSync(join(spoilt, keys.find((key) => /^depositions_metadata\/.*\.json$/.test(key))!));
  }, 240_000);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  /** What the page of a validation is, and what it prints for programs and for people: without the name of the report that it keeps. */
  async function outcome(name: string, words: readonly string[], more: readonly string[], environment: NodeJS.ProcessEnv) {
    const html = join(folder, "page.html");
    const call = (flags: readonly string[]) =>
      emporium(["ingest", "validate", ...words, ...workspace, ...more, ...flags, "-q"], { ...environment, ...env });
    const json = await call(["--json"]);
    const text = await call(["--html", html]);
    expect(text.stdout, name).toMatch(/\nreport (\S+): emporium serve \S+ shows it at \/reports\/\1\n$/);
    const page = readFileSync(html, "utf8");
    rmSync(html);
    return {
      statuses: [json.status, text.status],
      json: json.stdout,
      text: text.stdout.replace(/\nreport .*\n$/, "\n"),
      page,
    };
  }
  const kept = () => (existsSync(join(folder, "work/reports")) ? readdirSync(join(folder, "work/reports")).length : 0);
  const driven = ["--executor", "sge", "--driver", "here"];
  const lab = [join(folder, "lab/imod.yaml"), join(folder, "lab/input")];

  it.each([
    ["a whole tree without faults", ["standardized", made], 0],
    ["a tree with faults", ["standardized", spoilt], 4],
    ["datasets of a configuration, some runs", ["standardized", lab[0]!, spoilt, "--filter-run-name", "TS_000[1-3]"], 4],
    ["sources", ["source", ...lab], 0],
  ])("gives what one machine gives: %s", async (name, words, status) => {
    const local = await outcome(name, words, [], {});
    expect(local.statuses).toEqual([status, status]);
    const cluster = playedCluster(join(folder, `cluster-${name.replaceAll(" ", "-")}`));
    expect(await outcome(name, words, driven, cluster.env)).toEqual(local);
  });

  it("finds nothing to look at as one machine does, before anything is submitted", async () => {
    const cluster = playedCluster(join(folder, "nothing"));
    const words = ["ingest", "validate", "standardized", made, "--filter-dataset-name", "nobody", ...workspace, "--json"];
    const here = await emporium(words, env);
    expect(here.status).toBe(2);
    expect(await emporium([...words, ...driven], { ...cluster.env, ...env })).toEqual(here);
  });

  it("ends well after a job was killed, keeps the report once and leaves nothing locked", async () => {
    const local = await emporium(["ingest", "validate", "standardized", spoilt, ...workspace, "--json"], env);
    const before = kept();
    const cluster = playedCluster(join(folder, "k"), [killOnce(join(folder, "k"), `${home}/.emporium/locks/task-*.json`)]);
    const begun = await cluster.submit(["ingest", "validate", "standardized", spoilt, ...workspace]);
    expect(begun.status).toBe("submitted");
    const over = await cluster.ended(home, begun.run);
    expect(over).toMatchObject({ status: "done", done: over.tasks, exitStatus: 4 });
    expect(over.stages[0]!.submissions).toBe(2);
    expect(over.report).toEqual(JSON.parse(local.stdout));
    expect(kept()).toBe(before + 1);
    expect(locksIn(home)).toEqual([]);
  });

  it("says what was not looked at where a run cannot be, and has no page of it; goes on where that is tried again", async () => {
    const sources = join(folder, "sources");
    cpSync(join(folder, "lab/input"), sources, { recursive: true });
    const html = join(folder, "part.html");
    const before = kept();
    const flag = join(folder, "begin");
    const cluster = playedCluster(join(folder, "m"), [`while [ ! -e ${flag} ]; do sleep 0.1; done`]);
    const words = ["ingest", "validate", "source", lab[0]!, sources, ...workspace];
    const local = await emporium([...words, "--json"], env);
    const begun = await cluster.submit([...words, "--html", html]);
    // somebody takes a run away while the jobs wait
    const taken = readdirSync(sources, { recursive: true, encoding: "utf8" }).filter((name) => name.includes("TS_0003"));
    for (const name of taken) rmSync(join(sources, name), { recursive: true, force: true });
    writeFileSync(flag, "");
    const over = await cluster.ended(home, begun.run);
    expect(over.status).toBe("partial");
    expect(over.exitStatus).toBe(3);
    expect(existsSync(html)).toBe(false);
    expect((over.report.errors as { message: string }[]).map(({ message }) => message)).toEqual([
      "not looked at: 10401/TS_0003",
      "not looked at: what needs all runs",
    ]);
    expect(kept()).toBe(before + 1);
    cpSync(join(folder, "lab/input"), sources, { recursive: true });
    const resumed = await emporium(["engine", "resume", begun.run, "--retry-dead", "--executor", "local", "-q"], cluster.env);
    expect(resumed.status).toBe(0);
    const after = JSON.parse((await emporium(["engine", "status", begun.run, "--json"], cluster.env)).stdout);
    expect(after.report).toEqual(JSON.parse(local.stdout));
    expect(existsSync(html)).toBe(true);
  });

  it.each([
    ["a secret in an address", ["standardized", "https://127.0.0.1/tree?signature=canary-secret"], "needs a secret"],
    ["flags of a cluster without one", ["standardized", made, "--queue", "long"], "the tasks run on this machine"],
  ])("refuses %s", async (_, words, says) => {
    const cluster = playedCluster(join(folder, "refused"));
    const flags = words.includes("--queue") ? [] : driven;
    const refused = await emporium(["ingest", "validate", ...words, ...flags, ...workspace], { ...cluster.env, ...env });
    expect(refused.status).toBe(2);
    expect(refused.stderr).toContain(says);
    expect(refused.stderr).not.toContain("canary-secret");
  });
});
