import { isDeepStrictEqual } from "node:util";
import { groupsOf } from "../../../../core/groups.js";
import { readMrcHeader } from "../../../../formats/mrc/header.js";
import { decodePlaneValues, readMrcPlanes } from "../../../../formats/mrc/read.js";
import type { Question } from "../claims.js";
import type { Decision } from "../decide.js";
import { stableId } from "../questions.js";
import { stemOf } from "../recognisers/common/names.js";
import { orReason } from "../recognisers/common/reading.js";
import type { Laboratory } from "../survey/laboratory.js";
import { asItIs, leftOut } from "./claim.js";
import { mayBeEqual } from "./joined-runs.js";
import { isNear, spacingOf } from "./spacings.js";
import { identityOf } from "./twins.js";

/** Words for a volume of the other hand. `flipyz` of IMOD turns a volume that stands upright, and is none. */
const MIRRORED =
  /(?:^|[_.\- ])(?:flip_?[xyz]|mirror(?:ed)?(?:_?[xyz])?|(?:hand_?)?flipped(?:_?hand)?|hand_?flip|inv(?:erted)?_?hand|(?:other|wrong|left)_?hand)(?=[_.\- ]|$)/i;

/**
 * Two tomograms of a run of which one is the mirror image of the other, by its name or by its voxels: the one that is called so is not taken, and of two
 * that no name tells apart a person says which has the right hand.
 */
export async function mirrorQuestions(files: ReadonlyMap<string, Decision>, laboratory: Laboratory): Promise<Question[]> {
  const tomograms = [...files.values()].filter(
    ({ role, run, path }) => role === "tomogram" && run !== undefined && laboratory.get(path)?.volume,
  );
  const groups = groupsOf(tomograms, ({ run, path }) => `${run} ${laboratory.get(path)!.volume!.shape.join(" ")}`);
  const questions: Question[] = [];
  for (const group of groups.values()) {
    for (const [at, one] of group.entries()) {
      for (const other of group.slice(at + 1)) {
        const [mirrored, original] = isCalledMirrored(one) ? [one, other] : [other, one];
        const spacings = [one, other].map((file) => spacingOf(file, laboratory));
        if (spacings.some((own) => own !== undefined && !isNear(own, spacings[0] ?? own, 0.02))) continue;
        if ([one, other].every(({ strength }) => strength === "person")) continue;
        const isTold = isCalledMirrored(mirrored) && !isCalledMirrored(original);
        const isAlike =
          stemOf(mirrored.path).replace(MIRRORED, "") === stemOf(original.path) ||
          stemOf(mirrored.path) === stemOf(original.path);
        if ((isTold && isAlike) || (await areMirrored(one, other, laboratory)))
          questions.push(questionOf(original, mirrored, isTold));
      }
    }
  }
  questions.push(...(await mirroredElsewhere(tomograms, files, laboratory)));
  return questions;
}

const RECORDED: readonly Decision["role"][] = ["tilt series", "acquisition", "frame", "raw tilts", "alignment"];
/** Pairs that are read, at most: their headers have the same statistics. */
const PAIRS_MAX = 50;

/**
 * A mirror image of a tomogram in a run of its own, of which nothing was recorded: somebody has made it to see whether a program minds, such as to train a network.
 * The other one is taken until somebody answers.
 */
async function mirroredElsewhere(
  tomograms: readonly Decision[],
  files: ReadonlyMap<string, Decision>,
  laboratory: Laboratory,
): Promise<Question[]> {
  const recorded = new Set([...files.values()].flatMap(({ role, run }) => (RECORDED.includes(role) ? (run ?? []) : [])));
  const alone = tomograms.filter(({ run, strength }) => !recorded.has(run!) && strength !== "person");
  const fileOf = ({ path }: Decision) => laboratory.get(path)!;
  const pairs = alone.flatMap((mirrored) => {
    const { volume } = fileOf(mirrored);
    if (volume?.least === undefined || volume.most === undefined) return [];
    const others = tomograms.filter(
      (one) =>
        recorded.has(one.run!) &&
        fileOf(one).volume?.least !== undefined &&
        isDeepStrictEqual(fileOf(one).volume!.shape, volume.shape) &&
        mayBeEqual(fileOf(one), fileOf(mirrored)),
    );
    return others.map((original) => ({ original, mirrored }));
  });
  const questions = new Map<string, Question>();
  for (const { original, mirrored } of pairs.slice(0, PAIRS_MAX))
    if (!questions.has(mirrored.path) && (await areMirrored(original, mirrored, laboratory)))
      questions.set(mirrored.path, questionOf(original, mirrored, true));
  return [...questions.values()];
}

const isCalledMirrored = ({ path }: Decision): boolean =>
  path.split("/").some((part) => MIRRORED.test(part.replace(/\.[^.]+$/, "")));

function questionOf(original: Decision, mirrored: Decision, isTold: boolean): Question {
  const because = (of: Decision) => `the mirror image of ${of.path}`;
  return {
    id: stableId("hand", `${original.path} ${mirrored.path}`),
    text: "Which of these two tomograms has the right handedness?",
    why: `${mirrored.path} is${isTold && isCalledMirrored(mirrored) ? ", by its name," : ""} the mirror image of ${original.path}.`,
    files: [original.path, mirrored.path],
    options: [
      { answer: "1", says: original.path, claims: [asItIs(original), leftOut(mirrored, because(original))] },
      { answer: "2", says: mirrored.path, claims: [asItIs(mirrored), leftOut(original, because(mirrored))] },
      {
        answer: "none",
        says: "neither is published",
        claims: [leftOut(original, "a person left it out"), leftOut(mirrored, "a person left it out")],
      },
    ],
    ...(isTold && { guess: "1" }),
  };
}

/** Whether a section of the one is that of the other from right to left, from below, or counted from the other end. */
async function areMirrored(one: Decision, other: Decision, laboratory: Laboratory): Promise<boolean> {
  // what is known to be made otherwise has other voxels
  if (!isDeepStrictEqual(identityOf(one, laboratory), identityOf(other, laboratory))) return false;
  const [a, b] = [await sectionsOf(one.path, laboratory), await sectionsOf(other.path, laboratory)];
  if (!a || !b || isSame(a.section, b.section) || a.section.every((value) => value === a.section[0])) return false;
  const { rows, columns } = a;
  const from = (of: (row: number, column: number) => number) =>
    a.section.every((value, at) => value === b.section[of(Math.floor(at / columns), at % columns)]);
  return (
    from((row, column) => row * columns + (columns - 1 - column)) ||
    from((row, column) => (rows - 1 - row) * columns + column) ||
    isSame(a.section, b.opposite)
  );
}

interface Sections {
  readonly section: Float32Array;
  /** The one that is it where sections are counted from the other end. */
  readonly opposite: Float32Array;
  readonly rows: number;
  readonly columns: number;
}

const isSame = (a: Float32Array, b: Float32Array): boolean => a.length === b.length && a.every((value, at) => value === b[at]);
const SECTION_BYTES_MAX = 64 * 1024 * 1024;

async function sectionsOf(path: string, laboratory: Laboratory): Promise<Sections | undefined> {
  if (laboratory.get(path)?.format !== "mrc") return undefined;
  const read = await orReason(async () => {
    const source = await laboratory.open(path);
    const header = await readMrcHeader(source);
    if (header.sectionBytes > SECTION_BYTES_MAX) return undefined;
    const [sections, rows, columns] = header.shape;
    // not the very middle: an odd number of sections has the same one from both ends
    const at = Math.floor(sections / 3);
    const plane = async (section: number) => decodePlaneValues(await readMrcPlanes(source, header, section, section + 1), header);
    return { section: await plane(at), opposite: await plane(sections - 1 - at), rows, columns };
  });
  return "value" in read ? read.value : undefined;
}
