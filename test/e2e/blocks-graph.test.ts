import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Triple } from "../../src/core/box.js";
import { systemClock } from "../../src/core/clock.js";
import { type EmporiumError, ERRORS } from "../../src/core/errors.js";
import { silentLog } from "../../src/core/log.js";
import { readBlockStatus } from "../../src/engine/blocks/block-status.js";
import { takeLocks } from "../../src/engine/lock.js";
import type { GraphGiven } from "../../src/stations/blocks/graph/document.js";
import { type GraphOptions, runGraph } from "../../src/stations/blocks/graph/run.js";
import { fileStore } from "../../src/stores/file/store.js";
import { THOROUGH } from "../thorough.js";
import { noise, readImage, treeOf, writeImage } from "./blocks-kit.js";

const SHAPE: Triple = [50, 61, 37];
const voxels = noise(SHAPE, "int16");

let root: string;
beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), "emporium 'graph' "));
  await writeImage(join(root, "em.zarr"), SHAPE, "int16", voxels);
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const run = (graph: GraphGiven, options: Partial<GraphOptions> = {}) =>
  runGraph(graph, { jobs: 0, memoryBytes: 2 ** 28, workspace: join(root, "workspace"), sync: false, ...options });

/** A chain that is computed together, and an output in the middle of it. */
function scaledAndBinary(folder: string, facts: { block?: Triple } = {}): GraphGiven {
  return {
    version: 1,
    inputs: { em: join(root, "em.zarr") },
    grid: { of: "em", block: facts.block ?? [32, 32, 32] },
    nodes: [
      { id: "scaled", op: "affine", in: "em", scale: 2, offset: 10, dtype: "float32" },
      { id: "bin", op: "threshold", in: "scaled", above: 100 },
    ],
    outputs: {
      bin: { to: join(root, folder, "bin.zarr"), chunk: [8, 16, 16], shard: [16, 32, 32] },
      scaled: { to: join(root, folder, "scaled.zarr"), format: "ome-zarr-0.4", chunk: [16, 16, 16] },
    },
  };
}

/** Another graph with one of its outputs. */
function otherBinary(folder: string): GraphGiven {
  const { outputs, ...rest } = scaledAndBinary(folder);
  const bin = { id: "bin", op: "threshold", in: "em", above: 7 };
  return { ...rest, nodes: [bin], outputs: { bin: outputs.bin! } };
}

describe("a graph", () => {
  it("gives what its operators give voxel by voxel, in both versions of OME-Zarr", async () => {
    const report = await run(scaledAndBinary("out"));
    expect(report).toMatchObject({ exitStatus: 0, failed: 0, errors: [] });
    const scaled = await readImage(join(root, "out/scaled.zarr"));
    const bin = await readImage(join(root, "out/bin.zarr"));
    expect([scaled.shape, scaled.dtype, bin.dtype]).toEqual([SHAPE, "float32", "uint8"]);
    expect(scaled.voxels).toEqual(Float32Array.from(voxels as Int16Array, (value) => value * 2 + 10));
    expect(bin.voxels).toEqual(Uint8Array.from(voxels as Int16Array, (value) => (value > 45 ? 1 : 0)));
  });

  it("does nothing the second time, and only what is gone the third", async () => {
    const first = await run(scaledAndBinary("out"));
    const tree = treeOf(join(root, "out"));
    expect(await run(scaledAndBinary("out"))).toMatchObject({ done: 0, already: first.tasks, exitStatus: 0, run: first.run });
    rmSync(join(root, "out/bin.zarr/0/c/0/0/0"));
    expect(await run(scaledAndBinary("out"))).toMatchObject({ done: 1, already: first.tasks - 1, exitStatus: 0 });
    expect(treeOf(join(root, "out"))).toEqual(tree);
  });

  it("refuses an output that another graph has made, unless it may replace it", async () => {
    await run(otherBinary("out"));
    await expect(run(scaledAndBinary("out"))).rejects.toMatchObject({ code: "CONFIG_COLLISION" });
    expect(await run(scaledAndBinary("out"), { force: true })).toMatchObject({ exitStatus: 0 });
    expect((await readImage(join(root, "out/bin.zarr"))).shape).toEqual(SHAPE);
  });

  it("replaces nothing while another run writes there", async () => {
    await run(otherBinary("out"));
    const before = treeOf(join(root, "out/bin.zarr"));
    const held = await takeLocks(fileStore(join(root, "out"), { sync: false }), ["bin.zarr"], {
      ...{ job: "another run", clock: systemClock, random: Math.random, log: silentLog, onLost: () => {}, every: () => () => {} },
    });
    await expect(run(scaledAndBinary("out"), { force: true })).rejects.toMatchObject({ code: "TARGET_LOCKED" });
    expect(treeOf(join(root, "out/bin.zarr"))).toEqual(before);
    await held.release();
    expect(await run(scaledAndBinary("out"), { force: true })).toMatchObject({ exitStatus: 0 });
  });

  it("looks at its inputs before a byte is written, and at nothing twice", async () => {
    const chunk = join(root, "em.zarr/0/c/1/1/1");
    const bytes = readFileSync(chunk);
    writeFileSync(chunk, bytes.subarray(0, bytes.length / 2));
    const error = await run(scaledAndBinary("out")).catch((thrown: unknown) => thrown as EmporiumError);
    expect(error).toMatchObject({ code: "INPUT_UNSOUND", message: expect.stringContaining("em: blocks.readable") });
    expect(ERRORS.INPUT_UNSOUND.exit).toBe(4);
    expect(existsSync(join(root, "out"))).toBe(false);
    const report = await run(scaledAndBinary("out"), { check: false });
    expect(report).toMatchObject({ exitStatus: 3, notes: [] });
    expect(report.failed).toBeGreaterThan(0);
    // it has begun: what is left of it fails as before
    expect(await run(scaledAndBinary("out"))).toMatchObject({ exitStatus: 3, failed: report.failed });
  });

  it("goes on with an input that is odd, and says so", async () => {
    const flat = noise(SHAPE, "float32");
    flat[7] = Number.NaN;
    await writeImage(join(root, "em.zarr"), SHAPE, "float32", flat);
    const report = await run(scaledAndBinary("out"));
    expect(report).toMatchObject({ exitStatus: 0, notes: [expect.stringContaining("em: blocks.finite: 1 in 1 sampled blocks")] });
    expect((await run(scaledAndBinary("other"), { check: false })).notes).toEqual([]);
  });

  it("tells what it took, and how far it is to whoever asks", async () => {
    const report = await run(scaledAndBinary("out"), { jobs: 2 });
    // blocks of 32 voxels, two along each axis
    expect(report.stages.map(({ name, blocks, again }) => ({ name, blocks, again }))).toEqual([
      { name: "scaled", blocks: 8, again: 0 },
      { name: "bin", blocks: 8, again: 0 },
    ]);
    for (const { phases, seconds, cpuSeconds, blocks } of report.stages) {
      const sum = Object.values(phases).reduce((all, phase) => all + phase.sum, 0);
      expect(sum).toBeGreaterThan(0);
      expect(sum).toBeLessThanOrEqual(seconds.sum * 1.001);
      expect([phases.store.sum, phases.encode.sum, cpuSeconds].every((some) => some > 0)).toBe(true);
      expect(seconds.p95).toBeGreaterThanOrEqual(seconds.p50);
      expect(seconds.p50 * blocks).toBeGreaterThan(0);
    }
    // three processes of a program that takes 30 MiB at the very least
    expect(report.rssBytesMax).toBeGreaterThan(3 * 30 * 2 ** 20);
    expect(report.overheadSeconds).toBeGreaterThanOrEqual(0);
    expect(report.toText()).toMatch(/^ {2}scaled +8 /m);

    const file = join(root, "out/.emporium/graphs", `${report.run}.status.json`);
    const written = JSON.parse(readFileSync(file, "utf8"));
    expect(written).toMatchObject({ run: report.run, state: "done", tasks: 16, counts: { done: 16 }, exitStatus: 0 });
    const shown = await readBlockStatus(file, written.updatedMs);
    expect(shown.toText()).toMatch(/: done, .*\n {2}16 done, of 16 blocks/);
    writeFileSync(file, JSON.stringify({ ...written, state: "running" }));
    expect((await readBlockStatus(file, written.updatedMs + 59_000)).state).toBe("running");
    expect((await readBlockStatus(file, written.updatedMs + 61_000)).toText()).toContain("no sign of it for 1m01s");
  });

  it("writes how far it is while it runs", async () => {
    const looks: (() => void)[] = [];
    const every = (_ms: number, look: () => void) => {
      looks.push(look);
      return () => {};
    };
    const states: unknown[] = [];
    const seen = new Set<string>();
    const onEvent: GraphOptions["onEvent"] = ({ kind }) => {
      seen.add(kind);
      for (const look of looks) look();
      const [name] = existsSync(join(root, "out/.emporium/graphs"))
        ? readdirSync(join(root, "out/.emporium/graphs")).filter((file) => file.endsWith(".status.json"))
        : [];
      if (name) states.push(JSON.parse(readFileSync(join(root, "out/.emporium/graphs", name), "utf8")));
    };
    const report = await run(scaledAndBinary("out"), { every, onEvent });
    expect(report.exitStatus).toBe(0);
    expect(states[0]).toMatchObject({ run: report.run, state: "running", tasks: 16 });
    expect([...seen]).toEqual(expect.arrayContaining(["plan", "counted", "stage", "end"]));
  });

  it("gives the same bytes for every size of block and number of processes", async () => {
    const trees: Map<string, string>[] = [];
    for (const [name, block, jobs] of [
      ["a", [16, 32, 32], 0],
      ["b", [32, 64, 32], 2],
      ["c", [48, 32, 64], 3],
    ] as const) {
      const folder = join(root, name);
      expect(await run(smoothAndBinary(name, [...block]), { jobs })).toMatchObject({ exitStatus: 0 });
      trees.push(treeOf(folder));
    }
    expect(trees[0]!.size).toBeGreaterThan(20);
    expect(trees[1]).toEqual(trees[0]);
    expect(trees[2]).toEqual(trees[0]);
  });

  it("killed again and again, ends with the same bytes as one that was not", async () => {
    await run(smoothAndBinary("wanted", [16, 32, 32]));
    const file = join(root, "graph.json");
    writeFileSync(file, JSON.stringify(smoothAndBinary("out", [16, 32, 32])));
    let kills = 0;
    for (let wait = 400; ; wait *= THOROUGH || kills < 2 ? 1.5 : 3) {
      const child = spawn(
        process.execPath,
        [program, "blocks", "run", file, "--jobs", "2", "--workspace", join(root, "workspace"), "--no-sync"],
        { stdio: "ignore" },
      );
      const ended = new Promise<number | null>((done) => child.once("exit", (status) => done(status)));
      const status = await Promise.race([ended, sleep(wait, "late" as const)]);
      if (status !== "late") {
        expect(status).toBe(0);
        break;
      }
      child.kill("SIGKILL");
      await ended;
      kills++;
      expect(existsSync(join(root, "out/bin.zarr/zarr.json")) && kills < 3).toBe(false);
    }
    expect(kills).toBeGreaterThan(1);
    expect(treeOf(join(root, "out"))).toEqual(treeOf(join(root, "wanted")));
  });
});

const program = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));

function smoothAndBinary(folder: string, block: Triple): GraphGiven {
  return {
    version: 1,
    inputs: { em: join(root, "em.zarr") },
    grid: { of: "em", block },
    nodes: [
      { id: "smooth", op: "gaussian", in: "em", sigma: { nm: 3 } },
      { id: "bin", op: "threshold", in: "smooth", above: 20 },
    ],
    outputs: {
      bin: { to: join(root, folder, "bin.zarr"), chunk: [8, 16, 16], shard: [16, 32, 32] },
      smooth: { to: join(root, folder, "smooth.zarr"), chunk: [16, 16, 16], codec: "zstd" },
    },
  };
}

describe("levels of a graph's output", () => {
  it("are written with it, with their sizes and places", async () => {
    const graph: GraphGiven = {
      version: 1,
      inputs: { em: join(root, "em.zarr") },
      grid: { of: "em", block: [16, 16, 16] },
      nodes: [{ id: "pyramid", op: "downsample", in: "em", method: "max", levels: 3 }],
      outputs: { em: { to: join(root, "out/em.zarr"), chunk: [8, 8, 8], shard: [16, 16, 16], dtype: "int16" } },
    };
    expect(await run(graph)).toMatchObject({ exitStatus: 0, errors: [] });
    let finer = { shape: SHAPE as readonly number[], voxels };
    for (const level of ["1", "2"]) {
      const found = await readImage(join(root, "out/em.zarr"), level);
      expect(found.shape).toEqual(finer.shape.map((length) => Math.ceil(length / 2)));
      expect(found.voxels).toEqual(largest(finer.voxels as Int16Array, finer.shape));
      finer = found;
    }
    const image = JSON.parse(readFileSync(join(root, "out/em.zarr/zarr.json"), "utf8")).attributes.ome.multiscales[0];
    // the first voxel of a level covers two of the level before: its centre is half a voxel further
    expect(image.datasets.map((dataset: { coordinateTransformations: unknown }) => dataset.coordinateTransformations)).toEqual([
      [{ type: "scale", scale: [2, 2, 2] }],
      [
        { type: "scale", scale: [4, 4, 4] },
        { type: "translation", translation: [1, 1, 1] },
      ],
      [
        { type: "scale", scale: [8, 8, 8] },
        { type: "translation", translation: [3, 3, 3] },
      ],
    ]);
  });
});

/** The largest of the up to eight voxels that one of the next level covers. */
function largest(finer: Int16Array, [nz = 0, ny = 0, nx = 0]: readonly number[]): Int16Array {
  const [hz, hy, hx] = [nz, ny, nx].map((length) => Math.ceil(length / 2)) as [number, number, number];
  const coarser = new Int16Array(hz * hy * hx).fill(-32768);
  for (let at = 0; at < finer.length; at++) {
    const [z, y, x] = [Math.floor(at / (ny * nx)), Math.floor(at / nx) % ny, at % nx];
    const to = ((z >> 1) * hy + (y >> 1)) * hx + (x >> 1);
    coarser[to] = Math.max(coarser[to]!, finer[at]!);
  }
  return coarser;
}
