import { describe, expect, it } from "vitest";
import type { BlockVolume } from "../../../arrays/blocks/volume.js";
import { isEmporiumError } from "../../../core/errors.js";
import { collectFaults } from "./faults.js";
import { refuseOverlaps } from "./overlaps.js";
import { planOutputs, planResults } from "./plan-outputs.js";
import { readGraph } from "./read-graph.js";
import { resolveGraph } from "./resolve.js";
import { planTargets } from "./targets.js";

/** Of 32 × 48 × 64 voxels and of half as many, 2 nm. */
const volume = (dtype = "int16") =>
  ({
    name: "em",
    identity: [],
    levels: [1, 2].map((scale) => ({
      shape: [32 / scale, 48 / scale, 64 / scale],
      dtype,
      voxelSizeNm: [2 * scale, 2 * scale, 2 * scale],
      offsetNm: [0, 0, 0],
      chunk: [16, 16, 16],
    })),
  }) as unknown as BlockVolume;

function looked(text: string, volumes: Record<string, BlockVolume> = { em: volume() }) {
  const read = readGraph(`version: 1\n${text}`, "graph.yaml");
  const faults = collectFaults(read.placeOf, read.faults);
  const graph = resolveGraph(read, new Map(Object.entries(volumes)), faults);
  refuseOverlaps(read.document, faults);
  const names = Object.keys(read.document.outputs);
  const { placed } = names.length === 0 ? { placed: [] } : planTargets(names.map((name) => read.document.outputs[name]!.to));
  const places = new Map(names.map((name, at) => [name, placed[at]!]));
  const outputs = planOutputs(graph, places, faults);
  const results = planResults(graph, places, faults);
  const told: string[] = [];
  try {
    faults.check();
  } catch (error) {
    if (!isEmporiumError(error)) throw error;
    const all = [{ code: error.code, message: error.message, ...error.facts.place }, ...(error.facts.others ?? [])];
    told.push(...all.map(({ line, code, message }) => `${line} ${code}: ${message}`));
  }
  return { graph, outputs, results, told, nodes: graph.nodes.map(({ name }) => name) };
}

const HEAD = `inputs: { em: /data/em.zarr }
grid: { of: em }
`;
const graphOf = (nodes: string, outputs: string) => `${HEAD}nodes:\n${nodes}\noutputs:\n${outputs}\n`;
const BIN = "  - { id: bin, op: threshold, in: em, above: 3 }";
const OUT = "  bin: { to: /out/bin.zarr }";

describe("what the names of a graph stand for", () => {
  it("is in the order in which it is needed, with its type, and nothing is told where all fits", () => {
    const nodes = `  - { id: cells, op: components, in: bin, minVoxels: 9 }\n${BIN}\n  - { id: facts, op: statistics, in: em }`;
    const {
      told,
      graph,
      outputs,
      results,
      nodes: names,
    } = looked(graphOf(nodes, `  cells: { to: /out/cells.zarr }\n  facts: { to: /out/facts.json, format: json }`));
    expect([told, names]).toEqual([[], ["em", "bin", "cells", "facts"]]);
    expect(graph.grid?.name).toBe("em");
    expect(graph.nodes.map(({ facts }) => facts.dtype)).toEqual(["int16", "uint8", "uint64", "int16"]);
    expect(graph.nodes[2]).toMatchObject({ kind: "components", connectivity: 26, minVoxels: 9 });
    expect(outputs.map(({ name, folder, location, array }) => [name, folder, location, array])).toEqual([
      [
        "cells",
        "cells.zarr/",
        "file:///out/cells.zarr",
        {
          ...{ shape: [32, 48, 64], dtype: "uint64", chunk: [32, 48, 64], shard: null },
          ...{ format: "zarr3", folder: "cells.zarr/0/", codec: "blosc-lz4", offset: null },
        },
      ],
    ]);
    expect(results).toMatchObject([{ name: "facts", format: "json", key: "facts.json" }]);
  });

  it("is a level of an input, by the grid or by itself, once", () => {
    const level = (head: string) => looked(`${head}nodes:\n${BIN}\noutputs:\n${OUT}\n`);
    const shapes = ({ graph }: ReturnType<typeof looked>) => graph.nodes.map(({ facts }) => facts.shape.join("×"));
    expect(shapes(level("inputs: { em: /data/em.zarr }\ngrid: { of: em, level: 1 }\n"))).toEqual(["16×24×32", "16×24×32"]);
    expect(shapes(level("inputs: { em: { from: /data/em.zarr, level: 1 } }\ngrid: { of: em }\n"))).toEqual([
      "16×24×32",
      "16×24×32",
    ]);
    expect(level("inputs: { em: { from: /data/em.zarr, level: 1 } }\ngrid: { of: em, level: 0 }\n").told).toEqual([
      "3 CONFIG_RULE: level 0 is given, and level 1 for em itself: give it once",
    ]);
    expect(level("inputs: { em: /data/em.zarr }\ngrid: { of: em, level: 2 }\n").told).toEqual([
      "3 CONFIG_RULE: em has no level 2, it has 2",
    ]);
    expect(level("inputs: { em: /data/em.zarr }\ngrid: { of: bin, level: 1 }\n").told).toEqual([
      "3 CONFIG_RULE: bin is not an input: it has one level",
    ]);
    // of another input than that of the grid
    const two = "inputs: { em: /data/em.zarr, mask: /data/mask.zarr }\ngrid: { of: mask, level: 1 }\n";
    const nodes = "  - { id: both, op: mask, in: em, by: mask }";
    const both = looked(`${two}nodes:\n${nodes}\noutputs:\n  both: { to: /out/both.zarr }\n`, {
      em: volume(),
      mask: volume("uint8"),
    });
    expect(both.graph.grid?.facts.shape).toEqual([16, 24, 32]);
  });

  it.each<[what: string, nodes: string, outputs: string, told: readonly string[]]>([
    ["no output", BIN, "", ["6 CONFIG_RULE: no outputs are named, so nothing would be computed"]],
    ["a name of nothing", BIN.replace("in: em", "in: en"), OUT, ["5 CONFIG_RULE: no input or node is called en"]],
    ["a name twice", `${BIN}\n${BIN}`, OUT, ["6 CONFIG_RULE: bin is the name of another node or input"]],
    [
      "a circle",
      "  - { id: bin, op: threshold, in: more, above: 3 }\n  - { id: more, op: gaussian, in: bin, sigma: 1 }",
      OUT,
      ["6 CONFIG_RULE: the nodes need each other in a circle: bin ← more ← bin"],
    ],
    ["no such operator", BIN.replace("threshold", "treshold"), OUT, ["5 CONFIG_FIELD: no operator treshold"]],
    [
      "no field for what is read",
      BIN.replace("in: em, ", ""),
      OUT,
      ['5 CONFIG_FIELD: there is no field "in": it names the input or node that is read'],
    ],
    [
      "a number for what is read",
      BIN.replace("in: em", "in: 3"),
      OUT,
      ["5 CONFIG_FIELD: in is not a name: it names the input or node that is read"],
    ],
    [
      "a node that nothing reads",
      `${BIN}\n  - { id: more, op: gaussian, in: em, sigma: 1 }`,
      OUT,
      ["6 CONFIG_UNUSED: more is read by nothing and is not an output"],
    ],
    [
      "a result in the place of a volume",
      "  - { id: facts, op: statistics, in: em }\n  - { id: bin, op: threshold, in: facts, above: 3 }",
      OUT,
      ["6 CONFIG_RULE: facts is the result of a reduction, no volume"],
    ],
    [
      "a volume in the place of a number",
      "  - { id: more, op: gaussian, in: em, sigma: 1 }\n  - { id: bin, op: threshold, in: em, above: { of: more, path: mean } }",
      OUT,
      ["6 CONFIG_RULE: more is a volume: it has no single result"],
    ],
    [
      "a result without a format",
      "  - { id: facts, op: statistics, in: em }",
      "  facts: { to: /out/facts }",
      ["7 CONFIG_RULE: facts is a result, no volume"],
    ],
    ["a volume with a format of results", BIN, OUT.replace(" }", ", format: json }"), ["7 CONFIG_RULE: bin is a volume"]],
    [
      "a codec of another format",
      "  - { id: cells, op: components, in: em }",
      "  cells: { to: /out/c.zarr, codec: compressed_segmentation }",
      ["7 CONFIG_RULE: ome-zarr-0.5 has no chunks of compressed_segmentation"],
    ],
    [
      "shards that are no whole chunks",
      BIN,
      "  bin: { to: /out/bin.zarr, chunk: [8, 8, 8], shard: [16, 12, 16] }",
      ["7 CONFIG_RULE: a shard of 16×12×16 is not a whole number of chunks of 8×8×8"],
    ],
    [
      "shards and zstd where there are none",
      BIN,
      "  bin: { to: /out/bin.zarr, format: ome-zarr-0.4, codec: zstd, shard: [16, 16, 16], type: image }",
      [
        "7 CONFIG_RULE: OME-Zarr 0.4 is written with blosc-lz4 or raw",
        "7 CONFIG_RULE: ome-zarr-0.4 has no shards",
        "7 CONFIG_RULE: ome-zarr-0.4 has no type",
      ],
    ],
    [
      "levels of another type than what is stored",
      "  - { id: half, op: downsample, in: em, levels: 2 }",
      "  em-out: { of: em, to: /out/em.zarr, dtype: float32 }",
      ["7 CONFIG_RULE: its levels are int16"],
    ],
    [
      "the coarsest level alone",
      "  - { id: half, op: downsample, in: em, levels: 2 }",
      "  half: { to: /out/half.zarr }",
      ["7 CONFIG_RULE: half would hold one level of 2, the coarsest (16×24×32 voxels)"],
    ],
    [
      "what neighbours write, fused and in blocks of any size",
      "  - { id: seen, op: external, in: em, command: [cat], after: neighbours-6, halo: [1, 1, 1], fuse: true }",
      "  seen: { to: /out/seen.zarr }",
      [
        "5 CONFIG_RULE: the result depends on the size of blocks, and the grid has none",
        "5 CONFIG_RULE: what neighbours write is always stored",
      ],
    ],
    [
      "two outputs in one place, and one in the input",
      `${BIN}\n  - { id: more, op: gaussian, in: em, sigma: 1 }`,
      `${OUT}\n  more: { to: /out/bin.zarr/more }\n  em-out: { of: em, to: /data/em.zarr }`,
      [
        "10 CONFIG_COLLISION: /data/em.zarr is the same place as input em (/data/em.zarr)",
        "9 CONFIG_COLLISION: /out/bin.zarr/more is inside output bin (/out/bin.zarr)",
      ],
    ],
  ])("%s", (_, nodes, outputs, wanted) => {
    const { told } = looked(graphOf(nodes, outputs).replace("outputs:\n\n", "outputs: {}\n"));
    expect([...told].sort()).toEqual(wanted);
  });

  it("is a threshold in the middle of the contrast, and a number that a reduction gives", () => {
    const auto = looked(graphOf(BIN.replace("3", "auto"), OUT));
    expect([auto.told, auto.nodes]).toEqual([[], ["em", "bin-contrast", "bin"]]);
    expect(auto.graph.nodes[2]).toMatchObject({ values: [{ field: "above", path: ["limits"], isMiddle: true }] });
    const facts = "  - { id: facts, op: statistics, in: em }\n";
    const named = looked(graphOf(`${facts}${BIN.replace("3", "{ of: facts, path: mean }")}`, OUT));
    expect([named.told, named.nodes]).toEqual([[], ["em", "facts", "bin"]]);
    expect(named.graph.nodes[2]).toMatchObject({ values: [{ field: "above", path: ["mean"], isMiddle: false }] });
    expect(looked(graphOf(`${facts}${BIN.replace("3", "{ of: facts }")}`, OUT)).told).toHaveLength(1);
  });

  it("has levels, each of the one before, and all of them in the output of the finest", () => {
    const half = "  - { id: half, op: downsample, in: em, levels: 3 }";
    const { told, nodes, outputs } = looked(graphOf(half, "  em-out: { of: em, to: /out/em.zarr }"));
    expect([told, nodes]).toEqual([[], ["em", "half-1", "half-2"]]);
    expect(outputs[0]!.coarser.map(({ array }) => [array.folder, array.shape.join("×")])).toEqual([
      ["em.zarr/1/", "16×24×32"],
      ["em.zarr/2/", "8×12×16"],
    ]);
    // two outputs of it: the first has the levels
    const twice = looked(graphOf(half, "  a: { of: em, to: /out/a.zarr }\n  b: { of: em, to: /out/b.zarr }"));
    expect(twice.outputs.map(({ coarser, node }) => [coarser.length, node.kind, node.name])).toEqual([
      [2, "local", "a"],
      [0, "local", "b"],
    ]);
    // one factor alone is an operator like any other
    expect(looked(graphOf(half.replace(", levels: 3", ""), "  half: { to: /out/half.zarr }")).nodes).toEqual(["em", "half"]);
  });

  it("is stored as it is, or as a copy of another type or name", () => {
    const { told, outputs } = looked(
      graphOf(
        BIN,
        "  bin: { to: /out/bin.zarr, dtype: float32 }\n  again: { of: bin, to: s3://bucket/again.zarr, shard: [32, 48, 64] }",
      ),
    );
    expect(told).toEqual([]);
    expect(outputs.map(({ node, array, place }) => [node.name, array.dtype, array.chunk.join("×"), place])).toEqual([
      ["bin-out", "float32", "32×48×64", "bin.zarr"],
      ["bin", "uint8", "32×48×64", "s3://bucket/again.zarr"],
    ]);
  });

  it("is told of precomputed volumes by what they lack", () => {
    const precomputed = (more: string) => looked(graphOf(BIN, `  bin: { to: /out/bin, format: precomputed${more} }`));
    const { told, outputs } = precomputed(", dtype: uint64");
    expect([told, outputs[0]!.array.codec, outputs[0]!.array.folder]).toEqual([[], "compressed_segmentation", "bin/2_2_2/"]);
    expect(precomputed(", dtype: uint32").outputs[0]!.array.codec).toBe("compressed_segmentation");
    expect(precomputed("").outputs[0]!.array.codec).toBe("raw");
    expect(precomputed(", codec: zstd, dtype: float64").told).toEqual([
      "7 CONFIG_RULE: precomputed volumes have no chunks of zstd",
      "7 CONFIG_RULE: precomputed volumes have no float64",
    ]);
  });
});
