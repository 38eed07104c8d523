import { describe, expect, it } from "vitest";
import { laboratoryWith, mrcFile } from "../../../../../test/laboratory-kit.js";
import { decisionsOf, recognisedIn } from "../know.js";
import { runFinder, tightName } from "../run-names.js";

const { signal } = new AbortController();
const volume = (seed: number) => mrcFile([6, 12, 12], 10, { seed });
const stack = (seed: number) => mrcFile([5, 48, 48], 2.5, { kind: "stack", seed });
const etomo = (name: string, files: Record<string, Uint8Array>) => ({
  [`${name}/${name}.edf`]: `Setup.DatasetName=${name}\nSetup.Version.Etomo.Created=4.11.12\n`,
  ...Object.fromEntries(Object.entries(files).map(([end, bytes]) => [`${name}/${name}${end}`, bytes])),
});

/** The same images, as another program has corrected them for motion. */
function alike(seed: number): Uint8Array {
  const bytes = stack(seed).slice();
  const voxels = new Float32Array(bytes.buffer, 1024);
  for (const [at, value] of voxels.entries()) voxels[at] = value + 0.02 * Math.sin(at);
  return bytes;
}

const mdocOf = (name: string) =>
  `PixelSpacing = 2.5\nImageFile = ${name}.mrc\n\n${[0, 3, 6, 9, 12].map((angle, z) => `[ZValue = ${z}]\nTiltAngle = ${angle}\n\n`).join("")}`;

async function decided(files: Record<string, string | Uint8Array>) {
  const laboratory = await laboratoryWith(files);
  const { runs, questions } = await decisionsOf(laboratory, await recognisedIn(laboratory, signal), signal);
  const kept = questions.find(({ id }) => id.startsWith("names-"))?.options[0]?.says;
  return { runs, kept, asked: questions.map(({ id, answer }) => [id.replace(/-[0-9a-f]+$/, ""), answer]) };
}

describe("(36) names by their letters and numbers", () => {
  it("are one, but for what stands between two numbers", () => {
    expect(["TS_01", "ts01", "ts-1", "TS 001"].map(tightName)).toEqual(["ts1", "ts1", "ts1", "ts1"]);
    expect(tightName("Position_1_2")).not.toBe(tightName("Position_12"));
    expect(tightName("TS_10")).not.toBe(tightName("TS_1"));
  });

  it("tell the run of a path where one run alone is called so", () => {
    const find = runFinder(["TS_01", "TS_02", "lam3", "grid_1_1", "7"]);
    expect(["rec/ts1_rec.mrc", "TS2.rec", "lam_03.mrc", "grid_11.mrc", "x_07.mrc"].map(find)).toEqual([
      ...["TS_01", "TS_02", "lam3", undefined, undefined],
    ]);
    expect(runFinder(["TS_01", "TS_1"])("ts001.mrc")).toBeUndefined();
  });
});

describe("a table with two names in each row", () => {
  const series = { ...etomo("Position_3", { ".st": stack(1) }), ...etomo("Position_8", { ".st": stack(2) }) };
  const made = { ...etomo("yeast_a1", { "_rec.mrc": volume(3) }), ...etomo("yeast_a2", { "_rec.mrc": volume(4) }) };
  const table = "old,new,quality\nPosition_3,yeast_a1,good\nPosition_8,yeast_a2,bad\n";

  it("is asked about, and taken until then where the one has what the other lacks", async () => {
    const { runs, asked } = await decided({ ...series, ...made, "names.csv": table });
    expect(asked).toEqual([["names", "one-run"]]);
    expect(runs).toEqual(["Position_3", "Position_8"]);
  });

  it("is asked about for one pair where another row names what is known to be one, by the folder of a copy", async () => {
    const known = { "curated/yeast_a1/yeast_a1_rec.mrc": volume(8), "Position_3/Position_3_rec.mrc": volume(8) };
    const rest = { ...series, ...known, ...etomo("yeast_a2", { "_rec.mrc": volume(4) }) };
    expect((await decided({ ...rest, "names.csv": table })).asked).toEqual([["names", "one-run"]]);
    expect((await decided({ ...rest, "names.csv": "old,new\nPosition_8,yeast_a2\n" })).asked.map(([id]) => id)).not.toContain(
      "names",
    );
  });

  it("is not taken where both have tomograms, nor asked about where their stacks differ", async () => {
    const more = { "Position_3/Position_3_rec.mrc": volume(5) };
    expect((await decided({ ...series, ...made, ...more, "names.csv": table })).asked).toEqual([["names", "separate-runs"]]);
    const stacks = { "yeast_a1/yeast_a1.st": stack(6), "yeast_a2/yeast_a2.st": stack(7) };
    expect((await decided({ ...series, ...made, ...stacks, "names.csv": table })).asked).toEqual([]);
  });

  it("is taken though both have tomograms, where another row names what has the same voxels; a folder may stand before a name", async () => {
    const day = (date: string, seed: number) =>
      Object.fromEntries(
        [1, 2].flatMap((n) => [
          [`${date}/ts0${n}.st`, stack(seed + n)],
          [`${date}/ts0${n}_rec.mrc`, volume(seed + n)],
        ]),
      );
    const sent = { "from_jana/lam3_07_bin4.mrc": volume(1), "from_jana/lam3_09_bin4_ddw.mrc": volume(40) };
    const table = "yours,mine\n2022-11-03/ts01,lam3_07\n2022-11-03/ts02,lam3_09\n";
    const lab = { ...day("2022-11-03", 0), ...day("2022-11-17", 20), ...sent };
    const { asked, runs } = await decided({ ...lab, "from_jana/names.csv": table });
    expect(asked).toEqual([["names", "one-run"]]);
    expect(runs).toEqual(["2022-11-03_ts01", "2022-11-03_ts02", "2022-11-17_ts01", "2022-11-17_ts02"]);
    const unlike = { ...lab, "from_jana/lam3_07_bin4.mrc": volume(41) };
    expect((await decided({ ...unlike, "from_jana/names.csv": table })).asked).toContainEqual(["names", "separate-runs"]);
  });

  it("is taken for one pair where another row has both names of a run that is called after its folder", async () => {
    const angles = "-6\n-3\n0\n3\n6\n";
    const of = (folder: string, seed: number) => ({
      [`${folder}/TS_1/TS_1.edf`]: "Setup.DatasetName=TS_1\nSetup.Version.Etomo.Created=4.11.12\n",
      [`${folder}/TS_1/TS_1.rawtlt`]: angles,
      [`${folder}/TS_1/TS_1.st`]: stack(seed),
    });
    const files = {
      ...{ ...of("ana", 1), ...of("bo", 2), "ana/upload/wt_01.st": stack(1), "ana/upload/wt_02.st": stack(3) },
      ...etomo("TS_5", { "_rec.mrc": volume(4) }),
    };
    const { runs, asked } = await decided({ ...files, "ana/upload/table.csv": "name,ours\nwt_01,TS_1\nwt_02,TS_5\n" });
    expect(asked).toContainEqual(["names", "one-run"]);
    expect(runs).toEqual(["ana_TS_1", "bo_TS_1", "wt_02"]);
    expect((await decided({ ...files, "ana/upload/table.csv": "name,ours\nwt_02,TS_5\n" })).asked).not.toContainEqual([
      ...["names", "one-run"],
    ]);
  });

  it("is taken though both have stacks and tomograms, where the stacks show the same images, under the name that the mdoc has", async () => {
    const both = { ...series, "Position_3/Position_3_rec.mrc": volume(5), "Position_8/Position_8_rec.mrc": volume(6) };
    const again = { ...made, "yeast_a1/yeast_a1.st": alike(1), "yeast_a2/yeast_a2.st": alike(2) };
    const { asked, kept } = await decided({
      ...both,
      ...again,
      "names.csv": "new,old\nyeast_a1,Position_3\nyeast_a2,Position_8\n",
    });
    expect(asked).toContainEqual(["names", "one-run"]);
    expect(kept).toBe("yes: published as runs yeast_a1, yeast_a2");
    const mdocs = Object.fromEntries(["Position_3", "Position_8"].map((name) => [`${name}.mdoc`, mdocOf(name)]));
    const turned = table.replaceAll(/(Position_\d),(yeast_a\d)/g, "$2,$1");
    expect((await decided({ ...both, ...again, ...mdocs, "names.csv": turned })).kept).toBe(
      "yes: published as runs Position_3, Position_8",
    );
    expect((await decided({ ...both, ...again, "yeast_a2/yeast_a2.st": stack(9), "names.csv": table })).asked).not.toContainEqual(
      ["names", "one-run"],
    );
  });

  it("of a name that stands in another row, too, tells nothing", async () => {
    const table = "session,position,lamella\nMarch,Position_3,lam1\nMay,Position_3,yeast_a1\nMay,Position_8,yeast_a2\n";
    const { asked } = await decided({ ...series, ...made, "positions.csv": table });
    expect(asked).toEqual([]);
  });

  it("of a single row tells nothing", async () => {
    const { asked } = await decided({ ...series, ...made, "names.txt": "Position_3 -> yeast_a1\n" });
    expect(asked).toEqual([]);
  });
});

it("a single series without a tomogram and a single tomogram without a series are asked about", async () => {
  const two = { ...etomo("Position_3", { ".st": stack(1) }), ...etomo("yeast_a1", { "_rec.mrc": volume(3) }) };
  expect(await decided(two)).toEqual({ runs: ["Position_3", "yeast_a1"], asked: [["only-two", "separate-runs"]] });
  // a template of the matching
  const cube = {
    ...etomo("Position_3", { ".st": stack(1) }),
    "template/80S_emd3228.mrc": mrcFile([16, 16, 16], 10, { seed: 4 }),
  };
  expect((await decided(cube)).asked.map(([id]) => id)).not.toContain("only-two");
  const third = etomo("yeast_a2", { "_rec.mrc": volume(4) });
  expect((await decided({ ...two, ...third })).asked).toEqual([]);
});

it("a run of which nothing was recorded, and that has the name of another one with a word, is asked about", async () => {
  const [one, two] = [etomo("TS_01", { ".st": stack(1) }), etomo("TS_02", { ".st": stack(2) })];
  const renamed = etomo("Übung TS_01", { "_rec.mrc": volume(3) });
  const { runs, asked } = await decided({ ...one, ...two, ...renamed });
  expect([runs, asked]).toEqual([["TS_01", "TS_02"], [["called-after", "one-run"]]]);
  // the word is that of a specimen
  const specimens = { ...etomo("wt_TS_01", { "_rec.mrc": volume(3) }), ...etomo("wt_TS_02", { "_rec.mrc": volume(4) }) };
  expect((await decided({ ...one, ...two, ...specimens })).asked).toEqual([]);
  // a number tells another one
  expect((await decided({ ...one, ...two, ...etomo("TS_01_2", { "_rec.mrc": volume(3) }) })).asked).toEqual([]);
});
