/**
 * Plays a cluster's engine on this machine by its documented words, for engines that cannot be installed here: takes the arguments of `bsub`,
 * `qsub` and their siblings, refuses those that their manuals do not have, and really runs the scripts.
 *
 *     node engine-player.mjs DIALECT PROGRAM [argument …]
 *
 * DIALECT is lsf, pbs, sge, kubernetes or slurm; the last for engines that a profile describes. State lies in $PLAYER_FOLDER: a file for each job, which only the job's own process writes.
 * Sources of the words: bsub(1), bjobs(1), bkill(1), bparams(1) of LSF 10.1; qsub(1B), qstat(1B), qdel(1B) of PBS Professional 2022;
 * qsub(1), qstat(1), qdel(1), qconf(1) of Grid Engine 8.1, and what its 8.1.9 answered where it was asked (test/peers/engines.test.ts).
 */
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, openSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

const [dialect, program, ...args] = process.argv.slice(2);
const folder = process.env.PLAYER_FOLDER;
const SLOTS = 2;
const POLL_MS = 150;

/** Flags of each program: 1 takes a value, 0 none. */
const FLAGS = {
  lsf: { "-J": 1, "-n": 1, "-M": 1, "-R": 1, "-r": 0, "-gpu": 1, "-W": 1, "-q": 1, "-P": 1, "-w": 1, "-o": 1 },
  pbs: { "-N": 1, "-J": 1, "-V": 0, "-r": 1, "-S": 1, "-l": 1, "-q": 1, "-A": 1, "-W": 1, "-j": 1, "-o": 1 },
  sge: {
    ...{ "-terse": 0, "-N": 1, "-t": 1, "-tc": 1, "-V": 0, "-cwd": 0, "-r": 1, "-notify": 0, "-S": 1 },
    ...{ "-l": 1, "-q": 1, "-P": 1, "-hold_jid": 1, "-j": 1, "-o": 1 },
  },
  slurm: {
    ...{ "--parsable": 0, "--job-name": 1, "--array": 1, "--cpus-per-task": 1, "--mem": 1, "--time": 1, "--partition": 1 },
    ...{ "--account": 1, "--dependency": 1, "--output": 1, "--gres": 1 },
  },
};

/** What a submission asks for, in one form for all engines. */
const READ = {
  lsf(flags) {
    const [, name, last, most] =
      /^([A-Za-z0-9._-]+)(?:\[1-(\d+)\](?:%(\d+))?)?$/.exec(flags["-J"]) ?? fail(`Bad job name: ${flags["-J"]}`);
    if (flags["-J"].length > 255) fail("Job array index too long");
    if (!/^\d+(KB|MB|GB)$/.test(flags["-M"])) fail(`Bad memory limit: ${flags["-M"]}`);
    const after = [...(flags["-w"] ?? "").matchAll(/ended\((\d+)\)/g)].map(([, id]) => id);
    return {
      name,
      first: 1,
      count: last === undefined ? undefined : Number(last),
      most: Number(most ?? SLOTS),
      after,
      log: flags["-o"],
    };
  },
  pbs(flags) {
    const [, last, most] =
      flags["-J"] === undefined ? [] : (/^0-(\d+)(?:%(\d+))?$/.exec(flags["-J"]) ?? fail("illegal -J value"));
    if (last === "0") fail("illegal -J value");
    const after = (/^depend=afterany:(.*)$/.exec(flags["-W"] ?? "")?.[1] ?? "").split(":").filter((id) => id !== "");
    const count = last === undefined ? undefined : Number(last) + 1;
    return {
      name: flags["-N"],
      first: 0,
      count,
      most: Number(most ?? SLOTS),
      after: after.map((id) => /^\d+/.exec(id)[0]),
      log: flags["-o"],
    };
  },
  sge(flags) {
    const [, last] = flags["-t"] === undefined ? [] : (/^1-(\d+)$/.exec(flags["-t"]) ?? fail("invalid task id range"));
    const after = (flags["-hold_jid"] ?? "").split(",").filter((id) => id !== "");
    const count = last === undefined ? undefined : Number(last);
    if (/^\d/.test(flags["-N"]))
      fail(`Unable to run job: denied: "${flags["-N"]}" is not a valid object name (cannot start with a digit)\nExiting.`);
    if (count > 75000) fail("Unable to run job: job rejected: you tried to submit a job with more than 75000 tasks\nExiting.");
    const [, host, log] = /^([^:]*):(.*)$/.exec(flags["-o"]) ?? [undefined, "", flags["-o"]];
    if (host !== "") fail(`Unable to run job: can't resolve hostname "${host}"\nExiting.`);
    return { name: flags["-N"], first: 1, count, most: Number(flags["-tc"] ?? SLOTS), after, log };
  },
};

READ.slurm = (flags) => {
  const [, list, most] = /^([\d,-]+)(?:%(\d+))?$/.exec(flags["--array"] ?? "0") ?? fail("Invalid job array specification");
  const indices = list.split(",").flatMap((range) => {
    const [first, last = first] = range.split("-").map(Number);
    return Array.from({ length: last - first + 1 }, (_, i) => first + i);
  });
  const after = (/^afterany:(.*)$/.exec(flags["--dependency"] ?? "")?.[1] ?? "").split(":").filter((id) => id !== "");
  return {
    ...{ name: flags["--job-name"], indices, count: flags["--array"] === undefined ? undefined : indices.length },
    ...{ most: Number(most ?? SLOTS), after, log: flags["--output"] ?? "/dev/null" },
  };
};

/** kubectl(1): an Indexed Job of `batch/v1`, from standard input. */
READ.kubernetes = (_, manifest) => {
  const { kind, metadata, spec } = JSON.parse(manifest);
  if (kind !== "Job" || spec.completionMode !== "Indexed") fail("error: an Indexed Job is wanted");
  const [{ command }] = spec.template.spec.containers;
  return {
    ...{ name: metadata.generateName, labels: metadata.labels, first: 0, count: spec.completions, most: spec.parallelism },
    ...{ after: [], log: "/dev/null", script: command[2] },
  };
};

const INDEX_VARIABLE = {
  lsf: "LSB_JOBINDEX",
  pbs: "PBS_ARRAY_INDEX",
  sge: "SGE_TASK_ID",
  slurm: "SLURM_ARRAY_TASK_ID",
  kubernetes: "JOB_COMPLETION_INDEX",
}[dialect];
const JOB_VARIABLE = { lsf: "LSB_JOBID", pbs: "PBS_JOBID", sge: "JOB_ID", slurm: "SLURM_JOB_ID", kubernetes: "HOSTNAME" }[
  dialect
];

function fail(message) {
  process.stderr.write(`${message}\n`);
  process.exit(1);
}

function flagsOf(words) {
  const flags = {};
  for (let at = 0; at < words.length; at++) {
    const [, name, value] = dialect === "slurm" ? (/^(--[a-z-]+)=(.*)$/s.exec(words[at]) ?? []) : [];
    if (FLAGS[dialect][name] === 1) {
      flags[name] = value;
      continue;
    }
    const takes = FLAGS[dialect][words[at]];
    if (takes === undefined) fail(`${program}: illegal option ${words[at]}`);
    flags[words[at]] = takes === 1 ? words[++at] : true;
  }
  return flags;
}

const fileOf = (id) => join(folder, `${id}.json`);
const cancelOf = (id) => join(folder, `${id}.cancel`);
const read = (id) => JSON.parse(readFileSync(fileOf(id), "utf8"));
function write(job) {
  writeFileSync(`${fileOf(job.id)}.new`, JSON.stringify(job));
  renameSync(`${fileOf(job.id)}.new`, fileOf(job.id));
}
const jobs = () =>
  readdirSync(folder)
    .filter((name) => name.endsWith(".json"))
    .map((name) => read(name.slice(0, -5)))
    .sort((a, b) => Number(a.id) - Number(b.id));
const isOver = ({ elements }) => elements.every(({ state }) => state === "over");

async function submit() {
  const flags = dialect === "kubernetes" ? {} : flagsOf(args);
  if (flags["--partition"] === "nowhere")
    fail(
      "sbatch: error: invalid partition specified: nowhere\nsbatch: error: Batch job submission failed: Invalid partition name specified",
    );
  if (flags["-q"] === "nowhere") {
    if (dialect !== "sge") fail("nowhere: No such queue. Job not submitted.");
    fail('Unable to run job: Job was rejected because job requests unknown queue "nowhere"\nExiting.');
  }
  let input = "";
  for await (const piece of process.stdin) input += piece;
  const { script = input, ...asked } = READ[dialect](flags, input);
  mkdirSync(folder, { recursive: true });
  let id;
  for (id = jobs().length + 1; ; id++) {
    try {
      openSync(join(folder, `${id}.taken`), "wx");
      break;
    } catch {
      // another submission has this number
    }
  }
  const numbers = asked.indices ?? [];
  const indices =
    asked.count === undefined
      ? [undefined]
      : dialect === "slurm"
        ? numbers
        : Array.from({ length: asked.count }, (_, i) => i + asked.first);
  write({ ...asked, id: String(id), script, elements: indices.map((index) => ({ index: index ?? null, state: "waiting" })) });
  spawn(process.execPath, [fileURLToPath(import.meta.url), dialect, "run", String(id)], {
    detached: true,
    stdio: "ignore",
  }).unref();
  if (dialect === "kubernetes") process.stdout.write(`job.batch/${asked.name}${id}\n`);
  if (dialect === "slurm") process.stdout.write(`${id}\n`);
  if (dialect === "lsf") process.stdout.write(`Job <${id}> is submitted to default queue <normal>.\n`);
  if (dialect === "pbs") process.stdout.write(`${id}${asked.count === undefined ? "" : "[]"}.player\n`);
  if (dialect === "sge") process.stdout.write(`${id}${asked.count === undefined ? "" : `.1-${asked.count}:1`}\n`);
}

/** The process of one job: waits for others, runs the elements. */
async function run(id) {
  const job = read(id);
  const pids = new Set();
  while (!existsSync(cancelOf(id)) && job.after.some((other) => existsSync(fileOf(other)) && !isOver(read(other))))
    await sleep(POLL_MS);
  const open = [...job.elements];
  const running = new Set();
  while (open.length + running.size > 0) {
    if (existsSync(cancelOf(id))) {
      for (const element of open.splice(0)) element.state = "over";
      for (const pid of pids) process.kill(-pid, "SIGTERM");
      pids.clear();
      write(job);
    }
    while (open.length > 0 && running.size < Math.min(SLOTS, job.most)) {
      const element = open.shift();
      const index = element.index ?? undefined;
      const log =
        job.log === "/dev/null"
          ? "ignore"
          : openSync(
              job.log.endsWith("/") || !/%/.test(job.log)
                ? join(job.log, `${job.name}.${id}.${index ?? 0}`)
                : job.log.replace(/%[JA]/, id).replace(/%[Ia]/, String(index)),
              "a",
            );
      const env = { ...process.env, [JOB_VARIABLE]: id };
      // a job without elements: Grid Engine says so in a word, the others say nothing
      if (index !== undefined || dialect === "sge") env[INDEX_VARIABLE] = String(index);
      const child = spawn("/bin/sh", ["-s"], { detached: true, stdio: ["pipe", log, log], env });
      child.stdin.on("error", () => {});
      child.stdin.end(job.script);
      pids.add(child.pid);
      element.state = "running";
      const ended = new Promise((done) => child.once("exit", done)).then(() => {
        pids.delete(child.pid);
        running.delete(ended);
        element.state = "over";
      });
      running.add(ended);
      write(job);
    }
    await Promise.race([sleep(POLL_MS), ...running]);
    write(job);
  }
  write(job);
}

function cancel() {
  for (const word of args) {
    if (dialect === "sge" && !existsSync(fileOf(word))) fail(`denied: job "${word}" does not exist`);
  }
  for (const word of args) writeFileSync(cancelOf(/^\d+/.exec(word)?.[0] ?? fail(`${program}: illegal job ${word}`)), "");
}

/** Each element that is not over. */
const alive = () =>
  (existsSync(folder) ? jobs() : []).flatMap((job) =>
    job.elements.filter(({ state }) => state !== "over").map((element) => ({ job, element })),
  );

const LIST = {
  lsf() {
    if (args.join(" ") !== "-noheader -o jobid stat job_name delimiter='|'") fail(`bjobs: illegal option ${args.join(" ")}`);
    const found = alive();
    if (found.length === 0) fail("No unfinished job found");
    for (const { job, element } of found) {
      const name = element.index === null ? job.name : `${job.name}[${element.index}]`;
      process.stdout.write(`${job.id}|${element.state === "running" ? "RUN" : "PEND"}|${name}\n`);
    }
  },
  pbs() {
    if (args.join(" ") === "-B -f") return process.stdout.write("Server: player\n    max_array_size = 10000\n");
    if (args.join(" ") !== "-f -F json -t") fail(`qstat: illegal option ${args.join(" ")}`);
    const Jobs = {};
    for (const { job, element } of alive()) {
      if (element.index !== null) Jobs[`${job.id}[].player`] = { Job_Name: job.name, job_state: "B" };
      Jobs[element.index === null ? `${job.id}.player` : `${job.id}[${element.index}].player`] = {
        Job_Name: job.name,
        job_state: element.state === "running" ? "R" : "Q",
      };
    }
    process.stdout.write(JSON.stringify({ timestamp: 1, pbs_version: "2022.1", Jobs }));
  },
  sge() {
    if (args.join(" ") !== "-xml") fail(`qstat: illegal option ${args.join(" ")}`);
    const item = (state, letters, { id, name, count }, tasks) =>
      `    <job_list state="${state}">\n      <JB_job_number>${id}</JB_job_number>\n      <JAT_prio>0.50000</JAT_prio>\n      <JB_name>${name}</JB_name>\n      <JB_owner>player</JB_owner>\n      <state>${letters}</state>\n      <slots>1</slots>\n${count === undefined ? "" : `      <tasks>${tasks}</tasks>\n`}    </job_list>\n`;
    const found = existsSync(folder) ? jobs() : [];
    const running = found.flatMap((job) =>
      job.elements.filter(({ state }) => state === "running").map(({ index }) => item("running", "r", job, index)),
    );
    // those that wait stand together: elements begin in their order, so they are one range
    const pending = found.flatMap((job) => {
      const waiting = job.elements.filter(({ state }) => state === "waiting").map(({ index }) => index);
      if (waiting.length === 0) return [];
      const range = waiting.length === 1 ? waiting[0] : `${waiting[0]}-${waiting.at(-1)}:1`;
      return [item("pending", job.after.some((id) => !isOver(read(id))) ? "hqw" : "qw", job, range)];
    });
    process.stdout.write(
      `<?xml version='1.0'?>\n<job_info  xmlns:xsd="http://arc.liv.ac.uk/repos/darcs/sge/source/dist/util/resources/schemas/qstat/qstat.xsd">\n  <queue_info>\n${running.join("")}  </queue_info>\n  <job_info>\n${pending.join("")}  </job_info>\n</job_info>\n`,
    );
  },
};

LIST.slurm = () => {
  if (args.join(" ") !== "--noheader --me --array --format %F|%T|%j") fail(`squeue: unrecognized option ${args.join(" ")}`);
  for (const { job, element } of alive()) {
    process.stdout.write(`${job.id}|${element.state === "running" ? "RUNNING" : "PENDING"}|${job.name}\n`);
  }
};

async function kubectl() {
  const [verb, ...words] = args;
  const line = args.join(" ");
  if (line === "auth can-i create jobs.batch") return process.stdout.write("yes\n");
  if (line === "create -f - -o name") return submit();
  if (line === "get jobs.batch -l app.kubernetes.io/managed-by=emporium -o json") return LIST.kubernetes();
  const names = words.slice(1).filter((word) => !word.startsWith("--"));
  const flags = words.filter((word) => word.startsWith("--")).join(" ");
  if (verb !== "delete" || words[0] !== "jobs.batch" || flags !== "--ignore-not-found --wait=false --cascade=foreground") {
    fail(`error: unknown command or flag: kubectl ${line}`);
  }
  for (const name of names) {
    const job = jobs().find(({ id, name: base }) => `${base}${id}` === name);
    if (job) writeFileSync(cancelOf(job.id), "");
  }
}

LIST.kubernetes = () => {
  const items = (existsSync(folder) ? jobs() : []).map((job) => {
    const count = (state) => job.elements.filter((element) => element.state === state).length;
    const active = count("running");
    const conditions = isOver(job) ? [{ type: "Complete", status: "True" }] : [];
    return {
      metadata: { name: `${job.name}${job.id}`, labels: job.labels },
      spec: { completions: job.count },
      status: { ...(active > 0 ? { active, ready: active } : {}), succeeded: count("over"), conditions },
    };
  });
  process.stdout.write(JSON.stringify({ apiVersion: "v1", kind: "List", items }));
};

if (program === "run") await run(args[0]);
else if (program === "kubectl") await kubectl();
else if (program === "bsub" || program === "qsub" || program === "sbatch") await submit();
else if (program === "bjobs" || program === "qstat" || program === "squeue") LIST[dialect]();
else if (program === "bkill" || program === "qdel" || program === "scancel") cancel();
else if (program === "bparams") process.stdout.write("Batch parameters:\n    MAX_JOB_ARRAY_SIZE = 1000\n");
else if (program === "scontrol") process.stdout.write("MaxArraySize            = 1001\n");
else if (program === "qconf") process.stdout.write("max_aj_instances             2000\nmax_aj_tasks                 75000\n");
else fail(`${program} is not played`);
