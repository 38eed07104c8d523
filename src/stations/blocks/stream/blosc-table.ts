import type { JsonObject } from "../../../core/json.js";
import { parseBloscFrame } from "../../../formats/zarr/blosc.js";

/**
 * Table of the blocks of a Blosc frame, for decoders that know LZ4 or zstd but not Blosc: they decode all streams at once, and
 * then unshuffle.
 *
 * @returns `inner` compressor, `itemBytes`, `blockBytes` (plain; the last block may have fewer), `shuffle` (none, bytes, bits), `memcpy` (the plain
 *   bytes follow the header of 16 bytes; no blocks), and `blocks`: for each the streams `[offset, bytes]` within the frame, one, or one for each
 *   byte of an element where the block was split. A stream as long as its plain bytes is not compressed.
 * @throws {EmporiumError} FORMAT_CORRUPT, FORMAT_UNSUPPORTED
 */
export function bloscTable(frame: Uint8Array): JsonObject {
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  const plainBytes = frame.length < 16 ? 0 : view.getUint32(4, true);
  const parsed = parseBloscFrame(frame, plainBytes);
  const { inner, itemBytes, blockBytes, shuffle, stored: memcpy, split } = parsed;
  const blocks: number[][][] = [];
  const count = memcpy || plainBytes === 0 ? 0 : Math.ceil(plainBytes / blockBytes);
  for (let block = 0; block < count; block++) {
    const isWhole = (block + 1) * blockBytes <= plainBytes;
    blocks.push(streamsAt(view, parsed.frameBytes, view.getUint32(16 + 4 * block, true), split && isWhole ? itemBytes : 1));
  }
  return { inner, itemBytes, plainBytes, blockBytes, shuffle, memcpy, blocks };
}

function streamsAt(view: DataView, frameBytes: number, start: number, count: number): number[][] {
  const streams: number[][] = [];
  let at = start;
  for (let i = 0; i < count; i++) {
    // a length past the end stands in the table as it is: whoever decodes the stream finds the damage
    const bytes = at + 4 <= frameBytes ? view.getUint32(at, true) : 0;
    streams.push([at + 4, bytes]);
    at += 4 + bytes;
  }
  return streams;
}
