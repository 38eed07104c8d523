import { groupsOf } from "../../../../../core/groups.js";
import { mapLimit } from "../../../../../system/parallel.js";
import { folderOf, within } from "../common/paths.js";
import { isBelow, type Place, placeOf } from "./places.js";
import type { Found } from "./project.js";

type Reason = string | ((place: Place) => string);
type Rule = readonly [form: RegExp, reason: Reason];

const AVERAGE: Reason = ({ job }) => `an average of particles, of ${job}`;
const AROUND_AVERAGE = "a mask around an average of particles";
const OF_PARTICLES: readonly Rule[] = [
  [/mask[^/]*\.mrc$/i, AROUND_AVERAGE],
  [/half[12][^/]*\.mrc$/i, ({ job }) => `a half map of an average of particles, of ${job}`],
  [/\.mrcs?$/i, AVERAGE],
];

/** What jobs write, by their kind. Source: `pipeline_jobs.cpp` and the programs of RELION 4.0 and 5.0. */
const BY_TYPE: Readonly<Record<string, readonly Rule[]>> = {
  MotionCorr: [
    [/_PS\.mrc$/i, "a power spectrum"],
    [/_(?:EVN|ODD)\.mrc$/i, "an average of half of the frames of one tilt"],
    [/\.mrcs?$/i, "the average of the frames of one tilt"],
    [/^tilt_series\//, "a project file of RELION"],
    [/\/[^/]+\.star$/i, "the motion between the frames of one tilt"],
  ],
  CtfFind: [
    [/\.(?:ctf|mrcs?)$/i, "a power spectrum"],
    [/\.(?:txt|com)$/i, "a CTF fit of one tilt"],
  ],
  Tomograms: [[/^projections\//, "a projection of a tomogram"]],
  Denoise: [[/^external\/|\.(?:tar\.gz|json|npz)$/i, "what a denoiser of tomograms was trained with"]],
  Extract: [[/\.mrcs?$/i, "images or weights of particles"]],
  PseudoSubtomo: [[/\.mrcs?$/i, "images or weights of particles"]],
  Subtract: [[/\.mrcs?$/i, "images or weights of particles"]],
  Class2D: [[/\.mrcs?$/i, "averages of images of particles"]],
  MaskCreate: [[/\.mrc$/i, AROUND_AVERAGE]],
  LocalRes: [[/locres[^/]*\.mrc$/i, "the local resolution of an average of particles"], ...OF_PARTICLES],
  InitialModel: OF_PARTICLES,
  Class3D: OF_PARTICLES,
  Refine3D: OF_PARTICLES,
  MultiBody: OF_PARTICLES,
  DynaMight: OF_PARTICLES,
  PostProcess: OF_PARTICLES,
  Reconstruct: OF_PARTICLES,
  ReconstructParticleTomo: OF_PARTICLES,
  Polish: OF_PARTICLES,
  FrameAlignTomo: OF_PARTICLES,
  CtfRefine: OF_PARTICLES,
  CtfRefineTomo: OF_PARTICLES,
};

const OF_ALL: readonly Rule[] = [
  [/(?:^|\/)(?:note\.txt|log\.(?:txt|html)|run[^/]*\.(?:out|err)|RELION_[A-Z_]+|[^/]+\.log)$/, "a log of RELION"],
  [/\.(?:pdf|eps|png|jpe?g|html)$/i, "a plot of RELION"],
  [/\.(?:star|xml|json|bild|dat)$/i, "a project file of RELION"],
];

const PICKS = /^annotations\/[^/]+\.star$/;

/** Files of jobs that nobody publishes. What people put there themselves stays open, as picks do that are in no list of particles. */
export function leaveFiles(found: Found, open: ReadonlySet<string>): void {
  for (const place of found.places) {
    const isOpen = open.has(place.path) || (place.type === "Picks" && PICKS.test(place.rest));
    if (found.isTaken(place.path) || (isOpen && !place.isDeleted)) continue;
    if (place.isDeleted) found.leave(place.path, `of the job ${place.job}, which was deleted in RELION`);
    else {
      const rules = [...(BY_TYPE[place.type] ?? []), ...(place.type === "External" ? [] : OF_ALL)];
      const reason = rules.find(([form]) => form.test(place.rest))?.[1];
      if (reason !== undefined) found.leave(place.path, typeof reason === "string" ? reason : reason(place));
    }
  }
  leaveBookkeeping(found);
}

const OF_PROJECT = /(?:^|\/)(?:default_pipeline|\.gui_\w+job|[^/]*job)\.star$|(?:^|\/)\.Nodes\/|(?:^|\/)\.relion_lock/;

/** Files of a project outside the folders of its jobs. */
function leaveBookkeeping({ laboratory, leave, isTaken, projectOf }: Found): void {
  for (const { path } of laboratory.files)
    if (OF_PROJECT.test(path) && !isTaken(path) && projectOf(path)) leave(path, "a project file of RELION");
}

/**
 * Jobs that people gave names to are there twice: RELION makes a link of that name, `Refine3D/ribosome`, to their folder. Where the list of jobs does not
 * have the name, the same files tell it. What the folder of the job has no more is left alone.
 */
export async function leaveAliases(found: Found): Promise<void> {
  const { laboratory, projects, leave } = found;
  const aliases = new Map(
    projects.flatMap(({ root, pipeline }) =>
      [...pipeline.aliases].map(([job, alias]) => [within(root, `${job.split("/")[0]}/${alias}`), within(root, job)] as const),
    ),
  );
  for (const [folder, job] of await equalFolders(found)) if (!aliases.has(folder)) aliases.set(folder, job);
  for (const folder of laboratory.folders())
    for (let at = folder; at !== ""; at = folderOf(at)) {
      const job = aliases.get(at);
      if (job === undefined) continue;
      for (const { path } of laboratory.inFolder(folder)) {
        if (laboratory.get(job + path.slice(at.length)) === undefined) continue;
        leave(path, `in the folder of ${placeOf(`${job}/x`)!.job} under the name that it was given`);
      }
    }
}

/** Files of a folder that are compared with those of a job. */
const COMPARED_MAX = 50;

/** Folders beside those of jobs, `Tomograms/final` beside `Tomograms/job012`, whose files are those of the job: by folder the job's. */
async function equalFolders({ laboratory, places, projects }: Found): Promise<Map<string, string>> {
  const jobs = new Map<string, Set<string>>();
  for (const { root, type, job, isDeleted } of places) {
    const parent = within(root, type);
    if (!isDeleted) jobs.set(parent, (jobs.get(parent) ?? new Set()).add(within(root, job)));
  }
  const equal = new Map<string, string>();
  for (const [parent, own] of jobs) {
    const known = laboratory.files.filter(({ path }) => isBelow(parent, path) && !placeOf(path));
    for (const [name, files] of groupsOf(known, ({ path }) => path.slice(parent.length + 1).split("/")[0]!)) {
      const folder = within(parent, name);
      const some = files.filter(({ path, size }) => path !== folder && size > 0).slice(0, COMPARED_MAX);
      for (const job of some.length === 0 || projects.some(({ root }) => root === folder) ? [] : own) {
        const twins = some.map(({ path }) => laboratory.get(job + path.slice(folder.length)));
        if (!twins.every((twin, at) => twin?.size === some[at]!.size)) continue;
        const digests = await mapLimit(some, 4, async ({ path }, at) =>
          (await laboratory.digest(path)) === (await laboratory.digest(twins[at]!.path)) ? 1 : 0,
        );
        if (digests.every((one) => one === 1)) equal.set(folder, job);
      }
    }
  }
  return equal;
}
