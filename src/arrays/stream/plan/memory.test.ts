import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Triple } from "../../../core/box.js";
import { EmporiumError } from "../../../core/errors.js";
import { planGeometry } from "./geometry.js";
import { estimateVolumeMemory, fitColumns, fitRawSlots, fitSpareBuffers } from "./memory.js";

const side = fc.integer({ min: 1, max: 1500 });
const choice = fc.record({
  shape: fc.tuple(side, side, side),
  form: fc.constantFrom("volume" as const, "series" as const, "mask" as const, "labels" as const),
  threads: fc.integer({ min: 1, max: 16 }),
  itemBytes: fc.constantFrom(1, 2, 4),
  codec: fc.constantFrom(undefined, "blosc-lz4" as const, "zstd" as const),
});

describe("memory of a volume", () => {
  it("what is estimated for a source that is read over a network is enough to read it", () => {
    fc.assert(
      fc.property(choice, ({ shape, form, threads, itemBytes, codec }) => {
        const given = estimateVolumeMemory({ shape: shape as Triple, form, threads, remote: true, shards: codec });
        const shards = codec && { codec };
        const wanted = { shape: shape as Triple, form, threads, rawRowBytes: shape[2] * itemBytes, shards };
        expect(fitRawSlots(wanted, given)).toMatchObject({ rawSlots: expect.any(Number) });
      }),
    );
  });

  it("and of a file, to read it with rows that are whole", () => {
    fc.assert(
      fc.property(choice, ({ shape, form, threads, itemBytes, codec }) => {
        const given = estimateVolumeMemory({ shape: shape as Triple, form, threads, shards: codec });
        const shards = codec && { codec };
        const wanted = { shape: shape as Triple, form, threads, rawRowBytes: shape[2] * itemBytes, rawSlots: 0, shards };
        expect(fitColumns(wanted, given)).toBeGreaterThanOrEqual(shape[2]);
      }),
    );
  });

  it("of shards depends on columns alone, and on no more than 2048 of them", () => {
    const bytes = (shape: Triple) => estimateVolumeMemory({ shape, threads: 2, shards: "blosc-lz4" });
    expect(bytes([4000, 5000, 2048])).toBe(bytes([512, 512, 2048]));
    expect(bytes([512, 512, 40_960])).toBe(bytes([512, 512, 2048]));
    expect(bytes([512, 512, 2048])).toBeLessThan(450 * 2 ** 20);
    const kept = estimateVolumeMemory({ shape: [512, 512, 2048], threads: 2, form: "volume-int16", shards: "blosc-lz4" });
    expect(kept).toBeLessThan(0.6 * estimateVolumeMemory({ shape: [512, 512, 2048], threads: 2, shards: "blosc-lz4" }));
    const mask = estimateVolumeMemory({ shape: [512, 512, 2048], threads: 2, form: "mask", shards: "blosc-lz4" });
    expect(mask).toBeLessThan(bytes([512, 512, 2048]) / 3);
  });

  it("spare buffers of shards give way before rows are cut, one by one, and what is planned fits", () => {
    fc.assert(
      fc.property(choice, fc.double({ min: 0.5, max: 1.1, noNaN: true }), ({ shape, form, threads, itemBytes }, share) => {
        const given = share * estimateVolumeMemory({ shape: shape as Triple, form, threads, shards: "blosc-lz4" });
        const shards = { codec: "blosc-lz4" as const };
        const wanted = { shape: shape as Triple, form, threads, rawRowBytes: shape[2] * itemBytes, rawSlots: 0, shards };
        let columns: number;
        try {
          columns = fitColumns(wanted, given);
        } catch {
          return; // not even the narrowest cut
        }
        const spareBuffers = fitSpareBuffers({ ...wanted, columns }, given)!;
        const flat: Triple = [Math.min(shape[0], 1024), shape[1], shape[2]];
        const rawRowBytes = Math.ceil(wanted.rawRowBytes * Math.min(1, columns / shape[2]));
        const sizeWith = (spare: number) =>
          planGeometry({ ...wanted, shape: flat, rawRowBytes, columns, shards: { ...shards, spareBuffers: spare } }).totalBytes;
        expect(sizeWith(spareBuffers)).toBeLessThanOrEqual(given);
        // as many as are of use, or not one more would fit
        const all = Math.ceil(Math.min(columns, shape[2]) / (form === "series" ? 1024 : 128));
        const direct = { ...wanted, shape: flat, rawRowBytes, columns, direct: true };
        const windows = 9 * 2 ** 20;
        expect(spareBuffers).toBeLessThanOrEqual(all);
        if (spareBuffers < all) {
          const more = planGeometry({ ...direct, shards: { ...shards, spareBuffers: spareBuffers + 1 } }).totalBytes;
          expect(more + windows).toBeGreaterThan(given);
        }
      }),
    );
  });

  it("steps that are read ahead give way first, and then there is no room", () => {
    const wanted = { shape: [64, 512, 512] as Triple, form: "volume" as const, threads: 1, rawRowBytes: 2048 };
    const all = fitRawSlots(wanted, 2 ** 30);
    const few = fitRawSlots(wanted, estimateVolumeMemory({ shape: [64, 512, 512], threads: 1, remote: true }));
    expect(all).toEqual({ columns: 1024, rawSlots: 3 });
    expect(few).toEqual({ columns: 1024, rawSlots: 2 });
    expect(fitRawSlots(wanted, 1 << 20)).toBeUndefined();
    expect(() => fitColumns({ ...wanted, rawSlots: 0 }, 1 << 20)).toThrow(EmporiumError);
  });
});
