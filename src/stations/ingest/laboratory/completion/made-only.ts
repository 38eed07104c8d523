import { groupsOf, keyOf } from "../../../../core/groups.js";
import type { Claim, Recognised, RunOfFile } from "../claims.js";
import { isBox } from "../recognisers/common/averages.js";
import { areOfOneNoise, holdsSectionsOf, type Noise, noiseOf } from "../recognisers/common/prints.js";
import { inRuns } from "../runs-of-files.js";
import type { Laboratory } from "../survey/laboratory.js";
import { COMPARED_MAX, type Twin, withTwins } from "./joined-runs.js";

const RECORDED: readonly Claim["role"][] = ["tilt series", "acquisition", "frame", "raw tilts"];
const VOLUMES: readonly Claim["role"][] = ["tomogram", "half map"];

interface Volume {
  readonly path: string;
  readonly run: string;
  /** Rows and columns. */
  readonly sides: string;
  readonly sections: number;
}

/**
 * Joins runs of which nothing was recorded, and that have no halves of their own, with the run of which a volume has the same noise, or more sections of it: somebody
 * has renamed a tomogram of which the halves are still there under the name of the series, or that one broke off since it was copied. Of what has the noise of
 * several series nothing is concluded.
 */
export async function withMadeOnly(laboratory: Laboratory, recognised: readonly Recognised[]): Promise<readonly Recognised[]> {
  const claims = recognised.flatMap(({ claims: own }) => own.filter(({ run, role }) => run !== undefined && role !== "left out"));
  const byRun = groupsOf(claims, ({ run }) => run!);
  const isRecorded = (run: string) => byRun.get(run)!.some(({ role }) => RECORDED.includes(role));
  const madeOnly = [...byRun].flatMap(([run, own]) =>
    own.some(({ role }) => role === "tomogram") && !isRecorded(run) && !own.some(({ role }) => role === "half map") ? [run] : [],
  );
  if (madeOnly.length === 0) return recognised;
  const bySides = groupsOf(volumesOf(laboratory, claims), ({ sides }) => sides);
  const compared = [...bySides.values()].filter((group) => {
    const runs = new Set(group.map(({ run }) => run));
    return runs.size > 1 && madeOnly.some((run) => runs.has(run));
  });
  if (compared.flat().length > COMPARED_MAX) return [...recognised, { software: "", by: [], claims: [], notes: [TOO_MANY] }];
  const names = new Map<string, string>();
  const nameOf = (run: string): string => (names.has(run) ? nameOf(names.get(run)!) : run);
  const notes: string[] = [];
  const twins: Twin[] = [];
  // what less is known of is of the run that more is known of
  const weight = (run: string) => byRun.get(run)!.length;
  for (const run of madeOnly.sort((a, b) => weight(a) - weight(b))) {
    const found = new Map<string, Pair>();
    for (const group of compared) {
      const own = group.filter((one) => one.run === run);
      const others = group.filter((one) => one.run !== run && nameOf(one.run) !== run);
      for (const pair of await alike(laboratory, own, others))
        found.set(nameOf(pair[1].run), found.get(nameOf(pair[1].run)) ?? pair);
    }
    const recorded = [...found].filter(([other]) => isRecorded(other));
    const [only, ...more] = recorded.length > 0 ? recorded : [...found];
    if (only === undefined || more.length > 0) continue;
    const [isOf, [one, other]] = only;
    names.set(run, isOf);
    twins.push(...byRun.get(run)!.map(({ path }) => ({ path, of: other.path })));
    notes.push(`${one.path} was made from the same images as ${other.path}: they are one run.`);
  }
  const told = claims.flatMap(({ path, run }): RunOfFile[] => (names.has(run!) ? [{ path, run: run!, isOf: nameOf(run!) }] : []));
  if (told.length === 0) return recognised;
  return [...inRuns(recognised, told), { software: "", by: [], claims: [], notes }].map((one) => withTwins(one, twins));
}

const TOO_MANY = `There are more than ${COMPARED_MAX} volumes that may have been made of the same images under the names of two runs: they were not compared.`;

function volumesOf(laboratory: Laboratory, claims: readonly Claim[]): Volume[] {
  const all = claims.flatMap(({ path, run, role }): Volume[] => {
    const file = laboratory.get(path);
    if (!VOLUMES.includes(role) || !file?.volume || isBox(file)) return [];
    const [sections, ...sides] = file.volume.shape;
    return [{ path, run: run!, sides: sides.join(" "), sections }];
  });
  return [...new Map(all.map((one) => [keyOf(one.path, one.run), one])).values()];
}

type Pair = readonly [own: Volume, other: Volume];

async function alike(laboratory: Laboratory, own: readonly Volume[], others: readonly Volume[]): Promise<Pair[]> {
  const pairs: Pair[] = [];
  for (const one of own) {
    const noise: Noise = await noiseOf(laboratory, one.path);
    for (const other of others) {
      const isSame =
        one.sections === other.sections
          ? areOfOneNoise(noise, await noiseOf(laboratory, other.path))
          : await holdsSectionsOf(laboratory, one.path, other.path);
      if (isSame) pairs.push([one, other]);
    }
  }
  return pairs;
}
