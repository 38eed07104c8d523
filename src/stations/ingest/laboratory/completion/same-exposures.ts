import { groupsOf } from "../../../../core/groups.js";
import type { Claim, Recognised, RunOfFile } from "../claims.js";
import { mdocsOf } from "../recognisers/common/mdocs.js";
import { baseName } from "../recognisers/common/paths.js";
import { showTheSame } from "../recognisers/common/prints.js";
import { inRuns } from "../runs-of-files.js";
import type { Laboratory } from "../survey/laboratory.js";

/** Exposures that two series share, at least: two lists may name one file wrongly. */
const SHARED_MIN = 3;
/** Part of the exposures of either series that both share, at least: bad images are taken out. */
const SHARED_PART_MIN = 0.5;

/**
 * Joins runs whose bookkeeping names the same exposures under two names: somebody has renamed or numbered the series when they were processed once more. No
 * exposure is of two series, whatever these are called. A name that files have stays, then that of the run of which more is known. Runs whose stacks show other images are not joined.
 */
export async function ofSameExposures(laboratory: Laboratory, recognised: readonly Recognised[]): Promise<readonly Recognised[]> {
  const claims = recognised.flatMap(({ claims: own }) => own.filter(({ run }) => run !== undefined));
  const byRun = groupsOf(claims, ({ run }) => run!);
  const exposures = await exposuresOf(laboratory, byRun);
  const names = new Map<string, string>();
  const nameOf = (run: string): string => (names.has(run) ? nameOf(names.get(run)!) : run);
  const notes: string[] = [];
  for (const [a, b] of pairsThatShare(exposures)) {
    const [one, other] = [nameOf(a), nameOf(b)];
    if (one === other || (await areOfOthers(laboratory, byRun.get(a)!, byRun.get(b)!))) continue;
    const weigh = (run: string) => [Number(isCalledSo(run, byRun.get(run)!)), byRun.get(run)!.length] as const;
    const [own, more] = [weigh(one), weigh(other)];
    const [kept, joined] = more[0] > own[0] || (more[0] === own[0] && more[1] > own[1]) ? [other, one] : [one, other];
    names.set(joined, kept);
    notes.push(`${joined} and ${kept} were made from the same exposures: they are one run, ${kept}.`);
  }
  if (names.size === 0) return recognised;
  const changes = claims.flatMap(({ path, run }): RunOfFile[] => {
    const isOf = nameOf(run!);
    return isOf === run ? [] : [{ path, run: run!, isOf }];
  });
  return [...inRuns(recognised, changes), { software: "", by: [], claims: [], notes }];
}

/** Whether a file has the name of the run: of series of one name in two folders runs have the names of these before it. */
const isCalledSo = (run: string, claims: readonly Claim[]): boolean => claims.some(({ path }) => baseName(path).startsWith(run));

/**
 * Pairs of runs whose bookkeeping names the same exposures, though their stacks show other images: those of one may have been mirrored, turned or filtered, or
 * the mdoc of one is that of another series.
 */
export async function contradictedExposures(
  laboratory: Laboratory,
  byRun: ReadonlyMap<string, readonly Claim[]>,
): Promise<(readonly [string, string])[]> {
  const pairs: (readonly [string, string])[] = [];
  for (const [a, b] of pairsThatShare(await exposuresOf(laboratory, byRun)))
    if (await areOfOthers(laboratory, byRun.get(a)!, byRun.get(b)!)) pairs.push([a, b]);
  return pairs;
}

type Exposures = ReadonlyMap<string, ReadonlySet<string>>;

/** Of each run the files of its frames, and what its acquisition file says of frames that may be gone: their names with their times. */
async function exposuresOf(laboratory: Laboratory, byRun: ReadonlyMap<string, readonly Claim[]>): Promise<Exposures> {
  const mdocs = new Map((await mdocsOf(laboratory)).all.map((mdoc) => [mdoc.path, mdoc]));
  const recorded = (claim: Claim): readonly string[] => {
    if (claim.strength !== "bookkeeping") return [];
    if (claim.role === "frame") return [claim.path];
    if (claim.role !== "acquisition") return [];
    return (mdocs.get(claim.path)?.sections ?? []).flatMap(({ subFramePath, dateTime }) =>
      subFramePath && dateTime ? [`${baseName(subFramePath.replaceAll("\\", "/")).toLowerCase()} ${dateTime}`] : [],
    );
  };
  const known = [...byRun].map(([run, own]) => [run, new Set(own.flatMap(recorded))] as const);
  return new Map(known.filter(([, own]) => own.size > 0));
}

function pairsThatShare(exposures: Exposures): (readonly [string, string])[] {
  const runsOf = new Map<string, string[]>();
  for (const [run, own] of exposures) for (const one of own) runsOf.set(one, [...(runsOf.get(one) ?? []), run]);
  const shared = new Map<string, Map<string, number>>();
  for (const runs of runsOf.values()) {
    for (const [at, a] of runs.entries()) {
      for (const b of runs.slice(at + 1)) {
        const counts = shared.get(a) ?? new Map<string, number>();
        shared.set(a, counts.set(b, (counts.get(b) ?? 0) + 1));
      }
    }
  }
  return [...shared].flatMap(([a, counts]) =>
    [...counts].flatMap(([b, count]) => {
      const fewest = Math.min(exposures.get(a)!.size, exposures.get(b)!.size);
      return count >= SHARED_MIN && count >= SHARED_PART_MIN * fewest ? [[a, b] as const] : [];
    }),
  );
}

/** Whether stacks of two runs show other images: the lists of one of them are those of another series. */
async function areOfOthers(laboratory: Laboratory, some: readonly Claim[], others: readonly Claim[]): Promise<boolean> {
  const [a, b] = [some, others].map((own) => own.find(({ role }) => role === "tilt series")?.path);
  return a !== undefined && b !== undefined && (await showTheSame(laboratory, a, b)) === false;
}
