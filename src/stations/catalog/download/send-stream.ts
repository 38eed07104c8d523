import { concat } from "../../../core/bytes.js";
import { partBytesFor } from "../../../engine/atomic.js";
import type { Store } from "../../../stores/store.js";

/** Writes consecutive pieces under a key, whole or not at all, with memory for one part. */
export async function sendStream(
  store: Store,
  key: string,
  size: number,
  pieces: AsyncIterable<Uint8Array>,
  signal?: AbortSignal,
): Promise<void> {
  const upload = await store.create(key, { size, signal });
  try {
    const partBytes = partBytesFor(size, upload.partBytesMin);
    let held: Uint8Array[] = [];
    let bytes = 0;
    let number = 0;
    const flush = async (length: number) => {
      const all = concat(held);
      await upload.part(++number, all.subarray(0, length), { signal });
      held = length < all.length ? [all.slice(length)] : [];
      bytes = all.length - length;
    };
    for await (const piece of pieces) {
      held.push(piece);
      bytes += piece.length;
      while (bytes >= partBytes) await flush(partBytes);
    }
    if (bytes > 0 || number === 0) await flush(bytes);
    await upload.finish({ signal });
  } catch (error) {
    await upload.abort();
    throw error;
  }
}
