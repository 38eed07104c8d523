import { existsSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { REAL_DATA } from "../../test/real-data.js";
import { inMemory } from "../core/bytes.js";
import { isEmporiumError } from "../core/errors.js";
import { parseAln } from "./alignment/aretomo.js";
import { newstCom, parseComFile, tiltCom } from "./alignment/com-file.js";
import { parseEdf } from "./alignment/edf.js";
import { parseXf } from "./alignment/imod.js";
import { readRelionTiltSeries } from "./alignment/relion.js";
import { parseWarpXml } from "./alignment/warp.js";
import { parseCtf } from "./ctf/read.js";
import { readRelionCtf } from "./ctf/relion.js";
import { parseWarpCtf } from "./ctf/warp.js";
import { parseMdoc } from "./mdoc/read.js";
import { readMod } from "./mod/read.js";
import { peekFile } from "./peek/peek.js";
import type { PointOptions } from "./points/points.js";
import { POINT_READERS } from "./points/readers.js";
import { readStar } from "./star/read.js";
import { parseTiltAngles } from "./tilt-angles/read.js";

/*
 * Files of other programs, each with the facts that an independent reader found in it (expected.json), or, where that says
 * none, with what stands in the file's own lines. What no reader is for is listed with its refusal.
 */

const more = new URL("more/", REAL_DATA);
const present = existsSync(new URL("expected.json", more));
type Facts = Record<string, { rows?: number; columns?: number; contours_with_points?: number; points?: number } & number>;
const inventory = present
  ? (JSON.parse(readFileSync(new URL("expected.json", more), "utf8")) as Record<string, { kind: string; facts?: Facts }>)
  : {};
/** Arrays have their own tests, beside their formats. */
const ELSEWHERE = new Set(["zarr", "omezarr", "n5"]);
const listed = Object.keys(inventory).filter((path) => !ELSEWHERE.has(inventory[path]!.kind));
const factsOf = (path: string): Facts => inventory[path]?.facts ?? {};
const rowsOf = (path: string): number => factsOf(path).rows as number;
const bytesOf = (path: string) => new Uint8Array(readFileSync(new URL(path, more)));
const source = (path: string) => inMemory(bytesOf(path), path);
/** Warp 1 writes UTF-16. */
const textOf = (path: string): string => new TextDecoder(bytesOf(path)[0] === 0xff ? "utf-16le" : "utf-8").decode(bytesOf(path));
/** Lines of numbers, read as plainly as can be. */
const plainRows = (path: string): number[][] =>
  textOf(path)
    .split(/\r?\n/)
    .filter((line) => /^\s*[-+.\d]/.test(line))
    .map((line) => line.trim().split(/\s+/).map(Number));

const seen = new Set<string>();
/** Tests of one kind of files; each file counts as read. */
function files(paths: readonly string[], what: string, check: (path: string) => unknown): void {
  for (const path of paths) {
    seen.add(path);
    it.skipIf(!present)(`seam 52: ${path}: ${what}`, async () => void (await check(path)));
  }
}
const matching = (pattern: RegExp): string[] => listed.filter((path) => pattern.test(path));

const OPTIONS: PointOptions = { kind: "point", binning: 1, columns: "xyz", order: "xyz", delimiter: "," };
async function points(format: string, path: string, options: Partial<PointOptions> = {}) {
  const found = { positions: [] as number[], rotations: 0 };
  for await (const { positions, rotations } of POINT_READERS[format]!.read(source(path), { ...OPTIONS, ...options })) {
    for (const value of positions) found.positions.push(value);
    found.rotations += (rotations?.length ?? 0) / 9;
  }
  return found;
}
async function codeOf(run: () => unknown): Promise<string | undefined> {
  try {
    await run();
    return undefined;
  } catch (error) {
    if (!isEmporiumError(error)) throw error;
    return error.code;
  }
}

describe.skipIf(!present)("STAR files", () => {
  const TABLES = /\.(star|cbox)$/;
  files(matching(TABLES), "has the tables that starfile reads", async (path) => {
    const tables = await readStar(source(path));
    const wanted = Object.entries(factsOf(path)).filter(([key]) => key.startsWith("starfile:"));
    expect(tables.length).toBe(wanted.length);
    for (const [key, { rows, columns }] of wanted) {
      const name = key.slice("starfile:".length);
      const table = tables.find((one) => one.name === (name === "data_" ? "" : name));
      expect([name, table?.rows.length, table?.columns.length]).toEqual([name, rows, columns]);
    }
  });

  const aligned = listed.filter((path) => TABLES.test(path) && factsOf(path).tilts !== undefined);
  files(aligned, "is read as the alignment of its tilts", async (path) => {
    const { tilts, tomoName } = await readRelionTiltSeries([source(path)]);
    expect([tilts.length, tomoName]).toEqual([factsOf(path).tilts, /([^/]+)\.star$/.exec(path)![1]]);
    expect((await readRelionCtf(source(path))).length).toBe(tilts.length);
  });

  const before = matching(/^relion5\/tutorial\/(CtfFind|ExcludeTiltImages)\/.*\/tilt_series\//);
  files(before, "has no alignment yet, and the CTF of each image", async (path) => {
    expect(await codeOf(() => readRelionTiltSeries([source(path)]))).toMatch(/^FORMAT_/);
    const { rows } = Object.values(factsOf(path))[0]!;
    expect((await readRelionCtf(source(path))).length).toBe(rows);
  });

  const neither = matching(
    /^relion5\/(tutorial\/Import\/.*\/tilt_series|cylindra\/.*\/tilt_series)\/|\/(tomograms|tilt_series|aligned_tilt_series|selected_tilt_series)\.star$/,
  );
  files(neither, "has neither an alignment nor a CTF", async (path) => {
    expect(await codeOf(() => readRelionTiltSeries([source(path)]))).toMatch(/^FORMAT_/);
    expect(await codeOf(() => readRelionCtf(source(path)))).toMatch(/^FORMAT_/);
  });
});

describe.skipIf(!present)("lists of particles", () => {
  const tomogram = { sizeVoxels: [1000, 1000, 500] as const, voxelSpacingAngstrom: 10 };
  const particles: readonly [format: string, pattern: RegExp, isTurned: boolean][] = [
    ["relion5_star", /^relion5\/.*(run_data|run_it025_data|Extract\/job071\/particles|particles_processed)\.star$/, true],
    ["relion5_star", /^relion5\/tutorial\/Picks\/.*(particles|spheres)\.star$/, false],
    ["relion4_star", /^relion4\/relion_4\.0\.star$/, true],
    ["relion3_star", /^relion4\/(relion_3\.1_optics|bin1_1deg_500)\.star$/, true],
    ["stopgap_star", /^stopgap\/class6/, true],
    ["cryolo_cbox", /^cryolo\/(3d_particle|cbox3d\/particles)\.cbox$/, false],
  ];
  for (const [format, pattern, isTurned] of particles) {
    files(matching(pattern), `is read as ${format}`, async (path) => {
      const facts = factsOf(path);
      const table = ["particles", "data_", "images", "stopgap_motivelist", "cryolo"].find((name) => facts[`starfile:${name}`]);
      const count = facts[`starfile:${table}`]!.rows;
      const { positions, rotations } = await points(format, path, { kind: isTurned ? "orientedPoint" : "point", tomogram });
      expect([positions.length / 3, rotations]).toEqual([count, isTurned ? count : 0]);
      expect(positions.every(Number.isFinite)).toBe(true);
    });
  }
  files(["relion4/relion_with_optics_group.star"], "has no Z: particles cut out by another program", async (path) => {
    expect(await codeOf(() => points("relion3_star", path))).toBe("FORMAT_FIELD");
  });
  files(
    ["cryolo/3d_particle.cbox"],
    "has its particles on the slices that it lists, half a box from the corners",
    async (path) => {
      const { positions } = await points("cryolo_cbox", path);
      const slices = (await readStar(source(path)))
        .find(({ name }) => name === "cryolo_include")!
        .rows.flat()
        .map(Number);
      expect([...new Set(positions.filter((_, i) => i % 3 === 2))]).toEqual(slices);
      expect(positions.slice(0, 2)).toEqual([12.257084 + 12.5, 27.721405 + 12.5]);
    },
  );
  files(["cryolo/filament_cbox_2d/ActLifeact_03047.cbox"], "is of an image", async (path) => {
    expect(await codeOf(() => points("cryolo_cbox", path))).toBe("FORMAT_FIELD");
  });
  files(["cryolo/2d_center.box"], "is of an image", async (path) => {
    expect(await codeOf(() => points("eman2_box", path))).toBe("FORMAT_UNSUPPORTED");
  });
  files(["cryolo/valid.tloc"], "is read as tomotwin_tloc", async (path) => {
    const { positions } = await points("tomotwin_tloc", path);
    // pandas 2.3.3
    expect([positions.length, ...positions.slice(0, 3).map((value) => value.toFixed(6))]).toEqual([
      42,
      "86.068308",
      "26.546134",
      "98.655582",
    ]);
  });
  files(matching(/^dynamo\/.*\.tbl$/), "is read as dynamo_tbl, a tomogram at a time", async (path) => {
    const rows = plainRows(path);
    const tomograms = [...new Set(rows.map((row) => row[19]!))];
    expect(tomograms.length).toBeGreaterThan(1);
    expect(await codeOf(() => points("dynamo_tbl", path))).toBe("FORMAT_FIELD");
    let count = 0;
    for (const tomogram of tomograms.slice(0, 5)) {
      const wanted = rows
        .filter((row) => row[19] === tomogram)
        .flatMap((row) => [0, 1, 2].map((axis) => row[23 + axis]! + row[3 + axis]!));
      const { positions, rotations } = await points("dynamo_tbl", path, { kind: "orientedPoint", filterValue: String(tomogram) });
      expect(positions).toEqual(wanted);
      count += rotations;
    }
    expect(count).toBeGreaterThan(5);
  });
  files(["peet/pi/pi-a-initMOTL.csv"], "has no positions", async (path) => {
    expect(await codeOf(() => points("csv_with_header", path))).toBe("FORMAT_FIELD");
    expect(await codeOf(() => points("peet_motl", path))).toBe("FORMAT_UNSUPPORTED");
  });
  files(matching(/^mod\/.*\.mod$/), "has the contours and points that imodmodel reads", async (path) => {
    const { contours_with_points, points: count } = factsOf(path).imodmodel!;
    const { objects } = await readMod(source(path));
    const contours = objects.flatMap((object) => object.contours).filter(({ pointCount }) => pointCount > 0);
    expect([contours.length, contours.reduce((sum, { pointCount }) => sum + pointCount, 0)]).toEqual([
      contours_with_points,
      count,
    ]);
    const { positions } = await points("mod", path);
    const { max, min } = factsOf(path).imodmodel as unknown as { max: number[]; min: number[] };
    for (const axis of [0, 1, 2]) {
      const values = positions.filter((_, i) => i % 3 === axis);
      expect([Math.max(...values), Math.min(...values)]).toEqual([max[axis], min[axis]]);
    }
  });
});

describe.skipIf(!present)("alignments, angles and CTF", () => {
  files(matching(/^aretomo\//), "has the rows that alnfile reads", (path) => {
    const { sections, patches, darkFrames, rawSize, numPatches } = parseAln(bytesOf(path), path);
    expect([sections.length, patches.length]).toEqual([factsOf(path)["alnfile rows"], sections.length * numPatches!]);
    expect(sections.length + darkFrames.length).toBe(rawSize![2]);
  });
  files(matching(/^imod\/.*\.(tlt|xtilt|rawtlt)$/), "has an angle a line", (path) => {
    const angles = parseTiltAngles(bytesOf(path), path).map(({ degrees }) => degrees);
    expect(angles).toEqual(plainRows(path).map(([angle]) => angle));
    expect(angles.length).toBe(rowsOf(path));
  });
  files(matching(/^imod\/.*(?<!local)\.(xf|tltxf)$/), "has a transform a line", (path) => {
    const rows = parseXf(bytesOf(path), path).map(({ matrix, shift }) => [...matrix.flat(), ...shift]);
    expect(rows).toEqual(plainRows(path));
    expect(rows.length).toBe(rowsOf(path));
  });
  files(matching(/^imod\/.*tilt[^/]*\.com$/), "is read as the command of a reconstruction", (path) => {
    const text = textOf(path);
    const { tiltFile, thicknessPixels, outputFile } = tiltCom(parseComFile(text, path));
    const option = (key: string) => new RegExp(`^${key}\\s+(\\S+)`, "m").exec(text)?.[1];
    expect([tiltFile, String(thicknessPixels), outputFile]).toEqual(["TILTFILE", "THICKNESS", "OutputFile"].map(option));
  });
  files(matching(/^imod\/.*(blend|ctfplotter|aligna)\.com$/), "is read as a command", (path) => {
    const com = parseComFile(bytesOf(path), path);
    const text = textOf(path);
    expect([path, text.includes(`$${com.program}`)]).toEqual([path, true]);
    expect(newstCom(com).transformFile).toBe(/^TransformFile\s+(\S+)/m.exec(text)?.[1]);
  });
  files(matching(/^imod\/.*newst\.com$/), "has no options: they are arguments and answers, as before IMOD 3.5", (path) => {
    const com = parseComFile(bytesOf(path), path);
    expect([com.program, newstCom(com).transformFile]).toEqual([undefined, undefined]);
  });
  files(matching(/\.edf$/), "has the names and numbers of its text", (path) => {
    const text = factsOf(path)["own text scan"] as unknown as Record<string, string>;
    const found = parseEdf(bytesOf(path), path);
    expect(found).toMatchObject({
      datasetName: text["Setup.DatasetName"],
      isDualAxis: text["Setup.AxisType"] === "Dual Axis",
      tiltAxisDegrees: { a: Number(text["Setup.ImageRotation"]) },
    });
    expect(found.pixelSizeAngstrom).toBeCloseTo(10 * Number(text["Setup.PixelSize"]), 9);
  });
  files(matching(/^mdoc\//), "has the sections that mdocfile reads", (path) => {
    expect(parseMdoc(bytesOf(path), path).sections.length).toBe(factsOf(path).sections ?? 3);
  });
  files(["ctf/017_ctffind4.txt"], "has a fit a line", (path) => {
    const fits = parseCtf(bytesOf(path), "ctffind", path);
    expect(fits.map(({ section, defocus1Angstrom }) => [section, defocus1Angstrom])).toEqual(
      plainRows(path).map((row) => row.slice(0, 2)),
    );
    expect(fits.length).toBe(rowsOf(path));
  });
  files(["ctf/017_gctf.star"], "has a fit a row", async (path) => {
    expect((await readRelionCtf(source(path))).length).toBe(factsOf(path)["starfile:data_"]!.rows);
  });
  files(["ctf/test_imod.defocus"], "has a fit a line, in nm", (path) => {
    const rows = plainRows(path);
    const fits = parseCtf(bytesOf(path), "imod", path);
    expect(fits.map(({ defocus1Angstrom }) => defocus1Angstrom / 10)).toEqual(
      rows.filter((row) => row.length >= 5).map((row) => row[4]),
    );
  });
  files(matching(/^warp\//), "has the tilts that are in its Angles", (path) => {
    const { tilts, pixelSizeAngstrom } = parseWarpXml(bytesOf(path), path);
    expect([tilts.length, parseWarpCtf(bytesOf(path), path).length]).toEqual([factsOf(path).angles, factsOf(path).angles]);
    const pixel = /<CTF>[\s\S]*?Name="PixelSize" Value="([\d.]+)"/.exec(textOf(path))?.[1];
    expect(pixelSizeAngstrom).toBe(Number(pixel));
  });
});

describe.skipIf(!present)("pages of images", () => {
  files(
    ["ndtiff/NDTiffStorage/Downsampled_x2/ndtiffv2.0_stitched_test_NDTiffStack.tif"],
    "has the page that tifffile reads",
    async (path) => {
      const { images } = await peekFile(source(path), { exact: true });
      // tifffile 2024.8.30
      expect(images[0]).toMatchObject({ shape: [1, 28, 28], dtype: "uint16" });
    },
  );
});

/** No reader of ours is for these: what is nearest to them refuses them, with a word. */
const REFUSED: Readonly<Record<string, (path: string) => unknown>> = {
  "imod/BB/BBalocal.xf": (path) => parseXf(bytesOf(path), path),
  "imod/BB/BBafid.xyz": (path) => points("eman2_box", path),
  "imod/unitTestData/aligna.log": (path) => parseTiltAngles(bytesOf(path), path),
  "emclarity/riboNew05_ali1_ctf.tlt": (path) => parseTiltAngles(bytesOf(path), path),
  "peet/pi/pi.prm": (path) => parseTiltAngles(bytesOf(path), path),
  "pytom/pickpos_format.xml": (path) => parseWarpXml(bytesOf(path), path),
  "ndtiff/NDTiffStorage/Downsampled_x2/NDTiff.index": (path) => peekFile(source(path), { exact: true }),
};

describe.skipIf(!present)("what is not read", () => {
  files(Object.keys(REFUSED), "is refused", async (path) => {
    expect(await codeOf(() => REFUSED[path]!(path))).toMatch(/^FORMAT_/);
  });

  it.skipIf(!present)("seam 52: no file of the inventory is in no list", () => {
    expect(listed.length).toBeGreaterThan(90);
    expect(listed.filter((path) => !seen.has(path))).toEqual([]);
    expect([...seen].filter((path) => !listed.includes(path))).toEqual([]);
  });
});
