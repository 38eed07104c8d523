import { expect, it } from "vitest";
import { findRunNames } from "./run-names.js";

const namesOf = (...paths: string[]) => findRunNames(paths.map((path) => ({ path, kind: "tomogram" }))).names;

it("the voxel size behind the name of a tomogram is not of the run's name", () => {
  expect(namesOf("TS_01_10.00Apx.mrc", "TS_02_10.00Apx.mrc")).toEqual(["TS_01", "TS_02"]);
  expect(namesOf("rec/TS_01_10.00Apx.mrc", "rec/TS_01_5.00Apx.mrc", "rec/TS_02_10.00Apx.mrc")).toEqual(["TS_01", "TS_02"]);
  expect(namesOf("lamella_3.mrc", "lamella_4.mrc")).toEqual(["lamella_3", "lamella_4"]);
  expect(namesOf("only_13.48Apx.mrc")).toEqual(["only"]);
});
