import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Triple } from "../../src/core/box.js";
import type { GraphGiven } from "../../src/stations/blocks/graph/document.js";
import { type GraphOptions, runGraph } from "../../src/stations/blocks/graph/run.js";
import { noise, readImage, treeOf, writeImage } from "./blocks-kit.js";

const SHAPE: Triple = [8, 16, 16];
const voxels = noise(SHAPE, "int16") as Int16Array;

let root: string;
beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), "emporium 'owners' "));
  await writeImage(join(root, "em.zarr"), SHAPE, "int16", voxels);
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const run = (graph: GraphGiven, options: Partial<GraphOptions> = {}) =>
  runGraph(graph, { jobs: 0, memoryBytes: 2 ** 28, workspace: join(root, "workspace"), sync: false, ...options });

/** Two volumes of four blocks each, perhaps in two folders. */
const plus = (offset: number, chunk: Triple = [8, 8, 8], folder = "out"): GraphGiven => ({
  version: 1,
  inputs: { em: join(root, "em.zarr") },
  grid: { of: "em", block: [8, 8, 8] },
  nodes: [
    { id: "more", op: "affine", in: "em", offset },
    { id: "bin", op: "threshold", in: "more", above: 0 },
  ],
  outputs: {
    bin: { to: join(root, "first/bin.zarr"), chunk },
    more: { to: join(root, folder, "more.zarr"), chunk },
  },
});
const collision = (message: RegExp, hint: RegExp) =>
  expect.objectContaining({
    code: "CONFIG_COLLISION",
    message: expect.stringMatching(message),
    facts: expect.objectContaining({ hint: expect.stringMatching(hint) }),
  });

describe("outputs of graphs", () => {
  it("that another graph has begun are taken from it only where that is asked for, and then they are the other's", async () => {
    expect(await run(plus(1), { only: ["more/0"] })).toMatchObject({ done: 1 });
    const coarser = plus(2, [8, 16, 16]);
    const begun = collision(/more\.zarr was begun by another graph/, /--force-overwrite/);
    await expect(run(coarser)).rejects.toEqual(begun);
    expect(await run(coarser, { force: true })).toMatchObject({ exitStatus: 0 });
    const tree = treeOf(join(root, "out"));
    expect([...tree.keys()].filter((key) => key.includes("/c/"))).toEqual(["more.zarr/0/c/0/0/0"]);
    expect((await readImage(join(root, "out/more.zarr"))).voxels).toEqual(Float32Array.from(voxels, (value) => value + 2));
    const there = collision(/was made by another graph, or from other inputs/, /--force-overwrite/);
    await expect(run(plus(1))).rejects.toEqual(there);
    expect(treeOf(join(root, "out"))).toEqual(tree);
    expect(await run(coarser)).toMatchObject({ done: 0, exitStatus: 0 });
  });

  it("are known by every graph that writes there, whatever its other outputs", async () => {
    await run(plus(1));
    const { nodes, outputs, ...rest } = plus(2);
    const one = { ...rest, nodes: [nodes![0]!], outputs: { more: outputs.more! } };
    await expect(run(one)).rejects.toEqual(collision(/more\.zarr was made by another graph/, /--force/));
    expect(await run(one, { force: true })).toMatchObject({ exitStatus: 0 });
    await expect(run(plus(1))).rejects.toEqual(collision(/more\.zarr was made by another graph/, /--force/));
  });

  it("are never put into, or in place of, what no graph has made", async () => {
    mkdirSync(join(root, "out/more.zarr"), { recursive: true });
    writeFileSync(join(root, "out/more.zarr/notes.txt"), "mine");
    await run({ ...plus(3), outputs: { bin: plus(3).outputs.bin! } });
    for (const force of [false, true]) {
      const strange = force ? /more\.zarr exists and was not made by a graph/ : /(more|bin)\.zarr/;
      await expect(run(plus(1), { force })).rejects.toEqual(collision(strange, /./));
    }
    expect(existsSync(join(root, "first/bin.zarr/zarr.json"))).toBe(true);
    expect([...treeOf(join(root, "out")).keys()]).toEqual(["more.zarr/notes.txt"]);
  });

  it("(34.silence) keep their listing when a few blocks are done again: another graph sees what is changed after that", async () => {
    await run(plus(1));
    const note = () => JSON.parse(readFileSync(join(root, "out/.emporium/graphs/more.zarr.owner.json"), "utf8")) as object;
    expect(note()).toHaveProperty("contents");
    const block = join(root, "out/more.zarr/0/c/0/0/0");
    rmSync(block);
    expect(await run(plus(1), { only: ["more/0"] })).toMatchObject({ exitStatus: 0 });
    expect(existsSync(block)).toBe(true);
    expect(note()).toHaveProperty("contents");
    // a block of another place, as old as the one that it replaces
    const { atime, mtime } = statSync(block);
    writeFileSync(block, readFileSync(join(root, "out/more.zarr/0/c/0/1/1")));
    utimesSync(block, atime, mtime);
    await expect(run(plus(2), { force: true })).rejects.toEqual(collision(/more\.zarr was changed after a graph wrote it/, /./));
  });

  it("(34.silence) whose objects were replaced by older ones are not taken for those of the graph itself", async () => {
    await run(plus(1));
    const block = join(root, "out/more.zarr/0/c/0/0/0");
    utimesSync(block, new Date(1_000_000_000_000), new Date(1_000_000_000_000)); // as cp -p of an old copy
    await expect(run(plus(1))).rejects.toEqual(collision(/more\.zarr was changed after a graph wrote it/, /./));
    rmSync(block);
    expect(await run(plus(1))).toMatchObject({ exitStatus: 0 });
    expect((await readImage(join(root, "out/more.zarr"))).voxels).toEqual(Float32Array.from(voxels, (value) => value + 1));
    // what others put beside it stays
    writeFileSync(join(root, "out/more.zarr/notes.txt"), "mine");
    expect(await run(plus(1))).toMatchObject({ done: 0, exitStatus: 0 });
  });

  it("of one document are replaced only where that is asked for, too", async () => {
    const facts = join(root, "facts.json");
    writeFileSync(facts, "mine");
    const counted: GraphGiven = {
      ...{ version: 1, inputs: { em: join(root, "em.zarr") }, grid: { of: "em", block: [8, 8, 8] } },
      nodes: [{ id: "facts", op: "statistics", in: "em" }],
      outputs: { facts: { to: facts, format: "json" } },
    };
    for (const force of [false, true])
      await expect(run(counted, { force })).rejects.toEqual(
        collision(/facts\.json exists and was not made by a graph/, /--force-overwrite does not replace it/),
      );
    expect(readFileSync(facts, "utf8")).toBe("mine");
    rmSync(facts);
    expect(await run(counted)).toMatchObject({ exitStatus: 0 });
    const coarser = { ...counted, nodes: [{ id: "facts", op: "contrast", in: "em" }] };
    await expect(run(coarser)).rejects.toEqual(
      collision(/facts\.json was made by another graph/, /replace it with --force-overwrite/),
    );
    expect(await run(coarser, { force: true })).toMatchObject({ exitStatus: 0 });
    await run(counted, { force: true });
    expect(await run(counted)).toMatchObject({ done: 0, exitStatus: 0 });
  });
});
