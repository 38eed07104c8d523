import { fewFiles } from "../../../../core/finding.js";
import type { Question } from "../claims.js";
import type { Decision } from "../decide.js";
import { ALIGNED } from "../recognisers/common/names.js";
import { outOrAsIs } from "./claim.js";

/**
 * Aligned stacks of runs of which no other stack is there: a tilt series is published as it was recorded, and an aligned one only where a person says so, with
 * `is_aligned`.
 */
export function alignedQuestions(files: ReadonlyMap<string, Decision>): Question[] {
  const stacks = [...files.values()].filter(({ role, run }) => role === "tilt series" && run !== undefined);
  const recorded = new Set(stacks.filter(({ path }) => !ALIGNED.test(path)).map(({ run }) => run));
  const doubts = stacks.filter(({ path, run, strength }) => ALIGNED.test(path) && strength !== "person" && !recorded.has(run));
  if (doubts.length === 0) return [];
  const [isAre, itsThe] = doubts.length === 1 ? ["Is", "its run"] : ["Are", "their runs"];
  return [
    {
      id: "aligned-stacks",
      text: `${isAre} ${fewFiles(doubts.map(({ path }) => path))} to be published, though an alignment has turned and shifted the images? No stack of ${itsThe} as it was recorded is in the folder.`,
      files: doubts.map(({ path }) => path),
      options: outOrAsIs(doubts, {
        because: "an aligned stack, and the one that was recorded is not in the folder",
        ...{ as: "publish", says: "published as aligned tilt series" },
      }),
      guess: "leave-out",
    },
  ];
}
