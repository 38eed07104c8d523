import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { chown, mkdir, readFile, rename, rm, statfs, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { EmporiumError, isEmporiumError } from "../../core/errors.js";
import { markSecret } from "../../core/redact.js";
import { formatBytes } from "../../core/units.js";
import { errnoOf, fileError } from "../../stores/file/errors.js";
import { syncPath } from "../../stores/file/sync.js";
import { freshName, removeFresh, sweepFresh } from "./fresh-folder.js";
import { reach } from "./reach.js";
import { ownerOf, type ServerUser } from "./server-user.js";
import { sharedMemoryWords } from "./shared-memory.js";
import { copyTemplate } from "./template.js";
import { type Binaries, runTool } from "./tool.js";

/**
 * The embedded database of a workspace, as it is on disk:
 *
 *     <workspace>/catalog/postgres/
 *       data/          PostgreSQL's own folder; emporium changes nothing in it
 *       socket/        socket of a running server
 *       logs/          one file for each start
 *       secrets.json   passwords of the roles, mode 0600
 *       pgpass         the same for psql: PGPASSFILE
 *       machine.json   machine on which the server was last started
 */
export interface Cluster {
  readonly folder: string;
  readonly data: string;
  readonly logs: string;
  readonly secrets: Secrets;
  /** User that runs the server; undefined for this process's own. */
  readonly user: ServerUser | undefined;
}

/** Roles of an embedded database, from the one that may do anything to the one that only reads. */
const EMBEDDED_ROLES = ["emporium", "emporium_owner", "emporium_writer", "emporium_reader"] as const;
type EmbeddedRole = (typeof EMBEDDED_ROLES)[number];
type Secrets = Readonly<Record<EmbeddedRole, string>>;

/** The database that holds our schemas. */
export const EMBEDDED_DATABASE = "emporium";

/** An empty cluster takes 40 MB; the write-ahead log of the first import more than as much again. */
const ROOM_BYTES = 128 * 1024 ** 2;

/** Options for making a cluster where there is none. */
export interface NewCluster {
  /** `$EMPORIUM_POSTGRES_TEMPLATE`: a stopped data folder, which is copied. */
  template?: string | undefined;
  signal?: AbortSignal | undefined;
}

export function clusterFolder(workspace: string): string {
  return join(workspace, "catalog", "postgres");
}

/** Whether a workspace has an embedded database, running or not. */
export function hasCluster(workspace: string): boolean {
  return existsSync(join(clusterFolder(workspace), "data"));
}

/**
 * The workspace's cluster, made if there is none. It is created beside its final path and then renamed, so a process that dies meanwhile leaves no cluster, and if two processes create one at the same moment, the first wins and the other uses it.
 *
 * @throws {EmporiumError} DATABASE_VERSION if another major version of PostgreSQL wrote it; DATABASE_EMBEDDED if it belongs to another
 *   user or cannot be made; DISK_FULL.
 */
export async function openCluster(
  workspace: string,
  binaries: Binaries,
  user: ServerUser | undefined,
  { template, signal }: NewCluster = {},
): Promise<Cluster> {
  const folder = clusterFolder(workspace);
  await sweepFresh(join(folder, ".."));
  if (!hasCluster(workspace)) await createCluster(folder, binaries, user, { template, signal });
  const data = join(folder, "data");
  const owner = await ownerOf(data);
  const ours = process.getuid?.();
  if (ours !== undefined && ours !== 0 && owner.uid !== ours) {
    throw new EmporiumError(
      "DATABASE_EMBEDDED",
      `the database of this workspace belongs to user ${owner.uid}, this process to ${ours}`,
      {
        place: { file: data },
        hint: "run emporium as the user who made it, or choose another --workspace",
      },
    );
  }
  await checkVersion(data, binaries);
  return { folder, data, logs: join(folder, "logs"), secrets: await readSecrets(folder), user: ours === 0 ? owner : undefined };
}

/** @throws {EmporiumError} DATABASE_VERSION if another major version of PostgreSQL wrote a data folder. */
export async function checkVersion(data: string, binaries: Binaries): Promise<void> {
  const file = join(data, "PG_VERSION");
  const version = Number.parseInt(
    await readFile(file, "utf8").catch((error: unknown) => {
      throw fileError(error, file, "read");
    }),
    10,
  );
  if (version === binaries.major) return;
  throw new EmporiumError(
    "DATABASE_VERSION",
    `the database of this workspace was made by PostgreSQL ${version}, the programs here are of version ${binaries.version}`,
    {
      place: { file },
      hint: `write it out with pg_dump of version ${version} and read it into a new workspace, or name the programs of version ${version} in $EMPORIUM_POSTGRES_BIN`,
    },
  );
}

async function readSecrets(folder: string): Promise<Secrets> {
  const file = join(folder, "secrets.json");
  try {
    const secrets = JSON.parse(await readFile(file, "utf8")) as Secrets;
    for (const role of EMBEDDED_ROLES) {
      if (typeof secrets[role] !== "string") throw new Error(`no password of ${role}`);
      markSecret(secrets[role]);
    }
    return secrets;
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    throw new EmporiumError("DATABASE_EMBEDDED", `the passwords of the embedded database cannot be read: ${message}`, {
      place: { file },
      hint: "restore the file from a backup, or run emporium as the user who made the workspace",
      cause,
    });
  }
}

async function createCluster(
  folder: string,
  binaries: Binaries,
  user: ServerUser | undefined,
  { template, signal }: NewCluster,
): Promise<void> {
  const parent = join(folder, "..");
  await mkdir(parent, { recursive: true }).catch((error: unknown) => {
    throw fileError(error, parent, "written");
  });
  if (user && (await ownerOf(join(parent, ".."))).uid === user.uid) await chown(parent, user.uid, user.gid);
  await checkRoom(parent);
  const fresh = join(parent, freshName());
  try {
    await layOut(fresh, user);
    const secrets = makeSecrets();
    await initialise(fresh, binaries, { user, secrets, template, signal });
    await writeSecrets(fresh, secrets, user);
    await syncPath(fresh, "folder");
    await rename(fresh, folder);
    await syncPath(parent, "folder");
  } catch (error) {
    if (existsSync(join(folder, "data"))) return; // another process was faster
    if (isEmporiumError(error) || signal?.aborted) throw error;
    if (!["ENOTEMPTY", "EEXIST", "EPERM"].includes(errnoOf(error) ?? "")) throw fileError(error, parent, "written");
    throw new EmporiumError("DATABASE_EMBEDDED", "the folder of the embedded database holds something else, or a part of one", {
      place: { file: folder },
      hint: "move the folder away: a new database is made in its place",
      cause: error,
    });
  } finally {
    await removeFresh(fresh);
  }
}

const PASSWORD = "password";

async function layOut(fresh: string, user: ServerUser | undefined): Promise<void> {
  await mkdir(fresh, { mode: 0o700 });
  for (const name of ["data", "socket", "logs"]) await mkdir(join(fresh, name), { mode: 0o700 });
  if (!user) return;
  for (const name of ["data", "socket"]) await chown(join(fresh, name), user.uid, user.gid);
}

function makeSecrets(): Secrets {
  const secrets = EMBEDDED_ROLES.map((role) => [role, randomBytes(24).toString("base64url")] as const);
  for (const [, secret] of secrets) markSecret(secret);
  return Object.fromEntries(secrets) as unknown as Secrets;
}

interface Making extends NewCluster {
  user: ServerUser | undefined;
  secrets: Secrets;
}

async function initialise(fresh: string, binaries: Binaries, { user, secrets, template, signal }: Making): Promise<void> {
  const data = join(fresh, "data");
  if (template !== undefined) await copyTemplate(template, data, binaries, user);
  const password = join(fresh, PASSWORD);
  await writeFile(password, `${secrets.emporium}\n`, { mode: 0o600 });
  if (user) await chown(password, user.uid, user.gid);
  const way = reach(user, [data, password]);
  try {
    const options = ["--username=emporium", "--auth=scram-sha-256", `--pwfile=${way.path(password)}`];
    const form = ["--encoding=UTF8", "--no-locale", "--no-instructions"];
    const shared = sharedMemoryWords();
    // initdb knows the words since version 16, and chooses by itself before
    const rest = template === undefined ? [...options, ...form, ...(binaries.major < 16 ? [] : shared)] : ["--sync-only"];
    const made = await runTool(binaries, "initdb", ["-D", way.path(data), ...rest], { user, reach: way, signal });
    if (made.status !== 0) throw failure("initdb", made.status, made.stderr, data);
    const input = template === undefined ? rolesAndDatabase(secrets) : newPasswords(secrets);
    const single = await runTool(binaries, "postgres", ["--single", "-D", way.path(data), ...shared, "postgres"], {
      user,
      reach: way,
      input,
      signal,
    });
    if (single.status !== 0 || /^.*\b(?:ERROR|FATAL|PANIC):/m.test(single.stderr)) {
      throw failure("postgres --single", single.status, single.stderr, data);
    }
  } finally {
    way.close();
    await rm(password, { force: true });
  }
}

/** SQL with one statement per line, as single-user mode requires; in that mode the server does not listen and logs nothing. */
function rolesAndDatabase(secrets: Secrets): string {
  const logins = EMBEDDED_ROLES.slice(1).map((role) => `create role ${role} login password '${secrets[role]}'`);
  return [
    "set log_min_error_statement = panic",
    ...logins,
    `create database ${EMBEDDED_DATABASE} owner emporium_owner`,
    `revoke all on database ${EMBEDDED_DATABASE} from public`,
    // for people at a psql; our own statements give full names
    `alter database ${EMBEDDED_DATABASE} set search_path = emporium_microscopy, emporium_portal, public`,
    "alter role emporium_reader set default_transaction_read_only = on",
    `grant connect, temporary on database ${EMBEDDED_DATABASE} to emporium_writer`,
    `grant connect on database ${EMBEDDED_DATABASE} to emporium_reader`,
    "",
  ].join("\n");
}

/** A template has roles and database; its passwords are those of the workspace where it was made. */
function newPasswords(secrets: Secrets): string {
  const roles = EMBEDDED_ROLES.map((role) => `alter role ${role} password '${secrets[role]}'`);
  return ["set log_min_error_statement = panic", ...roles, ""].join("\n");
}

async function writeSecrets(fresh: string, secrets: Secrets, user: ServerUser | undefined): Promise<void> {
  const lines = EMBEDDED_ROLES.map((role) => `*:*:*:${role}:${secrets[role]}\n`);
  await writeFile(join(fresh, "secrets.json"), `${JSON.stringify(secrets, undefined, 2)}\n`, { mode: 0o600 });
  await writeFile(join(fresh, "pgpass"), lines.join(""), { mode: 0o600 });
  // initdb syncs the data; without their passwords they would be of no use after a loss of power
  for (const name of ["secrets.json", "pgpass"]) await syncPath(join(fresh, name), "file");
  // `nobody` runs the server and no more; an ordinary owner of the workspace will use it without root
  if (!user || (await ownerOf(join(fresh, "..", ".."))).uid !== user.uid) return;
  for (const name of ["", "logs", "secrets.json", "pgpass"]) await chown(join(fresh, name), user.uid, user.gid);
}

async function checkRoom(folder: string): Promise<void> {
  const { bavail, bsize } = await statfs(folder);
  const free = bavail * bsize;
  if (free >= ROOM_BYTES) return;
  throw new EmporiumError("DISK_FULL", `${formatBytes(free)} free, a database needs ${formatBytes(ROOM_BYTES)} to begin with`, {
    place: { file: folder },
    hint: "free some space, or choose another --workspace",
  });
}

/** The error output of a PostgreSQL program as an `EmporiumError`. */
export function failure(program: string, status: number | null, text: string, place: string): EmporiumError {
  const lines = text.trim().split("\n");
  const told = lines.filter((line) => /\b(?:error|ERROR|FATAL|PANIC|DETAIL|could not|invalid)\b/.test(line));
  const message = (told.length > 0 ? told : lines).slice(0, 3).join(" ").trim() || `exit status ${status}`;
  if (/No space left on device/.test(text)) {
    const hint = "free some space, and run it again";
    return new EmporiumError("DISK_FULL", `${program}: ${message}`, { place: { file: place }, hint });
  }
  if (/insufficient file descriptors/.test(text)) {
    return new EmporiumError("DATABASE_EMBEDDED", `${program}: ${message}`, {
      place: { file: place },
      hint: "raise the limit with `ulimit -n 256`, or give a server with --database postgres://…",
    });
  }
  if (status === null && text.trim() === "") {
    const hint = "run it again; if that happens again, check whether the machine runs out of memory";
    return new EmporiumError("DATABASE_EMBEDDED", `${program} was killed`, { place: { file: place }, hint });
  }
  const unknownUser = /could not look up effective user ID (\d+)/.exec(text)?.[1];
  return new EmporiumError("DATABASE_EMBEDDED", `${program}: ${message}`, {
    place: { file: place },
    hint:
      unknownUser === undefined
        ? "give a server with --database postgres://… if this machine cannot run one"
        : `give user ${unknownUser} a name in /etc/passwd, or give a server with --database postgres://…`,
  });
}
