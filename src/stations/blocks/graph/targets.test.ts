import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { openTargets, planTargets } from "./targets.js";

const folder = mkdtempSync(join(tmpdir(), "emporium-targets-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function keysOf(entries: AsyncIterable<{ key: string }>): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of entries) keys.push(key);
  return keys;
}

describe("where the outputs of a graph go", () => {
  it("is the folder beside the first one, and others by the beginning of their keys", () => {
    expect(planTargets(["/out/a.zarr", "/out/b.zarr/", "/else/c.zarr", "/else/d.json", "/third/e.zarr"])).toEqual({
      plan: {
        home: "/out",
        mounts: [
          { prefix: ".outputs-1/", location: "/else" },
          { prefix: ".outputs-2/", location: "/third" },
        ],
      },
      placed: [
        { location: "file:///out/a.zarr", key: "a.zarr", place: "a.zarr" },
        { location: "file:///out/b.zarr", key: "b.zarr", place: "b.zarr" },
        { location: "file:///else/c.zarr", key: ".outputs-1/c.zarr", place: "../else/c.zarr" },
        { location: "file:///else/d.json", key: ".outputs-1/d.json", place: "../else/d.json" },
        { location: "file:///third/e.zarr", key: ".outputs-2/e.zarr", place: "../third/e.zarr" },
      ],
    });
  });

  it("is called by its name in a bucket, and by its address in another place", () => {
    const { plan, placed } = planTargets(["s3://bucket/run/a.zarr/", "s3://bucket/run/b", "s3://bucket/c", "/here/d"]);
    expect(plan).toEqual({
      home: "s3://bucket/run",
      mounts: [
        { prefix: ".outputs-1/", location: "s3://bucket" },
        { prefix: ".outputs-2/", location: "/here" },
      ],
    });
    expect(placed.map(({ key, place }) => [key, place])).toEqual([
      ["a.zarr", "a.zarr"],
      ["b", "b"],
      [".outputs-1/c", "s3://bucket/c"],
      [".outputs-2/d", "file:///here/d"],
    ]);
  });

  it("is relative to the first one where both are files, whatever lies between them", () => {
    const { placed } = planTargets(["/out/a", "s3://bucket/b", "/else/c"]);
    expect(placed.map(({ place }) => place)).toEqual(["a", "s3://bucket/b", "../else/c"]);
    expect(planTargets(["s3://bucket/b", "/else/c"]).placed[1]!.place).toBe("file:///else/c");
  });

  it.each(["s3://bucket", "s3://bucket/", "gs://bucket"])("is no bucket as a whole: %s", (location) => {
    expect(() => planTargets([location])).toThrow(/names no folder in a bucket/);
  });

  it("is one store: what each key names is in its folder", async () => {
    const { plan, placed } = planTargets(["one/a", "two/b"].map((name) => join(folder, name)));
    const store = await openTargets(plan, { sync: false });
    for (const { key } of placed) await store.write(`${key}/0`, new TextEncoder().encode(key));
    const [, { key: second }] = placed as [unknown, { key: string }];
    expect(store.local!.path(`${second}/0`)).toBe(join(folder, "two/b/0"));
    expect(await keysOf(store.list(`${second}/`))).toEqual([`${second}/0`]);
    expect(await keysOf(store.children(""))).toEqual(["a/"]);
    expect(new TextDecoder().decode(await store.read(`${second}/0`))).toBe(second);
    expect((await store.stat("a/0"))?.size).toBe(1);
    expect(store.local!.otherThing(second)).toBe("folder");
    await store.remove(`${second}/0`);
    expect(await store.stat(`${second}/0`)).toBeUndefined();
    expect(store.features).toEqual({ ranges: true, conditionalWrites: true, atomicReplace: true, writable: true });
  });

  it("can do what each of its places can: a web server beside a bucket takes nothing", async () => {
    const mounts = [{ prefix: ".outputs-1/", location: "https://lab.example/x" }];
    const { features } = await openTargets({ home: "s3://bucket/run", mounts }, { anonymous: true });
    expect(features).toEqual({ ranges: true, conditionalWrites: false, atomicReplace: false, writable: false });
  });

  it("is either this machine or a server", async () => {
    const { plan } = planTargets([join(folder, "a"), join(folder, "c/d"), "s3://bucket/b"]);
    await expect(openTargets(plan, { anonymous: true })).rejects.toMatchObject({ code: "CONFIG_RULE" });
    const { plan: alone } = planTargets([join(folder, "a")]);
    const store = await openTargets(alone, { sync: false });
    expect(store.local!.path("a")).toBe(join(folder, "a"));
  });
});
