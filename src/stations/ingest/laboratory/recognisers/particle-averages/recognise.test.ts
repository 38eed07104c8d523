import { expect, it } from "vitest";
import { laboratoryWith, mrcFile } from "../../../../../../test/laboratory-kit.js";
import { particleAverages } from "./recognise.js";

const cube = mrcFile([8, 8, 8], 2);

it("small cubes are averages by their names, and particles by their number", async () => {
  const particles = Object.fromEntries(
    Array.from({ length: 20 }, (_, i) => [`data/particle_${String(i + 1).padStart(6, "0")}.mrc`, cube]),
  );
  const found = await particleAverages.recognise(
    await laboratoryWith({
      "run_it025_class001.mrc": cube, // RELION
      "run_half1_class001_unfil.mrc": cube,
      "pi_AvgVol_4P120.mrc": cube, // PEET
      "ribosome_reference.mrc": cube,
      "template.mrc": cube,
      ...particles,
      "sub/TS_01_subtomo000003.mrc": cube, // RELION 3, with the half of a CTF that is stored
      "sub/TS_01_ctf000003.mrc": mrcFile([8, 8, 5], 2),
      "renamed/TS_01/3_stack2d.mrcs": mrcFile([5, 8, 8], 2, { kind: "stack" }), // RELION 5
      "stacks/3_stack2d.mrcs": mrcFile([5, 9, 8], 2, { kind: "stack" }),
      "TS_01_ctf000004.mrc": mrcFile([8, 8, 6], 2),
      "TS_01.mrc": cube,
      "TS_02_ref.mrc": mrcFile([6, 10, 10], 8),
      "preference_03.mrc": cube,
      "reference.txt": "x",
    }),
  );
  expect(found!.claims.map(({ path }) => path).filter((path) => !path.startsWith("data/"))).toEqual([
    "pi_AvgVol_4P120.mrc",
    "renamed/TS_01/3_stack2d.mrcs",
    "ribosome_reference.mrc",
    "run_half1_class001_unfil.mrc",
    "run_it025_class001.mrc",
    "sub/TS_01_ctf000003.mrc",
    "sub/TS_01_subtomo000003.mrc",
    "template.mrc",
  ]);
  expect(found!.claims.filter(({ path }) => path.startsWith("data/"))).toHaveLength(20);
});
