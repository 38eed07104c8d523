import { describe, expect, it } from "vitest";
import { parseVtk } from "./vtk.js";

const HEAD =
  "# vtk DataFile Version 2.0\nby hand\nASCII\nDATASET POLYDATA\nPOINTS 5 double\n0 0 0  1 0 0\n1 1 0 0 1 0\n-1 .5 0\n";
const trianglesOf = (text: string) => [...parseVtk(new TextEncoder().encode(text), "x.vtk")[0]!.triangles];

describe("legacy VTK", () => {
  it("makes fans of polygons", () => {
    expect(trianglesOf(`${HEAD}POLYGONS 2 10\n5 0 1 2 3 4\n3 0 1\n2\n`)).toEqual([0, 1, 2, 0, 2, 3, 0, 3, 4, 0, 1, 2]);
  });

  it("turns every second triangle of a strip", () => {
    expect(trianglesOf(`${HEAD}TRIANGLE_STRIPS 1 6\n5 0 1 3 2 4\n`)).toEqual([0, 1, 3, 1, 2, 3, 3, 2, 4]);
  });

  it("takes offsets and connectivity of any whole type, polygons and strips together", () => {
    const polygons = "POLYGONS 3 7\nOFFSETS vtktypeint64\n0 3 7\nCONNECTIVITY int\n0 1 2 0 2 3 4\n";
    const strips = "TRIANGLE_STRIPS 2 3\nOFFSETS vtktypeint32\n0 3\nCONNECTIVITY vtktypeint32\n4 3 2\n";
    expect(trianglesOf(HEAD + polygons + strips)).toEqual([0, 1, 2, 0, 2, 3, 0, 3, 4, 4, 3, 2]);
  });

  it("passes over empty cells, metadata, fields, and whatever belongs to points and cells", () => {
    const text = HEAD.replace(
      "DATASET",
      "FIELD FieldData 2\nTIME 1 1 double\n3.5\nMETADATA\nINFORMATION 0\n\nids 2 1 int\n4 5\nDATASET",
    );
    const cells =
      "METADATA\nINFORMATION 1\nNAME L2_NORM_RANGE LOCATION vtkDataArray\nDATA 2 0 1.5\n\nVERTICES 0 0\nLINES 1 0\nOFFSETS vtktypeint64\n0\nCONNECTIVITY vtktypeint64\nPOLYGONS 1 4\n3 0 1 2\n";
    expect(trianglesOf(`${text}${cells}\nPOINT_DATA 5\nSCALARS s float\nLOOKUP_TABLE default\nand anything else`)).toEqual([
      0, 1, 2,
    ]);
  });
});
