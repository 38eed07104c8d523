import type { Json, JsonObject } from "../../../core/json.js";
import { jsonObject } from "../../../core/json-fields.js";
import { Float, toNumber } from "../../../core/number.js";
import { parseImageJ } from "../../../formats/tiff/image-j.js";
import { isOmeXml } from "../../../formats/tiff/is-ome-xml.js";
import { at, listOf, numberOf, objectsOf } from "../../../portals/fields.js";
import type { NormalisedRecord } from "./record.js";

/**
 * A record as the reference program writes it, its errors included (`--compat reference`). Only its own keys; sizes and offsets
 * are floats. TIFF: width before height, ImageJ's unit and spacing on every axis. Precomputed: the stored order x, y, z with the
 * names z, y, x. DM3: one slice with the negated product of origin and scale, also `-0.0`.
 */
export function referenceForm(record: NormalisedRecord): JsonObject {
  switch (record.format) {
    case "tiff":
      return tiffForm(record);
    case "dm3":
    case "dm4":
      return dmForm(record);
    case "zarr":
      return zarrForm(record);
    case "precomputed":
      return precomputedForm(record);
    default:
      return otherForm(record);
  }
}

const floats = (values: readonly (number | null | undefined)[]): Json[] =>
  values.map((value) => (typeof value === "number" ? new Float(value) : null));

function tiffForm({ raw_metadata: raw, dtype, channels, shape }: NormalisedRecord): JsonObject {
  const description = typeof raw.ImageDescription === "string" ? raw.ImageDescription : "";
  const lines = parseImageJ(description)?.lines;
  const spacing = Number(lines?.get("spacing") || Number.NaN);
  const three = (value: Json): Json[] => [value, value, value];
  const pages = Array.isArray(raw.files) ? 1 : (shape[0] ?? 1);
  return {
    raw_metadata: raw,
    ...(lines ? { imagej_metadata: imageJForm(lines) } : {}),
    ...(isOmeXml(description) ? { ome_metadata: description } : {}),
    dtype,
    // as in the file: the escape `\u00B5` stays
    unit: three(lines?.get("unit") ?? null),
    voxel_size: three(Number.isFinite(spacing) ? new Float(spacing) : null),
    channels: channels ?? 1,
    shape: [pages, shape.at(-1)!, shape.at(-2)!],
  };
}

/** ImageJ's lines with numbers and truth values as such. */
function imageJForm(lines: ReadonlyMap<string, string>): JsonObject {
  const value = (text: string): Json => {
    if (/^(?:true|false)$/i.test(text)) return text.toLowerCase() === "true";
    if (/^[+-]?\d{1,15}$/.test(text)) return Number(text);
    const number = Number(text);
    return text !== "" && Number.isFinite(number) ? new Float(number) : text;
  };
  return Object.fromEntries([...lines].map(([key, text]) => [key, value(text)]));
}

/** From the file's own tags, where the fastest axis is first. */
function dmForm({ raw_metadata: raw, dtype, shape }: NormalisedRecord): JsonObject {
  const calibrations = objectsOf(at(raw, "ImageData", "Calibrations", "Dimension")).reverse();
  const lengths = listOf(at(raw, "ImageData", "Dimensions"))
    .map(numberOf)
    .reverse();
  return {
    raw_metadata: raw,
    dtype,
    unit: calibrations.map(({ Units }) => (typeof Units === "string" ? Units : null)),
    voxel_size: floats(calibrations.map(({ Scale }) => numberOf(Scale))),
    shape: lengths.length > 0 ? lengths.map((length) => length ?? null) : shape,
    offset: floats(calibrations.map(({ Origin, Scale }) => -(numberOf(Origin) ?? 0) * (numberOf(Scale) ?? 0))),
  };
}

/** The first level's own transformations, without those of the whole image. */
function zarrForm(record: NormalisedRecord): JsonObject {
  const { raw_metadata: raw, shape, axes, unit, dtype } = record;
  const attributes = raw.attributes;
  const images = listOf(at(attributes, "multiscales") ?? at(attributes, "ome", "multiscales"));
  const transforms = objectsOf(at(objectsOf(at(images[0], "datasets"))[0], "coordinateTransformations"));
  const of = (type: string) => listOf(transforms.find((one) => one.type === type)?.[type]).map(numberOf);
  const [scale, translation] = [of("scale"), of("translation")];
  const array = jsonObject(raw.array) ?? {};
  const { shape: lengths, chunks, order, fill_value, compressor, filters } = array;
  const known = { shape: lengths, chunks, dtype, order, fill_value, compressor, filters };
  return {
    raw_metadata: {
      parent_group: attributes ?? {},
      array: Object.fromEntries(Object.entries(known).filter(([, value]) => value !== undefined)) as JsonObject,
    },
    shape,
    axes,
    unit,
    voxel_size: floats(scale.length > 0 ? scale : record.voxel_size),
    offset: floats(translation.length > 0 ? translation : record.offset),
    dtype,
  };
}

/** The volume's document, as the reference's library describes it. */
function precomputedForm(record: NormalisedRecord): JsonObject {
  const { raw_metadata: raw, dtype, channels } = record;
  const scale = objectsOf(raw.scales)[0] ?? {};
  const stored = (key: string, fallback: readonly (number | null)[]) => {
    const list = listOf(scale[key]).map(numberOf);
    return list.length === 3 ? list.map((value) => value ?? null) : [...fallback].reverse();
  };
  const [size, offset, resolution] = [
    stored("size", record.shape),
    stored("voxel_offset", record.offset),
    stored("resolution", record.voxel_size),
  ];
  const end = size.map((length, axis) => (length ?? 0) + (offset[axis] ?? 0));
  return {
    raw_metadata: {
      driver: "neuroglancer_precomputed",
      dtype,
      multiscale_metadata: { num_channels: channels ?? 1, type: raw.type ?? "image" },
      scale_index: 0,
      scale_metadata: {
        chunk_size: listOf(scale.chunk_sizes)[0] ?? null,
        encoding: scale.encoding ?? null,
        key: scale.key ?? null,
        resolution: floats(resolution),
        sharding: scale.sharding ?? null,
        size,
        voxel_offset: offset,
      },
      transform: {
        input_exclusive_max: [...end, channels ?? 1],
        input_inclusive_min: [...offset, 0],
        input_labels: ["x", "y", "z", "channel"],
      },
    },
    shape: size,
    dtype,
    voxel_size: floats(resolution),
    unit: ["nm", "nm", "nm"],
    channels: channels ?? 1,
    offset,
    axes: ["z", "y", "x"],
  };
}

/** Formats that the reference describes correctly or not at all. */
function otherForm({ raw_metadata, shape, dtype, unit, voxel_size, offset, channels, axes }: NormalisedRecord): JsonObject {
  return {
    raw_metadata,
    shape,
    dtype,
    ...(unit.some((one) => one !== null) ? { unit } : {}),
    ...(voxel_size.some((one) => one !== null) ? { voxel_size: floats(voxel_size) } : {}),
    ...(offset.some((one) => one !== null) ? { offset: floats(offset) } : {}),
    ...(toNumber(channels) === undefined ? {} : { channels }),
    axes,
  };
}
