import { few } from "../../../../core/finding.js";
import { groupsOf } from "../../../../core/groups.js";
import { counted } from "../../../../core/units.js";
import type { Claim, Option, Question } from "../claims.js";
import type { Decision } from "../decide.js";
import { stableId } from "../questions.js";
import { areBinnedOfEachOther } from "../recognisers/common/binned.js";
import { folderOf, withoutProduct } from "../recognisers/common/paths.js";
import { areOpposite } from "../recognisers/common/prints.js";
import { isCopickTomogram } from "../recognisers/copick/names.js";
import { withoutNumbers } from "../run-names.js";
import type { Laboratory } from "../survey/laboratory.js";
import { areToBeAll } from "./calibrations.js";
import { asItIs, leftOut } from "./claim.js";
import { voxelsOf } from "./joined-runs.js";
import { isForFigures, isPutAside } from "./put-aside.js";
import { imagesOf } from "./series.js";
import { spacingOf } from "./spacings.js";

const RUN = "{run}";

/** Words for what somebody has put aside. */
const PUT_ASIDE =
  /(?:^|[/_.\- ])(?:old(?:er)?|alt|bad|wrong|broken|fail(?:ed)?|first_?(?:try|attempt)|try\d*|tries|trials?\d*|test(?:s|ing)?|backup|bak|trash|tmp|temp|draft|previous|prelim(?:inary)?|discard(?:ed)?|reject(?:ed)?|unused|deprecated|do[_\- ]?not[_\- ]?use|archive|verworfen|schlecht)(?=[/_.\- ]|$)/i;

/**
 * Two tomograms of one run that nothing tells apart: the same voxel size and the same processing. What a name calls old or bad is not taken; of files beside
 * each other that are called after one which bookkeeping names, that one is. What copick shows besides was made elsewhere.
 */
export async function twinQuestions(files: ReadonlyMap<string, Decision>, laboratory: Laboratory): Promise<Question[]> {
  const tomograms = [...files.values()].filter(({ role, run }) => role === "tomogram" && run !== undefined);
  const twins = twinsOf(tomograms, laboratory);
  const isWhole = wholeOnes(files, laboratory);
  const byFolders = lyingAlike([...twins.values()].filter((group) => group.length > 1 && !areToBeAll(group)));
  const questions: Question[] = [];
  for (const groups of byFolders.values()) {
    const binned = await Promise.all(groups.map((group) => binnedOfOne(group, tomograms, laboratory)));
    // an answer to those of the first shape of names stays one to them
    const key = withoutNumbersOf(groups[0]!);
    const count = groups[0]!.length;
    const areOfSizes = new Set(groups[0]!.map(({ path }) => sizeOf(path, laboratory))).size > 1;
    const areOfPrograms = new Set(groups[0]!.map(({ by }) => by)).size > 1;
    const options = Array.from({ length: count }, (_, n): Option => {
      const example = groups[0]![n]!.path;
      const claims = groups.flatMap((group, g) => [
        ...group.map((file, i): Claim => {
          return i === n ? asItIs(file) : leftOut(file, `${group[n]!.path} is published in its place`);
        }),
        ...binned[g]!.map(({ file, of }): Claim => {
          const because = `${of.path} was binned to it, and ${group[n]!.path} is published in the place of that`;
          return of === group[n] ? asItIs(file) : leftOut(file, because);
        }),
      ]);
      const facts = [
        ...(areOfSizes ? [sizeOf(example, laboratory)] : []),
        ...(areOfPrograms ? [groups[0]![n]!.by || "program not known"] : []),
      ];
      const told = facts.length === 0 ? "" : ` (${facts.join(", ")})`;
      return {
        answer: `${n + 1}`,
        says: `${example}${told}${groups.length > 1 ? ", and so for the other runs" : ""}`,
        claims,
      };
    });
    const all: Option = {
      answer: "all",
      says: "all of them; the configuration should then say how each was made (processing_software)",
      claims: groups.flatMap((group, g) => [...group, ...binned[g]!.map(({ file }) => file)].map(asItIs)),
    };
    const { at, why } = likeliest(groups, { areOfSizes, isWhole, laboratory });
    const copies = binned.flat().map(({ file }) => file.path);
    questions.push({
      id: stableId("twins", key),
      text: `Which of the ${counted(count, "tomogram")} of run ${groups[0]![0]!.run} should be published?${likewise(groups)}`,
      why: `They have the same voxel size. ${why}.${copies.length === 0 ? "" : ` Binned copies of one of them go with it: ${few(copies)}.`}`,
      files: [...groups.flatMap((group) => group.map(({ path }) => path)), ...copies],
      options: [...options, all],
      ...(at !== undefined && { guess: `${at + 1}` }),
    });
  }
  return questions;
}

/** Tomograms of the run that are one of these binned, and no other of them: they show what that shows. */
async function binnedOfOne(
  group: readonly Decision[],
  tomograms: readonly Decision[],
  laboratory: Laboratory,
): Promise<{ readonly file: Decision; readonly of: Decision }[]> {
  const found: { readonly file: Decision; readonly of: Decision }[] = [];
  const widthOf = ({ path }: Decision) => laboratory.get(path)?.volume?.shape[2] ?? 0;
  const [first] = group as [Decision];
  const processingOf = ({ details: { processing = "raw" } }: Decision) => processing;
  const isOpen = ({ strength, question }: Decision) => strength !== "person" && question === undefined;
  const smaller = tomograms.filter(
    (file) =>
      file.run === first.run && isOpen(file) && processingOf(file) === processingOf(first) && widthOf(file) < widthOf(first),
  );
  for (const file of smaller) {
    const of: Decision[] = [];
    for (const one of group) if (await areBinnedOfEachOther(laboratory, file.path, one.path)) of.push(one);
    if (of.length === 1) found.push({ file, of: of[0]! });
  }
  return found;
}

const likewise = (groups: readonly (readonly Decision[])[]): string =>
  groups.length === 1
    ? ""
    : ` The answer is for ${few(
        groups.slice(1).map(([first]) => first!.run!),
        3,
        "run",
      )}, too.`;

const withoutNumbersOf = (group: readonly Decision[]) => group.map(({ path }) => withoutNumbers(path)).join(" ");

/** Those of which the paths are the same without their numbers, or without the names of their runs: `Position_3_2` beside `L1_Position_3`. */
function lyingAlike(twins: readonly (readonly Decision[])[]): Map<string, (readonly Decision[])[]> {
  const known = new Map<string, string>();
  return groupsOf(twins, (group) => {
    const forms = [withoutNumbersOf(group), group.map(({ path, run }) => withoutNumbers(path.replaceAll(run!, RUN))).join(" ")];
    const key = forms.flatMap((form) => known.get(form) ?? [])[0] ?? forms[0]!;
    for (const form of forms) known.set(form, key);
    return key;
  });
}

interface Told {
  readonly areOfSizes: boolean;
  readonly isWhole: (file: Decision) => boolean;
  readonly laboratory: Laboratory;
}

/** Signed bytes, as MRC calls them. */
const BYTES = 0;

/** Which of the tomograms of each group counts, if anything tells, and what does. */
function likeliest(
  groups: readonly (readonly Decision[])[],
  { areOfSizes, isWhole, laboratory }: Told,
): { readonly at?: number | undefined; readonly why: string } {
  const ofAll = (fits: (file: Decision) => boolean) => (n: number) => groups.every((group) => fits(group[n]!));
  const path = (n: number) => groups[0]![n]!.path;
  const kept = groups[0]!.map((_, n) => n).filter(ofAll((file) => !PUT_ASIDE.test(withoutProduct(file.path))));
  const [named, ...othersNamed] = kept.filter(ofAll(({ strength }) => strength === "bookkeeping"));
  const isNamed =
    named !== undefined &&
    othersNamed.length === 0 &&
    groups.every((group) =>
      areCalledAfter(
        group[named]!,
        kept.map((n) => group[n]!),
      ),
    );
  if (isNamed) return { at: named, why: `Only ${path(named)} is named by the files of the software that made it` };
  if (kept.length === 1)
    return { at: kept[0], why: `By name and folder, only ${path(kept[0]!)} does not look like a test or an older version` };
  // a piece, or what was unrolled along a membrane, is smaller than what the images show
  const [whole, ...othersWhole] = areOfSizes ? kept.filter(ofAll(isWhole)) : [];
  if (whole !== undefined && othersWhole.length === 0)
    return { at: whole, why: `Only ${path(whole)} is as wide and long as its tilt series` };
  // copick shows what was made elsewhere
  const [made, ...othersMade] = kept.filter(ofAll((file) => !isCopickTomogram(file.path)));
  const areAsLarge = groups.every((group) => new Set(kept.map((n) => sizeOf(group[n]!.path, laboratory))).size === 1);
  if (made !== undefined && othersMade.length === 0 && areAsLarge)
    return { at: made, why: `Only ${path(made)} is outside of a copick project` };
  // a person makes bytes of a volume for a film, or to save space
  const [deep, ...othersDeep] = kept.filter(ofAll(({ path: one }) => laboratory.get(one)?.volume?.mode !== BYTES));
  if (deep !== undefined && othersDeep.length === 0 && areAsLarge)
    return { at: deep, why: `Only ${path(deep)} has more than 8 bits per voxel` };
  return { why: "Nothing in their names or in the files beside them tells which one counts" };
}

/** Of images that were cut or rotated a tomogram has not the extent: then nothing is concluded. */
const EXTENT_TOLERANCE = 0.02;

/** A test whether a tomogram is as wide and as long as the images of its run are. */
function wholeOnes(files: ReadonlyMap<string, Decision>, laboratory: Laboratory): (file: Decision) => boolean {
  const extentOf = (file: Decision): [number, number] | undefined => {
    const spacing = spacingOf(file, laboratory);
    const [, y, x] = laboratory.get(file.path)?.volume?.shape ?? [];
    return spacing === undefined || y === undefined || x === undefined ? undefined : [y * spacing, x * spacing];
  };
  const series = groupsOf(
    [...files.values()].filter(({ role, run }) => role === "tilt series" && run !== undefined),
    ({ run }) => run!,
  );
  const isNear = (a: number, b: number) => Math.abs(a / b - 1) <= EXTENT_TOLERANCE;
  return (file) => {
    const own = extentOf(file);
    const images = (series.get(file.run!) ?? []).flatMap((stack) => {
      const extent = extentOf(stack);
      return extent ? [extent] : [];
    });
    // where the tilt axis is along the rows it is turned
    return (
      own !== undefined &&
      images.some(([y, x]) => (isNear(own[0], y) && isNear(own[1], x)) || (isNear(own[0], x) && isNear(own[1], y)))
    );
  };
}

/** Of two of other sizes one may be a piece that was cut out of the other. */
function sizeOf(path: string, laboratory: Laboratory): string {
  const [z, y, x] = laboratory.get(path)?.volume?.shape ?? [0, 0, 0];
  return `${x}×${y}×${z} voxels`;
}

/** `TS_01_8bit.rec` beside `TS_01.rec`, or `TS_01_rec.mrc`: what somebody has made of it, or tried instead. */
function areCalledAfter(one: Decision, group: readonly Decision[]): boolean {
  const stem = one.path.replace(/(?:_rec)?\.(?:mrc|rec|hdf)$/i, "");
  return group.every((other) => {
    const isOther = other.strength !== "bookkeeping" && other.strength !== "person" && other.path.startsWith(`${stem}_`);
    return other === one || (isOther && folderOf(other.path) === folderOf(one.path));
  });
}

function twinsOf(tomograms: readonly Decision[], laboratory: Laboratory): Map<string, Decision[]> {
  const identities = new Map(tomograms.map((file) => [file, identityOf(file, laboratory)]));
  const keyOf = (file: Decision) => JSON.stringify([file.run, identities.get(file)]);
  // that nobody knows how a tomogram was made does not tell it from one of which bookkeeping knows it
  const known = groupsOf(
    tomograms.filter(({ strength }) => strength === "bookkeeping"),
    (file) => JSON.stringify([file.run, identities.get(file)!.slice(0, 2)]),
  );
  return groupsOf(tomograms, (file) => {
    const { strength, run, details } = file;
    const isUnknown = details.reconstructionMethod === undefined && details.processingSoftware === undefined;
    const [of] = known.get(JSON.stringify([run, identities.get(file)!.slice(0, 2)])) ?? [];
    return of && isUnknown && strength !== "bookkeeping" && strength !== "person" ? keyOf(of) : keyOf(file);
  });
}

/** What lies beside the tomogram that was made of it. */
const RECORDED: readonly Decision["role"][] = ["tilt series", "raw tilts", "alignment", "acquisition"];

/**
 * Tomograms of a run with the same voxels, under whatever headers, are one: the one that bookkeeping names stays, or that has a voxel size of its own. Those
 * with inverted contrast are one, too.
 */
export async function leaveSameVoxels(files: Map<string, Decision>, laboratory: Laboratory): Promise<void> {
  const tomograms = [...files.values()].filter(({ role, run }) => role === "tomogram" && run !== undefined);
  const shapeOf = ({ path }: Decision) => laboratory.get(path)?.volume?.shape.join(" ") ?? "";
  const keyOf = (file: Decision) => `${file.run}\0${shapeOf(file)}`;
  const besides = groupsOf(
    [...files.values()].filter(({ role }) => RECORDED.includes(role)),
    ({ run }) => run ?? "",
  );
  for (const group of groupsOf(tomograms, keyOf).values()) {
    if (group.length < 2) continue;
    const folders = new Set(besides.get(group[0]!.run!)?.map(({ path }) => folderOf(path)));
    // what was copied for a talk, or away from its series, is no more than a copy, however short its path is
    const weight = ({ strength, details, path }: Decision) =>
      Number(strength === "person") * 4 +
      Number(strength === "bookkeeping") * 2 +
      Number(details.spacingFrom === undefined) +
      Number(details.processing !== undefined) +
      Number(!isForFigures(path) && !isPutAside(path)) / 2 +
      Number(folders.has(folderOf(path))) / 4;
    const prints = new Map<Decision, string | undefined>();
    for (const file of group)
      prints.set(file, (await voxelsOf(laboratory, file.path)) ?? (await imagesOf(file.path, laboratory)));
    // what two programs say of one volume may differ, but for what was done with it; of which nobody knows that is a copy where the one that it was made of is there
    const isPlain = ({ details: { processing = "raw" } }: Decision) => processing === "raw";
    const isCopy = (file: Decision) =>
      file.details.processing === undefined && group.some((other) => isPlain(other) && prints.get(other) !== prints.get(file));
    const mayBeOne = (a: Decision, b: Decision) => isOfOneKind(a, b) || isCopy(a) || isCopy(b);
    const kept: { readonly voxels: string; readonly file: Decision }[] = [];
    for (const file of [...group].sort((a, b) => weight(b) - weight(a) || a.path.length - b.path.length)) {
      const voxels = prints.get(file);
      const alike = kept.filter((one) => mayBeOne(one.file, file));
      const same = alike.find((one) => one.voxels === voxels)?.file;
      const ofOneKind = alike.flatMap((one) => (isOfOneKind(one.file, file) ? [one.file] : []));
      const other = same ?? (await oppositeOf(file, ofOneKind, laboratory));
      if (other && file.strength !== "person") {
        const because = same ? `the same voxels as ${other.path}` : `the voxels of ${other.path} with inverted contrast`;
        files.set(file.path, { ...file, role: "left out", because, details: {} });
      } else if (voxels !== undefined) kept.push({ voxels, file });
    }
  }
}

const isOfOneKind = (a: Decision, b: Decision): boolean => (a.details.processing ?? "raw") === (b.details.processing ?? "raw");

async function oppositeOf({ path }: Decision, kept: readonly Decision[], laboratory: Laboratory): Promise<Decision | undefined> {
  for (const other of kept) if (await areOpposite(laboratory, other.path, path)) return other;
  return undefined;
}

/** What two tomograms of a run are one tomogram of the portal by. */
export function identityOf(file: Decision, laboratory: Laboratory): unknown[] {
  const { processing = "raw", processingSoftware, reconstructionMethod } = file.details;
  return [spacingOf(file, laboratory), processing, processingSoftware, reconstructionMethod];
}

/** What is known of a tomogram beyond its path. */
export function tellingOf(file: Decision, laboratory: Laboratory): unknown[] {
  const { processing = "raw", processingSoftware, reconstructionMethod, reconstructionSoftware, ctfCorrected } = file.details;
  return [
    spacingOf(file, laboratory),
    processing,
    processingSoftware,
    reconstructionMethod,
    reconstructionSoftware,
    ctfCorrected,
  ];
}
