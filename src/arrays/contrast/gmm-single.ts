import { Float32Sum } from "../float32-sum.js";
import { COMPARE_ROUNDS, FIT_ROUNDS, indexOfLeast, SPANS, startingPoints, TOLERANCE, VARIANCE_FLOOR } from "./gmm.js";
import { type ContrastLimits, flatLimits, rangeOf } from "./sample.js";

const { fround } = Math;
/** scikit-learn's, of float32. */
const WEIGHT_FLOOR = fround(10 * 2 ** -23);
const LOG_TWO_PI = fround(Math.log(2 * Math.PI));
const LEAST_VARIANCE = fround(VARIANCE_FLOOR);

/** A mixture and what each component gives each value: `shares[i * components + k]`. All float32. */
interface Fit {
  components: number;
  weights: Float32Array;
  means: Float32Array;
  variances: Float32Array;
  /** Before the first and after each round. */
  meanLogLikelihood: number;
  done: boolean;
}

/**
 * `gmmLimits` in single precision as in the portal: scikit-learn from 1.8 on keeps the voxels' type. Not the default, because
 * fits end elsewhere (for small integers by a good part of the width).
 *
 * Every number is rounded where scikit-learn's arrays are. The order in which BLAS adds differs between processors: the portal's
 * own limits differ by up to 1e-5 of their width between two of them, and ours from each by as much.
 *
 * Cost: each round goes through every value; 3 s for 100,000 values at most.
 * Source: `GaussianMixture` of scikit-learn 1.8.0. Golden: `test/golden/contrast`.
 */
export function gmmLimitsSingle(sample: Float32Array): ContrastLimits {
  const range = rangeOf(sample);
  if (!range || range.min === range.max) return flatLimits(range?.min);
  const fits = SPANS.slice(0, sample.length).map((_, i) => startFit(sample, i + 1));
  const criteria = fits.map((fit, i) => {
    improve(fit, sample, COMPARE_ROUNDS);
    const mean = expectation(fit, sample);
    return -2 * mean * sample.length + (3 * (i + 1) - 1) * Math.log(sample.length);
  });
  const best = indexOfLeast(criteria.map((criterion) => (Number.isNaN(criterion) ? Infinity : criterion)));
  const fit = fits[best]!;
  improve(fit, sample, FIT_ROUNDS - COMPARE_ROUNDS);
  const mean = meanOf(sample);
  const nearest = indexOfLeast([...fit.means].map((one) => Math.abs(fround(one - mean))));
  const deviation = fround(Math.sqrt(fit.variances[nearest]!));
  const [below, above] = SPANS[best]!;
  const low = Math.max(fit.means[nearest]! - below * deviation, range.min);
  const high = Math.min(fit.means[nearest]! + above * deviation, range.max);
  return low < high ? [low, high] : [range.min, range.max];
}

/** Each component begins on one value of its own. */
function startFit(sample: Float32Array, components: number): Fit {
  const points = startingPoints(sample, components, { rounded: fround });
  const weight = fround(1 + WEIGHT_FLOOR);
  const means = Float32Array.from(points, (point) => point / weight);
  const variances = Float32Array.from(points, (point, k) => {
    const distance = fround(point - means[k]!);
    return fround(fround(distance * distance) / weight) + LEAST_VARIANCE;
  });
  const weights = new Float32Array(components).fill(weight / sample.length);
  return { components, weights, means, variances, meanLogLikelihood: -Infinity, done: false };
}

/** Rounds until the likelihood hardly changes. Changes the fit. */
function improve(fit: Fit, sample: Float32Array, rounds: number): void {
  const shares = new Float32Array(sample.length * fit.components);
  for (let round = 0; round < rounds && !fit.done; round++) {
    const before = fit.meanLogLikelihood;
    fit.meanLogLikelihood = expectation(fit, sample, shares);
    maximise(fit, sample, shares);
    fit.done = Math.abs(fround(fit.meanLogLikelihood - before)) < TOLERANCE;
  }
}

/** The mean logarithm of the density of the values; fills `shares` with the part of each component in each. */
function expectation({ components, weights, means, variances }: Fit, sample: Float32Array, shares?: Float32Array): number {
  // the Cholesky factor of the precision, as scikit-learn takes it
  const scales = variances.map((variance) => 1 / fround(Math.sqrt(variance)));
  const centres = means.map((mean, k) => mean * scales[k]!);
  const scaleLogs = scales.map((scale) => Math.log(scale));
  const weightLogs = weights.map((weight) => Math.log(weight));
  const logs = new Float32Array(components);
  const densities = new Float32Array(sample.length);
  for (let i = 0; i < sample.length; i++) {
    let greatest = -Infinity;
    for (let k = 0; k < components; k++) {
      const y = fround(fround(sample[i]! * scales[k]!) - centres[k]!);
      const log = fround(fround(-0.5 * fround(LOG_TWO_PI + fround(y * y))) + scaleLogs[k]!);
      logs[k] = log + weightLogs[k]!;
      greatest = Math.max(greatest, logs[k]!);
    }
    const density = logSum(logs, greatest);
    densities[i] = density;
    if (shares) for (let k = 0; k < components; k++) shares[i * components + k] = Math.exp(fround(logs[k]! - density));
  }
  return meanOf(densities);
}

/** Logarithm of the sum of the exponentials; the greatest ones are not rounded. */
function logSum(logs: Float32Array, greatest: number): number {
  let greatestOnes = 0;
  let rest = 0;
  for (const log of logs) {
    if (log === greatest) greatestOnes++;
    else rest = fround(rest + fround(Math.exp(fround(log - greatest))));
  }
  return fround(fround(fround(Math.log1p(fround(rest / greatestOnes))) + fround(Math.log(greatestOnes))) + greatest);
}

/** Weights, means and variances from the shares. As in numpy, several weights are summed in single precision. */
function maximise(fit: Fit, sample: Float32Array, shares: Float32Array): void {
  const { components } = fit;
  const totals = components === 1 ? Float32Array.of(sumOf(shares)) : runningSums(shares, components);
  for (let k = 0; k < components; k++) totals[k]! += WEIGHT_FLOOR;
  for (let k = 0; k < components; k++) {
    let sum = 0;
    for (let i = 0; i < sample.length; i++) sum += shares[i * components + k]! * sample[i]!;
    const mean = fround(fround(sum) / totals[k]!);
    let squares = 0;
    for (let i = 0; i < sample.length; i++) {
      const distance = fround(sample[i]! - mean);
      squares += fround(shares[i * components + k]! * distance) * distance;
    }
    fit.means[k] = mean;
    fit.variances[k] = fround(fround(squares) / totals[k]!) + LEAST_VARIANCE;
  }
  const all = totals.reduce((sum, total) => fround(sum + total), 0);
  fit.weights = totals.map((total) => total / all);
}

function runningSums(shares: Float32Array, components: number): Float32Array {
  const sums = new Float32Array(components);
  for (let i = 0; i < shares.length; i += components) for (let k = 0; k < components; k++) sums[k]! += shares[i + k]!;
  return sums;
}

function sumOf(values: Float32Array): number {
  const sum = new Float32Sum();
  sum.add(values);
  return sum.total();
}

function meanOf(values: Float32Array): number {
  return fround(sumOf(values) / values.length);
}
