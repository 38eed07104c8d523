import { expect, it } from "vitest";
import { laboratoryWith, mrcFile } from "../../../../../test/laboratory-kit.js";
import { decisionsOf, recognisedIn } from "../know.js";

const { signal } = new AbortController();

it("images on which RAPTOR has worked are left out, also where nothing else is left", async () => {
  const images = (seed: number) => mrcFile([5, 24, 24], 4, { kind: "stack", seed });
  const laboratory = await laboratoryWith({
    ...{ "x/align/TS_01_RAPTOR.log": "RAPTOR\n", "x/temp/TS_01.mrc": images(1), "y/temp/TS_02.mrc": images(2) },
    ...{ "rec/TS_01.rec": mrcFile([6, 24, 24], 4, { seed: 3 }), "rec/TS_02.rec": mrcFile([6, 24, 24], 4, { seed: 4 }) },
  });
  const { files } = await decisionsOf(laboratory, await recognisedIn(laboratory, signal), signal);
  expect(files.get("x/temp/TS_01.mrc")).toMatchObject({ role: "left out", because: "images that RAPTOR has worked on" });
  expect(files.get("y/temp/TS_02.mrc")?.role).toBe("tilt series");
});
