import { expect, it } from "vitest";
import { laboratoryWith, mrcFile } from "../../../../../../test/laboratory-kit.js";
import { deepetpicker } from "./recognise.js";

const volume = mrcFile([6, 10, 10], 10, { seed: 1 });
const coords = "1\t5\t6\t3\n2\t7\t8\t4\n";
const LAB = {
  "tomograms/TS_01.mrc": volume,
  "pick/coords/num_name.csv": "2.0\tTS_01\t0\n",
  "pick/coords/TS_01.coords": coords,
  "pick/raw_data/TS_01.coords": coords,
  "pick/raw_data/TS_01.mrc": volume,
  "pick/data_std/TS_01.mrc": volume,
  "pick/data_std/TS_02.mrc": volume,
  "pick/sphere7/TS_01.mrc": volume,
  "pick/data_ocp/TS_01.mrc": volume,
  "pick/final/TS_01.mrc": volume,
  "pick/runs/a/version_0/Coords_All/TS_01.coords": coords,
  "pick/runs/a/version_0/Coords_withArea/TS_01.coords": "1.0\t5.0\t6.0\t3.0\t0.2\n",
  "other/data_std/TS_01.mrc": volume,
};

it("what DeepETPicker was trained with is no tomogram and no list of particles, and what it picked counts once", async () => {
  const found = await deepetpicker.recognise(await laboratoryWith(LAB));
  expect(found!.software).toBe("DeepETPicker");
  expect(Object.fromEntries(found!.claims.map(({ path, because }) => [path, because]))).toEqual({
    "pick/coords/TS_01.coords": "places to train DeepETPicker with",
    "pick/coords/num_name.csv": "places to train DeepETPicker with",
    "pick/data_ocp/TS_01.mrc": "labels to train DeepETPicker with",
    "pick/data_std/TS_01.mrc": "a tomogram as DeepETPicker normalises it",
    "pick/data_std/TS_02.mrc": "a tomogram as DeepETPicker normalises it",
    "pick/raw_data/TS_01.coords": "places to train DeepETPicker with",
    "pick/runs/a/version_0/Coords_withArea/TS_01.coords": "the same particles as pick/runs/a/version_0/Coords_All/TS_01.coords",
    "pick/sphere7/TS_01.mrc": "labels to train DeepETPicker with",
  });
});

it("a folder without its list of names is of something else", async () => {
  const { "pick/coords/num_name.csv": _, ...rest } = LAB;
  expect(await deepetpicker.recognise(await laboratoryWith(rest))).toBeUndefined();
  const table = { ...rest, "pick/coords/num_name.csv": "number,name\n3,TS_01\n" };
  expect(await deepetpicker.recognise(await laboratoryWith(table))).toBeUndefined();
});
