import { expect, it } from "vitest";
import { laboratoryWith, mrcFile } from "../../../../../test/laboratory-kit.js";
import { conventions } from "./conventions.js";

it("tomograms in a folder of their own have runs, though their names follow no pattern of the project beside them", async () => {
  const volume = (seed: number) => mrcFile([6, 10, 10], 8, { seed });
  const laboratory = await laboratoryWith({
    "lab/tomograms/cell_01.mrc": volume(1),
    "lab/cell_01.mdoc": "PixelSpacing = 2\n[ZValue = 0]\nTiltAngle = 0\n",
    "lab/meshes/cell_01_vesicles.obj": "v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 3\n",
    "lab/picks/cell_01_ribosomes.csv": "x,y,z\n1,2,3\n",
    "lab/picks/cell_01_tubes.csv": "x,y,z\n1,2,3\n",
    "lab/masks/cell_01_mask.mrc": mrcFile([6, 10, 10], 8),
    "hats/mka2019-12-12-13.rec": volume(2),
    "hats/mka2019-12-12-14.rec": volume(3),
  });
  const { claims } = await conventions(laboratory, []);
  const tomograms = claims.filter(({ role }) => role === "tomogram").map(({ path, run }) => [path, run]);
  expect(Object.fromEntries(tomograms)).toEqual({
    "lab/tomograms/cell_01.mrc": "cell_01",
    "hats/mka2019-12-12-13.rec": "mka2019-12-12-13",
    "hats/mka2019-12-12-14.rec": "mka2019-12-12-14",
  });
});
