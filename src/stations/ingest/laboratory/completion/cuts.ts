import type { Triple } from "../../../../core/box.js";
import { few } from "../../../../core/finding.js";
import { groupsOf, keyOf } from "../../../../core/groups.js";
import { counted } from "../../../../core/units.js";
import type { Question } from "../claims.js";
import type { Decision } from "../decide.js";
import { theseFiles } from "../questions.js";
import { folderOf } from "../recognisers/common/paths.js";
import { withoutNumbers } from "../run-names.js";
import type { Laboratory } from "../survey/laboratory.js";
import { outOrAsIs } from "./claim.js";
import { isNear, spacingOf } from "./spacings.js";

/** Part of the sections of what shows the same, below which some are missing. */
const CUT = 0.55;
/** Tomograms beside one another that all have as many sections show what is usual. */
const ALIKE_MIN = 2;

/** Something that fills the same rows and columns, with its thickness in sections of the tomogram. */
interface Witness {
  readonly path: string;
  readonly sections: number;
}

interface Sized extends Witness {
  readonly file: Decision;
  readonly shape: Triple;
  readonly spacing: number | undefined;
}

/**
 * Tomograms with about half of the sections that everything else has: the other volumes of their run over the same area, or those beside them with as
 * large sections. One that others beside it are like was made so.
 */
export function cutQuestions(files: ReadonlyMap<string, Decision>, laboratory: Laboratory): Question[] {
  const known = [...files.values()].flatMap((file): Sized[] => {
    const shape = laboratory.get(file.path)?.volume?.shape;
    return shape === undefined
      ? []
      : [{ file, path: file.path, shape, sections: shape[0], spacing: spacingOf(file, laboratory) }];
  });
  const tomograms = known.filter(({ file }) => file.role === "tomogram");
  const byKind = [familyKey, folderKey].map((key) => ({ key, groups: groupsOf(tomograms, key) }));
  const byRun = groupsOf(
    known.filter(({ file }) => file.run !== undefined && ["tomogram", "half map", "mask"].includes(file.role)),
    ({ file }) => file.run!,
  );
  const doubts = tomograms.flatMap((one) => {
    const { file, sections } = one;
    if (file.strength === "person" || file.run === undefined) return [];
    const around = byKind.map(({ key, groups }) => groups.get(key(one)) ?? []);
    const isOther = (other: Sized) => other.file.run !== file.run;
    // one of thousands that is like it ends the search
    if (around.some((some) => some.some((other) => other.sections === sections && isOther(other)))) return [];
    const alike = new Set(around.flat());
    const beside = tomograms.filter((other) => alike.has(other) && isOther(other));
    const ofRun = agreeing(witnessesOf(one, byRun.get(file.run) ?? []));
    const isUsual = beside.length >= ALIKE_MIN && beside.every((other) => other.sections === beside[0]!.sections);
    const witness = [ofRun, isUsual ? beside : []].find(
      (some) => some.length > 0 && some.every((other) => sections <= CUT * other.sections),
    )?.[0];
    const isWhole = ofRun.some((other) => sections > CUT * other.sections);
    return witness === undefined || isWhole ? [] : [{ file, sections, witness }];
  });
  if (doubts.length === 0) return [];
  const has = doubts.map(
    ({ file, sections, witness }) =>
      `${file.path} has ${counted(sections, "slice")}, while ${witness.path} has ${witness.sections}`,
  );
  return [
    {
      id: "sections",
      text: `${doubts.length === 1 ? "Is" : "Are"} ${theseFiles(doubts.map(({ file }) => file.path))} only a part of the slices of a tomogram?`,
      why: `${few(has)}.`,
      files: doubts.map(({ file }) => file.path),
      options: outOrAsIs(
        doubts.map(({ file }) => file),
        { because: "sections of it are missing", out: "yes: not published", as: "tomograms", says: "no: published as tomograms" },
      ),
    },
  ];
}

/** Where more than half of three and more have one thickness these alone count: some slices for a figure do not make a whole of what was cut. */
function agreeing(witnesses: readonly Witness[]): readonly Witness[] {
  const most = [...groupsOf(witnesses, ({ sections }) => `${sections}`).values()].sort((a, b) => b.length - a.length)[0];
  return most && most.length > Math.max(1, witnesses.length / 2) ? most : witnesses;
}

/** Tomograms of one voxel size that are called alike in folders called alike, and those of one folder with as large sections. */
const familyKey = ({ path, spacing }: Sized): string => keyOf(`${spacing}`, withoutNumbers(path));
const folderKey = ({ path, spacing, shape: [, rows, columns] }: Sized): string =>
  keyOf(`${spacing}`, folderOf(path), `${rows}`, `${columns}`);

/** Tomograms, halves and masks of its run over the same area, of whatever voxel size. */
function witnessesOf({ file, shape: [, rows, columns], spacing: own }: Sized, ofRun: readonly Sized[]): Witness[] {
  return ofRun.flatMap(({ file: other, path, shape: [sections, y, x], spacing: its }) => {
    if (other === file) return [];
    if (y === rows && x === columns) return [{ path, sections }];
    if (own === undefined || its === undefined) return [];
    const isSameArea = isNear(y * its, rows * own, 0.03) && isNear(x * its, columns * own, 0.03);
    return isSameArea ? [{ path, sections: Math.round((sections * its) / own) }] : [];
  });
}
