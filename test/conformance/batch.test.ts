import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { afterAll, describe, expect, it } from "vitest";
import { systemClock } from "../../src/core/clock.js";
import { batchApi } from "../../src/engine/executors/batch/api.js";
import { containerCommand } from "../../src/engine/executors/batch/container-script.js";
import { batchExecutor } from "../../src/engine/executors/batch/executor.js";
import { type ArrayJob, type EngineExecutor, GONE, isAlive } from "../../src/engine/executors/engine-executor.js";
import { batchUnderTest } from "./batch-kit.js";
import { type BatchServer, DEFINITION } from "./batch-server.js";

const run = promisify(execFile);

/** What only AWS Batch does. Statuses, limits and rules: AWS Batch User Guide, and API Reference 2016-08-10. */
describe("AWS Batch", { timeout: 60_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), "emporium-batch-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const job = (name: string, line: string, more: Partial<ArrayJob> = {}): ArrayJob => ({
    name,
    script: `#!/bin/sh\n${line}\n`,
    resources: { cpus: 2, memoryBytes: 2 ** 30, gpus: 0, words: [] },
    ...more,
  });
  async function over(executor: EngineExecutor, id: string): Promise<void> {
    while (isAlive((await executor.states([{ name: "", id }])).get(id) ?? GONE)) await sleep(50);
  }
  async function withBatch(
    work: (batch: { server: BatchServer; executor: EngineExecutor }) => Promise<void>,
    options: Parameters<typeof batchUnderTest>[0] = {},
  ): Promise<void> {
    const batch = await batchUnderTest(options);
    try {
      await work(batch);
    } finally {
      await batch.server.close();
    }
  }
  const asked = ({ calls }: BatchServer, operation: string) => calls.filter((call) => call.operation === operation);
  const text = (name: string) => (existsSync(join(folder, name)) ? readFileSync(join(folder, name), "utf8") : "");

  it("waits and asks again where it is told that it asks too often, and gives up at last", () =>
    withBatch(async ({ server, executor }) => {
      server.failNext(2);
      expect(await executor.limits()).toEqual({ arrayMax: 10_000 });
      expect(asked(server, "describejobqueues").map(({ status }) => status)).toEqual([429, 429, 200]);
      server.failNext(2);
      await executor.submit(job("late", "true"));
      expect(asked(server, "submitjob").map(({ status }) => status)).toEqual([429, 429, 200]);
      server.failNext(100);
      await expect(executor.limits()).rejects.toMatchObject({ code: "ENGINE_SILENT" });
    }));
  it("submits once where the answer may have been lost, so that the job is looked up", () =>
    withBatch(async ({ server, executor }) => {
      server.failNext(1, { status: 500, type: "ServerException" });
      await expect(executor.submit(job("once", "true"))).rejects.toMatchObject({ code: "ENGINE_SILENT" });
      expect(asked(server, "submitjob")).toHaveLength(1);
      server.failNext(1, { status: 500, type: "ServerException" });
      expect(await executor.find("once")).toEqual([]);
    }));
  it.each([
    ["ExpiredTokenException", /log in again/],
    ["AccessDeniedException", /batch:SubmitJob/],
  ])("%s: says where and what to do", (type, hint) =>
    withBatch(async ({ server, executor }) => {
      server.failNext(1, { status: 403, type });
      await expect(executor.limits()).rejects.toMatchObject({
        code: "STORE_DENIED",
        facts: { hint: expect.stringMatching(hint), place: { url: `${server.url}/v1/describejobqueues` } },
      });
    }),
  );
  it("signs, so that others are refused", () =>
    withBatch(async ({ server }) => {
      const access = { region: "us-east-1", credentials: async () => ({ accessKeyId: "AKIDEXAMPLE", secretAccessKey: "other" }) };
      const api = batchApi({ endpoint: server.url, access, clock: systemClock, random: Math.random });
      await expect(batchExecutor(api, { definition: DEFINITION }, "test-queue").limits()).rejects.toMatchObject({
        code: "STORE_DENIED",
      });
    }));
  it("names a queue and a definition that are not there", () =>
    withBatch(async ({ server }) => {
      const { batchAt } = await import("./batch-kit.js");
      const nowhere = batchAt(server.url, { queue: "nowhere" });
      await expect(nowhere.limits()).rejects.toMatchObject({
        code: "ENGINE_ABSENT",
        facts: { hint: expect.stringContaining("--queue") },
      });
      const undefinedJob = batchAt(server.url, { definition: "none" }).submit(job("x", "true"));
      await expect(undefinedJob).rejects.toMatchObject({
        code: "ENGINE_REFUSED",
        facts: { hint: expect.stringContaining("batch.definition") },
      });
    }));
  it("goes on with a job that was stopped in time, and with one whose host was taken away", () =>
    withBatch(async ({ server, executor }) => {
      const file = join(folder, "attempts");
      const line = `echo "$AWS_BATCH_JOB_ATTEMPT $EMPORIUM_SLICE" >>'${file}'; case $AWS_BATCH_JOB_ATTEMPT in 1) exit 75;; 2) exec sleep 60;; esac`;
      const { id } = await executor.submit(job("attempts", line, { indices: [7] }));
      while (!text("attempts").includes("2 7")) await sleep(50);
      expect(server.loseHost(id)).toBe(1);
      await over(executor, id);
      expect(text("attempts")).toBe("1 7\n2 7\n3 7\n");
    }));
  it("tells a process that is cancelled, and the last attempt of one that always stops in time", () =>
    withBatch(async ({ executor }) => {
      const file = join(folder, "told");
      const { id } = await executor.submit(
        job("told", `trap "echo told >>'${file}'; exit 75" TERM; echo begun >>'${file}'; while :; do sleep 0.1; done`),
      );
      while (text("told") === "") await sleep(50);
      await executor.cancel([{ name: "told", id }]);
      await over(executor, id);
      expect(text("told")).toBe("begun\ntold\n");
      const count = join(folder, "count");
      const stopped = await executor.submit(job("stopped", `echo x >>'${count}'; exit 75`));
      const after = await executor.submit(job("after", `echo after >>'${count}'`, { after: [stopped] }));
      await over(executor, after.id);
      expect(text("count")).toBe(`${"x\n".repeat(10)}after\n`);
    }));
  it("tells a process before the end of its walltime", async () => {
    const [shell = "", ...words] = containerCommand("trap 'echo told; exit 75' TERM; while :; do sleep 0.1; done", 5);
    expect(words.at(-1)).toBe("180"); // two minutes before
    const ended = await run(shell, [...words.slice(0, -1), "1"]).catch((error: { code: number; stdout: string }) => error);
    expect(ended).toMatchObject({ code: 75, stdout: "told\n" });
  });
  it("makes no array of one, describes 100 at a time, and reads a list to its end", () =>
    withBatch(
      async ({ server, executor }) => {
        await executor.submit(job("twin", "sleep 60", { indices: [3] }));
        await executor.submit(job("twin", "sleep 60"));
        await executor.submit(job("Twin", "sleep 60"));
        expect(asked(server, "submitjob").some(({ request }) => "arrayProperties" in request)).toBe(false);
        expect(await executor.find("twin")).toHaveLength(2);
        expect(asked(server, "listjobs")).toHaveLength(3);
        await executor.states(Array.from({ length: 250 }, (_, i) => ({ name: "x", id: String(i) })));
        expect(asked(server, "describejobs").map(({ request }) => request.jobs.length)).toEqual([100, 100, 50]);
      },
      { page: 1 },
    ));
  it("refuses what a container's overrides cannot hold, so that fewer slices are tried", () =>
    withBatch(async ({ server, executor }) => {
      const scattered = Array.from({ length: 3_000 }, (_, i) => 2 * i);
      await expect(executor.submit(job("long", "true", { indices: scattered }))).rejects.toMatchObject({
        code: "ENGINE_REFUSED",
      });
      expect(asked(server, "submitjob")).toEqual([]);
      const { id } = await executor.submit(job("row", "true", { indices: Array.from({ length: 3_000 }, (_, i) => 5 + i) }));
      await executor.cancel([{ name: "row", id }]);
    }));
});
