import type { RandomAccess, ReadOptions } from "../../core/bytes.js";
import { EmporiumError, type ErrorCode } from "../../core/errors.js";
import { LIMITS } from "../../core/limits.js";
import { counted } from "../../core/units.js";
import { Cursor } from "./cursor.js";

/** Numbers of simple types; 64-bit integers past 2^53 are `bigint`. A struct is a list of its fields, without names. */
export type DmScalar = number | bigint | boolean;
export type DmValue = DmScalar | string | readonly DmScalar[] | DmArray | DmGroup;

/** An array stays in the file; `text` is there for short arrays of uint16, which is how strings are stored. */
export interface DmArray {
  kind: "array";
  count: number;
  /** Bytes of one element, and where the first begins. */
  itemBytes: number;
  offset: number;
  text?: string | undefined;
}

export interface DmGroup {
  kind: "group";
  /** Names may be empty (lists) and may repeat. */
  entries: readonly { name: string; value: DmValue }[];
}

export interface DmTagTree {
  version: 3 | 4;
  /** Byte order of values and pixels. The tree's own lengths are big-endian in every file. */
  littleEndian: boolean;
  root: DmGroup;
}

/** Simple types by their number in the file. Type 4 is also UTF-16. */
const SIMPLE: Readonly<Record<number, { bytes: number; read: (view: DataView, at: number, little: boolean) => DmScalar }>> = {
  2: { bytes: 2, read: (view, at, little) => view.getInt16(at, little) },
  3: { bytes: 4, read: (view, at, little) => view.getInt32(at, little) },
  4: { bytes: 2, read: (view, at, little) => view.getUint16(at, little) },
  5: { bytes: 4, read: (view, at, little) => view.getUint32(at, little) },
  6: { bytes: 4, read: (view, at, little) => view.getFloat32(at, little) },
  7: { bytes: 8, read: (view, at, little) => view.getFloat64(at, little) },
  8: { bytes: 1, read: (view, at) => view.getUint8(at) !== 0 },
  9: { bytes: 1, read: (view, at) => view.getInt8(at) },
  10: { bytes: 1, read: (view, at) => view.getUint8(at) },
  11: { bytes: 8, read: (view, at, little) => asNumber(view.getBigInt64(at, little)) },
  12: { bytes: 8, read: (view, at, little) => asNumber(view.getBigUint64(at, little)) },
};
const STRUCT = 15;
const STRING = 18;
const ARRAY = 20;

const GROUP_TAG = 20;
const VALUE_TAG = 21;

const INFO_MAX = 1024;
const TEXT_UNITS_MAX = 4096;

/**
 * Version 3 or 4 of a DigitalMicrograph file, from its first bytes, or undefined. Needs 16 bytes. A big-endian MRC of 3 or 4 columns begins
 * alike: with more bytes the root group's flags and the mark of MRC tell them apart.
 */
export function detectDm(head: Uint8Array): 3 | 4 | undefined {
  if (head.length < 16) return undefined;
  const view = new DataView(head.buffer, head.byteOffset, head.length);
  const version = view.getUint32(0);
  if (version !== 3 && version !== 4) return undefined;
  const orderAt = version === 3 ? 8 : 12;
  if (view.getUint32(orderAt) > 1) return undefined;
  const flags = head.subarray(orderAt + 4, orderAt + 6);
  const isMrc = head.length >= 211 && String.fromCharCode(...head.subarray(208, 211)) === "MAP";
  return isMrc || flags.some((flag) => flag > 1) ? undefined : version;
}

/**
 * The whole tag tree of a DM3 or DM4 file. Layout: README.md beside this file.
 *
 * Cost: the tags in windows of 64 KiB; arrays are skipped.
 * @throws {EmporiumError} FORMAT_UNKNOWN, FORMAT_TRUNCATED, FORMAT_FIELD, FORMAT_UNSUPPORTED (a type that no reader knows),
 *   FORMAT_LIMIT (depth, number of tags, bytes); the place names the byte.
 */
export async function readDmTags(source: RandomAccess, options?: ReadOptions): Promise<DmTagTree> {
  const cursor = await Cursor.open(source, options);
  const head = await source.read({ offset: 0, length: 16 }, options);
  const version = detectDm(head);
  if (version === undefined) {
    throw new EmporiumError(
      cursor.sizeBytes < 16 ? "FORMAT_TRUNCATED" : "FORMAT_UNKNOWN",
      `${source.name}: a DM file begins with version 3 or 4 and a byte order of 0 or 1, this one with ${hex(head.subarray(0, 4))}`,
      { place: { file: source.name, byte: 0 }, hint: "check that this is a file of Gatan DigitalMicrograph" },
    );
  }
  const wide = version === 4;
  cursor.at = wide ? 12 : 8;
  const littleEndian = (await cursor.take(4, "byte order")).getUint32(0) === 1;
  const reader = new TagReader(cursor, wide, littleEndian, faultsOf(source.name));
  return { version, littleEndian, root: await reader.group(0) };
}

type Fail = (code: ErrorCode, byte: number, message: string) => EmporiumError;

function faultsOf(file: string): Fail {
  return (code, byte, message) => {
    const limit = "save the image again without its additional tags";
    const hint = code === "FORMAT_LIMIT" ? limit : "copy the file again from its origin: it is damaged";
    return new EmporiumError(code, `${file}: ${message} (byte ${byte})`, { place: { file, byte }, hint });
  };
}

class TagReader {
  #tags = 0;

  constructor(
    private readonly cursor: Cursor,
    private readonly wide: boolean,
    private readonly littleEndian: boolean,
    private readonly fail: Fail,
  ) {}

  async group(depth: number): Promise<DmGroup> {
    const begin = this.cursor.at;
    if (depth > LIMITS.tagDepth) {
      throw this.fail("FORMAT_LIMIT", begin, `tags are more than ${LIMITS.tagDepth} groups deep`);
    }
    await this.cursor.take(2, "flags of a group"); // sorted, open
    const count = await this.length("number of tags");
    this.#tags += count;
    if (this.#tags > LIMITS.tagCount) {
      throw this.fail("FORMAT_LIMIT", begin, `a group of ${count} tags, ${LIMITS.tagCount} are read at most in all`);
    }
    const entries: { name: string; value: DmValue }[] = [];
    for (let i = 0; i < count; i++) entries.push(await this.tag(depth));
    return { kind: "group", entries };
  }

  private async tag(depth: number): Promise<{ name: string; value: DmValue }> {
    const begin = this.cursor.at;
    const head = await this.cursor.take(3, "a tag");
    const id = head.getUint8(0);
    if (id !== GROUP_TAG && id !== VALUE_TAG) {
      throw this.fail("FORMAT_FIELD", begin, `a tag of kind ${id}; expected ${GROUP_TAG} (group) or ${VALUE_TAG} (value)`);
    }
    const name = text8(await this.cursor.take(head.getUint16(1), "a tag's name"));
    if (this.wide) await this.cursor.take(8, "a tag's size");
    return { name, value: id === GROUP_TAG ? await this.group(depth + 1) : await this.value(name) };
  }

  private async value(name: string): Promise<DmValue> {
    const begin = this.cursor.at;
    const mark = text8(await this.cursor.take(4, "a value's mark"));
    if (mark !== "%%%%") {
      const message = `${JSON.stringify(mark)} before the value of ${JSON.stringify(name)}; expected "%%%%"`;
      throw this.fail("FORMAT_FIELD", begin, message);
    }
    const count = await this.length("length of a type");
    if (count < 1 || count > INFO_MAX) {
      throw this.fail("FORMAT_FIELD", begin + 4, `a type of ${counted(count, "word")}, 1 to ${INFO_MAX} are possible`);
    }
    const typeAt = this.cursor.at;
    const words: number[] = [];
    for (let i = 0; i < count; i++) words.push(await this.length("type"));
    const { bytes, rest } = layoutOf(words, typeAt, this.fail);
    if (rest.length > 0) {
      throw this.fail("FORMAT_FIELD", typeAt, `${counted(rest.length, "word")} more than the type [${words.slice(0, 8)}] has`);
    }
    if (words[0] === ARRAY) return this.array(words, bytes);
    if (words[0] === STRING) return text8(await this.cursor.take(bytes, "a string"));
    const view = await this.cursor.take(bytes, "a value");
    if (words[0] !== STRUCT) return SIMPLE[words[0]!]!.read(view, 0, this.littleEndian);
    const fields: DmScalar[] = [];
    let at = 0;
    for (let i = 4; i < words.length; i += 2) {
      const field = SIMPLE[words[i]!]!;
      fields.push(field.read(view, at, this.littleEndian));
      at += field.bytes;
    }
    return fields;
  }

  private async array(words: readonly number[], bytes: number): Promise<DmArray> {
    const count = words.at(-1)!;
    const offset = this.cursor.at;
    const array: DmArray = { kind: "array", count, itemBytes: count === 0 ? 0 : bytes / count, offset };
    if (words[1] === 4 && words.length === 3 && count <= TEXT_UNITS_MAX) {
      const view = await this.cursor.take(bytes, "text");
      array.text = String.fromCharCode(...Array.from({ length: count }, (_, i) => view.getUint16(2 * i, this.littleEndian)));
    } else this.cursor.skip(bytes, "an array");
    return array;
  }

  /** A length of the tree: 32 bits in version 3, 64 in version 4, big-endian. */
  private async length(what: string): Promise<number> {
    const at = this.cursor.at;
    const view = await this.cursor.take(this.wide ? 8 : 4, what);
    if (!this.wide) return view.getUint32(0);
    const value = view.getBigUint64(0);
    if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw this.fail("FORMAT_FIELD", at, `${what} ${value} is past 2^53`);
    return Number(value);
  }
}

/** Bytes of a value, and the words behind its type: an array's length stands behind that of its elements. */
function layoutOf(words: readonly number[], at: number, fail: Fail, nested = 0): { bytes: number; rest: readonly number[] } {
  const [type, ...rest] = words as [number, ...number[]];
  const simple = SIMPLE[type];
  if (simple) return { bytes: simple.bytes, rest };
  const word = (i: number): number => {
    const found = rest[i];
    if (found === undefined) throw fail("FORMAT_FIELD", at, `the type [${words.slice(0, 8)}] ends too early`);
    return found;
  };
  if (type === STRING) return { bytes: word(0), rest: rest.slice(1) };
  if (type === STRUCT) {
    const fields = word(1);
    // the words at 0, 2, 4, … are lengths of names, which no known file stores
    let bytes = 0;
    for (let i = 0; i < fields; i++) {
      const field = SIMPLE[word(3 + 2 * i)];
      if (!field) throw fail("FORMAT_UNSUPPORTED", at, `a struct with a field of type ${word(3 + 2 * i)}`);
      bytes += field.bytes;
    }
    return { bytes, rest: rest.slice(2 + 2 * fields) };
  }
  if (type === ARRAY && nested < 4) {
    word(0);
    const element = layoutOf(rest, at, fail, nested + 1);
    const [count] = element.rest;
    if (count === undefined) throw fail("FORMAT_FIELD", at, `the type [${words.slice(0, 8)}] ends too early`);
    return { bytes: element.bytes * count, rest: element.rest.slice(1) };
  }
  throw fail("FORMAT_UNSUPPORTED", at, `values of type ${type} are not known`);
}

/** The value at a path of names, the first of each name: `ImageData`, `Calibrations`, `Brightness`. */
export function findTag(group: DmGroup, ...names: readonly string[]): DmValue | undefined {
  let value: DmValue | undefined = group;
  for (const name of names) {
    if (!isGroup(value)) return undefined;
    value = value.entries.find((entry) => entry.name === name)?.value;
  }
  return value;
}

export function isGroup(value: DmValue | undefined): value is DmGroup {
  return typeof value === "object" && "kind" in value && value.kind === "group";
}

export function isArray(value: DmValue | undefined): value is DmArray {
  return typeof value === "object" && "kind" in value && value.kind === "array";
}

/** Text of a tag, whichever way it is stored. */
export function tagText(value: DmValue | undefined): string | undefined {
  if (typeof value === "string") return value;
  return isArray(value) ? value.text : undefined;
}

export function tagNumber(value: DmValue | undefined): number | undefined {
  if (typeof value === "bigint") return Number(value);
  return typeof value === "number" ? value : undefined;
}

function asNumber(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

/** Names and strings are UTF-8 in newer versions, latin-1 in older ones. */
function text8(view: DataView): string {
  const bytes = new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return new TextDecoder("windows-1252").decode(bytes);
  }
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join(" ");
}
