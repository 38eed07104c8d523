import { DisjointSets } from "./disjoint-sets.js";
import type { BlockComponents } from "./label-block.js";

/**
 * Unions of several blocks or groups of blocks, in index order, as one list without those that follow from others.
 *
 * A union is kept if those before it do not connect its labels already, so lists may be merged in groups of any size: the result is that of
 * merging all at once. It has fewer unions than there are labels on faces.
 *
 * @param parts block, label, block, label, … each
 */
export function mergeUnions(parts: Iterable<Float64Array>): Float64Array {
  const members = new Map<number, Map<number, number>>();
  const sets = new DisjointSets();
  const kept: number[] = [];
  const memberOf = (block: number, label: number) => {
    const labels = members.get(block) ?? new Map<number, number>();
    members.set(block, labels);
    const member = labels.get(label) ?? sets.add();
    labels.set(label, member);
    return member;
  };
  for (const part of parts)
    for (let at = 0; at + 3 < part.length; at += 4) {
      const [blockA, labelA, blockB, labelB] = [part[at]!, part[at + 1]!, part[at + 2]!, part[at + 3]!];
      if (sets.join(memberOf(blockA, labelA), memberOf(blockB, labelB))) kept.push(blockA, labelA, blockB, labelB);
    }
  return Float64Array.from(kept);
}

/** What is counted of a block's components: where they lie is not asked for. */
type Counted = Omit<BlockComponents, "box">;

export interface RankedComponents {
  /** Components of the whole volume that are large enough. */
  readonly count: number;
  /** For each block in index order, the final label of each of its labels from 1 on; 0 for components that are too small. */
  readonly tables: readonly Float64Array[];
}

/**
 * Final labels: 1, 2, 3, … by the first voxel of each component in C order of the whole volume, so they do not depend on the blocks.
 *
 * @param blocks in index order: a union names a block by its place here
 * @param minVoxels components with fewer voxels get no label
 *
 * Memory: about 40 bytes for each component of each block, however many voxels there are.
 */
export function rankComponents(blocks: readonly Counted[], unions: Float64Array, minVoxels: number): RankedComponents {
  const starts = new Float64Array(blocks.length + 1);
  for (const [index, { count }] of blocks.entries()) starts[index + 1] = starts[index]! + count;
  const sets = new DisjointSets(starts.at(-1)!);
  for (let at = 0; at + 3 < unions.length; at += 4)
    sets.join(starts[unions[at]!]! + unions[at + 1]!, starts[unions[at + 2]!]! + unions[at + 3]!);
  const { first, sizes } = gather(blocks, sets);
  const kept: number[] = [];
  for (let member = 1; member <= sets.count; member++)
    if (sets.find(member) === member && sizes[member]! >= minVoxels) kept.push(member);
  kept.sort((a, b) => first[a]! - first[b]!);
  const ranks = new Float64Array(sets.count + 1);
  for (const [at, member] of kept.entries()) ranks[member] = at + 1;
  const tables = blocks.map(({ count }, index) =>
    Float64Array.from({ length: count }, (_, label) => ranks[sets.find(starts[index]! + label + 1)]!),
  );
  return { count: kept.length, tables };
}

/** First voxel and number of voxels of each set, stored at its representative. */
function gather(blocks: readonly Counted[], sets: DisjointSets): { first: Float64Array; sizes: Float64Array } {
  const first = new Float64Array(sets.count + 1).fill(Infinity);
  const sizes = new Float64Array(sets.count + 1);
  let member = 0;
  for (const block of blocks)
    for (let label = 0; label < block.count; label++) {
      const root = sets.find(++member);
      first[root] = Math.min(first[root]!, block.first[label]!);
      sizes[root]! += block.sizes[label]!;
    }
  return { first, sizes };
}

/** A block's labels as final ones, uint64. @param table the block's, of `rankComponents` */
export function relabelBlock(labels: Uint32Array, table: Float64Array): BigUint64Array {
  const final = new BigUint64Array(labels.length);
  const words = new Uint32Array(final.buffer);
  for (let at = 0; at < labels.length; at++) {
    const label = labels[at]!;
    if (label === 0) continue;
    const value = table[label - 1]!;
    words[2 * at] = value;
    if (value >= 2 ** 32) words[2 * at + 1] = value / 2 ** 32;
  }
  return final;
}
