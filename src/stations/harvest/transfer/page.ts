import { EmporiumError } from "../../../core/errors.js";
import { redact } from "../../../core/redact.js";

/** So many first bytes are looked at. */
export const LOOK_BYTES = 512;

/** First bytes by which files of a name are known. Where several are given, any of them. `at`: they stand there. */
const MAGIC: readonly { names: RegExp; starts: readonly string[]; at?: number }[] = [
  { names: /\.(?:tiff?|svs|lsm|eer|stk)$/i, starts: ["II*\0", "MM\0*", "II+\0", "MM\0+"] },
  { names: /\.dm[34]$/i, starts: ["\0\0\0\x03", "\0\0\0\x04"] },
  { names: /\.(?:gz|tgz|n5z)$/i, starts: ["\x1f\x8b"] },
  { names: /\.(?:zip|czi\.zip|ozx)$/i, starts: ["PK"] },
  { names: /\.bz2$/i, starts: ["BZh"] },
  { names: /\.xz$/i, starts: ["\xfd7zXZ"] },
  { names: /\.zst$/i, starts: ["\x28\xb5\x2f\xfd"] },
  { names: /\.(?:h5|hdf5?|hdf)$/i, starts: ["\x89HDF"] },
  { names: /\.png$/i, starts: ["\x89PNG"] },
  { names: /\.jpe?g$/i, starts: ["\xff\xd8"] },
  { names: /\.(?:mrcs?|rec|ccp4)$/i, starts: ["MAP"], at: 208 },
];

/**
 * Whether what a server sends under a file's name is a page for people: a log-in, a captcha, a note of maintenance, an error told with status 200.
 * The bytes decide, for servers call data `text/html` too; the media type only where the bytes may be either.
 *
 * @param start the first bytes of the object, `LOOK_BYTES` or all of them.
 * @returns what was found, for a message.
 */
export function pageIn(key: string, start: Uint8Array, mediaType: string | undefined): string | undefined {
  if (/\.x?html?$/i.test(key)) return undefined;
  const latin = new TextDecoder("latin1").decode(start.subarray(0, LOOK_BYTES));
  const text = latin.replace(/^(?:\xef\xbb\xbf|\s)+/, "");
  if (/^(?:<\?xml[^>]*\?>\s*)?(?:<!--[\s\S]*?(?:-->|$)\s*)*<(?:!doctype\s+html|html|head)\b/i.test(text)) return "a web page";
  const isText = !/[\0-\x08\x0e-\x1a\x1c-\x1f]/.test(latin);
  if (!isText || start.length === 0) return undefined;
  if (/^(?:text\/html|application\/xhtml\+xml)$/.test(mediaType ?? "")) return "a web page";
  if (!/\.xml$/i.test(key) && /^(?:<\?xml[^>]*\?>\s*)?<Error>/.test(text)) return "an error message";
  const known = MAGIC.find(({ names }) => names.test(key));
  if (!known || known.starts.some((magic) => latin.startsWith(magic, known.at ?? 0))) return undefined;
  // Old MRC files carry no mark; but a header of text alone has no numbers in it.
  return "text";
}

export function notData(name: string, found: string): EmporiumError {
  return new EmporiumError("PORTAL_NOT_DATA", `${redact(name)}: the server answers with ${found} instead of the file`, {
    place: { url: redact(name) },
    hint: "open the address in a browser: it may require a log-in, or be under maintenance",
  });
}
