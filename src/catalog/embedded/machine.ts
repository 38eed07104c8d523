import { readFile, rename, stat, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Clock } from "../../core/clock.js";
import { EmporiumError } from "../../core/errors.js";
import type { Log } from "../../core/log.js";
import { type ProcessIdentity, thisProcess } from "../../engine/holder.js";
import type { Cluster } from "./cluster.js";

/**
 * A workspace may lie on a drive that several machines share, and two servers on one data folder would destroy it. PostgreSQL
 * itself sees only the processes of its own machine. So the machine that starts a server says so in `machine.json`, whoever uses
 * the server touches that file, and another machine that finds the server not stopped watches the file before it treats the
 * server as dead.
 */
export const HEARTBEAT_MS = 10_000;
/** More than two heartbeats. */
const WATCH_MS = 25_000;
const LOOK_MS = 1_000;

type Machine = Pick<ProcessIdentity, "host" | "machine">;

function fileOf(cluster: Cluster): string {
  return join(cluster.folder, "machine.json");
}

export async function claimMachine(cluster: Cluster): Promise<void> {
  const { host, machine, pid } = thisProcess();
  const fresh = `${fileOf(cluster)}.${pid}`;
  await writeFile(fresh, `${JSON.stringify({ host, machine })}\n`);
  await rename(fresh, fileOf(cluster));
}

/** True where process numbers in the cluster's files mean processes that can be seen from here. */
export async function isThisMachine(cluster: Cluster): Promise<boolean> {
  const found = await readMachine(cluster);
  const self = thisProcess();
  return found !== undefined && found.host === self.host && found.machine === self.machine;
}

/** Says that this machine uses the server. Never throws: a lost heartbeat is made up for by the next one. */
export async function sendHeartbeat(cluster: Cluster, clock: Clock): Promise<void> {
  const now = new Date(clock.now());
  await utimes(fileOf(cluster), now, now).catch(() => {});
}

/**
 * Waits until it is certain that no other machine uses the cluster.
 *
 * @throws {EmporiumError} TARGET_LOCKED naming the machine that does.
 */
export async function waitForOtherMachines(cluster: Cluster, clock: Clock, log: Log, signal?: AbortSignal): Promise<void> {
  const found = await readMachine(cluster);
  if (!found || (await isThisMachine(cluster))) return;
  // the same machine after a restart: whatever ran before is gone
  if (found.host === thisProcess().host && bootOf(found) !== bootOf(thisProcess())) return;
  const before = await touchedMs(cluster);
  log.info(`the database of this workspace was last run on ${found.host} and not stopped; watching it for ${WATCH_MS / 1000} s`);
  const until = clock.monotonic() + WATCH_MS;
  while (clock.monotonic() < until) {
    await clock.sleep(LOOK_MS, signal);
    if ((await touchedMs(cluster)) === before) continue;
    throw new EmporiumError("TARGET_LOCKED", `the database of this workspace is in use on the machine ${found.host}`, {
      place: { file: fileOf(cluster) },
      hint: `run emporium on ${found.host}, or give a server that both machines reach with --database`,
    });
  }
}

async function readMachine(cluster: Cluster): Promise<Machine | undefined> {
  try {
    return JSON.parse(await readFile(fileOf(cluster), "utf8")) as Machine;
  } catch {
    return undefined; // never started, or the file was cut short: the process numbers decide
  }
}

function bootOf({ machine }: Machine): string | undefined {
  return machine?.split(" ")[0];
}

async function touchedMs(cluster: Cluster): Promise<number | undefined> {
  return (await stat(fileOf(cluster)).catch(() => undefined))?.mtimeMs;
}
