import type { ByteRange, RandomAccess, ReadOptions } from "../../core/bytes.js";
import { EmporiumError, type ErrorCode } from "../../core/errors.js";
import { counted } from "../../core/units.js";

/** Facts from the first bytes of a TIFF that hold for the whole file. */
export interface Layout {
  littleEndian: boolean;
  bigTiff: boolean;
  sizeBytes: number;
}

interface Entry {
  type: number;
  count: number;
  /** Offsets of the entry, and of its value, which lies in the entry where it is short enough. */
  entryAt: number;
  valueAt: number;
}

/** One image file directory. Values that stand elsewhere are fetched when they are asked for. */
export interface Directory {
  layout: Layout;
  offset: number;
  /** Bytes of the directory itself. */
  bytes: number;
  /** Offset of the next directory, 0 after the last. */
  next: number;
  /** Byte of a tag's entry, for error messages. */
  byteOf(tag: number): number | undefined;
  /** Up to `max` whole numbers of a tag; undefined where the tag is absent or holds something else. */
  numbers(tag: number, max: number): Promise<number[] | undefined>;
  /** The only number of a tag; undefined where there are more, which stand elsewhere. */
  onlyNumber(tag: number): number | undefined;
  /** Text of a tag without its closing NUL, cut at `max` bytes; empty where there is none. */
  text(tag: number, max: number): Promise<string>;
  /** Tags of the directory, in its order. */
  tags: readonly number[];
  /** Number of values that a tag has; 0 where it is absent. */
  count(tag: number): number;
  /** Up to `max` values of a tag of any type; undefined where it is absent or of a type that is not known. */
  value(tag: number, max: number): Promise<TagValue | undefined>;
  /** Bytes of a tag's values, at most `max`, as they are stored; undefined where it is absent. */
  bytesOf(tag: number, max: number): Promise<Uint8Array | undefined>;
  /** Byte range of up to `max` bytes of a tag's values, if they lie outside of its entry; otherwise undefined. */
  away(tag: number, max: number): ByteRange | undefined;
}

/** Text, numbers, or pairs of numerator and denominator. */
export type TagValue = string | number[] | [numerator: number, denominator: number][];

/** Bytes of one value of each type: byte, ascii, short, long, rational, and so on. */
const TYPE_BYTES: Readonly<Record<number, number>> = {
  1: 1,
  2: 1,
  3: 2,
  4: 4,
  5: 8,
  6: 1,
  7: 1,
  8: 2,
  9: 4,
  10: 8,
  11: 4,
  12: 8,
  13: 4,
  16: 8,
  17: 8,
  18: 8,
};

/** Types of whole numbers that are never negative. */
const WHOLE: ReadonlySet<number> = new Set([1, 3, 4, 7, 13, 16, 18]);

const ENTRIES_MAX = 65_535;

/** Bytes of the number of entries, of an entry, and of the offset of the next directory. */
const CLASSIC = [2, 12, 4] as const;
const BIG = [8, 20, 8] as const;

/**
 * The directory at an offset.
 *
 * @throws {EmporiumError} FORMAT_TRUNCATED for one that is not all there, FORMAT_FIELD for an impossible number of entries.
 */
export async function readDirectory(
  source: RandomAccess,
  layout: Layout,
  offset: number,
  options?: ReadOptions,
): Promise<Directory> {
  const { littleEndian, bigTiff, sizeBytes } = layout;
  const [countBytes, entryBytes, nextBytes] = bigTiff ? BIG : CLASSIC;
  if (offset < 8 || offset + countBytes > sizeBytes) {
    const message = `a page at byte ${offset}, the file has ${sizeBytes}`;
    throw tiffError(source, "FORMAT_TRUNCATED", Math.min(offset, sizeBytes), message);
  }
  const head = await source.read({ offset, length: countBytes }, options);
  if (head.length < countBytes) throw shorter(source, offset + head.length);
  let view = viewOf(head);
  const entries = bigTiff ? Number(view.getBigUint64(0, littleEndian)) : view.getUint16(0, littleEndian);
  if (entries < 1 || entries > ENTRIES_MAX) {
    throw tiffError(source, "FORMAT_FIELD", offset, `a page with ${entries} tags, 1 to ${ENTRIES_MAX} are possible`);
  }
  const bytes = countBytes + entries * entryBytes + nextBytes;
  if (offset + bytes > sizeBytes) {
    const message = `a page of ${entries} tags at byte ${offset}, the file has ${sizeBytes}`;
    throw tiffError(source, "FORMAT_TRUNCATED", sizeBytes, message);
  }
  const window = await source.read({ offset, length: bytes }, options);
  if (window.length < bytes) throw shorter(source, offset + window.length);
  view = viewOf(window);
  const table = tableOf(view, layout, offset, entries);
  const nextAt = countBytes + entries * entryBytes;
  const next = bigTiff ? Number(view.getBigUint64(nextAt, littleEndian)) : view.getUint32(nextAt, littleEndian);
  return directoryOf({ source, layout, offset, next, table, window, options });
}

function tableOf(view: DataView, { littleEndian, bigTiff }: Layout, offset: number, entries: number): Map<number, Entry> {
  const [countBytes, entryBytes] = bigTiff ? BIG : CLASSIC;
  const table = new Map<number, Entry>();
  for (let i = 0; i < entries; i++) {
    const at = countBytes + i * entryBytes;
    const type = view.getUint16(at + 2, littleEndian);
    const count = bigTiff ? Number(view.getBigUint64(at + 4, littleEndian)) : view.getUint32(at + 4, littleEndian);
    const valueBytes = (TYPE_BYTES[type] ?? 1) * count;
    const inlineAt = at + (bigTiff ? 12 : 8);
    const far = bigTiff ? () => Number(view.getBigUint64(inlineAt, littleEndian)) : () => view.getUint32(inlineAt, littleEndian);
    const valueAt = valueBytes <= (bigTiff ? 8 : 4) ? offset + inlineAt : far();
    const tag = view.getUint16(at, littleEndian);
    if (!table.has(tag)) table.set(tag, { type, count, entryAt: offset + at, valueAt });
  }
  return table;
}

interface DirectoryBytes {
  source: RandomAccess;
  layout: Layout;
  offset: number;
  next: number;
  table: ReadonlyMap<number, Entry>;
  /** The directory itself. */
  window: Uint8Array;
  options: ReadOptions | undefined;
}

function directoryOf(of: DirectoryBytes): Directory {
  const { source, layout, offset, next, table, window, options } = of;
  const { littleEndian, sizeBytes } = layout;
  const view = viewOf(window);
  const bytes = window.length;
  const valueBytes = async (entry: Entry, length: number): Promise<Uint8Array> => {
    if (entry.valueAt + length > sizeBytes) {
      const place = `${counted(length, "byte")} of a tag at byte ${entry.valueAt}, the file has ${sizeBytes}`;
      throw tiffError(source, "FORMAT_TRUNCATED", entry.entryAt, place);
    }
    const inWindow = entry.valueAt - offset;
    if (inWindow >= 0 && inWindow + length <= window.length) return window.subarray(inWindow, inWindow + length);
    const found = await source.read({ offset: entry.valueAt, length }, options);
    if (found.length < length) throw shorter(source, entry.valueAt + found.length);
    return found;
  };
  const decode = (value: DataView, type: number, at: number): number | undefined => {
    return WHOLE.has(type) ? numberOf(value, type, at, littleEndian) : undefined;
  };
  const inside = (entry: Entry, length: number) => entry.valueAt >= offset && entry.valueAt + length <= offset + bytes;
  return {
    layout,
    offset,
    bytes,
    next,
    byteOf: (tag) => table.get(tag)?.entryAt,
    async numbers(tag, max) {
      const entry = table.get(tag);
      const size = entry ? TYPE_BYTES[entry.type] : undefined;
      if (!entry || size === undefined || entry.count === 0) return undefined;
      const count = Math.min(entry.count, max);
      const value = viewOf(await valueBytes(entry, count * size));
      const numbers = Array.from({ length: count }, (_, i) => decode(value, entry.type, i * size));
      return numbers.every((number) => number !== undefined) ? (numbers as number[]) : undefined;
    },
    onlyNumber(tag) {
      const entry = table.get(tag);
      return entry?.count === 1 && entry.valueAt < offset + bytes ? decode(view, entry.type, entry.valueAt - offset) : undefined;
    },
    async text(tag, max) {
      const entry = table.get(tag);
      if (!entry || (entry.type !== 2 && entry.type !== 1 && entry.type !== 7)) return "";
      return textOf(await valueBytes(entry, Math.min(entry.count, max)));
    },
    tags: [...table.keys()],
    count: (tag) => table.get(tag)?.count ?? 0,
    async value(tag, max) {
      const entry = table.get(tag);
      const size = entry && TYPE_BYTES[entry.type];
      if (!entry || size === undefined) return undefined;
      const count = Math.min(entry.count, max);
      const stored = await valueBytes(entry, count * size);
      if (entry.type === 2) return textOf(stored);
      const values = viewOf(stored);
      const read = (i: number) => numberOf(values, entry.type, i * size, littleEndian);
      if (entry.type !== 5 && entry.type !== 10) return Array.from({ length: count }, (_, i) => read(i));
      const half = entry.type === 5 ? 4 : 9;
      return Array.from({ length: count }, (_, i): [number, number] => [
        numberOf(values, half, 8 * i, littleEndian),
        numberOf(values, half, 8 * i + 4, littleEndian),
      ]);
    },
    async bytesOf(tag, max) {
      const entry = table.get(tag);
      const size = entry && TYPE_BYTES[entry.type];
      return entry && size !== undefined ? valueBytes(entry, Math.min(entry.count * size, max)) : undefined;
    },
    away(tag, max) {
      const entry = table.get(tag);
      const length = Math.min(entry ? entry.count * (TYPE_BYTES[entry.type] ?? 0) : 0, max);
      return entry && length > 0 && !inside(entry, length) ? { offset: entry.valueAt, length } : undefined;
    },
  };
}

function numberOf(view: DataView, type: number, at: number, littleEndian: boolean): number {
  if (type === 3) return view.getUint16(at, littleEndian);
  if (type === 4 || type === 13) return view.getUint32(at, littleEndian);
  if (type === 6) return view.getInt8(at);
  if (type === 8) return view.getInt16(at, littleEndian);
  if (type === 9) return view.getInt32(at, littleEndian);
  if (type === 11) return view.getFloat32(at, littleEndian);
  if (type === 12) return view.getFloat64(at, littleEndian);
  if (type === 16 || type === 18) return Number(view.getBigUint64(at, littleEndian));
  if (type === 17) return Number(view.getBigInt64(at, littleEndian));
  return view.getUint8(at);
}

export function tiffError(source: RandomAccess, code: ErrorCode, byte: number, message: string): EmporiumError {
  return new EmporiumError(code, `${source.name}: ${message}`, {
    place: { file: source.name, byte },
    hint:
      code === "FORMAT_TRUNCATED"
        ? "copy the file again: it was cut short, or one of its offsets is damaged"
        : "copy the file again: it is damaged",
  });
}

function shorter(source: RandomAccess, byte: number): EmporiumError {
  return new EmporiumError("SOURCE_CHANGED", `${source.name}: it became shorter while it was read`, {
    place: { file: source.name, byte },
  });
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}

/** ASCII by the standard; OME writes UTF-8, old programs latin-1. */
function textOf(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  const text = end < 0 ? bytes : bytes.subarray(0, end);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(text);
  } catch {
    return new TextDecoder("windows-1252").decode(text);
  }
}
