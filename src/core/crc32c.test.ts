import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { crc32c } from "./crc32c.js";

/** google-crc32c 1.9.0 on `(7 i² + 31 i + n) mod 256` for i below n. */
const GOOGLE: [length: number, crc: number][] = [
  [0, 0],
  [1, 2685849682],
  [2, 2084606253],
  [3, 2507820484],
  [4, 863894849],
  [5, 3018625912],
  [6, 1806481981],
  [7, 73682015],
  [8, 3155272108],
  [9, 3853106914],
  [15, 2709960369],
  [16, 208965365],
  [17, 3437684161],
  [63, 3515431231],
  [64, 2189357147],
  [100, 1465523708],
  [1000, 2518454066],
];

describe("crc32c", () => {
  it("gives the check value of the CRC catalogue", () => {
    expect(crc32c(new TextEncoder().encode("123456789"))).toBe(0xe3069283); // CRC-32/ISCSI, reveng.sourceforge.io/crc-catalogue
  });

  it("gives the values of RFC 3720, appendix B.4", () => {
    expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa);
    expect(crc32c(new Uint8Array(32).fill(0xff))).toBe(0x62a8ab43);
    expect(crc32c(Uint8Array.from({ length: 32 }, (_, i) => i))).toBe(0x46dd794e);
    expect(crc32c(Uint8Array.from({ length: 32 }, (_, i) => 31 - i))).toBe(0x113fdb5c);
  });

  it.each(GOOGLE)("equals google-crc32c on %i bytes", (length, wanted) => {
    expect(crc32c(Uint8Array.from({ length }, (_, i) => 7 * i * i + 31 * i + length))).toBe(wanted);
  });

  it("goes on from an earlier sum, wherever the bytes are cut", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.nat({ max: 300 }), (bytes, at) => {
        expect(crc32c(bytes.subarray(at), crc32c(bytes.subarray(0, at)))).toBe(crc32c(bytes));
      }),
    );
  });
});
