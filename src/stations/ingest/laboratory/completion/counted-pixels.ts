import { groupsOf, keyOf } from "../../../../core/groups.js";
import { readAcquisitions } from "../acquisition.js";
import type { Question } from "../claims.js";
import type { Decision } from "../decide.js";
import { stableId, theseFiles } from "../questions.js";
import type { Laboratory } from "../survey/laboratory.js";
import { leftOut } from "./claim.js";
import { expected, isNear, optionOf, type SeriesPixels, spacingOf } from "./spacings.js";

/** Å of a header that was never set, as a rule. */
const UNSET = 1;
const BINNING_MAX = 32;

/**
 * Tomograms whose voxels have as many Å as pixels of the stack, of which the header says 1 Å: who bins a stack without a pixel size multiplies nothing.
 *
 * @returns their paths
 */
export async function countedInPixels(files: ReadonlyMap<string, Decision>, laboratory: Laboratory): Promise<readonly string[]> {
  const volumeOf = ({ path }: Decision) => laboratory.get(path)?.volume;
  const acquisitions = [...files.values()].filter(({ role }) => role === "acquisition");
  const read = await readAcquisitions(
    laboratory,
    acquisitions.map(({ path }) => path),
  );
  // a pixel of 1 Å that somebody has measured
  const isMeasured = (pixel: number | undefined) => pixel !== undefined && isNear(pixel, UNSET, 0.005);
  const measured = new Set(acquisitions.flatMap(({ path, run }) => (isMeasured(read.get(path)?.pixelSpacing) ? [run] : [])));
  const isUnset = (file: Decision) =>
    file.role === "tilt series" &&
    volumeOf(file)?.spacingsAngstrom[1] === UNSET &&
    !measured.has(file.run) &&
    !isMeasured(file.details.spacingAngstrom);
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

/** What such a header says is no size, as a rule: that by the size of the images is taken, else a person is asked. */
export function countedQuestions(
  paths: readonly string[],
  files: Map<string, Decision>,
  { laboratory, series }: { readonly laboratory: Laboratory; readonly series: readonly SeriesPixels[] },
): Question[] {
  const open = paths.filter((path) => {
    const file = files.get(path)!;
    const [could] = expected(file, laboratory, series).filter(({ isBinning }) => isBinning);
    if (!could) return true;
    const spacingFrom = `the header has ${spacingOf(file, laboratory)} Å, and that of its tilt series 1 Å, which was never set; by the size of the images`;
    files.set(path, { ...file, details: { ...file.details, spacingAngstrom: could.spacing, spacingFrom } });
    return false;
  });
  const bySize = groupsOf(open, (path) => `${spacingOf(files.get(path)!, laboratory)}`);
  return [...bySize].map(([size, some]): Question => {
    const own = some.map((path) => files.get(path)!);
    return {
      id: stableId("counted", keyOf(size, ...some)),
      text: `Is the voxel size of ${theseFiles(some)} really ${size} Å, as the header says?`,
      why: "The header of the tilt series has 1 Å, which programs write when nobody sets the pixel size.",
      files: some,
      options: [
        optionOf(Number(size), own),
        {
          answer: "leave-out",
          says: "not published",
          claims: own.map((file) => leftOut(file, "nobody has told its voxel size")),
        },
      ],
    };
  });
}
