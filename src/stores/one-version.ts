import type { ByteRange, RandomAccess, ReadOptions } from "../core/bytes.js";
import { EmporiumError } from "../core/errors.js";
import { changed, placeOf } from "./faults.js";

/** Objects up to this size are read whole, by one request, as soon as a second part of them is wanted. */
const WHOLE_BYTES_MAX = 64 * 1024 * 1024;
/**
 * Larger objects are read in at most so many parts of so many bytes in all; each further part is read with all earlier ones
 * again.
 */
const PARTS_MAX = 12;
const PARTS_BYTES_MAX = 8 * 1024 * 1024;

export interface UnversionedObject {
  name: string;
  size: number;
  /** One request: the range, or the whole object. */
  read(range: ByteRange | undefined, options: ReadOptions): Promise<Uint8Array>;
  /** A part that was read before the server was known to name no version. */
  begun?: { range: ByteRange; bytes: Uint8Array } | undefined;
}

/**
 * Reads one version of an object from a server that does not tell versions apart. The first part is simply read. For another one,
 * small objects are read whole by one request; of large ones the earlier parts are read again after each new part, and compared.
 *
 * The answer throws STORE_CONFLICT if the object was replaced, STORE_UNVERSIONED if a large object would take many parts.
 */
export function oneVersion({ name, size, read, begun }: UnversionedObject): RandomAccess["read"] {
  const parts = begun ? [begun] : [];
  let partBytes = begun?.bytes.length ?? 0;
  let whole: Promise<Uint8Array> | undefined;
  let turn: Promise<unknown> = Promise.resolve();

  // A cache must not answer in the place of the server, and does not where a call can be cancelled.
  const ask = (range: ByteRange | undefined, { signal = new AbortController().signal }: ReadOptions) => read(range, { signal });

  async function compareAll(again: (range: ByteRange) => Promise<Uint8Array>): Promise<void> {
    for (const { range, bytes } of parts) if (!equal(bytes, await again(range))) throw changed(name);
  }

  async function readWhole(options: ReadOptions): Promise<Uint8Array> {
    const bytes = await ask(undefined, options);
    if (bytes.length !== size) throw changed(name);
    await compareAll(async (range) => partOf(bytes, range));
    parts.length = 0;
    return bytes;
  }

  async function readPart(range: ByteRange, options: ReadOptions): Promise<Uint8Array> {
    if (parts.length >= PARTS_MAX || (parts.length > 0 && partBytes + range.length > PARTS_BYTES_MAX)) throw unversioned(name);
    const bytes = await ask(range, options);
    await compareAll((earlier) => ask(earlier, options));
    parts.push({ range, bytes });
    partBytes += bytes.length;
    return bytes;
  }

  async function readNext(range: ByteRange, options: ReadOptions): Promise<Uint8Array> {
    const known = parts.find(({ range: { offset, length } }) => offset <= range.offset && end(range) <= offset + length);
    if (known) return partOf(known.bytes, { offset: range.offset - known.range.offset, length: range.length });
    if (size > WHOLE_BYTES_MAX || parts.length === 0) return readPart(range, options);
    whole = readWhole(options);
    return partOf(await whole, range);
  }

  return async (range, options = {}) => {
    if (whole) return partOf(await whole, range);
    const mine = turn.then(async () => (whole ? partOf(await whole, range) : readNext(range, options)));
    turn = mine.catch(() => {});
    return mine;
  };
}

const end = ({ offset, length }: ByteRange) => offset + length;

function partOf(bytes: Uint8Array, range: ByteRange): Uint8Array {
  return bytes.subarray(Math.min(range.offset, bytes.length), end(range));
}

function equal(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((byte, at) => byte === other[at]);
}

export function unversioned(name: string): EmporiumError {
  return new EmporiumError(
    "STORE_UNVERSIONED",
    `${name} cannot be read in parts: its server sends neither ETag nor Last-Modified to identify a version`,
    { place: placeOf(name), hint: "fetch the whole file first (emporium harvest download), then read the copy" },
  );
}
