import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { inMemory } from "../../core/bytes.js";
import { colourBytes, colourInstances } from "../../model/colours.js";
import type { PointBatch, PointKind } from "../points/points.js";
import type { AnnotationInfo } from "./annotation-info.js";
import { decodeAnnotation, decodeAnnotations } from "./annotation-records.js";
import { AnnotationCollection, BY_ID_SHARDING, bodyOf } from "./annotations.js";
import { parseInfo } from "./info.js";
import { readShardValue } from "./sharding.js";

interface Case {
  name: string;
  kind: PointKind;
  spacing: number;
  diameter: number;
  positions: number[];
  rotations: number[] | null;
  ids: number[] | null;
  colours: Record<string, number[]> | null;
  info: string;
  unsharded: string;
  spatial: string;
  records: string[];
}

/** Written by test/golden/precomputed/generate.py. */
const golden = JSON.parse(
  readFileSync(new URL("../../../test/golden/precomputed/annotations.json", import.meta.url), "utf8"),
) as Case[];

const bytesOf = (text: string) => new Uint8Array(Buffer.from(text, "base64"));

function batchOf({ positions, rotations, ids }: Case, from = 0, to = positions.length / 3): PointBatch {
  return {
    count: to - from,
    positions: Float64Array.from(positions.slice(3 * from, 3 * to)),
    rotations: rotations ? Float64Array.from(rotations.slice(9 * from, 9 * to)) : undefined,
    instanceIds: ids ? Float64Array.from(ids.slice(from, to)) : undefined,
  };
}

function collect(one: Case, sharded = true, sizes = [Infinity]): AnnotationCollection {
  const objectName = one.ids ? "membrane" : "cytosolic ribosome";
  const style = { voxelSpacingAngstrom: one.spacing, objectName, diameterAngstrom: one.diameter, colourSeed: 3, sharded };
  const collection = new AnnotationCollection(one.kind, style);
  const count = one.positions.length / 3;
  for (let at = 0, turn = 0; at < count; turn++) {
    const to = Math.min(count, at + sizes[turn % sizes.length]!);
    collection.add(batchOf(one, at, to));
    at = to;
  }
  return collection;
}

const filesOf = (collection: AnnotationCollection) =>
  new Map([...collection.files()].map((file) => [file.key, { size: file.size, body: bodyOf(file) }]));

/** The golden's colours are made up: puts ours where they are. */
function withColours(spatial: Uint8Array, one: Case): Uint8Array {
  if (!one.ids) return spatial;
  const recoloured = spatial.slice();
  const instances = [...new Set(one.ids)].sort((a, b) => a - b);
  const colours = colourInstances(instances.length, 3).map(colourBytes);
  const wide = instances.length > 255;
  for (const [i, id] of one.ids.entries()) {
    const at = 8 + i * (wide ? 28 : 24) + (wide ? 22 : 21);
    expect([...recoloured.subarray(at, at + 3)]).toEqual(one.colours![id]);
    recoloured.set(colours[instances.indexOf(id)]!, at);
  }
  return recoloured;
}

describe.each(golden)("annotations: $name", (one) => {
  it("the files equal those of neuroglancer's writer", () => {
    const files = filesOf(collect(one));
    expect([...files.keys()]).toEqual(["spatial0/0_0_0", "by_id/0.shard", "info"]);
    for (const { size, body } of files.values()) expect(body.length).toBe(size);
    expect(new TextDecoder().decode(files.get("info")!.body)).toBe(one.info);
    expect(Buffer.from(files.get("spatial0/0_0_0")!.body)).toEqual(Buffer.from(withColours(bytesOf(one.spatial), one)));
  });

  it("one file a record, where that is asked for", () => {
    const files = filesOf(collect(one, false));
    expect(new TextDecoder().decode(files.get("info")!.body)).toBe(one.unsharded);
    const { limit } = JSON.parse(one.info).spatial[0] as { limit: number };
    expect(files.size).toBe(limit + 2);
    if (!one.ids)
      for (const [id, record] of one.records.entries()) expect(files.get(`by_id/${id}`)!.body).toEqual(bytesOf(record));
  });

  it("every record is found by its id, and reads as what was written", async () => {
    const files = filesOf(collect(one));
    const info = parseInfo(files.get("info")!.body) as AnnotationInfo;
    const all = decodeAnnotations(files.get("spatial0/0_0_0")!.body, info);
    const shard = inMemory(files.get("by_id/0.shard")!.body);
    const floats = one.kind === "orientedPoint" ? 6 : 3;
    for (const [at, id] of all.ids.entries()) {
      const { geometry, properties, related } = decodeAnnotation((await readShardValue(shard, BY_ID_SHARDING, id))!, info);
      expect(id).toBe(BigInt(at));
      expect(geometry).toEqual(all.geometry.slice(at * floats, (at + 1) * floats));
      expect(properties.get("point_index")).toEqual(Float64Array.of(Math.floor(at / (one.kind === "orientedPoint" ? 3 : 1))));
      expect(properties.get("diameter")![0]).toBeCloseTo(one.diameter / 10, 4);
      expect(related.size).toBe(0);
    }
    expect(await readShardValue(shard, BY_ID_SHARDING, BigInt(all.count))).toBeUndefined();
    expect([...all.geometry.subarray(0, 3)]).toEqual(one.positions.slice(0, 3).map(Math.fround));
  });

  it("does not depend on how the points come", () => {
    expect(filesOf(collect(one, true, [2, 1, 0]))).toEqual(filesOf(collect(one)));
  });
});

describe("annotations", () => {
  const style = { voxelSpacingAngstrom: 10, objectName: "x" };

  it("without points there is no folder", () => {
    const none = new AnnotationCollection("point", style);
    none.add({ count: 0, positions: new Float64Array(0) });
    expect([...none.files()]).toEqual([]);
  });

  it("records by id are gzip streams that any program unpacks", () => {
    const collection = new AnnotationCollection("point", style);
    collection.add({ count: 3000, positions: Float64Array.from({ length: 9000 }, (_, i) => i / 7) });
    const shard = bodyOf([...collection.files()].find(({ key }) => key.endsWith(".shard"))!);
    const view = new DataView(shard.buffer);
    // ids 5, 1029 and 2053 share minishard 5
    const [start, end] = [Number(view.getBigUint64(80, true)), Number(view.getBigUint64(88, true))];
    const index = gunzipSync(shard.subarray(16_384 + start, 16_384 + end));
    const numbers = new BigUint64Array(index.buffer.slice(index.byteOffset, index.byteOffset + index.length));
    expect([...numbers.subarray(0, 3)]).toEqual([5n, 1024n, 1024n]);
    expect([...numbers.subarray(4, 6)]).toEqual([0n, 0n]);
    let at = 16_384 + Number(numbers[3]!);
    for (const [i, size] of [...numbers.subarray(6)].entries()) {
      const record = gunzipSync(shard.subarray(at, at + Number(size)));
      expect(record.length).toBe(24);
      expect(record.readFloatLE(16)).toBe(5 + 1024 * i);
      at += Number(size);
    }
  });

  it("more instances than two bytes hold get four", () => {
    const count = 65_537;
    const collection = new AnnotationCollection("instancePoint", style);
    collection.add({
      count,
      positions: new Float64Array(3 * count),
      instanceIds: Float64Array.from({ length: count }, (_, i) => i * 2 ** 20),
    });
    const files = [...collection.files()];
    const info = parseInfo(bodyOf(files.at(-1)!)) as AnnotationInfo;
    expect(info.properties[0]).toMatchObject({ type: "uint32" });
    expect(info.properties[0]!.enumValues!.at(-1)).toBe(65_536);
    const names = decodeAnnotations(bodyOf(files[0]!), info).properties.get("name")!;
    expect([names[0], names[65_536]]).toEqual([0, 65_536]);
  });

  it.each<[string, PointKind, Partial<PointBatch>, RegExp]>([
    ["a coordinate that is no number", "point", { positions: Float64Array.of(1, 2, Number.NaN) }, /point 0 .* NaN/],
    ["a coordinate past float32", "point", { positions: Float64Array.of(1, 2, 1e39) }, /Infinity as a 32-bit float/],
    ["too few coordinates", "point", { positions: Float64Array.of(1, 2) }, /no position/],
    ["a matrix that stretches", "orientedPoint", { rotations: Float64Array.of(2, 0, 0, 0, 1, 0, 0, 0, 1) }, /30 voxels along x/],
    ["a matrix of zeros", "orientedPoint", { rotations: new Float64Array(9) }, /a line of 0 voxels along x/],
    ["no matrix", "orientedPoint", {}, /a line of NaN voxels/],
    ["no instance", "instancePoint", {}, /no instance id/],
    ["half an instance", "instancePoint", { instanceIds: Float64Array.of(0.5) }, /instance id 0.5/],
    ["a negative instance", "instancePoint", { instanceIds: Float64Array.of(-1) }, /instance id -1/],
  ])("refuse %s", (_, kind, batch, message) => {
    const collection = new AnnotationCollection(kind, style);
    expect(() => collection.add({ count: 1, positions: Float64Array.of(1, 2, 3), ...batch })).toThrow(message);
  });

  it("matrices of four digits are rotations", () => {
    const collection = new AnnotationCollection("orientedPoint", style);
    const rotations = Float64Array.of(0.8192, -0.5736, 0, 0.5736, 0.8192, 0, 0, 0, 1);
    collection.add({ count: 1, positions: Float64Array.of(1, 2, 3), rotations });
    expect(collection.points).toBe(1);
  });
});

it("seam 18: bounds of oriented points are the least start and the greatest end with compat, as the portal's writer has them", () => {
  const style = { voxelSpacingAngstrom: 10, objectName: "ribosome", diameterAngstrom: 100 };
  // lines of 15 voxels along −x, −y and z
  const batch = { count: 1, positions: Float64Array.of(20, 30, 40), rotations: Float64Array.of(-1, 0, 0, 0, -1, 0, 0, 0, 1) };
  const boundsOf = (compat: boolean) => {
    const collection = new AnnotationCollection("orientedPoint", { ...style, compat });
    collection.add(batch);
    const info = [...collection.files()].find(({ key }) => key === "info")!;
    const { lower_bound, upper_bound } = JSON.parse(new TextDecoder().decode(bodyOf(info)));
    return { lower_bound, upper_bound };
  };
  expect(boundsOf(true)).toEqual({ lower_bound: [20, 30, 40], upper_bound: [20, 30, 55] });
  expect(boundsOf(false)).toEqual({ lower_bound: [5, 15, 40], upper_bound: [20, 30, 55] });
});
