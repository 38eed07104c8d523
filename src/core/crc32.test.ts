import { crc32 as zlibCrc32 } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { combineCrc32, crc32, crcText } from "./crc32.js";

const ascii = (text: string) => new TextEncoder().encode(text);

describe("crc32", () => {
  it("gives the check value of the CRC catalogue", () => {
    expect(crcText(crc32(ascii("123456789")))).toBe("cbf43926"); // CRC-32/ISO-HDLC, reveng.sourceforge.io/crc-catalogue
    expect(crc32(new Uint8Array())).toBe(0);
  });

  it("equals zlib's on any bytes, also when it goes on from an earlier sum", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 2000 }), fc.uint8Array({ maxLength: 200 }), (a, b) => {
        expect(crc32(a)).toBe(zlibCrc32(a));
        expect(crc32(b, crc32(a))).toBe(zlibCrc32(b, zlibCrc32(a)));
      }),
    );
  });
});

describe("combineCrc32", () => {
  it("joins the sums of two pieces into that of the whole", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 3000 }), fc.uint8Array({ maxLength: 3000 }), (a, b) => {
        expect(combineCrc32(crc32(a), crc32(b), b.length)).toBe(zlibCrc32(Buffer.concat([a, b])));
      }),
    );
  });

  it("is associative, so workers may join pieces in any grouping", () => {
    const sum = fc.integer({ min: 0, max: 0xffffffff });
    const length = fc.integer({ min: 0, max: 2 ** 45 });
    fc.assert(
      fc.property(sum, sum, sum, length, length, (a, b, c, lengthB, lengthC) => {
        expect(combineCrc32(combineCrc32(a, b, lengthB), c, lengthC)).toBe(
          combineCrc32(a, combineCrc32(b, c, lengthC), lengthB + lengthC),
        );
      }),
    );
  });

  it("counts lengths past 32 bits: 4 GiB of zeros, joined by doubling", () => {
    const MiB = new Uint8Array(2 ** 20);
    let crc = zlibCrc32(MiB);
    let length = MiB.length;
    while (length < 4 * 2 ** 30) {
      crc = combineCrc32(crc, crc, length);
      length *= 2;
    }
    // python3: c = 0; then 4096 times c = zlib.crc32(bytes(2**20), c)
    expect([length, crcText(crc)]).toEqual([4 * 2 ** 30, FOUR_GIB_OF_ZEROS]);
  });
});

const FOUR_GIB_OF_ZEROS = "d202ef8d";
