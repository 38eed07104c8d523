import { EmporiumError } from "../../core/errors.js";

/** Value of a column: blobs are bytes. */
export type SqliteValue = string | number | Uint8Array | null;

/** A database in memory: its tables by name, and their rows by the names of columns. */
export interface SqliteDatabase {
  readonly tables: readonly string[];
  /** Undefined where there is no such table. @throws {EmporiumError} FORMAT_… */
  rows(table: string): readonly Readonly<Record<string, SqliteValue>>[] | undefined;
}

const MAGIC = "SQLite format 3\0";
const HEADER_BYTES = 100;
const LEAF = 0x0d;
const INTERIOR = 0x05;
/** A tree of pages is as deep as the logarithm of its rows. */
const DEPTH_MAX = 20;
const ROWS_MAX = 2_000_000;
const SCHEMA = ["type", "name", "tbl_name", "rootpage", "sql"];

/** Whether bytes begin as those of a database of SQLite 3. */
export const isSqlite = (head: Uint8Array): boolean =>
  head.length >= HEADER_BYTES && [...MAGIC].every((letter, at) => head[at] === letter.charCodeAt(0));

/**
 * Reads the tables of a database of SQLite 3, as programs write it that keep their bookkeeping so. Indices, views and tables without row numbers are not
 * read, and neither is what still stands in a log beside the file (`-wal`).
 *
 * Spec: https://www.sqlite.org/fileformat2.html
 *
 * @param name of the file, in messages
 * @throws {EmporiumError} FORMAT_UNKNOWN, FORMAT_CORRUPT, FORMAT_UNSUPPORTED
 */
export function readSqlite(bytes: Uint8Array, name: string): SqliteDatabase {
  if (!isSqlite(bytes)) throw new EmporiumError("FORMAT_UNKNOWN", `${name}: no database of SQLite 3`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const size = view.getUint16(16);
  const file: Pages = { view, bytes, name, pageBytes: size === 1 ? 65_536 : size, usable: 0 };
  file.usable = file.pageBytes - view.getUint8(20);
  if (file.pageBytes < 512 || file.usable < 480) throw damaged(file, `pages of ${file.pageBytes} bytes`);
  if (view.getUint32(56) > 1)
    throw new EmporiumError("FORMAT_UNSUPPORTED", `${name}: its texts are in UTF-16, and those in UTF-8 alone are read`);
  const schema = [...rowsOf(file, 1, SCHEMA, undefined)].filter(({ type }) => type === "table");
  const tables = new Map(schema.map(({ name: table, rootpage, sql }) => [`${table}`, { page: Number(rootpage), sql: `${sql}` }]));
  return {
    tables: [...tables.keys()],
    rows(table) {
      const found = tables.get(table);
      if (!found || /\)\s*(?:without\s+rowid)/i.test(found.sql)) return undefined;
      const columns = columnsOf(found.sql);
      const key = columns.find(({ isKey }) => isKey)?.name;
      return [
        ...rowsOf(
          file,
          found.page,
          columns.map((column) => column.name),
          key,
        ),
      ];
    },
  };
}

interface Pages {
  readonly view: DataView;
  readonly bytes: Uint8Array;
  readonly name: string;
  readonly pageBytes: number;
  /** Bytes of a page that are not reserved. */
  usable: number;
}

const damaged = ({ name }: Pick<Pages, "name">, what: string): EmporiumError =>
  new EmporiumError("FORMAT_CORRUPT", `${name}: a damaged database: ${what}`);

/** Names of the columns of a table by the statement that made it. A whole number that is the primary key is the number of the row. */
function columnsOf(sql: string): { readonly name: string; readonly isKey: boolean }[] {
  const plain = sql.replace(/--[^\n]*/g, " ");
  const inside = plain.slice(plain.indexOf("(") + 1, plain.lastIndexOf(")"));
  const parts: string[] = [];
  let depth = 0;
  let part = "";
  for (const letter of inside) {
    depth += letter === "(" ? 1 : letter === ")" ? -1 : 0;
    if (letter === "," && depth === 0) {
      parts.push(part);
      part = "";
    } else part += letter;
  }
  return [...parts, part].flatMap((one) => {
    const text = one.trim();
    const [name = ""] = text.split(/\s/, 1);
    if (/^(?:primary|unique|check|foreign|constraint)$/i.test(name)) return [];
    return [{ name: name.replace(/^["'`[]|["'`\]]$/g, ""), isKey: /\binteger\s+primary\s+key\b/i.test(text) }];
  });
}

function* rowsOf(
  file: Pages,
  root: number,
  columns: readonly string[],
  key: string | undefined,
): Generator<Readonly<Record<string, SqliteValue>>> {
  let count = 0;
  for (const { row, payload } of cellsOf(file, root, { pages: new Set(), depth: 0 })) {
    if (++count > ROWS_MAX) throw new EmporiumError("FORMAT_UNSUPPORTED", `${file.name}: more than ${ROWS_MAX} rows in a table`);
    const values = recordOf(file, payload);
    yield Object.fromEntries(columns.map((name, at) => [name, name === key ? row : (values[at] ?? null)]));
  }
}

/** Pages of a table that were read, and how deep its tree is here. */
interface Seen {
  readonly pages: Set<number>;
  readonly depth: number;
}

function* cellsOf(
  file: Pages,
  page: number,
  { pages, depth }: Seen,
): Generator<{ readonly row: number; readonly payload: Uint8Array }> {
  if (pages.has(page) || depth > DEPTH_MAX) throw damaged(file, "pages lie in a circle");
  pages.add(page);
  const below = { pages, depth: depth + 1 };
  const begin = (page - 1) * file.pageBytes;
  if (page < 1 || begin + file.pageBytes > file.bytes.length) throw damaged(file, `there is no page ${page}`);
  const head = begin + (page === 1 ? HEADER_BYTES : 0);
  const kind = file.view.getUint8(head);
  if (kind !== LEAF && kind !== INTERIOR) throw damaged(file, `page ${page} is none of a table`);
  const count = file.view.getUint16(head + 3);
  const first = head + (kind === LEAF ? 8 : 12);
  if (first + 2 * count > begin + file.pageBytes) throw damaged(file, `page ${page} has ${count} cells`);
  for (let at = 0; at < count; at++) {
    const cell = begin + file.view.getUint16(first + 2 * at);
    if (kind === INTERIOR) yield* cellsOf(file, pageAt(file, cell), below);
    else {
      const length = varint(file, cell);
      const row = varint(file, length.end);
      yield { row: row.value, payload: payloadOf(file, row.end, length.value) };
    }
  }
  if (kind === INTERIOR) yield* cellsOf(file, pageAt(file, head + 8), below);
}

function pageAt(file: Pages, at: number): number {
  if (at + 4 > file.bytes.length) throw damaged(file, "the file ends within a page");
  return file.view.getUint32(at);
}

/** Seven bits a byte, the last of nine bytes whole. */
function varint({ bytes, name }: Pages, at: number): { readonly value: number; readonly end: number } {
  let value = 0;
  for (let i = 0; i < 9; i++) {
    const byte = bytes[at + i];
    if (byte === undefined) throw damaged({ name }, "the file ends within a row");
    value = i === 8 ? value * 256 + byte : value * 128 + (byte & 0x7f);
    if (i === 8 || byte < 0x80) return { value, end: at + i + 1 };
  }
  return { value, end: at + 9 };
}

/** The bytes of a row: what does not fit into its page goes on in others, each of which names the next. */
function payloadOf(file: Pages, at: number, length: number): Uint8Array {
  const { bytes, usable, pageBytes } = file;
  if (length > bytes.length) throw damaged(file, `a row of ${length} bytes`);
  const most = usable - 35;
  const least = Math.floor(((usable - 12) * 32) / 255) - 23;
  const rest = least + ((length - least) % (usable - 4));
  const local = length <= most ? length : rest <= most ? rest : least;
  if (local === length) return bytes.subarray(at, at + length);
  const whole = new Uint8Array(length);
  whole.set(bytes.subarray(at, at + local));
  let page = pageAt(file, at + local);
  for (let done = local; done < length; ) {
    const begin = (page - 1) * pageBytes;
    if (page < 1 || begin + pageBytes > bytes.length) throw damaged(file, `there is no page ${page}`);
    const part = bytes.subarray(begin + 4, begin + 4 + Math.min(usable - 4, length - done));
    whole.set(part, done);
    done += part.length;
    page = pageAt(file, begin);
  }
  return whole;
}

const INTEGER_BYTES = [0, 1, 2, 3, 4, 6, 8];

function recordOf(file: Pages, payload: Uint8Array): SqliteValue[] {
  const row: Pages = { ...file, bytes: payload, view: new DataView(payload.buffer, payload.byteOffset, payload.length) };
  const head = varint(row, 0);
  const values: SqliteValue[] = [];
  let data = head.value;
  for (let at = head.end; at < head.value; ) {
    const type = varint(row, at);
    at = type.end;
    const length = type.value >= 12 ? Math.floor((type.value - 12) / 2) : type.value === 7 ? 8 : (INTEGER_BYTES[type.value] ?? 0);
    if (data + length > payload.length) throw damaged(file, "a row is shorter than it says");
    values.push(valueAt(row, type.value, data, length));
    data += length;
  }
  return values;
}

function valueAt({ bytes, view }: Pages, type: number, at: number, length: number): SqliteValue {
  if (type === 0) return null;
  if (type === 8 || type === 9) return type - 8;
  if (type === 7) return view.getFloat64(at);
  if (type >= 12)
    return type % 2 === 1 ? new TextDecoder().decode(bytes.subarray(at, at + length)) : bytes.slice(at, at + length);
  if (length === 8) return Number(view.getBigInt64(at));
  let value = view.getInt8(at);
  for (let i = 1; i < length; i++) value = value * 256 + view.getUint8(at + i);
  return value;
}
