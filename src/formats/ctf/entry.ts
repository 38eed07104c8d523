/** The fit of one section, in the portal's units. */
export interface CtfEntry {
  /** Number of the section, from 1. */
  section: number;
  defocus1Angstrom: number;
  defocus2Angstrom: number;
  azimuthDegrees: number;
  phaseShiftRadians: number;
  /** Null where the program printed `nan` or `inf`: it found no fit. */
  crossCorrelation: number | null;
  maxResolutionAngstrom: number | null;
  /** Line of the row in the file; 0 in files that have no lines. */
  line: number;
  /** Angle and file name of the image, in the formats that say them: they tell the section better than its number. */
  tiltAngleDegrees?: number | undefined;
  imageName?: string | undefined;
}
