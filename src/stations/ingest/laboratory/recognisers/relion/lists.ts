import { few } from "../../../../../core/finding.js";
import { groupsOf } from "../../../../../core/groups.js";
import { counted } from "../../../../../core/units.js";
import { mapLimit } from "../../../../../system/parallel.js";
import type { Claim, PointsReading } from "../../claims.js";
import { type ParticleList, readingOf, readParticleList, seriesStem } from "../common/particles.js";
import { doubtOf, type Lists, type Ranked, SHAPES } from "./doubts.js";
import { type Imports, otherPixel, otherPixelOfJobs } from "./imports.js";
import { placeOf } from "./places.js";
import type { Found } from "./project.js";
import { areSame, type Placed, placed } from "./same-particles.js";
import type { Tomogram } from "./tomogram.js";
import { tomogramFinder } from "./tomograms.js";

const READS_IN_FLIGHT = 4;
/** STAR files that are looked at, at most. */
const STARS_MAX = 2_000;
/** Jobs that align particles. */
const ALIGNS: readonly string[] = ["InitialModel", "Class3D", "Refine3D", "MultiBody"];
/** A later list with fewer of the particles than this part is a trial. */
const TRIAL_PART = 0.1;

/**
 * Lists of particles. The same ones are in the lists of many jobs: the last that aligned them counts, of its last iteration; those that share no particles
 * are all points, but for those of which nothing tells that they are particles.
 *
 * @returns paths of lists whose tomograms no table has, such as those of RELION 3: others may know more of them; whether any list is of RELION 5 for sure
 */
export async function claimLists(
  found: Found,
  tomograms: readonly Tomogram[],
  imports: Imports,
): Promise<{ open: ReadonlySet<string>; isVersion5: boolean }> {
  const finder = tomogramFinder(found, tomograms);
  leaveIterations(found);
  const lists = await readLists(found, finder);
  const ranked = lists
    .map((list) => rankedOf(found, list, (name) => finder(list.path, name)))
    .sort((a, b) => byRank(a, b) || (a.list.path < b.list.path ? -1 : 1));
  const { kept, left } = withoutSame(ranked);
  for (const { one, by } of left) found.leave(one.list.path, sameText(one.list, by.list));
  leavePicks(found, kept);
  const isKnown = ({ list }: Placed) => [...list.series.keys()].some((name) => finder(list.path, name));
  const published: Ranked[] = [];
  for (const one of kept.filter(isKnown)) {
    const claim = claimOf(found, one.list, { finder, imports, tomograms });
    const question = claim.role === "points" ? doubtOf(found, one, { kept, left }, claim) : undefined;
    if (claim.role === "points" && (!question || question.guess === "points")) published.push(one);
    if (question) found.ask(question);
    else found.claim(claim);
  }
  found.notes.push(...partNotes({ kept: published, left }));
  const open = new Set(kept.filter((one) => !isKnown(one)).map(({ list }) => list.path));
  return { open, isVersion5: lists.some(({ hasStacks }) => hasStacks) };
}

/** Iterations of a job before its last one: `run_it024_data.star`, where there is a `run_it025_data.star` or, in the end, a `run_data.star`. */
function leaveIterations(found: Found): void {
  const iterations = found.places.flatMap((place) => {
    const [, ct, it, body] = /^run(?:_ct(\d+))?(?:_it(\d+))?(_body\d+)?_data\.star$/.exec(place.rest) ?? [];
    return /_data\.star$/.test(place.rest) && !place.isDeleted
      ? [{ ...place, rank: it === undefined ? Number.POSITIVE_INFINITY : Number(ct ?? 0) * 1e6 + Number(it), body: body ?? "" }]
      : [];
  });
  for (const group of groupsOf(iterations, ({ root, job, body }) => `${root}\0${job}\0${body}`).values()) {
    const last = group.reduce((best, one) => (one.rank > best.rank ? one : best));
    for (const { path, rank } of group)
      if (rank < last.rank) found.leave(path, `of an earlier iteration: the same particles as ${last.path}`);
  }
}

async function readLists(found: Found, finder: ReturnType<typeof tomogramFinder>): Promise<ParticleList[]> {
  const { laboratory, notes } = found;
  const stars = laboratory.files.filter(({ path, format }) => {
    const place = placeOf(path);
    return /\.star$/i.test(path) && format === "text" && !found.isTaken(path) && !place?.isDeleted && !place?.rest.includes("/");
  });
  if (stars.length > STARS_MAX)
    notes.push(`Of ${stars.length} STAR files the first ${STARS_MAX} were looked at for particles of RELION.`);
  const lists = await mapLimit(stars.slice(0, STARS_MAX), READS_IN_FLIGHT, async ({ path }) => {
    const list = await readParticleList(laboratory, path);
    if (list && "reason" in list && placeOf(path)) notes.push(`${list.reason}. The STAR file is left alone.`);
    return list && !("reason" in list) && isOwn(list, finder) ? list : undefined;
  });
  return lists.filter((list) => list !== undefined);
}

/** Lists of jobs, and those elsewhere that name tomograms of RELION. Outside the folders of jobs those that name series of Warp are its own. */
function isOwn(list: ParticleList, finder: ReturnType<typeof tomogramFinder>): boolean {
  const names = [...list.series.keys()];
  if (!["centred", "pixels"].includes(list.coordinates)) return false;
  if (placeOf(list.path)) return true;
  return names.some((name) => finder(list.path, name)) && !names.some((name) => /\.tomostar$/i.test(name));
}

function rankedOf(found: Found, list: ParticleList, tomogramOf: (name: string) => Tomogram | undefined): Ranked {
  const place = placeOf(list.path);
  const pipeline = place && found.projectOf(list.path)?.pipeline;
  const jobs = place ? [place.job, ...(pipeline?.before(place.job) ?? [])] : [];
  return {
    ...placed(list, tomogramOf),
    place,
    isAligned: list.isShifted || jobs.some((job) => ALIGNS.includes(job.split("/")[0]!)),
    hasFailed: place !== undefined && pipeline?.failed.has(place.job) === true,
  };
}

/** The best first: not of a failed job, readable, aligned, of the latest job. */
function byRank(a: Ranked, b: Ranked): number {
  const rank = ({ list, place, isAligned, hasFailed }: Ranked) => [
    hasFailed ? 0 : 1,
    canBeRead(list) ? 1 : 0,
    isAligned ? 1 : 0,
    place?.number ?? -2,
  ];
  const [first, second] = [rank(a), rank(b)];
  const at = first.findIndex((value, i) => value !== second[i]);
  return at < 0 ? 0 : second[at]! - first[at]!;
}

/** Origins in Å are subtracted from pixels: a list has to say their size. */
const canBeRead = ({ coordinates, hasOriginsAngstrom, tiltPixelAngstrom, imagePixelAngstrom }: ParticleList): boolean =>
  coordinates === "centred" || !hasOriginsAngstrom || (tiltPixelAngstrom ?? imagePixelAngstrom) !== undefined;

/** A list counts where no better one has its particles. Of a better one that has very few of them the longer counts. */
function withoutSame(ranked: readonly Ranked[]): Lists {
  const kept: Ranked[] = [];
  const by = new Map<Ranked, Ranked>();
  for (const [at, one] of ranked.entries()) {
    const better = ranked.slice(0, at).find((other) => !isTrialOf(other, one) && areSame(other, one));
    if (better) {
      by.set(one, better);
      continue;
    }
    for (const trial of kept.filter((other) => isTrialOf(other, one) && areSame(other, one))) {
      kept.splice(kept.indexOf(trial), 1);
      by.set(trial, one);
    }
    kept.push(one);
  }
  const lastOf = (one: Ranked): Ranked => (by.has(one) ? lastOf(by.get(one)!) : one);
  return { kept, left: [...by.keys()].map((one) => ({ one, by: lastOf(one) })) };
}

const isTrialOf = (few: Ranked, many: Ranked): boolean =>
  few.list.rows < TRIAL_PART * many.list.rows && few.isAligned === many.isAligned;

function sameText(list: ParticleList, by: ParticleList): string {
  const { rows } = list;
  if (list.isShifted && !canBeRead(list))
    return `the same particles as ${by.path}: its shifts would be lost, since it does not say the size of their pixels`;
  if (rows === by.rows) return `the same particles as ${by.path}`;
  return rows > by.rows
    ? `the same particles as ${by.path}, which has the ${by.rows} of ${rows} that were kept`
    : `the same particles as ${by.path}, ${rows} of ${by.rows}`;
}

/** Sentences on lists that a longer one was parted into, such as halves of a data set: only a person knows whether they are of one object. */
function partNotes({ kept, left }: Lists): string[] {
  const told = new Set<Ranked>();
  const wholes = left.flatMap(({ one: whole }) => {
    const parts = kept.filter((part) => part.list.rows < whole.list.rows && areSame(part, whole));
    return parts.length > 1 ? [{ whole, parts }] : [];
  });
  wholes.sort((a, b) => b.parts.length - a.parts.length || a.whole.list.rows - b.whole.list.rows);
  return wholes.flatMap(({ whole, parts }) => {
    if (parts.every((part) => told.has(part))) return [];
    for (const part of parts) told.add(part);
    const paths = parts.map(({ list }) => list.path).sort();
    return `${few(paths)} are parts of ${whole.list.path} with other particles each: each becomes an annotation of its own. Where they are of one object, name it alike in each.`;
  });
}

/** Picks of single tomograms: the list of their job has them all. Spheres and filaments are no particles themselves. */
function leavePicks(found: Found, kept: readonly Ranked[]): void {
  const lists = new Set([...kept.map(({ list }) => list.path), ...found.claims.map(({ path }) => path)]);
  for (const { path, type, rest, isDeleted } of found.places) {
    if (type !== "Picks" || isDeleted || !/^annotations\/[^/]+\.star$/.test(rest)) continue;
    const all = `${path.slice(0, path.length - rest.length)}particles.star`;
    const shape = SHAPES.find(({ form }) => form.test(rest));
    if (shape) found.leave(path, `${shape.clicked} that a person drew in one tomogram, and no particles`);
    else if (lists.has(all)) found.leave(path, `picks of one tomogram: ${all} has them all`);
  }
}

interface Known {
  readonly finder: ReturnType<typeof tomogramFinder>;
  readonly imports: Imports;
  readonly tomograms: readonly Tomogram[];
}

/** Why the places of a list do not count: Å that were measured with another pixel than the one that counts. */
function whyOtherPixel(found: Found, { path, tiltPixelAngstrom }: ParticleList, known: readonly Tomogram[], imports: Imports) {
  const place = placeOf(path);
  const jobs = place ? [place.job, ...(found.projectOf(path)?.pipeline.before(place.job) ?? [])] : [];
  return known
    .map((one) => otherPixel(tiltPixelAngstrom, imports(one)) ?? otherPixelOfJobs(jobs, imports(one)))
    .find((why) => why !== undefined);
}

const isImportedAgain = ({ project, run, name }: Tomogram, tomograms: readonly Tomogram[]): boolean =>
  tomograms.some((other) => other.project === project && other.run === run && other.name !== name);

function claimOf(found: Found, list: ParticleList, { finder, imports, tomograms }: Known): Claim {
  const { path, rows } = list;
  const named = [...list.series.keys()].map((name) => ({ name, tomogram: finder(path, name) }));
  const known = named.flatMap(({ tomogram }) => tomogram ?? []);
  const strange = named.filter(({ tomogram }) => !tomogram).map(({ name }) => name);
  if (strange.length > 0) found.notes.push(`${path} has particles of ${few(strange)}, which no table of tomograms has.`);
  const ofOtherPixel = whyOtherPixel(found, list, known, imports);
  if (ofOtherPixel !== undefined) return { path, role: "left out", because: ofOtherPixel, strength: "bookkeeping" };
  const again = known.filter((one) => one.run !== seriesStem(one.name) && isImportedAgain(one, tomograms));
  if (again.length > 0) {
    const because = `its rows have names of an import that was done again under others: ${few(again.map(({ name, run }) => `${name} is ${run}`))}`;
    return { path, role: "left out", because, strength: "bookkeeping" };
  }
  const place = placeOf(path);
  return {
    path,
    role: "points",
    runs: [...new Set(known.map(({ run }) => run))],
    because: `it has the latest places of ${counted(rows, "particle")}${place ? `, of ${place.job}` : ""}`,
    strength: "bookkeeping",
    details: { points: pointsOf(list, known), ...objectOf(found, list) },
  };
}

/**
 * Centred coordinates are read against the tomogram, whatever its voxels; pixels are those of the tilt series, as a job of RELION has them. Of a list that
 * another program wrote, such as ArtiaX, and that does not say the size of its pixels, these may be voxels: its range has to tell.
 */
function pointsOf(list: ParticleList, tomograms: readonly Tomogram[]): PointsReading {
  const [pixel, ...others] = new Set(tomograms.map(({ pixelAngstrom }) => pixelAngstrom));
  const isOfRelion = placeOf(list.path) !== undefined || list.imagePixelAngstrom !== undefined;
  const reading = readingOf(list, others.length === 0 && isOfRelion ? pixel : undefined);
  if (list.coordinates !== "centred") return reading;
  const sized = tomograms.flatMap(({ name, sizePixels, pixelAngstrom }) =>
    sizePixels === undefined || pixelAngstrom === undefined
      ? []
      : [[name, sizePixels.map((count) => Number((count * pixelAngstrom).toFixed(2)))] as const],
  );
  return { ...reading, unit: "format", ...(sized.length > 0 && { centredIn: Object.fromEntries(sized) }) };
}

/** The name that a person gave to the job. */
function objectOf(found: Found, { path }: ParticleList): { object?: string } {
  const place = placeOf(path);
  const object = place && found.projectOf(path)?.pipeline.aliases.get(place.job);
  return object === undefined ? {} : { object };
}
