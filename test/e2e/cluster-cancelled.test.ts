import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { generateLab } from "../../examples/lab/generate.mjs";
import { leftovers, tree } from "../peers/cluster-kit.js";
import { emporium } from "../peers/environment.js";

describe("a run that was cancelled", { timeout: 240_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), "emporium-cancelled-"));
  let local: Map<string, string>;
  let env: NodeJS.ProcessEnv;

  beforeAll(async () => {
    await generateLab({ out: join(folder, "lab"), deposits: ["imod"], runs: 2, shape: [8, 32, 24] });
    // a Slurm that takes jobs and never runs one
    const bin = mkdtempSync(join(folder, "bin-"));
    const programs = { sbatch: "echo 17", squeue: "", scancel: "", scontrol: "echo 'MaxArraySize = 1001'" };
    for (const [name, script] of Object.entries(programs)) {
      writeFileSync(join(bin, name), `#!/bin/sh\n${script}\n`);
      chmodSync(join(bin, name), 0o755);
    }
    env = { PATH: `${bin}:/usr/bin:/bin` };
    expect((await ingest("local", [])).status).toBe(0);
    local = tree(join(folder, "local"));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const ingest = (target: string, flags: readonly string[]) =>
    emporium(
      [
        ...["ingest", "run", join(folder, "lab/imod.yaml"), join(folder, "lab/input"), join(folder, target)],
        ...["--import-everything", "-q", "--json", "--workspace", join(folder, `${target}.work`), ...flags],
      ],
      { SOURCE_DATE_EPOCH: "1767225600", ...env },
    );
  const engine = (...words: string[]) => emporium(["engine", ...words], env);

  it("(34.16) goes on with resume --executor local, which says so, and ends with the same bytes", async () => {
    const at = join(folder, "cancelled");
    expect((await ingest("cancelled", ["--executor", "slurm"])).status).toBe(0);
    const ended = await engine("cancel", at);
    expect([ended.status, ended.stdout]).toEqual([0, expect.stringMatching(/emporium engine resume \S+ resumes it/)]);
    const told = await engine("status", at);
    expect([told.status, told.stdout]).toEqual([130, expect.stringContaining("--executor local does the rest on this machine")]);

    const resumed = await engine("resume", at, "--executor", "local");
    expect([resumed.status, resumed.stdout]).toEqual([0, expect.stringMatching(/ done, (\d+) of \1 tasks done/)]);
    expect(resumed.stderr).toContain("was cancelled and is now open again");
    expect(tree(at)).toEqual(local);
    expect(leftovers(at)).toEqual([]);

    // a run that is over cannot be cancelled, and is not said to be
    const late = await engine("cancel", at);
    expect([late.status, late.stdout]).toEqual([
      0,
      expect.stringMatching(/ had already ended \((\d+) of \1 tasks done\): nothing was/),
    ]);
    expect((await engine("status", at)).status).toBe(0);
  });

  it("(34.16) is given to the cluster again with resume, whose jobs are new ones", async () => {
    const at = join(folder, "again");
    expect((await ingest("again", ["--executor", "slurm"])).status).toBe(0);
    expect((await engine("cancel", at)).status).toBe(0);
    expect((await engine("resume", at)).status).toBe(0);
    const [run = ""] = readdirSync(join(at, ".emporium/runs"));
    const stage = join(at, ".emporium/runs", run, "stages/runs");
    const numbers = readdirSync(stage).filter((name) => name.startsWith("submitted."));
    expect(numbers.sort()).toEqual(["submitted.0.json", "submitted.1.json"]);
    expect(JSON.parse(readFileSync(join(stage, "submitted.1.json"), "utf8"))).toMatchObject({ id: "17", engine: "slurm" });
    // nobody else may write there while it is open
    const other = await ingest("again", []);
    expect([other.status, other.stderr]).toEqual([11, expect.stringContaining("TARGET_LOCKED")]);
  });

  it("(34.16) cannot go on where engine gc has removed what it needs: the command that began it is named", async () => {
    const at = join(folder, "collected");
    expect((await ingest("collected", ["--executor", "slurm"])).status).toBe(0);
    expect((await engine("cancel", at)).status).toBe(0);
    expect((await engine("gc", at, "--older-than", "0d")).status).toBe(0);
    const refused = await engine("resume", at, "--executor", "local");
    expect([refused.status, refused.stderr]).toEqual([1, expect.stringContaining("run the command that began it")]);
    expect(existsSync(join(at, ".emporium/locks"))).toBe(false);
  });
});
