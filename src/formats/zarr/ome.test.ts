import { describe, expect, it } from "vitest";
import { isEmporiumError } from "../../core/errors.js";
import type { JsonObject } from "../../core/json.js";
import { angstromPerUnit, omeZarrAttributes, parseOmeZarr, pyramidShapes } from "./ome.js";

const scale = (...numbers: number[]) => ({ type: "scale", scale: numbers });
const translation = (...numbers: number[]) => ({ type: "translation", translation: numbers });
const axes = (unit?: string) => ["z", "y", "x"].map((name) => ({ name, type: "space", ...(unit ? { unit } : {}) }));
function image(changes: JsonObject = {}): JsonObject {
  const datasets = [{ path: "0", coordinateTransformations: [scale(1, 2, 3)] }];
  return { multiscales: [{ version: "0.4", axes: axes("nanometer"), datasets, ...changes }] };
}

function refusal(attributes: JsonObject): [string, string | undefined, string | undefined] {
  try {
    parseOmeZarr(attributes);
  } catch (error) {
    if (!isEmporiumError(error)) throw error;
    return [error.code, error.facts.place?.path, error.facts.hint];
  }
  throw new Error("was read");
}

describe("pyramidShapes", () => {
  it("halves, rounded up, and never below 1", () => {
    expect(pyramidShapes([10, 20, 6])).toEqual([
      [10, 20, 6],
      [5, 10, 3],
      [3, 5, 2],
    ]);
    expect(pyramidShapes([1, 1, 1])).toEqual([
      [1, 1, 1],
      [1, 1, 1],
      [1, 1, 1],
    ]);
  });
  it("keeps the sections of a tilt series", () => {
    expect(pyramidShapes([4, 10, 20], "tiltseries")).toEqual([
      [4, 10, 20],
      [4, 5, 10],
      [4, 3, 5],
    ]);
  });
});

describe("parseOmeZarr", () => {
  it("reads back what is written for the portal", () => {
    const {
      datasets,
      axes: read,
      spatialAxes,
      warnings,
    } = parseOmeZarr(omeZarrAttributes({ kind: "tiltseries", voxelSizeAngstrom: 3.3702 }));
    expect(datasets.map(({ path, voxelSizeAngstrom }) => [path, voxelSizeAngstrom])).toEqual([
      ["0", [3.37, 3.37, 3.37]],
      ["1", [3.37, 6.74, 6.74]],
      ["2", [3.37, 13.48, 13.48]],
    ]);
    expect([read.length, spatialAxes, warnings]).toEqual([3, [0, 1, 2], []]);
  });

  it.each([
    ["angstrom", 1],
    ["Å", 1],
    ["\u212b", 1],
    ["nanometer", 10],
    ["nm", 10],
    ["micrometer", 1e4],
    ["\u00b5m", 1e4],
    ["\u03bcm", 1e4],
    ["millimeter", 1e7],
    ["meter", 1e10],
    ["Micrometer", 1e4],
    ["pixel", undefined],
    ["constructor", undefined],
    [undefined, undefined],
  ])("one %s is %s Å", (unit, factor) => {
    expect(angstromPerUnit(unit)).toBe(factor);
  });

  it("gives voxel sizes in Å, and the assumed unit only where none is written", () => {
    const of = (attributes: JsonObject, unitWhenAbsent?: string) =>
      parseOmeZarr(attributes, "a", { unitWhenAbsent }).datasets[0]!.voxelSizeAngstrom;
    expect(of(image())).toEqual([10, 20, 30]);
    expect(of(image({ axes: axes() }))).toEqual([undefined, undefined, undefined]);
    expect(of(image({ axes: axes() }), "angstrom")).toEqual([1, 2, 3]);
    expect(of(image(), "angstrom")).toEqual([10, 20, 30]);
    expect(of(image({ datasets: [{ path: "0", coordinateTransformations: [scale(0, -2, 3)] }] }))).toEqual([
      undefined,
      undefined,
      30,
    ]);
  });

  it("joins the transformations of array and image", () => {
    const datasets = [{ path: "0", coordinateTransformations: [scale(1, 2, 3), translation(1, 1, 1)] }];
    const { datasets: read } = parseOmeZarr(
      image({ datasets, coordinateTransformations: [scale(2, 2, 2), translation(5, 0, 0)] }),
    );
    expect(read[0]).toMatchObject({ scale: [2, 4, 6], translation: [7, 2, 2] });
  });

  it("finds the spatial axes among others, and leaves z out of a plane", () => {
    const five = ["t", "c", "z", "y", "x"];
    expect(parseOmeZarr({ multiscales: [{ version: "0.3", axes: five, datasets: [{ path: "0" }] }] }).spatialAxes).toEqual([
      2, 3, 4,
    ]);
    expect(parseOmeZarr({ multiscales: [{ datasets: [{ path: "0" }] }] })).toMatchObject({
      version: "0.1",
      spatialAxes: [2, 3, 4],
    });
    const plane = parseOmeZarr({ multiscales: [{ version: "0.4", axes: axes().slice(1), datasets: [{ path: "0" }] }] });
    expect([plane.spatialAxes, plane.warnings]).toEqual([[undefined, 0, 1], [expect.stringContaining("no scale")]]);
  });

  it("warns of names that contradict the order of storage", () => {
    const named = image({ axes: ["x", "y", "z"].map((name) => ({ name, type: "space", unit: "angstrom" })) });
    expect(parseOmeZarr(named)).toMatchObject({
      spatialAxes: [0, 1, 2],
      warnings: ["axes named x, y, z are read in the order they are stored, as z, y, x"],
    });
  });

  it.each(["0.1", "0.2", "0.3", "0.4", "0.4-dev-spatialdata"])("reads version %s", (version) => {
    expect(parseOmeZarr(image({ version })).version).toBe(version);
  });

  it.each([
    ["an empty group", {}, "FORMAT_UNKNOWN", "multiscales"],
    ["no images", { multiscales: [] }, "FORMAT_FIELD", "multiscales"],
    ["0.5", { ome: { version: "0.5" } }, "FORMAT_UNSUPPORTED", "multiscales.0.version"],
    ["0.10", image({ version: "0.10" }), "FORMAT_UNSUPPORTED", "multiscales.0.version"],
    ["0.5 in the old place", image({ version: "0.5" }), "FORMAT_UNSUPPORTED", "multiscales.0.version"],
    ["no datasets", image({ datasets: [] }), "FORMAT_FIELD", "multiscales.0.datasets"],
    ["a path that leaves", image({ datasets: [{ path: "../0" }] }), "FORMAT_FIELD", "multiscales.0.datasets.0.path"],
    ["an absolute path", image({ datasets: [{ path: "/0" }] }), "FORMAT_FIELD", "multiscales.0.datasets.0.path"],
    ["a path with a backslash", image({ datasets: [{ path: "..\\0" }] }), "FORMAT_FIELD", "multiscales.0.datasets.0.path"],
    ["an empty path", image({ datasets: [{ path: "" }] }), "FORMAT_FIELD", "multiscales.0.datasets.0.path"],
    ["no path", image({ datasets: [{}] }), "FORMAT_FIELD", "multiscales.0.datasets.0.path"],
    ["an axis twice", image({ axes: ["z", "x", "x"] }), "FORMAT_FIELD", "multiscales.0.axes"],
    ["an axis without name", image({ axes: [{}] }), "FORMAT_FIELD", "multiscales.0.axes.0.name"],
    [
      "a scale of another rank",
      image({ datasets: [{ path: "0", coordinateTransformations: [scale(1, 2)] }] }),
      "FORMAT_FIELD",
      "multiscales.0.datasets.0.coordinateTransformations.0.scale",
    ],
    [
      "a transformation of another kind",
      image({ coordinateTransformations: [{ type: "affine" }] }),
      "FORMAT_FIELD",
      "multiscales.0.coordinateTransformations.0.type",
    ],
  ])("refuses %s", (_, attributes, code, path) => {
    expect(refusal(attributes as JsonObject).slice(0, 2)).toEqual([code, path]);
  });

  it("says where to look instead", () => {
    expect(refusal({ "bioformats2raw.layout": 3 })[2]).toContain("sub-groups");
    expect(refusal({ plate: {} })[2]).toContain("fields");
  });
});
