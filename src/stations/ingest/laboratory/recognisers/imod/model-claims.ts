import { few } from "../../../../../core/finding.js";
import { groupsOf, keyOf } from "../../../../../core/groups.js";
import { counted } from "../../../../../core/units.js";
import { mapLimit } from "../../../../../system/parallel.js";
import type { Claim, PointsReading, Question } from "../../claims.js";
import { stableId, theseFiles } from "../../questions.js";
import type { Laboratory, Surveyed, VolumeFacts } from "../../survey/laboratory.js";
import { baseName, folderOf } from "../common/paths.js";
import { showTheSameInside } from "../common/prints.js";
import { orReason } from "../common/reading.js";
import { modelsWithoutPoints } from "../peet/recognise.js";
import type { Dataset } from "./datasets.js";
import { isDrawnOn, type ModelFacts, modelFacts, placeOf } from "./models.js";
import { alignmentModel } from "./names.js";

export interface ModelClaims {
  readonly claims: readonly Claim[];
  readonly questions: readonly Question[];
  readonly notes: readonly string[];
}

const MODELS_IN_FLIGHT = 8;
const NAMED_MAX = 20;

/**
 * Models that no name of etomo explains, by what is drawn in them: scattered points are picks; outlines and surfaces are no points, and the portal has no
 * place for models.
 *
 * @param known files whose names say what they are
 */
export async function recogniseModels(
  laboratory: Laboratory,
  datasets: readonly Dataset[],
  known: ReadonlySet<string>,
): Promise<ModelClaims> {
  // a backup holds what somebody has changed since
  const models = laboratory.files.filter(({ path, format }) => format === "imod" && !known.has(path) && !path.endsWith("~"));
  // nobody is asked whether they are drawings, which would publish their particles twice
  const ofLists = models.length === 0 ? new Set() : await modelsWithoutPoints(laboratory);
  const all = models.filter(({ path }) => !ofLists.has(path));
  const steps = all.flatMap(({ path }): Claim[] => {
    const because = alignmentModel(baseName(path));
    return because === undefined ? [] : [{ path, role: "left out", because, strength: "contents" }];
  });
  const files = all.filter(({ path }) => alignmentModel(baseName(path)) === undefined);
  const surroundings = surroundingsOf(laboratory, datasets);
  const read = await mapLimit(files, MODELS_IN_FLIGHT, async ({ path }) => {
    const facts = await orReason(async () => modelFacts(await laboratory.open(path)));
    return "reason" in facts
      ? { path, fate: { unreadable: facts.reason } }
      : { path, fate: await fateOn(laboratory, path, facts.value, surroundings(path)) };
  });
  const notes = read.flatMap(({ fate }) => ("unreadable" in fate ? [`${fate.unreadable}. The model is left alone.`] : []));
  const fates = read.flatMap(({ path, fate }) => ("unreadable" in fate ? [] : [{ path, fate }]));
  // what a person has to export is named: its points are missed otherwise
  for (const [hint, group] of groupsOf(fates, ({ fate }) => fate.hint ?? ""))
    if (hint !== "")
      notes.push(
        `${few(
          group.map(({ path }) => path),
          NAMED_MAX,
        )}: ${group[0]!.fate.hint}`,
      );
  const asked = fates.filter(({ fate }) => fate.ask !== undefined);
  return {
    claims: [
      ...steps,
      ...fates.flatMap(({ path, fate: { claim, ask } }): Claim[] =>
        ask === undefined ? [{ path, strength: "contents", ...claim }] : [],
      ),
    ],
    questions: [...groupsOf(asked, ({ fate }) => keyOf(fate.ask!.kind, fate.claim.details?.object ?? ""))].map(([key, group]) =>
      questionOf(
        group.map(({ path, fate }) => ({ path, ...fate, ask: fate.ask! })),
        key,
      ),
    ),
    notes,
  };
}

interface Surroundings {
  readonly dataset?: Dataset | undefined;
  readonly tomogram?: Surveyed | undefined;
  /** Other volumes of the dataset with what they are. */
  readonly others: readonly { readonly file: Surveyed; readonly what: string }[];
}

interface Fate {
  readonly claim: Omit<Claim, "path" | "strength">;
  /** What to export, for the person. */
  readonly hint?: string | undefined;
  /** Points or not is a matter of opinion: what they would be. */
  readonly ask?: { readonly kind: keyof typeof DOUBTS; readonly count: number } | undefined;
}

/** A model that is called after another volume of the tomogram's size was drawn on that, which may have been turned. */
async function fateOn(laboratory: Laboratory, path: string, model: ModelFacts, around: Surroundings): Promise<Fate> {
  const { dataset, tomogram, others } = around;
  const fate = fateOf(path, model, around);
  if (fate.claim.role !== "points" || !tomogram?.volume || !isDrawnOn(model, tomogram.volume)) return fate;
  const under = others
    .filter(({ file }) => file.volume && isDrawnOn(model, file.volume) && isCalledAfter(path, file.path))
    .sort((a, b) => b.file.path.length - a.file.path.length)[0];
  if (!under || (await showTheSameInside(laboratory, under.file.path, tomogram.path))) return fate;
  return {
    claim: {
      role: "left out",
      run: dataset?.run,
      because: `called after ${baseName(under.file.path)}, which shows other places than ${baseName(tomogram.path)}`,
      details: { object: objectOf(path, model, dataset) },
    },
    hint: ELSEWHERE,
  };
}

const ELSEWHERE =
  "not published, since these models were drawn on other volumes: open them on the tomogram in 3dmod, and save them.";

const isCalledAfter = (model: string, volume: string): boolean => {
  const stem = baseName(volume)
    .replace(/\.(?:rec|mrc|hdf)$/i, "")
    .toLowerCase();
  const name = baseName(model).toLowerCase();
  return name.startsWith(stem) && !/[a-z0-9]/.test(name[stem.length] ?? "");
};

function fateOf(path: string, model: ModelFacts, { dataset, tomogram, others }: Surroundings): Fate {
  const run = dataset?.run;
  const object = objectOf(path, model, dataset);
  const leftOut = (because: string, hint?: string): Fate => ({
    claim: { role: "left out", run, because, details: { object } },
    hint,
  });
  const kinds = new Set(model.objects.map(({ kind }) => kind));
  if (kinds.size === 0 && !model.isOriented) return leftOut("a model without anything in it");
  const volume = tomogram?.volume;
  const other =
    volume && isDrawnOn(model, volume)
      ? undefined
      : others.find(({ file }) => file.volume && isDrawnOn(model, file.volume) && !(volume && isBinned(file.volume, volume)));
  if (other?.what === "stack")
    return leftOut(`drawn on images of the tilt series (${baseName(other.file.path)}), not on the tomogram`);
  if (other) return leftOut(`drawn on ${baseName(other.file.path)}, not on the tomogram`, ELSEWHERE);
  if (kinds.has("points") && kinds.size > 1) {
    const others = kinds.has("mesh") ? "surfaces" : "contours";
    const places = model.objects
      .filter(({ kind }) => kind === "points")
      .map(({ name, count }) =>
        counted(count, name === "" ? "point" : `point of ${name}`, name === "" ? "points" : `points of ${name}`),
      );
    return leftOut(
      `points and ${others} in one model: ${few(places)} beside them`,
      `models with points and ${others} are not read: write the objects with points into models of their own with imodextract, to have them published.`,
    );
  }
  if (kinds.has("mesh"))
    return leftOut(
      "surfaces as an IMOD model",
      "surfaces in IMOD models are not published: imod2obj writes them as OBJ, imodmop as a mask.",
    );
  if (kinds.has("outline")) {
    const count = model.objects.reduce((sum, one) => sum + one.count, 0);
    const what = `${counted(count, "closed contour")}${object === undefined ? "" : ` of ${object}`}, not points`;
    return leftOut(
      what,
      "closed contours are not published: make a mask of them with imodmop, or a surface with imodmesh and imod2obj.",
    );
  }
  const names = new Set(model.objects.map(({ name }) => name.toLowerCase()).filter((name) => name !== ""));
  if (names.size > 1)
    return leftOut(
      `several kinds of objects in one model: ${few([...names])}`,
      "not published, since several objects would become one list of points: write each into a model of its own with imodextract.",
    );
  const spacing = volume?.spacingsAngstrom[1];
  const place = placeOf(model, volume, spacing);
  if ("elsewhere" in place)
    return leftOut(
      place.elsewhere,
      "these models lie elsewhere: open them on the tomogram in 3dmod and save them, to have their points.",
    );
  const count = model.objects.reduce((sum, one) => sum + one.count, 0);
  const { isOriented } = model;
  const points: PointsReading = { format: "mod", shape: isOriented ? "OrientedPoint" : "Point", ...place.reading };
  const what = isOriented ? `${counted(model.slicers, "point")} with slicer angles` : counted(count, "scattered point");
  const areBeads = BEADS.test(object ?? "") || BEADS.test(baseName(path));
  const drawn = kinds.has("wild") ? "wild" : kinds.has("lines") ? "lines" : areBeads ? "beads" : undefined;
  const kind = isOriented ? undefined : drawn;
  const said =
    kind === undefined || kind === "beads"
      ? what
      : kind === "lines"
        ? counted(count, "open contour")
        : `contours of ${counted(count, "point")} that run through sections`;
  const of = run === undefined ? "" : `, ${belongs(path, dataset!)}`;
  const views =
    isOriented || model.slicers === 0
      ? ""
      : `; ${counted(model.slicers, "view")} with slicer angles not used: not one for each point`;
  return {
    claim: { role: "points", run, because: `it has ${said}, and ${place.because}${of}${views}`, details: { object, points } },
    ask: kind && { kind, count },
  };
}

const belongs = (path: string, { name, folder }: Dataset): string =>
  folderOf(path) === folder ? `in the folder of ${name}` : `called after ${name}`;

/** The name of the model's objects, or what its file's name has beside that of the dataset. */
function objectOf(path: string, { objects }: ModelFacts, dataset: Dataset | undefined): string | undefined {
  const named = objects.find(({ name }) => name !== "")?.name;
  if (named !== undefined) return named;
  const stem = baseName(path).replace(/\.[^.]*$/, "");
  const rest = dataset && stem.toLowerCase().startsWith(dataset.name.toLowerCase()) ? stem.slice(dataset.name.length) : stem;
  return (
    rest
      .replace(/^[ab]?[\s._-]+/, "")
      .replaceAll("_", " ")
      .trim() || undefined
  );
}

/** Words for the beads by which tilt series are aligned, which findbeads3d finds in tomograms; labels of gold may be called so, too. */
const BEADS = /(?:^|[^a-z])(?:gold|beads?|fid(?:ucial)?s?)(?=[^a-z]|$)/i;

/** What a person is asked about: what the model has, and what it would be other than places. */
const DOUBTS = {
  lines: { what: "lines of points (open contours), as traced lines do", others: "traced lines" },
  wild: { what: "points in closed contours that run through several sections, as drawings do", others: "drawings" },
  beads: { what: "a name that is given to the gold by which tilt series are aligned", others: "gold beads for the alignment" },
} as const;

function questionOf(group: readonly (Fate & { path: string; ask: NonNullable<Fate["ask"]> })[], key: string): Question {
  const [{ ask, claim }] = group as [(typeof group)[number], ...typeof group];
  const files = group.map(({ path }) => path);
  const object = claim.details?.object;
  const { what, others } = DOUBTS[ask.kind];
  return {
    id: stableId(`imod-${ask.kind}`, key),
    text: `Are the points of ${theseFiles(files)} ${object === undefined ? "particles" : `positions of “${object}”`}, or ${others}?`,
    why: `The ${group.length === 1 ? "model has" : "models have"} ${what}.`,
    files,
    options: [
      {
        answer: "points",
        says: "positions: each point is published",
        claims: group.map(({ path, claim: own }) => ({ path, strength: "contents", ...own })),
      },
      {
        answer: "leave-out",
        says: `${others}: not published`,
        claims: files.map((path) => ({ path, role: "left out", because: `${others}, not places`, strength: "contents" })),
      },
    ],
    guess: "leave-out",
  };
}

/** Whether a volume is another one with larger voxels, whole: of the same extent along each axis, by its header too. */
function isBinned(small: VolumeFacts, { shape, spacingsAngstrom: [, spacing] }: VolumeFacts): boolean {
  const [, own] = small.spacingsAngstrom;
  if (own === undefined || spacing === undefined) return false;
  const binning = own / spacing;
  return binning > 1.5 && shape.every((length, axis) => Math.abs(length / binning - small.shape[axis]!) < 1);
}

/** The dataset of a model with its volumes: by its folder, or by the name that the model's begins with. */
function surroundingsOf(laboratory: Laboratory, datasets: readonly Dataset[]): (path: string) => Surroundings {
  const byFolder = groupsOf(datasets, ({ folder }) => folder);
  const byName = groupsOf(datasets, ({ name }) => name.toLowerCase());
  const known = new Map<Dataset, Surroundings>();
  return (path) => {
    const near = byFolder.get(folderOf(path)) ?? [];
    const named = datasetNamed(path, byName);
    const dataset =
      near.length === 1 ? near[0] : (near.find((one) => named.includes(one)) ?? (named.length === 1 ? named[0] : undefined));
    if (!dataset) return { others: [] };
    const around = known.get(dataset) ?? volumesOf(laboratory, dataset);
    known.set(dataset, around);
    return around;
  };
}

function datasetNamed(path: string, byName: ReadonlyMap<string, Dataset[]>): Dataset[] {
  const name = baseName(path).toLowerCase();
  for (let cut = name.length; cut > 0; cut--) {
    if (cut < name.length && /[a-z0-9]/.test(name[cut]!)) continue;
    const found = byName.get(name.slice(0, cut));
    if (found) return found;
  }
  return [];
}

function volumesOf(laboratory: Laboratory, dataset: Dataset): Surroundings {
  const name = dataset.name.toLowerCase();
  const volumes = laboratory
    .inFolder(dataset.folder)
    .filter(({ path, volume }) => volume && (baseName(path).toLowerCase().startsWith(name) || /^sum[._]/i.test(baseName(path))));
  const of = (form: RegExp) => volumes.filter(({ path }) => form.test(baseName(path).slice(name.length)));
  const tomogram = of(/^(?:\.rec|_rec\.(?:mrc|hdf))$/i)[0];
  const stacks = of(/^[ab]?(?:\.(?:st|mrc|preali|ali)|_(?:\w+_)?(?:preali|ali|orig|fixed)\.(?:mrc|hdf|st))$/i);
  const untrimmed = volumes.filter((file) => file !== tomogram && !stacks.includes(file));
  return {
    dataset,
    tomogram,
    others: [...stacks.map((file) => ({ file, what: "stack" })), ...untrimmed.map((file) => ({ file, what: "volume" }))],
  };
}
