/**
 * `npm run bench:cluster -- [--slices 200] [--seconds 1] [--slots 4] [--without dask,snakemake] [--limit 2400] [--dir DIR]`: what an engine costs. So many
 * slices that sleep, on so many slots of a real Slurm that this benchmark starts on this machine, in turn by
 *
 * - `emporium ingest run --executor slurm`: an import that writes one small file a run; each job sleeps first (`prologue`). Once with a process that
 *   stays (`--driver here`), once with gate jobs, when nobody stays;
 * - Snakemake with its plugin for Slurm, as job arrays;
 * - dask-jobqueue: workers that stay, one on each slot.
 *
 * A job asks for a quarter of the node's memory (of four slots), so that no more run side by side, whoever asks. Times are those of whole programs.
 * Overhead = (wall − slices × seconds / slots) / slices. Memory: the largest process of the driver. All ask the queue as often as they may:
 * Snakemake's first look comes after 1 s instead of 40, and then every second instead of every ten.
 *
 * Snakemake's plugin removes SLURM_CONF from its environment: small programs on PATH set it again before the real ones. It looks for its jobs with
 * squeue, since without an accounting database it waits for ever for sacct to show them.
 *
 * Sketch: 200 s of sleep on 4 slots are 50 s. Slurm starts an element in about 0.1 s; Node begins in 0.3 s of processor, Snakemake, which starts itself
 * again in each job, in about 2 s. dask starts four workers once.
 */
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { totalmem } from "node:os";
import { delimiter, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { build } from "esbuild";
import { generateLab } from "../examples/lab/generate.mjs";
import { cache, environmentPython, figure, measure, needBuild, program, root, round, say, table } from "./report.mjs";

const { values: options } = parseArgs({
  options: {
    slices: { type: "string", default: "200" },
    seconds: { type: "string", default: "1" },
    slots: { type: "string", default: "4" },
    without: { type: "string", default: "" },
    limit: { type: "string", default: "2400" },
    dir: { type: "string", default: join(cache, "cluster") },
  },
});
const [slices, seconds, slots] = [options.slices, options.seconds, options.slots].map(Number);
const folder = options.dir;
const SLURM_PROGRAMS = ["sbatch", "srun", "squeue", "sacct", "scancel", "scontrol", "sinfo", "sacctmgr"];
/** Exit status of timeout(1). */
const TIMED_OUT = "exit 124";
const POLL_MS = 100;

needBuild();
rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });
const { hasSlurm, startSlurm } = await slurmKit();
if (!hasSlurm()) process.exit(2);
const python = environmentPython("cluster");
const memoryMib = Math.floor(Math.floor(totalmem() / 2 ** 20 / 2) / slots);

await generateLab({ out: join(folder, "lab"), deposits: ["imod"], runs: slices, shape: [2, 8, 8] });
const contenders = [
  ["emporium, --driver here", () => emporium("here")],
  ["emporium, gate jobs", () => emporium("gate")],
  ["dask-jobqueue 0.9.0, dask 2026.8.0", dask],
  ["snakemake 9.27.1, slurm plugin 2.8.0, arrays", snakemake, () => readdirSync(join(folder, "snakemake/done")).length],
].filter(([name]) => !options.without.split(",").some((word) => word !== "" && name.startsWith(word)));

const slurm = await startSlurm({ SelectTypeParameters: "CR_Core_Memory" });
const env = { ...slurm.env, PATH: `${withConfiguration()}${delimiter}${process.env.PATH}` };
const rows = [[`${slices} × ${seconds} s on ${slots} slots`, "wall s", "overhead a slice s", "driver MiB"]];
try {
  for (const contender of contenders) rows.push(await row(...contender));
} finally {
  await slurm.command("scancel", ["--me"]).catch(() => {});
  await slurm.stop();
}
say();
table(rows);

async function row(name, run, done) {
  say(`${name} …`);
  try {
    const { wall_s, rss_kib } = await run();
    const overhead = (wall_s - (slices * seconds) / slots) / slices;
    const driverMib = rss_kib === undefined ? undefined : Math.round(rss_kib / 1024);
    figure("cluster.overhead.seconds", round(overhead), {
      of: name,
      wall_s: round(wall_s, 1),
      driver_mib: driverMib,
      slices,
      slots,
    });
    return [name, round(wall_s, 1), round(overhead), driverMib ?? "none stays"];
  } catch (error) {
    say(error.message);
    const isLate = error.message.startsWith(TIMED_OUT);
    const [first = "", ...said] = error.message.trim().split("\n");
    const reason = isLate ? `not over after ${options.limit} s` : (said.at(-1) ?? first.split(":")[0]).slice(0, 100);
    return [`${name}: ${reason}${done ? `, ${done()} of ${slices} slices done` : ""}`, "-", "-", "-"];
  }
}

async function emporium(driver) {
  const home = join(folder, `config-${driver}`);
  mkdirSync(join(home, "emporium"), { recursive: true });
  const profile = { engine: "slurm", cpus: 1, memory: `${memoryMib}MiB`, slots, slices, prologue: [`sleep ${seconds}`] };
  writeFileSync(join(home, "emporium", "emporium.engines.yaml"), JSON.stringify({ profiles: { bench: profile } }));
  const target = join(folder, `out-${driver}`);
  const words = [
    "ingest",
    "run",
    join(folder, "lab/imod.yaml"),
    join(folder, "lab/input"),
    target,
    "--import-runs",
    "--import-run-metadata",
  ];
  const begun = performance.now();
  const cost = await limited(
    [
      process.execPath,
      program,
      ...words,
      "-q",
      "--workspace",
      join(folder, `work-${driver}`),
      "--executor",
      "slurm",
      "--driver",
      driver,
    ],
    { XDG_CONFIG_HOME: home },
  );
  const run = join(target, ".emporium/runs", readdirSync(join(target, ".emporium/runs"))[0]);
  while (!existsSync(join(run, "end.json"))) await sleep(POLL_MS);
  const end = JSON.parse(readFileSync(join(run, "end.json"), "utf8"));
  const { stages } = JSON.parse(readFileSync(join(run, "run.json"), "utf8"));
  const made = stages[0].slices.length - 1;
  if (end.exitStatus !== 0 || made !== slices) throw new Error(`${made} slices, exit status ${end.exitStatus}`);
  return driver === "here" ? cost : { wall_s: (performance.now() - begun) / 1000 };
}

function snakemake() {
  const home = join(folder, "snakemake");
  mkdirSync(home, { recursive: true });
  writeFileSync(
    join(home, "Snakefile"),
    `rule all:
    input: expand("done/{slice}", slice=range(${slices}))

rule work:
    output: touch("done/{slice}")
    threads: 1
    resources: mem_mb=${memoryMib}, runtime=60, slurm_partition="main"
    shell: "sleep ${seconds}"
`,
  );
  const words = ["--snakefile", join(home, "Snakefile"), "--directory", home, "--executor", "slurm", "--jobs", String(slices)];
  const slurmWords = [
    "--slurm-array-jobs=all",
    // it writes what all elements are to do into one command line: with 100 of them the jobs failed, "File name too long"
    "--slurm-array-limit=20",
    "--slurm-no-account",
    "--slurm-disable-memory-fudge",
    "--slurm-status-command=squeue",
    "--slurm-init-seconds-before-status-checks=1",
  ];
  const looks = ["--seconds-between-status-checks=1", "--latency-wait=5", "--quiet", "all"];
  return limited([join(root, ".cache/venv-cluster/bin/snakemake"), ...words, ...slurmWords, ...looks], {
    XDG_CACHE_HOME: join(home, "cache"),
    HOME: home,
  });
}

function dask() {
  const home = join(folder, "dask");
  mkdirSync(home, { recursive: true });
  const words = [join(root, "bench/cluster_dask.py"), ...[slices, seconds, slots, memoryMib].map(String)];
  return limited(["env", "-C", home, python, ...words], { HOME: home });
}

function limited(words, more = {}) {
  return measure(python, ["timeout", options.limit, ...words], { env: { ...env, ...more } });
}

/** Programs of Slurm that know where its configuration is, whatever was taken out of the environment. */
function withConfiguration() {
  const bin = join(folder, "bin");
  mkdirSync(bin);
  for (const name of SLURM_PROGRAMS) {
    const real = process.env.PATH.split(delimiter)
      .map((path) => join(path, name))
      .find((path) => existsSync(path));
    if (real === undefined) continue;
    writeFileSync(join(bin, name), `#!/bin/sh\nSLURM_CONF='${slurm.env.SLURM_CONF}' exec '${real}' "$@"\n`);
    chmodSync(join(bin, name), 0o755);
  }
  return bin;
}

/** The kit of the tests, compiled for this process. */
async function slurmKit() {
  const outfile = join(folder, "slurm-kit.mjs");
  await build({
    entryPoints: [join(root, "test/peers/slurm-kit.ts")],
    outfile,
    bundle: true,
    platform: "node",
    format: "esm",
    logLevel: "error",
  });
  return import(outfile);
}
