import { describe, expect, it } from "vitest";
import { parseTiltAngles } from "../../src/formats/tilt-angles/read.js";
import { fields, LONG_LINES, mutations, outcome, truncations } from "./text-formats.js";

const corpus = ["-60.00\n-57.00\n0.01\n+3.\n", "# angles\r\n  -3.0\r\n\r\n 1e1\r\n.5", "0\n"].map((text) =>
  new TextEncoder().encode(text),
);
const read = (bytes: Uint8Array) => void parseTiltAngles(bytes, "fuzz.txt");

describe("tilt angles: a value or our error", () => {
  it("truncated at every byte", () => {
    expect([...truncations(read, corpus)].sort()).toEqual(["FORMAT_FIELD", "read"]);
  });
  it("each word set to what it never is", () => {
    expect([...fields(read, corpus)].sort()).toEqual(["FORMAT_FIELD", "read"]);
  });
  it("random changes and splices", () => mutations(read, corpus, 60));
  it("long lines", () => {
    for (const line of LONG_LINES) expect(outcome(read, line)).toBe("FORMAT_FIELD");
  });
});
