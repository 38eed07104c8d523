import { groupsOf } from "../../../core/groups.js";
import type { Recognised, Role, RunOfFile } from "./claims.js";
import { isCounted, specimenOf } from "./conventions/specimens.js";
import { baseName } from "./recognisers/common/paths.js";
import { stemOf } from "./run-names.js";
import { inRuns } from "./runs-of-files.js";
import type { Laboratory } from "./survey/laboratory.js";

/** What a run that was recorded has. A list of angles is written for what was made, too: `TS_01_dose-filt.rawtlt`. */
const RECORDED: readonly Role[] = ["tilt series", "acquisition", "frame"];

/**
 * Programs that are given a tomogram call everything after its file: `TS_01_rec` is `TS_01` where that name is known, or where a volume has it, and nothing
 * was recorded under the longer one. Otherwise one series would be two runs. The same holds for what is called after a stack that other bookkeeping knows to
 * be made of a series: etomo's dataset `TS_01_dose-filt`.
 */
export function withoutMadeNames(laboratory: Laboratory, recognised: readonly Recognised[]): readonly Recognised[] {
  const claims = recognised.flatMap(({ claims: own, questions = [] }) => [
    ...own,
    ...questions.flatMap(({ options }) => options.flatMap((option) => option.claims)),
  ]);
  const byRun = groupsOf(
    claims.filter(({ run, role }) => run !== undefined && role !== "left out"),
    ({ run }) => run!,
  );
  const known = stacksOf(laboratory, recognised);
  const longer = [...byRun].flatMap(([run, own]) => {
    if (own.some(({ role }) => RECORDED.includes(role))) return [];
    const [stack, ...others] = known.get(run) ?? [];
    const isOf = stack !== undefined && others.length === 0 ? stack : specimenOf(run);
    return isOf !== run && isCounted(isOf) ? [{ run, isOf }] : [];
  });
  if (longer.length === 0) return recognised;
  const called = new Set([
    ...byRun.keys(),
    ...laboratory.files.flatMap(({ path, volume }) => (volume ? [stemOf(baseName(path))] : [])),
  ]);
  const names = new Map(longer.flatMap(({ run, isOf }) => (called.has(isOf) ? [[run, isOf] as const] : [])));
  const changes = claims.flatMap(({ path, run }): RunOfFile[] => {
    const isOf = run === undefined ? undefined : names.get(run);
    return isOf === undefined ? [] : [{ path, run: run!, isOf }];
  });
  return inRuns(recognised, changes);
}

/** Runs of stacks by the bookkeeping of some program, by the names of the stacks. */
function stacksOf(laboratory: Laboratory, recognised: readonly Recognised[]): ReadonlyMap<string, ReadonlySet<string>> {
  const runs = new Map<string, Set<string>>();
  for (const { path, run, strength } of recognised.flatMap(({ claims }) => claims)) {
    const says = laboratory.get(path)?.volume?.says;
    if (strength !== "bookkeeping" || run === undefined || (says !== "stack" && says !== "unclear")) continue;
    const name = stemOf(baseName(path));
    runs.set(name, (runs.get(name) ?? new Set()).add(run));
  }
  return runs;
}
