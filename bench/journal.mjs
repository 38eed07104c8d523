/**
 * `node bench/journal.mjs [--receipts 100000] [--out DIR]`: what the journal costs.
 *
 * Opening: a journal of that many receipts is read and 99 % of a plan are found done in it, against one listing of the target; in a process of
 * its own, whose peak memory the kernel tells. Sketch: 45 MB read at ~1 GB/s, parsed at ~100 MB/s → half a second; the index is 150 bytes a
 * receipt; the rest is the plan itself and one receipt a task in the report.
 *
 * Group commit: receipts that finish side by side share syncs. One by one, each waits for the disk alone.
 */
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { silentLog } from "../dist/core/log.js";
import { openJournal } from "../dist/engine/journal.js";
import { checkPlan } from "../dist/engine/plan.js";
import { findDone } from "../dist/engine/receipts.js";
import { taskId } from "../dist/engine/task-id.js";
import { cache, figure, needBuild, round, say, table } from "./report.mjs";

const { values: options } = parseArgs({
  options: {
    receipts: { type: "string", default: "100000" },
    out: { type: "string", default: join(cache, "journal") },
    open: { type: "boolean", default: false },
  },
});
const count = Number(options.receipts);
const SIDE_BY_SIDE = [1, 2, 8, 64];
const COMMITS = 512;

function planOf(tasks) {
  return {
    createdMs: 0,
    locks: ["10001"],
    tasks: Array.from({ length: tasks }, (_, i) => {
      const work = {
        run: "copy",
        params: { voxelSize: 13.48, run: `TS_${i}` },
        inputs: [{ key: `frames/TS_${i}.mrc`, size: i, etag: `${i}-etag` }],
        outputs: [`10001/TS_${i}/Reconstructions/VoxelSpacing13.480/tomogram.json`],
      };
      return { ...work, id: taskId(work), title: `tomogram 100 of TS_${i}`, needs: [], bytes: i, memoryBytes: 0, threads: 1 };
    }),
  };
}

const receiptOf = ({ id, title, inputs, outputs }, i) => ({
  task: id,
  title,
  inputs,
  outputs: outputs.map((key) => ({ key, size: 400, crc32: "cbf43926", etag: `"${id}"`, modifiedMs: 1_700_000_000_000 + i })),
  seconds: 0.25,
});

/** Lists what the receipts say, and answers nothing else: a request for a single object would end the run. */
const listed = (tasks) => ({
  url: "bench:",
  async *list() {
    for (const { id, outputs } of tasks) yield { key: outputs[0], size: 400, etag: `"${id}"` };
  },
});

async function openAndCompare() {
  const begun = performance.now();
  const journal = await openJournal(options.out, "j", silentLog);
  const opened = performance.now();
  const openedKib = peakKib();
  const plan = planOf(count);
  const planned = performance.now();
  checkPlan(plan);
  await journal.begin(plan);
  const done = await findDone(listed(plan.tasks), plan.tasks, (task) => journal.receipt(task), {
    log: silentLog,
    signal: new AbortController().signal,
  });
  const compared = performance.now();
  await journal.close();
  console.log(
    JSON.stringify({
      open_s: round((opened - begun) / 1000),
      compare_s: round((compared - planned) / 1000),
      done: done.size,
      open_kib: openedKib,
      peak_kib: peakKib(),
    }),
  );
}

function peakKib() {
  return Number(/VmHWM:\s+(\d+)/.exec(readFileSync("/proc/self/status", "latin1"))?.[1] ?? 0);
}

async function measureOpening() {
  const journal = await openJournal(options.out, "j", silentLog);
  const { tasks } = planOf(count);
  await journal.begin({ createdMs: 0, locks: [], tasks });
  for (let at = 0; at < count * 0.99; at += 1000) {
    const some = tasks.slice(at, Math.min(at + 1000, Math.floor(count * 0.99)));
    await Promise.all(some.map((task, i) => journal.append({ record: "done", receipt: receiptOf(task, at + i) })));
  }
  await journal.close();
  const bytes = statSync(journal.path).size;
  const args = [fileURLToPath(import.meta.url), "--open", "--receipts", String(count), "--out", options.out];
  const result = JSON.parse(execFileSync(process.execPath, args, { encoding: "utf8" }));
  figure("journal.open.seconds", result.open_s, { receipts: result.done, journal_mib: round(bytes / 2 ** 20, 1) });
  figure("journal.compare.seconds", result.compare_s, { receipts: result.done });
  figure("journal.open.rss_mib", round(result.open_kib / 1024, 0));
  figure("journal.compare.rss_mib", round(result.peak_kib / 1024, 0));
}

async function measureCommits() {
  const rows = [["side by side", "receipts/s", "syncs", "receipts a sync"]];
  const { tasks } = planOf(COMMITS);
  for (const width of SIDE_BY_SIDE) {
    const journal = await openJournal(options.out, `commit-${width}`, silentLog);
    const before = journal.syncs;
    const begun = performance.now();
    let next = 0;
    const worker = async () => {
      for (let i = next++; i < tasks.length; i = next++)
        await journal.append({ record: "done", receipt: receiptOf(tasks[i], i) });
    };
    await Promise.all(Array.from({ length: width }, worker));
    const seconds = (performance.now() - begun) / 1000;
    const syncs = journal.syncs - before;
    await journal.close();
    rows.push([width, Math.round(COMMITS / seconds), syncs, round(COMMITS / syncs, 1)]);
    figure("journal.commit.receipts_per_s", Math.round(COMMITS / seconds), { side_by_side: width, syncs });
  }
  say();
  table(rows);
}

needBuild();
if (options.open) await openAndCompare();
else {
  rmSync(options.out, { recursive: true, force: true });
  mkdirSync(options.out, { recursive: true });
  await measureOpening();
  await measureCommits();
}
