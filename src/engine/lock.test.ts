import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { open } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, vi } from "vitest";
import { manualClock } from "../core/clock.js";
import type { EmporiumError } from "../core/errors.js";
import { makeLog, silentLog } from "../core/log.js";
import { seededRandom } from "../core/random.js";
import { fileStore } from "../stores/file/store.js";
import { memoryStore } from "../stores/memory/store.js";
import type { Store } from "../stores/store.js";
import { isGone, isHere, type ProcessIdentity, thisProcess } from "./holder.js";
import {
  HEARTBEAT_MS,
  type LockHolder,
  type LockOptions,
  lockKey,
  STALE_MS,
  takeLocks,
  takeLocksWithin,
  takeRunLocks,
} from "./lock.js";

const elsewhere: ProcessIdentity = { host: "cryo-2", pid: 77 };

/** Heartbeats that the test gives. */
function pulse() {
  const heartbeats = new Set<() => void>();
  return {
    every: (_ms: number, beat: () => void) => {
      heartbeats.add(beat);
      return () => void heartbeats.delete(beat);
    },
    async beat() {
      for (const beat of heartbeats) beat();
      await new Promise((resolve) => setTimeout(resolve, 20));
    },
    get hearts() {
      return heartbeats.size;
    },
  };
}

function options(facts: Partial<LockOptions> = {}): LockOptions & { lost: EmporiumError[] } {
  const lost: EmporiumError[] = [];
  return {
    job: "ingest",
    clock: manualClock(1_700_000_000_000),
    random: seededRandom(1),
    log: silentLog,
    onLost: (error) => lost.push(error),
    every: pulse().every,
    lost,
    ...facts,
  };
}

const json = async (store: Store, key: string) => JSON.parse(Buffer.from((await store.read(key))!).toString()) as LockHolder;

describe("takeLocks", () => {
  it("writes who holds it, and leaves nothing when it is given back", async () => {
    const store = memoryStore();
    const locks = await takeLocks(store, ["10001", "10002"], options());
    expect(await json(store, ".emporium/locks/10001.json")).toMatchObject({
      ...thisProcess(),
      job: "ingest",
      startedMs: 1_700_000_000_000,
      heartbeatMs: 1_700_000_000_000,
    });
    await locks.release();
    const left = [];
    for await (const entry of store.list("")) left.push(entry.key);
    expect(left).toEqual([]);
  });

  it("leaves no folder of ours in a folder on disk, unless somebody else's lock is in it", async () => {
    const folder = mkdtempSync(join(tmpdir(), "emporium-lock-"));
    try {
      const store = fileStore(folder);
      const one = await takeLocks(store, ["10001"], options());
      const two = await takeLocks(store, ["10002"], options());
      await one.release();
      expect(existsSync(join(folder, ".emporium/locks/10002.json"))).toBe(true);
      await two.release();
      expect(existsSync(join(folder, ".emporium"))).toBe(false);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("waits for the disk only where the lock outlives the process", async () => {
    const folder = mkdtempSync(join(tmpdir(), "emporium-lock-"));
    const handle = await open(folder);
    const sync = vi.spyOn(Object.getPrototypeOf(handle) as typeof handle, "sync");
    try {
      const store = fileStore(folder);
      await takeRunLocks(store, ["10001"], "20261101T101010-abcdef", options());
      expect(sync.mock.calls.length).toBeGreaterThanOrEqual(2); // the file, and its folder
      sync.mockClear();
      const locks = await takeLocks(store, ["10002"], options());
      await locks.release();
      expect(sync).not.toHaveBeenCalled();
    } finally {
      sync.mockRestore();
      await handle.close();
      rmSync(folder, { recursive: true });
    }
  });

  it("refuses a second process and names the first; nothing is touched", async () => {
    const store = memoryStore();
    const clock = manualClock(1_700_000_000_000);
    await takeLocks(store, ["10002"], options({ self: elsewhere, clock }));
    await expect(takeLocks(store, ["10001", "10002"], options({ clock }))).rejects.toMatchObject({
      code: "TARGET_LOCKED",
      message: "memory: is being written by process 77 on cryo-2 (ingest, since 2023-11-14T22:13:20.000Z)",
    });
    expect(await store.stat(".emporium/locks/10001.json")).toBeUndefined();
    await (await takeLocks(store, ["10001"], options({ clock }))).release();
  });

  it("lets one of many that come at once have it", async () => {
    const store = memoryStore();
    const tries = Array.from({ length: 20 }, (_, i) => takeLocks(store, ["10001"], options({ random: seededRandom(i) })));
    const settled = await Promise.allSettled(tries);
    expect(settled.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
  });

  it("takes over after two missed heartbeats, and the loser is told", async () => {
    const store = memoryStore();
    const heart = pulse();
    const first = options({ self: elsewhere, every: heart.every });
    await takeLocks(store, ["10001"], first);
    const clock = manualClock(1_700_000_000_000 + STALE_MS);
    const warnings: string[] = [];
    const log = makeLog((level, message) => level === "warn" && warnings.push(message));
    const second = await takeLocks(store, ["10001"], options({ clock, log }));
    expect(clock.sleeps.length).toBeGreaterThan(0); // it watched before it took
    expect(warnings).toEqual([expect.stringContaining("process 77 on cryo-2")]);
    await heart.beat();
    expect(first.lost).toMatchObject([{ code: "TARGET_LOCKED", message: expect.stringContaining(`process ${process.pid} `) }]);
    expect(heart.hearts).toBe(0);
    expect(await json(store, lockKey("10001"))).toMatchObject({ pid: process.pid });
    await second.release();
  });

  it("does not take over from a holder whose clock is slow but whose heartbeats arrive", async () => {
    const store = memoryStore();
    const heart = pulse();
    await takeLocks(store, ["10001"], options({ self: elsewhere, clock: manualClock(1_000), every: heart.every }));
    const clock = manualClock(1_700_000_000_000);
    const sleep = async (ms: number) => {
      clock.advance(ms);
      await heart.beat();
    };
    const watching = { ...clock, sleep };
    const before = await store.stat(lockKey("10001"));
    await expect(takeLocks(store, ["10001"], options({ clock: watching }))).rejects.toMatchObject({ code: "TARGET_LOCKED" });
    expect((await store.stat(lockKey("10001")))?.etag).not.toBe(before?.etag);
  });

  it("takes over at once from a process of this machine that is gone", async () => {
    const { pid } = spawnSync(process.execPath, ["-e", ""]);
    for (const [holder, label] of [
      [{ ...thisProcess(), pid, processStart: "1" }, "its number is free"],
      [{ ...thisProcess(), pid: 1, processStart: "1" }, "its number is another's"],
    ] as const) {
      if (label.includes("another") && thisProcess().machine === undefined) continue;
      const store = memoryStore();
      const clock = manualClock(1_700_000_000_000);
      await takeLocks(store, ["10001"], options({ self: holder, clock }));
      const locks = await takeLocks(store, ["10001"], options({ clock }));
      expect(clock.sleeps, label).toEqual([]);
      await locks.release();
    }
  });

  it("takes over at once from a run of this process that ended without giving back", async () => {
    const store = memoryStore();
    let dead = false;
    const dying = { ...store, remove: async (key: string) => (dead ? Promise.reject(new Error("gone")) : store.remove(key)) };
    const warnings: string[] = [];
    const log = makeLog((level, message) => level === "warn" && warnings.push(message));
    const locks = await takeLocks(dying, ["10001"], options({ log }));
    await expect(takeLocks(store, ["10001"], options({ random: seededRandom(2) }))).rejects.toMatchObject({
      code: "TARGET_LOCKED",
    });
    dead = true;
    await locks.release();
    expect(warnings).toEqual([expect.stringMatching(/10001\.json could not be given back: gone$/)]);
    expect(await store.stat(lockKey("10001"))).toBeDefined();
    await (await takeLocks(store, ["10001"], options({ random: seededRandom(3) }))).release();
  });

  it("sends a heartbeat every ten seconds, and goes on after passing trouble", async () => {
    const store = memoryStore();
    let broken = false;
    const shaky = {
      ...store,
      write: (...args: Parameters<Store["write"]>) => (broken ? Promise.reject(new Error("away")) : store.write(...args)),
    };
    const heart = pulse();
    const clock = manualClock(1_000);
    const given = options({ clock, every: heart.every });
    const locks = await takeLocks(shaky, ["10001"], given);
    broken = true;
    await heart.beat();
    broken = false;
    clock.advance(HEARTBEAT_MS);
    await heart.beat();
    expect(await json(store, lockKey("10001"))).toMatchObject({ startedMs: 1_000, heartbeatMs: 11_000 });
    expect(given.lost).toEqual([]);
    await locks.release();
  });

  it("leaves a lock alone that another process has taken over, and gives the others back", async () => {
    const store = memoryStore();
    const heart = pulse();
    const first = options({ self: elsewhere, every: heart.every });
    const locks = await takeLocks(store, ["10001", "10002"], first);
    const others = Buffer.from(JSON.stringify({ ...elsewhere, token: "x", job: "y", startedMs: 0, heartbeatMs: 0 }));
    await store.write(lockKey("10001"), others);
    await heart.beat();
    expect(first.lost).toHaveLength(1);
    await locks.release();
    expect(await json(store, lockKey("10001"))).toMatchObject({ token: "x" });
    expect(await store.stat(lockKey("10002"))).toBeUndefined();
  });

  it("reads a lock again while its holder replaces it, but not for ever", async () => {
    const store = memoryStore();
    await takeLocks(store, ["10001"], options({ self: elsewhere }));
    let replacements = 5;
    const busy: Store = {
      ...store,
      read: async (key, range, given) => {
        if (replacements-- > 0) await store.write(key, (await store.read(key))!);
        return store.read(key, range, given);
      },
    };
    await expect(takeLocks(busy, ["10001"], options())).rejects.toMatchObject({ code: "TARGET_LOCKED" });
    replacements = 6;
    await expect(takeLocks(busy, ["10001"], options())).rejects.toMatchObject({ code: "STORE_CONFLICT" });
  });

  it("does not keep the process alive by its heartbeats, and stops them at the end", async () => {
    const set = vi.spyOn(globalThis, "setInterval");
    const clear = vi.spyOn(globalThis, "clearInterval");
    try {
      const locks = await takeLocks(memoryStore(), ["10001"], options({ every: undefined }));
      const timer = set.mock.results.at(-1)?.value as NodeJS.Timeout;
      expect(timer.hasRef()).toBe(false);
      await locks.release();
      expect(clear).toHaveBeenCalledWith(timer);
    } finally {
      set.mockRestore();
      clear.mockRestore();
    }
  });

  it("watches a lock that is no record of ours, then takes it", async () => {
    const store = memoryStore();
    await store.write(lockKey("10001"), Buffer.from("{torn"));
    const clock = manualClock();
    await (await takeLocks(store, ["10001"], options({ clock }))).release();
    expect(clock.monotonic()).toBeGreaterThanOrEqual(STALE_MS);
  });

  it("does its best, and says so, where writes have no conditions", async () => {
    const store = memoryStore();
    const plain: Store = {
      ...store,
      features: { ...store.features, conditionalWrites: false },
      write: (key, body) => store.write(key, body),
    };
    const warnings: string[] = [];
    const log = makeLog((level, message) => level === "warn" && warnings.push(message));
    const heart = pulse();
    const clock = manualClock(1_700_000_000_000);
    const first = options({ self: elsewhere, log, every: heart.every, clock });
    await takeLocks(plain, ["10001"], first);
    expect(clock.sleeps).toEqual([1_000]); // until another process's write would be visible
    expect(warnings).toEqual([expect.stringContaining("no conditional writes")]);
    await heart.beat();
    expect(first.lost).toEqual([]);
    expect(clock.sleeps).toEqual([1_000]);
    await expect(takeLocks(plain, ["10001"], options())).rejects.toMatchObject({ code: "TARGET_LOCKED" });
    await store.write(
      lockKey("10001"),
      Buffer.from(JSON.stringify({ ...elsewhere, token: "x", job: "y", startedMs: 0, heartbeatMs: 0 })),
    );
    await heart.beat();
    expect(first.lost).toHaveLength(1);
  });

  it("takes nothing, and sends no heartbeats, where there is nothing to lock", async () => {
    const store = memoryStore();
    const heart = pulse();
    const locks = await takeLocks(store, [], options({ every: heart.every }));
    expect(heart.hearts).toBe(0);
    for await (const { key } of store.list("")) throw new Error(`${key} is a lock of nothing`);
    await locks.release();
  });

  it("locks under any name, each under its own key", () => {
    const names = ["10001", "a b", "a-b", "../x", "ä", "", ".hidden", "x".repeat(300)];
    const keys = names.map(lockKey);
    expect(new Set(keys).size).toBe(names.length);
    // echo -n "TS 1" | sha256sum: another version of the program must find the same lock
    expect(lockKey("TS 1")).toBe(".emporium/locks/TS-1-1dbb50e592bd.json");
    for (const key of keys) expect(key).toMatch(/^\.emporium\/locks\/[A-Za-z0-9_-][A-Za-z0-9._-]*\.json$/);
  });
});

describe("takeLocksWithin", () => {
  it("tries as often as it was told, and waits between", async () => {
    const store = memoryStore();
    const locks = await takeLocks(store, ["10001"], options({ self: elsewhere, clock: manualClock(1_000) }));
    const clock = manualClock(1_000);
    const tries = { tries: 3, waitMs: 70 };
    await expect(takeLocksWithin(store, ["10001"], options({ clock }), tries)).rejects.toMatchObject({ code: "TARGET_LOCKED" });
    expect(clock.sleeps).toEqual([70, 70]);
    await locks.release();
    await (await takeLocksWithin(store, ["10001"], options({ clock }), tries)).release();
    expect(clock.sleeps).toHaveLength(2);
  });
});

describe("isHere", () => {
  it("is sure of the living on this machine alone", () => {
    const self = thisProcess();
    const onLinux = self.machine !== undefined;
    expect(isHere(self)).toBe(onLinux);
    expect(isHere({ ...self, host: "other" })).toBe(false);
    expect(isHere({ ...self, machine: "another boot" })).toBe(false);
    expect(isHere({ ...self, processStart: "1" })).toBe(false);
    expect(isHere({ ...self, machine: undefined }, { ...self, machine: undefined })).toBe(false);
    const { pid } = spawnSync("true");
    expect(isHere({ ...self, pid })).toBe(false);
  });
});

describe("isGone", () => {
  it("is sure of the living, the dead and of nobody else", () => {
    const self = thisProcess();
    const { pid } = spawnSync(process.execPath, ["-e", ""]);
    expect(isGone(self)).toBe(false);
    expect(isGone({ ...self, pid })).toBe(true);
    expect(isGone({ ...self, pid, host: "other" })).toBe(false);
    expect(isGone({ ...self, pid, machine: "another boot" })).toBe(false);
    expect(isGone({ ...self, processStart: "1" })).toBe(self.machine !== undefined);
  });

  it("calls a zombie gone", async ({ skip }) => {
    // Python forks a child that ends and is not waited for: it stays a zombie until its parent ends.
    const script = "import os,sys\npid=os.fork()\nif pid==0: os._exit(0)\nprint(pid, flush=True)\nsys.stdin.read()";
    const parent = spawn("python3", ["-c", script], { stdio: ["pipe", "pipe", "ignore"] });
    parent.on("error", () => {});
    try {
      let text = "";
      for await (const piece of parent.stdout) {
        text += String(piece);
        if (text.includes("\n")) break;
      }
      if (text === "" || thisProcess().machine === undefined) return skip("no python3 or no /proc here");
      const pid = Number(text);
      while (/\) [^Z] /.test(readFileSync(`/proc/${pid}/stat`, "latin1"))) await new Promise((resolve) => setTimeout(resolve, 5));
      expect(isGone({ ...thisProcess(), pid, processStart: undefined })).toBe(true);
    } finally {
      parent.kill();
    }
  });
});
