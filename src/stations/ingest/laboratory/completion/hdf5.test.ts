import { expect, it } from "vitest";
import { laboratoryWith, mrcFile } from "../../../../../test/laboratory-kit.js";
import { givenOf, readDecisions } from "../decisions-file.js";
import { decisionsOf, recognisedIn } from "../know.js";

const { signal } = new AbortController();
/** The beginning of a file of HDF5. */
const hdf5 = Uint8Array.from([0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a, ...new Uint8Array(2048)]);

it("a tomogram in HDF5 is left out and named, and is no twin of the same as MRC", async () => {
  const of = (name: string, seed: number) => ({
    [`${name}/${name}.edf`]: `Setup.DatasetName=${name}\nSetup.PixelSize=0.25\nSetup.RawImageStackExt=mrc\n`,
    [`${name}/${name}.mrc`]: mrcFile([5, 20, 12], 2.5, { kind: "stack", seed }),
    [`${name}/${name}_rec.hdf`]: hdf5,
  });
  const laboratory = await laboratoryWith({
    ...of("TS_01", 1),
    ...of("TS_02", 3),
    "TS_02/TS_02_rec.mrc": mrcFile([8, 10, 6], 5, { seed: 2 }),
  });
  const { files, questions, notes } = await decisionsOf(laboratory, await recognisedIn(laboratory, signal), signal);
  expect(["TS_01/TS_01_rec.hdf", "TS_02/TS_02_rec.hdf", "TS_02/TS_02_rec.mrc"].map((path) => files.get(path)?.role)).toEqual([
    "left out",
    "left out",
    "tomogram",
  ]);
  expect(questions).toEqual([]);
  const told = "TS_01/TS_01_rec.hdf, TS_02/TS_02_rec.hdf: volumes in HDF5 are not read.";
  expect(notes.join("\n")).toContain(told);
  // still so where the file of decisions is given back
  const because = files.get("TS_01/TS_01_rec.hdf")!.because;
  const rows = [1, 2].map((n) => `  - {files: TS_0${n}/TS_0${n}_rec.hdf, is: left out, because: "${because}"}\n`).join("");
  const given = givenOf(readDecisions(`files:\n${rows}`, "lab.decisions.yaml"), laboratory);
  const again = await decisionsOf(laboratory, await recognisedIn(laboratory, signal), signal, given);
  expect(again.notes.join("\n")).toContain(told);
});
