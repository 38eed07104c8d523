import { describe, expect, it } from "vitest";
import { unpackRows } from "./bits.js";
import type { PixelType } from "./pixel-type.js";

describe("unpackRows", () => {
  const type = (bits: number, signed: boolean): PixelType =>
    ({ dtype: "uint64", itemBytes: 8, bits, stored: "packed", signed }) as PixelType;

  it("reads samples of more than 32 bits, highest bit first; a row ends with its last byte", () => {
    // three samples of 36 bits are 13½ bytes: half a byte is left over
    const rows = ["123456789 abcdef012 fffffffff 0", "000000001 800000000 000000010 0"].map((text) => text.replaceAll(" ", ""));
    const packed = new Uint8Array(Buffer.from(rows.join(""), "hex"));
    const read = (signed: boolean) => [...new BigInt64Array(unpackRows(packed, 2, 3, type(36, signed)).buffer)];
    expect(read(false)).toEqual([0x123456789n, 0xabcdef012n, 0xfffffffffn, 1n, 0x800000000n, 16n]);
    expect(read(true)).toEqual([0x123456789n, 0xabcdef012n - 2n ** 36n, -1n, 1n, -(2n ** 35n), 16n]);
  });
});
