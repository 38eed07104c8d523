import { few } from "../../../../core/finding.js";
import { groupsOf } from "../../../../core/groups.js";
import type { Question } from "../claims.js";
import { UNTRIMMED } from "../conventions/kinds.js";
import type { Decision } from "../decide.js";
import { theseFiles } from "../questions.js";
import { baseName } from "../recognisers/common/paths.js";
import type { Laboratory } from "../survey/laboratory.js";
import { asItIs, leftOut } from "./claim.js";
import { isNear, spacingOf } from "./spacings.js";

/** A volume that stands upright has at most this part of its rows and columns along y. */
const THIN = 0.6;

/** Volumes whose thin axis is y: as IMOD's tilt and AreTomo write them before somebody trims or turns them, sections run along y. */
interface Upright {
  readonly file: Decision;
  readonly shape: readonly [sections: number, rows: number, columns: number];
}

/**
 * Tomograms that nobody has turned, by their form or their names. Of a run that has one of the same area which lies flat they are left out; a person says whether one that is alone is
 * published. What bookkeeping knows better stays, and what lies as all others do.
 */
export function uprightQuestions(files: Map<string, Decision>, laboratory: Laboratory): Question[] {
  const tomograms = [...files.values()].flatMap((file): Upright[] => {
    const shape = laboratory.get(file.path)?.volume?.shape;
    return file.role === "tomogram" && file.run !== undefined && shape ? [{ file, shape }] : [];
  });
  const byRun = groupsOf(tomograms, ({ file }) => file.run!);
  const alone: Upright[] = [];
  for (const one of tomograms.filter((some) => isUpright(some) || isCalledUntrimmed(some))) {
    const { file, shape } = one;
    if (file.strength === "person" || file.strength === "bookkeeping") continue;
    const spacing = spacingOf(file, laboratory);
    const flat = byRun.get(file.run!)!.find((other) => {
      if (isUpright(other) || isCalledUntrimmed(other)) return false;
      const scale = (spacingOf(other.file, laboratory) ?? 1) / (spacing ?? spacingOf(other.file, laboratory) ?? 1);
      return isNear(other.shape[1] * scale, shape[0], 0.1) && isNear(other.shape[2] * scale, shape[2], 0.1);
    });
    if (flat === undefined) alone.push(one);
    else
      files.set(file.path, {
        ...file,
        role: "left out",
        because: `untrimmed, its sections run along y: ${flat.file.path} lies flat`,
        details: {},
      });
  }
  if (alone.length === 0) return [];
  const sized = few(alone.map(({ file, shape }) => `${file.path} (${[...shape].reverse().join("×")})`));
  const some = alone.map(({ file }) => file);
  const why = alone.every(isUpright) ? "y is the thin axis" : "y is the thin axis, or the name is that of an untrimmed volume";
  return [
    {
      id: "upright",
      text: `${some.length === 1 ? "Does" : "Do"} ${theseFiles(some.map(({ path }) => path))} still have to be rotated about x?`,
      why: `${sized}: ${why}. IMOD and AreTomo first write volumes whose sections run along y.`,
      files: some.map(({ path }) => path),
      options: [
        {
          answer: "leave-out",
          says: "yes: not published; rotate first (IMOD: trimvol -rx)",
          claims: some.map((file) => leftOut(file, "its sections run along y: turn it first (IMOD: trimvol -rx)")),
        },
        { answer: "tomograms", says: "no: published without a rotation", claims: some.map(asItIs) },
      ],
    },
  ];
}

/** A specimen may be as thick as it is wide. What lies flat was turned, and kept its name. */
function isCalledUntrimmed({ file, shape: [sections, rows, columns] }: Upright): boolean {
  return UNTRIMMED.test(baseName(file.path)) && sections >= THIN * Math.min(rows, columns);
}

function isUpright({ shape: [sections, rows, columns] }: Upright): boolean {
  return rows < THIN * Math.min(sections, columns);
}
