import { describe, expect, it } from "vitest";
import { mrcFile } from "../../../test/laboratory-kit.js";
import { inMemory } from "../../core/bytes.js";
import { feiPixelAngstrom } from "./fei-pixel.js";
import { readMrcHeader } from "./header.js";

/** A stack with an extended header of FEI: each block has its pixel in metres. */
function stack({ exttyp, metres, isOld }: { exttyp: string; metres: readonly number[]; isOld: boolean }): Uint8Array {
  const plain = mrcFile([metres.length, 8, 8], 1, { kind: "stack", seed: 1 });
  const block = isOld ? 128 : 768;
  const extended = new Uint8Array(isOld ? 1024 * 128 : block * metres.length);
  const view = new DataView(extended.buffer);
  for (const [z, one] of metres.entries()) {
    if (isOld) view.setFloat32(z * block + 44, one, true);
    else {
      view.setInt32(z * block, block, true);
      view.setFloat64(z * block + 156, one, true);
    }
  }
  const bytes = new Uint8Array(plain.length + extended.length);
  bytes.set(plain.subarray(0, 1024));
  bytes.set(extended, 1024);
  bytes.set(plain.subarray(1024), 1024 + extended.length);
  const header = new DataView(bytes.buffer, 0, 1024);
  header.setInt32(92, extended.length, true);
  bytes.set(new TextEncoder().encode(exttyp.padEnd(4, "\0")), 104);
  header.setInt16(128, 0, true);
  header.setInt16(130, isOld ? 32 : 0, true);
  return bytes;
}

async function pixelOf(of: Parameters<typeof stack>[0]): Promise<number | undefined> {
  const source = inMemory(stack(of), "tomo03.mrc");
  return feiPixelAngstrom(source, await readMrcHeader(source));
}

describe("pixels behind the header of FEI's stacks", () => {
  it("are read in metres, of the old form without a name and of FEI1", async () => {
    expect(await pixelOf({ exttyp: "", metres: [2.17e-10, 2.17e-10], isOld: true })).toBe(2.17);
    expect(await pixelOf({ exttyp: "FEI1", metres: [1.35e-10, 1.35e-10, 1.35e-10], isOld: false })).toBe(1.35);
  });

  it("are none where sections differ, where the number is no pixel, and in extended headers of others", async () => {
    expect(await pixelOf({ exttyp: "", metres: [2.17e-10, 2.2e-10], isOld: true })).toBeUndefined();
    expect(await pixelOf({ exttyp: "", metres: [0, 0], isOld: true })).toBeUndefined();
    expect(await pixelOf({ exttyp: "SERI", metres: [2.17e-10, 2.17e-10], isOld: true })).toBeUndefined();
  });
});
