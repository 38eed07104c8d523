import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CELL_SHAPE, MEMBRANES, SYNTHASES } from "../../examples/lab/cell-scene.mjs";
import { generateLab, type Lab } from "../../examples/lab/generate.mjs";
import { frameOf } from "../../src/arrays/picture/frame.js";
import { decodePng } from "../../src/arrays/picture/png.js";
import { silentLog } from "../../src/core/log.js";
import { ingest } from "../../src/stations/ingest/ingest.js";
import type { SelectionFlags } from "../../src/stations/ingest/selection.js";
import { removeTempFolders, tempFolder } from "./ingest-run-kit.js";

/**
 * The pictures of the guide are those that an import makes of the laboratory's cell, and show what a person would look for. `UPDATE_IMAGES=1`
 * makes them anew; look at them before they are kept.
 */
const IMAGES = new URL("../../docs/images/", import.meta.url);
const SPACING = "10407/cell_01/Reconstructions/VoxelSpacing10.800";
const root = tempFolder();
let lab: Lab<"cell">;
const trees = { plain: join(root, "plain"), marked: join(root, "marked") };

beforeAll(async () => {
  lab = await generateLab({ out: join(root, "lab"), deposits: ["cell"] });
  await run(trees.marked, { everything: true });
  await run(trees.plain, { items: ["tomograms", "key_images"], metadata: ["tomogram"] });
});
afterAll(removeTempFolders);

async function run(output: string, selection: SelectionFlags): Promise<void> {
  const report = await ingest({
    config: lab.deposits[0]!.config,
    input: lab.input,
    output,
    selection,
    workspace: join(root, "workspace"),
    jobs: 2,
    memoryBytes: 2 ** 28,
    keepGoing: true,
    writeMrc: true,
    writeZarr: true,
    forceOverwrite: false,
    compat: false,
    anonymous: false,
    sync: false,
    verify: false,
    dryRun: false,
    log: silentLog,
    signal: new AbortController().signal,
  });
  expect([report.errors, report.warnings]).toEqual([[], []]);
}

const pictureKey = (name: string) => `${SPACING}/Images/100/key-photo-${name}.png`;

describe("the pictures of the guide", () => {
  it.each([
    ["tomogram-plain.png", "plain"],
    ["tomogram-marked.png", "marked"],
  ] as const)("docs/images/%s is the snapshot of the %s cell", (name, tree) => {
    const made = readFileSync(join(trees[tree], pictureKey("snapshot")));
    const file = new URL(name, IMAGES);
    if (process.env.UPDATE_IMAGES) writeFileSync(file, made);
    expect(existsSync(file), `${name} is there (UPDATE_IMAGES=1 makes it)`).toBe(true);
    expect(Buffer.compare(made, readFileSync(file))).toBe(0);
  });
});

describe("a snapshot of the cell", () => {
  const picture = (tree: keyof typeof trees, name = "snapshot") =>
    decodePng(readFileSync(join(trees[tree], pictureKey(name))), name);
  const colourAt = ({ width, rgb }: ReturnType<typeof picture>, x: number, y: number) => {
    const at = 3 * (Math.round(y) * width + Math.round(x));
    return [rgb[at]!, rgb[at + 1]!, rgb[at + 2]!];
  };
  /** Where a place of the tomogram, whose first voxel's middle is at 0, is in the snapshot. */
  const frame = frameOf("snapshot", CELL_SHAPE[1], CELL_SHAPE[2]);
  const pixelOf = (x: number, y: number): [number, number] => {
    const scale = frame.width / frame.w;
    return [(x + 0.5 - frame.x) * scale - 0.5, (y + 0.5 - frame.y) * scale - 0.5];
  };
  const around = Array.from(
    { length: 360 },
    (_, at) => [Math.cos((at * Math.PI) / 180), Math.sin((at * Math.PI) / 180)] as const,
  );
  const { centre, radii } = MEMBRANES[0]!;
  const membrane = (factor: number) =>
    around.map(([right, down]) => pixelOf(centre[0] + factor * radii[0] * right, centre[1] + factor * radii[1] * down));
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const inside = ([x, y]: readonly [number, number]) => x >= 0 && y >= 0 && x < 512 && y < 384;

  it("has membranes that stand out, and uses the range of grey without running out of it", () => {
    const plain = picture("plain");
    const grey = Array.from({ length: plain.width * plain.height }, (_, at) => plain.rgb[3 * at]!);
    const brightness = (factor: number) =>
      mean(
        membrane(factor)
          .filter(inside)
          .map(([x, y]) => colourAt(plain, x, y)[0]!),
      );
    expect(brightness(0.88) - Math.min(brightness(0.97), brightness(0.98), brightness(0.96))).toBeGreaterThan(80);
    const sorted = grey.toSorted((a, b) => a - b);
    const share = (part: number) => sorted[Math.floor(part * (sorted.length - 1))]!;
    expect([share(0.02) < 70, share(0.5) > 140, share(0.5) < 220, share(0.999) < 255]).toEqual([true, true, true, true]);
    expect(new Set(Array.from(plain.rgb.subarray(0, 3000))).size).toBeGreaterThan(30);
  });

  it("has a disc at every point of the slab, in the colour of its layer", () => {
    const state = JSON.parse(
      readFileSync(join(trees.marked, `${SPACING}/NeuroglancerPrecompute/100-neuroglancer_config.json`), "utf8"),
    );
    const layer = state.layers.find(({ name }: { name: string }) => name.includes("ATP synthase"));
    const colour = [1, 3, 5].map((at) => Number.parseInt(layer.annotationColor.slice(at, at + 2), 16));
    const [marked, plain] = [picture("marked"), picture("plain")];
    let seen = 0;
    for (const [x, y, z] of SYNTHASES as [number, number, number][]) {
      const place = pixelOf(x, y);
      if (z < 12 || z > 51 || !inside(place)) continue;
      const before = colourAt(plain, ...place);
      const wanted = colour.map((channel, i) => before[i]! + 0.8 * (channel - before[i]!));
      for (const [i, channel] of colourAt(marked, ...place).entries()) expect(Math.abs(channel - wanted[i]!)).toBeLessThan(3);
      seen++;
    }
    expect(seen).toBeGreaterThan(7);
  });

  it("has masks that tint what is below them and hide nothing", () => {
    const [marked, plain] = [picture("marked"), picture("plain")];
    const tinted = membrane(1)
      .filter(inside)
      .map(([x, y]) => ({ now: colourAt(marked, x, y), before: colourAt(plain, x, y) }))
      // no disc lies here
      .filter(({ now, before }) => Math.max(...now.map((value, i) => Math.abs(value - before[i]!))) < 40);
    expect(tinted.length).toBeGreaterThan(200);
    for (const { now } of tinted) expect(Math.max(...now) - Math.min(...now)).toBeGreaterThan(8);
  });

  it.each(["thumbnail", "expanded"])("is as bright and as wide in itself as the %s is", (name) => {
    const [small, large] = [picture("plain", name), picture("plain")];
    const levels = ({ rgb }: ReturnType<typeof picture>) => {
      let [sum, squares] = [0, 0];
      for (const value of rgb) {
        sum += value;
        squares += value * value;
      }
      const average = sum / rgb.length;
      return { average, deviation: Math.sqrt(squares / rgb.length - average * average) };
    };
    expect(Math.abs(levels(small).average - levels(large).average)).toBeLessThan(4);
    expect(levels(small).deviation / levels(large).deviation).toBeGreaterThan(0.85);
    expect(levels(small).deviation / levels(large).deviation).toBeLessThan(1.15);
  });
});
