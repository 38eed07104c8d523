import { describe, expect, it } from "vitest";
import { ENUMS } from "../../src/model/enums.js";
import { shapeWords } from "../../src/model/shape-words.js";
import { allShapeWords, choicesInWords, objectsOf, valueWords } from "./value-words.js";

describe("shapes in words (37.9)", () => {
  it("has a word without capitals for each name of the portal", () => {
    for (const stored of ENUMS.annotation_file_shape_type) expect(shapeWords(stored), stored).toMatch(/^[a-z]+(?: [a-z]+)?$/);
  });

  it("says each kind once", () => {
    expect(allShapeWords(["Mesh", "TriangularMesh", "OrientedPoint", null])).toBe("mesh, oriented points");
    expect(allShapeWords([])).toBe("");
  });

  it("has no number of objects where an archive writes 0 for a mask", () => {
    expect(objectsOf(0, ["SegmentationMask"])).toBeNull();
    expect(objectsOf(0, ["Point"])).toBe(0);
    expect(objectsOf(0, ["Point", "Mesh"])).toBeNull();
    expect(objectsOf(12, ["InstanceSegmentationMask"])).toBe(12);
    expect(objectsOf(null, ["Mesh"])).toBeNull();
  });

  it("spells what nobody has reported in one way, and leaves what people wrote", () => {
    const words = (facet: string, ...values: string[]) => values.map((value) => valueWords(facet, value));
    expect(words("tissue", "not_reported", "not reported", "spore")).toEqual(["not reported", "not reported", "spore"]);
    expect(words("sample", "cell_line")).toEqual(["cell line"]);
    expect(words("fiducial", "FIDUCIAL", "NON_FIDUCIAL")).toEqual(["with fiducials", "without fiducials"]);
    expect(words("shape", "OrientedPoint")).toEqual(["oriented points"]);
    expect(words("object", "my_membrane")).toEqual(["my_membrane"]);
  });

  it("makes one choice of values that are written alike", () => {
    const values = [
      { value: "not_reported", count: 3 },
      { value: "spore", count: 2 },
      { value: "not reported", count: 1 },
    ];
    expect(choicesInWords("tissue", values)).toEqual([
      { words: "not reported", values: ["not_reported", "not reported"], count: 4 },
      { words: "spore", values: ["spore"], count: 2 },
    ]);
  });
});
