import { concat } from "../../core/bytes.js";
import { crc32 as plainCrc32 } from "../../core/crc32.js";
import { EmporiumError } from "../../core/errors.js";

/** A file of an archive. */
export interface ZipFile {
  /** Relative, with `/` between its parts. */
  readonly name: string;
  /** Undefined where it shows only when the file has been read. */
  readonly size: number | undefined;
  /** Undefined: the archive has the first date that there is, 1980. */
  readonly modifiedMs?: number | undefined;
}

export interface ZipOptions {
  /** Computes a CRC-32 from that of the bytes before. Default: a plain one; Node's own is many times faster. */
  readonly crc32?: ((bytes: Uint8Array, start: number) => number) | undefined;
  /** Sizes and places from here on take 64 bits. Default: those that 32 bits do not hold. */
  readonly from64?: number | undefined;
}

const LIMIT_32 = 0xffffffff;
const LIMIT_16 = 0xffff;
const NAME_BYTES_MAX = 0xffff;
/** Bit 3: sum and sizes come behind the bytes; bit 11: names are UTF-8. */
const FLAGS = 0x0808;
/** Bytes of an extra field with a time. */
const TIME_BYTES = 9;
const DATE_MIN_MS = Date.UTC(1980, 0, 1);
const DATE_MAX_MS = Date.UTC(2107, 11, 31, 23, 59, 58);
/** `-rw-r--r--` of a plain file, as Unix has it. */
const MODE = 0o100644;

interface Written {
  readonly file: ZipFile;
  readonly at: number;
  readonly size: number;
  readonly sum: number;
}

/**
 * Files as a ZIP archive without compression, in their order, as they are read: sums and sizes come behind the bytes, ZIP64 where numbers need it.
 * The same files have the same bytes. All that is kept of a file is its name, its place and its sum.
 *
 * Source: APPNOTE.TXT 6.3.10 of PKWARE; times in UTC as Info-ZIP's extended timestamp (0x5455) has them.
 *
 * @param bodyOf the bytes of a file, asked for when its turn has come
 * @throws {EmporiumError} SOURCE_CHANGED for a file that has another number of bytes than was said; METADATA_VALUE for a name that no archive holds
 */
export async function* writeZip<File extends ZipFile>(
  files: Iterable<File>,
  bodyOf: (file: File) => AsyncIterable<Uint8Array>,
  { crc32 = plainCrc32, from64 = LIMIT_32 }: ZipOptions = {},
): AsyncGenerator<Uint8Array> {
  const all: Written[] = [];
  let at = 0;
  for (const file of files) {
    const isLarge = isLong(file.size, from64);
    const head = localHeader(file, isLarge);
    yield head;
    let [size, sum] = [0, 0];
    for await (const bytes of bodyOf(file)) {
      size += bytes.length;
      if (size > (file.size ?? size)) throw changed(file, size);
      sum = crc32(bytes, sum);
      yield bytes;
    }
    if (size !== (file.size ?? size)) throw changed(file, size);
    yield descriptor(sum, size, isLarge);
    all.push({ file, at, size, sum });
    at += head.length + size + descriptorBytes(isLarge);
  }
  const start = at;
  for (const one of all) {
    const entry = centralHeader(one, from64);
    at += entry.length;
    yield entry;
  }
  yield end(all.length, start, at - start, from64);
}

/** Bytes of the archive that `writeZip` makes of files of these sizes; undefined where one of them is not known. */
export function zipBytes(files: Iterable<ZipFile>, { from64 = LIMIT_32 }: Pick<ZipOptions, "from64"> = {}): number | undefined {
  let [count, at, central] = [0, 0, 0];
  for (const file of files) {
    const { size } = file;
    if (size === undefined) return undefined;
    const isLarge = isLong(size, from64);
    central += centralHeader({ file, at, size, sum: 0 }, from64).length;
    at += localHeader(file, isLarge).length + size + descriptorBytes(isLarge);
    count++;
  }
  return at + central + end(count, at, central, from64).length;
}

function changed({ name, size }: ZipFile, found: number): EmporiumError {
  return new EmporiumError(
    "SOURCE_CHANGED",
    `${name} has ${found > size! ? "more" : "fewer"} bytes than the ${size} that were said`,
    {
      place: { file: name },
      hint: "begin the archive again: the file was changed while it was read",
    },
  );
}

const isLong = (size: number | undefined, from64: number): boolean => size === undefined || size >= from64;
const descriptorBytes = (isLarge: boolean): number => (isLarge ? 24 : 16);

/** A file of unknown size may be a large one. */
function localHeader(file: ZipFile, isLarge: boolean): Uint8Array {
  const [name, time] = [nameBytes(file), timeOf(file)];
  const extra = concat([...(isLarge ? [extra64([0, 0])] : []), time.extra]);
  const fixed = fields(30, (view) => {
    view.setUint32(0, 0x04034b50, true);
    view.setUint16(4, isLarge ? 45 : 20, true);
    view.setUint16(6, FLAGS, true);
    view.setUint32(10, time.dos, true);
    // where 64 bits are wanted, the field of 32 has all ones
    view.setUint32(18, isLarge ? LIMIT_32 : 0, true);
    view.setUint32(22, isLarge ? LIMIT_32 : 0, true);
    view.setUint16(26, name.length, true);
    view.setUint16(28, extra.length, true);
  });
  return concat([fixed, name, extra]);
}

function descriptor(sum: number, size: number, isLarge: boolean): Uint8Array {
  return fields(descriptorBytes(isLarge), (view) => {
    view.setUint32(0, 0x08074b50, true);
    view.setUint32(4, sum, true);
    for (const at of isLarge ? [8, 16] : [8, 12]) setLength(view, at, size, isLarge);
  });
}

function centralHeader({ file, at, size, sum }: Written, from64: number): Uint8Array {
  const [name, time] = [nameBytes(file), timeOf(file)];
  const [isLarge, isFar] = [size >= from64, at >= from64];
  const long = [...(isLarge ? [size, size] : []), ...(isFar ? [at] : [])];
  const extra = concat([...(long.length > 0 ? [extra64(long)] : []), time.extra]);
  const version = long.length > 0 || isLong(file.size, from64) ? 45 : 20;
  const fixed = fields(46, (view) => {
    view.setUint32(0, 0x02014b50, true);
    view.setUint16(4, (3 << 8) | version, true);
    view.setUint16(6, version, true);
    view.setUint16(8, FLAGS, true);
    view.setUint32(12, time.dos, true);
    view.setUint32(16, sum, true);
    view.setUint32(20, isLarge ? LIMIT_32 : size, true);
    view.setUint32(24, isLarge ? LIMIT_32 : size, true);
    view.setUint16(28, name.length, true);
    view.setUint16(30, extra.length, true);
    view.setUint32(38, (MODE << 16) >>> 0, true);
    view.setUint32(42, isFar ? LIMIT_32 : at, true);
  });
  return concat([fixed, name, extra]);
}

function end(count: number, start: number, length: number, from64: number): Uint8Array {
  const is64 = count >= LIMIT_16 || start >= from64 || length >= from64;
  const short = fields(22, (view) => {
    view.setUint32(0, 0x06054b50, true);
    for (const at of [8, 10]) view.setUint16(at, is64 ? LIMIT_16 : count, true);
    view.setUint32(12, is64 ? LIMIT_32 : length, true);
    view.setUint32(16, is64 ? LIMIT_32 : start, true);
  });
  if (!is64) return short;
  const record = fields(56, (view) => {
    view.setUint32(0, 0x06064b50, true);
    setLength(view, 4, 44, true);
    view.setUint16(12, (3 << 8) | 45, true);
    view.setUint16(14, 45, true);
    for (const [i, value] of [count, count, length, start].entries()) setLength(view, 24 + 8 * i, value, true);
  });
  const locator = fields(20, (view) => {
    view.setUint32(0, 0x07064b50, true);
    setLength(view, 8, start + length, true);
    view.setUint32(16, 1, true);
  });
  return concat([record, locator, short]);
}

function extra64(values: readonly number[]): Uint8Array {
  return fields(4 + 8 * values.length, (view) => {
    view.setUint16(0, 0x0001, true);
    view.setUint16(2, 8 * values.length, true);
    for (const [i, value] of values.entries()) setLength(view, 4 + 8 * i, value, true);
  });
}

/** Time of the last change: to two seconds, as MS-DOS has it, and to the second. */
function timeOf({ modifiedMs }: ZipFile): { readonly dos: number; readonly extra: Uint8Array } {
  const ms = Math.min(Math.max(modifiedMs ?? DATE_MIN_MS, DATE_MIN_MS), DATE_MAX_MS);
  const date = new Date(ms);
  const day = ((date.getUTCFullYear() - 1980) << 9) | ((date.getUTCMonth() + 1) << 5) | date.getUTCDate();
  const time = (date.getUTCHours() << 11) | (date.getUTCMinutes() << 5) | (date.getUTCSeconds() >> 1);
  const seconds = Math.floor(ms / 1000);
  const dos = ((day << 16) | time) >>> 0;
  if (modifiedMs === undefined || seconds > 0x7fffffff) return { dos, extra: new Uint8Array() };
  const extra = fields(TIME_BYTES, (view) => {
    view.setUint16(0, 0x5455, true);
    view.setUint16(2, TIME_BYTES - 4, true);
    view.setUint8(4, 1); // of the last change alone
    view.setUint32(5, seconds, true);
  });
  return { dos, extra };
}

const encoder = new TextEncoder();

function nameBytes({ name }: ZipFile): Uint8Array {
  const bytes = encoder.encode(name);
  if (bytes.length === 0 || bytes.length > NAME_BYTES_MAX || /(?:^|\/)(?:\.{0,2})(?:\/|$)|[\\\0]/.test(name))
    throw new EmporiumError("METADATA_VALUE", `${JSON.stringify(name.slice(0, 300))} cannot be the name of a file in an archive`);
  return bytes;
}

function setLength(view: DataView, at: number, value: number, isLarge: boolean): void {
  if (isLarge) view.setBigUint64(at, BigInt(value), true);
  else view.setUint32(at, value, true);
}

function fields(length: number, set: (view: DataView) => void): Uint8Array {
  const bytes = new Uint8Array(length);
  set(new DataView(bytes.buffer));
  return bytes;
}
