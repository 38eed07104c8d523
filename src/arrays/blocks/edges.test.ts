import { describe, expect, it } from "vitest";
import { memoryVolume } from "../../../test/memory-volume.js";
import type { Box } from "../../core/box.js";
import { type DType, ITEM_BYTES } from "../../core/dtype.js";
import { readBox } from "./edges.js";

/** `a b c d` as 1 2 3 4 along x. */
const letters = (dtype: DType = "uint8") => memoryVolume([{ shape: [1, 1, 4], dtype, value: (_z, _y, x) => x + 1 }]);
const row = (start: number, stop: number): Box => ({ start: [0, 0, start], stop: [1, 1, stop] });

describe("readBox", () => {
  it("reflect: d c b a | a b c d | d c b a, as the manual of scipy.ndimage has it", async () => {
    const { data, valid, box, shape } = await readBox(letters().levels[0]!, row(-4, 8));
    expect([...data]).toEqual([4, 3, 2, 1, 1, 2, 3, 4, 4, 3, 2, 1]);
    expect({ valid, box, shape }).toEqual({ valid: row(0, 4), box: row(-4, 8), shape: [1, 1, 12] });
  });

  it("reflect: goes on turning around where the box reaches farther than the volume is long", async () => {
    const { data } = await readBox(letters().levels[0]!, row(-6, 14));
    expect([...data]).toEqual([3, 4, 4, 3, 2, 1, 1, 2, 3, 4, 4, 3, 2, 1, 1, 2, 3, 4, 4, 3]);
  });

  it("reflect: reads no more than what the box shows", async () => {
    const volume = letters();
    const { data } = await readBox(volume.levels[0]!, row(-1, 2));
    expect([...data]).toEqual([1, 1, 2]);
    expect(volume.reads.map(({ box }) => box)).toEqual([row(0, 2)]);
  });

  it("constant: k k k | a b c d | k k k", async () => {
    const { data, valid } = await readBox(letters("int16").levels[0]!, row(-3, 7), { edge: "constant", constant: -9 });
    expect([...data]).toEqual([-9, -9, -9, 1, 2, 3, 4, -9, -9, -9]);
    expect(valid).toEqual(row(0, 4));
  });

  it("constant: a box outside the level reads nothing", async () => {
    const volume = letters();
    const { data, valid } = await readBox(volume.levels[0]!, row(4, 6), { edge: "constant" });
    expect([[...data], valid, volume.reads]).toEqual([[0, 0], undefined, []]);
  });

  it("shrink: what lies in the level", async () => {
    const { data, box, shape } = await readBox(letters().levels[0]!, row(-3, 2), { edge: "shrink" });
    expect([...data]).toEqual([1, 2]);
    expect({ box, shape }).toEqual({ box: row(0, 2), shape: [1, 1, 2] });
    const outside = await readBox(letters().levels[0]!, row(4, 6), { edge: "shrink" });
    expect([outside.data.length, outside.valid]).toEqual([0, undefined]);
  });

  it("pads along every axis", async () => {
    const { levels } = memoryVolume([{ shape: [2, 2, 2], dtype: "uint8" }]);
    const box: Box = { start: [-1, 1, 0], stop: [1, 3, 2] };
    expect([...(await readBox(levels[0]!, box)).data]).toEqual([2, 3, 2, 3, 2, 3, 2, 3]);
    expect([...(await readBox(levels[0]!, box, { edge: "constant", constant: 9 })).data]).toEqual([9, 9, 9, 9, 2, 3, 9, 9]);
  });

  it.each(["int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64", "float16", "float32", "float64"] as const)(
    "%s: both rules",
    async (dtype) => {
      const [level] = letters(dtype).levels;
      expect([...(await readBox(level!, row(-1, 2))).data].map(Number)).toEqual([1, 1, 2]);
      const { data } = await readBox(level!, row(-1, 2), { edge: "constant", constant: 2 });
      // float16 comes as its bits: 2 is 0x4000
      expect([...data].map(Number)).toEqual([dtype === "float16" ? 0x4000 : 2, 1, 2]);
      expect(data.BYTES_PER_ELEMENT).toBe(ITEM_BYTES[dtype]);
    },
  );

  it("keeps every bit of a NaN", async () => {
    const bits = Uint32Array.of(0x7fa12345);
    const { levels } = memoryVolume([{ shape: [1, 1, 1] }]);
    const level = { ...levels[0]!, read: async () => new Uint8Array(bits.buffer.slice(0)) };
    const { data } = await readBox(level, row(-1, 2));
    expect([...new Uint32Array(data.buffer)]).toEqual([0x7fa12345, 0x7fa12345, 0x7fa12345]);
  });
});
