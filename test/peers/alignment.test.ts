import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { inMemory } from "../../src/core/bytes.js";
import { seededRandom } from "../../src/core/random.js";
import { aretomoSections, parseAln } from "../../src/formats/alignment/aretomo.js";
import { parseComFile, tiltComGeometry } from "../../src/formats/alignment/com-file.js";
import { parseEdf } from "../../src/formats/alignment/edf.js";
import { imodSections, parseXf } from "../../src/formats/alignment/imod.js";
import { readRelionTiltSeries, relionSections } from "../../src/formats/alignment/relion.js";
import type { SectionAlignment } from "../../src/formats/alignment/sections.js";
import { parseWarpXml, warpSections } from "../../src/formats/alignment/warp.js";
import { parseTiltAngles } from "../../src/formats/tilt-angles/read.js";
import { inPartWithoutRealFiles, REAL_DATA_FOLDER } from "../real-data.js";
import { hasEnvironment, python, type Verdict } from "./environment.js";

const SHARED = REAL_DATA_FOLDER;
const folder = mkdtempSync(join(tmpdir(), "emporium-peers-alignment-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const golden = (name: string) =>
  JSON.parse(readFileSync(new URL(`../golden/alignment/${name}`, import.meta.url), "utf8")).texts as Record<string, string>;

type Job = { case: string; kind: string; files?: Record<string, string> } & Record<string, unknown>;

const rows = (sections: readonly SectionAlignment[]) =>
  sections.map(({ zIndex, tiltAngleDegrees, volumeXRotationDegrees, inPlaneRotation, xOffset, yOffset }) => [
    zIndex,
    tiltAngleDegrees,
    volumeXRotationDegrees,
    ...inPlaneRotation.flat(),
    xOffset,
    yOffset,
  ]);
const open = (path: string) => inMemory(readFileSync(path), path);
const angles = (path: string | undefined) => (path === undefined ? undefined : parseTiltAngles(readFileSync(path), path));

function imod(name: string, files: Record<"xf" | "tlt", string> & { xtilt?: string; com?: string }): Job {
  const com = files.com === undefined ? undefined : tiltComGeometry(parseComFile(readFileSync(files.com), files.com));
  const sections = imodSections({
    name,
    transforms: parseXf(readFileSync(files.xf), files.xf),
    tilts: angles(files.tlt)!,
    xTilts: angles(files.xtilt),
    excluded: com?.excluded,
  });
  return { case: name, kind: "imod", files, sections: rows(sections) };
}

function aretomo(name: string, path: string): Job {
  return {
    case: name,
    kind: "aretomo",
    files: { aln: path },
    sections: rows(aretomoSections(parseAln(readFileSync(path), path))),
  };
}

async function relion(name: string, paths: string[], tomogram: string, image?: [number, number]): Promise<Job> {
  const { tilts, pixelSizeAngstrom } = await readRelionTiltSeries(paths.map(open), { tomoName: tomogram, imagePixels: image });
  return {
    case: name,
    kind: "relion",
    files: { star: paths[0]! },
    tomogram,
    image,
    sections: rows(relionSections(tilts, pixelSizeAngstrom!)),
  };
}

function warp(name: string, path: string): Job {
  const series = parseWarpXml(readFileSync(path), path);
  const used = series.tilts.flatMap(({ use }, z) => (use ? [z] : []));
  return {
    case: name,
    kind: "warp",
    files: { xml: path },
    used,
    sections: rows(warpSections(series, series.pixelSizeAngstrom!)),
  };
}

/** 1,000 random orientations as the matrices of RELION 4, and the angles that are made of them. */
async function randomRotations(): Promise<Job> {
  const random = seededRandom(16);
  const wanted = Array.from({ length: 1000 }, () => [random() * 20 - 10, random() * 178 - 89, random() * 360 - 180]);
  const matrices = wanted.map((degrees) => {
    const [x, y, z] = degrees.map((angle) => (angle * Math.PI) / 180) as [number, number, number];
    const [cx, sx, cy, sy, cz, sz] = [Math.cos(x), Math.sin(x), Math.cos(y), Math.sin(y), Math.cos(z), Math.sin(z)];
    // the corner of the volume of 10 voxels does not fall on that of the image
    return [
      `[${cz * cy},${cz * sy * sx - sz * cx},${cz * sy * cx + sz * sx},5]`,
      `[${sz * cy},${sz * sy * sx + cz * cx},${sz * sy * cx - cz * sx},5]`,
      `[${-sy},${cy * sx},${cy * cx},0] [0,0,0,1]`,
    ].join(" ");
  });
  const text = `data_global\n\nloop_\n_rlnTomoName\n_rlnTomoTiltSeriesPixelSize\n_rlnTomoSizeX\n_rlnTomoSizeY\n_rlnTomoSizeZ\na 1 10 10 10\n\ndata_a\n\nloop_\n_rlnTomoProjX\n_rlnTomoProjY\n_rlnTomoProjZ\n_rlnTomoProjW\n${matrices.join("\n")}\n`;
  const { tilts } = await readRelionTiltSeries([inMemory(new TextEncoder().encode(text), "t.star")], { imagePixels: [10, 10] });
  const found = tilts.map(({ xTiltDegrees, yTiltDegrees, zRotDegrees }) => [xTiltDegrees, yTiltDegrees, zRotDegrees]);
  const inPlane = relionSections(tilts, 1).map(({ inPlaneRotation }) => inPlaneRotation);
  return { case: "rotations of 1,000 sections", kind: "rotations", angles: found, found: wanted, inPlane };
}

function write(name: string, text: string): string {
  const path = join(folder, name);
  mkdirSync(join(path, ".."), { recursive: true });
  writeFileSync(path, text);
  return path;
}

async function jobs(): Promise<Job[]> {
  const [own, programs] = [golden("sections.json"), golden("programs.json")];
  const xf = write("grid.xf", own.xf!);
  const tlt = write("grid.tlt", own.tlt!);
  const files = { xf, tlt, xtilt: write("grid.xtilt", own.xtilt!), com: write("tilt.com", own.tiltCom!) };
  const series = write("tilt_series/TS_01.star", programs.relion5!);
  const made: Job[] = [
    imod("own IMOD", { xf, tlt }),
    imod("own IMOD with tilt.com", files),
    aretomo("own AreTomo", write("grid.aln", own.aln!)),
    await relion("own RELION 5", [write("tomograms.star", programs.relion5Global!), series], "TS_01"),
    await relion("own RELION 4", [write("relion4.star", programs.relion4!)], "TS_02", [401, 300]),
    warp("own Warp", write("TS_01.xml", programs.warp!)),
    await randomRotations(),
  ];
  if (!existsSync(SHARED)) return made;
  const real = (path: string) => join(SHARED, path);
  const ts001 = (extension: string) => real(`alignment/TS_001/TS_001.${extension}`);
  made.push(
    imod("TS_001", { xf: ts001("xf"), tlt: ts001("tlt"), xtilt: ts001("xtilt") }),
    imod("TS_run1, IMOD", {
      xf: real("lab-mini/10001_input/alignments/TS_run1.xf"),
      tlt: real("lab-mini/10001_input/alignments/TS_run1.tlt"),
      xtilt: real("lab-mini/10001_input/alignments/TS_run1.xtilt"),
    }),
    aretomo("TS_run1, AreTomo", real("lab-mini/10001_input/alignments/TS_run1.aln")),
    {
      case: "TS_001 as a folder of Etomo",
      kind: "etomo",
      files: { folder: real("alignment/TS_001") },
      transforms: parseXf(readFileSync(ts001("xf")), "TS_001.xf").map(({ matrix, shift }) => [...matrix.flat(), ...shift]),
      excluded: parseEdf(readFileSync(ts001("edf")), "TS_001.edf").excluded.a,
    },
  );
  return made;
}

describe.skipIf(!hasEnvironment("peers"))("alignments, read by cryoet-alignment, etomofiles and scipy as well", () => {
  inPartWithoutRealFiles("own alignments only");
  let all: Job[];
  let verdicts: Verdict[];

  beforeAll(async () => {
    all = await jobs();
    writeFileSync(join(folder, "jobs.json"), JSON.stringify(all));
    verdicts = JSON.parse(await python("peers", "alignment_check.py", [join(folder, "jobs.json")]));
  });

  it("agree on every section of every file", () => {
    expect(verdicts.filter(({ passed }) => !passed)).toEqual([]);
    for (const { case: name } of all)
      expect(verdicts.filter((verdict) => verdict.case === name).length, name).toBeGreaterThanOrEqual(2);
    expect(all.length).toBeGreaterThanOrEqual(existsSync(SHARED) ? 11 : 7);
  });
});
