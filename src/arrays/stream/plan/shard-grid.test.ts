import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Triple, volumeOf } from "../../../core/box.js";
import { FORMS, LEVELS, levelShapes, type VolumeForm } from "./forms.js";
import { chunksInOrder, planGeometry } from "./geometry.js";
import { columnGrain, layoutOf } from "./layout.js";
import { SHARD_BYTES_MAX, shardGrid } from "./shard-grid.js";
import { visit } from "./shard-walk.js";

const form = fc.constantFrom<VolumeForm>("volume", "series", "mask", "labels");
const MiB = 2 ** 20;

function gridOf(shape: Triple, kind: VolumeForm, level = 0, bytesMax = SHARD_BYTES_MAX) {
  return shardGrid(level, levelShapes(shape, kind)[level]!, layoutOf(kind, true), FORMS[kind].itemBytes, bytesMax);
}

describe("shards of a level", () => {
  it("are one where there is room, else few and in whole units", () => {
    expect(gridOf([512, 1024, 1024], "volume")).toEqual({ chunks: [4, 8, 8], shard: [4, 8, 8], shards: [1, 1, 1] });
    // 16 GiB: eight layers of 128 planes at 2 GiB each, four a unit, so a unit's layer is cut across y
    expect(gridOf([1024, 2048, 2048], "volume").shards).toEqual([2, 4, 1]);
    expect(gridOf([1024, 2048, 2048], "volume", 1).shards).toEqual([1, 1, 1]);
    expect(gridOf([1024, 2048, 2048], "mask").shards).toEqual([2, 1, 1]);
    expect(gridOf([513, 1024, 1024], "volume")).toMatchObject({ shard: [4, 8, 8], shards: [2, 1, 1] });
    // equal parts, not one full and one nearly empty
    expect(gridOf([1100, 900, 900], "volume")).toMatchObject({ chunks: [9, 8, 8], shard: [4, 8, 8] });
    expect(gridOf([41, 4096, 4096], "series")).toEqual({ chunks: [41, 4, 4], shard: [21, 4, 4], shards: [2, 1, 1] });
    // wider than two gigabytes of one unit
    expect(gridOf([512, 512, 8192], "volume")).toMatchObject({ shard: [4, 4, 16], shards: [1, 1, 4] });
  });

  it("hold all chunks, each once, and no more bytes than they may", () => {
    const side = fc.integer({ min: 1, max: 6000 });
    fc.assert(
      fc.property(
        fc.tuple(side, side, side),
        form,
        fc.nat({ max: LEVELS - 1 }),
        fc.integer({ min: 1, max: 4096 }),
        (shape, kind, level, mib) => {
          const { chunks, shard, shards } = gridOf(shape, kind, level, mib * MiB);
          const { chunk } = layoutOf(kind, true);
          for (const axis of [0, 1, 2] as const) {
            expect(shard[axis] * shards[axis]).toBeGreaterThanOrEqual(chunks[axis]);
            expect(shard[axis] * (shards[axis] - 1)).toBeLessThan(chunks[axis]);
          }
          const chunkBytes = volumeOf(chunk) * FORMS[kind].itemBytes;
          expect(volumeOf(shard) * chunkBytes).toBeLessThanOrEqual(Math.max(chunkBytes, mib * MiB));
          if (volumeOf(chunks) * chunkBytes <= mib * MiB) expect(volumeOf(shards)).toBe(1);
        },
      ),
    );
  });
});

describe("the walk of shards", () => {
  const shape = fc.tuple(fc.integer({ min: 1, max: 700 }), fc.integer({ min: 1, max: 1300 }), fc.integer({ min: 1, max: 1300 }));
  const plan = (size: Triple, kind: VolumeForm, cut: boolean) =>
    planGeometry({
      ...{ shape: size, form: kind, threads: 2, rawRowBytes: 0, rawSlots: 0, shards: { codec: "blosc-lz4" } },
      columns: cut ? columnGrain(kind, true) : Math.ceil(size[2] / columnGrain(kind, true)) * columnGrain(kind, true),
    });

  it("reads each row of each plane once", () => {
    fc.assert(
      fc.property(shape, form, fc.boolean(), (size, kind, cut) => {
        const g = plan(size, kind, cut);
        let rows = 0;
        for (const step of g.steps) {
          let inStrips = 0;
          for (let number = 0; number < step.strips; number++) {
            const strip = g.strip(step, number);
            if (strip.plane + strip.planes > step.planes || strip.row + strip.rows > step.rows)
              expect.fail(`strip ${number} is wider than its step`);
            inStrips += strip.planes * strip.rows;
          }
          if (inStrips !== step.planes * step.rows) expect(inStrips).toBe(step.planes * step.rows);
          rows += inStrips * (step.unit.x1 - step.unit.x0);
        }
        expect(rows).toBe(volumeOf(size));
      }),
    );
  });

  it("begins and ends each chunk of each level once, in the order of its units, and no more at once than there are buffers", () => {
    fc.assert(
      fc.property(shape, form, fc.boolean(), (size, kind, cut) => {
        const g = plan(size, kind, cut);
        const open = new Set<string>();
        const ended: string[] = [];
        let begun = 0;
        for (const step of g.steps) {
          if (step.chunksBefore !== begun) expect(step.chunksBefore).toBe(begun);
          step.unit.columns.forEach((column, at) => {
            const { chunk, begins, ends } = visit(g, step, column);
            const name = `${column.level}/${chunk}`;
            // tickets follow the order of the tasks
            if (begins && begun++ - step.chunksBefore !== at) expect.fail(`${name} begins as ${begun - 1}, not as ${at}`);
            if (begins) open.add(name);
            if (!open.has(name)) expect.fail(`${name} is not begun`);
            if (open.size > g.pool!.count) expect.fail(`${open.size} chunks at once, for ${g.pool!.count} buffers`);
            if (ends) open.delete(name);
            if (ends) ended.push(name);
          });
        }
        expect(open.size).toBe(0);
        for (let level = 0; level < LEVELS; level++) {
          const order = [...chunksInOrder(g, level)];
          const names = order.map(({ chunk }) => `${level}/${chunk}`);
          expect(names).toEqual(ended.filter((name) => name.startsWith(`${level}/`)));
          expect(new Set(names).size).toBe(names.length);
          expect(names.length).toBe(volumeOf(gridOf(size, kind, level).chunks));
          expect(order.map(({ unit }) => unit)).toEqual(order.map(({ unit }) => unit).sort((a, b) => a - b));
        }
      }),
      { numRuns: 40 },
    );
  });
});
