import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { generateLab } from "../../examples/lab/generate.mjs";
import { type RunStatus, tree } from "../peers/cluster-kit.js";
import { emporium } from "../peers/environment.js";

interface Answer {
  runs: { removed: Record<string, { objects: number; bytes: number }>; receipts: number }[];
  left: number;
}

/** `engine gc` as a person calls it: of a target, of a run; what it leaves is enough for later imports, and for verify. */
describe("removing what runs on clusters have left", { timeout: 240_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), "emporium-gc-"));
  const target = join(folder, "target");
  const env = { SOURCE_DATE_EPOCH: "1767225600" };

  const ingest = (flags: readonly string[], workspace = "work") => {
    const words = ["ingest", "run", join(folder, "lab/imod.yaml"), join(folder, "lab/input"), target, "--import-everything"];
    return emporium([...words, "-q", "--json", "--workspace", join(folder, workspace), ...flags], env);
  };
  const gc = async (...words: string[]) => {
    const { status, stdout } = await emporium(["engine", "gc", ...words, "--json"], env);
    return { status, answer: JSON.parse(stdout) as Answer };
  };
  const names = () => readdirSync(target, { recursive: true, encoding: "utf8" });

  beforeAll(async () => {
    await generateLab({ out: join(folder, "lab"), deposits: ["imod"], runs: 2, shape: [8, 32, 24] });
    await ingest(["--driver", "none"]);
  }, 240_000);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it("an open run is refused, and left alone with its target", async () => {
    const [run = ""] = readdirSync(join(target, ".emporium/runs"));
    const before = names();
    expect((await gc(join(target, ".emporium/runs", run))).status).toBe(2);
    expect(await gc(target, "--older-than", "0d")).toMatchObject({ status: 0, answer: { runs: [], left: 1 } });
    expect(names()).toEqual(before);
    expect((await emporium(["engine", "resume", target, "--executor", "local"], env)).status).toBe(0);
  });
  it("a young run stays unless it is asked for, an ended one goes, and nothing is to do afterwards", async () => {
    const made = tree(target);
    expect(await gc(target)).toMatchObject({ status: 0, answer: { runs: [], left: 1 } });
    const planned = (await gc(target, "--older-than", "0d", "--dry-run")).answer.runs;
    expect(names().some((name) => name.endsWith("graph.ndjson"))).toBe(true);
    const { answer } = await gc(target, "--older-than", "0d");
    expect(answer.runs[0]!.removed).toEqual(planned[0]!.removed);
    expect(answer.runs[0]!.removed).toMatchObject({ tasks: { objects: 2 }, submissions: { objects: 3 } });
    expect(names().filter((name) => /graph|submitted|\/logs\//.test(name))).toEqual([]);
    expect(tree(target)).toEqual(made);
    const status = JSON.parse((await emporium(["engine", "status", target, "--json"], env)).stdout) as RunStatus;
    expect(status).toMatchObject({ status: "done", done: status.tasks });
    for (const flags of [[], ["--driver", "none"]]) {
      expect(JSON.parse((await ingest(flags, `other${flags.length}`)).stdout)).toMatchObject({ status: "done", done: 0 });
    }
    const checked = await emporium(["verify", target, "--json", "--workspace", join(folder, "none")], env);
    expect(JSON.parse(checked.stdout)).toMatchObject({ status: "proven" });
    expect((await emporium(["engine", "resume", target, "--retry-dead"], env)).stderr).toContain("engine gc");
  });
  it("unfinished files of a process that was killed go too, with their bytes", async () => {
    const again = join(folder, "target");
    const before = new Set(readdirSync(join(again, ".emporium/runs")));
    await ingest(["--driver", "none", "--force-overwrite"], "forced");
    const run = readdirSync(join(again, ".emporium/runs")).find((name) => !before.has(name))!;
    const home = join(again, ".emporium/runs", run);
    await emporium(["engine", "resume", home, "--executor", "local"], env);
    // a process that came back when the stage was over, and was killed then: a journal without an end, and a part
    const journals = join(home, "journal/runs");
    writeFileSync(join(journals, "0.1.deadbeef.0"), "");
    const volume = join(again, names().find((name) => name.endsWith(".mrc") && name.includes("TS_0001"))!);
    const part = join(dirname(volume), `.${volume.slice(dirname(volume).length + 1)}.x-deadbeef.part`);
    writeFileSync(part, "0123456789");
    const { answer } = await gc(home);
    expect(answer.runs[0]!.removed.parts).toEqual({ objects: 1, bytes: 10 });
    expect(names().filter((name) => name.endsWith(".part"))).toEqual([]);
  });
});
