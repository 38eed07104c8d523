import { promisify } from "node:util";
import { brotliDecompress, gunzip, inflate } from "node:zlib";
import { EmporiumError } from "../core/errors.js";
import { type Json, parseJson } from "../core/json.js";
import { redact } from "../core/redact.js";
import { counted } from "../core/units.js";
import { replyFault } from "./faults.js";

/** The bytes of a reply without the compression that its header names: servers send it unasked. At most `bytesMax` come out. */
export async function decompressed(
  bytes: Uint8Array,
  encoding: string | undefined,
  url: string,
  bytesMax: number,
): Promise<Uint8Array> {
  const form = (encoding ?? "identity").trim().toLowerCase();
  if (form === "identity" || form === "") return bytes;
  const decode = { gzip: gunzip, "x-gzip": gunzip, deflate: inflate, br: brotliDecompress }[form];
  if (!decode) throw replyFault(url, `the reply is compressed as ${form}, which was not requested`);
  try {
    return await promisify<Uint8Array, { maxOutputLength: number }, Buffer>(decode)(bytes, { maxOutputLength: bytesMax });
  } catch (cause) {
    throw replyFault(url, `the reply, compressed as ${form}, does not decompress to at most ${counted(bytesMax, "byte")}`, cause);
  }
}

/** The text of a reply: by the charset of its header, else UTF-8, and Windows-1252 for what is neither. */
export function decodeText(bytes: Uint8Array, contentType: string | undefined): string {
  const charset = /charset\s*=\s*"?([\w.:-]+)/i.exec(contentType ?? "")?.[1] ?? "utf-8";
  try {
    return new TextDecoder(charset, { fatal: true }).decode(bytes);
  } catch {
    // An unknown name, or a page that is not what its header says.
    return new TextDecoder("windows-1252").decode(bytes);
  }
}

export function jsonOf(body: string, url: string): Json {
  try {
    return parseJson(body.replace(/^\ufeff/, ""));
  } catch (cause) {
    const page = /^\s*</.test(body);
    throw replyFault(url, page ? "a web page came instead of JSON" : "what came is not JSON", cause);
  }
}

export function tooLong(url: string, found: number, wanted: number): EmporiumError {
  return new EmporiumError(
    "FORMAT_LIMIT",
    `${redact(url)}: a reply of ${counted(found, "byte")} or more; at most ${wanted} are read`,
    {
      place: { url: redact(url) },
      hint: "check that this is a page or listing, not a data file",
    },
  );
}
