import { Buffer } from "node:buffer";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseRef, printRef, type Ref } from "./ref.js";

describe("references in addresses", () => {
  it("are read as they were printed, for every key", () => {
    const key = fc.string({ unit: "grapheme" }).filter((text) => Buffer.from(text).toString() === text);
    fc.assert(
      fc.property(fc.stringMatching(/^[a-z0-9-]{1,9}$/), key, (place, name) => {
        const ref: Ref = { kind: "place", place, key: name };
        expect(printRef(ref)).toBe(Buffer.from(`${place}:${name}`).toString("base64url"));
        expect(parseRef(printRef(ref))).toEqual(ref);
      }),
    );
    expect(parseRef("tomogram:12")).toEqual({ kind: "tomogram", id: 12 });
    expect(printRef({ kind: "frame", id: 7 })).toBe("frame:7");
  });

  it.each([
    ["an entity of another kind", "run:1"],
    ["no number", "tomogram:0"],
    ["a number with more", "tomogram:1x"],
    ["no base64url", "a/b"],
    ["padding", `${Buffer.from("p:ab").toString("base64url")}=`],
    ["no place", Buffer.from("abc").toString("base64url")],
    ["a place with a slash", Buffer.from("a/b:c").toString("base64url")],
    ["no UTF-8", Buffer.from([0x70, 0x3a, 0xff]).toString("base64url")],
    ["bits that nothing stands for", "cDphYh"],
  ])("%s is refused", (_, text) => {
    expect(() => parseRef(text)).toThrow(expect.objectContaining({ code: "NAME_UNSAFE" }));
  });
});
