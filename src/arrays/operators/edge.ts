import { z } from "zod";
import { EmporiumError } from "../../core/errors.js";

/**
 * Values beyond the border of the whole volume, named as in scipy.ndimage:
 *
 * - `reflect`: d c b a | a b c d | d c b a
 * - `mirror`: d c b | a b c d | c b a
 * - `nearest`: a a a a | a b c d | d d d d
 * - `constant`: k k k k | a b c d | k k k k, with `value` for k
 *
 * `wrap` needs the far side of the volume and is not supported.
 */
const EDGE_RULES = ["reflect", "mirror", "nearest", "constant"] as const;
export type EdgeRule = (typeof EDGE_RULES)[number];

export const edgeRule = z.enum(EDGE_RULES, {
  error: ({ input }) =>
    `expected ${EDGE_RULES.join(", ")}, found ${String(input)}${input === "wrap" ? ", which needs the far side of the volume" : ""}`,
});

/**
 * The voxel that stands for voxel `at` of an axis of `length` voxels; -1 for the constant. Exact however far it is from the border.
 *
 * A filter of half-width h around a box needs nothing outside the box grown by h and clipped: a reflected voxel is nearer than the one it
 * stands for.
 */
export function voxelAt(at: number, length: number, rule: EdgeRule): number {
  if (at >= 0 && at < length) return at;
  switch (rule) {
    case "constant":
      return -1;
    case "nearest":
      return at < 0 ? 0 : length - 1;
    case "reflect": {
      const period = 2 * length;
      const folded = ((at % period) + period) % period;
      return folded < length ? folded : period - 1 - folded;
    }
    case "mirror": {
      if (length === 1) return 0;
      const period = 2 * (length - 1);
      const folded = ((at % period) + period) % period;
      return folded < length ? folded : period - folded;
    }
    default:
      throw new EmporiumError("INTERNAL", `no edge rule ${String(rule satisfies never)}`);
  }
}
