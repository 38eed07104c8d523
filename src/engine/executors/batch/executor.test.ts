import { describe, expect, it } from "vitest";
import type { ArrayJob } from "../engine-executor.js";
import type { BatchApi } from "./api.js";
import { batchExecutor } from "./executor.js";

/** An executor on an interface that answers in turn, and what it was asked. */
function executor(...answers: readonly object[]) {
  const asked: unknown[][] = [];
  const api = (async (...request: unknown[]) => answers[asked.push(request) - 1]) as BatchApi;
  return { asked, batch: batchExecutor(api, { definition: "emporium:3" } as Parameters<typeof batchExecutor>[1], "long") };
}
const job: ArrayJob = {
  ...{ name: "emporium-0a-1", script: "#!/bin/sh\ntrue\n", indices: [4, 5, 6] },
  resources: { cpus: 4, memoryBytes: 8 * 2 ** 30, gpus: 0, words: [] },
};
const submitted = async (more: Partial<ArrayJob> = {}, resources: Partial<ArrayJob["resources"]> = {}) => {
  const { asked, batch } = executor({ jobId: "id-1" });
  const handle = await batch.submit({ ...job, ...more, resources: { ...job.resources, ...resources } });
  expect(handle).toEqual({ name: job.name, id: "id-1" });
  expect(asked[0]).toEqual(["submitjob", expect.anything(), { changes: true }]);
  return asked[0]![1] as Record<string, unknown> & { containerOverrides: { command: string[]; resourceRequirements: object[] } };
};

/** Requests and answers by the AWS Batch API Reference, 2016-08-10. */
describe("AWS Batch", () => {
  it("gets an array job whose children find their slices", async () => {
    const request = await submitted();
    expect(request).toMatchObject({
      ...{ jobName: "emporium-0a-1", jobQueue: "long", jobDefinition: "emporium:3", arrayProperties: { size: 3 } },
      retryStrategy: {
        attempts: 10,
        evaluateOnExit: [{ action: "RETRY" }, { onExitCode: "75", action: "RETRY" }, { action: "EXIT" }],
      },
    });
    const { command, resourceRequirements } = request.containerOverrides;
    expect(resourceRequirements).toEqual([
      { type: "VCPU", value: "4" },
      { type: "MEMORY", value: "8192" },
    ]);
    expect(command.join("\n")).toContain("EMPORIUM_SLICE=$((AWS_BATCH_JOB_ARRAY_INDEX + 4 - 0))");
    for (const field of ["timeout", "dependsOn", "shareIdentifier"]) expect(request).not.toHaveProperty(field);
  });

  it("gets a job without children for one slice, since an array has two at least", async () => {
    const request = await submitted(
      { indices: [9], after: [{ name: "x", id: "id-0" }] },
      { gpus: 1, account: "lab", queue: "other", walltimeMinutes: 60 },
    );
    expect(request).not.toHaveProperty("arrayProperties");
    expect(request).toMatchObject({ jobQueue: "other", shareIdentifier: "lab", dependsOn: [{ jobId: "id-0" }] });
    expect(request.containerOverrides.command.join("\n")).toContain("EMPORIUM_SLICE=9");
    expect(request.containerOverrides.resourceRequirements.at(-1)).toEqual({ type: "GPU", value: "1" });
    // two minutes behind the walltime: the script ends by itself before that
    expect(request.timeout).toEqual({ attemptDurationSeconds: 3720 });
    expect((await submitted({}, { walltimeMinutes: 1 })).timeout).toEqual({ attemptDurationSeconds: 180 });
  });

  it("is not given what it would not take", async () => {
    const { asked, batch } = executor();
    await expect(batch.submit({ ...job, script: "x".repeat(9_000) })).rejects.toMatchObject({ code: "ENGINE_REFUSED" });
    const api = (async () => ({})) as unknown as BatchApi;
    const unnamed = batchExecutor(api, { definition: "d" } as Parameters<typeof batchExecutor>[1], undefined);
    await expect(unnamed.submit(job)).rejects.toMatchObject({ code: "USAGE" });
    expect(asked).toEqual([]);
  });

  it("tells its states: an array counts its children, before they are there and while the last one ends it waits", async () => {
    const array = (size: number, statusSummary?: object) => ({ status: "PENDING", arrayProperties: { size, statusSummary } });
    const jobs: [object, object | undefined][] = [
      [{ status: "RUNNING" }, { waiting: 0, running: 1, held: 0 }],
      [{ status: "RUNNABLE" }, { waiting: 1, running: 0, held: 0 }],
      [array(5), { waiting: 5, running: 0, held: 0 }],
      [array(5, { STARTING: 1, RUNNABLE: 1, RUNNING: 2, SUCCEEDED: 1 }), { waiting: 2, running: 2, held: 0 }],
      [array(5, { RUNNING: 1, FAILED: 4 }), { waiting: 0, running: 1, held: 0 }],
      [array(5, { SUCCEEDED: 3, FAILED: 1 }), { waiting: 1, running: 0, held: 0 }],
      [array(5, { SUCCEEDED: 3, FAILED: 2 }), { waiting: 1, running: 0, held: 0 }],
      [{ status: "SUCCEEDED" }, undefined],
      [{ status: "FAILED" }, undefined],
    ];
    const { asked, batch } = executor({ jobs: jobs.map(([one], i) => ({ jobId: `${i}`, jobName: "n", ...one })) }, {});
    const handles = Array.from({ length: 130 }, (_, i) => ({ name: "n", id: `${i}` }));
    const states = await batch.states(handles);
    expect(jobs.map((_, i) => states.get(`${i}`))).toEqual(jobs.map(([, state]) => state));
    // a hundred of them are asked for at once
    expect(asked.map(([operation, body]) => [operation, (body as { jobs: string[] }).jobs.length])).toEqual([
      ["describejobs", 100],
      ["describejobs", 30],
    ]);
  });

  it("finds jobs that are not over, by their very names, on all pages", async () => {
    const page = (...jobs: [string, string, string][]) => jobs.map(([jobId, jobName, status]) => ({ jobId, jobName, status }));
    const { asked, batch } = executor(
      { jobSummaryList: page(["1", "run-a", "RUNNING"], ["2", "RUN-A", "RUNNING"], ["3", "run-a", "FAILED"]), nextToken: "more" },
      { jobSummaryList: page(["4", "run-a", "PENDING"]) },
    );
    expect(await batch.find("run-a")).toEqual([
      { name: "run-a", id: "1" },
      { name: "run-a", id: "4" },
    ]);
    const filters = [{ name: "JOB_NAME", values: ["run-a"] }];
    expect(asked).toEqual([
      ["listjobs", { jobQueue: "long", filters }],
      ["listjobs", { jobQueue: "long", filters, nextToken: "more" }],
    ]);
  });

  it.each([
    [{ jobQueues: [{ state: "ENABLED" }] }, undefined],
    [{ jobQueues: [{ state: "DISABLED" }] }, "AWS Batch: the job queue long is DISABLED"],
    [{ jobQueues: [] }, "AWS Batch: the job queue long is not there"],
    [{}, "AWS Batch: the job queue long is not there"],
  ])("has a queue that takes jobs: %j", async (answer, message) => {
    const limits = executor(answer).batch.limits();
    if (message === undefined) expect(await limits).toEqual({ arrayMax: 10_000 });
    else await expect(limits).rejects.toMatchObject({ code: "ENGINE_ABSENT", message });
  });

  it("ends each of the jobs that are cancelled", async () => {
    const { asked, batch } = executor({}, {});
    await batch.cancel([
      { name: "a", id: "1" },
      { name: "b", id: "2" },
    ]);
    expect(asked).toEqual(["1", "2"].map((jobId) => ["terminatejob", { jobId, reason: "cancelled with emporium" }]));
  });
});
