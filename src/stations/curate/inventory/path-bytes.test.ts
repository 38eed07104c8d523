import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodePath, diskPath, encodePath, isUtf8Name, shownPath } from "./path-bytes.js";

describe("names as bytes", () => {
  it("come back from text, whatever they are", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        expect([...encodePath(decodePath(bytes))]).toEqual([...bytes]);
      }),
      { numRuns: 2000 },
    );
  });

  it("are the text itself where they are UTF-8", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), (text) => {
        fc.pre(Buffer.from(text).toString() === text);
        expect(decodePath(Buffer.from(text))).toBe(text);
        expect(diskPath(text)).toBe(text);
      }),
    );
  });

  // python3 -c 'import os; print(ascii(os.fsdecode(b"\xe9t\xe9 \xf0\x9f\x98 \xed\xa0\x80 \xc0\xaf")))'
  it("are written as Python writes them where they are not", () => {
    const name = decodePath(Uint8Array.of(0xe9, 0x74, 0xe9, 0x20, 0xf0, 0x9f, 0x98, 0x20, 0xed, 0xa0, 0x80, 0x20, 0xc0, 0xaf));
    expect(JSON.stringify(name)).toBe('"\\udce9t\\udce9 \\udcf0\\udc9f\\udc98 \\udced\\udca0\\udc80 \\udcc0\\udcaf"');
    expect([isUtf8Name(name), isUtf8Name("été 😀"), Buffer.isBuffer(diskPath(name))]).toEqual([false, true, true]);
  });

  it("speak to no terminal", () => {
    expect(shownPath("a\u001b[31mb\n\u202ec\udcffd")).toBe("a\\u001b[31mb\\u000a\\u202ec\\xffd");
  });
});
