import { few } from "../../../../../core/finding.js";
import { peetName } from "../../../../../formats/points/peet-name.js";
import { type PeetProject, parsePeetProject } from "../../../../../formats/points/peet-project.js";
import type { Claim, Option, PointsReading, Question, Recogniser } from "../../claims.js";
import type { Laboratory } from "../../survey/laboratory.js";
import { idOf } from "../common/names.js";
import { baseName, folderOf, type TailFinder, tailFinder, within } from "../common/paths.js";
import { orReason } from "../common/reading.js";
import { modelFacts, placeOf } from "../imod/models.js";

/**
 * PEET: a project (`.prm`) names tomograms, models of points and motive lists by tomogram. The lists of the last iteration are the points; they have the
 * positions of their model, so that it is not published a second time. Averages, references and masks are left out.
 *
 * Source: https://bio3d.colorado.edu/ftp/PEET/man/html/man1/PEET.1.html, https://bio3d.colorado.edu/PEET/PEETmanual.html
 */
export const peet: Recogniser = {
  id: "peet",
  software: "PEET",
  async recognise(laboratory) {
    const known = await foundIn(laboratory);
    if (known === undefined) return undefined;
    const { projects, found } = known;
    const questions = modelQuestions(found);
    for (const { files } of questions) for (const path of files) found.claims.delete(path);
    return {
      software: "PEET",
      by: projects.slice(0, 3).map(({ path }) => path),
      claims: [...found.claims.values()],
      questions,
      notes: found.notes,
    };
  },
};

/** Models that are known to be no list of points by themselves: the motive lists have their positions, or they are what PEET's programs began with. */
export async function modelsWithoutPoints(laboratory: Laboratory): Promise<ReadonlySet<string>> {
  const claims = (await foundIn(laboratory))?.found.claims.values() ?? [];
  return new Set([...claims].flatMap(({ path, role }) => (role === "left out" && /\.mod$/i.test(path) ? path : [])));
}

async function foundIn(
  laboratory: Laboratory,
): Promise<{ readonly projects: readonly Project[]; readonly found: Found } | undefined> {
  const projects = await projectsOf(laboratory);
  if (projects.length === 0) return undefined;
  const found: Found = {
    laboratory,
    finder: tailFinder(laboratory.files.map(({ path }) => path)),
    claims: new Map(),
    listed: new Map(),
    byModel: new Map(),
    notes: [],
  };
  for (const project of projects) await claimProject(project, found);
  for (const folder of new Set(projects.map(({ folder }) => folder))) claimFolder(laboratory, folder, found);
  for (const claim of found.listed.values()) found.claims.set(claim.path, claim);
  return { projects, found };
}

interface Project extends PeetProject {
  readonly path: string;
  readonly folder: string;
}

interface Found {
  readonly laboratory: Laboratory;
  readonly finder: TailFinder;
  /** By path: a file of several projects is claimed once. */
  readonly claims: Map<string, Claim>;
  /** Models whose points a list has: left out, whichever other project names them. */
  readonly listed: Map<string, Claim>;
  /** Lists that have the points of a model, by the model. */
  readonly byModel: Map<string, { readonly claim: Claim; readonly iteration: number }[]>;
  readonly notes: string[];
}

const PRM_BYTES_MAX = 4 * 1024 * 1024;

async function projectsOf(laboratory: Laboratory): Promise<Project[]> {
  const projects: Project[] = [];
  for (const { path, format } of laboratory.files) {
    if (!/\.prm$/i.test(path) || format !== "text") continue;
    const project = parsePeetProject((await laboratory.text(path, PRM_BYTES_MAX)) ?? "");
    if (project.volumes.length > 0 && project.models.length > 0) projects.push({ ...project, path, folder: folderOf(path) });
  }
  return projects;
}

async function claimProject(project: Project, found: Found): Promise<void> {
  const { path, folder, models, volumes, motiveLists } = project;
  const { finder, notes } = found;
  const said = baseName(path);
  put(found, { path, role: "left out", because: "a project file of PEET", strength: "bookkeeping" });
  const lastOf = lastLists(project, found.laboratory);
  const missing: string[] = [];
  const gone: string[] = [];
  for (const [at, written] of volumes.entries()) {
    const number = at + 1;
    const tomogram = finder.find(written, folder, (one) => found.laboratory.get(one)!.volume !== undefined);
    const model = models[at] === undefined ? undefined : finder.find(models[at]!, folder);
    const tie = tomogram === undefined ? {} : { sameRunAs: tomogram };
    // of a run with several voxel sizes the model was made on this one
    const of = tomogram === undefined ? {} : { of: tomogram };
    const pixels = tomogram === undefined && model !== undefined ? await pixelsOf(model, found.laboratory) : undefined;
    if (tomogram === undefined) missing.push(`${number} (${baseName(written.replaceAll("\\", "/"))})`);
    else
      put(found, {
        path: tomogram,
        role: "tomogram",
        because: `${said} names it as tomogram ${number}`,
        strength: "bookkeeping",
      });
    const begun = motiveLists[at] === undefined ? undefined : finder.find(motiveLists[at]!, folder, (one) => /\.csv$/i.test(one));
    // the reader finds the model by the project, in the folder of the list
    const list = lastOf.get(number) ?? (begun !== undefined && folderOf(begun) === folder ? begun : undefined);
    if (list !== undefined && model !== undefined && isReached(model, list)) {
      const points = { format: "peet_motl", shape: "OrientedPoint" as const, unit: "voxels" as const, ...of, ...pixels };
      const because = `${said} names its model and its tomogram ${number}`;
      const tied: Claim = {
        path: list,
        role: "points",
        because,
        strength: "bookkeeping",
        details: { points, ...objectOf(project) },
        ...tie,
      };
      put(found, tied);
      found.byModel.set(model, [...(found.byModel.get(model) ?? []), { claim: tied, iteration: iterationOf(list) }]);
      found.listed.set(model, {
        path: model,
        role: "left out",
        because: `the positions of ${baseName(list)}, which has their orientations, too`,
        strength: "bookkeeping",
      });
    } else if (model !== undefined) {
      if (list !== undefined)
        notes.push(
          `${list}: its model ${model} lies elsewhere, so that the points have no orientations. Copy the model beside the list to have them.`,
        );
      const points = { format: "mod", shape: "Point" as const, ...of, ...pixels };
      const tied: Claim = {
        path: model,
        role: "points",
        because: `${said} names it as the points of tomogram ${number}`,
        strength: "bookkeeping",
        details: { points, ...objectOf(project) },
        ...tie,
      };
      put(found, tied);
    } else if (list !== undefined)
      notes.push(
        `${list}: a motive list has no positions, and its model ${models[at] ?? ""} is not in the folder. Copy it there.`,
      );
    else if (models[at] !== undefined) gone.push(`${number} (${baseName(models[at]!.replaceAll("\\", "/"))})`);
  }
  if (gone.length > 0) notes.push(`${path}: its models of tomograms ${few(gone)} are not in the folder.`);
  if (missing.length > 0)
    notes.push(`${path}: particles of tomograms that are not in the folder are not published: ${few(missing)}.`);
}

/** Å of the voxels that a model was drawn on, where the tomogram that the project names is not there: another one may have others. */
async function pixelsOf(model: string, laboratory: Laboratory): Promise<Partial<PointsReading> | undefined> {
  const read = await orReason(async () => placeOf(await modelFacts(await laboratory.open(model)), undefined, undefined));
  return "value" in read && "reading" in read.value ? read.value.reading : undefined;
}

/** The reader of motive lists looks for their model beside them and in the folder above. */
function isReached(model: string, list: string): boolean {
  return [folderOf(list), folderOf(folderOf(list))].includes(folderOf(model));
}

/** What PEET averages is what its output is called after. */
function objectOf({ output }: Project): { object?: string } {
  const name = output === undefined ? "" : baseName(output.replaceAll("\\", "/"));
  return /^\p{L}{4,}$/u.test(name) ? { object: name } : {};
}

/** By number of the tomogram the list of the last iteration. */
function lastLists({ folder, output }: Project, laboratory: Laboratory): Map<number, string> {
  const last = new Map<number, { path: string; iteration: number }>();
  const object = output === undefined ? undefined : baseName(output.replaceAll("\\", "/"));
  for (const { path } of laboratory.inFolder(folder)) {
    const name = peetName(baseName(path));
    if (name?.kind !== "motives" || name.object !== object) continue;
    const { tomogram, iteration } = name;
    if (iteration > (last.get(tomogram)?.iteration ?? -1)) last.set(tomogram, { path, iteration });
  }
  return new Map([...last].map(([tomogram, { path }]) => [tomogram, path]));
}

const iterationOf = (list: string): number => {
  const name = peetName(baseName(list));
  return name?.kind === "motives" ? name.iteration : 0;
};

/**
 * Projects that have aligned the particles of one model: their lists have the same particles, each moved by its own alignment. The list of most iterations
 * is taken until somebody answers.
 */
function modelQuestions({ byModel, claims }: Found): Question[] {
  const several = [...byModel].flatMap(([model, all]) => {
    const lists = [...new Map(all.map((one) => [one.claim.path, one])).values()].filter(
      ({ claim }) => claims.get(claim.path)?.role === "points",
    );
    return lists.length > 1 ? [{ model, lists: lists.sort((a, b) => b.iteration - a.iteration) }] : [];
  });
  return several.map(({ model, lists }): Question => {
    const options = lists.map(
      ({ claim }, at): Option => ({
        answer: `${at + 1}`,
        says: `${claim.path}: its shifts and orientations are published`,
        claims: lists.map((other): Claim => {
          const { path, run } = other.claim;
          if (other.claim === claim) return claim;
          return {
            path,
            run,
            role: "left out",
            because: `the particles of ${baseName(model)} are in ${claim.path}`,
            strength: "bookkeeping",
          };
        }),
      }),
    );
    return {
      id: `peet-${idOf(model)}`,
      text: `Which alignment of the particles of ${model} should be published?`,
      why: "PEET aligned the same particles several times. Lists that you do not choose are not published.",
      files: lists.map(({ claim }) => claim.path),
      options: [
        ...options,
        { answer: "all", says: "all of them: each particle is published several times", claims: lists.map(({ claim }) => claim) },
      ],
      guess: "1",
    };
  });
}

/** The rest of a project's folder. */
function claimFolder(laboratory: Laboratory, folder: string, found: Found): void {
  for (const { path } of laboratory.inFolder(folder)) {
    const name = baseName(path);
    const kind = peetName(name)?.kind;
    const end = /[_-](head|tail|centroid)\.mod$/i.exec(name)?.[1]?.toLowerCase();
    if (end !== undefined) {
      const because = `the ${end}s of stalks, from which PEET's stalkInit makes directions: no list of places`;
      put(found, { path, role: "left out", because, strength: "bookkeeping" });
      continue;
    }
    const filled = name.replace(/\.mod$/i, "_PtsAdded.mod");
    if (filled !== name && laboratory.get(within(folder, filled))) {
      const because = `the lines that addModPts filled with the points of ${filled}: no list of places`;
      put(found, { path, role: "left out", because, strength: "bookkeeping" });
      continue;
    }
    const because =
      kind === "motives"
        ? "a motive list of an earlier iteration, or of no tomogram that is known"
        : kind === "other"
          ? "a motive list from which PEET began"
          : kind === "average" || kind === "reference" || /_(?:Avg|Unmasked|Mask)\w*\.(?:mrc|rec)$/i.test(name)
            ? "an average of particles, or a reference or mask for it"
            : /_RotAxes\.csv$/i.test(name)
              ? "axes about which PEET turns the particles: no list of places"
              : kind === "project" || /\.(?:com|log|mat)$/i.test(name)
                ? "a project file of PEET"
                : undefined;
    if (because !== undefined) put(found, { path, role: "left out", because, strength: "bookkeeping" });
  }
}

/** The first claim on a file counts, but for points, which count before what is left out. */
function put({ claims }: Found, claim: Claim): void {
  const known = claims.get(claim.path);
  if (!known || (known.role === "left out" && claim.role === "points")) claims.set(claim.path, claim);
}
