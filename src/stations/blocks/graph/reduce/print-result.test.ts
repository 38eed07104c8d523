import { expect, it } from "vitest";
import { formatsOf } from "./print-result.js";

it("results are written as what they are: folders of files or of meshes, tables of points, or JSON", () => {
  expect([formatsOf("save"), formatsOf("meshes")]).toEqual([["files"], ["precomputed-mesh"]]);
  for (const name of ["points", "maxima"]) expect(formatsOf(name)).toEqual(["json", "csv", "ndjson"]);
  expect(formatsOf("statistics")).toEqual(["json"]);
});
