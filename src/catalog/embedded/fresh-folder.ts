import { createHash, randomBytes } from "node:crypto";
import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { isGone, type ProcessIdentity, thisProcess } from "../../engine/holder.js";

const FRESH = ".new-";

/**
 * Name of a folder in which this process makes a database before it is renamed into its place. It tells who makes it, because the name
 * is there as soon as the folder is: a file inside could be missing or half written when its maker is killed.
 */
export function freshName(maker: ProcessIdentity = thisProcess()): string {
  const { host, machine = "", pid, processStart = "" } = maker;
  const [boot = "", space = ""] = machine.split(" ");
  return [`${FRESH}${short(host)}`, short(boot), short(space), pid, processStart, randomBytes(6).toString("hex")].join("-");
}

/**
 * True if the process that made such a folder has certainly ended: its process has ended, or its machine was started again since.
 */
export function isAbandoned(name: string, self: ProcessIdentity = thisProcess()): boolean {
  if (!name.startsWith(FRESH)) return false;
  const [host, boot, space, pid, processStart] = name.slice(FRESH.length).split("-");
  const [ownBoot = "", ownSpace = ""] = (self.machine ?? "").split(" ");
  if (host !== short(self.host) || pid === undefined) return false;
  if (boot !== short(ownBoot)) return true;
  return space === short(ownSpace) && isGone({ ...self, pid: Number(pid), processStart: processStart || undefined }, self);
}

function short(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 8);
}

/** Removes what killed processes left half made. */
export async function sweepFresh(parent: string): Promise<void> {
  const names = await readdir(parent).catch(() => []); // not there yet
  for (const name of names) {
    if (isAbandoned(name)) await removeFresh(join(parent, name));
  }
}

/** An initdb whose parent was killed may go on writing for a moment. What cannot be removed now is removed by the next one that looks. */
export async function removeFresh(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true, maxRetries: 8, retryDelay: 50 }).catch(() => {});
}
