import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { mrcHeaderBytes } from "../../../src/formats/mrc/write.js";
import { type Newcomer, newcomer } from "./newcomer.js";

/**
 * A tomogram as large as a chunk of the portal is converted, checked, computed on block by block, and what was computed is read again: defaults only,
 * in a folder with a blank and an umlaut, each command twice.
 */
const SIDE = 256;
const GRAPH = `version: 1
inputs: { em: Tomogramm ä.zarr }
grid: { of: em }
nodes:
  - { id: bright, op: threshold, in: em, above: 1000 }
  - { id: cells, op: components, in: bright, connectivity: 6 }
  - { id: numbers, op: cast, in: cells, dtype: uint16 }
  - { id: facts, op: statistics, in: numbers }
outputs:
  cells: { to: Ergebnis/cells.zarr, chunk: [64, 64, 64] }
  facts: { to: Ergebnis/facts.json, format: json }
`;
let person: Newcomer;

beforeAll(async () => {
  person = newcomer();
  writeFileSync(person.at("t.mrc"), tomogram());
  writeFileSync(person.at("graph.yaml"), GRAPH);
  const converted = await person.run("ingest", "convert", "t.mrc", "Tomogramm ä.zarr");
  expect([converted.status, converted.err]).toEqual([0, ""]);
}, 180_000);
afterAll(() => person?.leave());

/** Numbers below 1000 that hardly compress, and bars along z of 2·(i + 1) voxels each, one for each i below 20. */
function tomogram(): Uint8Array {
  const head = mrcHeaderBytes({
    kind: "tomogram",
    shape: [SIDE, SIDE, SIDE],
    dtype: "float32",
    voxelSizeAngstrom: 10,
    statistics: { min: 0, max: 2000, mean: 0, rms: 0 },
    dateMs: 0,
  });
  const voxels = new Float32Array(SIDE ** 3);
  for (let at = 0, state = 1; at < voxels.length; at++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    voxels[at] = (state / 2 ** 32) * 1000;
  }
  for (let i = 0; i < 20; i++) for (let z = 0; z < 2 * (i + 1); z++) voxels[((60 + z) * SIDE + 10 * i) * SIDE + 5 * i] = 2000;
  return Buffer.concat([head, new Uint8Array(voxels.buffer)]);
}

const json = ({ out }: { out: string }) => JSON.parse(out) as Record<string, unknown>;

describe("from a volume to blocks and back", () => {
  it("is what it should be, as check and ls tell", async () => {
    const checked = await person.run("blocks", "check", "Tomogramm ä.zarr", "--json");
    expect([checked.status, json(checked).errors]).toEqual([0, []]);
    const listed = json(await person.run("blocks", "ls", "Tomogramm ä.zarr", "--json"));
    expect(listed.levels).toMatchObject([{ shape: [SIDE, SIDE, SIDE], chunk: [SIDE, SIDE, SIDE] }, {}, {}]);
  });

  it("is computed on with the default memory, and the second time nothing is left to do", async () => {
    const { run, tasks } = json(await person.run("blocks", "plan", "graph.yaml", "--json"));
    const first = await person.run("blocks", "run", "graph.yaml", "--json");
    expect([first.status, json(first).errors]).toEqual([0, []]);
    expect(json(first)).toMatchObject({ run, tasks, done: tasks });
    const again = await person.run("blocks", "run", "graph.yaml", "--json");
    expect(json(again)).toMatchObject({ done: 0, already: tasks });
    // numbers 1 to 20 in the order of first voxels: the bar i has 2·(i + 1) voxels
    const sum = Array.from({ length: 20 }, (_, i) => (i + 1) * 2 * (i + 1)).reduce((a, b) => a + b);
    expect(JSON.parse(readFileSync(person.at("Ergebnis/facts.json"), "utf8"))).toMatchObject({ max: 20, sum });
    const listed = json(await person.run("blocks", "ls", "Ergebnis/cells.zarr", "--json"));
    expect(listed.levels).toMatchObject([{ shape: [SIDE, SIDE, SIDE], dtype: "uint64", voxelSizeNm: [1, 1, 1] }]);
  });

  it.skipIf(process.platform === "win32")("says on Ctrl-C that it was stopped, and nothing of processes that ended", async () => {
    writeFileSync(person.at("stopped.yaml"), GRAPH.replaceAll("Ergebnis", "Gestoppt"));
    const isComputing = () => existsSync(person.at("Gestoppt/.emporium-graphs"));
    const { status, err } = await person.interrupt(isComputing, "blocks", "run", "stopped.yaml");
    expect([status, err]).toEqual([130, "error[CANCELLED]: stopped by SIGINT\n  hint: run the same command again to resume\n"]);
    expect((await person.run("blocks", "run", "stopped.yaml")).status).toBe(0);
  });

  it("is computed on at a coarser level, wherever that is said", async () => {
    const coarse = (em: string, grid: string) => `version: 1
inputs: { em: ${em} }
grid: { ${grid} }
nodes:
  - { id: facts, op: statistics, in: em }
outputs:
  facts: { to: Ergebnis/${grid.length}.json, format: json }
`;
    writeFileSync(person.at("a.yaml"), coarse('{ from: "Tomogramm ä.zarr", level: 2 }', "of: em"));
    writeFileSync(person.at("b.yaml"), coarse("Tomogramm ä.zarr", "of: em, level: 2"));
    for (const name of ["a.yaml", "b.yaml"]) expect((await person.run("blocks", "run", name)).status).toBe(0);
    const read = (name: string) => JSON.parse(readFileSync(person.at("Ergebnis", name), "utf8")) as object;
    expect(read("6.json")).toMatchObject({ count: (SIDE / 4) ** 3 });
    expect(read("16.json")).toEqual(read("6.json"));
  });

  it("is measured with the default memory", async () => {
    const measured = await person.run("blocks", "preflight", "graph.yaml", "--json");
    expect(measured.status).toBe(0);
    const stored = await person.run("blocks", "bench", "Tomogramm ä.zarr", "--count", "8", "--json");
    expect([stored.status, json(stored)]).toMatchObject([0, { block: [128, 128, 128], blocks: 8 }]);
    // a level smaller than a block: what was read is told
    const coarse = await person.run("blocks", "bench", "Tomogramm ä.zarr", "--level", "2", "--count", "2", "--json");
    expect(json(coarse)).toMatchObject({ block: [64, 64, 64] });
  });

  it.each([
    ["preflight", "graph.yaml", "--block", "32"],
    ["preflight", "graph.yaml", "--level", "1"],
    ["stream", "Tomogramm ä.zarr", "--seed", "7"],
    ["stream", "Tomogramm ä.zarr", "--epoch", "1", "--order", "scan"],
    ["stream", "Tomogramm ä.zarr", "--token-file", "token"],
    ["stream", "Tomogramm ä.zarr", "--resample", "labels=nearest"],
  ])("what would have no effect is refused: blocks %s %s %s", async (...words) => {
    const refused = await person.run("blocks", ...words, "--json");
    expect([refused.status, json(refused).errors]).toMatchObject([2, [{ code: "USAGE" }]]);
  });

  it("is streamed twice in the memory of one, and says how much that is before a client comes", async () => {
    const two = ["blocks", "stream", "a=Tomogramm ä.zarr", "b=Tomogramm ä.zarr", "--json"];
    const usual = await person.run(...two);
    expect([usual.status, usual.err]).toEqual([0, ""]);
    const little = await person.run(...two, "--memory", "64MiB");
    expect(little.status).not.toBe(0);
    const [error] = json(little).errors as { code: string; hint: string }[];
    expect(error).toMatchObject({ code: "MEMORY_LIMIT", hint: expect.stringMatching(/--memory \d+MiB/) });
    const [, memory] = /--memory (\d+MiB)/.exec(error!.hint)!;
    const more = await person.run(...two, "--memory", memory!);
    expect([more.status, more.err]).toEqual([0, ""]);
  });
});
