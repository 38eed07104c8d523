import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { aretomoSections, parseAln } from "../../src/formats/alignment/aretomo.js";
import { newstCom, parseComFile, tiltCom } from "../../src/formats/alignment/com-file.js";
import { imodSections, parseXf } from "../../src/formats/alignment/imod.js";
import { parseTiltAngles } from "../../src/formats/tilt-angles/read.js";
import { fields, LONG_LINES, mutations, outcome, type TextReader, truncations } from "./text-formats.js";

const { texts } = JSON.parse(readFileSync(new URL("../golden/alignment/sections.json", import.meta.url), "utf8")) as {
  texts: Record<"xf" | "tlt" | "tiltCom" | "aln", string>;
};
const tilts = parseTiltAngles(texts.tlt, "fuzz.tlt");

const READERS: [string, string, TextReader][] = [
  ["xf", texts.xf, (bytes) => void imodSections({ name: "fuzz.txt", transforms: parseXf(bytes, "fuzz.txt"), tilts })],
  ["aln", texts.aln, (bytes) => void aretomoSections(parseAln(bytes, "fuzz.txt"))],
  [
    "com",
    `${texts.tiltCom}$newstack -StandardInput\nOffsetsInXandY\t0.0,0.0\nBinByFactor 2\n`,
    (bytes) => {
      const file = parseComFile(bytes, "fuzz.txt");
      tiltCom(file);
      newstCom(file);
    },
  ],
];

describe.each(READERS)("alignments (%s): a value or our error", (_, text, read) => {
  const corpus = [text, text.replaceAll("\n", "\r\n")].map((content) => new TextEncoder().encode(content));
  it("truncated at every byte", () => {
    expect([...truncations(read, corpus)].sort()).toEqual(["FORMAT_FIELD", "read"]);
  });
  it("each word set to what it never is", () => {
    expect([...fields(read, corpus)].sort()).toEqual(["FORMAT_FIELD", "read"]);
  });
  it("random changes and splices", () => mutations(read, corpus, 88));
  it("long lines", () => {
    for (const line of LONG_LINES) {
      for (const prefix of ["", "# SEC\n", "$", "# RawSize =", "EXCLUDE "]) {
        const bytes = new TextEncoder().encode(prefix + new TextDecoder().decode(line));
        expect(["read", "FORMAT_FIELD"]).toContain(outcome(read, bytes));
      }
    }
  });
});
