/**
 * `npm run bench:engine -- [--side 100] [--peer-side 14] [--rounds 3] [--only tasks,compile,resume,merge,gate,peers]`: what the scheduler costs, in tasks
 * that do nothing. No receipt waits for the disk (sync off), so this is the program's own work alone. Processor time is of all processes, start
 * and imports included; peak memory that of the largest, workers in the figures.
 *
 * tasks: two stages of side^3 blocks, each block of the second needs 27 of the first, in one process and through two worker processes. Sketch:
 * 26 decrements of a counter (0.1 µs), a promise chain (10 µs) and its part of a line of the journal: about 0.02 ms.
 * compile: the same stages checked, without any of their tasks; 10^9 blocks as well.
 * resume: a run of 1,024,000 tasks that was killed when 99 % were done, to the first task that is done.
 * merge: 10^6 receipts of 1,000 writers into the table. gate: the last look at a run of 10^6 blocks in 1,000 slices on a cluster, with that merge.
 * peers: the same blocks by daisy 2.0, which has dependencies too, and as many tasks without any by the file queue of task-queue 2.14; ours and
 * theirs in turns, fewer blocks because they take longer. Neither of them does just what we do: daisy keeps no receipts, a file queue outlives
 * its processes.
 */
import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { cache, environmentPython, figure, median, needBuild, root, round, say, table } from "./report.mjs";

const { values: options } = parseArgs({
  options: {
    side: { type: "string", default: "100" },
    "peer-side": { type: "string", default: "14" },
    rounds: { type: "string", default: "3" },
    only: { type: "string", default: "tasks,compile,resume,merge,gate,peers" },
    out: { type: "string", default: join(cache, "engine") },
  },
});
const [side, peerSide, rounds] = [options.side, options["peer-side"], options.rounds].map(Number);
const PROCESSES = 2;
/** What was promised. */
const LIMITS = { ms: 0.1, ms_processes: 0.3, peak_mib: 250, compile_s: 2, resume_s: 5, merge_s: 10, objects: 4000 };

const rows = [["what", "tasks", "seconds", "ms a task", "CPU ms a task", "peak MiB", "limit", "met"]];
needBuild();
const parts = {
  tasks: measureTasks,
  compile: measureCompile,
  resume: measureResume,
  merge: measureMerge,
  gate: measureGate,
  peers: measurePeers,
};
for (const name of options.only.split(",")) parts[name]();
rmSync(options.out, { recursive: true, force: true });
say();
table(rows);

function fresh() {
  rmSync(options.out, { recursive: true, force: true });
  mkdirSync(options.out, { recursive: true });
}

/** One of our works, in a process of its own. */
function work(what, blocksAlong = 0, processes = 0) {
  const args = [join(root, "bench", "engine-work.mjs"), what, String(blocksAlong), String(processes), options.out];
  return JSON.parse(execFileSync(process.execPath, args, { encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] }));
}

/** Medians of some runs, a row and a figure. `judge` says whether they keep to the limit. */
function report(name, results, limit, isMet) {
  const seconds = median(results.map((one) => one.seconds));
  const peak = Math.max(...results.map((one) => one.peak_mib));
  const { tasks } = results[0];
  const ms = (seconds * 1000) / tasks;
  const cpu = (median(results.map((one) => one.cpu_s)) * 1000) / tasks;
  const met = isMet({ seconds, ms, peak });
  if (met === false) process.exitCode = 1;
  const answer = met === undefined ? "-" : met ? "yes" : "NO";
  rows.push([name, tasks, round(seconds, 2), round(ms, 4), round(cpu, 4), round(peak, 0), limit, answer]);
  const children = results.flatMap((one) => one.children?.mib ?? []);
  figure(`engine.${name.replaceAll(/[^a-z0-9]+/g, "_")}.seconds`, round(seconds), {
    tasks,
    ms_a_task: round(ms, 5),
    cpu_ms_a_task: round(cpu, 5),
    peak_mib: round(peak, 1),
    runs: results.length,
    low: round(Math.min(...results.map((one) => one.seconds))),
    high: round(Math.max(...results.map((one) => one.seconds))),
    ...(children.length > 0 ? { worker_peak_mib: round(Math.max(...children), 1) } : {}),
  });
}

function measureTasks() {
  const results = { here: [], processes: [] };
  for (let i = 0; i < rounds; i++) {
    fresh();
    results.here.push(work("run", side));
    fresh();
    results.processes.push(work("run", side, PROCESSES));
  }
  const limit = (ms) => `${ms} ms, ${LIMITS.peak_mib} MiB`;
  report("in one process", results.here, limit(LIMITS.ms), ({ ms, peak }) => ms <= LIMITS.ms && peak <= LIMITS.peak_mib);
  report(
    `through ${PROCESSES} processes`,
    results.processes,
    limit(LIMITS.ms_processes),
    ({ ms, peak }) => ms <= LIMITS.ms_processes && peak <= LIMITS.peak_mib,
  );
}

function measureCompile() {
  for (const along of [80, 1000]) {
    fresh();
    const results = Array.from({ length: rounds }, () => work("compile", along));
    report(`compile ${along}^3 blocks twice`, results, `${LIMITS.compile_s} s`, ({ seconds }) => seconds <= LIMITS.compile_s);
  }
}

function measureResume() {
  const results = [];
  for (let i = 0; i < rounds; i++) {
    fresh();
    work("prepare-resume", 80);
    const one = work("run", 80);
    if (one.already < 0.98 * one.tasks) throw new Error(`only ${one.already} of ${one.tasks} were found done`);
    results.push({ ...one, seconds: one.first_task_s });
  }
  const limit = `${LIMITS.resume_s} s, ${LIMITS.peak_mib} MiB`;
  report("resume at 99 %", results, limit, ({ seconds, peak }) => seconds <= LIMITS.resume_s && peak <= LIMITS.peak_mib);
}

function measureMerge() {
  fresh();
  work("prepare-merge");
  const results = [];
  for (let i = 0; i < rounds; i++) {
    rmSync(join(options.out, "target", "run", "receipts"), { recursive: true, force: true });
    results.push(work("merge"));
  }
  const limit = `${LIMITS.merge_s} s, ${LIMITS.peak_mib} MiB`;
  report("merge of 1000 journals", results, limit, ({ seconds, peak }) => seconds <= LIMITS.merge_s && peak <= LIMITS.peak_mib);
}

function measureGate() {
  fresh();
  work("prepare-gate");
  const results = [];
  for (let i = 0; i < rounds; i++) results.push(work("gate"));
  for (const { tasks, objects } of results) {
    if (tasks !== 10 ** 6 || objects > LIMITS.objects) throw new Error(`${tasks} tasks, ${objects} objects`);
  }
  const limit = `${LIMITS.merge_s} s, ${LIMITS.peak_mib} MiB`;
  report("gate of 1000 slices", results, limit, ({ seconds, peak }) => seconds <= LIMITS.merge_s && peak <= LIMITS.peak_mib);
}

function measurePeers() {
  const python = environmentPython("engine");
  const peer = (name, processes) => {
    fresh();
    const args = [join(root, "bench", "engine.py"), name, String(peerSide), String(processes), options.out];
    const { status, stderr } = spawnSync(python, args, { encoding: "utf8" });
    if (status !== 0) throw new Error(`${name} ended with ${status}\n${stderr}`);
    const { seconds, tasks, cpu_s, peak_kib, state } = JSON.parse(stderr.trim().split("\n").at(-1));
    if (state !== "True" && state !== String(tasks)) throw new Error(`${name} did not do its work: ${state}`);
    return { seconds, tasks, cpu_s, peak_mib: peak_kib / 1024 };
  };
  const ours = (processes) => {
    fresh();
    return work("run", peerSide, processes);
  };
  const racers = {
    "emporium, one process": () => ours(0),
    "daisy, one process": () => peer("daisy", 1),
    [`emporium, ${PROCESSES} processes`]: () => ours(PROCESSES),
    [`daisy, ${PROCESSES} processes`]: () => peer("daisy", PROCESSES),
    [`task-queue, ${PROCESSES} processes`]: () => peer("filequeue", PROCESSES),
  };
  const results = Object.fromEntries(Object.keys(racers).map((name) => [name, []]));
  for (let i = 0; i < rounds; i++) for (const [name, race] of Object.entries(racers)) results[name].push(race());
  for (const [name, all] of Object.entries(results)) report(name, all, "-", () => undefined);
}
