import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { seededRandom } from "../../core/random.js";
import { blockSource } from "./block-source.js";
import type { BlockStage } from "./block-stage.js";
import { blockOfKey, chunkKeys } from "./chunk-outputs.js";
import { type BlockNeed, blockAt, blocksOf, countBlocks, type Triple } from "./relation.js";

function stage(facts: Partial<BlockStage> & Pick<BlockStage, "name">): BlockStage {
  return {
    run: "x",
    params: {},
    shape: [3, 3, 3],
    block: [1, 1, 1],
    needs: [],
    bytes: 0,
    memoryBytes: 0,
    threads: 1,
    ...facts,
  };
}

const source = (stages: BlockStage[]) => blockSource({ createdMs: 0, locks: [], stages });
function visited(visit: (note: (index: number) => void) => void): number[] {
  const found: number[] = [];
  visit((index) => found.push(index));
  return found;
}

describe("blockSource", () => {
  it("gives a block of 3×3×3 the neighbours of another stage that share a face, an edge or a corner with it, and its own", () => {
    const counts = ([6, 18, 26] as const).map((connectivity) => {
      const graph = source([
        stage({ name: "a" }),
        stage({ name: "b", needs: [{ kind: "box", stage: "a", halo: [1, 1, 1], connectivity }] }),
      ]);
      // the block in the middle, one of a face, one of an edge, one of a corner
      return [13, 4, 1, 0].map((index) => visited((note) => graph.needs(27 + index, note)).length);
    });
    expect(counts).toEqual([
      [7, 6, 5, 4],
      [19, 14, 10, 7],
      [27, 18, 12, 8],
    ]);
  });

  it("counts tasks from the beginning of their stages, also behind a stage of one block", () => {
    const graph = source([
      stage({ name: "one", shape: [1, 1, 1] }),
      stage({ name: "two", shape: [1, 1, 2], needs: [{ kind: "all", stage: "one" }] }),
      stage({ name: "last", shape: [1, 1, 1], needs: [{ kind: "all", stage: "two" }] }),
    ]);
    expect([1, 2, 3].map((index) => visited((note) => graph.needs(index, note)))).toEqual([[0], [0], [1, 2]]);
    expect([0, 1, 2].map((index) => visited((note) => graph.needers(index, note)))).toEqual([[1, 2], [3], [3]]);
  });

  it("lets a block of the same stage wait for the neighbours before it alone", () => {
    const graph = source([stage({ name: "a", needs: [{ kind: "box", stage: "a", halo: [1, 1, 1] }] })]);
    expect(visited((note) => graph.needs(0, note))).toEqual([]);
    expect(visited((note) => graph.needs(13, note))).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
    expect(visited((note) => graph.needers(13, note))).toEqual([14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26]);
  });

  it("gives a block that halves what it reads its eight children, and what is there at an odd end", () => {
    const graph = source([
      stage({ name: "fine", shape: [5, 5, 5] }),
      stage({ name: "coarse", needs: [{ kind: "box", stage: "fine", scale: [2, 2, 2] }] }),
    ]);
    expect(visited((note) => graph.needs(125, note))).toEqual([0, 1, 5, 6, 25, 26, 30, 31]);
    expect(visited((note) => graph.needs(125 + 26, note))).toEqual([124]);
  });

  it("makes a task of a block when it is asked for: its box in voxels, its chunks as outputs", () => {
    const outputs = { prefix: "cc.zarr/0/c/", chunk: [2, 2, 2] as Triple, separator: "/" as const };
    const graph = source([
      stage({ name: "a", shape: [6, 4, 7], block: [4, 4, 4], params: { sigma: 2 }, outputs, memoryBytes: 5 }),
    ]);
    expect(graph.count).toBe(4);
    expect(graph.task(3)).toMatchObject({
      id: `${graph.stages[0]!.hash}.3`,
      params: { sigma: 2, block: { index: 3, at: [1, 0, 1], start: [4, 0, 4], shape: [2, 4, 3] } },
      outputs: ["2/0/2", "2/0/3", "2/1/2", "2/1/3"].map((name) => `cc.zarr/0/c/${name}`),
      memoryBytes: 5,
    });
  });

  it("names tasks by what is done, and not by what a stage is called", () => {
    const hash = (facts: Partial<BlockStage>) => source([stage({ name: "a", ...facts })]).stages[0]!.hash;
    expect(hash({})).toBe(hash({ name: "b", memoryBytes: 7 }));
    expect(hash({})).not.toBe(hash({ params: { sigma: 1 } }));
    expect(hash({})).not.toBe(hash({ block: [2, 1, 1] }));
    expect(hash({})).not.toBe(hash({ inputs: [{ key: "in/.zarray", size: 3, etag: "e" }] }));
    const ids = (params: BlockStage["params"]) =>
      source([stage({ name: "a", params }), stage({ name: "b", needs: [{ kind: "all", stage: "a" }] })]);
    // what a stage needs is part of what it does
    expect(ids({}).stages[1]!.hash).not.toBe(ids({ sigma: 1 }).stages[1]!.hash);
    expect(ids({}).idsHash()).toMatch(/^[0-9a-f]{32}$/);
    expect(ids({}).idsHash()).not.toBe(ids({ sigma: 1 }).idsHash());
  });

  const size = (max: number) =>
    fc.tuple(
      ...([1, 2, 3].map(() => fc.integer({ min: 1, max })) as [fc.Arbitrary<number>, fc.Arbitrary<number>, fc.Arbitrary<number>]),
    );

  it("for any two grids: needs are the blocks that the enlarged box touches, voxel by voxel", () => {
    fc.assert(
      fc.property(
        fc.record({
          ...{ shape: size(9), block: size(4), scale: size(2), halo: size(4), origin: size(5) },
          ...{ theirShape: size(12), theirBlock: size(4) },
        }),
        fc.integer(),
        ({ shape, block, scale, halo, origin, theirShape, theirBlock }, seed) => {
          const random = seededRandom(seed);
          const graph = source([
            stage({ name: "a", shape: theirShape, block: theirBlock }),
            stage({
              name: "b",
              shape,
              block,
              needs: [{ kind: "box", stage: "a", scale, origin, halo: halo.map((n) => n - 1) as unknown as Triple }],
            }),
          ]);
          const [first, second] = graph.stages;
          const index = Math.floor(random() * second!.count);
          const at = blockAt(blocksOf(second!), index);
          const touched = [0, 1, 2].map((axis) => {
            const from = at[axis]! * block[axis]! * scale[axis]! + origin[axis]! - (halo[axis]! - 1);
            const to = Math.min((at[axis]! + 1) * block[axis]!, shape[axis]!) * scale[axis]! + origin[axis]! + (halo[axis]! - 1);
            const found = new Set<number>();
            for (let voxel = from; voxel < to; voxel++) {
              if (voxel >= 0 && voxel < theirShape[axis]!) found.add(Math.floor(voxel / theirBlock[axis]!));
            }
            return [...found];
          });
          const [, ny, nx] = blocksOf(first!);
          const wanted = touched[0]!.flatMap((z) => touched[1]!.flatMap((y) => touched[2]!.map((x) => (z * ny + y) * nx + x)));
          expect(visited((note) => graph.needs(first!.count + index, note))).toEqual(wanted);
        },
      ),
      { numRuns: 500 },
    );
  });

  it("for any need: who needs a block is who lists it among its needs", () => {
    const need = fc.oneof(
      fc.record({
        kind: fc.constant("box" as const),
        halo: size(4),
        scale: size(2),
        origin: size(5),
        connectivity: fc.constantFrom(6, 18, 26),
      }),
      fc.record({ kind: fc.constant("all" as const) }),
    ) as fc.Arbitrary<Omit<Extract<BlockNeed, { kind: "box" | "all" }>, "stage">>;
    fc.assert(
      fc.property(
        size(9),
        size(4),
        size(12),
        size(4),
        need,
        fc.boolean(),
        (shape, block, theirShape, theirBlock, given, isOwn) => {
          const kind = isOwn && given.kind === "all" ? { kind: "box" as const, halo: [2, 1, 1] as Triple } : given;
          const stages = [
            stage({ name: "a", shape: theirShape, block: theirBlock }),
            stage({ name: "b", shape, block, needs: [{ ...kind, stage: isOwn ? "b" : "a" } as BlockNeed] }),
          ];
          const graph = source(stages);
          const pairs = new Set<string>();
          for (let index = 0; index < graph.count; index++) graph.needs(index, (other) => pairs.add(`${other} ${index}`));
          const back = new Set<string>();
          for (let index = 0; index < graph.count; index++) graph.needers(index, (other) => back.add(`${index} ${other}`));
          expect(back).toEqual(pairs);
          for (const pair of pairs) expect(Number(pair.split(" ")[0])).toBeLessThan(Number(pair.split(" ")[1]));
        },
      ),
      { numRuns: 300 },
    );
  });

  it("reduces as a tree, and spreads the result", () => {
    const graph = source([
      stage({ name: "a", shape: [1, 1, 130] }),
      stage({ name: "b", shape: [1, 1, 3], needs: [{ kind: "tree", stage: "a", fanIn: 64 }] }),
      stage({ name: "c", shape: [1, 1, 1], needs: [{ kind: "tree", stage: "b", fanIn: 64 }] }),
      stage({ name: "d", needs: [{ kind: "all", stage: "c" }] }),
    ]);
    expect(visited((note) => graph.needs(132, note))).toEqual([128, 129]);
    expect(visited((note) => graph.needers(129, note))).toEqual([132]);
    expect(visited((note) => graph.needs(133, note))).toEqual([130, 131, 132]);
    expect(visited((note) => graph.needs(134 + 26, note))).toEqual([133]);
    expect(visited((note) => graph.needers(133, note))).toHaveLength(27);
  });

  it("proves 10^9 blocks by their stages alone", () => {
    const stages = [stage({ name: "a", shape: [1000, 1000, 1000] })];
    const graph = source([
      ...stages,
      stage({ name: "b", shape: [1000, 1000, 1000], needs: [{ kind: "box", stage: "a", halo: [1, 1, 1] }] }),
    ]);
    expect(graph.count).toBe(2e9);
    expect(visited((note) => graph.needs(2e9 - 1, note))).toHaveLength(8);
  });
});

describe("what cannot be run", () => {
  const outputs = (prefix: string, chunk: Triple = [1, 1, 1]) => ({ prefix, chunk, separator: "/" as const });
  it.each<[what: string, stages: BlockStage[], code: string]>([
    ["needs a later stage", [stage({ name: "a", needs: [{ kind: "all", stage: "b" }] }), stage({ name: "b" })], "INTERNAL"],
    ["needs all of itself", [stage({ name: "a", needs: [{ kind: "all", stage: "a" }] })], "INTERNAL"],
    ["has a block of no voxels", [stage({ name: "a", block: [1, 0, 1] })], "INTERNAL"],
    ["has a shape that is no number", [stage({ name: "a", shape: [1, Number.NaN, 1] })], "INTERNAL"],
    ["has too many blocks", [stage({ name: "a", shape: [1e6, 1e6, 1e6] })], "INTERNAL"],
    ["has a name that is no file's", [stage({ name: "a/b" })], "INTERNAL"],
    [
      "is a tree of another size",
      [stage({ name: "a" }), stage({ name: "b", needs: [{ kind: "tree", stage: "a", fanIn: 2 }] })],
      "INTERNAL",
    ],
    ["has another's name", [stage({ name: "a" }), stage({ name: "a" })], "CONFIG_COLLISION"],
    ["shares chunks between blocks", [stage({ name: "a", outputs: outputs("a/", [1, 2, 1]) })], "CONFIG_COLLISION"],
    [
      "writes where another writes",
      [stage({ name: "a", outputs: outputs("x/") }), stage({ name: "b", outputs: outputs("X/") })],
      "CONFIG_COLLISION",
    ],
    [
      "writes inside of what another writes",
      [stage({ name: "a", outputs: outputs("x/") }), stage({ name: "b", outputs: outputs("x/y/") })],
      "CONFIG_COLLISION",
    ],
    ["writes where the engine does", [stage({ name: "a", outputs: outputs(".emporium/") })], "NAME_UNSAFE"],
    ["writes no folder", [stage({ name: "a", outputs: outputs("x") })], "INTERNAL"],
  ])("%s", (_, stages, code) => {
    expect(() => source(stages)).toThrow(expect.objectContaining({ code }));
  });
});

describe("chunkKeys", () => {
  it("for any grid: every chunk belongs to one block, which is found by its key", () => {
    const size = fc.tuple(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 9 }));
    fc.assert(
      fc.property(
        size,
        size,
        fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 3 })),
        (shape, chunk, times) => {
          const grid = { shape, block: chunk.map((n, axis) => n * times[axis]!) as unknown as Triple };
          const outputs = { prefix: "a/0/", chunk, separator: "." as const };
          const keys = Array.from({ length: countBlocks(grid) }, (_, index) => chunkKeys(outputs, grid, index));
          const chunks = shape.map((n, axis) => Math.ceil(n / chunk[axis]!));
          expect(new Set(keys.flat()).size).toBe(chunks[0]! * chunks[1]! * chunks[2]!);
          expect(keys.flat()).toHaveLength(new Set(keys.flat()).size);
          keys.forEach((some, index) => {
            for (const key of some) expect(blockOfKey(outputs, grid, key)).toBe(index);
          });
          const ranged = { prefix: "a/8_8_8/", chunk, rangesFrom: [-3, 0, 7] as const };
          const named = Array.from({ length: countBlocks(grid) }, (_, index) => chunkKeys(ranged, grid, index));
          expect(named.map((some) => some.length)).toEqual(keys.map((some) => some.length));
          named.forEach((some, index) => {
            for (const key of some) expect(blockOfKey(ranged, grid, key)).toBe(index);
          });
          expect(blockOfKey(outputs, grid, `a/0/${chunks[0]}.0.0`)).toBeUndefined();
          expect(blockOfKey(outputs, grid, "a/0/.zarray")).toBeUndefined();
        },
      ),
    );
  });

  it("names of precomputed chunks: x first, the last chunk ends with the array, other names are nobody's", () => {
    const outputs = { prefix: "seg/8_8_40/", chunk: [4, 64, 64], rangesFrom: [10, 0, -64] } as const;
    const grid = { shape: [6, 64, 100], block: [8, 64, 64] } as const;
    expect(chunkKeys(outputs, grid, 1)).toEqual(["seg/8_8_40/0-36_0-64_10-14", "seg/8_8_40/0-36_0-64_14-16"]);
    expect(chunkKeys(outputs, grid, 0)[0]).toBe("seg/8_8_40/-64-0_0-64_10-14");
    for (const name of [
      "0-64_0-64_10-14",
      "0-36_0-64_11-15",
      "36-100_0-64_10-14",
      "0-36_0-64_6-10",
      "info",
      "0-36_0-64_10-14.gz",
    ])
      expect(blockOfKey(outputs, grid, `seg/8_8_40/${name}`)).toBeUndefined();
  });
});
