import type { Clock } from "../../../core/clock.js";
import { EmporiumError } from "../../../core/errors.js";
import { PHASES } from "../../../engine/blocks/figures.js";
import { type BlockCost, type PreflightLoad, totalOf } from "./cost.js";

/** Blocks that warm caches, threads and the compiler up, and are not counted. */
const WARM_UP = 2;
const SAMPLES_MIN = 8;
const SAMPLES_MAX = 64;
export const SECONDS_MAX = 60;
/** Half of the 90 % interval of a share, as a part of it. */
const INTERVAL_MAX = 0.2;
/** Smallest share that has to be known: smaller ones decide nothing, however much they vary. */
const SHARE_MIN = 0.1;
/** Quantile of the normal distribution for a 90 % interval. */
const QUANTILE = 1.645;

export interface Samples {
  readonly costs: readonly BlockCost[];
  /** Whether there were enough blocks, and each share is known to ± 20 %. */
  readonly isSettled: boolean;
  readonly seconds: number;
}

/**
 * Measures blocks, spread over the locality order, one at a time: 2 that do not count, then at least 8, until the share of each phase is known to
 * ± 20 % or a minute has passed.
 *
 * @param secondsMax where a minute is shared by several
 * @throws {EmporiumError} USAGE where there is no block; what reading and computing throw
 */
export async function sampleBlocks(
  load: PreflightLoad,
  clock: Clock,
  signal?: AbortSignal,
  secondsMax = SECONDS_MAX,
): Promise<Samples> {
  if (load.blocks === 0) throw new EmporiumError("USAGE", "there are no blocks to measure");
  const start = clock.monotonic();
  const seconds = () => (clock.monotonic() - start) / 1000;
  const costs: BlockCost[] = [];
  let position = 0;
  for (const next of spread(load.blocks)) {
    signal?.throwIfAborted();
    const cost = await load.run(next, signal);
    // of very few blocks all count, and the start of threads with them
    if (position++ >= WARM_UP || load.blocks <= WARM_UP) costs.push(cost);
    if (costs.length >= SAMPLES_MAX || (costs.length > 0 && seconds() >= secondsMax)) break;
    if (costs.length >= SAMPLES_MIN && isKnown(costs)) break;
  }
  return { costs, isSettled: costs.length >= SAMPLES_MIN && isKnown(costs), seconds: seconds() };
}

/** Positions of an order, each once, such that the first few of them are spread over all of it (van der Corput's sequence). */
function* spread(blocks: number): Generator<number> {
  const seen = new Set<number>();
  for (let i = 1; seen.size < blocks && i <= 4 * SAMPLES_MAX; i++) {
    let [at, weight] = [0, 0.5];
    for (let rest = i; rest > 0; rest >>= 1, weight /= 2) at += (rest & 1) * weight;
    const position = Math.floor(at * blocks);
    if (!seen.has(position)) yield position;
    seen.add(position);
  }
}

function isKnown(costs: readonly BlockCost[]): boolean {
  return PHASES.every((phase) => {
    const shares = costs.map((cost) => cost[phase] / Math.max(totalOf(cost), Number.MIN_VALUE));
    const mean = shares.reduce((sum, share) => sum + share, 0) / shares.length;
    if (mean < SHARE_MIN) return true;
    if (shares.length < 2) return false;
    const variance = shares.reduce((sum, share) => sum + (share - mean) ** 2, 0) / (shares.length - 1);
    return QUANTILE * Math.sqrt(variance / shares.length) < INTERVAL_MAX * mean;
  });
}
