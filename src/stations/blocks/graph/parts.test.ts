import { describe, expect, it } from "vitest";
import type { Triple } from "../../../core/box.js";
import type { Group } from "./fuse.js";
import type { GraphNode } from "./nodes.js";
import { partOf, piecesBytes } from "./parts.js";
import type { StoredArray } from "./stored-array.js";

const array = (chunk: Triple, shard: Triple | null, shape: Triple = [256, 256, 256], dtype = "uint8") =>
  ({ shape, dtype, chunk, shard }) as unknown as StoredArray;
const none: Triple = [0, 0, 0];
const root = { kind: "local", operator: "threshold" } as unknown as GraphNode;
const read = (chunk: Triple) => ({ kind: "read", chunk }) as unknown as GraphNode;
function group(source: GraphNode, { scale = [1, 1, 1] as Triple, halo = none, of = root } = {}): Group {
  return { root: of, members: new Map([[of, { halo: none }]]), reads: new Map([[source, { halo, scale }]]) } as unknown as Group;
}

describe("the parts of a shard", () => {
  it("are chunks of it, as many together as a chunk of what is read covers", () => {
    expect(partOf(group(read([64, 64, 64])), array([32, 32, 32], [128, 128, 128]))).toEqual([64, 64, 64]);
    expect(partOf(group(read([16, 16, 16])), array([32, 32, 32], [128, 128, 128]))).toEqual([32, 32, 32]);
    // of a value that is half as large along z
    expect(partOf(group(read([128, 64, 64]), { scale: [2, 1, 1] }), array([32, 32, 32], [128, 128, 128]))).toEqual([64, 64, 64]);
    // what was computed before is read as it comes
    expect(partOf(group(root), array([32, 32, 32], [128, 128, 128]))).toEqual([32, 32, 32]);
    // no more than the volume has
    expect(partOf(group(read([64, 256, 64])), array([32, 32, 32], [64, 256, 64], [64, 40, 64]))).toEqual([64, 64, 64]);
  });

  it("are single chunks where whole ones of what is read do not divide the shard, or are too large", () => {
    expect(partOf(group(read([96, 32, 32])), array([32, 32, 32], [128, 128, 128]))).toEqual([32, 32, 32]);
    const large = array([32, 32, 32], [256, 512, 512], [512, 512, 512], "float32");
    expect(partOf(group(read([256, 512, 512])), large)).toEqual([32, 32, 32]);
  });

  it("are none where a block is computed at once", () => {
    const shards = array([32, 32, 32], [128, 128, 128]);
    expect(partOf(group(read([64, 64, 64])), array([32, 32, 32], null))).toBeUndefined();
    expect(partOf(group(read([64, 64, 64])), array([32, 32, 32], [32, 32, 32]))).toBeUndefined();
    expect(partOf(group(read([64, 64, 64])), array([32, 32, 32], [32, 32, 64]))).toEqual([32, 32, 64]);
    expect(partOf(group(read([64, 64, 64]), { halo: [0, 0, 1] }), shards)).toBeUndefined();
    const external = { kind: "local", operator: "external", bound: { params: {} } } as unknown as GraphNode;
    expect(partOf(group(read([64, 64, 64]), { of: external }), shards)).toBeUndefined();
    const reduce = { kind: "reduce" } as unknown as GraphNode;
    expect(partOf(group(read([64, 64, 64]), { of: reduce }), shards)).toBeUndefined();
  });

  it("wait for those before them: of the slices of a part along z, or of its rows along y", () => {
    const shards = array([32, 32, 32], [128, 128, 64], [128, 128, 64], "uint16");
    const sent = 2 * (128 * 128 * 64 * 2);
    expect(piecesBytes([64, 32, 32], shards)).toBe(64 * 128 * 64 * 2 + sent);
    expect(piecesBytes([32, 64, 32], shards)).toBe(32 * 64 * 64 * 2 + sent);
    expect(piecesBytes([32, 32, 64], shards)).toBe(sent);
    const flat = array([32, 16, 8], [128, 128, 64], [128, 128, 64], "uint16");
    expect(piecesBytes([32, 64, 32], flat)).toBe(32 * 64 * 64 * 2 + sent);
    expect(piecesBytes([24, 16, 32], flat)).toBe(sent);
    expect(piecesBytes([32, 24, 32], flat)).toBe(32 * 24 * 64 * 2 + sent);
  });
});
