/**
 * `npm run bench:resume -- [--kills 50] [--seed 1] [--targets folder,s3] [--size 512x512x128] [--runs 3] [--out DIR]`: an ingest of the
 * miniature laboratory, killed (SIGKILL to its process group) at random moments of its usual duration, up to three times each, then run
 * to its end. The tree must be the one of a run that nobody killed, object for object; no `.part` and no open multipart upload may be
 * left. The price of the deaths is what all attempts together took and wrote beyond one uninterrupted run; written bytes are the
 * kernel's count for the process (`wchar` of /proc/PID/io, sampled every 5 ms, so the last few milliseconds may be missing).
 */
import { spawn } from "node:child_process";
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { generateLab } from "../examples/lab/generate.mjs";
import { folderHashes, folderPlace, s3Place } from "./places.mjs";
import { cache, figure, median, needBuild, program, round, say, table } from "./report.mjs";

const { values: options } = parseArgs({
  options: {
    kills: { type: "string", default: "50" },
    seed: { type: "string", default: "1" },
    targets: { type: "string", default: "folder,s3" },
    size: { type: "string", default: "512x512x128" },
    runs: { type: "string", default: "3" },
    out: { type: "string", default: join(cache, "resume") },
  },
});
const trials = Number(options.kills);
const [KILLS_MAX, USUAL_RUNS, TRIALS_PER_USUAL, ATTEMPTS_MAX] = [3, 2, 10, 12];
/** A process that has written more than this has begun with volumes: starting up writes a few locks and a journal. */
const WRITING_BYTES = 256 * 1024;
const [LOCKED, LOCK_PAUSE_MS, SAMPLE_MS] = [11, 5000, 5];
const EPOCH = "1790000000"; // the plan's moment: two runs started at different times must write the same bytes

/** What this version imports of a deposition; key images and Neuroglancer files are not among it. */
const SELECTION = ["depositions", "datasets", "runs", "voxel-spacings", "alignments", "tomograms"]
  .map((plural) => `--import-${plural}`)
  .concat("--import-all-metadata");

needBuild();
rmSync(options.out, { recursive: true, force: true });
mkdirSync(options.out, { recursive: true });
const shape = options.size.split("x").map(Number).reverse();
const lab = await generateLab({ out: join(options.out, "lab"), shape, runs: Number(options.runs), deposits: ["imod"] });
const config = lab.deposits[0].config;
const sourceBefore = folderHashes(lab.input);
const rows = [
  [
    "target",
    "trials",
    "kills",
    "while writing",
    "identical",
    ".part",
    "open uploads",
    "locks",
    "usual s",
    "extra s median",
    "extra s max",
    "MiB redone median",
    "MiB redone max",
  ],
];
let failed = false;
try {
  for (const target of options.targets.split(",")) await judge(target);
  const touched = differences(sourceBefore, folderHashes(lab.input));
  if (touched.length > 0) throw new Error(`sources were changed: ${touched}`);
} finally {
  rmSync(options.out, { recursive: true, force: true });
}
table(rows);
process.exit(failed ? 1 : 0);

/** All trials onto one kind of target, with runs that nobody kills before every tenth: the machine's mood changes in minutes. */
async function judge(kind) {
  const random = seeded(Number(options.seed));
  const place = kind === "s3" ? await s3Place(options.out) : folderPlace(options.out);
  const usual = { seconds: [], bytes: [], tree: undefined };
  const count = { identical: 0, kills: 0, whileWriting: 0, parts: 0, uploads: 0, locks: 0 };
  const spent = { seconds: [], bytes: [] };
  try {
    for (let trial = 0; trial < trials; trial++) {
      if (trial % TRIALS_PER_USUAL === 0) await runUsual(place, usual);
      await place.clear();
      const attempts = await killAndResume(place, random, median(usual.seconds.slice(-USUAL_RUNS)));
      const last = attempts.at(-1);
      const tree = await place.hashes();
      const wrong = last.status === 0 ? differences(usual.tree, tree) : [`exit ${last.status}: ${last.stderr}`];
      const left = await place.leftovers();
      const kills = attempts.filter(({ signal }) => signal === "SIGKILL");
      count.kills += kills.length;
      count.whileWriting += kills.filter(({ writtenBytes }) => writtenBytes > WRITING_BYTES).length;
      count.parts += left.parts.length;
      count.uploads += left.uploads.length;
      count.locks += left.locks.length;
      if (wrong.length === 0) count.identical++;
      else say(`trial ${trial} (seed ${options.seed}) onto ${kind}: ${wrong.slice(0, 5).join("; ")}`);
      for (const name of [...left.parts, ...left.uploads, ...left.locks]) say(`trial ${trial} left ${name}`);
      spent.seconds.push(attempts.reduce((sum, { seconds }) => sum + seconds, 0));
      spent.bytes.push(attempts.reduce((sum, { writtenBytes }) => sum + writtenBytes, 0));
    }
  } finally {
    await place.stop();
  }
  failed ||= count.identical < trials || count.parts + count.uploads + count.locks > 0;
  report(kind, count, usual, spent);
}

async function runUsual(place, usual) {
  for (let i = 0; i < USUAL_RUNS; i++) {
    await place.clear();
    const { status, seconds, writtenBytes, stderr } = await ingest(place);
    if (status !== 0) throw new Error(`an uninterrupted ingest ended with ${status}\n${stderr}`);
    usual.seconds.push(seconds);
    usual.bytes.push(writtenBytes);
    const tree = await place.hashes();
    const wrong = differences(usual.tree ?? tree, tree);
    if (wrong.length > 0) throw new Error(`two uninterrupted runs differ: ${wrong.slice(0, 5)}`);
    usual.tree = tree;
  }
}

/** One to three attempts that may be killed, then one to the end; a lock that the dead left behind is waited for. */
async function killAndResume(place, random, usualSeconds) {
  const attempts = [];
  const wanted = 1 + Math.floor(random() * KILLS_MAX);
  for (let i = 0; i < wanted; i++) attempts.push(await ingest(place, random() * usualSeconds * 1000));
  do {
    if (attempts.at(-1).status === LOCKED) await sleep(LOCK_PAUSE_MS);
    attempts.push(await ingest(place));
  } while (attempts.at(-1).status === LOCKED && attempts.length < ATTEMPTS_MAX);
  return attempts;
}

function report(kind, count, usual, spent) {
  const usualSeconds = median(usual.seconds);
  const usualBytes = median(usual.bytes);
  const extra = spent.seconds.map((seconds) => seconds - usualSeconds);
  const redone = spent.bytes.map((bytes) => (bytes - usualBytes) / 2 ** 20);
  const facts = {
    of: trials,
    target: kind,
    seed: options.seed,
    kills: count.kills,
    kills_while_writing: count.whileWriting,
    parts_left: count.parts,
    uploads_left: count.uploads,
  };
  const total = spent.seconds.reduce((sum, seconds) => sum + seconds, 0);
  figure("crash.kill9.identical", count.identical, { ...facts, seconds: round(total, 1) });
  const most = (values, digits) => round(Math.max(...values), digits);
  figure("crash.kill9.redone_mib", round(median(redone), 1), {
    ...facts,
    high: most(redone, 1),
    usual_mib: round(usualBytes / 2 ** 20, 1),
  });
  figure("crash.kill9.extra_seconds", round(median(extra)), { ...facts, high: most(extra, 3), usual_s: round(usualSeconds) });
  rows.push([
    kind,
    trials,
    count.kills,
    count.whileWriting,
    count.identical,
    count.parts,
    count.uploads,
    count.locks,
    round(usualSeconds, 2),
    round(median(extra), 2),
    most(extra, 2),
    round(median(redone), 1),
    most(redone, 1),
  ]);
}

/** One attempt; with `killAfterMs` its whole process group is killed then, unless it has ended before. */
function ingest(place, killAfterMs) {
  const started = performance.now();
  const args = [
    "ingest",
    "run",
    config,
    lab.input,
    place.location,
    "--workspace",
    place.workspace,
    ...SELECTION,
    "--json",
    "--quiet",
  ];
  const child = spawn(process.execPath, [program, ...args], {
    detached: true, // a process group of its own
    env: { ...process.env, ...place.env, SOURCE_DATE_EPOCH: EPOCH },
    stdio: ["ignore", "ignore", "pipe"],
  });
  let stderr = "";
  let writtenBytes = 0;
  const sample = () => {
    try {
      writtenBytes = Number(/^wchar: (\d+)/m.exec(readFileSync(`/proc/${child.pid}/io`, "utf8"))?.[1] ?? writtenBytes);
    } catch {
      // it has ended, or this system has no such file
    }
  };
  const sampler = setInterval(sample, SAMPLE_MS);
  child.stderr.on("data", (bytes) => (stderr += bytes));
  const kill = () => {
    sample();
    if (child.exitCode === null && child.signalCode === null) process.kill(-child.pid, "SIGKILL");
  };
  const timer = killAfterMs === undefined ? undefined : setTimeout(kill, killAfterMs);
  return new Promise((resolve) =>
    child.once("close", (status, signal) => {
      clearTimeout(timer);
      clearInterval(sampler);
      resolve({ status, signal, stderr, writtenBytes, seconds: (performance.now() - started) / 1000 });
    }),
  );
}

function differences(wanted, found) {
  const names = new Set([...wanted.keys(), ...found.keys()]);
  return [...names]
    .filter((name) => wanted.get(name) !== found.get(name))
    .map((name) => `${name} ${found.has(name) ? "differs" : "is missing"}`);
}

/** mulberry32: a trial repeats from its seed. */
function seeded(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}
