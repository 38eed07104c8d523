import { describe, expect, it } from "vitest";
import { laboratoryWith, mrcFile } from "../../../../../test/laboratory-kit.js";
import { encodeMod } from "../../../../formats/mod/write.js";
import { givenOf, readDecisions } from "../decisions-file.js";
import { decisionsOf, recognisedIn } from "../know.js";

const signal = new AbortController().signal;
async function decided(files: Record<string, string | Uint8Array>, said?: string) {
  const laboratory = await laboratoryWith(files);
  const given = said === undefined ? undefined : givenOf(readDecisions(said, "lab.decisions.yaml"), laboratory);
  return decisionsOf(laboratory, await recognisedIn(laboratory, signal), signal, given);
}

const PLACES: readonly (readonly [number, number, number])[] = [
  [0.1, 0.2, 0.3],
  [0.9, 0.8, 0.7],
  [0.5, 0.4, 0.6],
  [0.3, 0.9, 0.2],
];
/** 50 × 60 × 40 voxels of 10 Å. */
const SIZE = [50, 60, 40] as const;
const picks = (name: string) =>
  `\ndata_\n\nloop_\n_rlnCoordinateX #1\n_rlnCoordinateY #2\n_rlnCoordinateZ #3\n_rlnMicrographName #4\n${PLACES.map(
    (place) => `${place.join(" ")} ${name}.tomostar\n`,
  ).join("")}`;
/** A list of RELION in pixels of 2.5 Å. @param moved Å along x */
const refined = (names: readonly string[], moved: number) =>
  `\ndata_optics\n\nloop_\n_rlnOpticsGroup #1\n_rlnTomoTiltSeriesPixelSize #2\n_rlnImagePixelSize #3\n1 2.5 2.5\n\ndata_particles\n\nloop_\n_rlnTomoName #1\n_rlnCoordinateX #2\n_rlnCoordinateY #3\n_rlnCoordinateZ #4\n_rlnOpticsGroup #5\n${names
    .flatMap((name) =>
      PLACES.map((place) => {
        const [x, y, z] = place.map((part, axis) => (part * SIZE[axis]! * 10) / 2.5) as [number, number, number];
        return `${name}.tomostar ${x + moved / 2.5} ${y} ${z} 1\n`;
      }),
    )
    .join("")}`;
const laboratory = (names: readonly string[], list: string) => ({
  ...Object.fromEntries(
    names.flatMap((name, at) => [
      [`warp_tiltseries/reconstruction/${name}_10.00Apx.mrc`, mrcFile([SIZE[2], SIZE[1], SIZE[0]], 10, { seed: at + 1 })],
      [`warp_tiltseries/matching/${name}_10.00Apx_ribo.star`, picks(name)],
    ]),
  ),
  "Refine3D/job005/run_data.star": list,
});
/** As ts_export_particles writes it beside its list. */
const table = (names: readonly string[]) =>
  `\ndata_global\n\nloop_\n_rlnTomoName #1\n_rlnTomoSizeX #2\n_rlnTomoSizeY #3\n_rlnTomoSizeZ #4\n_rlnTomoTiltSeriesPixelSize #5\n${names
    .map((name) => `${name}.tomostar 200 240 160 2.5\n`)
    .join("")}`;
const withTable = (names: readonly string[], list: string) => ({
  ...laboratory(names, list),
  "relion/matching_tomograms.star": table(names),
});

it("lists have the same particles within a voxel, since some programs count from 1: of 30 Å, and not of 10 Å as far apart", async () => {
  const places = [
    [3, 4, 5],
    [26, 31, 20],
    [15, 20, 10],
    [8, 28, 15],
  ];
  const csv = (moved: number) => `x,y,z\n${places.map((place) => place.map((one) => one + moved).join(",")).join("\n")}\n`;
  const asked = async (spacing: number, moved: number) => {
    const lists = { "tomo/TS_1.mrc": mrcFile([24, 36, 30], spacing), "ribo/TS_1.csv": csv(0), "final/TS_1.csv": csv(moved) };
    return (await decided(lists)).questions.map(({ id }) => id.replace(/-[^-]+$/, ""));
  };
  expect(await asked(30, 1)).toEqual(["same-particles"]);
  expect(await asked(10, 3)).toEqual([]);
});

it("models of IMOD have the same points at two binnings, whatever somebody called their objects, and others have not", async () => {
  const asked = async (moved: number, name: string) => {
    const places = PLACES.map((place) => place.map((part, axis) => part * SIZE[axis]!) as [number, number, number]);
    const model = (object: string, binning: number, shift: number) =>
      encodeMod({
        max: [SIZE[0] / binning, SIZE[1] / binning, SIZE[2] / binning],
        image: {
          oldTranslation: [0, 0, 0],
          scale: [10 * binning, 10 * binning, 10 * binning],
          translation: [0, 0, 0],
          rotation: [0, 0, 0],
        },
        objects: [
          {
            name: object,
            contourKind: "scattered",
            contours: [{ xyz: places.flatMap((p) => p.map((one) => (one + shift) / binning)) }],
          },
        ],
      });
    const { questions, files } = await decided({
      "TS_1/TS_1.edf": "Setup.DatasetName=TS_1\nSetup.PixelSize=0.25\n",
      "TS_1/TS_1.rec": mrcFile([SIZE[2], SIZE[1], SIZE[0]], 10, { seed: 1 }),
      "TS_1/TS_1_ribo.mod": model("", 1, 0),
      "TS_1/TS_1_bin2.mod": model(name, 2, moved),
    });
    const same = questions.filter(({ id }) => id.startsWith("same-particles"));
    return [same.map(({ answer }) => answer), [...files.values()].filter(({ role }) => role === "points").length];
  };
  expect(await asked(0.2, "ribosome")).toEqual([["2"], 1]);
  expect(await asked(1.5, "stalk")).toEqual([[], 2]);
});

describe("lists of two programs", () => {
  it("are asked about where they have the same particles, and RELION's is taken until somebody answers", async () => {
    const { questions, files } = await decided(withTable(["TS_1", "TS_2"], refined(["TS_1", "TS_2"], 12)));
    expect(questions.map(({ options, answer }) => [options.map((option) => option.answer), answer])).toEqual([
      [["relion", "warp", "all"], "relion"],
    ]);
    expect(files.get("warp_tiltseries/matching/TS_1_10.00Apx_ribo.star")).toMatchObject({
      role: "left out",
      because: "its particles are in Refine3D/job005/run_data.star (RELION)",
    });
    expect(files.get("Refine3D/job005/run_data.star")).toMatchObject({ role: "points", by: "RELION" });
  });

  it("are not compared with points on surfaces, of which some lie beside every particle", async () => {
    const cloud = PLACES.flatMap((place, at) =>
      [0, 8, 16].map((more) => [at % 2, ...place.map((part, axis) => part * SIZE[axis]! * 10 + more)].join(",")),
    );
    const { questions, files } = await decided({
      ...withTable(["TS_1"], refined(["TS_1"], 12)),
      "tardis/Predictions/TS_1_10.00Apx_instances.csv": `IDs,X [A],Y [A],Z [A]\n${cloud.join("\n")}\n`,
    });
    expect(questions.map(({ options }) => options.map(({ answer }) => answer))).toEqual([["relion", "warp", "all"]]);
    expect(files.get("tardis/Predictions/TS_1_10.00Apx_instances.csv")?.role).toBe("points");
  });

  it("are left out where a list is called as they are, and cleaned, though it has fewer points", async () => {
    const star = (places: readonly (readonly number[])[], more: string) =>
      `\ndata_\n\nloop_\n${["CoordinateX", "CoordinateY", "CoordinateZ", "AngleRot", "AngleTilt", "AnglePsi", ...(more === "" ? [] : ["MicrographName"])].map((name, at) => `_rln${name} #${at + 1}\n`).join("")}${places.map((row) => `${row.join(" ")} 1 2 3 ${more}\n`).join("")}`;
    const rows = PLACES.map((place) => place.map((part, axis) => part * SIZE[axis]!));
    const volume = mrcFile([SIZE[2], SIZE[1], SIZE[0]], 10, { seed: 1 });
    const { questions, files } = await decided({
      "TS_1.mrc": volume,
      "TS_2.mrc": volume.slice().fill(3, 5000),
      "picks/TS_1_ribo.star": star([...rows, [2, 2, 2], [3, 2, 2]], "TS_1"),
      "picks/TS_2_ribo.star": star(rows, "TS_2"),
      "by_hand/TS_1_ribo_clean.star": star(rows.slice(1), ""),
    });
    expect(questions).toHaveLength(1);
    const roles = ["picks/TS_1_ribo.star", "picks/TS_2_ribo.star", "by_hand/TS_1_ribo_clean.star"].map(
      (path) => files.get(path)?.role,
    );
    expect(roles).toEqual(["left out", "points", "points"]);
  });

  it("are published for the runs that the better ones do not have until somebody answers", async () => {
    const { questions, files } = await decided(withTable(["TS_1", "TS_2"], refined(["TS_1"], 12)));
    expect(questions.map(({ answer }) => answer)).toEqual(["relion"]);
    const option = questions[0]!.options.find(({ answer }) => answer === "relion")!;
    expect(option.claims.filter(({ role }) => role === "left out").map(({ path }) => path)).toEqual([
      "warp_tiltseries/matching/TS_1_10.00Apx_ribo.star",
    ]);
    expect(files.get("warp_tiltseries/matching/TS_2_10.00Apx_ribo.star")?.role).toBe("points");
  });

  it("are not mixed with lists of something else that the same program made", async () => {
    const others = refined(["TS_1"], 150);
    const { questions, files } = await decided({
      ...withTable(["TS_1", "TS_2"], refined(["TS_1", "TS_2"], 12)),
      "proteasomes/exported.star": others,
    });
    expect(questions.map(({ files: some }) => some.includes("proteasomes/exported.star"))).toEqual([false]);
    expect(files.get("proteasomes/exported.star")?.role).toBe("points");
  });

  it("are asked about, too, where no table says what the list's series are", async () => {
    const { questions } = await decided(laboratory(["TS_1"], refined(["TS_1"], 12)));
    expect(questions.map(({ options, answer }) => [options.map((option) => option.answer), answer])).toEqual([
      [["others", "warp", "all"], "warp"],
    ]);
  });

  it("are asked about where no program names either: the oriented ones are taken, and it is said what is lost by it", async () => {
    const [x, y, z] = [0, 1, 2].map((axis) => PLACES.map((place) => place[axis]! * SIZE[axis]!));
    const rows = PLACES.map((_, at) => [x![at]!, y![at]!, z![at]!]);
    const csv = [...rows, [2, 2, 2]].map((row) => `${row.join(",")}\n`).join("");
    const star = `\ndata_\n\nloop_\n${["CoordinateX", "CoordinateY", "CoordinateZ", "AngleRot", "AngleTilt", "AnglePsi"].map((name, at) => `_rln${name} #${at + 1}\n`).join("")}${rows.map((row) => `${row.join(" ")} 1 2 3\n`).join("")}`;
    const volume = mrcFile([SIZE[2], SIZE[1], SIZE[0]], 10, { seed: 1 });
    const { questions, files } = await decided({
      "TS_1.mrc": volume,
      "TS_2.mrc": volume.slice().fill(3, 5000),
      "a/TS_1.csv": csv,
      "b/TS_1_ribo.star": star,
    });
    expect(questions.map(({ options, answer }) => [options.map((option) => option.answer), answer])).toEqual([
      [["1", "2", "all"], "2"],
    ]);
    expect(questions).toMatchObject([
      {
        text: "Which of these 2 particle lists should be published?",
        why: "They contain mostly the same particles. One list is enough; the others are not published.",
      },
    ]);
    expect(questions[0]!.options.map(({ says }) => says)).toEqual([
      "a/TS_1.csv: 5 points in 1 run",
      "b/TS_1_ribo.star: 4 points in 1 run; lacks at least 1 point that others have",
      "all of them: the same particles are published several times",
    ]);
    expect([files.get("a/TS_1.csv")?.role, files.get("b/TS_1_ribo.star")?.role]).toEqual(["left out", "points"]);
  });

  it("are asked about together where more than two have them, and one of them is taken", async () => {
    const table = (factor: number) =>
      PLACES.map((place, tag) => {
        const [x, y, z] = place.map((part, axis) => part * SIZE[axis]! * factor + 1);
        return `${Array.from({ length: 35 }, (_, column) => ({ 0: tag + 1, 19: 1, 23: x, 24: y, 25: z })[column] ?? 0).join(" ")}\n`;
      }).join("");
    const csv = PLACES.map((place) => `${place.map((part, axis) => part * SIZE[axis]! * 10).join(",")}\n`).join("");
    const { questions, files } = await decided({
      ...withTable(["TS_1"], refined(["TS_1"], 0)),
      "Refine3D/job005/run_data.star": refined(["TS_1"], 0),
      // of another tomogram of the run, with voxels of half the size
      "tomograms_bin2/TS_1_bin2.mrc": mrcFile([2 * SIZE[2], 2 * SIZE[1], 2 * SIZE[0]], 5, { seed: 9 }),
      "dynamo/crop.tbl": table(2),
      "dynamo/indices_column20.doc": "1 tomograms_bin2/TS_1_bin2.mrc\n",
      "a/TS_1_in_A.csv": `x_A,y_A,z_A\n${csv}`.replaceAll("_A", " (Å)"),
    });
    const same = questions.filter(({ id }) => id.startsWith("same-particles"));
    expect(same.map(({ options, answer }) => [options.map((option) => option.answer), answer])).toEqual([
      [["relion", "others", "dynamo", "warp", "all"], "relion"],
    ]);
    expect([...files.values()].filter(({ role }) => role === "points").map(({ path }) => path)).toEqual([
      "Refine3D/job005/run_data.star",
    ]);
    for (const { answer, claims } of same[0]!.options)
      expect(claims.filter(({ role }) => role === "points")).toHaveLength(answer === "all" ? 4 : 1);
  });

  it("are taken for each run from one of them where none has all runs", async () => {
    const csv = PLACES.map((place) => `${place.map((part, axis) => part * SIZE[axis]!).join(",")}\n`).join("");
    const rows = [1, 2].flatMap((number) =>
      PLACES.map((place, tag) => {
        const [x, y, z] = place.map((part, axis) => part * SIZE[axis]! + 1);
        return `${Array.from({ length: 35 }, (_, column) => ({ 0: 10 * number + tag, 19: number, 23: x, 24: y, 25: z })[column] ?? 0).join(" ")}\n`;
      }),
    );
    const [, map, star] = ["", "warp_tiltseries/reconstruction", refined(["TS_2", "TS_3"], 0)];
    const { files, questions } = await decided({
      ...withTable(["TS_1", "TS_2", "TS_3"], star),
      "Refine3D/job005/run_data.star": star,
      "dynamo/crop.tbl": rows.join(""),
      "dynamo/indices_column20.doc": `1 ${map}/TS_1_10.00Apx.mrc\n2 ${map}/TS_2_10.00Apx.mrc\n`,
      "a/TS_1.csv": csv,
    });
    expect(questions.map(({ answer }) => answer)).toContain("relion");
    const runs = [...files.values()].flatMap(({ role, run, runs: some = [] }) => (role === "points" ? (run ?? some) : []));
    expect(runs.sort()).toEqual(["TS_1", "TS_2", "TS_3"]);
  });

  it("are asked about, too, where a person has told the unit of one of them", async () => {
    const voxels = PLACES.map((place) => `${place.map((part, axis) => 0.97 * part * SIZE[axis]!).join(",")}\n`).join("");
    const files = {
      "rec/TS_1.mrc": mrcFile([SIZE[2], SIZE[1], SIZE[0]], 11, { seed: 1 }),
      "rec/TS_2.mrc": mrcFile([SIZE[2], SIZE[1], SIZE[0]], 11, { seed: 2 }),
      "picks/TS_1.csv": voxels,
      "exported/TS_1_picks.txt": voxels.replaceAll(",", " "),
    };
    const before = await decided(files);
    const ids = before.questions.map(({ id }) => id);
    expect(ids).toEqual([expect.stringMatching(/^coordinates-/), expect.stringMatching(/^coordinates-/)]);
    const said = `questions: [${ids.map((id) => `{ id: ${id}, answer: voxels }`).join(", ")}]`;
    const { questions, files: after } = await decided(files, said);
    expect(questions.map(({ id, isAnswered }) => [id.replace(/-.*/, ""), isAnswered])).toEqual([
      ["coordinates", true],
      ["coordinates", true],
      ["same", false],
    ]);
    expect(Object.keys(files).filter((path) => after.get(path)?.role === "points")).toHaveLength(1);
  });

  it("are not asked about where their particles are others", async () => {
    const { questions, files } = await decided(laboratory(["TS_1"], refined(["TS_1"], 45)));
    expect(questions).toEqual([]);
    expect([...files.values()].filter(({ role }) => role === "points")).toHaveLength(2);
  });
});

/** Boxes of 4 voxels around each of the places, as crYOLO writes them. */
const boxes = (places: readonly (readonly number[])[]) =>
  `\ndata_global\n\n_cbox_format_version 1.0\n\ndata_cryolo\n\nloop_\n${["CoordinateX", "CoordinateY", "CoordinateZ", "Width", "Height", "Depth", "Confidence"].map((name, at) => `_${name} #${at + 1}\n`).join("")}${places.map((place) => `${place.map((part, axis) => part * SIZE[axis]! - 2).join(" ")} 4 4 4 0.5\n`).join("")}`;

describe("lists of one program with two thresholds", () => {
  const others = PLACES.map(([x, y, z]) => [1 - x, 1 - y, z / 2 + 0.1]);
  const lab = (...kept: readonly (readonly (readonly number[])[])[]) =>
    decided({
      "TS_1.mrc": mrcFile([SIZE[2], SIZE[1], SIZE[0]], 10, { seed: 1 }),
      "TS_2.mrc": mrcFile([SIZE[2], SIZE[1], SIZE[0]], 10, { seed: 2 }),
      ...Object.fromEntries(
        kept.flatMap((places, at) => [1, 2].map((run) => [`cryolo/out_0.${at + 2}/CBOX_3D/TS_${run}.cbox`, boxes(places)])),
      ),
    });

  it("are asked about, and none is published until somebody answers", async () => {
    const { questions, files } = await lab([...PLACES, ...others], PLACES);
    const same = questions.filter(({ id }) => id.startsWith("same-particles"));
    expect(same).toMatchObject([
      {
        text: "Which of these 2 particle lists should be published?",
        why: "They contain mostly the same particles. One list is enough; the others are not published.",
        options: [
          {
            answer: "1",
            says: "cryolo/out_0.2/CBOX_3D/TS_1.cbox, cryolo/out_0.2/CBOX_3D/TS_2.cbox: 16 points in 2 runs",
          },
          {
            answer: "2",
            says: "cryolo/out_0.3/CBOX_3D/TS_1.cbox, cryolo/out_0.3/CBOX_3D/TS_2.cbox: 8 points in 2 runs; lacks at least 8 points that others have",
          },
          { answer: "all", says: "all of them: the same particles are published several times" },
        ],
        answer: undefined,
      },
    ]);
    expect([...files.values()].filter(({ role }) => role === "points")).toEqual([]);
  });

  it("are asked about together, too, where the runs are called after folders, since others have series of the same names", async () => {
    const series = (folder: string, n: number) =>
      [1, 2].flatMap((at) => [
        [`${folder}/stacks/TS_${at}.st`, mrcFile([5, 48, 48], 2.5, { kind: "stack", seed: n + at })] as const,
        [`${folder}/rec/TS_${at}.mrc`, mrcFile([SIZE[2], SIZE[1], SIZE[0]], 10, { seed: n + at })] as const,
      ]);
    const lists = { main: PLACES, "cut_0.2": [...PLACES, ...others], "cut_0.3": PLACES.slice(0, 3) };
    const { runs, questions } = await decided({
      ...Object.fromEntries([...series("spring", 0), ...series("autumn", 4)]),
      ...Object.fromEntries(
        Object.entries(lists).flatMap(([name, places]) =>
          [1, 2].map((at) => [`spring/cryolo/${name}/TS_${at}.cbox`, boxes(places)]),
        ),
      ),
    });
    expect(runs).toEqual(["autumn_TS_1", "autumn_TS_2", "spring_TS_1", "spring_TS_2"]);
    const same = questions.filter(({ id }) => id.startsWith("same-particles"));
    expect(same.map(({ options, answer }) => [options.map((option) => option.answer), answer])).toEqual([
      [["1", "2", "3", "all"], undefined],
    ]);
  });

  it("are asked about, too, where one of them has several points at each place of the other", async () => {
    const crowded = PLACES.flatMap(([x, y, z]) => [[x, y, z] as const, [x + 0.01, y, z] as const]);
    const { questions, files } = await lab(crowded, PLACES);
    const same = questions.filter(({ id }) => id.startsWith("same-particles"));
    expect(same.map(({ options, answer }) => [options[0]!.says.replace(/^.*;/, ""), answer])).toEqual([
      ["cryolo/out_0.2/CBOX_3D/TS_1.cbox, cryolo/out_0.2/CBOX_3D/TS_2.cbox: 16 points in 2 runs", undefined],
    ]);
    expect([...files.values()].filter(({ role }) => role === "points")).toEqual([]);
  });

  it("are two annotations where they have other particles", async () => {
    const { questions, files } = await lab(others, PLACES);
    expect(questions.filter(({ id }) => id.startsWith("same-particles"))).toEqual([]);
    expect([...files.values()].filter(({ role }) => role === "points")).toHaveLength(4);
  });
});

describe("lists of copick of which nothing tells which counts", () => {
  const copickPicks = (places: readonly (readonly number[])[]) =>
    JSON.stringify({ unit: "angstrom", points: places.map(([x, y, z]) => ({ location: { x, y, z } })) });
  const some = [
    [100, 120, 90],
    [220, 300, 180],
    [350, 200, 120],
    [410, 480, 300],
  ];
  const others = [
    [60, 500, 310],
    [300, 60, 40],
    [470, 90, 210],
  ];
  const picksOf = (user: string, object = "ribosome") => `ExperimentRuns/TS_1/Picks/${user}_1_${object}.json`;
  const lists = {
    "ExperimentRuns/TS_1/VoxelSpacing10.000/wbp.zarr/.zattrs": JSON.stringify({
      multiscales: [{ version: "0.4", axes: [{ name: "z" }, { name: "y" }, { name: "x" }], datasets: [{ path: "0" }] }],
    }),
    "ExperimentRuns/TS_1/VoxelSpacing10.000/wbp.zarr/0/.zarray": JSON.stringify({
      ...{ zarr_format: 2, shape: [40, 60, 50], chunks: [40, 60, 50], dtype: "<f4", order: "C" },
      ...{ compressor: null, filters: null, fill_value: 0, dimension_separator: "/" },
    }),
    "ExperimentRuns/TS_1/VoxelSpacing10.000/wbp.zarr/0/0/0/0": new Uint8Array(40 * 60 * 50 * 4),
    [picksOf("anna")]: copickPicks(some),
    [picksOf("ben")]: copickPicks(some.slice(1)),
    [picksOf("matching")]: copickPicks(others),
  };

  it("are asked about together with the others of their object", async () => {
    const { questions, files } = await decided({ ...lists, [picksOf("anna", "proteasome")]: copickPicks(others.slice(0, 2)) });
    const question = questions.find(({ id }) => id.startsWith("same-particles"));
    expect(question?.files).toEqual([picksOf("anna"), picksOf("ben"), picksOf("matching")]);
    expect(question).toMatchObject({
      text: "Which of these 3 particle lists should be published?",
      why: "Most particles of the first 2 are the same; the other list is of the same object, with other particles. Lists that you do not choose are not published.",
    });
    expect(question!.options.map(({ says }) => says)).toEqual([
      `${picksOf("anna")} (copick): 4 points in 1 run`,
      `${picksOf("ben")} (copick): 3 points in 1 run; lacks at least 1 point that others have`,
      `${picksOf("matching")} (copick): 3 points in 1 run`,
      "all of them: the same particles are published several times",
    ]);
    expect(files.get(picksOf("matching"))).toBeUndefined();
    expect(files.get(picksOf("anna", "proteasome"))?.role).toBe("points");
  });

  it("are left out beside the one that a person takes", async () => {
    const asked = await decided(lists);
    const { id } = asked.questions.find((one) => one.id.startsWith("same-particles"))!;
    const roles = async (answer: string) => {
      const { files } = await decided(lists, `questions:\n  - id: ${id}\n    answer: "${answer}"\n`);
      return ["anna", "ben", "matching"].map((user) => files.get(picksOf(user))?.role);
    };
    expect(await roles("1")).toEqual(["points", "left out", "left out"]);
    expect(await roles("3")).toEqual(["left out", "left out", "points"]);
    expect(await roles("all")).toEqual(["points", "points", "points"]);
  });
});

it("lists whose columns are named z, y, x have the same particles as others", async () => {
  const places = [
    [3, 4, 5],
    [26, 31, 20],
    [15, 20, 10],
    [8, 28, 15],
  ];
  const lines = (rows: readonly (readonly number[])[]) => rows.map((row) => `${row.join(",")}\n`).join("");
  const { questions } = await decided({
    "tomo/TS_1.mrc": mrcFile([24, 36, 30], 10),
    "ribo/TS_1.csv": `x,y,z\n${lines(places)}`,
    "turned/TS_1.csv": `z,y,x\n${lines(places.map((place) => [...place].reverse()))}`,
  });
  expect(questions.map(({ files }) => files)).toEqual([["ribo/TS_1.csv", "turned/TS_1.csv"]]);
});

it("of a list of many tomograms beside one of a few it is said of which nothing would be published", async () => {
  const names = ["TS_1", "TS_2", "TS_3"];
  const { "Refine3D/job005/run_data.star": few, ...others } = withTable(names, refined(names.slice(0, 2), 1));
  const files = Object.fromEntries(Object.entries(others).filter(([path]) => !path.includes("matching/")));
  const { questions } = await decided({
    ...files,
    "Refine3D/job005/run_data.star": few!,
    "first/particles.star": refined(names, 0),
  });
  const asked = questions.find(({ id }) => id.startsWith("same-particles"))!;
  expect(asked.options.map(({ says }) => says)).toEqual([
    "Refine3D/job005/run_data.star (RELION): 8 points in 2 runs; NONE for 1 run: TS_3",
    "first/particles.star (Warp): 12 points in 3 runs",
    "all of them: the same particles are published several times",
  ]);
});
