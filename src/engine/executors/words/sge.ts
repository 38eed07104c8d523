import { type EngineWords, type ListedJob, mebibytes } from "./words.js";

/** Grid Engine's own default (sge_conf(5), max_aj_tasks). */
const ARRAY_SIZE = 75_000;

/**
 * Grid Engine (SGE, Son of Grid Engine, Univa): qsub(1), qstat(1), qdel(1), qconf(1). Tried on Son of Grid Engine 8.1.9.
 *
 * - Several processors need a parallel environment, whose name a site chooses: `words: [-pe, smp, "4"]` of the profile.
 * - Memory is asked for as `mem_free`. `h_vmem` limits addresses, of which the program reserves many more than it uses.
 * - `-notify` sends SIGUSR2 some seconds before SIGKILL (the queue's `notify`, 60 where nobody changed it), at the end of `h_rt` and at
 *   `qdel`, to all processes of the job.
 * - A path of `-o` may begin with a host and a colon: with a colon of its own it is taken for that, unless it begins with one.
 */
export const SGE: EngineWords = {
  name: "sge",
  indices: { first: 1, variable: "SGE_TASK_ID" },
  async limits(run) {
    const { stdout } = await run("qconf", ["-sconf"]);
    const most = Number(/^max_aj_tasks\s+(\d+)/m.exec(stdout)?.[1] ?? ARRAY_SIZE);
    return { arrayMax: most === 0 ? ARRAY_SIZE : most }; // 0: no limit
  },
  submit({ name, indices, resources, slots, after = [], logs }) {
    const { memoryBytes, gpus, walltimeMinutes, queue, account, words } = resources;
    const array =
      indices === undefined ? [] : ["-t", `1-${indices.length}`, ...(slots === undefined ? [] : ["-tc", String(slots)])];
    return {
      program: "qsub",
      words: [
        ...[
          "-terse",
          "-N",
          name,
          ...array,
          "-V",
          "-cwd",
          "-r",
          "y",
          "-notify",
          "-S",
          "/bin/sh",
          "-l",
          `mem_free=${mebibytes(memoryBytes)}M`,
        ],
        ...(gpus > 0 ? ["-l", `gpu=${gpus}`] : []),
        ...(walltimeMinutes === undefined
          ? []
          : ["-l", `h_rt=${Math.floor(walltimeMinutes / 60)}:${String(walltimeMinutes % 60).padStart(2, "0")}:00`]),
        ...(queue === undefined ? [] : ["-q", queue]),
        ...(account === undefined ? [] : ["-P", account]),
        ...(after.length === 0 ? [] : ["-hold_jid", after.map(({ id }) => id).join(",")]),
        ...["-j", "y", "-o", logs === undefined ? "/dev/null" : `:${logs}`],
        ...words,
      ],
    };
  },
  idOf: ({ stdout }) => /^(\d+)(?:\.|$)/m.exec(stdout)?.[1],
  list: { program: "qstat", words: ["-xml"] },
  parseList: (text) =>
    [...text.matchAll(/<job_list\b[^>]*>([\s\S]*?)<\/job_list>/g)].map(([, job = ""]): ListedJob => {
      const field = (name: string) => new RegExp(`<${name}>([^<]*)</${name}>`).exec(job)?.[1] ?? "";
      const letters = field("state");
      // a job that waits for another is hqw; one that could not be started is Eqw
      const state = /^[rRtsST]|^d/.test(letters) ? "running" : letters.startsWith("E") ? "held" : "waiting";
      return { id: field("JB_job_number"), name: field("JB_name"), state, count: countOf(field("tasks")) };
    }),
  silent: /unable to (contact|send message to) qmaster|commlib error/i,
  cancel: (ids) => ({ program: "qdel", words: ids }),
  release: (id) => ({ program: "qmod", words: ["-cj", id] }),
  hintOf(said) {
    if (/queue/i.test(said)) return "qconf -sql lists the queues: name one as queue of the profile, or with --queue";
    if (/project/i.test(said)) return "name your project as account of the profile, or with --account";
    return /limit|resource|attribute/i.test(said)
      ? "the site has other names or limits of resources: change memory, walltime or words of the profile"
      : "what qsub says is what must be changed; the profile holds the words";
  },
};

/** Elements of `3`, `1-10:1` or `4,7`. */
function countOf(tasks: string): number {
  if (tasks === "") return 1;
  return tasks.split(",").reduce((sum, part) => {
    const [, first = "0", last, step = "1"] = /^(\d+)(?:-(\d+)(?::(\d+))?)?$/.exec(part.trim()) ?? [];
    return sum + (last === undefined ? 1 : Math.floor((Number(last) - Number(first)) / Number(step)) + 1);
  }, 0);
}
