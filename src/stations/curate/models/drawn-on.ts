import { counted } from "../../../core/units.js";
import type { ModelSummary } from "./summary.js";

/** A volume that a model may have been drawn on. Triples are `[z, y, x]`. */
export interface TomogramCandidate {
  readonly path: string;
  readonly shape: readonly [number, number, number];
  /** Voxel spacing in Å; null where the header does not say. */
  readonly voxelAngstrom: readonly [number | null, number | null, number | null];
  /** Origin in Å, as the header has it. Omitted if the header was not read. */
  readonly originAngstrom?: readonly [number, number, number] | undefined;
  /** Number of folders between it and the model. Default 0: beside the model. */
  readonly distance?: number | undefined;
}

/** The fit of a model to one volume, in the form of JSON. */
interface TomogramFit {
  readonly path: string;
  /** Whether the sizes are equal, with y and z exchanged if the model says so. */
  readonly size_match: boolean;
  /** Whether the pixel sizes agree within 1 %; null if one of the two is unknown. */
  readonly pixel_match: boolean | null;
  /** Whether the origins agree within half a voxel, with either sign; null if one of the two is unknown. */
  readonly origin_match: boolean | null;
  /** 0 to 1. */
  readonly score: number;
  readonly reason: string;
}

export interface DrawnOn {
  /** The volume that fits best; absent if none fits, or several fit equally. */
  readonly path?: string;
  /** `size_match` of the fit to `path`, or to the best candidate if there is no path; null if there was no volume. */
  readonly size_match: boolean | null;
  readonly pixel_match: boolean | null;
  readonly score: number;
  readonly reason: string;
  /** All compared volumes, the best first. */
  readonly candidates: readonly TomogramFit[];
}

/**
 * Finds the volume on which a model was drawn: its columns, rows and sections are the model's maximum, and its spacing is the
 * model's last scale. If several volumes fit, the origin decides, then the folder.
 *
 * @param model the model's facts about its image
 * @param candidates volumes of its folder, in any order
 */
export function drawnOn(model: ModelSummary, candidates: readonly TomogramCandidate[]): DrawnOn {
  const fits = candidates
    .map((candidate) => fitOf(model, candidate))
    .sort((a, b) => Number(isMeant(b)) - Number(isMeant(a)) || b.score - a.score || byText(a.path, b.path));
  const [best] = fits;
  if (!best) return { size_match: null, pixel_match: null, score: 0, reason: "no volume beside it", candidates: [] };
  const { size_match, pixel_match, score } = best;
  const answer = { size_match, pixel_match, score, candidates: fits };
  if (!isMeant(best)) {
    const count = fits.length === 1 ? "the only volume does not fit" : `none of ${counted(fits.length, "volume")} fits`;
    return { ...answer, reason: `${count}: ${best.path.slice(best.path.lastIndexOf("/") + 1)}: ${best.reason}` };
  }
  const equals = fits.filter((other) => isMeant(other) && other.score === score);
  if (equals.length > 1)
    return { ...answer, reason: `${counted(equals.length, "volume fits", "volumes fit")} as well as each other: ${best.reason}` };
  return { path: best.path, ...answer, reason: best.reason };
}

/** Whether neither size nor pixel size contradicts the volume. */
const isMeant = ({ size_match, pixel_match }: TomogramFit): boolean => size_match && pixel_match !== false;

/** Flag of a model that was last shown with y and z exchanged. */
const FLIPPED_BIT = 1 << 16;

function fitOf(model: ModelSummary, candidate: TomogramCandidate): TomogramFit {
  const { path, distance = 0 } = candidate;
  const size = sizeFit(model, candidate);
  const pixel = pixelFit(model, candidate, size.exchanged);
  const origin = originFit(model, candidate);
  const reasons = [size.reason, pixel.reason, ...(origin.reason === undefined ? [] : [origin.reason])];
  const sum = size.score + pixel.score + origin.score + 0.1 / (1 + distance);
  return {
    path,
    size_match: size.matches,
    pixel_match: pixel.matches,
    origin_match: origin.matches,
    score: size.score === 0 ? 0 : Math.max(0, Math.round(1000 * sum) / 1000),
    reason: reasons.join(", "),
  };
}

interface SizeFit {
  readonly matches: boolean;
  /** Whether the volume's rows are the model's sections. */
  readonly exchanged: boolean;
  readonly score: number;
  readonly reason: string;
}

function sizeFit({ max: [x, y, z], flags }: ModelSummary, { shape: [nz, ny, nx] }: TomogramCandidate): SizeFit {
  const shown = `${nx} × ${ny} × ${nz}`;
  if (x === nx && y === ny && z === nz) return { matches: true, exchanged: false, score: 0.6, reason: `size ${shown}` };
  if (x === nx && y === nz && z === ny) {
    const said = (flags & FLIPPED_BIT) !== 0;
    const reason = said
      ? `size ${shown}, seen with y and z exchanged`
      : `size ${shown} with y and z exchanged, which the model does not say`;
    return { matches: said, exchanged: true, score: said ? 0.6 : 0.3, reason };
  }
  const factor = binning([x, y, z], [nx, ny, nz]);
  const reason = `size ${shown}, the model's is ${x} × ${y} × ${z}`;
  if (factor === undefined) return { matches: false, exchanged: false, score: 0, reason };
  return {
    matches: false,
    exchanged: false,
    score: 0.2,
    reason: `${reason}: ${counted(factor, "time")} ${nx > x ? "finer" : "binned"}`,
  };
}

/** The integer factor by which one volume is the other binned, in all axes. Programs round the last plane up or down. */
function binning(a: readonly number[], b: readonly number[]): number | undefined {
  const [large, small] = b[0]! > a[0]! ? [b, a] : [a, b];
  const factor = Math.round(large[0]! / small[0]!);
  if (!(factor >= 2 && factor <= 16)) return undefined;
  return large.every((length, axis) => small[axis]! > 0 && Math.abs(length / factor - small[axis]!) <= 1) ? factor : undefined;
}

interface Fit {
  readonly matches: boolean | null;
  readonly score: number;
  readonly reason: string | undefined;
}

const PIXEL_TOLERANCE = 0.01;

function pixelFit(model: ModelSummary, { voxelAngstrom: [vz, vy, vx] }: TomogramCandidate, exchanged: boolean): Fit {
  const fromHeader = model.pixsize_nm === null ? null : 10 * model.pixsize_nm;
  const wanted = model.scale_A ?? (fromHeader === null ? null : [fromHeader, fromHeader, fromHeader]);
  const found = exchanged ? [vx, vz, vy] : [vx, vy, vz];
  // a spacing of 1 means that the program knew none
  const unknown = found.some((value) => value === null) || (found.every((value) => value === 1) && wanted?.[0] !== 1);
  if (wanted === null || unknown) {
    return { matches: null, score: 0.1, reason: `the ${wanted === null ? "model" : "volume"} has no pixel size` };
  }
  const matches = wanted.every((value, axis) => Math.abs(found[axis]! / value - 1) <= PIXEL_TOLERANCE);
  if (matches) return { matches, score: 0.2, reason: `pixel ${shown(found[0]!)} Å` };
  const reason = `pixel ${found.map((value) => shown(value!)).join(", ")} Å, the model's is ${wanted.map(shown).join(", ")} Å`;
  return { matches, score: -0.15, reason };
}

/** Volumes that were cut from one tomogram have its size and spacing, and different origins. Programs differ in the sign. */
function originFit(model: ModelSummary, { originAngstrom, voxelAngstrom }: TomogramCandidate): Fit {
  const wanted = model.origin_A;
  if (wanted === null || originAngstrom === undefined) return { matches: null, score: 0.05, reason: undefined };
  const found = originAngstrom.toReversed();
  const voxel = voxelAngstrom[2] ?? 1;
  const equal = (sign: 1 | -1) => wanted.every((value, axis) => Math.abs(value - sign * found[axis]!) <= voxel / 2);
  const matches = equal(1) || equal(-1);
  if (!matches) return { matches, score: 0, reason: "another origin" };
  return { matches, score: 0.1, reason: wanted.some((value) => value !== 0) ? "the same origin" : undefined };
}

const shown = (value: number): string => String(Number(value.toPrecision(5)));

const byText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
