import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface, type Interface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { findBinaries } from "../../src/catalog/embedded/binaries.js";
import { clusterFolder } from "../../src/catalog/embedded/cluster.js";
import { openEmbedded } from "../../src/catalog/embedded/embedded.js";
import { startPostmaster } from "../../src/catalog/embedded/postmaster.js";
import { systemClock } from "../../src/core/clock.js";
import { silentLog } from "../../src/core/log.js";
import { seededRandom } from "../../src/core/random.js";
import { othersMayRun } from "../another-user.js";
import { giveCluster } from "./cluster-template.js";
import { installedServers, query } from "./database-kit.js";

const script = fileURLToPath(new URL("./database-child.mjs", import.meta.url));
/** What another user would have to read. */
const PROGRAM = fileURLToPath(new URL("../../dist/catalog", import.meta.url));
const isRoot = process.getuid?.() === 0;
const NOBODY = 65_534;
/** Of killing whoever comes along. */
const ROUNDS = process.env.EMPORIUM_THOROUGH === "1" ? 24 : 4;
/** More than any system counts to. */
const NO_PROCESS = 999_999_999;

/** A process of its own that uses the embedded database of a workspace. */
class User {
  readonly child: ChildProcess;
  readonly #answers: Interface;
  readonly #waiting: ((line: string) => void)[] = [];
  readonly ended: Promise<unknown>;

  constructor(workspace: string, more: { transport?: string; uid?: number; env?: Record<string, string> } = {}) {
    const { transport, uid, env } = more;
    this.child = spawn(process.execPath, [script, workspace, ...(transport ? [transport] : [])], {
      stdio: ["pipe", "pipe", "inherit"],
      env: { ...process.env, ...env, TEST_TABLE: `written_${test}` },
      ...(uid === undefined ? {} : { uid, gid: uid }),
    });
    this.#answers = createInterface({ input: this.child.stdout! });
    this.#answers.on("line", (line) => this.#waiting.shift()?.(line));
    this.ended = new Promise((resolve) => this.child.once("exit", resolve));
    users.push(this);
  }

  async try<T = unknown>(line: string): Promise<{ value?: T; error?: { code: string; message: string; hint?: string } }> {
    const answer = new Promise<string>((resolve) => this.#waiting.push(resolve));
    this.child.stdin!.write(`${line}\n`);
    const gone = this.ended.then(() => '{"error":{"code":"GONE","message":"the process has ended"}}');
    return JSON.parse(await Promise.race([answer, gone]));
  }

  async ask<T = unknown>(line: string): Promise<T> {
    const { value, error } = await this.try<T>(line);
    if (error) throw Object.assign(new Error(`${error.code}: ${error.message}`), error);
    return value as T;
  }

  async kill(): Promise<void> {
    this.child.kill("SIGKILL");
    await this.ended;
  }
}

interface Server {
  pid: number;
  uid?: number;
  told: string[];
}

const users: User[] = [];
const folders: string[] = [];
const restore: (() => void)[] = [];
let test = 0;

afterEach(async () => {
  await Promise.all(users.splice(0).map((user) => user.kill()));
  for (const undo of restore.splice(0).reverse()) undo();
  for (const folder of [...folders, used]) await stopLeftOver(folder);
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
  test++;
});

function makeWorkspace(mode = 0o755): string {
  const folder = mkdtempSync(join(tmpdir(), "emporium-embedded-"));
  chmodSync(folder, mode);
  folders.push(folder);
  return folder;
}

let used: string;
beforeAll(async () => {
  used = mkdtempSync(join(tmpdir(), "emporium-embedded-"));
  chmodSync(used, 0o755);
  await giveCluster(used);
});
afterAll(() => rmSync(used, { recursive: true, force: true }));

/** With a database, which takes seconds to make: tests that are not about that share one, each with a table of its own. */
function usedWorkspace(): string {
  return used;
}

/** Another content of a file of the shared workspace, until the test is over. */
function spoil(path: string, change: (text: string) => string | undefined): void {
  const before = readFileSync(path);
  const { mode, uid, gid } = statSync(path);
  restore.push(() => {
    writeFileSync(path, before);
    chmodSync(path, mode & 0o777);
    if (isRoot) chownSync(path, uid, gid);
  });
  const after = change(before.toString("utf8"));
  if (after === undefined) rmSync(path);
  else writeFileSync(path, after);
}

/** The server that a test left, ended by the processes' own number and no other. */
async function stopLeftOver(workspace: string): Promise<void> {
  const pid = serverOf(workspace);
  if (pid === undefined || !isAlive(pid) || !readFileSync(`/proc/${pid}/comm`, "utf8").startsWith("postgres")) return;
  process.kill(pid, "SIGINT");
  await until(() => !isAlive(pid));
}

function serverOf(workspace: string): number | undefined {
  try {
    return Number(readFileSync(join(clusterFolder(workspace), "data", "postmaster.pid"), "utf8").split("\n")[0]);
  } catch {
    return undefined;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return false;
  }
}

async function until(done: () => boolean): Promise<void> {
  for (let n = 0; n < 1200 && !done(); n++) await systemClock.sleep(25);
  expect(done()).toBe(true);
}

/** Waits until the server has seen that whoever was killed is gone. */
async function soleUser(workspace: string): Promise<void> {
  const secrets: Record<string, string> = JSON.parse(readFileSync(join(clusterFolder(workspace), "secrets.json"), "utf8"));
  const socket = encodeURIComponent(join(clusterFolder(workspace), "socket"));
  const url = `postgresql://emporium:${secrets.emporium}@localhost/postgres?host=${socket}&application_name=emporium`;
  for (let n = 0; n < 400; n++) {
    const [row] = await query(url, "select count(*)::int as n from pg_locks where locktype = 'advisory'");
    if (row?.n === 1) return;
    await systemClock.sleep(25);
  }
}

describe("an embedded database and the processes that use it", () => {
  it("is made by one of four that come at once, serves all, and is stopped by the last", async () => {
    const workspace = makeWorkspace();
    const four = [1, 2, 3, 4].map(() => new User(workspace));
    await Promise.all(four.map((user) => user.ask("open")));
    const servers = await Promise.all(four.map((user) => user.ask<Server>("server")));
    expect(new Set(servers.map(({ pid }) => pid)).size).toBe(1);
    await Promise.all(four.map((user, n) => user.ask(`write ${n}`)));
    for (const user of four) expect(await user.ask("count")).toEqual({ n: 4, zone: "UTC" });
    const pid = servers[0]!.pid;
    for (const user of four.slice(0, 3)) await user.ask("close");
    expect(isAlive(pid)).toBe(true);
    await four[3]!.ask("close");
    expect([isAlive(pid), serverOf(workspace)]).toEqual([false, undefined]);
    expect(readdirSync(join(workspace, "catalog")).filter((name) => name.startsWith("."))).toEqual([]);
  });

  it("goes on when the process that started it is killed, and ends with the last", async () => {
    const workspace = usedWorkspace();
    const first = new User(workspace);
    await first.ask("open");
    const second = new User(workspace);
    await second.ask("open");
    await first.kill();
    await soleUser(workspace);
    await second.ask("write 1");
    const { pid } = await second.ask<Server>("server");
    await second.ask("close");
    expect(isAlive(pid)).toBe(false);
  });

  it("that the last one left by being killed is joined by the next, who stops it", async () => {
    const workspace = usedWorkspace();
    const first = new User(workspace);
    await first.ask("open");
    await first.ask("write 1");
    const { pid } = await first.ask<Server>("server");
    await first.kill();
    expect(isAlive(pid)).toBe(true);
    const second = new User(workspace);
    await second.ask("open");
    expect((await second.ask<Server>("server")).pid).toBe(pid);
    expect(await second.ask("count")).toMatchObject({ n: 1 });
    await second.ask("close");
    expect(isAlive(pid)).toBe(false);
  });

  it("comes back with every row when the server is killed under its users, or the machine goes down", async () => {
    const workspace = usedWorkspace();
    const [first, second] = [new User(workspace), new User(workspace)];
    await Promise.all([first.ask("open"), second.ask("open")]);
    await first.ask("write 1");
    const { pid } = await first.ask<Server>("server");
    process.kill(pid, "SIGKILL");
    await until(() => {
      const now = serverOf(workspace);
      return now !== undefined && now !== pid;
    });
    for (const user of [first, second]) {
      let counted: unknown;
      for (let n = 0; n < 200 && counted === undefined; n++) {
        counted = (await user.try("count")).value;
        if (counted === undefined) await systemClock.sleep(25);
      }
      expect(counted).toMatchObject({ n: 1 });
    }
    // everything dies at once, as when the power goes
    const again = serverOf(workspace)!;
    process.kill(again, "SIGKILL");
    await Promise.all([first.kill(), second.kill()]);
    const third = new User(workspace);
    await third.ask("open");
    expect(await third.ask("count")).toMatchObject({ n: 1 });
    await third.ask("close");
    expect(serverOf(workspace)).toBeUndefined();
  });

  it("keeps each row that was acknowledged, whoever is killed at whatever moment", async () => {
    const workspace = usedWorkspace();
    const random = seededRandom(20_261_120);
    let acknowledged = 0;
    let atMost = 0;
    for (let round = 0; round < ROUNDS; round++) {
      const three = [1, 2, 3].map(() => new User(workspace));
      const work = three.map(async (user) => {
        if ((await user.try("open")).error) return;
        for (let n = 0; n < 40; n++) {
          atMost++;
          if ((await user.try(`write ${n}`)).value === undefined) return;
          acknowledged++;
        }
        await user.try("close");
      });
      await systemClock.sleep(Math.trunc(random() * 400));
      const victim = round % 4;
      const server = serverOf(workspace);
      if (victim < 3) three[victim]!.child.kill("SIGKILL");
      else if (server !== undefined && isAlive(server)) process.kill(server, "SIGKILL");
      await Promise.all(work);
      await Promise.all(three.map((user) => user.kill()));
    }
    const last = new User(workspace);
    await last.ask("open");
    const { n } = await last.ask<{ n: number }>("count");
    expect(n).toBeGreaterThanOrEqual(acknowledged);
    expect(n).toBeLessThanOrEqual(atMost);
    await last.ask("close");
    expect(serverOf(workspace)).toBeUndefined();
  }, 300_000);

  it("comes up again beside lock files that a server left empty when it was killed as it began", async () => {
    const workspace = usedWorkspace();
    const first = new User(workspace);
    await first.ask("open");
    await first.ask("close");
    for (const [folder, name] of [
      ["data", "postmaster.pid"],
      ["socket", ".s.PGSQL.5432.lock"],
    ] as const) {
      const file = join(clusterFolder(workspace), folder, name);
      writeFileSync(file, "", { mode: 0o600 });
      const { uid, gid } = statSync(join(clusterFolder(workspace), folder)); // root's server runs as somebody else
      chownSync(file, uid, gid);
      const second = new User(workspace);
      await second.ask("open");
      await second.ask("close");
      expect(existsSync(file)).toBe(false);
    }
  });

  it("comes up again beside a number that another process has got since", async () => {
    const workspace = usedWorkspace();
    const first = new User(workspace);
    await first.ask("open");
    const { pid } = await first.ask<Server>("server");
    const file = join(clusterFolder(workspace), "data", "postmaster.pid");
    const text = readFileSync(file, "utf8");
    process.kill(pid, "SIGSTOP"); // so that the first cannot bring it back
    await first.kill();
    process.kill(pid, "SIGKILL");
    await until(() => !isAlive(pid));
    // this test's own process now has the number that the dead server left
    writeFileSync(file, text.replace(/^\d+/, String(process.pid)));
    const second = new User(workspace);
    await second.ask("open");
    expect((await second.ask<Server>("server")).pid).not.toBe(process.pid);
    await second.ask("close");
  });

  it("is not taken from under a psql that is still in", async () => {
    const workspace = usedWorkspace();
    const first = new User(workspace);
    const { host, port } = await first.ask<{ host: string; port: number }>("open");
    const { pid } = await first.ask<Server>("server");
    const { emporium_reader } = JSON.parse(readFileSync(join(clusterFolder(workspace), "secrets.json"), "utf8"));
    const { default: pg } = await import("pg");
    const guest = new pg.Client({ host, port, user: "emporium_reader", password: emporium_reader, database: "emporium" });
    await guest.connect();
    await first.ask("close");
    expect(isAlive(pid)).toBe(true);
    expect((await guest.query("select 1 as one")).rows).toEqual([{ one: 1 }]);
    await guest.end();
    const second = new User(workspace);
    await second.ask("open");
    await second.ask("close");
    expect(isAlive(pid)).toBe(false);
  });

  it("takes no orders from the environment", async () => {
    const workspace = usedWorkspace();
    const env = {
      PGPORT: "1",
      PGHOST: "nowhere.invalid",
      PGDATA: "/nowhere",
      PGTZ: "Asia/Tokyo",
      TZ: "Asia/Tokyo",
      LC_ALL: "xx_XX",
    };
    const user = new User(workspace, { env });
    await user.ask("open");
    expect(await user.ask("count")).toEqual({ n: 0, zone: "UTC" });
    await user.ask("close");
  });

  it("listens on loopback where sockets are not to be had, each database on a port of its own", async () => {
    const workspaces = [usedWorkspace(), makeWorkspace()];
    await giveCluster(workspaces[1]!);
    const two = workspaces.map((workspace) => new User(workspace, { transport: "loopback" }));
    const addresses = await Promise.all(two.map((user) => user.ask<{ host: string; port: number }>("open")));
    expect(addresses.map(({ host }) => host)).toEqual(["127.0.0.1", "127.0.0.1"]);
    expect(addresses[0]!.port).not.toBe(addresses[1]!.port);
    await Promise.all(two.map((user) => user.ask("close")));
  });
});

it("tries another port where one has been taken in the meantime", async () => {
  const workspace = usedWorkspace();
  const embedded = await openEmbedded({ workspace, log: silentLog });
  const { cluster } = embedded;
  await embedded.leave();
  const binaries = await findBinaries({ user: cluster.user, linksFolder: join(workspace, "links") });
  const taken = createServer().listen(0, "127.0.0.1");
  await once(taken, "listening");
  const { port } = taken.address() as AddressInfo;
  const starting = await startPostmaster({ cluster, binaries, transport: "loopback", clock: systemClock, port });
  await until(() => starting.ended() !== undefined);
  expect(starting.ended()).toBe("address");
  taken.close();
});

describe("where the workspace lies", () => {
  it("may be below a path too long for a socket", async () => {
    const workspace = join(makeWorkspace(), "long".repeat(40), "er".repeat(40));
    mkdirSync(workspace, { recursive: true });
    await giveCluster(workspace);
    const [first, second] = [new User(workspace), new User(workspace)];
    const addresses = await Promise.all([first, second].map((user) => user.ask<{ host: string }>("open")));
    expect(addresses[0]).toEqual(addresses[1]);
    expect(addresses[0]!.host.length).toBeLessThan(90);
    folders.push(addresses[0]!.host);
    await first.ask("close");
    await second.ask("close");
    // a machine that starts anew has empty temporary folders
    rmSync(addresses[0]!.host, { recursive: true });
    const third = new User(workspace);
    expect(await third.ask("open")).toEqual(addresses[0]);
    await third.ask("close");
  });

  it.skipIf(!isRoot)(
    "may be below a folder of root's alone: the server still is nobody's process, and the data stay there (needs root)",
    async () => {
      const workspace = join(makeWorkspace(0o700), "deeper");
      const user = new User(workspace);
      await user.ask("open");
      const { pid, uid } = await user.ask<Server>("server");
      expect(uid).toBe(NOBODY);
      expect(statSync(`/proc/${pid}`).uid).toBe(NOBODY);
      await user.ask("write 1");
      const cluster = clusterFolder(workspace);
      expect(statSync(join(cluster, "data")).uid).toBe(NOBODY);
      expect(statSync(join(cluster, "data")).mode & 0o777).toBe(0o700);
      for (const name of ["secrets.json", "pgpass"]) {
        expect([statSync(join(cluster, name)).uid, statSync(join(cluster, name)).mode & 0o777], name).toEqual([0, 0o600]);
      }
      await user.ask("close");
    },
  );

  it.skipIf(!othersMayRun(PROGRAM))(
    "may be an ordinary user's, who then runs the server for root as well (needs root, and a clone that others may read)",
    async () => {
      const workspace = makeWorkspace();
      chownSync(workspace, NOBODY, NOBODY);
      const [root, owner] = [new User(workspace), new User(workspace, { uid: NOBODY })];
      await root.ask("open");
      await owner.ask("open");
      await owner.ask("write 1");
      expect(await root.ask("count")).toMatchObject({ n: 1 });
      await root.ask("close");
      await owner.ask("close");
      const again = new User(workspace, { uid: NOBODY });
      await again.ask("open");
      expect(await again.ask("count")).toMatchObject({ n: 1 });
      await again.ask("close");
    },
  );

  it.skipIf(!othersMayRun(PROGRAM))(
    "must be its own user's: another one is told whose it is (needs root, and a clone that others may read)",
    async () => {
      const workspace = usedWorkspace();
      const root = new User(workspace);
      await root.ask("open");
      await root.ask("close");
      chmodSync(clusterFolder(workspace), 0o755);
      restore.push(() => chmodSync(clusterFolder(workspace), 0o700));
      const stranger = new User(workspace, { uid: 12_345 });
      expect((await stranger.try("open")).error).toMatchObject({
        code: "DATABASE_EMBEDDED",
        message: `the database of this workspace belongs to user ${NOBODY}, this process to 12345`,
      });
    },
  );

  const small = smallDisk();
  it.skipIf(small === undefined)(
    "needs room: a full disk is said to be one, and leaves nothing behind (needs to mount a small disk)",
    async () => {
      const user = new User(small!.folder);
      expect((await user.try("open")).error).toMatchObject({ code: "DISK_FULL" });
      expect(readdirSync(join(small!.folder, "catalog"))).toEqual([]);
      await user.kill();
      small!.remove();
    },
  );
});

/** A disk of 64 MiB, where this process may mount one. */
function smallDisk(): { folder: string; remove(): void } | undefined {
  if (!isRoot) return undefined;
  const folder = mkdtempSync(join(tmpdir(), "emporium-small-"));
  const mounted = spawnSync("mount", ["-t", "tmpfs", "-o", "size=64m", "tmpfs", folder]).status === 0;
  const remove = () => {
    if (mounted) spawnSync("umount", [folder]);
    rmSync(folder, { recursive: true, force: true });
  };
  if (mounted) return { folder, remove };
  remove();
  return undefined;
}

describe("a database that does not fit this program", () => {
  it("was made by another PostgreSQL: both versions are named", async () => {
    const workspace = usedWorkspace();
    spoil(join(clusterFolder(workspace), "data", "PG_VERSION"), () => "13\n");
    expect((await new User(workspace).try("open")).error).toMatchObject({
      code: "DATABASE_VERSION",
      message: expect.stringMatching(
        /^the database of this workspace was made by PostgreSQL 13, the programs here are of version 18/,
      ),
      hint: expect.stringContaining("pg_dump"),
    });
  });

  it.skipIf(installedServers().length === 0)(
    "was made by the programs of the package, and is opened with those of the system (needs the Debian package postgresql)",
    async () => {
      const workspace = usedWorkspace();
      const binariesFolder = installedServers()[0];
      await expect(openEmbedded({ workspace, log: silentLog, binariesFolder })).rejects.toMatchObject({
        code: "DATABASE_VERSION",
      });
      const other = makeWorkspace();
      const embedded = await openEmbedded({ workspace: other, log: silentLog, binariesFolder });
      await embedded.leave();
      expect(serverOf(other)).toBeUndefined();
    },
  );

  it("lost its passwords, or has those of another one", async () => {
    const workspace = usedWorkspace();
    const file = join(clusterFolder(workspace), "secrets.json");
    spoil(file, (secrets) => secrets.replace(/("emporium": ")[^"]{4}/, "$1xxxx"));
    expect((await new User(workspace).try("open")).error).toMatchObject({ code: "DATABASE_DENIED" });
    spoil(file, () => "{}");
    expect((await new User(workspace).try("open")).error).toMatchObject({
      code: "DATABASE_EMBEDDED",
      message: expect.stringContaining("no password of emporium"),
    });
  });

  it("has a damaged folder: what PostgreSQL says is told", async () => {
    const workspace = usedWorkspace();
    spoil(join(clusterFolder(workspace), "data", "global", "pg_control"), () => undefined);
    expect((await new User(workspace).try("open")).error).toMatchObject({
      code: "DATABASE_EMBEDDED",
      message: expect.stringContaining("pg_control"),
    });
  });

  it("runs on another machine that shares the drive: it is named, and nothing is touched", async () => {
    const workspace = usedWorkspace();
    const cluster = clusterFolder(workspace);
    const machine = join(cluster, "machine.json");
    const lock = join(cluster, "data", "postmaster.pid");
    spoil(machine, () => JSON.stringify({ host: "elsewhere", machine: "other boot" }));
    writeFileSync(lock, `${NO_PROCESS}\n${cluster}/data\n1\n5432\n\n\n\n`);
    restore.push(() => rmSync(lock, { force: true }));
    const user = new User(workspace);
    const opened = user.try("open");
    let beats = 0;
    let waiting = true;
    void opened.finally(() => {
      waiting = false;
    });
    while (waiting) {
      await systemClock.sleep(500);
      const now = 1_700_000_000 + ++beats;
      utimesSync(machine, now, now);
    }
    expect((await opened).error).toMatchObject({
      code: "TARGET_LOCKED",
      message: "the database of this workspace is in use on the machine elsewhere",
    });
    expect(existsSync(lock)).toBe(true);
  });
});
