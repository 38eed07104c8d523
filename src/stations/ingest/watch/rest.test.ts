import { describe, expect, it } from "vitest";
import { manualClock } from "../../../core/clock.js";
import { memoryStore } from "../../../stores/memory/store.js";
import { restOf } from "./rest.js";

const bytes = (length: number) => new Uint8Array(length);

/** A folder, and a clock by which its files rest for a minute. */
function scene() {
  const store = memoryStore();
  const clock = manualClock();
  const rest = restOf(store, "s/", 60_000, clock);
  const look = async (afterMs = 0) => {
    clock.advance(afterMs);
    await rest.look();
    return Object.fromEntries(rest.pending().map(({ key, why }) => [key, why]));
  };
  return { store, rest, look };
}

describe("files at rest", () => {
  it("are complete when size and time stay the same for so long, by the clock of the one who looks", async () => {
    const { store, rest, look } = scene();
    await store.write("s/a.mrc", bytes(10));
    expect(await look()).toEqual({ "s/a.mrc": "has just arrived" });
    expect(await look(59_999)).toEqual({ "s/a.mrc": "has just arrived" });
    const { version } = rest;
    expect(await look(1)).toEqual({});
    expect([rest.version, rest.why("s/a.mrc"), rest.hasName("a.mrc")]).toEqual([version + 1, undefined, true]);
    await store.write("s/a.mrc", bytes(20));
    expect(await look(10_000)).toEqual({ "s/a.mrc": "is still growing" });
    expect(rest.hasName("a.mrc")).toBe(false);
    expect(await look(30_000)).toEqual({ "s/a.mrc": "is still growing: it changed 30s ago" });
    expect(await look(30_000)).toEqual({});
    await look(60_000);
    expect(rest.version).toBe(version + 3);
  });

  it("are not those that are empty or have a temporary name, however long they rest", async () => {
    const { store, look } = scene();
    const temporary = ["a.tmp", "b.mrc.part", "c.mrc~", "d.filepart", ".e.mrc.Ab12Cd", "f.crdownload", "g.PARTIAL"];
    for (const name of temporary) await store.write(`s/${name}`, bytes(10));
    await store.write("s/empty.mrc", bytes(0));
    for (const name of [".DS_Store", "._a.mrc", ".git/x"]) await store.write(`s/${name}`, bytes(10));
    await store.write("other/a.mrc", bytes(10));
    await look();
    expect(await look(3600_000)).toEqual({
      ...Object.fromEntries(temporary.map((name) => [`s/${name}`, "has a temporary name"])),
      "s/empty.mrc": "is empty",
    });
  });

  it("are begun anew under another name, and hold back the folder that they make up", async () => {
    const { store, rest, look } = scene();
    await store.write("s/a.zarr/0/.zarray", bytes(10));
    await store.write("s/a.zarr/0/0.0", bytes(10));
    await look();
    await store.remove("s/a.zarr/0/0.0");
    await store.write("s/a.zarr/0/0.1", bytes(10));
    expect(await look(60_000)).toEqual({ "s/a.zarr/0/0.1": "has just arrived" });
    expect(rest.why("s/a.zarr")).toBe("0.1 in it has just arrived");
    expect(await look(60_000)).toEqual({});
    expect(rest.why("s/a.zarr")).toBeUndefined();
  });

  it("(35.2) that came, changed, became complete or went are news, and the time of it is kept", async () => {
    const { store, rest, look } = scene();
    const taken = () => {
      const news = [...rest.news].sort();
      rest.news.clear();
      return news;
    };
    await store.write("s/a.mrc", bytes(10));
    await store.write("s/b.mrc", bytes(10));
    await look(1000);
    const came = rest.changedMs;
    expect(taken()).toEqual(["s/a.mrc", "s/b.mrc"]);
    await look(1000);
    expect([taken(), rest.changedMs]).toEqual([[], came]);
    await look(60_000);
    expect([taken(), rest.changedMs]).toEqual([["s/a.mrc", "s/b.mrc"], came]);
    // of the same length, and other bytes
    await store.write("s/b.mrc", new Uint8Array(10).fill(1));
    await look(1000);
    expect([taken(), rest.changedMs, rest.hasName("b.mrc")]).toEqual([["s/b.mrc"], came + 62_000, false]);
    await store.remove("s/a.mrc");
    await look(1000);
    expect([taken(), rest.changedMs, rest.has("s/a.mrc"), rest.hasName("a.mrc")]).toEqual([
      ["s/a.mrc"],
      came + 63_000,
      false,
      false,
    ]);
  });

  it("are not those that nobody has looked at, or that changed since", async () => {
    const { store, rest, look } = scene();
    await store.write("s/a.mrc", bytes(10));
    await look();
    await look(60_000);
    await store.write("s/a.mrc", bytes(11));
    expect(rest.why("s/a.mrc", await store.stat("s/a.mrc"))).toBe("is still growing");
    await store.write("s/b.mrc", bytes(11));
    expect(rest.why("s/b.mrc", await store.stat("s/b.mrc"))).toBe("has just arrived");
  });
});
