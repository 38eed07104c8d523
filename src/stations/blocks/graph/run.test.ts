import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { noise, readImage, writeImage } from "../../../../test/e2e/blocks-kit.js";
import { NODE_PROGRAM } from "../../../../test/node-program.js";
import type { Triple } from "../../../core/box.js";
import type { GraphGiven } from "./document.js";
import { planGraph } from "./plan.js";
import { type GraphOptions, runGraph } from "./run.js";

const SHAPE: Triple = [9, 10, 11];
const BLOCK: Triple = [4, 5, 6];
const voxels = noise(SHAPE, "int16") as Int16Array;

let root: string;
beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), "emporium-run-"));
  await writeImage(join(root, "em.zarr"), SHAPE, "int16", voxels);
  writeFileSync(join(root, "sum.mjs"), MODULE);
  writeFileSync(join(root, "sum.cjs"), NODE_PROGRAM + SUMS);
});
afterAll(() => rmSync(root, { recursive: true }));

/** A module that adds voxels along z, as far as it gets them. A block that is said makes it fail. */
const MODULE = `
export function apply({ data, box }, core, { add, dies }) {
  if (dies !== undefined && core.start.join() === dies) throw new Error("no such block");
  const [, ny, nx] = box.stop.map((to, axis) => to - box.start[axis]);
  const out = [];
  for (let z = core.start[0]; z < core.stop[0]; z++)
    for (let y = core.start[1]; y < core.stop[1]; y++)
      for (let x = core.start[2]; x < core.stop[2]; x++) {
        let sum = add;
        for (let at = Math.max(box.start[0], z - 1); at <= Math.min(box.stop[0] - 1, z + 1); at++)
          sum += data[((at - box.start[0]) * ny + y - box.start[1]) * nx + x - box.start[2]];
        out.push(sum);
      }
  return Int32Array.from(out);
}`;
/** A program that adds voxels along y: beyond its batch there are none, and padded ones are 0. */
const SUMS = `
require("fs").appendFileSync(process.argv[2], "x");
send("hello", { protocol: 1, transport: "inline" });
function answer({ arrays: { em }, core: [start, stop] }, payload) {
  if (process.argv[3] === "fails") return send("error", { message: "no such weights", tail: "line 7" });
  const [n, nz, ny, nx] = em.shape;
  const out = [];
  for (let block = 0; block < n; block++)
    for (let z = start[0]; z < stop[0]; z++)
      for (let y = start[1]; y < stop[1]; y++)
        for (let x = start[2]; x < stop[2]; x++) {
          let sum = 0;
          for (let at = Math.max(0, y - 1); at <= Math.min(ny - 1, y + 1); at++)
            sum += payload.readInt16LE(em.offset + 2 * (((block * nz + z) * ny + at) * nx + x));
          out.push(sum);
        }
  const shape = [n, ...stop.map((to, axis) => to - start[axis])];
  send("result", { dtype: "int32", shape, bytes: 4 * out.length }, Buffer.from(Int32Array.from(out).buffer));
}`;

/** Sums of neighbours along an axis, and of itself. */
function sums(axis: 0 | 1, add = 0): Int32Array {
  const [nz, ny, nx] = SHAPE;
  const at = (z: number, y: number, x: number) => (z < 0 || y < 0 || z >= nz || y >= ny ? 0 : voxels[(z * ny + y) * nx + x]!);
  return Int32Array.from({ length: voxels.length }, (_, i) => {
    const [z, y, x] = [Math.floor(i / nx / ny), Math.floor(i / nx) % ny, i % nx];
    return [-1, 0, 1].reduce((sum, step) => sum + (axis === 0 ? at(z + step, y, x) : at(z, y + step, x)), add);
  });
}

const graph = (folder: string, nodes: GraphGiven["nodes"], outputs: Record<string, object> = {}): GraphGiven => ({
  version: 1,
  inputs: { em: join(root, "em.zarr") },
  grid: { of: "em", block: BLOCK },
  nodes,
  outputs: Object.fromEntries(
    Object.entries(outputs).map(([name, more]) => [name, { to: join(root, folder, name), ...more }]),
  ) as GraphGiven["outputs"],
});
const run = (given: GraphGiven, options: Partial<GraphOptions> = {}) =>
  runGraph(given, { jobs: 0, memoryBytes: 2 ** 28, workspace: join(root, "workspace"), sync: false, check: false, ...options });
const sumNode = (options: object = {}) => ({
  ...{ id: "sums", op: "map", in: "em", module: join(root, "sum.mjs"), halo: [1, 0, 0], dtype: "int32" },
  options: { add: 3, ...options },
});

describe("a graph in this process", () => {
  it("computes a module and what follows it, each voxel by its own neighbours", async () => {
    const bin = { id: "bin", op: "threshold", in: "sums", above: 100 };
    const report = await run(graph("map", [sumNode(), bin], { sums: { chunk: BLOCK }, bin: { chunk: BLOCK } }));
    expect(report).toMatchObject({ exitStatus: 0, failed: 0, errors: [] });
    const wanted = sums(0, 3);
    expect((await readImage(join(root, "map/sums"))).voxels).toEqual(wanted);
    expect((await readImage(join(root, "map/bin"))).voxels).toEqual(Uint8Array.from(wanted, (sum) => Number(sum > 100)));
    const again = await run(graph("map", [sumNode(), bin], { sums: { chunk: BLOCK }, bin: { chunk: BLOCK } }));
    expect([again.run, again.done, again.already]).toEqual([report.run, 0, report.tasks]);
  });

  it.each([
    ["none", 2],
    ["constant", 3],
  ])("gives a program whole blocks with their edges: %s, %i at once", async (edge, batch) => {
    const starts = join(root, `starts-${edge}`);
    const command = [process.execPath, join(root, "sum.cjs"), starts];
    const net = { id: "net", op: "external", in: "em", command, halo: [0, 1, 0], edge, batch, dtype: "int32" };
    const folder = `external-${edge}-${batch}`;
    const report = await run(graph(folder, [net], { net: { chunk: BLOCK } }));
    expect(report).toMatchObject({ exitStatus: 0, errors: [] });
    expect((await readImage(join(root, folder, "net"))).voxels).toEqual(sums(1));
    // started once, for blocks of all shapes
    expect(readFileSync(starts, "latin1")).toBe("x");
  });

  it("says at which voxels a program failed", async () => {
    const command = [process.execPath, join(root, "sum.cjs"), join(root, "fails"), "fails"];
    const net = { id: "net", op: "external", in: "em", command, dtype: "int32" };
    const { errors, failed } = await run(graph("failed", [net], { net: { chunk: BLOCK } }), { keepGoing: false });
    expect([failed > 0, errors[0]?.message]).toEqual([
      true,
      expect.stringMatching(/^net\/\d+: .*net, voxels \[0:4, 0:5, 0:6\]: the program failed: no such weights/),
    ]);
  });

  it("saves several values of a block, also one that another is made of", async () => {
    const nodes = [
      { id: "scaled", op: "affine", in: "em", scale: 2, dtype: "float32" },
      { id: "bin", op: "threshold", in: "scaled", above: 100 },
      { id: "patches", op: "save", in: ["scaled", "bin"], as: "safetensors", block: BLOCK },
    ];
    const report = await run(graph("save", nodes, { patches: { format: "files" } }));
    expect(report).toMatchObject({ exitStatus: 0, errors: [] });
    const folder = join(root, "save/patches");
    const names = readdirSync(folder).filter((name) => name.endsWith(".safetensors"));
    expect(names.length).toBe(3 * 2 * 2);
    // the second of each axis: voxels from 4, 5 and 6 on
    const bytes = readFileSync(join(folder, "1.1.1.safetensors"));
    const headBytes = Number(bytes.readBigUInt64LE());
    const head = JSON.parse(bytes.toString("utf8", 8, 8 + headBytes));
    const tensor = (name: string) => {
      const [from, to] = head[name].data_offsets.map((at: number) => 8 + headBytes + at);
      return new Uint8Array(bytes.subarray(from, to)).buffer;
    };
    const inBlock: number[] = [];
    for (let z = 4; z < 8; z++)
      for (let y = 5; y < 10; y++) for (let x = 6; x < 11; x++) inBlock.push(2 * voxels[(z * 10 + y) * 11 + x]!);
    expect([head.scaled.shape, head.bin.shape]).toEqual([
      [4, 5, 5],
      [4, 5, 5],
    ]);
    expect(new Float32Array(tensor("scaled"))).toEqual(Float32Array.from(inBlock));
    expect(new Uint8Array(tensor("bin"))).toEqual(Uint8Array.from(inBlock, (value) => Number(value > 100)));
  });

  it("goes on after a block that failed, and notes it for whoever looks", async () => {
    const dying = (dies?: string) => graph("dead", [sumNode({ dies })], { sums: { chunk: BLOCK } });
    const report = await run(dying("4,5,0"));
    expect(report).toMatchObject({ exitStatus: 3, failed: 1, done: report.tasks - 1 });
    expect(report.errors[0]).toMatchObject({ message: expect.stringMatching(/^sums\/\d+: .*no such block/) });
    const notes = readdirSync(join(root, "dead"), { recursive: true, encoding: "utf8" }).filter((name) =>
      name.endsWith(".dead.ndjson"),
    );
    const [line, ...more] = readFileSync(join(root, "dead", notes[0]!), "utf8")
      .trim()
      .split("\n");
    expect([notes.length, more]).toEqual([1, []]);
    const { block, start, shape, command } = JSON.parse(line!);
    expect([start, shape, command]).toEqual([[4, 5, 0], [4, 5, 6], `emporium blocks run GRAPH --only ${block}`]);
    expect(existsSync(join(root, "dead/sums/zarr.json"))).toBe(false);
  });

  it("looks at its inputs before a byte is written", async () => {
    const broken = join(root, "broken.zarr");
    await writeImage(broken, SHAPE, "int16", voxels);
    const [chunk] = readdirSync(join(broken, "0/c"), { recursive: true, encoding: "utf8" }).filter((name) =>
      /^\d+.\d+.\d+$/.test(name),
    );
    const path = join(broken, "0/c", chunk!);
    writeFileSync(path, readFileSync(path).subarray(0, 9));
    const given = { ...graph("checked", [sumNode()], { sums: {} }), inputs: { em: broken } };
    await expect(run(given, { check: true })).rejects.toMatchObject({
      code: "INPUT_UNSOUND",
      message: expect.stringContaining("em: blocks.readable"),
      facts: { hint: expect.stringContaining("--no-check") },
    });
    expect(existsSync(join(root, "checked"))).toBe(false);
  });

  it("is planned: what its stages read, and what they read again for their edges", async () => {
    const given = graph("planned", [sumNode()], { sums: { chunk: BLOCK } });
    const plan = await planGraph(given, { memoryBytes: 2 ** 28, jobs: 0 });
    // along z 5 + 6 + 2 of 9 rows of int16
    const row = 10 * 11 * 2;
    expect(plan.stages).toMatchObject([
      {
        name: "sums",
        nodes: ["sums"],
        shape: SHAPE,
        block: BLOCK,
        tasks: 12,
        bytesRead: 13 * row,
        bytesAgain: 4 * row,
        isTemporary: false,
      },
    ]);
    expect(plan.outputs).toMatchObject([{ name: "sums", shape: SHAPE, dtype: "int32", objects: 12, bytes: 4 * 990 }]);
    const program = 150 * 2 ** 20;
    expect(plan.memory).toEqual({ bufferBytes: 2 ** 28, processes: 0, residentBytes: 2 ** 28 + program });
    expect(plan.toText()).toMatch(
      /buffers in this process, at most .* for the program itself\n|buffers in this process, at most .* for the program itself$/,
    );
    const two = await planGraph(given, { memoryBytes: 2 ** 28, jobs: 2 });
    expect(two.memory).toEqual({ bufferBytes: 2 ** 28, processes: 2, residentBytes: 2 ** 28 + 3 * program });
    expect(two.toText()).toContain("buffers in 2 worker processes");
    expect((await planGraph(given, { memoryBytes: 2 ** 28, jobs: 1 })).toText()).toContain("buffers in 1 worker process,");
    expect(existsSync(join(root, "planned"))).toBe(false);
  });

  it("is planned over what another graph has made, which is said, and not over what is anybody else's", async () => {
    const plan = (folder: string) =>
      planGraph(graph(folder, [sumNode({ add: 5 })], { sums: { chunk: BLOCK } }), { memoryBytes: 2 ** 28, jobs: 0 });
    await run(graph("taken", [sumNode()], { sums: { chunk: BLOCK } }));
    expect((await plan("taken")).toText()).toContain(
      `${join(root, "taken/sums")} was made by another graph, or from other inputs: replace it with --force-overwrite`,
    );
    mkdirSync(join(root, "strange/sums"), { recursive: true });
    writeFileSync(join(root, "strange/sums/notes.txt"), "of a person");
    await expect(plan("strange")).rejects.toMatchObject({
      code: "CONFIG_COLLISION",
      message: `${join(root, "strange/sums")} exists and was not made by a graph`,
    });
  });

  it("says of arrays of Zarr 2 how chunks are compressed, as numcodecs has it", async () => {
    const blosc = { id: "blosc", cname: "lz4", clevel: 5, shuffle: 1, blocksize: 0 };
    for (const [codec, compressor] of [
      ["raw", null],
      [undefined, blosc],
    ] as const) {
      const folder = `older-${codec}`;
      const scaled = { id: "scaled", op: "affine", in: "em", scale: 2, dtype: "float32" };
      await run(graph(folder, [scaled], { scaled: { format: "ome-zarr-0.4", chunk: BLOCK, ...(codec && { codec }) } }));
      const document = JSON.parse(readFileSync(join(root, folder, "scaled/0/.zarray"), "utf8"));
      expect(document).toMatchObject({ zarr_format: 2, shape: SHAPE, chunks: BLOCK, dtype: "<f4", order: "C", compressor });
      expect((await readImage(join(root, folder, "scaled"))).voxels).toEqual(Float32Array.from(voxels, (value) => 2 * value));
    }
  });
});
