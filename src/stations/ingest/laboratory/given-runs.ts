import { groupsOf } from "../../../core/groups.js";
import type { Claim, Recognised } from "./claims.js";
import { inRuns } from "./runs-of-files.js";

/** What a person says of files, as far as their runs are concerned. */
type Said = ReadonlyMap<string, { readonly run?: string | undefined }>;

/**
 * What was recognised, with the names that a person has given to runs: a file of decisions names files of a series by its run, and what came since is of that
 * run, whatever it would be called now, such as after its folder once others have a series of that name. A name that another series has is not taken, nor one
 * that the stacks of the series are not said to have.
 */
export function inGivenRuns(recognised: readonly Recognised[], said: Said): readonly Recognised[] {
  if (said.size === 0) return recognised;
  const claims = recognised.flatMap(({ claims: own }) => own.filter(({ run, role }) => run !== undefined && role !== "left out"));
  const byRun = groupsOf(claims, ({ run }) => run!);
  const given = [...byRun].flatMap(([run, own]) => {
    const name = givenName(own, said);
    return name === undefined || byRun.has(name) ? [] : [{ run, name }];
  });
  const names = groupsOf(given, ({ name }) => name);
  const told = given.filter(({ name }) => names.get(name)!.length === 1);
  if (told.length === 0) return recognised;
  const nameOf = new Map(told.map(({ run, name }) => [run, name]));
  const all = recognised.flatMap(({ claims: own, questions = [] }) => [
    ...own,
    ...questions.flatMap(({ options }) => options.flatMap((option) => option.claims)),
  ]);
  return inRuns(
    recognised,
    all.flatMap(({ path, run }) => (run !== undefined && nameOf.has(run) ? [{ path, run, isOf: nameOf.get(run)! }] : [])),
  );
}

/** The one name that a person gives to files of a series, among them all of its stacks, if there are any. */
function givenName(own: readonly Claim[], said: Said): string | undefined {
  const names = new Set(own.flatMap(({ path }) => said.get(path)?.run ?? []));
  const [name] = names;
  const stacks = own.filter(({ role }) => role === "tilt series");
  return names.size === 1 && stacks.every(({ path }) => said.get(path)?.run === name) ? name : undefined;
}
