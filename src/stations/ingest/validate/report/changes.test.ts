import { describe, expect, it } from "vitest";
import type { ReportedFinding } from "../tally.js";
import { changesOf } from "./changes.js";

const finding = (check: string, run: string, more: Partial<ReportedFinding> = {}): ReportedFinding => ({
  ...{ check, severity: "fail", mark: "run", entity: `run ${run}`, dataset: "1", run, key: `1/${run}/a.json` },
  ...{ message: "1, wanted: 2", found: "1", wanted: "2" },
  ...more,
});

describe("what changed since the report before", () => {
  it("finds what is new, gone and unchanged", () => {
    const [a, b, c] = [finding("x.a", "r1"), finding("x.b", "r1"), finding("x.a", "r2")];
    expect(changesOf([a, b], [c, a])).toEqual({ isNew: [true, false], gone: [b] });
  });

  it("takes another line or value of the same field as the same finding", () => {
    expect(changesOf([finding("x.a", "r1", { line: 3, found: "7" })], [finding("x.a", "r1", { line: 4, found: "8" })])).toEqual({
      isNew: [false],
      gone: [],
    });
  });

  it("of several in one file, the one that is gone is the one whose line is gone", () => {
    const [one, two, three] = [1, 2, 3].map((line) => finding("x.a", "r1", { line, found: String(line) }));
    expect(changesOf([one!, two!, three!], [one!, three!]).gone).toEqual([two]);
    expect(changesOf([one!, three!], [one!, two!, three!]).isNew).toEqual([false, true, false]);
  });
});
