import { existsSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { REAL_DATA } from "../../../test/real-data.js";
import { inMemory, type RandomAccess } from "../../core/bytes.js";
import type { PointOptions, ReadPoints } from "./points.js";
import { readRelion3 } from "./relion3.js";
import { readRelion4 } from "./relion4.js";
import { readRelion5 } from "./relion5.js";
import { relionRotation } from "./rotation.js";
import { readStopgap } from "./stopgap.js";
import { readTomoman } from "./tomoman.js";
import { readWarp, readWarpMatching } from "./warp.js";

const OPTIONS: PointOptions = { kind: "orientedPoint", binning: 1, columns: "xyz", order: "xyz", delimiter: "," };
const h = Math.SQRT1_2;

async function read(reader: ReadPoints, source: RandomAccess | string, options: Partial<PointOptions> = {}) {
  const from = typeof source === "string" ? inMemory(new TextEncoder().encode(source), "a.star") : source;
  const points: { position: number[]; rotation?: number[] }[] = [];
  for await (const { count, positions, rotations } of reader(from, { ...OPTIONS, ...options })) {
    expect(positions.length).toBe(3 * count);
    for (let i = 0; i < count; i++) {
      const position = [...positions.subarray(3 * i, 3 * i + 3)];
      points.push(rotations ? { position, rotation: [...rotations.subarray(9 * i, 9 * i + 9)] } : { position });
    }
  }
  return points;
}

function expectNear(found: readonly number[] | undefined, wanted: readonly number[], digits = 12) {
  expect(found?.length).toBe(wanted.length);
  for (const [i, value] of wanted.entries()) expect(found![i], `${found} instead of ${wanted}`).toBeCloseTo(value, digits);
}

const turned = (rot: number, tilt: number, psi: number) => {
  const out = new Float64Array(9);
  relionRotation(rot, tilt, psi, out);
  return [...out];
};

const loop = (block: string, columns: string, ...rows: string[]) =>
  `data_${block}\n\nloop_\n${columns
    .split(" ")
    .map((name) => `_${name}\n`)
    .join("")}${rows.join("\n")}\n\n`;
const COORDINATES = "rlnCoordinateX rlnCoordinateY rlnCoordinateZ";
const ANGLES = "rlnAngleRot rlnAngleTilt rlnAnglePsi";
const ANGSTROM = "rlnOriginXAngst rlnOriginYAngst rlnOriginZAngst";
const optics = (...rows: string[]) => loop("optics", "rlnOpticsGroup rlnImagePixelSize", ...rows);

// The rows and results of the ingestion's specification, sections 4.4 to 4.6.
const RELION_3 = loop(
  "",
  `rlnMicrographName ${COORDINATES} ${ANGLES} rlnOriginX rlnOriginY rlnOriginZ`,
  "tomo_1.tomostar 4.0 8.0 12.0 90 45 180 -1.2 -2.4 -3.2",
  "tomo_1.tomostar 4 4 4 -45 90 120 0 0 0",
  "tomo_2.tomostar 1 2 3 0 90 0 0 0 0",
);
const RELION_4 = `${optics("1 1.0")}${loop(
  "particles",
  `rlnTomoName ${COORDINATES} ${ANGSTROM} ${ANGLES} rlnOpticsGroup`,
  "TS_001 4.0 8.0 12.0 -1.2 -2.4 -3.2 90 45 180 1",
  "TS_001 4 4 4 0 0 0 -45 90 120 1",
  "TS_002 1 2 3 0 0 0 0 90 0 1",
)}`;
const STOPGAP = loop(
  "stopgap_motivelist",
  "motl_idx tomo_num orig_x orig_y orig_z x_shift y_shift z_shift phi psi the class",
  "1 1 4.0 8.0 12.0 -1.2 -2.4 -3.2 90 180 45 1",
  "2 1 4 4 4 0 0 0 0 0 0 1",
  "3 2 1 2 3 0 0 0 0 0 0 1",
);
const TOMOMAN = RELION_3.replace("rlnMicrographName", "rlnTomoName").replaceAll(".tomostar", "");

describe("particle lists", () => {
  it.each<[string, ReadPoints, string, string]>([
    ["RELION 3", readRelion3, RELION_3, "tomo_1.tomostar"],
    ["TOMOMAN", readTomoman, TOMOMAN, "tomo_1"],
    ["RELION 4", readRelion4, RELION_4, "TS_001"],
  ])("%s: position, rotation, filter, binning", async (_, reader, text, name) => {
    const points = await read(reader, text, { binning: 4, filterValue: name });
    expect(points.length).toBe(2);
    expectNear(points[0]!.position, [1.3, 2.6, 3.8]);
    expectNear(points[0]!.rotation, [0, -h, h, 1, 0, 0, 0, h, h]);
    expectNear(points[1]!.rotation, turned(-45, 90, 120));
    expect((await read(reader, text)).length).toBe(3);
    expect(await read(reader, text, { filterValue: "TS_9" })).toEqual([]);
    expectNear((await read(reader, text))[2]!.rotation, [0, 0, -1, 0, 1, 0, 1, 0, 0]);
  });

  it("STOPGAP: position, rotation, number of the tomogram", async () => {
    const points = await read(readStopgap, STOPGAP, { binning: 4, filterValue: "1" });
    expect(points.length).toBe(2);
    expectNear(points[0]!.position, [0.7, 1.4, 2.2]);
    expectNear(points[0]!.rotation, [0, 1, 0, -h, 0, h, h, 0, h]);
    for (const same of ["1", "01", "1.0"]) expect((await read(readStopgap, STOPGAP, { filterValue: same })).length).toBe(2);
    expect(await read(readStopgap, STOPGAP, { filterValue: "TS_1" })).toEqual([]);
    expect((await read(readStopgap, STOPGAP.replaceAll(/^(\d) (\d)/gm, "$1 00$2.0"), { filterValue: "1" })).length).toBe(2);
  });

  it("names that are numbers match however they are written", async () => {
    const text = RELION_4.replaceAll("TS_001", "26").replaceAll("TS_002", "0027");
    for (const name of ["26", "026", "0026"]) expect((await read(readRelion4, text, { filterValue: name })).length).toBe(2);
    expect((await read(readRelion4, text, { filterValue: "27" })).length).toBe(1);
  });

  it.each<[string, ReadPoints, string]>([
    ["RELION 3", readRelion3, RELION_3],
    ["TOMOMAN", readTomoman, TOMOMAN],
    ["RELION 4", readRelion4, RELION_4],
    ["RELION 5", readRelion5, RELION_4],
    ["Warp", readWarp, RELION_3],
    ["STOPGAP", readStopgap, STOPGAP],
  ])("%s: order zyx reverses coordinates and flips matrices", async (_, reader, text) => {
    const [straight, reversed] = [await read(reader, text), await read(reader, text, { order: "zyx" })];
    for (const [i, point] of straight.entries()) {
      expectNear(reversed[i]!.position, point.position.toReversed());
      expectNear(reversed[i]!.rotation, point.rotation!.toReversed());
    }
  });

  it.each<[string, ReadPoints, string]>([
    ["RELION 3", readRelion3, RELION_3],
    ["TOMOMAN", readTomoman, TOMOMAN],
    ["RELION 4", readRelion4, RELION_4],
    ["RELION 5", readRelion5, RELION_4],
    ["Warp", readWarp, RELION_3],
  ])("%s: columns zyx exchanges x and z of plain points, and of no others (34.8)", async (_, reader, text) => {
    const straight = await read(reader, text, { kind: "point" });
    const reversed = await read(reader, text, { kind: "point", columns: "zyx" });
    expect(reversed.map(({ position }) => position)).toEqual(straight.map(({ position }) => position.toReversed()));
    expect(await read(reader, text, { columns: "zyx" })).toEqual(await read(reader, text));
  });

  it.each<[string, ReadPoints, string, RegExp]>([
    ["RELION 3", readRelion3, RELION_3, /rlnAngle\w+/g],
    ["RELION 4", readRelion4, RELION_4, /rlnAngle\w+/g],
    ["RELION 5", readRelion5, RELION_4, /rlnAngle\w+/g],
    ["Warp", readWarp, RELION_3, /rlnAngle\w+/g],
    ["STOPGAP", readStopgap, STOPGAP, /(?<=_)(phi|psi|the)\b/g],
  ])("%s: points need no angles, oriented points do", async (_, reader, text, names) => {
    const without = text.replaceAll(names, "other$&");
    const points = await read(reader, without, { kind: "point" });
    expect(points.map(({ position }) => position)).toEqual((await read(reader, text)).map(({ position }) => position));
    expect(points[0]!.rotation).toBeUndefined();
    await expect(read(reader, without)).rejects.toMatchObject({
      code: "FORMAT_FIELD",
      message: expect.stringContaining("no column "),
    });
    // Nor may what stands in them matter.
    await read(reader, text.replace(" 90 45 180", " no angle 180").replace(" 90 180 45", " no 180 angle"), { kind: "point" });
  });

  it("says where a number is none", async () => {
    await expect(read(readRelion3, RELION_3.replace("8.0", "8,0"))).rejects.toThrow(
      'a.star: rlnCoordinateY is "8,0"; expected a number in line 14',
    );
    await expect(read(readRelion3, RELION_3.replace("8.0", "nan"), { filterValue: "tomo_1.tomostar" })).rejects.toThrow(
      "in line 14",
    );
    expect((await read(readRelion3, RELION_3.replace("8.0", "nan"), { filterValue: "tomo_2.tomostar" })).length).toBe(1);
  });

  it("says what is missing", async () => {
    await expect(read(readRelion4, STOPGAP)).rejects.toMatchObject({ code: "FORMAT_UNKNOWN" });
    await expect(read(readStopgap, RELION_4)).rejects.toMatchObject({ code: "FORMAT_UNKNOWN" });
    await expect(read(readRelion3, loop("", "rlnCoordinateX", "1"))).rejects.toThrow("no column rlnCoordinateY, rlnCoordinateZ");
    const nameless = RELION_3.replace("rlnMicrographName", "rlnImageName");
    await expect(read(readRelion3, nameless, { filterValue: "a" })).rejects.toThrow("no column rlnMicrographName or rlnTomoName");
    await expect(read(readRelion3, RELION_3 + RELION_3)).rejects.toThrow("a second block data_; expected one");
  });

  it("an empty list has no points", async () => {
    expect(await read(readRelion4, optics("1 1") + loop("particles", `rlnTomoName ${COORDINATES} ${ANGLES}`))).toEqual([]);
  });
});

describe("RELION 3", () => {
  it("without origins, or without one of them, coordinates are as they stand", async () => {
    const text = RELION_3.replace("rlnOriginZ", "rlnOther");
    expect((await read(readRelion3, text))[0]!.position).toEqual([4, 8, 12]);
  });

  it("3.1: origins in Å by the pixel of data_optics; without it, they are passed over", async () => {
    const particles = loop("particles", `${COORDINATES} ${ANGSTROM}`, "10 20 30 2.5 5 -5");
    expectNear((await read(readRelion3, optics("1 2.5") + particles, { kind: "point" }))[0]!.position, [9, 18, 32]);
    expectNear((await read(readRelion3, particles, { kind: "point" }))[0]!.position, [10, 20, 30]);
  });
});

describe("RELION 4", () => {
  const particles = (...rows: string[]) => loop("particles", `${COORDINATES} ${ANGSTROM} rlnOpticsGroup`, ...rows);
  const rows = ["10 20 30 4 4 4 1", "10 20 30 4 4 4 2"];

  it("looks the pixel of each row's optics group up, wherever the table stands", async () => {
    const groups = optics("2 4.0", "1 2.0");
    for (const text of [groups + particles(...rows), particles(...rows) + groups]) {
      const points = await read(readRelion4, text, { kind: "point" });
      expectNear(points[0]!.position, [8, 18, 28]);
      expectNear(points[1]!.position, [9, 19, 29]);
    }
  });

  it("says which group is missing, twice or of no size", async () => {
    const point: Partial<PointOptions> = { kind: "point" };
    await expect(read(readRelion4, optics("1 2", "3 2") + particles(...rows), point)).rejects.toThrow(
      /optics group 2 is not in data_optics in line/,
    );
    await expect(read(readRelion4, optics("1 2", "1 2") + particles(...rows), point)).rejects.toThrow(
      "the optics group 1 appears twice in line 7",
    );
    await expect(read(readRelion4, optics("1 0") + particles(...rows), point)).rejects.toThrow(
      "expected a size above 0 in line 6",
    );
    await expect(read(readRelion4, particles(...rows), point)).rejects.toThrow("origins in Å and no data_optics");
  });

  it("origins that are absent are 0, and need no optics", async () => {
    const text = loop("particles", COORDINATES, "8 12 16");
    expect((await read(readRelion4, text, { kind: "point", binning: 4 }))[0]!.position).toEqual([2, 3, 4]);
  });

  it("turns by the subtomogram's own rotation as well; the portal does not", async () => {
    const text = RELION_4.replaceAll(" 1\n", " 1 0 90 0\n")
      .replace("rlnOpticsGroup\n", "rlnOpticsGroup\n")
      .replace(
        "_rlnOpticsGroup\nTS",
        "_rlnOpticsGroup\n_rlnTomoSubtomogramRot\n_rlnTomoSubtomogramTilt\n_rlnTomoSubtomogramPsi\nTS",
      );
    const [first] = await read(readRelion4, text);
    // S turns x to z and z to −x: (x, y, z) → (−z, y, x).
    expectNear(first!.position, [4 - 3.2, 8 + 2.4, 12 + 1.2]);
    expectNear(first!.rotation, [0, -h, -h, 1, 0, 0, 0, -h, h]);
    expect(await read(readRelion4, text, { compat: true })).toEqual(await read(readRelion4, RELION_4, { compat: true }));
  });
});

describe("RELION 5", () => {
  const CENTRED = "rlnCenteredCoordinateXAngst rlnCenteredCoordinateYAngst rlnCenteredCoordinateZAngst";
  const SUBTOMOGRAM = "rlnTomoSubtomogramRot rlnTomoSubtomogramTilt rlnTomoSubtomogramPsi";
  const centred = loop(
    "particles",
    `rlnTomoName ${CENTRED} ${ANGSTROM} ${ANGLES} ${SUBTOMOGRAM}`,
    "TS_1 -100 50 0 0 0 10 0 0 90 0 90 0",
  );
  const tomogram = { sizeVoxels: [100, 80, 41], voxelSpacingAngstrom: 10 } as const;

  it("Å from the centre become voxels of the tomogram", async () => {
    const [point] = await read(readRelion5, centred, { tomogram });
    // S · (0, 0, 10) = (−10, 0, 0)
    expectNear(point!.position, [-9 + 50, 5 + 40, 20.5]);
    // S · Z(−90): the reference's x goes to −y, and stays there; its z to −x.
    expectNear(point!.rotation, [0, 0, -1, -1, 0, 0, 0, 1, 0]);
  });

  it("the binning is the voxel's size in Å where it is given", async () => {
    const [point] = await read(readRelion5, centred, { tomogram, binning: 5 });
    expectNear(point!.position, [-18 + 50, 10 + 40, 20.5]);
  });

  it("a table of tomograms beside the particles will do, wherever it stands", async () => {
    const columns = "rlnTomoName rlnTomoTiltSeriesPixelSize rlnTomoSizeX rlnTomoSizeY rlnTomoSizeZ";
    const one = loop("global", columns, "TS_1 2.5 400 320 160");
    for (const text of [one + centred, centred + one]) {
      expectNear((await read(readRelion5, text, { binning: 4 }))[0]!.position, [-9 + 50, 5 + 40, 20]);
    }
    const two = loop("global", columns, "TS_2 5 100 100 100", "TS_1 2.5 400 320 160");
    expectNear((await read(readRelion5, two + centred, { binning: 4, filterValue: "TS_1" }))[0]!.position, [41, 45, 20]);
    await expect(read(readRelion5, two + centred)).rejects.toThrow("no tomogram at this voxel spacing gives its size");
    await expect(read(readRelion5, centred)).rejects.toMatchObject({ code: "FORMAT_FIELD" });
    await expect(read(readRelion5, loop("global", columns, "TS_1 0 4 3 1") + centred)).rejects.toThrow(
      "TiltSeriesPixelSize is 0; expected a number above 0",
    );
  });

  it("the subtomogram's rotation is enough for an orientation", async () => {
    const text = loop("particles", `${CENTRED} ${SUBTOMOGRAM}`, "0 0 0 10 20 30");
    expectNear((await read(readRelion5, text, { tomogram }))[0]!.rotation, turned(10, 20, 30));
  });

  it("pixels of the tilt series, origins by its pixel size", async () => {
    const group = loop("optics", "rlnOpticsGroup rlnTomoTiltSeriesPixelSize rlnImagePixelSize", "1 2 8");
    const text = group + loop("particles", `rlnTomoName ${COORDINATES} ${ANGSTROM}`, "TS_1 40 80 120 4 8 -8");
    expectNear((await read(readRelion5, text, { kind: "point", binning: 2 }))[0]!.position, [19, 38, 62]);
  });
});

describe("Warp and M", () => {
  const SPECIES =
    "wrpCoordinateX1 wrpCoordinateY1 wrpCoordinateZ1 wrpAngleRot1 wrpAngleTilt1 wrpAnglePsi1 wrpCoordinateX2 wrpSourceName";
  const species = loop("", SPECIES, "100 200 300 90 45 180 999 TS_1.tomostar", "1 2 3 0 0 0 9 TS_11.tomostar");

  it("a species of M: Å by the voxel spacing, the first of its poses", async () => {
    const tomogram = { sizeVoxels: [10, 10, 10], voxelSpacingAngstrom: 10 } as const;
    for (const options of [{ tomogram }, { binning: 10 }, { binning: 10, tomogram: { ...tomogram, voxelSpacingAngstrom: 7 } }]) {
      const [point] = await read(readWarp, species, options);
      expectNear(point!.position, [10, 20, 30]);
      expectNear(point!.rotation, [0, -h, h, 1, 0, 0, 0, h, h]);
    }
    expect((await read(readWarp, species.replaceAll(/(X|Y|Z|Rot|Tilt|Psi)1\n/g, "$1\n"), { binning: 10 }))[0]!.position).toEqual([
      10, 20, 30,
    ]);
  });

  it.each(["TS_1.tomostar", "TS_1", "x/y/TS_1.tomostar", "y\\TS_1.tomostar"])("a series named %s", async (name) => {
    const text = species.replace("TS_1.tomostar", name);
    for (const wanted of ["TS_1", "TS_1.tomostar", name]) {
      expect((await read(readWarp, text, { filterValue: wanted })).length, wanted).toBe(1);
    }
    expect(await read(readWarp, text, { filterValue: "S_1" })).toEqual([]);
  });

  it("what WarpTools writes for RELION: pixels, origins in pixels or in Å over the row's pixel size", async () => {
    const point: Partial<PointOptions> = { kind: "point" };
    const first = async (text: string) => (await read(readWarp, text, point))[0]!.position;
    expectNear(await first(loop("", `${COORDINATES} rlnMicrographName`, "1 2 3 TS_1.tomostar")), [1, 2, 3]);
    expectNear(await first(loop("", `${COORDINATES} rlnOriginX rlnOriginY rlnOriginZ`, "1 2 3 1 1 1")), [0, 1, 2]);
    expectNear(await first(loop("", `${COORDINATES} ${ANGSTROM} rlnPixelSize`, "1 2 3 5 5 5 10")), [0.5, 1.5, 2.5]);
    expectNear(await first(optics("1 5") + loop("particles", `${COORDINATES} ${ANGSTROM}`, "1 2 3 5 5 5")), [0, 1, 2]);
    await expect(first(loop("", `${COORDINATES} ${ANGSTROM}`, "1 2 3 5 5 5"))).rejects.toThrow(
      "neither rlnPixelSize nor rlnImagePixelSize",
    );
    await expect(first(loop("", `${COORDINATES} ${ANGSTROM} rlnPixelSize`, "1 2 3 5 5 5 0"))).rejects.toThrow(
      "a pixel size of 0",
    );
  });
});

// Columns as `TiltSeries.MatchFull` of warpem/warp writes them; its quick start for tilt series gives them to ts_export_particles as --normalized_coords.
describe("peaks of WarpTools' template matching", () => {
  const tomogram = { sizeVoxels: [440, 600, 100], voxelSpacingAngstrom: 10 } as const;
  const matching = loop(
    "",
    `${COORDINATES} ${ANGLES} rlnMicrographName rlnAutopickFigureOfMerit`,
    "0.5 0.25 0.1 90 45 180 TS_1.tomostar 9.3",
    "1 0 1.001 0 0 0 TS_11.tomostar 7",
  );

  it("are parts of the tomogram's size", async () => {
    const points = await read(readWarpMatching, matching, { tomogram });
    expectNear(points[0]!.position, [220, 150, 10]);
    expectNear(points[0]!.rotation, [0, -h, h, 1, 0, 0, 0, h, h]);
    expectNear(points[1]!.position, [440, 0, 100.1]);
    expect((await read(readWarpMatching, matching, { tomogram, kind: "point", filterValue: "TS_1" })).length).toBe(1);
    const [reversed] = await read(readWarpMatching, matching, { tomogram, order: "zyx" });
    expectNear(reversed!.position, [10, 150, 220]);
  });

  it("are refused where they are pixels, where a binning is given, and where no tomogram is known", async () => {
    const pixels = matching.replace("0.25", "443.7");
    await expect(read(readWarpMatching, pixels, { tomogram })).rejects.toThrow(
      "rlnCoordinateY is 443.7; expected a part of the tomogram's size, from 0 to 1, in line 12",
    );
    await expect(read(readWarpMatching, matching, { tomogram, binning: 4 })).rejects.toThrow("a binning of 4 for normalised");
    await expect(read(readWarpMatching, matching)).rejects.toThrow("no tomogram at this voxel spacing gives it");
    await expect(read(readWarpMatching, STOPGAP, { tomogram })).rejects.toMatchObject({ code: "FORMAT_UNKNOWN" });
  });
});

const data = REAL_DATA;
const present = existsSync(new URL("star/relion_3_star.star", data));
const real = (path: string) => inMemory(readFileSync(new URL(path, data)), path);

describe.skipIf(!present)("real particle lists", () => {
  const formats: [string, ReadPoints, [string, string, string]][] = [
    ["relion_3_star", readRelion3, ["tomo_1.tomostar", "tomo_2.tomostar", "tomo_3.tomostar"]],
    ["relion_4_star", readRelion4, ["TS_001", "TS_002", "TS_003"]],
    ["tomoman_relion_star", readTomoman, ["grid_1_lamella1_pos1", "grid_1_lamella1_pos2", "grid_1_lamella1_pos3"]],
    ["stopgap_star", readStopgap, ["1", "2", "3"]],
  ];
  it.each(
    formats.flatMap(([name, reader, names]) =>
      ["star", "lab-mini/20002/annotations"].map((folder) => [folder, name, reader, names] as const),
    ),
  )("%s/%s: the tests' own facts of the reference", async (folder, name, reader, names) => {
    const source = real(`${folder}/${name}.star`);
    const counts: number[] = [];
    for (const filterValue of names) counts.push((await read(reader, source, { filterValue })).length);
    expect([...counts, (await read(reader, source)).length]).toEqual([2, 3, 1, 6]);
    const [first] = await read(reader, source, { binning: 4, filterValue: names[0] });
    const stopgap = name === "stopgap_star";
    expectNear(first!.position, stopgap ? [0.7, 1.4, 2.2] : [1.3, 2.6, 3.8]);
    expectNear(first!.rotation, stopgap ? [0, 1, 0, -h, 0, h, h, 0, h] : [0, -h, h, 1, 0, 0, 0, h, h]);
  });

  it("RELION 3.1 with Warp's names: origins in Å over 5 Å a pixel", async () => {
    const source = real("star/relion3.1.star");
    const wanted = [314.929 - 3.947427 / 5, 918.864 - 0.072427 / 5, 349.444 - 0.072427 / 5];
    for (const reader of [readRelion3, readRelion4, readWarp]) {
      const points = await read(reader, source);
      expect(points.length).toBe(57);
      expectNear(points[0]!.position, wanted);
      expectNear(points[0]!.rotation, turned(-16.91486, 175.815434, 47.775756));
    }
    expect((await read(readWarp, source, { filterValue: "TS_01.mrc" })).length).toBeGreaterThan(0);
  });

  it("a list of Warp 1 without any origin", async () => {
    const points = await read(readRelion3, real("star/one_loop.star"), { filterValue: "tomo_ts01.mrc_15.00Apx.mrc" });
    expect([points.length, points[0]!.position]).toEqual([16, [1572.444, 1084.5, 964.5]]);
    expectNear(points[0]!.rotation, [1, 0, 0, 0, 1, 0, 0, 0, 1]);
  });
});
