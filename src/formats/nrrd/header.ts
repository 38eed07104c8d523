import type { RandomAccess, ReadOptions } from "../../core/bytes.js";
import type { DType } from "../../core/dtype.js";
import { EmporiumError, type ErrorCode } from "../../core/errors.js";
import { LIMITS } from "../../core/limits.js";
import { counted } from "../../core/units.js";

/** Contents of an NRRD header. Lists go along the file's axes, fastest first, as they are written. */
export interface NrrdHeader {
  /** 1 to 5. */
  readonly version: number;
  readonly dtype: DType;
  readonly sizes: readonly number[];
  readonly encoding: "raw" | "gzip" | "bzip2";
  readonly littleEndian: boolean;
  /** Byte at which the voxels begin, or the stream in which they are compressed. */
  readonly dataOffset: number;
  /** Bytes to leave out in front of the voxels, decompressed; −1: the voxels are the last bytes of the file. */
  readonly byteSkip: number;
  /** Fields by their names in lower case, without blanks; `:=` pairs are not among them. */
  readonly fields: ReadonlyMap<string, string>;
  /** Pairs `key:=value` of the writer's own. */
  readonly pairs: ReadonlyMap<string, string>;
}

const MAGIC = /^NRRD000([1-5])\r?\n/;
/** Header texts of diffusion images with hundreds of gradients have some tens of kilobytes. */
const HEADER_BYTES = 64 * 1024;
const HEADER_BYTES_MAX = 1024 * 1024;

const TYPES: Readonly<Record<string, DType>> = {
  int8: "int8",
  int8_t: "int8",
  "signed char": "int8",
  uint8: "uint8",
  uint8_t: "uint8",
  uchar: "uint8",
  "unsigned char": "uint8",
  int16: "int16",
  int16_t: "int16",
  short: "int16",
  "short int": "int16",
  "signed short": "int16",
  "signed short int": "int16",
  uint16: "uint16",
  uint16_t: "uint16",
  ushort: "uint16",
  "unsigned short": "uint16",
  "unsigned short int": "uint16",
  int32: "int32",
  int32_t: "int32",
  int: "int32",
  "signed int": "int32",
  uint32: "uint32",
  uint32_t: "uint32",
  uint: "uint32",
  "unsigned int": "uint32",
  int64: "int64",
  int64_t: "int64",
  longlong: "int64",
  "long long": "int64",
  "long long int": "int64",
  "signed long long": "int64",
  "signed long long int": "int64",
  uint64: "uint64",
  uint64_t: "uint64",
  ulonglong: "uint64",
  "unsigned long long": "uint64",
  "unsigned long long int": "uint64",
  float: "float32",
  double: "float64",
};

const ENCODINGS: Readonly<Record<string, NrrdHeader["encoding"]>> = {
  raw: "raw",
  gz: "gzip",
  gzip: "gzip",
  bz2: "bzip2",
  bzip2: "bzip2",
};

export function detectNrrd(head: Uint8Array): boolean {
  return MAGIC.test(latin1(head.subarray(0, 16)));
}

/** @throws {EmporiumError} as `parseNrrdHeader` */
export async function readNrrdHeader(source: RandomAccess, options: ReadOptions = {}): Promise<NrrdHeader> {
  const head = await source.read({ offset: 0, length: HEADER_BYTES }, options);
  if (endOfHeader(head) !== undefined || head.length < HEADER_BYTES) return parseNrrdHeader(head, source.name);
  return parseNrrdHeader(await source.read({ offset: 0, length: HEADER_BYTES_MAX }, options), source.name);
}

/**
 * Source: Gordon Kindlmann, "Definition of NRRD File Format" (teem.sourceforge.net/nrrd/format.html).
 *
 * @param head from the file's first byte on, with all of the header
 * @throws {EmporiumError} FORMAT_UNKNOWN (no NRRD), FORMAT_FIELD, FORMAT_UNSUPPORTED (voxels in another file, text and hexadecimal encodings,
 *   types without a size of their own), FORMAT_LIMIT; the place names the byte of the line.
 */
export function parseNrrdHeader(head: Uint8Array, name: string): NrrdHeader {
  const end = endOfHeader(head);
  const fail: Fail = (code, byte, message, hint) =>
    new EmporiumError(code, `${name}: ${message}`, { place: { file: name, byte }, hint });
  const magic = MAGIC.exec(latin1(head.subarray(0, 16)));
  if (!magic) throw fail("FORMAT_UNKNOWN", 0, "an NRRD file begins with NRRD0001 to NRRD0005", "check that this is an NRRD file");
  const text = new TextDecoder().decode(head.subarray(0, end ?? head.length));
  const { fields, pairs, bytes } = linesOf(text, fail);
  const at = (field: string) => bytes.get(field) ?? 0;
  if (fields.has("datafile")) {
    const hint = "save both in one file: unu save -f nrrd -i HEADER.nhdr -o VOLUME.nrrd";
    throw fail("FORMAT_UNSUPPORTED", at("datafile"), `the voxels are in another file, ${fields.get("datafile")}`, hint);
  }
  if (end === undefined) {
    const message = `the header has no end: an empty line is needed within ${head.length} bytes`;
    throw fail(head.length < HEADER_BYTES_MAX ? "FORMAT_TRUNCATED" : "FORMAT_LIMIT", head.length, message, "save the file again");
  }
  const needed = (field: string): string => {
    const value = fields.get(field);
    if (value === undefined) throw fail("FORMAT_FIELD", 0, `the header has no field "${field}"`, "save the file again");
    return value;
  };
  const sizes = sizesOf(needed("dimension"), needed("sizes"), (code, message, hint) => fail(code, at("sizes"), message, hint));
  const dtype = TYPES[needed("type").toLowerCase()];
  if (!dtype)
    throw fail(
      "FORMAT_UNSUPPORTED",
      at("type"),
      `voxels of type "${fields.get("type")}" are not read`,
      "save them as float or as an integer type",
    );
  const encoding = ENCODINGS[needed("encoding").toLowerCase()];
  if (!encoding) {
    const hint = "save it as raw: unu save -f nrrd -e raw -i VOLUME.nrrd -o RAW.nrrd";
    throw fail(
      "FORMAT_UNSUPPORTED",
      at("encoding"),
      `encoding "${fields.get("encoding")}" is not read, raw, gzip and bzip2 are`,
      hint,
    );
  }
  const isWide = dtype !== "int8" && dtype !== "uint8";
  const endian = isWide ? needed("endian").toLowerCase() : "little";
  if (endian !== "little" && endian !== "big") {
    throw fail("FORMAT_FIELD", at("endian"), `endian "${endian}": little or big is needed`, "save the file again");
  }
  const skip = (field: string) => {
    const value = Number(fields.get(field) ?? 0);
    if (Number.isSafeInteger(value) && value >= -1) return value;
    throw fail(
      "FORMAT_FIELD",
      at(field),
      `${field} "${fields.get(field)}" is not a number of lines or bytes`,
      "save the file again",
    );
  };
  if (skip("lineskip") !== 0) {
    throw fail(
      "FORMAT_UNSUPPORTED",
      at("lineskip"),
      "lines to skip in front of the voxels are not read",
      "save the file again, as raw",
    );
  }
  const byteSkip = skip("byteskip");
  if (byteSkip < 0 && encoding !== "raw") {
    throw fail(
      "FORMAT_FIELD",
      at("byteskip"),
      `byte skip −1 is for raw voxels, these are ${encoding}`,
      "save the file again, as raw",
    );
  }
  return {
    version: Number(magic[1]),
    dtype,
    sizes,
    encoding,
    littleEndian: endian === "little",
    dataOffset: end,
    byteSkip,
    fields,
    pairs,
  };
}

/** Sizes of all axes, one each, checked to be possible. */
function sizesOf(
  dimensionText: string,
  text: string,
  fail: (code: ErrorCode, message: string, hint: string) => EmporiumError,
): readonly number[] {
  const dimension = Number(dimensionText);
  const sizes = text.split(/\s+/).map(Number);
  if (!Number.isInteger(dimension) || dimension < 1 || dimension > 16 || sizes.length !== dimension) {
    const found = `dimension ${dimensionText} and ${counted(sizes.length, "size")}`;
    throw fail("FORMAT_FIELD", `${found}: one size an axis is needed`, "save the file again");
  }
  if (!sizes.every((size) => Number.isInteger(size) && size > 0 && size <= LIMITS.axisLength))
    throw fail("FORMAT_FIELD", `sizes ${text}: each must be 1 to 2^31 − 1`, "save the file again");
  if (sizes.reduce((product, size) => product * size, 1) > LIMITS.elements)
    throw fail("FORMAT_LIMIT", `sizes ${text} are more than 2^53 voxels`, "copy the file again: its header is damaged");
  return sizes;
}

type Fail = (code: ErrorCode, byte: number, message: string, hint: string) => EmporiumError;

/** Byte behind the first empty line. */
function endOfHeader(head: Uint8Array): number | undefined {
  for (let at = head.indexOf(0x0a); at >= 0 && at + 1 < head.length; at = head.indexOf(0x0a, at + 1)) {
    if (head[at + 1] === 0x0a) return at + 2;
    if (head[at + 1] === 0x0d && head[at + 2] === 0x0a) return at + 3;
  }
  return undefined;
}

function linesOf(text: string, fail: Fail) {
  const fields = new Map<string, string>();
  const pairs = new Map<string, string>();
  const bytes = new Map<string, number>();
  const encoder = new TextEncoder();
  let byte = 0;
  for (const [index, whole] of text.split("\n").entries()) {
    const line = whole.replace(/\r$/, "");
    const from = byte;
    byte += encoder.encode(whole).length + 1;
    if (index === 0 || line === "" || line.startsWith("#")) continue;
    const found = /^([^:]*):(=?)\s*(.*)$/.exec(line);
    if (!found)
      throw fail(
        "FORMAT_FIELD",
        from,
        `a line without a colon in the header: ${JSON.stringify(line.slice(0, 80))}`,
        "save the file again",
      );
    const [, key = "", isPair, value = ""] = found;
    if (isPair) pairs.set(key, value.trim());
    else {
      const field = key.toLowerCase().replaceAll(/[\s_-]/g, "");
      fields.set(field, value.trim());
      bytes.set(field, from);
    }
  }
  return { fields, pairs, bytes };
}

function latin1(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes);
}
