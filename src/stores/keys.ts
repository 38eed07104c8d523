import { EmporiumError } from "../core/errors.js";

/** Bytes of one segment: what every common file system allows. */
const SEGMENT_BYTES_MAX = 255;

/** Names of our own unfinished files: `.<name>.<tag>.part`. They are never listed, so nothing else may be called so. */
const PART_NAME = /^\..+\.[A-Za-z0-9_~-]+\.part$/s;

/**
 * Checks a key before it becomes a path or an address: relative, segments between `/` not empty, `.` or `..`, and at most 255
 * bytes each. Refuses backslashes, which separate folders on some machines only.
 *
 * @param kind what is allowed: an object, a folder (a last `/` is allowed, and so is `""`, the root), or either.
 * @returns the key, a folder's without its last `/`.
 * @throws {EmporiumError} NAME_UNSAFE
 */
export function checkKey(key: string, kind: "object" | "folder" | "either" = "object"): string {
  if (key === "" && kind === "folder") return key;
  const bare = kind !== "object" && key.endsWith("/") ? key.slice(0, -1) : key;
  if (bare === "") throw unsafe(key, "is empty");
  for (const segment of bare.split("/")) {
    const fault = segmentFault(segment);
    if (fault) throw unsafe(key, fault);
  }
  return bare;
}

/** As `checkKey`, for the start of keys: the last segment may be incomplete or empty. */
export function checkPrefix(prefix: string): string {
  const segments = prefix.split("/");
  const last = segments.pop()!;
  for (const segment of segments) {
    const fault = segmentFault(segment);
    if (fault) throw unsafe(prefix, fault);
  }
  if (FORBIDDEN.test(last)) throw unsafe(prefix, "cannot begin a key");
  return prefix;
}

/** Last part of a key or path. */
export function baseName(key: string): string {
  return key.slice(key.lastIndexOf("/") + 1);
}

/** True for names that only this program gives, to files and folders that are being made. */
export function isPartName(name: string): boolean {
  return name.endsWith(".part") && PART_NAME.test(name);
}

/** UTF-8 order, the order of object stores. JavaScript's own order differs above U+FFFF, where surrogates sort before U+E000. */
export function compareKeys(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x !== y) return rank(x) - rank(y);
  }
  return a.length - b.length;
}

function rank(unit: number): number {
  if (unit < 0xd800) return unit;
  return unit < 0xe000 ? unit + 0x2000 : unit - 0x800;
}

/** Names that Windows gives another meaning: devices, streams (`:`), a last dot or blank that it drops. */
export function windowsFault(segment: string): string | undefined {
  if (/^(?:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(?:\.|$)/i.test(segment)) return "is a device on Windows";
  if (/[<>:"|?*\u0001-\u001f]/.test(segment)) return "holds a character that Windows forbids";
  if (/[. ]$/.test(segment)) return "ends with a dot or a blank, which Windows drops";
  return undefined;
}

const FORBIDDEN = /[\0\\]/;
const encoder = new TextEncoder();

function segmentFault(segment: string): string | undefined {
  if (segment === "") return "has an empty segment";
  if (segment === "." || segment === "..") return `has the segment "${segment}"`;
  if (segment.includes("\0")) return "holds a NUL character";
  if (segment.includes("\\")) return "holds a backslash";
  if (/[\ud800-\udfff]/u.test(segment)) return "is not valid Unicode";
  if (segment.length > SEGMENT_BYTES_MAX / 3 && encoder.encode(segment).length > SEGMENT_BYTES_MAX) {
    return `has a segment of more than ${SEGMENT_BYTES_MAX} bytes`;
  }
  if (isPartName(segment)) return "is a name kept for unfinished files";
  return undefined;
}

export function unsafe(key: string, fault: string): EmporiumError {
  const shown = JSON.stringify(key.length > 300 ? `${key.slice(0, 300)}…` : key);
  return new EmporiumError("NAME_UNSAFE", `the name ${shown} ${fault}; expected a plain relative name`, {
    hint: "rename it: parts between / must not be empty, . or .., nor hold a backslash or NUL",
  });
}

/** Of a name that a listing found and left out (`onUnusable`). U+FFFD stands for bytes that are not UTF-8. */
export function unusable(key: string): EmporiumError {
  if (!key.includes("\ufffd")) return unsafe(key, "cannot be that of a file");
  return new EmporiumError("NAME_UNSAFE", `the name ${JSON.stringify(key)} is not UTF-8`, {
    hint: "rename it, for example with convmv",
  });
}
