import { copyFileSync, existsSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Box } from "../../core/box.js";
import { datasetPlace } from "../../formats/registry.js";
import { viewAs } from "../../formats/zarr/elements.js";
import { peekHdf5 } from "./open-hdf5.js";
import { readContext } from "./read-context.js";
import { openBlockVolume } from "./volume.js";

/** Its README says what each voxel is. */
const FILE = fileURLToPath(new URL("../../../test/fixtures/hdf5/volumes.h5", import.meta.url));
const BOX: Box = { start: [3, 4, 5], stop: [9, 12, 14] };

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "emporium 'hdf5' ü"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function wanted({ start, stop }: Box, more: number): number[] {
  const values: number[] = [];
  for (let z = start[0]; z < stop[0]; z++)
    for (let y = start[1]; y < stop[1]; y++)
      for (let x = start[2]; x < stop[2]; x++) values.push(1000 * z + 20 * y + x - 3000 + more);
  return values;
}

describe("a dataset of an HDF5 file", () => {
  it.each([
    ["/volume", {}, 0, { dtype: "int16", chunk: [4, 5, 6], codec: "shuffle+gzip", voxelSizeNm: [40, 8, 8] }],
    ["/plain", {}, 3000, { dtype: "uint16", chunk: [1, 12, 14], codec: "raw", voxelSizeNm: [undefined, undefined, undefined] }],
    ["/exported/data", {}, 0, { dtype: "float32", chunk: [4, 5, 6], codec: "raw" }],
    ["/exported/data", { c: 1 }, 7, { dtype: "float32", chunk: [4, 5, 6] }],
  ] as const)("%s %o is read by boxes", async (dataset, select, more, facts) => {
    const volume = await openBlockVolume(`${FILE}#${dataset}`, { select });
    try {
      expect(volume.levels).toHaveLength(1);
      const [level] = volume.levels;
      expect(level).toMatchObject({ ...facts, shape: [10, 12, 14], offsetNm: [0, 0, 0] });
      for (const box of [BOX, { start: [0, 0, 0], stop: [10, 12, 14] } satisfies Box])
        expect([...viewAs(await level!.read(box), level!.dtype)]).toEqual(wanted(box, more));
      expect(volume.identity).toMatchObject([{ size: readFileSync(FILE).length, modifiedMs: expect.any(Number) }]);
    } finally {
      await volume.close();
    }
  });

  it.runIf(existsSync("/proc/self/fd"))("is closed with its context, or before", async () => {
    const files = ["first.h5", "second.h5"].map((name) => join(folder, name));
    for (const file of files) copyFileSync(FILE, file);
    const open = () =>
      readdirSync("/proc/self/fd").filter((name) => {
        try {
          return files.includes(readlinkSync(`/proc/self/fd/${name}`));
        } catch {
          return false; // that of the listing itself
        }
      }).length;
    const context = readContext();
    const [first] = await Promise.all(files.map((file) => openBlockVolume(`${file}#/volume`, { context })));
    expect(open()).toBe(2);
    await first!.close();
    expect(open()).toBe(1);
    await first!.close();
    await context.close();
    expect(open()).toBe(0);
  });

  it("is read from a path with blanks and letters of any language, without a slash before its name", async () => {
    const copy = join(folder, "Zellen ä.hdf5");
    copyFileSync(FILE, copy);
    const volume = await openBlockVolume(`${copy}#volume`);
    expect(viewAs(await volume.levels[0]!.read({ start: [9, 11, 13], stop: [10, 12, 14] }), "int16")).toEqual(
      Int16Array.of(6233),
    );
    await volume.close();
  });

  it.each([
    ["no name", "", "USAGE", /no dataset of it is named/, /volumes\.h5#\/exported\/data, .*volumes\.h5#\/volume/],
    ["a name that is not there", "#/volumes", "USAGE", /has no dataset \/volumes/, /#\/volume/],
    ["a group", "#/exported", "USAGE", /has no dataset \/exported/, /#\/exported\/data/],
    ["texts", "#/text", "FORMAT_UNSUPPORTED", /no integers or floats/, /h5py/],
    ["a filter that the library lacks", "#/lzf", "FORMAT_UNSUPPORTED", /compressed with lzf \(filter 32000\)/, /gzip/],
  ])("%s is refused with a hint", async (_, behind, code, message, hint) => {
    await expect(openBlockVolume(`${FILE}${behind}`)).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message),
      facts: { hint: expect.stringMatching(hint) },
    });
  });

  it("is refused where the file is none, is not there, or lies elsewhere", async () => {
    const broken = join(folder, "broken.h5");
    writeFileSync(broken, readFileSync(FILE).subarray(0, 3000));
    await expect(openBlockVolume(`${broken}#/volume`)).rejects.toMatchObject({ code: "FORMAT_CORRUPT" });
    await expect(openBlockVolume(`${join(folder, "none.h5")}#/volume`)).rejects.toMatchObject({ code: "STORE_ABSENT" });
    for (const elsewhere of ["s3://bucket/a.h5", "https://example.org/a.h5"])
      await expect(openBlockVolume(`${elsewhere}#/volume`)).rejects.toMatchObject({
        code: "FORMAT_UNSUPPORTED",
        message: `${elsewhere}#/volume: HDF5 is read in blocks from this machine's disks alone`,
        facts: { hint: "copy the file to a disk, or convert the dataset to Zarr" },
      });
  });
});

it("what a file holds is told without its voxels: every dataset of numbers along two axes or more", async () => {
  const facts = await peekHdf5(FILE, "volumes.h5");
  expect(facts.map(({ name, shape, dtype, axes }) => [name, shape, dtype, axes.join("")])).toEqual([
    ["volumes.h5#/exported/data", [14, 12, 10, 2], "float32", "xyzc"],
    ["volumes.h5#/lzf", [10, 12, 14], "int16", "zyx"],
    ["volumes.h5#/plain", [10, 12, 14], "uint16", "zyx"],
    ["volumes.h5#/volume", [10, 12, 14], "int16", "zyx"],
  ]);
  expect(facts.map(({ voxelSize, unit }) => [voxelSize, unit])).toEqual([
    [Array(4).fill(null), Array(4).fill(null)],
    [Array(3).fill(null), Array(3).fill(null)],
    [Array(3).fill(null), Array(3).fill(null)],
    [
      [40, 8, 8],
      ["nm", "nm", "nm"],
    ],
  ]);
});

it("a location of HDF5 is told from others by the end of the file's name", () => {
  expect(datasetPlace("a/b.h5#x/y")).toEqual({ file: "a/b.h5", dataset: "/x/y" });
  expect(datasetPlace("B.HDF5")).toEqual({ file: "B.HDF5", dataset: undefined });
  expect(datasetPlace("a.zarr#b.h5")).toEqual({ file: "a.zarr#b.h5", dataset: undefined });
});
