import { cpSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { pathToFileURL } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Triple } from "../../src/core/box.js";
import { EmporiumError } from "../../src/core/errors.js";
import type { GraphGiven } from "../../src/stations/blocks/graph/document.js";
import { planGraph } from "../../src/stations/blocks/graph/plan.js";
import { type GraphOptions, runGraph } from "../../src/stations/blocks/graph/run.js";
import { noise, readImage, treeOf, writeImage } from "./blocks-kit.js";

const SHAPE: Triple = [8, 16, 16];
const voxels = noise(SHAPE, "int16") as Int16Array;

let root: string;
const at = (...words: string[]) => join(root, ...words);
function link(to: string, name: string): string {
  symlinkSync(at(to), at(name));
  return at(name);
}
beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), "emporium 'places' "));
  await writeImage(at("data/em.zarr"), SHAPE, "int16", voxels);
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const work = { jobs: 0, memoryBytes: 2 ** 28 };
const run = (graph: GraphGiven, options: Partial<GraphOptions> = {}) =>
  runGraph(graph, { ...work, workspace: at("workspace"), sync: false, ...options });

/** Adds a number to each voxel. */
const plus = (offset: number, to: string, from = at("data/em.zarr")): GraphGiven => ({
  version: 1,
  inputs: { em: from },
  grid: { of: "em", block: [8, 8, 8] },
  nodes: [{ id: "more", op: "affine", in: "em", offset }],
  outputs: { more: { to, chunk: [8, 8, 8] } },
});

async function refusal(graph: GraphGiven, force = true): Promise<string[]> {
  const error = await run(graph, { force }).catch((thrown: unknown) => thrown);
  if (!(error instanceof EmporiumError)) throw new Error("nothing was refused");
  const hints = [error.facts.hint, ...(error.facts.others ?? []).map(({ hint }) => hint)];
  return [error, ...(error.facts.others ?? [])].map(({ code, message }, index) => `${code} ${message} (${hints[index]})`);
}

describe("(34.6) an output that is an input", () => {
  it.each<[string, () => [to: string, from: string]]>([
    ["by the same words", () => [at("data/em.zarr"), at("data/em.zarr")]],
    ["with a slash at its end", () => [`${at("data/em.zarr")}/`, at("data/em.zarr")]],
    ["with two dots", () => [`${at("data")}/../data/em.zarr`, at("data/em.zarr")]],
    ["relative to the folder of the program", () => [relative(process.cwd(), at("data/em.zarr")), at("data/em.zarr")]],
    ["as a URL", () => [pathToFileURL(at("data/em.zarr")).href, at("data/em.zarr")]],
    ["with its format", () => [at("data/em.zarr"), `zarr://${at("data/em.zarr")}`]],
    ["with a pipe", () => [at("data/em.zarr"), `${at("data/em.zarr")}|zarr3:`]],
    ["through a link to it", () => [link("data/em.zarr", "link.zarr"), at("data/em.zarr")]],
    ["which is the link", () => [at("data/em.zarr"), link("data/em.zarr", "link.zarr")]],
    ["through a link to its folder", () => [`${link("data", "link")}/em.zarr`, at("data/em.zarr")]],
    ["inside of it, not there yet", () => [at("data/em.zarr/labels/more"), at("data/em.zarr")]],
    ["its array", () => [at("data/em.zarr/0"), at("data/em.zarr")]],
    ["around it", () => [at("data"), at("data/em.zarr")]],
    ["around its array", () => [at("data/em.zarr"), at("data/em.zarr/0")]],
  ])("is refused whatever is asked for: %s", async (_, places) => {
    const [to, from] = places();
    const before = treeOf(root);
    for (const force of [false, true]) {
      const [message, ...others] = await refusal(plus(1, to, from), force);
      expect(message).toMatch(
        /^CONFIG_COLLISION .* (is the same place as|is inside|contains) input em \(.*\) \(give the output a/,
      );
      expect([message, ...others].join()).not.toContain("--force-overwrite");
    }
    await expect(planGraph(plus(1, to, from), work)).rejects.toMatchObject({ code: "CONFIG_COLLISION" });
    expect(treeOf(root)).toEqual(before);
  });

  it("is refused as the file of an HDF5 dataset, or as a single file", async () => {
    writeFileSync(at("cells.h5"), "not opened");
    writeFileSync(at("em.mrc"), "not opened");
    expect(await refusal(plus(1, at("cells.h5"), `${at("cells.h5")}#/volume`))).toContainEqual(
      expect.stringMatching(/cells\.h5 is the same place as input em/),
    );
    expect(await refusal(plus(1, at("em.mrc"), at("em.mrc")))).toContainEqual(expect.stringMatching(/same place as input em/));
  });

  it("is told for every output, as are outputs in one another, in spite of links", async () => {
    mkdirSync(at("out"));
    symlinkSync(at("out"), at("other"));
    const graph: GraphGiven = {
      ...plus(1, at("out/a.zarr")),
      outputs: {
        more: { to: at("out/a.zarr") },
        em: { to: at("data/em.zarr") },
        a: { of: "more", to: at("other/a.zarr"), format: "ome-zarr-0.4" },
        b: { of: "more", to: at("out/a.zarr/0/b.zarr") },
        c: { of: "more", to: at("out/c.zarr") },
      },
    };
    expect(await refusal(graph)).toEqual([
      expect.stringMatching(/data\/em\.zarr is the same place as input em/),
      expect.stringMatching(/other\/a\.zarr is the same place as output more/),
      expect.stringMatching(/b\.zarr is inside output more/),
      expect.stringMatching(/b\.zarr is inside output a/),
    ]);
    expect([...treeOf(at("out")).keys()]).toEqual([]);
  });
});

describe("(34.6) what is at the place of an output", () => {
  it("made by somebody else is never replaced, and no message says how", async () => {
    await writeImage(at("out.zarr"), SHAPE, "int16", voxels);
    const before = treeOf(at("out.zarr"));
    for (const force of [false, true])
      expect(await refusal(plus(1, at("out.zarr")), force)).toEqual([
        expect.stringMatching(/out\.zarr exists and was not made by a graph \(give .*--force-overwrite does not replace it\)/),
      ]);
    await expect(planGraph(plus(1, at("out.zarr")), work)).rejects.toMatchObject({ code: "CONFIG_COLLISION" });
    expect(treeOf(at("out.zarr"))).toEqual(before);
  });

  it("is replaced as long as it is what a graph has made, and a plan says that it would be", async () => {
    await run(plus(1, at("out.zarr")));
    const { notes } = await planGraph(plus(2, at("out.zarr")), work);
    expect(notes).toEqual([expect.stringMatching(/out\.zarr was made by another graph.*: replace it with --force-overwrite/)]);
    expect(await run(plus(2, at("out.zarr")), { force: true })).toMatchObject({ exitStatus: 0 });
    expect((await readImage(at("out.zarr"))).voxels).toEqual(Float32Array.from(voxels, (value) => value + 2));
    expect((await planGraph(plus(2, at("out.zarr")), work)).notes).toEqual([]);
  });

  it.each<[string, () => Promise<void> | void]>([
    [
      "another volume",
      async () => {
        rmSync(at("out.zarr"), { recursive: true });
        await writeImage(at("out.zarr"), SHAPE, "float32", new Float32Array(voxels));
      },
    ],
    [
      "another volume with the same metadata",
      () => {
        renameSync(at("out.zarr"), at("away.zarr"));
        cpSync(at("away.zarr"), at("out.zarr"), { recursive: true });
      },
    ],
    ["voxels that somebody has painted", () => writeFileSync(at("out.zarr/0/c/0/0/1"), readFileSync(at("out.zarr/0/c/0/0/0")))],
    [
      "labels that a program has put into it",
      () => {
        mkdirSync(at("out.zarr/labels"));
        writeFileSync(at("out.zarr/labels/zarr.json"), "{}");
      },
    ],
    [
      "files without a volume",
      () => {
        rmSync(at("out.zarr"), { recursive: true });
        mkdirSync(at("out.zarr"));
        writeFileSync(at("out.zarr/notes.txt"), "mine");
      },
    ],
    [
      "a file",
      () => {
        rmSync(at("out.zarr"), { recursive: true });
        writeFileSync(at("out.zarr"), "mine");
      },
    ],
    [
      "a link to another volume",
      async () => {
        rmSync(at("out.zarr"), { recursive: true });
        await writeImage(at("mine.zarr"), SHAPE, "int16", voxels);
        symlinkSync(at("mine.zarr"), at("out.zarr"));
      },
    ],
  ])("is not replaced by another graph once it is another: %s", async (_, change) => {
    await run(plus(1, at("out.zarr")));
    await new Promise((resolve) => setTimeout(resolve, 20));
    await change();
    const before = treeOf(root);
    expect(await refusal(plus(2, at("out.zarr")))).toEqual([
      expect.stringMatching(
        /out\.zarr (was changed after a graph wrote it|exists and was not made by a graph) \(give the output/,
      ),
    ]);
    expect(treeOf(root)).toEqual(before);
  });

  it("is not written into by its own graph where it is another volume by now", async () => {
    await run(plus(1, at("out.zarr")));
    rmSync(at("out.zarr"), { recursive: true });
    await writeImage(at("out.zarr"), SHAPE, "int16", voxels);
    const before = treeOf(root);
    for (const force of [false, true])
      expect(await refusal(plus(1, at("out.zarr")), force)).toEqual([
        expect.stringMatching(/was changed after a graph wrote it/),
      ]);
    expect(treeOf(root)).toEqual(before);
  });

  it("keeps voxels that somebody has painted when its own graph runs again, and what lies beside them", async () => {
    await run(plus(1, at("out.zarr")));
    mkdirSync(at("out.zarr/labels"));
    writeFileSync(at("out.zarr/labels/zarr.json"), "{}");
    expect(await run(plus(1, at("out.zarr")))).toMatchObject({ done: 0, exitStatus: 0 });
    await new Promise((resolve) => setTimeout(resolve, 20));
    writeFileSync(at("out.zarr/0/c/0/0/1"), readFileSync(at("out.zarr/0/c/0/0/0")));
    const before = treeOf(root);
    expect(await refusal(plus(1, at("out.zarr")))).toEqual([expect.stringMatching(/was changed after a graph wrote it/)]);
    expect(treeOf(root)).toEqual(before);
  });

  it("begun by a graph is not replaced once there is a volume of somebody else", async () => {
    expect(await run(plus(1, at("out.zarr")), { only: ["more/0"] })).toMatchObject({ done: 1 });
    await writeImage(at("mine.zarr"), SHAPE, "int16", voxels);
    rmSync(at("out.zarr"), { recursive: true });
    cpSync(at("mine.zarr"), at("out.zarr"), { recursive: true });
    const before = treeOf(root);
    for (const graph of [plus(1, at("out.zarr")), plus(2, at("out.zarr"))])
      expect(await refusal(graph)).toEqual([expect.stringMatching(/was changed after a graph wrote it/)]);
    expect(treeOf(root)).toEqual(before);
  });

  it("is known by graphs whose first output is elsewhere, and told for every output at once", async () => {
    const two = (offset: number): GraphGiven => ({
      ...plus(offset, at("first/out.zarr")),
      outputs: { em: { to: at("copies/em.zarr") }, more: { to: at("first/out.zarr") } },
    });
    await run(plus(1, at("first/out.zarr")));
    await writeImage(at("copies/em.zarr"), SHAPE, "int16", voxels);
    expect(await refusal(two(2), false)).toEqual([
      expect.stringMatching(/copies\/em\.zarr exists and was not made by a graph/),
      expect.stringMatching(
        /first\/out\.zarr was made by another graph, or from other inputs \(replace it with --force-overwrite/,
      ),
    ]);
    rmSync(at("copies"), { recursive: true });
    expect(await run(two(2), { force: true })).toMatchObject({ exitStatus: 0 });
    expect(statSync(dirname(at("first/out.zarr"))).isDirectory()).toBe(true);
    expect((await readImage(at("first/out.zarr"))).voxels).toEqual(Float32Array.from(voxels, (value) => value + 2));
  });

  it("as a document is replaced only where a graph has made it and nobody has edited it", async () => {
    const facts = at("facts.json");
    const counted = (op: string): GraphGiven => ({
      ...{ version: 1, inputs: { em: at("data/em.zarr") }, grid: { of: "em", block: [8, 8, 8] } },
      nodes: [{ id: "facts", op, in: "em" }],
      outputs: { facts: { to: facts, format: "json" } },
    });
    writeFileSync(facts, "mine");
    for (const force of [false, true])
      expect(await refusal(counted("statistics"), force)).toEqual([expect.stringMatching(/exists and was not made by a graph/)]);
    expect(readFileSync(facts, "utf8")).toBe("mine");
    rmSync(facts);
    await run(counted("statistics"));
    expect(await run(counted("contrast"), { force: true })).toMatchObject({ exitStatus: 0 });
    const text = readFileSync(facts, "utf8");
    writeFileSync(facts, `${text} `);
    for (const graph of [counted("statistics"), counted("contrast")])
      expect(await refusal(graph)).toEqual([expect.stringMatching(/was changed after a graph wrote it/)]);
    expect(readFileSync(facts, "utf8")).toBe(`${text} `);
  });
});
