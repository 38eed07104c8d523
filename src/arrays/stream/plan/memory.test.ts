import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Triple } from "../../../core/box.js";
import { EmporiumError } from "../../../core/errors.js";
import { estimateVolumeMemory, fitColumns, fitRawSlots } from "./memory.js";

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
