import type { RandomAccess } from "../../core/bytes.js";

const WINDOW_MIN = 4096;
const WINDOW_MAX = 64 * 1024;

/**
 * A source that fetches at least 4 KiB, and twice as much each time a read continues at the last window's end: adjacent
 * directories take few requests, scattered ones do not fetch pixels.
 */
export async function windowed(source: RandomAccess): Promise<RandomAccess> {
  const sizeBytes = await source.size();
  let start = 0;
  let window: Uint8Array = new Uint8Array(0);
  let length = WINDOW_MIN;
  return {
    name: source.name,
    size: async () => sizeBytes,
    read: async (range, options) => {
      const end = Math.min(range.offset + range.length, sizeBytes);
      if (range.offset < start || end > start + window.length) {
        const goesOn = window.length > 0 && range.offset >= start && range.offset <= start + window.length;
        length = goesOn ? Math.min(length * 2, WINDOW_MAX) : WINDOW_MIN;
        const wanted = Math.max(length, range.length);
        window = await source.read(
          { offset: range.offset, length: Math.max(0, Math.min(wanted, sizeBytes - range.offset)) },
          options,
        );
        start = range.offset;
      }
      return window.subarray(range.offset - start, range.offset - start + range.length);
    },
  };
}
