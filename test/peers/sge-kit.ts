import { type ChildProcess, execFile, spawn } from "node:child_process";
import {
  createWriteStream,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { hostname, tmpdir, userInfo } from "node:os";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import { freePorts, tail, until } from "./slurm-kit.js";

const run = promisify(execFile);

/** Where Debian puts the programs themselves; those in /usr/bin are scripts that would overrule nothing of ours. */
const PROGRAMS = "/usr/lib/gridengine";
/** What the package would begin a cell with: settings of the cluster, resources and user lists. */
const DEFAULTS = "/usr/share/gridengine";
const START_MS = 60_000;
const CELL = "default";

/** Whether Grid Engine can be started here; where it cannot, the suites that need it are skipped and say so. */
export function hasGridEngine(): boolean {
  const missing = ["sge_qmaster", "sge_execd", "qsub"].filter((name) => !existsSync(join(PROGRAMS, name)));
  if (missing.length > 0) console.warn(`skipped: no Grid Engine on this machine (${missing.join(", ")} missing)`);
  // a node starts jobs in the name of their users
  else if (userInfo().uid !== 0) console.warn("skipped: Grid Engine's node runs as root alone");
  return missing.length === 0 && userInfo().uid === 0;
}

/** One node with its master, in a folder of its own, for the user who runs the test. */
export interface GridEngine {
  /** What `qsub` and its siblings need to find this cluster. */
  readonly env: NodeJS.ProcessEnv;
  /** Runs one of Grid Engine's programs. @returns its standard output. */
  command(program: string, args: readonly string[]): Promise<string>;
  stop(): Promise<void>;
}

/**
 * Debian: `apt-get install gridengine-master gridengine-exec gridengine-client`. Starts master and node on this machine with free ports;
 * `stop` ends them with their jobs and removes all that they wrote.
 */
export async function startGridEngine({ slots = 4 }: { slots?: number } = {}): Promise<GridEngine> {
  const folder = mkdtempSync(join(tmpdir(), "sge-"));
  const host = hostname();
  const [master, node] = await freePorts(2);
  const env = {
    ...process.env,
    SGE_ROOT: folder,
    SGE_CELL: CELL,
    SGE_QMASTER_PORT: String(master),
    SGE_EXECD_PORT: String(node),
    SGE_ARCH: (await run(join(DEFAULTS, "util/arch"))).stdout.trim(),
    PATH: `${PROGRAMS}${delimiter}${process.env.PATH}`,
  };
  const daemons: ChildProcess[] = [];
  const command = async (program: string, args: readonly string[]) => (await run(join(PROGRAMS, program), args, { env })).stdout;
  const logs = () =>
    readdirSync(folder)
      .filter((name) => name.endsWith(".out"))
      .map((name) => `${name}: ${tail(join(folder, name))}`)
      .join("\n");

  function start(name: string): void {
    const log = createWriteStream(join(folder, `${name}.out`));
    // SGE_ND: it stays in the foreground
    const daemon = spawn(join(PROGRAMS, name), [], { env: { ...env, SGE_ND: "1" }, stdio: ["ignore", "pipe", "pipe"] });
    daemon.stdout.pipe(log);
    daemon.stderr.pipe(log);
    daemons.push(daemon);
  }
  async function stop(): Promise<void> {
    await command("qconf", ["-kej", host]).catch(() => {}); // the node, with its jobs
    await command("qconf", ["-km"]).catch(() => {});
    for (const daemon of daemons.reverse()) {
      if (daemon.exitCode !== null || daemon.signalCode !== null) continue;
      const ended = new Promise((done) => daemon.once("exit", done));
      const late = setTimeout(() => daemon.kill("SIGKILL"), 5_000);
      await ended;
      clearTimeout(late);
    }
    rmSync(folder, { recursive: true, force: true });
  }
  try {
    await makeCell(folder, host, env);
    start("sge_qmaster");
    await until(async () => (await command("qconf", ["-sh"]).catch(() => "")) !== "", START_MS, logs);
    await command("qconf", ["-as", host]);
    await configure(folder, host, slots, command);
    start("sge_execd");
    // the node is there once it has told its load
    await until(async () => / lx-/.test(await command("qhost", ["-h", host])), START_MS, logs);
  } catch (error) {
    await stop();
    throw error;
  }
  return { env, command, stop };
}

/** What `init_cluster` of the package does, in a folder of its own: spools as files, one manager. */
async function makeCell(folder: string, host: string, env: NodeJS.ProcessEnv): Promise<void> {
  const common = join(folder, CELL, "common");
  const spool = join(folder, "spool");
  for (const path of [common, join(spool, "qmaster"), join(spool, "execd")]) mkdirSync(path, { recursive: true });
  for (const name of ["bin", "utilbin", "lib"]) {
    mkdirSync(join(folder, name));
    symlinkSync(PROGRAMS, join(folder, name, env.SGE_ARCH!));
  }
  symlinkSync(join(DEFAULTS, "util"), join(folder, "util"));
  const bootstrap = {
    admin_user: "none",
    default_domain: "none",
    ignore_fqdn: "true",
    spooling_method: "classic",
    spooling_lib: "libspoolc",
    spooling_params: `${common};${join(spool, "qmaster")}`,
    binary_path: PROGRAMS,
    qmaster_spool_dir: join(spool, "qmaster"),
    security_mode: "none",
    listener_threads: 2,
    worker_threads: 2,
    scheduler_threads: 1,
  };
  const settings = readFileSync(join(DEFAULTS, "default-configuration"), "utf8");
  const global = {
    execd_spool_dir: join(spool, "execd"),
    min_uid: 0,
    min_gid: 0,
    administrator_mail: "none",
  };
  const lines = (values: object) => Object.entries(values).map(([name, value]) => `${name} ${value}\n`);
  writeFileSync(join(common, "bootstrap"), lines(bootstrap).join(""));
  writeFileSync(join(common, "act_qmaster"), `${host}\n`);
  // a machine's own name may be an address of its loopback: both are one host
  writeFileSync(join(common, "host_aliases"), `${host} localhost\n`);
  writeFileSync(join(folder, "configuration"), withSettings(settings, global));
  const resources = join(DEFAULTS, "util/resources");
  const spoolEnv = { ...env, LD_LIBRARY_PATH: PROGRAMS };
  const { spooling_method: method, spooling_lib: library, spooling_params: params } = bootstrap;
  await run(join(PROGRAMS, "spoolinit"), [method, library, params, "init"], { env: spoolEnv });
  for (const words of [
    ["configuration", join(folder, "configuration")],
    ["complexes", join(resources, "centry")],
    ["usersets", join(resources, "usersets")],
    ["managers", userInfo().username],
  ]) {
    await run(join(PROGRAMS, "spooldefaults"), words, { env: spoolEnv });
  }
}

/** One queue on this host, and a scheduler that looks each second instead of every fifteen. */
async function configure(folder: string, host: string, slots: number, command: GridEngine["command"]): Promise<void> {
  const scheduler = join(folder, "scheduler");
  const hurry = { schedule_interval: "0:0:1", flush_submit_sec: 1, flush_finish_sec: 1 };
  writeFileSync(scheduler, withSettings(await command("qconf", ["-ssconf"]), hurry));
  await command("qconf", ["-Msconf", scheduler]);
  const group = join(folder, "group");
  writeFileSync(group, `group_name @allhosts\nhostlist ${host}\n`);
  await command("qconf", ["-Ahgrp", group]);
  const queue = join(folder, "queue");
  const main = {
    qname: "main",
    hostlist: "@allhosts",
    pe_list: "NONE", // those of the template are not there
    shell: "/bin/sh",
    slots,
    notify: "0:0:2",
    load_thresholds: "NONE", // the machine may be busy with other tests
  };
  writeFileSync(queue, withSettings(await command("qconf", ["-sq"]), main));
  await command("qconf", ["-Aq", queue]);
}

/** Lines `name value` of Grid Engine's files, with other values. */
function withSettings(text: string, settings: Readonly<Record<string, string | number>>): string {
  return text.replace(/^(\S+)\s.*$/gm, (line, name: string) => (name in settings ? `${name} ${settings[name]}` : line));
}
