import { groupsOf } from "../../../../core/groups.js";
import type { Question } from "../claims.js";
import type { Decision } from "../decide.js";
import { stableId, theseFiles } from "../questions.js";
import { EARLIER_CONFIGURATION } from "../recognisers/configured/details.js";
import type { Laboratory } from "../survey/laboratory.js";
import { isNear, optionOf, spacingOf } from "./spacings.js";

/** Of two sizes that differ by less nobody can say which one was measured. */
const APART_PART = 0.001;

/**
 * Volumes of which an earlier configuration and the header say two sizes of voxels. Somebody may have measured it since the header was written, or have typed
 * what was believed then: nothing in the files tells which.
 */
export function configuredSizeQuestions(files: ReadonlyMap<string, Decision>, laboratory: Laboratory): Question[] {
  const doubts = [...files.values()].flatMap((file) => {
    const { role, strength, by, details } = file;
    if ((role !== "tomogram" && role !== "tilt series") || strength === "person" || by !== EARLIER_CONFIGURATION) return [];
    const header = spacingOf({ ...file, details: {} }, laboratory);
    const told = details.spacingAngstrom;
    return told === undefined || header === undefined || isNear(told, header, APART_PART) ? [] : [{ file, told, header }];
  });
  return [...groupsOf(doubts, ({ file, told, header }) => `${file.role} ${told} ${header}`)].map(([key, group]): Question => {
    const { file, told, header } = group[0]!;
    const some = group.map((one) => one.file);
    const paths = some.map(({ path }) => path);
    return {
      id: stableId("configured-size", key),
      text: `What is the ${file.role === "tomogram" ? "voxel" : "pixel"} size of ${theseFiles(paths)}?`,
      why: `An earlier configuration says ${told} Å (${file.because}), the header says ${header} Å.`,
      files: paths,
      options: [optionOf(told, some), optionOf(header, some)],
    };
  });
}
