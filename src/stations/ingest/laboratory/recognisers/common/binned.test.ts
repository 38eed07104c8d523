import { describe, expect, it } from "vitest";
import { laboratoryWith, mrcFile } from "../../../../../../test/laboratory-kit.js";
import { areBinnedOfEachOther } from "./binned.js";

const HEADER = 1024;
type Shape = readonly [number, number, number];
const volume = (seed: number, shape: Shape = [20, 40, 48]) => mrcFile([...shape], 10, { seed });
const valuesOf = (bytes: Uint8Array) => new Float32Array(bytes.buffer, HEADER);

/** Means of blocks of this many voxels along each side. */
function binned(bytes: Uint8Array, [z, y, x]: Shape, by: number): Uint8Array {
  const shape = [z, y, x].map((length) => Math.floor(length / by)) as [number, number, number];
  const own = mrcFile(shape, 10 * by, { value: 0 });
  const [from, to] = [valuesOf(bytes), valuesOf(own)];
  for (let k = 0; k < shape[0] * by; k++)
    for (let j = 0; j < shape[1] * by; j++)
      for (let i = 0; i < shape[2] * by; i++) {
        const at = (Math.floor(k / by) * shape[1] + Math.floor(j / by)) * shape[2] + Math.floor(i / by);
        to[at]! += from[(k * y + j) * x + i]! / by ** 3;
      }
  return own;
}

const compared = async (a: Uint8Array, b: Uint8Array) =>
  areBinnedOfEachOther(await laboratoryWith({ "a.mrc": a, "b.mrc": b }), "a.mrc", "b.mrc");

describe("two volumes of which one is coarser", () => {
  it("are of one series where its voxels are means of those of the other", async () => {
    const large: Shape = [12, 60, 72];
    for (const by of [2, 3]) {
      const whole = volume(1, large);
      const coarse = binned(whole, large, by);
      expect(await compared(whole, coarse)).toBe(true);
      expect(await compared(coarse, whole)).toBe(true);
    }
    const odd: Shape = [21, 41, 49];
    expect(await compared(volume(1, odd), binned(volume(1, odd), odd, 2))).toBe(true);
  });

  it("tell nothing where they show others, though both are dark at the same places", async () => {
    const shaded = (bytes: Uint8Array, columns: number) => {
      const own = bytes.slice();
      valuesOf(own).set(valuesOf(own).map((value, at) => value + 40 * ((at % columns) / columns) ** 2));
      return own;
    };
    const coarse = shaded(binned(volume(2), [20, 40, 48], 2), 24);
    expect(await compared(shaded(volume(1), 48), coarse)).toBeUndefined();
    expect(await compared(shaded(volume(2), 48), coarse)).toBe(true);
  });

  it("tell nothing where they are of one size, of other sides, or cannot be read", async () => {
    expect(await compared(volume(1), volume(1))).toBeUndefined();
    expect(await compared(volume(1), volume(1, [10, 40, 24]))).toBeUndefined();
    expect(await compared(volume(1), mrcFile([10, 20, 24], 20, { value: 3 }))).toBeUndefined();
    expect(await compared(volume(1).slice(0, 2000), binned(volume(1), [20, 40, 48], 2))).toBeUndefined();
    expect(await compared(volume(1), new TextEncoder().encode("none"))).toBeUndefined();
  });
});
