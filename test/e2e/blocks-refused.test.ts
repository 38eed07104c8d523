import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { EmporiumError } from "../../src/core/errors.js";
import { planGraph } from "../../src/stations/blocks/graph/plan.js";
import { runGraph } from "../../src/stations/blocks/graph/run.js";
import { noise, writeImage } from "./blocks-kit.js";

let root: string;
beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), "emporium 'refused' "));
  await writeImage(join(root, "em.zarr"), [20, 20, 20], "int16", noise([20, 20, 20], "int16"));
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

const work = { jobs: 0, memoryBytes: 2 ** 26 };
const roomy = { ...work, memoryBytes: 2 ** 28 };

async function refusal(text: string): Promise<EmporiumError> {
  const options = { ...work, workspace: join(root, "workspace") };
  const error = await runGraph({ text: text.replaceAll("ROOT", root), file: "graph.yaml" }, options).catch(
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof EmporiumError)) throw new Error(`nothing was refused: ${String(error)}`);
  return error;
}

async function hintsOf(text: string): Promise<(string | undefined)[]> {
  const { hint, others = [] } = (await refusal(text)).facts;
  return [hint, ...others.map((other) => other.hint)];
}

/** With a limit that is a result, of `facts`. */
const stats = (text: string, limit: string) =>
  text.replace("above: 3", limit).replace("  - { id: bin", "  - { id: facts, op: statistics, in: em }\n  - { id: bin");

/** Each fault as `line:column CODE: message`. */
async function faultsOf(text: string): Promise<string[]> {
  const error = await refusal(text);
  const { place, others = [] } = error.facts;
  const all = [{ code: error.code, message: error.message, ...place }, ...others];
  return all.map(({ line, column, code, message }) => `${line}:${column} ${code}: ${message}`);
}

const GOOD = `version: 1
inputs: { em: "ROOT/em.zarr" }
grid: { of: em, block: [8, 8, 8] }
nodes:
  - { id: smooth, op: gaussian, in: em, sigma: 1 }
  - { id: bin, op: threshold, in: smooth, above: 3 }
outputs:
  bin: { to: "ROOT/out/bin.zarr", chunk: [8, 8, 8] }
`;

describe("a graph that cannot be run", () => {
  it("is refused with the place of every fault, and nothing is written", async () => {
    const many = GOOD.replace("in: em, sigma", "in: en, sigma")
      .replace("op: threshold", "op: treshold")
      .replace("outputs:", 'outputs:\n  more: { to: "ROOT/out/more.zarr" }');
    expect(await faultsOf(many)).toEqual([
      "5:37 CONFIG_RULE: no input or node is called en",
      expect.stringMatching(/^6:20 CONFIG_FIELD: no operator treshold/),
      expect.stringMatching(/^8:9 CONFIG_RULE: no input or node is called more/),
    ]);
    expect(existsSync(join(root, "out"))).toBe(false);
  });

  it.each<[string, (text: string) => string, string | RegExp]>([
    ["a word too much", (text) => text.replace("grid:", "gird:"), /^3:1 CONFIG_FIELD: .*unknown field "gird"/],
    ["an unknown parameter", (text) => text.replace("sigma: 1", "sigma: 1, sigmas: 2"), /^5:\d+ CONFIG_FIELD: gaussian.*sigmas/],
    [
      "a circle",
      (text) => text.replace("in: em, sigma", "in: bin, sigma"),
      /^6:35 CONFIG_RULE: .*in a circle: smooth ← bin ← smooth/,
    ],
    ["a name twice", (text) => text.replace("id: bin", "id: smooth"), /^6:11 CONFIG_RULE: smooth is the name of another/],
    ["a node for nothing", (text) => text.replace("in: smooth", "in: em"), /^5:11 CONFIG_UNUSED: smooth is read by nothing/],
    [
      "shards of OME-Zarr 0.4",
      (text) => text.replace("chunk: [8, 8, 8]", "shard: [8, 8, 8], format: ome-zarr-0.4"),
      /^8:\d+ CONFIG_RULE: ome-zarr-0.4 has no shards/,
    ],
    [
      "chunks that do not fill a shard",
      (text) => text.replace("chunk: [8, 8, 8]", "chunk: [8, 8, 8], shard: [12, 8, 8]"),
      /^8:\d+ CONFIG_RULE: a shard of 12×8×8/,
    ],
    [
      "shards of precomputed volumes",
      (text) => text.replace("chunk: [8, 8, 8]", "shard: [8, 8, 8], format: precomputed"),
      /^8:\d+ CONFIG_RULE: precomputed volumes are written without shards/,
    ],
    [
      "a codec that precomputed volumes do not have",
      (text) => text.replace("chunk: [8, 8, 8]", "format: precomputed, codec: zstd"),
      /^8:\d+ CONFIG_RULE: precomputed volumes have no chunks of zstd/,
    ],
    [
      "a type that precomputed volumes do not have",
      (text) => text.replace("chunk: [8, 8, 8]", "format: precomputed, dtype: float64"),
      /^8:\d+ CONFIG_RULE: precomputed volumes have no float64/,
    ],
    [
      "compressed labels of 8 bits",
      (text) => text.replace("chunk: [8, 8, 8]", "format: precomputed, codec: compressed_segmentation"),
      /^8:\d+ CONFIG_RULE: compressed_segmentation is of uint32 and uint64, and bin is uint8/,
    ],
    [
      "a segmentation of fractions",
      (text) => text.replace("chunk: [8, 8, 8]", "format: precomputed, type: segmentation, dtype: float32"),
      /^8:\d+ CONFIG_RULE: the labels of a segmentation are whole numbers/,
    ],
    [
      "precomputed chunks in OME-Zarr",
      (text) => text.replace("chunk: [8, 8, 8]", "codec: compressed_segmentation"),
      /^8:\d+ CONFIG_RULE: ome-zarr-0.5 has no chunks of compressed_segmentation/,
    ],
    [
      "a type of OME-Zarr",
      (text) => text.replace("chunk: [8, 8, 8]", "type: image"),
      /^8:\d+ CONFIG_RULE: ome-zarr-0.5 has no type/,
    ],
    ["a level that is not there", (text) => text.replace("of: em,", "of: em, level: 2,"), /^3:24 CONFIG_RULE: em has no level 2/],
    [
      "a level that the input has not",
      (text) => text.replace('"ROOT/em.zarr"', '{ from: "ROOT/em.zarr", level: 3 }'),
      /^2:\d+ CONFIG_RULE: em has no level 3/,
    ],
    [
      "two levels of one input",
      (text) => text.replace('"ROOT/em.zarr"', '{ from: "ROOT/em.zarr", level: 0 }').replace("of: em,", "of: em, level: 1,"),
      /^3:24 CONFIG_RULE: level 1 is given, and level 0 for em itself/,
    ],
    ["a level of a node", (text) => text.replace("of: em,", "of: bin, level: 1,"), /^3:25 CONFIG_RULE: bin is not an input/],
    [
      "types that do not fit",
      (text) =>
        text
          .replace("op: gaussian, in: em, sigma: 1", "op: cast, in: em, dtype: int64")
          .replace("op: threshold, in: smooth, above: 3", "op: gaussian, in: smooth, sigma: 1"),
      /^6:\d+ CONFIG_FIELD: gaussian: in: takes integers up to 32 bits/,
    ],
    [
      "a program that is not there",
      (text) => text.replace("op: gaussian, in: em, sigma: 1", "op: external, in: em, command: [no-such-program, x.py]"),
      "5:51 CONFIG_FIELD: external: command: no program no-such-program is on PATH",
    ],
    [
      "a file of a program that is not there",
      (text) => text.replace("op: gaussian, in: em, sigma: 1", "op: external, in: em, command: [node], files: [no-such.pt]"),
      "5:66 CONFIG_FIELD: external: files: no-such.pt is not a file",
    ],
    [
      "a program without a command, with a wrong halo and a word too much",
      (text) => text.replace("op: gaussian, in: em, sigma: 1", "op: external, in: em, halo: -1, gpus: 1"),
      /^5:\d+ CONFIG_FIELD: external: command is missing \(expected a list\)/,
    ],
    [
      "inputs of a program that have two shapes",
      (text) =>
        text
          .replace("op: gaussian, in: em, sigma: 1", "op: downsample, in: em, method: max")
          .replace("op: threshold, in: smooth, above: 3", "op: external, in: [em, smooth], command: [node]"),
      /^6:\d+ CONFIG_FIELD: external: in: smooth has 10×10×10 voxels, em 20×20×20/,
    ],
    ["two outputs in one place", (text) => `${text}  smooth: { to: "ROOT/out/bin.zarr" }\n`, /CONFIG_COLLISION/],
    ["text that is no YAML", (text) => text.replace("nodes:", "nodes: ["), /CONFIG_SYNTAX/],
  ])("%s", async (_, spoil, wanted) => {
    const faults = await faultsOf(spoil(GOOD));
    expect(faults.some((fault) => (typeof wanted === "string" ? fault === wanted : wanted.test(fault)))).toBe(true);
    expect(existsSync(join(root, "out"))).toBe(false);
  });

  it.each<[string, (text: string) => string, string | RegExp, RegExp?]>([
    [
      "a statistic that there is not",
      (text) => stats(text, "above: { of: facts, path: meen }"),
      /^7:\d+ CONFIG_RULE: statistics has no meen/,
      /did you mean mean\?/,
    ],
    [
      "a list for a number",
      (text) => stats(text, "above: { of: facts, path: limits }").replace("op: statistics", "op: contrast"),
      /^7:\d+ CONFIG_RULE: limits of contrast is not a number/,
      /limits\.0/,
    ],
    [
      "a number within a number",
      (text) => stats(text, "above: { of: facts, path: mean.x }"),
      /^7:\d+ CONFIG_RULE: mean of statistics has no x/,
      /write path: mean/,
    ],
    [
      "limits that nothing is between",
      (text) => text.replace("above: 3", "above: 100, below: 50"),
      /^6:.*expected above to be less than below/,
    ],
    [
      "an empty table",
      (text) => text.replace("op: gaussian, in: em, sigma: 1", "op: lut, in: em, map: {}"),
      /^5:.*lut: expected at least one entry/,
    ],
    [
      "a box without a size",
      (text) => text.replace("op: gaussian, in: em, sigma: 1", "op: crop, in: em, start: [0, 0, 0]"),
      /^5:.*crop: size is missing \(expected three whole numbers from 1, \[z, y, x\]\)/,
    ],
    [
      "a block of two numbers",
      (text) => text.replace("block: [8, 8, 8]", "block: [64, 64]"),
      /^3:.*grid\.block: expected auto, or three whole numbers from 1, \[z, y, x\], found \[64,64\]/,
    ],
    [
      "a parameter that is nearly one",
      (text) => text.replace("sigma: 1", "sigma: 1, trunkate: 3"),
      /^5:.*gaussian: there is no parameter trunkate/,
      /did you mean truncate\?/,
    ],
    [
      "a method that is nearly one",
      (text) => text.replace("op: gaussian, in: em, sigma: 1", "op: downsample, in: em, method: meen"),
      /^5:\d+ CONFIG_FIELD: downsample: method: expected one of mean, .*, found "meen"/,
      /did you mean mean\?/,
    ],
    [
      "levels that would not be written",
      (text) =>
        text
          .replace("op: gaussian, in: em, sigma: 1", "op: downsample, in: em, levels: 3")
          .replace("  - { id: bin, op: threshold, in: smooth, above: 3 }\n", "")
          .replace("bin: {", "smooth: { format: precomputed,"),
      /^7:\d+ CONFIG_RULE: smooth would hold one level of 3, the coarsest \(5×5×5 voxels\)/,
      /of: em/,
    ],
    [
      "a table of points as a volume",
      (text) => text.replace("em.zarr", "points.ndjson"),
      /^2:\d+ FORMAT_UNKNOWN: .*points\.ndjson is a text, not a volume/,
    ],
    ["an input that is not there", (text) => text.replace("em.zarr", "none.mrc"), /^2:\d+ STORE_ABSENT: .*none\.mrc/],
  ])("(34.7) is refused with a line and a suggestion: %s", async (_, spoil, wanted, hint) => {
    writeFileSync(join(root, "points.ndjson"), '{"type": "point", "location": {"x": 1, "y": 2, "z": 3}}\n');
    const faults = await faultsOf(spoil(GOOD));
    expect(faults).toEqual([expect.stringMatching(wanted)]);
    if (hint) expect(await hintsOf(spoil(GOOD))).toEqual([expect.stringMatching(hint)]);
    await expect(planGraph({ text: spoil(GOOD).replaceAll("ROOT", root), file: "graph.yaml" }, work)).rejects.toThrow();
    expect(existsSync(join(root, "out"))).toBe(false);
  });

  it("(34.7) is refused with every fault at once, those of inputs, fields, nodes and places together, in the order of the file", async () => {
    const text = `version: 1
inputs: { em: "ROOT/em.zarr", gone: "ROOT/gone.zarr" }
grid: { of: em, block: [64, 64], blok: 3 }
nodes:
  - { id: facts, op: statistics, in: em }
  - { id: bin, op: threshold, in: em, above: { of: facts, path: meen } }
  - { id: smooth, op: gausian, in: em }
  - { id: other, op: gaussian, in: gone, sigma: 1 }
outputs:
  bin: { to: "ROOT/em.zarr/labels/bin", chunk: [8, 8, 8], shard: [12, 8, 8] }
  other: { to: "ROOT/out/a.zarr", codek: zstd }
  em: { to: "ROOT/out/a.zarr" }
`;
    expect(await faultsOf(text)).toEqual([
      expect.stringMatching(/^2:\d+ FORMAT_UNKNOWN: .*gone\.zarr/),
      expect.stringMatching(/^3:\d+ CONFIG_FIELD: .*grid\.block/),
      expect.stringMatching(/^3:\d+ CONFIG_FIELD: .*unknown field "blok"/),
      expect.stringMatching(/^6:\d+ CONFIG_RULE: statistics has no meen/),
      expect.stringMatching(/^7:\d+ CONFIG_FIELD: no operator gausian/),
      expect.stringMatching(/^10:\d+ CONFIG_COLLISION: .*labels\/bin is inside input em/),
      expect.stringMatching(/^10:\d+ CONFIG_RULE: a shard of 12×8×8/),
      expect.stringMatching(/^11:\d+ CONFIG_FIELD: .*unknown field "codek"/),
      expect.stringMatching(/^12:\d+ CONFIG_COLLISION: .*a\.zarr is the same place as output other/),
    ]);
    expect(existsSync(join(root, "out"))).toBe(false);
  });

  it("(34.7) may have a limit beside one that is computed", async () => {
    for (const limits of ["above: 100, below: { of: facts, path: mean }", "above: { of: facts, path: mean }, below: -5"]) {
      const text = stats(GOOD, limits).replaceAll("ROOT", root);
      expect(await planGraph({ text, file: "graph.yaml" }, roomy)).toMatchObject({ exitStatus: 0 });
    }
    const clip = GOOD.replace("op: threshold, in: smooth, above: 3", "op: clip, in: smooth, low: 5, high: auto");
    expect(await planGraph({ text: clip.replaceAll("ROOT", root), file: "graph.yaml" }, roomy)).toMatchObject({ exitStatus: 0 });
  });

  it("needs more memory than there is", async () => {
    const large = GOOD.replace("block: [8, 8, 8]", "block: [20, 20, 20]").replace("sigma: 1", "sigma: 4");
    const text = large.replaceAll("ROOT", root);
    await expect(planGraph({ text, file: "graph.yaml" }, { jobs: 1, memoryBytes: 100_000 })).rejects.toMatchObject({
      code: "MEMORY_LIMIT",
    });
  });
});

describe("a plan", () => {
  it("says what is computed together, read again and written", async () => {
    const report = await planGraph(
      { text: GOOD.replaceAll("ROOT", root), file: "graph.yaml" },
      { jobs: 2, memoryBytes: 2 ** 27 },
    );
    // 3 blocks along an axis, of 8, 8 and 4; the filter reaches 4 voxels: 12, 16 and 8 are read where 20 are
    const read = 2 * 36 ** 3;
    expect(report.stages).toEqual([
      expect.objectContaining({
        name: "bin",
        nodes: ["smooth", "bin"],
        tasks: 27,
        bytesRead: read,
        bytesAgain: read - 2 * 20 ** 3,
      }),
    ]);
    expect(report.outputs).toEqual([
      expect.objectContaining({ name: "bin", shape: [20, 20, 20], dtype: "uint8", objects: 27, bytes: 8000 }),
    ]);
    expect(report.toText()).toContain("stage bin (smooth → bin): 27 tasks of 8×8×8");
    expect(existsSync(join(root, "out"))).toBe(false);
  });

  it("(34.7) says what memory a run takes with the program itself, and where the voxel size is not known", async () => {
    const folder = join(root, "sizeless.zarr");
    await writeImage(folder, [20, 20, 20], "int16", noise([20, 20, 20], "int16"));
    const text = GOOD.replace("em.zarr", "sizeless.zarr/0").replaceAll("ROOT", root);
    const report = await planGraph({ text, file: "graph.yaml" }, { jobs: 2, memoryBytes: 2 ** 29 });
    expect(report.memory).toEqual({ bufferBytes: 2 ** 29, processes: 2, residentBytes: 2 ** 29 + 3 * 150 * 2 ** 20 });
    expect(report.toText()).toContain(
      "memory: 512 MiB of buffers in 2 worker processes, at most 962 MiB with 150 MiB for the program itself in each and in the command",
    );
    expect(report.notes).toEqual(["bin: the voxel size along z, y, x is not known: written as 1, without a unit"]);
    expect((await planGraph({ text, file: "graph.yaml" }, roomy)).toText()).toContain(
      "of buffers in this process, at most 406 MiB",
    );
  });

  it("says what a person's program is, and that nothing compares its results", async () => {
    const program = "op: external, in: em, command: [node, x.py], halo: 2, batch: 2, deterministic: false";
    const text = GOOD.replaceAll("ROOT", root).replace("op: gaussian, in: em, sigma: 1", program);
    const report = await planGraph({ text, file: "graph.yaml" }, { jobs: 2, memoryBytes: 2 ** 27 });
    // two blocks of 8 side by side along x, read with 2 voxels around both
    expect(report.stages).toEqual([
      expect.objectContaining({ name: "smooth", block: [8, 8, 16], tasks: 18, isTemporary: true }),
      expect.objectContaining({ name: "bin", block: [8, 8, 8], tasks: 27 }),
    ]);
    expect(report.notes).toEqual(["smooth runs node x.py, 2 blocks at once, not deterministic: its results are never compared"]);
  });

  it("enlarges blocks to whole shards, and says so", async () => {
    const text = GOOD.replaceAll("ROOT", root).replace("chunk: [8, 8, 8]", "chunk: [4, 4, 4], shard: [16, 8, 8]");
    const report = await planGraph({ text, file: "graph.yaml" }, { jobs: 2, memoryBytes: 2 ** 27 });
    expect(report.stages[0]).toMatchObject({ block: [16, 8, 8], tasks: 18 });
    expect(report.notes).toEqual(["bin: blocks of 16×8×8 instead of 8×8×8, whole shards of 16×8×8"]);
  });

  it("puts shards together in a step of their own where the memory is small", async () => {
    await writeImage(join(root, "large.zarr"), [64, 64, 64], "int16", noise([64, 64, 64], "int16"));
    const text = GOOD.replaceAll("ROOT", root)
      .replace("em.zarr", "large.zarr")
      .replace("chunk: [8, 8, 8]", "chunk: [4, 4, 4], shard: [64, 64, 64]");
    const report = await planGraph({ text, file: "graph.yaml" }, { jobs: 1, memoryBytes: 8 * 2 ** 20 });
    expect(report.stages.map(({ name, block, isTemporary }) => ({ name, block, isTemporary }))).toEqual([
      { name: "bin", block: [8, 8, 8], isTemporary: true },
      { name: "bin-objects", block: [64, 64, 64], isTemporary: false },
    ]);
  });
});
