/**
 * Blocks that do nothing, for bench/engine.mjs: `node engine-work.mjs WHAT SIDE PROCESSES FOLDER` prints one JSON line: seconds, tasks, the peak
 * memory and the processor time of this process and of its worker processes. Also the module of those processes.
 *
 * Two stages of SIDE^3 blocks; each block of the second needs the block at its place in the first and the 26 around that.
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { systemClock } from "../dist/core/clock.js";
import { silentLog } from "../dist/core/log.js";
import { blockJournal } from "../dist/engine/blocks/block-journal.js";
import { blockSource } from "../dist/engine/blocks/block-source.js";
import { mergeReceipts } from "../dist/engine/blocks/merge.js";
import { rowOf } from "../dist/engine/blocks/receipt-table.js";
import { blocksFolder, runBlocks } from "../dist/engine/blocks/run-blocks.js";
import { beginBlockRun } from "../dist/engine/cluster/begin-blocks.js";
import { gate } from "../dist/engine/cluster/drive.js";
import { mergeBlocks } from "../dist/engine/cluster/end-blocks.js";
import { segmentKey } from "../dist/engine/cluster/run-files.js";
import { openRun } from "../dist/engine/cluster/run-record.js";
import { workerProcesses } from "../dist/engine/executors/worker-processes.js";
import { encodeLine } from "../dist/engine/journal-lines.js";
import { fileStore } from "../dist/stores/file/store.js";

const SEGMENTS = 1000;
const SEGMENT_ROWS = 1000;
const LINE_ROWS = 100;

export function blocks(side) {
  const grid = { shape: [side, side, side], block: [1, 1, 1], bytes: 0, memoryBytes: 0, threads: 1, run: "nothing", params: {} };
  const stages = [
    { ...grid, name: "first", needs: [] },
    { ...grid, name: "second", needs: [{ kind: "box", stage: "first", halo: [1, 1, 1] }] },
  ];
  return blockSource({ createdMs: 0, locks: ["bench"], stages });
}

const target = (folder) => fileStore(join(folder, "target"), { sync: false });
const operations = (onFirst = () => {}) => ({
  nothing: async () => {
    onFirst();
    return { outputs: [] };
  },
});

export async function openBlockWork({ side, folder }) {
  return { blocks: blocks(side), operations: operations(), source: target(folder), target: target(folder) };
}

const peakMib = (pid) => Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "latin1"))?.[1] ?? 0) / 1024;
/** Processor time of another process; Linux counts it in hundredths of a second. */
function cpuSeconds(pid) {
  const text = readFileSync(`/proc/${pid}/stat`, "latin1");
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) / 100;
}
const seconds = (sinceMs) => (performance.now() - sinceMs) / 1000;

/** All blocks, from nothing or from what is there. */
async function run(side, processes, folder) {
  const begunMs = performance.now();
  let firstMs;
  const source = blocks(side);
  const scratch = join(folder, "scratch");
  const given = { processes, module: import.meta.url, data: { side, folder }, scratch, createdMs: 0, clock: systemClock };
  const performers = processes > 0 ? workerProcesses(given) : undefined;
  let children = { mib: [], cpu_s: 0 };
  const store = target(folder);
  const report = await runBlocks(source, {
    operations: operations(() => (firstMs ??= performance.now())),
    performers,
    source: store,
    target: store,
    workspace: join(folder, "workspace"),
    name: "bench",
    jobs: 2,
    memoryBytes: 2 ** 30,
    clock: systemClock,
    random: Math.random,
    log: silentLog,
    sync: false,
    onEvent: ({ kind }) => {
      if (kind !== "counted" || !performers) return;
      const { pids } = performers;
      children = { mib: pids.map(peakMib), cpu_s: pids.map(cpuSeconds).reduce((sum, one) => sum + one, 0) };
    },
  });
  performers?.close();
  if (report.exitStatus !== 0) throw new Error(`exit ${report.exitStatus}`);
  const { done, already } = report;
  const first = firstMs === undefined ? {} : { first_task_s: (firstMs - begunMs) / 1000 };
  return { seconds: seconds(begunMs), tasks: source.count, done, already, ...first, children };
}

/** A run that was killed when 99 % were done. */
async function prepareResume(side, folder) {
  const source = blocks(side);
  const options = { token: "prepared", slice: 0, attempt: 0, sync: false, every: () => () => {} };
  const journal = blockJournal(target(folder), blocksFolder(source), source.stages, options);
  const row = rowOf([]);
  const done = Math.floor(source.count * 0.99);
  for (let index = 0; index < done; ) {
    const some = [];
    for (const end = Math.min(index + 10_000, done); index < end; index++) some.push(journal.done(source.task(index).id, row));
    await Promise.all(some);
  }
  await journal.close();
  return { seconds: 0, tasks: done };
}

function prepareMerge(folder) {
  const journal = join(folder, "target", "run", "journal", "s");
  mkdirSync(journal, { recursive: true });
  for (let slice = 0; slice < SEGMENTS; slice++) {
    const lines = [];
    for (let first = 0; first < SEGMENT_ROWS; first += LINE_ROWS) {
      const at = Array.from({ length: LINE_ROWS }, (_, i) => slice * SEGMENT_ROWS + first + i);
      const rows = at.map((i) => rowOf([{ key: `a/${i}`, size: i, crc32: "cbf43926", etag: String(i) }]));
      lines.push(encodeLine(JSON.stringify({ record: "blocks", at, rows: Buffer.concat(rows).toString("base64") })));
    }
    writeFileSync(join(journal, `${slice}.0.t.0`), Buffer.concat(lines));
  }
  return { seconds: 0, tasks: SEGMENTS * SEGMENT_ROWS };
}

async function merge(folder) {
  const begunMs = performance.now();
  const stage = { name: "s", count: SEGMENTS * SEGMENT_ROWS };
  const segments = await mergeReceipts(target(folder), "run/", stage, { log: silentLog });
  return { seconds: seconds(begunMs), tasks: stage.count, segments };
}

/** Blocks of a run on a cluster, and an engine that never has a job of it. */
const wide = {
  createdMs: 0,
  locks: ["bench"],
  stages: [
    {
      ...{ name: "s", shape: [SEGMENTS, SEGMENT_ROWS, 1], block: [1, 1, 1], run: "nothing", params: {}, needs: [] },
      ...{ bytes: 0, memoryBytes: 0, threads: 1 },
    },
  ],
};
const idle = { name: "idle", limits: async () => ({ arrayMax: SEGMENTS }), find: async () => [], states: async () => new Map() };
const env = { clock: systemClock, random: Math.random, log: silentLog, signal: undefined, onEvent: () => {} };

/** A run whose 1,000 slices were done, each by a process that wrote what it began, the rows of what it did, and its end. */
async function prepareGate(folder) {
  const store = target(folder);
  const resources = { cpus: 1, memoryBytes: 2 ** 30, gpus: 0, words: [] };
  const place = { executor: idle, resources, slices: SEGMENTS, prologue: [], command: ["emporium"], program: "bench" };
  const facts = { station: "bench", name: "bench", blocks: wide, params: {}, source: store, target: store, outputs: store };
  const run = await beginBlockRun({ ...facts, anonymous: false, sync: false }, { ...place, slots: SEGMENTS }, env);
  const source = blockSource(wide);
  const row = rowOf([]);
  for (let slice = 0; slice < SEGMENTS; slice++) {
    const options = { token: "t", slice, attempt: 0, sync: false, every: () => () => {} };
    const journal = blockJournal(store, blocksFolder(source), source.stages, options);
    const lines = [{ record: "worker", host: "h", startedMs: 0 }];
    const done = [];
    for (let i = slice * SEGMENT_ROWS; i < (slice + 1) * SEGMENT_ROWS; i++) {
      const task = source.task(i).id;
      lines.push({ record: "start", task });
      done.push(journal.done(task, row));
    }
    await Promise.all(done);
    await journal.close();
    lines.push({ record: "end", complete: true, seconds: 1 });
    const text = Buffer.concat(lines.map((line) => encodeLine(JSON.stringify(line))));
    await store.write(`${run.folder}${segmentKey("s", { slice, attempt: 0, token: "t", part: 0 })}`, text);
  }
  return { seconds: 0, tasks: source.count };
}

/** The last look at it: what was done, and the receipts into their table. */
async function lastGate(folder) {
  const begunMs = performance.now();
  const store = target(folder);
  const run = await openRun(join(folder, "target"));
  const station = {
    openBlocks() {},
    async finish() {
      await mergeBlocks(blockSource(wide), store, silentLog);
    },
  };
  const options = { executor: idle, gates: false, by: "bench", takeOver: true, clock: systemClock, log: silentLog };
  const { end } = await gate(run, station, options);
  await store.remove(`${run.folder}end.json`); // the next round looks again
  await store.remove(`${run.folder}stages/s/end.json`);
  let objects = 0;
  for await (const _ of store.list(".emporium/")) objects++;
  return { seconds: seconds(begunMs), tasks: end.done, objects };
}

/** Stages checked, and the first and the last task made. */
function compile(side) {
  const begunMs = performance.now();
  const source = blocks(side);
  source.task(0);
  source.task(source.count - 1);
  source.idsHash();
  return { seconds: seconds(begunMs), tasks: source.count };
}

if (process.argv[1] === import.meta.filename) {
  const [, , what, side, processes, folder] = process.argv;
  const work = {
    run: () => run(Number(side), Number(processes), folder),
    "prepare-resume": () => prepareResume(Number(side), folder),
    "prepare-merge": () => prepareMerge(folder),
    merge: () => merge(folder),
    "prepare-gate": () => prepareGate(folder),
    gate: () => lastGate(folder),
    compile: () => compile(Number(side)),
  }[what];
  const result = await work();
  const { userCPUTime, systemCPUTime } = process.resourceUsage();
  const cpu_s = (userCPUTime + systemCPUTime) / 1e6 + (result.children?.cpu_s ?? 0);
  process.stdout.write(`${JSON.stringify({ ...result, cpu_s, peak_mib: peakMib("self") })}\n`);
}
