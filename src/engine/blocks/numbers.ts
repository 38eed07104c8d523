import { type BlockGrid, blockAt, blocksOf, countBlocks, type Triple } from "./relation.js";

/**
 * Which blocks of its grid a stage has, and in which order it counts them. Plain JSON. Absent: all of them, in C order.
 *
 * - `lattices`: those whose places along z, y and x are even (0) or odd (1) as one of `parities` says; one lattice behind the other, each in C
 *   order. No two blocks of a lattice touch.
 * - `bricks`: all, those of a brick of `size` blocks before those of the next one: what lies in one chunk of a source is read together. Bricks,
 *   and the blocks in each, are in C order.
 */
export type BlockNumbers =
  | { readonly kind: "lattices"; readonly parities: readonly Triple[] }
  | { readonly kind: "bricks"; readonly size: Triple };

/** A grid with the blocks that a stage has of it. */
export interface NumberedGrid extends BlockGrid {
  readonly numbers?: BlockNumbers | undefined;
}

/** Numbers of a stage's tasks, and those of their blocks in C order. */
export interface Numbering {
  readonly count: number;
  blockOf(task: number): number;
  /** -1 for a block that the stage does not have. */
  taskOf(block: number): number;
}

/** Tasks of a stage. */
export function countTasks(grid: NumberedGrid): number {
  return numberingOf(grid).count;
}

/** Cost: in proportion to the lattices for each question, of which there are eight at most. */
export function numberingOf(grid: NumberedGrid): Numbering {
  if (!grid.numbers) {
    const same = (number: number) => number;
    return { count: countBlocks(grid), blockOf: same, taskOf: same };
  }
  return grid.numbers.kind === "bricks" ? inBricks(grid, grid.numbers.size) : inLattices(grid, grid.numbers.parities);
}

/** Everything before a brick fills its layer, then its row of bricks, then bricks of one length: no sum is needed. */
function inBricks(grid: BlockGrid, [bz, by, bx]: Triple): Numbering {
  const blocks = blocksOf(grid);
  const [nz, ny, nx] = blocks;
  return {
    count: nz * ny * nx,
    blockOf(task) {
      const z0 = bz * Math.floor(task / (bz * ny * nx));
      const dz = Math.min(bz, nz - z0);
      let rest = task - z0 * ny * nx;
      const y0 = by * Math.floor(rest / (dz * by * nx));
      const dy = Math.min(by, ny - y0);
      rest -= dz * y0 * nx;
      const x0 = bx * Math.floor(rest / (dz * dy * bx));
      const dx = Math.min(bx, nx - x0);
      const [z, y, x] = blockAt([dz, dy, dx], rest - dz * dy * x0);
      return ((z0 + z) * ny + y0 + y) * nx + x0 + x;
    },
    taskOf(block) {
      const at = blockAt(blocks, block);
      const [z0, y0, x0] = [at[0] - (at[0] % bz), at[1] - (at[1] % by), at[2] - (at[2] % bx)];
      const [dz, dy, dx] = [Math.min(bz, nz - z0), Math.min(by, ny - y0), Math.min(bx, nx - x0)];
      const before = z0 * ny * nx + dz * y0 * nx + dz * dy * x0;
      return before + ((at[0] - z0) * dy + at[1] - y0) * dx + at[2] - x0;
    },
  };
}

function inLattices(grid: BlockGrid, parities: readonly Triple[]): Numbering {
  const blocks = blocksOf(grid);
  let count = 0;
  const lattices = parities.map((parity) => {
    const counts = blocks.map((length, axis) => Math.ceil((length - parity[axis]!) / 2)) as unknown as Triple;
    const lattice = { parity, counts, first: count, end: count + counts[0] * counts[1] * counts[2] };
    count = lattice.end;
    return lattice;
  });
  return {
    count,
    blockOf(task) {
      const { parity, counts, first } = lattices.find(({ end }) => task < end)!;
      const at = blockAt(counts, task - first);
      return at.reduce((index, place, axis) => index * blocks[axis]! + 2 * place + parity[axis]!, 0);
    },
    taskOf(block) {
      const at = blockAt(blocks, block);
      const lattice = lattices.find(({ parity }) => parity.every((odd, axis) => at[axis]! % 2 === odd));
      if (!lattice) return -1;
      return lattice.first + at.reduce((index, place, axis) => index * lattice.counts[axis]! + Math.floor(place / 2), 0);
    },
  };
}
