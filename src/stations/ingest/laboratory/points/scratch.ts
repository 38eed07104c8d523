import { groupsOf } from "../../../../core/groups.js";
import type { Question } from "../claims.js";
import { asItIs, leftOut } from "../completion/claim.js";
import { withoutRun } from "../configuration/globs.js";
import type { Decision } from "../decide.js";
import { stableId } from "../questions.js";
import { stemOf } from "../recognisers/common/names.js";

/** Words of work on points, and of programs in which they are clicked: none says what the points show. */
const WORK =
  /^(?:napari|surforama|layers?|shapes?|edit(?:s|ed|ing)?|tests?|try|tries|tmp|temp|scratch|untitled|click(?:s|ed)?|marks?|new|check(?:s|ed)?|\d+)$/i;

/**
 * A list of one run alone, whose name tells of work on points and of no object, beside other lists of the run: marks that somebody has clicked look like
 * that. It is left out until somebody answers.
 */
export function scratchQuestions(files: ReadonlyMap<string, Decision>): Question[] {
  const lists = [...files.values()].filter(({ role, run }) => role === "points" && run !== undefined);
  const familyOf = ({ path, run }: Decision) => withoutRun(path, run!, "#");
  const families = groupsOf(lists, familyOf);
  const ofRuns = groupsOf(lists, ({ run }) => run!);
  const lonely = lists.filter((file) => {
    const { path, run, strength, details } = file;
    if (strength !== "name" || details.object !== undefined) return false;
    const words = stemOf(withoutRun(path, run!, ""))
      .split(/[^\p{L}\d]+/u)
      .filter((word) => word !== "");
    const isOfWork = words.some((word) => /\p{L}/u.test(word)) && words.every((word) => WORK.test(word));
    return isOfWork && families.get(familyOf(file))!.length === 1 && ofRuns.get(run!)!.length > 1;
  });
  return lonely.map(({ path }): Question => {
    const file = files.get(path)!;
    return {
      id: stableId("scratch", path),
      text: `Should the points of ${path} be published?`,
      why: "No other run has such a list, and its name does not say what the points mark.",
      files: [path],
      options: [
        {
          answer: "leave-out",
          says: "no: marks that somebody clicked",
          claims: [leftOut(file, "marks that somebody has clicked")],
        },
        { answer: "publish", says: "yes: published like the other lists", claims: [asItIs(file)] },
      ],
      guess: "leave-out",
    };
  });
}
