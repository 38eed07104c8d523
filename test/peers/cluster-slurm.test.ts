import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { generateLab } from "../../examples/lab/generate.mjs";
import { hasEnded, leftovers, type RunStatus, tree } from "./cluster-kit.js";
import { emporium } from "./environment.js";
import { hasSlurm, type Slurm, startSlurm } from "./slurm-kit.js";

const RUNS = 6;
const POLL_MS = 200;
const EPOCH = "1767225600";
const DAY_MS = 24 * 3600 * 1000;

describe.runIf(hasSlurm())("an import on a Slurm cluster", { timeout: 300_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), "emporium-cluster-"));
  const config = join(folder, "lab/imod.yaml");
  const input = join(folder, "lab/input");
  let slurm: Slurm;
  let local: Map<string, string>;

  beforeAll(async () => {
    await generateLab({ out: join(folder, "lab"), deposits: ["imod"], runs: RUNS, sections: "all", shape: [8, 32, 24] });
    const made = await ingest("local", []);
    expect(made.stderr).toBe("");
    local = tree(join(folder, "local"));
    slurm = await startSlurm();
  }, DAY_MS);
  afterAll(async () => {
    await slurm?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const workspace = (target: string) => ["--workspace", join(folder, `${target}.work`)];
  const ingest = (target: string, flags: readonly string[]) =>
    emporium(
      [
        "ingest",
        "run",
        config,
        input,
        join(folder, target),
        "--import-everything",
        "-q",
        "--json",
        ...workspace(target),
        ...flags,
      ],
      { ...slurm?.env, SOURCE_DATE_EPOCH: EPOCH },
    );
  const engine = (verb: string, target: string, flags: readonly string[] = []) =>
    emporium(["engine", verb, join(folder, target), "--json", ...flags], { ...slurm.env, SOURCE_DATE_EPOCH: EPOCH });
  const status = async (target: string) => JSON.parse((await engine("status", target)).stdout) as RunStatus;

  async function ended(target: string): Promise<RunStatus> {
    while (!hasEnded(join(folder, target))) await sleep(POLL_MS);
    return status(target);
  }

  it("makes the tree of a local import, byte for byte, while nobody watches", async () => {
    const begun = JSON.parse((await ingest("gates", ["--executor", "slurm"])).stdout) as { status: string; run: string };
    expect(begun.status).toBe("submitted");
    const over = await ended("gates");
    expect(over).toMatchObject({ status: "done", done: over.tasks });
    expect(over.stages.map(({ name }) => name)).toEqual(["runs", "datasets", "depositions"]);
    expect(over.stages[0]!.slices).toBe(RUNS);
    expect(tree(join(folder, "gates"))).toEqual(local);
    expect(leftovers(join(folder, "gates"))).toEqual([]);
    expect(await slurm.command("squeue", ["-h"])).toBe("");
  });
  it("finds everything done the second time, on the cluster and here", async () => {
    const again = JSON.parse((await ingest("gates", ["--executor", "slurm"])).stdout) as Record<string, unknown>;
    expect(again).toMatchObject({ status: "done", done: 0 });
    const here = JSON.parse((await ingest("gates", [])).stdout) as Record<string, unknown>;
    expect(here).toMatchObject({ status: "done", done: 0, already: again.already });
    expect(tree(join(folder, "gates"))).toEqual(local);
  });
  it("is proven by the receipts in its target, here without a journal", async () => {
    const checked = await emporium(["verify", join(folder, "gates"), "--json", "--workspace", join(folder, "other.work")]);
    const report = JSON.parse(checked.stdout) as { status: string };
    expect([report.status, checked.status]).toEqual(["proven", 0]);
  });
});
