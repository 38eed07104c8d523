import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { GONE, isAlive } from "../../src/engine/executors/engine-executor.js";
import { batchAt } from "../conformance/batch-kit.js";
import { type BatchCall, DEFINITION, startBatchServer } from "../conformance/batch-server.js";
import { hasEnvironment, python } from "./environment.js";
import { type Moto, startMoto } from "./moto-kit.js";
import { startRecorder } from "./recorder.js";

/** All that the program asks of AWS Batch. @returns the states that the engine tells of a job that was just submitted */
async function askEverything(url: string): Promise<void> {
  const executor = batchAt(url);
  await executor.limits();
  const resources = { cpus: 2, memoryBytes: 2 ** 30, gpus: 1, words: [], walltimeMinutes: 90 };
  const script = "#!/bin/sh\ntrue\n";
  const array = await executor.submit({ name: "array", script, resources, indices: [4, 7, 9], slots: 2 });
  const plain = await executor.submit({ name: "plain", script, resources: { ...resources, gpus: 0 }, indices: [3] });
  const gate = await executor.submit({ name: "gate", script, resources, after: [array, plain] });
  await executor.find("array");
  const over = async () => {
    const states = await executor.states([array, plain, gate]);
    return [array, plain, gate].every(({ id }) => !isAlive(states.get(id) ?? GONE));
  };
  while (!(await over())) await sleep(200);
  expect(await executor.find("array")).toEqual([]);
  await executor.cancel([gate]);
}

/** What Amazon's model has and moto leaves out. */
const LACKS = /^\.jobSummaryList\[\]\.arrayProperties/;

const typeOf = (value: unknown): string => (Array.isArray(value) ? "list" : value === null ? "null" : typeof value);

/** Types of all fields of a reply, by their paths; what stands in lists together, and names in free maps as one. */
function shapeOf(value: unknown, path = "", found = new Map<string, string>()): Map<string, string> {
  found.set(path, typeOf(value));
  if (Array.isArray(value)) for (const one of value) shapeOf(one, `${path}[]`, found);
  else if (typeof value === "object" && value !== null) {
    for (const [name, one] of Object.entries(value)) {
      shapeOf(one, path.endsWith("statusSummary") ? `${path}.*` : `${path}.${name}`, found);
    }
  }
  return found;
}

describe.runIf(hasEnvironment("peers"))("requests to AWS Batch and our server's replies", { timeout: 240_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), "emporium-batch-"));
  let ours: readonly BatchCall[];
  let theirs: readonly BatchCall[];
  let moto: Moto;

  beforeAll(async () => {
    const server = await startBatchServer();
    try {
      await askEverything(server.url);
    } finally {
      await server.close();
    }
    ours = server.calls;
    moto = await startMoto();
    await python("peers", "batch-queue.py", [moto.url, "test-queue", DEFINITION]);
    const recorder = await startRecorder(moto.url);
    try {
      await askEverything(recorder.url);
    } finally {
      await recorder.close();
    }
    theirs = recorder.calls;
  }, 240_000);
  afterAll(async () => {
    await moto?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it("fit Amazon's own model of them", async () => {
    const file = join(folder, "calls.json");
    writeFileSync(file, JSON.stringify(ours));
    expect(new Set(ours.map(({ operation }) => operation)).size).toBe(5);
    expect(JSON.parse(await python("peers", "batch-shapes.py", [file]))).toEqual([]);
  });
  it("a request that does not fit is found", async () => {
    const file = join(folder, "wrong.json");
    const [first] = ours.filter(({ operation }) => operation === "submitjob");
    writeFileSync(file, JSON.stringify([{ ...first, request: { ...first!.request, jobQueues: "x", jobName: 3 } }]));
    const faults = JSON.parse(await python("peers", "batch-shapes.py", [file])) as string[];
    expect(faults.join("\n")).toMatch(/jobQueues[\s\S]*jobName|jobName[\s\S]*jobQueues/);
  });
  it("are taken by moto, each of them", () => {
    expect(theirs.filter(({ status }) => status !== 200)).toEqual([]);
    const operations = (calls: readonly BatchCall[]) => new Set(calls.map(({ operation }) => operation));
    expect(operations(theirs)).toEqual(operations(ours));
  });
  it.each(["describejobqueues", "submitjob", "describejobs", "listjobs", "terminatejob"])(
    "%s: replies are like moto's",
    (operation) => {
      const shape = (calls: readonly BatchCall[]) => {
        const all = new Map<string, string>();
        for (const call of calls) if (call.operation === operation) shapeOf(call.reply, "", all);
        return all;
      };
      const known = shape(theirs);
      const checked = [...shape(ours)].filter(([path]) => known.has(path) || !LACKS.test(path));
      for (const [path, type] of checked) expect([path, known.get(path)], path).toEqual([path, type]);
    },
  );
});
