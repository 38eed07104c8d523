import type { JsonObject } from "../../../core/json.js";
import { Float } from "../../../core/number.js";
import { counted } from "../../../core/units.js";
import type { CtfEntry } from "../../../formats/ctf/entry.js";
import type { AcquiredSection } from "./frame-doses.js";
import { matchImages } from "./image-matching.js";

/**
 * Metadata of each section of a tilt series: its time and tilt angle, and its CTF.
 *
 * @param sections one for each line of the raw tilt file.
 * @param fits the CTF of each section, as `fitsOf` finds them.
 */
export function sectionParameters(sections: readonly AcquiredSection[], fits: readonly (CtfEntry | undefined)[]): JsonObject[] {
  const float = (value: number | null | undefined) => (value === null || value === undefined ? null : new Float(value));
  return sections.map(({ section, acquisitionOrder }, index) => {
    const fit = fits[index];
    return {
      z_index: index,
      frame_acquisition_order: acquisitionOrder,
      raw_angle: float(section.tiltAngleDegrees),
      astigmatic_angle: float(fit?.azimuthDegrees),
      cross_correlation: float(fit?.crossCorrelation),
      major_defocus: float(fit?.defocus1Angstrom),
      max_resolution: float(fit?.maxResolutionAngstrom),
      minor_defocus: float(fit?.defocus2Angstrom),
      phase_shift: float(fit?.phaseShiftRadians),
    };
  });
}

export interface SectionFits {
  /** One for each section; undefined where it has no fit. */
  readonly fits: readonly (CtfEntry | undefined)[];
  /** A warning about the table, where there is something odd about it. */
  readonly remark: string | undefined;
}

const SHOWN = 5;

/**
 * The CTF of each section. Entries with an image name or angle belong to that image; entries with only a number belong to the
 * section of this number, from 1. Of two entries for one section the first counts.
 */
export function fitsOf(sections: readonly AcquiredSection[], ctf: readonly CtfEntry[]): SectionFits {
  const fits = new Array<CtfEntry | undefined>(sections.length).fill(undefined);
  const named = ctf.length > 0 && ctf.every(({ imageName, tiltAngleDegrees }) => imageName ?? tiltAngleDegrees);
  const places = named
    ? matchImages(
        ctf.map(({ imageName, tiltAngleDegrees }) => ({
          imageNames: imageName === undefined ? [] : [imageName],
          tiltAngleDegrees,
        })),
        sections,
      )
    : undefined;
  const outside: number[] = [];
  const first = places ? 1 : firstNumber(ctf, sections.length);
  for (const [i, entry] of ctf.entries()) {
    const place = places?.[i] ?? entry.section - first;
    if (place < 0 || place >= sections.length) outside.push(entry.section);
    else fits[place] ??= entry;
  }
  if (outside.length > 0) {
    const shown = `${outside.slice(0, SHOWN).join(", ")}${outside.length > SHOWN ? ", …" : ""}`;
    return {
      fits,
      remark: `${outside.length} of ${counted(ctf.length, "entry belongs", "entries belong")} to no section (${shown}); there are ${sections.length}, from 1`,
    };
  }
  if (named && !places) {
    return {
      fits,
      remark: "neither names nor angles of its images match the mdoc; its rows are assigned to the sections in order",
    };
  }
  return { fits, remark: undefined };
}

/** 1, but in tables that number all sections of the series from 0: some versions of AreTomo3 do, and it reads both. */
function firstNumber(ctf: readonly CtfEntry[], count: number): 0 | 1 {
  const numbers = new Set(ctf.map(({ section }) => section));
  return numbers.size === count && ctf.every(({ section }) => section >= 0 && section < count) ? 0 : 1;
}
