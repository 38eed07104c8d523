import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { mdocTimeMs } from "../../src/formats/mdoc/date-time.js";
import { mdocNumbers, parseMdoc, tiltAxisAngle } from "../../src/formats/mdoc/read.js";
import { fields, LONG_LINES, mutations, outcome, truncations } from "./text-formats.js";

const folder = new URL("../fixtures/mdoc/", import.meta.url);
const corpus = readdirSync(folder)
  .sort()
  .map((name) => new Uint8Array(readFileSync(new URL(name, folder))));

function read(bytes: Uint8Array): void {
  const mdoc = parseMdoc(bytes, "fuzz.txt");
  tiltAxisAngle(mdoc);
  for (const { fields: own, dateTime } of mdoc.sections) {
    for (const key of own.keys()) mdocNumbers(own, key);
    mdocTimeMs(dateTime ?? "");
  }
}

describe("mdoc: a value or our error", () => {
  it("truncated at every byte", () => {
    expect([...truncations(read, corpus)].sort()).toEqual(["FORMAT_FIELD", "read"]);
  });
  it("each word set to what it never is", () => {
    expect([...fields(read, corpus)].sort()).toEqual(["FORMAT_FIELD", "read"]);
  });
  it("random changes and splices", () => mutations(read, corpus, 2018));
  it("long lines", () => {
    for (const line of LONG_LINES) {
      for (const prefix of ["", "[T=", "[ZValue = 1]\nTiltAngle = ", "[ZValue = 1]\nSubFramePath = \\\\"]) {
        const head = new TextEncoder().encode(prefix);
        const bytes = new Uint8Array(head.length + line.length);
        bytes.set(head);
        bytes.set(line, head.length);
        expect(["read", "FORMAT_FIELD"]).toContain(outcome(read, bytes));
      }
    }
  });
});
