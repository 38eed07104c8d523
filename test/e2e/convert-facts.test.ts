import { existsSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { inMemory } from "../../src/core/bytes.js";
import { silentLog } from "../../src/core/log.js";
import { readMrcHeader } from "../../src/formats/mrc/header.js";
import { mrcHeaderBytes } from "../../src/formats/mrc/write.js";
import { type ConvertOptions, convertVolume } from "../../src/stations/ingest/convert.js";
import { REAL_DATA_FOLDER } from "../real-data.js";
import { removeTempFolders, tempFolder } from "./ingest-run-kit.js";

/** The reference's acceptance facts of volumes: the 4³ sample, from MRC and from OME-Zarr, and the two int8 samples. */
const DATA = REAL_DATA_FOLDER;
const here = existsSync(DATA);
afterAll(removeTempFolders);

const optionsOf = (folder: string, input: string, more: Partial<ConvertOptions>): ConvertOptions => ({
  input: resolve(DATA, input),
  output: join(folder, "out"),
  mrc: true,
  zarr: true,
  scaleZ: true,
  compat: false,
  jobs: 1,
  memoryBytes: 2 ** 28,
  workspace: join(folder, "workspace"),
  sync: false,
  anonymous: false,
  log: silentLog,
  signal: new AbortController().signal,
  ...more,
});

async function convert(input: string, more: Partial<ConvertOptions> = {}) {
  const folder = tempFolder();
  const report = await convertVolume(optionsOf(folder, input, more));
  expect(report.errors).toEqual([]);
  const bytes = new Uint8Array(readFileSync(join(folder, "out.mrc")));
  const document = JSON.parse(
    readFileSync(join(folder, more.omeZarr === "0.5" ? "out.zarr/zarr.json" : "out.zarr/.zattrs"), "utf8"),
  );
  const scales = (document.attributes?.ome ?? document).multiscales[0];
  const { warnings } = report;
  return {
    warnings,
    header: await readMrcHeader(inMemory(bytes)),
    voxels: new Float32Array(bytes.slice(1024).buffer),
    scales,
    folder,
  };
}

describe.skipIf(!here)("converted samples", () => {
  it.each(["mrc/input_mrc.mrc", "zarr/input_omezarr.zarr"])("%s: header, statistics, scales, chunks", async (input) => {
    const { header, scales, folder } = await convert(input);
    expect(header).toMatchObject({ shape: [4, 4, 4], mode: 2, grid: [4, 4, 4], nstart: [0, 0, 0], dmin: 1, dmax: 4, dmean: 2.5 });
    for (const cell of header.cellAngstrom) expect(cell).toBeCloseTo(56.32, 3);
    expect(header.rms).toBeCloseTo(1.118034, 5);
    const found = scales.datasets.map(
      (one: { coordinateTransformations: { scale: number[] }[] }) => one.coordinateTransformations[0]!.scale,
    );
    expect(found).toEqual([14.08, 28.16, 56.32].map((scale) => [scale, scale, scale]));
    expect(scales.axes[0]).toEqual({ name: "z", type: "space", unit: "angstrom" });
    expect(existsSync(join(folder, "out.zarr/0/0/0/0"))).toBe(true);
  });

  it("int8 with a header maximum above 127 were unsigned bytes; with 127 they stay", async () => {
    const [signed, unsigned] = [await convert("mrc/signed_ints.mrc"), await convert("mrc/unsigned_ints.mrc")];
    expect(unsigned.header).toMatchObject({ dmin: -128, dmax: 127 });
    const rule = (v: number) => (v < 0 ? v + 128 : v - 128);
    expect([...unsigned.voxels]).toEqual([...signed.voxels].map(rule));
    expect([-128, 0, -1, 127].map(rule)).toEqual([0, -128, 127, -1]);
  });
});

/** A volume whose header says this of its voxels, `[z, y, x]` Å; the cell of 0 Å says nothing. */
function volumeOfVoxels(voxelSizeAngstrom: [number, number, number]): string {
  const shape: [number, number, number] = [8, 7, 6];
  const statistics = { min: 0, max: 0, mean: 0, rms: 0 };
  const head = mrcHeaderBytes({ kind: "tomogram", shape, dtype: "int8", voxelSizeAngstrom, statistics, dateMs: 0 });
  const path = join(tempFolder(), "map.mrc");
  writeFileSync(path, Buffer.concat([head, new Uint8Array(8 * 7 * 6)]));
  return path;
}

describe("voxels that are not cubes", () => {
  // EMD-3001 in its EMDB header: x 0.448, y 0.3925, z 0.459 Å
  const EMD_3001: [number, number, number] = [0.459, 0.3925, 0.448];
  const scalesOf = ({ scales }: Awaited<ReturnType<typeof convert>>) =>
    scales.datasets.map((one: { coordinateTransformations: { scale: number[] }[] }) => one.coordinateTransformations[0]!.scale);

  it("seam 11: keep the size of each axis, in the MRC and in each level of the Zarr", async () => {
    const made = await convert(volumeOfVoxels(EMD_3001));
    expect(made.header.voxelSizeAngstrom.map((size) => Number(size!.toPrecision(6)))).toEqual(EMD_3001);
    expect(scalesOf(made)).toEqual([1, 2, 4].map((factor) => EMD_3001.map((size) => size * factor)));
  });

  it("(34.12) with --no-scale-z keep all three, and z stays from level to level", async () => {
    const made = await convert(volumeOfVoxels(EMD_3001), { scaleZ: false });
    const [z, y, x] = EMD_3001;
    expect(scalesOf(made)).toEqual([1, 2, 4].map((factor) => [z, y * factor, x * factor]));
    expect(made.header.voxelSizeAngstrom.map((size) => Number(size!.toPrecision(6)))).toEqual([z, y, x]);
    expect(made.warnings).toEqual([]);
  });

  it("(34.12) an axis without a size takes that of y, and a line says so", async () => {
    const made = await convert(volumeOfVoxels([0, 4, 5]), { scaleZ: false });
    expect(made.header.voxelSizeAngstrom).toEqual([4, 4, 5]);
    expect(made.warnings).toEqual([expect.stringMatching(/map\.mrc: the header gives no voxel size along z; 4 Å is written$/)]);
  });

  it.each([
    ["both", {}, "as unknown in the MRC and as 1 Å in the Zarr"],
    ["the MRC", { zarr: false }, "as unknown in the MRC"],
    ["the Zarr", { mrc: false }, "as 1 Å in the Zarr"],
  ])("(34.12) no size at all: a line says what is written into %s", async (_, outputs, words) => {
    const { errors, warnings } = await convertVolume(optionsOf(tempFolder(), volumeOfVoxels([0, 0, 0]), outputs));
    expect([errors, warnings]).toEqual([
      [],
      [expect.stringMatching(new RegExp(`map\\.mrc: .* no voxel size; written ${words}$`))],
    ]);
  });

  it("seam 11: an axis that the header says nothing of has the size of the others", async () => {
    const made = await convert(volumeOfVoxels([0, 0.3925, 0.448]));
    expect(scalesOf(made)[0]).toEqual([0.3925, 0.3925, 0.448]);
  });

  it("seam 11: have that of y on all axes as the reference has it", async () => {
    const made = await convert(volumeOfVoxels(EMD_3001), { compat: true });
    expect(scalesOf(made)[0]).toEqual([0.393, 0.393, 0.393]); // round(0.39250001311302185, 3) in Python
    expect(made.header.voxelSizeAngstrom.map((size) => Number(size!.toPrecision(6)))).toEqual([0.3925, 0.3925, 0.3925]);
  });
});

describe("volumes of extreme shapes", () => {
  /** Zeros of int8: a header and a hole. */
  function sparse([nz, ny, nx]: [number, number, number]): string {
    const statistics = { min: 0, max: 0, mean: 0, rms: 0 };
    const shape: [number, number, number] = [nz, ny, nx];
    const path = join(tempFolder(), "sparse.mrc");
    writeFileSync(path, mrcHeaderBytes({ kind: "tomogram", shape, dtype: "int8", voxelSizeAngstrom: 1, statistics, dateMs: 0 }));
    truncateSync(path, 1024 + nz * ny * nx);
    return path;
  }
  const options = {
    mrc: true,
    zarr: false,
    scaleZ: true,
    compat: false,
    jobs: 1,
    memoryBytes: 2 ** 26,
    sync: false,
    anonymous: false,
    log: silentLog,
    signal: new AbortController().signal,
  };

  it("seam 13: rows of 30,000,000 voxels are cut by what their buffers take", async () => {
    const folder = tempFolder();
    const output = join(folder, "out");
    const report = await convertVolume({ ...options, input: sparse([2, 2, 30_000_000]), output, workspace: join(folder, "w") });
    expect([report.errors, report.status]).toEqual([[], "done"]);
    expect(statSync(`${output}.mrc`).size).toBe(1024 + 4 * 2 * 2 * 30_000_000);
  });

  it("seam 13: a column of 30,000,000 planes is refused before anything is written", async () => {
    const folder = tempFolder();
    const made = convertVolume({ ...options, input: sparse([30_000_000, 2, 2]), output: join(folder, "out"), workspace: folder });
    await expect(made).rejects.toMatchObject({ code: "FORMAT_LIMIT", message: expect.stringContaining("2×2×30000000") });
    expect(readdirSync(folder)).toEqual([]);
  });

  it("seam 13: no part stays beside a volume that was not made", async () => {
    const folder = tempFolder();
    const input = sparse([8, 8, 8]);
    // the place of a level's folder is taken by a file, once the parts are begun
    let spoiled = false;
    const report = await convertVolume({
      ...options,
      zarr: true,
      input,
      output: join(folder, "tree/out"),
      workspace: join(folder, "w"),
      onEvent: ({ kind }) => {
        if (kind === "start" && !spoiled) spoiled = true;
        if (spoiled) rmSync(input, { force: true });
      },
    });
    expect(report.status).toBe("failed");
    expect(existsSync(join(folder, "tree")) ? readdirSync(join(folder, "tree")) : []).toEqual([]);
  });
});

/** An MRC of 4×3×2 voxels (x, y, z) with these fields, by their bytes: x, y, z in the header's order. */
function placed(fields: {
  origin?: number[];
  start?: number[];
  angles?: number[];
  labels?: string[];
  extended?: number;
  mark?: string;
}) {
  const { origin = [0, 0, 0], start = [0, 0, 0], angles = [90, 90, 90], labels = [], extended = 0, mark = "" } = fields;
  const bytes = new Uint8Array(1024 + extended + 24);
  const view = new DataView(bytes.buffer);
  for (const [at, values] of [
    [0, [4, 3, 2, 0]],
    [16, start],
    [28, [4, 3, 2]],
    [64, [1, 2, 3]],
  ] as const)
    for (const [i, value] of values.entries()) view.setInt32(at + 4 * i, value, true);
  for (const [at, values] of [
    [40, [4 * 5, 3 * 6, 2 * 7]],
    [52, angles],
    [196, origin],
  ] as const)
    for (const [i, value] of values.entries()) view.setFloat32(at + 4 * i, value, true);
  view.setInt32(92, extended, true);
  view.setInt32(220, labels.length, true);
  const text = (at: number, value: string) => bytes.set(new TextEncoder().encode(value), at);
  text(104, mark);
  text(208, "MAP DD");
  for (const [i, label] of labels.entries()) text(224 + 80 * i, label);
  const path = join(tempFolder(), "placed.mrc");
  writeFileSync(path, bytes);
  return path;
}

interface Level {
  coordinateTransformations: { scale?: number[]; translation?: number[] }[];
}
const translationsOf = ({ scales }: { scales: { datasets: Level[] } }) =>
  scales.datasets.map((one) => one.coordinateTransformations[1]?.translation);

describe("where a volume lies", () => {
  it.each(["0.4", "0.5"] as const)("(34.12) the origin is in the MRC and in each level of OME-Zarr %s", async (omeZarr) => {
    const made = await convert(placed({ origin: [10.5, -20, 30], labels: ["aligned by etomo", "trimmed"] }), { omeZarr });
    expect(made.header).toMatchObject({ originAngstrom: [30, -20, 10.5], nstart: [0, 0, 0] });
    expect(made.header.labels.slice(1)).toEqual(["aligned by etomo", "trimmed"]);
    // the first voxel of a level is the mean of 2 or 4 along an axis of 7, 6 and 5 Å: its centre is 1/2 or 3/2 voxels further
    expect(translationsOf(made)).toEqual([
      [30, -20, 10.5],
      [33.5, -17, 13],
      [40.5, -11, 18],
    ]);
    expect(made.warnings).toEqual([]);
    expect(translationsOf(await convert(placed({ origin: [1, 2, 3] }), { omeZarr, scaleZ: false }))[2]).toEqual([3, 11, 8.5]);
  });

  it("(34.12) a start in the grid is where there is no origin; both stay in the MRC", async () => {
    const made = await convert(placed({ start: [-2, 3, 4] }));
    expect(made.header).toMatchObject({ originAngstrom: [0, 0, 0], nstart: [4, 3, -2] });
    expect(translationsOf(made)[0]).toEqual([28, 18, -10]);
  });

  it("(34.12) what an output cannot say is a line", async () => {
    const made = await convert(
      placed({ angles: [90, 90, 120], labels: Array.from({ length: 10 }, (_, i) => `step ${i}`), extended: 160 }),
    );
    expect(made.header).toMatchObject({ cellAnglesDegrees: [90, 90, 120] });
    expect(made.header.labels).toHaveLength(10);
    expect(made.warnings.map((text) => text.replace(/^.*placed\.mrc: /, ""))).toEqual([
      "cell angles of 90, 90, 120° are not kept in the Zarr, whose axes are orthogonal",
      "the extended header (of no named kind, 160 bytes) is not kept",
      "the last label of 10 is not kept: one tells of the conversion",
    ]);
    const kept = await convert(placed({ extended: 160, mark: "SERI" }));
    expect([kept.header.exttyp, kept.header.nsymbt, kept.warnings]).toEqual(["SERI", 160, []]);
  });

  it("(34.12) the reference's values have no place, and a line says what is lost", async () => {
    const made = await convert(placed({ origin: [1, 2, 3], start: [4, 5, 6], angles: [80, 90, 90] }), { compat: true });
    expect(made.header).toMatchObject({ originAngstrom: [0, 0, 0], nstart: [0, 0, 0], cellAnglesDegrees: [90, 90, 90] });
    expect(translationsOf(made)).toEqual([undefined, undefined, undefined]);
    expect(made.warnings.map((text) => text.replace(/^.*placed\.mrc: /, ""))).toEqual([
      "voxels of 7 × 6 × 5 Å (z, y, x) are written as cubes of 6 Å, as the reference does",
      "not kept (z, y, x), as the reference does: origin 3, 2, 1 Å; nstart 6, 5, 4; cell angles 80, 90, 90°",
    ]);
  });

  it.each(["0.4", "0.5"] as const)(
    "(34.12) from OME-Zarr %s the translation is the MRC's origin, in whatever unit",
    async (omeZarr) => {
      const made = await convert(placed({ origin: [10.5, -20, 30] }), { omeZarr });
      const zarr = join(made.folder, "out.zarr");
      const back = await convert(zarr);
      expect(back.header).toMatchObject({ originAngstrom: [30, -20, 10.5] });
      expect(translationsOf(back)).toEqual(translationsOf(made));
      const path = join(zarr, omeZarr === "0.5" ? "zarr.json" : ".zattrs");
      const text = readFileSync(path, "utf8");
      writeFileSync(path, text.replace(/"angstrom"/g, '"nanometer"'));
      expect((await convert(zarr)).header).toMatchObject({ originAngstrom: [300, -200, 105] });
      writeFileSync(path, text.replace(/"angstrom"/g, '"parsec"'));
      expect((await convert(zarr)).warnings.join("\n")).toContain("the translation 30, -20, 10.5 has no unit of length");
    },
  );
});
