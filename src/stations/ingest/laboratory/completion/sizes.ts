import { few } from "../../../../core/finding.js";
import { groupsOf } from "../../../../core/groups.js";
import type { Question } from "../claims.js";
import { isAdded } from "../conventions/specimens.js";
import type { Decision } from "../decide.js";
import { stableId, theseFiles } from "../questions.js";
import { isBox } from "../recognisers/common/averages.js";
import { knownBeginning, stemOf } from "../recognisers/common/names.js";
import { withoutNumbers } from "../run-names.js";
import type { Laboratory } from "../survey/laboratory.js";
import { asItIs, leftOut } from "./claim.js";
import { isForFigures } from "./put-aside.js";
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
    const which = spacings.map((spacing) => `${group[0]!.tomograms.get(spacing)} (${spacing} Å)`);
    return {
      id: stableId("mask-in", key),
      text: `Which tomogram ${paths.length === 1 ? `of its run does the mask ${paths[0]} belong to` : `of their run do these ${paths.length} masks belong to`}?`,
      why: `These have the same dimensions: ${which.join(" and ")}.`,
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
  const named = namedPieces(files, laboratory);
  const isNamed = new Set(named.map(({ file }) => file.path));
  return [
    ...pieceQuestions(named),
    ...lonelyQuestions(files, undecided, laboratory, isNamed),
    ...cubeQuestions(files, laboratory),
  ];
}

/** What a piece of a tomogram may have beside it: what was found in it. */
const IN_PIECES: readonly Decision["role"][] = ["tomogram", "points", "mask", "mesh", "table"];

interface Piece {
  readonly file: Decision;
  readonly other: Decision;
}

/** A word with a number, as pieces of one tomogram are counted by: `axo1`, `cilium_2`. */
const COUNTED = /(?:^|[_.\- ])(\p{L}{3,})[_\- ]?(\d+)(?=[_.\- ]|$)/u;

/**
 * Volumes that are called after a series and go on, `ts_01_axo2`, and fit into its tomogram of the same voxel size: somebody has cut them out to average what
 * they show, and bookkeeping of averaging names them as it names whole tomograms. They are of a run of that name, of which nothing was recorded, or of that of
 * the tomogram, where they are counted.
 */
function namedPieces(files: ReadonlyMap<string, Decision>, laboratory: Laboratory): Piece[] {
  const used = [...files.values()].filter(({ run, role }) => run !== undefined && role !== "left out");
  const runs = [...groupsOf(used, ({ run }) => run!)];
  const isRecorded = (own: readonly Decision[]) => own.some(({ role }) => !IN_PIECES.includes(role));
  const recorded = runs.filter(([, own]) => isRecorded(own));
  const isCalledSo = (run: string, name: string) => run === name || run.endsWith(`_${name}`);
  const byName = groupsOf(
    recorded.flatMap((one) => namesOf(one[0]).map((name) => ({ name, one }))),
    ({ name }) => name,
  );
  return runs.flatMap(([run, own]) => {
    const isOwn = isRecorded(own);
    return own.flatMap((file): Piece[] => {
      if (file.role !== "tomogram" || file.strength === "person" || file.question !== undefined) return [];
      const stem = stemOf(file.path);
      const isRun = (name: string) => (isOwn ? isCalledSo(run, name) : byName.has(name));
      const isKnown = (name: string) => name !== stem && /\d/.test(name) && isRun(name);
      const name = knownBeginning(stem, isKnown);
      const [, word, number] = COUNTED.exec(name?.rest ?? "") ?? [];
      // of other volumes of a run it is asked which one counts
      const isCounted = file.strength === "bookkeeping" && word !== undefined && !isAdded(word) && !isAdded(`${word}${number}`);
      // a number alone counts series: `ts_01_2`
      if (name === undefined || !(isOwn ? isCounted : /\p{L}/u.test(name.rest))) return [];
      const beside = isOwn ? own : byName.get(name.begin)!.flatMap(({ one: [, others] }) => others);
      const other = beside.find((one) => one.role === "tomogram" && fitsInto(file, one, laboratory));
      return other ? [{ file, other }] : [];
    });
  });
}

/** A run's name, and what stands in it behind each `_`: before the name of its series a run may have a folder's. */
const namesOf = (run: string): string[] => [run, ...[...run.matchAll(/_/g)].map(({ index }) => run.slice(index + 1))];

/** Whether a volume is shorter than another one of its voxel size in whatever direction it was turned. Tomograms of one session are as large, and not as thick. */
function fitsInto(file: Decision, other: Decision, laboratory: Laboratory): boolean {
  const [own, others] = [file, other].map(({ path }) => [...(shapeOf(path, laboratory) ?? [])].sort((a, b) => b - a));
  if (own!.length < 3 || others!.length < 3 || spacingOf(file, laboratory) !== spacingOf(other, laboratory)) return false;
  return own!.every((side, at) => side <= others![at]!) && (own![0]! < others![0]! || own![1]! < others![1]!);
}

function pieceQuestions(pieces: readonly Piece[]): Question[] {
  if (pieces.length === 0) return [];
  const [{ other }] = pieces as [Piece, ...Piece[]];
  const paths = pieces.map(({ file }) => file.path);
  return [
    {
      id: "named-pieces",
      text: cutText(paths),
      why: `Named after a series, but smaller than its tomogram of the same voxel size, such as ${other.path}.`,
      files: paths,
      options: [
        {
          answer: "leave-out",
          says: "yes: not published, nor is what was picked there, since its coordinates start elsewhere",
          claims: pieces.map((one) => leftOut(one.file, `a piece of a tomogram, such as ${one.other.path}`)),
        },
        { answer: "tomograms", says: "no: published", claims: pieces.map(({ file }) => asItIs(file)) },
      ],
      guess: "leave-out",
    },
  ];
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
  return [
    {
      id: "cubes",
      text: cutText(paths),
      why: `Smaller than the tomogram of the run at the same voxel size, such as ${larger[0]!.other.path}: perhaps a particle, or training data.`,
      files: paths,
      options: [
        {
          answer: "leave-out",
          says: "yes: not published",
          claims: larger.map(({ file, other }) => leftOut(file, `a piece of a tomogram: ${other.path} is there`)),
        },
        { answer: "tomograms", says: "no: published", claims: larger.map(({ file }) => asItIs(file)) },
      ],
      guess: "leave-out",
    },
  ];
}

const cutText = (paths: readonly string[]): string =>
  `${paths.length === 1 ? "Is" : "Are"} ${theseFiles(paths)} cut out of a tomogram?`;

function lonelyQuestions(
  files: ReadonlyMap<string, Decision>,
  undecided: ReadonlyMap<string, string>,
  laboratory: Laboratory,
  isNamed: ReadonlySet<string>,
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
    if (isNamed.has(file.path) || isForFigures(file.path)) return false;
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
  return [
    {
      id: "pieces",
      text: cutText(paths),
      why: `${sized}: smaller than the other tomograms of that voxel size, and no other file has a similar name.`,
      files: paths,
      options: [
        {
          answer: "leave-out",
          says: "yes: not published",
          claims: lonely.map((file) => leftOut(file, "a piece of a tomogram")),
        },
        {
          answer: "tomograms",
          says: `no: published as ${lonely.length === 1 ? "a run of its own" : "runs of their own"}`,
          claims: lonely.map(asItIs),
        },
      ],
    },
  ];
}
