import { aretomoSections, parseAln } from "../../../../formats/alignment/aretomo.js";
import { imodSections, parseXf } from "../../../../formats/alignment/imod.js";
import type { SectionAlignment } from "../../../../formats/alignment/sections.js";
import { parseTiltAngles } from "../../../../formats/tilt-angles/read.js";
import { printsOf } from "../recognisers/common/prints.js";
import { orReason } from "../recognisers/common/reading.js";
import type { Laboratory } from "../survey/laboratory.js";

/** Places of the sections that are compared, from 0 to 1. */
const SECTIONS = [1 / 3, 1 / 2, 2 / 3];

/** Whether two volumes have the same voxels, in whatever format. Volumes of one value tell nothing. */
export async function holdTheSame(laboratory: Laboratory, a: string, b: string): Promise<boolean> {
  const [one, other] = [a, b].map((path) => laboratory.get(path)?.volume);
  if (!one || !other || !one.shape.every((length, axis) => length === other.shape[axis])) return false;
  const [first, second] = await Promise.all([a, b].map((path) => printsOf(laboratory, path, SECTIONS)));
  return first?.some(Boolean) === true && second !== undefined && first.every((print, at) => print === second[at]);
}

const SECTIONS_MIN = 5;
const ANGLES_APART_DEGREES = 1.5;
const ROTATION_APART_DEGREES = 3;
/** Pixels of the recorded images: two programs that follow the same features come as near. */
const SHIFTS_APART = 3;

/**
 * Whether two alignments move the images alike, and so are of one series: the stage drifts in no two alike. They may place the whole elsewhere. Where images
 * are hardly moved, nothing is told.
 */
export async function alignAlike(laboratory: Laboratory, a: string, b: string): Promise<boolean> {
  const [first, second] = await Promise.all([a, b].map((path) => sectionsOf(laboratory, path)));
  const pairs = (first ?? []).flatMap((one) => {
    const other = nearest(second ?? [], one.tiltAngleDegrees);
    return other && Math.abs(other.tiltAngleDegrees - one.tiltAngleDegrees) <= ANGLES_APART_DEGREES ? [{ one, other }] : [];
  });
  if (pairs.length < SECTIONS_MIN || pairs.length < (first?.length ?? 0) / 2) return false;
  if (pairs.some(({ one, other }) => turnBetween(one, other) > ROTATION_APART_DEGREES)) return false;
  return (["xOffset", "yOffset"] as const).every((axis) => {
    const moves = spread(pairs.map(({ one }) => one[axis]));
    const rest = spread(pairs.map(({ one, other }) => one[axis] - other[axis]));
    return moves > 2 * SHIFTS_APART && rest <= Math.max(SHIFTS_APART, moves / 10);
  });
}

const nearest = (sections: readonly SectionAlignment[], degrees: number): SectionAlignment | undefined =>
  sections.reduce<SectionAlignment | undefined>(
    (best, one) => (best && Math.abs(best.tiltAngleDegrees - degrees) <= Math.abs(one.tiltAngleDegrees - degrees) ? best : one),
    undefined,
  );

function turnBetween({ inPlaneRotation: [[a, b]] }: SectionAlignment, { inPlaneRotation: [[c, d]] }: SectionAlignment): number {
  const turn = Math.abs(Math.atan2(b, a) - Math.atan2(d, c)) * (180 / Math.PI);
  return Math.min(turn, 360 - turn);
}

/** The root of the mean square about the mean. */
function spread(values: readonly number[]): number {
  const mean = values.reduce((sum, one) => sum + one, 0) / values.length;
  return Math.sqrt(values.reduce((sum, one) => sum + (one - mean) ** 2, 0) / values.length);
}

async function sectionsOf(laboratory: Laboratory, path: string): Promise<readonly SectionAlignment[] | undefined> {
  const text = await laboratory.text(path);
  if (text === undefined) return undefined;
  const read = await orReason(async () => {
    if (/\.aln$/i.test(path)) return aretomoSections(parseAln(text, path));
    if (!/\.xf$/i.test(path)) return undefined;
    const angles = path.replace(/xf$/i, "tlt");
    const tilts = parseTiltAngles((await laboratory.text(angles)) ?? "", angles);
    return imodSections({ name: path, transforms: parseXf(text, path), tilts });
  });
  return "value" in read ? read.value : undefined;
}
