import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { JsonObject } from "../core/json.js";
import { type Colour, colourBytes, colourHex, colourInstances, colourLayers, colourSeed, distinctColours } from "./colours.js";
import { numpyRandomState, pythonRandom } from "./mersenne-twister.js";

/** Written by test/golden/colours/generate.py. */
const golden = JSON.parse(readFileSync(new URL("../../test/golden/colours/colours.json", import.meta.url), "utf8")) as {
  random: { seed: number; python: number[]; numpy: number[] }[];
  seeds: { metadata: JsonObject; shape: string; seed: number }[];
  colours: { count: number; seed: number; exclude: Colour[]; floats: Colour[]; hex: string[]; bytes: number[][] }[];
  layers: { metadata: JsonObject; shape: string; count: number; hex: string[] }[][];
};

const fas = {
  annotation_method: "CNN predictions",
  annotation_object: { id: "GO:0005835", name: "FAS" },
  deposition_id: 10301,
  ground_truth_status: true,
};

describe("random sources", () => {
  it.each(golden.random)("of Python and numpy, seed $seed", ({ seed, python, numpy }) => {
    const [ours, theirs] = [pythonRandom(seed), numpyRandomState(seed)];
    expect(python.map(() => ours())).toEqual(python);
    expect(numpy.map(() => theirs())).toEqual(numpy);
  });
});

describe("colours of annotations", () => {
  it("the portal's own vectors", () => {
    const mask = { metadata: fas, shape: "InstanceSegmentationMask", count: 3 };
    expect(colourSeed(fas, "InstanceSegmentationMask")).toBe(1119262480);
    expect(colourLayers([mask])[0]?.map(colourHex)).toEqual(["#51508b", "#ffff00", "#00ffff"]);
    const [points, semantic] = colourLayers([
      { metadata: fas, shape: "OrientedPoint" },
      { metadata: fas, shape: "SegmentationMask" },
    ]);
    expect(colourSeed(fas, "OrientedPoint")).toBe(371339269);
    expect(colourSeed(fas, "SegmentationMask")).toBe(1008237848);
    expect([points, semantic].map((colours) => colours?.map(colourHex))).toEqual([["#9f311a"], ["#00ffff"]]);
  });

  it.each(golden.seeds)("seed $seed of $shape", ({ metadata, shape, seed }) => {
    expect(colourSeed(metadata, shape)).toBe(seed);
  });

  it("a seed does not depend on the order of keys, in lists either", () => {
    // Python: md5 of json.dumps({"annotation_method": …, …, "shape": "Point"}, sort_keys=True), as an integer, modulo 2^32 − 1
    for (const method of [
      [{ b: 1, a: "x" }, 2],
      [{ a: "x", b: 1 }, 2],
    ])
      expect(colourSeed({ annotation_method: method }, "Point")).toBe(641611992);
  });

  it("a seed reads own members only", () => {
    const inherited: JsonObject = Object.create({ annotation_method: "x" });
    expect(colourSeed(inherited, "Point")).toBe(colourSeed({}, "Point"));
  });

  it.each(golden.colours.map((one) => [`${one.count} of seed ${one.seed}, ${one.exclude.length} excluded`, one] as const))(
    "%s, to the last bit",
    (_, { count, seed, exclude, floats, hex, bytes }) => {
      const colours = distinctColours(count, seed, exclude);
      expect(colours).toEqual(floats);
      expect(colours.map(colourHex)).toEqual(hex);
      expect(colours.map(colourBytes)).toEqual(bytes);
    },
  );

  it.each(golden.layers.map((layers, i) => [i, layers] as const))("of view %i, layer by layer", (_, layers) => {
    expect(colourLayers(layers).map((colours) => colours.map(colourHex))).toEqual(layers.map(({ hex }) => hex));
  });

  const cube = (steps: number[]) =>
    steps.flatMap((red) => steps.flatMap((green) => steps.map((blue): Colour => [red, green, blue])));
  // white, grey and black are never taken
  const places = cube([0, 0.5, 1]).filter((colour) => new Set(colour).size > 1);
  it.each(places)("%f, %f, %f is taken where all others of its lattice are", (...free) => {
    const others = [...cube([0, 0.5, 1]), ...cube([0.25, 0.75])].filter((colour) => colour.some((value, i) => value !== free[i]));
    expect(others).toHaveLength(27 + 8 - 1);
    expect(distinctColours(1, 7, others)).toEqual([free]);
  });

  it("come again after twenty", () => {
    const colours = colourInstances(47, 9);
    expect(new Set(colours).size).toBe(20);
    expect(colours.slice(20, 40)).toEqual(colours.slice(0, 20));
    expect(colours[45]).toEqual(colours[5]);
    expect(colourInstances(0, 9)).toEqual([]);
  });
});
