import { describe, expect, it } from "vitest";
import { mrcFile, withBlocks } from "../../../test/laboratory-kit.js";
import { inMemory } from "../../core/bytes.js";
import { readMrcHeader } from "./header.js";
import { sectionTilts, unnamedBlocks } from "./section-tilts.js";

const TILTS = [-48, -24.5, 0, 24.25, 48];

async function read(bytes: Uint8Array) {
  const source = inMemory(bytes, "TS_01.mrc");
  const header = await readMrcHeader(source);
  return { kind: unnamedBlocks(header), tilts: await sectionTilts(source, header) };
}

const stack = (sections: number) => mrcFile([sections, 8, 8], 2, { kind: "stack", seed: 1 });
type Blocks = Parameters<typeof withBlocks>[1];
const agard = (tilts: readonly number[], reals: number, ints = 0): Blocks => ({
  sizes: [ints, reals],
  blocks: tilts.map((tilt) => {
    const block = new DataView(new ArrayBuffer(4 * (ints + reals)));
    block.setFloat32(4 * ints, tilt, true);
    return new Uint8Array(block.buffer);
  }),
});
const serialem = (tilts: readonly number[], flags: number, bytes: number, name?: string): Blocks => ({
  ...{ sizes: [bytes, flags], name },
  blocks: tilts.map((tilt) => {
    const block = new DataView(new ArrayBuffer(bytes));
    block.setInt16(0, Math.round(100 * tilt), true);
    return new Uint8Array(block.buffer);
  }),
});
const fei1 = (tilts: readonly number[]): Blocks => ({
  ...{ sizes: [0, 0], name: "FEI1" },
  blocks: tilts.map((tilt) => {
    const block = new DataView(new ArrayBuffer(768));
    block.setInt32(0, 768, true);
    block.setFloat64(100, tilt, true);
    return new Uint8Array(block.buffer);
  }),
});

describe("tilts behind the header of a stack", () => {
  it.each<[string, Blocks, string]>([
    ["UCSF Tomo", agard(TILTS, 12), "AGAR"],
    ["FEI's programs of old, with room for more sections", agard([...TILTS, 0, 0, 0], 32), "AGAR"],
    ["integers before them", agard(TILTS, 4, 3), "AGAR"],
    ["SerialEM", serialem(TILTS, 1 + 4, 6, "SERI"), ""],
    ["SerialEM before headers were named", serialem(TILTS, 1, 2), "SERI"],
    ["FEI1", fei1(TILTS), ""],
  ])("are those of each section: %s", async (_, blocks, kind) => {
    expect(await read(withBlocks(stack(TILTS.length), blocks))).toEqual({ kind, tilts: TILTS });
  });

  it.each<[string, Blocks]>([
    ["all are one, as of a movie", agard([12, 12, 12, 12, 12], 12)],
    ["a program has kept them in a volume with more sections", agard([-48, 0, 48, 0, 0, 0, 0, 0], 12)],
    ["they are no tilts", agard([0, 1, 200, 3, 4], 12)],
    ["they are too few", agard(TILTS.slice(0, 4), 12)],
    ["SerialEM has written other numbers", serialem(TILTS, 2, 6, "SERI")],
    ["SerialEM has written other numbers, without a name", serialem(TILTS, 2, 6)],
  ])("are none where %s", async (_, blocks) => {
    const sections = Math.max(TILTS.length, blocks.blocks.length);
    expect((await read(withBlocks(stack(sections), blocks))).tilts).toBeUndefined();
  });
});
