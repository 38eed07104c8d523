import { groupsOf } from "../../../../core/groups.js";
import { aretomoSections, parseAln } from "../../../../formats/alignment/aretomo.js";
import { imodSections, parseXf } from "../../../../formats/alignment/imod.js";
import type { SectionAlignment } from "../../../../formats/alignment/sections.js";
import { parseTiltAngles } from "../../../../formats/tilt-angles/read.js";
import type { Claim, Option, Question, Recognised, RunOfFile } from "../claims.js";
import { printsOf, showTheSame } from "../recognisers/common/prints.js";
import { orReason } from "../recognisers/common/reading.js";
import { inRuns } from "../runs-of-files.js";
import type { Laboratory, Surveyed } from "../survey/laboratory.js";

/** Places of the sections that are compared, from 0 to 1. */
const SECTIONS = [1 / 3, 1 / 2, 2 / 3];
/** Volumes and stacks that are read to be compared, at most; where there are more it is told. */
export const COMPARED_MAX = 300;

/** A file that may be another one under another name. */
interface Candidate {
  readonly path: string;
  readonly role: Claim["role"];
  /** Undefined where nothing but its voxels can tell it. */
  readonly run: string | undefined;
}

/**
 * Joins runs of which a volume or a stack has the same voxels under two names, in whatever format: somebody has renamed a copy. The run of which more is
 * known gives the name. What has one value alone joins nothing, and neither do volumes of runs whose stacks show other images. Where a person is asked
 * whether all of a name is of one series, a copy under another name is of the series of its twin.
 *
 * @returns also whether all were compared that may be the same
 */
export async function joinedRuns(
  laboratory: Laboratory,
  recognised: readonly Recognised[],
): Promise<{ readonly recognised: readonly Recognised[]; readonly isComplete: boolean }> {
  const plain = recognised.flatMap(({ claims: own }) => own);
  const all = [...plain, ...askedClaims(recognised, new Set(plain.map(({ path }) => path)))];
  const claims = all.filter(({ run }) => run !== undefined);
  const { candidates, isComplete } = candidatesOf(laboratory, all);
  const notes = isComplete
    ? []
    : [
        `There are more than ${COMPARED_MAX} volumes that may be the same under the names of two runs: the others were not compared.`,
      ];
  const byVoxels = new Map<string, Candidate[]>();
  for (const one of candidates) {
    const voxels = await (one.role === "tilt series" ? imagesIn(laboratory, one.path) : voxelsOf(laboratory, one.path));
    if (voxels !== undefined) byVoxels.set(voxels, [...(byVoxels.get(voxels) ?? []), one]);
  }
  const names = new Map<string, string>();
  const nameOf = (run: string): string => (names.has(run) ? nameOf(names.get(run)!) : run);
  const stacks = groupsOf(
    claims.filter(({ role }) => role === "tilt series"),
    ({ run }) => run!,
  );
  const weights = groupsOf(claims, ({ run }) => run!);
  // what is known to be the same once more, and left out as such
  const isLeft = new Set(all.flatMap(({ path, role }) => (role === "left out" ? [path] : [])));
  const found: Claim[] = [];
  const asked = new Set(recognised.flatMap(({ questions = [] }) => questions.flatMap(runsAsked)));
  const [twins, besideTwins]: [Twin[], Twin[]] = [[], []];
  for (const equal of byVoxels.values()) {
    const [first, ...others] = equal.filter(({ run }) => run !== undefined);
    if (!first) continue;
    for (const { path, role, run } of equal)
      if (run === undefined && !isLeft.has(path)) {
        twins.push({ path, of: first.path });
        found.push({ path, role, run: first.run, because: `it has the voxels of ${first.path}`, strength: "contents" });
      }
    for (const other of others) {
      const [a, b] = [nameOf(first.run!), nameOf(other.run!)];
      if (a === b) {
        twins.push({ path: first.path, of: other.path }, { path: other.path, of: first.path });
        continue;
      }
      const both = [a, b].map((run) => stacks.get(run)?.[0]?.path);
      if (both[0] !== undefined && both[1] !== undefined && (await showTheSame(laboratory, both[0], both[1])) === false) {
        // of which run a tomogram is that both have is asked when all is known
        continue;
      }
      const isOther = asked.has(a) === asked.has(b) ? weights.get(b)!.length > weights.get(a)!.length : asked.has(b);
      const [kept, joined] = isOther ? [b, a] : [a, b];
      names.set(joined, kept);
      const [twin, of] = isOther ? [first.path, other.path] : [other.path, first.path];
      twins.push({ path: twin, of });
      besideTwins.push(...weights.get(joined)!.map(({ path }) => ({ path, of })));
      notes.push(
        `${first.path} and ${other.path} have the same ${first.role === "tilt series" ? "images" : "voxels"}: they are one run.`,
      );
    }
  }
  const changes = claims.flatMap(({ path, run }): RunOfFile[] => {
    const isOf = nameOf(run!);
    return isOf === run ? [] : [{ path, run: run!, isOf }];
  });
  const renamed = found.map((claim) => ({ ...claim, run: nameOf(claim.run!) }));
  const joined = [...inRuns(recognised, changes), { software: "", by: [], claims: renamed, notes }];
  return { recognised: joined.map((one) => withTwins(one, [...twins, ...besideTwins])), isComplete };
}

/** What is claimed of files only if an answer says so, and of one run by whichever: a copy of such a file is of that run. */
function askedClaims(recognised: readonly Recognised[], known: ReadonlySet<string>): Claim[] {
  const claims = recognised.flatMap(({ questions = [] }) =>
    questions.flatMap(({ options }) => options.flatMap((one) => one.claims)),
  );
  const open = claims.filter(({ path, role }) => !known.has(path) && (role === "tomogram" || role === "tilt series"));
  return [...groupsOf(open, ({ path }) => path).values()].flatMap((own) =>
    own.every(({ run, role }) => run === own[0]!.run && role === own[0]!.role) ? [own[0]!] : [],
  );
}

/** Names of which a person is asked whether they are of one series. */
const runsAsked = ({ options }: Question): string[] => options.flatMap(({ runs = [] }) => runs.map(({ run }) => run));

/** A file that is of the series of another one, since it has the same voxels, or lies in the run of such. */
export interface Twin {
  readonly path: string;
  readonly of: string;
}

/** Of whichever series a file is by the answer, its copies are of the same. */
export function withTwins(recognised: Recognised, twins: readonly Twin[]): Recognised {
  const optionOf = (option: Option): Option => {
    const told = new Map(option.runs?.map((one) => [one.path, one]));
    for (const { path, of } of twins) {
      const one = told.has(path) ? undefined : told.get(of);
      if (one) told.set(path, { ...one, path });
    }
    const more = [...told.values()].slice(new Set(option.runs?.map(({ path }) => path)).size);
    return { ...option, runs: [...(option.runs ?? []), ...more] };
  };
  const questions = recognised.questions?.map((question): Question => {
    if (!question.isOfRuns) return question;
    const options = question.options.map(optionOf);
    const files = options.flatMap(({ runs = [] }) => runs.map(({ path }) => path));
    return { ...question, options, files: [...new Set([...question.files, ...files])] };
  });
  return { ...recognised, questions };
}

/** Files of one size, and of the same statistics where headers have them, under several names. */
function candidatesOf(laboratory: Laboratory, claims: readonly Claim[]): { candidates: Candidate[]; isComplete: boolean } {
  const all = new Map<string, Candidate>();
  for (const { path, role, run } of claims) {
    const shape = laboratory.get(path)?.volume?.shape;
    if ((role === "tomogram" || role === "tilt series") && shape && shape[0] > 1)
      all.set(path, { path, role, run: run ?? all.get(path)?.run });
  }
  const groups = groupsOf(all.values(), ({ path, role }) => `${role} ${laboratory.get(path)!.volume!.shape.join(" ")}`);
  const candidates = [...groups.values()].flatMap((group) =>
    group.filter((one) =>
      group.some((other) => other.run !== one.run && mayBeEqual(laboratory.get(one.path)!, laboratory.get(other.path)!)),
    ),
  );
  return { candidates: candidates.slice(0, COMPARED_MAX), isComplete: candidates.length <= COMPARED_MAX };
}

/** Whether the statistics of two headers, where they have some, allow the same voxels. */
export function mayBeEqual({ volume: a }: Surveyed, { volume: b }: Surveyed): boolean {
  const isNear = (one: number | undefined, other: number | undefined) =>
    one === undefined || other === undefined || Math.abs(one - other) <= 1e-4 * Math.max(1e-6, Math.abs(one), Math.abs(other));
  return isNear(a?.least, b?.least) && isNear(a?.most, b?.most);
}

/** Equal for volumes with the same voxels, in whatever format; undefined for those that have one value alone, or cannot be read. */
export async function voxelsOf(laboratory: Laboratory, path: string): Promise<string | undefined> {
  const prints = await printsOf(laboratory, path, SECTIONS);
  return prints?.some(Boolean) ? [...laboratory.get(path)!.volume!.shape, ...prints].join(" ") : undefined;
}

/** Equal for stacks of the same images, in whatever order: somebody has sorted one of them. */
export async function imagesIn(laboratory: Laboratory, path: string): Promise<string | undefined> {
  const prints = await printsOf(laboratory, path);
  if (!prints?.some(Boolean)) return undefined;
  return [...laboratory.get(path)!.volume!.shape, ...prints.map((print = "") => print).sort()].join(" ");
}

/** Whether two volumes have the same voxels, in whatever format. Volumes of one value tell nothing. */
export async function holdTheSame(laboratory: Laboratory, a: string, b: string): Promise<boolean> {
  const [one, other] = [a, b].map((path) => laboratory.get(path)?.volume);
  if (!one || !other || !one.shape.every((length, axis) => length === other.shape[axis])) return false;
  const [first, second] = await Promise.all([a, b].map((path) => voxelsOf(laboratory, path)));
  return first !== undefined && first === second;
}

const SECTIONS_MIN = 5;
const ANGLES_APART_DEGREES = 1.5;
const ROTATION_APART_DEGREES = 3;
/** Pixels of the recorded images: two programs that follow the same features come as near. */
const SHIFTS_APART = 3;

/**
 * Whether two alignments move the images alike, and so are of one series: the stage drifts in no two alike. They may place the whole elsewhere. Where images
 * are hardly moved, nothing is told.
 */
export async function alignAlike(laboratory: Laboratory, a: string, b: string): Promise<boolean> {
  const [first, second] = await Promise.all([a, b].map((path) => sectionsOf(laboratory, path)));
  const pairs = (first ?? []).flatMap((one) => {
    const other = nearest(second ?? [], one.tiltAngleDegrees);
    return other && Math.abs(other.tiltAngleDegrees - one.tiltAngleDegrees) <= ANGLES_APART_DEGREES ? [{ one, other }] : [];
  });
  if (pairs.length < SECTIONS_MIN || pairs.length < (first?.length ?? 0) / 2) return false;
  if (pairs.some(({ one, other }) => turnBetween(one, other) > ROTATION_APART_DEGREES)) return false;
  return (["xOffset", "yOffset"] as const).every((axis) => {
    const moves = spread(pairs.map(({ one }) => one[axis]));
    const rest = spread(pairs.map(({ one, other }) => one[axis] - other[axis]));
    return moves > 2 * SHIFTS_APART && rest <= Math.max(SHIFTS_APART, moves / 10);
  });
}

const nearest = (sections: readonly SectionAlignment[], degrees: number): SectionAlignment | undefined =>
  sections.reduce<SectionAlignment | undefined>(
    (best, one) => (best && Math.abs(best.tiltAngleDegrees - degrees) <= Math.abs(one.tiltAngleDegrees - degrees) ? best : one),
    undefined,
  );

function turnBetween({ inPlaneRotation: [[a, b]] }: SectionAlignment, { inPlaneRotation: [[c, d]] }: SectionAlignment): number {
  const turn = Math.abs(Math.atan2(b, a) - Math.atan2(d, c)) * (180 / Math.PI);
  return Math.min(turn, 360 - turn);
}

/** The root of the mean square about the mean. */
function spread(values: readonly number[]): number {
  const mean = values.reduce((sum, one) => sum + one, 0) / values.length;
  return Math.sqrt(values.reduce((sum, one) => sum + (one - mean) ** 2, 0) / values.length);
}

async function sectionsOf(laboratory: Laboratory, path: string): Promise<readonly SectionAlignment[] | undefined> {
  const text = await laboratory.text(path);
  if (text === undefined) return undefined;
  const read = await orReason(async () => {
    if (/\.aln$/i.test(path)) return aretomoSections(parseAln(text, path));
    if (!/\.xf$/i.test(path)) return undefined;
    const angles = path.replace(/xf$/i, "tlt");
    const tilts = parseTiltAngles((await laboratory.text(angles)) ?? "", angles);
    return imodSections({ name: path, transforms: parseXf(text, path), tilts });
  });
  return "value" in read ? read.value : undefined;
}
