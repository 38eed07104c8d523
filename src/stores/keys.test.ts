import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { partName } from "./file/part-names.js";
import { checkKey, compareKeys, isPartName, windowsFault } from "./keys.js";

describe("compareKeys", () => {
  it("orders any two strings as their UTF-8 bytes", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), fc.string({ unit: "binary" }), (a, b) => {
        expect(Math.sign(compareKeys(a, b))).toBe(Buffer.compare(Buffer.from(a), Buffer.from(b)));
      }),
    );
    expect(compareKeys("\uff5a", "\u{1f52c}")).toBeLessThan(0); // JavaScript's own order says otherwise
  });
});

describe("checkKey", () => {
  it("what it lets through stays below any root", () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom("a", ".", "/", "\\", "\0", " ", "é") }), (key) => {
        let passed = true;
        try {
          checkKey(key);
        } catch {
          passed = false;
        }
        if (!passed) return;
        const resolved = new URL(key.split("/").map(encodeURIComponent).join("/"), "x://root/base/").pathname;
        expect(resolved.startsWith("/base/") && resolved.length > "/base/".length).toBe(true);
        expect(key.split("/").some((segment) => segment === "" || segment === "." || segment === "..")).toBe(false);
      }),
      { numRuns: 2_000 },
    );
  });

  it("counts bytes, not characters", () => {
    expect(checkKey("é".repeat(127))).toHaveLength(127);
    expect(() => checkKey("é".repeat(128))).toThrow(/more than 255 bytes/);
  });

  it("refuses half a character", () => {
    expect(() => checkKey("a\ud83d")).toThrow(/Unicode/);
  });

  it("gives folders without their last slash", () => {
    expect([checkKey("a/b/", "folder"), checkKey("a/b", "folder"), checkKey("", "folder"), checkKey("a/", "either")]).toEqual([
      "a/b",
      "a/b",
      "",
      "a",
    ]);
    expect(() => checkKey("", "either")).toThrow(/is empty/);
    expect(() => checkKey("/", "folder")).toThrow(/is empty/);
  });
});

describe("part names", () => {
  it("fit a folder's entry whatever the name, and are known as such", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme", minLength: 1, maxLength: 300 }), (text) => {
        const name = text.replaceAll(/[/\0]/g, "_");
        const part = partName(name, "u0123456789abcdef");
        expect(Buffer.byteLength(part)).toBeLessThanOrEqual(255);
        expect(isPartName(part)).toBe(true);
      }),
    );
  });

  it("differ for long names that begin alike", () => {
    expect(partName(`${"x".repeat(254)}1`, "t")).not.toBe(partName(`${"x".repeat(254)}2`, "t"));
  });

  it("are nothing that a lab's file is likely called", () => {
    for (const name of ["a.part", ".a.part", "movie.tmp.part", ".part", "..part"])
      expect([name, isPartName(name)]).toEqual([name, false]);
  });
});

it("knows what Windows cannot hold", () => {
  for (const name of ["con", "CON.txt", "a:b", "x.", "x ", "a?b", "com1"])
    expect([name, windowsFault(name) !== undefined]).toEqual([name, true]);
  for (const name of ["console", "a b", ".x", "com10"]) expect([name, windowsFault(name)]).toEqual([name, undefined]);
});
