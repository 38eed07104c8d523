import { few } from "../../../../core/finding.js";
import { groupsOf, keyOf } from "../../../../core/groups.js";
import type { Option, Question } from "../claims.js";
import type { Decision } from "../decide.js";
import { stableId } from "../questions.js";
import type { Laboratory } from "../survey/laboratory.js";
import { asItIs, leftOut } from "./claim.js";
import { optionOf, spacingOf } from "./spacings.js";

/** Parts by which voxel sizes differ where the pixel was calibrated anew: less is rounding, more another binning or another program's choice. */
export const APART = { least: 0.005, most: 0.08 };

interface Pair {
  readonly run: string;
  readonly one: number;
  readonly other: number;
  readonly files: readonly Decision[];
}

/**
 * Tomograms of one run and of as many rows and columns whose voxel sizes differ by a few parts of a hundred: the pixel was calibrated anew between them, or one
 * header is wrong. Both are published as they are until somebody tells which size is right.
 */
export function calibrationQuestions(files: ReadonlyMap<string, Decision>, laboratory: Laboratory): Question[] {
  const tomograms = [...files.values()].filter(({ role, run }) => role === "tomogram" && run !== undefined);
  const pairs = [...groupsOf(tomograms, ({ run, path }) => keyOf(run!, sizeOf(path, laboratory)))].flatMap(([, own]) => {
    const bySpacing = groupsOf(
      own.filter((file) => spacingOf(file, laboratory) !== undefined),
      (file) => `${spacingOf(file, laboratory)}`,
    );
    const [one, other, ...more] = [...bySpacing.keys()].map(Number).sort((a, b) => a - b);
    if (one === undefined || other === undefined || more.length > 0) return [];
    const apart = other / one - 1;
    // of what a note tells the calibrated size of there is no doubt
    const isTold = own.some(({ details }) => details.calibratedAngstrom !== undefined);
    const isOpen = !isTold && own.some(({ strength }) => strength !== "person") && apart > APART.least && apart < APART.most;
    return isOpen ? [{ run: own[0]!.run!, one, other, files: own }] : [];
  });
  return [...groupsOf(pairs, ({ one, other }) => keyOf(`${one}`, `${other}`))].map(([key, group]) =>
    questionOf(key, group, laboratory),
  );
}

/** Whether a person has said of tomograms of two calibrations that all are published: two of one size are no question then. */
export const areToBeAll = (files: readonly Decision[]): boolean =>
  files.every(({ strength, question }) => strength === "person" && question?.startsWith("calibration-") === true);

const sizeOf = (path: string, laboratory: Laboratory): string => laboratory.get(path)?.volume?.shape.slice(1).join(" ") ?? path;

function questionOf(key: string, group: readonly Pair[], laboratory: Laboratory): Question {
  const { one, other } = group[0]!;
  const all = group.flatMap(({ files }) => files);
  const sample = (spacing: number) => all.find((file) => spacingOf(file, laboratory) === spacing)!.path;
  const percent = Number(((other / one - 1) * 100).toPrecision(2));
  const only = (spacing: number, wrong: number): Option => ({
    answer: `only-${spacing}`,
    says: `those of ${spacing} Å are published, and the others are not`,
    claims: all.map((file) =>
      spacingOf(file, laboratory) === spacing ? asItIs(file) : leftOut(file, `its voxel size of ${wrong} Å is not right`),
    ),
  });
  const corrected = (spacing: number): Option => ({
    ...optionOf(spacing, all),
    answer: `all-${spacing}`,
    says: `all are published, with ${spacing} Å`,
  });
  return {
    id: stableId("calibration", key),
    text: `Which voxel size is right, ${one} Å (${sample(one)}) or ${other} Å (${sample(other)})?`,
    why: `Tomograms of ${few(group.map(({ run }) => run))} have both, with the same dimensions along x and y: sizes that differ by ${percent} % come from two calibrations of the pixel size.`,
    files: all.map(({ path }) => path),
    options: [
      { answer: "both", says: "all are published, each with its own voxel size", claims: all.map(asItIs) },
      only(one, other),
      only(other, one),
      corrected(one),
      corrected(other),
    ],
    guess: "both",
  };
}
