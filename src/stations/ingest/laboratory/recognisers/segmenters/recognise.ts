import { few, fewFiles } from "../../../../../core/finding.js";
import { groupsOf, keyOf } from "../../../../../core/groups.js";
import { mapLimit } from "../../../../../system/parallel.js";
import type { Claim, Details, Question, Recogniser } from "../../claims.js";
import { stableId, theseFiles } from "../../questions.js";
import { withoutNumbers } from "../../run-names.js";
import type { Laboratory } from "../../survey/laboratory.js";
import { isAverage } from "../common/averages.js";
import { isonetMasks } from "../common/isonet-masks.js";
import { knownBeginning, stemOf } from "../common/names.js";
import { areOfSites, nearestFinder } from "../common/nearest.js";
import { folderOf, otherSessions } from "../common/paths.js";
import { isSameGrid, shapeKey, type Volume, volumesOf } from "../common/volumes.js";
import { configuredLabels } from "./configured-labels.js";
import { labelNames } from "./label-names.js";
import { type Labels, labelsOf } from "./labels.js";
import { madeOfMeshes, stepsOfTomosegmemtv } from "./made-of-labels.js";
import { type Ending, endingOf, objectOf, SCORES_OF_MATCHING, SEGMENTED } from "./names.js";
import { pickedPoints } from "./picks.js";

/**
 * Segmentations: a volume whose name or folder speaks of one, and which holds a few whole numbers. With several numbers a person says whether each is an
 * object of its own.
 */
export const segmenters: Recogniser = {
  id: "segmenters",
  software: "segmenters",
  async recognise(laboratory) {
    const volumes = volumesOf(laboratory);
    const byName = groupsOf(volumes, ({ path, volume }) => `${shapeKey(volume)}\0${stemOf(path).toLowerCase()}`);
    const grids: Grids = { byName, nearest: nearestFinder(byName), isOfOther: otherSessions(laboratory.folders()) };
    const isMaskOfIsonet = isonetMasks(laboratory);
    const candidates = volumes.filter((file) => (mayBeSegmentation(file) || isMadeOf(file, grids)) && !isMaskOfIsonet(file.path));
    const found = await mapLimit(candidates, READS_IN_FLIGHT, async (file) =>
      recogniseOne(laboratory, file, { labels: await labelsOf(laboratory, file), grids }),
    );
    const picked = await pickedPoints(laboratory);
    const claims: Claim[] = [
      ...tardisTables(laboratory),
      ...(await tardisPoints(laboratory)),
      ...picked.claims,
      ...stepsOfTomosegmemtv(laboratory),
      ...madeOfMeshes(laboratory),
    ];
    const configured = await configuredLabels(laboratory);
    const many: Many[] = [];
    for (const one of found) {
      if (one === undefined) continue;
      if ("values" in one) many.push({ ...one, names: await namesIn(laboratory, one, configured.get(folderOf(one.path))) });
      else claims.push(one);
    }
    const known = found.filter((one) => one !== undefined).filter(({ path }) => endingOf(stemOf(path))?.software !== undefined);
    const software = [...new Set(known.flatMap(({ path }) => endingOf(stemOf(path))?.software ?? []))].sort().join(", ");
    const notes = otherFormats(laboratory);
    if (claims.length + many.length + notes.length + picked.questions.length === 0) return undefined;
    const asked = ofOneKind(many, claims);
    return {
      software,
      by: (known.length > 0 ? known : [...claims, ...many]).slice(0, 3).map(({ path }) => path),
      claims,
      questions: [...questionsOf(asked), ...picked.questions],
      notes,
    };
  },
};

const READS_IN_FLIGHT = 4;

/** Volumes by their shape and name. */
interface Grids {
  readonly byName: ReadonlyMap<string, readonly Volume[]>;
  readonly nearest: ReturnType<typeof nearestFinder<Volume>>;
  readonly isOfOther: ReturnType<typeof otherSessions>;
}

/** A mask with several numbers. */
interface Many extends Claim {
  readonly values: readonly number[];
  /** Those of this very file. */
  readonly own?: readonly number[];
  /** What each of them is called, where a table tells all. */
  readonly names?: Readonly<Record<string, string>> | undefined;
}

/**
 * Masks of one kind, one a run, have all of their numbers in common: where one of them has several, what a single one means in another run is as open, unless
 * the program is known, and with it what it segments.
 *
 * @returns for each mask that is asked about the numbers of its kind, in which its own are
 */
function ofOneKind(many: readonly Many[], claims: Claim[]): Many[] {
  const kinds = groupsOf(many, ({ path }) => withoutNumbers(path));
  const single = claims.filter(
    ({ path, role, software, details }) =>
      role === "mask" && software === "" && details?.label !== undefined && kinds.has(withoutNumbers(path)),
  );
  for (const claim of single) claims.splice(claims.indexOf(claim), 1);
  const all = [...many, ...single.map((claim): Many => ({ ...claim, values: [claim.details!.label!] }))];
  const values = new Map(
    [...groupsOf(all, ({ path }) => withoutNumbers(path))].map(([kind, group]) => [
      kind,
      [...new Set(group.flatMap((one) => one.values))].sort((a, b) => a - b),
    ]),
  );
  return all.map((one) => ({ ...one, own: one.values, values: values.get(withoutNumbers(one.path))! }));
}

/** The names of the labels of a mask: also of those that no section shows which was looked at. */
async function namesIn(
  laboratory: Laboratory,
  { path, values }: Many,
  configured: ReadonlyMap<number, string> | undefined,
): Promise<Many["names"]> {
  const told = await labelNames(laboratory, folderOf(path));
  const names = told.size > 0 ? told : (configured ?? told);
  if (!values.every((value) => names.has(value))) return undefined;
  return Object.fromEntries(
    [...names].filter(([label]) => label > 0 && label <= Math.max(...values)).map(([label, name]) => [`${label}`, name]),
  );
}

function mayBeSegmentation(file: Volume): boolean {
  const { path, volume } = file;
  if (volume.says === "stack" || isAverage(file)) return false;
  return (
    endingOf(stemOf(path)) !== undefined ||
    SEGMENTED.test(stemOf(path)) ||
    folderOf(path)
      .split("/")
      .some((part) => SEGMENTED.test(part))
  );
}

/** Whole numbers by the header, and called after a tomogram of its size: whatever word somebody has added is what it shows. */
function isMadeOf(file: Volume, grids: Grids): boolean {
  const { mode, least, most, says } = file.volume;
  const isWhole = mode === 0 || (least === 0 && most !== undefined && most > 0 && most < 256 && Number.isInteger(most));
  return isWhole && says !== "stack" && !isAverage(file) && (originalOf(file, grids)?.rest ?? "") !== "";
}

function recogniseOne(
  laboratory: Laboratory,
  file: Volume,
  { labels, grids }: { readonly labels: Labels | undefined; readonly grids: Grids },
): Claim | Many | undefined {
  const { path } = file;
  const stem = stemOf(path);
  const ending = endingOf(stem);
  // orientations are numbers of a list, and so whole ones, too
  if (ending?.leftOut !== undefined) {
    const job = path.replace(/_scores\.\w+$/i, "_job.json");
    const isMatched = hasOrientations(file, grids) || (job !== path && laboratory.get(job) !== undefined);
    const because = isMatched ? SCORES_OF_MATCHING : ending.leftOut;
    return { path, role: "left out", because, strength: "contents" };
  }
  if (!labels) return undefined;
  const original = originalOf(file, grids);
  // a mask around particles has the size of their box, not of a tomogram
  if (labels.values.length === 0) return undefined;
  if (labels.areGrey && labels.values.length > LABELS_SHOWN)
    return { path, role: "left out", because: GREY, strength: "contents" };
  const of = original?.isOnly ? `, and the size and name of ${original.file.path}` : "";
  const because = `it holds whole numbers alone${of}`;
  const details = detailsOf(labels, ending, original?.rest ?? "");
  const tied = original?.isOnly ? { sameRunAs: original.file.path } : {};
  // of several programs that are known here only the one whose ending it has made it
  const software = ending?.software ?? "";
  const claim: Claim = { path, role: "mask", because, strength: "contents", details, software, ...tied };
  const isTold = details.isInstances === true || labels.values.length === 1;
  return isTold ? claim : { ...claim, values: labels.values };
}

const GREY = "grey values or probabilities, and no labels: a mask is made of them by a threshold";

/** A matching leaves the best orientation of each voxel beside its scores; a segmentation has none. */
function hasOrientations({ path, volume }: Volume, { byName: grids }: Grids): boolean {
  const stem = stemOf(path).toLowerCase();
  const alike = grids.get(`${shapeKey(volume)}\0${stem.replace(/_scores$/, "_angles")}`) ?? [];
  return stem.endsWith("_scores") && alike.some((other) => folderOf(other.path) === folderOf(path));
}

function detailsOf({ values }: Labels, ending: Ending | undefined, rest: string): Details {
  const object = ending?.object ?? objectOf(rest);
  return {
    ...(object !== undefined && { object }),
    ...(ending?.isInstances ? { isInstances: true } : values.length === 1 && { label: values[0]! }),
  };
}

/** The tomogram that a segmentation is called after, what its name has more, and whether another one of that name, of another sample, may be meant as well. */
function originalOf(file: Volume, { nearest, isOfOther }: Grids): { file: Volume; rest: string; isOnly: boolean } | undefined {
  const at = (begin: string) =>
    nearest(
      `${shapeKey(file.volume)}\0${begin.toLowerCase()}`,
      file.path,
      (one) => one.path !== file.path && isSameGrid(one.volume, file.volume) && !mayBeSegmentation(one),
    );
  const known = knownBeginning(stemOf(file.path), (begin) => at(begin).length > 0);
  if (!known) return undefined;
  const found = at(known.begin);
  return { file: found[0]!, rest: known.rest, isOnly: !areOfSites(found) && !isOfOther(file.path, found[0]!.path) };
}

/** One question for all masks with the same numbers. */
function questionsOf(many: readonly Many[]): Question[] {
  const groups = groupsOf(many, ({ values, details, names = {} }) =>
    keyOf(values.length > LABELS_SHOWN ? "many" : values.join(" "), details?.object ?? "", ...Object.entries(names).flat()),
  );
  return [...groups].map(([key, group]) => {
    const files = group.map(({ path }) => path);
    const { values, names } = group[0]!;
    const claims = (details: Details): Claim[] =>
      group.map(({ values: _, names: __, own = values, ...claim }) =>
        details.label === undefined || own.includes(details.label)
          ? { ...claim, details: { ...claim.details, label: undefined, ...details } }
          : { path: claim.path, role: "left out", because: `a mask without the label ${details.label}`, strength: "contents" },
      );
    const labels = values.slice(0, LABELS_SHOWN);
    const kinds = names ?? Object.fromEntries(values.map((value) => [`${value}`, `label ${value}`]));
    return {
      id: stableId("labels", key),
      text: `What do the labels ${few(values, LABELS_SHOWN)} in ${theseFiles(files)} mean?`,
      ...(values.length > LABELS_SHOWN && {
        why: "These are too many for a mask of each. To publish others of them alone, write these into a file of their own.",
      }),
      files,
      options: [
        {
          answer: "instances",
          says: "each label is one object, all of the same kind: published as one mask",
          claims: claims({ isInstances: true }),
        },
        ...(values.length > LABELS_SHOWN
          ? []
          : [
              {
                answer: "kinds",
                says: `each label is another kind of object: one mask for each${
                  names === undefined
                    ? ""
                    : `, ${few(
                        Object.entries(names).map((pair) => pair.join(" = ")),
                        LABELS_SHOWN,
                      )}`
                }`,
                claims: claims({ labels: kinds }),
              },
            ]),
        ...labels.map((label) => ({
          answer: `label-${label}`,
          says: `only label ${label} is published`,
          claims: claims({ label }),
        })),
        {
          answer: "leave-out",
          says: "not published",
          claims: files.map(
            (path): Claim => ({ path, role: "left out", because: "a mask with several labels", strength: "contents" }),
          ),
        },
      ],
      ...(values.length > LABELS_SHOWN ? { guess: "instances" } : names !== undefined && { guess: "kinds" }),
    };
  });
}

const LABELS_SHOWN = 8;

/** Filaments and membranes of TARDIS as lists of points, those filtered by length in the place of all. */
async function tardisPoints(laboratory: Laboratory): Promise<Claim[]> {
  const lists = laboratory.files.filter(({ path, format }) => /_instances(?:_filter)?\.csv$/i.test(path) && format === "text");
  const claims = await mapLimit(lists, READS_IN_FLIGHT, async ({ path }): Promise<Claim | undefined> => {
    const head = (await laboratory.text(path))?.split(/\r\n|\n|\r/, 1)[0] ?? "";
    if (!/^\s*IDs\s*,\s*X/i.test(head)) return undefined;
    const filtered = path.replace(/\.csv$/i, "_filter.csv");
    if (laboratory.get(filtered))
      return { path, role: "left out", because: `${filtered} has those that TARDIS kept`, strength: "contents" };
    const unit = /\[\s*(?:A|Å)\s*\]/i.test(head) ? { unit: "Å" as const } : {};
    const points = { format: "tardis", shape: "InstanceSegmentation" as const, ...unit };
    return {
      path,
      role: "points",
      because: "its columns are those of TARDIS",
      strength: "contents",
      software: "TARDIS",
      details: { points },
    };
  });
  return claims.filter((claim) => claim !== undefined);
}

function tardisTables(laboratory: Laboratory): Claim[] {
  return laboratory.files.flatMap(({ path, format }): Claim[] =>
    /_(?:SpatialGraph(?:_filter)?|semantic|instances?)\.(?:am|npy)$/i.test(path) && (format === "amira" || format === "npy")
      ? [
          {
            path,
            role: "left out",
            because: `a file of ${format === "npy" ? "NumPy" : "Amira"}, which is not read`,
            strength: "contents",
          },
        ]
      : [],
  );
}

/** Label fields of programs whose formats are not read. */
function otherFormats(laboratory: Laboratory): string[] {
  const amira = laboratory.files.filter(({ format }) => format === "amira").map(({ path }) => path);
  return amira.length === 0
    ? []
    : [
        `Amira's files are not read (${fewFiles(amira)}): save label fields as MRC with the size of the tomogram, and lines as a table of points.`,
      ];
}
