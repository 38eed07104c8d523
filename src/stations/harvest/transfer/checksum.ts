import { EmporiumError } from "../../../core/errors.js";

export const ALGORITHMS = ["md5", "sha1", "sha256", "sha512"] as const;
export type Algorithm = (typeof ALGORITHMS)[number];

/** An expected checksum: `sha256:` and lower-case hexadecimal digits. */
export type Checksum = `${Algorithm}:${string}`;

/** `sidecar` a file beside the object, `listing` a list, `given` the user, `etag` the server's reply, `own` none of these. */
export type ChecksumOrigin = "sidecar" | "etag" | "listing" | "given" | "own";

const DIGITS: Record<Algorithm, number> = { md5: 32, sha1: 40, sha256: 64, sha512: 128 };

/**
 * Reads `sha256:9f86…`, or bare digits, whose number tells the algorithm. Also Base64, as in headers
 * (`md5:1B2M2Y8AsgTpgAmY7PhCfg==`).
 *
 * @throws {EmporiumError} USAGE
 */
export function parseChecksum(text: string): Checksum {
  const match = /^\s*(?:([a-z0-9-]+)\s*[:=]\s*)?(\S+?)\s*$/i.exec(text);
  const name = match?.[1]?.toLowerCase().replace("-", "");
  const value = match?.[2] ?? "";
  const algorithm = ALGORITHMS.find((known) => (name === undefined ? value.length === DIGITS[known] : name === known));
  const hex = algorithm && asHex(value, DIGITS[algorithm]);
  if (algorithm && hex) return `${algorithm}:${hex}`;
  throw new EmporiumError("USAGE", `"${text}" is not a checksum`, {
    hint: `write it as ${ALGORITHMS.map((known) => `${known}:…`).join(", ")}, in hexadecimal digits`,
  });
}

/** Base64 of as many bytes, or the digits themselves. */
export function asHex(value: string, digits: number): string | undefined {
  if (/^[0-9a-f]+$/i.test(value) && value.length === digits) return value.toLowerCase();
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(value)) return undefined;
  const bytes = Buffer.from(value, "base64");
  return bytes.length * 2 === digits ? bytes.toString("hex") : undefined;
}

/** S3 and compatible servers use the MD5 as tag of an object that was sent in one piece. A tag of several parts has a dash. */
export function md5OfEtag(etag: string | undefined): Checksum | undefined {
  const hex = /^"?([0-9a-f]{32})"?$/i.exec(etag ?? "")?.[1];
  return hex === undefined ? undefined : `md5:${hex.toLowerCase()}`;
}

export function splitChecksum(checksum: Checksum): { algorithm: Algorithm; hex: string } {
  const colon = checksum.indexOf(":");
  return { algorithm: checksum.slice(0, colon) as Algorithm, hex: checksum.slice(colon + 1).toLowerCase() };
}
