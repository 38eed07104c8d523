import type { Triple } from "../../core/box.js";
import { type DType, ITEM_BYTES } from "../../core/dtype.js";
import { EmporiumError } from "../../core/errors.js";
import type { Json, JsonObject } from "../../core/json.js";
import { member } from "../../core/json-fields.js";
import { LIMITS } from "../../core/limits.js";
import { counted } from "../../core/units.js";
import { asObject, isArray, parseMetadata, show, wrongField } from "../zarr/json.js";
import { type AnnotationInfo, annotationInfoFromJson } from "./annotation-info.js";
import { key, list, numbers, optionalKey, positive, text, tooMuch, whole } from "./fields.js";
import { parseSharding, type Sharding } from "./sharding.js";

/** Contents of an `info` document. */
export type PrecomputedInfo = VolumeInfo | AnnotationInfo | MeshInfo | SkeletonInfo | SegmentPropertiesInfo;

/** Voxels. Lists of three are `[z, y, x]` here, whereas the document has x first. */
export interface VolumeInfo {
  kind: "volume";
  type: "image" | "segmentation";
  dtype: DType;
  channels: number;
  /** Scales of the volume, finest first; at least one. */
  scales: readonly VolumeScale[];
  /** Folders below the volume's. */
  mesh?: string | undefined;
  skeletons?: string | undefined;
  segmentProperties?: string | undefined;
}

export interface VolumeScale {
  /** Folder of the chunks. It may begin with `../`: resolve it with `resolveKey`. */
  key: string;
  shape: Triple;
  /** Voxel that the shape begins at. Not always positive. */
  offset: Triple;
  voxelSizeNm: Triple;
  /** Shapes of chunks, one grid each. The last chunk of an axis ends with the volume. */
  chunks: readonly Triple[];
  /** Encoding of chunks, by its name. `raw`, `compressed_segmentation`, `jpeg` and `png` are decoded. */
  encoding: string;
  /** Block shape of `compressed_segmentation`, `[z, y, x]`; undefined for other encodings. */
  block?: Triple | undefined;
  sharding?: Sharding | undefined;
}

/** Surfaces of segments. `legacy`: one file a fragment, in nanometres. `multilod`: Draco at several levels of detail. */
export interface MeshInfo {
  kind: "mesh";
  form: "legacy" | "multilod";
  segmentProperties?: string | undefined;
  /** Rows of a 3×4 matrix over (x, y, z, 1): what is stored to nanometres. Of `multilod`. */
  transform?: readonly number[] | undefined;
  vertexQuantizationBits?: 10 | 16 | undefined;
  lodScaleMultiplier?: number | undefined;
  sharding?: Sharding | undefined;
}

export interface SkeletonInfo {
  kind: "skeletons";
  /** Transform as in `MeshInfo`; the identity where the document has none. */
  transform: readonly number[];
  attributes: readonly { id: string; dataType: string; components: number }[];
  segmentProperties?: string | undefined;
  sharding?: Sharding | undefined;
}

export interface SegmentPropertiesInfo {
  kind: "segment properties";
  ids: readonly bigint[];
  /** Columns, each with a value for every id. */
  properties: readonly { id: string; type: string; values: readonly Json[] }[];
}

const VOLUME = "neuroglancer_multiscale_volume";
const DTYPES: readonly DType[] = ["uint8", "int8", "uint16", "int16", "uint32", "int32", "uint64", "int64", "float32"];
const SCALES_MAX = 1024;
const CHANNELS_MAX = 65_536;
const ATTRIBUTES_MAX = 1024;

/**
 * An `info` document of any kind.
 *
 * @param name used in messages.
 * @throws {EmporiumError} FORMAT_UNKNOWN (unknown kind), FORMAT_FIELD (place: the member), FORMAT_LIMIT, FORMAT_CORRUPT.
 * Source: `src/datasource/precomputed/*.md` of google/neuroglancer.
 */
export function parseInfo(bytes: Uint8Array, name = "info"): PrecomputedInfo {
  const document = parseMetadata(bytes, name);
  const type = member(document, "@type");
  // Volumes written before the member existed have none.
  if (type === VOLUME || (type === undefined && member(document, "scales") !== undefined)) return volume(document, name);
  if (type === "neuroglancer_annotations_v1") return annotationInfoFromJson(document, name);
  if (type === "neuroglancer_legacy_mesh") return { kind: "mesh", form: "legacy", ...segmentProperties(document, name) };
  if (type === "neuroglancer_multilod_draco") return multilodMesh(document, name);
  if (type === "neuroglancer_skeletons") return skeletons(document, name);
  if (type === "neuroglancer_segment_properties") return segmentPropertyTable(document, name);
  throw new EmporiumError("FORMAT_UNKNOWN", `${name}: @type is ${show(type)}, no kind that is known`, {
    place: { file: name, path: "@type" },
    hint: "name a folder whose info document is that of a Neuroglancer volume, mesh, skeleton or annotation",
  });
}

/** The same where only a volume will do. */
export function parseVolumeInfo(bytes: Uint8Array, name = "info"): VolumeInfo {
  const info = parseInfo(bytes, name);
  if (info.kind === "volume") return info;
  throw new EmporiumError("FORMAT_UNKNOWN", `${name}: of ${info.kind}; expected a volume`, {
    place: { file: name, path: "@type" },
  });
}

function volume(document: JsonObject, name: string): VolumeInfo {
  const dtypeText = text(document, "data_type", name);
  const dtype = DTYPES.find((one) => one === dtypeText.toLowerCase());
  if (!dtype) throw wrongField(name, "data_type", dtypeText, DTYPES.join(", "));
  const channels = whole(member(document, "num_channels"), 1, CHANNELS_MAX, name, "num_channels");
  const typeText = text(document, "type", name).toLowerCase();
  if (typeText !== "image" && typeText !== "segmentation") throw wrongField(name, "type", typeText, `"image" or "segmentation"`);
  const scales = list(document, "scales", name, { least: 1, most: SCALES_MAX }).map((value, i) =>
    scale(asObject(value, name, `scales.${i}`), dtype, channels, name, `scales.${i}`),
  );
  return {
    kind: "volume",
    type: typeText,
    dtype,
    channels,
    scales,
    mesh: optionalKey(document, "mesh", name),
    skeletons: optionalKey(document, "skeletons", name),
    ...segmentProperties(document, name),
  };
}

function scale(object: JsonObject, dtype: DType, channels: number, name: string, path: string): VolumeScale {
  const shape = triple(object, "size", name, path, (value, at) => whole(value, 1, LIMITS.axisLength, name, at));
  if (product(shape) * channels > LIMITS.elements)
    throw tooMuch(name, `${path}.size`, `${shape.join("×")} voxels are more than 2^53`);
  const chunks = list(object, "chunk_sizes", name, { path, least: 1, most: SCALES_MAX }).map((value, i) => {
    const at = `${path}.chunk_sizes.${i}`;
    const chunk = reversed(value, name, at, (one, place) => whole(one, 1, LIMITS.axisLength, name, place));
    const inside = chunk.map((length, axis) => Math.min(length, shape[axis]!)) as Triple;
    const bytes = product(inside) * channels * ITEM_BYTES[dtype];
    if (bytes > LIMITS.chunkBytes)
      throw tooMuch(name, at, `a chunk of ${counted(bytes, "byte")}; at most ${LIMITS.chunkBytes} are read`);
    return chunk;
  });
  const encoding = text(object, "encoding", name, path).toLowerCase();
  const sharding = member(object, "sharding") ?? null;
  return {
    key: key(member(object, "key"), name, `${path}.key`),
    shape,
    offset:
      member(object, "voxel_offset") === undefined
        ? [0, 0, 0]
        : triple(object, "voxel_offset", name, path, (value, at) =>
            whole(value, -LIMITS.axisLength, LIMITS.axisLength, name, at),
          ),
    voxelSizeNm: triple(object, "resolution", name, path, (value, at) => positive(value, name, at)),
    chunks,
    encoding,
    block: encoding === "compressed_segmentation" ? block(object, dtype, name, path) : undefined,
    sharding: sharding === null ? undefined : parseSharding(sharding, name, `${path}.sharding`),
  };
}

function block(object: JsonObject, dtype: DType, name: string, path: string): Triple {
  if (dtype !== "uint32" && dtype !== "uint64") {
    throw wrongField(name, "data_type", dtype, `uint32 or uint64, as ${path}.encoding is compressed_segmentation`);
  }
  const shape = triple(object, "compressed_segmentation_block_size", name, path, (value, at) =>
    whole(value, 1, LIMITS.axisLength, name, at),
  );
  const bytes = product(shape) * ITEM_BYTES[dtype];
  if (bytes > LIMITS.chunkBytes) {
    throw tooMuch(
      name,
      `${path}.compressed_segmentation_block_size`,
      `a block of ${counted(bytes, "byte")}; at most ${LIMITS.chunkBytes} are read`,
    );
  }
  return shape;
}

function multilodMesh(document: JsonObject, name: string): MeshInfo {
  const bits = whole(member(document, "vertex_quantization_bits"), 10, 16, name, "vertex_quantization_bits");
  if (bits !== 10 && bits !== 16) throw wrongField(name, "vertex_quantization_bits", bits, "10 or 16");
  return {
    kind: "mesh",
    form: "multilod",
    vertexQuantizationBits: bits,
    transform: transform(document, name),
    lodScaleMultiplier: positive(member(document, "lod_scale_multiplier"), name, "lod_scale_multiplier"),
    ...shardingOf(document, name),
    ...segmentProperties(document, name),
  };
}

function skeletons(document: JsonObject, name: string): SkeletonInfo {
  const attributes = list(document, "vertex_attributes", name, { most: ATTRIBUTES_MAX, optional: true }).map((value, i) => {
    const path = `vertex_attributes.${i}`;
    const object = asObject(value, name, path);
    const dataType = text(object, "data_type", name, path).toLowerCase();
    if (dataType !== "float32" && !DTYPES.some((one) => one === dataType))
      throw wrongField(name, `${path}.data_type`, dataType, "a number's type");
    return {
      id: text(object, "id", name, path),
      dataType,
      components: whole(member(object, "num_components"), 1, ATTRIBUTES_MAX, name, `${path}.num_components`),
    };
  });
  return {
    kind: "skeletons",
    transform: transform(document, name),
    attributes,
    ...shardingOf(document, name),
    ...segmentProperties(document, name),
  };
}

function segmentPropertyTable(document: JsonObject, name: string): SegmentPropertiesInfo {
  const inline = asObject(member(document, "inline"), name, "inline");
  const ids = list(inline, "ids", name, { path: "inline" }).map((value, i) => {
    if (typeof value === "string" && /^\d{1,20}$/.test(value) && BigInt(value) < 2n ** 64n) return BigInt(value);
    throw wrongField(name, `inline.ids.${i}`, value, "an id of 64 bits as text");
  });
  const properties = list(inline, "properties", name, { path: "inline" }).map((value, i) => {
    const path = `inline.properties.${i}`;
    const object = asObject(value, name, path);
    const values = list(object, "values", name, { path });
    if (values.length !== ids.length)
      throw wrongField(name, `${path}.values`, values.length, `${counted(ids.length, "value")}, one for each id`);
    return { id: text(object, "id", name, path), type: text(object, "type", name, path), values };
  });
  return { kind: "segment properties", ids, properties };
}

/** The document's `transform`; the identity where it has none. */
function transform(document: JsonObject, name: string): readonly number[] {
  const value = member(document, "transform");
  return value === undefined ? [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0] : numbers(value, 12, name, "transform");
}

function shardingOf(document: JsonObject, name: string): { sharding?: Sharding } {
  const value = member(document, "sharding") ?? null;
  return value === null ? {} : { sharding: parseSharding(value, name, "sharding") };
}

function segmentProperties(document: JsonObject, name: string): { segmentProperties?: string } {
  const found = optionalKey(document, "segment_properties", name);
  return found === undefined ? {} : { segmentProperties: found };
}

type ReadNumber = (value: Json | undefined, path: string) => number;

function triple(object: JsonObject, member_: string, name: string, path: string, read: ReadNumber): Triple {
  return reversed(member(object, member_), name, `${path}.${member_}`, read);
}

/** Three numbers, x first in the document. */
function reversed(value: Json | undefined, name: string, path: string, read: ReadNumber): Triple {
  if (!isArray(value) || value.length !== 3) throw wrongField(name, path, value, "three numbers");
  return [read(value[2], `${path}.2`), read(value[1], `${path}.1`), read(value[0], `${path}.0`)];
}

function product([z, y, x]: Triple): number {
  return z * y * x;
}
