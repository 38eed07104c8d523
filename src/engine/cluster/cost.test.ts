import { describe, expect, it } from "vitest";
import { memoryStore } from "../../stores/memory/store.js";
import type { Store } from "../../stores/store.js";
import { encodeLine } from "../journal-lines.js";
import { costLines, costOf, estimateCost, estimateLines, figuresWords, secondsLeft, stageFigures, workOf } from "./cost.js";
import { RUN_RECORD, runFolder, segmentKey } from "./run-files.js";
import { putJson, type RunRecord } from "./run-record.js";
import { readJournals, SEED } from "./stage-journals.js";

const MiB = 2 ** 20;
const resources = { cpus: 2, memoryBytes: 1, gpus: 0, words: [] };
const price = { perCpuHour: 0.04, currency: "EUR" };
const folder = runFolder("r");

/** A process at a slice: so many tasks, each of so many seconds; `seconds` of itself, where it wrote its end. */
async function addProcess(
  store: Store,
  {
    slice,
    attempt = 0,
    token = "a",
    tasks,
    seconds,
  }: { slice: number; attempt?: number; token?: string; tasks: number[]; seconds?: number },
): Promise<void> {
  const lines: object[] = tasks.map((taskSeconds, i) => ({
    record: "done",
    receipt: { task: `${slice}.${attempt}.${token}.${i}`, title: "t", inputs: [], outputs: [], seconds: taskSeconds },
  }));
  if (seconds !== undefined) lines.push({ record: "end", complete: true, seconds });
  await store.write(
    `${folder}${segmentKey("runs", { slice, attempt, token, part: 0 })}`,
    Buffer.concat(lines.map((line) => encodeLine(JSON.stringify(line)))),
  );
}

async function fourSlices(): Promise<Store> {
  const store = memoryStore({ now: () => 5 });
  for (const [slice, seconds] of [10, 20, 30, 40].entries()) await addProcess(store, { slice, tasks: [1, slice + 2], seconds });
  return store;
}

describe("what a stage has taken", () => {
  it("times of slices and tasks, processors times hours, slices begun again, processes without an end", async () => {
    const store = await fourSlices();
    await addProcess(store, { slice: 0, attempt: 1, token: "b", tasks: [] }); // killed
    await addProcess(store, { slice: 1, attempt: 0, token: "c", tasks: [], seconds: 80 }); // started twice
    await addProcess(store, { slice: 0, token: SEED, tasks: [1000, 1000, 1000] });
    expect(stageFigures(await readJournals(store, folder, "runs"), resources)).toEqual({
      // 1 1 1 1 2 3 4 5
      taskSecondsP50: 2,
      taskSecondsP95: 5,
      // 10 20 30 40 80
      sliceSecondsP50: 30,
      sliceSecondsP95: 80,
      cpuHours: 0.1, // 180 s of 2 processors
      processesWithoutEnd: 1,
      slicesBegunAgain: 2,
      tasksDoneBefore: 3,
    });
  });
  it("time left: as the ended processes took for a task, shared by those that run", async () => {
    const journals = await readJournals(await fourSlices(), folder, "runs");
    // 8 tasks took 100 s
    expect(secondsLeft(journals, 20, 5)).toBe(50);
    expect(secondsLeft(journals, 20, 0)).toBeUndefined();
    expect(secondsLeft(journals, 0, 5)).toBeUndefined();
    expect(secondsLeft(await readJournals(memoryStore(), folder, "runs"), 20, 5)).toBeUndefined();
  });
  it("costs nothing where no price is told", () => {
    expect([costOf(2.5, price), costOf(2.5, undefined)]).toEqual([0.1, undefined]);
    expect(costLines(250, price, 1, true)).toEqual([
      "250 CPU hours, 10.00 EUR at 0.04 EUR a CPU hour; without those of 1 process that were killed",
    ]);
    expect(costLines(2.5, undefined, 1, false)).toEqual(["2.5 CPU hours"]);
    expect(costLines(0, price, 0, true)).toEqual([]);
  });
  it("is told of a stage in words", () => {
    const figures = { cpuHours: 12.3, processesWithoutEnd: 0, slicesBegunAgain: 1, tasksDoneBefore: 0 };
    expect(figuresWords({ ...figures, sliceSecondsP50: 65, sliceSecondsP95: 90 })).toEqual([
      "a slice 1m05s (95 %: 1m30s)",
      "12 CPU hours",
      "1 slice begun again",
    ]);
  });
});

describe("what a plan will take", () => {
  const stages = [{ name: "runs", tasks: 1, slices: 1 }];
  const record: RunRecord = {
    ...{ format: 1, program: "1", id: "r", name: "ingest x", station: "ingest", params: {}, createdMs: 0, ids: "0" },
    source: { url: "in", anonymous: false },
    target: { url: "out", anonymous: false, sync: false },
    tasks: 8,
    bytes: 2e9 - 8 * 4 * MiB,
    stages: [{ name: "runs", slices: [0, 8] }],
    ...{ locks: [], engine: "slurm", resources, prologue: [], command: ["emporium"] },
  };

  it("by a stated rate where nothing was measured, and says so", async () => {
    const tasks = [{ bytes: 7.2e12 - 4 * MiB }];
    const estimate = await estimateCost(memoryStore(), "ingest", stages, workOf(tasks), price);
    expect(estimate).toMatchObject({ basis: "stated", bytesPerCpuSecond: 20e6, cpuHours: 100, cost: 4, price });
    expect(estimateLines(estimate)).toEqual([
      "1 task: 1 slice of runs",
      "about 100 CPU hours, 4.00 EUR at 0.04 EUR a CPU hour: 6.5 TiB to read, at 19.1 MiB a second and processor (a stated rate: no longer run was measured in this target)",
    ]);
  });
  it("by the newest run that did all of its plan", async () => {
    const store = await fourSlices();
    const tasks = [{ bytes: 3.6e10 - 4 * MiB }];
    const basis = async () => (await estimateCost(store, "ingest", stages, workOf(tasks), undefined)).basis;
    await putJson(store, `${folder}${RUN_RECORD}`, record);
    expect(await basis()).toBe("stated"); // it has no end
    await putJson(store, `${folder}end.json`, { exitStatus: 3, done: 7 });
    expect(await basis()).toBe("stated"); // it did not do all
    await putJson(store, `${folder}end.json`, { exitStatus: 0, done: 8 });
    // 2e9 bytes in 100 s of 2 processors
    const estimate = await estimateCost(store, "ingest", stages, workOf(tasks), undefined);
    expect(estimate).toMatchObject({ basis: "measured", measuredIn: "r", bytesPerCpuSecond: 1e7, cpuHours: 1 });
    expect(estimate).not.toHaveProperty("cost");
    expect((await estimateCost(store, "publish", stages, workOf(tasks), undefined)).basis).toBe("stated");
    await addProcess(store, { slice: 3, attempt: 1, tasks: [] }); // its time is not known
    expect(await basis()).toBe("stated");
  });
});
