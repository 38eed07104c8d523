/** Bytes of a Blosc-1 header. The offset table follows: one int32 a block, from the start of the frame. */
export const BLOSC_HEADER_BYTES = 16;

const VERSION = 2;
const LZ4_VERSION = 1;
const FLAG_SHUFFLE = 0x01;
const CODEC_LZ4 = 1 << 5;

/**
 * Header and offset table of a frame whose blocks were made by `gather` and `pack`: `BLOSC_HEADER_BYTES + 4 * offsets.length` bytes.
 * They can be written last, in the room left for them before the blocks.
 *
 * @param blockBytes plain bytes of a block, a multiple of `itemBytes`, at most `plainBytes`; the last block may be shorter.
 * @param frameBytes bytes of the whole frame, header and table included.
 * @param offsets where each block starts in the frame, in the order of the plain bytes; the blocks may lie in any order.
 */
export function bloscHeader({
  itemBytes,
  plainBytes,
  blockBytes,
  frameBytes,
  offsets,
}: {
  itemBytes: number;
  plainBytes: number;
  blockBytes: number;
  frameBytes: number;
  offsets: ArrayLike<number>;
}): Uint8Array {
  const header = new Uint8Array(BLOSC_HEADER_BYTES + 4 * offsets.length);
  const view = new DataView(header.buffer);
  header.set([VERSION, LZ4_VERSION, FLAG_SHUFFLE | CODEC_LZ4, itemBytes]);
  view.setUint32(4, plainBytes, true);
  view.setUint32(8, blockBytes, true);
  view.setUint32(12, frameBytes, true);
  for (let block = 0; block < offsets.length; block++) view.setUint32(BLOSC_HEADER_BYTES + 4 * block, offsets[block]!, true);
  return header;
}
