import type { ArrayJob } from "../engine-executor.js";
import { indexRanges } from "./index-ranges.js";
import { type EngineWords, linesOf, mebibytes } from "./words.js";

/** Seconds before the end of the allotted time at which a worker is told to stop: two minutes, or a quarter of a short time. */
function noticeSeconds(walltimeMinutes = Number.POSITIVE_INFINITY): number {
  return Math.min(120, walltimeMinutes * 15);
}
/** Slurm's own default (slurm.conf(5), MaxArraySize): the largest index is one less. */
const ARRAY_SIZE = 1001;

/** States of squeue(1) in which an element is on a node. */
const RUNNING = new Set(["RUNNING", "COMPLETING", "CONFIGURING", "STAGE_OUT", "SUSPENDED", "STOPPED", "SIGNALING", "RESIZING"]);
/** Over, though squeue may still show them for a moment. */
const OVER = new Set([
  ...[
    "BOOT_FAIL",
    "CANCELLED",
    "COMPLETED",
    "DEADLINE",
    "FAILED",
    "NODE_FAIL",
    "OUT_OF_MEMORY",
    "PREEMPTED",
    "TIMEOUT",
    "REVOKED",
  ],
]);
/** Reasons with which Slurm keeps an element back until somebody releases it. */
const HELD = /launch failed requeued held|JobHeld/i;

/** Reasons of squeue(1) that end by themselves. */
const PASSING = new Set(["None", "Priority", "Resources", "Dependency", "BeginTime", "JobArrayTaskLimit", "Cleaning", ""]);

/**
 * Slurm: sbatch(1), squeue(1), scancel(1), scontrol(1). `sacct` is not asked: without a database it knows nothing. The warning before the
 * time limit goes to the script's own process, which is the worker.
 */
export const SLURM: EngineWords = {
  name: "slurm",
  indices: "list",
  async limits(run) {
    const { stdout } = await run("scontrol", ["show", "config"]);
    const size = Number(/^MaxArraySize\s*=\s*(\d+)/m.exec(stdout)?.[1] ?? ARRAY_SIZE);
    return { arrayMax: Math.max(1, size - 1) };
  },
  submit: (job) => ({ program: "sbatch", words: sbatchWords(job) }),
  idOf: ({ stdout }) => /^(\d+)(?:;|$)/m.exec(stdout)?.[1],
  list: { program: "squeue", words: ["--noheader", "--me", "--array", "--format", "%F|%T|%j|%r"] },
  parseList: (text) =>
    linesOf(text).map((line) => {
      const [id = "", state = "", name = "", reason = ""] = line.split("|");
      if (OVER.has(state)) return { id, name, state: "over" };
      if (RUNNING.has(state)) return { id, name, state: "running" };
      if (HELD.test(reason)) return { id, name, state: "held" };
      return { id, name, state: "waiting", ...(PASSING.has(reason) ? {} : { why: reason }) };
    }),
  // without a configuration of its own a login node asks the controller that the name server tells
  silent:
    /Unable to contact slurm controller|Socket timed out|Zero Bytes were transmitted|(?:Unable to|Could not) establish (?:a )?(?:controller|configuration)|DNS SRV lookup failed|failed to fetch (?:remote )?config/i,
  full: /(temporarily unable to accept job|job queue full), sleeping and retrying/i,
  cancel: (ids) => ({ program: "scancel", words: ids }),
  release: (id) => ({ program: "scontrol", words: ["release", id] }),
  hintOf(said) {
    if (/partition/i.test(said)) return "sinfo lists the partitions: name one as queue of the profile, or with --queue";
    if (/account/i.test(said)) {
      return "name your account in the profile, or with --account; sacctmgr show associations lists yours";
    }
    if (/(QOS|Assoc)Max|submit limit|Job violates|sleeping and retrying/i.test(said)) {
      return "the queue takes no more of your jobs at the moment; emporium engine resume goes on later";
    }
    return /memory|CPU|Requested node configuration/i.test(said)
      ? "no node has what the job asks for: ask for less with the profile's cpus, memory and walltime"
      : "what sbatch says is what must be changed; the profile holds the words";
  },
};

function sbatchWords({ name, indices, resources, slots, after = [], logs }: ArrayJob): string[] {
  const { cpus, memoryBytes, gpus, walltimeMinutes, queue, account, words } = resources;
  const at = indices === undefined ? "%j" : "%A_%a";
  return [
    "--parsable",
    `--job-name=${name}`,
    ...(indices === undefined ? [] : [`--array=${indexRanges(indices)}${slots === undefined ? "" : `%${slots}`}`]),
    "--requeue",
    "--open-mode=append",
    `--signal=B:TERM@${noticeSeconds(walltimeMinutes)}`,
    "--nodes=1",
    "--ntasks=1",
    `--cpus-per-task=${cpus}`,
    `--mem=${mebibytes(memoryBytes)}M`,
    ...(gpus > 0 ? [`--gres=gpu:${gpus}`] : []),
    ...(walltimeMinutes === undefined ? [] : [`--time=${walltimeMinutes}`]),
    ...(queue === undefined ? [] : [`--partition=${queue}`]),
    ...(account === undefined ? [] : [`--account=${account}`]),
    ...(after.length === 0 ? [] : [`--dependency=afterany:${after.map(({ id }) => id).join(":")}`, "--kill-on-invalid-dep=yes"]),
    `--output=${logs === undefined ? "/dev/null" : `${logs}/${name}.${at}.log`}`,
    ...words,
  ];
}
