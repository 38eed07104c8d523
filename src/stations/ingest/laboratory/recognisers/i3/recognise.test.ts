import { expect, it } from "vitest";
import { laboratoryWith, mrcFile } from "../../../../../../test/laboratory-kit.js";
import { i3 } from "./recognise.js";

const LAB = {
  "sta/defs/maps": "../maps TS_03_bin8.mrc ../maps/TS_03.tlt\n",
  "sta/defs/sets": "TS_03_bin8.mrc TS_03_hiv\n",
  "sta/maps/TS_03_bin8.mrc": mrcFile([4, 8, 8], 10.8),
  "sta/maps/TS_03.tlt": 'TILT SERIES "TS_03"\nEND\n',
  "sta/trf/TS_03_hiv.trf": "TS_03_hiv 3 4 2 0.5 0.1 0.2 1 0 0 0 1 0 0 0 1\n",
};

it("a project has lists of particles, which are told, and texts; its tomograms are nobody's", async () => {
  const { claims } = (await i3.recognise(await laboratoryWith(LAB)))!;
  expect(claims.map(({ path }) => path).sort()).toEqual(
    Object.keys(LAB)
      .filter((path) => !path.endsWith(".mrc"))
      .sort(),
  );
  expect(claims.find(({ path }) => path.endsWith(".trf"))!.because).toMatch(/not read: its columns 2 to 4 are whole voxels/);
});

it("is not seen in other folders called trf", async () => {
  expect(await i3.recognise(await laboratoryWith({ "a/trf/x.trf": "1\n", "a/maps/x.tlt": "1\n" }))).toBeUndefined();
});
