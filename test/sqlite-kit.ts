/** A table with the statement that makes it, and its rows. */
export interface NewTable {
  readonly name: string;
  readonly sql: string;
  readonly rows: readonly { readonly row: number; readonly values: readonly (string | number | null)[] }[];
}

const PAGE = 1024;

/**
 * A database of SQLite 3 as the page of its format describes it, of pages of 1 KiB: leaves under one root, and long rows that go on in pages of their own.
 * https://www.sqlite.org/fileformat2.html
 */
export function sqliteFile(tables: readonly NewTable[]): Uint8Array {
  const pages: Uint8Array[] = [new Uint8Array(PAGE)];
  const roots = tables.map(({ rows }) => tree(rows, pages, pages.push(new Uint8Array(PAGE))));
  const schema = tables.map(({ name, sql }, at) => ({ row: at + 1, values: ["table", name, name, roots[at]!, sql] }));
  tree(schema, pages, 1);
  const head = new DataView(pages[0]!.buffer);
  pages[0]!.set(new TextEncoder().encode("SQLite format 3\0"));
  head.setUint16(16, PAGE);
  pages[0]!.set([1, 1, 0, 64, 32, 32], 18);
  head.setUint32(28, pages.length);
  head.setUint32(44, 4);
  head.setUint32(56, 1);
  const file = new Uint8Array(pages.length * PAGE);
  for (const [at, page] of pages.entries()) file.set(page, at * PAGE);
  return file;
}

/** Writes the rows of a table below its root. @returns the number of the page of that */
function tree(rows: NewTable["rows"], pages: Uint8Array[], root: number): number {
  const leaves: { page: number; last: number }[] = [];
  let cells: Uint8Array[] = [];
  let last = 0;
  const flush = () => {
    leaves.push({ page: pages.push(leaf(cells, 0)), last });
    cells = [];
  };
  for (const row of rows) {
    const one = cell(row, pages);
    const used = cells.reduce((sum, other) => sum + other.length + 2, 8);
    if (cells.length > 0 && used + one.length + 2 > PAGE) flush();
    cells.push(one);
    last = row.row;
  }
  flush();
  const inner = leaves.slice(0, -1).map(({ page, last: key }) => Uint8Array.from([...uint32(page), ...varint(key)]));
  // the header of the file stands before that of its first page
  const begin = root === 1 ? 100 : 0;
  const page = leaf(inner, begin, 0x05);
  new DataView(page.buffer).setUint32(begin + 8, leaves.at(-1)!.page);
  pages[root - 1] = page;
  return root;
}

function leaf(cells: readonly Uint8Array[], at: number, kind = 0x0d): Uint8Array {
  const page = new Uint8Array(PAGE);
  const view = new DataView(page.buffer);
  page[at] = kind;
  view.setUint16(at + 3, cells.length);
  let end = PAGE;
  for (const [i, one] of cells.entries()) {
    end -= one.length;
    page.set(one, end);
    view.setUint16(at + (kind === 0x0d ? 8 : 12) + 2 * i, end);
  }
  view.setUint16(at + 5, end);
  return page;
}

const uint32 = (value: number): number[] => [24, 16, 8, 0].map((shift) => (value >>> shift) & 0xff);

function varint(value: number): number[] {
  const bytes = [value & 0x7f];
  for (let rest = Math.floor(value / 128); rest > 0; rest = Math.floor(rest / 128)) bytes.unshift((rest & 0x7f) | 0x80);
  return bytes;
}

function cell({ row, values }: NewTable["rows"][number], pages: Uint8Array[]): Uint8Array {
  const types: number[] = [];
  const data: number[] = [];
  for (const value of values) {
    if (value === null) types.push(0);
    else if (typeof value === "string") {
      const text = new TextEncoder().encode(value);
      types.push(13 + 2 * text.length);
      data.push(...text);
    } else if (value === 0 || value === 1) types.push(8 + value);
    else {
      const bytes = new Uint8Array(8);
      const view = new DataView(bytes.buffer);
      const isShort = Number.isInteger(value) && Math.abs(value) < 2 ** 15;
      if (isShort) view.setInt16(0, value);
      else if (Number.isSafeInteger(value)) view.setBigInt64(0, BigInt(value));
      else view.setFloat64(0, value);
      types.push(isShort ? 2 : Number.isSafeInteger(value) ? 6 : 7);
      data.push(...bytes.subarray(0, isShort ? 2 : 8));
    }
  }
  const head = types.flatMap(varint);
  // lengths of heads that are longer than 126 bytes take two bytes, and add one
  const payload = [...varint(head.length + (head.length < 127 ? 1 : 2)), ...head, ...data];
  const most = PAGE - 35;
  const least = Math.floor(((PAGE - 12) * 32) / 255) - 23;
  const rest = least + ((payload.length - least) % (PAGE - 4));
  const local = payload.length <= most ? payload.length : rest <= most ? rest : least;
  const begin = [...varint(payload.length), ...varint(row), ...payload.slice(0, local)];
  if (local === payload.length) return Uint8Array.from(begin);
  const first = pages.length + 1;
  for (let at = local; at < payload.length; at += PAGE - 4) {
    const page = new Uint8Array(PAGE);
    page.set(uint32(at + PAGE - 4 < payload.length ? pages.length + 2 : 0));
    page.set(payload.slice(at, at + PAGE - 4), 4);
    pages.push(page);
  }
  return Uint8Array.from([...begin, ...uint32(first)]);
}
