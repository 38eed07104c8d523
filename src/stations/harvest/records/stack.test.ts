import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { inspect } from "./inspect.js";
import { numberedFiles } from "./stack.js";

describe("numberedFiles", () => {
  it.each([
    [["a/s_2.tif", "a/s_10.tif", "a/s_1.tif"], [["a/s_", ["a/s_1.tif", "a/s_2.tif", "a/s_10.tif"]]]],
    [["F57-8_slice_0001.dm3", "F57-8_slice_0000.dm3"], [["F57-8_slice_", ["F57-8_slice_0000.dm3", "F57-8_slice_0001.dm3"]]]],
    [["a1.ome.tif", "a2.ome.tif"], [["a", ["a1.ome.tif", "a2.ome.tif"]]]],
    [["a1.TIF", "a2.tif"], [["a", ["a1.TIF", "a2.tif"]]]],
    [["a1.mrc.gz", "a2.mrc.gz"], [["a", ["a1.mrc.gz", "a2.mrc.gz"]]]],
    [["000.tif", "001.tif"], [["", ["000.tif", "001.tif"]]]],
    [["a/1.tif", "b/2.tif"], []],
    [["a1.tif", "a2.mrc", "b3.tif", "c.tif"], []],
    [["one.tif", "two.tif"], []],
  ])("%j", (paths, wanted) => {
    expect(numberedFiles(paths).map(({ stem, members }) => [stem, members.map(({ path }) => path)])).toEqual(wanted);
  });

  it("gives every file of a series once, by its number, whatever the order of the listing", () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.nat(99_999), { minLength: 2, maxLength: 50 }), fc.boolean(), (numbers, padded) => {
        const paths = numbers.map((number) => `x/s${padded ? String(number).padStart(5, "0") : number}.tif`);
        const [group, ...more] = numberedFiles(paths);
        expect(more).toEqual([]);
        expect(group!.members.map(({ number }) => number)).toEqual([...numbers].sort((a, b) => a - b));
      }),
    );
  });
});

/** An MRC file of single bytes. */
function mrc([nz, ny, nx]: readonly [number, number, number], spacing = 10): Buffer {
  const bytes = Buffer.alloc(1024 + nz * ny * nx);
  for (const [at, value] of [nx, ny, nz, 0].entries()) bytes.writeInt32LE(value, 4 * at);
  for (const [at, value] of [nx, ny, nz].entries()) bytes.writeInt32LE(value, 28 + 4 * at);
  for (const [at, value] of [nx, ny, nz].entries()) bytes.writeFloatLE(value * spacing, 40 + 4 * at);
  for (const [at, value] of [1, 2, 3].entries()) bytes.writeInt32LE(value, 64 + 4 * at);
  bytes.write("MAP ", 208, "latin1");
  bytes.set([0x44, 0x44], 212);
  return bytes;
}

describe("a folder of slices", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "emporium-stack-"));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));
  const put = (name: string, bytes: Buffer) => writeFileSync(join(folder, name), bytes);

  it("is one volume, ordered by number", async () => {
    for (let at = 8; at <= 12; at++) put(`slice_${at}.mrc`, mrc([1, 3, 4]));
    const { records, errors } = await inspect([folder]);
    expect(errors).toEqual([]);
    expect(records).toMatchObject([
      { name: "slice", shape: [5, 3, 4], axes: ["z", "y", "x"], voxel_size: [10, 10, 10], warnings: [], location: folder },
    ]);
    expect(records[0]!.sources.shape).toBe("derived");
    expect(records[0]!.raw_metadata.files).toEqual([
      "slice_8.mrc",
      "slice_9.mrc",
      "slice_10.mrc",
      "slice_11.mrc",
      "slice_12.mrc",
    ]);
  });

  it("has the name that was given", async () => {
    for (const at of [1, 2]) put(`s${at}.mrc`, mrc([1, 3, 4]));
    const { records } = await inspect([`retina=${folder}`]);
    expect(records.map(({ name }) => name)).toEqual(["retina"]);
  });

  it("warns of numbers that are missing or there twice", async () => {
    for (const at of ["001", "002", "004", "010", "10"]) put(`s_${at}.mrc`, mrc([1, 3, 4]));
    const { records } = await inspect([folder]);
    expect(records[0]!.shape).toEqual([5, 3, 4]);
    expect(records[0]!.warnings).toEqual([
      "stack-twice: 10: a number that two files have",
      "stack-gap: no file has the number 3, 5 to 9: its neighbours stand next to each other",
    ]);
  });

  it("(34.silence) warns of slices whose voxels have another size than those of the first", async () => {
    for (const at of [1, 2, 3, 4]) put(`s_${at}.mrc`, mrc([1, 3, 4], at === 3 ? 20 : at === 4 ? 0 : 10));
    const { records } = await inspect([folder]);
    expect(records).toMatchObject([{ shape: [4, 3, 4], voxel_size: [10, 10, 10] }]);
    expect(records[0]!.warnings.filter((one) => one.startsWith("stack-voxel"))).toEqual([
      "stack-voxel: s_3.mrc (20 Å × 20 Å), s_4.mrc (unknown × unknown): voxels of other sizes than in s_1.mrc (10 Å × 10 Å), whose are taken",
    ]);
  });

  it("leaves out slices of another size, warns, and gives them a record of their own", async () => {
    for (let at = 0; at < 6; at++) put(`s_${at}.mrc`, mrc([1, 3, at === 4 ? 5 : 4]));
    const { records } = await inspect([folder]);
    expect(records.map(({ name, shape }) => [name, shape])).toEqual([
      ["s", [5, 3, 4]],
      ["s_4", [1, 3, 5]],
    ]);
    expect(records[0]!.warnings).toEqual([
      "stack-gap: no file has the number 4: its neighbours stand next to each other",
      "stack-shape: s_4.mrc (5 × 3 int8): not as the others, left out of the volume",
    ]);
  });

  it("leaves numbered volumes as they are", async () => {
    for (const at of [1, 2]) put(`tomo_${at}.mrc`, mrc([2, 3, 4]));
    const { records } = await inspect([folder]);
    expect(records.map(({ name, shape }) => [name, shape])).toEqual([
      ["tomo_1", [2, 3, 4]],
      ["tomo_2", [2, 3, 4]],
    ]);
  });

  it("says what could not be read, and keeps the rest", async () => {
    for (const at of [1, 2, 3]) put(`s_${at}.mrc`, mrc([1, 3, 4]));
    put("s_4.mrc", Buffer.from("nothing of the kind"));
    const { records, errors, exitStatus } = await inspect([folder]);
    expect(records).toMatchObject([{ shape: [3, 3, 4], warnings: [expect.stringContaining("s_4.mrc (no single slice)")] }]);
    expect(errors).toMatchObject([{ code: "FORMAT_UNKNOWN", file: join(folder, "s_4.mrc") }]);
    expect(exitStatus).toBe(3);
  });

  it("looks at a part of many slices, unless it is to be exact", async () => {
    for (let at = 0; at < 70; at++) put(`s_${at}.mrc`, mrc([1, 1, 1]));
    const sampled = await inspect([folder]);
    expect(sampled.records[0]).toMatchObject({
      shape: [70, 1, 1],
      warnings: [expect.stringMatching(/^stack-sampled: 64 of 70/)],
    });
    const exact = await inspect([folder], { exact: true });
    expect(exact.records[0]!.warnings).toEqual([]);
  });
});

describe("the portal's record of an image", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "emporium-web-"));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it("(34.silence) that only the name of a file leads to is told", async () => {
    const record = {
      name: "liver",
      raw_metadata: {},
      download_links: ["https://data.test/a/tomo.mrc"],
      portal: "direct",
      source_url: undefined,
      record: {},
    };
    const warningsOf = async (path: string) => {
      mkdirSync(join(folder, path, ".."), { recursive: true });
      writeFileSync(join(folder, path), mrc([4, 4, 4]));
      const { records } = await inspect([join(folder, path)], { web: [record] });
      return records[0]!.warnings.filter((one) => one.startsWith("web-guess"));
    };
    expect(await warningsOf("other/tomo.mrc")).toEqual([
      "web-guess: the portal's facts are those of liver, which links to a file of this name",
    ]);
    // as a download lays it out
    expect(await warningsOf("liver/tomo.mrc")).toEqual([]);
    expect(await warningsOf("other/else.mrc")).toEqual([]);
  });
});
