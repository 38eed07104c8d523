import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { systemClock } from "../../core/clock.js";
import { silentLog } from "../../core/log.js";
import { seededRandom } from "../../core/random.js";
import { fileStore } from "../../stores/file/store.js";
import { memoryStore } from "../../stores/memory/store.js";
import type { Store } from "../../stores/store.js";
import { joinClaims, readClaims } from "./id-claims.js";
import { allotIds, type GivenId } from "./identifiers.js";

const options = (job: string, seed = 1) => ({
  job,
  clock: systemClock,
  random: seededRandom(seed),
  log: silentLog,
  signal: new AbortController().signal,
});
const given = (key: string, id: number, container = "d/run"): GivenId => ({ container, key, id });

/** As a plan does: ids above all that are stored or claimed. */
const planned = (keys: readonly string[], stored: readonly GivenId[], claimed: readonly GivenId[]): readonly GivenId[] =>
  allotIds(
    "d/run",
    stored.map(({ key, id }) => ({ key: [key], id })),
    { reserved: [], claimed },
    keys.map((key) => [key]),
  ).given;

describe("claims to ids", () => {
  it("of one import are seen by the next, and are gone when it has ended", async () => {
    const store = memoryStore();
    const one = await joinClaims(store, options("one"));
    expect(await one.claim([given("a", 100)])).toBe(true);
    const two = await joinClaims(store, options("two"));
    expect(two.taken()).toMatchObject([{ key: "a", id: 100 }]);
    expect(await two.claim([given("b", 100)])).toBe(false);
    expect(await two.claim([given("b", 101)])).toBe(true);
    await one.release(() => false);
    await two.release(() => false);
    expect(await store.stat(".emporium/ids.json")).toBeUndefined();
  });

  it("what was given while another made its plan is told to that one", async () => {
    const store = memoryStore();
    const planning = await joinClaims(store, options("planning"));
    const quick = await joinClaims(store, options("quick"));
    expect(await quick.claim([given("a", 100)])).toBe(true);
    await quick.release(() => false);
    expect(await planning.claim([given("b", 100)])).toBe(false);
    expect(planning.taken()).toMatchObject([{ key: "a", id: 100 }]);
    await planning.release();
    expect(await readClaims(store)).toEqual([]);
  });

  it("to what was not finished stay until somebody finishes it", async () => {
    const store = memoryStore();
    const one = await joinClaims(store, options("one"));
    await one.claim([given("a", 100), given("b", 101)]);
    await one.release(({ key }) => key === "b");
    expect(await readClaims(store)).toMatchObject([{ key: "b", id: 101 }]);
    const again = await joinClaims(store, options("one", 2));
    // the very same entity may have it, nobody else
    expect(await again.claim([given("c", 101)])).toBe(false);
    expect(await again.claim([given("b", 101)])).toBe(true);
    await again.release(() => false);
    expect(await store.stat(".emporium/ids.json")).toBeUndefined();
  });

  it("survive a power loss; that somebody is at work need not", async () => {
    const store = memoryStore();
    const written: string[] = [];
    const watched: Store = {
      ...store,
      write: (key, body, how) => {
        if (key === ".emporium/ids.json") written.push(how?.lasting === false ? "for now" : "to last");
        return store.write(key, body, how);
      },
    };
    const one = await joinClaims(watched, options("one"));
    await one.claim([given("a", 100)]);
    const two = await joinClaims(watched, options("two"));
    await one.release(() => true);
    await two.release();
    expect(written).toEqual(["for now", "to last", "to last", "to last", "to last"]);
  });

  it("go also when the import was stopped, without a warning", async () => {
    const folder = mkdtempSync(join(tmpdir(), "emporium-claims-"));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const store = fileStore(folder);
    const stop = new AbortController();
    const warnings: string[] = [];
    const log = { ...silentLog, warn: (message: string) => void warnings.push(message) };
    const one = await joinClaims(store, { ...options("one"), log, signal: stop.signal });
    await one.claim([given("a", 100), given("b", 101)]);
    stop.abort();
    await one.release(({ key }) => key === "b");
    expect(warnings).toEqual([]);
    expect(await readClaims(store)).toMatchObject([{ key: "b", id: 101 }]);
  });

  it("an import that never began leaves none", async () => {
    const store = memoryStore();
    const one = await joinClaims(store, options("one"));
    await one.claim([given("a", 100)]);
    await one.release();
    expect(await readClaims(store)).toEqual([]);
  });

  it("a list that was lost is noticed: who is not on it plans again", async () => {
    const store = memoryStore();
    const one = await joinClaims(store, options("one"));
    await store.remove(".emporium/ids.json");
    expect(await one.claim([given("a", 100)])).toBe(false);
    expect(await one.claim([given("a", 100)])).toBe(true);
    await one.release(() => false);
  });

  it("what is no list is an error that names the object", async () => {
    const store = memoryStore();
    await store.write(".emporium/ids.json", new TextEncoder().encode("{"));
    await expect(readClaims(store)).rejects.toMatchObject({ code: "STORE_PROTOCOL" });
  });

  it("twelve imports at once, some of them dying: no id is given twice", async () => {
    const store = jittery(memoryStore(), 3);
    const stored: GivenId[] = [];
    await Promise.all(
      Array.from({ length: 12 }, async (_, index) => {
        const keys = [`x${index}`, `y${index}`];
        const claims = await joinClaims(store, options(`job ${index}`, index));
        let ids = planned(keys, [...stored], claims.taken());
        while (!(await claims.claim(ids))) ids = planned(keys, [...stored], claims.taken());
        if (index % 4 === 0) return; // dies: its claims stay
        for (const id of ids) stored.push(id);
        await claims.release(() => false);
      }),
    );
    const all = [...stored, ...(await readClaims(store))];
    const byId = new Map<number, Set<string>>();
    for (const { id, key } of all) byId.set(id, (byId.get(id) ?? new Set()).add(key));
    expect([...byId.values()].every((keys) => keys.size === 1)).toBe(true);
    expect(byId.size).toBe(24);
  });
});

function jittery(store: Store, seed: number): Store {
  const random = seededRandom(seed);
  const pause = async () => {
    for (let turns = Math.floor(random() * 4); turns > 0; turns--) await new Promise((resolve) => setImmediate(resolve));
  };
  return {
    ...store,
    stat: (key, stat) => pause().then(() => store.stat(key, stat)),
    read: (key, range, read) => pause().then(() => store.read(key, range, read)),
    write: (key, body, write) => pause().then(() => store.write(key, body, write)),
  };
}
