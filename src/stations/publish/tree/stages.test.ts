import { describe, expect, it } from "vitest";
import { coveredBy, isOfRun, STAGES, stageOf } from "./stages.js";

const spacing = "10001/TS_01/Reconstructions/VoxelSpacing10.000";
const tomogram = `${spacing}/Tomograms/100`;

describe("(35.2) the stage of a file of a tree", () => {
  it.each<[string, string]>([
    [`${tomogram}/TS_01.mrc`, "body"],
    [`${tomogram}/TS_01.zarr/0/0/0/0`, "body"],
    [`${tomogram}/TS_01.zarr/0/.zarray`, "level"],
    [`${tomogram}/TS_01.zarr/0/zarr.json`, "level"],
    [`${tomogram}/TS_01.zarr/.zattrs`, "volume"],
    [`${tomogram}/TS_01.zarr/.zgroup`, "volume"],
    [`${tomogram}/TS_01.zarr/zarr.json`, "volume"],
    // a file and no folder
    [`${tomogram}/.zattrs.zarr`, "body"],
    [`${spacing}/NeuroglancerPrecompute/100-seg_precompute/info`, "volume"],
    [`${spacing}/NeuroglancerPrecompute/100-seg_precompute/mesh/info`, "level"],
    [`${spacing}/NeuroglancerPrecompute/100-seg_precompute/64x64x64/0-64_0-64_0-64`, "body"],
    [`${spacing}/NeuroglancerPrecompute/100-neuroglancer_config.json`, "view"],
    [`${spacing}/NeuroglancerPrecompute/notes.txt`, "body"],
    [`${spacing}/Annotations/100/actin-1.0.json`, "tomogram"],
    [`${spacing}/Annotations/100/actin-1.0_point.ndjson`, "body"],
    [`${spacing}/Annotations/identified_objects_metadata.json`, "tomogram"],
    [`${tomogram}/tomogram_metadata.json`, "tomogram"],
    ["10001/TS_01/Frames/frames_metadata.json", "series"],
    ["10001/TS_01/TiltSeries/100/tiltseries_metadata.json", "series"],
    ["10001/TS_01/Alignments/100/alignment_metadata.json", "alignment"],
    ["10001/TS_01/run_metadata.json", "run"],
    ["10001/TS_01/other.json", "body"],
    ["10001/dataset_metadata.json", "dataset"],
    ["10001/deposition_metadata.json", "body"],
    ["depositions_metadata/10301/deposition_metadata.json", "deposition"],
    ["depositions_metadata/10301/Images/deposition_metadata.json", "body"],
    ["depositions_metadata/10301/other.json", "body"],
  ])("%s: %s", (key, stage) => {
    expect(stageOf(key)).toBe(stage);
    expect(STAGES).toContain(stage);
    expect(isOfRun(key)).toBe(!["dataset", "deposition"].includes(stage));
  });

  it("comes after those of all that its documents describe", () => {
    const order = (...keys: string[]) => keys.map((key) => STAGES.indexOf(stageOf(key)));
    const line = order(
      `${tomogram}/TS_01.zarr/0/0/0/0`,
      `${tomogram}/TS_01.zarr/0/.zarray`,
      `${tomogram}/TS_01.zarr/.zattrs`,
      `${spacing}/NeuroglancerPrecompute/100-neuroglancer_config.json`,
      "10001/TS_01/TiltSeries/100/tiltseries_metadata.json",
      "10001/TS_01/Alignments/100/alignment_metadata.json",
      `${tomogram}/tomogram_metadata.json`,
      "10001/TS_01/run_metadata.json",
      "10001/dataset_metadata.json",
      "depositions_metadata/10301/deposition_metadata.json",
    );
    expect(line).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });
});

describe("(35.2) a document waits", () => {
  it.each<[string, string[]]>([
    // a view shows what lies beside its folder
    [`${spacing}/NeuroglancerPrecompute/100-neuroglancer_config.json`, [`${spacing}/`]],
    ["10001/TS_01/Alignments/100/alignment_metadata.json", ["10001/TS_01/Alignments/100/", "10001/TS_01/TiltSeries/"]],
    [
      `${tomogram}/tomogram_metadata.json`,
      [`${tomogram}/`, "10001/TS_01/Alignments/", `${spacing}/Images/`, `${spacing}/NeuroglancerPrecompute/`],
    ],
    // of an annotation, which has no pictures of its own
    [`${spacing}/Annotations/100/actin-1.0.json`, [`${spacing}/Annotations/100/`, "10001/TS_01/Alignments/"]],
    ["10001/TS_01/run_metadata.json", ["10001/TS_01/"]],
    ["10001/dataset_metadata.json", ["10001/"]],
    ["depositions_metadata/10301/deposition_metadata.json", ["depositions_metadata/10301/"]],
    [`${tomogram}/TS_01.zarr/0/.zarray`, [`${tomogram}/TS_01.zarr/0/`]],
    ["readme.txt", [""]],
  ])("%s, for what of %j could not be sent", (key, folders) => expect(coveredBy(key)).toEqual(folders));
});
