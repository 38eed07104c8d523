/** The fit of one section, in the portal's units. */
export interface CtfEntry {
  /** From 1. */
  section: number;
  defocus1Angstrom: number;
  defocus2Angstrom: number;
  azimuthDegrees: number;
  phaseShiftRadians: number;
  /** Null where the program printed `nan` or `inf`: it found no fit. */
  crossCorrelation: number | null;
  maxResolutionAngstrom: number | null;
  /** Of the row; 0 in files that have none. */
  line: number;
  /** Angle and file name of the image, in the formats that say them: they tell the section better than its number. */
  tiltAngleDegrees?: number | undefined;
  imageName?: string | undefined;
}
