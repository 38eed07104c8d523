import pg from "pg";
import type { Clock } from "../../core/clock.js";
import { EmporiumError, isEmporiumError } from "../../core/errors.js";
import type { Log } from "../../core/log.js";
import { isRunning } from "../../system/process-life.js";
import { type Address, LOOPBACK, makeElsewhere, SOCKET_PORT, socketFolder, type Transport } from "./address.js";
import type { Cluster } from "./cluster.js";
import { claimMachine, HEARTBEAT_MS, isThisMachine, sendHeartbeat, waitForOtherMachines } from "./machine.js";
import {
  BIRTH_MS,
  hasPostmasterFile,
  readPostmasterFile,
  removeEmptyLocks,
  removeStaleFile,
  type Starting,
  startPostmaster,
  stopPostmaster,
} from "./postmaster.js";
import type { Binaries } from "./tool.js";

/**
 * The processes that use one embedded server find each other through the server itself. Each holds a session with a shared
 * advisory lock, its presence. The first process finds no server and starts it. One that leaves gives its lock back and asks for
 * the same lock alone: who gets it is the last, and stops the server while it holds it. A process that comes at that moment waits
 * for its lock, loses its session with the server, and begins again by starting one.
 *
 * Nothing of this can be left behind: the lock of a process that is killed goes with its session, and if the last one is killed,
 * the server stays up for the next process to find, join and stop. That no two servers run on one data folder, and that two
 * processes which start one at the same moment end with one, is PostgreSQL's own promise (`postmaster.pid`).
 */
export interface Presence {
  readonly address: Address;
  /** Leaves, and stops the server if nobody else is there. Never throws. */
  leave(): Promise<void>;
}

export interface PresenceOptions {
  cluster: Cluster;
  binaries: Binaries;
  transport: Transport;
  clock: Clock;
  log: Log;
  signal?: AbortSignal | undefined;
  /** The server was lost and found again, perhaps elsewhere. */
  onMoved?: ((address: Address) => void) | undefined;
}

const LOCK = "742106651, 1"; // a number of our own; PostgreSQL gives them no meaning
const CONNECT_MS = 10_000;
const LOOK_MS = 25;
/** A start takes well under a second; recovery after a crash may take minutes, and the server reports it. */
const START_MS = 60_000;
const RECOVERY_MS = 15 * 60_000;

export async function join(options: PresenceOptions): Promise<Presence> {
  const { cluster, binaries, clock, log } = options;
  let present = await enter(options);
  let leaving = false;
  let again: Promise<void> | undefined;
  const stayConnected = () => {
    present.session.once("end", () => {
      if (!leaving) again = comeBack();
    });
  };
  const comeBack = async () => {
    log.warn("the embedded database went away; starting it again");
    try {
      present = await enter(options);
      stayConnected();
      options.onMoved?.(present.address);
    } catch (error) {
      log.error(`the embedded database does not come back: ${error instanceof Error ? error.message : String(error)}`);
    }
  };
  stayConnected();
  const left = new AbortController();
  void sendHeartbeatsUntil(left.signal, options);
  return {
    get address() {
      return present.address;
    },
    async leave() {
      leaving = true;
      left.abort();
      await again;
      try {
        if (await isLast(present.session)) {
          const stopped = await stopPostmaster(cluster, binaries, clock);
          if (!stopped) log.info("the embedded database is still writing; it stops by itself");
        }
      } catch (error) {
        log.debug(`left the embedded database as it was: ${error instanceof Error ? error.message : String(error)}`);
      } finally {
        await present.session.end().catch(() => {});
      }
    },
  };

  /** When this returns true, the session holds the lock alone, and no other process can connect until the server is down. */
  async function isLast(session: pg.Client): Promise<boolean> {
    await session.query(`select pg_advisory_unlock_shared(${LOCK})`);
    const alone = await session.query<{ alone: boolean }>(`select pg_try_advisory_lock(${LOCK}) as alone`);
    if (!alone.rows[0]?.alone) return false;
    if (!(await isThisMachine(cluster))) return false; // its process number means nothing here
    if (!(await hasOtherSessions(session))) return true;
    await clock.sleep(GOODBYE_MS); // one that has just left is still counted for a moment
    return !(await hasOtherSessions(session));
  }
}

async function sendHeartbeatsUntil(left: AbortSignal, { cluster, clock }: PresenceOptions): Promise<void> {
  while (!left.aborted) {
    await sendHeartbeat(cluster, clock);
    await clock.sleep(HEARTBEAT_MS, left).catch(() => {});
  }
}

const GOODBYE_MS = 200;

/** Whether other programs have sessions, such as psql or a notebook: then the server keeps running. */
async function hasOtherSessions(session: pg.Client): Promise<boolean> {
  const { rows } = await session.query(`select 1 from pg_stat_activity
    where backend_type = 'client backend' and pid <> pg_backend_pid() and application_name not like 'emporium%' limit 1`);
  return rows.length > 0;
}

interface Present {
  session: pg.Client;
  address: Address;
}

async function enter(options: PresenceOptions): Promise<Present> {
  const { cluster, binaries, transport, clock, log, signal } = options;
  const begun = clock.monotonic();
  let heard = begun;
  let starting: Starting | undefined;
  let killed = 0;
  for (;;) {
    signal?.throwIfAborted();
    const answer = await askServer(options);
    if (typeof answer === "object") return answer;
    const now = clock.monotonic();
    if (answer === "busy") heard = now;
    if (now - heard > START_MS || now - begun > RECOVERY_MS) throw silent(cluster);
    const ended = starting?.ended();
    if (ended instanceof Error) throw ended;
    if (ended === "address" && transport === "socket") await makeElsewhere(cluster);
    if (ended === "half") await removeEmptyLocks(cluster, transport, clock, log);
    if (ended === "killed" && ++killed === KILLED_MAX) throw keepsBeingKilled(cluster);
    if (ended !== undefined) starting = undefined;
    if (answer === "absent" && !starting && (ended === "address" || !(await isBeingStarted(options, now - heard)))) {
      if (await hasPostmasterFile(cluster)) await waitForOtherMachines(cluster, clock, log, signal);
      await claimMachine(cluster);
      starting = await startPostmaster({ cluster, binaries, transport, clock });
    }
    await clock.sleep(LOOK_MS, signal);
  }
}

/** Once is an accident. */
const KILLED_MAX = 4;

function keepsBeingKilled({ logs }: Cluster): EmporiumError {
  return new EmporiumError("DATABASE_EMBEDDED", `the embedded database was killed ${KILLED_MAX} times while it started`, {
    place: { file: logs },
    hint: "check whether the machine runs out of memory, or give a server with --database postgres://…",
  });
}

/** True while another process may be starting a server: the server has a process number but does not listen yet. */
async function isBeingStarted({ cluster, log }: PresenceOptions, silentMs: number): Promise<boolean> {
  const running = await readPostmasterFile(cluster);
  if (!running || !(await isThisMachine(cluster)) || !isRunning(running.pid)) return false;
  if (silentMs < BIRTH_MS) return true;
  // a dead server whose number another process got, or a server that hangs: PostgreSQL itself refuses to start a second one
  await removeStaleFile(cluster, log);
  return false;
}

function silent(cluster: Cluster): EmporiumError {
  return new EmporiumError("DATABASE_EMBEDDED", `the embedded database does not answer within ${START_MS / 1000} s`, {
    place: { file: cluster.logs },
    hint: "see the newest log there for the reason; if no process of PostgreSQL runs on this folder, remove data/postmaster.pid",
  });
}

/** `absent`: no server listens. `busy`: a server starts, stops or recovers. */
async function askServer({ cluster, transport }: PresenceOptions): Promise<Present | "absent" | "busy"> {
  const address = await addressOf(cluster, transport);
  if (!address) return "absent";
  const session = new pg.Client({
    ...address,
    user: "emporium",
    password: cluster.secrets.emporium,
    database: "postgres",
    application_name: "emporium presence",
    connectionTimeoutMillis: CONNECT_MS,
    keepAlive: true,
  });
  session.on("error", () => {}); // the end of the session is what counts, and tells itself
  try {
    await session.connect();
    await session.query(`select pg_advisory_lock_shared(${LOCK})`);
    return { session, address };
  } catch (error) {
    await session.end().catch(() => {});
    const code = error instanceof Error && "code" in error ? String(error.code) : "";
    if (["ENOENT", "ECONNREFUSED", "ENOTDIR"].includes(code)) return "absent";
    if (["28P01", "28000"].includes(code)) throw wrongPassword(cluster, error);
    if (isEmporiumError(error)) throw error;
    return "busy"; // 57P03 while it starts or stops, 53300 when it is full, or a session that was cut
  }
}

async function addressOf(cluster: Cluster, transport: Transport): Promise<Address | undefined> {
  if (transport === "socket") return { host: await socketFolder(cluster), port: SOCKET_PORT };
  const running = await readPostmasterFile(cluster);
  return running && running.port > 0 ? { host: LOOPBACK, port: running.port } : undefined;
}

function wrongPassword(cluster: Cluster, cause: unknown): EmporiumError {
  return new EmporiumError("DATABASE_DENIED", "the embedded database does not know the password of its own secrets.json", {
    place: { file: `${cluster.folder}/secrets.json` },
    hint: "restore the file that was made with this database",
    cause,
  });
}
