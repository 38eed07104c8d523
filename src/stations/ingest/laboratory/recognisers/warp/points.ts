import { few, fewFiles } from "../../../../../core/finding.js";
import { groupsOf } from "../../../../../core/groups.js";
import { counted } from "../../../../../core/units.js";
import { mapLimit } from "../../../../../system/parallel.js";
import type { Claim, Question } from "../../claims.js";
import { theseFiles } from "../../questions.js";
import { idOf } from "../common/names.js";
import { nearby } from "../common/nearby.js";
import {
  areSameParticles,
  NUMBERS_OF_ROW,
  type ParticleList,
  readingOf,
  readParticleList,
  seriesStem,
} from "../common/particles.js";
import { baseName, folderOf, within } from "../common/paths.js";
import type { Found } from "./project.js";

/** Lists of particles: those of the matching, those that WarpTools exported, those of M's species. */
export async function claimPoints(found: Found): Promise<{ questions: Question[] }> {
  const { kept, questions } = await claimMatching(found);
  const species = claimSpeciesFolders(found);
  const lists = await readOthers(found, species);
  claimExports(
    found,
    lists.filter(({ coordinates }) => coordinates !== "species"),
    kept,
  );
  return {
    questions: [
      ...questions,
      ...claimSpecies(
        found,
        lists.filter(({ coordinates }) => coordinates === "species"),
        species,
      ),
    ],
  };
}

const READS_IN_FLIGHT = 8;
/** `TS_1_10.00Apx_emd_15854.star`. Source: `TiltSeries.MatchFull` in warpem/warp's WarpLib */
const MATCHING = /^(.+)_(\d+\.\d{2})Apx_(.+)\.star$/i;

interface Matched {
  readonly list: ParticleList;
  readonly run: string;
  /** Name of the template, and what was added when peaks were thresholded. */
  readonly name: string;
  readonly template: string;
  /** Å of the tomogram that was matched. */
  readonly spacingAngstrom: number | undefined;
}

/** Peaks of the matching. Of those and of what `threshold_picks` kept of them, the latter. @returns the lists that are points */
async function claimMatching({ laboratory, project, claims, notes }: Found): Promise<{ kept: Matched[]; questions: Question[] }> {
  const files = [...project.tiltFolders].flatMap((folder) =>
    laboratory.inFolder(within(folder, "matching")).filter(({ path }) => /\.star$/i.test(path)),
  );
  const all = await mapLimit(files, READS_IN_FLIGHT, async ({ path }): Promise<Matched | undefined> => {
    const [, stem = "", spacing, name] = MATCHING.exec(baseName(path)) ?? [];
    const list = await readParticleList(laboratory, path);
    if (!list || "reason" in list) {
      if (list) notes.push(`${list.reason}. The list of points is left alone.`);
      return undefined;
    }
    const series =
      project.find(stem, path) ??
      (list.series.size === 1 ? project.find(seriesStem([...list.series.keys()][0]!), path) : undefined);
    const plain = name ?? baseName(path).replace(/\.star$/i, "");
    return (
      series && {
        list,
        run: series.run,
        name: plain,
        template: plain,
        spacingAngstrom: spacing === undefined ? undefined : Number(spacing),
      }
    );
  });
  const matched = all.filter((one) => one !== undefined);
  const kept: Matched[] = [];
  for (const group of groupsOf(matched, ({ run, list }) => `${run}\0${folderOf(list.path)}`).values()) {
    for (const one of group) {
      const part = group.find((other) => isPartOf(laboratory, other, one));
      const { path, rows } = one.list;
      if (part)
        claims.push({
          path,
          role: "left out",
          run: one.run,
          because: `all peaks of the matching: ${baseName(part.list.path)} has the ${part.list.rows} of ${rows} that were kept`,
          strength: "bookkeeping",
        });
      else kept.push({ ...one, template: group.find((other) => isPartOf(laboratory, one, other))?.name ?? one.name });
    }
  }
  const peaks = kept.map(
    ({ list, run, template, spacingAngstrom }): Claim => ({
      path: list.path,
      role: "points",
      run,
      because: `Warp found ${counted(list.rows, "peak")} of ${template} in ${run}`,
      strength: "bookkeeping",
      details: {
        // of a run with several tomograms the one whose voxels stand in the name was matched
        points: { ...readingOf(list), inSpacingAngstrom: spacingAngstrom },
        object: template,
        spacingAngstrom,
      },
    }),
  );
  const mirrored = peaks.filter(({ path }) => MIRRORED.test(path));
  claims.push(...peaks.filter((claim) => !mirrored.includes(claim)));
  claimTemplates(laboratory, claims, new Set(kept.map(({ template }) => template)));
  return { kept, questions: mirroredQuestions(mirrored, peaks) };
}

/** What `--check_hand` of ts_template_match adds. Source: `TiltSeries.MatchFull`, warpem.github.io */
const MIRRORED = /_flipx(?:_[^/]*)?\.star$/i;

/** Peaks of the mirror image of a template, by which Warp tells the hand of the tomograms: where there are others, those are the particles. */
function mirroredQuestions(mirrored: readonly Claim[], peaks: readonly Claim[]): Question[] {
  if (mirrored.length === 0) return [];
  const paths = mirrored.map(({ path }) => path);
  const because = "peaks of the mirror image of the template, which tell the hand of the tomogram";
  const isBeside = mirrored.every(({ run }) => peaks.some((other) => other.run === run && !mirrored.includes(other)));
  return [
    {
      id: "warp-flipx",
      text: `Should the points of ${theseFiles(paths)} be published?`,
      why: "Warp matched the mirror image of the template there, which is done to find out the handedness of tomograms.",
      files: paths,
      options: [
        {
          answer: "leave-out",
          says: "not published",
          claims: mirrored.map(({ path, run }): Claim => ({ path, run, role: "left out", because, strength: "bookkeeping" })),
        },
        { answer: "points", says: "published: the template had the other handedness", claims: mirrored },
      ],
      ...(isBeside && { guess: "leave-out" }),
    },
  ];
}

/** A list is what was kept of another one: it is called after it, has no scores of its own, and all of its peaks are there. */
function isPartOf(laboratory: Found["laboratory"], part: Matched, whole: Matched): boolean {
  const stem = part.list.path.replace(/\.star$/i, "");
  return (
    part !== whole &&
    part.name.startsWith(`${whole.name}_`) &&
    part.list.rows <= whole.list.rows &&
    !laboratory.get(`${stem}_corr.mrc`) &&
    areSameParticles(part.list, whole.list)
  );
}

function claimTemplates(laboratory: Found["laboratory"], claims: Claim[], templates: ReadonlySet<string>): void {
  const taken = new Set(claims.map(({ path }) => path));
  for (const { path, format } of laboratory.files) {
    const stem = format === "mrc" ? /^(.+)\.(?:mrc|map)$/i.exec(baseName(path))?.[1] : undefined;
    if (stem !== undefined && templates.has(stem) && !taken.has(path))
      claims.push({
        path,
        role: "left out",
        because: "the template of the matching, as its lists are called",
        strength: "bookkeeping",
      });
  }
}

interface Species {
  readonly folder: string;
  /** `ribo` of `ribo_1a2b3c4d`. */
  readonly name: string;
}

/** Files of M: populations, sources, and all in the folders of species but their lists of particles. */
function claimSpeciesFolders({ laboratory, claims }: Found): Species[] {
  const leave = (path: string, because: string) => claims.push({ path, role: "left out", because, strength: "bookkeeping" });
  const species = new Map<string, Species>();
  let isOfM = false;
  for (const { path } of laboratory.files) {
    const [, stem, end] = /^(.+)\.(population|source|species)$/i.exec(baseName(path)) ?? [];
    if (stem === undefined) continue;
    isOfM = true;
    leave(path, "a project file of M");
    if (end!.toLowerCase() === "species" && !isVersion(folderOf(path)))
      species.set(folderOf(path), { folder: folderOf(path), name: stem });
  }
  if (!isOfM) return [];
  for (const folder of laboratory.folders()) {
    const [, name] = /(?:^|\/)species\/([^/]+)_[0-9a-f]{4,}$/i.exec(folder) ?? [];
    if (name !== undefined && !species.has(folder)) species.set(folder, { folder, name });
  }
  for (const folder of laboratory.folders()) {
    const own = ownSpecies(folder, species);
    if (!own) continue;
    for (const { path, format } of laboratory.inFolder(folder)) {
      if (format === "mrc") leave(path, `an average of particles: ${own.name} of M, or a mask around it`);
      else if (folder !== own.folder) leave(path, `an older version of ${own.name} of M`);
      else if (/_(?:fsc|localres|angdist)\.star$/i.test(path)) leave(path, "a project file of M");
    }
  }
  return [...species.values()];
}

/** M keeps a species as it was before each refinement, with all of its files. */
const isVersion = (folder: string): boolean => /(?:^|\/)species\/[^/]+\/versions\//i.test(folder);

function ownSpecies(folder: string, species: ReadonlyMap<string, Species>): Species | undefined {
  for (let at = folder; at !== ""; at = folderOf(at)) {
    const found = species.get(at);
    if (found) return found;
  }
  return undefined;
}

/** STAR files that are looked at, at most. */
const STARS_MAX = 5_000;

/** Lists of particles elsewhere that name series as Warp does. Jobs of RELION are its own. */
async function readOthers({ laboratory, project, claims, notes }: Found, species: readonly Species[]): Promise<ParticleList[]> {
  const taken = new Set(claims.map(({ path }) => path));
  const inSpecies = new Set(species.map(({ folder }) => folder));
  const stars = laboratory.files.filter(
    ({ path, format }) =>
      /\.star$/i.test(path) &&
      format === "text" &&
      !taken.has(path) &&
      !/(?:^|\/)job\d+\//.test(path) &&
      !project.tiltFolders.has(folderOf(folderOf(path))),
  );
  if (stars.length > STARS_MAX)
    notes.push(`Of ${stars.length} STAR files the first ${STARS_MAX} were looked at for particles of Warp.`);
  const all = await mapLimit(stars.slice(0, STARS_MAX), READS_IN_FLIGHT, async ({ path }) => {
    const list = await readParticleList(laboratory, path);
    if (!list || "reason" in list) return undefined;
    const isOwn = list.coordinates === "species" || [...list.series.keys()].some((name) => /\.tomostar$/i.test(name));
    return isOwn || inSpecies.has(folderOf(path)) ? list : undefined;
  });
  return all.filter((one) => one !== undefined);
}

/** What WarpTools exported for RELION, with what it writes beside it. */
function claimExports(found: Found, lists: readonly ParticleList[], kept: readonly Matched[]): void {
  const { laboratory, claims } = found;
  const leave = (path: string, because: string) => claims.push({ path, role: "left out", because, strength: "bookkeeping" });
  for (const list of lists) {
    const { path } = list;
    const stem = path.replace(/\.star$/i, "");
    for (const end of ["_tomograms.star", "_optimisation_set.star"])
      if (laboratory.get(stem + end)) leave(stem + end, `written beside ${baseName(path)} for RELION`);
    const dummy = within(folderOf(path), "dummy_tiltseries.mrc");
    if (laboratory.get(dummy) && !claims.some((claim) => claim.path === dummy)) leave(dummy, "a dummy that RELION asks for");
    const same = kept.length === 0 ? undefined : sameParticles(found, list, kept);
    if (same !== undefined) leave(path, `the same particles as the lists of ${same} in ${folderOf(kept[0]!.list.path)}`);
    else
      claimList(found, list, {
        because: `its rows name tilt series of Warp`,
        details: { points: readingOf(list) },
      });
  }
}

/** Part of the particles that lie where the peaks are, at least: sizes of tomograms are rounded. */
const FOUND_MIN = 0.95;

/** The template whose lists have the same particles: as many in each run, in whatever order, and at the same places. */
function sameParticles(found: Found, list: ParticleList, kept: readonly Matched[]): string | undefined {
  const { project, claims } = found;
  const tomograms = groupsOf(
    claims.filter(({ role, run }) => role === "tomogram" && run !== undefined),
    ({ run }) => run!,
  );
  for (const [template, group] of groupsOf(kept, (one) => one.template)) {
    const ofRuns = groupsOf(
      group.filter((one) => one.list.rows > 0),
      ({ run }) => run,
    );
    const rowsOf = (run: string) => ofRuns.get(run)?.reduce((sum, one) => sum + one.list.rows, 0);
    const series = [...list.series].map(([name, rows]) => {
      const stem = seriesStem(name);
      return { stem, rows, run: project.find(stem, list.path)?.run };
    });
    const isSame = ({ stem, rows, run }: (typeof series)[number]) =>
      run !== undefined &&
      rowsOf(run) === rows &&
      areThere(list, stem, sizedPeaks(found, ofRuns.get(run)!, tomograms.get(run) ?? []));
    if (series.length === ofRuns.size && series.every(isSame)) return template;
  }
  return undefined;
}

interface Peaks {
  /** x, y, z of each, Å from the first voxel of the tomogram. */
  readonly places: readonly number[];
  /** Å of the largest voxel. */
  readonly voxelAngstrom: number;
}

/** Peaks of a run, which are parts of its tomogram; undefined where nothing tells the size of that. */
function sizedPeaks({ laboratory }: Found, lists: readonly Matched[], tomograms: readonly Claim[]): Peaks | undefined {
  const places: number[] = [];
  let voxelAngstrom = 0;
  const sized = tomograms.flatMap(({ path, details }) => {
    const volume = laboratory.get(path)?.volume;
    const spacing = details?.spacingAngstrom ?? volume?.spacingsAngstrom[0] ?? 0;
    return volume && spacing > 0 ? { shape: volume.shape, spacing } : [];
  });
  for (const { list, spacingAngstrom } of lists) {
    const own = sized.find(({ spacing }) => spacing === spacingAngstrom) ?? sized[0];
    if (!own || list.coordinates !== "parts") return undefined;
    voxelAngstrom = Math.max(voxelAngstrom, own.spacing);
    for (const numbers of list.numbers.values())
      for (let row = 0; row < numbers.length; row += NUMBERS_OF_ROW)
        for (let axis = 0; axis < 3; axis++) places.push(numbers[row + axis]! * own.shape[2 - axis]! * own.spacing);
  }
  return { places, voxelAngstrom };
}

/** Whether the particles of a tilt series lie at the peaks, but for a voxel. */
function areThere({ numbers, imagePixelAngstrom: pixel }: ParticleList, stem: string, peaks: Peaks | undefined): boolean {
  const own = numbers.get(stem);
  if (!peaks || pixel === undefined) return false;
  // of a very long list the first rows tell it
  if (!own) return numbers.size > 0;
  const isNear = nearby(peaks.places, peaks.voxelAngstrom);
  let count = 0;
  for (let row = 0; row < own.length; row += NUMBERS_OF_ROW) {
    const place = [0, 1, 2].map((axis) => own[row + axis]! * pixel - own[row + 3 + axis]!);
    if (isNear(place, 0)) count++;
  }
  return count >= (FOUND_MIN * own.length) / NUMBERS_OF_ROW;
}

/** A claim on a list of several series, or what hinders it. */
function claimList(
  found: Found,
  list: ParticleList,
  { because, details, software }: Pick<Claim, "because" | "details" | "software">,
): Claim | undefined {
  const { project, claims, notes } = found;
  const { path } = list;
  const series = [...list.series.keys()].map((name) => ({ name, series: project.find(seriesStem(name), path) }));
  const strange = series.filter((one) => !one.series).map(({ name }) => name);
  if (strange.length > 0)
    notes.push(
      `${path} has particles of ${few(strange)}, which ${strange.length === 1 ? "is" : "are"} no tilt series of the folder.`,
    );
  const known = series.flatMap((one) => one.series ?? []);
  if (known.length === 0) return undefined;
  const claim: Claim = {
    path,
    role: "points",
    ...(series.length === 1 ? { run: known[0]!.run } : { runs: [...new Set(known.map(({ run }) => run))] }),
    because,
    strength: "bookkeeping",
    details,
    ...(software !== undefined && { software }),
  };
  claims.push(claim);
  return claim;
}

/**
 * Particles of M's species are those that were given to it, with better places: where other lists of their runs are there, a person decides which are
 * published.
 */
function claimSpecies(found: Found, lists: readonly ParticleList[], species: readonly Species[]): Question[] {
  const { claims } = found;
  const questions: Question[] = [];
  const others = claims.filter(({ role }) => role === "points");
  const runsOf = ({ run, runs = [] }: Claim) => (run === undefined ? runs : [run]);
  for (const list of lists) {
    const { path } = list;
    const name =
      species.find(({ folder }) => folder === folderOf(path))?.name ?? baseName(path).replace(/(?:_particles)?\.star$/i, "");
    const claim = claimList(found, list, {
      because: `M refined the particles of ${name}`,
      software: "M",
      details: { points: readingOf(list), object: name },
    });
    const own = claim && new Set(runsOf(claim));
    const beside = others.filter((other) => runsOf(other).some((run) => own?.has(run)));
    if (!claim || beside.length === 0) continue;
    claims.splice(claims.indexOf(claim), 1);
    questions.push({
      id: `warp-species-${idOf(name)}`,
      text: `Should the particles that M refined, ${path}, be published, too?`,
      why: `There are other lists of these tomograms: ${fewFiles(beside.map((other) => other.path))}. They may have the same particles, ${list.rows} in the list of M, which moves them in volumes that it deforms.`,
      files: [path],
      options: [
        {
          answer: "leave-out",
          says: "no: the other lists are enough",
          claims: [
            {
              path,
              role: "left out",
              because: "M's refined places of particles that are in another list",
              strength: "bookkeeping",
            },
          ],
        },
        {
          answer: "points",
          says: "yes, beside the others; leave a list with the same particles out in the file of decisions",
          claims: [claim],
        },
      ],
      guess: "leave-out",
    });
  }
  return questions;
}
