// A shuffled block as it stands in a Blosc-1 frame: streams, each an int32 size and LZ4 data, or the raw bytes where LZ4 does not shrink them.
import { compress } from "./lz4-encode";

/** c-blosc does not split a block whose streams would be shorter (BLOSC_MIN_BUFFERSIZE). */
const SPLIT_MIN: u32 = 128;

/** Packs `streams` streams of `n` bytes. Returns the bytes written, at most streams * (n + 4). */
export function pack(streams: u32, block: usize, n: u32, dst: usize, table: usize): u32 {
  if (n < SPLIT_MIN) {
    n *= streams;
    streams = 1;
  }
  let to = dst;
  for (; streams > 0; streams--, block += n) {
    let size = compress(block, n, to + 4, n, table);
    if (size == 0) {
      memory.copy(to + 4, block, n);
      size = n;
    }
    store<u32>(to, size);
    to += 4 + size;
  }
  return <u32>(to - dst);
}
