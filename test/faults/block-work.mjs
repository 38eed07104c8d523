/**
 * Work in blocks that dies, hangs and waits as its data says; a module of worker processes, and a program that runs it:
 * `node block-work.mjs '{"folder": …}'` prints the report.
 *
 * data: `folder` everything lies below it, `side` blocks along an axis, `processes` 0 for this one alone, `dieAt` blocks of the first stage at
 * which the process kills itself, as often as the number beside it says, `hangAt` at which it does not come back (once), `failAt` at which
 * it throws, `passingAt` at which it throws what may pass (once), `hasBadProcess`: the first process fails at everything. The file `pids` lists who
 * began, and `beside` for each attempt at the first block how many other processes were there. `memoryBytes` of a block (default 0); `slowAt` a block
 * that takes longer than a process to begin; `ended` lists what was begun and ended, in their order.
 */
import { appendFileSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { systemClock } from "../../dist/core/clock.js";
import { EmporiumError } from "../../dist/core/errors.js";
import { silentLog } from "../../dist/core/log.js";
import { publishObject } from "../../dist/engine/atomic.js";
import { blockSource } from "../../dist/engine/blocks/block-source.js";
import { runBlocks } from "../../dist/engine/blocks/run-blocks.js";
import { workerProcesses } from "../../dist/engine/executors/worker-processes.js";
import { fileStore } from "../../dist/stores/file/store.js";

export function blocksOf({ side, memoryBytes = 0 }) {
  const grid = { shape: [side, side, side], block: [1, 1, 1], bytes: 1, memoryBytes, threads: 1, run: "write", params: {} };
  const outputs = (name) => ({ prefix: `${name}.zarr/`, chunk: [1, 1, 1], separator: "/" });
  const stages = [
    { ...grid, name: "first", needs: [], outputs: outputs("first") },
    { ...grid, name: "second", needs: [{ kind: "box", stage: "first", halo: [1, 1, 1] }], outputs: outputs("second") },
  ];
  return blockSource({ createdMs: 0, locks: ["blocks"], stages });
}

function isThere(pid) {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

function operations({ folder, dieAt = {}, hangAt = -1, failAt = -1, passingAt = -1, slowAt = -1, hasBadProcess = false }) {
  const lines = (name) => (existsSync(join(folder, name)) ? readFileSync(join(folder, name), "utf8").trim().split("\n") : []);
  const note = (name, line) => appendFileSync(join(folder, name), `${line}\n`);
  const isBad = () => hasBadProcess && Number.parseInt(lines("pids")[0], 10) === process.pid;
  /** Which process began what, and who else was there when the first block was tried. */
  function noteProcess(task) {
    note("pids", `${process.pid} ${task.title}`);
    const others = new Set(lines("pids").map((line) => Number.parseInt(line, 10)));
    others.delete(process.pid);
    if (task.title === "first 0,0,0") note("beside", [...others].filter(isThere).length);
  }
  /** True so many times, whatever process asks. */
  function happens(name, times) {
    const path = join(folder, `${name}.times`);
    const before = existsSync(path) ? Number(readFileSync(path, "utf8")) : 0;
    if (before < times) writeFileSync(path, String(before + 1));
    return before < times;
  }
  return {
    async write(task, context) {
      const { index } = task.params.block;
      const isFirst = task.title.startsWith("first");
      appendFileSync(join(folder, "begun"), `${task.title}\n`);
      if (slowAt >= 0) note("ended", `begun ${task.title}`);
      if (process.send) noteProcess(task);
      if (isFirst && index === passingAt && happens("pass", 1))
        throw new EmporiumError("STORE_TIMEOUT", "no answer", { retry: "later" });
      if (isBad()) throw new EmporiumError("FORMAT_CORRUPT", "a bad process");
      if (isFirst && dieAt[index] && happens(`die-${index}`, dieAt[index])) process.kill(process.pid, "SIGKILL");
      if (isFirst && index === hangAt && happens("hang", 1)) await sleep(1_000_000);
      if (isFirst && index === failAt)
        throw new EmporiumError("FORMAT_CORRUPT", "bad block", { place: { file: "x.mrc", byte: 7 } });
      await sleep(isFirst && index === slowAt ? 1500 : index % 3);
      const outputs = [await publishObject(context, task.outputs[0], Buffer.from(`${task.title} ${"x".repeat(index % 50)}`))];
      if (slowAt >= 0) note("ended", `ended ${task.title}`);
      return { outputs };
    },
  };
}

const target = ({ folder }) => fileStore(join(folder, "target"), { sync: false });

export async function openBlockWork(data) {
  return { blocks: blocksOf(data), operations: operations(data), source: target(data), target: target(data) };
}

export async function run(data, facts = {}) {
  const { folder, processes = 0 } = data;
  const scratch = join(folder, "scratch");
  const given = { processes, module: import.meta.url, data, scratch, createdMs: 0, clock: systemClock, ...facts };
  const performers = processes > 0 ? workerProcesses(given) : undefined;
  try {
    const report = await runBlocks(blocksOf(data), {
      ...(await openBlockWork(data)),
      performers,
      workspace: join(folder, "workspace"),
      name: "blocks",
      jobs: 2,
      memoryBytes: Math.max(1, 2 * (data.memoryBytes ?? 0)),
      clock: systemClock,
      random: Math.random,
      log: silentLog,
      sync: false,
    });
    return { ...report, left: [...report.notDone()] };
  } finally {
    performers?.close();
  }
}

if (process.argv[1] === import.meta.filename) {
  process.stdout.write(`${JSON.stringify(await run(JSON.parse(process.argv[2])))}\n`);
}
