import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { noise, readImage, writeImage } from "../../../../test/e2e/blocks-kit.js";
import type { Triple } from "../../../core/box.js";
import { EmporiumError } from "../../../core/errors.js";
import { blocksOf } from "../../../engine/cluster/block-run.js";
import type { ClusterUse } from "../../../engine/cluster/on-cluster.js";
import { openRun } from "../../../engine/cluster/run-record.js";
import { nameOf } from "../../../engine/cluster/run-tasks.js";
import { workBlocks } from "../../../engine/cluster/work-blocks.js";
import { envOf } from "../../../engine/env.js";
import type { GraphGiven } from "./document.js";
import { blocksStation, runGraphOnCluster } from "./on-cluster.js";
import { runGraph } from "./run.js";

const SHAPE: Triple = [4, 4, 8];
let root: string;
beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), "emporium-on-cluster-"));
  await writeImage(join(root, "em.zarr"), SHAPE, "int16", noise(SHAPE, "int16"));
});
afterAll(() => rmSync(root, { recursive: true }));

const graph = (folder: string): GraphGiven => ({
  ...{ version: 1, inputs: { em: join(root, "em.zarr") }, grid: { of: "em", block: [4, 4, 4] } },
  nodes: [{ id: "twice", op: "affine", in: "em", scale: 2, dtype: "float32" }],
  outputs: { twice: { to: join(root, folder, "twice.zarr"), chunk: [4, 4, 4] } },
});
/** An engine that no job is given to. */
const use: ClusterUse = {
  place: {
    executor: { name: "slurm", limits: async () => ({ arrayMax: 9 }) },
    resources: { cpus: 1, gpus: 0, memoryBytes: 2 ** 30, walltimeMinutes: 1, words: [] },
    ...{ prologue: [], command: ["emporium"], program: "1" },
  },
  drive: false,
  prepare: true,
} as unknown as ClusterUse;

it("what was done on this machine is not given to a cluster again: nothing is left, and it took no time", async () => {
  const here = { jobs: 0, memoryBytes: 2 ** 28, workspace: join(root, "workspace"), sync: false, check: false };
  const { run } = await runGraph(graph("here"), here);
  const report = await runGraphOnCluster(graph("here"), use, { sync: false, check: false });
  expect(report).toMatchObject({ run, tasks: 2, already: 2, done: 0, failed: 0, seconds: 0, exitStatus: 0 });
});

it("a job does its slice, or says that it was stopped with more to do", async () => {
  await runGraphOnCluster(graph("worked"), use, { sync: false, check: false });
  const run = await openRun(join(root, "worked"));
  const slice = { stage: "twice", slice: 0, attempt: 1, jobs: 1, memoryBytes: 2 ** 30 };
  const stop = new AbortController();
  const onEvent = ({ kind }: { kind: string }) => {
    if (kind === "start") stop.abort(new EmporiumError("CANCELLED", "the job's time is over"));
  };
  expect(await workBlocks(run, blocksStation, slice, envOf({ signal: stop.signal, onEvent }))).toBe(75);
  for (let at = 0; at < run.record.stages[0]!.slices.length - 1; at++)
    expect(await workBlocks(run, blocksStation, { ...slice, slice: at }, envOf({}))).toBe(0);
  await blocksStation.finish(run, []);
  const { voxels } = await readImage(join(root, "worked/twice.zarr"));
  expect(voxels).toEqual(Float32Array.from(noise(SHAPE, "int16") as Int16Array, (value) => 2 * value));
});

describe("the end of a run on a cluster", () => {
  const document = (folder: string) => existsSync(join(root, folder, "twice.zarr/zarr.json"));

  it("writes the documents of the outputs where no block was given up", async () => {
    await runGraphOnCluster(graph("whole"), use, { sync: false, check: false });
    expect(document("whole")).toBe(false);
    await blocksStation.finish(await openRun(join(root, "whole")), []);
    expect(document("whole")).toBe(true);
  });

  it("leaves them out where one was: nobody takes what is there for all", async () => {
    await runGraphOnCluster(graph("part"), use, { sync: false, check: false });
    const run = await openRun(join(root, "part"));
    const task = nameOf(blocksOf(run.record)!, 1);
    await blocksStation.finish(run, [
      { task, state: "failed", error: { code: "TASK_FAILED", message: "no such block" } },
    ] as never);
    expect(document("part")).toBe(false);
  });
});
