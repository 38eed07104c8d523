import { createElement } from "react";
import { renderToStaticMarkup } from "react-dom/server";
import { describe, expect, it } from "vitest";
import { CatalogueNotices, failedText } from "./catalogue-notices.js";

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

describe("notices of a catalogue", () => {
  const shown = (facts: object, changed?: string) =>
    renderToStaticMarkup(
      createElement(CatalogueNotices, { catalogue: facts, place: { name: "portal" }, changed } as unknown as Parameters<
        typeof CatalogueNotices
      >[0]),
    ).replace(/<[^>]*>/g, "");

  it("name the first five datasets of other trees", () => {
    const of = (count: number) => shown({ otherDatasets: [1, 2, 3, 4, 5, 6].slice(0, count) });
    expect(of(0)).toBe("");
    expect(of(1)).toContain("1 dataset of other trees (1): listed here");
    expect(of(5)).toContain("5 datasets of other trees (1, 2, 3, 4, 5): listed here");
    expect(of(6)).toContain("6 datasets of other trees (1, 2, 3, 4, 5, …): listed here");
  });

  it.each([
    [-5, "0 min ago"],
    [0, "0 min ago"],
    [59, "59 min ago"],
    [60, "1 h ago"],
    [23 * 60, "23 h ago"],
  ])("say how long ago the tree changed: %s minutes", (minutes, words) => {
    expect(shown({}, new Date(Date.now() - minutes * 60_000).toISOString())).toContain(`it changed ${words}.`);
  });

  it("say on which day it changed, where that is not today", () => {
    expect(shown({}, "2026-01-02T12:00:00Z")).toContain("it changed on 2026-01-02.");
  });
});
