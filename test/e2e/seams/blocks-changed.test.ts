import { closeSync, openSync, readdirSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { noise, readImage, writeImage } from "../blocks-kit.js";
import { type Newcomer, newcomer } from "./newcomer.js";

/** A voxel of an input is changed in place, by another program, between two runs of one graph. */
const GRAPH = `version: 1
inputs: { em: em.zarr }
grid: { of: em, block: [16, 16, 16] }
nodes:
  - { id: bright, op: threshold, in: em, above: 5000 }
outputs:
  bright: { to: bright.zarr, chunk: [16, 16, 16] }
`;

let person: Newcomer;
beforeAll(async () => {
  person = newcomer();
  await writeImage(person.at("em.zarr"), [32, 32, 32], "int16", noise([32, 32, 32], "int16"));
  writeFileSync(person.at("graph.yaml"), GRAPH);
});
afterAll(() => person?.leave());

const run = async (...more: string[]) => {
  const { status, out } = await person.run("blocks", "run", "graph.yaml", "--jobs", "1", "--json", ...more);
  return { ...(JSON.parse(out) as { run: string }), exit: status };
};
const brightVoxels = async () => (await readImage(person.at("bright.zarr"))).voxels.filter((value) => value !== 0).length;

describe("voxels of an input that were changed in place", () => {
  it("are noticed: what was made of the old ones is not called done", async () => {
    const first = await run();
    expect(first).toMatchObject({ exit: 0, done: 8, errors: [] });
    expect(await run()).toMatchObject({ exit: 0, done: 0, already: 8, run: first.run });
    expect(await brightVoxels()).toBe(0);

    const chunks = join(person.at("em.zarr"), "0/c/1/1");
    const file = openSync(join(chunks, readdirSync(chunks).at(-1)!), "r+");
    writeSync(file, Uint8Array.of(0xff, 0x7f), 0, 2, 100);
    closeSync(file);

    const refused = await run();
    expect(refused).toMatchObject({ errors: [{ code: "CONFIG_COLLISION", hint: expect.stringContaining("--force-overwrite") }] });
    expect(refused.exit).not.toBe(0);
    const again = await run("--force-overwrite");
    expect(again).toMatchObject({ exit: 0, done: 8, already: 0 });
    expect(again.run).not.toBe(first.run);
    expect(await brightVoxels()).toBe(1);
    expect(await run()).toMatchObject({ exit: 0, already: 8, run: again.run });
  });
});
