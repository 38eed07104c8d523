import { describe, expect, it } from "vitest";
import type { Claim, Question, Recognised } from "./claims.js";
import { inRuns } from "./runs-of-files.js";

describe("what an answer says of the run of a file", () => {
  it("holds for the run that the file is claimed for when runs were joined", () => {
    const path = "run002/Position_1.aln";
    const question: Question = {
      id: "whose-1",
      text: "Are the files called Position_1 of one tilt series?",
      files: [path],
      isOfRuns: true,
      options: [
        {
          answer: "separate-runs",
          says: "several",
          claims: [],
          runs: [{ path, run: "run002_Position_1", isOf: "a_Position_1" }],
        },
      ],
    };
    const claim = {
      path,
      run: "run002_Position_1",
      role: "alignment",
      because: "AreTomo wrote it",
      strength: "bookkeeping",
    } as const;
    const recognised: Recognised[] = [{ software: "", by: [], claims: [claim], questions: [question] }];
    const [joined] = inRuns(recognised, [{ path, run: "run002_Position_1", isOf: "run001_Position_1" }]);
    expect(joined!.claims[0]!.run).toBe("run001_Position_1");
    expect(joined!.questions![0]!.options[0]!.runs).toEqual([{ path, run: "run001_Position_1", isOf: "a_Position_1" }]);
    expect(inRuns([joined!], joined!.questions![0]!.options[0]!.runs!)[0]!.claims[0]!.run).toBe("a_Position_1");
  });
});

describe("what is of several runs", () => {
  it("is of those whose files the same program knows, where others have their names", () => {
    const of = (path: string, role: "frame" | "gain", runs: Partial<Claim>): Claim => ({
      path,
      role,
      because: "",
      strength: "bookkeeping",
      ...runs,
    });
    const named = {
      software: "Warp",
      by: [],
      claims: [of("a/1.tif", "frame", { run: "TS_1" }), of("a/gain.mrc", "gain", { runs: ["TS_1", "TS_2"] })],
    };
    const other = {
      software: "",
      by: [],
      claims: [of("b/1.tif", "frame", { run: "TS_1" }), of("c/gain.mrc", "gain", { runs: ["TS_2"] })],
    };
    const told = [
      { path: "a/1.tif", run: "TS_1", isOf: "a_TS_1" },
      { path: "b/1.tif", run: "TS_1", isOf: "b_TS_1" },
    ];
    const gains = inRuns([named, other], told).map(({ claims }) => claims[1]!.runs);
    expect(gains).toEqual([["a_TS_1", "TS_2"], ["TS_2"]]);
  });
});
