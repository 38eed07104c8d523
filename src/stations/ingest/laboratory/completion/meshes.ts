import { groupsOf, keyOf } from "../../../../core/groups.js";
import { counted } from "../../../../core/units.js";
import type { Option, Question } from "../claims.js";
import type { Decision } from "../decide.js";
import { stableId } from "../questions.js";
import { stemOf } from "../recognisers/common/names.js";
import { withoutNumbers } from "../run-names.js";
import { asItIs, leftOut } from "./claim.js";
import { spacingOfName } from "./spacings.js";

/** What a name of a mesh has of its sampling, and not of what it shows. */
const SAMPLING =
  /[_.\- ]*(?:\d+(?:\.\d+)?_?(?:Apx|Å|A|nm)|bin_?\d+|b\d+|decimated|simplified|smooth(?:ed)?|remeshed|(?:low|high|lo|hi)_?res(?:olution)?|fine|coarse)(?=[_.\- ]|$)/gi;

/** Meshes of one thing: of two spacings, simplified, or in two formats. The portal shows a mesh as it is: a person says which. */
export function meshQuestions(files: ReadonlyMap<string, Decision>): Question[] {
  const meshes = [...files.values()].filter(
    ({ role, run, strength }) => role === "mesh" && run !== undefined && strength !== "person",
  );
  const groups = groupsOf(meshes, ({ path, run, details }) =>
    keyOf(run!, details.object ?? "", stemOf(path).replace(SAMPLING, "").toLowerCase()),
  );
  const several = [...groups.values()].filter((group) => group.length > 1);
  // runs of which the same is to be said
  const alike = groupsOf(several, (group) => group.map(({ path }) => withoutNumbers(path)).join(" "));
  return [...alike].map(([key, runs]): Question => {
    const [first] = runs as [Decision[], ...Decision[][]];
    const options = first.map((file, n): Option => {
      const spacing = spacingOfName(file.path);
      return {
        answer: `${n + 1}`,
        says: `${file.path}${spacing === undefined ? "" : `, of ${spacing} Å`}${runs.length > 1 ? ", and so for the other runs" : ""}`,
        claims: runs.flatMap((group) =>
          group.map((other, at) => (at === n ? asItIs(other) : leftOut(other, `${group[n]!.path} shows the same`))),
        ),
      };
    });
    return {
      id: stableId("meshes", key),
      text: `Which of the ${first.length} meshes of run ${first[0]!.run} should be published?${runs.length > 1 ? ` The answer is for ${counted(runs.length - 1, "more run")}, too.` : ""}`,
      why: "They seem to be of the same thing.",
      files: runs.flat().map(({ path }) => path),
      options: [...options, { answer: "all", says: "all of them", claims: runs.flat().map(asItIs) }],
    };
  });
}
