import { decode as decodePng } from "fast-png";
import { inMemory } from "../../../src/core/bytes.js";
import { parseGlb } from "../../../src/formats/mesh/glb.js";
import type { AnnotationInfo } from "../../../src/formats/precomputed/annotation-info.js";
import { type Annotation, decodeAnnotation, decodeAnnotations } from "../../../src/formats/precomputed/annotation-records.js";
import { parseInfo } from "../../../src/formats/precomputed/info.js";
import { readIndexed, readMinishardIndex } from "../../../src/formats/precomputed/sharding.js";
import { compareNumbers, compareValues, type Found } from "./difference.js";

/** Members whose value is the time of writing. */
const CLOCKS = new Set(["last_updated_at"]);

/** JSON documents, field by field; whether a number is written `1` or `1.0` says nothing. */
export function compareJson(reference: Uint8Array, ours: Uint8Array): Found[] {
  const [there, here] = [reference, ours].map((bytes) => JSON.parse(textOf(bytes)) as unknown);
  return compareValues("", there, here).filter(({ at }) => !CLOCKS.has(at));
}

/** Newline-delimited JSON, record by record, and the characters between them. */
export function compareNdjson(reference: Uint8Array, ours: Uint8Array): Found[] {
  const [there, here] = [textOf(reference), textOf(ours)];
  const records = (text: string) =>
    text
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line) as unknown);
  const found = compareValues("", records(there), records(here));
  if (found.length > 0 || there === here) return found;
  return [{ at: "text", reference: there.slice(-20), ours: here.slice(-20) }];
}

/** Fields of the header: name, first byte, type. */
const MRC_FIELDS: readonly (readonly [string, number, "i" | "f"])[] = [
  ...["nx", "ny", "nz", "mode", "nxstart", "nystart", "nzstart", "mx", "my", "mz"].map((name, i) => [name, 4 * i, "i"] as const),
  ...["cella.x", "cella.y", "cella.z", "alpha", "beta", "gamma"].map((name, i) => [name, 40 + 4 * i, "f"] as const),
  ...["mapc", "mapr", "maps"].map((name, i) => [name, 64 + 4 * i, "i"] as const),
  ...["dmin", "dmax", "dmean"].map((name, i) => [name, 76 + 4 * i, "f"] as const),
  ["ispg", 88, "i"],
  ["nsymbt", 92, "i"],
  ["extra1", 96, "i"],
  ["extra1.1", 100, "i"],
  ["exttyp", 104, "i"],
  ["nversion", 108, "i"],
  ...Array.from({ length: 21 }, (_, i) => [`extra2.${i}`, 112 + 4 * i, "i"] as const),
  ...["origin.x", "origin.y", "origin.z"].map((name, i) => [name, 196 + 4 * i, "f"] as const),
  ["map", 208, "i"],
  ["machst", 212, "i"],
  ["rms", 216, "f"],
  ["nlabl", 220, "i"],
];
const MRC_ITEM_BYTES: Readonly<Record<number, number>> = { 0: 1, 1: 2, 2: 4, 6: 2, 12: 2 };

/** Headers field by field (bytes read here, not by our reader), labels, extended headers, voxels. The date in the first label says nothing. */
export function compareMrc(reference: Uint8Array, ours: Uint8Array): Found[] {
  const [there, here] = [viewOf(reference), viewOf(ours)];
  const found: Found[] = [];
  for (const [at, byte, type] of MRC_FIELDS) {
    const read = (view: DataView) => (type === "i" ? view.getInt32(byte, true) : view.getFloat32(byte, true));
    if (!Object.is(read(there), read(here))) found.push({ at, reference: read(there), ours: read(here) });
  }
  for (let label = 0; label < 10; label++) {
    const read = (bytes: Uint8Array) =>
      textOf(bytes.subarray(224 + 80 * label, 304 + 80 * label)).replace(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d/, "DATE");
    if (read(reference) !== read(ours)) found.push({ at: `label[${label}]`, reference: read(reference), ours: read(ours) });
  }
  const start = 1024 + there.getInt32(92, true);
  if (start !== 1024 + here.getInt32(92, true) || there.getInt32(12, true) !== here.getInt32(12, true)) return found;
  found.push(...compareNumbers("extended header", reference.subarray(1024, start), ours.subarray(1024, start)));
  const voxels = (bytes: Uint8Array) =>
    itemsOf(bytes.subarray(start), there.getInt32(12, true) === 2 ? "<f4" : `<u${MRC_ITEM_BYTES[there.getInt32(12, true)] ?? 1}`);
  return [...found, ...compareNumbers("voxels", voxels(reference), voxels(ours))];
}

/** Numbers of one of numpy's types. */
export type Items = Float32Array | Uint16Array | Int16Array | Int8Array | Uint8Array | Uint32Array;

/** Bytes as numbers of a type of numpy's, little-endian. */
export function itemsOf(bytes: Uint8Array, dtype: string): Items {
  const { buffer, byteOffset, byteLength } = bytes.byteOffset % 4 === 0 ? bytes : new Uint8Array(bytes);
  switch (dtype.slice(1)) {
    case "f4":
      return new Float32Array(buffer, byteOffset, byteLength / 4);
    case "u2":
    case "f2":
      return new Uint16Array(buffer, byteOffset, byteLength / 2);
    case "i2":
      return new Int16Array(buffer, byteOffset, byteLength / 2);
    case "i1":
      return new Int8Array(buffer, byteOffset, byteLength);
    case "u1":
      return new Uint8Array(buffer, byteOffset, byteLength);
    case "u4":
      return new Uint32Array(buffer, byteOffset, byteLength / 4);
    default:
      throw new Error(`no type of ours: ${dtype}`);
  }
}

/** Meshes: names, vertices and triangles as our reader of glTF gives them for both. */
export async function compareGlb(reference: Uint8Array, ours: Uint8Array): Promise<Found[]> {
  const [there, here] = await Promise.all([parseGlb(reference, "reference"), parseGlb(ours, "ours")]);
  if (there.length !== here.length) return [{ at: "parts", reference: there.length, ours: here.length }];
  return there.flatMap((part, i) => [
    ...(part.name === here[i]!.name ? [] : [{ at: `part[${i}].name`, reference: part.name, ours: here[i]!.name }]),
    ...compareNumbers(`part[${i}].positions`, part.positions, here[i]!.positions),
    ...compareNumbers(`part[${i}].triangles`, part.triangles, here[i]!.triangles),
  ]);
}

/** Pictures: their size, then their pixels. */
export function comparePng(reference: Uint8Array, ours: Uint8Array): Found[] {
  const [there, here] = [decodePng(reference), decodePng(ours)];
  const sizeOf = ({ width, height }: typeof there) => `${width}×${height}`;
  if (sizeOf(there) !== sizeOf(here)) return [{ at: "size", reference: sizeOf(there), ours: sizeOf(here) }];
  if (there.channels !== here.channels) return [{ at: "channels", reference: there.channels, ours: here.channels }];
  return compareNumbers("pixels", there.data, here.data);
}

/** Points of a view, those of a cell of the spatial index; both read by our reader of the format. */
export function compareCell(info: AnnotationInfo, reference: Uint8Array, ours: Uint8Array): Found[] {
  const [there, here] = [decodeAnnotations(reference, info), decodeAnnotations(ours, info)];
  return [
    ...compareNumbers("ids", [...there.ids].map(Number), [...here.ids].map(Number)),
    ...compareNumbers("geometry", there.geometry, here.geometry),
    ...propertiesOf(there, here),
  ];
}

/** Points of a view by their ids: every minishard of a shard, every record in it. */
export async function compareShard(info: AnnotationInfo, reference: Uint8Array, ours: Uint8Array): Promise<Found[]> {
  const [there, here] = await Promise.all([recordsOf(info, reference), recordsOf(info, ours)]);
  const ids = compareNumbers("ids", [...there.keys()].map(Number), [...here.keys()].map(Number));
  if (ids.length > 0) return ids;
  return [...there].flatMap(([id, record]) => [
    ...compareNumbers(`${id}.geometry`, record.geometry, here.get(id)!.geometry),
    ...propertiesOf(record, here.get(id)!),
  ]);
}

async function recordsOf(info: AnnotationInfo, bytes: Uint8Array): Promise<Map<bigint, Annotation>> {
  const sharding = info.byId.sharding;
  if (!sharding) throw new Error("annotations by id are not in shards");
  const source = inMemory(bytes);
  const records = new Map<bigint, Annotation>();
  for (let minishard = 0; minishard < 2 ** sharding.minishardBits; minishard++) {
    const index = await readMinishardIndex(source, sharding, minishard);
    for (const [at, id] of (index?.ids ?? []).entries()) {
      records.set(id, decodeAnnotation(await readIndexed(source, sharding, index!, at), info));
    }
  }
  return new Map([...records].sort(([a], [b]) => Number(a - b)));
}

type Properties = Pick<Annotation, "properties">;

function propertiesOf(reference: Properties, ours: Properties): Found[] {
  return [...reference.properties].flatMap(([id, values]) => compareNumbers(id, values, ours.properties.get(id) ?? []));
}

export function annotationInfoOf(bytes: Uint8Array): AnnotationInfo {
  const info = parseInfo(bytes);
  if (info.kind !== "annotations") throw new Error(`annotations wanted, found ${info.kind}`);
  return info;
}

export function compareBytes(reference: Uint8Array, ours: Uint8Array): Found[] {
  return compareNumbers("bytes", reference, ours);
}

const viewOf = (bytes: Uint8Array) => new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
const textOf = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
