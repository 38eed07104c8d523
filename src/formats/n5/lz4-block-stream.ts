import { EmporiumError } from "../../core/errors.js";
import { decodeLz4Block } from "../zarr/lz4.js";
import { xxHash32 } from "./xx-hash32.js";

const MAGIC = [0x4c, 0x5a, 0x34, 0x42, 0x6c, 0x6f, 0x63, 0x6b]; // "LZ4Block"
const HEADER_BYTES = MAGIC.length + 1 + 4 + 4 + 4;
const RAW = 0x10;
const LZ4 = 0x20;
const SEED = 0x9747b28c;

/**
 * Decodes the block stream of lz4-java into `plain`, which it must fill exactly: blocks of at most 2^10 to 2^25 bytes, each with magic, method, both
 * lengths and a checksum; the last has no bytes.
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
    if (at + packedBytes > bytes.length) throw corrupt(`a block of ${packedBytes} bytes is cut short`);
    if (out + plainBytes > plain.length) throw corrupt(`the stream goes on past the ${plain.length} bytes that it should have`);
    const packed = bytes.subarray(at, at + packedBytes);
    const target = plain.subarray(out, out + plainBytes);
    if (method === RAW && packedBytes === plainBytes) target.set(packed);
    else if (method === LZ4) decodeLz4Block(packed, target);
    else throw corrupt(`a block of method ${method} with ${packedBytes} of ${plainBytes} bytes`);
    // lz4-java keeps the lower 28 bits of it
    if ((xxHash32(target, SEED) & 0xfffffff) >>> 0 !== checksum) throw corrupt("a block's checksum is not that of its bytes");
    at += packedBytes;
    out += plainBytes;
  }
  if (out !== plain.length) throw corrupt(`the stream ends after ${out} of ${plain.length} bytes`);
}

function corrupt(message: string): EmporiumError {
  return new EmporiumError("FORMAT_CORRUPT", message);
}
