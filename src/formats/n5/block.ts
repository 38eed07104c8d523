import { HOST_LITTLE_ENDIAN, ITEM_BYTES, swapBytes } from "../../core/dtype.js";
import { EmporiumError, isEmporiumError } from "../../core/errors.js";
import { counted } from "../../core/units.js";
import { defaultCodecs } from "../zarr/codecs.js";
import { type N5Compression, type N5Dataset, product } from "./attributes.js";
import { decodeLz4BlockStream } from "./lz4-block-stream.js";

/** A block as it is stored. */
export interface N5Block {
  /** Shape of this block, slowest axis first: at most that of the dataset's blocks. */
  shape: number[];
  /** C order, host byte order. */
  plain: Uint8Array;
}

/** Modes of a block: default, with a number of elements of its own, and serialized objects. */
const MODE = { default: 0, varlength: 1, object: 2 } as const;

type Fail = (
  code: "FORMAT_CORRUPT" | "FORMAT_TRUNCATED" | "FORMAT_UNSUPPORTED",
  byte: number,
  message: string,
  cause?: unknown,
) => EmporiumError;

const failing =
  (name: string): Fail =>
  (code, byte, message, cause) =>
    new EmporiumError(code, `${name}: ${message}`, {
      place: { file: name, byte },
      hint: code === "FORMAT_UNSUPPORTED" ? undefined : "copy the block again: it is damaged or cut short",
      cause,
    });

/**
 * Reads the header of a block file, which stands before its samples.
 *
 * @param bytes bytes from the first of the file on; samples may be missing
 * @throws {EmporiumError} FORMAT_CORRUPT, FORMAT_TRUNCATED, FORMAT_UNSUPPORTED (object blocks)
 */
export function readN5BlockHeader(
  bytes: Uint8Array,
  dataset: Pick<N5Dataset, "blocks">,
  name = "block",
): { shape: number[]; headerBytes: number; elements: number } {
  const fail = failing(name);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const needed = (length: number) => {
    if (bytes.length < length)
      throw fail("FORMAT_TRUNCATED", bytes.length, `a header of ${counted(length, "byte")}, ${bytes.length} are there`);
  };
  needed(4);
  const mode = view.getUint16(0);
  if (mode === MODE.object) throw fail("FORMAT_UNSUPPORTED", 0, "blocks of serialized objects are not read");
  if (mode !== MODE.default && mode !== MODE.varlength) throw fail("FORMAT_CORRUPT", 0, `mode ${mode}; expected 0 or 1`);
  const rank = view.getUint16(2);
  if (rank !== dataset.blocks.length)
    throw fail("FORMAT_CORRUPT", 2, `${counted(rank, "axis", "axes")}, the dataset has ${dataset.blocks.length}`);
  const headerBytes = 4 + 4 * rank + (mode === MODE.varlength ? 4 : 0);
  needed(headerBytes);
  const shape = Array.from({ length: rank }, (_, i) => view.getUint32(4 + 4 * i)).reverse();
  if (shape.some((length, axis) => length < 1 || length > dataset.blocks[axis]!)) {
    throw fail("FORMAT_CORRUPT", 4, `a block of ${shape.join("×")}, the dataset's have ${dataset.blocks.join("×")}`);
  }
  const whole = product(shape);
  const elements = mode === MODE.varlength ? view.getUint32(4 + 4 * rank) : whole;
  if (elements > whole) throw fail("FORMAT_CORRUPT", 4 + 4 * rank, `${elements} elements in a block of ${shape.join("×")}`);
  return { shape, headerBytes, elements };
}

/**
 * One block file: mode, rank, lengths and number of elements (big-endian), then the samples, compressed and big-endian.
 *
 * A block of the second mode with fewer elements than its lengths say is filled with zeros.
 * @throws {EmporiumError} FORMAT_CORRUPT, FORMAT_TRUNCATED, FORMAT_UNSUPPORTED (object blocks)
 */
export async function decodeN5Block(bytes: Uint8Array, dataset: N5Dataset, name = "block"): Promise<N5Block> {
  const fail = failing(name);
  const { shape, headerBytes, elements } = readN5BlockHeader(bytes, dataset, name);
  const whole = product(shape);
  const itemBytes = ITEM_BYTES[dataset.dtype];
  let plain: Uint8Array;
  try {
    plain = await decompress(bytes.subarray(headerBytes), dataset.compression, elements * itemBytes);
  } catch (cause) {
    const ours = isEmporiumError(cause);
    const reason = cause instanceof Error ? cause.message : String(cause);
    const code = ours && cause.code === "FORMAT_UNSUPPORTED" ? cause.code : "FORMAT_CORRUPT";
    throw fail(code, headerBytes, `${dataset.compression.type}: ${reason}`, cause);
  }
  if (plain.length !== elements * itemBytes) {
    throw fail(
      "FORMAT_CORRUPT",
      headerBytes,
      `${counted(plain.length, "byte")}, ${elements} elements have ${elements * itemBytes}`,
    );
  }
  const native = new Uint8Array(whole * itemBytes); // the bytes may be the store's own memory
  native.set(plain);
  if (HOST_LITTLE_ENDIAN) swapBytes(native, itemBytes);
  return { shape, plain: native };
}

/** Names of the codecs in the registry of `formats/zarr`. lz4 is here alone: lz4-java's stream is not that of numcodecs. */
const CODECS: Record<string, string> = { zlib: "zlib", bzip2: "bz2", xz: "lzma", blosc: "blosc", zstd: "zstd" };

async function decompress(bytes: Uint8Array, { type, useZlib }: N5Compression, plainBytes: number): Promise<Uint8Array> {
  if (type === "raw") return bytes.subarray(0, plainBytes);
  if (type === "lz4") {
    const plain = new Uint8Array(plainBytes);
    decodeLz4BlockStream(bytes, plain);
    return plain;
  }
  const id = type === "gzip" ? (useZlib ? "zlib" : "gzip") : CODECS[type]!;
  return defaultCodecs[id]!({ id }).decode(bytes, plainBytes);
}
