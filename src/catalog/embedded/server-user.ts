import { readFile, stat } from "node:fs/promises";
import { EmporiumError } from "../../core/errors.js";

/** An unprivileged user in whose name root runs the server. */
export interface ServerUser {
  readonly uid: number;
  readonly gid: number;
}

const ROOT = 0;

/**
 * PostgreSQL refuses to run as root, so root runs it as another user: the owner of `folder` if that is an ordinary user,
 * otherwise `nobody`. Undefined where this process is not root: then the server is an ordinary child.
 *
 * initdb wants a user that the machine knows by name; a bare number, as containers give folders, is skipped.
 */
export async function serverUser(folder: string, uid: number | undefined = process.getuid?.()): Promise<ServerUser | undefined> {
  if (uid !== ROOT) return undefined;
  const users = await readUsers();
  const owner = (await stat(folder)).uid;
  const user = users.get(owner) ?? [...users.values()].find(({ name }) => name === "nobody");
  if (owner !== ROOT && users.has(owner)) return user;
  if (user && user.uid !== ROOT) return user;
  const nobody = [...users.values()].find(({ name }) => name === "nobody");
  if (nobody) return nobody;
  throw new EmporiumError(
    "DATABASE_EMBEDDED",
    'PostgreSQL does not run as root, and this machine has no user "nobody" to run it',
    {
      place: { file: PASSWD },
      hint: "run emporium as an ordinary user, or give a server with --database",
    },
  );
}

/** The user that owns a data folder is the one that runs it: PostgreSQL insists. */
export async function ownerOf(folder: string): Promise<ServerUser> {
  const { uid, gid } = await stat(folder);
  return { uid, gid };
}

const PASSWD = "/etc/passwd";

async function readUsers(): Promise<Map<number, ServerUser & { name: string }>> {
  const text = await readFile(PASSWD, "utf8").catch(() => "");
  const users = new Map<number, ServerUser & { name: string }>();
  for (const line of text.split("\n")) {
    const [name = "", , uid, gid] = line.split(":");
    // the first of several names of one number is the one that the system answers with
    if (name && uid && gid && !users.has(Number(uid))) users.set(Number(uid), { name, uid: Number(uid), gid: Number(gid) });
  }
  return users;
}
