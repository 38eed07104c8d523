import { describe, expect, it } from "vitest";
import { laboratoryWith, mrcFile } from "../../../../../test/laboratory-kit.js";
import { givenOf, readDecisions } from "../decisions-file.js";
import { decisionsOf, recognisedIn } from "../know.js";
import { configOf } from "../new-config.js";
import { tableOf } from "./point-files.js";

const { signal } = new AbortController();
/** 12 voxels along x and y, 6 along z, of 10 Å. */
const volume = (seed: number) => mrcFile([6, 12, 12], 10, { seed });

async function told(files: Record<string, string | Uint8Array>, said?: string) {
  const laboratory = await laboratoryWith(files);
  const given = said === undefined ? undefined : givenOf(readDecisions(said, "lab.decisions.yaml"), laboratory);
  const decisions = await decisionsOf(laboratory, await recognisedIn(laboratory, signal), signal, given);
  const config = await configOf({ laboratory, decisions }, { sourcePrefix: "", input: "/lab" });
  return { ...decisions, config };
}

const INSIDE = [
  [1, 2, 1],
  [9.5, 3, 2],
  [4, 10.5, 4],
] as const;
const lines = (rows: readonly (readonly number[])[], sign: string) => rows.map((row) => `${row.join(sign)}\n`).join("");

/** A table of Dynamo: column 20 is the tomogram's number, 24 to 26 are x, y, z. */
function dynamo(rows: readonly (readonly number[])[]): string {
  const row = ([x, y, z]: readonly number[], at: number) =>
    Array.from({ length: 35 }, (_, column) => ({ 0: at + 1, 19: 1, 23: x, 24: y, 25: z })[column] ?? 0);
  return lines(rows.map(row), " ");
}

describe("a list of points that names no run", () => {
  it.each([
    ["peaks.csv", lines(INSIDE, ","), "coordinates-peaks-csv"],
    ["picked.txt", lines(INSIDE, " "), "coordinates-picked-txt"],
    ["crop.tbl", dynamo(INSIDE), "coordinates-crop-tbl"],
  ])("is asked about where there is one run: %s", async (name, text, id) => {
    const { questions, files } = await told({ "tomo.mrc": volume(1), [name]: text });
    expect(questions.map((one) => one.id)).toEqual([id]);
    expect(questions[0]!.text).toBe(`Do the points of ${name} belong to tomo, the only run?`);
    expect(questions[0]!.options.map(({ answer, says }) => [answer, says])).toEqual([
      ["voxels", "voxels of the tomogram"],
      ["leave-out", "not published"],
    ]);
    expect(files.get(name)).toBeUndefined();
    const answered = await told({ "tomo.mrc": volume(1), [name]: text }, `questions: [{ id: ${id}, answer: voxels }]`);
    expect(answered.files.get(name)).toMatchObject({ role: "points", run: "tomo" });
    expect(answered.config.yaml).toContain(name);
  });

  it("is told in a format that is not read, and where there are several runs", async () => {
    const peaks = JSON.stringify([{ val: 0.5, x: [1, 2, 3], uuid: "a" }]);
    const one = await told({ "tomo.mrc": volume(1), "peaks.json": peaks });
    expect(one.files.get("peaks.json")).toMatchObject({
      role: "left out",
      because: expect.stringMatching(/no known format.*CSV/),
    });
    const two = await told({ "TS_01.mrc": volume(1), "TS_02.mrc": volume(2), "peaks.csv": lines(INSIDE, ",") });
    expect(two.files.get("peaks.csv")?.because).toBe("the run of its points is not known");
  });
});

it("lists of two sessions with series of the same names are one annotation, which is not called after the first of them", async () => {
  const stack = (seed: number) => mrcFile([5, 48, 48], 2.5, { kind: "stack", seed });
  const session = (who: string, seed: number) =>
    Object.fromEntries(
      ["TS_01", "TS_02", "TS_03"].flatMap((name, at): [string, string | Uint8Array][] => [
        [`${who}/${name}.st`, stack(seed + at)],
        [`${who}/${name}.rec`, volume(seed + at)],
        [`${who}/${name}_edge.csv`, lines([...INSIDE, [3, 4, 5 + at / 10]], ",")],
      ]),
    );
  const { runs, config } = await told({ ...session("anna", 1), ...session("bert", 5) });
  expect(runs).toEqual(["anna_TS_01", "anna_TS_02", "anna_TS_03", "bert_TS_01", "bert_TS_02", "bert_TS_03"]);
  expect(config.yaml.match(/annotation_ingest_id: .*/g)).toEqual(["annotation_ingest_id: edge-anna-1"]);
});

it("texts in a folder of picks are lists of points where each line has three numbers, also below a comment", async () => {
  const files = {
    "TS_01.mrc": volume(1),
    "TS_02.mrc": volume(2),
    "picks/TS_01_ATPase.txt": `# x y z\n${lines(INSIDE, " ")}`,
    "picks/TS_02_ATPase.txt": `# voxels, picked by hand\n${lines(INSIDE, " ")}`,
    "picks/TS_02_notes.txt": "thick ice\n",
    "picks/eman_boxes/TS_02_vault.txt": "3\t9\t2\n11\t4\t7\n6\t6\t5\n",
    "other/TS_01_ATPase.txt": lines(INSIDE, " "),
  };
  const found = await told(files);
  for (const run of ["TS_01", "TS_02"])
    expect(found.files.get(`picks/${run}_ATPase.txt`)).toMatchObject({
      role: "points",
      run,
      details: { points: { format: "csv_with_header", delimiter: " " } },
    });
  expect(found.files.get("picks/eman_boxes/TS_02_vault.txt")).toMatchObject({ role: "points", run: "TS_02" });
  expect(found.files.get("picks/TS_02_notes.txt")).toBeUndefined();
  expect(found.files.get("other/TS_01_ATPase.txt")).toBeUndefined();
});

it("a table whose comment says other columns than coordinates is no list of points", () => {
  const below = (comment: string) => tableOf(`${comment}\n${lines(INSIDE, " ")}`, "TS_01.txt")?.shape;
  expect(below("# Columns: #1 - micrograph number; #2 - defocus 1 [Angstroms]; #3 - defocus 2; #4 - azimuth")).toBeUndefined();
  expect(below("# mean; deviation; cross correlation")).toBeUndefined();
  expect([below("# voxels, picked by hand"), below("# Columns: x; y; z")]).toEqual(["Point", "Point"]);
});

it("a list is in voxels of a coarser tomogram where its folder says how much that was binned", async () => {
  const stack = (seed: number) => mrcFile([5, 48, 48], 2.5, { kind: "stack", seed });
  const halved = lines(
    INSIDE.map((row) => row.map((value) => value / 2)),
    ",",
  );
  const files = (folder: string) => ({
    "TS_01.rec": volume(1),
    "TS_02.rec": volume(2),
    "TS_01.st": stack(1),
    "TS_02.st": stack(2),
    [`${folder}/TS_01_picks.csv`]: halved,
    [`${folder}/TS_02_picks.csv`]: `${halved}3,1,1\n`,
  });
  const binned = await told(files("bin8"));
  expect(binned.files.get("bin8/TS_01_picks.csv")?.details.points).toMatchObject({ binning: 0.5, inSpacingAngstrom: 10 });
  expect(binned.config.yaml).toMatch(/binning: 0\.5\b/);
  // where a tomogram of that binning is there nobody is asked whether they are in halves of the finer one's
  const coarse = (seed: number) => mrcFile([3, 6, 6], 20, { seed });
  const both = await told({ ...files("bin8"), "bin8/TS_01.rec": coarse(5), "bin8/TS_02.rec": coarse(6) });
  expect(both.questions.map(({ text }) => text).join("\n")).not.toContain("0.5 a voxel");
  const other = await told(files("lists"));
  expect(other.files.get("lists/TS_01_picks.csv")?.details.points?.binning).not.toBe(0.5);
});

it("a STAR file of tomograms is a table without coordinates", async () => {
  const star = "data_global\n\nloop_\n_rlnTomoName #1\n_rlnTomoTiltSeriesName #2\n_rlnTomoFrameCount #3\nTS_01 ../TS_01.st 41\n";
  const { files } = await told({ "TS_01.mrc": volume(1), "TS_02.mrc": volume(2), "lists/tomograms.star": star });
  expect(files.get("lists/tomograms.star")).toMatchObject({ role: "left out", because: "a table without coordinates" });
});

describe("a list that begins with comments", () => {
  const because = async (text: string) =>
    (await told({ "tomo.mrc": volume(1), "tomo_picks.csv": text })).files.get("tomo_picks.csv");

  it.each([
    ["names of its columns", `# voxels, from the middle\nx,y,z\n${lines(INSIDE, ",")}`],
    ["names with commas before them", `# voxels of bin 4, from the middle\nx,y,z\n${lines(INSIDE, ",")}`],
    ["numbers", `# picked by hand\n# x y z\n${lines(INSIDE, " ")}`],
    ["names among others", `# counted, by hand\ntomogram,score,x,y,z\n${lines(INSIDE, ",").replace(/^(?=.)/gm, "tomo,1,")}`],
  ])("is told to be one, before %s", async (_, text) => {
    expect(await because(text)).toMatchObject({ role: "left out", because: expect.stringMatching(/^lines with # stand before/) });
  });

  it("is none where no coordinates follow, and is read where they are the names of its columns", async () => {
    expect(await because("# counted, by hand\nname,count\na,2\n")).not.toMatchObject({
      because: expect.stringMatching(/^lines with #/),
    });
    expect(await because(`# x,y,z\n${lines(INSIDE, ",")}`)).toMatchObject({ role: "points" });
  });
});

describe("points outside of their tomogram", () => {
  it("are told with their number, the list and the tomogram, where bookkeeping knows their unit", async () => {
    const outside = [...INSIDE, [13, 2, 2], [3, 3, -2]];
    const lab = { "TS_01.mrc": volume(1), "TS_02.mrc": volume(2) };
    const table = { "TS_01.tbl": dynamo(outside), "TS_01.vll": "TS_01.mrc\n* table TS_01.tbl\n" };
    const { notes } = await told({ ...lab, ...table, "indices_column20.doc": "1 TS_01.mrc\n" });
    expect(notes.join("\n")).toMatch(/TS_01\.tbl: 2 of 5 points lie outside of the tomogram of 12×12×6 voxels.*TS_01\.mrc/);
    const fine = await told({ ...lab, "TS_01.tbl": dynamo(INSIDE), "indices_column20.doc": "1 TS_01.mrc\n" });
    expect(fine.files.get("TS_01.tbl")?.role).toBe("points");
    expect(fine.notes).toEqual([]);
  });

  it("are told by their tomograms, not as several lists, where one table has the points of all", async () => {
    const rows = [1, 2, 3].map((number) => dynamo([...INSIDE, [13, 2, 2]]).replace(/^((?:\S+ ){19})1 /gm, `$1${number} `));
    const { notes } = await told({
      ...Object.fromEntries([1, 2, 3].map((number) => [`TS_0${number}.mrc`, volume(number)])),
      "all.tbl": rows.join(""),
      "indices_column20.doc": "1 TS_01.mrc\n2 TS_02.mrc\n3 TS_03.mrc\n",
    });
    expect(notes).toEqual([
      expect.stringMatching(/^all\.tbl: 1 of 4 points lie outside.*TS_01\.mrc\.$/),
      "Points of all.tbl lie outside of 2 more tomograms: TS_02.mrc (1 of 4), TS_03.mrc (1 of 4).",
    ]);
  });
});

it("a list of which all points lie inside with their axes exchanged is asked about, and not published until then", async () => {
  const lying = [
    [1, 2, 1],
    [9.5, 3, 2],
    [4, 2, 10.5],
    [3, 5, 9],
  ];
  const lab = {
    "TS_01.mrc": volume(1),
    "TS_02.mrc": volume(2),
    "TS_01.tbl": dynamo(lying),
    "indices_column20.doc": "1 TS_01.mrc\n",
  };
  const { questions, files, notes } = await told(lab);
  expect(questions.map(({ answer, options }) => [answer, options.map((one) => one.answer)])).toEqual([
    [undefined, ["voxels", "leave-out"]],
  ]);
  expect(questions).toMatchObject([
    {
      text: "Should TS_01.tbl be published, with coordinates in voxels of the tomogram?",
      why: "TS_01.tbl: 2 of 4 points lie outside of the tomogram of 12×12×6 voxels (x, y, z); read as x, z, y or z, x, y all 4 fit: exchange the coordinates in the file; tomogram: TS_01.mrc.",
    },
  ]);
  expect([files.get("TS_01.tbl"), notes]).toEqual([undefined, []]);
  const said = await told(lab, `questions: [{ id: ${questions[0]!.id}, answer: voxels }]`);
  expect(said.files.get("TS_01.tbl")).toMatchObject({ role: "points", run: "TS_01" });
});

describe("a list that lies far outside of its tomogram", () => {
  const lab = { "TS_01.mrc": volume(1), "TS_02.mrc": volume(2), "indices_column20.doc": "1 TS_01.mrc\n" };
  const scaled = (factor: number) => dynamo(INSIDE.map((place) => place.map((one) => factor * one)));

  it("is asked about, whatever bookkeeping says, with the readings that fit", async () => {
    const { questions, files } = await told({ ...lab, "TS_01.tbl": scaled(4) });
    expect(questions.map(({ answer, options }) => [answer, options.map((one) => one.answer)])).toEqual([
      [undefined, ["voxels", "pixels-4", "pixels-5", "pixels-6", "leave-out"]],
    ]);
    expect(questions).toMatchObject([
      {
        text: "What is the unit of the coordinates in TS_01.tbl?",
        why: "Read as voxels of the tomogram, as the files of the software say, more than half of the points are outside of the tomogram.",
      },
    ]);
    expect(files.get("TS_01.tbl")).toBeUndefined();
  });

  it("is asked about where no reading fits", async () => {
    const { questions } = await told({ ...lab, "TS_01.tbl": scaled(900) });
    expect(questions.map(({ options }) => options.map(({ answer }) => answer))).toEqual([["voxels", "leave-out"]]);
  });

  it("is not one of which half lies inside", async () => {
    const { questions, files } = await told({ ...lab, "TS_01.tbl": dynamo([...INSIDE, [90, 2, 2], [3, 90, 2], [3, 3, 90]]) });
    expect([questions, files.get("TS_01.tbl")?.role]).toEqual([[], "points"]);
  });
});

describe("a unit that the columns name", () => {
  it("is kept by the file of decisions", async () => {
    const csv = `x_nm,y_nm,z_nm\n${lines(INSIDE, ",")}`;
    const lab = { "TS_01.mrc": mrcFile([6, 12, 12], 20, { seed: 1 }), "TS_01.csv": csv };
    const first = await told(lab);
    const again = await told(lab, first.config.decisions);
    expect(again.files.get("TS_01.csv")?.details).toEqual(first.files.get("TS_01.csv")?.details);
  });
});

describe("an order that the columns name", () => {
  const lab = { "TS_01.mrc": mrcFile([6, 12, 12], 20, { seed: 1 }) };
  // at 20 Å a voxel is 2 nm; as z, y, x and as x, y, z all three points lie in 12 × 12 × 6 voxels
  const turned = INSIDE.map(([x, , z]) => [2 * z, 4, x] as const);

  it("is the one that is written and kept", async () => {
    const first = await told({ ...lab, "TS_01.csv": `z_nm,y_nm,x_nm\n${lines(turned, ",")}` });
    expect(first.files.get("TS_01.csv")?.details.points).toMatchObject({ isReversed: true, unit: "nm", binning: 2 });
    expect(first.config.yaml).toMatch(/columns: zyx # please check: the file has z first, by the names of its columns/);
    const again = await told({ ...lab, "TS_01.csv": `z_nm,y_nm,x_nm\n${lines(turned, ",")}` }, first.config.decisions);
    expect(again.files.get("TS_01.csv")?.details).toEqual(first.files.get("TS_01.csv")?.details);
  });

  it("is the only one that is thought of, and no other than z first can be published", async () => {
    const rows = INSIDE.map(([x, y, z]) => [z, y, x] as const);
    const { files, questions } = await told({ ...lab, "TS_01.csv": `slice,row,col\n${lines(rows, ",")}` });
    expect([files.get("TS_01.csv")?.details.points?.isReversed, questions]).toEqual([true, []]);
    const other = await told({ ...lab, "TS_01.csv": `y,x,z\n${lines(INSIDE, ",")}` });
    expect(other.files.get("TS_01.csv")?.role).toBe("left out");
  });
});

describe("coordinates that are parts of the tomogram's size", () => {
  const parts = INSIDE.map(([x, y, z]) => [x / 12, y / 12, z / 6]);
  const lab = { "TS_01.mrc": volume(1), "TS_02.mrc": volume(2), "indices_column20.doc": "1 TS_01.mrc\n" };

  it("are read as such in RELION's columns, whichever program wrote them", async () => {
    const star = `\ndata_\n\nloop_\n_rlnCoordinateX #1\n_rlnCoordinateY #2\n_rlnCoordinateZ #3\n${lines(parts, " ")}`;
    const { files, questions } = await told({ ...lab, "picks/TS_01_ribosome.star": star });
    expect(questions).toEqual([]);
    expect(files.get("picks/TS_01_ribosome.star")).toMatchObject({
      role: "points",
      details: { points: { format: "warp_matching_star", unit: "format", inSpacingAngstrom: 10 } },
    });
  });

  it("are left out in other formats, whatever bookkeeping says", async () => {
    const { files, questions } = await told({ ...lab, "TS_01.tbl": dynamo(parts) });
    expect(questions).toEqual([]);
    expect(files.get("TS_01.tbl")).toMatchObject({
      role: "left out",
      because: expect.stringMatching(/parts of the tomogram's size/),
    });
  });
});

describe("a list without points", () => {
  it("is left out, and those that are called alike stay", async () => {
    const list = (points: readonly unknown[]) =>
      JSON.stringify({ pickable_object_name: "ribosome", user_id: "a", session_id: "1", run_name: "TS", points });
    const places = INSIDE.map(([x, y, z]) => ({ location: { x: 10 * x, y: 10 * y, z: 10 * z }, instance_id: 0 }));
    const { files } = await told({
      "TS_01.mrc": volume(1),
      "TS_02.mrc": volume(2),
      "ExperimentRuns/TS_01/Picks/a_1_ribosome.json": list(places),
      "ExperimentRuns/TS_02/Picks/a_1_ribosome.json": list([]),
    });
    expect(files.get("ExperimentRuns/TS_01/Picks/a_1_ribosome.json")?.role).toBe("points");
    expect(files.get("ExperimentRuns/TS_02/Picks/a_1_ribosome.json")).toMatchObject({
      role: "left out",
      because: "it holds no points",
    });
  });
});

describe("a table of Dynamo of which nothing tells the tomogram", () => {
  it("is asked about where its numbers are no voxels of any", async () => {
    const table = dynamo(INSIDE.map((place) => place.map((one) => 4 * one)));
    const lab = { "tilts/TS_01.st": mrcFile([6, 50, 50], 2.5, { kind: "stack", seed: 3 }), "TS_01.mrc": volume(1) };
    const { questions, files } = await told({ ...lab, "TS_02.mrc": volume(2), "TS_01.tbl": table });
    expect(questions.map(({ options, answer }) => [options.map((one) => one.answer), answer])).toEqual([
      [["pixels-4", "leave-out"], undefined],
    ]);
    expect(files.get("TS_01.tbl")).toBeUndefined();
  });
});

describe("points that napari has saved", () => {
  it("are never read with another order of axes than their first line has", async () => {
    // along z they reach further than the tomogram; x and z exchanged, they would lie in it
    const layer = `index,axis-0,axis-1,axis-2\n0,10.5,3,2\n1,9,4,1\n`;
    const { questions } = await told({ "TS_01.mrc": volume(1), "TS_02.mrc": volume(2), "TS_01_picks.csv": layer });
    expect(questions.flatMap(({ options }) => options.map(({ answer }) => answer))).toEqual([
      "pixels-2",
      "pixels-3",
      "leave-out",
    ]);
  });
});

describe("a list that names series which two folders have", () => {
  const star = (names: readonly string[]) =>
    `data_particles\n\nloop_\n_rlnTomoName #1\n_rlnCoordinateX #2\n_rlnCoordinateY #3\n_rlnCoordinateZ #4\n${names
      .flatMap((name) => INSIDE.map((place) => `${name} ${place.join(" ")}\n`))
      .join("")}`;
  const day = (date: string, seed: number) => ({
    [`${date}/ts01.st`]: mrcFile([5, 12, 12], 10, { kind: "stack", seed }),
    [`${date}/ts01_rec.mrc`]: volume(seed),
    [`${date}/ts02.st`]: mrcFile([5, 12, 12], 10, { kind: "stack", seed: seed + 1 }),
    [`${date}/ts02_rec.mrc`]: volume(seed + 1),
  });

  it("is of those that lie in its folder", async () => {
    const lab = { ...day("2022-11-03", 1), ...day("2022-11-17", 11), "2022-11-03/relion/picks.star": star(["ts01", "ts02"]) };
    const { runs, files, questions } = await told(lab);
    expect(runs).toEqual(["2022-11-03_ts01", "2022-11-03_ts02", "2022-11-17_ts01", "2022-11-17_ts02"]);
    expect(questions).toEqual([]);
    expect(files.get("2022-11-03/relion/picks.star")).toMatchObject({
      role: "points",
      runs: ["2022-11-03_ts01", "2022-11-03_ts02"],
    });
  });

  it("is of none where it lies in neither folder", async () => {
    const { files } = await told({
      ...day("2022-11-03", 1),
      ...day("2022-11-17", 11),
      "lists/picks.star": star(["ts01", "ts02"]),
    });
    expect(files.get("lists/picks.star")?.role).toBe("left out");
  });
});

describe("a table of Dynamo over tomograms of several voxel sizes", () => {
  const rows = (numbers: readonly number[]) =>
    lines(
      numbers.flatMap((number) =>
        INSIDE.map(([x, y, z], at) =>
          Array.from({ length: 35 }, (_, column) => ({ 0: 10 * number + at, 19: number, 23: x, 24: y, 25: z })[column] ?? 0),
        ),
      ),
      " ",
    );
  const lab = {
    ...{ "TS_01.mrc": volume(1), "TS_02.mrc": mrcFile([6, 12, 12], 8, { seed: 2 }), "final.tbl": rows([1, 2]) },
    "indices_column20.doc": "1 /old/TS_01.mrc\n2 /old/TS_02.mrc\n",
  };

  it("is published with each in the voxels that its list of tomograms names", async () => {
    const { files, questions, config } = await told(lab);
    expect(questions).toEqual([]);
    expect(files.get("final.tbl")).toMatchObject({ role: "points" });
    const sources = config.yaml.slice(config.yaml.indexOf("annotations:"));
    expect(sources.match(/filter_value: "?[12]|run: \[\^TS_0\d\$\]|voxel_spacing: \[.*\]/g)).toEqual([
      ...['filter_value: "1', "run: [^TS_01$]", "voxel_spacing: [^10\\.000$]"],
      ...['filter_value: "2', "run: [^TS_02$]", "voxel_spacing: [^8\\.000$]"],
    ]);
  });

  it("is asked about where the places lie outside of the tomograms that are named", async () => {
    const far = rows([1, 2]).replace(/(?<= )(10\.5|9\.5)(?= )/g, "400");
    const { files, questions } = await told({ ...lab, "final.tbl": far.replace(/ 1 2 1 /g, " 300 300 300 ") });
    expect([files.get("final.tbl")?.role, questions.length]).toEqual([undefined, 1]);
  });
});

it("peaks of Warp's matching lie in the tomogram of their name, and no unit is asked for, where a run has two voxel sizes", async () => {
  const peaks = `data_\n\nloop_\n_rlnCoordinateX #1\n_rlnCoordinateY #2\n_rlnCoordinateZ #3\n_rlnMicrographName #4\n${["0.1 0.2 0.3", "0.9 0.8 0.7"].map((place) => `${place} TS_1.tomostar\n`).join("")}`;
  const { questions, files } = await told({
    "warp_tiltseries.settings": "<Settings />",
    "tomostar/TS_1.tomostar": "data_\n\nloop_\n_wrpMovieName #1\n_wrpAngleTilt #2\n../a.mrc 0.01\n",
    "warp_tiltseries/reconstruction/TS_1_20.00Apx.mrc": mrcFile([3, 6, 6], 20, { seed: 1 }),
    "warp_tiltseries/reconstruction/TS_1_10.00Apx.mrc": volume(2),
    "warp_tiltseries/matching/TS_1_20.00Apx_ribo.star": peaks,
  });
  expect(questions).toEqual([]);
  expect(files.get("warp_tiltseries/matching/TS_1_20.00Apx_ribo.star")).toMatchObject({
    role: "points",
    details: { points: { format: "warp_matching_star", inSpacingAngstrom: 20 } },
  });
});

describe("lists that are called alike", () => {
  const spread = (scale: number) =>
    lines(
      [
        [1, 2, 1],
        [9.5, 3, 2],
        [4, 10.5, 4],
        [10, 9, 3],
      ].map((row) => row.map((one) => one * scale)),
      ",",
    );
  const lab = { "TS_01.mrc": volume(1), "TS_02.mrc": volume(2), "TS_03.mrc": volume(3) };

  it("and written in two units are asked about apart, with what stands in them", async () => {
    const { questions } = await told({ ...lab, "TS_01_p.csv": spread(1), "TS_02_p.csv": spread(10), "TS_03_p.csv": spread(1) });
    expect(questions.map(({ files }) => files)).toEqual([["TS_01_p.csv", "TS_03_p.csv"], ["TS_02_p.csv"]]);
    const answers = questions.map(({ options }) => options.map(({ answer }) => answer));
    expect([answers[0], answers[1]?.includes("angstrom")]).toEqual([["voxels", "leave-out"], true]);
    expect(questions).toMatchObject([
      {
        text: "What is the unit of the coordinates in these 2 files?",
        why: "In run TS_01, x is 1 to 10, y 2 to 10.5, z 1 to 4; the tomogram has 12×12×6 voxels of 10 Å.",
      },
      {
        text: "What is the unit of the coordinates in TS_02_p.csv?",
        why: "In run TS_02, x is 10 to 100, y 20 to 105, z 10 to 40; the tomogram has 12×12×6 voxels of 10 Å. Each answer fits.",
      },
    ]);
  });

  it("are of one unit where that is so", async () => {
    const { questions } = await told({ ...lab, "TS_01_p.csv": spread(1), "TS_02_p.csv": spread(1), "TS_03_p.csv": spread(0.9) });
    expect(questions).toEqual([]);
  });

  it("of few points may be in Å though they leave much of the tomogram empty", async () => {
    const two = lines(
      [
        [40, 20, 10],
        [33, 25, 20],
      ],
      ",",
    );
    const { questions } = await told({ "TS_01.mrc": volume(1), "TS_02.mrc": volume(2), "TS_01_p.csv": two });
    expect(questions[0]?.options.map(({ answer }) => answer)).toContain("angstrom");
  });
});

describe("a list of a run with tomograms of two voxel sizes", () => {
  /** One field of 300 × 300 × 160 Å. */
  const stack = { "a/TS_01.st": mrcFile([5, 120, 120], 2.5, { kind: "stack", seed: 3 }) };
  const tomograms = {
    ...stack,
    "a/TS_01.mrc": mrcFile([16, 30, 30], 10, { seed: 1 }),
    "b/TS_01_bin2.mrc": mrcFile([8, 15, 15], 20, { seed: 2 }),
  };
  const places = [
    [110, 230, 90],
    [240, 70, 130],
    [60, 150, 45],
  ];

  it("in Å is read once, since its places are the same in both", async () => {
    const { questions, files } = await told({ ...tomograms, "picks/TS_01.csv": lines(places, ",") });
    expect(questions).toEqual([]);
    expect(files.get("picks/TS_01.csv")).toMatchObject({
      role: "points",
      details: { points: { inSpacingAngstrom: 10, binning: 10 } },
    });
  });

  it("in pixels of one size is read once, since its places are the same in both, and asked about where one shows another part", async () => {
    const pixels = places.map((place) => place.map((value) => value / 2.5));
    const star = `data_particles\nloop_\n_rlnTomoName\n_rlnCoordinateX\n_rlnCoordinateY\n_rlnCoordinateZ\n${lines(pixels, " ")
      .replace(/^/gm, "TS_01 ")
      .replace(/TS_01 $/, "")}`;
    const { questions, files } = await told({ ...tomograms, "picks/ribosomes.star": star });
    expect(questions).toEqual([]);
    expect(files.get("picks/ribosomes.star")).toMatchObject({
      role: "points",
      details: { points: { inSpacingAngstrom: 10, binning: 4 } },
    });
    const other = await told({
      ...tomograms,
      "b/TS_01_bin2.mrc": mrcFile([8, 20, 20], 20, { seed: 2 }),
      "picks/ribosomes.star": star,
    });
    expect(other.questions.map(({ options }) => options.map(({ answer }) => answer))).toEqual([
      ["pixels-4-in-10", "pixels-8-in-20", "leave-out"],
    ]);
  });

  it("in Å is asked about where one of them shows another part", async () => {
    const { questions } = await told({
      ...stack,
      "a/TS_01.mrc": mrcFile([16, 30, 30], 10, { seed: 1 }),
      "b/TS_01_bin2.mrc": mrcFile([8, 20, 20], 20, { seed: 2 }),
      "picks/TS_01.csv": lines(places, ","),
    });
    expect(questions.map(({ options }) => options.map(({ answer }) => answer))).toEqual([
      ["angstrom-in-10", "angstrom-in-20", "leave-out"],
    ]);
  });

  it("of TomoTwin is in voxels, beside what it has located, where nm would fit as well", async () => {
    const voxels = places.map((place) => place.map((one) => one / 10));
    const lab = { ...tomograms, "tomotwin/TS_01/ribosome.coords": lines(voxels, " ") };
    const asked = await told(lab);
    expect(asked.questions.map(({ id }) => id)).toEqual(["coordinates-tomotwin-ribosome-coords"]);
    const { questions, files } = await told({ ...lab, "tomotwin/TS_01/located.tloc": new Uint8Array([0x80, 4, 0x95, 0]) });
    expect(questions).toEqual([]);
    expect(files.get("tomotwin/TS_01/ribosome.coords")).toMatchObject({
      role: "points",
      details: { points: { inSpacingAngstrom: 10 } },
    });
  });

  it("of TomoTwin lies in the tomogram of its folder tomo, in coords beside out/locate; what it looks for is no pick, and what was scaled is asked about", async () => {
    const voxels = places.map((place) => place.map((one) => one / 10));
    const project = {
      "a/TS_01.mrc": mrcFile([16, 30, 30], 10, { seed: 1 }),
      "b/TS_01.mrc": mrcFile([15, 28, 28], 10.8, { seed: 2 }),
      "tomotwin/tomo/TS_01_a10.mrc": mrcFile([16, 30, 30], 10, { seed: 1 }),
      "tomotwin/TS_01/out/locate/located.tloc": new Uint8Array([0x80, 4, 0x95, 0]),
    };
    const { questions, files } = await told({
      ...project,
      "tomotwin/TS_01/coords/ribosome.coords": lines(voxels, " "),
      "tomotwin/TS_01/coords/references.coords": lines(voxels.slice(0, 1), " "),
      "tomotwin/TS_01/coords/medoid_0.coords": lines(voxels.slice(1, 2), " "),
    });
    expect(questions.filter(({ id }) => id.startsWith("coordinates"))).toEqual([]);
    expect(files.get("tomotwin/TS_01/coords/ribosome.coords")).toMatchObject({
      role: "points",
      details: { points: { inSpacingAngstrom: 10 } },
    });
    for (const name of ["references", "medoid_0"])
      expect(files.get(`tomotwin/TS_01/coords/${name}.coords`)?.because).toMatch(/what TomoTwin looks for/);
    const alone = await told({ ...tomograms, "coords/TS_01/references.coords": lines(voxels, " ") });
    expect(alone.files.get("coords/TS_01/references.coords")?.because).toMatch(/what TomoTwin looks for/);
    const both = await told({
      ...project,
      "tomotwin/TS_01/coords/ribosome.coords": lines(voxels, " "),
      "tomotwin/TS_01/coords/ribosome_a5.coords": lines(places, " "),
    });
    expect(both.files.get("tomotwin/TS_01/coords/ribosome_a5.coords")?.because).toBe(
      "the picks of tomotwin/TS_01/coords/ribosome.coords, scaled for other voxels",
    );
    const scaled = await told({ ...project, "tomotwin/TS_01/coords/ribosome_a5.coords": lines(voxels, " ") });
    expect(scaled.questions.filter(({ id }) => id.startsWith("coordinates"))).toHaveLength(1);
  });
});

it("a list that names series of Warp counts pixels: where these do not lie in the tomogram, it is not taken for nm", async () => {
  const columns = [
    "rlnCoordinateX",
    "rlnCoordinateY",
    "rlnCoordinateZ",
    "rlnAngleRot",
    "rlnAngleTilt",
    "rlnAnglePsi",
    "rlnMicrographName",
  ];
  const labels = columns.map((column, at) => `_${column} #${at + 1}\n`).join("");
  // warpem.github.io: coordinates are pixels of a tomogram; z is more than a voxel outside of six voxels
  const places = [...INSIDE, [11, 6, 7.2]];
  const rows = places.flatMap(([x, y, z]) => ["TS_1", "TS_2"].map((name) => `${x} ${y} ${z} 10 20 30 ${name}.tomostar\n`));
  const { files } = await told({
    "TS_1.mrc": mrcFile([6, 12, 12], 15, { seed: 1 }),
    "TS_2.mrc": mrcFile([6, 12, 12], 15, { seed: 2 }),
    "TS_1.st": mrcFile([5, 24, 24], 3.75, { kind: "stack", seed: 3 }),
    "TS_1.rawtlt": "-40\n-20\n0\n20\n40\n",
    "relion/from_dynamo.star": `data_\n\nloop_\n${labels}${rows.join("")}`,
  });
  expect(files.get("relion/from_dynamo.star")).toMatchObject({
    role: "left out",
    because:
      "its points are outside of the tomogram in every unit that was tried: voxels, pixels, Å and nm, from a corner and from the centre",
  });
});
