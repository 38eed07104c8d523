import { chown, lstat, mkdir, mkdtemp, readlink, realpath, rmdir, symlink, unlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { EmporiumError } from "../../core/errors.js";
import { errnoOf } from "../../stores/file/errors.js";
import type { Cluster } from "./cluster.js";

/** Address of a server, as its clients write it. */
export interface Address {
  /** A folder that holds the socket, or a loopback address. */
  readonly host: string;
  readonly port: number;
}

export type Transport = "socket" | "loopback";

/** Number in the name of the socket's file, `.s.PGSQL.5432`, and nothing else: no port is opened. */
export const SOCKET_PORT = 5432;
export const LOOPBACK = "127.0.0.1";

/** The shortest of the systems' limits for the path of a socket: 104 bytes with a last NUL on macOS, 108 on Linux. */
const SOCKET_PATH_BYTES = 103;

/**
 * Sockets by default: they need no port and no network, and only their folder's owner can reach them. On Windows PostgreSQL and
 * Node share no kind of socket.
 */
export function defaultTransport(platform: string = process.platform): Transport {
  return platform === "win32" ? "loopback" : "socket";
}

/**
 * Link in the cluster to a short private folder for the socket, if the workspace's path is too long for one, or its file system
 * has none.
 */
const ELSEWHERE = "socket-elsewhere";

/**
 * The folder of a cluster's socket. All processes come to the same answer without asking each other: `socket` in the cluster where
 * that fits, otherwise the target of the link `socket-elsewhere`, which is made once and by one process.
 */
export async function socketFolder(cluster: Cluster): Promise<string> {
  const linked = await readlink(join(cluster.folder, ELSEWHERE)).catch(() => undefined);
  if (linked !== undefined) return linked;
  const inside = join(await realpath(cluster.folder), "socket");
  return fits(inside) ? inside : await makeElsewhere(cluster);
}

/** The folder of the socket, ready for a server to listen in. */
export async function prepareSocketFolder(cluster: Cluster): Promise<string> {
  const folder = await socketFolder(cluster);
  if (folder.startsWith(await realpath(cluster.folder))) return folder;
  // temporary folders are emptied when a machine starts
  await mkdir(folder, { mode: 0o700 }).catch((error: unknown) => {
    if (errnoOf(error) !== "EEXIST") throw error;
  });
  const found = await lstat(folder);
  const ours = cluster.user?.uid ?? process.getuid?.();
  if (found.isDirectory() && (found.uid === ours || found.uid === process.getuid?.()) && (found.mode & 0o077) === 0) {
    await giveToServer(cluster, folder);
    return folder;
  }
  // somebody else has taken the name since
  await unlink(join(cluster.folder, ELSEWHERE));
  return await makeElsewhere(cluster);
}

/** Makes a permanent folder for the socket outside the workspace. */
export async function makeElsewhere(cluster: Cluster): Promise<string> {
  const parents = [await realpath(tmpdir()), "/tmp"];
  const parent = parents.find((folder) => fits(join(folder, "emporium-XXXXXX")));
  if (parent === undefined) {
    throw new EmporiumError("DATABASE_EMBEDDED", `no folder with a path short enough for a socket: ${parents.join(", ")}`, {
      hint: "set TMPDIR to a folder with a short path",
    });
  }
  const folder = await mkdtemp(join(parent, "emporium-"));
  await giveToServer(cluster, folder);
  try {
    await symlink(folder, join(cluster.folder, ELSEWHERE));
    return folder;
  } catch (error) {
    await rmdir(folder);
    if (errnoOf(error) !== "EEXIST") throw error;
    return await readlink(join(cluster.folder, ELSEWHERE));
  }
}

async function giveToServer({ user }: Cluster, folder: string): Promise<void> {
  if (!user) return;
  await chown(folder, user.uid, user.gid);
}

function fits(folder: string): boolean {
  return Buffer.byteLength(join(folder, `.s.PGSQL.${SOCKET_PORT}`)) <= SOCKET_PATH_BYTES;
}
