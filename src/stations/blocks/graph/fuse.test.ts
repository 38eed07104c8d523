import { describe, expect, it } from "vitest";
import type { Triple } from "../../../core/box.js";
import { fuse } from "./fuse.js";
import type { ComponentsNode, Facts, GraphNode, LocalNode, ReadNode, ReduceNode } from "./nodes.js";

const facts = { shape: [100, 100, 100], voxelSizeNm: [1, 1, 1], dtype: "float32", offsetNm: [0, 0, 0] } as unknown as Facts;
const base = (name: string) => ({ name, path: ["nodes", name], facts });
const read = (name: string): ReadNode => ({
  ...base(name),
  kind: "read",
  input: name,
  level: 0,
  select: undefined,
  chunk: [64, 64, 64],
});
function local(
  name: string,
  from: readonly GraphNode[],
  more: { halo?: number; scale?: number; fuse?: boolean } = {},
): LocalNode {
  const { halo = 0, scale = 1 } = more;
  const of = (value: number): Triple => [value, value, value];
  const bound = { params: {}, output: facts, halo: of(halo), scale: of(scale), origin: of(0) } as unknown as LocalNode["bound"];
  return { ...base(name), kind: "local", operator: "o", version: 1, bound, from, fuse: more.fuse ?? true };
}
const reduce = (name: string, from: GraphNode, halo: Triple): ReduceNode => ({
  ...base(name),
  kind: "reduce",
  reduction: "r",
  version: 1,
  params: {},
  halo,
  from: [from],
});
const components = (name: string, from: GraphNode): ComponentsNode =>
  ({ ...base(name), kind: "components", from: [from], connectivity: 6, minVoxels: 0 }) as unknown as ComponentsNode;

/** Each group in a line: `root = members < what is read`, with halos behind names. */
function groups(nodes: readonly GraphNode[], outputs: readonly string[], block: Triple = [10, 10, 10]) {
  const told = (map: ReadonlyMap<GraphNode, { halo: Triple; scale: Triple }>) =>
    [...map].map(([{ name }, { halo, scale }]) => `${name}:${halo.join("/")}${scale[0] === 1 ? "" : `x${scale[0]}`}`).join(" ");
  return fuse(
    nodes,
    ({ name }) => outputs.includes(name),
    () => block,
  ).map(({ root, members, reads }) => `${root.name} = ${told(members)} < ${told(reads)}`);
}

describe("(35.2) operators that are computed together", () => {
  const input = read("in");

  it("are a chain down to the inputs: each needs the halos of those behind it", () => {
    const a = local("a", [input], { halo: 1 });
    const b = local("b", [a], { halo: 0 });
    // (12 / 10)³ − 1 = 0.73 is much, of blocks of 20 it is 0.33
    expect(groups([input, a, b], ["b"], [20, 20, 20])).toEqual(["b = b:0/0/0 a:0/0/0 < in:1/1/1"]);
    const c = local("c", [b], { halo: 1 });
    expect(groups([input, a, b, c], ["c"], [20, 20, 20])).toEqual(["c = c:0/0/0 b:1/1/1 a:1/1/1 < in:2/2/2"]);
  });

  it("end where a halo would be computed again for more than 60 % of the block; what is pointwise is computed again at any price", () => {
    const a = local("a", [input], { halo: 1 });
    const b = local("b", [a], { halo: 1 });
    expect(groups([input, a, b], ["b"])).toEqual(["a = a:0/0/0 < in:1/1/1", "b = b:0/0/0 < a:1/1/1"]);
    const plain = local("plain", [input]);
    const c = local("c", [plain], { halo: 9 });
    expect(groups([input, plain, c], ["c"])).toEqual(["c = c:0/0/0 plain:9/9/9 < in:9/9/9"]);
    // pointwise itself, but not what it is made of
    const behind = local("behind", [a]);
    const d = local("d", [behind], { halo: 9 });
    expect(groups([input, a, behind, d], ["d"], [20, 20, 20])).toEqual([
      "behind = behind:0/0/0 a:0/0/0 < in:1/1/1",
      "d = d:0/0/0 < behind:9/9/9",
    ]);
  });

  it("measure a halo by the block in their own voxels: of twice the resolution it has twice the edge", () => {
    const a = local("a", [input], { halo: 1 });
    const b = local("b", [a], { halo: 1, scale: 2 });
    // (22 / 20)³ − 1 = 0.33; of [10, 10, 10] it were 0.73
    expect(groups([input, a, b], ["b"])).toEqual(["b = b:0/0/0 a:1/1/1x2 < in:2/2/2x2"]);
  });

  it("are no outputs, none that the graph wants stored, and none that several groups need", () => {
    const a = local("a", [input]);
    const b = local("b", [a]);
    expect(groups([input, a, b], ["a", "b"])).toEqual(["a = a:0/0/0 < in:0/0/0", "b = b:0/0/0 < a:0/0/0"]);
    const stored = local("stored", [input], { fuse: false });
    expect(groups([input, stored, local("c", [stored])], ["c"])).toEqual([
      "stored = stored:0/0/0 < in:0/0/0",
      "c = c:0/0/0 < stored:0/0/0",
    ]);
    const [one, other] = [local("one", [a]), local("other", [a])];
    expect(groups([input, a, one, other], ["one", "other"])).toEqual([
      "a = a:0/0/0 < in:0/0/0",
      "one = one:0/0/0 < a:0/0/0",
      "other = other:0/0/0 < a:0/0/0",
    ]);
  });

  it("need of a node that they reach by two ways the wider of the two; where these lie apart it is stored, and all of it read", () => {
    const a = local("a", [input]);
    const [narrow, wide] = [local("narrow", [a]), local("wide", [a], { halo: 1 })];
    const sum = local("sum", [narrow, wide]);
    expect(groups([input, a, narrow, wide, sum], ["sum"], [20, 20, 20])).toEqual([
      "sum = sum:0/0/0 wide:0/0/0 narrow:0/0/0 a:1/1/1 < in:1/1/1",
    ]);
    const coarse = local("coarse", [a], { scale: 2 });
    const both = local("both", [narrow, coarse]);
    expect(groups([input, a, narrow, coarse, both], ["both"], [20, 20, 20])).toEqual([
      "a = a:0/0/0 < in:0/0/0",
      "both = both:0/0/0 coarse:0/0/0 narrow:0/0/0 < a:100/100/100",
    ]);
  });

  it("have a reduction or components as a root of their own, with what these read around a block", () => {
    const a = local("a", [input]);
    const sum = reduce("sum", a, [1, 2, 3]);
    expect(groups([input, a, sum], [])).toEqual(["sum = a:1/2/3 < in:1/2/3"]);
    const labels = components("labels", a);
    const after = local("after", [labels]);
    expect(groups([input, a, labels, after], ["after"])).toEqual([
      "labels = a:0/0/0 < in:0/0/0",
      "after = after:0/0/0 < labels:0/0/0",
    ]);
  });
});
