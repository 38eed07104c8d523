import type { ChildProcess } from "node:child_process";
import { closeSync, openSync, readFileSync, readlinkSync } from "node:fs";
import { chown, readdir, readFile, realpath, rename, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import type { Clock } from "../../core/clock.js";
import type { Log } from "../../core/log.js";
import { isGone, thisProcess } from "../../engine/holder.js";
import { LOOPBACK, prepareSocketFolder, SOCKET_PORT, socketFolder, type Transport } from "./address.js";
import { type Cluster, failure } from "./cluster.js";
import { isThisMachine } from "./machine.js";
import { reach } from "./reach.js";
import { sharedMemoryWords } from "./shared-memory.js";
import { type Binaries, runTool, spawnTool } from "./tool.js";

/** Contents of `postmaster.pid`, the file by which PostgreSQL keeps a second server from its data folder. */
export interface PostmasterFile {
  readonly pid: number;
  readonly port: number;
  readonly text: string;
}

/** Reads `postmaster.pid`. Undefined also where the file is empty: PostgreSQL makes it, and writes its number a moment later. */
export async function readPostmasterFile(cluster: Pick<Cluster, "data">): Promise<PostmasterFile | undefined> {
  const text = (await textOf(fileOf(cluster))) ?? "";
  const lines = text.split("\n");
  const pid = Number(lines[0]);
  // 0 and below are no process but groups of them
  return pid > 0 ? { pid, port: Number(lines[3]), text } : undefined;
}

/** Whether there is a `postmaster.pid`, whatever it says. */
export async function hasPostmasterFile(cluster: Pick<Cluster, "data">): Promise<boolean> {
  return (await textOf(fileOf(cluster))) !== undefined;
}

const textOf = (file: string): Promise<string | undefined> => readFile(file, "utf8").catch(() => undefined);

function fileOf({ data }: Pick<Cluster, "data">): string {
  return join(data, "postmaster.pid");
}

/** A server that has been started and may not listen yet. */
export interface Starting {
  /** Reason why the server ended; undefined while it runs. */
  ended(): Ended | undefined;
}

export interface StartOptions {
  cluster: Cluster;
  binaries: Binaries;
  transport: Transport;
  clock: Clock;
  /** Port for loopback. Default: one that is free at this moment. */
  port?: number | undefined;
}

/**
 * `running`: another server has the folder. `address`: this one cannot listen where it was told to. `killed`: a person or the
 * out-of-memory killer ended it. `half`: a lock file has no number, because its server was killed as it began, or is starting at
 * this moment. Everything else is an error.
 */
type Ended = "running" | "address" | "killed" | "half" | Error;

/**
 * Starts the server as a process that nobody waits for, and outside this process's group, so that Ctrl-C ends the program and not
 * the database that others use.
 */
export async function startPostmaster(options: StartOptions): Promise<Starting> {
  const { cluster, binaries, transport } = options;
  const socket = transport === "socket" ? await prepareSocketFolder(cluster) : undefined;
  const port = socket === undefined ? (options.port ?? (await freePort())) : SOCKET_PORT;
  const way = reach(cluster.user, [cluster.data, ...(socket === undefined ? [] : [socket])]);
  const log = await openLog(cluster, options.clock);
  try {
    const settings = {
      ...SETTINGS,
      listen_addresses: socket === undefined ? LOOPBACK : "",
      unix_socket_directories: socket === undefined ? "" : way.path(socket),
    };
    const flags = Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
    const args = ["-D", way.path(cluster.data), "-p", String(port), ...sharedMemoryWords(), ...flags];
    const child = spawnTool(binaries, "postgres", args, { user: cluster.user, reach: way }, ["ignore", log.fd, log.fd], true);
    child.unref();
    return { ended: watch(child, cluster, log.file) };
  } finally {
    way.close();
    closeSync(log.fd);
  }
}

/** Settings given on the command line, so that no file of an older version of emporium overrides them. */
const SETTINGS = {
  unix_socket_permissions: "0700",
  cluster_name: "emporium",
  timezone: "UTC",
  log_timezone: "UTC",
  max_connections: "100",
  // the server is not replicated, so it can write a much smaller log for bulk loads
  wal_level: "minimal",
  max_wal_senders: "0",
  max_wal_size: "2GB",
  checkpoint_timeout: "15min",
  log_checkpoints: "off",
  maintenance_work_mem: "256MB",
  work_mem: "16MB",
  random_page_cost: "1.1",
  jit: "off",
  // the query of a process that was killed is stopped too
  client_connection_check_interval: "10s",
} as const;

/** Number of logs of past starts that are kept. */
const LOGS_KEPT = 5;

async function openLog({ logs, user }: Cluster, clock: Clock): Promise<{ file: string; fd: number }> {
  const names = (await readdir(logs)).filter((name) => name.endsWith(".log")).sort();
  for (const name of names.slice(0, -LOGS_KEPT)) await rm(join(logs, name), { force: true });
  const moment = new Date(clock.now()).toISOString().replaceAll(":", "-");
  const file = join(logs, `${moment}-${process.pid}.log`);
  const fd = openSync(file, "a", 0o600);
  if (user) await chown(file, user.uid, user.gid);
  return { file, fd };
}

function watch(child: ChildProcess, cluster: Cluster, log: string): () => Ended | undefined {
  let ended: Ended | undefined;
  child.once("error", (error) => {
    ended = failure("postgres", null, error.message, cluster.data);
  });
  child.once("exit", (status, signal) => {
    const text = readLog(log);
    if (/lock file "postmaster\.pid" already exists|pre-existing shared memory block/.test(text)) ended = "running";
    else if (/lock file ".*" is empty/.test(text)) ended = "half";
    else if (/could not (?:bind|create) .*(?:address|socket)|could not create any|socket lock file/.test(text)) ended = "address";
    else if (status === 0 || signal === "SIGINT")
      ended = "running"; // somebody stopped it as soon as it ran
    else if (signal !== null) ended = "killed";
    else ended = failure("postgres", status, text || String(signal), log);
  });
  return () => ended;
}

/** The log of a start; a server that ran for long may outlive its log, or its workspace. */
function readLog(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}

/** A port that is free at this moment. If another process takes it first the server says so, and the next one is tried. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => server.once("error", reject).listen(0, LOOPBACK, resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === "string") throw new Error("a server on loopback has no port");
  return address.port;
}

/**
 * Removes the `postmaster.pid` of a server that died, where PostgreSQL would mistake a process that got its number later for it.
 * It is removed only with certainty: the number is of this machine, and its process is not a PostgreSQL of this folder.
 *
 * @returns true if it has been removed.
 */
export async function removeStaleFile(cluster: Cluster, log: Log): Promise<boolean> {
  const found = await readPostmasterFile(cluster);
  if (!found || !(await isThisMachine(cluster)) || (await mayBeOurs(found.pid, cluster))) return false;
  if (!(await removeIf(fileOf(cluster), found.text))) return false;
  log.info(`a server of this workspace ended without stopping; its number ${found.pid} is another process's now`);
  return true;
}

/** Milliseconds that a server needs from its `postmaster.pid` to its socket. */
export const BIRTH_MS = 3_000;

/**
 * Removes lock files that stay empty for longer than a server needs to write its number: those of a server that was killed as it
 * began. PostgreSQL starts beside none of them, and says that a person has to remove it.
 */
export async function removeEmptyLocks(cluster: Cluster, transport: Transport, clock: Clock, log: Log): Promise<void> {
  const files = [fileOf(cluster)];
  if (transport === "socket") files.push(join(await socketFolder(cluster), `.s.PGSQL.${SOCKET_PORT}.lock`));
  const empty = (await Promise.all(files.map(textOf))).map((text) => text === "");
  if (empty.includes(true)) await clock.sleep(BIRTH_MS);
  for (const [i, file] of files.entries()) {
    if (empty[i] && (await textOf(file)) === "" && (await removeIf(file, "")))
      log.info("a server of this workspace was killed as it began; its empty lock file is removed");
  }
}

/** Removes a file with this text, but no other that has replaced it. @returns whether it did */
async function removeIf(file: string, text: string): Promise<boolean> {
  const aside = `${file}.${process.pid}`;
  await rename(file, aside).catch(() => {});
  const moved = await textOf(aside);
  if (moved !== undefined && moved !== text) {
    await rename(aside, file); // a server has been started in between: this is its file
    return false;
  }
  await rm(aside, { force: true });
  return true;
}

async function mayBeOurs(pid: number, { data }: Cluster): Promise<boolean> {
  if (process.platform !== "linux") return true;
  try {
    if (!/^(?:postgres|postmaster)/.test(readFileSync(`/proc/${pid}/comm`, "utf8"))) return false;
    return readlinkSync(`/proc/${pid}/cwd`) === (await realpath(data));
  } catch {
    return true; // gone, which PostgreSQL sees by itself, or another user's, which cannot be looked at
  }
}

/** Milliseconds that the last process waits for the server to write its data; after that the server continues by itself. */
const STOP_MS = 10_000;
const LOOK_MS = 20;

/** Stops the server cleanly (`SIGINT`, PostgreSQL's fast stop). @returns true once it is down. */
export async function stopPostmaster(cluster: Cluster, binaries: Binaries, clock: Clock): Promise<boolean> {
  const running = await readPostmasterFile(cluster);
  if (!running) return true;
  if (process.platform === "win32") await runTool(binaries, "pg_ctl", ["stop", "-D", cluster.data, "-m", "fast", "-W"]);
  else process.kill(running.pid, "SIGINT");
  const until = clock.monotonic() + STOP_MS;
  while (clock.monotonic() < until) {
    // the file goes first, the process a moment later
    if (
      (await readPostmasterFile(cluster))?.pid !== running.pid &&
      isGone({ ...thisProcess(), processStart: undefined, pid: running.pid })
    )
      return true;
    await clock.sleep(LOOK_MS);
  }
  return false;
}
