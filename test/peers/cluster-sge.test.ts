import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { generateLab } from "../../examples/lab/generate.mjs";
import { hasEnded, isBegunAgainForNothing, leftovers, type RunStatus, tree } from "./cluster-kit.js";
import { emporium } from "./environment.js";
import { type GridEngine, hasGridEngine, startGridEngine } from "./sge-kit.js";

const RUNS = 6;
const POLL_MS = 200;
const TEST_MS = 300_000;

describe.runIf(hasGridEngine())("an import on a Grid Engine cluster", { timeout: TEST_MS }, () => {
  const folder = mkdtempSync(join(tmpdir(), "emporium-grid-"));
  const lab = join(folder, "lab");
  let grid: GridEngine;
  let local: Map<string, string>;

  const ingest = (target: string, flags: readonly string[]) =>
    emporium(
      [
        ...["ingest", "run", join(lab, "imod.yaml"), join(lab, "input"), join(folder, target), "--import-everything"],
        ...["-q", "--json", "--workspace", join(folder, `${target}.work`), ...flags],
      ],
      { ...grid?.env, SOURCE_DATE_EPOCH: "1767225600" },
    );

  beforeAll(async () => {
    await generateLab({ out: lab, deposits: ["imod"], runs: RUNS, shape: [8, 32, 24] });
    expect((await ingest("local", [])).status).toBe(0);
    local = tree(join(folder, "local"));
    grid = await startGridEngine();
  }, TEST_MS);
  afterAll(async () => {
    await grid?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it("makes the tree of a local import, byte for byte, while nobody watches", async () => {
    const begun = JSON.parse((await ingest("gates", ["--executor", "sge"])).stdout) as { status: string };
    expect(begun.status).toBe("submitted");
    while (!hasEnded(join(folder, "gates"))) await sleep(POLL_MS);
    const told = await emporium(["engine", "status", join(folder, "gates"), "--json"], grid.env);
    const over = JSON.parse(told.stdout) as RunStatus;
    expect(over).toMatchObject({ status: "done", done: over.tasks });
    expect(over.stages.map(({ slices }) => slices)).toEqual([RUNS, 1, 1]);
    for (const stage of over.stages) expect(isBegunAgainForNothing(stage), JSON.stringify(stage)).toBe(false);
    expect(tree(join(folder, "gates"))).toEqual(local);
    expect(leftovers(join(folder, "gates"))).toEqual([]);
  });
  it("a run that is cancelled leaves no job behind", async () => {
    await ingest("cancelled", ["--executor", "sge"]);
    const cancelled = await emporium(["engine", "cancel", join(folder, "cancelled")], grid.env);
    expect(cancelled.status).toBe(0);
    expect(await grid.command("qstat", ["-u", "*"])).toBe("");
    // ids stay claimed until the import is done
    expect(leftovers(join(folder, "cancelled"))).toEqual([".emporium/ids.json"]);
  });
});
