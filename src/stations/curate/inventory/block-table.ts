/**
 * Positions of the folders of earlier scans: a table of numbers in shared memory, so that all threads find folders without
 * messages, and a million folders take 56 MB. The table holds hashes of paths; the caller compares the path in the block.
 */
export interface BlockTable {
  readonly memory: SharedArrayBuffer;
}

export interface BlockRef {
  /** Index in the list of files. */
  readonly file: number;
  readonly offset: number;
  readonly length: number;
  readonly mtimeUs: number;
  readonly ctimeUs: number;
  readonly settled: boolean;
}

const COLUMNS = 7;

export function emptyTable(): BlockTable {
  return { memory: new SharedArrayBuffer(0) };
}

/** Collects rows; those added later win over earlier ones of the same path. */
export class BlockTableBuilder {
  #rows = new Float64Array(COLUMNS * 1024);
  #count = 0;

  add(path: string, { file, offset, length, mtimeUs, ctimeUs, settled }: BlockRef): void {
    if (this.#count * COLUMNS === this.#rows.length) {
      const grown = new Float64Array(2 * this.#rows.length);
      grown.set(this.#rows);
      this.#rows = grown;
    }
    this.#rows.set([hashOf(path), file, offset, length, mtimeUs, ctimeUs, settled ? 1 : 0], this.#count++ * COLUMNS);
  }

  /** Rows of a table that was built before; `file` is where they lie now. */
  addTable(table: BlockTable, file: number): void {
    const rows = new Float64Array(table.memory);
    const all = new Float64Array(Math.max(COLUMNS * 1024, 2 * (this.#count * COLUMNS + rows.length)));
    all.set(this.#rows.subarray(0, this.#count * COLUMNS));
    all.set(rows, this.#count * COLUMNS);
    for (let at = this.#count * COLUMNS; at < this.#count * COLUMNS + rows.length; at += COLUMNS) all[at + 1] = file;
    this.#rows = all;
    this.#count += rows.length / COLUMNS;
  }

  build(): BlockTable {
    const rows = this.#rows;
    const order = new Uint32Array(this.#count).map((_, at) => at);
    // the latest first if paths are equal
    order.sort((a, b) => rows[a * COLUMNS]! - rows[b * COLUMNS]! || b - a);
    const memory = new SharedArrayBuffer(8 * COLUMNS * this.#count);
    const sorted = new Float64Array(memory);
    for (const [at, row] of order.entries()) sorted.set(rows.subarray(row * COLUMNS, (row + 1) * COLUMNS), at * COLUMNS);
    return { memory };
  }
}

/** Blocks whose path has this hash, the latest first. Nearly always one. */
export function* blocksOf(table: BlockTable, path: string): Generator<BlockRef> {
  const rows = new Float64Array(table.memory);
  const hash = hashOf(path);
  let [low, high] = [0, rows.length / COLUMNS];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (rows[middle * COLUMNS]! < hash) low = middle + 1;
    else high = middle;
  }
  for (let at = low * COLUMNS; at < rows.length && rows[at] === hash; at += COLUMNS) {
    const [, file, offset, length, mtimeUs, ctimeUs, settled] = rows.subarray(at, at + COLUMNS) as unknown as number[];
    yield { file: file!, offset: offset!, length: length!, mtimeUs: mtimeUs!, ctimeUs: ctimeUs!, settled: settled === 1 };
  }
}

/** 53 bits of two multiplicative hashes: exact in a float64. */
function hashOf(text: string): number {
  let [a, b] = [0xdeadbeef, 0x41c6ce57];
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    a = Math.imul(a ^ unit, 2654435761);
    b = Math.imul(b ^ unit, 1597334677);
  }
  a = Math.imul(a ^ (a >>> 16), 2246822507) ^ Math.imul(b ^ (b >>> 13), 3266489909);
  b = Math.imul(b ^ (b >>> 16), 2246822507) ^ Math.imul(a ^ (a >>> 13), 3266489909);
  return 4294967296 * (2097151 & b) + (a >>> 0);
}
