import { existsSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { laboratoryWith, mrcFile } from "../../../../../../test/laboratory-kit.js";
import { REAL_DATA } from "../../../../../../test/real-data.js";
import { warp } from "./recognise.js";

type Files = Record<string, string | Uint8Array>;
const recognised = async (files: Files) => warp.recognise(await laboratoryWith(files));
/** `role run` by path; of what is left out the reason. */
const toldOf = (found: Awaited<ReturnType<typeof recognised>>) =>
  Object.fromEntries(
    found!.claims.map(({ path, role, run, runs, because }) => [
      path,
      role === "left out" ? because : `${role} ${run ?? runs?.join("+") ?? ""}`.trim(),
    ]),
  );
const told = async (files: Files) => toldOf(await recognised(files));

// Names, columns and parameters as the quick start for tilt series of WarpTools shows them:
// https://warpem.github.io/warp/user_guide/warptools/quick_start_warptools_tilt_series/
const tomostar = (...names: string[]) =>
  `\ndata_\n\nloop_\n_wrpMovieName #1\n_wrpAngleTilt #2\n_wrpAxisAngle #3\n_wrpDose #4\n_wrpAverageIntensity #5\n_wrpMaskedFraction #6\n${names
    .map((name, at) => `../warp_frameseries/${name}   ${2 * at}.01  -93.500  ${at}  3.854  0.000\n`)
    .join("")}`;
const settings = (...parameters: [name: string, value: string][]) =>
  `<?xml version="1.0" encoding="utf-8"?>\n<Settings>\n\t<Import>\n${parameters
    .map(([name, value]) => `\t\t<Param Name="${name}" Value="${value}" />\n`)
    .join("")}\t</Import>\n</Settings>`;
const frameSettings = settings(
  ["DataFolder", "frames"],
  ["ProcessingFolder", "warp_frameseries"],
  ["Extension", "*.mrc"],
  ["GainPath", "gain_ref.mrc"],
);
const tiltSettings = settings(["DataFolder", "tomostar"], ["ProcessingFolder", "warp_tiltseries"], ["Extension", "*.tomostar"]);
const MOVIE = `<?xml version="1.0" encoding="utf-8"?>\n<Movie UnselectFilter="False"><CTF /></Movie>`;
const aligned = (extra = "") =>
  `<?xml version="1.0" encoding="utf-16"?>\n<TiltSeries DataDirectory="/gone/tomostar" AreAnglesInverted="False">\n\t<Angles>0.01\n2.01</Angles>\n\t<AxisAngle>84.5\n84.5</AxisAngle>\n\t<AxisOffsetX>1\n2</AxisOffsetX>\n\t<AxisOffsetY>0\n0</AxisOffsetY>${extra}</TiltSeries>`;
const CTF = `<CTF><Param Name="PixelSize" Value="0.79" /></CTF><GridCTF Width="1" Height="1" Depth="2" Duration="1"><Node X="0" Y="0" Z="0" Value="3.1" /><Node X="0" Y="0" Z="1" Value="3.2" /></GridCTF>`;
const peaks = (name: string, ...rows: string[]) =>
  `\ndata_\n\nloop_\n_rlnCoordinateX #1\n_rlnCoordinateY #2\n_rlnCoordinateZ #3\n_rlnAngleRot #4\n_rlnAngleTilt #5\n_rlnAnglePsi #6\n_rlnMicrographName #7\n_rlnAutopickFigureOfMerit #8\n${rows
    .map((row) => `  ${row}  1  2  3  ${name}.tomostar  9.1\n`)
    .join("")}`;
/** As `ts_export_particles --3d` writes it: pixels of `rlnPixelSize`. */
const exported = (pixel: number, ...rows: [name: string, place: string][]) =>
  `\ndata_\n\nloop_\n_rlnCoordinateX #1\n_rlnCoordinateY #2\n_rlnCoordinateZ #3\n_rlnMicrographName #4\n_rlnImageName #5\n_rlnPixelSize #6\n${rows
    .map(([name, place]) => `  ${place}  ${name}.tomostar  x.mrc  ${pixel.toFixed(5)}\n`)
    .join("")}`;

const volume = mrcFile([4, 6, 5], 10);
const tilt = mrcFile([1, 6, 5], 0.79, { kind: "stack" });
const movie = mrcFile([3, 6, 5], 0.79, { kind: "stack" });
const USUAL: Files = {
  "warp_frameseries.settings": frameSettings,
  "warp_tiltseries.settings": tiltSettings,
  "gain_ref.mrc": tilt,
  "tomostar/TS_1.tomostar": tomostar("a_1.mrc", "a_2.mrc"),
  "tomostar/TS_11.tomostar": tomostar("b_1.mrc"),
  "frames/a_1.mrc": movie,
  "frames/a_2.mrc": movie,
  "frames/b_1.mrc": movie,
  "frames/c_1.mrc": movie,
  "warp_frameseries/a_1.xml": MOVIE,
  "warp_frameseries/average/a_1.mrc": tilt,
  "warp_frameseries/average/odd/a_1.mrc": tilt,
  "warp_frameseries/powerspectrum/a_1.mrc": tilt,
  "warp_tiltseries/TS_1.xml": aligned(CTF),
  "warp_tiltseries/TS_11.xml": aligned(CTF),
  "warp_tiltseries/processed_items.json": "[]",
  "warp_tiltseries/tiltstack/TS_1/TS_1.st": mrcFile([2, 6, 5], 10, { kind: "stack" }),
  "warp_tiltseries/tiltstack/TS_1/TS_1.rawtlt": "0.01\n2.01\n",
  "warp_tiltseries/tiltstack/TS_1/TS_1.xf": "1 0 0 1 0 0\n1 0 0 1 0 0\n",
  "warp_tiltseries/tiltstack/TS_1/TS_1.tlt": "0\n2\n",
  "warp_tiltseries/reconstruction/TS_1_10.00Apx.mrc": volume,
  "warp_tiltseries/reconstruction/TS_11_10.00Apx.mrc": mrcFile([4, 6, 5], 1),
  "warp_tiltseries/reconstruction/TS_1_10.00Apx.png": "png",
  "warp_tiltseries/reconstruction/deconv/TS_1_10.00Apx.mrc": volume,
  "warp_tiltseries/reconstruction/even/TS_1_10.00Apx.mrc": volume,
  "warp_tiltseries/reconstruction/odd/TS_1_10.00Apx.mrc": volume,
  "warp_tiltseries/reconstruction/denoised/TS_1_10.00Apx.mrc": volume,
  "warp_tiltseries/matching/TS_1_10.00Apx_emd_15854.star": peaks("TS_1", "0.5 0.25 0.1", "0.2 0.3 0.4"),
  "warp_tiltseries/matching/TS_1_10.00Apx_emd_15854_corr.mrc": volume,
  "warp_tiltseries/matching/TS_1_10.00Apx_emd_15854_angleid.tif": volume,
  "warp_tiltseries/template/emd_15854.mrc": mrcFile([6, 6, 6], 10),
  "warp_tiltseries/subtomo/TS_1/TS_1_0000000_5.00A.mrc": mrcFile([6, 6, 6], 5),
};

/** Everything lies in the folder of the input, and its files are UTF-16. Source: `MainWindow.xaml.cs` and `TiltSeries.cs` in cramerlab/warp */
describe("projects of Warp 1", () => {
  const utf16 = (text: string) => new Uint8Array(Buffer.from(`\ufeff${text}`, "utf16le"));
  const old = (folder: string, extension: string, gain: string) =>
    utf16(
      settings(
        ["Folder", `Z:\\lab\\${folder.replaceAll("/", "\\")}\\`],
        ["Extension", extension],
        ["GainPath", `Z:\\lab\\gains\\${gain}`],
      ),
    );
  const list = (...names: string[]) => tomostar(...names).replaceAll("../warp_frameseries/", "");
  const series = (folder: string, seed: number): Files => ({
    [`${folder}/TS_1.xml`]: utf16(aligned()),
    [`${folder}/imod/TS_1/TS_1.st`]: mrcFile([2, 6, 5], 2, { kind: "stack", seed }),
    [`${folder}/imod/TS_1/TS_1.rawtlt`]: "0.01\n2.01\n",
    [`${folder}/imod/TS_1/TS_1.xf`]: "1 0 0 1 0 0\n1 0 0 1 0 0\n",
    [`${folder}/imod/TS_1/TS_1.tlt`]: "0\n2\n",
    [`${folder}/reconstruction/TS_1_10.00Apx.mrc`]: volume,
  });
  const two: Files = {
    ...series("grid1/frames", 1),
    ...series("grid2/tomostar", 2),
    ...series("grid2/tomostar_old", 2),
    ...{ "grid1/frames/previous.settings": old("grid1/frames", "*.tomostar", "gain_a.mrc"), "gains/gain_a.mrc": tilt },
    ...{ "grid2/frames/previous.settings": old("grid2/frames", "*.mrc", "gain_b.mrc"), "gains/gain_b.mrc": tilt },
    "grid2/tomostar/previous.settings": old("grid2/tomostar", "*.tomostar", "gain_b.mrc"),
    ...{ "grid1/frames/TS_1.tomostar": list("a_1.mrc", "a_2.mrc"), "grid1/frames/a_1.mrc": movie, "grid1/frames/a_2.mrc": movie },
    ...{ "grid2/tomostar/TS_1.tomostar": list("../frames/b_1.mrc"), "grid2/frames/b_1.mrc": movie },
    "grid2/tomostar_old/TS_1.tomostar": list("../frames/b_1.mrc"),
  };

  it("have gain references of their own also where their folders were renamed", async () => {
    const session = (folder: string, name: string): Files => ({
      ...series(folder, 1),
      [`${folder}/previous.settings`]: old(`gone/${name}`, "*.mrc", `gain_${name}.mrc`),
      ...{ [`gains/gain_${name}.mrc`]: tilt, [`${folder}/${name}_1.mrc`]: movie },
      [`${folder}/TS_1.tomostar`]: list(`${name}_1.mrc`),
    });
    const of = await told({ ...session("grid1", "a"), ...session("2021/grid2", "b") });
    for (const [folder, name] of [
      ["grid1", "a"],
      ["2021/grid2", "b"],
    ])
      expect(of[`gains/gain_${name}.mrc`]).toBe(of[`${folder}/${name}_1.mrc`]!.replace("frame", "gain"));
  });

  it("have stacks in imod, and gain references of their own sessions", async () => {
    const of = await told(two);
    const run = of["grid1/frames/a_1.mrc"]!.replace("frame ", "");
    expect(of).toMatchObject({
      "grid1/frames/imod/TS_1/TS_1.st": `tilt series ${run}`,
      "grid1/frames/imod/TS_1/TS_1.rawtlt": `raw tilts ${run}`,
      "grid1/frames/imod/TS_1/TS_1.xf": `alignment ${run}`,
      "grid1/frames/reconstruction/TS_1_10.00Apx.mrc": `tomogram ${run}`,
      "gains/gain_a.mrc": `gain ${run}`,
    });
    expect(of["gains/gain_b.mrc"]).not.toContain(run);
  });

  it("have series of one name in two folders beside each other, each with its own results", async () => {
    const of = await told(two);
    const [kept, other] = ["tomostar", "tomostar_old"].map((folder) => of[`grid2/${folder}/reconstruction/TS_1_10.00Apx.mrc`]);
    expect([kept, other]).toEqual([expect.stringMatching(/^tomogram /), expect.stringMatching(/^tomogram /)]);
    expect(of["grid2/tomostar/imod/TS_1/TS_1.st"]).toBe(kept!.replace("tomogram", "tilt series"));
  });
});

describe("a project of WarpTools", () => {
  it("is told by its .tomostar, its settings and the folders of its results", async () => {
    const found = await recognised(USUAL);
    expect(toldOf(found)).toEqual({
      "warp_frameseries.settings": "settings of Warp",
      "warp_tiltseries.settings": "settings of Warp",
      "gain_ref.mrc": "gain TS_1+TS_11",
      "tomostar/TS_1.tomostar": "Warp's list of the tilts of a series",
      "tomostar/TS_11.tomostar": "Warp's list of the tilts of a series",
      "frames/a_1.mrc": "frame TS_1",
      "frames/a_2.mrc": "frame TS_1",
      "frames/b_1.mrc": "frame TS_11",
      "warp_frameseries/a_1.xml": "what Warp knows of the frames of one tilt",
      "warp_frameseries/average/a_1.mrc": "the average of the frames of one tilt",
      "warp_frameseries/average/odd/a_1.mrc": "an average of half of the frames of one tilt",
      "warp_frameseries/powerspectrum/a_1.mrc": "a power spectrum",
      "warp_tiltseries/TS_1.xml": "ctf TS_1",
      "warp_tiltseries/TS_11.xml": "alignment TS_11",
      "warp_tiltseries/processed_items.json": "a project file of Warp",
      "warp_tiltseries/tiltstack/TS_1/TS_1.st": "tilt series TS_1",
      "warp_tiltseries/tiltstack/TS_1/TS_1.rawtlt": "raw tilts TS_1",
      "warp_tiltseries/tiltstack/TS_1/TS_1.xf": "alignment TS_1",
      "warp_tiltseries/tiltstack/TS_1/TS_1.tlt": "alignment TS_1",
      "warp_tiltseries/reconstruction/TS_1_10.00Apx.mrc": "tomogram TS_1",
      "warp_tiltseries/reconstruction/TS_11_10.00Apx.mrc": "tomogram TS_11",
      "warp_tiltseries/reconstruction/TS_1_10.00Apx.png": "a picture for display",
      "warp_tiltseries/reconstruction/deconv/TS_1_10.00Apx.mrc": "tomogram TS_1",
      "warp_tiltseries/reconstruction/even/TS_1_10.00Apx.mrc": "half map TS_1",
      "warp_tiltseries/reconstruction/odd/TS_1_10.00Apx.mrc": "half map TS_1",
      "warp_tiltseries/reconstruction/denoised/TS_1_10.00Apx.mrc": "tomogram TS_1",
      "warp_tiltseries/matching/TS_1_10.00Apx_emd_15854.star": "points TS_1",
      "warp_tiltseries/matching/TS_1_10.00Apx_emd_15854_corr.mrc": "scores or angles of the matching, for each voxel",
      "warp_tiltseries/matching/TS_1_10.00Apx_emd_15854_angleid.tif": "scores or angles of the matching, for each voxel",
      "warp_tiltseries/template/emd_15854.mrc": "a template of the matching",
      "warp_tiltseries/subtomo/TS_1/TS_1_0000000_5.00A.mrc": "an image of one particle",
    });
    expect(found!.claims.every(({ strength }) => strength === "bookkeeping")).toBe(true);
    expect([found!.software, found!.notes, found!.questions]).toEqual(["WarpTools", [], []]);
    const details = new Map(found!.claims.map((claim) => [claim.path, claim.details]));
    const processing = (path: string) => details.get(`warp_tiltseries/reconstruction/${path}`)?.processing;
    expect(["", "deconv/", "denoised/"].map((folder) => processing(`${folder}TS_1_10.00Apx.mrc`))).toEqual([
      "raw",
      "filtered",
      "denoised",
    ]);
    // a header of 1 Å is one that nobody set; the name has the size
    expect(details.get("warp_tiltseries/reconstruction/TS_1_10.00Apx.mrc")?.spacingAngstrom).toBeUndefined();
    expect(details.get("warp_tiltseries/reconstruction/TS_11_10.00Apx.mrc")?.spacingAngstrom).toBe(10);
    expect(details.get("warp_tiltseries/matching/TS_1_10.00Apx_emd_15854.star")).toEqual({
      object: "emd_15854",
      spacingAngstrom: 10,
      points: {
        format: "warp_matching_star",
        shape: "OrientedPoint",
        unit: "format",
        rowName: "rlnMicrographName",
        inSpacingAngstrom: 10,
      },
    });
  });

  it("without its .tomostar files is known by the names of its reconstructions, by contents alone", async () => {
    const found = await recognised({
      "Lab/warp_tiltseries/reconstruction/Lamella 3_9.52Apx.mrc": volume,
      "Lab/warp_tiltseries/reconstruction/notes.mrc": volume,
    });
    expect(found!.claims).toMatchObject([
      {
        path: "Lab/warp_tiltseries/reconstruction/Lamella 3_9.52Apx.mrc",
        role: "tomogram",
        run: "Lamella 3",
        strength: "contents",
      },
    ]);
  });

  it("of several sessions keeps their series apart", async () => {
    const one = (session: string): Files => ({
      [`${session}/tomostar/TS_1.tomostar`]: tomostar(`${session}_1.tif`),
      [`${session}/warp_tiltseries/reconstruction/TS_1_10.00Apx.mrc`]: volume,
      [`${session}/frames/${session}_1.mrc`]: movie,
    });
    expect(await told({ ...one("grid1"), ...one("grid2") })).toMatchObject({
      "grid1/warp_tiltseries/reconstruction/TS_1_10.00Apx.mrc": "tomogram grid1_TS_1",
      "grid2/warp_tiltseries/reconstruction/TS_1_10.00Apx.mrc": "tomogram grid2_TS_1",
    });
  });

  it("of Warp 1 has the mdoc's .mrc in its names, and everything in one folder", async () => {
    const found = await recognised({
      "TS_01.mrc.tomostar": tomostar("a_1.tif").replaceAll("../warp_frameseries/", ""),
      "TS_01.mrc.xml": aligned(),
      "a_1.xml": MOVIE,
      "average/a_1.mrc": tilt,
      "reconstruction/TS_01.mrc_10.00Apx.mrc": volume,
    });
    expect(toldOf(found)).toEqual({
      "TS_01.mrc.tomostar": "Warp's list of the tilts of a series",
      "TS_01.mrc.xml": "alignment TS_01",
      "a_1.xml": "what Warp knows of the frames of one tilt",
      "average/a_1.mrc": "the average of the frames of one tilt",
      "reconstruction/TS_01.mrc_10.00Apx.mrc": "tomogram TS_01",
    });
    expect([found!.software, found!.missingFrames]).toEqual([
      "Warp",
      [{ run: "TS_01", by: "TS_01.mrc.tomostar", found: 0, of: 1 }],
    ]);
  });

  it("that is broken loses what is broken alone, and says so", async () => {
    const found = await recognised({
      ...USUAL,
      "tomostar/TS_1.tomostar": "data_\nloop_\n_wrpMovieName #1\n_wrpAngleTilt #2\n../warp_frameseries/a_1.mrc",
      "tomostar/TS_11.tomostar": tomostar("b_1.mrc", "gone.mrc").replaceAll("\n", "\r\n"),
      "tomostar/TS_9.tomostar": new Uint8Array([0xff, 0xfe, 1, 2]),
      "warp_frameseries.settings": "<Settings><Import><Param",
      "warp_tiltseries/TS_1.xml": "<TiltSeries><Angles>zero</Angles></TiltSeries>",
      "warp_tiltseries/TS_11.xml": "",
      "warp_tiltseries/matching/TS_1_10.00Apx_emd_15854.star":
        "data_\nloop_\n_rlnCoordinateX #1\n_rlnCoordinateY #2\n_rlnCoordinateZ #3\n1 2",
    });
    const claims = toldOf(found);
    expect(claims).toMatchObject({
      "frames/b_1.mrc": "frame TS_11",
      "warp_tiltseries/TS_1.xml": "what Warp knows of TS_1, without an alignment that can be read",
      "warp_tiltseries/reconstruction/TS_1_10.00Apx.mrc": "tomogram TS_1",
    });
    expect(Object.keys(claims)).not.toContain("warp_tiltseries/matching/TS_1_10.00Apx_emd_15854.star");
    expect(found!.missingFrames).toMatchObject([{ run: "TS_11", found: 1, of: 2 }]);
    expect(found!.notes!.map((note) => /^(\S+)/.exec(note)![1])).toEqual([
      "warp_frameseries.settings:",
      "tomostar/TS_1.tomostar:",
      "tomostar/TS_9.tomostar:",
      "warp_tiltseries/matching/TS_1_10.00Apx_emd_15854.star:",
    ]);
  });

  it.each<[string, Files]>([
    [
      "averages and reconstructions of others",
      { "average/TS_1.mrc": volume, "reconstruction/TS_1.rec": volume, "reconstruction/a.xml": "<x/>" },
    ],
    ["settings of others", { "project.settings": `{"DataFolder": "frames"}`, "a.settings": "<Configuration />" }],
    ["a name that says too little", { "TS_1_10.00Apx.mrc": volume }],
  ])("is none: %s", async (_, files) => {
    expect(await recognised(files)).toBeUndefined();
  });
});

describe("lists of particles of WarpTools and M", () => {
  const matching = "warp_tiltseries/matching/TS_1_10.00Apx_emd_15854";
  const three = peaks("TS_1", "0.5 0.25 0.1", "0.2 0.3 0.4", "0.7 0.7 0.7");
  const clean = peaks("TS_1", "0.5 0.25 0.1", "0.7 0.7 0.7");
  const base: Files = { ...USUAL, [`${matching}.star`]: three };

  it("what threshold_picks kept wins, and is not published again from an export of the same", async () => {
    const claims = await told({
      ...base,
      [`${matching}_clean.star`]: clean,
      "relion/matching.star": exported(5, ["TS_1", "5 3 0.8"], ["TS_1", "7 8.4 5.6"]),
      "relion/matching_tomograms.star": "data_global\n",
      "relion/matching_optimisation_set.star": "data_\n",
      "relion/dummy_tiltseries.mrc": tilt,
    });
    expect(claims).toMatchObject({
      [`${matching}.star`]: "all peaks of the matching: TS_1_10.00Apx_emd_15854_clean.star has the 2 of 3 that were kept",
      [`${matching}_clean.star`]: "points TS_1",
      "relion/matching.star": "the same particles as the lists of emd_15854 in warp_tiltseries/matching",
      "relion/matching_tomograms.star": "written beside matching.star for RELION",
      "relion/matching_optimisation_set.star": "written beside matching.star for RELION",
      "relion/dummy_tiltseries.mrc": "a dummy that RELION asks for",
    });
  });

  it("another list of as many particles in each run is not taken for an export of them", async () => {
    const rows: [string, string][] = [
      ["TS_1", "7 8.4 5.6"],
      ["TS_1", "5 3 0.8"],
    ];
    const given = { ...base, [`${matching}.star`]: clean };
    const sorted = await told({ ...given, "relion/matching.star": exported(5, ...rows) });
    expect(sorted["relion/matching.star"]).toBe("the same particles as the lists of emd_15854 in warp_tiltseries/matching");
    const others = await told({ ...given, "relion/others.star": exported(5, ["TS_1", "1 9 0.8"], rows[0]!) });
    expect([others["relion/others.star"], others[`${matching}.star`]]).toEqual(["points TS_1", "points TS_1"]);
  });

  it("another template is another list, whatever its name begins with", async () => {
    const flipped = peaks("TS_1", "0.9 0.9 0.9");
    const scored = { [`${matching}_2.star`]: three, [`${matching}_2_corr.mrc`]: volume };
    const claims = await told({ ...base, [`${matching}_flipx.star`]: flipped, ...scored });
    for (const end of ["", "_2"]) expect(claims[`${matching}${end}.star`]).toBe("points TS_1");
  });

  it("peaks of the mirror image of a template are asked about", async () => {
    const flipped = { [`${matching}_flipx.star`]: peaks("TS_1", "0.9 0.9 0.9"), [`${matching}_flipx_corr.mrc`]: volume };
    const found = await recognised({ ...base, ...flipped });
    expect(found!.questions).toMatchObject([{ id: "warp-flipx", files: [`${matching}_flipx.star`], guess: "leave-out" }]);
    expect(toldOf(found)[`${matching}_flipx.star`]).toBeUndefined();
    expect(toldOf(found)[`${matching}.star`]).toBe("points TS_1");
    // alone nothing speaks for either
    const { [`${matching}.star`]: _, ...rest } = base;
    const alone = (await recognised({ ...rest, ...flipped }))!.questions!;
    expect(alone.map(({ id, guess }) => [id, guess])).toEqual([["warp-flipx", undefined]]);
  });

  it("exports are pixels of the particles, for all runs that their rows name", async () => {
    const found = await recognised({
      ...base,
      "relion/particles.star": exported(5, ["TS_1", "500 300 80"], ["TS_11", "7 8 9"], ["TS_77", "1 2 3"]),
    });
    expect(found!.claims.find(({ path }) => path === "relion/particles.star")).toMatchObject({
      role: "points",
      runs: ["TS_1", "TS_11"],
      details: {
        points: { format: "warp_star", shape: "Point", unit: "pixels", pixelAngstrom: 5, rowName: "rlnMicrographName" },
      },
    });
    expect(found!.notes).toEqual([
      "relion/particles.star has particles of TS_77.tomostar, which is no tilt series of the folder.",
    ]);
  });

  // names of M's files: `Species.cs` of warpem/warp
  const species: Files = {
    "m/p.population": "<Population />",
    "m/species/apo_0c2a4f1e/apo.species": "<Species />",
    "m/species/apo_0c2a4f1e/apo_half1.mrc": mrcFile([6, 6, 6], 1),
    "m/species/apo_0c2a4f1e/apo_fsc.star": "data_\n",
    "m/species/apo_0c2a4f1e/versions/1/apo_particles.star": "data_\n",
    "m/species/apo_0c2a4f1e/versions/1/apo.species": "<Species />",
    "m/species/apo_0c2a4f1e/apo_particles.star":
      "data_\n\nloop_\n_wrpCoordinateX1 #1\n_wrpCoordinateY1 #2\n_wrpCoordinateZ1 #3\n_wrpAngleRot1 #4\n_wrpAngleTilt1 #5\n_wrpAnglePsi1 #6\n_wrpSourceName #7\n  100 120 90 1 2 3 TS_11.tomostar\n",
  };

  it("M's particles are Å; averages, masks and older versions are left out", async () => {
    const found = await recognised({ ...USUAL, ...species });
    expect(toldOf(found)).toMatchObject({
      "m/p.population": "a project file of M",
      "m/species/apo_0c2a4f1e/apo_half1.mrc": "an average of particles: apo of M, or a mask around it",
      "m/species/apo_0c2a4f1e/apo_fsc.star": "a project file of M",
      "m/species/apo_0c2a4f1e/versions/1/apo_particles.star": "an older version of apo of M",
      "m/species/apo_0c2a4f1e/apo_particles.star": "points TS_11",
    });
    const refined = found!.claims.find(({ path }) => path.endsWith("apo_particles.star") && !path.includes("versions"))!;
    expect(refined.software).toBe("M");
    expect(refined.details).toEqual({
      object: "apo",
      points: { format: "warp_star", shape: "OrientedPoint", unit: "Å", rowName: "wrpSourceName" },
    });
  });

  it("the lists of Warp 1 have the pixel of the detector in µm, and the magnification", async () => {
    // as in warpem.github.io, tomogram particle files (RELION 3.0): 5 µm at 10,000 times are 5 Å
    const list =
      "data_\n\nloop_\n_rlnMagnification #1\n_rlnDetectorPixelSize #2\n_rlnCoordinateX #3\n_rlnCoordinateY #4\n_rlnCoordinateZ #5\n_rlnMicrographName #6\n10000 5 20 24 18 TS_11.tomostar\n";
    const found = await recognised({ ...USUAL, "warp1/TS_11_ribo.star": list });
    expect(found!.claims.find(({ path }) => path === "warp1/TS_11_ribo.star")!.details!.points).toMatchObject({
      format: "warp_star",
      unit: "pixels",
      pixelAngstrom: 5,
    });
  });

  it("M's particles beside another list of their runs are asked about", async () => {
    const one = exported(5, ["TS_11", "20 24 18"]);
    const { questions } = (await recognised({ ...USUAL, ...species, "relion/particles.star": one }))!;
    expect(questions).toMatchObject([
      {
        ...{ id: "warp-species-apo", files: ["m/species/apo_0c2a4f1e/apo_particles.star"], guess: "leave-out" },
        why: expect.stringMatching(/^There are other lists of these tomograms: relion\/particles\.star\./),
      },
    ]);
  });
});

describe("XML of tilt series", () => {
  const alone = aligned(`\n\t<MoviePath>../warp_frameseries/a_1.mrc\n../warp_frameseries/a_2.mrc</MoviePath>${CTF}`);

  it("names the frames where the .tomostar is gone, and has the axis", async () => {
    const { "tomostar/TS_1.tomostar": _, "tomostar/TS_11.tomostar": _other, ...rest } = USUAL;
    const found = await recognised({ ...rest, "warp_tiltseries/TS_1.xml": alone });
    expect(toldOf(found)).toMatchObject({ "frames/a_1.mrc": "frame TS_1", "frames/a_2.mrc": "frame TS_1" });
    expect(found!.claims.find(({ role }) => role === "tilt series")!.details).toEqual({ tiltAxisDegrees: 84.5 });
  });

  it("is an alignment without any results, in UTF-16 as Warp 1 writes it", async () => {
    const wide = new Uint8Array(Buffer.from(`\ufeff${alone}`, "utf16le"));
    const laboratory = await laboratoryWith({ "TS_1.xml": wide, "TS_1.st": mrcFile([2, 6, 5], 10, { kind: "stack" }) });
    expect(laboratory.get("TS_1.xml")!.format).toBe("text");
    const found = await warp.recognise(laboratory);
    expect(toldOf(found)).toEqual({ "TS_1.xml": "alignment TS_1" });
    expect(found!.missingFrames).toEqual([{ run: "TS_1", by: "TS_1.xml", found: 0, of: 2 }]);
  });

  it("is left out where the results of its series lie with another one", async () => {
    const found = await recognised({ ...USUAL, "before/TS_1.xml": alone });
    expect(toldOf(found)).toMatchObject({
      "warp_tiltseries/TS_1.xml": "ctf TS_1",
      "before/TS_1.xml": "metadata of Warp, whose results are with warp_tiltseries/TS_1.xml",
    });
  });
});

const real = (name: string) => new URL(`more/warp/${name}`, REAL_DATA);
describe.skipIf(!existsSync(real("017.xml")))("real files", () => {
  it("alignments of Warp 1 and WarpTools", async () => {
    const found = await recognised({
      "tomostar/017.tomostar": tomostar(),
      "w/017.xml": readFileSync(real("017.xml")),
      "w/gs04_ts_003.xml": readFileSync(real("gs04_ts_003.full.xml")),
      "w/reconstruction/017_9.52Apx.mrc": volume,
    });
    expect(toldOf(found)).toMatchObject({ "w/017.xml": "alignment 017", "w/gs04_ts_003.xml": "alignment gs04_ts_003" });
  });
});
