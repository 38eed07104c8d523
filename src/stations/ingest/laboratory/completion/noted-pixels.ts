import { few } from "../../../../core/finding.js";
import { groupsOf } from "../../../../core/groups.js";
import { counted } from "../../../../core/units.js";
import type { Claim, Question } from "../claims.js";
import type { Decision } from "../decide.js";
import { stableId } from "../questions.js";
import { folderOf } from "../recognisers/common/paths.js";
import type { Laboratory, Surveyed } from "../survey/laboratory.js";
import { APART } from "./calibrations.js";
import { asItIs, leftOut } from "./claim.js";
import { isCalledNote } from "./noted.js";
import { isNear, spacingOf } from "./spacings.js";

const NOTE = /(?:^|\/)[^/.]+$|\.(?:txt|md)$/i;
const NOTE_BYTES_MAX = 64 * 1024;
const NOTES_MAX = 10_000;
const CALIBRATED = /calibrat|kalibri/i;
const SAME = 0.0005;
/** A tomogram's voxel is so near to a whole number of pixels. */
const BINNED = 0.002;

/** What a note says of pixels: the size that was calibrated, and the one that headers have. */
interface Noted {
  readonly note: string;
  readonly line: string;
  readonly calibrated: number;
  readonly nominal: number;
}

/**
 * Tilt series of which a note beside or above them says that their pixel was calibrated later: it has the size of their headers and, in a line about the
 * calibration, another one near it. With their tomograms they get the calibrated size, unless a person says that the headers are right.
 */
export async function notedPixelQuestions(files: ReadonlyMap<string, Decision>, laboratory: Laboratory): Promise<Question[]> {
  const series = [...files.values()].filter(({ role, run }) => role === "tilt series" && run !== undefined);
  if (series.length === 0) return [];
  const pixelOf = (file: Decision) => (file.strength === "person" ? undefined : spacingOf(file, laboratory));
  const tomograms = groupsOf(
    [...files.values()].filter(({ role, run, strength }) => role === "tomogram" && run !== undefined && strength !== "person"),
    ({ run }) => run!,
  );
  const asked = new Set<string>();
  const questions: Question[] = [];
  const isNote = ({ path, format, size }: Surveyed) =>
    format === "text" && size <= NOTE_BYTES_MAX && NOTE.test(path) && (files.get(path)?.role ?? "left out") === "left out";
  for (const { path } of mostTelling(laboratory.files.filter(isNote))) {
    const folder = folderOf(path);
    const below = series.filter((file) => !asked.has(file.path) && (folder === "" || file.path.startsWith(`${folder}/`)));
    const pixels = new Set(below.flatMap((file) => pixelOf(file) ?? []));
    const noted = pixels.size === 0 ? undefined : notedIn(path, (await laboratory.text(path, NOTE_BYTES_MAX)) ?? "", pixels);
    if (!noted) continue;
    const stacks = below.filter((file) => pixelOf(file) === noted.nominal);
    const volumes = [...new Set(stacks.map(({ run }) => run!))].flatMap((run) =>
      (tomograms.get(run) ?? []).filter((file) => isBinned(spacingOf(file, laboratory), noted)),
    );
    for (const file of stacks) asked.add(file.path);
    questions.push(questionOf(noted, stacks, volumes, laboratory));
  }
  return questions;
}

/** Of very many texts those that are called notes, then those that lie above most. */
function mostTelling(notes: readonly Surveyed[]): readonly Surveyed[] {
  if (notes.length <= NOTES_MAX) return notes;
  const depthOf = ({ path }: Surveyed) => (isCalledNote(path) ? 0 : path.split("/").length);
  return notes.toSorted((a, b) => depthOf(a) - depthOf(b)).slice(0, NOTES_MAX);
}

function notedIn(note: string, text: string, pixels: ReadonlySet<number>): Noted | undefined {
  if (!CALIBRATED.test(text)) return undefined;
  const numbers = numbersOf(text);
  const found = text.split(/\r?\n/).flatMap((line) =>
    CALIBRATED.test(line)
      ? [...pixels].flatMap((nominal): Noted[] => {
          if (!numbers.some((one) => isNear(one, nominal, SAME))) return [];
          const near = numbersOf(line).filter((one) => {
            const apart = Math.abs(one / nominal - 1);
            return apart > APART.least && apart < APART.most;
          });
          return near.map((calibrated) => ({ note, line: line.trim().replace(/\s+/g, " "), calibrated, nominal }));
        })
      : [],
  );
  // a note about several calibrations tells of which series each is in words alone
  return new Set(found.map(({ calibrated, nominal }) => `${calibrated} ${nominal}`)).size === 1 ? found[0] : undefined;
}

const numbersOf = (text: string): number[] => [...text.matchAll(/(?<![\d.])\d+\.\d+(?![\d.]*\d)/g)].map(([one]) => Number(one));

/** Whether voxels are a whole number of the nominal pixels, and not of the calibrated ones. */
function isBinned(spacing: number | undefined, { nominal, calibrated }: Noted): boolean {
  if (spacing === undefined) return false;
  const off = (pixel: number) => Math.abs(spacing / pixel - Math.max(1, Math.round(spacing / pixel))) / (spacing / pixel);
  return off(nominal) < BINNED && off(nominal) < off(calibrated);
}

function questionOf(
  { note, line, calibrated, nominal }: Noted,
  stacks: readonly Decision[],
  volumes: readonly Decision[],
  laboratory: Laboratory,
): Question {
  const all = [...stacks, ...volumes];
  const told = all.map((file): Claim => {
    const calibratedAngstrom = Number(((spacingOf(file, laboratory)! / nominal) * calibrated).toFixed(4));
    return { ...asItIs(file), details: { ...file.details, calibratedAngstrom } };
  });
  return {
    id: stableId("noted-pixel", `${note} ${calibrated} ${nominal}`),
    text: `Is the pixel size of ${counted(stacks.length, "tilt series", "tilt series")} ${calibrated} Å instead of ${nominal} Å?`,
    why: `${note} says “${line.slice(0, 120)}”; the headers say ${nominal} Å: ${few(stacks.map(({ path }) => path))}.${volumes.length === 0 ? "" : ` The voxel size of ${counted(volumes.length, "tomogram")} of these runs changes with it.`}`,
    files: all.map(({ path }) => path),
    options: [
      {
        answer: "calibrated",
        says: `yes: published with ${calibrated} Å, and the voxel sizes of the tomograms accordingly`,
        claims: told,
      },
      { answer: "as-headers", says: `no: published with ${nominal} Å`, claims: all.map(asItIs) },
      {
        answer: "leave-out",
        says: "not published",
        claims: all.map((file) => leftOut(file, `${note} doubts its pixel of ${nominal} Å`)),
      },
    ],
    guess: "calibrated",
  };
}

/** Voxel sizes of the tomograms of each run before and after a calibration, and those that had theirs already. */
interface Sizes {
  readonly changed: readonly { readonly from: number; readonly to: number }[];
  readonly others: readonly number[];
}

function sizesOfRuns(files: ReadonlyMap<string, Decision>, laboratory: Laboratory): Map<string, Sizes> {
  const tomograms = [...files.values()].filter(({ role, run }) => role === "tomogram" && run !== undefined);
  return new Map(
    [...groupsOf(tomograms, ({ run }) => run!)].map(([run, own]) => {
      const sizes = own.map((file) => ({ from: spacingOf(file, laboratory) ?? 0, to: file.details.calibratedAngstrom }));
      const changed = sizes.flatMap(({ from, to }) => (to === undefined ? [] : [{ from, to }]));
      return [run, { changed, others: sizes.flatMap(({ from, to }) => (to === undefined ? from : [])) }];
    }),
  );
}

/** Masks, meshes and points with other sizes; `other` tells it of a size in a run, and undefined where it stays. */
function inSizes(
  files: Map<string, Decision>,
  some: readonly Decision[],
  other: (run: string, size: number) => number | undefined,
  sizeOf: (file: Decision) => number | undefined,
): void {
  for (const file of some) {
    const { role, path, details, run, runs = run === undefined ? [] : [run] } = file;
    const size = role === "points" ? details.points?.inSpacingAngstrom : sizeOf(file);
    const all = new Set(runs.map((one) => (size === undefined ? undefined : other(one, size))));
    const [told] = all;
    if (all.size !== 1 || told === undefined) continue;
    const changed = role === "points" ? { points: { ...details.points!, inSpacingAngstrom: told } } : { spacingAngstrom: told };
    files.set(path, { ...file, details: { ...details, ...changed } });
  }
}

const MEASURED: readonly Decision["role"][] = ["points", "mask", "mesh"];

/** What a file of decisions says with the calibrated size is decided with that of before, as all else is until `recalibrate`. */
export function beforeCalibration(files: Map<string, Decision>, laboratory: Laboratory): void {
  const sizes = sizesOfRuns(files, laboratory);
  const said = [...files.values()].filter(({ role, strength }) => MEASURED.includes(role) && strength === "person");
  const before = (run: string, size: number) => {
    const { changed = [], others = [] } = sizes.get(run) ?? {};
    return others.some((one) => isNear(one, size, SAME)) ? undefined : changed.find(({ to }) => isNear(to, size, SAME))?.from;
  };
  inSizes(files, said, before, ({ details }) => details.spacingAngstrom);
}

/**
 * Gives what was calibrated later its calibrated size, when all else is decided: until then everything is compared by the sizes that headers have. Masks and
 * points in these tomograms go with them: their numbers, of which some are in Å of the former size, stay as they are read.
 */
export function recalibrate(files: Map<string, Decision>, laboratory: Laboratory): void {
  const sizes = sizesOfRuns(files, laboratory);
  const after = (run: string, size: number) => sizes.get(run)?.changed.find(({ from }) => isNear(from, size, SAME))?.to;
  const measured = [...files.values()].filter(({ role }) => MEASURED.includes(role));
  inSizes(files, measured, after, (file) => spacingOf(file, laboratory));
  for (const file of [...files.values()]) {
    const { calibratedAngstrom, ...details } = file.details;
    if (calibratedAngstrom !== undefined)
      files.set(file.path, { ...file, details: { ...details, spacingAngstrom: calibratedAngstrom } });
  }
}
