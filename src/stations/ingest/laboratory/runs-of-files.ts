import { groupsOf, keyOf } from "../../../core/groups.js";
import type { Claim, Question, Recognised, RunOfFile } from "./claims.js";

/** What was recognised, with other runs for some files; what is of one of several, and nobody knows of which, is left out. */
export function inRuns(recognised: readonly Recognised[], told: readonly RunOfFile[]): readonly Recognised[] {
  if (told.length === 0) return recognised;
  const byFile = new Map(told.map(({ path, run, isOf }) => [keyOf(path, run), isOf]));
  const byRun = groupsOf(told, ({ run }) => run);
  const namesOf = (run: string) => {
    const names = new Set(byRun.get(run)?.flatMap(({ isOf }) => isOf ?? []));
    return names.size === 0 ? [run] : [...names];
  };
  const ofClaim = (claim: Claim, ownNamesOf = namesOf): Claim => {
    const runs = claim.runs && [...new Set(claim.runs.flatMap(ownNamesOf))];
    const key = keyOf(claim.path, claim.run ?? "");
    if (claim.run === undefined || !byFile.has(key)) return runs ? { ...claim, runs } : claim;
    const run = byFile.get(key);
    if (run !== undefined || claim.role === "left out") return { ...claim, run, ...(runs && { runs }) };
    const { path, strength } = claim;
    const names = namesOf(claim.run);
    const because =
      names.length > 1
        ? `named after ${claim.run}, and nothing tells whether it belongs to run ${names.join(" or ")}`
        : `named after ${claim.run}, but nothing confirms that it belongs to that run`;
    return { path, role: "left out", because, strength };
  };
  // what an answer says of the run that a file is claimed for holds for the run that it is claimed for now
  const ofAnswer = (one: RunOfFile): RunOfFile => ({ ...one, run: byFile.get(keyOf(one.path, one.run)) ?? one.run });
  const ofQuestion = (question: Question): Question => {
    const options = question.options.map((option) => ({
      ...option,
      claims: option.claims.map((claim) => ofClaim(claim)),
      ...(option.runs && { runs: option.runs.map(ofAnswer) }),
    }));
    return { ...question, options };
  };
  return recognised.map((one) => {
    const { claims, questions, missingFrames } = one;
    const own = new Set(claims.map(({ path, run = "" }) => keyOf(path, run)));
    // a program that gives a gain reference to runs means those whose files it knows, and not others of their names
    const ownNamesOf = (run: string) => {
      const names = new Set(
        byRun.get(run)?.flatMap(({ path, isOf }) => (isOf !== undefined && own.has(keyOf(path, run)) ? isOf : [])),
      );
      return names.size === 0 ? namesOf(run) : [...names];
    };
    return {
      ...one,
      claims: claims.map((claim) => ofClaim(claim, ownNamesOf)),
      questions: questions?.map(ofQuestion),
      missingFrames: missingFrames?.map((missing) => ({
        ...missing,
        run: byFile.get(keyOf(missing.by, missing.run)) ?? missing.run,
      })),
    };
  });
}
