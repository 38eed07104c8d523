import { few } from "../../../../../core/finding.js";
import { counted } from "../../../../../core/units.js";
import type { Claim, Question } from "../../claims.js";
import { idOf } from "../common/names.js";
import type { ParticleList } from "../common/particles.js";
import type { Place } from "./places.js";
import type { Found } from "./project.js";
import { areSame, type Placed } from "./same-particles.js";

/** A list of particles with its place in the chain of jobs. */
export interface Ranked extends Placed {
  readonly list: ParticleList;
  readonly place: Place | undefined;
  /** Its job, or one before it, aligned the particles. */
  readonly isAligned: boolean;
  readonly hasFailed: boolean;
}

/** Lists that have the last places of their particles, and those for which another one counts. */
export interface Lists {
  readonly kept: readonly Ranked[];
  readonly left: readonly { readonly one: Ranked; readonly by: Ranked }[];
}

interface Doubt {
  readonly about: "part" | "steps" | "classes";
  readonly text: string;
  readonly why: string;
  readonly because: string;
  readonly guess: "leave-out" | "points" | undefined;
}

/** Asks about a list that has the last places of its particles, and whose particles may be none; undefined for all others. */
export function doubtOf(found: Found, one: Ranked, lists: Lists, claim: Claim): Question | undefined {
  const doubt = stepsOf(found, one, lists) ?? partOf(one, lists) ?? classesOf(found, one);
  if (!doubt) return undefined;
  const { path, run, runs } = claim;
  return {
    id: `relion-${doubt.about}-${idOf(path)}`,
    text: doubt.text,
    why: doubt.why,
    files: [path],
    options: [
      {
        answer: "leave-out",
        says: "not published",
        claims: [{ path, run, runs, role: "left out", because: doubt.because, strength: "bookkeeping" }],
      },
      { answer: "points", says: "published", claims: [claim] },
    ],
    guess: doubt.guess,
  };
}

/**
 * What a Select job took of a list, of which other particles were refined or selected: nothing was done with it, as with the classes that somebody throws
 * away.
 */
function partOf(one: Ranked, { kept, left }: Lists): Doubt | undefined {
  const { list, place } = one;
  if (place?.type !== "Select") return undefined;
  const pairs = left.flatMap(({ one: whole }) => {
    if (whole.list.rows <= list.rows || !areSame(whole, one)) return [];
    return kept.filter((other) => other !== one && areSame(other, whole)).map((other) => ({ whole, other }));
  });
  const isDone = ({ other }: { other: Ranked }) => other.place?.type !== "Select";
  const pair = pairs.find(isDone) ?? pairs[0];
  if (!pair) return undefined;
  const { whole, other } = pair;
  const others = `${other.list.path} has ${counted(other.list.rows, "other one", "others")}`;
  return {
    about: "part",
    text: `Should the ${counted(list.rows, "particle")} of ${list.path} be published?`,
    why: `They may have been discarded: they are a part of ${whole.list.path}, of which ${others}, and no later list has them.`,
    because: `a part of ${whole.list.path} with which nothing was done; ${others}`,
    guess: isDone(pair) ? "leave-out" : undefined,
  };
}

/** Particles that were put into classes, of which no later job has selected any: those of the bad ones are still there. */
function classesOf(found: Found, { list, place }: Ranked): Doubt | undefined {
  const { classes, path, rows } = list;
  if (!place || classes.size < 2) return undefined;
  const pipeline = found.projectOf(path)?.pipeline;
  const isClassified = (job: string) => job.startsWith("Class3D/");
  const before = [...(pipeline?.before(place.job) ?? [])];
  const sorting = isClassified(place.job) ? place.job : before.find(isClassified);
  const isSelected = (job: string) => job.startsWith("Select/") && [...(pipeline?.before(job) ?? [])].some(isClassified);
  if (sorting === undefined || (sorting !== place.job && [place.job, ...before].some(isSelected))) return undefined;
  const numbers = [...classes].sort(([a], [b]) => a - b).map(([number, count]) => `${count} in class ${number}`);
  return {
    about: "classes",
    text: `Should all ${counted(rows, "particle")} of ${path} be published?`,
    why: `${sorting} put them into ${counted(classes.size, "class", "classes")} (${few(numbers, 6)}), and no later job has selected any of these.`,
    because: `particles of all classes of ${sorting}, of which nobody has selected any`,
    guess: "points",
  };
}

/** What a person clicks for a job of picks, and what RELION makes of it. Source: `get_particle_poses/spheres.py` and `filaments.py` of RELION 5 */
export const SHAPES = [
  { form: /^annotations\/[^/]+_spheres\.star$/, where: "on spheres", clicked: "spheres", guess: "leave-out" },
  { form: /^annotations\/[^/]+_filaments\.star$/, where: "along filaments", clicked: "filaments", guess: "points" },
] as const;

/** Steps on spheres or along filaments, at a distance that a person chose: places from which an alignment begins, until one has been made. */
function stepsOf(found: Found, { list, isAligned }: Ranked, { left }: Lists): Doubt | undefined {
  if (isAligned) return undefined;
  const all = [list.path, ...left.flatMap(({ one, by }) => (by.list === list ? [one.list.path] : []))];
  const picked = found.places.find(({ path, type, rest }) => type === "Picks" && rest === "particles.star" && all.includes(path));
  const shape = picked && SHAPES.find(({ form }) => shownIn(found, picked, form));
  if (!shape) return undefined;
  const { where, guess } = shape;
  return {
    about: "steps",
    text: `Are the ${counted(list.rows, "point")} in ${list.path} really particles?`,
    why: `${picked.job} put them ${where} at equal steps, and no later job aligned them.`,
    because: `steps ${where}, of ${picked.job}, which nobody aligned: no particles`,
    guess,
  };
}

const shownIn = ({ places }: Found, { root, job }: Place, form: RegExp): boolean =>
  places.some((other) => other.root === root && other.job === job && !other.isDeleted && form.test(other.rest));
