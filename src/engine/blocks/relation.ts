import type { Visit } from "../task-source.js";

/** Along z, y and x, slowest first. */
export type Triple = readonly [number, number, number];

/**
 * Which blocks of an earlier stage a block needs.
 *
 * - `box`: those that its own box touches, made larger by `halo` voxels on each side. `scale` is the number of their voxels that one of ours
 *   spans: 2 for a stage that halves what it reads, where a block then needs up to eight. `origin` is the voxel of theirs at which ours begin,
 *   where only a part of them is read. `connectivity` leaves neighbours out: 6 keeps
 *   those that share a face with the blocks that the box without its halo touches, 18 those that share a face or an edge, 26 keeps all.
 *   Where the stage is the block's own, it needs the neighbours that come before it.
 * - `tree`: `fanIn` consecutive blocks each, as a reduction does.
 * - `all`: every block.
 */
export type BlockNeed =
  | {
      readonly kind: "box";
      readonly stage: string;
      readonly halo?: Triple | undefined;
      readonly scale?: Triple | undefined;
      readonly origin?: Triple | undefined;
      readonly connectivity?: 6 | 18 | 26 | undefined;
    }
  | { readonly kind: "tree"; readonly stage: string; readonly fanIn: number }
  | { readonly kind: "all"; readonly stage: string };

/** A volume cut into blocks; those at the far ends may be smaller. In voxels. */
export interface BlockGrid {
  readonly shape: Triple;
  readonly block: Triple;
}

/** Blocks along each axis. */
export function blocksOf({ shape, block }: BlockGrid): Triple {
  return [0, 1, 2].map((axis) => Math.ceil(shape[axis]! / block[axis]!)) as unknown as Triple;
}

export function countBlocks(grid: BlockGrid): number {
  const [z, y, x] = blocksOf(grid);
  return z * y * x;
}

/** Place of a block in its grid, from its number. */
export function blockAt([, y, x]: Triple, index: number): Triple {
  const row = Math.floor(index / x);
  return [Math.floor(row / y), row % y, index % x];
}

/** A need as arithmetic on the numbers of blocks, both ways. */
export interface Relation {
  /** Visits the blocks of theirs that one of ours needs. */
  needs(own: number, visit: Visit): void;
  /** Visits the blocks of ours that need one of theirs. */
  needers(their: number, visit: Visit): void;
}

/** @param isOwn both stages are the same: only what comes before counts */
export function relationOf(need: BlockNeed, own: BlockGrid, their: BlockGrid, isOwn: boolean): Relation {
  const [ownCount, theirCount] = [countBlocks(own), countBlocks(their)];
  if (need.kind === "all")
    return { needs: (_, visit) => each(0, theirCount, visit), needers: (_, visit) => each(0, ownCount, visit) };
  if (need.kind === "tree") {
    const { fanIn } = need;
    return {
      needs: (index, visit) => each(index * fanIn, Math.min((index + 1) * fanIn, theirCount), visit),
      needers: (index, visit) => visit(Math.floor(index / fanIn)),
    };
  }
  return boxRelation(need, own, their, isOwn);
}

function each(first: number, end: number, visit: Visit): void {
  for (let index = first; index < end; index++) visit(index);
}

/** One axis of a box relation: which of their blocks an interval of ours touches. */
interface Axis {
  readonly ownCount: number;
  readonly theirCount: number;
  /** Edge of a block of ours, in their voxels. */
  readonly step: number;
  /** Their voxel at which our volume begins. */
  readonly origin: number;
  /** End of our volume, in their voxels, from the origin. */
  readonly end: number;
  readonly their: number;
  readonly theirEnd: number;
}

/** The first block of theirs that one of ours touches. Behind the last one where ours begins behind their end. */
const low = ({ step, origin, their, theirEnd, theirCount }: Axis, own: number, halo: number) =>
  own * step + origin - halo < theirEnd ? Math.max(0, Math.floor((own * step + origin - halo) / their)) : theirCount;
const high = ({ step, origin, end, their, theirCount }: Axis, own: number, halo: number) =>
  Math.min(theirCount, Math.ceil((Math.min((own + 1) * step, end) + origin + halo) / their)) - 1;
/** The first block of ours that ends behind the beginning of one of theirs, halo included. */
const firstNeeder = ({ step, origin, their }: Axis, index: number, halo: number) =>
  Math.max(0, Math.floor((index * their - halo - origin) / step));
const lastNeeder = ({ step, origin, their, theirEnd, ownCount }: Axis, index: number, halo: number) =>
  Math.min(ownCount, Math.ceil((Math.min((index + 1) * their, theirEnd) + halo - origin) / step)) - 1;

function boxRelation(
  { halo = [0, 0, 0], scale = [1, 1, 1], origin = [0, 0, 0], connectivity = 26 }: Extract<BlockNeed, { kind: "box" }>,
  own: BlockGrid,
  their: BlockGrid,
  isOwn: boolean,
): Relation {
  const [ownBlocks, theirBlocks] = [blocksOf(own), blocksOf(their)];
  const axes = [0, 1, 2].map(
    (axis): Axis => ({
      ownCount: ownBlocks[axis]!,
      theirCount: theirBlocks[axis]!,
      step: own.block[axis]! * scale[axis]!,
      origin: origin[axis]!,
      end: own.shape[axis]! * scale[axis]!,
      their: their.block[axis]!,
      theirEnd: their.shape[axis]!,
    }),
  ) as unknown as readonly [Axis, Axis, Axis];
  const [az, ay, ax] = axes;
  const [hz, hy, hx] = halo;
  const offMax = connectivity === 6 ? 1 : connectivity === 18 ? 2 : 3;
  const off = (axis: Axis, i: number, j: number) => (j < low(axis, i, 0) || j > high(axis, i, 0) ? 1 : 0);

  function needs(index: number, visit: Visit): void {
    const [iz, iy, ix] = blockAt(ownBlocks, index);
    const [firstX, lastX] = [low(ax, ix, hx), high(ax, ix, hx)];
    const [firstY, lastY] = [low(ay, iy, hy), high(ay, iy, hy)];
    for (let z = low(az, iz, hz); z <= high(az, iz, hz); z++) {
      for (let y = firstY; y <= lastY; y++) {
        const offZY = offMax === 3 ? 0 : off(az, iz, z) + off(ay, iy, y);
        if (offZY > offMax) continue;
        const row = (z * ay.theirCount + y) * ax.theirCount;
        for (let x = firstX; x <= lastX; x++) {
          if (isOwn && row + x >= index) return; // what follows comes later still
          if (offMax === 3 || offZY + off(ax, ix, x) <= offMax) visit(row + x);
        }
      }
    }
  }
  function needers(index: number, visit: Visit): void {
    const [jz, jy, jx] = blockAt(theirBlocks, index);
    const [firstX, lastX] = [firstNeeder(ax, jx, hx), lastNeeder(ax, jx, hx)];
    const [firstY, lastY] = [firstNeeder(ay, jy, hy), lastNeeder(ay, jy, hy)];
    for (let z = firstNeeder(az, jz, hz); z <= lastNeeder(az, jz, hz); z++) {
      if (high(az, z, hz) < jz) continue; // our volume ends before
      for (let y = firstY; y <= lastY; y++) {
        if (high(ay, y, hy) < jy) continue;
        const offZY = offMax === 3 ? 0 : off(az, z, jz) + off(ay, y, jy);
        if (offZY > offMax) continue;
        const row = (z * ay.ownCount + y) * ax.ownCount;
        for (let x = firstX; x <= lastX; x++) {
          if (high(ax, x, hx) < jx || (isOwn && row + x <= index)) continue;
          if (offMax === 3 || offZY + off(ax, x, jx) <= offMax) visit(row + x);
        }
      }
    }
  }
  return { needs, needers };
}
