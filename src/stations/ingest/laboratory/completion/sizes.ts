import { few, fewFiles } from "../../../../core/finding.js";
import { groupsOf } from "../../../../core/groups.js";
import type { Question } from "../claims.js";
import type { Decision } from "../decide.js";
import { stableId } from "../questions.js";
import { isBox } from "../recognisers/common/averages.js";
import { withoutNumbers } from "../run-names.js";
import type { Laboratory } from "../survey/laboratory.js";
import { asItIs, leftOut } from "./claim.js";
import { isNear, spacingOf } from "./spacings.js";

const shapeOf = (path: string, laboratory: Laboratory): readonly number[] | undefined => laboratory.get(path)?.volume?.shape;

/** A mask that fits tomograms of several voxel sizes. */
interface Fitting {
  readonly file: Decision;
  /** By voxel size, the first tomogram of each. */
  readonly tomograms: ReadonlyMap<number, string>;
}

/**
 * Masks lie in the tomogram of their run that has as many voxels: of several voxel sizes that one. One that fits none is left out, as lists of points are.
 * Where several fit, such as those of two calibrations, the header of the mask tells it, else a person.
 */
export function placeMasks(files: Map<string, Decision>, laboratory: Laboratory): Question[] {
  const tomograms = groupsOf(
    [...files.values()].filter(({ role, run }) => role === "tomogram" && run !== undefined),
    ({ run }) => run!,
  );
  const several: Fitting[] = [];
  for (const file of [...files.values()]) {
    const shape = shapeOf(file.path, laboratory);
    if (file.role !== "mask" || file.run === undefined || !shape) continue;
    const own = tomograms.get(file.run) ?? [];
    const fitting = own.filter(({ path }) => shapeOf(path, laboratory)?.join(" ") === shape.join(" "));
    // who answers that what lies in a folder is published has not said that this fits
    const isSaid = file.strength === "person" && file.question === undefined;
    if (fitting.length === 0 && !isSaid) {
      const [z, y, x] = shape;
      const because =
        own.length === 0
          ? "there is no tomogram of its run"
          : `a mask of ${x}×${y}×${z} voxels, and no tomogram of ${file.run} has as many`;
      files.set(file.path, { ...file, role: "left out", because });
      continue;
    }
    const sized = fitting.flatMap((one) => {
      const spacing = spacingOf(one, laboratory);
      return spacing === undefined ? [] : [[spacing, one.path] as const];
    });
    const bySpacing = new Map(sized.toReversed());
    const header = spacingOf(file, laboratory);
    const told = [...bySpacing.keys()].filter((one) => bySpacing.size === 1 || isNear(header ?? 0, one, HEADER_NEAR));
    if (told.length === 1) files.set(file.path, { ...file, details: { ...file.details, spacingAngstrom: told[0]! } });
    else if (bySpacing.size > 1 && file.strength !== "person") several.push({ file, tomograms: bySpacing });
  }
  return whichTomogram(several);
}

/** Part by which the header of a mask may differ from that of its tomogram. */
const HEADER_NEAR = 0.005;

/** One question for all masks that fit tomograms of the same voxel sizes. */
function whichTomogram(several: readonly Fitting[]): Question[] {
  const sizesOf = ({ tomograms }: Fitting) => [...tomograms.keys()].sort((a, b) => a - b);
  return [...groupsOf(several, (one) => sizesOf(one).join(" "))].map(([key, group]): Question => {
    const spacings = sizesOf(group[0]!);
    const paths = group.map(({ file }) => file.path);
    const which = spacings.map((spacing) => `that of ${spacing} Å (${group[0]!.tomograms.get(spacing)})`);
    return {
      id: stableId("mask-in", key),
      text: `Of which tomogram of its run is the mask ${fewFiles(paths)}: ${which.join(", or ")}? They have as many voxels.`,
      files: paths,
      options: [
        ...spacings.map((spacing) => ({
          answer: `${spacing}`,
          says: `the tomogram of ${spacing} Å`,
          claims: group.map(({ file }) => ({ ...asItIs(file), details: { ...file.details, spacingAngstrom: spacing } })),
        })),
        {
          answer: "leave-out",
          says: "not published",
          claims: group.map(({ file }) => leftOut(file, "nothing tells in which tomogram it lies")),
        },
      ],
    };
  });
}

/** Part of the length of a side below which a volume is smaller than the usual tomogram. */
const SMALL = 0.8;

/**
 * Volumes of which nothing else is there, smaller than a tomogram of the same voxel size: pieces that somebody cut out for a figure look like that, and
 * so does a tomogram of something else.
 */
export function cropQuestions(
  files: ReadonlyMap<string, Decision>,
  undecided: ReadonlyMap<string, string>,
  laboratory: Laboratory,
): Question[] {
  return [...lonelyQuestions(files, undecided, laboratory), ...cubeQuestions(files, laboratory)];
}

/** Cubes of a run that has a tomogram of the same voxel size which is longer both in x and in y: references, and what a model was trained with. */
function cubeQuestions(files: ReadonlyMap<string, Decision>, laboratory: Laboratory): Question[] {
  const tomograms = [...files.values()].filter(
    ({ role, path, run }) => role === "tomogram" && run !== undefined && shapeOf(path, laboratory),
  );
  const isCube = ({ path }: Decision) => isBox(laboratory.get(path)!);
  const larger = [...groupsOf(tomograms, ({ run }) => run!).values()].flatMap((own) =>
    own.flatMap((file) => {
      if (!isCube(file) || file.strength === "person" || file.strength === "bookkeeping") return [];
      const [, y, x] = shapeOf(file.path, laboratory)!;
      const spacing = spacingOf(file, laboratory);
      const other = own.find((one) => {
        const [, rows, columns] = shapeOf(one.path, laboratory)!;
        return !isCube(one) && spacingOf(one, laboratory) === spacing && y! < SMALL * rows! && x! < SMALL * columns!;
      });
      return other ? [{ file, other }] : [];
    }),
  );
  if (larger.length === 0) return [];
  const paths = larger.map(({ file }) => file.path);
  const [volumes, they, their] =
    paths.length === 1 ? ["Is this volume", "It is", "its run has"] : ["Are these volumes", "They are", "their runs have"];
  return [
    {
      id: "cubes",
      text: `${volumes} cut out of a tomogram, such as a particle or what a model is trained with: ${few(paths)}? ${they} smaller than what ${their} at the same voxel size, such as ${larger[0]!.other.path}.`,
      files: paths,
      options: [
        {
          answer: "leave-out",
          says: "pieces, not published",
          claims: larger.map(({ file, other }) => leftOut(file, `a piece of a tomogram: ${other.path} is there`)),
        },
        { answer: "tomograms", says: "published as tomograms, too", claims: larger.map(({ file }) => asItIs(file)) },
      ],
      guess: "leave-out",
    },
  ];
}

function lonelyQuestions(
  files: ReadonlyMap<string, Decision>,
  undecided: ReadonlyMap<string, string>,
  laboratory: Laboratory,
): Question[] {
  const ofRuns = groupsOf(
    [...files.values()].filter(({ run, role }) => run !== undefined && role !== "left out"),
    ({ run }) => run!,
  );
  const tomograms = [...files.values()].filter(({ role, path }) => role === "tomogram" && shapeOf(path, laboratory));
  // of a tomogram whose run is in question a piece may be there as well
  const asked = [...undecided].flatMap(([path, why]) =>
    why.startsWith("question ") && shapeOf(path, laboratory) && !["stack", "picture"].includes(laboratory.get(path)!.volume!.says)
      ? [{ path, spacing: laboratory.get(path)!.volume!.spacingsAngstrom[1] }]
      : [],
  );
  const lonely = tomograms.filter((file) => {
    if (file.run === undefined || file.strength === "person" || file.strength === "bookkeeping") return false;
    if (ofRuns.get(file.run)!.length > 1) return false;
    // called as those of other runs are, in their folder
    const family = withoutNumbers(file.path);
    const isOfRun = ({ run = "" }: Decision) => (ofRuns.get(run)?.length ?? 0) > 1;
    if (tomograms.some((other) => isOfRun(other) && withoutNumbers(other.path) === family)) return false;
    const spacing = spacingOf(file, laboratory);
    const sides = [...shapeOf(file.path, laboratory)!].sort((a, b) => b - a);
    const isLarger = ({ path }: Pick<Decision, "path">) => {
      const others = [...shapeOf(path, laboratory)!].sort((a, b) => b - a);
      return sides.every((side, at) => side <= others[at]!) && sides.some((side, at) => side < SMALL * others[at]!);
    };
    return (
      tomograms.some((other) => isOfRun(other) && spacingOf(other, laboratory) === spacing && isLarger(other)) ||
      asked.some((other) => other.spacing === spacing && isLarger(other))
    );
  });
  if (lonely.length === 0) return [];
  const paths = lonely.map(({ path }) => path);
  const sized = few(lonely.map(({ path }) => `${path} (${[...shapeOf(path, laboratory)!].reverse().join("×")} voxels)`));
  const [volumes, they] = lonely.length === 1 ? ["Was this volume", "It is"] : ["Were these volumes", "They are"];
  return [
    {
      id: "pieces",
      text: `${volumes} cut out of a tomogram: ${sized}? ${they} smaller than tomograms of the same voxel size, and no other file is called alike.`,
      files: paths,
      options: [
        {
          answer: "leave-out",
          says: "pieces, not published",
          claims: lonely.map((file) => leftOut(file, "a piece of a tomogram")),
        },
        {
          answer: "tomograms",
          says: "tomograms of runs of their own",
          claims: lonely.map(asItIs),
        },
      ],
    },
  ];
}
