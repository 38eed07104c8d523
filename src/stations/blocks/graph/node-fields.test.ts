import { describe, expect, it } from "vitest";
import { collectFaults } from "./faults.js";
import { MapFields } from "./map.js";
import { meshesOf, meshesParams } from "./meshes/fields.js";
import { type Facts, type GraphNode, identityOf } from "./nodes.js";
import { refusePrecomputed, voxelOffset } from "./precomputed-array.js";
import { SaveFields, savedBy, saveParams } from "./save/fields.js";

const facts = (more: Partial<Facts> = {}) =>
  ({ shape: [8, 8, 8], voxelSizeNm: [2, 1, 1], offsetNm: [0, 0, 0], dtype: "uint16", ...more }) as unknown as Facts;
const reduce = (reduction: string, params = { a: 1 }) =>
  ({ kind: "reduce", name: "n", reduction, version: 3, params, from: [{ name: "in" }] }) as unknown as GraphNode;
const local = {
  kind: "local",
  reduction: "save",
  operator: "save",
  version: 1,
  bound: { params: {} },
  from: [],
} as unknown as GraphNode;

describe("save", () => {
  const save = (fields: object, ...inputs: { name: string; facts: Facts }[]) =>
    saveParams(
      SaveFields.parse({ as: "webdataset", block: [4, 4, 4], ...fields }),
      inputs.length > 0 ? inputs : [{ name: "em", facts: facts() }],
    );

  it("has a file for each block, or for each shard of a webdataset", () => {
    expect(save({ as: "npy" })).toEqual({
      ...{ as: "npy", block: [4, 4, 4], file: [4, 4, 4], tensors: [{ name: "em", dtype: "uint16" }] },
      ...{ shape: [8, 8, 8], voxelSizeNm: [2, 1, 1], offsetNm: [0, 0, 0] },
    });
    expect(save({ shard: [8, 4, 8] })).toMatchObject({ block: [4, 4, 4], file: [8, 4, 8] });
    const other = { name: "a-b_1", facts: facts({ dtype: "float32" }) };
    expect(save({ as: "safetensors" }, { name: "em", facts: facts() }, other).tensors).toHaveLength(2);
    const sizes = [undefined, 1, 1] as unknown as Facts["voxelSizeNm"];
    expect(save({}, { name: "em", facts: facts({ voxelSizeNm: sizes }) }).voxelSizeNm).toEqual([null, 1, 1]);
  });

  it("refuses what no file can have", () => {
    const em = { name: "em", facts: facts() };
    expect(() => save({ as: "npy", shard: [8, 8, 8] })).toThrow("save: shard: npy has a file for each block");
    expect(() => save({ shard: [8, 6, 8] })).toThrow("save: shard: 8×6×8 is not a whole number of blocks of 4×4×4");
    expect(() => save({ as: "npy" }, em, { ...em, name: "b" })).toThrow("a file for numpy.load has one array");
    expect(() => save({}, em, { name: "b", facts: facts({ shape: [8, 8, 9] }) })).toThrow(
      "save: in: b has 8×8×9 voxels, em has 8×8×8",
    );
    expect(() => save({}, { ...em, name: "a/b" })).toThrow('save: in: "a/b" becomes part of file names');
    expect(SaveFields.safeParse({ as: "npy", block: [0, 4, 4] }).success).toBe(false);
    expect(SaveFields.safeParse({ as: "npy", block: [1, 4, 4] }).success).toBe(true);
  });

  it("is told from other nodes, and so are meshes", () => {
    expect([savedBy(reduce("save")), savedBy(reduce("meshes")), savedBy(local)]).toEqual([{ a: 1 }, undefined, undefined]);
    expect([meshesOf(reduce("meshes")), meshesOf(reduce("save")), meshesOf(local)]).toEqual([{ a: 1 }, undefined, undefined]);
  });

  it("has an identity of its operator, version, parameters and inputs", () => {
    expect(identityOf(reduce("save"))).toEqual({ op: "save", version: 3, params: { a: 1 }, from: ["in"] });
    const components = { kind: "components", connectivity: 6, minVoxels: 5, from: [{ name: "in" }] } as unknown as GraphNode;
    expect(identityOf(components)).toMatchObject({ op: "components", params: { connectivity: 6, minVoxels: 5 }, from: ["in"] });
  });
});

describe("meshes", () => {
  it("are of labels whose voxels have a size", () => {
    expect(meshesParams({ voxelSizeNm: undefined }, facts())).toEqual({ voxelSizeNm: [2, 1, 1], offsetNm: [0, 0, 0] });
    expect(meshesParams({ voxelSizeNm: [4, 4, 4] }, facts())).toMatchObject({ voxelSizeNm: [4, 4, 4] });
    for (const dtype of ["float32", "float16", "complex64", "uint4"] as const)
      expect(() => meshesParams({ voxelSizeNm: undefined }, facts({ dtype }))).toThrow(`takes integers, not ${dtype}`);
    for (const axis of [0, 1, 2]) {
      const sizes = [2, 1, 1].map((size, i) => (i === axis ? undefined : size)) as unknown as Facts["voxelSizeNm"];
      expect(() => meshesParams({ voxelSizeNm: undefined }, facts({ voxelSizeNm: sizes }))).toThrow("give voxelSizeNm");
    }
  });
});

describe("a precomputed volume", () => {
  it("begins at the voxel of its grid that the centre of its first voxel lies in; coarser levels where that one begins", () => {
    const finest = facts({ voxelSizeNm: [2, 1, 1], offsetNm: [5, 0, -3] } as unknown as Partial<Facts>);
    expect(voxelOffset(finest, finest)).toEqual([2, 0, -3]);
    expect(voxelOffset(finest, facts({ voxelSizeNm: [4, 2, 2] } as unknown as Partial<Facts>))).toEqual([1, 0, -2]);
  });

  const faultsOf = (document: object, levels = [facts()]) => {
    const said: [PropertyKey | undefined, string][] = [];
    const faults = {
      ...collectFaults(() => ({})),
      add: (path: readonly PropertyKey[], text: string) => said.push([path.at(-1), text]),
    };
    refusePrecomputed(document as Parameters<typeof refusePrecomputed>[0], levels, ["outputs", "out"], faults as never);
    return said;
  };

  it("has neither shards nor other codecs", () => {
    expect([faultsOf({}), faultsOf({ codec: "raw" })]).toEqual([[], []]);
    expect(faultsOf({ shard: [64, 64, 64] })).toEqual([["shard", "precomputed volumes are written without shards"]]);
    expect(faultsOf({ codec: "zstd" })).toEqual([["codec", "precomputed volumes have no chunks of zstd"]]);
  });
});

it("a module gets no neighbours unless it asks for them: along each axis, or along all", () => {
  const haloOf = (halo?: number | number[]) => MapFields.parse({ module: "m", ...(halo !== undefined && { halo }) }).halo;
  expect([haloOf(), haloOf(2), haloOf([1, 0, 3])]).toEqual([
    [0, 0, 0],
    [2, 2, 2],
    [1, 0, 3],
  ]);
});
