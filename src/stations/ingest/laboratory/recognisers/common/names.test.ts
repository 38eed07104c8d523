import { expect, it } from "vitest";
import { knownBeginning } from "./names.js";

it("a name begins with one that is known also where blanks stand for its underscores", () => {
  const known = (name: string) => knownBeginning(name, (one) => one === "TS_01" || one === "Zelle 1");
  expect(known("TS_01_EVN.mrc")).toEqual({ begin: "TS_01", rest: "_EVN.mrc" });
  expect(known("TS 01 EVN.mrc")).toEqual({ begin: "TS_01", rest: "_EVN.mrc" });
  expect(known("Zelle 1_lam2.mrc")).toEqual({ begin: "Zelle 1", rest: "_lam2.mrc" });
  expect(known("TS 012.mrc")).toBeUndefined();
});
