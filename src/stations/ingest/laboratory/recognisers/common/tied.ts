import type { Claim, PointsReading } from "../../claims.js";

/** A claim on a file whose run is that of another file: of a denoised volume that of its original, of points that of their tomogram. */
export interface TiedClaim extends Claim {
  /** As in the survey. */
  readonly sameRunAs?: string | undefined;
}

/** How to read a table with the points of several tomograms that are known by numbers. */
export interface NumberedReading extends PointsReading {
  /** The value of the column for each tomogram, by the path of the tomogram. */
  readonly rowValues?: ReadonlyMap<string, string> | undefined;
}
