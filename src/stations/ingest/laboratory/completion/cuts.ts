import { few } from "../../../../core/finding.js";
import type { Question } from "../claims.js";
import type { Decision } from "../decide.js";
import { folderOf } from "../recognisers/common/paths.js";
import type { Laboratory } from "../survey/laboratory.js";
import { asItIs, leftOut } from "./claim.js";
import { isFamily, isNear, spacingOf } from "./spacings.js";

/** Part of the sections of what shows the same, below which some are missing. */
const CUT = 0.55;
/** Tomograms beside one another that all have as many sections show what is usual. */
const ALIKE_MIN = 2;

/** Something that fills the same rows and columns, with its thickness in sections of the tomogram. */
interface Witness {
  readonly path: string;
  readonly sections: number;
}

/**
 * Tomograms with about half of the sections that everything else has: the other volumes of their run over the same area, or those beside them with as
 * large sections. One that others beside it are like was made so.
 */
export function cutQuestions(files: ReadonlyMap<string, Decision>, laboratory: Laboratory): Question[] {
  const all = [...files.values()].filter(({ path }) => laboratory.get(path)?.volume !== undefined);
  const doubts = all.flatMap((file) => {
    if (file.role !== "tomogram" || file.strength === "person" || file.run === undefined) return [];
    const [sections] = laboratory.get(file.path)!.volume!.shape;
    const beside = besideOf(file, all, laboratory);
    if (beside.some((one) => one.sections === sections)) return [];
    const ofRun = witnessesOf(file, all, laboratory);
    const isUsual = beside.length >= ALIKE_MIN && beside.every((one) => one.sections === beside[0]!.sections);
    const witness = [ofRun, isUsual ? beside : []].find(
      (some) => some.length > 0 && some.every((one) => sections <= CUT * one.sections),
    )?.[0];
    const isWhole = ofRun.some((one) => sections > CUT * one.sections);
    return witness === undefined || isWhole ? [] : [{ file, sections, witness }];
  });
  if (doubts.length === 0) return [];
  const has = doubts.map(
    ({ file, sections, witness }) => `${file.path} (${sections}, where ${witness.path} has ${witness.sections})`,
  );
  return [
    {
      id: "sections",
      text: `Are sections missing, since what shows the same has about twice as many: ${few(has)}?`,
      files: doubts.map(({ file }) => file.path),
      options: [
        {
          answer: "leave-out",
          says: "cut, not published",
          claims: doubts.map(({ file }) => leftOut(file, "sections of it are missing")),
        },
        { answer: "tomograms", says: "published as they are", claims: doubts.map(({ file }) => asItIs(file)) },
      ],
    },
  ];
}

/** Other tomograms of its voxel size: of its folder those with as large sections, and those called alike in folders called alike. */
function besideOf(file: Decision, all: readonly Decision[], laboratory: Laboratory): Witness[] {
  const [, rows, columns] = laboratory.get(file.path)!.volume!.shape;
  return all.flatMap((other) => {
    const [sections, y, x] = laboratory.get(other.path)!.volume!.shape;
    const isAlike =
      other.role === "tomogram" &&
      other.run !== file.run &&
      (isFamily(other, file) || (folderOf(other.path) === folderOf(file.path) && y === rows && x === columns)) &&
      spacingOf(other, laboratory) === spacingOf(file, laboratory);
    return isAlike ? [{ path: other.path, sections }] : [];
  });
}

/** Tomograms, halves and masks of its run over the same area, of whatever voxel size. */
function witnessesOf(file: Decision, all: readonly Decision[], laboratory: Laboratory): Witness[] {
  const [, rows, columns] = laboratory.get(file.path)!.volume!.shape;
  return all.flatMap((other) => {
    if (other === file || other.run !== file.run || !["tomogram", "half map", "mask"].includes(other.role)) return [];
    const [sections, y, x] = laboratory.get(other.path)!.volume!.shape;
    if (y === rows && x === columns) return [{ path: other.path, sections }];
    const [own, its] = [spacingOf(file, laboratory), spacingOf(other, laboratory)];
    if (own === undefined || its === undefined) return [];
    const isSameArea = isNear(y * its, rows * own, 0.03) && isNear(x * its, columns * own, 0.03);
    return isSameArea ? [{ path: other.path, sections: Math.round((sections * its) / own) }] : [];
  });
}
