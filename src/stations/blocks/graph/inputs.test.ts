import { describe, expect, it } from "vitest";
import { memoryVolume } from "../../../../test/memory-volume.js";
import type { LoadedVolume } from "../../../arrays/loader/volume.js";
import { identityOfInput, shareMemory } from "./inputs.js";

const MIB = 2 ** 20;
const shared = (leastMib: number[], memoryMib: number, jobs: number) => {
  const volumes = new Map(
    leastMib.map((mib, at) => [`v${at}`, { leastBytes: (level: number) => (level === at ? mib * MIB : 0) }]),
  );
  const levels = Object.fromEntries(leastMib.map((_, at) => [`v${at}`, at]));
  return shareMemory({ levels } as never, volumes as unknown as Map<string, LoadedVolume>, {
    memoryBytes: memoryMib * MIB,
    jobs,
  });
};

describe("the memory of a graph", () => {
  it("is an eighth for what was read, more where chunks need it, and the rest for blocks", () => {
    expect(shared([1, 2], 800, 4)).toEqual({ jobs: 4, cacheBytes: 25 * MIB, blockBytes: 700 * MIB, notes: [] });
    expect(shared([100, 40], 800, 4)).toEqual({ jobs: 4, cacheBytes: 100 * MIB, blockBytes: 400 * MIB, notes: [] });
    expect(shared([], 800, 0)).toEqual({ jobs: 1, cacheBytes: 100 * MIB, blockBytes: 700 * MIB, notes: [] });
  });

  it("is for fewer processes where each needs much, and refused where one needs more than five eighths", () => {
    const few = shared([200], 800, 4);
    expect(few).toMatchObject({ jobs: 2, cacheBytes: 200 * MIB, blockBytes: 400 * MIB });
    expect(few.notes).toEqual([expect.stringMatching(/^2 of 4 processes work: each needs 200(?:\.0)? MiB /)]);
    expect(shared([500], 800, 4)).toMatchObject({ jobs: 1, blockBytes: 300 * MIB });
    expect(() => shared([501], 800, 4)).toThrow(
      expect.objectContaining({ code: "MEMORY_LIMIT", facts: { hint: "allow more with --memory 802MiB" } }),
    );
  });
});

describe("what an input is known by", () => {
  const volume = (voxels: object | undefined | "not asked", notes?: string[]) => {
    const own = memoryVolume([{ shape: [4, 4, 4] }]);
    const level = { ...own.levels[0]!, ...(voxels !== "not asked" && { voxelIdentity: async () => voxels }) };
    return { ...own, notes, levels: [level] } as unknown as Parameters<typeof identityOfInput>[1];
  };
  const metadata = { key: "zarr.json", size: 1, etag: "one" };
  const all = { key: "0/c", size: 9, etag: "two", objects: 5, isAll: true };

  it("is its metadata and the objects of its level, as far as they are listed", async () => {
    const { objects: _, isAll: __, ...object } = all;
    expect(await identityOfInput("em", volume(all, ["odd"]), 0)).toEqual({ objects: [metadata, object], notes: ["em: odd"] });
    expect(await identityOfInput("em", volume({ ...all, isAll: false }), 0)).toEqual({
      objects: [metadata, object],
      notes: ["em: the first 5 of its objects were looked at; changes of voxels in others are not noticed"],
    });
    expect(await identityOfInput("em", volume(undefined, ["odd"]), 0)).toEqual({
      objects: [metadata],
      notes: ["em: odd", "em: its server does not list it: voxels that change while its metadata stay are not noticed"],
    });
    expect(await identityOfInput("em", volume("not asked"), 0)).toEqual({ objects: [metadata], notes: [] });
  });
});
