import { spaciousBytes } from "../../core/bytes.js";
import { EmporiumError } from "../../core/errors.js";
import { counted } from "../../core/units.js";
import { decodeBlosclz } from "./blosclz.js";
import { inflate } from "./inflate.js";
import { decodeLz4Block } from "./lz4.js";
import { decodeZstd } from "./zstd.js";

/** Compressors inside a frame, by the upper three bits of its flags. lz4hc is lz4 to a reader. */
const INNER = ["blosclz", "lz4", "snappy", "zlib", "zstd"] as const;

/** The 16 bytes before a Blosc-1 frame, checked. */
export interface BloscFrame {
  inner: (typeof INNER)[number];
  /** Bytes of one element: the unit of shuffling. */
  itemBytes: number;
  plainBytes: number;
  blockBytes: number;
  /** Bytes of the whole frame, header included. Bytes behind them are padding. */
  frameBytes: number;
  shuffle: "none" | "bytes" | "bits";
  /** The plain bytes follow the header as they are. */
  stored: boolean;
  /** Each block is as many streams as an element has bytes, one for each byte plane. */
  split: boolean;
}

/**
 * @param plainBytes number of plain bytes that the header must promise.
 * @throws {EmporiumError} FORMAT_CORRUPT, FORMAT_UNSUPPORTED (snappy)
 */
export function parseBloscFrame(bytes: Uint8Array, plainBytes: number): BloscFrame {
  if (bytes.length < 16) throw corrupt(`${counted(bytes.length, "byte")}, the header alone has 16`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, 16);
  const [version, flags, itemBytes] = [view.getUint8(0), view.getUint8(2), view.getUint8(3)];
  const [promised, blockBytes, frameBytes] = [view.getUint32(4, true), view.getUint32(8, true), view.getUint32(12, true)];
  if (version !== 2) throw corrupt(`Blosc format ${version}; expected 2`);
  if (promised !== plainBytes) throw corrupt(`the stream promises ${counted(promised, "byte")}, the metadata say ${plainBytes}`);
  if (frameBytes < 16 || frameBytes > bytes.length)
    throw corrupt(`a frame of ${counted(frameBytes, "byte")}, ${bytes.length} are there`);
  if (itemBytes === 0) throw corrupt("elements of 0 bytes");
  const stored = (flags & 2) !== 0;
  const inner = INNER[flags >> 5];
  if (inner === undefined && !stored) throw corrupt(`inner compressor ${flags >> 5} does not exist`);
  if (inner === "snappy" && !stored) throw new EmporiumError("FORMAT_UNSUPPORTED", "inner compressor snappy is not read");
  if (plainBytes > 0 && (blockBytes === 0 || blockBytes > plainBytes))
    throw corrupt(`blocks of ${counted(blockBytes, "byte")} in ${plainBytes}`);
  const least = stored ? 16 + plainBytes : 16 + 4 * (plainBytes === 0 ? 0 : Math.ceil(plainBytes / blockBytes));
  if (frameBytes < least) throw corrupt(`a frame of ${counted(frameBytes, "byte")}, ${least} are needed at least`);
  const shuffle = (flags & 1) !== 0 && itemBytes > 1 ? "bytes" : (flags & 4) !== 0 ? "bits" : "none";
  // c-blosc splits by the same rule when it writes; the flag came later than the rule
  const split = (flags & 16) === 0 && itemBytes <= 16 && Math.floor(blockBytes / itemBytes) >= 128;
  return { inner: inner ?? "lz4", itemBytes, plainBytes, blockBytes, frameBytes, shuffle, stored, split };
}

/**
 * Plain bytes of a Blosc-1 frame. Every offset and length in it is checked, and a stream that does not decode is an error:
 * c-blosc compiled for JavaScript gives whatever its buffer held before.
 *
 * Cost: one pass over the output, two with a shuffle. Readers in a hurry pass a WebAssembly decoder for lz4 in its place.
 * @throws {EmporiumError} FORMAT_CORRUPT, FORMAT_UNSUPPORTED Source: c-blosc 1.21, `README_CHUNK_FORMAT.rst` and `blosc.c`.
 */
export async function decodeBlosc(bytes: Uint8Array, plainBytes: number): Promise<Uint8Array> {
  const frame = parseBloscFrame(bytes, plainBytes);
  if (frame.stored) return new Uint8Array(bytes.subarray(16, 16 + plainBytes));
  const { blockBytes, shuffle, itemBytes } = frame;
  const view = new DataView(bytes.buffer, bytes.byteOffset, frame.frameBytes);
  const plain = spaciousBytes(plainBytes);
  const scratch = shuffle === "none" ? undefined : spaciousBytes(blockBytes);
  const blocks = plainBytes === 0 ? 0 : Math.ceil(plainBytes / blockBytes);
  for (let block = 0; block < blocks; block++) {
    const target = plain.subarray(block * blockBytes, Math.min((block + 1) * blockBytes, plainBytes));
    const streams = frame.split && target.length === blockBytes ? itemBytes : 1;
    const unpacked = scratch ? scratch.subarray(0, target.length) : target;
    await decodeStreams(bytes, view, view.getUint32(16 + 4 * block, true), streams, unpacked, frame);
    if (shuffle === "bytes") unshuffleBytes(unpacked, target, itemBytes);
    else if (shuffle === "bits") unshuffleBits(unpacked, target, itemBytes);
  }
  return plain;
}

/** The streams of one block, each after its length. Threads write blocks in any order, so only the frame's end bounds them. */
async function decodeStreams(
  bytes: Uint8Array,
  view: DataView,
  start: number,
  streams: number,
  out: Uint8Array,
  frame: BloscFrame,
) {
  const streamBytes = Math.floor(out.length / streams);
  let at = start;
  if (at < 16) throw corrupt(`a block at byte ${at}, inside the header`);
  for (let i = 0; i < streams; i++) {
    if (at + 4 > frame.frameBytes) throw corrupt(`a block past the end of the frame, ${counted(frame.frameBytes, "byte")}`);
    const packedBytes = view.getInt32(at, true);
    at += 4;
    if (packedBytes < 0 || at + packedBytes > frame.frameBytes)
      throw corrupt(`a stream of ${counted(packedBytes, "byte")} past the end of the frame`);
    const packed = bytes.subarray(at, at + packedBytes);
    at += packedBytes;
    const target = out.subarray(i * streamBytes, (i + 1) * streamBytes);
    if (packedBytes === streamBytes) target.set(packed);
    else if (frame.inner === "lz4") decodeLz4Block(packed, target);
    else if (frame.inner === "blosclz") decodeBlosclz(packed, target);
    else if (frame.inner === "zstd") decodeZstd(packed, target);
    else target.set(requireLength(await inflate(packed, "deflate", streamBytes), streamBytes));
  }
  if (streams * streamBytes !== out.length)
    throw corrupt(`blocks of ${counted(out.length, "byte does", "bytes do")} not split into ${streams} streams`);
}

/** All first bytes, then all second bytes, … back to elements. Bytes after the last whole element stand as they are. */
function unshuffleBytes(shuffled: Uint8Array, plain: Uint8Array, itemBytes: number): void {
  const items = Math.floor(plain.length / itemBytes);
  for (let byte = 0; byte < itemBytes; byte++) {
    for (let from = byte * items, to = byte, end = from + items; from < end; from++, to += itemBytes) plain[to] = shuffled[from]!;
  }
  plain.set(shuffled.subarray(items * itemBytes), items * itemBytes);
}

/** Reverses bitshuffle: all lowest bits, then all second bits, … Only whole groups of eight elements are shuffled. */
function unshuffleBits(shuffled: Uint8Array, plain: Uint8Array, itemBytes: number): void {
  const items = Math.floor(plain.length / itemBytes);
  if (items % 8 !== 0) {
    plain.set(shuffled);
    return;
  }
  const rowBytes = items / 8;
  for (let byte = 0; byte < itemBytes; byte++) {
    for (let group = 0; group < rowBytes; group++) {
      const from = 8 * byte * rowBytes + group;
      for (let item = 0; item < 8; item++) {
        let value = 0;
        for (let bit = 0; bit < 8; bit++) value |= ((shuffled[from + bit * rowBytes]! >> item) & 1) << bit;
        plain[(8 * group + item) * itemBytes + byte] = value;
      }
    }
  }
  plain.set(shuffled.subarray(items * itemBytes), items * itemBytes);
}

function requireLength(bytes: Uint8Array, wanted: number): Uint8Array {
  if (bytes.length !== wanted) throw corrupt(`the stream ends after ${bytes.length} of ${counted(wanted, "byte")}`);
  return bytes;
}

function corrupt(message: string): EmporiumError {
  return new EmporiumError("FORMAT_CORRUPT", message);
}
