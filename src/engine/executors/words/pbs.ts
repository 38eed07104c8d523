import { EmporiumError } from "../../../core/errors.js";
import { type EngineWords, type ListedJob, mebibytes } from "./words.js";

/** PBS's own default (server attribute max_array_size). */
const ARRAY_SIZE = 10_000;

/** Letters of the attribute job_state: on a node, or over. `B` is an array of which some element has begun. */
const RUNNING = new Set(["R", "E", "S", "U"]);
const OVER = new Set(["F", "X", "M"]);

/**
 * PBS Professional and OpenPBS: qsub(1B), qstat(1B), qdel(1B), by the documentation of version 2022. Never tried on a real one. TORQUE has
 * other words for arrays and is not meant.
 *
 * An array has at least two elements. At the end of its time a job gets SIGTERM, and SIGKILL some seconds later (the queue's kill_delay).
 */
export const PBS: EngineWords = {
  name: "pbs",
  indices: { first: 0, variable: "PBS_ARRAY_INDEX" },
  singleIsPlain: true,
  async limits(run) {
    const { stdout } = await run("qstat", ["-B", "-f"]);
    return { arrayMax: Number(/max_array_size\s*=\s*(\d+)/.exec(stdout)?.[1] ?? ARRAY_SIZE) };
  },
  submit({ name, indices, resources, slots, after = [], logs }) {
    const { cpus, memoryBytes, gpus, walltimeMinutes, queue, account, words } = resources;
    const chunk = `select=1:ncpus=${cpus}:mem=${mebibytes(memoryBytes)}mb${gpus > 0 ? `:ngpus=${gpus}` : ""}`;
    const array = indices === undefined ? [] : ["-J", `0-${indices.length - 1}${slots === undefined ? "" : `%${slots}`}`];
    return {
      program: "qsub",
      words: [
        ...["-N", name, ...array, "-V", "-r", "y", "-S", "/bin/sh", "-l", chunk],
        ...(walltimeMinutes === undefined
          ? []
          : ["-l", `walltime=${Math.floor(walltimeMinutes / 60)}:${String(walltimeMinutes % 60).padStart(2, "0")}:00`]),
        ...(queue === undefined ? [] : ["-q", queue]),
        ...(account === undefined ? [] : ["-A", account]),
        ...(after.length === 0 ? [] : ["-W", `depend=afterany:${after.map(({ id }) => id).join(":")}`]),
        ...["-j", "oe", "-o", logs === undefined ? "/dev/null" : `${logs}/`],
        ...words,
      ],
    };
  },
  idOf: ({ stdout }) => /^(\d+(?:\[\])?\.?\S*)$/m.exec(stdout.trim())?.[1],
  list: { program: "qstat", words: ["-f", "-F", "json", "-t"] },
  parseList(text) {
    const jobs = jobsOf(text);
    const withElements = new Set(jobs.flatMap(([id]) => (/\[\d+\]/.test(id) ? [arrayOf(id)] : [])));
    return jobs.flatMap(([id, { Job_Name = "", job_state: letter = "" }]): ListedJob[] => {
      if (withElements.has(id)) return []; // its elements are listed themselves
      const state = OVER.has(letter) ? "over" : RUNNING.has(letter) ? "running" : letter === "H" ? "held" : "waiting";
      return [{ id: arrayOf(id), name: Job_Name, state }];
    });
  },
  silent: /cannot connect to server|Connection refused|Communication failure|No permission on server/i,
  cancel: (ids) => ({ program: "qdel", words: ids }),
  hintOf(said) {
    if (/queue/i.test(said)) return "qstat -Q lists the queues: name one as queue of the profile, or with --queue";
    if (/account|project/i.test(said)) return "name your account in the profile, or with --account";
    return /limit|exceed|resource/i.test(said)
      ? "the queue allows less: change walltime, memory or cpus of the profile, or go on later with emporium engine resume"
      : "what qsub says is what must be changed; the profile holds the words";
  },
};

/** `12[3].host` is an element of `12[].host`. */
const arrayOf = (id: string): string => id.replace(/\[\d+\]/, "[]");

type PbsJob = { Job_Name?: string; job_state?: string };

/** @throws {EmporiumError} ENGINE_ABSENT */
function jobsOf(text: string): [string, PbsJob][] {
  try {
    const { Jobs = {} } = JSON.parse(text) as { Jobs?: Record<string, PbsJob> };
    return Object.entries(Jobs);
  } catch (cause) {
    throw new EmporiumError("ENGINE_ABSENT", "qstat -F json gives no JSON", {
      hint: "use PBS Professional 14 or newer",
      cause,
    });
  }
}
