import { describe, expect, it } from "vitest";
import { laboratoryWith, mrcFile } from "../../../../../test/laboratory-kit.js";
import { accountLines } from "../account.js";
import { givenOf, readDecisions } from "../decisions-file.js";
import { decisionsOf, recognisedIn } from "../know.js";
import { configOf } from "../new-config.js";

const { signal } = new AbortController();
const volume = (seed: number, spacing = 10) => mrcFile([6, 12, 12], spacing, { seed });
const stack = (seed: number) => mrcFile([5, 48, 48], 2.5, { kind: "stack", seed });
const angles = "-6\n-3\n0\n3\n6\n";
const xf = "1 0 0 1 0 0\n".repeat(5);

/** What becomes of files, what is told of them, and the configuration. */
async function told(files: Record<string, string | Uint8Array>, said?: string) {
  const laboratory = await laboratoryWith(files);
  const given = said === undefined ? undefined : givenOf(readDecisions(said, "lab.decisions.yaml"), laboratory);
  const decisions = await decisionsOf(laboratory, await recognisedIn(laboratory, signal), signal, given);
  const { yaml, account } = await configOf({ laboratory, decisions }, { sourcePrefix: "", input: "/lab" });
  const roleOf = (path: string) => decisions.files.get(path)?.role;
  return {
    roleOf,
    because: (path: string) => decisions.files.get(path)?.because,
    yaml,
    account: accountLines(account).join("\n"),
    ...decisions,
  };
}

const LAB = { "TS_01.st": stack(1), "TS_02.st": stack(2), "rec/TS_01.mrc": volume(3), "rec/TS_02.mrc": volume(4) };

describe("what a run has once", () => {
  it("(34.silence) a second CTF estimate is left out with the one that is published", async () => {
    const { roleOf, because } = await told({ ...LAB, "TS_01_ctf.txt": "# x", "b/TS_01_ctf2.txt": "# y" });
    expect([roleOf("TS_01_ctf.txt"), roleOf("b/TS_01_ctf2.txt")]).toEqual(["ctf", "left out"]);
    expect(because("b/TS_01_ctf2.txt")).toContain("TS_01_ctf.txt is published");
  });

  it("(34.silence) so are alignments of a second program, and angles without an alignment", async () => {
    const files = { "TS_01.xf": xf, "TS_01.tlt": angles, "TS_02.xf": xf, "b/TS_01.aln": "1 2 3\n", "rec/TS_03.tlt": angles };
    const lab = { ...LAB, "rec/TS_03.mrc": volume(5) };
    const { roleOf, because, yaml } = await told({ ...lab, ...files });
    expect(Object.keys(files).map(roleOf)).toEqual(["alignment", "alignment", "alignment", "left out", "left out"]);
    expect([because("b/TS_01.aln"), because("rec/TS_03.tlt")].join()).toMatch(/TS_01\.xf is published.*there is no \.xf/);
    expect(yaml).not.toContain("/{run_name}.aln");
  });

  it("(34.silence) what a person has said comes first", async () => {
    const said = 'runs: [TS_01]\nfiles:\n  - { files: "b/TS_01_ctf2.txt", is: ctf, run: TS_01 }';
    const { roleOf } = await told({ ...LAB, "TS_01_ctf.txt": "# x", "b/TS_01_ctf2.txt": "# y" }, said);
    expect([roleOf("TS_01_ctf.txt"), roleOf("b/TS_01_ctf2.txt")]).toEqual(["left out", "ctf"]);
  });
});

describe("decisions of a person", () => {
  it("(34.silence) that are of no effect are told: names of no file, questions that nobody asks, answers that there are not", async () => {
    const files = { "a/TS_01.mrc": volume(1), "b/TS_01.mrc": volume(2), "a/TS_02.mrc": volume(3) };
    const { id } = (await told(files)).questions[0]!;
    const said = `questions:\n  - { id: ${id}, answer: first }\n  - { id: gone, answer: "1" }\nfiles:\n  - { files: "c/{run_name}.mrc", is: left out }`;
    const { notes } = await told(files, said);
    expect(notes).toEqual([
      "What is decided of c/{run_name}.mrc has no effect: no file is called so.",
      "Answers to gone have no effect: no such question is asked.",
      `first is no answer to question ${id}: expected one of 1, 2, all.`,
    ]);
  });

  it("(34.silence) that are obeyed are not", async () => {
    const files = { "a/TS_01.mrc": volume(1), "b/TS_01.mrc": volume(2), "a/TS_02.mrc": volume(3) };
    const { id } = (await told(files)).questions[0]!;
    const { notes } = await told(
      files,
      `questions:\n  - { id: ${id}, answer: 2 }\nfiles:\n  - { files: "a/TS_02.mrc", is: left out }`,
    );
    expect(notes).toEqual([]);
  });
});

describe("headers that say another thing than the bookkeeping", () => {
  const place = (run: string) => `DS/${run}/Reconstructions/VoxelSpacing13.480/Tomograms/100`;
  const portal = (run: string, tomogram: string | Uint8Array) => ({
    [`DS/${run}/run_metadata.json`]: "{}",
    [`${place(run)}/tomogram_metadata.json`]: '{ "voxel_spacing": 13.48 }',
    [`${place(run)}/${run}.mrc`]: tomogram,
  });

  it("(34.silence) another voxel size is asked about, or told where it is nearly the one that is taken", async () => {
    const runs = {
      ...portal("TS_01", volume(1, 10)),
      ...portal("TS_02", volume(2, 13.481)),
      ...portal("TS_03", volume(3, 13.68)),
    };
    const { notes, questions } = await told(runs);
    expect(notes).toEqual([expect.stringMatching(/TS_03\.mrc: 13\.68 Å by the header; 13\.48 Å is taken/)]);
    expect(questions).toMatchObject([
      {
        text: `Is the voxel size of ${place("TS_01")}/TS_01.mrc 10 Å, as the header says, or 13.48 Å?`,
        why: "The header says 10 Å, and 13.48 Å is known otherwise: its place in the portal's layout says so.",
        answer: "13.48",
      },
    ]);
  });

  it("(34.silence) a text that is called a volume is asked about", async () => {
    const { questions, roleOf } = await told({
      ...portal("TS_01", volume(1, 13.48)),
      ...portal("TS_02", "version https://git-lfs\n"),
    });
    expect(questions).toMatchObject([
      {
        text: `Should ${place("TS_02")}/TS_02.mrc be published as a tomogram?`,
        why: "It seems so, since its place in the portal's layout says so, but it is a text.",
      },
    ]);
    expect(roleOf(`${place("TS_02")}/TS_02.mrc`)).toBeUndefined();
  });
});

describe("lists of the points of several tomograms", () => {
  const star = (...rows: readonly (readonly [name: string, count: number])[]) =>
    `data_particles\n\nloop_\n_rlnMicrographName #1\n_rlnCoordinateX #2\n_rlnCoordinateY #3\n_rlnCoordinateZ #4\n${rows
      .flatMap(([name, count]) => Array.from({ length: count }, (_, i) => `${name} ${i % 11} ${(i * 3) % 11} ${i % 5}\n`))
      .join("")}`;

  it("(34.silence) rows of tomograms that are not here are counted", async () => {
    const { notes } = await told({ ...LAB, "all.star": star(["TS_01.mrc", 20], ["TS_02.mrc", 20], ["TS_09.mrc", 7]) });
    expect(notes).toEqual(["all.star: 7 rows of TS_09.mrc are not published: their tomogram is not here."]);
  });

  it("(34.silence) a list that is called after one run is not published under it as a whole", async () => {
    const { yaml, files } = await told({ ...LAB, "TS_01/all.star": star(["TS_01.mrc", 20], ["TS_02.mrc", 20]) });
    expect(files.get("TS_01/all.star")?.run).toBeUndefined();
    expect(yaml.match(/filter_value: .*/g)).toEqual(["filter_value: TS_01.mrc", "filter_value: TS_02.mrc"]);
  });
});

describe("files that cannot be read", () => {
  it("(34.silence) an alignment without its angles is left out; angles beside numbers and doses are read", async () => {
    const xf = "1 0 0 1 0 0\n".repeat(5);
    const { files, yaml } = await told({
      ...{ ...LAB, "TS_01.xf": xf, "TS_01.tlt": "broken\n", "TS_01.rawtlt": "1 -6\n2 -3\n3 0\n4 3\n5 6\n" },
      ...{ "TS_02.xf": xf, "TS_02.tlt": angles, "TS_02.rawtlt": angles },
    });
    expect(files.get("TS_01.tlt")?.because).toContain("its angles cannot be read");
    expect(files.get("TS_01.xf")).toMatchObject({ role: "left out", because: expect.stringContaining("TS_01.tlt") });
    expect(["TS_01.rawtlt", "TS_02.xf", "TS_02.tlt"].map((path) => files.get(path)?.role)).toEqual([
      ...["raw tilts", "alignment", "alignment"],
    ]);
    expect(yaml).toContain("tilt_range: {min: -6.0, max: 6.0}");
  });

  it("(34.silence) lists of angles are told of, and frames whose acquisition file is none", async () => {
    const mdoc = (name: string) =>
      [-3, 0, 3].map((tilt, z) => `[ZValue = ${z}]\nTiltAngle = ${tilt}\nSubFramePath = ${name}_${z}.tif\n`).join("");
    const tiff = new Uint8Array([0x49, 0x49, 42, 0, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    const { account } = await told({
      ...{ ...LAB, "TS_01.rawtlt": "abc\n", "TS_02.rawtlt": angles },
      ...{ "TS_01.mdoc": mdoc("TS_01"), "frames/TS_01_0.tif": tiff, "TS_02.mdoc": "\0garbage", "frames/TS_02_0.tif": tiff },
    });
    expect(account).toContain(
      'NOT PUBLISHED, please check:\n  TS_01.rawtlt: its angles cannot be read: "abc" in line 1; expected one angle in degrees\n',
    );
    expect(account).toContain("acquisition files: TS_02.mdoc, nor are 1 file of frames of their runs.");
  });
});

describe("two lists of one object in a run", () => {
  it("are two annotations: each has one file of a shape", async () => {
    const picks = (x: number) =>
      JSON.stringify({ points: [{ location: { x, y: 40, z: 20 } }, { location: { x: 50, y: x, z: 30 } }] });
    const at = (run: string, user: string) => `ExperimentRuns/${run}/Picks/${user}_0_ribosome.json`;
    const lab = { ...LAB, [at("TS_01", "anna")]: picks(30), [at("TS_02", "anna")]: picks(35) };
    const { yaml, because } = await told({ ...lab, [at("TS_01", "ben")]: picks(60), [at("TS_02", "ben")]: picks(65) });
    expect(because(at("TS_01", "ben"))).toBe("copick's picks of ribosome");
    expect(yaml.match(/glob_string: .*/g)).toEqual([
      "glob_string: ExperimentRuns/{run_name}/Picks/anna_0_ribosome.json",
      "glob_string: ExperimentRuns/{run_name}/Picks/ben_0_ribosome.json",
    ]);
    expect(yaml.match(/annotation_ingest_id: .*/g)).toEqual([
      "annotation_ingest_id: ribosome-1",
      "annotation_ingest_id: ribosome-2",
    ]);
  });
});

describe("boxes of EMAN2", () => {
  it("of two classes are two annotations, each of its class", async () => {
    const boxes = [
      [3, 4, 2, "manual", 0, 0],
      [5, 6, 3, "manual", 0, 1],
    ];
    const info = JSON.stringify({ boxes_3d: boxes, class_list: { 0: { name: "ribosome" }, 1: { name: "vault" } } });
    const { yaml } = await told({ "info/TS_01_info.json": info, "tomograms/TS_01.mrc": volume(3) });
    expect(yaml.match(/filter_value: .*|name: (?:ribosome|vault)/g)).toEqual([
      "name: ribosome",
      'filter_value: "0"',
      "name: vault",
      'filter_value: "1"',
    ]);
  });
});

describe("voxel spacings", () => {
  it("are nothing to fill in where there is no tomogram", async () => {
    const { yaml } = await told({ "TS_01.st": stack(1), "TS_01.rawtlt": angles, "TS_02.st": stack(2), "TS_02.rawtlt": angles });
    expect(yaml).toMatch(/voxel_spacings:\n +- sources:\n +- literal:\n +value: \[10\.0\]\n/);
  });
});

describe("series of one name", () => {
  const project = (pixel: number, seed: number) => ({
    "etomo/TS_01/TS_01.st": mrcFile([5, 48, 48], pixel, { kind: "stack", seed }),
    "etomo/TS_01/TS_01_rec.mrc": volume(seed + 1, 6 * pixel),
    "etomo/TS_02/TS_02.st": mrcFile([5, 48, 48], pixel, { kind: "stack", seed: seed + 2 }),
    "etomo/TS_02/TS_02_rec.mrc": volume(seed + 3, 6 * pixel),
  });
  const below = (folder: string, files: Record<string, Uint8Array>) =>
    Object.fromEntries(Object.entries(files).map(([path, bytes]) => [`${folder}/${path}`, bytes]));

  it("in two projects are two runs where no binning makes one pixel of the other", async () => {
    const { runs, files } = await told({ ...below("Jörg Müller/Hefe", project(2.2, 1)), ...below("Anna/ER", project(1.6, 11)) });
    expect(runs).toEqual(["Anna_TS_01", "Anna_TS_02", "Jörg Müller_TS_01", "Jörg Müller_TS_02"]);
    expect(files.get("Jörg Müller/Hefe/etomo/TS_02/TS_02_rec.mrc")).toMatchObject({ role: "tomogram", run: "Jörg Müller_TS_02" });
  });

  it("may be one series, binned: which of them is published is asked", async () => {
    const { runs, questions } = await told({ ...below("old", project(2.2, 1)), ...below("new", project(4.4, 11)) });
    expect(runs).toEqual(["TS_01", "TS_02"]);
    expect(questions.filter(({ text }) => text.includes("tilt series"))).toMatchObject([
      {
        text: "Which of these 2 stacks is the tilt series of run TS_01? The answer is for TS_02, too.",
        files: [1, 2].flatMap((at) => ["new", "old"].map((folder) => `${folder}/etomo/TS_0${at}/TS_0${at}.st`)),
      },
    ]);
  });
});

describe("a gain reference", () => {
  it("of two runs in the portal's layout is that of both, though its bytes and its name are the same", async () => {
    const gain = mrcFile([1, 12, 12], 1, { seed: 9 });
    const run = (name: string, seed: number) => ({
      [`10000/${name}/run_metadata.json`]: `{ "run_name": "${name}" }`,
      [`10000/${name}/Gains/gain.mrc`]: gain,
      [`10000/${name}/Reconstructions/VoxelSpacing10.000/Tomograms/100/${name}.mrc`]: volume(seed),
    });
    const { files } = await told({ ...run("TS_01", 1), ...run("TS_02", 2) });
    const gains = ["TS_01", "TS_02"].map((name) => files.get(`10000/${name}/Gains/gain.mrc`));
    expect(gains).toMatchObject([
      { role: "gain", run: "TS_01" },
      { role: "gain", run: "TS_02" },
    ]);
  });

  it("of a session is that of its runs, though a run in the portal's layout has the same bytes", async () => {
    const gain = mrcFile([1, 12, 12], 1, { seed: 9 });
    const frame = "Position_3_001_0.0_20240611_101500_fractions.mrc";
    const { files } = await told({
      "10000/TS_01/run_metadata.json": '{ "run_name": "TS_01" }',
      "10000/TS_01/Gains/gain.mrc": gain,
      "10000/TS_01/Reconstructions/VoxelSpacing10.000/Tomograms/100/TS_01.mrc": volume(1),
      "session/Gains/gain.mrc": gain,
      [`session/${frame}`]: mrcFile([4, 12, 12], 1, { kind: "stack", seed: 8 }),
      "session/Position_3.mdoc": `PixelSpacing = 1\nVoltage = 300\n\n[ZValue = 0]\nTiltAngle = 0\nSubFramePath = D:\\x\\${frame}\nNumSubFrames = 4\n\n[ZValue = 1]\nTiltAngle = 3\nSubFramePath = D:\\x\\gone_fractions.mrc\nNumSubFrames = 4\n\n[ZValue = 2]\nTiltAngle = -3\nSubFramePath = D:\\x\\gone2_fractions.mrc\nNumSubFrames = 4\n`,
    });
    expect(files.get(`session/${frame}`)).toMatchObject({ role: "frame", run: "Position_3" });
    expect(files.get("10000/TS_01/Gains/gain.mrc")).toMatchObject({ role: "left out", run: "TS_01" });
    expect(files.get("session/Gains/gain.mrc")).toMatchObject({ role: "gain" });
  });
});

describe("(36) a gain reference among frames", () => {
  const mdoc = (frame: string) =>
    `PixelSpacing = 1\nVoltage = 300\n\n${[0, 3, -3].map((angle, z) => `[ZValue = ${z}]\nTiltAngle = ${angle}\nSubFramePath = D:\\x\\${z === 0 ? frame : `gone_${z}_fractions.mrc`}\nNumSubFrames = 4\n`).join("\n")}`;
  const session = (name: string, run: string, seed: number) => ({
    [`${name}/${run}_001_0.0_20240611_101500_fractions.mrc`]: mrcFile([4, 12, 12], 1, { kind: "stack", seed }),
    [`${name}/${run}.mdoc`]: mdoc(`${run}_001_0.0_20240611_101500_fractions.mrc`),
  });

  it("of one session is not that of another one", async () => {
    const { files } = await told({
      ...session("grid1", "Position_3", 1),
      ...session("grid2", "Position_5", 2),
      "grid2/gain.mrc": mrcFile([1, 12, 12], 1, { seed: 9 }),
    });
    expect(files.get("grid2/gain.mrc")).toMatchObject({ role: "gain", runs: ["Position_5"] });
  });
});

describe("(36) the same voxels as a tomogram", () => {
  it("are left out, whatever a second program says of how they were made", async () => {
    const { files } = await told({ ...LAB, "recons/TS_01_wbp.mrc": volume(7), "rec/TS_01.mrc": volume(7) });
    const roles = ["recons/TS_01_wbp.mrc", "rec/TS_01.mrc"].map((path) => files.get(path)?.role);
    expect(roles.sort()).toEqual(["left out", "tomogram"]);
  });
});

describe("the range of the tilts", () => {
  it("is that of the images which are in the stack: dark ones were taken out of it", async () => {
    const section = (angle: number, z: number) => `[ZValue = ${z}]\nTiltAngle = ${angle}\n`;
    const mdoc = `PixelSpacing = 2.5\nImageFile = TS_01.st\n\n${[0, 3, -3, 6, -6, 9].map(section).join("\n")}`;
    const lab = { "TS_01.st": stack(1), "TS_01.rawtlt": angles, "TS_01.st.mdoc": mdoc, "rec/TS_01.mrc": volume(3) };
    const { yaml } = await told(lab);
    expect(yaml).toContain("tilt_range: {min: -6.0, max: 6.0}");
  });
});

it("the range of the tilts is a guess where only AreTomo's list has the angles, and no placeholder that a run refuses", async () => {
  const tilts = [-6, -3, 0, 3, 6];
  const aln = `# AreTomo Alignment / Priims bprmMn\n# RawSize = 48 48 5\n# NumPatches = 0\n# SEC ROT GMAG TX TY SMEAN SFIT SCALE BASE TILT\n${tilts.map((tilt, n) => `${n} 84.1 1.0 ${n % 2} 0 1.0 1.0 1.0 0.0 ${tilt}`).join("\n")}\n`;
  const list = tilts.map((tilt, n) => `${tilt}.00 ${n + 1}\n`).join("");
  const { yaml } = await told({ "TS_01.mrc": stack(1), "TS_01.aln": aln, "TS_01_TLT.txt": list, "TS_01_Vol.mrc": volume(3) });
  expect(yaml).toMatch(/please check: range of the tilts; of the alignment.*\n\s*tilt_range: \{min: -6\.0, max: 6\.0\}/);
});

describe("what only the name of a tomogram says", () => {
  it("(34.silence) the method of its reconstruction is marked as a guess", async () => {
    const { yaml } = await told({ ...LAB, "rec/TS_01_sirtlike.mrc": volume(7) });
    expect(yaml).toMatch(/reconstruction_method: SIRT # please check: .*by the name of the file/);
  });
});

describe("points of copick", () => {
  it("(34.silence) are instances where one behind the first thousand says so", async () => {
    const points = Array.from({ length: 1_200 }, (_, i) => ({
      location: { x: 10 * (i % 11), y: 10 * ((i * 3) % 11), z: 10 * (i % 5) },
      instance_id: i < 1_100 ? 0 : 1,
    }));
    const files = { ...LAB, "TS_01/picks/ribosome.json": `{ "points": ${JSON.stringify(points)} }` };
    const { files: decided } = await told(files);
    expect(decided.get("TS_01/picks/ribosome.json")?.details.points?.shape).toBe("InstanceSegmentation");
  });
});

describe("what waits for a person", () => {
  it("is counted: a run whose only tomogram is asked about", async () => {
    const lab = { "rec/TS_01.mrc": volume(3), "rec/TS_02.mrc": volume(4), "rec/TS_03.mrc": volume(5, 100) };
    const { runs, questions, account } = await told(lab);
    expect([runs, questions.length]).toEqual([["TS_01", "TS_02"], 1]);
    expect(account.split("\n")).toEqual([
      "3 files in the folder, 2 runs to be published, with so many files of each kind",
      "  run    tomograms",
      "  TS_01  1",
      "  TS_02  1",
      "1 more run with an open question: TS_03 (published once it is answered)",
    ]);
  });

  it("is named: headers without a voxel size, and without the size of a pixel", async () => {
    const lab = { "TS_01.st": mrcFile([5, 48, 48], 0, { kind: "stack", seed: 1 }), "rec/TS_01.mrc": volume(3, 0) };
    const { notes } = await told(lab);
    expect(notes).toEqual([
      expect.stringMatching(/^No voxel size in the header of rec\/TS_01\.mrc: 10\.0 Å is a placeholder/),
      expect.stringMatching(/^No pixel size in the header of TS_01\.st: 1\.0 Å is a placeholder/),
    ]);
  });
});

describe("what is without its tomogram or its angles", () => {
  it("(34.silence) a mask of a run without a tomogram is left out", async () => {
    const { because } = await told({
      ...LAB,
      "TS_03.st": stack(5),
      "seg/TS_01_mask.mrc": mrcFile([6, 12, 12], 10),
      "seg/TS_03_mask.mrc": mrcFile([6, 12, 12], 10),
    });
    expect(because("seg/TS_03_mask.mrc")).toBe("there is no tomogram of its run");
    expect(because("seg/TS_01_mask.mrc")).not.toContain("no tomogram");
  });

  it("(34.silence) a stack that fits none of several lists of angles is asked about", async () => {
    const lists = { "TS_01.rawtlt": `${angles}9\n`, "TS_01.tlt": `${angles}9\n12\n`, "TS_01.xf": xf };
    const { questions } = await told({ ...LAB, ...lists });
    expect(questions).toMatchObject([
      {
        id: "images-5-6-7",
        text: "Should TS_01.st be published?",
        why: "Images: 5. The lists of tilt angles of the run have 6 and 7.",
      },
    ]);
  });
});

describe("a table of points without a heading", () => {
  it("(34.silence) is not read with its index for x", async () => {
    const row = (i: number) => `${(i * 5) % 11},${(i * 3) % 11},${i % 5}`;
    const rows = (of: (i: number) => string) => Array.from({ length: 9 }, (_, i) => `${of(i + 1)}\n`).join("");
    const { because, roleOf } = await told({
      ...LAB,
      ...{ "p/TS_01.csv": rows((i) => `${i},${row(i)}`), "p/TS_02.csv": rows((i) => `${row(i)},${i}`) },
    });
    expect(because("p/TS_01.csv")).toBe("its points are in no known format: write x, y, z of each run as CSV");
    expect(roleOf("p/TS_02.csv")).toBe("points");
  });

  it("is none where no column is one of a coordinate", async () => {
    const { because } = await told({
      ...LAB,
      "counts.csv": "tomogram;ribosomes;ok?\nTS_01;12;ja\nTS_02;3;nein\n",
    });
    expect(because("counts.csv")).toBe("a table without coordinates");
  });
});
