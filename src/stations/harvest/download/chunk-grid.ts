/** The chunk files that an array may have, by its metadata. Some may never have been written. */
export interface ChunkGrid {
  /** Folder of the array below the volume, without a last `/`; `""`: the volume itself. */
  readonly array: string;
  readonly count: number;
  /** Keys below the volume, one by one: a grid may have more cells than fit into memory. */
  keys(): Iterable<string>;
}

/** All cells of a grid, the last axis fastest. */
export function* cells(lengths: readonly number[]): Generator<number[]> {
  if (lengths.some((length) => length <= 0)) return;
  const cell = lengths.map(() => 0);
  for (;;) {
    yield cell;
    let axis = lengths.length - 1;
    for (; axis >= 0; axis--) {
      cell[axis]!++;
      if (cell[axis]! < lengths[axis]!) break;
      cell[axis] = 0;
    }
    if (axis < 0) return;
  }
}

function cellCount(lengths: readonly number[]): number {
  return lengths.reduce((product, length) => product * Math.max(0, length), 1);
}

/** A key below a folder; `""` is the volume itself. */
export function below(folder: string, key: string): string {
  return folder === "" ? key : `${folder}/${key}`;
}

/** The chunks of an array, with the names of its format. */
export function chunkGrid(array: string, lengths: readonly number[], nameOf: (cell: readonly number[]) => string): ChunkGrid {
  return {
    array,
    count: cellCount(lengths),
    *keys() {
      for (const cell of cells(lengths)) yield below(array, nameOf(cell));
    },
  };
}
