import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { type MemoryLevel, memoryVolume } from "../../../../test/memory-volume.js";
import { noise, writeFiles, type ZarrVolume, zarrFiles } from "../../../../test/zarr-volume.js";
import { type ReadContextOptions, readContext } from "../../../arrays/loader/read-context.js";
import { openBlockVolume } from "../../../arrays/loader/volume.js";
import type { Triple } from "../../../core/box.js";
import { BLOCK_RULES, type CheckBlocksOptions, checkBlocks, checkVolume } from "./check.js";
import { NOTHING_EXPECTED, parseExpect } from "./expect.js";

const folder = mkdtempSync(join(tmpdir(), "emporium-check-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

type Files = ReturnType<typeof zarrFiles>;
let made = 0;

/** @param damage changes the files before they are written */
function write(volume: ZarrVolume, damage: (files: Files) => void = () => {}): string {
  const files = zarrFiles(volume);
  damage(files);
  return writeFiles(join(folder, `${made++}.zarr`), files);
}

async function codesOf(locations: readonly string[], expected?: string): Promise<string[]> {
  const file = expected === undefined ? undefined : join(folder, `${made++}.yaml`);
  if (file !== undefined) writeFileSync(file, expected!);
  // one thread decodes what is small as well as two, and half as many are started
  const options: CheckBlocksOptions & ReadContextOptions = { expect: file, threads: 1 };
  const report = await checkBlocks(locations, options);
  const findings = report.volumes.flatMap((volume) => volume.findings);
  expect(report.exitStatus).toBe(findings.length === 0 ? 0 : 4);
  for (const { code, hint, key, message } of findings) {
    expect(report.toText()).toContain(`error[${code}]`);
    expect([hint, key, message].every((text) => text !== "")).toBe(true);
  }
  return [...new Set(findings.map(({ code }) => code))];
}

interface Multiscales {
  multiscales: {
    datasets: { path: string; coordinateTransformations: Record<string, unknown>[] }[];
    axes: Record<string, unknown>[];
  }[];
}

/** Changes the metadata of the image. */
const image =
  (change: (datasets: Multiscales["multiscales"][number]["datasets"], axes: Record<string, unknown>[]) => void) =>
  (files: Files) => {
    const { multiscales } = files.get(".zattrs") as Multiscales;
    change(multiscales[0]!.datasets, multiscales[0]!.axes);
  };

const set = (path: string, fields: object) => (files: Files) => files.set(path, { ...(files.get(path) as object), ...fields });

const SMALL: Triple = [32, 32, 32];

describe("A16: broken volumes are found, each by its code", () => {
  it.each<[what: string, code: string, volume: ZarrVolume, damage?: (files: Files) => void, expected?: string]>([
    ["the type is another one", "dtype.allowed", {}, undefined, "dtype: int16"],
    ["the type is none of several", "dtype.allowed", { dtype: "float32" }, undefined, "dtype: [uint8, int16]"],
    ["the shape is another one", "shape.expected", {}, undefined, "shape: [64, 64, 65]"],
    ["an axis without voxels", "shape.positive", {}, set("0/.zarray", { shape: [64, 0, 64] })],
    ["no unit", "voxel-size.known", { unit: undefined }],
    ["a unit of time", "voxel-size.known", { unit: "second" }],
    ["a voxel size of 0, which is none", "voxel-size.known", { scale: [1, 0, 1] }],
    ["a negative voxel size, which is none", "voxel-size.known", { scale: [1, 1, -4] }],
    ["ångström for nanometers", "voxel-size.expected", { scale: [8, 8, 8], unit: "angstrom" }, undefined, "voxelSizeNm: 8"],
    ["micrometers for nanometers", "voxel-size.expected", { unit: "micrometer" }, undefined, "voxelSizeNm: [1, 1, 1]"],
    ["one axis in another unit", "voxel-size.anisotropy", { scale: [1000, 4, 4] }],
    ["more drawn out than expected", "voxel-size.anisotropy", { scale: [30, 5, 5] }, undefined, "anisotropyMax: 5"],
    ["a place beyond a meter", "offset.finite", { translation: [0, 0, 1e12] }],
    [
      "a place outside the bounds",
      "offset.in-bounds",
      { translation: [0, 900, 0] },
      undefined,
      "boundsNm: {start: [0, 0, 0], size: [64, 500, 64]}",
    ],
    ["a volume larger than the bounds", "offset.in-bounds", {}, undefined, "boundsNm: {start: [0, 0, 0], size: [64, 64, 32]}"],
    ["too few levels", "levels.count", { levels: 2 }, undefined, "levels: 3"],
    ["levels of different types", "levels.dtype", { levels: 2 }, set("1/.zarray", { dtype: "|i1" })],
    ["levels from coarse to fine", "levels.monotone", { levels: 3 }, image((datasets) => datasets.reverse())],
    ["a level twice", "levels.monotone", { levels: 2 }, image((datasets) => Object.assign(datasets[1]!, { path: "0" }))],
    [
      "a scale that does not fit the shape",
      "levels.consistent",
      { levels: 2 },
      image((datasets) => Object.assign(datasets[1]!.coordinateTransformations[0]!, { scale: [2, 2, 3] })),
    ],
    [
      "a level that lies elsewhere",
      "levels.consistent",
      { levels: 2, scale: [4, 4, 4] },
      image((datasets) => Object.assign(datasets[1]!.coordinateTransformations[1]!, { translation: [2, 2, 42] })),
    ],
    ["a chunk that was cut short", "blocks.readable", {}, (files) => files.set("0/1/0/1", new Uint8Array(100))],
    [
      "a voxel that is NaN",
      "blocks.finite",
      { dtype: "float32", value: (z, y, x) => (z + y + x === 90 ? Number.NaN : noise(z, y, x)) },
    ],
    [
      "a voxel that is infinite",
      "blocks.finite",
      { dtype: "float64", value: (z, y, x) => (z * y * x === 0 ? Number.POSITIVE_INFINITY : noise(z, y, x)) },
    ],
    ["an image of zeros", "blocks.zero", { value: () => 0 }],
    [
      "most of an image is zeros",
      "blocks.zero",
      { shape: [192, 64, 64], chunk: [64, 64, 64], value: (z, y, x) => (z < 128 ? 0 : noise(z, y, x)) },
    ],
    ["labels without a label", "blocks.zero", { dtype: "uint32", value: () => 0 }],
    ["an image of one value", "blocks.constant", { dtype: "int16", value: () => 7 }],
    ["no chunk is there", "chunks.missing", { shape: SMALL }, (files) => files.delete("0/0/0/0")],
    [
      "a chunk is lost, which the next level shows",
      "chunks.missing",
      { levels: 2, chunk: [16, 16, 16] },
      (files) => files.delete("0/1/2/3"),
    ],
    [
      "hot voxels",
      "contrast.width",
      { dtype: "float32", value: (z, y, x) => (z === 9 && y === 9 && x % 3 === 0 ? 1e6 : noise(z, y, x)) },
    ],
    ["two gray values of 256", "contrast.width", { value: (_z, _y, x) => 100 + (x % 2) }],
    ["limits that descend", "contrast.limits", {}, undefined, "contrastLimits: [120, 80]"],
    ["limits outside the type", "contrast.limits", {}, undefined, "contrastLimits: [60, 300]"],
    ["limits beside the voxels", "contrast.limits", {}, undefined, "contrastLimits: [200, 250]"],
    [
      "metadata that are cut short",
      "volume.opens",
      {},
      (files) => files.set("0/.zarray", new TextEncoder().encode('{"zarr_format": 2, "sha')),
    ],
    ["a level that is named and not there", "volume.opens", { levels: 2 }, (files) => files.delete("1/.zarray")],
  ])("%s: %s", async (_what, code, volume, damage, expected) => {
    expect(await codesOf([write(volume, damage)], expected)).toContain(code);
  });

  it("an array that lies beside the other: arrays.overlap", async () => {
    const [em, labels] = [write({ shape: SMALL }), write({ shape: SMALL, dtype: "uint32", translation: [0, 0, 40] })];
    expect(await codesOf([em, labels])).toEqual(["arrays.overlap"]);
  });

  it("what is not a volume: volume.opens", async () => {
    const text = join(folder, "text.mrc");
    writeFileSync(text, "no volume");
    expect(await codesOf([text])).toEqual(["volume.opens"]);
  });

  it("places name the level, the axis or the block", async () => {
    const { volumes } = await checkBlocks([
      write({ scale: [1, 0, 1], shape: SMALL }),
      write({}, (files) => files.set("0/1/0/1", new Uint8Array(9))),
    ]);
    expect(volumes[0]!.findings.map(({ path }) => path)).toContain("levels.0.voxelSizeNm");
    expect(volumes[1]!.findings[0]).toMatchObject({ code: "blocks.readable", path: "level 0, 0,0,0 to 64,64,64" });
    // of voxels that cannot be read nobody knows whether they are numbers
    expect(volumes[1]!.findings.map(({ code }) => code)).not.toContain("blocks.finite");
  });
});

describe("A16: good volumes are silent", () => {
  const shapes: Triple[] = [SMALL, [64, 64, 64], [33, 70, 51]];
  const units: Pick<ZarrVolume, "unit" | "scale">[] = [
    { unit: "angstrom", scale: [13.48, 13.48, 13.48] },
    { unit: "nanometer", scale: [40, 4, 4] },
    { unit: "micrometer", scale: [0.03, 0.004, 0.004] },
  ];
  const images: ZarrVolume[] = (["uint8", "int8", "int16", "uint16", "float32", "float64"] as const).flatMap((dtype, at) =>
    shapes.map((shape, i) => ({
      dtype,
      shape,
      ...units[(at + i) % 3]!,
      levels: 1 + ((at + i) % 3),
      value: dtype === "int8" ? (z, y, x) => noise(z, y, x) - 100 : noise,
    })),
  );
  const labels: ZarrVolume[] = (["uint32", "uint64"] as const).flatMap((dtype, at) =>
    shapes.map((shape, i) => ({
      dtype,
      shape,
      ...units[(at + i) % 3]!,
      levels: 1 + i,
      sparse: true,
      value: (z, y) => (z < 9 && y < 9 ? 70_000 : 0),
    })),
  );
  const others: ZarrVolume[] = [
    // padded on one side
    { shape: [64, 64, 192], value: (z, y, x) => (x < 60 ? 0 : noise(z, y, x)) },
    { shape: [64, 64, 192], value: (z, y, x) => (x < 60 ? 0 : noise(z, y, x)), sparse: true },
    { shape: [64, 64, 192], value: (z, y, x) => (x < 60 ? 255 : noise(z, y, x)) },
    { shape: [1, 90, 90], chunk: [1, 32, 32] },
    { translation: [-500, 0, 1e6] },
    // a mask of bytes, mostly empty
    { dtype: "uint8", sparse: true, value: (z, y, x) => (z === 4 && y === 4 && x === 4 ? 1 : 0) },
  ];
  const good = [...images, ...labels, ...others].map((volume, at) => [at, volume] as const);

  it("are thirty", () => expect(good).toHaveLength(30));

  // the threads of all of them; that nothing found is a report of status 0 is asked of the next ones
  const context = readContext({ threads: 1 });
  afterAll(() => context.close());

  it.each(good)("volume %i: %j", async (_at, files) => {
    const volume = await openBlockVolume(write(files), { context });
    expect((await checkVolume(volume)).findings).toEqual([]);
    await volume.close();
  });

  it("and their report says so", async () => {
    expect(await codesOf([write(images[0]!)])).toEqual([]);
    expect(await codesOf([write(labels[0]!)])).toEqual([]);
  });

  it("with expectations that they meet, beside another array", async () => {
    const em = write({ shape: [33, 64, 64], dtype: "int16", scale: [8, 8, 8], levels: 2, translation: [80, 0, 0] });
    const labels = write({ shape: [16, 32, 32], dtype: "uint64", scale: [16, 16, 16], translation: [80, 0, 0] });
    const expected = `
kind: image
dtype: [uint8, int16]
shape: [33, 64, 64]
voxelSizeNm: 8.04
anisotropyMax: 1
boundsNm: {start: [80, 0, 0], size: [264, 512, 512]}
levels: 2
contrastLimits: [60, 140]
missingShareMax: 0
zeroShareMax: 0
constantShareMax: 0
`;
    expect(await codesOf([em, labels], expected)).toEqual([]);
  });
});

describe("checkVolume", () => {
  const level: MemoryLevel = { shape: SMALL, dtype: "uint8", value: noise };
  const codes = async (levels: MemoryLevel[]) => (await checkVolume(memoryVolume(levels))).findings.map(({ code }) => code);

  it("tells of sizes and places that no format would let through", async () => {
    expect(await codes([level])).toEqual([]);
    expect(await codes([{ ...level, voxelSizeNm: [1, Number.NaN, 1] }])).toEqual(["voxel-size.positive"]);
    expect(await codes([{ ...level, voxelSizeNm: [Number.POSITIVE_INFINITY, 1, 1] }])).toContain("voxel-size.positive");
    expect(await codes([{ ...level, offsetNm: [0, Number.NaN, 0] }])).toContain("offset.finite");
    expect(await codes([{ ...level, shape: [0, 1, 1] }])).toContain("shape.positive");
    expect(await codes([{ ...level, dtype: "complex64", value: () => 0 }])).toContain("dtype.allowed");
  });

  it("reads no more than 48 blocks of the finest level and 6 of each other", async () => {
    const volume = memoryVolume([
      { ...level, shape: [320, 320, 320], value: (_z, _y, x) => x % 200 },
      { ...level, shape: [160, 160, 160], voxelSizeNm: [2, 2, 2], offsetNm: [0.5, 0.5, 0.5], value: (_z, _y, x) => x % 200 },
    ]);
    const { blocks, findings, notes } = await checkVolume(volume);
    // all that were wanted: there is nothing to note
    expect([blocks, findings, notes]).toEqual([54, [], []]);
    expect([0, 1].map((index) => volume.reads.filter((read) => read.level === index).length)).toEqual([48, 6]);
    // they are spread over the volume
    expect(new Set(volume.reads.map(({ box }) => box.start[0])).size).toBe(5);
  });

  it("reads less where chunks are large and there is a limit", async () => {
    const chunk: Triple = [64, 128, 128];
    const volume = memoryVolume([{ ...level, shape: [320, 320, 320], chunk, value: (_z, _y, x) => x % 200 }]);
    expect((await checkVolume(volume, { sampleBytes: 5 * 64 * 128 * 128 })).blocks).toBe(5);
    expect((await checkVolume(volume, { sampleBytes: 1 })).blocks).toBe(1);
  });

  it("decodes no more than 2 GiB of a level by itself, where nobody says how much", async () => {
    // one chunk of 1.5 GiB, of which each block would be decoded anew
    const chunk: Triple = [1024, 1024, 1024 * 1.5];
    const huge = {
      ...level,
      shape: chunk,
      chunk,
      dtype: "uint8" as const,
      value: (_z: number, _y: number, x: number) => x % 200,
    };
    expect(await checkVolume(memoryVolume([huge]))).toMatchObject({
      blocks: 1,
      notes: ["level 0: 1 of 48 sample blocks were read, since each takes 1.5 GiB to decode"],
    });
  });

  it("checks the others where one of several cannot be checked, and says which", async () => {
    const [first, last] = [write({}), write({})];
    const report = await checkBlocks([first, "nosuch://bucket/volume.zarr", last]);
    expect(report.volumes.map(({ location, findings }) => [location.split("/").at(-1), findings.length])).toEqual(
      [first, last].map((location) => [location.split("/").at(-1), 0]),
    );
    expect(report).toMatchObject({ status: "errors", exitStatus: 3, errors: [{ code: "LOCATION_UNKNOWN" }] });
    const bad = await checkBlocks(["nosuch://bucket/volume.zarr", write({ value: () => 0 })]);
    expect(bad).toMatchObject({ status: "findings", exitStatus: 4, errors: [{ code: "LOCATION_UNKNOWN" }] });
    const none = await checkBlocks(["nosuch://a", "nosuch://b"]);
    expect(none).toMatchObject({ exitStatus: 1, volumes: [] });
    expect(none.errors.map(({ message }) => /"(.+?)"/.exec(message)![1])).toEqual(["nosuch://a", "nosuch://b"]);
    await expect(checkBlocks(["nosuch://a"])).rejects.toMatchObject({ code: "LOCATION_UNKNOWN" });
  });

  it("names the volume whose chunks are larger than the memory that is allowed", async () => {
    const location = write({});
    await expect(checkBlocks([location], { memoryBytes: 4096, threads: 1 } as CheckBlocksOptions)).rejects.toMatchObject({
      code: "MEMORY_LIMIT",
      message: expect.stringMatching(new RegExp(`^${location}: `)),
    });
  });

  it("has each code once, in kebab case behind what it is of", () => {
    const all = BLOCK_RULES.map(({ code }) => code);
    expect(new Set(all).size).toBe(all.length);
    expect(all.filter((code) => !/^[a-z]+(-[a-z]+)*\.[a-z]+(-[a-z]+)*$/.test(code))).toEqual([]);
  });
});

describe("docs/guides/check-blocks.md", () => {
  it("lists every rule with what it says", () => {
    const guide = readFileSync(new URL("../../../../docs/guides/check-blocks.md", import.meta.url), "utf8");
    const rows = [...guide.matchAll(/^\| `([a-z.-]+)` \| (.+) \|$/gm)].map(([, code, statement]) => ({ code, statement }));
    const rules = BLOCK_RULES.map(({ code, statement }) => ({ code, statement }));
    const missing = [...rules, { code: "volume.opens", statement: "the volume can be opened" }].filter(
      ({ code, statement }) => !rows.some((row) => row.code === code && row.statement === statement),
    );
    expect(missing).toEqual([]);
    expect(rows).toHaveLength(rules.length + 1);
  });

  it("shows expectations that are understood", () => {
    const guide = readFileSync(new URL("../../../../docs/guides/check-blocks.md", import.meta.url), "utf8");
    const [, yaml] = /```yaml\n([^`]+)```/.exec(guide)!;
    expect(parseExpect(yaml!, "expect.yaml")).toMatchObject({ kind: "image", voxelSizeNm: 1.348, contrastLimits: [-20, 40] });
  });
});

describe("expectations", () => {
  it("may be a file in which nothing stands yet", () => {
    for (const text of ["", "# to be filled in\n"]) expect(parseExpect(text, "expect.yaml")).toEqual(NOTHING_EXPECTED);
  });

  it.each([
    "voxelSize: 8",
    "shape: [1, 2]",
    "dtype: float",
    "boundsNm: {start: [0, 0, 0]}",
    "contrastShareMin: 2",
    "anisotropyMax: 0.5",
    "[1]",
  ])("%s is refused with its place", (text) => {
    expect(() => parseExpect(text, "expect.yaml")).toThrow(
      expect.objectContaining({
        code: "CONFIG_FIELD",
        facts: expect.objectContaining({ place: expect.objectContaining({ line: 1 }) }),
      }),
    );
  });
});
