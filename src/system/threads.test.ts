import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, afterEach, describe, expect, it } from "vitest";
import { startJobThread, startThread, type ThreadPool, threadPool } from "./threads.js";

const folder = mkdtempSync(join(tmpdir(), "emporium-threads-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A thread that answers with its number and what it was given, fails, dies, or never answers. */
const path = join(folder, "worker.mjs");
writeFileSync(
  path,
  `import { parentPort, threadId, workerData } from "node:worker_threads";
let running = 0;
parentPort.on("message", (job) => {
  if (job === "fail") return parentPort.postMessage({ error: { code: "STORE_FAILED", message: "no such disk" } });
  if (job === "die") throw new Error("bad day");
  if (job === "leave") process.exit(0);
  if (job === "wait") return;
  setTimeout(() => parentPort.postMessage({ result: { threadId, workerData, job } }), 20);
});
`,
);
const entry = pathToFileURL(path);
type Answer = { threadId: number; workerData: unknown; job: unknown };
const pools: ThreadPool<unknown, Answer>[] = [];
afterEach(async () => {
  await Promise.all(pools.splice(0).map((pool) => pool.end()));
});

function poolOf(options: { threadsMax?: number; idleMax: number }): ThreadPool<unknown, Answer> {
  const pool = threadPool<unknown, Answer>({ entry, data: "told once", ...options });
  pools.push(pool);
  return pool;
}

describe("a thread pool", () => {
  it("keeps threads for later jobs, and starts no more at once than it may", async () => {
    const pool = poolOf({ threadsMax: 2, idleMax: 2 });
    const answers = await Promise.all([1, 2, 3, 4, 5, 6].map((job) => pool.run(job)));
    expect(answers.map(({ job }) => job)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(answers.map(({ workerData }) => workerData)).toEqual(Array(6).fill("told once"));
    expect(new Set(answers.map(({ threadId }) => threadId)).size).toBe(2);
  });

  it("ends a thread whose job is not to leave anything behind, and those beyond the idle ones", async () => {
    const pool = poolOf({ idleMax: 1 });
    const first = await pool.run("a", { keep: false });
    const [second, third] = await Promise.all([pool.run("b"), pool.run("c")]);
    const again = await pool.run("d");
    expect(second.threadId).not.toBe(first.threadId);
    expect([second.threadId, third.threadId]).toContain(again.threadId);
  });

  it("hands on what a job throws, and goes on with the thread", async () => {
    const pool = poolOf({ threadsMax: 1, idleMax: 1 });
    const { threadId } = await pool.run("a");
    await expect(pool.run("fail")).rejects.toMatchObject({ code: "STORE_FAILED", message: "no such disk" });
    expect((await pool.run("b")).threadId).toBe(threadId);
  });

  it.each(["die", "leave"])("a thread that comes to its end takes its own job along, and no other (%s)", async (word) => {
    const pool = poolOf({ threadsMax: 1, idleMax: 1 });
    const jobs = [pool.run("a"), pool.run(word), pool.run("b")];
    const [a, dead, b] = await Promise.allSettled(jobs);
    expect([a!.status, dead!.status, b!.status]).toEqual(["fulfilled", "rejected", "fulfilled"]);
    expect((dead as PromiseRejectedResult).reason).toMatchObject({ code: "INTERNAL" });
  });

  it("an aborted job rejects with the signal's reason; its place is free for the next", async () => {
    const pool = poolOf({ threadsMax: 1, idleMax: 1 });
    const stop = new AbortController();
    const job = pool.run("wait", { signal: stop.signal });
    setTimeout(() => stop.abort(new Error("enough")), 30);
    await expect(job).rejects.toThrow("enough");
    expect((await pool.run("b")).job).toBe("b");
    await expect(pool.run("c", { signal: stop.signal })).rejects.toThrow("enough");
  });

  it("that rests ends those that do nothing, and nobody's work", async () => {
    const pool = poolOf({ idleMax: 2 });
    const [first, second] = await Promise.all([pool.run(1), pool.run(2)]);
    const underWay = pool.run(3);
    await new Promise((resolve) => setTimeout(resolve, 1));
    await pool.rest();
    const third = await underWay;
    expect([first.threadId, second.threadId]).toContain(third.threadId);
    const [fourth, fifth] = await Promise.all([pool.run(4), pool.run(5)]);
    expect([fourth.threadId, fifth.threadId].filter((id) => id > Math.max(first.threadId, second.threadId))).toHaveLength(1);
  });

  it("that is ended leaves nobody waiting", async () => {
    const pool = poolOf({ idleMax: 1 });
    const job = pool.run("wait");
    job.catch(() => {});
    await new Promise((resolve) => setTimeout(resolve, 50));
    await pool.end();
    await expect(job).rejects.toMatchObject({ code: "CANCELLED" });
  });
});

describe("one thread", () => {
  it("that has died says so to whoever asks later", async () => {
    const thread = startJobThread<unknown, Answer>({ entry });
    await expect(thread.run("die")).rejects.toMatchObject({ code: "INTERNAL", message: "a worker thread died: bad day" });
    await expect(thread.run("a")).rejects.toMatchObject({ code: "INTERNAL" });
    expect(thread.isAlive).toBe(false);
    await thread.end();
  });

  it("keeps no process alive unless it is told to", async () => {
    const thread = startThread({ entry });
    expect(thread.isAlive).toBe(true);
    await thread.end();
    expect(thread.isAlive).toBe(false);
  });
});
