import { expect, it } from "vitest";
import { findRunNames, runFinder } from "./run-names.js";

const namesOf = (...paths: string[]) => findRunNames(paths.map((path) => ({ path, kind: "tomogram" }))).names;

it("the voxel size behind the name of a tomogram is not of the run's name", () => {
  expect(namesOf("TS_01_10.00Apx.mrc", "TS_02_10.00Apx.mrc")).toEqual(["TS_01", "TS_02"]);
  expect(namesOf("rec/TS_01_10.00Apx.mrc", "rec/TS_01_5.00Apx.mrc", "rec/TS_02_10.00Apx.mrc")).toEqual(["TS_01", "TS_02"]);
  expect(namesOf("lamella_3.mrc", "lamella_4.mrc")).toEqual(["lamella_3", "lamella_4"]);
  expect(namesOf("only_13.48Apx.mrc")).toEqual(["only"]);
});

it("a run that is called by a number is not found in a number with a decimal point", () => {
  const find = runFinder(["0", "12", "TS_01"]);
  expect(find("extract_0.20/L02_particles.star")).toBeUndefined();
  expect(find("picks/cutoff_0.12.star")).toBeUndefined();
  expect(find("cutoff_0.12/12_particles.star")).toBe("12");
  expect(find("extract_0.20/TS_01.star")).toBe("TS_01");
  expect(find("tomograms/0.mrc")).toBe("0");
});
