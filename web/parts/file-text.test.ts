import { describe, expect, it } from "vitest";
import { textOfBytes } from "./file-text.js";

describe("the text of a file's first bytes", () => {
  const utf8 = Buffer.from("0,5 Å → 1 µm\n");
  it("is of the encoding that it is written in, which is said where it is not UTF-8", () => {
    expect(textOfBytes(utf8, true)).toEqual({ text: "0,5 Å → 1 µm\n" });
    expect(textOfBytes(Buffer.from("\ufeff5 Å", "utf16le"), true)).toEqual({ text: "5 Å", encoding: "UTF-16" });
    expect(textOfBytes(Buffer.from("5 Å", "utf16le").swap16(), true)).toBeUndefined();
    expect(textOfBytes(Buffer.from("\ufeff5 Å", "utf16le").swap16(), true)).toEqual({ text: "5 Å", encoding: "UTF-16" });
    expect(textOfBytes(Buffer.from("0,5 \xc5 per \xb5m", "latin1"), true)).toEqual({
      ...{ text: "0,5 Å per µm", encoding: "Windows-1252" },
    });
    expect(textOfBytes(new Uint8Array(0), true)).toEqual({ text: "" });
  });
  it("ends before a letter that is cut, and a cut letter at a file's end is no UTF-8", () => {
    const arrow = utf8.indexOf(0xe2);
    for (const length of [arrow, arrow + 1, arrow + 2])
      expect(textOfBytes(utf8.subarray(0, length), false)).toEqual({ text: "0,5 Å " });
    expect(textOfBytes(utf8.subarray(0, arrow + 1), true)?.encoding).toBe("Windows-1252");
  });
  it("is none of a picture, of a volume, and of numbers", () => {
    for (const bytes of [
      Buffer.from("89504e470d0a1a0a0000000d49484452", "hex"),
      Buffer.from(Int32Array.of(64, 56, 32, 2).buffer),
      Buffer.from(Float32Array.of(1.5, -2, 3e7).buffer),
    ])
      expect(textOfBytes(bytes, false)).toBeUndefined();
  });
});
