import { few, fewAlike, fewFiles } from "../../../../core/finding.js";
import { groupsOf, keyOf } from "../../../../core/groups.js";
import { counted } from "../../../../core/units.js";
import type { Claim, Option, PointsReading, Question } from "../claims.js";
import { asItIs, leftOut } from "../completion/claim.js";
import type { Decision } from "../decide.js";
import { stableId } from "../questions.js";
import { idOf, stemOf } from "../recognisers/common/names.js";
import { APART_ANGSTROM, nearby } from "../recognisers/common/nearby.js";
import { orReason } from "../recognisers/common/reading.js";
import { withoutNumbers, wordsOf } from "../run-names.js";
import { batchesOf, type PlaceOptions, type Volume } from "./lists.js";
import { rowOf } from "./place.js";

type Options = Pick<PlaceOptions, "laboratory" | "volumesOf" | "signal">;

/** Runs in which lists of two programs are compared, and points of each list in a run. */
const RUNS_COMPARED = 6;
const POINTS_COMPARED = 2_000;
/** Runs whose points are counted. */
const RUNS_COUNTED = 12;

/** Points that two lists have in common, at least: one or two may lie at the same places by chance. */
const FOUND_MIN = 3;

/** Lists of one program that are alike: `TS_1_10.00Apx_ribo.star` of each run, or one list of them all. */
interface Family {
  /** Empty for lists that no program's bookkeeping names. */
  readonly by: string;
  readonly files: readonly Decision[];
}

/** What two families have in common: points of each that the other has not, of so many as are compared. */
interface Shared {
  readonly families: readonly [a: Family, b: Family];
  readonly alone: readonly [a: number, b: number];
  /** Points of each in the runs that are compared. */
  readonly counts: readonly [a: number, b: number];
}

/**
 * Lists that have the same particles, such as picks of Warp that RELION refined, or those of one program with two thresholds, in whatever unit and tomogram
 * of the run each has them. The better ones are taken until somebody answers, and each particle once; of lists that are equally good and not the same
 * none is.
 *
 * @returns a question for all families of lists that have particles of each other
 */
export async function sameParticles(files: ReadonlyMap<string, Decision>, options: Options): Promise<Question[]> {
  const lists = [...files.values()].filter(
    ({ role, strength, details }) => role === "points" && strength !== "person" && details.points !== undefined,
  );
  const families = familiesOf(lists);
  const placesOf = memoized(options);
  const shared: Shared[] = [];
  for (const [at, a] of families.entries()) {
    for (const b of families.slice(at + 1)) {
      const areOthers = areOfOthers(a, b);
      const withinOf = (run: string) => {
        const voxels = [a, b].map((one) => voxelOf(one, run, options));
        return areOthers ? Math.max(...voxels) : Math.max(APART_ANGSTROM, ...voxels.map((voxel) => FROM_ONE * voxel));
      };
      if ((areOthers && !isOfModels(a, b)) || isOfSurfaces(a) !== isOfSurfaces(b)) continue;
      const found = await sharedPoints(a, b, { placesOf, withinOf });
      if (found && (!areOthers || isAll(found))) shared.push({ families: [a, b], ...found });
    }
  }
  const questions: Question[] = [];
  for (const some of joined(shared)) {
    const sizes = new Map<Family, string>();
    for (const family of askedOf(families, some).families) sizes.set(family, await sizeText(family, placesOf));
    questions.push(questionOf(families, some, sizes));
  }
  return questions;
}

/** `40 points in 3 runs`; of many runs, or of very many points, the runs alone. */
async function sizeText(family: Family, placesOf: PlacesOf): Promise<string> {
  const runs = [...runsOf(family)];
  const where = counted(runs.length, "run");
  if (runs.length > RUNS_COUNTED) return where;
  const counts: number[] = [];
  for (const run of runs) counts.push((await placesOf(family, run)).length / 3);
  const isWhole = counts.every((count) => count > 0 && count < POINTS_COMPARED);
  return isWhole
    ? `${counted(
        counts.reduce((sum, count) => sum + count, 0),
        "point",
      )} in ${where}`
    : where;
}

/**
 * Lists that a program makes of each run have one path without the name of the run, and without numbers. Where a run has several of them, the numbers tell
 * them apart: `out_0.2` and `out_0.3` are two families.
 */
function familiesOf(lists: readonly Decision[]): Family[] {
  const pathOf = ({ path, run }: Decision) => (run === undefined ? path : withoutRun(path, run));
  const alike = groupsOf(lists, (file) =>
    keyOf(file.by ?? "", file.details.object ?? "", file.details.points!.format, withoutNumbers(pathOf(file))),
  );
  const isOnce = (own: readonly Decision[]) => {
    const runs = own.flatMap(runsOfFile);
    return new Set(runs).size === runs.length;
  };
  const families = [...alike.values()].flatMap((own) => (isOnce(own) ? [own] : [...groupsOf(own, pathOf).values()]));
  return families.map((own): Family => ({ by: own[0]!.by ?? "", files: own }));
}

/** Runs of series of one name are called after their folders, too, `spring_TS_01`, and their lists go on to be called `TS_01`. */
function withoutRun(path: string, run: string): string {
  const names = wordsOf(run).map(({ start }) => run.slice(start));
  const name = names.find((one) => path.includes(one) && (one === run || /\p{L}.*\d/u.test(one)));
  return name === undefined ? path : path.replaceAll(name, "#");
}

/** One program that names two objects means two, however near they lie. */
function areOfOthers(a: Family, b: Family): boolean {
  const [one, other] = [a, b].map(({ files }) => files[0]!.details.object);
  return (
    a.by === b.by && a.by !== "" && one !== undefined && other !== undefined && withoutNumbers(one) !== withoutNumbers(other)
  );
}

/** A person names the objects of a model, and names one again on a binned tomogram, or in a copy: there two names may mean one. */
const isOfModels = (...families: readonly Family[]): boolean =>
  families.every(({ files }) => files[0]!.details.points!.format === "mod");

/** Points on surfaces lie so close that every particle near a membrane has one beside it, and are no particles. */
const isOfSurfaces = ({ files }: Family): boolean => files[0]!.details.points!.shape === "InstanceSegmentation";

/** Each point of one is a point of the other: no two objects lie so. */
const isAll = ({ alone, counts: [a, b] }: Omit<Shared, "families">): boolean => a === b && alone.every((count) => count === 0);

/** Families that are connected by particles of each other, as what connects them. */
function joined(shared: readonly Shared[]): Shared[][] {
  const groups: Shared[][] = [];
  for (const one of shared) {
    const isConnected = (group: readonly Shared[]) =>
      group.some(({ families }) => families.some((family) => one.families.includes(family)));
    const connected = groups.filter(isConnected);
    for (const group of connected) groups.splice(groups.indexOf(group), 1);
    groups.push([...connected.flat(), one]);
  }
  return groups;
}

type PlacesOf = (family: Family, run: string) => Promise<number[]>;

function memoized(options: Options): PlacesOf {
  const known = new Map<Family, Map<string, Promise<number[]>>>();
  return (family, run) => {
    const own = known.get(family) ?? new Map<string, Promise<number[]>>();
    known.set(family, own);
    const places = own.get(run) ?? placesIn(family, run, options);
    own.set(run, places);
    return places;
  };
}

const runsOfFile = ({ run, runs = [] }: Decision): readonly string[] => (run === undefined ? runs : [run]);
const runsOf = ({ files }: Family): Set<string> => new Set(files.flatMap(runsOfFile));

/** Programs count voxels from 0 or from 1, and round: that far apart, in voxels, are places of one particle along the diagonal. */
const FROM_ONE = 1.75;

/** Å of the voxels that a family counts in. */
function voxelOf({ files }: Family, run: string, options: Options): number {
  const own = files.filter((one) => one.run === run || one.runs?.includes(run));
  return Math.max(0, ...own.map(({ details }) => volumeOf(details.points!, run, options)?.spacingAngstrom ?? 0));
}

/** The tomogram that a list counts in. */
function volumeOf({ inSpacingAngstrom }: PointsReading, run: string, { volumesOf }: Options): Volume | undefined {
  const volumes = volumesOf(run);
  return volumes.find(({ spacingAngstrom }) => spacingAngstrom === inSpacingAngstrom) ?? volumes[0];
}

/**
 * Undefined where less than half of the points of the shorter lists are among those of the others.
 *
 * @param withinOf Å within which points of a run are one
 */
async function sharedPoints(
  a: Family,
  b: Family,
  { placesOf, withinOf }: { readonly placesOf: PlacesOf; readonly withinOf: (run: string) => number },
): Promise<Omit<Shared, "families"> | undefined> {
  const others = runsOf(b);
  const runs = [...runsOf(a)].filter((run) => others.has(run)).slice(0, RUNS_COMPARED);
  let [compared, found] = [0, 0];
  const alone: [number, number] = [0, 0];
  const counts: [number, number] = [0, 0];
  const strays = (own: readonly number[], other: readonly number[], within: number) => {
    const isNear = nearby(other, within);
    let count = 0;
    for (let point = 0; point < own.length; point += 3) if (!isNear(own, point)) count++;
    return count;
  };
  for (const run of runs) {
    const places = [await placesOf(a, run), await placesOf(b, run)] as const;
    const within = withinOf(run);
    const own = [strays(places[0], places[1], within), strays(places[1], places[0], within)] as const;
    const small = places[0].length <= places[1].length ? 0 : 1;
    compared += places[small].length / 3;
    found += places[small].length / 3 - own[small];
    for (const at of [0, 1] as const) {
      alone[at] += own[at];
      counts[at] += places[at].length / 3;
    }
  }
  return found >= FOUND_MIN && found * 2 >= compared ? { alone, counts } : undefined;
}

/** What makes a family the better one, in this order: refined, cleaned from the other, named by bookkeeping, with orientations, in more runs. Of equals the shorter path. */
function rankOf({ by, files }: Family): number[] {
  const weight = { name: 0, contents: 1, bookkeeping: 2, person: 3 } as const;
  return [
    Number(/^RELION/.test(by)),
    Number(by !== ""),
    Math.max(...files.map(({ strength }) => weight[strength])),
    Number(files.some(({ details }) => details.points!.shape === "OrientedPoint")),
    new Set(files.flatMap(runsOfFile)).size,
    -Math.min(...files.map(({ path }) => path.length)),
  ];
}

/** What people add to the name of a list from which they took the false ones: `TS_1_particles_clean.star` of `TS_1_particles.star`. */
const CLEANED = /^(.+)[_.-](?:clean(?:ed)?|curated)$/i;

/**
 * Whether lists were cleaned from those of another family, as their names say. It has fewer points by that, and of its program and orientations nothing may be
 * left where another program saved it: all the same it is the later one.
 */
function isCleanedFrom(a: Family, b: Family): boolean {
  const stemsOf = ({ files }: Family, run: string) =>
    files.filter((file) => runsOfFile(file).includes(run)).map(({ path }) => stemOf(path));
  const cleaned = [...runsOf(a)].flatMap((run) =>
    stemsOf(a, run).flatMap((stem) => {
      const [, source] = CLEANED.exec(stem) ?? [];
      const others = stemsOf(b, run);
      return others.length === 0 ? [] : [source !== undefined && others.includes(source)];
    }),
  );
  return cleaned.length > 0 && cleaned.every((one) => one);
}

function isBetter(a: Family, b: Family): boolean {
  const isRefined = (one: Family) => /^RELION/.test(one.by);
  if (isRefined(a) === isRefined(b)) {
    if (isCleanedFrom(a, b)) return true;
    if (isCleanedFrom(b, a)) return false;
  }
  const [one, other] = [rankOf(a), rankOf(b)];
  const at = one.findIndex((value, i) => value !== other[i]);
  return at < 0 || one[at]! > other[at]!;
}

/** Whether nothing but their paths tells which of two is the better one. */
const isAsGood = (a: Family, b: Family): boolean => {
  const [one, other] = [rankOf(a), rankOf(b)];
  return one.slice(0, -1).every((value, at) => value === other[at]) && !isCleanedFrom(a, b) && !isCleanedFrom(b, a);
};

/** Å from the first voxel of the tomogram. */
export async function placesIn({ files }: Pick<Family, "files">, run: string, options: Options): Promise<number[]> {
  const places: number[] = [];
  for (const file of files.filter((one) => one.run === run || one.runs?.includes(run))) {
    const reading = file.details.points!;
    const { binning = 1, rowName } = reading;
    const volume = volumeOf(reading, run, options);
    if (volume?.spacingAngstrom === undefined) continue;
    const scale = volume.spacingAngstrom / binning;
    const row = rowName === undefined ? undefined : rowOf(run, reading, options);
    const read = await orReason(async () => {
      for await (const { positions, count } of batchesOf({ path: file.path, reading }, row, volume, options)) {
        for (let i = 0; i < 3 * count; i++) places.push(positions[i]! * scale);
        if (places.length >= 3 * POINTS_COMPARED) break;
      }
    });
    if ("reason" in read) return [];
  }
  return places;
}

/** Lists of the same object, by the same program and in the same runs as these: where nothing tells which of these counts, they may be the ones that do not. */
function othersOf(families: readonly Family[], all: readonly Family[]): Family[] {
  const objectOf = ({ files }: Family) => files[0]!.details.object;
  return all.filter(
    (one) =>
      !families.includes(one) &&
      families.some((other) => {
        const runs = runsOf(other);
        const isAlike = one.by !== "" && one.by === other.by && objectOf(one) !== undefined && objectOf(one) === objectOf(other);
        return isAlike && [...runsOf(one)].some((run) => runs.has(run));
      }),
  );
}

interface AskedFamilies {
  /** With the same particles. */
  readonly same: readonly Family[];
  /** The same ones, the best first. */
  readonly best: readonly Family[];
  readonly others: readonly Family[];
  readonly families: readonly Family[];
  readonly isEqual: boolean;
}

/** The families that a question is about. */
function askedOf(all: readonly Family[], shared: readonly Shared[]): AskedFamilies {
  const same = all.filter((family) => shared.some((one) => one.families.includes(family)));
  const best = same.toSorted((a, b) => (isBetter(a, b) ? -1 : 1));
  // a list with several points at the places of another one, such as seeds that lie close together, is another list
  const isOther = ({ alone, counts: [a, b] }: Shared) => a !== b || alone.some((count) => count > 0);
  const isEqual = isAsGood(best[0]!, best[1]!) && shared.some(isOther);
  const others = isEqual ? othersOf(same, all) : [];
  return { same, best, others, families: [...same, ...others], isEqual };
}

/** @param sizes how many points each has */
function questionOf(all: readonly Family[], shared: readonly Shared[], sizes: ReadonlyMap<Family, string>): Question {
  const { same, best, others, families, isEqual } = askedOf(all, shared);
  const answers = answersOf(families);
  const files = families.flatMap((family) => family.files);
  const options = families.map((family, at): Option => {
    const lost = Math.max(0, ...lostOf(family, shared));
    const gone = lost === 0 ? "" : `; lacks at least ${counted(lost, "point")} that others have`;
    const claims = others.includes(family)
      ? [...family.files.map(asItIs), ...withoutFamilies(families, family)]
      : [...claimsOf([family, ...best.filter((one) => one !== family)], shared), ...withoutFamilies(others, family)];
    const but = gone + filledText(family, claims) + lackingText(others.includes(family) ? [...same, family] : same, claims);
    return {
      answer: answers[at]!,
      says: `${namesOf(family)}: ${sizes.get(family)}${but}`,
      claims,
    };
  });
  const ids = families.map((family) => `${family.by} ${family.files[0]!.path}`);
  return {
    id: stableId("same-particles", keyOf(...ids)),
    text: `Which of these ${families.length} particle lists should be published?`,
    why:
      others.length === 0
        ? "They contain mostly the same particles. One list is enough; the others are not published."
        : `Most particles of the first ${same.length} are the same; the other ${families.length === same.length + 1 ? "list is" : "lists are"} of the same object, with other particles. Lists that you do not choose are not published.`,
    files: files.map(({ path }) => path),
    options: [
      ...options,
      { answer: "all", says: "all of them: the same particles are published several times", claims: files.map(asItIs) },
    ],
    guess: isEqual ? undefined : answers[families.indexOf(best[0]!)],
  };
}

/** Lists that are published beside a family for the runs of which it has nothing. */
function filledText(family: Family, claims: readonly Claim[]): string {
  const paths = claims.flatMap(({ path, role }) =>
    role === "left out" || family.files.some((own) => own.path === path) ? [] : [path],
  );
  return paths.length === 0 ? "" : `; with ${fewFiles(paths)} for runs that it lacks`;
}

/** Runs of which only a list that is left out has points, such as a table of many tomograms beside one of a few. */
function lackingText(families: readonly Family[], claims: readonly Claim[]): string {
  const kept = new Set(claims.flatMap(({ path, role }) => (role === "left out" ? [] : [path])));
  const files = families.flatMap((family) => family.files);
  const has = new Set(files.filter(({ path }) => kept.has(path)).flatMap(runsOfFile));
  const lacking = [...new Set(files.flatMap(runsOfFile))].filter((run) => !has.has(run));
  return lacking.length === 0 ? "" : `; NONE for ${counted(lacking.length, "run")}: ${few(lacking)}`;
}

const withoutFamilies = (some: readonly Family[], kept: Family): Claim[] =>
  some
    .filter((one) => one !== kept)
    .flatMap(({ files }) => files.map((file) => leftOut(file, `another list of the same object: ${namesOf(kept)} is published`)));

const namesOf = ({ by, files }: Family): string =>
  fewAlike(
    files.map(({ path }) => path),
    by,
  );

/** Points that each of the others has alone. */
const lostOf = (family: Family, shared: readonly Shared[]): number[] =>
  shared.flatMap(({ families: [a, b], alone }) => (a === family ? [alone[1]] : b === family ? [alone[0]] : []));

/** The files of the first family, and of each further one those alone of whose runs no family before has its particles. */
function claimsOf(order: readonly Family[], shared: readonly Shared[]): Claim[] {
  const kept: { readonly family: Family; readonly runs: ReadonlySet<string> }[] = [];
  return order.flatMap((family) => {
    const partners = kept.filter((one) =>
      shared.some(({ families }) => families.includes(family) && families.includes(one.family)),
    );
    const takenBy = (file: Decision) => partners.find(({ runs }) => runsOfFile(file).some((run) => runs.has(run)));
    const own = family.files.filter((file) => !takenBy(file));
    kept.push({ family, runs: runsOf({ ...family, files: own }) });
    return family.files.map((file) => {
      const by = takenBy(file);
      return by ? leftOut(file, `its particles are in ${namesOf(by.family)}`) : asItIs(file);
    });
  });
}

/** By their programs, or by their numbers where these do not tell them apart. */
function answersOf(families: readonly Family[]): string[] {
  const plain = families.map(({ by }) => (by === "" ? "others" : idOf(by)));
  return new Set(plain).size === plain.length ? plain : plain.map((_, at) => `${at + 1}`);
}
