import { groupsOf } from "../../../../core/groups.js";
import type { Decision } from "../decide.js";
import type { Laboratory } from "../survey/laboratory.js";
import { expected, isNear, type SeriesPixels, spacingOf } from "./spacings.js";

/** Å of a header that was never set. */
const UNSET = 1;
const BINNING_MAX = 32;

/**
 * Tomograms whose voxels have as many Å as pixels of the stack, of which the header says 1 Å: who bins a stack without a pixel size multiplies nothing.
 *
 * @returns their paths
 */
export function countedInPixels(files: ReadonlyMap<string, Decision>, laboratory: Laboratory): readonly string[] {
  const volumeOf = ({ path }: Decision) => laboratory.get(path)?.volume;
  const isUnset = (file: Decision) => file.role === "tilt series" && volumeOf(file)?.spacingsAngstrom[1] === UNSET;
  const stacks = groupsOf(
    [...files.values()].filter((file) => file.run !== undefined && isUnset(file)),
    ({ run }) => run!,
  );
  return [...files.values()].flatMap((file) => {
    const { path, role, run, strength, details } = file;
    const binning = spacingOf(file, laboratory);
    if (role !== "tomogram" || run === undefined || strength === "person" || details.spacingAngstrom !== undefined) return [];
    if (binning === undefined || !Number.isInteger(binning) || binning > BINNING_MAX) return [];
    const [, y, x] = volumeOf(file)!.shape;
    const isOf = (stack: Decision) => {
      const [, rows, columns] = volumeOf(stack)!.shape;
      const sides = [...(rows < columns ? [rows, columns] : [columns, rows])];
      return [Math.min(x, y), Math.max(x, y)].every((side, at) => isNear(sides[at]! / side, binning, 0.03));
    };
    return stacks.get(run)?.some(isOf) ? [path] : [];
  });
}

/** What such a header says is no size: that by the size of the images is taken, else the tomogram is left to a person. */
export function fillCounted(
  paths: readonly string[],
  files: Map<string, Decision>,
  { undecided, laboratory, series }: Beside,
): void {
  for (const path of paths) {
    const file = files.get(path)!;
    const says = `the header has ${spacingOf(file, laboratory)} Å, and that of its tilt series 1 Å, which was never set`;
    const [could] = expected(file, laboratory, series).filter(({ isBinning }) => isBinning);
    if (could) {
      const details = { ...file.details, spacingAngstrom: could.spacing, spacingFrom: `${says}; by the size of the images` };
      files.set(path, { ...file, details });
    } else {
      files.delete(path);
      undecided.set(path, `a tomogram whose voxel size nothing tells: ${says}`);
    }
  }
}

interface Beside {
  readonly undecided: Map<string, string>;
  readonly laboratory: Laboratory;
  readonly series: readonly SeriesPixels[];
}
