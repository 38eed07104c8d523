import {
  closeSync,
  copyFileSync,
  existsSync,
  ftruncateSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import type { Triple } from "../../src/core/box.js";
import { mrcHeaderBytes } from "../../src/formats/mrc/write.js";
import { accountLines } from "../../src/stations/ingest/laboratory/account.js";
import { type NewConfig, newConfig } from "../../src/stations/ingest/laboratory/new-config.js";
import { REAL_DATA } from "../real-data.js";
import { emporium } from "./cli-host.js";

/**
 * The bookkeeping of other people's projects, laid out as their programs lay it out, with stand-ins for the images that it names: of their size, and without
 * contents. What is expected is in the files themselves and in the facts of their independent readers (`expected.json`).
 */
const signal = new AbortController().signal;
const root = mkdtempSync(join(tmpdir(), "emporium-projects-"));
afterAll(() => rmSync(root, { recursive: true }));

const real = (name: string) => fileURLToPath(new URL(`more/${name}`, REAL_DATA));
const textOf = (name: string) => readFileSync(real(name), "utf8").replace(/^\ufeff/, "");
const FACTS = real("expected.json");
const fact = (name: string) =>
  (JSON.parse(readFileSync(FACTS, "utf8")) as Record<string, { facts: Record<string, number> }>)[name]!.facts;

let images = 0;
interface Image {
  /** Sections, rows, columns. */
  readonly shape: Triple;
  readonly pixel: number;
  readonly isStack?: boolean;
}
const volume = (x: number, y: number, z: number, pixel: number): Image => ({ shape: [z, y, x], pixel });
const stack = (x: number, y: number, z: number, pixel: number): Image => ({ shape: [z, y, x], pixel, isStack: true });

/** A folder of texts, copies of real files (by URL), and images that have a header, two voxels that no other has, and holes for the rest. */
function project(name: string, files: Readonly<Record<string, string | Uint8Array | URL | Image>>): string {
  const folder = join(root, name);
  for (const [path, content] of Object.entries(files)) {
    const to = join(folder, path);
    mkdirSync(dirname(to), { recursive: true });
    if (content instanceof URL) copyFileSync(content, to);
    else if (typeof content === "string" || content instanceof Uint8Array) writeFileSync(to, content);
    else writeImage(to, content);
  }
  return folder;
}

function writeImage(path: string, { shape, pixel, isStack = false }: Image): void {
  const statistics = { min: 0, max: 1, mean: 0, rms: 1 };
  const kind = isStack ? "tiltseries" : "tomogram";
  const head = mrcHeaderBytes({ kind, shape, dtype: "float32", voxelSizeAngstrom: pixel, statistics, dateMs: 0 });
  const [sections, rows, columns] = shape;
  const file = openSync(path, "w");
  writeSync(file, head);
  ftruncateSync(file, head.length + 4 * sections * rows * columns);
  const mark = new Uint8Array(Float32Array.of(++images * 3.7, -0.5).buffer);
  for (const section of [0, Math.floor(sections / 2)]) writeSync(file, mark, 0, 8, head.length + 4 * section * rows * columns);
  closeSync(file);
}

const url = (name: string) => new URL(`more/${name}`, REAL_DATA);
/** Real files by where they are put. */
const copies = (folder: string, ...names: readonly string[]) =>
  Object.fromEntries(names.map((name) => [`${folder}${name.slice(name.lastIndexOf("/") + 1)}`, url(name)]));
const known = (from: string): Promise<NewConfig> => newConfig({ from, signal });
/** `role run` by path; of what is left out the reason; of what nobody knows what is said of it. */
const toldOf = ({ files }: NewConfig) =>
  Object.fromEntries(
    files.map(({ path, role, run, because }) => [
      path,
      role === undefined ? `unknown: ${because}` : role === "left out" ? because : `${role} ${run ?? ""}`.trim(),
    ]),
  );
const count = (config: NewConfig, role: string) => config.files.filter((file) => file.role === role).length;
interface Configured {
  readonly tiltseries: { readonly metadata: Record<string, unknown> }[];
  readonly voxel_spacings: unknown;
}
const series = ({ yaml }: NewConfig) => (parse(yaml) as Configured).tiltseries.map(({ metadata }) => metadata);

/** A TIFF whose only directory says EER (compression 65000), without events. */
function events(mark: number): Uint8Array {
  const bytes = new Uint8Array(64);
  const view = new DataView(bytes.buffer);
  bytes.set([0x49, 0x49, 42, 0, 8, 0, 0, 0, 3, 0]);
  for (const [at, [tag, value]] of [[256, 4096] as const, [257, 4096] as const, [259, 65_000] as const].entries()) {
    view.setUint16(10 + 12 * at, tag, true);
    view.setUint16(12 + 12 * at, 4, true);
    view.setUint32(14 + 12 * at, 1, true);
    view.setUint32(18 + 12 * at, value, true);
  }
  view.setUint16(62, mark, true);
  return bytes;
}

const movie = '<?xml version="1.0" encoding="utf-8"?>\n<Movie CTFResolutionEstimate="5"/>\n';
const warp2Movies = () =>
  /<MoviePath>([^<]*)</
    .exec(textOf("warp/gs04_ts_003.full.xml"))![1]!
    .split("\n")
    .map((path) => path.slice(path.lastIndexOf("/") + 1));

describe.skipIf(!existsSync(FACTS))("projects of other people", () => {
  it("Warp 1: series 017 of cryoCAT with its XML in UTF-16, frames, averages and IMOD's folder", async () => {
    const numbers = Array.from({ length: 60 }, (_, at) => `${at + 1}`.padStart(2, "0"));
    const config = await known(
      project("warp1", {
        ...copies("mrc/", "warp/017.xml"),
        ...copies("mdoc/", "mdoc/017.mdoc"),
        ...copies("mrc/imod/017/", "imod/017.tlt", "imod/TS_017/tilt.com", "ctf/017_gctf.star", "ctf/017_ctffind4.txt"),
        ...Object.fromEntries(numbers.map((n) => [`mrc/017_${n}.mrc`, stack(4096, 4096, 10, 1.971)])),
        ...Object.fromEntries(numbers.map((n) => [`mrc/017_${n}.xml`, movie])),
        ...Object.fromEntries(numbers.map((n) => [`mrc/average/017_${n}.mrc`, volume(4096, 4096, 1, 1.971)])),
        "mrc/imod/017/017.st": stack(4096, 4096, 60, 1.971),
        "mrc/imod/017/017.ali": stack(4096, 4096, 60, 1.971),
        "mrc/imod/017/017.rec": volume(4096, 1500, 4096, 1.971),
        "mrc/reconstruction/017_7.88Apx.mrc": volume(1024, 1024, 375, 7.88),
        "mrc/reconstruction/deconv/017_7.88Apx.mrc": volume(1024, 1024, 375, 7.88),
      }),
    );
    expect(config.runs).toEqual(["017"]);
    expect(toldOf(config)).toMatchObject({
      "mdoc/017.mdoc": "acquisition 017",
      "mrc/017.xml": "alignment 017",
      "mrc/017_01.mrc": "frame 017",
      "mrc/017_01.xml": "what Warp knows of the frames of one tilt",
      "mrc/average/017_60.mrc": "the average of the frames of one tilt",
      "mrc/imod/017/017.st": "tilt series 017",
      "mrc/imod/017/017.ali": "the aligned stack",
      "mrc/imod/017/017_ctffind4.txt": "ctf 017",
      "mrc/imod/017/017_gctf.star": expect.stringContaining("another CTF estimate of 017"),
      "mrc/imod/017/017.tlt": "another alignment of 017: mrc/017.xml is published",
      "mrc/imod/017/tilt.com": "another alignment of 017: mrc/017.xml is published",
      "mrc/reconstruction/017_7.88Apx.mrc": "tomogram 017",
      "mrc/reconstruction/deconv/017_7.88Apx.mrc": "tomogram 017",
    });
    // sections of the mdoc by mdocfile, angles of the XML
    expect([count(config, "frame"), fact("mdoc/017.mdoc")["sections"], fact("warp/017.xml")["angles"]]).toEqual([60, 60, 60]);
    // tilt.com: 4096 × 4096 pixels, 1500 thick: nobody turned the volume that it wrote
    expect(config.questions.map(({ files, answer }) => [files, answer])).toEqual([[["mrc/imod/017/017.rec"], "leave-out"]]);
    // Voltage = 300, PixelSpacing = 1.971, Tilt axis angle = 82.9, 60 times ExposureDose = 2.23843
    expect(series(config)).toMatchObject([
      { acceleration_voltage: 300_000, pixel_spacing: 1.971, tilt_axis: 82.9, tilt_range: { min: -52, max: 66 }, tilt_step: 2 },
    ]);
    expect(series(config)[0]!["total_flux"]).toBeCloseTo(60 * 2.23843, 2);
  });

  it("the folder of series 017 as cryoCAT has it: the XML of Warp is its alignment, and frames that are not there are told once", async () => {
    const config = await known(
      project("cryocat", {
        ...copies("TS_017/", "warp/017.xml", "mdoc/017.mdoc", "imod/017.tlt", "imod/TS_017/tilt.com"),
        ...copies("TS_017/", "ctf/017_gctf.star", "ctf/017_ctffind4.txt"),
        "TS_017/017.st": stack(4096, 4096, 60, 1.971),
      }),
    );
    expect(toldOf(config)).toEqual({
      "TS_017/017.mdoc": "acquisition 017",
      "TS_017/017.st": "tilt series 017",
      "TS_017/017.tlt": "another alignment of 017: TS_017/017.xml is published",
      "TS_017/017.xml": "alignment 017",
      "TS_017/017_ctffind4.txt": "ctf 017",
      "TS_017/017_gctf.star": "another CTF estimate of 017: TS_017/017_ctffind4.txt is published",
      "TS_017/tilt.com": "another alignment of 017: TS_017/017.xml is published",
    });
    expect(accountLines(config.account).filter((line) => /frames of 017/.test(line))).toHaveLength(1);
  });

  it("WarpTools without its .tomostar: the XML names the frames, and has axis and voltage", async () => {
    const movies = warp2Movies();
    const xml = "warp_tiltseries/gs04_ts_003.xml";
    const config = await known(
      project("warptools", {
        [xml]: url("warp/gs04_ts_003.full.xml"),
        // as somebody keeps the metadata of before the refinement
        "before_m/gs04_ts_003.xml": textOf("warp/gs04_ts_003.full.xml").replace("84.500114", "84.4"),
        ...Object.fromEntries(movies.map((name, at) => [`frames/${name}`, events(at)])),
        ...Object.fromEntries(movies.map((name) => [`frameseries/${name.replace(/eer$/, "xml")}`, movie])),
        ...Object.fromEntries(
          movies.map((name) => [`frameseries/average/${name.replace(/eer$/, "mrc")}`, volume(409, 409, 1, 7.303)]),
        ),
        "warp_tiltseries/tiltstack/gs04_ts_003/gs04_ts_003.st": stack(409, 409, 47, 7.303),
        "warp_tiltseries/tiltstack/gs04_ts_003/gs04_ts_003.rawtlt": `${Array.from({ length: 47 }, (_, at) => 46 - 2 * at).join("\n")}\n`,
        ...Object.fromEntries(
          ["", "even/", "odd/"].map((half) => [
            `warp_tiltseries/reconstruction/${half}gs04_ts_003_10.00Apx.mrc`,
            volume(300, 300, 150, 10),
          ]),
        ),
      }),
    );
    const told = toldOf(config);
    expect(config.runs).toEqual(["gs04_ts_003"]);
    expect([movies.length, fact("warp/gs04_ts_003.full.xml")["angles"]]).toEqual([47, 47]);
    expect(told).toMatchObject({
      [xml]: "alignment gs04_ts_003",
      "before_m/gs04_ts_003.xml": `metadata of Warp, whose results are with ${xml}`,
      "warp_tiltseries/tiltstack/gs04_ts_003/gs04_ts_003.st": "tilt series gs04_ts_003",
      "warp_tiltseries/tiltstack/gs04_ts_003/gs04_ts_003.rawtlt": "raw tilts gs04_ts_003",
      "warp_tiltseries/reconstruction/gs04_ts_003_10.00Apx.mrc": "tomogram gs04_ts_003",
      "warp_tiltseries/reconstruction/even/gs04_ts_003_10.00Apx.mrc": "half map gs04_ts_003",
      [`frameseries/average/${movies[0]!.replace(/eer$/, "mrc")}`]: "the average of the frames of one tilt",
    });
    expect(movies.map((name) => told[`frames/${name}`])).toEqual(
      Array(47).fill("frames need the acquisition file (mdoc) of their run, and there is none"),
    );
    // <AxisAngle>84.500114, <Param Name="Voltage" Value="300.0" />
    expect(series(config)).toMatchObject([{ acceleration_voltage: 300_000, tilt_axis: 84.5, pixel_spacing: 7.303 }]);
  });

  it("WarpTools' export for RELION: series by the names of their .tomostar", async () => {
    const names = Object.keys(fact("relion5/warp2_matching_tomograms.star")).flatMap(
      (key) => /^starfile:(.+)\.tomostar$/.exec(key)?.[1] ?? [],
    );
    // 4400 × 6000 × 1000 pixels of 0.7894 Å
    const size = [4400, 6000, 1000].map((pixels) => Math.round((pixels * 0.7894) / 10)) as [number, number, number];
    const config = await known(
      project("warptools-relion", {
        "relion/matching_tomograms.star": url("relion5/warp2_matching_tomograms.star"),
        "relion/matching_optimisation_set.star": url("relion5/warp2_matching_optimisation_set.star"),
        "relion/matching.star": `\ndata_optics\n\nloop_\n_rlnOpticsGroup #1\n_rlnImagePixelSize #2\n 1 1.6\n\ndata_particles\n\nloop_\n_rlnTomoName #1\n_rlnCoordinateX #2\n_rlnCoordinateY #3\n_rlnCoordinateZ #4\n_rlnOpticsGroup #5\n${names
          .map((name) => ` ${name}.tomostar 2100 2900 480 1\n ${name}.tomostar 300 200 100 1\n`)
          .join("")}`,
        ...Object.fromEntries(names.map((name) => [`warp_tiltseries/reconstruction/${name}_10.00Apx.mrc`, volume(...size, 10)])),
      }),
    );
    expect(config.runs).toEqual(["TS_1", "TS_11", "TS_17", "TS_23", "TS_32"]);
    expect(toldOf(config)).toMatchObject({
      "relion/matching.star": "points",
      "relion/matching_tomograms.star": "written beside matching.star for RELION",
      "relion/matching_optimisation_set.star": "written beside matching.star for RELION",
      "warp_tiltseries/reconstruction/TS_32_10.00Apx.mrc": "tomogram TS_32",
    });
  });

  it("IMOD's BB: tilta.com says that it has two axes, and view 1 is left out of its 61", async () => {
    const pair = Object.fromEntries(
      ["a", "b"].flatMap((axis) => [
        [`BB/BB${axis}.st`, stack(512, 512, 61, 10.09)],
        [`BB/BB${axis}.preali`, stack(512, 512, 61, 10.09)],
        [`BB/BB${axis}.ali`, stack(512, 512, 61, 10.09)],
        [`BB/BB${axis}.rec`, volume(512, 84, 512, 10.09)],
      ]),
    );
    const own = ["BBa.tlt", "BBa.tltxf", "BBa.xf", "BBa.xtilt", "BBa_fid.xf", "BBafid.xyz", "BBalocal.xf"];
    const commands = ["tilt-001.com", "tilt-start.com", "tilt.com", "tilt_3dfind.com", "tilta.com"];
    const lab = project("bb", {
      ...copies("BB/", ...[...own, ...commands].map((name) => `imod/BB/${name}`)),
      ...copies("BB/", "imod/unitTestData/aligna.com", "imod/unitTestData/aligna.log"),
      ...pair,
      "BB/sum.rec": volume(512, 84, 512, 10.09),
      "BB/BB.rec": volume(500, 500, 60, 10.09),
    });
    const config = await known(lab);
    expect(config.runs).toEqual(["BB"]);
    expect(toldOf(config)).toEqual({
      "BB/BB.rec": "tomogram BB",
      "BB/BBa.ali": "the aligned stack",
      "BB/BBa.preali": "the coarsely aligned stack",
      "BB/BBa.rec": "of axis a alone: the tomogram of BB is made of both",
      "BB/BBa.st": "tilt series BB",
      "BB/BBa.tlt": "alignment BB",
      "BB/BBa.tltxf": "a part of the final alignment",
      "BB/BBa.xf": "alignment BB",
      "BB/BBa.xtilt": "alignment BB",
      "BB/BBa_fid.xf": "a copy that the alignment leaves beside the file that counts",
      "BB/BBafid.xyz": "fiducial beads in 3D",
      "BB/BBalocal.xf": "local alignments: the portal describes the global one",
      "BB/BBb.ali": "the aligned stack",
      "BB/BBb.preali": "the coarsely aligned stack",
      "BB/BBb.rec": "of axis b alone: the tomogram of BB is made of both",
      "BB/BBb.st": "of axis b of BB: a run is described by its axis a",
      "BB/aligna.com": "a project file of etomo",
      "BB/aligna.log": "a project file of etomo",
      "BB/sum.rec": "untrimmed volume: BB.rec is made of it",
      ...Object.fromEntries(commands.map((name) => [`BB/${name}`, "a project file of etomo"])),
      "BB/tilta.com": "alignment BB",
    });
    const [yaml, tree] = [join(root, "bb.yaml"), join(root, "bb-tree")];
    writeFileSync(yaml, config.yaml);
    const words = ["ingest", "run", yaml, lab, tree, "--import-everything", "--quiet", "--allow-placeholders"];
    const { status, err } = await emporium([...words, "--workspace", join(root, "bb-workspace")]);
    expect(status, err).toBe(0);
    const written = JSON.parse(readFileSync(join(tree, "1/BB/Alignments/100/alignment_metadata.json"), "utf8")) as {
      alignment_type: string;
      x_rotation_offset: number;
      per_section_alignment_parameters: { z_index: number; tilt_angle: number }[];
    };
    const angles = textOf("imod/BB/BBa.tlt").trim().split(/\s+/).map(Number);
    expect(angles).toHaveLength(fact("imod/BB/BBa.tlt")["rows"]!);
    // EXCLUDELIST 1, XAXISTILT 1.94 and LOCALFILE in tilta.com
    expect(written.per_section_alignment_parameters.map(({ z_index, tilt_angle }) => [z_index, tilt_angle])).toEqual(
      angles.map((angle, at) => [at, angle]).slice(1),
    );
    expect([written.x_rotation_offset, written.alignment_type]).toEqual([1.94, "LOCAL"]);
  });

  it("one axis of BB alone: what tilt wrote is asked about", async () => {
    const config = await known(
      project("bba", {
        ...copies("BB/", ...["BBa.tlt", "BBa.xf", "tilt.com"].map((name) => `imod/BB/${name}`)),
        "BB/BBa.st": stack(512, 512, 61, 10.09),
        "BB/BBa_full.rec": volume(512, 84, 549, 10.09),
      }),
    );
    expect(config.runs).toEqual(["BBa"]);
    expect(config.questions.map(({ files, answer }) => [files, answer])).toEqual([[["BB/BBa_full.rec"], "leave-out"]]);
  });

  it("data files of etomo of old revisions: two axes, nm of pixels, rotation of the image", async () => {
    const config = await known(
      project("edf", {
        ...Object.fromEntries(
          [
            ["hvemuni5", "2"],
            ["wildtype9", "4"],
          ].flatMap(([name, revision]) => [
            [`${name}/${name}.edf`, url(`imod/unitTestData/setup_revision_1_${revision}.edf`)],
            [`${name}/${name}a.st`, stack(512, 512, 121, 1)],
            [`${name}/${name}b.st`, stack(512, 512, 121, 1)],
          ]),
        ),
        "hvemuni5/hvemuni5a.rec": volume(512, 100, 512, 1),
        "hvemuni5/hvemuni5b.rec": volume(512, 100, 512, 1),
      }),
    );
    expect(config.runs).toEqual(["hvemuni5", "wildtype9"]);
    expect(toldOf(config)).toMatchObject({
      "hvemuni5/hvemuni5a.st": "tilt series hvemuni5",
      "hvemuni5/hvemuni5b.st": "of axis b of hvemuni5: a run is described by its axis a",
      "hvemuni5/hvemuni5a.rec": "of axis a alone: the tomogram of hvemuni5 is made of both",
      "wildtype9/wildtype9a.st": "tilt series wildtype9",
    });
    // Setup.PixelSize in nm and Setup.ImageRotation, of both axes
    expect(series(config).map(({ pixel_spacing, tilt_axis }) => [pixel_spacing, tilt_axis])).toEqual([
      [14.2, -2],
      [10.09, -12.5],
    ]);
  });

  it("serial sections that etomo aligned are no tomograms, and a list of pieces is no script", async () => {
    const one = "M154_03-03-11/M154_03-03-11";
    const other = "mediumscansb2/mediumscansb2";
    const config = await known(
      project("sections", {
        "M154_03-03-11/newst.com": url("imod/M154_03-03-11/newst.com"),
        [`${one}.rec`]: volume(600, 400, 30, 1),
        [`${one}_ali.mrc`]: volume(600, 400, 30, 1),
        [`${one}.xg`]: "1 0 0 1 0 0\n".repeat(30),
        "mediumscansb2/blend.com": url("imod/mediumscansb2/blend.com"),
        [`${other}.rec`]: volume(600, 400, 30, 1),
        [`${other}_ali.mrc`]: volume(600, 400, 30, 1),
        [`${other}.pl`]: "0 0 0\n".repeat(30),
        // so that there is something to be published
        "TS_01.rec": volume(64, 64, 20, 10),
      }),
    );
    expect(config.runs).toEqual(["TS_01"]);
    expect(toldOf(config)).toMatchObject({
      [`${one}_ali.mrc`]: "aligned serial sections: newst.com makes them of M154_03-03-11.rec",
      [`${one}.xg`]: "the alignment of serial sections, one to another",
      [`${other}_ali.mrc`]: "aligned serial sections: blend.com makes them of mediumscansb2.rec",
      [`${other}.pl`]: "where the pieces of a montage are",
    });
    expect(config.questions.map(({ files, answer }) => [files, answer])).toEqual([
      [[`${one}.rec`], "leave-out"],
      [[`${other}.rec`], "leave-out"],
    ]);
  });

  it("IMOD's templates of command files, whose lists are empty", async () => {
    const rows = fact("imod/com/1.5deg-minus1.rawtlt")["rows"]!;
    const config = await known(
      project("templates", {
        ...copies("g5a/", ...["ctfplotter.com", "filmnewst.com", "tilt.com"].map((name) => `imod/com/${name}`)),
        "g5a/g5a.rawtlt": url("imod/com/1.5deg-minus1.rawtlt"),
        "g5a/g5a.st": stack(512, 512, rows, 9.06),
        "g5a/g5a.rec": volume(512, 100, 512, 9.06),
      }),
    );
    expect(toldOf(config)).toMatchObject({
      "g5a/ctfplotter.com": "a project file of etomo",
      "g5a/filmnewst.com": "a project file of etomo",
      "g5a/g5a.rawtlt": "raw tilts g5a",
      "g5a/g5a.st": "tilt series g5a",
      "g5a/tilt.com": "angles of g5a without its alignment: there is no .xf",
    });
    // THICKNESS 100, and the rows are 100
    expect(config.questions.map(({ files, answer }) => [files, answer])).toEqual([[["g5a/g5a.rec"], "leave-out"]]);
    // from -61 in steps of 1.5
    expect(series(config)).toMatchObject([{ tilt_range: { min: -61, max: -61 + 1.5 * (rows - 1) }, tilt_step: 1.5 }]);
  });

  it("emClarity: its table of an aligned stack is no list of angles", async () => {
    const config = await known(
      project("emclarity", {
        ...copies("fixedStacks/", "imod/emClarity/riboNew05.tlt", "imod/emClarity/riboNew05.xf"),
        ...copies("fixedStacks/ctf/", "emclarity/riboNew05_ali1_ctf.tlt"),
        "fixedStacks/riboNew05.fixed": stack(3838, 3710, fact("imod/emClarity/riboNew05.tlt")["rows"]!, 1.35),
      }),
    );
    // as their repository has them: ingest run would end at them
    const unequal =
      "41 angles in fixedStacks/riboNew05.tlt and 72 transforms in fixedStacks/riboNew05.xf: one of them was cut short, or they are of two alignments";
    expect(["tlt", "xf"].map((end) => fact(`imod/emClarity/riboNew05.${end}`)["rows"])).toEqual([41, 72]);
    expect(toldOf(config)).toEqual({
      "fixedStacks/ctf/riboNew05_ali1_ctf.tlt": "emClarity's table of an aligned stack, not a list of angles",
      "fixedStacks/riboNew05.fixed": "tilt series riboNew05",
      "fixedStacks/riboNew05.tlt": unequal,
      "fixedStacks/riboNew05.xf": unequal,
    });
  });

  it("RELION 4: particles of three tomograms, in pixels of the tilt series", async () => {
    const names = ["TS_017", "TS_018", "TS_019"];
    const config = await known(
      project("relion4", {
        "Refine3D/job007/run_data.star": url("relion4/relion_4.0.star"),
        "ImportTomo/job001/tomograms.star": `\ndata_global\n\nloop_\n_rlnTomoName #1\n_rlnTomoTiltSeriesName #2\n_rlnTomoTiltSeriesPixelSize #3\n_rlnTomoSizeX #4\n_rlnTomoSizeY #5\n_rlnTomoSizeZ #6\n${names
          .map((name) => ` ${name} tomograms/${name}/${name}.mrc 1.971 4096 4096 1500\n`)
          .join("")}`,
        ...Object.fromEntries(
          names.flatMap((name) => [
            [`tomograms/${name}/${name}.mrc`, stack(4096, 4096, 60, 1.971)],
            [`tomograms/${name}/${name}_rec.mrc`, volume(1024, 1024, 375, 7.88)],
          ]),
        ),
      }),
    );
    expect(config.runs).toEqual(names);
    const particles = config.files.find(({ role }) => role === "points");
    expect(particles).toMatchObject({ path: "Refine3D/job007/run_data.star" });
    expect(particles!.because).toContain(
      `${(fact("relion4/relion_4.0.star")["starfile:particles"] as unknown as { rows: number }).rows} particles`,
    );
    expect([count(config, "tilt series"), count(config, "tomogram"), config.questions]).toEqual([3, 3, []]);
    // 7.88 Å / 1.971 Å
    expect(config.yaml).toMatch(/binning: 3\.99797/);
  });

  it("lists of RELION 3 that name reconstructions of Warp 1, with and without the end of the last line; those that were cut are told", async () => {
    const ended = (name: string) => `${textOf(name)}\n`;
    const tomograms = {
      "mrc/reconstruction/1333_7.88Apx.mrc": volume(1024, 1024, 375, 7.88),
      "mrc/reconstruction/1342_7.88Apx.mrc": volume(1024, 1024, 375, 7.88),
      "mrc/reconstruction/0002_12.23Apx.mrc": volume(760, 760, 300, 12.23),
      "mrc/reconstruction/0003_12.23Apx.mrc": volume(760, 760, 300, 12.23),
      "spa/Extract/job021/particles.star": url("relion4/relion_with_optics_group.star"),
    };
    const whole = await known(
      project("relion3", {
        ...tomograms,
        "lists/bin1_1deg_500.star": ended("relion4/bin1_1deg_500.star"),
        "lists/relion_3.1_optics.star": ended("relion4/relion_3.1_optics.star"),
      }),
    );
    expect(whole.runs).toEqual(["0002", "0003", "1333", "1342"]);
    expect(toldOf(whole)["spa/Extract/job021/particles.star"]).toBe("a project file of RELION");
    // nothing says of which image pixels are counted; those of _rlnPixelSize are among the answers: 7.88 / 1.971, 12.23 / 2.446
    expect(whole.questions.map(({ files, options }) => [files[0], options.map(({ answer }) => answer)])).toEqual([
      ["lists/bin1_1deg_500.star", expect.arrayContaining(["pixels-4"])],
      ["lists/relion_3.1_optics.star", expect.arrayContaining([expect.stringMatching(/^(?:voxels|pixels-)/)])],
    ]);
    const list = "lists/bin1_1deg_500.star";
    const text = textOf("relion4/bin1_1deg_500.star");
    const open = await known(project("relion3-open", { ...tomograms, [list]: text }));
    expect(open.questions.map(({ files }) => files[0])).toEqual([list]);
    const cut = toldOf(await known(project("relion3-cut", { ...tomograms, [list]: text.slice(0, -8) })));
    expect(cut[list]).toMatch(/last row is shorter/);
  });
});
