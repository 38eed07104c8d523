import { spaciousBytes } from "../../core/bytes.js";
import { EmporiumError } from "../../core/errors.js";
import { counted } from "../../core/units.js";

/**
 * Inflates zlib or gzip with the platform's streams, which verify checksums. Stops at the first byte past `plainBytes`; may
 * return fewer.
 *
 * @throws {EmporiumError} FORMAT_CORRUPT if there are more; the platform's error if decoding fails.
 */
export async function inflate(bytes: Uint8Array, format: "deflate" | "gzip", plainBytes: number): Promise<Uint8Array> {
  const source = new Blob([bytes as Uint8Array<ArrayBuffer>]).stream();
  const reader = source.pipeThrough(new DecompressionStream(format) as TransformStream<Uint8Array, Uint8Array>).getReader();
  const plain = spaciousBytes(plainBytes);
  let at = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return plain.subarray(0, at);
    if (at + value.length > plainBytes) {
      await reader.cancel().catch(() => undefined); // the refusal below is what the caller must hear of
      throw new EmporiumError("FORMAT_CORRUPT", `the stream goes on past the ${counted(plainBytes, "byte")} that it should have`);
    }
    plain.set(value, at);
    at += value.length;
  }
}
