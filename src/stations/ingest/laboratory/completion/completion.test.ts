import { describe, expect, it } from "vitest";
import { laboratoryWith, mrcFile } from "../../../../../test/laboratory-kit.js";
import { decisionsOf, recognisedIn } from "../know.js";

const { signal } = new AbortController();
const volume = (seed: number, spacing = 10) => mrcFile([6, 12, 12], spacing, { seed });
const stack = (seed: number, images = 5) => mrcFile([images, 48, 48], 2.5, { kind: "stack", seed });
const angles = "-6\n-3\n0\n3\n6\n";

const series = (name: string, pixel: number, seed: number) => ({
  [`${name}.st`]: mrcFile([5, 48, 48], pixel, { kind: "stack", seed }),
  [`${name}.rawtlt`]: angles,
});

/** What becomes of files, and the questions by what they are about. */
async function decided(files: Record<string, string | Uint8Array>) {
  const laboratory = await laboratoryWith(files);
  const decisions = await decisionsOf(laboratory, await recognisedIn(laboratory, signal), signal);
  const of = (path: string) => decisions.files.get(path);
  return { ...decisions, of, asked: decisions.questions.map(({ id, answer }) => [id.replace(/-.*/, ""), answer]) };
}

describe("tomograms of one run that nothing tells apart", () => {
  it("are asked about and not published", async () => {
    const { asked, of } = await decided({ "a/TS_01.mrc": volume(1), "b/TS_01.mrc": volume(2), "a/TS_02.mrc": volume(3) });
    expect(asked).toEqual([["twins", undefined]]);
    expect([of("a/TS_01.mrc"), of("b/TS_01.mrc"), of("a/TS_02.mrc")?.role]).toEqual([undefined, undefined, "tomogram"]);
  });

  it("but for the one that is not put aside by its name, as the question says", async () => {
    const { asked, of, questions } = await decided({
      ...{ "rec/TS_01.mrc": volume(1), "rec_try1/TS_01.mrc": volume(2), "rec/TS_02.mrc": volume(3) },
    });
    expect(asked).toEqual([["twins", "1"]]);
    expect(questions[0]).toMatchObject({
      text: "Which of the 2 tomograms of run TS_01 should be published?",
      why: "They have the same voxel size. By name and folder, only rec/TS_01.mrc does not look like a test or an older version.",
      files: ["rec/TS_01.mrc", "rec_try1/TS_01.mrc"],
    });
    expect([of("rec/TS_01.mrc")?.role, of("rec_try1/TS_01.mrc")?.role]).toEqual(["tomogram", "left out"]);
  });

  it("but for the one that bookkeeping names, which is taken until somebody answers", async () => {
    const { asked, of } = await decided({
      "TS_01/TS_01.edf": "Setup.DatasetName=TS_01\n",
      ...{ "TS_01/TS_01.st": stack(9), "TS_01/TS_01.rawtlt": angles },
      ...{ "TS_01/TS_01_rec.mrc": volume(1), "TS_01/TS_01_8bit.rec": volume(2) },
    });
    expect(asked).toEqual([["twins", "2"]]);
    expect([of("TS_01/TS_01_rec.mrc")?.role, of("TS_01/TS_01_8bit.rec")?.role]).toEqual(["tomogram", "left out"]);
  });

  it("but where the voxels are the same under another header: one is published", async () => {
    const { asked, of } = await decided({
      ...{ "rec/TS_01.mrc": volume(1), "paper/TS_01.mrc": volume(1, 0) },
      "rec/TS_02.mrc": volume(3),
    });
    expect(asked).toEqual([]);
    expect(of("rec/TS_01.mrc")?.role).toBe("tomogram");
    expect(of("paper/TS_01.mrc")?.because).toBe("the same voxels as rec/TS_01.mrc");
  });

  it("whatever program made them: the portal does not tell tomograms apart by it", async () => {
    const made = Object.fromEntries(
      [1, 2].flatMap((n) => [
        [`TS_0${n}/TS_0${n}.edf`, `Setup.DatasetName=TS_0${n}\nSetup.Version.Etomo.Created=4.11.12\n`],
        [`TS_0${n}/TS_0${n}.st`, stack(n)],
        [`TS_0${n}/TS_0${n}.rawtlt`, angles],
        [`TS_0${n}/TS_0${n}_rec.mrc`, volume(n)],
      ]),
    );
    const { asked, of } = await decided({ ...made, "elsewhere/TS_01.mrc": volume(9) });
    expect(of("TS_02/TS_02_rec.mrc")?.details.reconstructionSoftware).toContain("IMOD");
    expect(asked).toEqual([["twins", undefined]]);
  });

  it("however little is known of one of them", async () => {
    const { asked, of } = await decided({
      "TS_01/TS_01.edf": "Setup.DatasetName=TS_01\nSetup.Version.Etomo.Created=4.11.12\n",
      "TS_01/tilt.com": "$tilt -StandardInput\nInputProjections TS_01.ali\nOutputFile TS_01_full_rec.mrc\nRADIAL .35 .035\n",
      "TS_01/TS_01.st": stack(1),
      "TS_01/TS_01.rawtlt": angles,
      "TS_01/TS_01_rec.mrc": volume(1),
      "TS_01/turned.mrc": volume(2),
    });
    expect(asked).toEqual([["twins", undefined]]);
    expect([of("TS_01/TS_01_rec.mrc"), of("TS_01/turned.mrc")]).toEqual([undefined, undefined]);
  });

  it("but for those that lie where somebody has put them aside, which is told", async () => {
    const { asked, of } = await decided({
      "rec/TS_01.mrc": volume(1),
      "rec_old/TS_01.mrc": volume(2),
      "rec/TS_02.mrc": volume(3),
    });
    expect(asked).toEqual([["twins", "1"]]);
    expect([of("rec/TS_01.mrc")?.role, of("rec_old/TS_01.mrc")?.role]).toEqual(["tomogram", "left out"]);
  });
});

describe("volumes of the shape of a particle's box", () => {
  const map = (seed: number) => mrcFile([16, 16, 16], 4, { seed });

  it("are no tomograms beside others until somebody says so", async () => {
    const files = {
      "rec/P1.mrc": volume(1),
      "rec/P2.mrc": volume(2),
      "refined_003.mrc": map(3),
      "pc1/vol_004.mrc": map(4),
    };
    const { asked, of, questions } = await decided(files);
    expect(asked).toEqual([["box", undefined]]);
    expect([of("rec/P1.mrc")?.role, of("refined_003.mrc"), of("pc1/vol_004.mrc")]).toEqual(["tomogram", undefined, undefined]);
    expect(questions[0]!.options.map(({ answer }) => answer)).toEqual(["leave-out", "tomograms"]);
  });

  it("are, where all have it, where their run was recorded, and where IMOD calls them so", async () => {
    const alone = await decided({ "rec/P1.mrc": map(1), "rec/P2.mrc": map(2) });
    expect([alone.asked, alone.of("rec/P1.mrc")?.role]).toEqual([[["box", "tomograms"]], "tomogram"]);
    const recorded = await decided({ ...series("TS_01", 2.5, 1), "rec/TS_01.mrc": map(2), "rec/TS_02.mrc": volume(3) });
    expect([recorded.asked, recorded.of("rec/TS_01.mrc")?.role]).toEqual([[], "tomogram"]);
    expect((await decided({ "rec/P1.rec": map(1), "rec/P2.rec": volume(2) })).asked).toEqual([]);
  });
});

describe("voxel sizes that a header does not have", () => {
  it("are those of tomograms beside it with as many voxels, and of nobody elsewhere", async () => {
    const { of, undecided } = await decided({
      "rec/TS_01.mrc": volume(1),
      "rec/TS_02.mrc": volume(2, 0),
      "other/Liposome 1.mrc": mrcFile([6, 10, 11], 0, { seed: 3 }),
    });
    expect(of("rec/TS_02.mrc")?.details.spacingAngstrom).toBe(10);
    expect(of("rec/TS_02.mrc")?.details.spacingFrom).toContain("beside it");
    expect(undecided.get("other/Liposome 1.mrc")).toContain("no voxel size");
  });

  it("that are no whole number of pixels beside others that are, are asked about", async () => {
    const files = Object.fromEntries(
      [1, 2, 3].flatMap((n) => [
        [`TS_0${n}.st`, stack(n)],
        [`TS_0${n}.rawtlt`, angles],
        [`rec/TS_0${n}.rec`, volume(n, n === 2 ? 4 : 10)],
      ]),
    );
    const { asked, of } = await decided(files);
    expect(asked).toEqual([["spacing", "10"]]);
    expect(of("rec/TS_02.rec")?.details.spacingAngstrom).toBe(10);
  });
});

describe("headers in nm", () => {
  it("of tilt series are asked about by others with as large images, by their tomogram, and by what cameras record", async () => {
    const beside = await decided({ ...series("TS_01", 2.5, 1), ...series("TS_02", 2.5, 2), ...series("TS_03", 0.25, 3) });
    expect(beside.asked).toEqual([["nanometres", undefined]]);
    expect([beside.of("TS_02.st")?.role, beside.of("TS_03.st")]).toEqual(["tilt series", undefined]);
    const made = await decided({ ...series("TS_01", 0.6, 1), "TS_01.rec": volume(1, 24) });
    expect(made.asked).toEqual([["nanometres", undefined]]);
    expect([made.of("TS_01.st"), made.of("TS_01.rec")?.role]).toEqual([undefined, "tomogram"]);
    expect((await decided(series("TS_01", 0.25, 1))).asked).toEqual([["nanometres", undefined]]);
    expect((await decided(series("TS_01", 0.6, 1))).asked).toEqual([]);
  });

  it("of tomograms are asked about by their tilt series, and where less than a ribosome would be seen", async () => {
    const made = await decided({ ...series("TS_01", 2, 1), "TS_01.rec": volume(1, 0.8) });
    expect(made.questions.map(({ options }) => options.map(({ answer }) => answer))).toEqual([["8", "0.8"]]);
    expect(made.of("TS_01.rec")).toBeUndefined();
    const alone = await decided({ "rec/phage.mrc": volume(1, 1.21) });
    expect(alone.questions[0]).toMatchObject({
      text: "What is the voxel size of rec/phage.mrc?",
      why: "The header says 1.21 Å, but 12.1 Å is more likely: with that the volume would be 1.5 nm long, less than a ribosome.",
    });
    expect((await decided({ "rec/phage.mrc": mrcFile([6, 12, 200], 1.21, { seed: 1 }) })).asked).toEqual([]);
  });
});

describe("tomograms with half of the sections", () => {
  const cut = (seed: number) => mrcFile([3, 12, 12], 10, { seed });
  const recorded = { ...series("TS_01", 2.5, 11), ...series("TS_02", 2.5, 12) };

  it("are asked about by others of their run over the same area, of whatever voxel size", async () => {
    const { asked, of } = await decided({
      ...recorded,
      ...{ "fine/TS_01.mrc": cut(1), "coarse/TS_01.mrc": mrcFile([3, 6, 6], 20, { seed: 2 }) },
      ...{ "fine/TS_02.mrc": volume(3), "coarse/TS_02.mrc": mrcFile([3, 6, 6], 20, { seed: 4 }) },
    });
    expect(asked).toEqual([["sections", undefined]]);
    expect([of("fine/TS_01.mrc"), of("coarse/TS_01.mrc")?.role]).toEqual([undefined, "tomogram"]);
  });

  it("are asked about by those beside them that all have as many", async () => {
    const files = { "rec/TS_01.mrc": volume(1), "rec/TS_02.mrc": volume(2), "rec/TS_03.mrc": cut(3) };
    expect((await decided(files)).asked).toEqual([["sections", undefined]]);
    const apart = Object.entries(files).map(([path, bytes]) => [path.replace(/rec\/(.*)\.mrc/, "$1/$1.rec"), bytes]);
    expect((await decided(Object.fromEntries(apart))).asked).toEqual([["sections", undefined]]);
  });

  it("are asked about though slices for a figure have as few", async () => {
    const { asked } = await decided({
      ...recorded,
      "rec/TS_01.mrc": cut(1),
      ...Object.fromEntries(["wbp", "sirt", "denoised"].map((name, n) => [`${name}/TS_01.mrc`, volume(n + 3)])),
      "thesis/TS_01_slices.mrc": mrcFile([2, 12, 12], 10, { seed: 9 }),
      "rec/TS_02.mrc": volume(2),
    });
    expect(asked.map(([id]) => id)).toContain("sections");
  });

  it("are taken where others are like them, or each has another thickness", async () => {
    const thin = { "small/TS_01.mrc": cut(1), "small/TS_02.mrc": cut(2) };
    const thick = [1, 2].map((n) => [`large/TS_0${n}.mrc`, mrcFile([6, 6, 6], 20, { seed: n + 2 })]);
    expect((await decided({ ...recorded, ...thin, ...Object.fromEntries(thick) })).asked).toEqual([]);
    const each = { "rec/TS_01.mrc": volume(1), "rec/TS_02.mrc": mrcFile([8, 12, 12], 10, { seed: 2 }), "rec/TS_03.mrc": cut(3) };
    expect((await decided(each)).asked).toEqual([]);
  });
});

describe("tilt series", () => {
  it("without a pixel size have that of others beside them with as large images, and otherwise are nobody's", async () => {
    const { of, undecided } = await decided({
      ...{ "TS_01.st": stack(1), "TS_01.rawtlt": angles },
      ...{ "TS_02.st": mrcFile([5, 48, 48], 0, { kind: "stack", seed: 2 }), "TS_02.rawtlt": angles },
      ...{ "TS_03.st": mrcFile([5, 40, 48], 0, { kind: "stack", seed: 3 }), "TS_03.rawtlt": angles },
    });
    expect(of("TS_02.st")?.details).toMatchObject({ spacingAngstrom: 2.5, spacingFrom: expect.stringContaining("beside it") });
    expect(undecided.get("TS_03.st")).toContain("no pixel size");
  });

  it("with the same images under other headers are one; the one that the mdoc lies beside stays", async () => {
    const again = stack(1);
    again.set(new TextEncoder().encode("copied by hand"), 224 + 80);
    const { of, asked } = await decided({
      "session/TS_01.mrc": stack(1),
      "session/TS_01.mrc.mdoc": "not read here\n",
      "batch/TS_01.st": again,
      "batch/TS_01.rawtlt": angles,
    });
    expect(asked).toEqual([]);
    expect(of("batch/TS_01.st")?.role).toBe("left out");
    expect(of("session/TS_01.mrc")?.role).toBe("tilt series");
  });

  it("that have not as many images as angles are asked about", async () => {
    const { of, asked } = await decided({
      ...{ "TS_01.st": stack(1), "TS_01.rawtlt": angles, "TS_02.st": stack(2, 4), "TS_02.rawtlt": angles },
    });
    expect(asked).toEqual([["images", undefined]]);
    expect([of("TS_01.st")?.role, of("TS_02.st")]).toEqual(["tilt series", undefined]);
  });
});

describe("files that were cut short", () => {
  it("are lists of angles with fewer than there are images, where another list has as many", async () => {
    const { of, asked } = await decided({
      ...{ "TS_01.st": stack(1), "TS_01.rawtlt": "-6\n-3\n", "TS_01.tlt": angles, "TS_01.xf": "1 0 0 1 0 0\n".repeat(5) },
    });
    expect(asked).toEqual([]);
    expect(of("TS_01.rawtlt")?.because).toBe("it tells of 2 images, and TS_01.st has 5");
    expect(of("TS_01.st")?.role).toBe("tilt series");
  });

  it("are alignments with another number of angles than transforms: ingest run would publish nothing that depends on them", async () => {
    const { of, asked } = await decided({
      ...{ "TS_01.st": stack(1), "TS_01.rawtlt": angles, "TS_01.tlt": "-6\n-3\n", "TS_01.xf": "1 0 0 1 0 0\n".repeat(5) },
      ...{ "TS_02.st": stack(2), "TS_02.rawtlt": angles, "TS_02.tlt": angles, "TS_02.xf": "1 0 0 1 0 0\n".repeat(5) },
    });
    expect(asked).toEqual([]);
    for (const end of ["tlt", "xf"]) {
      expect(of(`TS_01.${end}`)).toMatchObject({
        role: "left out",
        because: expect.stringContaining("2 angles in TS_01.tlt and 5 transforms"),
      });
      expect(of(`TS_02.${end}`)?.role).toBe("alignment");
    }
    expect(of("TS_01.rawtlt")?.role).toBe("raw tilts");
  });

  it("are mdocs with fewer sections than the stack, and not those with more", async () => {
    const mdoc = (count: number) =>
      `PixelSpacing = 2.5\nImageFile = TS_01.mrc\n\n${Array.from({ length: count }, (_, z) => `[ZValue = ${z}]\nTiltAngle = ${3 * z}\n\n`).join("")}`;
    const cut = await decided({ "TS_01.mrc": stack(1), "TS_01.mrc.mdoc": mdoc(3) });
    expect(cut.of("TS_01.mrc.mdoc")?.because).toBe("it tells of 3 images, and TS_01.mrc has 5");
    const more = await decided({ "TS_01.mrc": stack(1), "TS_01.mrc.mdoc": mdoc(6) });
    expect(more.of("TS_01.mrc.mdoc")?.role).toBe("acquisition");
  });

  it("are tables of points whose last row lacks columns; a whole row needs no end of its line", async () => {
    const table = `data_\n\nloop_\n_rlnCoordinateX #1\n_rlnCoordinateY #2\n_rlnCoordinateZ #3\n${[1, 9, 11, 5].map((x) => `${x}.5 ${x}.25 ${x / 2}`).join("\n")}`;
    const roles = async (text: string) =>
      (await decided({ "rec/TS_01.mrc": volume(1), "picks/TS_01.star": text })).of("picks/TS_01.star");
    expect(await roles(`${table}\n`)).toMatchObject({ role: "points" });
    expect(await roles(table)).toMatchObject({ role: "points" });
    const isCut = { role: "left out", because: expect.stringContaining("last row is shorter") };
    expect(await roles(table.slice(0, table.lastIndexOf(" ")))).toMatchObject(isCut);
    expect(await roles(table.replace(/(#3\n\S+ \S+).*/s, "$1"))).toMatchObject(isCut);
    expect(await roles(table.replace(/(#3\n[^\n]*).*/s, "$1"))).not.toMatchObject(isCut);
    // RELION writes six decimals: with three of them the last number may be another one
    const six = table.replace(/\S+$/gm, (cell) => (Number.isFinite(Number(cell)) ? Number(cell).toFixed(6) : cell));
    expect(await roles(six)).toMatchObject({ role: "points" });
    expect(await roles(six.slice(0, -3))).toMatchObject(isCut);
  });
});

describe("stacks that AreTomo has aligned", () => {
  it("have the images that its alignment knows", async () => {
    const row = (n: number) => `${n} -85.3 1.0 0.5 -0.5 1.0 1.0 1.0 0.0 ${-6 + 3 * n}`;
    const aln = `# AreTomo Alignment / Priims bprmMn\n# RawSize = 48 48 5\n# NumPatches = 0\n# SEC ROT GMAG TX TY SMEAN SFIT SCALE BASE TILT\n${[0, 1, 2, 3, 4].map(row).join("\n")}\n`;
    const { asked, of } = await decided({
      ...{ "TS_01.st": stack(1), "TS_01.aln": aln, "TS_02.st": stack(2, 3), "TS_02.aln": aln },
    });
    expect(asked).toEqual([["images", undefined]]);
    expect([of("TS_01.st")?.role, of("TS_02.st")]).toEqual(["tilt series", undefined]);
  });
});

describe("lists of points whose column has other names", () => {
  const star = (name: string) =>
    `data_\n\nloop_\n_rlnCoordinateX #1\n_rlnCoordinateY #2\n_rlnCoordinateZ #3\n_rlnMicrographName #4\n${[1, 9, 11, 5].map((x) => `${x}.5 ${x}.25 ${x / 2} ${name}`).join("\n")}\n`;

  it("are of the run that the names are of, and not of another one", async () => {
    const { of } = await decided({
      ...{ "rec/TS_01.mrc": volume(1), "rec/TS_02.mrc": volume(2) },
      ...{ "picks/TS_01.star": star("TS_01_Vol.mrc"), "picks/TS_02.star": star("TS_01_Vol.mrc") },
    });
    expect(of("picks/TS_01.star")?.role).toBe("points");
    expect(of("picks/TS_02.star")).toMatchObject({
      role: "left out",
      because: expect.stringContaining("its rows name TS_01_Vol.mrc"),
    });
  });
});

describe("names of runs", () => {
  it("are not those of one file that somebody has renamed, which stays with its tomogram", async () => {
    const paths = [
      ...["tomograms/chlamy_021.mrc", "tomograms/chlamy_034.mrc", "tomograms/chlamy_034b.mrc", "tomograms/neuron 2.mrc"],
      ...["isonet/chlamy_deconv/for Paul chlamy_021.mrc", "isonet/chlamy_deconv/chlamy_034.mrc"],
      ...["isonet/corrected_tomos/chlamy_021_corrected.mrc", "isonet/corrected_tomos/chlamy_034_corrected.mrc"],
      ...["masks/chlamy_021_segmented.mrc", "masks/chlamy_034_segmented.mrc", "masks/chlamy_034b_semantic.mrc"],
    ];
    const { runs, of } = await decided(Object.fromEntries(paths.map((path, seed) => [path, volume(seed)])));
    expect(runs).toEqual(["chlamy_021", "chlamy_034", "chlamy_034b", "neuron 2"]);
    expect(of("isonet/chlamy_deconv/for Paul chlamy_021.mrc")).toMatchObject({
      run: "chlamy_021",
      details: { processing: "filtered" },
    });
  });
});

describe("stacks that may be no tilt series of their run", () => {
  const mdoc = (name: string) =>
    `ImageFile = ${name}\n\n${[0, 3, -3, 6, -6].map((tilt, z) => `[ZValue = ${z}]\nTiltAngle = ${tilt}\n`).join("\n")}`;

  it("with pixels many times larger, and nothing beside them, are asked about as maps", async () => {
    const { asked, of } = await decided({
      ...{
        "a/TS_01.mrc": stack(1),
        "a/TS_01.mrc.mdoc": mdoc("TS_01.mrc"),
        "a/TS_02.mrc": stack(2),
        "a/TS_02.mrc.mdoc": mdoc("TS_02.mrc"),
      },
      "a/LMM_grid2.mrc": mrcFile([4, 48, 48], 640, { kind: "stack", seed: 3 }),
    });
    expect(asked).toEqual([["maps", "leave-out"]]);
    expect(of("a/LMM_grid2.mrc")).toMatchObject({ role: "left out", because: "a map of the grid, by its pixel size" });
  });

  it("of two stacks the one is taken that was aligned: its alignment numbers its sections", async () => {
    const rows = [0, 1, 2, 3, 4].map((n) => `${n} 0 1.0 1.0 2.0 1.0 1.0 1.0 0.0 ${-6 + 3 * n}`).join("\n");
    const { questions, of } = await decided({
      "serialem/TS_01.mrc": stack(1),
      "serialem/TS_01.mrc.mdoc": mdoc("TS_01.mrc"),
      "aretomo/TS_01.mrc": stack(2),
      "aretomo/TS_01.aln": `# AreTomo Alignment / Priims bprmMn\n# RawSize = 48 48 5\n# NumPatches = 0\n# SEC ROT GMAG TX TY SMEAN SFIT SCALE BASE TILT\n${rows}\n`,
    });
    expect(questions.find(({ id }) => id.startsWith("series"))?.answer).toBeDefined();
    expect(of("aretomo/TS_01.mrc")?.role).toBe("tilt series");
    expect(of("serialem/TS_01.mrc")?.role).toBe("left out");
  });
});

describe("texts with the angles of a stack", () => {
  it("are lists of raw tilts where they have one for each image, and nothing else is", async () => {
    const { of, runs } = await decided({
      ...{ "t/TS_01.mrc": stack(1), "t/TS_01_angles.txt": "0\t-6\n1\t-3\n2\t0\n3\t3\n4\t6\n" },
      ...{ "t/TS_02.mrc": stack(2), "t/TS_02_tilts.txt": "-6\n-3\n0\n" },
      "t/TS_03.mrc": stack(3),
      "rec/TS_01.mrc": volume(4),
    });
    expect(runs).toEqual(["TS_01", "TS_02", "TS_03"]);
    expect(of("t/TS_01_angles.txt")).toMatchObject({ role: "raw tilts", run: "TS_01" });
    expect(of("t/TS_02_tilts.txt")).toBeUndefined();
  });
});

describe("a mask of several labels that is not called after its tomogram as a whole", () => {
  it("has the run that its name tells, whatever is answered, and a mask for each kind of objects", async () => {
    const labels = mrcFile([6, 12, 12], 10, { value: 0 });
    const view = new DataView(labels.buffer);
    for (let at = 0; at < 6 * 144; at++) view.setFloat32(1024 + 4 * at, at % 3, true);
    for (const [at, value] of [0, 2, 1].entries()) view.setFloat32(76 + 4 * at, value, true);
    const { of } = await decided({
      ...{ "rec/TS_01_10.00Apx.mrc": volume(1), "rec/TS_02_10.00Apx.mrc": volume(2) },
      ...series("s/TS_01", 2.5, 3),
      ...{ "seg/TS_01_labels.mrc": labels, "seg/names.csv": "label,name\n1,thylakoid\n2,envelope\n" },
    });
    expect(of("seg/TS_01_labels.mrc")).toMatchObject({
      role: "mask",
      run: "TS_01",
      details: { labels: { 1: "thylakoid", 2: "envelope" } },
    });
  });
});
