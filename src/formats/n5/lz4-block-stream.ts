import { EmporiumError } from "../../core/errors.js";
import { counted } from "../../core/units.js";
import { decodeLz4Block } from "../zarr/lz4.js";
import { xxHash32 } from "./xx-hash32.js";

const MAGIC = [0x4c, 0x5a, 0x34, 0x42, 0x6c, 0x6f, 0x63, 0x6b]; // "LZ4Block"
const HEADER_BYTES = MAGIC.length + 1 + 4 + 4 + 4;
const RAW = 0x10;
const LZ4 = 0x20;
const SEED = 0x9747b28c;

/**
 * Decodes the block stream of lz4-java into `plain`, which it must fill exactly: blocks of at most 2^10 to 2^25 bytes, each with
 * magic, method, both lengths and a checksum; the last has no bytes.
 *
 * @throws {EmporiumError} FORMAT_CORRUPT
 * Source: `LZ4BlockOutputStream` of lz4-java.
 */
export function decodeLz4BlockStream(bytes: Uint8Array, plain: Uint8Array): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  let out = 0;
  while (at < bytes.length) {
    if (at + HEADER_BYTES > bytes.length) throw corrupt("a block's header is cut short");
    if (MAGIC.some((byte, i) => bytes[at + i] !== byte)) throw corrupt(`no block begins at byte ${at}`);
    const method = bytes[at + 8]! & 0xf0;
    const [packedBytes, plainBytes] = [view.getUint32(at + 9, true), view.getUint32(at + 13, true)];
    const checksum = view.getUint32(at + 17, true);
    at += HEADER_BYTES;
    if (plainBytes === 0 && packedBytes === 0) continue; // an end; streams may follow one another
    if (at + packedBytes > bytes.length) throw corrupt(`a block of ${counted(packedBytes, "byte")} is cut short`);
    if (out + plainBytes > plain.length)
      throw corrupt(`the stream goes on past the ${counted(plain.length, "byte")} that it should have`);
    const packed = bytes.subarray(at, at + packedBytes);
    const target = plain.subarray(out, out + plainBytes);
    if (method === RAW && packedBytes === plainBytes) target.set(packed);
    else if (method === LZ4) decodeLz4Block(packed, target);
    else throw corrupt(`a block of method ${method} with ${packedBytes} of ${counted(plainBytes, "byte")}`);
    // lz4-java keeps the lower 28 bits of it
    if ((xxHash32(target, SEED) & 0xfffffff) >>> 0 !== checksum) throw corrupt("a block's checksum is not that of its bytes");
    at += packedBytes;
    out += plainBytes;
  }
  if (out !== plain.length) throw corrupt(`the stream ends after ${out} of ${counted(plain.length, "byte")}`);
}

/**
 * The stream of one block, as lz4-java ends it: with a block of nothing.
 *
 * @param packed LZ4 of the same bytes; the plain ones are stored where it is not shorter.
 */
export function lz4Block(plain: Uint8Array, packed: Uint8Array): Uint8Array {
  const body = packed.length < plain.length ? packed : plain;
  const stream = new Uint8Array(2 * HEADER_BYTES + body.length);
  // the token's lower half is the size of blocks: 2^(10 + n)
  const level = Math.max(0, 22 - Math.clz32(Math.max(1, plain.length - 1)));
  if (level > LEVEL_MAX) {
    throw new EmporiumError(
      "FORMAT_LIMIT",
      `a block of ${counted(plain.length, "byte")}, lz4-java has ${2 ** (10 + LEVEL_MAX)} at most`,
    );
  }
  const checksum = (xxHash32(plain, SEED) & 0xfffffff) >>> 0;
  writeHeader(stream, 0, (body === packed ? LZ4 : RAW) | level, [body.length, plain.length, checksum]);
  stream.set(body, HEADER_BYTES);
  writeHeader(stream, HEADER_BYTES + body.length, RAW | level, [0, 0, 0]);
  return stream;
}

const LEVEL_MAX = 15;

function writeHeader(stream: Uint8Array, at: number, token: number, words: readonly number[]): void {
  stream.set(MAGIC, at);
  stream[at + MAGIC.length] = token;
  const view = new DataView(stream.buffer, stream.byteOffset);
  for (const [i, word] of words.entries()) view.setUint32(at + MAGIC.length + 1 + 4 * i, word, true);
}

function corrupt(message: string): EmporiumError {
  return new EmporiumError("FORMAT_CORRUPT", message);
}
