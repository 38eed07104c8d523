import { describe, expect, it } from "vitest";
import { xxHash32 } from "./xx-hash32.js";

/** The bytes that xxHash's own check hashes: the uppermost ones of a 64-bit number that is multiplied again and again. */
function sanityBytes(length: number): Uint8Array {
  let state = 0x9e3779b1n;
  return Uint8Array.from({ length }, () => {
    const byte = Number(state >> 56n);
    state = (state * 0x9e3779b185ebca8dn) & 0xffffffffffffffffn;
    return byte;
  });
}

describe("XXH32", () => {
  // from `XSUM_sanityCheck` of xxHash
  it.each([
    [0, 0, 0x02cc5d05],
    [0, 0x9e3779b1, 0x36b78ae7],
    [1, 0, 0xcf65b03e],
    [1, 0x9e3779b1, 0xb4545aa4],
    [14, 0, 0x1208e7e2],
    [14, 0x9e3779b1, 0x6af1d1fe],
    [222, 0, 0x5bd11dbd],
    [222, 0x9e3779b1, 0x58803c5f],
  ])("of %i bytes, seed %i", (length, seed, wanted) => {
    expect(xxHash32(sanityBytes(length), seed)).toBe(wanted);
  });

  it("of a text", () => {
    // README of Python's xxhash
    expect(xxHash32(new TextEncoder().encode("Nobody inspects the spammish repetition"))).toBe(3794352943);
  });
});
