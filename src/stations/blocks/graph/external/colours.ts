import { type Box, intersect, type Triple } from "../../../../core/box.js";

/** Which neighbours of a block count: those that share a face with it (6), a face or an edge (18), or a face, an edge or a corner (26). */
export type Neighbours = 6 | 18 | 26;

/** Whether the places of blocks are even (0) or odd (1) along z, y and x. */
const PARITIES: readonly Triple[] = [0, 1, 2, 3, 4, 5, 6, 7].map((bits): Triple => [(bits >> 2) & 1, (bits >> 1) & 1, bits & 1]);

/** The colour of a block by its place: no two neighbours have the same one. 2, 4 or 8 colours, from 0. */
export function colourOf(neighbours: Neighbours, [z, y, x]: Triple): number {
  const odd = [z % 2, y % 2, x % 2] as const;
  if (neighbours === 6) return odd[0] ^ odd[1] ^ odd[2];
  // blocks that are even where others are odd, along all axes, share corners at most
  if (neighbours === 18) return odd[0] === 1 ? 3 - 2 * odd[1] - odd[2] : 2 * odd[1] + odd[2];
  return 4 * odd[0] + 2 * odd[1] + odd[2];
}

/** The lattices of each colour that a grid of so many blocks has. */
export function latticesOf(neighbours: Neighbours, counts: readonly number[]): [colour: number, parities: Triple[]][] {
  const there = PARITIES.filter((parity) => parity.every((odd, axis) => odd < counts[axis]!));
  const colours = [...new Set(there.map((parity) => colourOf(neighbours, parity)))].sort();
  return colours.map((colour) => [colour, there.filter((parity) => colourOf(neighbours, parity) === colour)]);
}

/** Voxels in a box that are written before a block: for each neighbour with an earlier colour, its part of the box. */
export function* writtenBefore(neighbours: Neighbours, at: Triple, block: Triple, box: Box): Generator<Box> {
  const own = colourOf(neighbours, at);
  const sides = { 6: 1, 18: 2, 26: 3 }[neighbours];
  for (const dz of STEPS)
    for (const dy of STEPS)
      for (const dx of STEPS) {
        const other: Triple = [at[0] + dz, at[1] + dy, at[2] + dx];
        const apart = Math.abs(dz) + Math.abs(dy) + Math.abs(dx);
        if (apart === 0 || apart > sides || other.some((place) => place < 0) || colourOf(neighbours, other) >= own) continue;
        const start = other.map((place, axis) => place * block[axis]!) as Triple;
        const stop = start.map((from, axis) => from + block[axis]!) as Triple;
        const shared = intersect(box, { start, stop });
        if (shared) yield shared;
      }
}

const STEPS = [-1, 0, 1] as const;
