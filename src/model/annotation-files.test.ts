import { describe, expect, it } from "vitest";
import {
  annotationFiles,
  annotationPrefix,
  isAnnotationMetadata,
  orientedMeshFolder,
  portalShape,
  viewFolderKey,
} from "./annotation-files.js";

describe("names of annotation files", () => {
  it.each([
    [{ name: "cytosolic ribosome" }, "1.0", "cytosolic_ribosome-1.0"],
    [{ name: "membrane", description: "Inner Membrane" }, "1.0", "inner_membrane-1.0"],
    [{ name: "membrane", description: "" }, "2", "membrane-2"],
    [{ name: "membrane", description: null }, "2", "membrane-2"],
    [{ name: "x", description: "d".repeat(50) }, "1", `${"d".repeat(50)}-1`],
    [{ name: "x", description: "d".repeat(51) }, "1", "x-1"],
    [{ name: "70S Ribosome (E. coli)" }, "V1-2.3", "70s_ribosome__e__coli_-v1_2.3"],
    // one character beyond the basic plane is one character, as Python counts
    [{ name: "α𝛃" }, "1.0", "__-1.0"],
    [{ name: "x", description: "𝛃".repeat(50) }, "1.0", `${"_".repeat(50)}-1.0`],
  ])("%j, version %s", (object, version, prefix) => {
    expect(annotationPrefix(object, version)).toBe(prefix);
  });

  it("metadata end with the digit of their version, data do not", () => {
    expect(["ribosome-1.0.json", "100-foo-1.0_globalcaption.json", "x-1.0_point.ndjson"].map(isAnnotationMetadata)).toEqual([
      true,
      false,
      false,
    ]);
  });

  it("shapes go by the names of the portal's metadata", () => {
    expect(portalShape("SemanticSegmentationMask")).toBe("SegmentationMask");
    expect(portalShape("TriangularMeshGroup")).toBe("TriangularMesh");
    expect(portalShape("InstanceSegmentationMask")).toBe("InstanceSegmentationMask");
  });

  it.each([
    ["Point", ["a/p-1.0_point.ndjson"]],
    ["OrientedPoint", ["a/p-1.0_orientedpoint.ndjson"]],
    ["InstanceSegmentation", ["a/p-1.0_instancesegmentation.ndjson"]],
    ["SegmentationMask", ["a/p-1.0_segmentationmask.zarr", "a/p-1.0_segmentationmask.mrc"]],
    ["SemanticSegmentationMask", ["a/p-1.0_segmentationmask.zarr", "a/p-1.0_segmentationmask.mrc"]],
    ["InstanceSegmentationMask", ["a/p-1.0_instancesegmentationmask.zarr", "a/p-1.0_instancesegmentationmask.mrc"]],
    ["TriangularMesh", ["a/p-1.0_triangularmesh.glb"]],
    ["TriangularMeshGroup", ["a/p-1.0_triangularmesh.glb"]],
    ["GlobalCaption", ["a/p-1.0_globalcaption.json"]],
    ["AnnotationCaption", ["a/p-1.0_instancesegmentation_caption.json"]],
  ])("files of %s", (shape, keys) => {
    expect(annotationFiles("a", "p-1.0", shape, "InstanceSegmentation").map(({ key }) => key)).toEqual(keys);
  });

  it("folders for viewers bear the annotation's number, whatever the file is called", () => {
    const spacing = "1/a/Reconstructions/VoxelSpacing4.990";
    const folder = (name: string) => `${spacing}/NeuroglancerPrecompute/${name}`;
    expect(viewFolderKey(spacing, 101, `${spacing}/Annotations/101/80s-1.0_point.ndjson`)).toBe(folder("101-80s-1.0_point"));
    expect(viewFolderKey(spacing, 7, "70-2.10_segmentationmask.zarr/")).toBe(folder("7-70-2.10_segmentationmask"));
    expect(orientedMeshFolder(folder("7-a_orientedpoint-1.0_orientedpoint"))).toBe(folder("7-a_orientedpoint-1.0_orientedmesh"));
  });
});
