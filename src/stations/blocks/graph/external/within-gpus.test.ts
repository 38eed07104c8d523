import { expect, it } from "vitest";
import { manualClock } from "../../../../core/clock.js";
import type { GraphDocument } from "../document.js";
import { claimGpus, visibleGpus } from "./gpus.js";
import { gpusOfJob, withinGpus } from "./within-gpus.js";

const memory = { jobs: 4, cacheBytes: 1, blockBytes: 2, notes: ["a note"] };
const graph = (...gpus: number[]) =>
  ({ nodes: gpus.map((gpu, at) => ({ id: `net${at}`, op: "external", command: ["net"], gpu })) }) as unknown as GraphDocument;

it("counts GPUs of a job where jobs run elsewhere", () => {
  const resources = { cpus: 1, memoryBytes: 1, gpus: 3, words: [] };
  expect(gpusOfJob({ executor: { name: "slurm" }, resources } as unknown as Parameters<typeof gpusOfJob>[0])).toBe(3);
  expect(gpusOfJob({ executor: { name: "local" }, resources } as unknown as Parameters<typeof gpusOfJob>[0])).toBeUndefined();
});

it("lets as many processes work as there are GPUs for the program that needs most", async () => {
  expect(await withinGpus(graph(0), memory, 0)).toBe(memory);
  expect(await withinGpus(graph(1), memory, 4)).toBe(memory);
  expect(await withinGpus(graph(1, 2), memory, 5)).toEqual({
    ...memory,
    jobs: 2,
    notes: ["a note", "2 of 4 processes work: each needs 2 GPUs, 5 for a job"],
  });
  expect(await withinGpus(graph(1), memory, 1)).toMatchObject({
    jobs: 1,
    notes: ["a note", "1 of 4 processes work: each needs a GPU, 1 for a job"],
  });
});

it("refuses a job that has fewer than a program needs, and says so of this machine", async () => {
  await expect(withinGpus(graph(2), memory, 1)).rejects.toMatchObject({
    code: "ENGINE_REFUSED",
    message: "programs need GPUs: each needs 2 GPUs, 1 for a job",
    facts: { hint: "write gpus: 2 in the engine's profile" },
  });
  const { CUDA_VISIBLE_DEVICES: before } = process.env;
  process.env["CUDA_VISIBLE_DEVICES"] = "-1";
  try {
    expect(await withinGpus(graph(1), memory)).toEqual({
      ...memory,
      notes: ["a note", "programs need GPUs: each needs a GPU, 0 seen here"],
    });
  } finally {
    if (before === undefined) delete process.env["CUDA_VISIBLE_DEVICES"];
    else process.env["CUDA_VISIBLE_DEVICES"] = before;
  }
});

it.skipIf(process.platform !== "linux")("a GPU that another has is waited for as long as is said, and no longer", async () => {
  const env = { CUDA_VISIBLE_DEVICES: ` test-${process.pid} , -1,` };
  expect(await visibleGpus(env)).toEqual([`test-${process.pid}`]);
  const clock = manualClock();
  const first = await claimGpus(1, clock, { waitMs: 0, env });
  expect(first.names).toEqual([`test-${process.pid}`]);
  await expect(claimGpus(1, clock, { waitMs: 0, env })).rejects.toMatchObject({
    code: "PROGRAM_FAILED",
    message: `other processes use test-${process.pid}: fewer than 1 GPU is free`,
  });
  expect(clock.sleeps).toEqual([]);
  await expect(claimGpus(1, clock, { waitMs: 1000, env })).rejects.toMatchObject({ code: "PROGRAM_FAILED" });
  expect(clock.sleeps).toEqual([500, 500]);
  first.release();
  (await claimGpus(1, clock, { waitMs: 0, env })).release();
  await expect(claimGpus(2, clock, { waitMs: 0, env })).rejects.toMatchObject({ message: "2 GPUs needed, 1 found" });
});
