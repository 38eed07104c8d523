import { describe, expect, it } from "vitest";
import { laboratoryWith, mrcFile, withTilts } from "../../../../test/laboratory-kit.js";
import { angleTable } from "./angle-tables.js";
import { configurationOf } from "./configuration/configuration.js";
import { decisionsOf, recognisedIn } from "./know.js";

const { signal } = new AbortController();
const stack = (seed: number) => mrcFile([4, 48, 40], 2.5, { kind: "stack", seed });
const moved = "-2\n7\n16\n25\n";
const LAB = {
  "TS_01/TS_01.mrc": stack(1),
  "TS_02/TS_02.mrc": stack(2),
  "TS_01/TS_01.tlt": moved,
  "TS_02/TS_02.tlt": moved,
  "TS_01/TS_01_rec.mrc": mrcFile([6, 12, 10], 10, { seed: 3 }),
};
const rows = (series: string, angles: readonly number[]) => angles.map((angle, at) => `${series}\t${at + 1}\t${angle}.00\t3.1\n`);
const TABLE = ["tilt_series\tsection\tnominal_tilt\tdose\n", ...["TS_01", "TS_02"].flatMap((one) => rows(one, [-11, -2, 7, 16]))];

async function told(files: Record<string, string | Uint8Array>) {
  const laboratory = await laboratoryWith({ ...LAB, ...files });
  const decisions = await decisionsOf(laboratory, await recognisedIn(laboratory, signal), signal);
  const { yaml } = await configurationOf(laboratory, decisions, { sourcePrefix: "", answers: {}, heading: [] });
  return { yaml, because: (path: string) => decisions.files.get(path)?.because };
}

describe("tilts of many series in one table", () => {
  it("are those as recorded, where lists have those that an alignment moved", async () => {
    const { yaml, because } = await told({ "tilts.tsv": TABLE.join("") });
    expect(yaml).toContain("tilt_range: {min: -11.0, max: 16.0}");
    expect(yaml).toContain("tilts.tsv has the angles");
    expect(because("tilts.tsv")).toContain("the tilt angles of 2 series");
  });

  it("are those behind the header of the stack before all that an alignment or a table has", async () => {
    const { yaml } = await told({
      "TS_01/TS_01.mrc": withTilts(stack(1), [-12, -3, 6, 15]),
      "TS_02/TS_02.mrc": withTilts(stack(2), [-12, -3, 6, 15]),
      "tilts.tsv": TABLE.join(""),
    });
    expect(yaml).toContain("tilt_range: {min: -12.0, max: 15.0}");
    expect(yaml).toContain("its extended header has the angles");
    expect(yaml).toContain("tilt_step: 9.0");
  });

  it("are those of RELION's table of the series, too", async () => {
    const star = (name: string) =>
      `data_${name}\n\nloop_\n_rlnMicrographName #1\n_rlnTomoNominalStageTiltAngle #2\n${[-11, -2, 7, 16].map((angle, at) => `${at}@a.mrc ${angle}\n`).join("")}`;
    const { yaml } = await told({
      "relion/default_pipeline.star": "data_pipeline_general\n\n_rlnPipeLineJobCounter 2\n",
      "relion/Tomograms/job001/tilt_series/TS_01.star": star("TS_01"),
      "relion/Tomograms/job001/tilt_series/TS_02.star": star("TS_02"),
    });
    expect(yaml).toContain("RELION's table of the series has the angles");
    expect(yaml).not.toContain("min: -2.0");
  });

  it("are not taken from columns of other angles, of other names, or where two may be it", () => {
    const runs = ["TS_01", "TS_02"];
    expect(angleTable(TABLE.join(""), runs)?.angles.get("TS_02")).toEqual([-11, -2, 7, 16]);
    for (const name of ["refined_tilt", "tilt_axis_angle", "dose"])
      expect(angleTable(TABLE.join("").replace("nominal_tilt", name), runs)).toBeUndefined();
    expect(angleTable(TABLE.join("").replace("section", "angle"), runs)).toBeUndefined();
    expect(angleTable(TABLE.join(""), ["other"])).toBeUndefined();
    expect(angleTable(TABLE.slice(0, 3).join(""), runs)).toBeUndefined();
  });
});
