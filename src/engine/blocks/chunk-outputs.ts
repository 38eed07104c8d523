import { chunkBox, chunkName, parseChunkName } from "../../formats/precomputed/grid.js";
import { type BlockGrid, blockAt, blocksOf, type Triple } from "./relation.js";

/** Outputs as the chunks of an array, below a folder that belongs to the stage alone. */
export type ChunkOutputs = {
  /** Beginning of all keys; ends with `/`. */
  readonly prefix: string;
  /** Voxels of a chunk, or of a shard where there are shards. A block is made of whole ones. */
  readonly chunk: Triple;
} & (NumberedChunks | RangedChunks);

/** `<prefix><z>/<y>/<x>` */
interface NumberedChunks {
  /** Character between the numbers of a chunk. */
  readonly separator: "/" | ".";
  /** End of the names, behind the numbers, such as `.npy`. */
  readonly suffix?: string | undefined;
  readonly rangesFrom?: undefined;
}

/** `<prefix><x0>-<x1>_<y0>-<y1>_<z0>-<z1>`: the voxels of a chunk, as Neuroglancer's precomputed format names them. */
interface RangedChunks {
  readonly separator?: undefined;
  readonly suffix?: undefined;
  /** Number of the array's first voxel in the names, along each axis. */
  readonly rangesFrom: Triple;
}

/** Keys of the chunks of one block. */
export function chunkKeys(outputs: ChunkOutputs, grid: BlockGrid, index: number): string[] {
  const { chunk } = outputs;
  const at = blockAt(blocksOf(grid), index);
  const [z, y, x] = [0, 1, 2].map((axis) => chunksAlong(grid, chunk, axis, at[axis]!)) as [number[], number[], number[]];
  return z.flatMap((cz) => y.flatMap((cy) => x.map((cx) => chunkKey(outputs, grid, [cz, cy, cx]))));
}

/** The key of one chunk. @param cell its position in the grid of chunks */
export function chunkKey(outputs: ChunkOutputs, { shape }: BlockGrid, cell: Triple): string {
  const { prefix, chunk, separator, suffix = "", rangesFrom } = outputs;
  if (!rangesFrom) return `${prefix}${cell.join(separator)}${suffix}`;
  return `${prefix}${chunkName(chunkBox([...cell], [...shape], [...chunk]), [...rangesFrom])}`;
}

function chunksAlong({ shape, block }: BlockGrid, chunk: Triple, axis: number, at: number): number[] {
  const first = (at * block[axis]!) / chunk[axis]!;
  const end = Math.ceil(Math.min((at + 1) * block[axis]!, shape[axis]!) / chunk[axis]!);
  return Array.from({ length: end - first }, (_, i) => first + i);
}

/** The block that writes a key; undefined for other objects below the prefix, such as metadata. */
export function blockOfKey(outputs: ChunkOutputs, grid: BlockGrid, key: string): number | undefined {
  const { prefix, chunk, separator, suffix = "", rangesFrom } = outputs;
  if (!key.startsWith(prefix) || !key.endsWith(suffix)) return undefined;
  const name = key.slice(prefix.length, key.length - suffix.length);
  const cell = rangesFrom ? cellOfRanges(name, chunk, rangesFrom) : cellOfNumbers(name, separator);
  if (!cell || cell.some((at, axis) => at < 0 || at * chunk[axis]! >= grid.shape[axis]!)) return undefined;
  if (rangesFrom && chunkKey(outputs, grid, cell) !== key) return undefined;
  const blocks = blocksOf(grid);
  return [0, 1, 2].reduce((index, axis) => {
    return index * blocks[axis]! + Math.floor((cell[axis]! * chunk[axis]!) / grid.block[axis]!);
  }, 0);
}

function cellOfNumbers(name: string, separator: "/" | "."): Triple | undefined {
  const words = name.split(separator);
  if (words.length !== 3 || !words.every((word) => /^(0|[1-9]\d{0,14})$/.test(word))) return undefined;
  return words.map(Number) as unknown as Triple;
}

function cellOfRanges(name: string, chunk: Triple, from: Triple): Triple | undefined {
  return parseChunkName(name)?.start.map((at, axis) => Math.floor((at - from[axis]!) / chunk[axis]!)) as Triple | undefined;
}
