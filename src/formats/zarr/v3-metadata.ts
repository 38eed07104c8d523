import { type DType, ITEM_BYTES } from "../../core/dtype.js";
import { EmporiumError } from "../../core/errors.js";
import { type Json, type JsonObject, printJson } from "../../core/json.js";
import { isJsonObject, member } from "../../core/json-fields.js";
import { LIMITS } from "../../core/limits.js";
import { counted } from "../../core/units.js";
import type { ZarrDType } from "./dtype.js";
import { asObject, isArray, parseMetadata, show, wrongField } from "./json.js";
import { type FillValue, product } from "./metadata.js";
import { type CodecChain, chunkShape, isLittleEndian, namedConfiguration, parseCodecChain, tooMuch } from "./v3-codecs.js";
import { parseV3Fill, printedV3Fill } from "./v3-fill.js";

/** Contents of an array's `zarr.json`, in any rank. */
export interface ZarrV3Array {
  kind: "array";
  shape: readonly number[];
  /** Shape of the part that one key holds: a chunk, or a shard of many. Those at the upper edge are as large as the others. */
  chunks: readonly number[];
  /** `littleEndian` is that of the codec `bytes`. */
  type: ZarrDType;
  /** Fill value: that of elements that no chunk holds. */
  fillValue: FillValue;
  /** One element of it in host byte order. */
  fillElement: Uint8Array;
  codecs: CodecChain;
  keys: ChunkKeys;
  dimensionNames: readonly (string | null)[] | undefined;
  attributes: JsonObject;
}

/** Contents of a group's `zarr.json`. */
export interface ZarrV3Group {
  kind: "group";
  attributes: JsonObject;
  /** Consolidated metadata: path below the group to the document there, for `zarrV3FromJson`. */
  members: ReadonlyMap<string, JsonObject> | undefined;
}

export interface ChunkKeys {
  encoding: "default" | "v2";
  separator: "/" | ".";
}

/** Key of a chunk or shard below its array: `c/0/0` or `c.0.0`; `0.0` or `0/0` in the v2 encoding; `c` or `0` without axes. */
export function v3ChunkKey(chunk: readonly number[], { encoding, separator }: ChunkKeys): string {
  return encoding === "v2" ? chunk.join(separator) || "0" : ["c", ...chunk].join(separator);
}

/** numpy's own limit. */
const RANK_MAX = 32;

const DTYPES: readonly DType[] = [
  "bool",
  ...(["int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"] as const),
  ...(["float16", "float32", "float64", "complex64"] as const),
];

/**
 * A `zarr.json` document.
 *
 * @param name its name in messages.
 * @throws {EmporiumError} FORMAT_FIELD, FORMAT_UNSUPPORTED, FORMAT_LIMIT or FORMAT_CORRUPT; the place's `path` is the key.
 * Source: Zarr storage specification 3.
 */
export function parseZarrV3(bytes: Uint8Array, name = "zarr.json"): ZarrV3Array | ZarrV3Group {
  return zarrV3FromJson(parseMetadata(bytes, name), name);
}

/** The same, an array wanted. */
export function parseZarrV3Array(bytes: Uint8Array, name = "zarr.json"): ZarrV3Array {
  const node = parseZarrV3(bytes, name);
  if (node.kind === "array") return node;
  throw wrongField(name, "node_type", "group", `"array"`);
}

/** The same, a group wanted. */
export function parseZarrV3Group(bytes: Uint8Array, name = "zarr.json"): ZarrV3Group {
  const node = parseZarrV3(bytes, name);
  if (node.kind === "group") return node;
  throw wrongField(name, "node_type", "array", `"group"`);
}

/** The same from a parsed document: a member of consolidated metadata, or what `zarrV3ArrayMetadata` made. */
export function zarrV3FromJson(document: JsonObject, name: string): ZarrV3Array | ZarrV3Group {
  requireVersion3(document, name);
  const kind = member(document, "node_type");
  if (kind !== "array" && kind !== "group") throw wrongField(name, "node_type", kind, `"array" or "group"`);
  const attributes = asObject(member(document, "attributes") ?? {}, name, "attributes");
  refuseUnknown(document, kind === "array" ? ARRAY_MEMBERS : GROUP_MEMBERS, name);
  if (kind === "group") return { kind, attributes, members: membersOf(member(document, "consolidated_metadata"), name) };
  const shape = shapeOf(member(document, "shape"), name);
  const dtype = dtypeOf(member(document, "data_type"), name);
  const itemBytes = ITEM_BYTES[dtype];
  const chunks = gridOf(member(document, "chunk_grid"), shape.length, name);
  if (product(shape) > LIMITS.elements) throw tooMuch(name, "shape", `${shape.join("×")} elements are more than 2^53`);
  if (product(chunks) > LIMITS.elements) throw tooMuch(name, "chunk_grid", `${chunks.join("×")} elements are more than 2^53`);
  const type = { dtype, itemBytes, swapBytes: dtype === "complex64" ? 4 : itemBytes };
  const codecs = parseCodecChain(member(document, "codecs"), chunks, { ...type, littleEndian: true }, name);
  const fill = parseV3Fill(member(document, "fill_value"), dtype, name);
  refuseTransformers(member(document, "storage_transformers"), name);
  return {
    kind,
    shape,
    chunks,
    type: { ...type, littleEndian: isLittleEndian(codecs) },
    fillValue: fill.value,
    fillElement: fill.element,
    codecs,
    keys: keysOf(member(document, "chunk_key_encoding"), name),
    dimensionNames: dimensionsOf(member(document, "dimension_names"), shape.length, name),
    attributes,
  };
}

/** Members that a node may have. Others are extensions, which must say that they may be ignored. */
const ARRAY_MEMBERS = [
  ...["zarr_format", "node_type", "attributes", "shape", "data_type", "chunk_grid", "chunk_key_encoding"],
  ...["fill_value", "codecs", "storage_transformers", "dimension_names"],
];
const GROUP_MEMBERS = ["zarr_format", "node_type", "attributes", "consolidated_metadata"];

function refuseUnknown(document: JsonObject, known: readonly string[], name: string): void {
  for (const key of Object.keys(document)) {
    if (known.includes(key)) continue;
    const value = member(document, key);
    if (isJsonObject(value) && member(value, "must_understand") === false) continue;
    throw new EmporiumError("FORMAT_UNSUPPORTED", `${name}: ${show(key)} is not known, and does not say that it may be ignored`, {
      place: { file: name, path: key },
      hint: `members of extensions have "must_understand": false where readers may ignore them`,
    });
  }
}

function requireVersion3(document: JsonObject, name: string): void {
  const version = member(document, "zarr_format");
  if (version === 3) return;
  const message = version === 2 ? "Zarr 2 has its metadata in .zarray and .zgroup" : undefined;
  throw wrongField(name, "zarr_format", version, "3", message);
}

function shapeOf(value: Json | undefined, name: string): number[] {
  if (!isArray(value)) throw wrongField(name, "shape", value, "a list of lengths");
  if (value.length > RANK_MAX)
    throw tooMuch(name, "shape", `${counted(value.length, "axis", "axes")}; at most ${RANK_MAX} are read`);
  return value.map((length, i) => {
    const at = `shape.${i}`;
    if (typeof length === "bigint" || (typeof length === "number" && length > LIMITS.axisLength)) {
      throw tooMuch(name, at, `an axis of ${length}; at most ${LIMITS.axisLength} is read`);
    }
    if (typeof length !== "number" || length < 0) throw wrongField(name, at, length, "an integer of 0 or more");
    return length + 0; // "-0" is an integer of JSON
  });
}

function dtypeOf(value: Json | undefined, name: string): DType {
  const type = value === undefined ? wrong() : namedConfiguration(value, name, "data_type");
  const dtype = DTYPES.find((known) => known === type.name);
  if (dtype && Object.keys(type.configuration).length === 0) return dtype;
  throw new EmporiumError("FORMAT_UNSUPPORTED", `${name}: data_type ${show(value)} is not a number that is read`, {
    place: { file: name, path: "data_type" },
    hint: "supported are bool, integers of 8 to 64 bits, floats of 16, 32 and 64 bits and complex64",
  });

  function wrong(): never {
    throw wrongField(name, "data_type", value, `a type such as "float32"`);
  }
}

function gridOf(value: Json | undefined, rank: number, name: string): number[] {
  const grid = namedConfiguration(value, name, "chunk_grid");
  if (grid.name !== "regular") {
    throw new EmporiumError("FORMAT_UNSUPPORTED", `${name}: chunk grid ${show(grid.name)} is not read, "regular" is`, {
      place: { file: name, path: "chunk_grid.name" },
    });
  }
  return chunkShape(member(grid.configuration, "chunk_shape"), rank, name, "chunk_grid.configuration.chunk_shape");
}

function keysOf(value: Json | undefined, name: string): ChunkKeys {
  const { name: encoding, configuration } = namedConfiguration(value, name, "chunk_key_encoding");
  if (encoding !== "default" && encoding !== "v2") {
    throw new EmporiumError("FORMAT_UNSUPPORTED", `${name}: chunk keys ${show(encoding)} are not read, "default" and "v2" are`, {
      place: { file: name, path: "chunk_key_encoding.name" },
    });
  }
  const separator = member(configuration, "separator") ?? (encoding === "default" ? "/" : ".");
  if (separator !== "/" && separator !== ".") {
    throw wrongField(name, "chunk_key_encoding.configuration.separator", separator, `"/" or "."`);
  }
  return { encoding, separator };
}

function dimensionsOf(value: Json | undefined, rank: number, name: string): (string | null)[] | undefined {
  if (value === undefined || value === null) return undefined;
  if (!isArray(value) || value.length !== rank) {
    throw wrongField(name, "dimension_names", value, `${counted(rank, "name")}, one for each axis`);
  }
  return value.map((title, i) => {
    if (title !== null && typeof title !== "string") throw wrongField(name, `dimension_names.${i}`, title, "a name or null");
    return title;
  });
}

function refuseTransformers(value: Json | undefined, name: string): void {
  if (value === undefined || (isArray(value) && value.length === 0)) return;
  if (!isArray(value)) throw wrongField(name, "storage_transformers", value, "an empty list");
  throw new EmporiumError("FORMAT_UNSUPPORTED", `${name}: storage transformers are not read`, {
    place: { file: name, path: "storage_transformers" },
  });
}

/** Consolidated metadata as zarr-python writes it. A path must stay below its group: it becomes part of keys. */
function membersOf(value: Json | undefined, name: string): Map<string, JsonObject> | undefined {
  if (value === undefined || value === null) return undefined;
  const consolidated = asObject(value, name, "consolidated_metadata");
  const kind = member(consolidated, "kind");
  if (kind !== "inline") throw wrongField(name, "consolidated_metadata.kind", kind, `"inline"`);
  const metadata = asObject(member(consolidated, "metadata"), name, "consolidated_metadata.metadata");
  return new Map(
    Object.keys(metadata).map((path) => {
      const at = `consolidated_metadata.metadata.${path}`;
      if (path.split("/").some((part) => /^\.{0,2}$/.test(part)) || /[\\\u0000-\u001f]/.test(path)) {
        throw wrongField(name, at, path, "a path below the group, without empty parts, . or ..");
      }
      return [path, asObject(metadata[path], name, at)];
    }),
  );
}

/** Compression of the chunks that are written: levels and names as in `zarr.json`. */
export type V3Compressor =
  | {
      name: "blosc";
      cname: "blosclz" | "lz4" | "lz4hc" | "zlib" | "zstd";
      clevel: number;
      shuffle: "noshuffle" | "shuffle" | "bitshuffle";
      /** Bytes of a block. Default 0: the library's choice. */
      blocksize?: number | undefined;
    }
  | { name: "zstd"; level: number; checksum?: boolean | undefined }
  | { name: "gzip"; level: number };

export interface ZarrV3ArrayFields {
  shape: readonly number[];
  dtype: DType;
  /** Shape of a chunk; of an inner chunk where there are shards. */
  chunks: readonly number[];
  /** Shape of a shard, a whole number of chunks along each axis. Without it each chunk is an object of its own. */
  shards?: readonly number[] | undefined;
  compressor?: V3Compressor | undefined;
  /** CRC-32C after each chunk. Default none. A shard's index always has one. */
  checksum?: boolean | undefined;
  /** Place of a shard's index. Default `end`: a shard can then be written in one pass. */
  indexLocation?: "start" | "end" | undefined;
  /** Fill value. Default 0 or false. */
  fillValue?: FillValue | undefined;
  /** Byte order of the elements. Default true. */
  littleEndian?: boolean | undefined;
  /** Order in which the axes are stored, a permutation; default C order. */
  order?: readonly number[] | undefined;
  /** Encoding of chunk keys. Default `default` with "/". */
  keys?: ChunkKeys | undefined;
  dimensionNames?: readonly (string | null)[] | undefined;
  attributes?: JsonObject | undefined;
}

/**
 * The `zarr.json` of an array, member for member as zarr-python 3 writes it, for `printZarrV3`.
 *
 * @throws {EmporiumError} FORMAT_UNSUPPORTED, FORMAT_FIELD: what `zarrV3FromJson` would refuse is not written.
 */
export function zarrV3ArrayMetadata(fields: ZarrV3ArrayFields): JsonObject {
  const {
    shape,
    dtype,
    chunks,
    shards,
    attributes = {},
    dimensionNames,
    keys = { encoding: "default", separator: "/" },
  } = fields;
  const itemBytes = ITEM_BYTES[dtype];
  const bytes = (size: number) =>
    size === 1
      ? { name: "bytes" }
      : { name: "bytes", configuration: { endian: fields.littleEndian === false ? "big" : "little" } };
  const turned = fields.order;
  const inner: JsonObject[] = [bytes(itemBytes)];
  if (fields.compressor) inner.push(compressorJson(fields.compressor, itemBytes));
  if (fields.checksum) inner.push({ name: "crc32c" });
  const transposed: JsonObject[] = turned ? [{ name: "transpose", configuration: { order: turned } }] : [];
  const sharded: JsonObject = {
    name: "sharding_indexed",
    configuration: {
      chunk_shape: chunks,
      codecs: [...transposed, ...inner],
      index_codecs: [{ name: "bytes", configuration: { endian: "little" } }, { name: "crc32c" }],
      index_location: fields.indexLocation ?? "end",
    },
  };
  const document: JsonObject = {
    shape,
    data_type: dtype,
    chunk_grid: { name: "regular", configuration: { chunk_shape: shards ?? chunks } },
    chunk_key_encoding: { name: keys.encoding, configuration: { separator: keys.separator } },
    fill_value: printedV3Fill(fields.fillValue ?? zeroOf(dtype), dtype),
    codecs: shards ? [sharded] : [...transposed, ...inner],
    attributes,
    dimension_names: dimensionNames,
    zarr_format: 3,
    node_type: "array",
    storage_transformers: [],
  };
  zarrV3FromJson(document, "zarr.json");
  return document;
}

export interface ZarrV3GroupFields {
  attributes?: JsonObject | undefined;
  /** Documents of all nodes below the group, by their path: one request then describes the hierarchy. */
  members?: ReadonlyMap<string, JsonObject> | undefined;
}

/** The `zarr.json` of a group, as zarr-python 3 writes it. */
export function zarrV3GroupMetadata({ attributes = {}, members }: ZarrV3GroupFields = {}): JsonObject {
  const consolidated = members && { kind: "inline", must_understand: false, metadata: Object.fromEntries(members) };
  return { attributes, zarr_format: 3, consolidated_metadata: consolidated, node_type: "group" };
}

/** Text of a `zarr.json` as zarr-python 3 prints it: members in the order given, 2 blanks, floats with a point. */
export function printZarrV3(document: JsonObject): string {
  return printJson(document, { indent: 2 });
}

function compressorJson(compressor: V3Compressor, itemBytes: number): JsonObject {
  if (compressor.name === "gzip") return { name: "gzip", configuration: { level: compressor.level } };
  if (compressor.name === "zstd") {
    return { name: "zstd", configuration: { level: compressor.level, checksum: compressor.checksum ?? false } };
  }
  const { cname, clevel, shuffle, blocksize = 0 } = compressor;
  return { name: "blosc", configuration: { typesize: itemBytes, cname, clevel, shuffle, blocksize } };
}

function zeroOf(dtype: DType): FillValue {
  if (dtype === "complex64") return [0, 0];
  return dtype === "bool" ? false : dtype.endsWith("int64") ? 0n : 0;
}
