import type { Triple } from "../../../../core/box.js";
import { few } from "../../../../core/finding.js";
import type { Question } from "../claims.js";
import type { Decision } from "../decide.js";
import { theseFiles } from "../questions.js";
import type { Laboratory } from "../survey/laboratory.js";
import { outOrAsIs } from "./claim.js";
import { isNear, spacingOf } from "./spacings.js";

/** Sizes of a voxel along two axes that differ by more are no rounding. */
const EVEN = 0.05;
/** Extents of one tomogram at two binnings differ by the voxels that no block holds. */
const SAME_EXTENT = 0.12;

/**
 * Tomograms whose header has other voxels along one axis, as `newstack -bin` and squeezevol leave them: the portal has one voxel size for all axes. Where
 * another tomogram of the run shows that the header is wrong, and the voxels are even, nobody is asked.
 */
export function unevenQuestions(files: ReadonlyMap<string, Decision>, laboratory: Laboratory): Question[] {
  const tomograms = [...files.values()].filter(({ role, run }) => role === "tomogram" && run !== undefined);
  const uneven = tomograms.flatMap((file) => {
    const sizes = unevenSizes(file, laboratory);
    if (sizes === undefined || file.strength === "person") return [];
    const others = tomograms.filter((other) => other !== file && other.run === file.run && !unevenSizes(other, laboratory));
    return others.some((other) => isAsDeep(file, other, laboratory)) ? [] : [{ file, sizes }];
  });
  if (uneven.length === 0) return [];
  const shown = few(
    uneven.map(({ file, sizes }) => `${file.path} (${sizes.map((size) => Number(size.toPrecision(5))).join("×")} Å)`),
  );
  const some = uneven.map(({ file }) => file);
  return [
    {
      id: "uneven",
      text: `Do the voxels of ${theseFiles(some.map(({ path }) => path))} really have another size along one axis?`,
      why: `By the header: ${shown}. That happens when a volume is binned along x and y only; the portal has one voxel size for all axes.`,
      files: some.map(({ path }) => path),
      options: outOrAsIs(some, {
        because: "its voxels have other sizes along one axis: bin it along all axes (IMOD: binvol)",
        out: "yes: not published; bin it along all axes first (IMOD: binvol)",
        as: "tomograms",
        says: "no, the header is wrong: published with the voxel size along y",
      }),
      guess: "leave-out",
    },
  ];
}

/** Å along x, y, z by the header, where they are others; 1 Å is what nobody has set. */
function unevenSizes({ path }: Decision, laboratory: Laboratory): Triple | undefined {
  const [z, y, x] = laboratory.get(path)?.volume?.spacingsAngstrom ?? [];
  if (x === undefined || y === undefined || z === undefined) return undefined;
  const sizes: Triple = [x, y, z];
  const isSet = sizes.every((size) => size > 0.01 && Math.abs(size - 1) > 1e-4);
  return isSet && Math.max(...sizes) > (1 + EVEN) * Math.min(...sizes) ? sizes : undefined;
}

/** Whether two tomograms over the same area are as thick with even voxels, and are not so with those of the header. */
function isAsDeep(file: Decision, other: Decision, laboratory: Laboratory): boolean {
  const [own, its] = [file, other].map(({ path }) => laboratory.get(path)!.volume!.shape) as [Triple, Triple];
  const [spacing, even] = [file, other].map((one) => spacingOf(one, laboratory));
  if (spacing === undefined || even === undefined) return false;
  const isSame = (axis: number, size: number) => isNear(own[axis]! * size, its[axis]! * even, SAME_EXTENT);
  const header = laboratory.get(file.path)!.volume!.spacingsAngstrom[0]!;
  return isSame(1, spacing) && isSame(2, spacing) && isSame(0, spacing) && !isSame(0, header);
}
