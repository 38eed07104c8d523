import { existsSync, readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { laboratoryWith, mrcFile } from "../../../../../../test/laboratory-kit.js";
import { REAL_DATA } from "../../../../../../test/real-data.js";
import { decisionsOf, recognisedIn } from "../../know.js";
import { relion } from "./recognise.js";
import { spacingBySize } from "./volumes.js";

type Files = Record<string, string | Uint8Array>;
const recognised = async (files: Files) => relion.recognise(await laboratoryWith(files));
/** `role run` by path; of what is left out the reason. */
const toldOf = (found: Awaited<ReturnType<typeof recognised>>) =>
  Object.fromEntries(
    found!.claims.map(({ path, role, run, runs, because }) => [
      path,
      role === "left out" ? because : `${role} ${run ?? runs?.join("+") ?? ""}`.trim(),
    ]),
  );
const detailsOf = (found: Awaited<ReturnType<typeof recognised>>, path: string) =>
  found!.claims.find((claim) => claim.path === path)?.details;

const table = (name: string, columns: readonly string[], ...rows: readonly string[]) =>
  `\n# version 50001\n\ndata_${name}\n\nloop_\n${columns.map((column, at) => `_${column} #${at + 1}\n`).join("")}${rows.map((row) => `${row}\n`).join("")}\n`;
const optics = (pixel: number, imagePixel = pixel) =>
  table(
    "optics",
    ["rlnOpticsGroup", "rlnOpticsGroupName", "rlnTomoTiltSeriesPixelSize", "rlnImagePixelSize"],
    `1 opticsGroup1 ${pixel} ${imagePixel}`,
  );
const ANGLES = ["rlnAngleRot", "rlnAngleTilt", "rlnAnglePsi"];
const ORIGINS = ["rlnOriginXAngst", "rlnOriginYAngst", "rlnOriginZAngst"];
const PIXELS = ["rlnCoordinateX", "rlnCoordinateY", "rlnCoordinateZ"];
const CENTRED = ["rlnCenteredCoordinateXAngst", "rlnCenteredCoordinateYAngst", "rlnCenteredCoordinateZAngst"];
const SIZES = ["rlnTomoSizeX", "rlnTomoSizeY", "rlnTomoSizeZ"];
/** Rows of `name x y z`, with three angles and an origin. */
const particles = (coordinates: readonly string[], origin: string, ...rows: readonly string[]) =>
  table("particles", ["rlnTomoName", ...coordinates, ...ANGLES, ...ORIGINS], ...rows.map((row) => `${row} 10 20 30 ${origin}`));
const pipeline = (processes: readonly string[], edges: readonly string[] = []) =>
  table(
    "pipeline_processes",
    ["rlnPipeLineProcessName", "rlnPipeLineProcessAlias", "rlnPipeLineProcessTypeLabel", "rlnPipeLineProcessStatusLabel"],
    ...processes,
  ) + table("pipeline_input_edges", ["rlnPipeLineEdgeFromNode", "rlnPipeLineEdgeProcess"], ...edges);

const ofVersion4 =
  (write: typeof pipeline): typeof pipeline =>
  (...args) =>
    write(...args).replaceAll("version 50001", "version 30001");

const stack = (pixel = 2.7) => mrcFile([3, 60, 64], pixel, { kind: "stack" });
const picture = mrcFile([1, 60, 64], 1.35, { kind: "stack" });
const frame = mrcFile([4, 6, 5], 0.675, { kind: "stack" });
const volume = (spacing: number) => mrcFile([32, 60, 64], spacing);
const cube = mrcFile([8, 8, 8], 10.8);

// Columns and files as the reference of RELION 4.0 has them: Reference/STA/Datatypes/tomogram_set.html and particle_set.html
const tomograms4 = (...rows: readonly string[]) =>
  table(
    "global",
    [
      ...["rlnTomoName", "rlnTomoTiltSeriesName", "rlnTomoFrameCount", "rlnTomoSizeX", "rlnTomoSizeY", "rlnTomoSizeZ"],
      ...["rlnTomoTiltSeriesPixelSize", "rlnTomoFiducialsStarFile"],
    ],
    ...rows,
  ) + table("TS_01", ["rlnTomoProjX", "rlnTomoProjY"], "[1,0,0,0] [0,1,0,0]");
const ONE4 = "TS_01 tomograms/TS_01/TS_01.mrc:mrc 3 256 240 128 2.7 fiducials/TS_01.star";
const PLACES = ["TS_01 10 20 30", "TS_01 210 200 100", "TS_01 100 120 64"];

const RELION4: Files = {
  "default_pipeline.star": ofVersion4(pipeline)(
    [
      "ImportTomo/job002/ None relion.importtomo Succeeded",
      "PseudoSubtomo/job003/ None relion.pseudosubtomo Succeeded",
      "Refine3D/job005/ Refine3D/ribosome/ relion.refine3d.tomo Succeeded",
    ],
    ["ImportTomo/job002/particles.star PseudoSubtomo/job003/", "PseudoSubtomo/job003/particles.star Refine3D/job005/"],
  ),
  // as version 4 writes it
  "ImportTomo/job001/job.star": "# version 30001\n\ndata_job\n\n_rlnJobTypeLabel relion.importtomo\n",
  "ImportTomo/job001/run.out": "done\n",
  "ImportTomo/job001/tomograms.star": tomograms4(ONE4),
  "ImportTomo/job002/optimisation_set.star": "data_\n\n_rlnTomoParticlesFile ImportTomo/job002/particles.star\n",
  "ImportTomo/job002/particles.star": optics(2.7) + particles(PIXELS, "0 0 0", ...PLACES),
  "PseudoSubtomo/job003/particles.star": optics(2.7, 10.8) + particles(PIXELS, "0 0 0", ...PLACES),
  "PseudoSubtomo/job003/Subtomograms/TS_01/1_data.mrc": cube,
  "PseudoSubtomo/job003/Subtomograms/TS_01/1_weights.mrc": mrcFile([16, 8, 8], 10.8),
  "Refine3D/job005/run_it000_data.star": optics(2.7, 10.8) + particles(PIXELS, "0 0 0", ...PLACES),
  "Refine3D/job005/run_it012_data.star": optics(2.7, 10.8) + particles(PIXELS, "5.4 0 0", ...PLACES),
  "Refine3D/job005/run_data.star": optics(2.7, 10.8) + particles(PIXELS, "5.4 0 0", ...PLACES),
  "Refine3D/job005/run_model.star": "data_model_general\n\n_rlnPixelSize 10.8\n",
  "Refine3D/job005/run_class001.mrc": cube,
  "Refine3D/job005/run_half1_class001_unfil.mrc": cube,
  "MaskCreate/job006/mask.mrc": cube,
  "Trash/Refine3D/job004/run_class001.mrc": cube,
  "input/coords.star": table("particles", ["rlnTomoName", ...PIXELS], ...PLACES),
  "input/tomograms_descr.star": table("", ["rlnTomoName", "rlnTomoImportOrderList"], "TS_01 tomograms/TS_01/order.csv"),
  "fiducials/TS_01.star": table("", ["rlnCoordinateX"], "1"),
  "tomograms/TS_01/TS_01.mrc": stack(1),
  "tomograms/TS_01/order.csv": "1,0\n2,3\n",
  "recs/TS_01_bin4.mrc": mrcFile([32, 60, 64], 1),
};

describe("a project of RELION 4", () => {
  it("is told by its tables, its pipeline and the folders of its jobs", async () => {
    const found = await recognised(RELION4);
    const last = "Refine3D/job005/run_data.star";
    expect(toldOf(found)).toEqual({
      "default_pipeline.star": "a project file of RELION",
      "ImportTomo/job001/job.star": "a project file of RELION",
      "ImportTomo/job001/run.out": "a log of RELION",
      "ImportTomo/job001/tomograms.star": "a table of tomograms of RELION",
      "ImportTomo/job002/optimisation_set.star": "a project file of RELION",
      "ImportTomo/job002/particles.star": `the same particles as ${last}`,
      "PseudoSubtomo/job003/particles.star": `the same particles as ${last}`,
      "PseudoSubtomo/job003/Subtomograms/TS_01/1_data.mrc": "images or weights of particles",
      "PseudoSubtomo/job003/Subtomograms/TS_01/1_weights.mrc": "images or weights of particles",
      "Refine3D/job005/run_it000_data.star": `of an earlier iteration: the same particles as ${last}`,
      "Refine3D/job005/run_it012_data.star": `of an earlier iteration: the same particles as ${last}`,
      [last]: "points TS_01",
      "Refine3D/job005/run_model.star": "a project file of RELION",
      "Refine3D/job005/run_class001.mrc": "an average of particles, of Refine3D/job005",
      "Refine3D/job005/run_half1_class001_unfil.mrc": "a half map of an average of particles, of Refine3D/job005",
      "MaskCreate/job006/mask.mrc": "a mask around an average of particles",
      "Trash/Refine3D/job004/run_class001.mrc": "of the job Refine3D/job004, which was deleted in RELION",
      "input/coords.star": `the same particles as ${last}`,
      "input/tomograms_descr.star": "a table of tomograms of RELION",
      "fiducials/TS_01.star": "positions of gold beads",
      "tomograms/TS_01/TS_01.mrc": "tilt series TS_01",
      "tomograms/TS_01/order.csv": "the order of the tilts, for RELION's import",
      "recs/TS_01_bin4.mrc": "tomogram TS_01",
    });
    expect([found!.software, found!.by[0], found!.notes, found!.questions]).toEqual([
      "RELION 4",
      "default_pipeline.star",
      [],
      [],
    ]);
    // origins are Å and are divided by the pixel of the tilt series, not by that of the particles' images: relion5_star does so
    expect(detailsOf(found, last)).toEqual({
      object: "ribosome",
      points: { format: "relion5_star", shape: "OrientedPoint", rowName: "rlnTomoName", unit: "pixels", pixelAngstrom: 2.7 },
    });
    // 256 × 240 × 128 pixels of 2.7 Å are 64 × 60 × 32 voxels of 10.8 Å
    expect(detailsOf(found, "recs/TS_01_bin4.mrc")).toMatchObject({ spacingAngstrom: 10.8 });
    expect(detailsOf(found, "recs/TS_01_bin4.mrc")!.spacingFrom).toContain("256×240×128 pixels of 2.7 Å");
    expect(detailsOf(found, "tomograms/TS_01/TS_01.mrc")).toEqual({ spacingAngstrom: 2.7 });
  });

  it("may lie deep in a folder, without its pipeline", async () => {
    const { "default_pipeline.star": _, ...rest } = RELION4;
    const deep = Object.fromEntries(Object.entries(rest).map(([path, content]) => [`Müller/proj 1/${path}`, content]));
    const told = toldOf(await recognised(deep));
    expect(told).toMatchObject({
      "Müller/proj 1/Refine3D/job005/run_data.star": "points TS_01",
      "Müller/proj 1/PseudoSubtomo/job003/particles.star": "the same particles as Müller/proj 1/Refine3D/job005/run_data.star",
      "Müller/proj 1/tomograms/TS_01/TS_01.mrc": "tilt series TS_01",
      "Müller/proj 1/recs/TS_01_bin4.mrc": "tomogram TS_01",
    });
  });

  it("knows voxel sizes by the size of the whole", () => {
    const sized = (shape: [number, number, number], size: [number, number, number], row: [string, string][] = []) =>
      spacingBySize(
        { volume: { shape, spacingsAngstrom: [1, 1, 1], says: "volume", originAngstrom: [0, 0, 0], labels: [] } },
        { sizePixels: size, pixelAngstrom: 1.35, rows: [{ star: "", job: 1, row: new Map(row) }] },
      );
    expect(sized([250, 464, 480], [3838, 3710, 2000])).toBe(10.8);
    expect(sized([2000, 3710, 3838], [3838, 3710, 2000])).toBe(1.35);
    // rlnTomoTomogramBinning 7.407407 of the tutorial: 4000 × 4000 × 2000 pixels become 540 × 540 × 270 voxels of 10 Å
    expect(sized([270, 540, 540], [4000, 4000, 2000], [["rlnTomoTomogramBinning", "7.407407"]])).toBeCloseTo(10, 4);
    expect(sized([270, 540, 540], [4000, 4000, 2000])).toBeCloseTo(10, 4);
    expect(sized([200, 464, 480], [3838, 3710, 2000])).toBeUndefined();
  });

  it("asks nothing where the header agrees with the size as well as a whole binning does", async () => {
    // 256 × 240 × 128 pixels of 2.7 Å are 16 × 15 × 8 voxels of 43.2 Å, and of 41.9 Å, which WarpTools may have been asked for
    const found = await recognised({ ...RELION4, "recs/TS_01_warp.mrc": mrcFile([8, 15, 16], 41.9) });
    expect(found!.questions).toEqual([]);
    const other = await recognised({ ...RELION4, "recs/TS_01_warp.mrc": mrcFile([8, 15, 16], 30) });
    expect(other!.questions!.map(({ files }) => files)).toEqual([["recs/TS_01_warp.mrc"]]);
  });

  it("asks where headers and sizes contradict the tables", async () => {
    const found = await recognised({
      ...RELION4,
      "old/TS_01_bin4.mrc": mrcFile([20, 60, 64], 10.8),
      "recs/TS_01_other.mrc": mrcFile([32, 60, 64], 7.3),
      "recs/TS_01_nm.mrc": mrcFile([32, 60, 64], 1.08),
      "recs/TS_01_fine.mrc": mrcFile([32, 60, 64], 10.8),
      "recs/TS_01_mask.mrc": mrcFile([32, 60, 64], 1),
    });
    const told = toldOf(found);
    expect(told["recs/TS_01_fine.mrc"]).toBeUndefined();
    expect(told["recs/TS_01_mask.mrc"]).toBeUndefined();
    expect(detailsOf(found, "recs/TS_01_nm.mrc")).toMatchObject({ spacingAngstrom: 10.8 });
    const [spacing, size] = found!.questions!;
    expect(spacing).toMatchObject({
      text: "What is the voxel size of recs/TS_01_other.mrc?",
      why: "RELION's tables say 10.8 Å, the header says 7.3 Å.",
    });
    expect([spacing!.files, spacing!.options.map(({ answer }) => answer), spacing!.guess]).toEqual([
      ["recs/TS_01_other.mrc"],
      ["10.8", "7.3", "leave-out"],
      undefined,
    ]);
    expect(size).toMatchObject({
      text: "Should old/TS_01_bin4.mrc be published as a tomogram?",
      why: "It has 64×60×20 voxels, which is no binning of the 256×240×128 pixels that RELION has for TS_01, while recs/TS_01_bin4.mrc is one: it may be a part that was cut out.",
      ...{ files: ["old/TS_01_bin4.mrc"], guess: "leave-out" },
    });
  });
});

describe("lists of particles", () => {
  const base: Files = { "ImportTomo/job001/tomograms.star": tomograms4(ONE4) };
  const many = (from: number, to: number) => Array.from({ length: to - from }, (_, at) => `TS_01 ${20 * (from + at)} 50 60`);

  it("that share no particles are all published, which is told; the list that both were chosen from is not", async () => {
    const found = await recognised({
      ...base,
      "Class3D/job010/run_it024_data.star": optics(2.7) + particles(PIXELS, "1 0 0", ...many(0, 12)),
      "Class3D/job010/run_it025_data.star": optics(2.7) + particles(PIXELS, "1 0 0", ...many(0, 12)),
      "Refine3D/job011/run_data.star": optics(2.7) + particles(PIXELS, "1 0 0", ...many(0, 5)),
      "Refine3D/job012/run_data.star": optics(2.7) + particles(PIXELS, "1 0 0", ...many(5, 12)),
    });
    expect(found!.notes).toEqual([
      "Refine3D/job011/run_data.star, Refine3D/job012/run_data.star are parts of Class3D/job010/run_it025_data.star with other particles each: each becomes an annotation of its own. Where they are of one object, name it alike in each.",
    ]);
    expect(toldOf(found)).toMatchObject({
      "Refine3D/job011/run_data.star": "points TS_01",
      "Refine3D/job012/run_data.star": "points TS_01",
      "Class3D/job010/run_it025_data.star":
        "the same particles as Refine3D/job012/run_data.star, which has the 7 of 12 that were kept",
      "Class3D/job010/run_it024_data.star": "of an earlier iteration: the same particles as Class3D/job010/run_it025_data.star",
    });
  });

  it("that a Select job took of a list whose other particles were refined are asked about: they may be what was thrown away", async () => {
    const chosen = {
      ...base,
      "Class3D/job010/run_it025_data.star": optics(2.7) + particles(PIXELS, "1 0 0", ...many(0, 12)),
      "Select/job011/particles.star": optics(2.7) + particles(PIXELS, "1 0 0", ...many(0, 7)),
      "Select/job012/particles.star": optics(2.7) + particles(PIXELS, "1 0 0", ...many(7, 12)),
    };
    const refined = { "Refine3D/job013/run_data.star": optics(2.7) + particles(PIXELS, "1 0 0", ...many(0, 7)) };
    const found = await recognised({ ...chosen, ...refined });
    expect(toldOf(found)["Refine3D/job013/run_data.star"]).toBe("points TS_01");
    expect(found!.questions!.map(({ text, why, guess }) => [text, why, guess])).toEqual([
      [
        "Should the 5 particles of Select/job012/particles.star be published?",
        "They may have been discarded: they are a part of Class3D/job010/run_it025_data.star, of which Refine3D/job013/run_data.star has 7 others, and no later list has them.",
        "leave-out",
      ],
    ]);
    // nothing tells which of two that nobody refined is the good one
    const open = await recognised(chosen);
    expect(open!.questions!.map(({ files, guess }) => [files, guess])).toEqual([
      [["Select/job012/particles.star"], undefined],
      [["Select/job011/particles.star"], undefined],
    ]);
  });

  it("of all classes are asked about where no later job has selected any of these", async () => {
    const classified = (name: string, classes: readonly number[]) => ({
      [name]:
        optics(2.7) +
        table(
          "particles",
          ["rlnTomoName", ...PIXELS, "rlnClassNumber", ...ORIGINS],
          ...many(0, classes.length).map((row, at) => `${row} ${classes[at]} 1 0 0`),
        ),
    });
    const last = "Class3D/job010/run_it025_data.star";
    const { questions } = (await recognised({ ...base, ...classified(last, [1, 3, 1, 3, 3]) }))!;
    expect(questions!.map(({ id, text, why, guess }) => [id, text, why, guess])).toEqual([
      [
        "relion-classes-class3d-job010-run-it025-data-star",
        `Should all 5 particles of ${last} be published?`,
        "Class3D/job010 put them into 2 classes (2 in class 1, 3 in class 3), and no later job has selected any of these.",
        "points",
      ],
    ]);
    const jobs = pipeline(
      ["Class3D", "Select", "Refine3D"].map((type, at) => `${type}/job01${at}/ None relion.${type.toLowerCase()} Succeeded`),
      [`${last} Select/job011/`, "Select/job011/particles.star Refine3D/job012/"],
    );
    const one = await recognised({ ...base, ...classified(last, [1, 1]) });
    const chosen = { "default_pipeline.star": jobs, ...classified("Refine3D/job012/run_data.star", [1, 3, 3]) };
    const selected = await recognised({ ...base, ...classified(last, [1, 3, 3, 2]), ...chosen });
    expect([one!.questions, selected!.questions]).toEqual([[], []]);
  });

  it("that RELION put on spheres that a person drew are no particles until an alignment has moved them", async () => {
    const seeds = optics(2.7) + particles(PIXELS, "0 0 0", ...many(0, 12));
    const sphere = table("", ["rlnTomoName", ...PIXELS, "rlnSphereRadius"], "TS_01 10 12 16 4");
    const picks = {
      ...base,
      "Picks/job010/annotations/TS_01_spheres.star": sphere,
      "Picks/job010/particles.star": seeds,
      "Extract/job011/particles.star": seeds,
    };
    const found = await recognised(picks);
    expect(toldOf(found)["Picks/job010/annotations/TS_01_spheres.star"]).toBe(
      "spheres that a person drew in one tomogram, and no particles",
    );
    expect(found!.questions!.map(({ text, why, files, guess }) => [text, why, files, guess])).toEqual([
      [
        "Are the 12 points in Extract/job011/particles.star really particles?",
        "Picks/job010 put them on spheres at equal steps, and no later job aligned them.",
        ["Extract/job011/particles.star"],
        "leave-out",
      ],
    ]);
    const aligned = await recognised({
      ...picks,
      "Refine3D/job012/run_data.star": optics(2.7) + particles(PIXELS, "1 0 0", ...many(0, 12)),
    });
    expect([toldOf(aligned)["Refine3D/job012/run_data.star"], aligned!.questions]).toEqual(["points TS_01", []]);
  });

  it("that were moved to where the alignment had put them are the same", async () => {
    // 5.4 Å are 2 pixels of 2.7 Å: position = coordinate − origin
    const told = toldOf(
      await recognised({
        ...base,
        "Extract/job003/particles.star": optics(2.7) + particles(PIXELS, "0 0 0", "TS_01 8 20 30", "TS_01 208 200 100"),
        "Refine3D/job004/run_data.star": optics(2.7) + particles(PIXELS, "5.4 0 0", "TS_01 10 20 30", "TS_01 210 200 100"),
      }),
    );
    expect(told).toMatchObject({
      "Refine3D/job004/run_data.star": "points TS_01",
      "Extract/job003/particles.star": "the same particles as Refine3D/job004/run_data.star",
    });
  });

  it("of failed jobs, later ones without an alignment, and trials with few particles do not count", async () => {
    const told = toldOf(
      await recognised({
        ...base,
        "default_pipeline.star": pipeline([
          "Refine3D/job004/ None relion.refine3d.tomo Succeeded",
          "Refine3D/job008/ None relion.refine3d.tomo Failed",
        ]),
        "Refine3D/job004/run_data.star": optics(2.7) + particles(PIXELS, "1 0 0", ...many(0, 12)),
        "Refine3D/job008/run_it003_data.star": optics(2.7) + particles(PIXELS, "1 0 0", ...many(0, 12)),
        "Extract/job009/particles.star": optics(2.7) + particles(PIXELS, "0 0 0", ...many(0, 12)),
        "Class3D/job010/run_it025_data.star": optics(2.7) + particles(PIXELS, "1 0 0", ...many(0, 1)),
      }),
    );
    const last = "Refine3D/job004/run_data.star";
    expect(told).toMatchObject({
      [last]: "points TS_01",
      "Refine3D/job008/run_it003_data.star": `the same particles as ${last}`,
      "Extract/job009/particles.star": `the same particles as ${last}`,
      "Class3D/job010/run_it025_data.star": `the same particles as ${last}, 1 of 12`,
    });
  });

  it("whose origins cannot be turned into pixels give way to one that is read rightly", async () => {
    const found = await recognised({
      ...base,
      "Extract/job003/particles.star": optics(2.7) + particles(PIXELS, "0 0 0", ...PLACES),
      "Refine3D/job004/run_data.star": particles(PIXELS, "5.4 0 0", ...PLACES),
    });
    expect(toldOf(found)).toMatchObject({ "Extract/job003/particles.star": "points TS_01" });
    expect(toldOf(found)["Refine3D/job004/run_data.star"]).toMatch(/^the same particles as Extract.*shifts would be lost/);
  });
});

describe("what others know better", () => {
  it("stays open: lists without tables of tomograms, picks without a list, files that people put there", async () => {
    const list = (...rows: readonly string[]) => table("particles", ["rlnMicrographName", ...PIXELS, ...ANGLES], ...rows);
    const told = toldOf(
      await recognised({
        "Extract/job003/particles.star": list("Tomograms/a/a.mrc 1 2 3 0 0 0"),
        "Refine3D/job004/run_data.star": list("Tomograms/a/a.mrc 1 2 3 4 5 6"),
        "Picks/job005/annotations/a_particles.star": table("", ["rlnTomoName", ...PIXELS], "a 1 2 3"),
        "External/job006/a.mrc": volume(10),
      }),
    );
    expect(told).toEqual({ "Extract/job003/particles.star": "the same particles as Refine3D/job004/run_data.star" });
  });

  it("is not told twice by the names that jobs were given", async () => {
    const told = toldOf(
      await recognised({ ...RELION4, "Refine3D/ribosome/run_it012_data.star": particles(PIXELS, "5.4 0 0", ...PLACES) }),
    );
    expect(told["Refine3D/ribosome/run_it012_data.star"]).toBe(
      "in the folder of Refine3D/job005 under the name that it was given",
    );
    expect(told["Refine3D/job005/run_data.star"]).toBe("points TS_01");
  });
});

// As the tutorial of RELION 5 and its programs write them: STA_tutorial, reconstruct_tomogram.cpp, denoise/cryoCARE/_utils.py
const tomograms5 = (binning: number, ...rows: readonly string[]) =>
  table(
    "global",
    [
      ...["rlnTomoName", "rlnTomoTiltSeriesPixelSize", "rlnTomoTiltSeriesStarFile", "rlnTomoTomogramBinning", "rlnTomoSizeX"],
      ...["rlnTomoSizeY", "rlnTomoSizeZ", "rlnTomoReconstructedTomogramHalf1", "rlnTomoReconstructedTomogramHalf2"],
      ...["rlnTomoReconstructedTomogram", "rlnTomoReconstructedTomogramDenoised"],
    ],
    ...rows.map((name) =>
      [
        ...[name, "1.35", `Tomograms/job006/tilt_series/${name}.star`, `${binning}`, "474 444 237"],
        ...[1, 2].map((half) => `Tomograms/job006/tomograms/rec_${name}_half${half}.mrc`),
        ...[`Tomograms/job006/tomograms/rec_${name}.mrc`, `Denoise/job008/tomograms/rec_${name}.mrc`],
      ].join(" "),
    ),
  );
const tilts = (name: string, ...movies: readonly string[]) =>
  table(
    name,
    [
      ...["rlnMicrographMovieName", "rlnTomoNominalStageTiltAngle", "rlnMicrographName", "rlnDefocusU", "rlnTomoXTilt"],
      ...["rlnTomoYTilt", "rlnTomoZRot", "rlnTomoXShiftAngst", "rlnTomoYShiftAngst"],
    ],
    ...movies.map(
      (movie, at) => `frames/${movie}.mrc ${3 * at} MotionCorr/job002/frames/${movie}.mrc 39527.8 0 ${3 * at} 85 1 2`,
    ),
  );
const imported = (name: string, ...movies: readonly string[]) =>
  table(name, ["rlnMicrographMovieName", "rlnTomoNominalStageTiltAngle"], ...movies.map((movie) => `frames/${movie}.mrc 0`));
const RELION5: Files = {
  "Import/job001/tilt_series.star": table(
    "global",
    ["rlnTomoName", "rlnTomoTiltSeriesStarFile", "rlnMicrographOriginalPixelSize"],
    "TS_01 Import/job001/tilt_series/TS_01.star 0.675",
  ),
  "Import/job001/tilt_series/TS_01.star": imported("TS_01", "TS_01_000_0.0", "TS_01_001_3.0"),
  "MotionCorr/job002/job.star":
    "data_job\n\n_rlnJobTypeLabel relion.motioncorr.own\n" +
    table("joboptions_values", ["rlnJobOptionVariable", "rlnJobOptionValue"], "fn_gain_ref gain.mrc", "bin_factor 2"),
  "MotionCorr/job002/frames/TS_01_000_0.0.mrc": picture,
  "MotionCorr/job002/frames/TS_01_000_0.0_PS.mrc": picture,
  "MotionCorr/job002/frames/TS_01_000_0.0_EVN.mrc": picture,
  "MotionCorr/job002/frames/TS_01_000_0.0.star": "data_general\n\n_rlnMicrographBinning 2.0\n",
  "CtfFind/job003/frames/TS_01_000_0.0_PS.ctf": picture,
  "AlignTiltSeries/job005/external/TS_01/TS_01.mrc": stack(1.35),
  "AlignTiltSeries/job005/external/TS_01/TS_01_aligned.mrc": stack(1.35),
  "Tomograms/job006/tilt_series/TS_01.star": tilts("TS_01", "TS_01_000_0.0", "TS_01_001_3.0"),
  "Tomograms/job006/tomograms.star": tomograms5(7.407407, "TS_01"),
  "Tomograms/job006/tomograms/rec_TS_01_half1.mrc": volume(10),
  "Tomograms/job006/tomograms/rec_TS_01_half2.mrc": volume(10),
  "Tomograms/job006/tomograms/rec_TS_01.mrc": volume(1),
  "Tomograms/job006/projections/rec_TS_01.mrc": picture,
  "Denoise/job008/tomograms/rec_TS_01.mrc": volume(10),
  "Denoise/job008/external/training/TS_01_half1.mrc": volume(10),
  "Picks/job009/annotations/TS_01_particles.star": table("", ["rlnTomoName", ...PIXELS], "TS_01 20 30 10"),
  "Picks/job009/particles.star": table("particles", ["rlnTomoName", ...CENTRED], "TS_01 100 -200 50"),
  "frames/TS_01_000_0.0.mrc": frame,
  "frames/TS_01_001_3.0.mrc": frame,
  "gain.mrc": picture,
};

describe("a project of RELION 5", () => {
  it("names frames, tomograms, halves and denoised ones", async () => {
    const found = await recognised(RELION5);
    expect(toldOf(found)).toEqual({
      "Import/job001/tilt_series.star": "a table of tomograms of RELION",
      "Import/job001/tilt_series/TS_01.star": "a project file of RELION",
      "MotionCorr/job002/job.star": "a project file of RELION",
      "MotionCorr/job002/frames/TS_01_000_0.0.mrc": "the average of the frames of one tilt",
      "MotionCorr/job002/frames/TS_01_000_0.0_PS.mrc": "a power spectrum",
      "MotionCorr/job002/frames/TS_01_000_0.0_EVN.mrc": "an average of half of the frames of one tilt",
      "MotionCorr/job002/frames/TS_01_000_0.0.star": "the motion between the frames of one tilt",
      "CtfFind/job003/frames/TS_01_000_0.0_PS.ctf": "a power spectrum",
      "AlignTiltSeries/job005/external/TS_01/TS_01.mrc": "tilt series TS_01",
      "AlignTiltSeries/job005/external/TS_01/TS_01_aligned.mrc": "made by an alignment, of a stack that is there",
      "Tomograms/job006/tilt_series/TS_01.star": "alignment TS_01",
      "Tomograms/job006/tomograms.star": "a table of tomograms of RELION",
      "Tomograms/job006/tomograms/rec_TS_01_half1.mrc": "half map TS_01",
      "Tomograms/job006/tomograms/rec_TS_01_half2.mrc": "half map TS_01",
      "Tomograms/job006/tomograms/rec_TS_01.mrc": "tomogram TS_01",
      "Tomograms/job006/projections/rec_TS_01.mrc": "a projection of a tomogram",
      "Denoise/job008/tomograms/rec_TS_01.mrc": "tomogram TS_01",
      "Denoise/job008/external/training/TS_01_half1.mrc": "what a denoiser of tomograms was trained with",
      "Picks/job009/annotations/TS_01_particles.star": "picks of one tomogram: Picks/job009/particles.star has them all",
      "Picks/job009/particles.star": "points TS_01",
      "frames/TS_01_000_0.0.mrc": "frame TS_01",
      "frames/TS_01_001_3.0.mrc": "frame TS_01",
      "gain.mrc": "gain TS_01",
    });
    expect([found!.software, found!.questions, found!.notes]).toEqual(["RELION 5", [], []]);
    // 1.35 Å × 7.407407 = 10 Å; a header of 1 Å is one that nobody set
    expect(detailsOf(found, "Tomograms/job006/tomograms/rec_TS_01.mrc")).toEqual({
      spacingAngstrom: 10,
      processing: "raw",
      reconstructionSoftware: "RELION",
    });
    expect(detailsOf(found, "Denoise/job008/tomograms/rec_TS_01.mrc")).toMatchObject({
      processing: "denoised",
      processingSoftware: "cryoCARE",
    });
    expect(detailsOf(found, "Picks/job009/particles.star")!.points).toEqual({
      format: "relion5_star",
      shape: "Point",
      rowName: "rlnTomoName",
      unit: "format",
      centredIn: { TS_01: [639.9, 599.4, 319.95] },
    });
  });

  it("asks about a header with another voxel size, and finds what was moved", async () => {
    const { "Tomograms/job006/tomograms/rec_TS_01.mrc": _, ...rest } = RELION5;
    const found = await recognised({ ...rest, "elsewhere/rec_TS_01.mrc": volume(5.4) });
    const [question] = found!.questions!;
    expect([question!.files, question!.guess]).toEqual([["elsewhere/rec_TS_01.mrc"], "10"]);
    expect(question!.options[0]!.claims[0]).toMatchObject({ run: "TS_01", details: { spacingAngstrom: 10 } });
  });

  it("places centred picks in tomograms of several voxel sizes, without those that are gone", async () => {
    const global = (name: string, binning: number) => `${name} 1.35 ${binning} Tomograms/job006/tomograms/rec_${name}.mrc`;
    const columns = ["rlnTomoName", "rlnTomoTiltSeriesPixelSize", "rlnTomoTomogramBinning", "rlnTomoReconstructedTomogram"];
    const list = "Picks/job009/particles.star";
    const laboratory = await laboratoryWith({
      "Tomograms/job006/tomograms.star": table("global", columns, global("TS_01", 8), global("TS_02", 4), global("TS_03", 4)),
      "Tomograms/job006/tomograms/rec_TS_01.mrc": volume(10.8),
      "Tomograms/job006/tomograms/rec_TS_02.mrc": volume(5.4),
      [list]: table("particles", ["rlnTomoName", ...CENTRED], "TS_01 100 -200 50", "TS_02 -80 100 50", "TS_03 10 20 30"),
    });
    const { signal } = new AbortController();
    const { files, runs } = await decisionsOf(laboratory, await recognisedIn(laboratory, signal), signal);
    expect(runs).toEqual(["TS_01", "TS_02"]);
    expect(files.get(list)).toMatchObject({ role: "points", runs: ["TS_01", "TS_02"] });
    const { binning, inSpacingAngstrom } = files.get(list)!.details.points!;
    expect([binning, inSpacingAngstrom]).toEqual([undefined, undefined]);
  });

  it("does not place centred picks in a tomogram of another size than RELION's, whose centre is elsewhere", async () => {
    const global = (name: string) => `${name} 1.35 8 Tomograms/job006/tomograms/rec_${name}.mrc 512 480 256`;
    const columns = [
      "rlnTomoName",
      "rlnTomoTiltSeriesPixelSize",
      "rlnTomoTomogramBinning",
      "rlnTomoReconstructedTomogram",
      ...SIZES,
    ];
    const list = "Picks/job009/particles.star";
    const { signal } = new AbortController();
    const runsOf = async (sections: number) => {
      const laboratory = await laboratoryWith({
        "Tomograms/job006/tomograms.star": table("global", columns, global("TS_01"), global("TS_02")),
        "Tomograms/job006/tomograms/rec_TS_01.mrc": volume(10.8),
        "Tomograms/job006/tomograms/rec_TS_02.mrc": mrcFile([sections, 60, 64], 10.8, { seed: 2 }),
        [list]: table("particles", ["rlnTomoName", ...CENTRED], "TS_01 100 -200 50", "TS_02 -80 100 50"),
      });
      return (await decisionsOf(laboratory, await recognisedIn(laboratory, signal), signal)).files.get(list)?.runs;
    };
    // programs round a size
    expect([await runsOf(32), await runsOf(33), await runsOf(40)]).toEqual([["TS_01", "TS_02"], ["TS_01", "TS_02"], ["TS_01"]]);
  });

  it("says nothing of a tomogram beside the project, of which it has the one of that name", async () => {
    const project = Object.fromEntries(
      Object.entries({
        "Tomograms/job006/tomograms.star": table(
          "global",
          ["rlnTomoName", "rlnTomoTiltSeriesPixelSize", "rlnTomoTomogramBinning", "rlnTomoReconstructedTomogram", ...SIZES],
          "TS_01 1.35 8 Tomograms/job006/tomograms/rec_TS_01.mrc 512 480 256",
        ),
        "Tomograms/job006/tomograms/rec_TS_01.mrc": volume(10.8),
      }).map(([path, content]) => [`batch2/${path}`, content]),
    );
    const other = { "batch1/rec/TS_01_8.72Apx.mrc": mrcFile([30, 56, 60], 8.72) };
    expect((await recognised({ ...project, ...other }))!.questions).toEqual([]);
    const { "batch2/Tomograms/job006/tomograms/rec_TS_01.mrc": _, ...without } = project;
    expect((await recognised({ ...without, ...other }))!.questions).toMatchObject([{ files: Object.keys(other) }]);
  });

  it("says nothing of the header of a tomogram of that name elsewhere, where its tables name one of another program", async () => {
    // `aretomo3torelion5.py` names the tomograms of AreTomo3 beside the project
    const files = {
      "relion/relion_star_files/tomograms.star": table(
        "global",
        ["rlnTomoName", "rlnTomoTiltSeriesPixelSize", "rlnTomoTomogramBinning", "rlnTomoReconstructedTomogram", ...SIZES],
        "TS_01 1.35 8 ../grid1/aretomo3/TS_01_Vol.mrc 512 480 256",
      ),
      "relion/Extract/job002/particles.star": particles(CENTRED, "0 0 0", "TS_01 10 20 30"),
      "grid1/aretomo3/TS_01_Vol.mrc": volume(10.8),
    };
    const other = { "grid2/aretomo3/TS_01_Vol.mrc": volume(8.72), "rescaled/TS_01_10A.mrc": mrcFile([35, 65, 69], 10) };
    const found = await recognised({ ...files, ...other, "ddw/TS_01_Vol.mrc": volume(0) });
    expect(found!.questions).toEqual([]);
    expect(toldOf(found)).not.toHaveProperty("grid2/aretomo3/TS_01_Vol.mrc");
    expect(detailsOf(found, "ddw/TS_01_Vol.mrc")).toMatchObject({ spacingAngstrom: 10.8 });
    const { "grid1/aretomo3/TS_01_Vol.mrc": _, ...without } = files;
    const asked = (await recognised({ ...without, "a/TS_01_Vol.mrc": volume(8.72) }))!.questions!;
    expect(asked.flatMap((question) => question.files)).toEqual(["a/TS_01_Vol.mrc"]);
  });

  it("asks once about many headers of one kind", async () => {
    const found = await recognised({
      "Tomograms/job006/tomograms.star": tomograms5(8, "TS_01", "TS_02", "TS_03"),
      "Tomograms/job006/tomograms/rec_TS_01.mrc": volume(5.4),
      "Tomograms/job006/tomograms/rec_TS_02.mrc": volume(5.4),
      "Tomograms/job006/tomograms/rec_TS_03.mrc": volume(2.7),
    });
    expect(found!.questions!.map(({ files }) => files.length)).toEqual([2, 1]);
    expect(found!.questions![0]!.options[0]!.claims.map(({ run, details }) => [run, details!.spacingAngstrom])).toEqual([
      ["TS_01", 10.8],
      ["TS_02", 10.8],
    ]);
  });

  it("has no tomograms by a table of IsoNet2, which has taken over names of columns", async () => {
    const columns = ["rlnTomoName", "rlnTomoReconstructedTomogramHalf1", "rlnMaskBoundary", "rlnNumberSubtomo"];
    const found = await recognised({
      ...RELION5,
      "isonet_tomos.star": table("", columns, "isonet/TS_09.mrc isonet/TS_09_a.mrc None 100"),
      "isonet/TS_09_a.mrc": volume(10),
    });
    expect(toldOf(found)["isonet/TS_09_a.mrc"]).toBeUndefined();
    expect(toldOf(found)["isonet_tomos.star"]).toBeUndefined();
  });

  it("leaves out a tomogram that is the same file as the named one", async () => {
    const same = mrcFile([32, 60, 64], 10, { seed: 3 });
    const found = await recognised({
      ...RELION5,
      "Tomograms/job006/tomograms/rec_TS_01.mrc": same,
      "disk/TS_01_vol.mrc": same,
    });
    expect(toldOf(found)["disk/TS_01_vol.mrc"]).toBe("the same as Tomograms/job006/tomograms/rec_TS_01.mrc, which RELION names");
  });
});

describe("what was deleted in RELION, or is there twice", () => {
  const counted = (counter: number, ...processes: readonly string[]) =>
    `data_pipeline_general\n\n_rlnPipeLineJobCounter ${counter}\n${pipeline(processes)}`;
  const noise = (seed: number) => mrcFile([32, 60, 64], 10, { seed });
  const of6 = (name: string) => `Tomograms/job006/${name}`;
  const { [of6("tomograms/rec_TS_01.mrc")]: _, ...without } = RELION5;

  it("is no second result: what a table names is not looked for in Trash", async () => {
    const told = toldOf(await recognised({ ...without, [`Trash/${of6("tomograms/rec_TS_01.mrc")}`]: noise(1) }));
    expect(told[`Trash/${of6("tomograms/rec_TS_01.mrc")}`]).toBe("of the job Tomograms/job006, which was deleted in RELION");
  });

  it("nor what a job left that failed, or that the list of jobs has no more; alone it is told", async () => {
    const second = (job: string) => ({
      [`Tomograms/${job}/tomograms.star`]: tomograms5(7.407407, "TS_01").replaceAll("Tomograms/job006", `Tomograms/${job}`),
      [`Tomograms/${job}/tomograms/rec_TS_01.mrc`]: noise(2),
    });
    const told = async (...processes: readonly string[]) =>
      recognised({ ...RELION5, ...second("job007"), "default_pipeline.star": counted(12, ...processes) });
    const six = "Tomograms/job006/ None relion.reconstructtomograms Succeeded";
    const failed = await told(six, "Tomograms/job007/ None relion.reconstructtomograms Failed");
    expect(toldOf(failed)).toMatchObject({
      "Tomograms/job006/tomograms/rec_TS_01.mrc": "tomogram TS_01",
      "Tomograms/job007/tomograms/rec_TS_01.mrc":
        "a tomogram which Tomograms/job007 left when it failed: Tomograms/job006/tomograms/rec_TS_01.mrc is there",
    });
    expect(toldOf(await told(six))["Tomograms/job007/tomograms/rec_TS_01.mrc"]).toBe(
      "a tomogram of Tomograms/job007, which RELION's list of jobs has no more: Tomograms/job006/tomograms/rec_TS_01.mrc is there",
    );
    const alone = await recognised({ ...without, ...second("job007"), "default_pipeline.star": counted(12, six) });
    expect(toldOf(alone)["Tomograms/job007/tomograms/rec_TS_01.mrc"]).toBe("tomogram TS_01");
    expect(alone!.notes).toContain(
      "Tomograms/job007/tomograms/rec_TS_01.mrc is the tomogram of TS_01, of Tomograms/job007, which RELION's list of jobs has no more.",
    );
    // a job that RELION has not counted is a person's own
    const own = await recognised({ ...without, ...second("job020"), "default_pipeline.star": counted(12, six) });
    expect(own!.notes!.join()).not.toContain("job020");
  });

  it("nor the folder of a job under another name, whether the list of jobs has the name or not", async () => {
    const { signal } = new AbortController();
    const files = { ...RELION5, [of6("tomograms/rec_TS_01.mrc")]: noise(1) };
    const linked = Object.fromEntries(
      Object.entries(files).flatMap(([path, content]) =>
        path.startsWith("Tomograms/job006/") ? [[path.replace("job006", "final"), content]] : [],
      ),
    );
    const alias = "Tomograms/final/tomograms/rec_TS_01.mrc";
    const reason = "in the folder of Tomograms/job006 under the name that it was given";
    const own = toldOf(await recognised({ ...files, ...linked }));
    expect([own[alias], own[of6("tomograms/rec_TS_01.mrc")]]).toEqual([reason, "tomogram TS_01"]);
    // the whole folder is a copy, too: the job counts
    const laboratory = await laboratoryWith({ ...files, ...linked });
    const decisions = await decisionsOf(laboratory, await recognisedIn(laboratory, signal), signal);
    expect([decisions.files.get(alias)?.role, decisions.files.get(of6("tomograms/rec_TS_01.mrc"))?.role]).toEqual([
      "left out",
      "tomogram",
    ]);
  });

  it("but a name whose job is gone is all there is", async () => {
    const aliased = counted(12, "Tomograms/job006/ Tomograms/final/ relion.reconstructtomograms Succeeded");
    const { [of6("tomograms.star")]: table, ...rest } = without;
    const moved = await recognised({
      ...Object.fromEntries(Object.entries(rest).filter(([path]) => !path.startsWith("Tomograms/job006/"))),
      "tomograms.star": table!,
      "default_pipeline.star": aliased,
      "Tomograms/final/tomograms/rec_TS_01.mrc": noise(1),
      "Tomograms/final/tomograms/rec_TS_01_cleaned.mrc": noise(2),
    });
    expect(toldOf(moved)["Tomograms/final/tomograms/rec_TS_01.mrc"]).toBe("tomogram TS_01");
    expect(toldOf(moved)["Tomograms/final/tomograms/rec_TS_01_cleaned.mrc"]).toBeUndefined();
  });
});

describe("an alignment that RELION let another program make", () => {
  const job = (number: string, ...options: readonly string[]) => ({
    [`AlignTiltSeries/job${number}/job.star`]: table(
      "joboptions_values",
      ["rlnJobOptionVariable", "rlnJobOptionValue"],
      ...options,
    ),
  });
  const aretomo = job("005", "do_imod_fiducials No", "do_imod_patchtrack No", "do_aretomo2 Yes");
  const method = async (files: Files) =>
    detailsOf(await recognised({ ...RELION5, ...files }), "Tomograms/job006/tilt_series/TS_01.star")?.methodType;

  it("has the method of that program, by the job in its chain, or the only one", async () => {
    expect(await method({})).toBeUndefined();
    expect(await method(aretomo)).toBe("projection_matching");
    const two = { ...aretomo, ...job("004", "do_imod_fiducials Yes", "do_aretomo2 No") };
    expect(await method(two)).toBeUndefined();
    const edges = ["AlignTiltSeries/job004/aligned_tilt_series.star Tomograms/job006/"];
    expect(await method({ ...two, "default_pipeline.star": pipeline([], edges) })).toBe("fiducial_based");
    expect(await method(job("005", "do_imod_fiducials Yes", "do_aretomo2 Yes"))).toBeUndefined();
  });
});

it("a stack for an alignment is the tilt series, too, where an mdoc that came without its own one names a stack of this name", async () => {
  const sections = [-3, 0, 3].map((angle, at) => `\n[ZValue = ${at}]\nTiltAngle = ${angle}\n`).join("");
  const found = await recognised({
    ...RELION5,
    "mdoc/TS_01.mrc.mdoc": `PixelSpacing = 1.35\nImageFile = TS_01.mrc\n${sections}`,
  });
  expect(toldOf(found)["AlignTiltSeries/job005/external/TS_01/TS_01.mrc"]).toBe("tilt series TS_01");
});

describe("the version of RELION", () => {
  const { "Tomograms/job006/tomograms.star": _, ...rest } = RELION5;
  it.each([
    ["RELION 5", { ...rest, "default_pipeline.star": pipeline(["Import/job001/ None relion.importtomo Succeeded"]) }],
    [
      "RELION 5",
      // kinds of jobs that RELION 4 has, too, in a list without a number of its format
      { ...RELION5, "default_pipeline.star": ofVersion4(pipeline)(["Refine3D/job007/ None relion.refine3d.tomo Succeeded"]) },
    ],
    [
      "RELION 4",
      {
        "ImportTomo/job001/tomograms.star": tomograms4(ONE4),
        "default_pipeline.star": ofVersion4(pipeline)(["ImportTomo/job001/ None relion.importtomo Succeeded"]),
      },
    ],
    [
      "RELION 5",
      {
        "ImportTomo/job001/tomograms.star": tomograms4(ONE4),
        "Denoise/job002/job.star": "# version 30001\n\ndata_job\n\n_rlnJobTypeLabel relion.denoisetomo\n",
      },
    ],
    [
      "RELION 3",
      {
        "Extract/job003/particles.star": particles(PIXELS, "0 0 0", ...PLACES),
        "default_pipeline.star":
          "# version 30001\n\ndata_pipeline_processes\n\nloop_\n_rlnPipeLineProcessName\n_rlnPipeLineProcessType\nExtract/job003/ 5\n",
      },
    ],
    [
      "RELION 5",
      {
        // of an export of WarpTools, whose table of tomograms is as in RELION 4
        "ImportTomo/job001/tomograms.star": tomograms4(ONE4),
        "Refine3D/job002/run_data.star": `data_general\n\n_rlnTomoSubTomosAre2DStacks 1\n${optics(2.7)}${particles(PIXELS, "0 0 0", "TS_01 10 20 30")}`,
      },
    ],
  ])("is that of its own files: %s", async (version, files) => {
    expect((await recognised(files as Files))!.software).toBe(version);
  });
});

describe("a stack that is called after a tomogram of RELION and is another one", () => {
  const table = "Tomograms/job006/tilt_series/TS_01.star";
  const { "AlignTiltSeries/job005/external/TS_01/TS_01.mrc": _, ...rest } = RELION5;

  it.each([
    ["3 images, and not the 4 tilts of the table", stack(1.35), ["a", "b", "c", "d"]],
    ["pixels of 2.2 Å and not of 1.35 Å", stack(2.2), ["a", "b"]],
  ])("has not its tables: %s", async (other, content, movies) => {
    const path = "raw/TS_01.st";
    const found = await recognised({ ...rest, [path]: content, [table]: tilts("TS_01", ...movies) });
    const [question] = found!.questions!;
    expect([question!.files, question!.guess]).toEqual([[table], "leave-out"]);
    expect(question).toMatchObject({
      text: `Should ${table} be published as the alignment of TS_01?`,
      why: `The stack ${path} has ${other}: it seems to be another tilt series of that name.`,
    });
    expect(question!.options[1]!.claims).toMatchObject([{ path: table, role: "alignment", run: "TS_01" }]);
  });

  it("is asked about no more where it fits, in pixels of another binning, too", async () => {
    for (const pixel of [1.35, 5.4, 0.675, 1]) {
      const found = await recognised({ ...rest, "raw/TS_01.st": stack(pixel) });
      expect([found!.questions, toldOf(found)[table]]).toEqual([[], "alignment TS_01"]);
    }
  });

  it("is not the one that a table names by another path", async () => {
    const files = { "ImportTomo/job001/tomograms.star": tomograms4(ONE4) };
    const told = async (one: Uint8Array) =>
      toldOf(await recognised({ ...files, "elsewhere/TS_01.mrc": one }))["elsewhere/TS_01.mrc"];
    expect(await told(stack())).toBe("tilt series TS_01");
    expect(await told(mrcFile([5, 60, 64], 2.7, { kind: "stack" }))).toBeUndefined();
    expect(await told(stack(7))).toBeUndefined();
  });
});

describe("two projects", () => {
  const in2 = (files: Files, ...roots: string[]) =>
    Object.fromEntries(roots.flatMap((root) => Object.entries(files).map(([path, content]) => [`${root}/${path}`, content])));

  it("with tilt series of one name and files of their own have runs of different names", async () => {
    const told = toldOf(await recognised(in2(RELION4, "grid1", "grid2")));
    expect(told).toMatchObject({
      "grid1/tomograms/TS_01/TS_01.mrc": "tilt series grid1_TS_01",
      "grid2/tomograms/TS_01/TS_01.mrc": "tilt series grid2_TS_01",
      "grid2/Refine3D/job005/run_data.star": "points grid2_TS_01",
    });
  });

  it("have lists of particles that mean the tomograms of their own project", async () => {
    const own = (n: number) => (path: string, content: string | Uint8Array) => {
      if (path.endsWith("TS_01.mrc")) return mrcFile([3, 60, 64], 1, { kind: "stack", seed: n });
      if (path.startsWith("recs")) return mrcFile([32, 60, 64], 1, { seed: n + 2 });
      return typeof content === "string" ? content.replaceAll("210 200 100", `21${n} 200 100`) : content;
    };
    const files = ["grid1", "grid2"].flatMap((root, n) =>
      Object.entries(RELION4).map(([path, content]) => [`${root}/${path}`, own(n + 1)(path, content)] as const),
    );
    const laboratory = await laboratoryWith(Object.fromEntries(files));
    const { signal } = new AbortController();
    const decided = await decisionsOf(laboratory, await recognisedIn(laboratory, signal), signal);
    for (const root of ["grid1", "grid2"])
      expect(decided.files.get(`${root}/Refine3D/job005/run_data.star`)).toMatchObject({
        role: "points",
        runs: [`${root}_TS_01`],
        details: { points: { rowValues: { [`${root}/recs/TS_01_bin4.mrc`]: "TS_01" } } },
      });
  });

  it("of the same tilt series have the same runs", async () => {
    const found = await recognised({
      "a/ImportTomo/job001/tomograms.star": tomograms4(ONE4.replace("tomograms/", "../raw/")),
      "b/ImportTomo/job001/tomograms.star": tomograms4(ONE4.replace("tomograms/", "../raw/")),
      "b/Refine3D/job005/run_data.star": optics(2.7) + particles(PIXELS, "5.4 0 0", ...PLACES),
      "raw/TS_01/TS_01.mrc": stack(),
    });
    expect(toldOf(found)).toMatchObject({
      "raw/TS_01/TS_01.mrc": "tilt series TS_01",
      "b/Refine3D/job005/run_data.star": "points TS_01",
    });
  });
});

it("cubes that are called after a tomogram, such as those of a training, are not asked about by the size of the tomogram", async () => {
  const train = { "isonet/results/TS_01_000000_iter05.mrc": cube, "more/TS_01_slab.mrc": mrcFile([10, 60, 64], 10.8) };
  const found = await recognised({ ...RELION4, ...train, "rec/TS_01.mrc": volume(10.8) });
  expect(found!.questions!.flatMap(({ files }) => files)).toEqual(["more/TS_01_slab.mrc"]);
});

describe("a project of RELION 4, which names stacks, and one of RELION 5, which names tomograms", () => {
  const tomograms5 = table(
    "global",
    [
      ...["rlnTomoName", "rlnTomoReconstructedTomogramHalf1", "rlnTomoReconstructedTomogram"],
      ...["rlnTomoSizeX", "rlnTomoSizeY", "rlnTomoSizeZ", "rlnTomoTiltSeriesPixelSize", "rlnTomoTomogramBinning"],
    ],
    "TS_01 Tomograms/job006/tomograms/rec_TS_01_half1.mrc Tomograms/job006/tomograms/rec_TS_01.mrc 256 240 128 2.7 4",
  );
  const lab = (places: readonly string[]) => ({
    "raw/TS_01/TS_01.mrc": stack(),
    "relion4/ImportTomo/job001/tomograms.star": tomograms4(ONE4.replace("tomograms/", "../raw/")),
    "relion4/PseudoSubtomo/job003/particles.star": optics(2.7) + particles(PIXELS, "0 0 0", ...PLACES),
    "relion5/Tomograms/job006/tomograms.star": tomograms5,
    "relion5/Tomograms/job006/tomograms/rec_TS_01.mrc": volume(10.8),
    "relion5/Refine3D/job031/run_data.star": optics(2.7) + particles(CENTRED, "0 0 0", ...places),
  });
  /** The places in Å from the centre of 256 × 240 × 128 pixels. */
  const centred = PLACES.map((row) => {
    const [name, ...place] = row.split(" ");
    return [name, ...place.map((one, axis) => (Number(one) - [128, 120, 64][axis]!) * 2.7)].join(" ");
  });

  it("are of one data set where they have the same particles: each run is told once, and the later list is published", async () => {
    expect(toldOf(await recognised(lab(centred)))).toMatchObject({
      "raw/TS_01/TS_01.mrc": "tilt series TS_01",
      "relion5/Tomograms/job006/tomograms/rec_TS_01.mrc": "tomogram TS_01",
      "relion5/Refine3D/job031/run_data.star": "points TS_01",
      "relion4/PseudoSubtomo/job003/particles.star": "the same particles as relion5/Refine3D/job031/run_data.star",
    });
  });

  it("are of two where their particles lie elsewhere", async () => {
    expect(toldOf(await recognised(lab(["TS_01 -80 50 20", "TS_01 3 7 9", "TS_01 140 -111 60"])))).toMatchObject({
      "raw/TS_01/TS_01.mrc": "tilt series relion4_TS_01",
      "relion5/Tomograms/job006/tomograms/rec_TS_01.mrc": "tomogram relion5_TS_01",
    });
  });
});

it("a folder without a project is not RELION's", async () => {
  expect(
    await recognised({ "recs/rec_TS_01.mrc": volume(10), "particles.star": particles(PIXELS, "0 0 0", ...PLACES) }),
  ).toBeUndefined();
});

const real = (name: string) => new URL(`more/relion5/${name}`, REAL_DATA);
describe.skipIf(!existsSync(real("tutorial/")))("real files", () => {
  const tutorial = () =>
    Object.fromEntries(
      readdirSync(real("tutorial/"), { recursive: true, withFileTypes: true }).flatMap((entry) => {
        const path = `${entry.parentPath}/${entry.name}`.slice(fileURLToPath(real("tutorial/")).length).replace(/^\//, "");
        return entry.isFile() ? [[path, readFileSync(real(`tutorial/${path}`))]] : [];
      }),
    );

  it("the tutorial's project: five tomograms, of which two have tables of tilts", async () => {
    const found = await recognised({
      ...tutorial(),
      "Refine3D/job080/run_data.star": readFileSync(real("R5_tutorial_run_data.star")),
      "Tomograms/job006/tomograms/rec_TS_43_half1.mrc": volume(1),
      "frames/TS_01_038_-57.0.mrc": frame,
    });
    const told = toldOf(found);
    expect(found!.software).toBe("RELION 5");
    expect(found!.notes).toEqual([]);
    expect(told).toMatchObject({
      "frames/TS_01_038_-57.0.mrc": "frame TS_01",
      "Tomograms/job006/tomograms/rec_TS_43_half1.mrc": "half map TS_43",
      "Refine3D/job080/run_data.star": "points TS_01",
      // the 342 particles of one are those of the other
      "Extract/job071/particles.star": "the same particles as Refine3D/job080/run_data.star",
      "Picks/job019/annotations/TS_43_particles.star": "picks of one tomogram: Picks/job019/particles.star has them all",
      "Picks/job019/particles.star": "points TS_54",
      "Class3D/job017/run_it025_optimisation_set.star": "a project file of RELION",
      "CtfRefine/job067/tilt_series/TS_01.star": "alignment TS_01",
      "Tomograms/job006/tilt_series/TS_01.star": "ctf TS_01",
      "ExcludeTiltImages/job004/tilt_series/TS_01.star": "a project file of RELION",
      "Import/job001/tilt_series.star": "a table of tomograms of RELION",
    });
    expect(detailsOf(found, "Tomograms/job006/tomograms/rec_TS_43_half1.mrc")?.spacingAngstrom).toBeCloseTo(10, 4);
  });

  it("tables of other programs", async () => {
    const found = await recognised({
      "Tomograms/job009/tomograms.star": readFileSync(real("pytom/Tomograms/job009/tomograms.star")),
      "Tomograms/job009/tomograms/rec_tomo200528_107.mrc": volume(1),
    });
    expect(toldOf(found)).toMatchObject({ "Tomograms/job009/tomograms/rec_tomo200528_107.mrc": "tomogram tomo200528_107" });
    // 1.724 Å × 8.12065 = 14.0 Å
    expect(found!.claims.find(({ role }) => role === "tomogram")!.details!.spacingAngstrom).toBeCloseTo(14, 3);
  });
});

describe("what of a project of RELION cannot be read", () => {
  it("(34.silence) is told: the list of its jobs, and the gain reference that is not in the folder", async () => {
    const found = await recognised({
      "default_pipeline.star":
        "data_pipeline_processes\n\nloop_\n_rlnPipeLineProcessName #1\n_rlnPipeLineProcessAlias #2\nImport/job001/\n",
      "MotionCorr/job002/job.star": table(
        "joboptions_values",
        ["rlnJobOptionVariable", "rlnJobOptionValue"],
        "fn_gain_ref Movies/gain.mrc",
      ),
    });
    expect(found!.notes!.join("\n")).toMatch(/default_pipeline\.star[\s\S]*Which jobs failed/);
    expect(found!.goneGains).toEqual([{ by: "MotionCorr/job002/job.star", named: "Movies/gain.mrc" }]);
  });

  it("(34.silence) and not a large table of tomograms", async () => {
    const rows = "[1,0,0,0,1,2,3,4,5,6,7,8,9] [0,1,0,0,1,2,3,4,5,6,7,8,9]\n".repeat(320_000);
    const star =
      tomograms4("TS_01 tilts/TS_01.mrc 1 64 60 32 2.7 fid.star") + table("TS_02", ["rlnTomoProjX", "rlnTomoProjY"], rows);
    const found = await recognised({
      "ImportTomo/job001/tomograms.star": star,
      "tilts/TS_01.mrc": stack(),
    });
    expect(star.length).toBeGreaterThan(16 * 1024 * 1024);
    expect(toldOf(found)["tilts/TS_01.mrc"]).toBe("tilt series TS_01");
  });
});

it("a stack that a table names by one path for several tomograms is of none, unless it is called after one", async () => {
  const row = (name: string, stack: string) => `${name} ${stack} 3 256 240 128 2.7 None`;
  const told = async (stacks: readonly [string, string], files: Files) =>
    toldOf(
      await recognised({
        "default_pipeline.star": RELION4["default_pipeline.star"]!,
        "matching_tomograms.star": tomograms4(row("TS_01.tomostar", stacks[0]), row("TS_02.tomostar", stacks[1])),
        ...files,
      }),
    );
  const dummy = await told(["stand_in.mrc", "stand_in.mrc"], { "stand_in.mrc": stack() });
  expect(dummy["stand_in.mrc"]).toMatch(/for several tomograms: .* the tilt series of none/);
  const parts = await told(["TS_01.mrc", "TS_01.mrc"], { "TS_01.mrc": stack() });
  expect(parts["TS_01.mrc"]).toBe("tilt series TS_01");
  // of two stacks of one name in the folders of two series one is there
  const folders = await told(["one/stack.mrc", "two/stack.mrc"], { "one/stack.mrc": stack() });
  expect(folders["one/stack.mrc"]).toBe("tilt series TS_01");
});

it("a tomogram of RELION's size with y and z exchanged is one that nobody has turned, and the question says so", async () => {
  const asked = async (shape: [number, number, number]) => {
    const found = await recognised({
      "default_pipeline.star": RELION4["default_pipeline.star"]!,
      "tomograms.star": tomograms4(ONE4),
      "rec/TS_01.mrc": volume(10.8),
      "other/TS_01.rec": mrcFile(shape, 10.8, { seed: 2 }),
    });
    return found!.questions!.map(({ text, why, options }) => [text, why, options[0]!.claims[0]!.because]);
  };
  expect(await asked([60, 32, 64])).toEqual([
    [
      "Should other/TS_01.rec be published as a tomogram?",
      "It has 64×32×60 voxels, a binning of the 256×240×128 pixels that RELION has for TS_01, but with y and z exchanged; rec/TS_01.mrc has them in order. IMOD's trimvol -rx would put them right.",
      "it lies on its side: y and z are exchanged against TS_01 in RELION, and rec/TS_01.mrc lies as RELION has it",
    ],
  ]);
  const halves = await recognised({
    "default_pipeline.star": RELION4["default_pipeline.star"]!,
    "tomograms.star": tomograms4(ONE4),
    "rec/TS_01.mrc": volume(10.8),
    ...{
      "other/TS_01_half1.rec": mrcFile([60, 32, 64], 10.8, { seed: 3 }),
      "other/TS_01_half2.rec": mrcFile([60, 32, 64], 10.8),
    },
  });
  expect(halves!.questions).toEqual([]);
  expect(await asked([30, 50, 64])).toEqual([
    [
      "Should other/TS_01.rec be published as a tomogram?",
      "It has 64×50×30 voxels, which is no binning of the 256×240×128 pixels that RELION has for TS_01, while rec/TS_01.mrc is one: it may be a part that was cut out.",
      expect.stringContaining("it has not the size of TS_01"),
    ],
  ]);
});

it("nobody is asked about a volume of another size that the bookkeeping of another program has", async () => {
  const laboratory = await laboratoryWith({
    "r/default_pipeline.star": RELION4["default_pipeline.star"]!,
    "r/tomograms.star": tomograms4(ONE4),
    "r/rec/TS_01.mrc": volume(10.8),
    "e/info/TS_01_info.json": JSON.stringify({ apix_unbin: 2.7, tlt_params: [[0, 0, 0, 0, 0]] }),
    "e/tomograms/TS_01__bin4.hdf": new Uint8Array([0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0]),
    "e/exported/TS_01__bin4.mrc": mrcFile([30, 50, 64], 10.8, { seed: 2 }),
    "other/TS_01.rec": mrcFile([30, 52, 64], 10.8, { seed: 3 }),
  });
  const { signal } = new AbortController();
  const { questions } = await decisionsOf(laboratory, await recognisedIn(laboratory, signal), signal);
  expect(questions.filter(({ id }) => id.startsWith("relion-size")).map((one) => one.files)).toEqual([["other/TS_01.rec"]]);
});

it("a volume that a person calls a tomogram is denoised where its name says so", async () => {
  const laboratory = await laboratoryWith({
    "default_pipeline.star": RELION4["default_pipeline.star"]!,
    "tomograms.star": tomograms4(ONE4),
    "rec/TS_01.mrc": volume(10.8),
    "other/TS_01_den.rec": mrcFile([30, 50, 64], 10.8, { seed: 2 }),
  });
  const given = { files: new Map(), answers: new Map([["relion-size-other-ts-01-den-rec", "tomogram"]]) };
  const { signal } = new AbortController();
  const { files } = await decisionsOf(laboratory, await recognisedIn(laboratory, signal), signal, given);
  expect(files.get("other/TS_01_den.rec")).toMatchObject({ role: "tomogram", details: { processing: "denoised" } });
});

describe("movies that were imported again", () => {
  const COLUMNS = ["rlnTomoName", "rlnTomoTiltSeriesPixelSize", "rlnTomoTiltSeriesStarFile"];
  const VOLUME = [...COLUMNS, "rlnTomoTomogramBinning", "rlnTomoReconstructedTomogram"];
  const movies = [1, 2, 3, 4].map((n) => `frames/Position_1_00${n}_EER.mrc`);
  const tilts = (name: string) => table(name, ["rlnMicrographMovieName"], ...movies);
  const place = "Position_1 100 -200 50";
  const project = (first: string, second: string, pixel = 2.42): Files => ({
    "default_pipeline.star": pipeline(
      ["Import/job001/ None relion.importtomo Succeeded", "Import/job006/ None relion.importtomo Succeeded"],
      ["Import/job001/tilt_series.star Picks/job004/"],
    ),
    ...Object.fromEntries(movies.map((movie) => [movie, frame])),
    "Import/job001/tilt_series.star": table("global", COLUMNS, `${first} ${pixel} Import/job001/tilt_series/${first}.star`),
    [`Import/job001/tilt_series/${first}.star`]: tilts(first),
    "Tomograms/job003/tomograms.star": table(
      "global",
      VOLUME,
      `${first} ${pixel} Import/job001/tilt_series/${first}.star ${10 / pixel} Tomograms/job003/tomograms/rec_${first}.mrc`,
    ),
    [`Tomograms/job003/tomograms/rec_${first}.mrc`]: volume(10),
    "Picks/job004/particles.star": table("particles", ["rlnTomoName", ...CENTRED], place.replace("Position_1", first)),
    "Import/job006/tilt_series.star": table("global", COLUMNS, `${second} 3.02 Import/job006/tilt_series/${second}.star`),
    [`Import/job006/tilt_series/${second}.star`]: tilts(second),
  });
  const reconstructed = (name: string): Files => ({
    "Tomograms/job009/tomograms.star": table(
      "global",
      VOLUME,
      `${name} 3.02 Import/job006/tilt_series/${name}.star 3.3113 Tomograms/job009/tomograms/rec_${name}.mrc`,
    ),
    [`Tomograms/job009/tomograms/rec_${name}.mrc`]: mrcFile([28, 50, 52], 10),
  });
  const AGAIN = "of an import with pixels of 2.42 Å, which was done again: Import/job006 has 3.02 Å";

  it("with a prefix are one series, and what was made with the other pixel is left out", async () => {
    const told = toldOf(await recognised({ ...project("Position_1", "d1_Position_1"), ...reconstructed("d1_Position_1") }));
    expect(told[movies[0]!]).toBe("frame d1_Position_1");
    expect(told["Tomograms/job009/tomograms/rec_d1_Position_1.mrc"]).toBe("tomogram d1_Position_1");
    expect(told["Tomograms/job003/tomograms/rec_Position_1.mrc"]).toBe(AGAIN);
    expect(told["Picks/job004/particles.star"]).toBe(AGAIN);
  });

  it("under the same name likewise, by the jobs before a list", async () => {
    const told = toldOf(await recognised({ ...project("Position_1", "Position_1"), ...reconstructed("Position_1") }));
    expect(told["Tomograms/job009/tomograms/rec_Position_1.mrc"]).toBe("tomogram Position_1");
    expect(told["Tomograms/job003/tomograms/rec_Position_1.mrc"]).toBe(AGAIN);
    expect(told["Picks/job004/particles.star"]).toBe(AGAIN);
  });

  it("and not yet reconstructed again: a person is asked for the voxel size", async () => {
    const [question] = (await recognised(project("Position_1", "d1_Position_1")))!.questions!;
    expect(question!.files).toEqual(["Tomograms/job003/tomograms/rec_Position_1.mrc"]);
    expect(question!.options.map(({ answer }) => answer)).toEqual(["12.479", "10", "leave-out"]);
    expect(question!.guess).toBeUndefined();
  });

  it("with the pixel of the mdoc count against a later import", async () => {
    const mdoc = movies
      .map((movie, z) => `[ZValue = ${z}]\nTiltAngle = ${3 * z}\nSubFramePath = X:\\${movie.slice(7)}\n`)
      .join("\n");
    const files = { ...project("Position_1", "d1_Position_1"), "Position_1.mdoc": `PixelSpacing = 2.42\n\n${mdoc}` };
    const told = toldOf(await recognised({ ...files, ...reconstructed("d1_Position_1") }));
    expect(told["Tomograms/job003/tomograms/rec_Position_1.mrc"]).toBe("tomogram d1_Position_1");
    expect(told["Tomograms/job009/tomograms/rec_d1_Position_1.mrc"]).toBe(
      "of an import with pixels of 3.02 Å, which was done again: Import/job001 has 2.42 Å",
    );
  });

  it("are not those of which only one or two are named twice", async () => {
    const files = project("Position_1", "d1_Position_1");
    const few = table("d1_Position_1", ["rlnMicrographMovieName"], movies[0]!, "frames/a.mrc", "frames/b.mrc", "frames/c.mrc");
    const told = toldOf(
      await recognised({ ...files, ...reconstructed("d1_Position_1"), "Import/job006/tilt_series/d1_Position_1.star": few }),
    );
    expect(told["Tomograms/job003/tomograms/rec_Position_1.mrc"]).toBe("tomogram Position_1");
  });
});

it("a list beside the project without the size of its pixels, as ArtiaX writes it, may have voxels: its range tells", async () => {
  const rows = ["TS_01 3 50 20", "TS_01 60 5 28", "TS_01 40 40 3", "TS_01 10 58 14"];
  const artiax = "chimerax/rec_TS_01_atpsynthase.star";
  const list = table("particles", ["rlnTomoName", ...PIXELS, ...ANGLES], ...rows.map((row) => `${row} 1 2 3`));
  const whole: Files = { ...RELION4, [artiax]: list };
  const laboratory = await laboratoryWith(whole);
  const { signal } = new AbortController();
  const { files } = await decisionsOf(laboratory, await recognisedIn(laboratory, signal), signal);
  const { points } = files.get(artiax)!.details;
  expect([files.get(artiax)!.role, points!.binning]).toEqual(["points", undefined]);
  const pixels = rows.map((row) => row.replace(/ (\d+)/g, (_, n) => ` ${4 * Number(n)}`));
  const other = await laboratoryWith({ ...RELION4, [artiax]: table("particles", ["rlnTomoName", ...PIXELS], ...pixels) });
  const again = (await decisionsOf(other, await recognisedIn(other, signal), signal)).files.get(artiax)!;
  expect([again.role, again.details.points!.binning]).toEqual(["points", 4]);
});

it("each of several projects has its own version, and a list beside them that of no project", async () => {
  const below = (folder: string, files: Files): Files =>
    Object.fromEntries(Object.entries(files).map(([path, content]) => [`${folder}/${path}`, content]));
  const { "default_pipeline.star": _, "ImportTomo/job001/job.star": __, ...old } = RELION4;
  const called = (text: string) => text.replaceAll("TS_01", "TS_09");
  const later = Object.fromEntries(
    Object.entries(RELION5).map(([path, content]) => [called(path), typeof content === "string" ? called(content) : content]),
  );
  const found = await recognised({
    ...below("marek", old),
    ...below("new", later),
    "artiax/picks.star": table("particles", ["rlnTomoName", ...PIXELS], ...PLACES.map(called)),
  });
  const softwareOf = (path: string) => found!.claims.find((claim) => claim.path === path)?.software;
  expect(softwareOf("marek/Refine3D/job005/run_data.star")).toBe("RELION 4");
  expect(softwareOf("new/Picks/job009/particles.star")).toBe("RELION 5");
  expect(softwareOf("artiax/picks.star")).toBe("");
});
