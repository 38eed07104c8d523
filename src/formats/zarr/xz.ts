import { spaciousBytes } from "../../core/bytes.js";
import { EmporiumError } from "../../core/errors.js";
import { counted } from "../../core/units.js";

/** Exports of `xz-decompress`: at the top level under Node, below `default` where a bundler reads it as CommonJS. */
interface XzModule {
  XzReadableStream: new (compressed: ReadableStream<Uint8Array>) => ReadableStream<Uint8Array>;
}

/** Codes of xz-embedded for a valid stream that is not supported: too large a dictionary, filters, other checks. */
const NOT_READ = /error code [46]$/;

/**
 * Decodes xz with xz-embedded in WebAssembly, which checks CRC-32 and CRC-64. Stops at the first buffer past `plainBytes`.
 *
 * @throws {EmporiumError} FORMAT_UNSUPPORTED (dictionary past 64 MiB, filters other than LZMA2, SHA-256 checks), FORMAT_CORRUPT.
 */
export async function decodeXz(bytes: Uint8Array, plainBytes: number): Promise<Uint8Array> {
  // the package fails on a stream of nothing without a word of why
  if (bytes.length === 0) throw new EmporiumError("FORMAT_CORRUPT", "no bytes; expected an xz stream");
  const module = (await import("xz-decompress")) as unknown as XzModule & { default?: XzModule };
  const { XzReadableStream } = module.default ?? module;
  const reader = new XzReadableStream(new Blob([bytes as Uint8Array<ArrayBuffer>]).stream()).getReader();
  const plain = spaciousBytes(plainBytes);
  let at = 0;
  for (;;) {
    const { done, value } = await reader.read().catch((cause: unknown) => {
      const unread = cause instanceof Error && NOT_READ.test(cause.message);
      throw unread
        ? new EmporiumError("FORMAT_UNSUPPORTED", "an xz stream with filters, checks or a dictionary that are not read", {
            cause,
          })
        : new EmporiumError(
            "FORMAT_CORRUPT",
            `the xz stream breaks off or is damaged after ${at} of ${counted(plainBytes, "byte")}`,
            {
              cause,
            },
          );
    });
    if (done) return plain.subarray(0, at);
    if (at + value.length > plainBytes) {
      await reader.cancel().catch(() => undefined); // the refusal below is what the caller must hear of
      throw new EmporiumError("FORMAT_CORRUPT", `the stream goes on past the ${counted(plainBytes, "byte")} that it should have`);
    }
    plain.set(value, at);
    at += value.length;
  }
}
