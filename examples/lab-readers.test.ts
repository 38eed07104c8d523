import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { inMemory } from "../src/core/bytes.js";
import { aretomoSections, parseAln } from "../src/formats/alignment/aretomo.js";
import { newstCom, parseComFile, tiltCom } from "../src/formats/alignment/com-file.js";
import { imodSections, parseXf } from "../src/formats/alignment/imod.js";
import { parseCtf } from "../src/formats/ctf/read.js";
import { readDm } from "../src/formats/dm/image.js";
import { readDmPlanes } from "../src/formats/dm/read.js";
import { dmPlanesForMrc, dmToMrcFields } from "../src/formats/dm/to-mrc.js";
import { parseMdoc, tiltAxisAngle } from "../src/formats/mdoc/read.js";
import { readMrcHeader } from "../src/formats/mrc/header.js";
import { readTiffHeader } from "../src/formats/tiff/header.js";
import { parseTiltAngles } from "../src/formats/tilt-angles/read.js";
import { generateLab, type Lab } from "./lab/generate.mjs";

/** The tilt scheme of lab/README.md. */
const ACQUIRED = [0, 3, -3, -6, 6, 9, -9];
const STACKED = [-9, -6, -3, 0, 3, 6, 9];

const folder = mkdtempSync(join(tmpdir(), "emporium-lab-readers-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const path = (key: string) => join(folder, "input", "lab", key);
const bytes = (key: string) => new Uint8Array(readFileSync(path(key)));
const source = (key: string) => inMemory(bytes(key), key);

describe("the miniature laboratory, read by this program", () => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await generateLab({ out: folder, deposits: ["imod", "aretomo", "batch", "sim"], sections: "all" });
  });

  it("has MRC headers with the shape that was asked for", async () => {
    const volumes = lab.deposits.flatMap(({ tomograms, tiltSeries }) => [...tomograms, ...tiltSeries]);
    const files = volumes.filter(({ path }) => !/Vol\.zarr|perm_Vol|trunc_Vol/.test(path));
    expect(files.length).toBeGreaterThan(30);
    for (const { path, shape } of files) {
      expect((await readMrcHeader(inMemory(new Uint8Array(readFileSync(path)), path))).shape).toEqual(shape);
    }
    const { littleEndian, dtype, ispg } = await readMrcHeader(source("aretomo/25jul_pos2_TS.mrc"));
    expect([littleEndian, dtype, ispg]).toEqual([false, "uint16", 0]);
  });

  it("has a DM4 gain reference of 1 + x/100", async () => {
    const gain = source("imod/frames/CountRef_TS_0001.dm4");
    const { version, images } = await readDm(gain);
    expect([version, images.length, images[0]?.title]).toEqual([4, 1, "CountRef_TS_0001"]);
    expect(dmToMrcFields(images[0]!)).toMatchObject({ shape: [1, 32, 32], dtype: "float32", warnings: [] });
    expect(dmToMrcFields(images[0]!).voxelSizeAngstrom[2]).toBeCloseTo(3.3702, 5);
    const pixels = dmPlanesForMrc(await readDmPlanes(gain, images[0]!, 0, 1), images[0]!);
    expect(pixels).toEqual(Float32Array.from({ length: 32 * 32 }, (_, at) => 1 + (at % 32) / 100));
  });

  it("has frames of four pages, one with LZW, and movies of electron events", async () => {
    for (const name of readdirSync(path("imod/frames")).filter((name) => name.endsWith(".tif"))) {
      const { shape, first, uniform } = await readTiffHeader(source(`imod/frames/${name}`));
      expect([shape, first.dtype, uniform]).toEqual([[4, 32, 32], "uint8", true]);
      expect(first.compression).toBe(name === "TS_0001_004.tif" ? 5 : 1);
    }
    expect(await readTiffHeader(source("aretomo/25jul_pos1/25jul_pos1_001.eer"))).toMatchObject({ eer: true, pages: 1 });
    expect(await readTiffHeader(source("aretomo/gains/ref1.gain"))).toMatchObject({
      shape: [1, 32, 32],
      first: { dtype: "float32" },
    });
  });

  it.each([
    ["imod/metadata/mdocs_vali/TS_0001.mdoc", "imod/frames", 84.7],
    ["imod/metadata/mdocs_vali/TS_0002.mdoc", "imod/frames", 84.7],
    ["aretomo/25jul_pos1.mdoc", "aretomo/25jul_pos1", -96],
    ["aretomo/25jul_pos2.mdoc", "aretomo/25jul_pos2", -96],
    ["batch/mka2019-11-19-12/generated/mka2019-11-19-12.mdoc", undefined, 84.1],
    ["sim/TS_1/mdocs/TS_1_vali.mdoc", undefined, 0],
  ])("has seven tilts in %s, whose frames are there", (key, frames, axis) => {
    const mdoc = parseMdoc(bytes(key), key);
    const sections = mdoc.sections.toSorted((a, b) => a.zValue! - b.zValue!);
    expect(sections.map(({ zValue, tiltAngleDegrees }) => [zValue, tiltAngleDegrees])).toEqual([...ACQUIRED.entries()]);
    expect(sections.every(({ exposureTimeSeconds, exposureDose }) => exposureTimeSeconds === 1.5 && exposureDose === 3)).toBe(
      true,
    );
    expect(tiltAxisAngle(mdoc)).toBe(axis);
    for (const { subFrameName } of sections) {
      expect(subFrameName !== undefined && existsSync(path(`${frames}/${subFrameName}`))).toBe(frames !== undefined);
    }
  });

  it("has raw tilts with noise in one run, unordered in another", () => {
    const angles = (key: string) => parseTiltAngles(bytes(key), key).map(({ degrees }) => degrees);
    const noisy = angles("batch/mka2019-11-19-8/generated/mka2019-11-19-8.rawtlt");
    const noise = noisy.map((degrees, at) => Math.abs(degrees - STACKED[at]!));
    expect([noisy.length, noisy]).toEqual([7, noisy.toSorted((a, b) => a - b)]);
    expect(Math.max(...noise)).toBeCloseTo(0.02, 6);
    expect(angles("imod/metadata/TS_0002_vali.rawtlt")).toEqual(ACQUIRED);
    expect(angles("aretomo/25jul_pos3_st.rawtlt")).toEqual(STACKED);
  });

  it("has IMOD alignments, with x-tilts and command files in the second run", () => {
    const aligned = (run: string) => {
      const xTilt = `imod/metadata/${run}.xtilt`;
      return imodSections({
        name: run,
        transforms: parseXf(bytes(`imod/metadata/${run}.xf`), run),
        tilts: parseTiltAngles(bytes(`imod/metadata/${run}.tlt`), run),
        xTilts: existsSync(path(xTilt)) ? parseTiltAngles(bytes(xTilt), run) : undefined,
      });
    };
    expect(aligned("TS_0001").map(({ zIndex, tiltAngleDegrees }) => [zIndex, tiltAngleDegrees])).toEqual(
      STACKED.map((degrees, z) => [z, Number((degrees - 0.3).toFixed(2))]),
    );
    expect(new Set(aligned("TS_0002").map(({ volumeXRotationDegrees }) => volumeXRotationDegrees))).toEqual(new Set([0.25]));
    const tilt = tiltCom(parseComFile(bytes("imod/metadata/tilt.com"), "tilt.com"));
    expect(tilt).toMatchObject({
      tiltFile: "TS_0002.tlt",
      thicknessPixels: 128,
      fullImage: [64, 48],
      xAxisTiltDegrees: 0.5,
      excluded: [],
    });
    const newst = newstCom(parseComFile(bytes("imod/metadata/newst.com"), "newst.com"));
    expect(newst).toMatchObject({ inputFile: "TS_0002.st", transformFile: "TS_0002.xf", binByFactor: 4 });
  });

  it("has AreTomo alignments, a local one without its dark section and a global one", () => {
    const local = parseAln(bytes("aretomo/25jul_pos1.aln"), "local");
    expect(local.darkFrames.map(({ section, tiltAngleDegrees }) => [section, tiltAngleDegrees])).toEqual([[0, -9]]);
    expect([local.numPatches, local.patches.length]).toEqual([4, 4 * 6]);
    expect(aretomoSections(local).map(({ zIndex, tiltAngleDegrees }) => [zIndex, tiltAngleDegrees])).toEqual(
      [...STACKED.entries()].slice(1),
    );
    const global = parseAln(bytes("aretomo/25jul_pos2.aln"), "global");
    expect([global.numPatches, global.patches, global.darkFrames]).toEqual([0, [], []]);
    expect(aretomoSections(global).map(({ zIndex, tiltAngleDegrees }) => [zIndex, tiltAngleDegrees])).toEqual([
      ...STACKED.entries(),
    ]);
  });

  it("has the same fits in CTFFIND's layout and IMOD's, but for what IMOD leaves out", () => {
    const fits = (key: string, format: "ctffind" | "imod") =>
      parseCtf(bytes(key), format, key).map((row) => [
        row.section,
        row.defocus1Angstrom,
        row.defocus2Angstrom,
        row.azimuthDegrees,
      ]);
    const rows = fits("imod/metadata/TS_0001_ctffind4.txt", "ctffind");
    expect(rows[0]).toEqual([1, 32500, 32100, -62.1]);
    expect(rows.map(([section]) => section)).toEqual([1, 2, 3, 4, 5, 6, 7]);
    expect(fits("imod/metadata/TS_0002.defocus", "imod")).toEqual(rows);
    expect(fits("aretomo/25jul_pos1_CTFFIND_format_CTF.txt", "ctffind")).toEqual(rows.slice(1));
  });
});
