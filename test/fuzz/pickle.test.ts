import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { inMemory } from "../../src/core/bytes.js";
import { readTomotwin } from "../../src/formats/points/tomotwin.js";
import { mutations, outcome, type Reader, truncations } from "./point-files.js";

const golden = JSON.parse(readFileSync(new URL("../golden/points/tloc.golden.json", import.meta.url), "utf8")) as {
  tables: Record<string, { pickle: string }>;
  refused: Record<string, string>;
};
const bytesOf = (text: string) => new Uint8Array(Buffer.from(text, "base64"));
const corpus = [...Object.values(golden.tables).map(({ pickle }) => pickle), ...Object.values(golden.refused)].map(bytesOf);
const read: Reader = async (content) => {
  const options = { kind: "point", binning: 2, columns: "xyz", order: "xyz", delimiter: ",", filterValue: "1" } as const;
  for await (const { count, positions } of readTomotwin(inMemory(content, "fuzz.bin"), options)) {
    expect(positions.length).toBe(3 * count);
    expect(positions.every(Number.isFinite)).toBe(true);
  }
};
/** Opcodes with lengths and places past all ends, deep lists, calls of what is no class. */
const WORDS = [
  [0x8e, 255, 255, 255, 255, 255, 255, 255, 255],
  [0x42, 255, 255, 255, 127],
  [0x4b, 0, 0x4b, 255, 0x86],
  [0x4a, 255, 255, 255, 255],
  [0x8a, 7, 255, 255, 255, 255, 255, 255, 15],
  [0x5d, 0x94, 0x61, 0x68, 0],
  [0x28, 0x74, 0x52],
  [0x4e, 0x62],
  [0x7d, 0x29, 0x65],
  [0x2e],
  [0x52],
  [0x93],
].map((word) => Uint8Array.from(word));
const ALLOWED = ["FORMAT_FIELD", "FORMAT_LIMIT", "FORMAT_TRUNCATED", "FORMAT_UNKNOWN", "FORMAT_UNSUPPORTED", "read"];

describe("tables in pickles: a value or our error", () => {
  it("truncated at every byte", async () => {
    const seen = await truncations(read, corpus.slice(0, 4));
    for (const code of seen) expect(ALLOWED).toContain(code);
    expect(seen).toContain("read");
    expect(seen).toContain("FORMAT_TRUNCATED");
  });

  it("random changes and splices", async () => {
    const seen = await mutations(read, corpus, WORDS, 5152);
    for (const code of seen) expect(ALLOWED).toContain(code);
    expect(seen.size).toBeGreaterThanOrEqual(4);
  });

  it("long chains and deep nests", async () => {
    const head = Uint8Array.of(0x80, 4);
    for (const [word, last] of [
      [[0x5d], []],
      [[0x5d, 0x61], [0x2e]],
      [[0x28], [0x2e]],
      [[0x29, 0x85], [0x2e]],
      [[0x7d, 0x94], [0x2e]],
    ] as const) {
      const many = new Uint8Array(2 + word.length * 400_000 + last.length);
      many.set(head);
      for (let i = 0; i < 400_000; i++) many.set(word, 2 + i * word.length);
      many.set(last, many.length - last.length);
      expect(ALLOWED).toContain(await outcome(read, many));
    }
  });
});
