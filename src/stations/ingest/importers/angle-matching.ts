import { EmporiumError } from "../../../core/errors.js";
import { roundHalfEven } from "../../../core/number.js";
import type { TiltAngle } from "../../../formats/tilt-angles/read.js";
import type { AcquiredSection } from "./frame-doses.js";

/** Degrees: angles are written with two decimals by most programs. */
const DECIMALS = 2;
/** Degrees that a measured angle may be away from the one of the microscope, where no image has the very same. */
const TOLERANCE_DEGREES = 0.05;

export interface AngleMatch {
  readonly sections: readonly AcquiredSection[];
  /** Angles that were taken for the nearest one. */
  readonly approximate: number;
}

/**
 * Finds the image of the acquisition file for each angle of a raw tilt file. Each image is used once: of two images at one angle
 * the first belongs to the first line. Both sides are rounded to two decimals, ties to even. An angle without an image takes the
 * nearest unassigned one within 0.05°.
 *
 * @throws {EmporiumError} FORMAT_FIELD, with the line, for an angle at which no image was taken
 */
export function matchAngles(
  angles: readonly TiltAngle[],
  sections: readonly AcquiredSection[],
  { file, acquisition }: { file: string; acquisition: string },
): AngleMatch {
  const pairs: { i: number; j: number; distance: number; equal: boolean }[] = [];
  const rounded = sections.map(({ section: { tiltAngleDegrees } }) =>
    tiltAngleDegrees === undefined ? undefined : roundHalfEven(tiltAngleDegrees, DECIMALS),
  );
  for (const [i, { degrees }] of angles.entries()) {
    const wanted = roundHalfEven(degrees, DECIMALS);
    for (const [j, { section }] of sections.entries()) {
      if (rounded[j] === undefined) continue;
      const distance = Math.abs(section.tiltAngleDegrees! - degrees);
      const equal = rounded[j] === wanted;
      if (equal || distance <= TOLERANCE_DEGREES) pairs.push({ i, j, distance, equal });
    }
  }
  pairs.sort((a, b) => Number(b.equal) - Number(a.equal) || a.distance - b.distance || a.i - b.i || a.j - b.j);
  const found = new Map<number, number>();
  const used = new Set<number>();
  let approximate = 0;
  for (const { i, j, equal } of pairs) {
    if (found.has(i) || used.has(j)) continue;
    found.set(i, j);
    used.add(j);
    if (!equal) approximate++;
  }
  const lonely = angles.filter((_, i) => !found.has(i));
  if (lonely.length > 0) {
    const left = sections.flatMap(({ section }, j) => (used.has(j) ? [] : (section.tiltAngleDegrees ?? [])));
    throw unmatched(lonely, left, file, acquisition);
  }
  return { sections: angles.map((_, i) => sections[found.get(i)!]!), approximate };
}

/** The reference's way: the first image with the same angle of two decimals, whose two sides it rounds differently. */
export function matchAnglesAsReference(
  angles: readonly TiltAngle[],
  sections: readonly AcquiredSection[],
  { file, acquisition }: { file: string; acquisition: string },
): AngleMatch {
  const first = new Map<number, AcquiredSection>();
  for (const entry of sections) {
    const { tiltAngleDegrees } = entry.section;
    if (tiltAngleDegrees === undefined) continue;
    const angle = roundHalfEven(tiltAngleDegrees, DECIMALS);
    if (!first.has(angle)) first.set(angle, entry);
  }
  const matched = angles.map((angle) => {
    const entry = first.get(numpyRound(angle.degrees));
    if (!entry) throw unmatched([angle], [...first.keys()], file, acquisition);
    return entry;
  });
  return { sections: matched, approximate: 0 };
}

/** As `numpy.round(value, 2)`: multiplied, rounded with ties to even, divided. */
function numpyRound(value: number): number {
  return roundHalfEven(value * 100, 0) / 100;
}

/** Angles told in one message. */
const SHOWN = 5;

/** @param left angles of the images that no raw tilt angle has. */
function unmatched(lonely: readonly TiltAngle[], left: readonly number[], file: string, acquisition: string): EmporiumError {
  const list = (texts: readonly (string | number)[]) =>
    texts.length === 0 ? "none" : `${texts.slice(0, SHOWN).join(", ")}${texts.length > SHOWN ? `, … (${texts.length})` : ""}`;
  const angles = list(lonely.map(({ text }) => text));
  return new EmporiumError(
    "FORMAT_FIELD",
    `${file}: no image of ${acquisition} that is still unassigned has the angle ${angles}; unassigned are ${list(left)}`,
    { place: { file, line: lonely[0]!.line }, hint: "check that both files are of the same tilt series" },
  );
}
