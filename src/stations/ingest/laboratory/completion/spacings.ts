import { fewFiles } from "../../../../core/finding.js";
import { groupsOf } from "../../../../core/groups.js";
import type { Option, Question } from "../claims.js";
import type { Decision } from "../decide.js";
import { stableId, theseFiles } from "../questions.js";
import { folderOf } from "../recognisers/common/paths.js";
import { withoutNumbers } from "../run-names.js";
import type { Laboratory } from "../survey/laboratory.js";
import { asItIs } from "./claim.js";

/** Å, where neither headers nor bookkeeping have a voxel size. */
export const FALLBACK_SPACING = 10;

/** Tilt series of the runs: size of their images, and of their pixels. */
export interface SeriesPixels {
  readonly run: string;
  readonly pixelAngstrom: number;
  /** Rows and columns. */
  readonly rows: number;
  readonly columns: number;
  /** What says it: the header of the stack, or the acquisition file. */
  readonly by: "tilt series" | "acquisition";
}

/** Å of a tomogram's voxels: as the bookkeeping has it, else its header; undefined where neither says it. */
export function spacingOf({ path, details }: Pick<Decision, "path" | "details">, laboratory: Laboratory): number | undefined {
  const [, y] = laboratory.get(path)?.volume?.spacingsAngstrom ?? [];
  const spacing = details.spacingAngstrom ?? y;
  // a header without a cell gives 0, or 1 where it was never set
  if (spacing === undefined || spacing < 0.01 || spacing > 10_000) return undefined;
  const rounded = Number(spacing.toFixed(3));
  return rounded === 1 && details.spacingAngstrom === undefined ? undefined : rounded;
}

export const isNear = (a: number, b: number, part: number): boolean => Math.abs(a / b - 1) < part;
const shapeOf = (path: string, laboratory: Laboratory): string => laboratory.get(path)?.volume?.shape.join(" ") ?? "";

/** `_13.48Apx`, `bin4_10.00A`, `8.0Å`, `VoxelSpacing10.000`; `lp40A` is a filter, and `10A` may be one. */
const NAMED_SPACING =
  /(?:^|[_.\- ])(?:(\d+(?:\.\d+)?)_?(?:Apx|A_?px|angpix|Ang(?:str(?:oe|o)ms?)?|Å)|(\d+\.\d+)_?A|(?:voxel_?spacing|apix|angpix)_?(\d+(?:\.\d+)?))(?=[_.\- ]|$)/gi;

/** Å of voxels as the name of a file, or else of a folder, has them; undefined where none has, or has two. */
export function spacingOfName(path: string): number | undefined {
  for (const part of path.split("/").reverse()) {
    const plain = part.replace(/\.(?:mrcs?|rec|map|zarr|hdf|em)$/i, "");
    const found = new Set([...plain.matchAll(NAMED_SPACING)].map(([, a, b, c]) => Number(a ?? b ?? c)));
    if (found.size > 1) return undefined;
    const [spacing] = found;
    if (spacing !== undefined && spacing >= NAMED_MIN && spacing <= NAMED_MAX) return spacing;
  }
  return undefined;
}
/** Of voxels; `2024.05A` is a day. */
const [NAMED_MIN, NAMED_MAX] = [0.5, 100];

/** Tomograms whose name has another voxel size than their header: one of them was binned, or never set, after it was called so. */
export function namedSpacingQuestions(
  files: ReadonlyMap<string, Decision>,
  laboratory: Laboratory,
  series: readonly SeriesPixels[],
): Question[] {
  const doubts = [...files.values()].flatMap((file) => {
    const { role, strength, details, path } = file;
    const spacing = spacingOf(file, laboratory);
    const named = spacingOfName(path);
    if (role !== "tomogram" || strength === "person" || details.spacingAngstrom !== undefined) return [];
    if (spacing === undefined || named === undefined || isNear(named, spacing, 0.02)) return [];
    const could = expected(file, laboratory, series).map((one) => one.spacing);
    const [byName, byHeader] = [named, spacing].map((value) => could.some((one) => isNear(one, value, 0.03)));
    return [{ file, spacing, named, guess: byName === byHeader ? undefined : byName ? named : spacing }];
  });
  const groups = groupsOf(doubts, ({ spacing, named, guess }) => `${spacing} ${named} ${guess}`);
  return [...groups].map(([key, group]): Question => {
    const { spacing, named, guess } = group[0]!;
    const some = group.map(({ file }) => file);
    const paths = some.map(({ path }) => path);
    return {
      id: stableId("named-spacing", key),
      text: `What is the voxel size of ${theseFiles(paths)}?`,
      why: `The name says ${named} Å, the header says ${spacing} Å.`,
      files: paths,
      options: [optionOf(named, some), optionOf(spacing, some)],
      ...(guess !== undefined && { guess: `${guess}` }),
    };
  });
}

/**
 * Voxel sizes that headers do not have: the one in its name; that of the tomogram it was made of; of tomograms of its run, or of its folder, that have its size in voxels; by
 * the size of the tilt series; or that of all others. Each is told. Where others are known and nothing speaks for one of them, the file is left to a
 * person: a wrong voxel size is worse than none.
 */
export function fillSpacings(
  files: Map<string, Decision>,
  undecided: Map<string, string>,
  laboratory: Laboratory,
  series: readonly SeriesPixels[],
): void {
  const tomograms = [...files.values()].filter(({ role }) => role === "tomogram");
  const known = tomograms.filter((file) => spacingOf(file, laboratory) !== undefined);
  const all = [...new Set(known.flatMap((file) => spacingOf(file, laboratory) ?? []))];
  const put = (file: Decision, spacingAngstrom: number, spacingFrom: string) =>
    files.set(file.path, { ...file, details: { ...file.details, spacingAngstrom, spacingFrom } });
  const onlyOne = (some: readonly Decision[]): number | undefined => {
    const values = some.flatMap((file) => spacingOf(file, laboratory) ?? []);
    return values.length > 0 && values.every((value) => isNear(value, values[0]!, 0.01)) ? values[0] : undefined;
  };
  for (const file of tomograms) {
    if (spacingOf(file, laboratory) !== undefined) continue;
    const { path, run, sameRunAs } = file;
    const shape = shapeOf(path, laboratory);
    const alike = known.filter((other) => shapeOf(other.path, laboratory) === shape);
    const original = sameRunAs === undefined ? [] : alike.filter((other) => other.path === sameRunAs);
    const ofRun = run === undefined ? [] : alike.filter((other) => other.run === run);
    const beside = alike.filter((other) => folderOf(other.path) === folderOf(path));
    const byName = spacingOfName(path);
    const byRun = onlyOne(original) ?? onlyOne(ofRun);
    const byFolder = onlyOne(beside);
    const [bySeries] = expected(file, laboratory, series);
    if (byName !== undefined) put(file, byName, "the header has none; its name has this");
    else if (byRun !== undefined) put(file, byRun, "the header has none; a tomogram of the run with as many voxels has this");
    else if (byFolder !== undefined && (bySeries === undefined || isNear(bySeries.spacing, byFolder, 0.02)))
      put(file, byFolder, "the header has none; tomograms beside it with as many voxels have this");
    else if (byFolder === undefined && bySeries?.isBinning)
      put(file, bySeries.spacing, "the header has none; by the size of the images of the tilt series");
    else if (all.length === 1 && (beside.length > 0 || known.some((other) => isFamily(other, file))))
      put(file, all[0]!, "not all headers have one, those that do have this");
    else if (all.length > 0 && file.strength !== "person") {
      files.delete(path);
      undecided.set(path, "a tomogram whose header has no voxel size, and nothing else tells it");
    }
  }
}

/** Called alike, but for numbers, and in one folder. */
export const isFamily = (a: Decision, b: Decision): boolean => withoutNumbers(a.path) === withoutNumbers(b.path);

interface Expected {
  readonly spacing: number;
  /** Pixels were binned by a whole number. */
  readonly isBinning: boolean;
}

/** Voxel sizes that a tomogram has whose sections show what the images of the tilt series show, upright or turned by a right angle. */
export function expected({ path, run }: Decision, laboratory: Laboratory, series: readonly SeriesPixels[]): Expected[] {
  const [, y = 0, x = 0] = laboratory.get(path)?.volume?.shape ?? [];
  if (x === 0 || y === 0) return [];
  const found: Expected[] = [];
  for (const { run: of, pixelAngstrom, rows, columns } of series) {
    if (of !== run) continue;
    for (const [across, down] of [
      [columns / x, rows / y],
      [columns / y, rows / x],
    ] as const) {
      if (!isNear(across, down, 0.05)) continue;
      const whole = Math.round(across);
      // a last row that does not fill a bin is dropped
      const isBinning = whole > 0 && [across, down].every((ratio) => Math.abs(ratio / whole - 1) < 0.03);
      const spacing = Number((pixelAngstrom * (isBinning ? whole : across)).toFixed(3));
      if (!found.some((one) => isNear(one.spacing, spacing, 0.01))) found.push({ spacing, isBinning });
    }
  }
  return found;
}

/**
 * Voxel sizes of headers that are no whole number of the pixels that the tomogram was made of, where those of tomograms beside it with as many voxels are
 * one: a program that was not told the pixel size writes such. That of the others is taken.
 */
export function headerQuestions(
  files: ReadonlyMap<string, Decision>,
  laboratory: Laboratory,
  series: readonly SeriesPixels[],
): Question[] {
  const tomograms = [...files.values()].filter(({ role }) => role === "tomogram");
  const doubts = tomograms.flatMap((file) => {
    const spacing = spacingOf(file, laboratory);
    const could = expected(file, laboratory, series);
    const known = file.details.spacingAngstrom !== undefined || file.strength === "person";
    if (spacing === undefined || known || could.some((one) => isNear(one.spacing, spacing, 0.02))) return [];
    const pixels = series.filter(({ run }) => run === file.run).map(({ pixelAngstrom }) => pixelAngstrom);
    const isBinned = (size: number) => pixels.some((pixel) => isWhole(size / pixel));
    if (pixels.length === 0 || isBinned(spacing)) return [];
    const around = tomograms.flatMap((other) => {
      const isAlike =
        other !== file &&
        folderOf(other.path) === folderOf(file.path) &&
        shapeOf(other.path, laboratory) === shapeOf(file.path, laboratory);
      return isAlike ? (spacingOf(other, laboratory) ?? []) : [];
    });
    const [likely] = around;
    // programs choose odd voxel sizes, too: one that differs from those beside it, where these are whole numbers of pixels, is a mistake
    if (likely === undefined || isNear(likely, spacing, 0.02) || !isBinned(likely)) return [];
    return around.every((one) => isNear(one, likely, 0.01)) ? [{ file, spacing, likely, pixel: pixels[0]! }] : [];
  });
  const groups = groupsOf(doubts, ({ spacing, likely }) => `${spacing} ${likely}`);
  return [...groups.values()].map((group): Question => {
    const { spacing, likely, pixel } = group[0]!;
    const paths = group.map(({ file }) => file.path);
    const some = group.map(({ file }) => file);
    return {
      id: `spacing-${spacing}-or-${likely}`,
      text: `What is the voxel size of ${theseFiles(paths)}?`,
      why: `The header says ${spacing} Å, which is no whole binning of the tilt series (${Number(pixel.toFixed(3))} Å). Tomograms of the same dimensions in the folder have ${likely} Å.`,
      files: paths,
      options: [optionOf(likely, some), optionOf(spacing, some)],
      guess: `${likely}`,
    };
  });
}

export const isWhole = (binning: number): boolean =>
  binning > 0.97 && Math.abs(binning / Math.max(1, Math.round(binning)) - 1) < 0.02;

export function optionOf(value: number, files: readonly Decision[]): Option {
  const claims = files.map((file) => ({ ...asItIs(file), details: { ...file.details, spacingAngstrom: value } }));
  return { answer: `${value}`, says: `published with ${value} Å`, claims };
}

/** Tomograms of one size in voxels whose headers differ by a factor of ten: one of them is in nm, or was never set right. */
export function spacingQuestions(files: ReadonlyMap<string, Decision>, laboratory: Laboratory): Question[] {
  const tomograms = [...files.values()].filter(({ role, path }) => role === "tomogram" && laboratory.get(path)?.volume);
  const groups = groupsOf(tomograms, ({ path }) => shapeOf(path, laboratory));
  return [...groups.values()].flatMap((group) => {
    const bySpacing = groupsOf(
      group.filter((file) => spacingOf(file, laboratory) !== undefined),
      (file) => `${spacingOf(file, laboratory)}`,
    );
    const [usual] = [...bySpacing].sort((a, b) => b[1].length - a[1].length);
    if (!usual) return [];
    const common = Number(usual[0]);
    return [...bySpacing].flatMap(([key, some]): Question[] => {
      const spacing = Number(key);
      const ratio = Math.abs(Math.log10(common / spacing));
      if (some.length >= usual[1].length || ratio < 0.98 || ratio > 1.02) return [];
      // what a person has said stays
      if (some.every(({ strength }) => strength === "person")) return [];
      const paths = some.map(({ path }) => path);
      const text = `Is the voxel size of ${fewFiles(paths)} ${common} Å, as that of ${fewFiles(usual[1].map(({ path }) => path))}, or ${spacing} Å, as the header says?`;
      return [{ id: `spacing-${key}`, text, files: paths, options: [common, spacing].map((value) => optionOf(value, some)) }];
    });
  });
}

/** Volumes whose voxel size nothing tells: the configuration has a placeholder in its place. */
export function placeholderNotes(
  files: ReadonlyMap<string, Decision>,
  laboratory: Laboratory,
  series: readonly SeriesPixels[],
): string[] {
  const known = new Set(series.map(({ run }) => run));
  const blind = (role: Decision["role"], isKnown: (file: Decision) => boolean) =>
    [...files.values()].filter((file) => file.role === role && !isKnown(file)).map(({ path }) => path);
  const told = (paths: readonly string[], what: string, placeholder: string, then: string) =>
    paths.length === 0
      ? []
      : [
          `No ${what} in the ${paths.length === 1 ? "header" : "headers"} of ${fewFiles(paths)}: ${placeholder} Å is a placeholder; ${then}.`,
        ];
  return [
    ...told(
      blind("tomogram", (file) => spacingOf(file, laboratory) !== undefined),
      "voxel size",
      FALLBACK_SPACING.toFixed(1),
      "enter the measured value, since ingest run refuses the placeholder",
    ),
    ...told(
      blind("tilt series", ({ run }) => run === undefined || known.has(run)),
      "pixel size",
      "1.0",
      "enter the measured value",
    ),
  ];
}

/** Voxel sizes of bookkeeping that headers contradict: of those that nobody asks about the bookkeeping's is taken. */
export function spacingNotes(files: ReadonlyMap<string, Decision>, laboratory: Laboratory): string[] {
  const doubts = [...files.values()].flatMap((file) => {
    const { path, role, strength, question, because, details } = file;
    const { spacingAngstrom: told, spacingFrom } = details;
    if (!["tomogram", "tilt series"].includes(role) || strength === "person" || question !== undefined) return [];
    const header = spacingOf({ ...file, details: {} }, laboratory);
    if (told === undefined || header === undefined || spacingFrom !== undefined || isNear(told, header, 0.01)) return [];
    return [{ path, told: Number(told.toFixed(3)), header, because }];
  });
  return [...groupsOf(doubts, ({ told, header }) => `${told} ${header}`).values()].map((group) => {
    const { told, header, because } = group[0]!;
    return `${fewFiles(group.map(({ path }) => path))}: ${header} Å by the header; ${told} Å is taken, as told elsewhere (${because}).`;
  });
}
