import { EmporiumError } from "../../core/errors.js";
import { type CommandOutput, type RunCommand, wordsOf } from "./engine-command.js";
import type { ArrayJob, EngineExecutor, EngineLimits, JobHandle, JobState } from "./engine-executor.js";
import { sbatchWords } from "./words/slurm.js";

/** Slurm's own default (slurm.conf(5), MaxArraySize): the largest index is one less. */
const ARRAY_SIZE = 1001;

/** States of squeue(1) in which an element is on a node. */
const RUNNING = new Set(["RUNNING", "COMPLETING", "CONFIGURING", "STAGE_OUT", "SUSPENDED", "STOPPED", "SIGNALING", "RESIZING"]);
/** Over, though squeue may still show them for a moment. */
const OVER = new Set([
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
]);
/** Reasons with which Slurm keeps an element back until somebody releases it. */
const HELD = /launch failed requeued held|JobHeld/i;

/** Slurm by its programs: sbatch, squeue, scancel, scontrol. `sacct` is not asked: without a database there is none. */
export function slurmExecutor(run: RunCommand): EngineExecutor {
  async function query(program: string, words: readonly string[]): Promise<string> {
    const output = await run(program, words);
    if (output.status === 0) return output.stdout;
    throw new EmporiumError("ENGINE_ABSENT", `${program}: ${wordsOf(output)}`, {
      hint: "Slurm's controller does not answer; try again when sinfo does",
    });
  }
  return {
    name: "slurm",
    async limits(): Promise<EngineLimits> {
      const text = await query("scontrol", ["show", "config"]);
      const size = Number(/^MaxArraySize\s*=\s*(\d+)/m.exec(text)?.[1] ?? ARRAY_SIZE);
      return { arrayMax: Math.max(1, size - 1) };
    },
    async submit(job: ArrayJob): Promise<JobHandle> {
      const output = await run("sbatch", sbatchWords(job), job.script);
      const id = /^(\d+)(?:;|$)/m.exec(output.stdout)?.[1];
      if (output.status !== 0 || id === undefined) throw refused(output);
      return { name: job.name, id };
    },
    async find(name) {
      const text = await query("squeue", ["--noheader", "--me", "--name", name, "--format", "%F %T"]);
      const ids = linesOf(text).flatMap((line) => {
        const [id, state] = line.split(" ");
        return OVER.has(state!) ? [] : [id!];
      });
      return [...new Set(ids)].map((id) => ({ name, id }));
    },
    async states(jobs) {
      const states = new Map<string, JobState>();
      if (jobs.length === 0) return states;
      const output = await run("squeue", [
        "--noheader",
        "--array",
        "--jobs",
        jobs.map(({ id }) => id).join(","),
        "--format",
        "%F|%T|%r",
      ]);
      // Slurm forgets jobs some minutes after their end: of a single one it then says that there is none
      if (output.status !== 0 && !/Invalid job id/i.test(output.stderr)) {
        throw new EmporiumError("ENGINE_ABSENT", `squeue: ${wordsOf(output)}`, {
          hint: "Slurm's controller does not answer; try again when sinfo does",
        });
      }
      for (const line of output.status === 0 ? linesOf(output.stdout) : []) {
        const [id, state, reason] = line.split("|");
        if (OVER.has(state!)) continue;
        const { waiting, running, held } = states.get(id!) ?? { waiting: 0, running: 0, held: 0 };
        if (RUNNING.has(state!)) states.set(id!, { waiting, running: running + 1, held });
        else if (HELD.test(reason ?? "")) states.set(id!, { waiting, running, held: held + 1 });
        else states.set(id!, { waiting: waiting + 1, running, held });
      }
      return states;
    },
    async release(jobs) {
      for (const { id } of jobs) await run("scontrol", ["release", id]);
    },
    async cancel(jobs) {
      if (jobs.length > 0)
        await run(
          "scancel",
          jobs.map(({ id }) => id),
        );
    },
  };
}

function linesOf(text: string): string[] {
  return text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
}

function refused(output: CommandOutput): EmporiumError {
  const said = wordsOf(output);
  const hint = /partition/i.test(said)
    ? "sinfo lists the partitions: name one as queue of the profile, or with --queue"
    : /account/i.test(said)
      ? "name your account in the profile, or with --account; sacctmgr show associations lists yours"
      : /(QOS|Assoc)Max|submit limit|Job violates/i.test(said)
        ? "the queue takes no more of your jobs at the moment; emporium engine resume goes on later"
        : /memory|CPU|Requested node configuration/i.test(said)
          ? "no node has what the job asks for: ask for less with the profile's cpus, memory and walltime"
          : "what sbatch says is what must be changed; the profile holds the words";
  return new EmporiumError("ENGINE_REFUSED", `sbatch: ${said}`, { hint });
}
