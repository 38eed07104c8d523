import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { concat, inMemory } from "../../src/core/bytes.js";
import { encodeModDocument, readModDocument } from "../../src/formats/mod/document.js";
import { readMod, readModParts } from "../../src/formats/mod/read.js";
import { encodeMod } from "../../src/formats/mod/write.js";
import { readImodPoints } from "../../src/formats/points/imod.js";
import { mutations, outcome, truncations } from "./point-files.js";

const letters = (text: string) => Uint8Array.from(text, (letter) => letter.charCodeAt(0));
const int = (...values: number[]) => {
  const bytes = new Uint8Array(4 * values.length);
  values.forEach((value, i) => {
    new DataView(bytes.buffer).setUint32(4 * i, value >>> 0);
  });
  return bytes;
};

const model = encodeMod({
  max: [64, 56, 32],
  pixelSizeAngstrom: 13.48,
  objects: [
    { name: "a", contours: [{ xyz: [1, 2, 3, 4, 5, 6], sizes: [1, 2] }, { xyz: [] }] },
    { name: "", contours: [] },
    { name: "b", contours: [{ xyz: [7, 8, 9], surface: 2 }], contourKind: "open" },
  ],
  slicerAngles: [{ time: 1, angles: [13, 0, -30], center: [1, 2, 3], label: "label 1" }],
  image: { oldTranslation: [1, 2, 3], scale: [4, 4, 4], translation: [5, 6, 7], rotation: [90, 0, 0] },
});
/** The same with labels, a mesh and chunks that are passed over. */
const rich = concat([
  model.subarray(0, -4),
  letters("LABL"),
  int(20, 1, 0, 5, 4),
  letters("ab\0\0"),
  letters("MESH"),
  int(2, 3, 0, 0),
  new Uint8Array(24),
  int(-25, 0, -1),
  letters("VIEW"),
  int(4, 1),
  letters("COST"),
  int(12, 1, 2, 3),
  letters("IEOF"),
]);
const corpus = [model, rich, new Uint8Array(readFileSync(new URL("../fixtures/mod/imodmodel-0.1.0.mod", import.meta.url)))];
const WORDS = [
  ..."IMOD V1.2 OBJT CONT MESH IMAT SIZE SLAN MINX LABL OLBL COST IEOF XXXX".split(" ").map(letters),
  ...[0, 1, 2, 16, 48, 60, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1, model.length, 0x7fc00000, 0x7f800000].map((value) => int(value)),
];

/** All that is done with a file. */
async function read(bytes: Uint8Array): Promise<void> {
  const source = inMemory(bytes, "fuzz.bin");
  const { objects } = await readMod(source, { meshes: true });
  expect(Buffer.compare(encodeModDocument(await readModDocument(source)), bytes)).toBe(0);
  let passed = 0;
  for await (const { kind } of readModParts(source, { points: false })) passed += kind === "contour" ? 1 : 0;
  expect(passed).toBe(objects.reduce((sum, { contours }) => sum + contours.length, 0));
  const options = { binning: 2, columns: "zyx", order: "zyx", delimiter: "," } as const;
  for (const kind of ["point", "orientedPoint"] as const) {
    for await (const { positions, rotations } of readImodPoints(source, { ...options, kind })) {
      expect([...positions, ...(rotations ?? [])].every(Number.isFinite)).toBe(true);
    }
  }
}

const ALLOWED = ["FORMAT_FIELD", "FORMAT_TRUNCATED", "FORMAT_UNKNOWN", "FORMAT_UNSUPPORTED", "read"];

describe("IMOD models: a value or our error", () => {
  it("truncated at every byte", async () => {
    expect([...(await truncations(read, corpus))].sort()).toEqual(["FORMAT_TRUNCATED", "FORMAT_UNKNOWN", "read"]);
    // whatever is cut off, nothing but the mark of the end may be missing unnoticed
    for (let length = 0; length < model.length; length++) expect(await outcome(read, model.subarray(0, length))).not.toBe("read");
  });

  it("every word set to what it never is", async () => {
    const seen = new Set<string>();
    for (const bytes of corpus) {
      const values = [0, 1, -1, 2 ** 31 - 1, 2 ** 31, bytes.length - 1, bytes.length, bytes.length + 1, 0x7fc00000];
      for (let at = 0; at + 4 <= bytes.length; at += 4) {
        // three values in turn, unless there is time for all
        const some = process.env.EMPORIUM_THOROUGH === "1" ? values : values.filter((_, i) => i % 3 === (at / 4) % 3);
        for (const value of some) {
          const changed = bytes.slice();
          changed.set(int(value), at);
          seen.add(await outcome(read, changed));
        }
      }
    }
    for (const code of seen) expect(ALLOWED).toContain(code);
    // another version needs two letters changed at once
    expect(seen.size).toBe(ALLOWED.length - 1);
  });

  it("random changes and splices", async () => {
    for (const code of await mutations(read, corpus, WORDS, 1996)) expect(ALLOWED).toContain(code);
  });
});
