import { type EngineWords, hoursAndMinutes, linesOf, mebibytes } from "./words.js";

/** LSF's own default (lsb.params(5), MAX_JOB_ARRAY_SIZE). */
const ARRAY_SIZE = 1000;

/** States of bjobs(1). */
const RUNNING = new Set(["RUN", "USUSP", "SSUSP", "UNKWN", "PROV"]);
const OVER = new Set(["DONE", "EXIT", "ZOMBI"]);

/**
 * IBM Spectrum LSF: bsub(1), bjobs(1), bkill(1), bparams(1), by its documentation of 9.1 and 10.1. Never tried on a real one.
 *
 * - The script comes on standard input, so that no shell sees its words twice. A specification of an array has at most 255 characters and
 *   counts from 1: the script finds the slice by its place.
 * - At the run limit LSF sends SIGUSR2, and SIGKILL ten minutes later.
 * - Limits of memory have their unit with them, since a site chooses the default one.
 */
export const LSF: EngineWords = {
  name: "lsf",
  indices: { first: 1, variable: "LSB_JOBINDEX" },
  async limits(run) {
    const { stdout } = await run("bparams", ["-a"]);
    return { arrayMax: Number(/MAX_JOB_ARRAY_SIZE\s*=\s*(\d+)/.exec(stdout)?.[1] ?? ARRAY_SIZE) };
  },
  submit({ name, indices, resources, slots, after = [], logs }) {
    const { cpus, memoryBytes, gpus, walltimeMinutes, queue, account, words } = resources;
    const array = indices === undefined ? "" : `[1-${indices.length}]${slots === undefined ? "" : `%${slots}`}`;
    const memory = `${mebibytes(memoryBytes)}MB`;
    return {
      program: "bsub",
      words: [
        ...["-J", `${name}${array}`, "-n", String(cpus), "-M", memory, "-R", `rusage[mem=${memory}] span[hosts=1]`, "-r"],
        ...(gpus > 0 ? ["-gpu", `num=${gpus}`] : []),
        ...(walltimeMinutes === undefined ? [] : ["-W", hoursAndMinutes(walltimeMinutes)]),
        ...(queue === undefined ? [] : ["-q", queue]),
        ...(account === undefined ? [] : ["-P", account]),
        ...(after.length === 0 ? [] : ["-w", after.map(({ id }) => `ended(${id})`).join(" && ")]),
        ...["-o", logs === undefined ? "/dev/null" : `${logs}/${name}.%J${indices === undefined ? "" : ".%I"}.log`],
        ...words,
      ],
    };
  },
  idOf: ({ stdout }) => /Job <(\d+)> is submitted/.exec(stdout)?.[1],
  list: { program: "bjobs", words: ["-noheader", "-o", "jobid stat job_name delimiter='|'"] },
  parseList: (text) =>
    linesOf(text).flatMap((line) => {
      const [id = "", stat = "", name = ""] = line.split("|").map((part) => part.trim());
      if (!/^\d+$/.test(id)) return [];
      const state = OVER.has(stat) ? "over" : RUNNING.has(stat) ? "running" : stat === "PSUSP" ? "held" : "waiting";
      return [{ id, name: name.replace(/\[.*$/, ""), state }];
    }),
  none: /No unfinished job found|is not found/i,
  silent: /LSF is down|Cannot connect to LSF|daemon not responding|LIM is down/i,
  cancel: (ids) => ({ program: "bkill", words: ids }),
  release: (id) => ({ program: "bresume", words: [id] }),
  hintOf(said) {
    if (/queue/i.test(said)) return "bqueues lists the queues: name one as queue of the profile, or with --queue";
    if (/project/i.test(said)) return "name your project as account of the profile, or with --account";
    return /limit|exceed/i.test(said)
      ? "the queue allows less: change walltime, memory or slots of the profile, or go on later with emporium engine resume"
      : "what bsub says is what must be changed; the profile holds the words";
  },
};
