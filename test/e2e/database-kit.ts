import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { type Database, openDatabase } from "../../src/catalog/database.js";
import { openEmbedded } from "../../src/catalog/embedded/embedded.js";
import { sharedMemoryWords } from "../../src/catalog/embedded/shared-memory.js";
import { migrate } from "../../src/catalog/migrate.js";
import { systemClock } from "../../src/core/clock.js";
import { silentLog } from "../../src/core/log.js";
import { Secret } from "../../src/core/redact.js";
import { copy, giveCluster, madeOnce } from "./cluster-template.js";

/** A server whose databases tests may make. */
export interface TestServer {
  /** A new, empty database. @returns its address, with the password of the server's administrator. */
  makeDatabase(): Promise<string>;
  /** The same with the tables of this version, and no rows. */
  makeCatalog(): Promise<string>;
  /** A database with all that another one of this server has, in which nobody may be at the moment. */
  copyOf(url: string): Promise<string>;
  stop(): Promise<void>;
}

export interface ServerKind {
  name: string;
  /** Why it cannot be had here. */
  absent?: string | undefined;
  start(): Promise<TestServer>;
}

const DEBIAN = "/usr/lib/postgresql";
const OLDEST = 15;
/** Its initdb takes no settings. */
const OLD = /\/15\/bin$/;

/** Folders of PostgreSQL servers that Debian and Ubuntu packages installed, newest first. */
export function installedServers(): string[] {
  const versions = existsSync(DEBIAN) ? readdirSync(DEBIAN).map(Number) : [];
  return versions
    .filter((version) => version >= OLDEST)
    .sort((a, b) => b - a)
    .map((version) => join(DEBIAN, String(version), "bin"))
    .filter((folder) => existsSync(join(folder, "initdb")));
}

const installed = installedServers()[0];

/** The servers on which every test of the schema runs. */
export const SERVERS: readonly ServerKind[] = [
  { name: "the embedded server", start: startEmbedded },
  {
    name: "a server of the system",
    absent:
      installed === undefined
        ? `needs PostgreSQL ${OLDEST} or newer in ${DEBIAN}: the Debian package postgresql`
        : isWithoutRoom(installed)
          ? "needs 1 GB free in /dev/shm, or PostgreSQL 16 or newer"
          : undefined,
    start: () => startInstalled(installed!),
  },
];

async function startEmbedded(): Promise<TestServer> {
  const workspace = mkdtempSync(join(tmpdir(), "emporium-catalog-"));
  await giveCluster(workspace);
  const embedded = await openEmbedded({ workspace, log: silentLog });
  const { host, port } = embedded.address;
  const address = `postgresql://emporium:${embedded.cluster.secrets.emporium}@localhost:${port}`;
  return testServer(address, host, async () => {
    await embedded.leave();
    rmSync(workspace, { recursive: true, force: true });
  });
}

function isWithoutRoom(folder: string): boolean {
  return OLD.test(folder) && sharedMemoryWords().some((word) => word.endsWith("=mmap"));
}

const NOBODY = 65_534;
const PORT = 5432;

/** Started by its own programs, as an administrator would, so that nothing of the embedded server's ways is taken for granted. */
async function startInstalled(folder: string): Promise<TestServer> {
  const base = mkdtempSync(join(tmpdir(), "emporium-postgres-"));
  const data = join(base, "data");
  const user = process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {};
  const options = { ...user, env: { LC_ALL: "C.UTF-8" }, cwd: "/" };
  const id = createHash("sha256").update(`${realpathSync(join(folder, "initdb"))} ${process.getuid?.()}`);
  copy(join(await madeOnce(`server-${id.digest("hex").slice(0, 16)}`, "data", makeData), "data"), data);
  chmodSync(base, 0o755);
  if ("uid" in user) chownSync(base, NOBODY, NOBODY);

  function makeData(place: string): void {
    const made = join(place, "data");
    const password = join(place, "password");
    mkdirSync(made, { mode: 0o700 });
    writeFileSync(password, "a password of the test\n");
    chmodSync(place, 0o755);
    if ("uid" in user) for (const path of [place, made, password]) chownSync(path, NOBODY, NOBODY);
    const args = [
      "-D",
      made,
      "-U",
      "admin",
      "-A",
      "scram-sha-256",
      `--pwfile=${password}`,
      "-N",
      ...(OLD.test(folder) ? [] : sharedMemoryWords()),
    ];
    const { status, stderr } = spawnSync(join(folder, "initdb"), args, { ...options, encoding: "utf8" });
    if (status !== 0) throw new Error(stderr);
  }
  const flags = ["-D", data, "-k", base, "-c", "listen_addresses=", "-c", "fsync=off", ...sharedMemoryWords()];
  const server = spawn(join(folder, "postgres"), flags, { ...options, stdio: "ignore" });
  const address = `postgresql://admin:${encodeURIComponent("a password of the test")}@localhost:${PORT}`;
  await patiently(() => query(`${address}/postgres?host=${base}`, "select 1"));
  return testServer(address, base, async () => {
    const ended = new Promise((resolve) => server.once("exit", resolve));
    server.kill("SIGINT");
    await ended;
    rmSync(base, { recursive: true, force: true });
  });
}

function testServer(address: string, socket: string, stop: () => Promise<void>): TestServer {
  let made = 0;
  let migrated: Promise<string> | undefined;
  const url = (database: string) => `${address}/${database}?host=${encodeURIComponent(socket)}`;
  const make = async (like = "template1") => {
    const name = `test_${process.pid}_${++made}`;
    await query(url("postgres"), `create database ${name} template ${like}`);
    return name;
  };
  return {
    makeDatabase: async () => url(await make()),
    async makeCatalog() {
      // taking all steps costs more than a copy of what they made
      migrated ??= make().then(async (name) => {
        const owner = await open(url(name));
        await migrate(owner).finally(() => owner.close());
        return name;
      });
      return url(await make(await migrated));
    },
    copyOf: async (other) => url(await make(new URL(other).pathname.slice(1))),
    stop,
  };
}

/** Runs statements as the server's administrator, in a session of their own. @returns the rows of the last. */
export async function query(url: string, text: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const result: pg.QueryResult | pg.QueryResult[] = await client.query(text);
    return (Array.isArray(result) ? result.at(-1) : result)?.rows ?? [];
  } finally {
    await client.end();
  }
}

async function patiently(work: () => Promise<unknown>): Promise<void> {
  for (let attempt = 0; ; attempt++) {
    try {
      await work();
      return;
    } catch (error) {
      if (attempt === 400) throw error;
      await systemClock.sleep(25);
    }
  }
}

/** Opens a database of a test server. */
export function open(
  url: string,
  role: "owner" | "writer" | "reader" = "owner",
  more: { statementTimeoutMs?: number } = {},
): Promise<Database> {
  const fixed = { workspace: tmpdir(), purpose: "test", log: silentLog };
  return openDatabase({ url: new Secret(url), role, ...fixed, ...more });
}
