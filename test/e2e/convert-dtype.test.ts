import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { silentLog } from "../../src/core/log.js";
import { mrcHeaderBytes } from "../../src/formats/mrc/write.js";
import { type ConvertOptions, convertVolume } from "../../src/stations/ingest/convert.js";
import { removeTempFolders, tempFolder } from "./ingest-run-kit.js";

afterAll(removeTempFolders);

function convert(folder: string, input: string, more: Partial<ConvertOptions> = {}) {
  return convertVolume({
    input,
    output: join(folder, "out"),
    ...{ mrc: true, zarr: true, scaleZ: true, compat: false, jobs: 1, memoryBytes: 2 ** 28, sync: false, anonymous: false },
    workspace: join(folder, "workspace"),
    log: silentLog,
    signal: new AbortController().signal,
    ...more,
  });
}

const SHAPE: [number, number, number] = [8, 6, 4];

/** Voxels of a mode that `mrcHeaderBytes` does not write are told in its place. */
function volume(folder: string, mode: number, itemBytes: number): string {
  const statistics = { min: 0, max: 0, mean: 0, rms: 0 };
  const head = mrcHeaderBytes({ kind: "tomogram", shape: SHAPE, dtype: "int8", voxelSizeAngstrom: 10, statistics, dateMs: 0 });
  const path = join(folder, `mode${mode}.mrc`);
  const bytes = Buffer.concat([
    head,
    new Uint8Array(8 * 6 * 4 * itemBytes).map((_, at) => (at % itemBytes === 0 ? at % 100 : 0)),
  ]);
  bytes.writeInt32LE(mode, 12);
  writeFileSync(path, bytes);
  return path;
}

const typeOf = (folder: string, level = 0): string =>
  JSON.parse(readFileSync(join(folder, `out.zarr/${level}/.zarray`), "utf8")).dtype;

describe("--dtype source", () => {
  it("keeps integers; another choice writes again, the same one does not", async () => {
    const folder = tempFolder();
    const input = volume(folder, 1, 2);
    const run = async (dtype?: "float32" | "source") => [(await convert(folder, input, { dtype })).status, typeOf(folder)];
    expect(await run("source")).toEqual(["done", "<i2"]);
    expect([typeOf(folder, 1), typeOf(folder, 2)]).toEqual(["<i2", "<i2"]);
    expect(await run("source")).toEqual(["already", "<i2"]);
    expect(await run()).toEqual(["done", "<f4"]);
    expect(await run("float32")).toEqual(["already", "<f4"]);
    expect(await run("source")).toEqual(["done", "<i2"]);
  });

  it("changes nothing for float32, and says what becomes of other real numbers", async () => {
    const folder = tempFolder();
    const floats = volume(folder, 2, 4);
    expect(await convert(folder, floats)).toMatchObject({ status: "done" });
    expect(await convert(folder, floats, { dtype: "source" })).toMatchObject({ status: "already", warnings: [] });
    const half = await convert(folder, volume(folder, 12, 2), { dtype: "source" });
    expect(half.warnings).toEqual([
      expect.stringMatching(/voxels of type float16 become float32: --dtype source keeps integers$/),
    ]);
    expect(typeOf(folder)).toBe("<f4");
  });

  it("is refused where no Zarr is written, and for integers of 64 bits, before anything is touched", async () => {
    const folder = tempFolder();
    const mrcAlone = convert(folder, volume(folder, 1, 2), { dtype: "source", zarr: false });
    await expect(mrcAlone).rejects.toMatchObject({ code: "USAGE", facts: { hint: expect.anything() } });
    const zarr = join(folder, "wide.zarr");
    mkdirSync(zarr);
    const array = { zarr_format: 2, shape: SHAPE, chunks: SHAPE, dtype: "<i8", compressor: null, filters: null };
    writeFileSync(join(zarr, ".zarray"), JSON.stringify({ ...array, fill_value: 0, order: "C" }));
    await expect(convert(folder, zarr, { dtype: "source" })).rejects.toMatchObject({
      code: "FORMAT_UNSUPPORTED",
      facts: { place: { file: expect.stringContaining("wide.zarr") }, hint: expect.stringContaining("--dtype source") },
    });
    expect(() => readFileSync(join(folder, "workspace"))).toThrow(/ENOENT/);
  });
});
