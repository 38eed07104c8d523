import { describe, expect, it } from "vitest";
import { laboratoryWith, mrcFile } from "../../../../test/laboratory-kit.js";
import { decisionsOf, recognisedIn } from "./know.js";

const volume = (seed: number) => mrcFile([6, 20, 20], 10, { seed });
const stack = (seed: number) => mrcFile([5, 20, 20], 4, { kind: "stack", seed });
const RECORDED = {
  "tilts/TS_01.st": stack(1),
  "tilts/TS_02.st": stack(2),
  "tomograms/TS_01.mrc": volume(3),
  "tomograms/TS_02.mrc": volume(4),
};
const LIST = `Density\tMicrographs\tPolyData\tTomo3D\tType\tLabel\tCode\tPolymer\tX\tY\tZ\tQ1\tQ2\tQ3\tQ4\n${"tomo_001_den.mrc\ta\tb\tc\tSAWLC\t1\tpdb_4v6f\t0\t50\t60\t30\t1\t0\t0\t0\n".repeat(3)}`;

async function decided(files: Record<string, string | Uint8Array>) {
  const laboratory = await laboratoryWith(files);
  const { signal } = new AbortController();
  return decisionsOf(laboratory, await recognisedIn(laboratory, signal), signal);
}

describe("what was simulated", () => {
  it("is asked about, and left out, wherever PolNet has written it", async () => {
    const { files, runs, questions } = await decided({
      ...RECORDED,
      "more/tomo_001/tomo_001_den.mrc": volume(5),
      "more/tomo_001/tomo_001_rec_snr1.0.mrc": volume(6),
      "more/tomo_001/tomo_001_mics_snr1.0.mrc": stack(7),
      "more/tomo_001/tomo_001_motif_list.csv": LIST,
    });
    expect(runs).toEqual(["TS_01", "TS_02"]);
    expect(files.get("more/tomo_001/tomo_001_rec_snr1.0.mrc")).toMatchObject({
      role: "left out",
      because: "simulated by PolNet, as tomo_001_motif_list.csv says",
    });
    expect(files.get("more/tomo_001/tomo_001_motif_list.csv")?.role).toBe("left out");
    expect(questions.map(({ id, answer }) => `${id} ${answer}`)).toEqual(["simulated leave-out"]);
  });

  it("tells nothing of the series that it is called after", async () => {
    const { files, runs, questions } = await decided({
      ...RECORDED,
      "faket/TS_01_style/projections.mrc": stack(8),
      "faket/TS_01_style/TS_01.mrc": volume(9),
      "denoised/TS_01.mrc": volume(3),
    });
    expect(runs).toEqual(["TS_01", "TS_02"]);
    expect(files.get("faket/TS_01_style/TS_01.mrc")).toMatchObject({
      role: "left out",
      because: "simulated, by the name of its folder",
    });
    expect(questions.map(({ id }) => id)).toEqual(["simulated"]);
  });

  it("is what the person has come with, where all of it is", async () => {
    const all = Object.fromEntries(Object.entries(RECORDED).map(([path, content]) => [`simulation/${path}`, content]));
    const { runs, questions } = await decided(all);
    expect([runs, questions]).toEqual([["TS_01", "TS_02"], []]);
  });

  it("is no specimen that is called synthetic", async () => {
    const all = Object.fromEntries(Object.entries(RECORDED).map(([path, content]) => [`synthetic_cells/${path}`, content]));
    const { runs, questions } = await decided({ ...all, "other/TS_07.mrc": volume(10) });
    expect(runs).toEqual(["TS_01", "TS_02", "TS_07"]);
    expect(questions).toEqual([]);
  });
});
