import type { Triple } from "../../core/box.js";
import { cdfLimits } from "./cdf.js";
import { gmmLimits } from "./gmm.js";
import { gmmLimitsSingle } from "./gmm-single.js";
import { percentileLimits } from "./percentile.js";
import { CDF_RADIUS, type ContrastLimits, drawSample, GMM_RADIUS, middleSections } from "./sample.js";

/** `gmm`: as the portal; `gmm-single`: with its rounding; `cdf`: steep part of the distribution; `percentile`: 1 % and 99 %. */
export type ContrastMethod = "gmm" | "gmm-single" | "cdf" | "percentile";

const METHODS: Readonly<Record<ContrastMethod, { radius: number; limits(sample: Float32Array): ContrastLimits }>> = {
  gmm: { radius: GMM_RADIUS, limits: gmmLimits },
  "gmm-single": { radius: GMM_RADIUS, limits: gmmLimitsSingle },
  cdf: { radius: CDF_RADIUS, limits: cdfLimits },
  percentile: { radius: GMM_RADIUS, limits: (sample) => percentileLimits(sample) },
};

/** The sections that `contrastLimits` needs to be given. Half-open. */
export function contrastSections(nz: number, method: ContrastMethod = "gmm"): { start: number; stop: number } {
  return middleSections(nz, METHODS[method].radius);
}

/**
 * Limits between which a volume shows its contents in three dimensions.
 *
 * @param slab voxels `[z, y, x]` of the sections `contrastSections` names, of the coarsest level of the pyramid.
 * @param shape shape of that whole level.
 * @returns low < high, always finite: what is no number is not counted, and a volume of one value v gives v and v + 1.
 *
 * Cost: about 2 s where 1.2 million voxels of 1.7 million are drawn (`gmm`), half of it the draw. Golden: `test/golden/contrast`.
 */
export function contrastLimits(slab: Float32Array, shape: Triple, method: ContrastMethod = "gmm"): ContrastLimits {
  return METHODS[method].limits(drawSample(slab, shape));
}
