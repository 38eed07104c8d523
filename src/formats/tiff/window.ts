import type { RandomAccess } from "../../core/bytes.js";

const WINDOW_MIN = 4096;
const WINDOW_MAX = 64 * 1024;

/**
 * A source that fetches at least 4 KiB at a time, twice as much each time when reads go on where the last window ended: directories that
 * lie together come in few ranges, those that lie apart do not drag pixels along.
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
