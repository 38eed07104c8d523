import { EmporiumError } from "../../core/errors.js";
import type { Json, JsonObject } from "../../core/json.js";
import { member } from "../../core/json-fields.js";
import { LIMITS } from "../../core/limits.js";
import { counted } from "../../core/units.js";
import type { ZarrDType } from "./dtype.js";
import { asObject, isArray, show, wrongField } from "./json.js";
import { product } from "./metadata.js";
import { SHARD_CHUNKS_MAX, type ShardLayout } from "./shard.js";
import { type ByteStep, inByteOrder, isOfElements, READ_STEPS, stepOfId, stepSizes, typeAfter } from "./steps.js";

/** Effect of a Zarr v3 array's `codecs` on one chunk, in the order of encoding. */
export interface CodecChain {
  /** Array axis of each axis of the encoded chunk, all transpositions combined. Undefined if the order is unchanged. */
  order: readonly number[] | undefined;
  /** Conversion of elements to bytes: one after the other, or as the chunks of a shard. */
  serializer: BytesSerializer | ShardSerializer;
  /** Filters of the elements, then codecs of the bytes, at most one a compressor. Empty around a shard: it is read in parts. */
  steps: readonly ByteStep[];
}

export interface BytesSerializer {
  kind: "bytes";
  littleEndian: boolean;
}

export interface ShardSerializer extends ShardLayout {
  kind: "shard";
  /** Shape of an inner chunk, its axes in the order of the encoded shard. */
  chunks: readonly number[];
  codecs: CodecChain;
}

/** Shards within shards. */
const SHARD_DEPTH_MAX = 4;

/**
 * The member `codecs` of an array, for chunks of the given shape.
 *
 * Names that other writers use are read as well: `endian` for `bytes` (drafts of the specification), `numcodecs.blosc` and the
 * like (numcodecs' extension for zarr-python 3), `"order": "F"` of a transposition.
 * @throws {EmporiumError} FORMAT_FIELD, FORMAT_UNSUPPORTED, FORMAT_LIMIT
 */
export function parseCodecChain(
  value: Json | undefined,
  chunk: readonly number[],
  type: ZarrDType,
  name: string,
  path = "codecs",
  depth = 0,
): CodecChain {
  if (!isArray(value) || value.length === 0) throw wrongField(name, path, value, "a list of one codec or more");
  let order: number[] | undefined;
  let serializer: CodecChain["serializer"] | undefined;
  let current = type;
  const filters: ByteStep[] = [];
  const steps: ByteStep[] = [];
  value.forEach((item, i) => {
    const at = `${path}.${i}`;
    const codec = namedConfiguration(item, name, at);
    const serial = serializerOf(codec, order ? order.map((axis) => chunk[axis]!) : chunk, current, name, at, depth);
    const step = serial ? undefined : stepOf(codec, current, name, at);
    if (serial) {
      if (serializer)
        throw wrongField(name, `${at}.name`, codec.name, "one codec that makes bytes of an array, there is one before");
      serializer = serial;
    } else if (step && isOfElements(step)) {
      if (serializer) throw wrongField(name, `${at}.name`, codec.name, "filters of elements before bytes");
      filters.push(step);
      current = typeAfter(step, current);
    } else if (step) {
      if (!serializer) throw wrongField(name, `${at}.name`, codec.name, "bytes or sharding_indexed before it");
      steps.push(step);
    } else if (codec.name === "transpose") {
      if (serializer || filters.length > 0) {
        throw wrongField(name, `${at}.name`, codec.name, "transpositions before filters, bytes or sharding_indexed");
      }
      const turned = axesOf(member(codec.configuration, "order"), chunk.length, name, `${at}.configuration.order`);
      order = order ? turned.map((axis) => order![axis]!) : turned;
    } else {
      throw unknownCodec(codec.name, name, at);
    }
  });
  if (!serializer) throw wrongField(name, path, value, "bytes or sharding_indexed among the codecs");
  const chain = { order: order?.every((axis, i) => axis === i) ? undefined : order, serializer };
  return { ...chain, steps: joinedSteps(filters, steps, serializer, product(chunk) * type.itemBytes, name, path) };
}

/** Byte order of the elements: that of the innermost codec. */
export function isLittleEndian({ serializer }: CodecChain): boolean {
  return serializer.kind === "bytes" ? serializer.littleEndian : isLittleEndian(serializer.codecs);
}

export interface NamedConfiguration {
  name: string;
  configuration: JsonObject;
}

/** `{"name": …, "configuration": {…}}`, which may be the name alone where there is nothing to configure. */
export function namedConfiguration(value: Json | undefined, name: string, path: string): NamedConfiguration {
  if (typeof value === "string") return { name: value, configuration: {} };
  const object = asObject(value, name, path);
  const title = member(object, "name");
  if (typeof title !== "string") throw wrongField(name, `${path}.name`, title, "a name");
  const configuration = member(object, "configuration") ?? {};
  return { name: title, configuration: asObject(configuration, name, `${path}.configuration`) };
}

/** Lengths of the axes of a chunk: as many as the array has, integers from 1. */
export function chunkShape(value: Json | undefined, rank: number, name: string, path: string): number[] {
  if (!isArray(value) || value.length !== rank) throw wrongField(name, path, value, `${rank} lengths, one for each axis`);
  return value.map((length, i) => {
    if (typeof length === "bigint" || (typeof length === "number" && length > LIMITS.axisLength)) {
      throw tooMuch(name, `${path}.${i}`, `a chunk of ${length} along an axis; at most ${LIMITS.axisLength} is read`);
    }
    if (typeof length !== "number" || length < 1) throw wrongField(name, `${path}.${i}`, length, "an integer of 1 or more");
    return length;
  });
}

export function tooMuch(name: string, path: string, message: string): EmporiumError {
  return new EmporiumError("FORMAT_LIMIT", `${name}: ${path}: ${message}`, { place: { file: name, path } });
}

function serializerOf(
  { name: codec, configuration }: NamedConfiguration,
  chunk: readonly number[],
  type: ZarrDType,
  name: string,
  path: string,
  depth: number,
): CodecChain["serializer"] | undefined {
  const at = `${path}.configuration`;
  if (codec === "bytes" || codec === "endian") {
    const { itemBytes } = type;
    const bytes = product(chunk) * itemBytes;
    if (bytes > LIMITS.chunkBytes)
      throw tooMuch(name, path, `a chunk of ${counted(bytes, "byte")}; at most ${LIMITS.chunkBytes} are read`);
    return { kind: "bytes", littleEndian: littleEndianOf(configuration, itemBytes, name, at) };
  }
  if (codec !== "sharding_indexed") return undefined;
  if (depth >= SHARD_DEPTH_MAX) throw tooMuch(name, path, `shards in shards, ${SHARD_DEPTH_MAX} levels at most are read`);
  const chunks = chunkShape(member(configuration, "chunk_shape"), chunk.length, name, `${at}.chunk_shape`);
  if (chunk.some((length, i) => length % chunks[i]! !== 0)) {
    throw wrongField(name, `${at}.chunk_shape`, chunks, `lengths that divide the shard's ${chunk.join("×")}`);
  }
  const grid = chunk.map((length, i) => length / chunks[i]!);
  if (product(grid) > SHARD_CHUNKS_MAX) {
    throw tooMuch(
      name,
      `${at}.chunk_shape`,
      `${counted(product(grid), "chunk")} in a shard; at most ${SHARD_CHUNKS_MAX} are read`,
    );
  }
  const location = member(configuration, "index_location") ?? "end";
  if (location !== "start" && location !== "end") throw wrongField(name, `${at}.index_location`, location, `"start" or "end"`);
  return {
    kind: "shard",
    chunks,
    grid,
    location,
    ...indexCodecs(member(configuration, "index_codecs"), name, `${at}.index_codecs`),
    codecs: parseCodecChain(member(configuration, "codecs"), chunks, type, name, `${at}.codecs`, depth + 1),
  };
}

/** `bytes`, with `crc32c` or without: the length of an index must not depend on what is in it. */
function indexCodecs(value: Json | undefined, name: string, path: string): Pick<ShardLayout, "littleEndian" | "checksum"> {
  if (!isArray(value) || value.length === 0) throw wrongField(name, path, value, "a list of one codec or more");
  const [first, ...rest] = value.map((item, i) => namedConfiguration(item, name, `${path}.${i}`));
  if (first!.name !== "bytes" && first!.name !== "endian") throw wrongField(name, `${path}.0.name`, first!.name, "bytes");
  rest.forEach((codec, i) => {
    if (codec.name === "crc32c" && i === 0) return;
    throw new EmporiumError("FORMAT_UNSUPPORTED", `${name}: ${path}: ${show(codec.name)} is not read in a shard's index`, {
      place: { file: name, path: `${path}.${i + 1}.name` },
      hint: "supported are bytes, and crc32c after it",
    });
  });
  return {
    littleEndian: littleEndianOf(first!.configuration, 8, name, `${path}.0.configuration`),
    checksum: rest.length > 0,
  };
}

function littleEndianOf(configuration: JsonObject, itemBytes: number, name: string, path: string): boolean {
  const endian = member(configuration, "endian") ?? undefined;
  if (endian === undefined && itemBytes === 1) return true;
  if (endian !== "little" && endian !== "big") throw wrongField(name, `${path}.endian`, endian, `"little" or "big"`);
  return endian === "little";
}

const SHUFFLES: Record<string, number> = { noshuffle: 0, shuffle: 1, bitshuffle: 2 };

function stepOf(
  { name: codec, configuration }: NamedConfiguration,
  type: ZarrDType,
  name: string,
  path: string,
): ByteStep | undefined {
  if (codec === "crc32c") return { kind: "checksum" };
  const place = { type, name, path: `${path}.configuration` };
  const extension = /^numcodecs\.(.+)$/.exec(codec)?.[1];
  if (extension !== undefined) return stepOfId(extension, configuration, place);
  if (codec === "gzip" || codec === "zstd") return { kind: "compressor", config: { ...configuration, id: codec } };
  if (codec !== "blosc") return undefined;
  const shuffle = member(configuration, "shuffle") ?? "noshuffle";
  const known = typeof shuffle === "string" && Object.hasOwn(SHUFFLES, shuffle) ? SHUFFLES[shuffle] : undefined;
  if (known === undefined) {
    throw wrongField(name, `${path}.configuration.shuffle`, shuffle, `one of ${Object.keys(SHUFFLES).join(", ")}`);
  }
  return { kind: "compressor", config: { ...configuration, shuffle: known, id: codec } };
}

/** Filters see elements in the byte order in which they are stored, so that all is steps of bytes. */
function joinedSteps(
  filters: readonly ByteStep[],
  steps: readonly ByteStep[],
  serializer: CodecChain["serializer"],
  plainBytes: number,
  name: string,
  path: string,
): ByteStep[] {
  if (serializer.kind === "shard") {
    if (filters.length + steps.length === 0) return [];
    throw new EmporiumError("FORMAT_UNSUPPORTED", `${name}: ${path}: filters or codecs around sharding_indexed are not read`, {
      place: { file: name, path },
      hint: "put them among the shard's own codecs: a shard is read in parts",
    });
  }
  const joined = [...filters.map((step) => inByteOrder(step, serializer.littleEndian)), ...steps];
  stepSizes(joined, plainBytes, name, path);
  return joined;
}

/** A permutation of the axes; drafts of the specification also had "C" and "F". */
function axesOf(value: Json | undefined, rank: number, name: string, path: string): number[] {
  const own = Array.from({ length: rank }, (_, axis) => axis);
  if (value === "C") return own;
  if (value === "F") return own.reverse();
  const complete = isArray(value) && value.length === rank && own.every((axis) => value.includes(axis));
  if (!complete) throw wrongField(name, path, value, `each of the ${counted(rank, "axis", "axes")} once`);
  return [...value] as number[];
}

function unknownCodec(codec: string, name: string, path: string): EmporiumError {
  return new EmporiumError("FORMAT_UNSUPPORTED", `${name}: codec ${show(codec)} is not read`, {
    place: { file: name, path: `${path}.name` },
    hint: `supported are transpose, bytes, sharding_indexed, blosc, gzip, zstd, crc32c, and of numcodecs ${READ_STEPS.join(", ")}`,
  });
}
