import { groupsOf } from "../../../core/groups.js";
import type { Recognised, Role, RunOfFile } from "./claims.js";
import { isCounted, specimenOf } from "./conventions/specimens.js";
import { baseName } from "./recognisers/common/paths.js";
import { stemOf } from "./run-names.js";
import { inRuns } from "./runs-of-files.js";
import type { Laboratory } from "./survey/laboratory.js";

/** What a run that was recorded has. */
const RECORDED: readonly Role[] = ["tilt series", "acquisition", "frame", "raw tilts"];

/**
 * Programs that are given a tomogram call everything after its file: `TS_01_rec` is `TS_01` where that name is known, or where a volume has it, and nothing
 * was recorded under the longer one. Otherwise one series would be two runs.
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
  const longer = [...byRun].flatMap(([run, own]) => {
    const isOf = specimenOf(run);
    const isMade = isOf !== run && isCounted(isOf) && !own.some(({ role }) => RECORDED.includes(role));
    return isMade ? [{ run, isOf }] : [];
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
