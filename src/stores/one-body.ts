import type { ByteRange } from "../core/bytes.js";
import { concat } from "../core/bytes.js";
import { changed } from "./faults.js";
import { absent, type Store } from "./store.js";

/**
 * Reads an object by one request, so that all bytes have one version. A broken connection is an error: resuming needs another
 * request.
 *
 * @throws {EmporiumError} STORE_ABSENT; STORE_CONFLICT for a body of another size than `size`.
 */
export async function oneBody(
  store: Store,
  key: string,
  { name, size, signal }: { name: string; size: number; signal?: AbortSignal | undefined },
): Promise<{ reader(range: ByteRange): Promise<Uint8Array>; close(): Promise<void> }> {
  const stream = store.stream && (await store.stream(key, undefined, { signal }));
  const whole = stream ? undefined : await store.read(key, undefined, { signal });
  if (!stream && !whole) throw absent(store, key);
  if ((stream?.stat.size ?? whole?.length ?? size) !== size) {
    await stream?.cancel();
    throw changed(name);
  }
  const pieces = stream ? stream.body[Symbol.asyncIterator]() : [whole!][Symbol.iterator]();
  let rest: Uint8Array = new Uint8Array(0);
  let at = 0;
  return {
    async reader({ offset, length }) {
      if (offset !== at) throw new Error(`${name}: byte ${offset} is asked for, the body is at ${at}`);
      const got: Uint8Array[] = [];
      for (let missing = length; missing > 0; ) {
        if (rest.length === 0) {
          const next = await pieces.next();
          if (next.done) break;
          rest = next.value;
        }
        const piece = rest.subarray(0, missing);
        got.push(piece);
        rest = rest.subarray(piece.length);
        missing -= piece.length;
      }
      const bytes = concat(got);
      at += bytes.length;
      return bytes;
    },
    close: async () => stream?.cancel(),
  };
}
