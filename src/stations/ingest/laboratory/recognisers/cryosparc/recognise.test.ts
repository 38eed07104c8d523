import { expect, it } from "vitest";
import { laboratoryWith, mrcFile } from "../../../../../../test/laboratory-kit.js";
import { decisionsOf, recognisedIn } from "../../know.js";
import { cryosparc } from "./recognise.js";

const { signal } = new AbortController();
const stack = (sections: number) => mrcFile([sections, 12, 12], 3.3, { kind: "stack", seed: sections });
const map = mrcFile([12, 12, 12], 1.6);
const LAB = {
  "P12/project.json": "{}",
  "P12/J5/J5.csg": "group:\n  name: output\n",
  "P12/J5/job.json": "{}",
  "P12/J5/extract/013361838351298364391_movie_particles.mrc": stack(7),
  "P12/J5/any_name.mrc": map,
  "maps/J34_005_volume_map_half_A.mrc": map,
  "maps/J8_class_00_final_volume.mrc": map,
  "maps/cryosparc_P12_J6_020_class_averages.mrc": stack(10),
  "lamellae/J12/J12.mrc": stack(5), // a lamella
  "lamellae/J12/J12_rec.mrc": mrcFile([6, 12, 12], 10, { seed: 2 }),
  "lamellae/J12/J12_volume.mrc": mrcFile([6, 12, 12], 10, { seed: 3 }),
};

it("results of cryoSPARC are of single particles, in the folders of its jobs and under its names elsewhere", async () => {
  const found = await cryosparc.recognise(await laboratoryWith(LAB));
  expect(found?.by).toEqual(["P12/J5"]);
  expect(found!.claims.map(({ path, because }) => `${path.split("/").at(-1)}: ${because.slice(0, 14)}`)).toEqual([
    "J5.csg: a project file",
    "any_name.mrc: a result of cr",
    "013361838351298364391_movie_particles.mrc: a result of cr",
    "job.json: a project file",
    "project.json: a project file",
    "J34_005_volume_map_half_A.mrc: a result of cr",
    "J8_class_00_final_volume.mrc: a result of cr",
    "cryosparc_P12_J6_020_class_averages.mrc: a result of cr",
  ]);
});

it("none of them is published, and nothing is asked about them", async () => {
  const laboratory = await laboratoryWith(LAB);
  const { files, runs, questions } = await decisionsOf(laboratory, await recognisedIn(laboratory, signal), signal);
  const used = [...files.values()].filter(({ role }) => role !== "left out").map(({ path }) => path);
  expect(used.every((path) => path.startsWith("lamellae/"))).toBe(true);
  expect([runs.length, questions.map(({ id }) => id.split("-")[0])]).toEqual([1, ["twins"]]);
});
