import { expect, it } from "vitest";
import { laboratoryWith } from "../../../../../../test/laboratory-kit.js";
import { pytom } from "./recognise.js";

/** As tests/testData/pickpos_format.xml of PyTom has them. */
const particle = (origin: string) =>
  `  <Particle Filename="particle_0.em">\n    <PickPosition X="3.0" Y="4.0" Z="5.0" Origin="${origin}" Binning="1" RefMarkIndex="1"/>\n  </Particle>\n`;

it("lists of particles are told with their tomograms, and what to write in their place", async () => {
  const laboratory = await laboratoryWith({
    "a/particleList.xml": `<!-- PyTom Version: 1.0 -->\n<ParticleList>\n${particle("../rec/TS_45.rec")}${particle("../rec/TS_45.rec")}</ParticleList>\n`,
    "a/job.xml": '<JobDescription Destination="./results/">\n</JobDescription>\n',
    "b/entry.xml": "<entry/>\n",
  });
  expect((await pytom.recognise(laboratory))!.claims.map(({ path, because }) => [path, because])).toEqual([
    ["a/job.xml", "a project file of PyTom"],
    [
      "a/particleList.xml",
      "a list of particles of PyTom, picked in ../rec/TS_45.rec, which is not read: write X, Y and Z of each PickPosition as CSV",
    ],
  ]);
});

it("is not seen in other texts", async () => {
  expect(await pytom.recognise(await laboratoryWith({ "b/entry.xml": "<entry/>\n" }))).toBeUndefined();
});
