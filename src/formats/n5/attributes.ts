import { type DType, ITEM_BYTES } from "../../core/dtype.js";
import { EmporiumError } from "../../core/errors.js";
import type { JsonObject } from "../../core/json.js";
import { isJsonObject, member } from "../../core/json-fields.js";
import { LIMITS } from "../../core/limits.js";
import { toNumber } from "../../core/number.js";
import { counted } from "../../core/units.js";
import { asObject, isArray, parseMetadata, show, wrongField } from "../zarr/json.js";

/** Facts of a dataset from its `attributes.json`. Lists are slowest axis first here; the document has the fastest first. */
export interface N5Dataset {
  shape: readonly number[];
  /** Shape of a block. Blocks at the upper edge may be smaller. */
  blocks: readonly number[];
  dtype: DType;
  compression: N5Compression;
  /** All attributes of the document, for callers that know more of them. */
  attributes: JsonObject;
}

export interface N5Compression {
  /** Name of the compression: `raw`, `gzip`, `bzip2`, `xz`, `lz4`, `blosc`, `zstd`, … */
  type: string;
  /** For gzip: the streams are zlib's. */
  useZlib: boolean;
}

/** Compressions that are read; all others are refused by name. */
const READ_COMPRESSIONS = ["raw", "gzip", "zlib", "bzip2", "xz", "lz4", "blosc", "zstd"] as const;

const DTYPES: readonly DType[] = [
  ...(["uint8", "uint16", "uint32", "uint64", "int8", "int16", "int32", "int64", "float32", "float64"] as const),
];

/** N5's Java classes count axes in a byte; numpy reads 32. */
const RANK_MAX = 32;

/**
 * An `attributes.json`.
 *
 * @param name its name in messages.
 * @throws {EmporiumError} FORMAT_CORRUPT, FORMAT_LIMIT
 */
export function parseN5Attributes(bytes: Uint8Array, name = "attributes.json"): JsonObject {
  return parseMetadata(bytes, name);
}

/** True for the attributes of a dataset: those of a group have neither dimensions nor block size. */
export function isN5Dataset(attributes: JsonObject): boolean {
  return member(attributes, "dimensions") !== undefined && member(attributes, "blockSize") !== undefined;
}

/**
 * The attributes of a dataset, checked.
 *
 * @throws {EmporiumError} FORMAT_FIELD, FORMAT_UNSUPPORTED (objects, texts; names the compression), FORMAT_LIMIT; `path` is the
 *   key.
 * Source: N5 specification 4 (github.com/saalfeldlab/n5).
 */
export function n5DatasetFromJson(attributes: JsonObject, name = "attributes.json"): N5Dataset {
  requireVersion(attributes, name);
  const shape = lengths(attributes, "dimensions", 0, name);
  const blocks = lengths(attributes, "blockSize", 1, name);
  if (blocks.length !== shape.length) {
    throw wrongField(name, "blockSize", member(attributes, "blockSize"), `${shape.length} lengths, one for each of dimensions`);
  }
  if (product(shape) > LIMITS.elements) throw tooMuch(name, "dimensions", `${shape.join("×")} elements are more than 2^53`);
  const typeText = member(attributes, "dataType");
  if (typeof typeText !== "string") throw wrongField(name, "dataType", typeText, DTYPES.join(", "));
  const dtype = DTYPES.find((one) => one === typeText.toLowerCase());
  if (!dtype) {
    if (!/^(object|string)$/i.test(typeText)) throw wrongField(name, "dataType", typeText, DTYPES.join(", "));
    throw new EmporiumError("FORMAT_UNSUPPORTED", `${name}: dataType ${show(typeText)} is not read, numbers are`, {
      place: { file: name, path: "dataType" },
    });
  }
  const blockBytes = product(blocks) * ITEM_BYTES[dtype];
  if (blockBytes > LIMITS.chunkBytes) {
    throw tooMuch(name, "blockSize", `a block of ${counted(blockBytes, "byte")}; at most ${LIMITS.chunkBytes} are read`);
  }
  return { shape, blocks, dtype, compression: compressionOf(attributes, name), attributes };
}

/** The same from the document's bytes. */
export function parseN5Dataset(bytes: Uint8Array, name = "attributes.json"): N5Dataset {
  return n5DatasetFromJson(parseN5Attributes(bytes, name), name);
}

function requireVersion(attributes: JsonObject, name: string): void {
  const version = member(attributes, "n5");
  if (version === undefined) return; // only the root of a container has it
  const major = typeof version === "string" ? /^(\d+)\./.exec(version)?.[1] : undefined;
  if (major === undefined) throw wrongField(name, "n5", version, `a version such as "4.0.0"`);
  if (Number(major) > 4) {
    throw new EmporiumError("FORMAT_UNSUPPORTED", `${name}: N5 ${show(version)} is not read, versions up to 4 are`, {
      place: { file: name, path: "n5" },
    });
  }
}

function lengths(attributes: JsonObject, key: string, least: number, name: string): number[] {
  const value = member(attributes, key);
  if (!isArray(value) || value.length === 0) throw wrongField(name, key, value, "a list of lengths");
  if (value.length > RANK_MAX) throw tooMuch(name, key, `${counted(value.length, "axis", "axes")}; at most ${RANK_MAX} are read`);
  return value
    .map((item, i) => {
      const length = toNumber(item);
      if (length === undefined || !Number.isInteger(length) || length < least) {
        throw wrongField(name, `${key}.${i}`, item, `an integer of ${least} or more`);
      }
      if (length > LIMITS.axisLength)
        throw tooMuch(name, `${key}.${i}`, `an axis of ${length}; at most ${LIMITS.axisLength} is read`);
      return length + 0;
    })
    .reverse();
}

/** An object with a type; before N5 2.0 the type alone, as `compressionType`. */
function compressionOf(attributes: JsonObject, name: string): N5Compression {
  const value = member(attributes, "compression");
  const old = member(attributes, "compressionType");
  const type = isJsonObject(value) ? member(asObject(value, name, "compression"), "type") : (value ?? old);
  if (typeof type !== "string") throw wrongField(name, "compression.type", type, READ_COMPRESSIONS.join(", "));
  if (!(READ_COMPRESSIONS as readonly string[]).includes(type)) {
    throw new EmporiumError("FORMAT_UNSUPPORTED", `${name}: blocks compressed by ${show(type)} are not read`, {
      place: { file: name, path: "compression.type" },
      hint: `write the dataset again with one of ${READ_COMPRESSIONS.join(", ")}`,
    });
  }
  return { type, useZlib: isJsonObject(value) && member(value, "useZlib") === true };
}

export function product(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total * one, 1);
}

function tooMuch(name: string, path: string, message: string): EmporiumError {
  return new EmporiumError("FORMAT_LIMIT", `${name}: ${path}: ${message}`, { place: { file: name, path } });
}
