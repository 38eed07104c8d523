import type { Json, JsonObject } from "../../../core/json.js";
import { jsonObject } from "../../../core/json-fields.js";
import { toNumber } from "../../../core/number.js";
import { tiffVoxelSize } from "../../../formats/peek/tiff-voxel.js";
import { parseImageJ } from "../../../formats/tiff/image-j.js";
import { listOf, numberOf, textOf } from "../../../portals/fields.js";
import type { NormalisedRecord } from "./record.js";

/**
 * A record of the reference program, corrected as far as it allows: TIFF by its own width, height, resolution and ImageJ's
 * spacing; precomputed volumes by the order of their document; DM3 offsets without a sign before zero.
 */
export function readReferenceRecord(name: string, own: JsonObject): NormalisedRecord {
  const raw = jsonObject(own.raw_metadata) ?? {};
  const format = formatOf(raw);
  const shape = listOf(own.shape).map((length) => toNumber(length) ?? 0);
  const rank = shape.length;
  const list = <T>(key: string, read: (value: Json) => T | undefined): (T | null)[] =>
    Array.from({ length: rank }, (_, axis) => read(listOf(own[key])[axis] ?? null) ?? null);
  const record: NormalisedRecord = {
    name,
    format,
    shape,
    dtype: textOf(own.dtype) ?? null,
    unit: list("unit", (value) => textOf(value)?.replace(/\\u00b5/gi, "\u00b5")),
    voxel_size: list("voxel_size", toNumber),
    offset: list("offset", (value) => (toNumber(value) === undefined ? undefined : toNumber(value)! + 0)),
    channels: toNumber(own.channels) ?? null,
    axes: axesOf(own, rank),
    contrast: null,
    acquisition: {},
    sources: {},
    warnings: [],
    raw_metadata: raw,
  };
  if (format === "tiff") correctTiff(record);
  if (format === "precomputed") for (const key of ["shape", "unit", "voxel_size", "offset"] as const) record[key].reverse();
  for (const key of ["shape", "dtype", "unit", "voxel_size", "offset", "channels"] as const) {
    const value = record[key];
    const known = Array.isArray(value) ? value.some((one) => one !== null) : value !== null;
    if (known) record.sources[key] = "file";
  }
  return record;
}

function formatOf(raw: JsonObject): NormalisedRecord["format"] {
  if (raw.driver === "neuroglancer_precomputed") return "precomputed";
  if (raw.array !== undefined || raw.parent_group !== undefined) return "zarr";
  if (raw.ImageWidth !== undefined) return "tiff";
  const isDm = Object.keys(raw).some((key) => /^(?:ImageList|ImageTags|ImageData|DocumentObjectList)\b/.test(key));
  return isDm ? "dm3" : "unknown";
}

function axesOf(own: JsonObject, rank: number): string[] {
  const named = listOf(own.axes).map((axis) => textOf(axis) ?? "");
  const usual = ["t", "c", "z", "y", "x"].slice(-rank);
  return named.length === rank
    ? named
    : Array.from({ length: rank }, (_, axis) => usual[axis - rank + usual.length] ?? `dim_${axis}`);
}

function correctTiff(record: NormalisedRecord): void {
  const { raw_metadata: raw, shape } = record;
  const [width, height] = [numberOf(raw.ImageWidth), numberOf(raw.ImageLength)];
  if (shape.length === 3 && width !== undefined && height !== undefined) record.shape = [shape[0]!, height, width];
  const description = textOf(raw.ImageDescription) ?? "";
  const pair = (value: Json | undefined): readonly [number, number] | undefined => {
    const [numerator, denominator = 1] = listOf(value).map(numberOf);
    return numerator === undefined ? undefined : [numerator, denominator];
  };
  const { voxelSize, unit, warnings } = tiffVoxelSize({
    xResolution: pair(raw.XResolution),
    yResolution: pair(raw.YResolution),
    resolutionUnit: numberOf(raw.ResolutionUnit) ?? 2,
    imageJ: parseImageJ(description),
    ome: undefined,
    vendor: undefined,
  });
  if (shape.length !== 3) return;
  // the value of its ImageJ lines is kept if the tags have none
  record.voxel_size = voxelSize.map((size, axis) => size ?? (axis === 0 ? record.voxel_size[0]! : null));
  record.unit = unit.map((name, axis) => name ?? (axis === 0 ? record.unit[0]! : null));
  record.warnings.push(...warnings);
}
