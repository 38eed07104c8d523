import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { probeFolding } from "./folding.js";
import { checkLocalName, localNames, plainName } from "./local-names.js";

const plain = { folding: { case: false, unicode: false }, windows: false };
const folding = { folding: { case: true, unicode: true }, windows: false };
const codes = (options: Parameters<typeof localNames>[0], ...names: string[]) => {
  const taken = localNames(options);
  return names.map((name) => {
    try {
      taken.take(name);
      return "ok";
    } catch (error) {
      return (error as { code: string }).code;
    }
  });
};

describe("local names", () => {
  it.each([
    ...[
      "../x",
      "a/../../x",
      "/abs",
      "a//b",
      "a/./b",
      "",
      ".",
      "..",
      "a\\b",
      "..\\x",
      "a\0b",
      "a\nb",
      "a\u007fb",
      "\u0085",
      "\ud800",
    ],
    ...[
      "x".repeat(246),
      "é".repeat(123),
      "a/".repeat(200).concat("b"),
      `${"x".repeat(250)}/`.repeat(13).concat("b"),
      ".x.abc.part",
    ],
  ])("%j is refused", (name) => expect(codes(plain, name)).toEqual(["NAME_UNSAFE"]));

  it.each([
    "a b",
    "-rf",
    "; touch x",
    "$(id)",
    "`x`",
    "'\"",
    "C:x",
    "con",
    "x.",
    "%2e%2e%2f",
    "[1]*?",
    "{name.constructor}",
    "\u202e",
    "__proto__",
    "x".repeat(245),
  ])("%j is kept as it is, and inside", (name) => {
    expect(codes(plain, name, `data/${name}`)).toEqual(["ok", "ok"]);
    expect(resolve("/dest", name).startsWith("/dest/")).toBe(true);
  });

  it("Windows' devices and streams are refused there", () => {
    const names = ["con", "NUL.txt", "C:x", "x.", "x ", "a<b", "a|b", "com1", "ok.tif"];
    expect(codes({ ...plain, windows: true }, ...names)).toEqual([...Array(8).fill("NAME_UNSAFE"), "ok"]);
  });

  it("twins on a disk that folds, none on one that does not", () => {
    const names = ["A.tif", "a.tif", "é", "e\u0301", "B/x", "b/y", "ß", "ẞ"];
    expect(codes(plain, ...names)).toEqual(Array(8).fill("ok"));
    expect(codes(folding, ...names)).toEqual([
      "ok",
      "CONFIG_COLLISION",
      "ok",
      "CONFIG_COLLISION",
      "ok",
      "CONFIG_COLLISION",
      "ok",
      "CONFIG_COLLISION",
    ]);
  });

  it("one name for a file and a folder, as buckets have it, is a collision; so is the same name twice", () => {
    expect(codes(plain, "a", "a/b", "c/d", "c", "c/d", "c/e")).toEqual([
      "ok",
      "CONFIG_COLLISION",
      "ok",
      "CONFIG_COLLISION",
      "CONFIG_COLLISION",
      "ok",
    ]);
  });

  it("a name that is another's working file while that is fetched is a collision, in either order", () => {
    expect(codes(plain, "a", "a.part", "b.part.json", "b", "c.part")).toEqual([
      "ok",
      "CONFIG_COLLISION",
      "ok",
      "CONFIG_COLLISION",
      "ok",
    ]);
  });

  it("our own names at the top are kept", () => {
    const options = { ...plain, kept: [".emporium", ".emporium-manifest.jsonl"] };
    expect(codes(options, ".emporium/locks/x", ".Emporium", ".emporium-manifest.jsonl", "a/.emporium")).toEqual([
      "NAME_UNSAFE",
      "NAME_UNSAFE",
      "NAME_UNSAFE",
      "ok",
    ]);
  });

  it("whatever is taken stays inside", () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string({ unit: "binary" }),
          fc.array(fc.constantFrom("..", ".", "a", "", "/", "\\", "\0")).map((words) => words.join("/")),
        ),
        (name) => {
          try {
            checkLocalName(name, false);
          } catch {
            return;
          }
          expect(resolve("/dest", name).startsWith("/dest/")).toBe(true);
        },
      ),
      { numRuns: 2000 },
    );
  });

  it("a text becomes one segment that passes", () => {
    expect(["a/b", "..", "", "x\ny", "hemibrain v1.2"].map((text) => plainName(text, "data"))).toEqual([
      "a_b",
      "data",
      "data",
      "x_y",
      "hemibrain v1.2",
    ]);
    fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => checkLocalName(plainName(text, "data").slice(0, 50), false)));
  });

  it("the probe leaves nothing behind", async () => {
    const folder = mkdtempSync(join(tmpdir(), "emporium-fold-"));
    try {
      const found = await probeFolding(folder, "t1");
      expect(readdirSync(folder)).toEqual([]);
      if (process.platform === "linux") expect(found).toEqual({ case: false, unicode: false });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
