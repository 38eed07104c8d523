import { expect, it } from "vitest";
import { laboratoryWith, mrcFile } from "../../../../../test/laboratory-kit.js";
import { decisionsOf, recognisedIn } from "../know.js";

const { signal } = new AbortController();

/** Two specimens with a series of one name, and picks of the second. */
async function picks(second: Uint8Array<ArrayBuffer>): Promise<{ role: string | undefined; because: string | undefined }> {
  const laboratory = await laboratoryWith({
    "mito/TS_01.rec": mrcFile([20, 40, 40], 10, { seed: 1 }),
    "bact/TS_01.mrc": second,
    "bact/TS_02.mrc": mrcFile([20, 40, 40], 10, { seed: 3 }),
    "bact/picks/TS_01_receptors.csv": "x,y,z\n10,12,5\n30,31,12\n",
  });
  const { files } = await decisionsOf(laboratory, await recognisedIn(laboratory, signal), signal);
  const { role, because } = files.get("bact/picks/TS_01_receptors.csv") ?? {};
  return { role, because };
}

it("picks that lie beside an empty tomogram of their name are not those of another specimen's", async () => {
  expect(await picks(new Uint8Array(0))).toEqual({
    role: "left out",
    because: "bact/TS_01.mrc, the nearest volume that is called so, is an empty file",
  });
});
