import { type ChildProcess, execFile, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { createWriteStream, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { availableParallelism, hostname, tmpdir, totalmem, userInfo } from "node:os";
import { delimiter, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";

const run = promisify(execFile);

/** Debian: `apt-get install slurmctld slurmd slurm-client munge`. */
const PROGRAMS = ["munged", "slurmctld", "slurmd", "sbatch", "squeue", "scontrol", "sinfo"];
const FOLDERS = [...(process.env.PATH ?? "").split(delimiter), "/usr/sbin", "/usr/local/sbin"];

const findProgram = (name: string) => FOLDERS.map((folder) => join(folder, name)).find((path) => existsSync(path));

/** Whether Slurm can be started here; where it cannot, the suites that need it are skipped and say so. */
export function hasSlurm(): boolean {
  const missing = PROGRAMS.filter((name) => findProgram(name) === undefined);
  if (missing.length > 0) console.warn(`skipped: no Slurm on this machine (${missing.join(", ")} missing)`);
  return missing.length === 0;
}

/** One node with its controller, in a folder of its own, for the user who runs the test. */
export interface Slurm {
  /** What `sbatch` and its siblings need to find this cluster, beside the process's own environment. */
  readonly env: NodeJS.ProcessEnv;
  /** Runs one of Slurm's programs. @returns its standard output. */
  command(program: string, args: readonly string[]): Promise<string>;
  /** Ends the controller as a power cut would. Jobs that run go on. */
  killController(): Promise<void>;
  /** Ends the controller as a power cut would, and starts it again. */
  restartController(): Promise<void>;
  /** Takes the node out of service, as an administrator does. */
  drainNode(): Promise<{ name: string }>;
  /** What an administrator does with a node that Slurm has taken out of service. @returns whether there was one */
  repairNode(): Promise<boolean>;
  /** The node and all that runs on it stand still, and Slurm is told that it is down: it queues the jobs again. */
  stallNode(): Promise<StalledNode>;
  /** Ends the processes of a job's element at once, as the kernel does where memory is short. @returns how many there were */
  killJob(job: string): Promise<number>;
  /** Waits until no job is waiting or running. @returns final state and exit code (`0:0`) by the job's number. */
  settled(timeoutMs?: number): Promise<Map<string, FinishedJob>>;
  stop(): Promise<void>;
}

export interface StalledNode {
  /** What ran on it goes on, while Slurm believes it lost. */
  wake(): void;
  /** The node serves again. */
  repair(): Promise<void>;
  /** Waits until what ran on it has ended. */
  gone(): Promise<void>;
}

export interface FinishedJob {
  readonly name: string;
  readonly state: string;
  readonly exitCode: string;
}

const START_MS = 60_000;
const POLL_MS = 200;

/** Starts munged, slurmctld and slurmd on this machine's loopback. `stop` ends them and removes all that they wrote. */
export async function startSlurm(settings: Readonly<Record<string, string | number>> = {}): Promise<Slurm> {
  // a socket's path is short
  const folder = mkdtempSync(join(tmpdir(), "slurm-"));
  for (const name of ["state", "spool"]) mkdirSync(join(folder, name));
  const key = join(folder, "munge.key");
  writeFileSync(key, randomBytes(128), { mode: 0o400 });
  const conf = join(folder, "slurm.conf");
  const node = hostname().split(".")[0]!;
  writeFileSync(conf, configuration(folder, node, await freePorts(2), settings));
  const env = { ...process.env, SLURM_CONF: conf };
  const daemons: ChildProcess[] = [];
  let controller: ChildProcess;
  let nodeDaemon: ChildProcess;

  function start(name: string, args: readonly string[]): ChildProcess {
    const log = createWriteStream(join(folder, `${name}.out`));
    const daemon = spawn(findProgram(name)!, args, { env, stdio: ["ignore", "pipe", "pipe"] });
    daemon.stdout.pipe(log);
    daemon.stderr.pipe(log);
    daemons.push(daemon);
    return daemon;
  }
  async function stop(): Promise<void> {
    for (const daemon of daemons.reverse()) {
      if (daemon.exitCode !== null || daemon.signalCode !== null) continue;
      const ended = new Promise((done) => daemon.once("exit", done));
      daemon.kill("SIGTERM");
      const late = sleep(5_000, "late", { ref: false });
      if ((await Promise.race([ended, late])) === "late") daemon.kill("SIGKILL");
    }
    rmSync(folder, { recursive: true, force: true });
  }
  const command = async (program: string, args: readonly string[]) => (await run(findProgram(program)!, args, { env })).stdout;
  const logs = () => ["munged", "slurmctld", "slurmd"].map((name) => `${name}: ${tail(join(folder, `${name}.out`))}`).join("\n");

  try {
    const files = ["--log-file", "--pid-file", "--seed-file"].map(
      (flag) => `${flag}=${join(folder, `munge.${flag.slice(2, -5)}`)}`,
    );
    start("munged", ["--foreground", "--force", `--socket=${join(folder, "munge.sock")}`, `--key-file=${key}`, ...files]);
    await until(() => existsSync(join(folder, "munge.sock")), START_MS, logs);
    controller = start("slurmctld", ["-D", "-f", conf]);
    nodeDaemon = start("slurmd", ["-D", "-f", conf, "-N", node]);
    await until(async () => (await command("sinfo", ["-h", "-o", "%T"]).catch(() => "")).trim() === "idle", START_MS, logs);
  } catch (error) {
    await stop();
    throw error;
  }
  const isAway = async () => /drain|down/.test(await command("sinfo", ["-h", "-o", "%T"]).catch(() => ""));
  // A node whose daemon has registered meanwhile is back by itself (ReturnToService), and Slurm refuses to resume
  // what is not away: between looking and asking it may come back at any moment, so the refusal is looked at.
  const resumed = async () => {
    await command("scontrol", ["update", `NodeName=${node}`, "State=RESUME"]).catch(async (error: unknown) => {
      if (await isAway()) throw error;
    });
  };
  async function killController(): Promise<void> {
    if (controller.exitCode !== null || controller.signalCode !== null) return;
    const ended = new Promise((done) => controller.once("exit", done));
    controller.kill("SIGKILL");
    await ended;
  }
  return {
    env,
    command,
    killController,
    async restartController() {
      await killController();
      controller = start("slurmctld", ["-D", "-f", conf]);
      await until(async () => (await command("squeue", ["-h"]).catch(() => undefined)) !== undefined, START_MS, logs);
    },
    async drainNode() {
      await command("scontrol", ["update", `NodeName=${node}`, "State=DRAIN", "Reason=test"]);
      return { name: node };
    },
    async stallNode() {
      nodeDaemon.kill("SIGSTOP");
      const stopped = processesWith(`SLURM_CONF=${conf}\0`, "SLURM_JOB_ID=").filter((pid) => reaches(pid, "SIGSTOP"));
      await command("scontrol", ["update", `NodeName=${node}`, "State=DOWN", "Reason=stalled"]);
      return {
        wake() {
          for (const pid of stopped) reaches(pid, "SIGCONT");
        },
        async repair() {
          nodeDaemon.kill("SIGCONT");
          await resumed();
        },
        async gone() {
          // one that has ended and waits for its parent to notice does nothing any more
          const isThere = (pid: number) => existsSync(`/proc/${pid}`) && !/\) Z/.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
          await until(async () => !stopped.some(isThere), START_MS, logs);
        },
      };
    },
    async repairNode() {
      if (!(await isAway())) return false;
      await resumed();
      return true;
    },
    async killJob(job) {
      // the script's own process, which is the worker: it has the job's number in its environment
      return processesWith(`SLURM_CONF=${conf}\0`, `SLURM_JOB_ID=${job}\0`).filter((pid) => reaches(pid, "SIGKILL")).length;
    },
    async settled(timeoutMs = START_MS) {
      await until(async () => (await command("squeue", ["-h"])).trim() === "", timeoutMs, logs);
      return finishedJobs(join(folder, "jobs"));
    },
    stop,
  };
}

/** No accounting database, no control groups: one node on which the user may do what the user may do anyway. */
function configuration(
  folder: string,
  node: string,
  [controller, daemon]: readonly number[],
  settings: Readonly<Record<string, string | number>>,
): string {
  const { username } = userInfo();
  const megabytes = Math.floor(totalmem() / 2 ** 20 / 2);
  return `${Object.entries({
    ClusterName: "local",
    SlurmctldHost: `${node}(127.0.0.1)`,
    SlurmUser: username,
    SlurmdUser: username,
    SlurmctldPort: controller,
    SlurmdPort: daemon,
    AuthType: "auth/munge",
    CryptoType: "crypto/munge",
    // an element that is started again waits for its old credentials to expire: two minutes, if nobody says otherwise
    AuthInfo: `socket=${join(folder, "munge.sock")},cred_expire=10`,
    StateSaveLocation: join(folder, "state"),
    SlurmdSpoolDir: join(folder, "spool"),
    SlurmctldPidFile: join(folder, "slurmctld.pid"),
    SlurmdPidFile: join(folder, "slurmd.pid"),
    ProctrackType: "proctrack/linuxproc",
    TaskPlugin: "task/none",
    JobAcctGatherType: "jobacct_gather/none",
    SelectType: "select/cons_tres",
    SelectTypeParameters: "CR_Core",
    AccountingStorageType: "accounting_storage/none",
    JobCompType: "jobcomp/filetxt",
    JobCompLoc: join(folder, "jobs"),
    MpiDefault: "none",
    ReturnToService: 2,
    // microseconds: jobs begin at once
    SchedulerParameters: "batch_sched_delay=0,sched_min_interval=100000",
    // a small machine may offer more cores than it has
    SlurmdParameters: "config_overrides",
    ...settings,
  })
    .map(([name, value]) => `${name}=${value}`)
    .join("\n")}
NodeName=${node} NodeAddr=127.0.0.1 CPUs=${Math.max(4, availableParallelism())} RealMemory=${megabytes} State=UNKNOWN
PartitionName=main Nodes=${node} Default=YES MaxTime=INFINITE State=UP OverSubscribe=FORCE:4
`;
}

/** Lines of `jobcomp/filetxt`: `JobId=1 UserId=… Name=reg0510 JobState=COMPLETED … ExitCode=0:0`. */
function finishedJobs(path: string): Map<string, FinishedJob> {
  const jobs = new Map<string, FinishedJob>();
  for (const line of existsSync(path) ? readFileSync(path, "utf8").split("\n") : []) {
    const field = (name: string) => new RegExp(`(?:^| )${name}=(\\S*)`).exec(line)?.[1] ?? "";
    if (line !== "") jobs.set(field("JobId"), { name: field("Name"), state: field("JobState"), exitCode: field("ExitCode") });
  }
  return jobs;
}

export async function until(holds: () => boolean | Promise<boolean>, timeoutMs: number, logs: () => string): Promise<void> {
  for (let waitedMs = 0; !(await holds()); waitedMs += POLL_MS) {
    if (waitedMs >= timeoutMs) throw new Error(`the engine is not ready\n${logs()}`);
    await sleep(POLL_MS);
  }
}

/** Sends a signal. @returns false: the process has ended since it was looked for */
function reaches(pid: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ESRCH") return false;
    throw error;
  }
}

/** Processes of this machine in whose environment all of the texts stand: other clusters on it number their jobs too. */
function processesWith(...texts: readonly string[]): number[] {
  return readdirSync("/proc")
    .filter((pid) => /^\d+$/.test(pid) && texts.every((text) => environmentOf(pid).includes(`\0${text}`)))
    .map(Number);
}

function environmentOf(pid: string): string {
  try {
    return `\0${readFileSync(`/proc/${pid}/environ`, "latin1")}`;
  } catch {
    return ""; // it has ended, or is another person's
  }
}

export function tail(path: string): string {
  return existsSync(path) ? readFileSync(path, "utf8").slice(-2000) : "";
}

export async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer().listen(0, "127.0.0.1");
      await new Promise((done) => server.once("listening", done));
      return server;
    }),
  );
  const ports = servers.map((server) => (server.address() as { port: number }).port);
  await Promise.all(servers.map((server) => new Promise((done) => server.close(done))));
  return ports;
}
