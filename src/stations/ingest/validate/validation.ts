import type { Suite } from "./check.js";
import type { ReportedPicture } from "./part.js";
import type { CheckCounts, Counts, ReportedFinding, ReportedSkip, RunCounts } from "./tally.js";

/** Results of all checks. */
export interface Validation {
  readonly suite: Suite;
  /** URL of the tree or the sources. */
  readonly location: string;
  readonly config: string | null;
  readonly counts: Counts;
  readonly marks: readonly (Counts & { readonly mark: string })[];
  readonly checks: readonly CheckCounts[];
  readonly runs: readonly RunCounts[];
  /** Errors first. */
  readonly findings: readonly ReportedFinding[];
  readonly skipped: readonly ReportedSkip[];
  /** Pictures of the tree that are whole: key photos, and thumbnails of tomograms. */
  readonly pictures: readonly ReportedPicture[];
}

/** 0 all checks that could be decided have passed, warnings aside · 4 errors were found. */
export function exitStatusOf({ counts }: Pick<Validation, "counts">): 0 | 4 {
  return counts.failed > 0 ? 4 : 0;
}
