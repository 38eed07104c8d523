import { describe, expect, it } from "vitest";
import type { Task } from "../../engine/task.js";
import { locksOf } from "./plan.js";

const names = { depositions: ["7"], datasets: ["10700", "10701"] };
const tasks = (...keys: string[]) => keys.map((key) => ({ outputs: [key] })) as unknown as Task[];

describe("locks", () => {
  it.each<[string, string[], string[]]>([
    ["nothing to do", [], []],
    ["a deposition alone", ["depositions_metadata/7/deposition_metadata.json"], ["deposition-7"]],
    ["what has a number", ["10700/a/TiltSeries/101/a.mrc", "10700/a/Alignments/101/a.xf"], ["deposition-7"]],
    ["a tomogram", ["10700/a/Reconstructions/VoxelSpacing10.000/Tomograms/100/a.zarr/"], ["deposition-7"]],
    ["frames", ["10700/a/Frames/a.mdoc", "10700/a/TiltSeries/101/a.mrc"], ["dataset-10700", "deposition-7"]],
    ["a run's metadata", ["10701/a/run_metadata.json"], ["dataset-10701", "deposition-7"]],
    ["a run that is called like a folder", ["10701/TiltSeries/100/x.json"], ["dataset-10701", "deposition-7"]],
    ["key photos", ["10700/Images/snapshot.png"], ["dataset-10700", "deposition-7"]],
  ])("%s", (_what, keys, expected) => {
    expect(locksOf(tasks(...keys), names)).toEqual(expected);
  });
});
