import { EmporiumError } from "../../core/errors.js";
import { md5 } from "../../core/md5.js";
import { Recent } from "../../core/recent.js";
import type { Store } from "../../stores/store.js";
import { type Coverage, countCoverage, sufficientLevel } from "./coverage.js";
import type { ReadGrid } from "./grid.js";
import { type Lattice, latticeOf } from "./lattice.js";
import type { ClassShares } from "./selection.js";
import type { BlockLevel, BlockVolume, VoxelIdentity } from "./volume.js";

/** Selection of blocks by the share of each that a mask covers. */
export interface MaskRequest {
  /** Voxels that are not 0 belong to the mask. It lies in the same world as the blocks; its voxels may be of another size. */
  readonly source: BlockVolume;
  /** Least share of a block that the mask covers, 0 to 1, in steps of 1/255. Default: any voxel at all. */
  readonly atLeast?: number | undefined;
  /**
   * Takes all blocks, those below `atLeast` (class 0) and the others (class 1), in these shares. Goes with the order `shuffle`, not buffered.
   */
  readonly balance?: ClassShares | undefined;
  /** Store that keeps coverages between runs, one byte per block; for example the workspace. */
  readonly cache?: Pick<Store, "read" | "write"> | undefined;
}

/** A grid and the level that its blocks are cut from. */
export interface GridPlace {
  readonly grid: ReadGrid;
  readonly level: BlockLevel;
  readonly name: string;
}

/** @returns the least byte of the coverage that belongs to class 1 @throws {EmporiumError} USAGE */
export function thresholdOf({ atLeast = 0 }: MaskRequest): number {
  if (atLeast >= 0 && atLeast <= 1) return Math.max(1, Math.ceil(255 * atLeast - 1e-9));
  throw new EmporiumError("USAGE", `mask.atLeast: expected a share from 0 to 1, found ${atLeast}`);
}

/** Coverages of masks that are open, so that each epoch needs none of its own. */
const counted = new WeakMap<BlockVolume, Recent<string, Coverage>>();

/** Grids of one mask whose coverages are kept in memory. */
const GRIDS_KEPT = 4;

/** Counts the coverage once for each open mask and grid; with a cache, once for each version of the mask. */
export async function coverageOf(mask: MaskRequest, place: GridPlace, signal?: AbortSignal): Promise<Coverage> {
  const { source, cache } = mask;
  const index = sufficientLevel(source, place.grid, place.level, place.name);
  const lattice = latticeOf(place.level, source.levels[index]!, { grid: place.name, array: source.name });
  const level = source.levels[index]!;
  const key = keyOf(source, index, cache && (await level.voxelIdentity?.({ signal })), lattice, place.grid);
  const kept = counted.get(source) ?? new Recent<string, Coverage>(GRIDS_KEPT);
  counted.set(source, kept);
  const known = kept.get(key) ?? (isVersioned(source) ? await cache?.read(key) : undefined);
  const isKnown = known?.length === place.grid.count;
  const coverage = isKnown ? known : await countCoverage(place.grid, level, lattice, signal);
  kept.set(key, coverage);
  if (!isKnown && isVersioned(source)) await cache?.write(key, coverage, { signal });
  return coverage;
}

/** True if every file of the mask has an ETag or a time, by which a later version is told from it. */
function isVersioned({ identity }: BlockVolume): boolean {
  return identity.every(({ etag, modifiedMs }) => etag !== undefined || modifiedMs !== undefined);
}

function keyOf(
  { name, identity }: BlockVolume,
  level: number,
  voxels: VoxelIdentity | undefined,
  lattice: Lattice,
  grid: ReadGrid,
): string {
  const objects = identity.map(({ key, size, etag, modifiedMs }) => [key, size, etag ?? null, modifiedMs ?? null]);
  const { roi, shape, step } = grid;
  const text = JSON.stringify([
    name,
    objects,
    voxels ?? null,
    level,
    lattice.scale,
    lattice.shift,
    roi.start,
    roi.stop,
    shape,
    step,
  ]);
  const digest = md5(new TextEncoder().encode(text));
  return `blocks/coverage/${Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("")}.u8`;
}
