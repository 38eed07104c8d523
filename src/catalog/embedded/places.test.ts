import { chmodSync, mkdirSync, mkdtempSync, realpathSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { manualClock } from "../../core/clock.js";
import { silentLog } from "../../core/log.js";
import { thisProcess } from "../../engine/holder.js";
import { defaultTransport, makeElsewhere, prepareSocketFolder, socketFolder } from "./address.js";
import type { Cluster } from "./cluster.js";
import { claimMachine, isThisMachine, waitForOtherMachines } from "./machine.js";
import { reach } from "./reach.js";
import { serverUser } from "./server-user.js";
import { runTool } from "./tool.js";

const isRoot = process.getuid?.() === 0;
const NOBODY = { uid: 65_534, gid: 65_534 };
const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

function makeFolder(mode = 0o755): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "emporium-places-")));
  folders.push(folder);
  chmodSync(folder, mode);
  return folder;
}

function clusterIn(folder: string): Cluster {
  mkdirSync(join(folder, "socket"), { recursive: true });
  const secrets = { emporium: "", emporium_owner: "", emporium_writer: "", emporium_reader: "" };
  return { folder, data: join(folder, "data"), logs: join(folder, "logs"), secrets, user: undefined };
}

describe("the folder of the socket", () => {
  it("is in the cluster where its path is short enough", async () => {
    const cluster = clusterIn(makeFolder());
    expect(await prepareSocketFolder(cluster)).toBe(join(cluster.folder, "socket"));
    expect([defaultTransport("linux"), defaultTransport("darwin"), defaultTransport("win32")]).toEqual([
      "socket",
      "socket",
      "loopback",
    ]);
  });

  it("is elsewhere, one and the same for all who look, where it is not", async () => {
    const cluster = clusterIn(join(makeFolder(), "é".repeat(60)));
    const all = await Promise.all([1, 2, 3, 4].map(() => socketFolder(cluster)));
    const elsewhere = await socketFolder(cluster);
    folders.push(...all);
    expect(Buffer.byteLength(elsewhere)).toBeLessThan(90);
    expect(statSync(elsewhere).mode & 0o777).toBe(0o700);
    expect(await prepareSocketFolder(cluster)).toBe(elsewhere);
    expect(await makeElsewhere(cluster)).toBe(elsewhere);
    rmSync(elsewhere, { recursive: true });
    expect(await prepareSocketFolder(cluster)).toBe(elsewhere);
    expect(statSync(elsewhere).mode & 0o777).toBe(0o700);
  });

  it("is given up where it has become open to others", async () => {
    const cluster = clusterIn(join(makeFolder(), "x".repeat(120)));
    const first = await socketFolder(cluster);
    chmodSync(first, 0o777);
    const second = await prepareSocketFolder(cluster);
    folders.push(first, second);
    expect(second).not.toBe(first);
    expect(await socketFolder(cluster)).toBe(second);
  });
});

describe("the machine that runs a server", () => {
  const others = { host: "elsewhere", machine: "boot pid:[1]" };
  const write = (cluster: Cluster, machine: object) =>
    writeFileSync(join(cluster.folder, "machine.json"), JSON.stringify(machine));

  it("is believed at once to be this one, or none, or this one before its restart", async () => {
    const cluster = clusterIn(makeFolder());
    const clock = manualClock();
    expect(await isThisMachine(cluster)).toBe(false);
    await waitForOtherMachines(cluster, clock, silentLog);
    await claimMachine(cluster);
    expect(await isThisMachine(cluster)).toBe(true);
    await waitForOtherMachines(cluster, clock, silentLog);
    write(cluster, { host: thisProcess().host, machine: "an earlier boot" });
    expect(await isThisMachine(cluster)).toBe(false);
    await waitForOtherMachines(cluster, clock, silentLog);
    expect(clock.sleeps).toEqual([]);
  });

  it("is watched for more than two heartbeats if it is another, and believed dead if it stays silent", async () => {
    const cluster = clusterIn(makeFolder());
    write(cluster, others);
    const clock = manualClock();
    await waitForOtherMachines(cluster, clock, silentLog);
    expect(clock.now()).toBeGreaterThan(20_000);
  });

  it("has the database to itself while its heartbeats come", async () => {
    const cluster = clusterIn(makeFolder());
    write(cluster, others);
    const clock = manualClock();
    const withHeartbeats = {
      ...clock,
      sleep: (ms: number) =>
        clock
          .sleep(ms)
          .then(() => clock.now() === 9_000 && utimesSync(join(cluster.folder, "machine.json"), 1, 1))
          .then(() => {}),
    };
    await expect(waitForOtherMachines(cluster, withHeartbeats, silentLog)).rejects.toMatchObject({
      code: "TARGET_LOCKED",
      message: expect.stringContaining("the machine elsewhere"),
    });
  });

  it("is nobody's where the file was cut short", async () => {
    const cluster = clusterIn(makeFolder());
    writeFileSync(join(cluster.folder, "machine.json"), '{"host": "else');
    const clock = manualClock();
    await waitForOtherMachines(cluster, clock, silentLog);
    expect(clock.sleeps).toEqual([]);
  });
});

describe("the server's user", () => {
  it("is this process's own unless that is root", async () => {
    expect(await serverUser(makeFolder(), 1000)).toBeUndefined();
  });

  it.skipIf(!isRoot)("is nobody, who reaches by a descriptor what lies below a folder of root's alone (needs root)", async () => {
    const folder = makeFolder(0o700);
    const user = await serverUser(folder);
    expect(user).toMatchObject(NOBODY);
    const inside = join(folder, "inside");
    mkdirSync(inside);
    writeFileSync(join(inside, "word"), "found");
    // whatever the umask
    chmodSync(inside, 0o755);
    chmodSync(join(inside, "word"), 0o644);
    const shell = { version: "", major: 0, program: () => "/bin/cat", environment: {} };
    const plain = await runTool(shell, "cat", [join(inside, "word")], { user });
    expect(plain.stdout).toBe("");
    const way = reach(user, [inside]);
    const handed = await runTool(shell, "cat", [way.path(join(inside, "word"))], { user, reach: way });
    way.close();
    expect([handed.stdout, handed.stderr]).toEqual(["found", ""]);
  });
});
