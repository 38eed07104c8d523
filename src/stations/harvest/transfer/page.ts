import { EmporiumError } from "../../../core/errors.js";
import { redact } from "../../../core/redact.js";
import { endsOf } from "../../../formats/registry.js";
import type { KnownSource } from "./ask.js";

/** The first bytes that are examined. */
export const LOOK_BYTES = 512;

/** Ends of names of binary files that are no images, or of formats without a row of their own. */
const OTHERS = "svs|lsm|stk|gz|tgz|n5z|zip|ozx|bz2|xz|zst|png|jpe?g";
const BINARY_NAME = new RegExp(`\\.(?:${endsOf(({ peek }) => peek)}|${OTHERS})$`, "i");
/** A short file of bzip2 or Zstandard may consist of bytes that also texts have. */
const COMPRESSED = /^(?:BZh|\x28\xb5\x2f\xfd)/;

/**
 * Whether a server replies with a page for people instead of the file: a log-in, a captcha, maintenance, an error with status
 * 200. The bytes decide, since servers call data `text/html` too. The media type decides only if the bytes may be either.
 *
 * @param start the first `LOOK_BYTES` of the object, or all of it
 * @returns what was found, for a message
 */
export function pageIn(key: string, start: Uint8Array, mediaType: string | undefined): string | undefined {
  if (/\.x?html?$/i.test(key)) return undefined;
  const latin = Buffer.from(start.buffer, start.byteOffset, Math.min(start.length, LOOK_BYTES)).toString("latin1");
  const text = latin.replace(/^(?:\xef\xbb\xbf|\s)+/, "");
  if (/^(?:<\?xml[^>]*\?>\s*)?(?:<!--[\s\S]*?(?:-->|$)\s*)*<(?:!doctype\s+html|html|head)\b/i.test(text)) return "a web page";
  const isText = !/[\0-\x08\x0e-\x1a\x1c-\x1f]/.test(latin);
  if (!isText || start.length === 0) return undefined;
  if (/^(?:text\/html|application\/xhtml\+xml)$/.test(mediaType ?? "")) return "a web page";
  if (!/\.xml$/i.test(key) && /^(?:<\?xml[^>]*\?>\s*)?<Error>/.test(text)) return "an error message";
  return BINARY_NAME.test(key) && !COMPRESSED.test(latin) ? "text" : undefined;
}

/**
 * Refuses such a page. A file of this machine is what it is: nobody answers in its place.
 *
 * @throws {EmporiumError} PORTAL_NOT_DATA
 */
export function refusePage(
  source: Pick<KnownSource, "key" | "name" | "store">,
  start: Uint8Array,
  mediaType: string | undefined,
): void {
  const page = source.store.local ? undefined : pageIn(source.key, start, mediaType);
  if (page !== undefined) throw notData(source.name, page);
}

function notData(name: string, found: string): EmporiumError {
  return new EmporiumError("PORTAL_NOT_DATA", `${redact(name)}: the server answers with ${found} instead of the file`, {
    place: { url: redact(name) },
    hint: "open the address in a browser: it may require a log-in, or be under maintenance",
  });
}
