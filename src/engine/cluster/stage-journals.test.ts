import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { fileStore } from "../../stores/file/store.js";
import { memoryStore } from "../../stores/memory/store.js";
import { openSegments } from "./segments.js";
import { readJournals, SEED } from "./stage-journals.js";

it("reads the journal of a process while that writes it, as often as somebody looks", async () => {
  const folder = await mkdtemp(join(tmpdir(), "emporium-journals-"));
  try {
    const store = fileStore(folder);
    const name = { slice: 0, attempt: 0, token: "a" };
    const segments = await openSegments(store, "run/", "runs", name, () => () => undefined);
    await segments.add(JSON.stringify({ record: "start", task: "0" }), true);
    let isRead = false;
    let lines = 1;
    const writing = (async () => {
      while (!isRead) await segments.add(JSON.stringify({ record: "start", task: String(lines++) }), true);
    })();
    const counts: number[] = [];
    for (let i = 0; i < 100; i++) counts.push((await readJournals(store, "run/", "runs")).deaths.size);
    isRead = true;
    await writing;
    await segments.close();
    expect(counts.every((count, i) => count >= (counts[i - 1] ?? 1))).toBe(true);
    expect((await readJournals(store, "run/", "runs")).deaths.size).toBe(lines);
  } finally {
    await rm(folder, { recursive: true });
  }
});

it("reads the journal of one slice, beside what is known from the beginning", async () => {
  const store = memoryStore();
  for (const [slice, token] of [
    [0, SEED],
    [0, "a"],
    [1, "b"],
  ] as const) {
    const segments = await openSegments(store, "run/", "runs", { slice, attempt: 0, token }, () => () => undefined);
    await segments.add(JSON.stringify({ record: "start", task: token }), true);
    await segments.close();
  }
  const tasks = async (slice?: number) => [...(await readJournals(store, "run/", "runs", { slice })).deaths.keys()].sort();
  expect(await tasks()).toEqual(["a", "b", SEED]);
  const { attempts } = await readJournals(store, "run/", "runs");
  expect(attempts.get(1)?.get(0)).toMatchObject({ done: 0, failed: 0, ended: false, processes: 1, livedMs: 0 });
  expect(await tasks(1)).toEqual(["b", SEED]);
  expect(await tasks(2)).toEqual([SEED]);
});

it("takes two receipts of one task, unless any of its outputs has other bytes", async () => {
  const store = memoryStore();
  const output = (key: string, crc32: string, size = 3) => ({ key, crc32, size });
  const add = async (token: string, outputs: object[]) => {
    const segments = await openSegments(store, "run/", "runs", { slice: 0, attempt: 0, token }, () => () => undefined);
    await segments.add(JSON.stringify({ record: "done", receipt: { task: "t1", title: "run 1", outputs } }), true);
    await segments.close();
  };
  await add("a", [output("x", "00000001"), output("y", "00000002")]);
  await add("b", [output("x", "00000001"), output("y", "00000002")]);
  expect([...(await readJournals(store, "run/", "runs")).receipts.keys()]).toEqual(["t1"]);
  await add("c", [output("x", "00000001"), output("y", "00000003")]);
  await expect(readJournals(store, "run/", "runs")).rejects.toMatchObject({
    code: "ENGINE_DISAGREES",
    message: "two processes made y (run 1), and their bytes differ",
  });
});
