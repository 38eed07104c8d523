import { few } from "../../../../core/finding.js";
import { groupsOf } from "../../../../core/groups.js";
import type { Option, Question } from "../claims.js";
import type { Decision } from "../decide.js";
import { stableId } from "../questions.js";
import { folderOf } from "../recognisers/common/paths.js";
import type { Laboratory } from "../survey/laboratory.js";
import { asItIs, leftOut } from "./claim.js";
import { COMPARED_MAX, mayBeEqual, voxelsOf } from "./joined-runs.js";

/** What a tomogram is made of, and what is written beside it: a copy for somebody else lies without them. */
const MADE_WITH: readonly Decision["role"][] = ["tilt series", "alignment", "raw tilts", "acquisition"];

/**
 * Tomograms of two runs with the same voxels. The runs were told apart by their images, so the tomogram is of one of them, and what lies with the other is a
 * copy that somebody was given, or has a wrong name. The one that lies beside what it was made of is taken until a person says it; of others none is.
 */
export async function sharedVoxelsQuestions(files: ReadonlyMap<string, Decision>, laboratory: Laboratory): Promise<Question[]> {
  const tomograms = [...files.values()].filter(({ role, run }) => role === "tomogram" && run !== undefined);
  const fileOf = ({ path }: Decision) => laboratory.get(path)!;
  const byShape = groupsOf(tomograms, (one) => fileOf(one).volume?.shape.join(" ") ?? "");
  const candidates = [...byShape.values()].flatMap((group) =>
    group.filter((one) => group.some((other) => other.run !== one.run && mayBeEqual(fileOf(one), fileOf(other)))),
  );
  const byVoxels = new Map<string, Decision[]>();
  for (const one of candidates.slice(0, COMPARED_MAX)) {
    const voxels = await voxelsOf(laboratory, one.path);
    if (voxels !== undefined) byVoxels.set(voxels, [...(byVoxels.get(voxels) ?? []), one]);
  }
  const shared = [...byVoxels.values()].filter((equal) => new Set(equal.map(({ run }) => run)).size > 1);
  return shared.map((equal) => questionOf(equal, files, laboratory));
}

function questionOf(equal: readonly Decision[], files: ReadonlyMap<string, Decision>, laboratory: Laboratory): Question {
  const paths = equal.map(({ path }) => path);
  const runs = [...new Set(equal.map(({ run }) => run!))];
  const options = runs.map((run, at): Option => {
    const own = equal.find((one) => one.run === run)!;
    return {
      answer: `${at + 1}`,
      says: `${run}: ${own.path} is published`,
      claims: equal.map((one) =>
        one.run === run ? asItIs(one) : leftOut(one, `a tomogram of ${run}: the voxels of ${own.path}`),
      ),
    };
  });
  const isMade = (run: string) =>
    equal.some((one) => {
      const beside = one.run === run ? laboratory.inFolder(folderOf(one.path)).map(({ path }) => files.get(path)) : [];
      return beside.some((file) => file?.run === run && MADE_WITH.includes(file.role));
    });
  const made = runs.filter(isMade);
  return {
    id: stableId("shared", paths.join(" ")),
    text: `Which run does this tomogram belong to: ${runs.join(" or ")}?`,
    why: `${few(paths)} have the same voxels, but the tilt series of these runs show different images.`,
    files: paths,
    options: [
      ...options,
      {
        answer: "leave-out",
        says: "not published",
        claims: equal.map((one) => leftOut(one, `${few(paths)} have the same voxels, and are of runs whose tilt series differ`)),
      },
    ],
    ...(made.length === 1 && { guess: `${runs.indexOf(made[0]!) + 1}` }),
  };
}
