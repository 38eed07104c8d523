import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { inMemory } from "../../src/core/bytes.js";
import { silentLog } from "../../src/core/log.js";
import { readMrcHeader } from "../../src/formats/mrc/header.js";
import { convertVolume } from "../../src/stations/ingest/convert.js";
import { removeTempFolders, tempFolder } from "./ingest-run-kit.js";

/** The reference's acceptance facts of volumes: the 4³ sample, from MRC and from OME-Zarr, and the two int8 samples. */
const DATA = fileURLToPath(new URL("../../../shared/data", import.meta.url));
const here = existsSync(DATA);
if (!here) console.log("skipped: ../shared/data is absent, sample volumes are not converted");
afterAll(removeTempFolders);

async function convert(input: string) {
  const folder = tempFolder();
  const report = await convertVolume({
    input: join(DATA, input),
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
