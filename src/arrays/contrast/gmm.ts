import { numpyRandomState } from "../../model/mersenne-twister.js";
import { type Groups, groupValues, makeRoom, type Room } from "./groups.js";
import { type ContrastLimits, flatLimits, rangeOf } from "./sample.js";

const SEED = 42;
const COMPONENTS_MAX = 3;
/** Rounds of expectation and maximisation: to compare numbers of components, and to fit the best of them. */
export const COMPARE_ROUNDS = 100;
export const FIT_ROUNDS = 300;
/** Change of the mean log-likelihood below which a fit is done. */
export const TOLERANCE = 1e-3;
/** Added to every variance, so that a component on one value does not collapse. */
export const VARIANCE_FLOOR = 1e-6;
const WEIGHT_FLOOR = 10 * Number.EPSILON;

/** Standard deviations below and above the mean of the component, by the number of components. */
export const SPANS = [
  [2.0, 0.5],
  [2.2, 0.65],
  [3.0, 0.8],
] as const;

interface Mixture {
  weights: number[];
  means: number[];
  variances: number[];
}

/**
 * Limits around one component of a mixture of one to three Gaussians: the one whose mean is nearest to the overall mean (in a
 * tomogram the empty ice). The Bayesian information criterion chooses the number of components.
 *
 * The tolerance is wide, so the result depends on the start, which is scikit-learn's (k-means++ with numpy's `RandomState(42)`).
 *
 * @param sample finite values, in the order of the draw.
 * Source: `GMMContrastLimitCalculator` of cryoet-data-portal-neuroglancer; scikit-learn's `GaussianMixture`. Golden:
 * `test/golden/contrast`.
 */
export function gmmLimits(sample: Float32Array): ContrastLimits {
  const range = rangeOf(sample);
  if (!range || range.min === range.max) return flatLimits(range?.min);
  const room = makeRoom(sample.length);
  const groups = groupValues(sample, room);
  const fits = SPANS.slice(0, Math.min(COMPONENTS_MAX, sample.length)).map((_, i) => {
    const fit = startFit(sample, i + 1, room);
    improve(fit, groups, COMPARE_ROUNDS);
    return fit;
  });
  const criteria = fits.map(
    ({ mixture }, i) => -2 * logLikelihood(mixture, sample) + (3 * (i + 1) - 1) * Math.log(sample.length),
  );
  const best = indexOfLeast(criteria.map((criterion) => (Number.isNaN(criterion) ? Infinity : criterion)));
  // The best is fitted once more from the same start, with more rounds: the same as going on.
  improve(fits[best]!, groups, FIT_ROUNDS - COMPARE_ROUNDS);
  const { means, variances } = fits[best]!.mixture;
  const mean = sumOf(sample) / sample.length;
  const nearest = indexOfLeast(means.map((one) => Math.abs(one - mean)));
  const deviation = Math.sqrt(variances[nearest]!);
  const [below, above] = SPANS[best]!;
  const low = Math.max(means[nearest]! - below * deviation, range.min);
  const high = Math.min(means[nearest]! + above * deviation, range.max);
  return low < high ? [low, high] : [range.min, range.max];
}

interface Fit {
  mixture: Mixture;
  meanLogLikelihood: number;
  done: boolean;
}

function startFit(sample: Float32Array, components: number, room: Room): Fit {
  const means = startingPoints(sample, components, { room });
  const mixture = {
    weights: means.map(() => 1 / sample.length),
    means,
    variances: means.map(() => VARIANCE_FLOOR),
  };
  return { mixture, meanLogLikelihood: -Infinity, done: false };
}

/** Rounds until the likelihood hardly changes. Changes the fit. */
function improve(fit: Fit, groups: Groups, rounds: number): void {
  for (let round = 0; round < rounds && !fit.done; round++) {
    const before = fit.meanLogLikelihood;
    const { mixture, meanLogLikelihood } = nextRound(fit.mixture, groups);
    fit.mixture = mixture;
    fit.meanLogLikelihood = meanLogLikelihood;
    fit.done = Math.abs(meanLogLikelihood - before) < TOLERANCE;
  }
}

/** One expectation and one maximisation. The likelihood is that of the mixture given, as in scikit-learn. */
function nextRound(mixture: Mixture, groups: Groups): { mixture: Mixture; meanLogLikelihood: number } {
  const components = mixture.means.length;
  const { means: values, variances: spreads, counts, total } = groups;
  const terms = logTerms(mixture);
  const shares = new Float64Array(components * values.length);
  const share = new Float64Array(components);
  let logSum = 0;
  for (let i = 0; i < values.length; i++) {
    logSum += counts[i]! * responsibilities(terms, mixture.means, values[i]!, share);
    for (let k = 0; k < components; k++) shares[k * values.length + i] = share[k]! * counts[i]!;
  }
  const next: Mixture = { weights: [], means: [], variances: [] };
  for (let k = 0; k < components; k++) {
    const own = shares.subarray(k * values.length, (k + 1) * values.length);
    let [weight, sum, squares] = [WEIGHT_FLOOR, 0, 0];
    for (let i = 0; i < own.length; i++) {
      weight += own[i]!;
      sum += own[i]! * values[i]!;
    }
    const mean = sum / weight;
    for (let i = 0; i < own.length; i++) squares += own[i]! * ((values[i]! - mean) ** 2 + spreads[i]!);
    next.weights.push(weight);
    next.means.push(mean);
    next.variances.push(squares / weight + VARIANCE_FLOOR);
  }
  const all = next.weights.reduce((a, b) => a + b, 0);
  next.weights = next.weights.map((weight) => weight / all);
  return { mixture: next, meanLogLikelihood: logSum / total };
}

interface Term {
  /** Logarithm of weight and normalisation. */
  log: number;
  /** −1 / 2 variance. */
  scale: number;
}

function logTerms({ weights, variances }: Mixture): Term[] {
  return weights.map((weight, k) => ({
    log: Math.log(weight) - 0.5 * Math.log(2 * Math.PI * variances[k]!),
    scale: -0.5 / variances[k]!,
  }));
}

/** Fills `share` with each component's part in a value; returns the logarithm of the value's density. */
function responsibilities(terms: readonly Term[], means: readonly number[], value: number, share: Float64Array): number {
  let greatest = -Infinity;
  for (let k = 0; k < terms.length; k++) {
    const log = terms[k]!.log + terms[k]!.scale * (value - means[k]!) ** 2;
    share[k] = log;
    if (log > greatest) greatest = log;
  }
  let sum = 0;
  for (let k = 0; k < terms.length; k++) {
    share[k] = Math.exp(share[k]! - greatest);
    sum += share[k]!;
  }
  for (let k = 0; k < terms.length; k++) share[k]! /= sum;
  return greatest + Math.log(sum);
}

function logLikelihood({ means, ...mixture }: Mixture, sample: Float32Array): number {
  const terms = logTerms({ means, ...mixture });
  const logs = new Float64Array(terms.length);
  let total = 0;
  for (let i = 0; i < sample.length; i++) {
    let greatest = -Infinity;
    for (let k = 0; k < terms.length; k++) {
      const log = terms[k]!.log + terms[k]!.scale * (sample[i]! - means[k]!) ** 2;
      logs[k] = log;
      if (log > greatest) greatest = log;
    }
    let sum = 0;
    for (let k = 0; k < terms.length; k++) sum += Math.exp(logs[k]! - greatest);
    total += greatest + Math.log(sum);
  }
  return total;
}

/**
 * k-means++ as scikit-learn does it: the first point at random, each next one the best of a few drawn by their squared distance.
 *
 * @param rounded rounds each step of the running sum by which the points are drawn.
 * @param room is written to.
 */
export function startingPoints(
  sample: Float32Array,
  components: number,
  { rounded = (sum: number) => sum, room = makeRoom(sample.length) } = {},
): number[] {
  const random = numpyRandomState(SEED);
  const trials = 2 + Math.floor(Math.log(components));
  const points = [sample[Math.floor(random() * sample.length)]!];
  if (components === 1) return points;
  let [distances, nearest, other] = room;
  squaredDistances(sample, points[0]!, undefined, distances);
  let potential = rounded(sumOf(distances));
  while (points.length < components) {
    const marks = Array.from({ length: trials }, () => random() * potential);
    let best: { place: number; potential: number } | undefined;
    for (const place of placesOf(distances, marks, rounded)) {
      squaredDistances(sample, sample[place]!, distances, other);
      const tried = { place, potential: rounded(sumOf(other)) };
      if (best && !(tried.potential < best.potential)) continue;
      best = tried;
      [nearest, other] = [other, nearest];
    }
    points.push(sample[best!.place]!);
    potential = best!.potential;
    [distances, nearest] = [nearest, distances];
  }
  return points;
}

/** Squared distances to a point, in double precision and kept as floats, as in scikit-learn. @param most upper bounds of them */
function squaredDistances(sample: Float32Array, point: number, most: Float32Array | undefined, into: Float32Array): void {
  const [double, square] = [-2 * point, point * point];
  for (let i = 0; i < sample.length; i++) {
    const value = sample[i]!;
    const distance = Math.fround(double * value + square + value * value);
    into[i] = Math.max(0, distance);
  }
  if (most) for (let i = 0; i < most.length; i++) if (most[i]! < into[i]!) into[i] = most[i]!;
}

function sumOf(values: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]!;
  return sum;
}

/** For each mark, the first index at which the running sum reaches it. */
function placesOf(values: Float32Array, marks: readonly number[], rounded: (sum: number) => number): number[] {
  const places = marks.map(() => values.length - 1);
  const open = marks.map((mark, i) => ({ mark, i })).sort((a, b) => a.mark - b.mark);
  let sum = 0;
  for (let place = 0; place < values.length && open.length > 0; place++) {
    sum = rounded(sum + values[place]!);
    while (open.length > 0 && sum >= open[0]!.mark) places[open.shift()!.i] = place;
  }
  return places;
}

/** Index of the least value, the first of equal ones. */
export function indexOfLeast(values: readonly number[]): number {
  return values.reduce((best, value, i) => (value < values[best]! ? i : best), 0);
}
