import { type BlockGrid, blockAt, blocksOf, type Triple } from "./relation.js";

/** Outputs as the chunks of an array: `<prefix><z>/<y>/<x>`, below a folder that belongs to the stage alone. */
export interface ChunkOutputs {
  /** Ends with `/`. */
  readonly prefix: string;
  /** Voxels of a chunk, or of a shard where there are shards. A block is made of whole ones. */
  readonly chunk: Triple;
  /** Between the numbers of a chunk. */
  readonly separator: "/" | ".";
}

/** Keys of the chunks of one block. */
export function chunkKeys({ prefix, chunk, separator }: ChunkOutputs, grid: BlockGrid, index: number): string[] {
  const at = blockAt(blocksOf(grid), index);
  const [z, y, x] = [0, 1, 2].map((axis) => chunksAlong(grid, chunk, axis, at[axis]!)) as [number[], number[], number[]];
  return z.flatMap((cz) => y.flatMap((cy) => x.map((cx) => `${prefix}${cz}${separator}${cy}${separator}${cx}`)));
}

function chunksAlong({ shape, block }: BlockGrid, chunk: Triple, axis: number, at: number): number[] {
  const first = (at * block[axis]!) / chunk[axis]!;
  const end = Math.ceil(Math.min((at + 1) * block[axis]!, shape[axis]!) / chunk[axis]!);
  return Array.from({ length: end - first }, (_, i) => first + i);
}

/** The block that writes a key; undefined for other objects below the prefix, such as metadata. */
export function blockOfKey({ prefix, chunk, separator }: ChunkOutputs, grid: BlockGrid, key: string): number | undefined {
  if (!key.startsWith(prefix)) return undefined;
  const words = key.slice(prefix.length).split(separator);
  if (words.length !== 3 || !words.every((word) => /^(0|[1-9]\d{0,14})$/.test(word))) return undefined;
  const blocks = blocksOf(grid);
  let index = 0;
  for (let axis = 0; axis < 3; axis++) {
    const start = Number(words[axis]) * chunk[axis]!;
    if (start >= grid.shape[axis]!) return undefined;
    index = index * blocks[axis]! + Math.floor(start / grid.block[axis]!);
  }
  return index;
}
