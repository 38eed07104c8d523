import { EmporiumError } from "../../core/errors.js";
import type { Json, JsonObject } from "../../core/json.js";
import { isJsonObject, member } from "../../core/json-fields.js";
import { counted } from "../../core/units.js";
import { asObject, isArray, wrongField } from "../zarr/json.js";
import { key, list, numbers, positive, text, whole } from "./fields.js";
import { parseSharding, type Sharding } from "./sharding.js";

/** Points, lines and other annotations in a space. Coordinates are in the order of `dimensions`: x, y, z if there are three. */
export interface AnnotationInfo {
  kind: "annotations";
  type: AnnotationType;
  /** Name and unit of each axis, and how many of the unit (metres, as a rule) one step is. */
  dimensions: readonly { name: string; scale: number; unit: string }[];
  lowerBound?: readonly number[] | undefined;
  upperBound?: readonly number[] | undefined;
  properties: readonly AnnotationProperty[];
  /** Lists of ids that each annotation carries. */
  relationships: readonly (AnnotationFolder & { id: string })[];
  byId: AnnotationFolder;
  /** Coarsest first. */
  spatial: readonly (AnnotationFolder & { gridShape: readonly number[]; chunkSize: readonly number[]; limit: number })[];
}

export type AnnotationType = "point" | "line" | "axis_aligned_bounding_box" | "ellipsoid" | "polyline";

export interface AnnotationProperty {
  id: string;
  type: AnnotationPropertyType;
  enumValues?: readonly number[] | undefined;
  enumLabels?: readonly string[] | undefined;
}

export type AnnotationPropertyType = "rgb" | "rgba" | "uint8" | "int8" | "uint16" | "int16" | "uint32" | "int32" | "float32";

/** A folder of values by id or by cell. */
export interface AnnotationFolder {
  key: string;
  sharding?: Sharding | undefined;
}

const TYPES: readonly AnnotationType[] = ["point", "line", "axis_aligned_bounding_box", "ellipsoid", "polyline"];
const PROPERTY_TYPES: readonly AnnotationPropertyType[] = [
  "rgb",
  "rgba",
  "uint8",
  "int8",
  "uint16",
  "int16",
  "uint32",
  "int32",
  "float32",
];
const DIMENSIONS_MAX = 32;
const LISTED_MAX = 1024;

/** @throws {EmporiumError} FORMAT_FIELD, FORMAT_LIMIT. */
export function annotationInfoFromJson(document: JsonObject, name: string): AnnotationInfo {
  const typeText = text(document, "annotation_type", name);
  const type = TYPES.find((one) => one === typeText.toLowerCase()); // some writers use capitals
  if (!type) throw wrongField(name, "annotation_type", typeText, TYPES.join(", "));
  const dimensions = dimensionsOf(document, name);
  const rank = dimensions.length;
  const bound = (of: string) => {
    const value = member(document, of);
    return value === undefined ? undefined : numbers(value, rank, name, of);
  };
  const properties = list(document, "properties", name, { most: LISTED_MAX, optional: true }).map((value, i) =>
    property(asObject(value, name, `properties.${i}`), name, `properties.${i}`),
  );
  const twice = properties.find(({ id }, i) => properties.findIndex((other) => other.id === id) !== i);
  if (twice) throw wrongField(name, "properties", twice.id, "each id once");
  return {
    kind: "annotations",
    type,
    dimensions,
    lowerBound: bound("lower_bound"),
    upperBound: bound("upper_bound"),
    properties,
    relationships: list(document, "relationships", name, { most: LISTED_MAX, optional: true }).map((value, i) => {
      const path = `relationships.${i}`;
      const object = asObject(value, name, path);
      return { id: text(object, "id", name, path), ...folder(object, name, path) };
    }),
    byId: folder(asObject(member(document, "by_id"), name, "by_id"), name, "by_id"),
    spatial: list(document, "spatial", name, { most: LISTED_MAX, optional: true }).map((value, i) => {
      const path = `spatial.${i}`;
      const object = asObject(value, name, path);
      const gridShape = numbers(member(object, "grid_shape"), rank, name, `${path}.grid_shape`);
      for (const [axis, cells] of gridShape.entries()) whole(cells, 1, 2 ** 53, name, `${path}.grid_shape.${axis}`);
      const chunkSize = numbers(member(object, "chunk_size"), rank, name, `${path}.chunk_size`);
      for (const [axis, size] of chunkSize.entries()) positive(size, name, `${path}.chunk_size.${axis}`);
      return {
        ...folder(object, name, path),
        gridShape,
        chunkSize,
        limit: whole(member(object, "limit"), 0, 2 ** 53, name, `${path}.limit`),
      };
    }),
  };
}

function dimensionsOf(document: JsonObject, name: string): AnnotationInfo["dimensions"] {
  const object = asObject(member(document, "dimensions"), name, "dimensions");
  const names = Object.keys(object);
  if (names.length === 0 || names.length > DIMENSIONS_MAX) {
    throw wrongField(name, "dimensions", names.length, `1 to ${DIMENSIONS_MAX} axes`);
  }
  return names.map((axis) => {
    const value = object[axis];
    const path = `dimensions.${axis}`;
    // An axis of named places has an object of them instead of a scale.
    if (isJsonObject(value)) return { name: axis, scale: 1, unit: "" };
    if (!isArray(value) || value.length !== 2 || typeof value[1] !== "string")
      throw wrongField(name, path, value, "a scale and a unit");
    return { name: axis, scale: positive(value[0], name, `${path}.0`), unit: value[1] };
  });
}

function property(object: JsonObject, name: string, path: string): AnnotationProperty {
  const typeText = text(object, "type", name, path);
  const type = PROPERTY_TYPES.find((one) => one === typeText.toLowerCase());
  if (!type) throw wrongField(name, `${path}.type`, typeText, PROPERTY_TYPES.join(", "));
  const values = list(object, "enum_values", name, { path, optional: true });
  const labels = list(object, "enum_labels", name, { path, optional: true });
  if (values.length !== labels.length)
    throw wrongField(name, `${path}.enum_labels`, labels.length, `${counted(values.length, "label")}, one for each value`);
  const base = { id: text(object, "id", name, path), type };
  if (values.length === 0) return base;
  return {
    ...base,
    enumValues: numbers(values, values.length, name, `${path}.enum_values`),
    enumLabels: labels.map((label: Json, i) => {
      if (typeof label === "string") return label;
      throw wrongField(name, `${path}.enum_labels.${i}`, label, "a text");
    }),
  };
}

function folder(object: JsonObject, name: string, path: string): AnnotationFolder {
  const sharding = member(object, "sharding") ?? null;
  const own = key(member(object, "key"), name, `${path}.key`);
  return sharding === null ? { key: own } : { key: own, sharding: parseSharding(sharding, name, `${path}.sharding`) };
}

/** @throws {EmporiumError} FORMAT_UNSUPPORTED for polylines, whose records have no fixed length. */
export function geometryFloats({ type, dimensions }: Pick<AnnotationInfo, "type" | "dimensions">, name = "info"): number {
  if (type === "polyline") {
    throw new EmporiumError("FORMAT_UNSUPPORTED", `${name}: polylines are not read`, {
      place: { file: name, path: "annotation_type" },
    });
  }
  return type === "point" ? dimensions.length : 2 * dimensions.length;
}
