import { describe, expect, it } from "vitest";
import { type CtfTableFormat, parseCtf } from "../../src/formats/ctf/read.js";
import { fields, LONG_LINES, mutations, outcome, truncations } from "./text-formats.js";

const CORPUS: Record<CtfTableFormat, string[]> = {
  ctffind: [
    "# Columns: #1 micrograph number; #2 - defocus 1 [A]\n   1   72249.28  71262.08    -42.32     0.0000    0.1138   28.4226    1\n",
    "# one\r\n# two\r\n1.000000 21015.25 20480.125 -31.5 0.0 0.0875 inf\r\n",
  ],
  gctf: ["# a\n; b\n1 20000 19000 45 0.5 0.1 5\n2.4 20000 19000 45 0.1 5\n"],
  imod: [
    "37 0 0. 0. 0. 3\n1 1 -60.0 -60.0 3665 3472 -62.1 90 0.02\n2 2 -57.0 -57.0 3600 3400 1.5 90 0.02\n",
    "1 1 -60 -60 7589 2\n",
  ],
};

describe.each(["ctffind", "gctf", "imod"] as const)("CTF tables (%s): a value or our error", (format) => {
  const corpus = CORPUS[format].map((text) => new TextEncoder().encode(text));
  const read = (bytes: Uint8Array) => void parseCtf(bytes, format, "fuzz.txt");
  it("truncated at every byte", () => {
    expect([...truncations(read, corpus)].sort()).toEqual(["FORMAT_FIELD", "read"]);
  });
  it("each word set to what it never is", () => {
    expect([...fields(read, corpus)].sort()).toEqual(["FORMAT_FIELD", "read"]);
  });
  it("random changes and splices", () => mutations(read, corpus, 7));
  it("long lines", () => {
    for (const line of LONG_LINES) expect(["read", "FORMAT_FIELD"]).toContain(outcome(read, line));
  });
});
