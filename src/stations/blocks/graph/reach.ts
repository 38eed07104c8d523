import type { Triple } from "../../../core/box.js";
import type { ProgramOperator } from "./map.js";

/**
 * Voxels of another array that a box of one array needs: `at · scale + origin`, and `halo` more on each side, in voxels of the
 * other.
 */
export interface Reach {
  readonly scale: Triple;
  readonly origin: Triple;
  readonly halo: Triple;
}

export const ITSELF: Reach = { scale: [1, 1, 1], origin: [0, 0, 0], halo: [0, 0, 0] };

/** The reach into an operator's inputs, where `reach` is the one into its value. */
export function through(reach: Reach, { scale, origin, halo }: ProgramOperator): Reach {
  return {
    scale: each((axis) => reach.scale[axis]! * scale[axis]!),
    origin: each((axis) => reach.origin[axis]! * scale[axis]! + origin[axis]!),
    halo: each((axis) => reach.halo[axis]! * scale[axis]! + halo[axis]!),
  };
}

/** Both reaches together; undefined where they differ in scale or origin, so that one formula cannot have both. */
export function joined(a: Reach, b: Reach): Reach | undefined {
  const isOne = [0, 1, 2].every((axis) => a.scale[axis] === b.scale[axis] && a.origin[axis] === b.origin[axis]);
  return isOne ? { ...a, halo: each((axis) => Math.max(a.halo[axis]!, b.halo[axis]!)) } : undefined;
}

/** Voxels that a block of this shape needs, as if the other array had no border. */
export function needed(block: Triple, { scale, halo }: Reach): Triple {
  return each((axis) => block[axis]! * scale[axis]! + 2 * halo[axis]!);
}

export function each(of: (axis: number) => number): Triple {
  return [of(0), of(1), of(2)];
}
