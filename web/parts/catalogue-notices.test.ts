import { describe, expect, it } from "vitest";
import { failedText } from "./catalogue-notices.js";

describe("a catalogue that could not be brought up to date (37.6)", () => {
  const error = {
    code: "METADATA_JSON",
    message: "no JSON: a comma is missing in line 3",
    path: "10401/TS_0002/run_metadata.json",
    hint: "write the document again",
  };
  const again = "emporium catalog import portal";

  it("says which part, the file and why, what is in it, and how all errors are listed", () => {
    expect(failedText({ error, inPart: { runsDone: 13, runsFailed: 1, errors: 3 } }, again)).toBe(
      "1 of 14 runs could not be brought into the catalogue: no JSON: a comma is missing in line 3 (10401/TS_0002/run_metadata.json); write the document again. 13 runs are in it. 2 more errors: emporium catalog import portal lists them.",
    );
  });

  it("names no number of runs where it did not come so far", () => {
    expect(
      failedText(
        { error: { code: "CATALOG", message: "the database does not answer", hint: "emporium doctor says why" } },
        again,
      ),
    ).toBe("The catalogue could not be brought up to date: the database does not answer; emporium doctor says why");
  });
});
