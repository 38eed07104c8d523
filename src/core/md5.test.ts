import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { toHex } from "./bytes.js";
import { md5 } from "./md5.js";

const known = (bytes: Uint8Array) => createHash("md5").update(bytes).digest("hex");

describe("md5", () => {
  it("of every length across the borders of blocks equals OpenSSL's", () => {
    for (let length = 0; length <= 200; length++) {
      const bytes = Uint8Array.from({ length }, (_, i) => (i * 37 + length) & 255);
      expect(toHex(md5(bytes))).toBe(known(bytes));
    }
  });
  it("of any bytes equals OpenSSL's", () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 2000 }), (bytes) => toHex(md5(bytes)) === known(bytes)));
  });
});
