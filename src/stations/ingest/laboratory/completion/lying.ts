import { groupsOf } from "../../../../core/groups.js";
import type { Question } from "../claims.js";
import type { Decision } from "../decide.js";
import { stableId, theseFiles } from "../questions.js";
import type { Laboratory } from "../survey/laboratory.js";
import { APART } from "./calibrations.js";
import { leftOut } from "./claim.js";
import { expected, isNear, isWhole, optionOf, type SeriesPixels, spacingOf, spacingOfName } from "./spacings.js";

/** Part by which a header may differ from bookkeeping, which rounds. */
const TOLERANCE = 0.02;
/** Part by which the voxels of a calibrated pixel may differ from those that it was binned to. */
const CALIBRATED = 0.001;
/** A tomogram is at most so much wider than the images that it was made of: turned by 45° it needs 1.42 of their side. */
const WIDER_MOST = 1.5;

interface Lie {
  readonly file: Decision;
  readonly header: number;
  readonly likely: number | undefined;
  readonly since: string;
  /** It may be a part: then nothing is published until somebody answers. */
  readonly isPart?: boolean;
}

/**
 * Headers that contradict bookkeeping: another voxel size than the program's own books have, a volume that would be far wider than the images of its
 * tilt series, or one that has the voxels of the binned images and another size of them: somebody told the program the pixel of another microscope. Bookkeeping's,
 * or the size by which the images fit, is taken until somebody answers. One that has as many voxels as a tomogram of its run which shows what the images show,
 * and a smaller voxel size, may be that tomogram with a wrong pixel, or a part of another one.
 */
export function lyingQuestions(
  files: ReadonlyMap<string, Decision>,
  laboratory: Laboratory,
  series: readonly SeriesPixels[],
): Question[] {
  // images and tomograms that never fit tell nothing of single headers
  const ratios = [...files.values()].flatMap((file) =>
    file.role === "tomogram" ? (widthOf(file, spacingOf(file, laboratory), laboratory, series) ?? []) : [],
  );
  const isUsual = ratios.filter((ratio) => ratio > WIDER_MOST).length * 2 > ratios.length;
  const binned = [...files.values()].flatMap((file) => {
    const binning = file.role === "tomogram" ? binningOf(file, laboratory, series) : undefined;
    const spacing = spacingOf(file, laboratory);
    return binning === undefined || spacing === undefined ? [] : [isOfAnother(spacing, binning)];
  });
  const isUsualPixel = binned.filter((isOther) => isOther).length * 2 > binned.length;
  const lies = [...files.values()].flatMap((file): Lie[] => {
    const { role, strength, question, details, because } = file;
    if (role !== "tomogram" || strength === "person" || question !== undefined || details.spacingFrom !== undefined) return [];
    const header = spacingOf({ ...file, details: {} }, laboratory);
    if (header === undefined) return [];
    const told = details.spacingAngstrom;
    if (told !== undefined)
      return isNear(header, told, TOLERANCE)
        ? []
        : [{ file, header, likely: told, since: `The header says ${header} Å, and ${told} Å is known otherwise: ${because}` }];
    const could = expected(file, laboratory, series);
    // then it is the header of the tilt series that is in nm
    if (could.some(({ spacing }) => isNear(spacing * 10, header, TOLERANCE))) return [];
    // where the name agrees with the header it may be the tilt series whose header is wrong
    const isNamed = isNear(spacingOfName(file.path) ?? 0, header, TOLERANCE);
    const wide = widthOf(file, header, laboratory, series);
    const fitting = could.filter(({ isBinning }) => isBinning);
    if (wide === undefined || wide <= WIDER_MOST || isUsual) {
      const isNarrow = wide !== undefined && !isUsual && fitting.length === 1;
      const narrow = isNarrow ? narrowLie(file, { header, fits: fitting[0]!.spacing, files, laboratory }) : undefined;
      if (narrow) return [narrow];
      const binning = isUsualPixel || isNamed ? undefined : binningOf(file, laboratory, series);
      if (binning === undefined || !isOfAnother(header, binning)) return [];
      const { by, pixels } = binning;
      const since = `It has as many voxels along x and y as the images of its tilt series, with pixels of ${pixels.map((pixel) => Number(pixel.toFixed(3))).join(" or ")} Å, binned by ${by}`;
      return [{ file, header, likely: pixels.length === 1 ? Number((by * pixels[0]!).toFixed(3)) : undefined, since }];
    }
    const likely = fitting.length === 1 && !isNamed ? fitting[0]!.spacing : undefined;
    return [
      {
        file,
        header,
        likely,
        since: `With ${header} Å the volume would be ${wide} times as wide as the images of its tilt series`,
      },
    ];
  });
  const groups = groupsOf(lies, ({ header, likely, since }) => `${header} ${likely} ${since.replace(/\S*\d\S*/g, "#")}`);
  return [...groups].map(([key, group]): Question => {
    const { header, likely, since, isPart } = group[0]!;
    const some = group.map(({ file }) => file);
    return {
      id: stableId("lying", key),
      text: `Is the voxel size of ${theseFiles(some.map(({ path }) => path))} ${header} Å, as the header says${likely === undefined ? "" : `, or ${Number(likely.toFixed(3))} Å`}?`,
      why: `${since}.`,
      files: some.map(({ path }) => path),
      options: [
        ...(likely === undefined ? [] : [optionOf(likely, some)]),
        optionOf(header, some),
        {
          answer: "leave-out",
          says: likely === undefined ? "no: not published; correct the header first (IMOD: alterheader -del)" : "not published",
          claims: some.map((file) => leftOut(file, "its header contradicts what is known of it")),
        },
      ],
      ...(likely !== undefined && { guess: isPart ? "leave-out" : `${likely}` }),
    };
  });
}

interface Narrow {
  readonly header: number;
  /** By which its sections show what the images show. */
  readonly fits: number;
  readonly files: ReadonlyMap<string, Decision>;
  readonly laboratory: Laboratory;
}

/** The voxels of a header are too small where a tomogram of the run has as many, and those that fit its images. What others of the run have is no slip. */
function narrowLie(file: Decision, { header, fits, files, laboratory }: Narrow): Lie | undefined {
  if (header >= fits * (1 - TOLERANCE)) return undefined;
  // a pixel that was concluded from others speaks against no header
  const ofRun = [...files.values()].filter(({ run }) => run === file.run);
  if (ofRun.some(({ role, details }) => role === "tilt series" && details.spacingFrom !== undefined)) return undefined;
  const shapeOf = (path: string) => laboratory.get(path)?.volume?.shape.join(" ");
  const others = ofRun.filter(({ role, path }) => role === "tomogram" && path !== file.path);
  const spacings = others.map((other) => ({ path: other.path, spacing: spacingOf(other, laboratory) ?? 0 }));
  const twin = spacings.find(({ path, spacing }) => shapeOf(path) === shapeOf(file.path) && isNear(spacing, fits, TOLERANCE));
  // a note says that the pixel was calibrated: it was made again with that
  if (others.some(({ details }) => isNear(details.calibratedAngstrom ?? 0, header, CALIBRATED))) return undefined;
  const isShared = spacings.some(
    ({ path, spacing }) => isNear(spacing, header, TOLERANCE) && shapeOf(path) !== shapeOf(file.path),
  );
  if (!twin || isShared) return undefined;
  const since = `${twin.path} has the same dimensions, and its voxel size fits the tilt series`;
  return { file, header, likely: fits, since, isPart: true };
}

/** How many times as wide as its tilt series a tomogram is. */
function widthOf(
  { path, run }: Decision,
  spacing: number | undefined,
  laboratory: Laboratory,
  series: readonly SeriesPixels[],
): number | undefined {
  const [, rows = 0, columns = 0] = laboratory.get(path)?.volume?.shape ?? [];
  const own = series.filter((one) => one.run === run && one.rows > 0);
  if (own.length === 0 || spacing === undefined) return undefined;
  const widest = Math.max(...own.map((one) => Math.max(one.rows, one.columns) * one.pixelAngstrom));
  return Number(((Math.max(rows, columns) * spacing) / widest).toPrecision(2));
}

interface Binning {
  readonly by: number;
  /** Å. */
  readonly pixels: readonly number[];
}

/** The whole number by which the images of a tomogram's tilt series were binned, where it has exactly as many voxels as this leaves along both axes. */
function binningOf({ path, run }: Decision, laboratory: Laboratory, series: readonly SeriesPixels[]): Binning | undefined {
  const [, y = 0, x = 0] = laboratory.get(path)?.volume?.shape ?? [];
  const own = series.filter((one) => one.run === run && one.rows > 0);
  if (x === 0 || y === 0 || own.length === 0) return undefined;
  const fits = (by: number) =>
    own.every(({ rows, columns }) =>
      [
        [rows, columns],
        [columns, rows],
      ].some(([down, across]) => Math.abs(down! / by - y) < 1 && Math.abs(across! / by - x) < 1),
    );
  const by = Math.round(Math.max(own[0]!.rows, own[0]!.columns) / Math.max(x, y));
  const pixels = own.map(({ pixelAngstrom }) => pixelAngstrom);
  return by >= 1 && fits(by)
    ? { by, pixels: pixels.filter((one, at) => !pixels.slice(0, at).some((other) => isNear(one, other, 0.01))) }
    : undefined;
}

/** Whether a voxel size is that of no such image, neither binned nor cut, nor of its pixel as somebody has calibrated it anew, and that of a similar pixel. */
const isOfAnother = (spacing: number, { by, pixels }: Binning): boolean =>
  pixels.every(
    (pixel) => !isNear(spacing, pixel * by, APART.most) && !isWhole(spacing / pixel) && spacing * WIDER_MOST > pixel * by,
  );
