import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { systemClock } from "../../src/core/clock.js";
import { silentLog } from "../../src/core/log.js";
import { seededRandom } from "../../src/core/random.js";
import { readReceipts } from "../../src/engine/blocks/receipt-pages.js";
import { blocksFolder } from "../../src/engine/blocks/run-blocks.js";
import { fileStore } from "../../src/stores/file/store.js";
import { type BlockWorkData, blocksOf, run } from "./block-work.mjs";

const SIDE = 6;
const TASKS = 2 * SIDE ** 3;
const program = fileURLToPath(new URL("./block-work.mjs", import.meta.url));

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "emporium 'blocks' "));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

/** Every file of a target but the engine's own. */
function treeOf(folder: string): Map<string, string> {
  const target = join(folder, "target");
  const tree = new Map<string, string>();
  for (const entry of readdirSync(target, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isFile() && !path.includes("/.emporium/")) tree.set(path.slice(target.length + 1), readFileSync(path, "latin1"));
  }
  return tree;
}

/** What the work says it writes. */
function wantedTree(): Map<string, string> {
  const tree = new Map<string, string>();
  for (const stage of ["first", "second"]) {
    for (let index = 0; index < SIDE ** 3; index++) {
      const [z, y, x] = [Math.floor(index / SIDE ** 2), Math.floor(index / SIDE) % SIDE, index % SIDE];
      tree.set(`${stage}.zarr/${z}/${y}/${x}`, `${stage} ${z},${y},${x} ${"x".repeat(index % 50)}`);
    }
  }
  return tree;
}

const sorted = (tree: Map<string, string>) => [...tree].sort(([a], [b]) => (a < b ? -1 : 1));
const begun = (folder: string) =>
  existsSync(join(folder, "begun")) ? readFileSync(join(folder, "begun"), "utf8").trim().split("\n") : [];

/** Processes that began with a block, or with any, in their order. */
const pidsOf = (title = "") =>
  readFileSync(join(root, "pids"), "utf8")
    .trim()
    .split("\n")
    .filter((line) => line.endsWith(title))
    .map((line) => Number.parseInt(line, 10));

/** Receipts of both stages, and what else lies in the run's folder. */
async function receiptsOf(data: BlockWorkData) {
  const store = fileStore(join(data.folder, "target"));
  const blocks = blocksOf(data);
  const folder = blocksFolder(blocks);
  const names: string[] = [];
  for await (const { key } of store.list(folder)) names.push(key.slice(folder.length));
  let count = 0;
  for (const stage of blocks.stages) count += (await readReceipts(store, folder, stage, silentLog)).done;
  return { count, names };
}

/** Runs the work as a program to its end, or kills it (SIGKILL, to its whole process group or to itself alone) when so many blocks were begun. */
function runProgram(
  data: BlockWorkData,
  { killAt = Number.POSITIVE_INFINITY, wholeGroup = true } = {},
): Promise<{ status: number | null; stdout: string; stderr: string }> {
  const child = spawn(process.execPath, [program, JSON.stringify(data)], { detached: true });
  let [stdout, stderr] = ["", ""];
  child.stdout.on("data", (bytes) => (stdout += bytes));
  child.stderr.on("data", (bytes) => (stderr += bytes));
  const look = setInterval(() => {
    if (child.exitCode === null && begun(data.folder).length >= killAt)
      process.kill(wholeGroup ? -child.pid! : child.pid!, "SIGKILL");
  }, 3);
  return new Promise((resolve) =>
    child.once("close", (status) => {
      clearInterval(look);
      resolve({ status, stdout, stderr });
    }),
  );
}

describe("blocks that are killed and run again", () => {
  it.each([0, 2])("end with the same bytes and one receipt a block (%i worker processes)", async (processes) => {
    const data = { folder: root, side: SIDE, processes };
    const random = seededRandom(11 + processes);
    let kills = 0;
    let report: { tasks: number; done: number; already: number } | undefined;
    while (!report) {
      const killAt = kills < 6 ? begun(root).length + 1 + random() * 60 : undefined;
      const { status, stdout, stderr } = await runProgram(data, { killAt });
      if (status === 0) report = JSON.parse(stdout);
      else {
        expect(stderr).toBe("");
        kills++;
      }
      // the lock of a dead process of this machine is taken over at once
    }
    expect(kills).toBeGreaterThan(0);
    expect(report.done + report.already).toBe(TASKS);
    expect(sorted(treeOf(root))).toEqual(sorted(wantedTree())); // and no part of a file
    const { count, names } = await receiptsOf(data);
    expect(count).toBe(TASKS);
    expect(names.sort()).toEqual(["begin.json", "receipts/first/0.bin", "receipts/second/0.bin"]);
    // what is done twice is what was under way when a process died
    const again = begun(root).length - TASKS;
    expect(again).toBeLessThanOrEqual(kills * (processes === 0 ? 2 : 1024));
    expect(new Set(begun(root)).size).toBe(TASKS);
  });

  it("leave no worker process behind", async () => {
    const data = { folder: root, side: SIDE, processes: 2 };
    await runProgram(data, { killAt: 1, wholeGroup: false });
    let before = -1;
    // what the workers had begun they may end; then nothing happens any more
    for (let now = begun(root).length; now !== before; now = begun(root).length) {
      before = now;
      await sleep(300);
    }
    const { status, stdout } = await runProgram(data);
    expect(status).toBe(0);
    const { done, already } = JSON.parse(stdout) as { done: number; already: number };
    expect(done + already).toBe(TASKS);
    expect(sorted(treeOf(root))).toEqual(sorted(wantedTree()));
  });
});

describe("worker processes", () => {
  it("do what one process does, and needs come first", async () => {
    const report = await run({ folder: root, side: SIDE, processes: 2 });
    expect(report).toMatchObject({ done: TASKS, failed: 0, exitStatus: 0 });
    expect(sorted(treeOf(root))).toEqual(sorted(wantedTree()));
    const order = begun(root);
    expect(order).toHaveLength(TASKS);
    expect(order.indexOf("second 0,0,0")).toBeGreaterThan(order.indexOf("first 1,1,1"));
  });

  it("tell why a block failed; what does not need it is done", async () => {
    const report = await run({ folder: root, side: SIDE, processes: 2, failAt: 0 });
    expect(report).toMatchObject({ failed: 1, blocked: 8, done: TASKS - 9, exitStatus: 3 });
    expect(report.left[0]).toMatchObject({
      title: "first 0,0,0",
      error: { code: "FORMAT_CORRUPT", message: "bad block", file: "x.mrc", byte: 7 },
    });
  });

  it("that die are replaced, and what they had is done by others", async () => {
    const report = await run({ folder: root, side: SIDE, processes: 2, dieAt: { 5: 1, 77: 2 } });
    expect(report).toMatchObject({ done: TASKS, failed: 0, exitStatus: 0 });
    expect(sorted(treeOf(root))).toEqual(sorted(wantedTree()));
  });

  it("that die again and again at one block give it up, and those that need it; the rest is done", async () => {
    const report = await run({ folder: root, side: SIDE, processes: 2, dieAt: { 0: 1000 } });
    expect(report).toMatchObject({ failed: 1, blocked: 8, done: TASKS - 9, exitStatus: 3 });
    expect(report.left[0]).toMatchObject({
      title: "first 0,0,0",
      error: { code: "ENGINE_LOST", message: expect.stringContaining("SIGKILL") },
    });
    expect(report.left.slice(1).every(({ because }) => because === "first 0,0,0")).toBe(true);
  });

  it("leave a block that failed for a reason that may pass to another process", async () => {
    const clock = { ...systemClock, sleep: async () => {} };
    const report = await run({ folder: root, side: SIDE, processes: 2, passingAt: 40 }, { clock });
    expect(report).toMatchObject({ done: TASKS, failed: 0, exitStatus: 0 });
    const [first, second, ...more] = pidsOf("first 1,0,4");
    expect(more).toEqual([]);
    expect(second).toBeGreaterThan(0);
    expect(second).not.toBe(first);
  });

  it("that fail three blocks one after the other are replaced", async () => {
    const report = await run({ folder: root, side: SIDE, processes: 1, hasBadProcess: true });
    const [bad, ...others] = [...new Set(pidsOf())];
    expect(others).toHaveLength(1);
    expect(report.failed).toBe(pidsOf().filter((pid) => pid === bad).length);
    expect(report.failed).toBeGreaterThanOrEqual(3);
    expect(report.done + report.failed + report.blocked).toBe(TASKS);
    expect(report.done).toBe(pidsOf().length - report.failed);
  });

  it("leave a block at which two of them died to one that is alone", async () => {
    const report = await run({ folder: root, side: SIDE, processes: 2, dieAt: { 0: 2 } });
    expect(report).toMatchObject({ done: TASKS, failed: 0, exitStatus: 0 });
    const beside = readFileSync(join(root, "beside"), "utf8").trim().split("\n");
    expect(beside).toHaveLength(3);
    expect(beside[2]).toBe("0");
  });

  it("that are killed from outside are taken to have needed twice the memory: their block runs when as much is free, and keeps it", async () => {
    // the first time another block may be in the same process, and nobody knows which of them it was
    const data = { folder: root, side: SIDE, processes: 2, memoryBytes: 1, slowAt: 100, dieAt: { 100: 2 } };
    const report = await run(data, { memory: { bytes: 2 ** 40, taskBytes: 2 } });
    expect(report).toMatchObject({ done: TASKS, failed: 0, exitStatus: 0 });
    const lines = readFileSync(join(root, "ended"), "utf8").trim().split("\n");
    const title = lines.find((line) => line.startsWith("begun first 2,4,4"));
    const from = lines.lastIndexOf(title!);
    // nothing begins beside it, though there are two processes, and what was begun before has ended, but for what died
    expect(lines[from + 1]).toBe(title!.replace("begun", "ended"));
    const begunBefore = lines.slice(0, from).filter((line) => line.startsWith("begun") && line !== title);
    const endedBefore = new Set(lines.slice(0, from).filter((line) => line.startsWith("ended")));
    const open = begunBefore.filter((line) => !endedBefore.has(line.replace("begun", "ended")));
    expect(open).toEqual([]);
  });

  it("that get no further are killed and replaced", async () => {
    // the looks are what drives the test: each comes when the clock below has passed the limit
    let now = 0;
    const looks: (() => void)[] = [];
    const clock = { now: () => now, monotonic: () => now, sleep: async () => {} };
    const every = (_ms: number, look: () => void) => {
      looks.push(look);
      return () => {};
    };
    let killed = false;
    const onEvent = ({ kind }: { kind: string }) => {
      killed ||= kind === "worker";
    };
    const running = run({ folder: root, side: SIDE, processes: 1, hangAt: 100 }, { clock, every, onEvent, taskMs: 1_000 });
    while (!existsSync(join(root, "hang.times"))) await sleep(20);
    now = 999;
    for (const look of looks) look();
    await sleep(200);
    expect(begun(root).filter((title) => title === begun(root).at(-1))).toHaveLength(1); // not killed yet
    expect(killed).toBe(false);
    // what it did beside the block that hangs may be told late, and then its time begins anew
    for (; !killed; await sleep(20)) {
      now += 1_001;
      for (const look of looks) look();
    }
    expect(await running).toMatchObject({ done: TASKS, failed: 0, exitStatus: 0 });
    expect(sorted(treeOf(root))).toEqual(sorted(wantedTree()));
  });

  it("that cannot begin end the run with their error", async () => {
    const report = await run({ folder: root, side: SIDE, processes: 2 }, { module: new URL("./gone.mjs", import.meta.url).href });
    expect(report).toMatchObject({ done: 0, exitStatus: 1 });
    expect(report.error?.message).toContain("gone.mjs");
  });
});
