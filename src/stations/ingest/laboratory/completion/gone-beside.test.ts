import { expect, it } from "vitest";
import { laboratoryWith, mrcFile } from "../../../../../test/laboratory-kit.js";
import { type Decision, NOTHING_GIVEN } from "../decide.js";
import { decisionsOf, recognisedIn } from "../know.js";
import { leaveThoseOfNamesakes } from "./gone-beside.js";

const { signal } = new AbortController();

/** Two specimens with a series of one name, of which the second is empty, and picks. */
async function picks(path: string): Promise<{ role: string | undefined; because: string | undefined }> {
  const laboratory = await laboratoryWith({
    "mito/TS_01.rec": mrcFile([20, 40, 40], 10, { seed: 1 }),
    "bact/TS_01.mrc": new Uint8Array(0),
    "bact/TS_02.mrc": mrcFile([20, 40, 40], 10, { seed: 3 }),
    [path]: "x,y,z\n10,12,5\n30,31,12\n",
  });
  const { files } = await decisionsOf(laboratory, await recognisedIn(laboratory, signal), signal);
  const { role, because } = files.get(path) ?? {};
  return { role, because };
}

it("picks that lie beside an empty tomogram of their name are not those of another specimen's", async () => {
  expect(await picks("bact/picks/TS_01_receptors.csv")).toEqual({
    role: "left out",
    because: "bact/TS_01.mrc, the nearest volume that is called so, is an empty file",
  });
});

it("picks that lie no nearer to it are of the tomogram that is there", async () => {
  expect((await picks("picks/TS_01_receptors.csv")).role).toBe("points");
});

/** Two specimens with series of the same names, of which the first series of the second is gone, and its picks are not. */
async function namesakes(path: string): Promise<string | undefined> {
  const laboratory = await laboratoryWith({
    "mito/TS_01.rec": mrcFile([20, 40, 40], 10, { seed: 1 }),
    "mito/TS_02.rec": mrcFile([20, 40, 40], 10, { seed: 2 }),
    "bact/TS_02.rec": mrcFile([20, 44, 44], 10, { seed: 3 }),
    [path]: "x,y,z\n10,12,5\n30,31,12\n",
  });
  const recognised = await recognisedIn(laboratory, signal);
  const asked = await decisionsOf(laboratory, recognised, signal);
  const question = asked.questions.find(({ options }) => options.some(({ answer }) => answer === "separate-runs"));
  const answers = new Map([[question!.id, "separate-runs"]]);
  const { files } = await decisionsOf(laboratory, recognised, signal, { ...NOTHING_GIVEN, answers });
  const { role, run, because } = files.get(path) ?? {};
  return role === "points" ? run : because;
}

it("picks in a folder whose series are called as those of another are not given to a series that only the other has", async () => {
  expect(await namesakes("bact/picks/TS_01.csv")).toBe(
    "bact and mito have different series of one name, and of TS_01 nothing is in bact",
  );
  expect(await namesakes("mito/picks/TS_01.csv")).toBe("TS_01");
  expect(await namesakes("picks/TS_01.csv")).toBe("TS_01");
});

it("picks that are called after their session are of it, though the folder around them has volumes of another session alone", () => {
  const made = (path: string, role: Decision["role"], run: string): [string, Decision] => [
    path,
    {
      path,
      role,
      run,
      runs: undefined,
      sameRunAs: undefined,
      copyOf: undefined,
      because: "",
      strength: "name",
      by: "",
      details: {},
    },
  ];
  const files = new Map([
    made("raw/240611_gridA/TS_01.rec", "tomogram", "240611_gridA_TS_01"),
    made("raw/240612_gridB/TS_01.rec", "tomogram", "240612_gridB_TS_01"),
    made("picking/rescaled/gridA_TS_01_10A.mrc", "tomogram", "240611_gridA_TS_01"),
    made("picking/gridB_TS_01/receptors.csv", "points", "240612_gridB_TS_01"),
    made("picking/TS_01/receptors.csv", "points", "240612_gridB_TS_01"),
  ]);
  leaveThoseOfNamesakes(files);
  expect(files.get("picking/gridB_TS_01/receptors.csv")!.role).toBe("points");
  expect(files.get("picking/TS_01/receptors.csv")!.role).toBe("left out");
});
