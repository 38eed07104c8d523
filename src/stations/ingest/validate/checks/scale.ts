import { BOTH, type Check, checksOf } from "../check.js";
import type { Mark } from "../finding.js";
import { judgeBinning, judgeScale } from "../scale/truth.js";

const MARKS: readonly Mark[] = ["tiltseries", "tomogram", "annotation"];

/** Whether the spacings that a tree tells of can be true: what no single file gives away. */
export const SCALE_CHECKS: readonly Check[] = checksOf("scale", { marks: MARKS, suites: BOTH }, [
  {
    id: "scale.truth",
    statement: "header, arrays, metadata, folder, configuration, tilt series, alignment and neighbours give one spacing",
    applies: ({ scale }) => scale.statements.length > 0,
    judge: ({ scale }) => judgeScale(scale),
  },
  {
    id: "scale.binning",
    severity: "warn",
    statement: "a spacing is a whole number of pixels of what the volume is made of, or the field of the tilt series",
    applies: ({ scale }) =>
      scale.statements.length > 0 &&
      ((scale.kind === "tomogram" && scale.tiltseries !== undefined) ||
        (scale.kind === "tiltseries" && scale.nominalAngstrom !== undefined)),
    judge: ({ scale }) => judgeBinning(scale),
  },
]);
