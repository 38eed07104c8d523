import { groupsOf } from "../../../../core/groups.js";
import type { Question } from "../claims.js";
import type { Decision } from "../decide.js";
import { stableId, theseFiles } from "../questions.js";
import type { Laboratory } from "../survey/laboratory.js";
import { expected, isNear, optionOf, type SeriesPixels, spacingOf } from "./spacings.js";

/** Å of a pixel that no camera in a cryo-electron microscope records tilt series with. */
const PIXEL_MIN = 0.45;
/** Å of a voxel, and of the longest side, below which a tomogram shows less than a ribosome. */
const VOXEL_SMALL = 2;
const SIDE_SMALL = 200;

interface Doubt {
  readonly file: Decision;
  readonly spacing: number;
  readonly likely: number;
  /** What speaks for the other size, as the end of a sentence. */
  readonly since: string;
  /** Something else says it, and not only that the size is implausible. */
  readonly isTold: boolean;
}

/**
 * Headers in nm, where MRC has Å: the size is a tenth of what the acquisition file says, of what tilt series with as large images have, of what the
 * tomogram and its tilt series say of each other, or of anything that there is. Of tomograms with as many voxels {@link spacingQuestions} asks.
 */
export function nanometreQuestions(
  files: ReadonlyMap<string, Decision>,
  laboratory: Laboratory,
  series: readonly SeriesPixels[],
): Question[] {
  const volumes = [...files.values()].filter(({ role }) => role === "tilt series" || role === "tomogram");
  const doubts = volumes.flatMap((file): Doubt[] => {
    const spacing = spacingOf(file, laboratory);
    if (spacing === undefined || file.details.spacingAngstrom !== undefined || file.strength === "person") return [];
    const doubt =
      file.role === "tilt series"
        ? doubtOfSeries(file, spacing, { volumes, laboratory, series })
        : doubtOfTomogram(file, spacing, { laboratory, series });
    return doubt === undefined ? [] : [{ file, spacing, ...doubt }];
  });
  const groups = groupsOf(doubts, ({ file, spacing, likely, since }) => `${file.role} ${spacing} ${likely} ${since}`);
  return [...groups].map(([key, group]): Question => {
    const { file, spacing, likely, since, isTold } = group[0]!;
    const some = group.map((one) => one.file);
    const paths = some.map(({ path }) => path);
    const what = file.role === "tomogram" ? "voxel" : "pixel";
    return {
      id: stableId("nanometres", key),
      text: `What is the ${what} size of ${theseFiles(paths)}?`,
      why: `The header says ${spacing} Å, but ${likely} Å is more likely: ${since}.`,
      files: paths,
      options: [optionOf(likely, some), optionOf(spacing, some)],
      ...(isTold && { guess: `${likely}` }),
    };
  });
}

type Suspicion = Pick<Doubt, "likely" | "since" | "isTold">;

interface Around {
  readonly volumes: readonly Decision[];
  readonly laboratory: Laboratory;
  readonly series: readonly SeriesPixels[];
}

const isTenth = (spacing: number, other: number): boolean => isNear(spacing * 10, other, 0.02);
const tenfold = (spacing: number): number => Number((spacing * 10).toFixed(3));

function doubtOfSeries(file: Decision, spacing: number, { volumes, laboratory, series }: Around): Suspicion | undefined {
  const told = series.filter(({ run, by }) => run === file.run && by === "acquisition").map(({ pixelAngstrom }) => pixelAngstrom);
  if (told.some((one) => isNear(one, spacing, 0.02))) return undefined;
  const said = told.find((one) => isTenth(spacing, one));
  if (said !== undefined) return { likely: said, since: "the mdoc has ten times as much", isTold: true };
  const images = (path: string) => laboratory.get(path)?.volume?.shape.slice(1).join(" ");
  const others = volumes.flatMap((other) =>
    other.role === "tilt series" && other !== file && images(other.path) === images(file.path)
      ? (spacingOf(other, laboratory) ?? [])
      : [],
  );
  const alike = others.filter((one) => isTenth(spacing, one)).length;
  const likely = tenfold(spacing);
  if (alike > 0 && alike >= others.filter((one) => isNear(one, spacing, 0.02)).length)
    return { likely, since: "others with as large images have ten times as much", isTold: false };
  const own = volumes.filter(({ role, run }) => role === "tomogram" && run === file.run);
  const isOfTenfold = own.some((tomogram) => {
    const of = spacingOf(tomogram, laboratory);
    return of !== undefined && expected(tomogram, laboratory, series).some((one) => isTenth(one.spacing, of));
  });
  if (isOfTenfold) return { likely, since: "its tomogram fits pixels ten times as large", isTold: false };
  return spacing < PIXEL_MIN ? { likely, since: "no tilt series has such small pixels", isTold: false } : undefined;
}

function doubtOfTomogram(
  file: Decision,
  spacing: number,
  { laboratory, series }: Omit<Around, "volumes">,
): Suspicion | undefined {
  const could = expected(file, laboratory, series);
  if (could.some((one) => isNear(one.spacing, spacing, 0.02))) return undefined;
  const likely = could.find((one) => isTenth(spacing, one.spacing))?.spacing;
  if (likely !== undefined) return { likely, since: "its tilt series fits voxels ten times as large", isTold: false };
  const longest = spacing * Math.max(...(laboratory.get(file.path)?.volume?.shape ?? [0]));
  if (spacing >= VOXEL_SMALL || longest >= SIDE_SMALL || longest === 0) return undefined;
  const since = `with that the volume would be ${Number((longest / 10).toPrecision(2))} nm long, less than a ribosome`;
  return { likely: tenfold(spacing), since, isTold: false };
}
