import { describe, expect, it } from "vitest";
import { blockSource } from "./block-source.js";
import type { BlockParams, BlockStage } from "./block-stage.js";
import { countTasks, type NumberedGrid, numberingOf } from "./numbers.js";
import type { BlockNeed, Triple } from "./relation.js";

const GRID = { shape: [10, 9, 5], block: [2, 3, 1] } as const satisfies NumberedGrid; // 5 × 3 × 5 blocks
const EVEN = { kind: "lattices", parities: [[0, 0, 0], [0, 1, 1], [1, 0, 1], [1, 1, 0]] } as const; // biome-ignore format: a table
const ODD = { kind: "lattices", parities: [[0, 0, 1], [0, 1, 0], [1, 0, 0], [1, 1, 1]] } as const; // biome-ignore format: a table

describe("numbers of a stage's blocks", () => {
  it("are those of its lattices, one behind the other, and lead back", () => {
    const [even, odd] = [numberingOf({ ...GRID, numbers: EVEN }), numberingOf({ ...GRID, numbers: ODD })];
    expect(even.count + odd.count).toBe(75);
    expect([countTasks(GRID), countTasks({ ...GRID, numbers: EVEN })]).toEqual([75, even.count]);
    const found = [even, odd].flatMap((numbering, which) =>
      Array.from({ length: numbering.count }, (_, task) => {
        const block = numbering.blockOf(task);
        expect(numbering.taskOf(block)).toBe(task);
        expect([odd, even][which]!.taskOf(block)).toBe(-1);
        return block;
      }),
    );
    expect(found.sort((a, b) => a - b)).toEqual(Array.from({ length: 75 }, (_, block) => block));
    // 3 × 2 × 3 blocks are even along all axes
    expect([0, 1, 3, 17, 18].map((task) => even.blockOf(task))).toEqual([0, 2, 10, 74, 6]);
  });

  it.each<[Triple, Triple, Triple]>([
    [
      [10, 9, 5],
      [2, 3, 1],
      [2, 2, 2],
    ],
    [
      [10, 9, 5],
      [2, 3, 1],
      [4, 1, 3],
    ],
    [
      [7, 8, 9],
      [1, 1, 1],
      [3, 4, 5],
    ],
    [
      [4, 4, 4],
      [1, 1, 1],
      [9, 9, 9],
    ],
    [
      [1, 6, 6],
      [1, 1, 1],
      [2, 3, 2],
    ],
  ])(
    "of %j in blocks of %j are those of a brick of %j, one brick behind the other in C order, and lead back",
    (shape, block, size) => {
      const grid = { shape, block, numbers: { kind: "bricks", size } } as const;
      const [nz, ny, nx] = shape.map((length, axis) => Math.ceil(length / block[axis]!)) as [number, number, number];
      const all = Array.from({ length: nz * ny * nx }, (_, at) => [Math.floor(at / nx / ny), Math.floor(at / nx) % ny, at % nx]);
      const brick = (at: number[]) => at.map((place, axis) => Math.floor(place / size[axis]!));
      const compared = (a: number[], b: number[]) => a.map((one, i) => one - b[i]!).find((by) => by !== 0) ?? 0;
      const wanted = all.toSorted((a, b) => compared([...brick(a), ...a], [...brick(b), ...b]));
      const { count, blockOf, taskOf } = numberingOf(grid);
      expect(count).toBe(all.length);
      expect(Array.from({ length: count }, (_, task) => all[blockOf(task)])).toEqual(wanted);
      expect(Array.from({ length: count }, (_, task) => taskOf(blockOf(task)))).toEqual(all.map((_, task) => task));
    },
  );

  it("are what needs are told in, both ways, and blocks and their objects stay in their places", () => {
    const stage = (name: string, numbers: BlockStage["numbers"], needs: BlockNeed[]): BlockStage => ({
      ...{ ...GRID, numbers, name, run: "x", params: {}, needs, bytes: 0, memoryBytes: 0, threads: 1 },
      outputs: { prefix: `${name}/`, chunk: GRID.block, separator: "/" },
    });
    const source = blockSource({
      createdMs: 0,
      locks: [],
      stages: [
        stage("even", EVEN, []),
        stage("odd", ODD, [{ kind: "box", stage: "even", halo: [1, 1, 1], connectivity: 6 }]),
        stage("all", undefined, [
          { kind: "box", stage: "even" },
          { kind: "box", stage: "odd" },
        ]),
      ],
    });
    expect(source.count).toBe(150);
    const placeOf = (task: number): Triple => (source.task(task).params.block as BlockParams).at;
    const needers = Array.from({ length: source.count }, () => [] as number[]);
    for (let task = 0; task < source.count; task++) source.needers(task, (needer) => needers[task]!.push(needer));
    for (let task = 0; task < source.count; task++) {
      const { name } = source.stageOf(task);
      const own = placeOf(task);
      expect(source.task(task).outputs).toEqual([`${name}/${own.join("/")}`]);
      const needs: number[] = [];
      source.needs(task, (need) => needs.push(need));
      const apart = needs.map((need) => placeOf(need).reduce((sum, at, axis) => sum + Math.abs(at - own[axis]!), 0));
      const faces = own.reduce((sum, at, axis) => sum + Number(at > 0) + Number(at < [4, 2, 4][axis]!), 0);
      expect(apart).toEqual(name === "even" ? [] : name === "odd" ? new Array(faces).fill(1) : [0]);
      for (const need of needs) expect(needers[need]).toContain(task);
    }
    // each face between two blocks once, and each block by the one that joins
    const faces = 4 * 3 * 5 + 5 * 2 * 5 + 5 * 3 * 4;
    expect(needers.flat()).toHaveLength(faces + 75);
  });
});
