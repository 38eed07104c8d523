import { existsSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { inMemory } from "../../src/core/bytes.js";
import { silentLog } from "../../src/core/log.js";
import { readMrcHeader } from "../../src/formats/mrc/header.js";
import { mrcHeaderBytes } from "../../src/formats/mrc/write.js";
import { convertVolume } from "../../src/stations/ingest/convert.js";
import { removeTempFolders, tempFolder } from "./ingest-run-kit.js";

/** The reference's acceptance facts of volumes: the 4³ sample, from MRC and from OME-Zarr, and the two int8 samples. */
const DATA = fileURLToPath(new URL("../../../shared/data", import.meta.url));
const here = existsSync(DATA);
if (!here) console.log("skipped: ../shared/data is absent, sample volumes are not converted");
afterAll(removeTempFolders);

async function convert(input: string, { compat = false, scaleZ = true } = {}) {
  const folder = tempFolder();
  const report = await convertVolume({
    input: resolve(DATA, input),
    output: join(folder, "out"),
    mrc: true,
    zarr: true,
    scaleZ,
    compat,
    jobs: 1,
    memoryBytes: 2 ** 28,
    workspace: join(folder, "workspace"),
    sync: false,
    anonymous: false,
    log: silentLog,
    signal: new AbortController().signal,
  });
  expect(report.errors).toEqual([]);
  const bytes = new Uint8Array(readFileSync(join(folder, "out.mrc")));
  const scales = JSON.parse(readFileSync(join(folder, "out.zarr/.zattrs"), "utf8")).multiscales[0];
  return { header: await readMrcHeader(inMemory(bytes)), voxels: new Float32Array(bytes.slice(1024).buffer), scales, folder };
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

  it("seam 11: of a tilt series keep y and x, and have no length of their own along z", async () => {
    const made = await convert(volumeOfVoxels(EMD_3001), { scaleZ: false });
    const [, y, x] = EMD_3001;
    expect(scalesOf(made)).toEqual([1, 2, 4].map((factor) => [y, y * factor, x * factor]));
    expect(made.header.voxelSizeAngstrom.map((size) => Number(size!.toPrecision(6)))).toEqual([y, y, x]);
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
