import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ceilDiv, type Triple } from "../../../core/box.js";
import { FORMS, LEVELS, levelShapes, type VolumeForm } from "./forms.js";
import { type GeometryOptions, planGeometry } from "./geometry.js";
import { columnGrain } from "./layout.js";
import { estimateVolumeMemory, fitColumns } from "./memory.js";

const plan = (shape: Triple, form: VolumeForm, more: Partial<GeometryOptions> = {}) =>
  planGeometry({
    shape,
    form,
    columns: Math.ceil(shape[2] / columnGrain(form)) * columnGrain(form),
    threads: 2,
    rawRowBytes: 0,
    rawSlots: 0,
    ...more,
  });

const form = fc.constantFrom<VolumeForm>("volume", "series", "mask", "labels", "volume-int16", "series-uint8", "volume-uint32");
const shape = fc.tuple(fc.integer({ min: 1, max: 1100 }), fc.integer({ min: 1, max: 9000 }), fc.integer({ min: 1, max: 9000 }));

describe("planGeometry", () => {
  it("covers each row of each plane once, in the order of the file within a unit", () => {
    fc.assert(
      fc.property(fc.tuple(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 9000 })), form, ([nz, ny], kind) => {
        const g = plan([nz, ny, 5], kind);
        const rows = new Map<number, number>();
        for (const step of g.steps) {
          for (let plane = 0; plane < step.planes; plane++)
            rows.set(step.z0 + plane, (rows.get(step.z0 + plane) ?? 0) + step.rows);
        }
        expect([...rows.values()]).toEqual(new Array(nz).fill(ny));
      }),
    );
  });

  it("gives every chunk of every level to exactly one unit", () => {
    fc.assert(
      fc.property(shape, form, fc.boolean(), (size, kind, cut) => {
        const g = plan(size, kind, cut ? { columns: columnGrain(kind) } : {});
        for (let level = 0; level < LEVELS; level++) {
          const [, ny, nx] = g.shapes[level]!;
          // columns of the first slab of units, by their place
          const slab = g.units.filter((unit) => unit.z0 === 0);
          const places = slab.flatMap((unit) =>
            unit.columns.filter((column) => column.level === level).map(({ x, y }) => `${x},${y}`),
          );
          expect(new Set(places).size).toBe(places.length);
          const across = ceilDiv(nx, g.chunk[2]);
          const down =
            FORMS[kind].kind !== "tiltseries"
              ? ceilDiv(ny, g.chunk[1])
              : slab.length / ceilDiv(size[2], cut ? columnGrain(kind) : size[2]);
          expect(places.length).toBe(across * down);
        }
      }),
    );
  });

  it.each(["volume", "mask", "labels"] as const)("keeps all regions of a %s apart", (kind) => {
    const g = plan([9, 1500, 700], kind, { rawRowBytes: 1400, rawSlots: 2 });
    const regions: [number, number][] = [
      [g.clear[0], g.clear[1]],
      [g.privateStart, g.privateStart + 2 * g.privateBytes],
    ];
    for (const [level, ring] of g.rings.entries())
      for (const at of ring.slots) regions.push([at, at + (4 >> level) * ring.planeBytes]);
    for (const slot of [0, 1]) regions.push([g.rawSlot(slot), g.rawSlot(slot) + g.rawSlotBytes]);
    regions.sort((a, b) => a[0] - b[0]);
    for (let i = 1; i < regions.length; i++) expect(regions[i]![0]).toBeGreaterThanOrEqual(regions[i - 1]![1]);
    expect(regions.at(-1)![1]).toBeLessThanOrEqual(g.totalBytes);
  });

  it("halves and rounds up; a series keeps z", () => {
    expect(levelShapes([21, 50, 64], "volume")).toEqual([
      [21, 50, 64],
      [11, 25, 32],
      [6, 13, 16],
    ]);
    expect(levelShapes([4, 10, 20], "series")).toEqual([
      [4, 10, 20],
      [4, 5, 10],
      [4, 3, 5],
    ]);
  });
});

describe("memory", () => {
  it("does not grow with the number of planes, nor with rows past 1024", () => {
    const bytes = (z: number, y: number) => estimateVolumeMemory({ shape: [z, y, 4096], threads: 2 });
    expect(bytes(100_000, 1024)).toBe(bytes(1024, 1024));
    expect(bytes(1024, 100_000) / bytes(1024, 4096)).toBeCloseTo(1, 2);
    expect(bytes(1024, 1024)).toBeLessThan(170 * 2 ** 20);
  });

  // with fewer rows, the sums that each thread keeps of a resampled mask may be more than its share of a tomogram's steps
  it("is no more for a mask or labels than for a tomogram of that size of 256 rows or more, resampled or not", () => {
    const sides = fc.tuple(
      fc.integer({ min: 1, max: 1024 }),
      fc.integer({ min: 256, max: 6000 }),
      fc.integer({ min: 256, max: 6000 }),
    );
    const factor = fc.constantFrom(0.25, 0.5, 1, 1.3, 2);
    const choice = fc.constantFrom(
      { form: "mask", method: "any" },
      { form: "mask", method: "mean" },
      { form: "labels", method: "nearest" },
    );
    fc.assert(
      fc.property(
        sides,
        fc.integer({ min: 1, max: 32 }),
        fc.constantFrom(1, 2, 4, 8),
        factor,
        choice,
        (size, threads, itemBytes, by, { form, method }) => {
          const source = size.map((length) => Math.max(1, Math.round(length * by))) as Triple;
          const resampling = by === 1 ? undefined : { shape: source, method: method as "any" | "mean" | "nearest" };
          const kind = form as "mask" | "labels";
          const needed = estimateVolumeMemory({ shape: size, threads, itemBytes, form: kind, resampling });
          // the larger of the two sizes is what a tomogram of it would have
          const tomogram = estimateVolumeMemory({ shape: by > 1 ? source : size, threads, itemBytes });
          expect(needed).toBeLessThanOrEqual(tomogram);
        },
      ),
      { numRuns: 500 },
    );
  });

  it("cuts columns where rows are too long for the ceiling, and says so where nothing fits", () => {
    const wanted = { shape: [100, 5000, 40_000] as Triple, form: "volume" as const, threads: 2, rawRowBytes: 0, rawSlots: 0 };
    expect(fitColumns(wanted, 4 * 2 ** 30)).toBe(40_960);
    const columns = fitColumns(wanted, 256 * 2 ** 20);
    expect(columns).toBeGreaterThanOrEqual(1024);
    expect(columns % 1024).toBe(0);
    expect(planGeometry({ ...wanted, shape: [100, 4096, 40_000], columns }).totalBytes).toBeLessThanOrEqual(256 * 2 ** 20);
    expect(() => fitColumns(wanted, 2 ** 20)).toThrowError(expect.objectContaining({ code: "MEMORY_LIMIT" }));
  });
});
