import type { JsonObject } from "../../../core/json.js";
import { Float } from "../../../core/number.js";
import type { CtfEntry } from "../../../formats/ctf/read.js";
import type { AcquiredSection } from "./frame-doses.js";

/**
 * What the metadata of a tilt series say of each section: when and at what angle it was taken, and its CTF.
 *
 * @param sections one for each line of the raw tilt file.
 * @param ctf by section from 1; of two rows for one section the first counts.
 */
export function sectionParameters(sections: readonly AcquiredSection[], ctf: readonly CtfEntry[]): JsonObject[] {
  const fits = new Map<number, CtfEntry>();
  for (const entry of ctf) if (!fits.has(entry.section)) fits.set(entry.section, entry);
  const float = (value: number | null | undefined) => (value === null || value === undefined ? null : new Float(value));
  return sections.map(({ section, acquisitionOrder }, index) => {
    const fit = fits.get(index + 1);
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
