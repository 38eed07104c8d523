import { type BlockGrid, blockAt, blocksOf, countBlocks, type Triple } from "./relation.js";

/**
 * Which blocks of its grid a stage has, and in which order it counts them. Plain JSON. Absent: all of them, in C order.
 *
 * - `lattices`: those whose places along z, y and x are even (0) or odd (1) as one of `parities` says; one lattice behind the other, each in C
 *   order. No two blocks of a lattice touch.
 */
export type BlockNumbers = { readonly kind: "lattices"; readonly parities: readonly Triple[] };

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
  return grid.numbers ? numberingOf(grid).count : countBlocks(grid);
}

/** Cost: in proportion to the lattices for each question, of which there are eight at most. */
export function numberingOf(grid: NumberedGrid): Numbering {
  if (!grid.numbers) {
    const same = (number: number) => number;
    return { count: countBlocks(grid), blockOf: same, taskOf: same };
  }
  const blocks = blocksOf(grid);
  let count = 0;
  const lattices = grid.numbers.parities.map((parity) => {
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
