import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { seededRandom } from "../../src/core/random.js";
import { fileStore } from "../../src/stores/file/store.js";
import { memoryStore } from "../../src/stores/memory/store.js";
import type { Store } from "../../src/stores/store.js";
import { faultPlan, SimulatedDeath, withFaults } from "./store-faults.js";

const text = (value: string) => new TextEncoder().encode(value);
const folders: string[] = [];

afterAll(async () => {
  for (const folder of folders) await rm(folder, { recursive: true, force: true });
});

async function freshFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "emporium-faults-"));
  folders.push(folder);
  return folder;
}

/** A little of everything, written so that it can be run again over whatever an earlier run left. */
async function work(store: Store): Promise<void> {
  for await (const { key, token } of store.openUploads("")) await (await store.create(key, { resume: token })).abort();
  for await (const { key } of store.list("old/")) await store.stat(key);
  await store.remove("old/");
  await store.write("meta.json", text("{}"));
  const upload = await store.create("volume.bin");
  await upload.part(2, text("second"));
  await upload.part(1, text("first "));
  await upload.finish();
  if (store.local) {
    const part = await store.local.partPath("tomo.zarr/", "task");
    await rm(part, { recursive: true, force: true });
    await mkdir(part);
    await writeFile(join(part, "chunk"), "voxels");
    await store.local.adopt(part, "tomo.zarr/");
  }
  await store.write("done.json", text('{"done": true}'));
}

async function begin(store: Store): Promise<void> {
  for (const name of ["a", "b", "c", "d"]) await store.write(`old/${name}`, text(name));
  await store.write("tomo.zarr/earlier", text("of an earlier run"));
}

async function snapshot(store: Store): Promise<Record<string, string>> {
  const result: Record<string, string> = {};
  for await (const { key } of store.list("")) result[key] = new TextDecoder().decode(await store.read(key));
  return result;
}

describe.each([
  ["memory", async () => memoryStore()],
  ["file", async () => fileStore(await freshFolder(), { sync: false })],
])("a simulated process on a %s store", (name, open) => {
  it("can die at every operation, and the next one ends with the same objects", async () => {
    const reference = await open();
    await begin(reference);
    const plan = faultPlan();
    await work(withFaults(reference, plan));
    const wanted = await snapshot(reference);
    expect(plan.log.length).toBeGreaterThan(8);
    for (const when of ["before", "during", "after"] as const) {
      for (let dieAt = 1; dieAt <= plan.log.length; dieAt++) {
        const store = await open();
        await begin(store);
        const dying = withFaults(store, { dieAt, when });
        await expect(work(dying)).rejects.toBeInstanceOf(SimulatedDeath);
        expect(dying.plan.log).toEqual(plan.log.slice(0, dieAt));
        await expect(dying.stat("meta.json")).rejects.toBeInstanceOf(SimulatedDeath);
        // Whoever comes next has a store of its own on the same place.
        const next = name === "file" ? fileStore(store.local!.path(""), { sync: false }) : store;
        await work(next);
        expect([when, dieAt, await snapshot(next)]).toEqual([when, dieAt, wanted]);
        if (name === "file") {
          const hidden = (await readdir(store.local!.path(""), { recursive: true })).filter((path) => path.endsWith(".part"));
          expect([when, dieAt, hidden]).toEqual([when, dieAt, []]);
        }
      }
    }
  });
});

describe("withFaults", () => {
  it("a death in the middle leaves what a kill would leave", async () => {
    const folder = await freshFolder();
    const write = withFaults(fileStore(folder), { dieAt: 1, when: "during" });
    await expect(write.write("x", text("0123456789"))).rejects.toBeInstanceOf(SimulatedDeath);
    const [left] = await readdir(folder);
    expect(left).toMatch(/^\.x\.w-.*\.part$/);
    const memory = memoryStore();
    await begin(memory);
    await expect(withFaults(memory, { dieAt: 1, when: "during" }).remove("old/")).rejects.toBeInstanceOf(SimulatedDeath);
    expect(Object.keys(await snapshot(memory))).toEqual(["old/c", "old/d", "tomo.zarr/earlier"]);
    const finish = withFaults(memory, { dieAt: 3, when: "during" });
    const upload = await finish.create("v");
    await upload.part(1, text("v"));
    await expect(upload.finish()).rejects.toBeInstanceOf(SimulatedDeath);
    expect(await memory.stat("v")).toBeDefined();
    await expect(upload.abort()).rejects.toBeInstanceOf(SimulatedDeath);
  });

  it("what was under way when the process died never answers well", async () => {
    const memory = memoryStore();
    let go = () => {};
    const slow: Store = {
      ...memory,
      stat: () => new Promise((resolve) => (go = () => resolve({ size: 1 }))),
    };
    const store = withFaults(slow, { dieAt: 2 });
    const first = store.stat("a");
    await expect(store.read("b")).rejects.toBeInstanceOf(SimulatedDeath);
    go();
    await expect(first).rejects.toBeInstanceOf(SimulatedDeath);
  });

  it("one plan counts the operations of several stores", async () => {
    const plan = faultPlan({ dieAt: 3 });
    const [source, target] = [withFaults(memoryStore(), plan), withFaults(memoryStore(), plan)];
    await source.stat("a");
    await target.stat("b");
    await expect(source.stat("c")).rejects.toBeInstanceOf(SimulatedDeath);
    await expect(target.stat("d")).rejects.toBeInstanceOf(SimulatedDeath);
    expect(plan.log).toEqual(["stat a", "stat b", "stat c"]);
  });

  it("fails where it is told to, and goes on", async () => {
    const store = withFaults(memoryStore(), { failAt: [1, 3] });
    await expect(store.write("a", text("1"))).rejects.toMatchObject({ code: "STORE_UNAVAILABLE", facts: { retry: "later" } });
    await store.write("a", text("2"));
    await expect(store.read("a")).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });
    expect(await store.read("a")).toEqual(text("2"));
  });

  it("fails the same way for the same seed", async () => {
    const run = async (seed: number) => {
      const store = withFaults(memoryStore(), { failRate: 0.5, random: seededRandom(seed) });
      let pattern = "";
      for (let i = 0; i < 40; i++)
        pattern += await store.stat("x").then(
          () => ".",
          () => "x",
        );
      return pattern;
    };
    expect(await run(1)).toBe(await run(1));
    expect(await run(1)).not.toBe(await run(2));
  });

  it("lies with one wrong byte, and remembers where", async () => {
    const memory = memoryStore();
    await memory.write("a", new Uint8Array(1000));
    const store = withFaults(memory, { lieRate: 1, random: seededRandom(1) });
    const found = (await store.read("a"))!;
    expect(found.filter((byte) => byte !== 0)).toHaveLength(1);
    expect(store.plan.lies).toEqual(["a"]);
    expect(await memory.read("a")).toEqual(new Uint8Array(1000));
  });
});
