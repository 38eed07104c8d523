import { describe, expect, it } from "vitest";
import { inMemory } from "../../src/core/bytes.js";
import { readCopick } from "../../src/formats/points/copick.js";
import { mutations, outcome, truncations } from "./point-files.js";

const bytes = (text: string) => new TextEncoder().encode(text);

async function read(content: Uint8Array): Promise<void> {
  const source = inMemory(content, "fuzz.bin");
  for (const kind of ["point", "orientedPoint", "instancePoint"] as const) {
    const options = { kind, binning: 10, columns: "xyz", order: "xyz", delimiter: "," } as const;
    for await (const { positions, rotations, instanceIds } of readCopick(source, options)) {
      expect([...positions, ...(rotations ?? []), ...(instanceIds ?? [])].every(Number.isFinite)).toBe(true);
    }
  }
}

const rotation = [
  [0, -1, 0, 0],
  [1, 0, 0, 0],
  [0, 0, 1, 0],
  [0, 0, 0, 1],
];
const DOCUMENT = {
  pickable_object_name: "ribosome",
  user_id: "a",
  session_id: "0",
  run_name: null,
  voxel_spacing: 10,
  unit: "angstrom",
  points: [
    { location: { x: 40, y: 20.5, z: -30 }, transformation_: rotation, instance_id: 3, score: 1 },
    { location: { x: 1e-9, y: 0, z: 0 }, instance_id: 0, score: null },
  ],
  trust_orientation: true,
};
const corpus = [
  JSON.stringify(DOCUMENT, undefined, 4),
  JSON.stringify(DOCUMENT).replace('"score":1', '"score":NaN'),
  '{"points": null}',
].map(bytes);
const WORDS = [
  ...[
    "null",
    "true",
    "NaN",
    "-Infinity",
    "1e999",
    "-1",
    "0.5",
    '"',
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "\\",
    "\n",
    "[[[[",
    "{}",
    "[]",
  ],
  ...['"points"', '"__proto__": {"x": 1},', '"constructor"', '"instance_id": 9007199254740993', '"x": "1"', "\ufeff", "\u0000"],
].map(bytes);
const ALLOWED = ["FORMAT_CORRUPT", "FORMAT_FIELD", "read"];

describe("copick: a value or our error", () => {
  it("truncated at every byte", async () => {
    expect([...(await truncations(read, corpus))].sort()).toEqual(["FORMAT_CORRUPT", "read"]);
  });

  it("random changes and splices", async () => {
    const outcomes = await mutations(read, corpus, WORDS, 2019);
    expect([...outcomes].filter((outcome) => !ALLOWED.includes(outcome))).toEqual([]);
    expect(outcomes.size).toBeGreaterThan(1);
  });

  it("depth and length", async () => {
    const million = 2 ** 20;
    for (const text of [
      "[".repeat(million),
      `{"points": ${"[".repeat(million)}${"]".repeat(million)}}`,
      `{"points": [{"location": ${'{"x": '.repeat(million)}1${"}".repeat(million)}}]}`,
      `{"a": "${"x".repeat(16 * million)}", "points": [NaN]}`,
      `{"a": "${"\\\\x".repeat(million)}NaN`,
      `${'"'.repeat(million + 1)}NaN`,
      "NaN".repeat(million),
      "NaN,".repeat(million),
    ]) {
      expect(ALLOWED).toContain(await outcome(read, bytes(text)));
    }
  });
});
