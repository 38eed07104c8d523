import { expect, it } from "vitest";
import { laboratoryWith, mrcFile } from "../../../../../../test/laboratory-kit.js";
import { decisionsOf, recognisedIn } from "../../know.js";
import { epu } from "./recognise.js";

const { signal } = new AbortController();
const movie = mrcFile([8, 16, 16], 0.94, { kind: "stack" });
const hole = "FoilHole_9015883_Data_9017347_6_20241021_154915";
const LAB = {
  "spa/EpuSession.dm": "<EpuSessionXml />",
  "spa/Metadata/GridSquare_8999138.dm": "<GridSquareXml />",
  "spa/Atlas/Atlas_1.mrc": mrcFile([4, 16, 16], 5400, { kind: "stack" }),
  "spa/gain_K3.mrc": mrcFile([1, 16, 16], 1),
  [`spa/Images-Disc1/GridSquare_8999138/Data/${hole}_fractions.mrc`]: movie,
  [`spa/Images-Disc1/GridSquare_8999138/Data/${hole}.xml`]: "<MicroscopeImage />",
  [`particles/${hole}_fractions_particles.mrc`]: mrcFile([7, 12, 12], 3.8, { kind: "stack" }),
  "tomo/TS_01.mrc": mrcFile([5, 16, 16], 2, { kind: "stack", seed: 1 }),
  "tomo/FoilHole_TS_02.mrc": mrcFile([5, 16, 16], 2, { kind: "stack", seed: 2 }),
};

it("what EPU recorded is of single particles: no movie of it is a tilt series", async () => {
  const laboratory = await laboratoryWith(LAB);
  const { files, runs, questions } = await decisionsOf(laboratory, await recognisedIn(laboratory, signal), signal);
  expect([...files].flatMap(([path, { role }]) => (role === "tilt series" ? [path] : []))).toEqual([
    "tomo/FoilHole_TS_02.mrc",
    "tomo/TS_01.mrc",
  ]);
  expect([runs.length, questions]).toEqual([2, []]);
});

it("says what each file is, and takes the gain reference of a folder with tilt series for theirs", async () => {
  const found = await epu.recognise(await laboratoryWith(LAB));
  expect(found?.by).toEqual(["spa"]);
  expect(Object.fromEntries(found!.claims.map(({ path, because }) => [path.split("/").at(-1), because]))).toEqual({
    "EpuSession.dm": "a project file of EPU",
    "GridSquare_8999138.dm": "a project file of EPU",
    "Atlas_1.mrc": "the atlas of a session of single particles",
    "gain_K3.mrc": "the gain reference of a session of single particles",
    [`${hole}_fractions.mrc`]: "a movie of single particles, by the name that EPU gave it",
    [`${hole}.xml`]: "of a session of EPU, which records single particles",
    [`${hole}_fractions_particles.mrc`]: "of single particles, by the name that EPU gave it",
  });
  const both = await epu.recognise(await laboratoryWith({ ...LAB, "spa/TS_03.mrc.mdoc": "[ZValue = 0]\n" }));
  expect(both!.claims.map(({ path }) => path)).not.toContain("spa/gain_K3.mrc");
});
