import { isDeepStrictEqual } from "node:util";
import { isEmporiumError } from "../../../../core/errors.js";
import { few } from "../../../../core/finding.js";
import { groupsOf, keyOf } from "../../../../core/groups.js";
import { counted } from "../../../../core/units.js";
import type { Claim, Details, Option, PointsReading, Question } from "../claims.js";
import { leftOut } from "../completion/claim.js";
import { withoutRun } from "../configuration/globs.js";
import type { Decision } from "../decide.js";
import { theseFiles } from "../questions.js";
import { stemOf } from "../recognisers/common/names.js";
import { readingOf as readingOfList, readParticleList, seriesStem } from "../recognisers/common/particles.js";
import { sharedDepth } from "../recognisers/common/paths.js";
import { looseName, runFinder } from "../run-names.js";
import type { Laboratory } from "../survey/laboratory.js";
import { foreignPixels } from "./foreign-pixels.js";
import {
  areOutside,
  type Listed,
  type PlacedList,
  type PlaceOptions,
  readableRange,
  straysOf,
  type Volume,
  withoutFile,
} from "./lists.js";
import { modelFacts } from "./model-facts.js";
import { binnedAsNamed } from "./named-binning.js";
import { type NamedTable, namedTable } from "./named-tables.js";
import { isBehindComments, pointFileOf, tableFault } from "./point-files.js";
import {
  liesIn,
  type Placed,
  type PointRange,
  type Reading,
  rangeText,
  readingsOf,
  readingText,
  writtenOtherwise,
} from "./readings.js";
import { isLookedFor, isOfTomoTwin, tomotwinReading } from "./tomotwin.js";

export interface PlacedPoints {
  /** Claims for each file: as a list of points with a reading, or left out with the reason. */
  readonly claims: readonly Claim[];
  readonly questions: readonly Question[];
  /** Sentences on rows that are of no tomogram of the folder. */
  readonly notes: readonly string[];
}

/** Runs of one group whose points are read for the unit of all. */
const RUNS_READ = 12;

/**
 * Formats of programs that count the pixels of an image. Of Warp's lists those of M, in Å, tell their unit.
 *
 * Source: warpem.github.io, tomogram particle files
 */
const COUNTS_PIXELS = new Set([
  ...["mod", "relion3_star", "relion4_star", "warp_star", "stopgap_star", "tomoman_relion_star", "dynamo_tbl", "peet_motl"],
  ...["eman2_box", "eman2_json", "cryolo_cbox", "napari", "tomotwin_tloc"],
]);

/** Formats that count from the middle of the tomogram, whose size the file does not have. */
const FROM_MIDDLE = new Set(["eman2_json"]);

/** Formats whose own columns are named by their axes, and whose readers know no other order: one that is guessed would not be obeyed. */
const NAMES_AXES = new Set(["napari", "tardis", "csv_by_name"]);

/**
 * Looks into lists of points: what they are, which tomogram they lie in, and how their coordinates become its voxels. What only one reading fits is
 * claimed; what several fit is asked; what none fits, or no configuration can express, is left out with the reason.
 */
export async function placePoints(files: readonly Decision[], options: PlaceOptions): Promise<PlacedPoints> {
  const claims: Claim[] = [];
  const questions: Question[] = [];
  const notes: string[] = [];
  const listed: Listed[] = [];
  for (const file of files) {
    const { laboratory, signal } = options;
    const elsewhere = inAnother(file, options);
    if (elsewhere !== undefined) {
      claims.push(leftOut(file, elsewhere));
      continue;
    }
    const table = file.details.points ? undefined : await namedTable(laboratory, file.path, options, signal);
    const known = typeof table === "object" ? table.reading : (table ?? (await readingOf(file, options)));
    const named =
      typeof known === "string"
        ? known
        : await namedRows({ ...file, reading: known }, options, typeof table === "object" ? table : undefined);
    if (typeof named === "string") claims.push(leftOut(file, named));
    else {
      listed.push(named);
      if (typeof table === "object") notes.push(...table.notes);
    }
  }
  // runs of several voxel sizes are one group for each: what one number divides, another would put elsewhere
  const sizesOf = (run: string | undefined) =>
    run === undefined
      ? ""
      : [...new Set(options.volumesOf(run).map(({ spacingAngstrom = 0 }) => spacingAngstrom))].sort().join(" ");
  const groups = groupsOf(listed, ({ path, run, reading, details }) =>
    keyOf(
      sizesOf(run),
      run === undefined ? path : withoutRun(path, run, "#"),
      reading.format,
      reading.unit ?? "",
      reading.delimiter ?? "",
      reading.isReversed === true ? "zyx" : "",
      details.object ?? "",
    ),
  );
  for (const group of groups.values()) {
    const placed = await placeGroup(group, options);
    claims.push(...placed.claims);
    notes.push(...placed.notes);
    for (const question of placed.questions) {
      const same = questions.filter(({ id }) => id === question.id || id.startsWith(`${question.id}-no-`)).length;
      questions.push(same === 0 ? question : { ...question, id: `${question.id}-no-${same + 1}` });
    }
  }
  return { claims, questions, notes };
}

/**
 * Why points are in none of the tomograms of their run: bookkeeping names the volume that they were found in, such as a piece that was cut out, which is not
 * published, and no tomogram of the run has as many voxels. Their coordinates count from another corner, or in other voxels.
 */
function inAnother({ run, details, strength }: Decision, { laboratory, volumesOf }: PlaceOptions): string | undefined {
  const { of, unit, format, pixelAngstrom, rowValues } = details.points ?? {};
  const shape = of === undefined ? undefined : laboratory.get(of)?.volume?.shape;
  if (run === undefined || shape === undefined || pixelAngstrom !== undefined || rowValues !== undefined) return undefined;
  const volumes = volumesOf(run);
  const isSame = ({ path, size: [x, y, z] }: Volume) => path === of || (x === shape[2] && y === shape[1] && z === shape[0]);
  if (strength === "person" || volumes.length === 0) return undefined;
  const same = volumes.find(({ path }) => path === of) ?? volumes.find(isSame);
  if (same !== undefined) {
    // of several tomograms with such voxels the ingest takes the middle of any
    const { spacingAngstrom } = same;
    const other = volumes.find((one) => one.spacingAngstrom === spacingAngstrom && !isSame(one));
    if (format === undefined || unit !== "format" || !FROM_MIDDLE.has(format) || other === undefined) return undefined;
    return `it counts from the middle of ${of}, and ${other.path}, which has another size, is published beside it: write x, y, z in voxels of ${of} instead, from its first corner`;
  }
  return `its points lie in ${of}, which is not published, and no tomogram of ${run} has its size`;
}

/**
 * Takes those runs away whose tomograms have another centre than that from which the points are counted.
 *
 * @returns a text: why nothing of the list can be placed
 */
function leaveCentredElsewhere(covered: string[], { run: only, reading }: Listed, options: PlaceOptions): string | undefined {
  const otherwise = covered.filter((run) => isCentredElsewhere(run, reading, options));
  if (otherwise.length === 0) return undefined;
  if (only !== undefined || otherwise.length === covered.length)
    return `its coordinates count from the centre of tomograms of another size than those of ${few(otherwise, 3, "run")}`;
  covered.splice(0, covered.length, ...covered.filter((run) => !otherwise.includes(run)));
  return undefined;
}

/** Whether the tomograms of a run have not the size of those from whose centre its points are counted: of several that fit and do not the ingest takes any. */
function isCentredElsewhere(run: string, reading: PointsReading, options: PlaceOptions): boolean {
  const extent = reading.centredIn?.[rowOf(run, reading, options) ?? run];
  if (extent === undefined) return false;
  const fits = ({ size, spacingAngstrom }: Volume) =>
    spacingAngstrom === undefined ||
    size.every((count, axis) => Math.abs(count * spacingAngstrom - extent[axis]!) < CENTRE_TOLERANCE * spacingAngstrom);
  const volumes = options.volumesOf(run);
  const spacings = new Set(volumes.filter(fits).map(({ spacingAngstrom }) => spacingAngstrom));
  return spacings.size === 0 || volumes.some((one) => spacings.has(one.spacingAngstrom) && !fits(one));
}

/** Voxels by which a tomogram may be larger or smaller, since programs round its size. */
const CENTRE_TOLERANCE = 1.5;

/** A row of three numbers between `;` or tabulators. */
const DECIMAL_COMMAS = /^-?\d+,\d+[;\t] *-?\d+,\d+[;\t] *-?\d+,\d+ *$/m;

const COORDINATE = /(?:^|[^\p{L}])[xyz](?:[^\p{L}]|$)|coord|axis|pos/iu;

/** Whether the first row has names of columns, or a STAR file labels, and none of them is one of a coordinate. */
function isWithoutPlaces(text: string): boolean {
  const labels = text.match(/^_[A-Za-z]\w*/gm);
  if (labels && /^data_/m.test(text)) return !labels.some((label) => /coordinate|(?:orig|pos|shift)_?[xyz]/i.test(label));
  const [first = ""] = text.replace(/^\ufeff/, "").split(/\r\n|\n|\r/, 1);
  const cells = first.split(/[,;\t|]/).map((cell) => cell.trim());
  return cells.length > 1 && cells.every((cell) => /\p{L}/u.test(cell)) && !cells.some((cell) => COORDINATE.test(cell));
}

/** Reads the head of a list whose format is not known yet. @returns a text: why nothing can be made of it */
async function readingOf(file: Decision, { laboratory, signal }: PlaceOptions): Promise<PointsReading | string> {
  const { path, details } = file;
  const surveyed = laboratory.get(path)!;
  if (await isCut(path, laboratory)) return "its last row is shorter than the others, as that of a file that was cut short";
  if (details.points === undefined && isLookedFor(path))
    return "places of what TomoTwin looks for, such as references, and no picks";
  const reading = details.points ?? (await pointFileOf(laboratory.store, surveyed, signal));
  if (!reading) {
    const text = surveyed.format === "text" ? ((await laboratory.text(path)) ?? "") : "";
    if (DECIMAL_COMMAS.test(text)) return "its numbers have decimal commas: write them with points";
    if (isBehindComments(text, path))
      return "lines with # stand before its columns, where the names of these or its first row are looked for: take them out, and it can be read";
    if (isWithoutPlaces(text)) return "a table without coordinates";
    return tableFault(text) ?? "its points are in no known format: write x, y, z of each run as CSV";
  }
  if (reading.unit === undefined && isOfTomoTwin(path, laboratory)) return tomotwinReading(file, reading, laboratory);
  if (reading.format !== "mod" || reading.unit !== undefined) return reading;
  try {
    const { kind, pixelAngstrom } = await modelFacts(await laboratory.open(path), signal);
    if (kind === "none") return "a model without points";
    if (kind === "outlines") return "closed contours, each within one section: the outline of something, and no positions";
    if (kind === "lines") return "lines of several points each: a shape, and no list of positions";
    return pixelAngstrom === undefined ? reading : { ...reading, unit: "pixels", pixelAngstrom };
  } catch (error) {
    if (isEmporiumError(error) && error.code.startsWith("FORMAT_"))
      return `it cannot be read: ${withoutFile(error.message, path)}`;
    throw error;
  }
}

/** Bytes of a table that are looked at for its last rows, and the columns of a STAR file before its only row. */
const TAIL_BYTES = 65_536;

/** Whether the last row of a table, which nothing ends, has fewer columns than the one before it, or than the table, or a number with fewer decimals. */
async function isCut(path: string, laboratory: Laboratory): Promise<boolean> {
  const { format, size } = laboratory.get(path)!;
  if (!/\.(?:star|tbl)$/i.test(path) || (format !== "text" && format !== undefined) || size === 0) return false;
  const source = await laboratory.open(path);
  const length = Math.min(size, TAIL_BYTES);
  const tail = new TextDecoder().decode(await source.read({ offset: size - length, length }));
  if (/[\r\n]$/.test(tail)) return false;
  const lines = tail.split(/\r\n|[\r\n]/).map((line) => line.trim());
  const last = cellsOf(lines.pop()!);
  const before = lines.pop() ?? "";
  if (/^(?:_|loop_|data_)/.test(last[0] ?? "")) return true;
  if (!before.startsWith("_")) return last.length < cellsOf(before).length || isShortened(last.at(-1)!, [...lines, before]);
  const columns = lines.length - lines.findLastIndex((line) => !line.startsWith("_"));
  return last.length < columns;
}

/** Programs write a column with so many decimals: a number with fewer of them may be cut, and then be another one. */
const DECIMALS_MIN = 4;
const ROWS_MIN = 3;

function isShortened(last: string, rows: readonly string[]): boolean {
  const decimalsOf = (cell: string) => /^-?\d+\.(\d+)$/.exec(cell)?.[1]?.length ?? 0;
  const above = rows.slice(-ROWS_MIN).map((row) => decimalsOf(cellsOf(row).at(-1) ?? ""));
  const [first = 0] = above;
  return (
    first >= DECIMALS_MIN && above.length === ROWS_MIN && above.every((count) => count === first) && decimalsOf(last) < first
  );
}

/** A cell of a STAR file may have blanks between quotation marks. */
const cellsOf = (line: string): string[] => line.match(/'[^']*'(?=\s|$)|"[^"]*"(?=\s|$)|\S+/g) ?? [];

/** Columns of STAR files that name the tomogram of a row. */
const NAMES = new Set(["rlnTomoName", "rlnMicrographName", "wrpSourceName"]);

/** A list that names no run, of the only one that there is. */
function ofOnlyRun(file: Listed, { runs }: PlaceOptions): Listed {
  if (file.run !== undefined || file.runs !== undefined || runs.length !== 1) return file;
  return { ...file, run: runs[0]!, isOfOnlyRun: true, reading: { ...file.reading, rowName: undefined } };
}

/**
 * Where a column names tomograms otherwise than the runs are called, by file names for example: which of its values are of which tomogram. A file of one
 * run whose rows all have one name needs no column.
 *
 * @param table of a table with names of columns: its rows by tomogram
 * @returns a text: why nothing can be made of it
 */
async function namedRows(file: Listed, options: PlaceOptions, table?: NamedTable): Promise<Listed | string> {
  if (file.reading.rowName === undefined) return ofOnlyRun(file, options);
  if (table?.series && file.reading.rowValues) return { ...file, run: undefined, series: table.series };
  if (table?.series) return rowsOfTable({ ...file, series: table.series }, table.series, options);
  if (file.reading.rowValues !== undefined || !NAMES.has(file.reading.rowName)) return file;
  const list = await readParticleList(options.laboratory, file.path);
  if (list === undefined || "reason" in list) return file;
  const { series } = list;
  // a list of RELION that was made of an export of Warp has its names and its pixels
  const isOfWarp = file.details.points === undefined && [...series.keys()].some((value) => /\.tomostar$/i.test(value));
  const reading = isOfWarp ? readingOfList(list) : file.reading;
  return rowsOfRuns({ ...file, reading, series }, series, options, seriesStem);
}

/** As above, of a table that a person has written: what has numbers for tomograms is no table of runs called by numbers. */
function rowsOfTable(file: Listed, series: ReadonlyMap<string, number>, options: PlaceOptions): Listed | string {
  const values = [...series.keys()];
  const isNumbered = values.every((value) => /^\d+$/.test(value) && !options.runs.includes(value));
  const isOfOne = values.length === 1 && (file.run !== undefined || options.runs.length === 1);
  if (isNumbered && !isOfOne)
    return `its column ${file.reading.rowName} has ${few(values)}, and nothing tells which tomograms they are: write the names of the runs into it`;
  return rowsOfRuns(file, series, options, (value) => value);
}

/** @param nameOf the name that a value has to be to be that of a run */
function rowsOfRuns(
  file: Listed,
  series: ReadonlyMap<string, number>,
  options: PlaceOptions,
  nameOf: (value: string) => string,
): Listed | string {
  const { runs, volumesOf } = options;
  const { run, reading } = file;
  const values = [...series.keys()];
  const find = runFinder(runs);
  // the software that wrote the list may know its runs
  const isMeant = (name: string) => file.runs === undefined || file.runs.includes(name);
  const runOf = (value: string): string | undefined => {
    const name = seriesStem(value.replaceAll("\\", "/"));
    // another run may have that very name
    if (!isMeant(name) && file.runs!.length > 0) return nearestCalled(value, file, options);
    const called = runs.includes(name) ? [name] : (options.runsCalled?.(name) ?? []);
    // a name that files have is no other one's that looks like it
    const own = called.length > 0 ? only(called) : find(value.replaceAll("\\", "/"));
    return own ?? nearestCalled(value, file, options);
  };
  // what its folder is called after may be no series, such as what was looked for
  const isElsewhere = run !== undefined && volumesOf(run).length === 0;
  // rows of several tomograms are of several runs, whatever the file is called after
  const several: Listed = values.length > 1 || isElsewhere ? { ...file, run: undefined } : file;
  if (values.every((value) => runs.includes(nameOf(value)) && isMeant(nameOf(value)))) return several;
  if (run !== undefined && values.length === 1) {
    const said = options.runsCalled?.(seriesStem(values[0]!)).includes(run) ? run : find(values[0]!.replaceAll("\\", "/"));
    if (said !== undefined && said !== run) return `it is called after ${run}, and its rows name ${values[0]}`;
    const isOfOther = said === undefined && isElsewhere && nearestCalled(values[0]!, file, options) !== undefined;
    if (!isOfOther) return { ...file, reading: { ...reading, rowName: undefined } };
  }
  const called = new Map<string, string>();
  for (const value of values) {
    const own = runOf(value);
    if (own === undefined) continue;
    const other = called.get(own);
    if (other !== undefined)
      return `its column ${reading.rowName} has ${other} and ${value}, which both seem to be the run ${own}: call it by one name`;
    called.set(own, value);
  }
  if (called.size > 0 && [...called].every(([own, value]) => nameOf(value) === own)) return several;
  const rowValues = Object.fromEntries(
    [...called].flatMap(([own, value]) => volumesOf(own).map(({ path: tomogram }) => [tomogram, value] as const)),
  );
  if (Object.keys(rowValues).length === 0) return values.length === 1 ? ofOnlyRun(several, options) : several;
  return { ...several, reading: { ...reading, rowValues } };
}

const only = <T>(some: readonly T[]): T | undefined => (some.length === 1 ? some[0] : undefined);

/**
 * Of series of one name in several folders each run is called after its folder, `batch2_TS_01`, and a list goes on to call it `TS_01`: it means the one whose
 * tomogram lies nearest to it, below a folder that both lie in, or the only one that has a tomogram with voxels of its pixels.
 */
function nearestCalled(
  value: string,
  { path, reading, runs: meant }: Listed,
  { runs, runsCalled, volumesOf }: PlaceOptions,
): string | undefined {
  const stem = seriesStem(value.replaceAll("\\", "/"));
  const name = looseName(stem);
  const known = new Set(runsCalled?.(stem));
  const alike = runs.filter(
    (run) =>
      known.has(run) || looseName(run).endsWith(`_${name}`) || volumesOf(run).some((one) => looseName(stemOf(one.path)) === name),
  );
  // the software that wrote the list may tell its runs
  const told = alike.filter((run) => meant?.includes(run));
  if (told.length === 1) return told[0];
  const called = alike.map((run) => ({
    run,
    depth: Math.max(0, ...volumesOf(run).map((volume) => sharedDepth(path, volume.path))),
  }));
  const most = Math.max(0, ...called.map(({ depth }) => depth));
  const nearest = called.filter(({ depth }) => depth === most);
  const near = most > 0 && nearest.length === 1 ? nearest[0]!.run : undefined;
  const { unit, pixelAngstrom } = reading;
  const hasPixels = ({ spacingAngstrom = 0 }: Volume) => Math.abs(spacingAngstrom / pixelAngstrom! - 1) < SPACING_TOLERANCE;
  const fitting =
    unit === "pixels" && pixelAngstrom !== undefined ? called.filter(({ run }) => volumesOf(run).some(hasPixels)) : [];
  // what lies nearest and has no such voxels may have had a tomogram of these, which is gone
  if (near !== undefined) return fitting.length === 0 || fitting.some(({ run }) => run === near) ? near : undefined;
  return fitting.length === 1 ? fitting[0]!.run : undefined;
}

const RELION_COLUMNS = /^relion[34]_star$/;
/** RELION's columns with parts are what Warp's matching writes. */
const OF_PARTS = { format: "warp_matching_star", unit: "format", pixelAngstrom: undefined } as const;
const PARTS = "its coordinates are parts of the tomogram's size: write them again as voxels";

/** Whether all coordinates are within 0 and 1: no particles lie so near to one another in any other unit. */
function areParts({ format, unit }: PointsReading, ranges: readonly PointRange[]): boolean {
  const count = ranges.reduce((sum, range) => sum + range.count, 0);
  const isWithin = ({ least, most }: PointRange) => least.every((one) => one >= 0) && most.every((one) => one <= 1);
  const isSome = ranges.some(({ least, most }) => most.some((one, axis) => one > least[axis]!));
  return unit !== "format" && format !== "warp_matching_star" && count > 1 && isSome && ranges.every(isWithin);
}

function together(placed: readonly PlacedPoints[]): PlacedPoints {
  const joined = <K extends keyof PlacedPoints>(key: K) =>
    placed.flatMap((one) => one[key] as readonly PlacedPoints[K][number][]);
  return { claims: joined("claims"), questions: joined("questions"), notes: joined("notes") };
}

/** @param isDoubtful they were written in another unit than others that are called alike: a person is asked whatever fits */
async function placeGroup(group: readonly Listed[], options: PlaceOptions, isDoubtful = false): Promise<PlacedPoints> {
  const [first] = group as readonly [Listed, ...Listed[]];
  const { reading } = first;
  const all = (because: string): PlacedPoints => ({
    claims: group.map((file) => leftOut(file, because)),
    questions: [],
    notes: [],
  });
  const isShared = first.run === undefined && reading.rowName !== undefined;
  if (first.run === undefined && !isShared) return all("the run of its points is not known");
  const places = isShared ? options.runs.map((run) => ({ file: first, run })) : group.map((file) => ({ file, run: file.run! }));
  const { ranges, broken } = await rangesIn(isShared ? places : readPlaces(places, options), isShared, options);
  if (broken.size > 0) {
    // what is wrong with one list says nothing of those that are called alike
    const claims = [...broken].map(([file, because]) => leftOut(file, because));
    const others = group.filter((file) => !broken.has(file));
    if (others.length === 0) return { claims, questions: [], notes: [] };
    const placed = await placeGroup(others, options, isDoubtful);
    return { ...placed, claims: [...claims, ...placed.claims] };
  }
  if (ranges.size === 0)
    return all(
      !places.some(({ run }) => options.volumesOf(run).length > 0)
        ? "there is no tomogram of its run"
        : isShared
          ? `its ${/^column /.test(reading.rowName!) ? "" : "column "}${reading.rowName} names none of the runs`
          : "it holds no points",
    );
  if (areParts(reading, [...ranges.values()])) {
    if (!RELION_COLUMNS.test(reading.format)) return all(PARTS);
    const own = group.map((file): Listed => ({ ...file, reading: { ...file.reading, ...OF_PARTS } }));
    return placeGroup(own, options);
  }
  const covered = [...ranges.keys()].filter((run) => options.volumesOf(run).length > 0);
  const nowhere = covered.length === 0 ? "there is no tomogram of its run" : leaveCentredElsewhere(covered, first, options);
  if (nowhere !== undefined) return all(nowhere);
  const notes = isShared ? unusedRows(first, covered, options) : [];
  const spacings = spacingsOf(covered, reading, options);
  const hasOne = covered.every((run) => new Set(options.volumesOf(run).map(({ spacingAngstrom }) => spacingAngstrom)).size === 1);
  // a format that is read against the tomogram needs no voxel size that all runs have
  if (spacings.length === 0 && ((reading.unit === "format" && hasOne) || namesVoxels(reading, covered, options)))
    spacings.push(undefined);
  if (spacings.length === 0)
    return all(
      "the voxel size of its coordinates is not known: its runs have no voxel size in common. Write a list for each run",
    );
  const volumeIn = (run: string, spacing: number | undefined) => volumeAt(run, spacing, reading, options);
  const pairsAt = (spacing: number | undefined) =>
    covered.map((run) => ({ range: ranges.get(run)!, volume: volumeIn(run, spacing)! }));
  const told = toldReading(reading, spacings) ?? readingByName(group, covered, { spacings, pairsAt, options });
  const listsAt = (spacing: number | undefined): PlacedList[] =>
    (isShared ? covered.map((run) => ({ file: first, run })) : group.map((file) => ({ file, run: file.run! }))).flatMap(
      ({ file, run }) => {
        const volume = volumeAt(run, spacing, reading, options);
        const row = file.reading.rowName === undefined ? undefined : rowOf(run, file.reading, options);
        return volume ? [{ file, row, volume, range: ranges.get(run) }] : [];
      },
    );
  const isWrong = told !== undefined && reading.unitFrom !== undefined && !liesIn(told.reading, pairsAt(told.spacing));
  // bookkeeping of another tomogram, or of another unit: a list that lies elsewhere is never published as it says in silence
  const isFar = told !== undefined && !isWrong && (await areOutside(listsAt(told.spacing), told.reading, options));
  const fits =
    told && !isWrong && !isFar
      ? [told]
      : spacings.flatMap((spacing) =>
          readingsOf(pairsAt(spacing), [...new Set(covered.flatMap(options.pixelsOf))], {
            countsPixels: COUNTS_PIXELS.has(reading.format),
            mayHaveAngstrom: /^relion\d_star$/.test(reading.format),
            coarserAngstrom: coarserAsNamed(group, covered, options),
            isReversed: NAMES_AXES.has(reading.format) ? false : reading.isReversed,
          })
            // of several tomograms that a list in voxels may be of
            .filter(({ unit }) => isWrong || isFar || reading.unit !== "voxels" || unit === "voxels")
            .map((one) => ({ reading: one, spacing })),
        );
  const fitting = placesOnce(fits, (a, b) => covered.every((run) => haveOneField(volumeIn(run, a), volumeIn(run, b))));
  const claimsOf = (one: Fitting) => claimsUnder(group, isShared ? covered : undefined, one);
  // what is told counts wherever the points lie; what their range tells was tried on the first lists alone
  if (isFar) return { claims: [], questions: [farQuestion(group, told, fitting, claimsOf)], notes };
  const foreign = told && !isWrong ? foreignPixels(first, covered, options) : undefined;
  if (told && foreign !== undefined) return { claims: [], questions: [doubtQuestion(group, told, foreign, claimsOf)], notes };
  // Dynamo counts voxels of the volume that it cut the particles out of: where they are of another size, nobody knows which it is
  const isOfOther = reading.format === "dynamo_tbl" && !told && fitting.some(({ reading: { unit } }) => unit !== "voxels");
  const parts = told || isShared || isDoubtful ? [] : await partsOf(group, fitting, volumeIn, options);
  if (parts.length > 1) return together([await placeGroup(parts[0]!, options, true), await placeGroup(parts[1]!, options, true)]);
  const only = fitting.length === 1 && !isWrong && !isOfOther && !isDoubtful ? fitting[0]! : undefined;
  const strays = only && (await straysOf(listsAt(only.spacing), only.reading, options));
  const turned = strays?.turned;
  if (only && turned !== undefined) return { claims: [], questions: [doubtQuestion(group, only, turned, claimsOf)], notes };
  if (only && !first.isOfOnlyRun) return { claims: claimsOf(only), questions: [], notes: [...notes, ...strays!.notes] };
  if (fitting.length === 0)
    return all(
      "its points are outside of the tomogram in every unit that was tried: voxels, pixels, Å and nm, from a corner and from the centre",
    );
  const question = questionOf(group, fitting, { isOfSeveral: spacings.length > 1, isWrong, claimsOf });
  const shown = [...new Set(fitting.map(({ spacing }) => spacing))].flatMap((spacing) => pairsAt(spacing).slice(0, 1));
  const range = rangeText(shown, covered[0]!, fitting.length > 1);
  const why = [question.why, range].filter((part) => part !== undefined).join(" ");
  return { claims: [], questions: [why === "" ? question : { ...question, why }], notes: [...notes, ...(strays?.notes ?? [])] };
}

/** The voxels that the names of lists tell, of which those of the tomograms that are used are finer; undefined where one of these has such voxels. */
function coarserAsNamed(group: readonly Listed[], covered: readonly string[], options: PlaceOptions): number | undefined {
  const voxel = binnedAsNamed(group, covered, options);
  const isIts = ({ spacingAngstrom = 0 }: Volume) => Math.abs(spacingAngstrom / voxel! - 1) < SPACING_TOLERANCE;
  return voxel === undefined || covered.some((run) => options.volumesOf(run).some(isIts)) ? undefined : voxel;
}

/**
 * Lengths from the first corner are the same places in every tomogram of one field, whatever its voxels, and so are pixels of one size: of such readings
 * the one in the finest tomogram stands for all. Nobody could tell them apart.
 */
function placesOnce(
  fits: readonly Fitting[],
  haveOne: (a: number | undefined, b: number | undefined) => boolean,
): readonly Fitting[] {
  const isLength = ({ reading: { unit, isCentred }, spacing }: Fitting) =>
    spacing !== undefined && !isCentred && (unit === "Å" || unit === "nm" || unit === "pixels");
  const pixelOf = ({ reading: { unit, binning }, spacing }: Fitting) => (unit === "pixels" ? spacing! / binning : 1);
  const isFiner = (a: Fitting, b: Fitting) => a.spacing! < b.spacing!;
  return fits.filter(
    (one) =>
      !isLength(one) ||
      !fits.some(
        (other) =>
          isLength(other) &&
          other.reading.unit === one.reading.unit &&
          Math.abs(pixelOf(other) / pixelOf(one) - 1) < SPACING_TOLERANCE &&
          other.reading.isReversed === one.reading.isReversed &&
          isFiner(other, one) &&
          haveOne(one.spacing, other.spacing),
      ),
  );
}

/** Whether two tomograms reach as far along each axis, within the larger of their voxels: one of them was binned, or made once more of the same alignment. */
function haveOneField(a: Volume | undefined, b: Volume | undefined): boolean {
  if (a?.spacingAngstrom === undefined || b?.spacingAngstrom === undefined) return false;
  const within = Math.max(a.spacingAngstrom, b.spacingAngstrom);
  return a.size.every((count, axis) => Math.abs(count * a.spacingAngstrom! - b.size[axis]! * b.spacingAngstrom!) <= within);
}

/** Claims for the lists of a group under a reading. */
const claimsUnder = (
  group: readonly Listed[],
  runs: readonly string[] | undefined,
  { reading: one, spacing }: Fitting,
): Claim[] =>
  group.map((file) => {
    const cannot = inexpressible(one);
    if (cannot !== undefined) return leftOut(file, cannot);
    const { path, run, role, because, strength, details } = file;
    const points: PointsReading = {
      ...file.reading,
      binning: one.binning === 1 ? undefined : one.binning,
      isReversed: one.isReversed || undefined,
      inSpacingAngstrom: spacing,
    };
    const known: Details = { ...details, points };
    return { path, run, runs, role, because, strength: strength === "person" ? "bookkeeping" : strength, details: known };
  });

/** Lists of a group by whether they are written in another unit than the others. */
async function partsOf(
  group: readonly Listed[],
  fitting: readonly Fitting[],
  volumeIn: (run: string, spacing: number | undefined) => Volume | undefined,
  options: PlaceOptions,
): Promise<readonly (readonly Listed[])[]> {
  const [first] = fitting;
  if (group.length < 2 || first === undefined) return [];
  const { ranges } = await rangesIn(
    group.map((file) => ({ file, run: file.run! })),
    false,
    options,
  );
  const placed = group.flatMap((file) => {
    const [range, volume] = [ranges.get(file.run!), volumeIn(file.run!, first.spacing)];
    return range && volume ? [{ file, range, volume }] : [];
  });
  const otherwise = writtenOtherwise(
    placed,
    fitting.map((one) => one.reading),
  );
  const apart = new Set(placed.filter((_, at) => otherwise[at]).map(({ file }) => file));
  if (apart.size === 0 || apart.size === group.length) return [];
  return [group.filter((file) => apart.has(file)), group.filter((file) => !apart.has(file))];
}

/**
 * Asks about lists that may be of another tomogram: many points lie outside of theirs and none would with exchanged axes, as in one that nobody has turned;
 * or their pixels are no others' of their run.
 */
function doubtQuestion(group: readonly Listed[], only: Fitting, why: string, claimsOf: (one: Fitting) => Claim[]): Question {
  const { text: _, ...question } = questionOf(group, [only], { isOfSeveral: false, isWrong: false, claimsOf });
  const names = theseFiles(group.map(({ path }) => path));
  return {
    ...question,
    text: `Should ${names} be published, with coordinates in ${readingText(only.reading, only.spacing)}?`,
    why: `${why}.`,
  };
}

/** Asks about lists of which the bookkeeping says how to read them, and which lie outside of their tomogram then. */
function farQuestion(
  group: readonly Listed[],
  told: Fitting,
  fitting: readonly Fitting[],
  claimsOf: (one: Fitting) => Claim[],
): Question {
  const { text, options, ...question } = questionOf(
    group,
    [told, ...fitting.filter(({ reading }) => !isDeepStrictEqual(reading, told.reading))],
    { isOfSeveral: fitting.some(({ spacing }) => spacing !== told.spacing), isWrong: false, claimsOf },
  );
  const why = `Read as ${readingText(told.reading, told.spacing)}, as the files of the software say, more than half of the points are outside of the tomogram.`;
  return { ...question, text, why, options };
}

/** Asks which of several readings is right, or whether a list is of the only run. */
function questionOf(
  group: readonly Listed[],
  fitting: readonly Fitting[],
  more: { readonly isOfSeveral: boolean; readonly isWrong: boolean; readonly claimsOf: (one: Fitting) => Claim[] },
): Question {
  const { isOfSeveral, isWrong, claimsOf } = more;
  const [{ path, run, reading, isOfOnlyRun }] = group as readonly [Listed, ...Listed[]];
  const names = theseFiles(group.map((one) => one.path));
  const texts = fitting.map((one) => readingText(one.reading, one.spacing, isOfSeveral));
  const wrong = isWrong ? `In the unit of the column ${reading.unitFrom} they are outside of the tomogram.` : undefined;
  return {
    id: `coordinates-${slug(run === undefined ? path : withoutRun(path, run, ""))}`,
    text: isOfOnlyRun
      ? `Do the points of ${names} belong to ${run}, the only run${fitting.length > 1 ? ", and what is their unit" : ""}?`
      : fitting.length > 1 && fitting.every((one) => one.reading.unit === "voxels")
        ? `On which tomogram were the points in ${names} picked?`
        : `What is the unit of the coordinates in ${names}?`,
    ...(wrong !== undefined && { why: wrong }),
    files: group.map((one) => one.path),
    options: [
      ...fitting.map(
        (one, at): Option => ({
          answer: answerOf(one.reading, isOfSeveral ? one.spacing : undefined),
          says: texts[at]!,
          claims: claimsOf(one),
        }),
      ),
      {
        answer: "leave-out",
        says: "not published",
        claims: group.map((file) => leftOut(file, "a person left it out")),
      },
    ],
  };
}

/** Bytes of a list that may be without points. */
const EMPTY_BYTES_MAX = 2048;

/** Lists of the first runs tell the unit of all; of the others those are read that may be empty. */
function readPlaces<T extends { readonly file: Listed }>(places: readonly T[], { laboratory }: PlaceOptions): T[] {
  return places.filter(({ file: { path } }, at) => at < RUNS_READ || laboratory.get(path)!.size <= EMPTY_BYTES_MAX);
}

/** Ranges of lists by their runs, and why some of the lists cannot be read. @param isShared one list has rows of all runs */
async function rangesIn(
  places: readonly { readonly file: Listed; readonly run: string }[],
  isShared: boolean,
  options: PlaceOptions,
): Promise<{ readonly ranges: Map<string, PointRange>; readonly broken: ReadonlyMap<Listed, string> }> {
  const ranges = new Map<string, PointRange>();
  const broken = new Map<Listed, string>();
  for (const { file, run } of places) {
    const { reading } = file;
    const volume = options.volumesOf(run)[0];
    // counted from the centre of a tomogram, points mean nothing without it
    if (broken.has(file) || (!volume && (!isShared || reading.unit === "format"))) continue;
    const row = reading.rowName === undefined ? undefined : rowOf(run, reading, options);
    if (isShared && row === undefined) continue;
    const range = await readableRange(file, row, volume, options);
    if (typeof range === "string") broken.set(file, range);
    else if (range.count === 0 && !isShared) broken.set(file, "it holds no points");
    else if (range.count > 0) ranges.set(run, range);
  }
  return { ranges, broken };
}

/** A sentence on the rows that name none of the runs whose points are read. */
function unusedRows({ path, reading, series = new Map() }: Listed, runs: readonly string[], options: PlaceOptions): string[] {
  const used = new Set(runs.map((run) => rowOf(run, reading, options)));
  const others = [...series].filter(([name]) => !used.has(name) && !used.has(seriesStem(name)));
  const count = others.reduce((sum, [, rows]) => sum + rows, 0);
  const names = few(others.map(([name]) => name));
  return count === 0 ? [] : [`${path}: ${counted(count, "row")} of ${names} are not published: their tomogram is not here.`];
}

interface Fitting {
  readonly reading: Reading;
  readonly spacing: number | undefined;
}

/** A spacing that the points may be of: the one that the bookkeeping names, or those at which all the runs have a tomogram. */
function spacingsOf(
  runs: readonly string[],
  { of, inSpacingAngstrom, rowValues }: PointsReading,
  { volumesOf }: PlaceOptions,
): (number | undefined)[] {
  const isOf = ({ path }: Volume) => rowValues === undefined || rowValues[path] !== undefined;
  const [first = [], ...others] = runs.map((run) =>
    volumesOf(run)
      .filter(isOf)
      .map(({ spacingAngstrom }) => spacingAngstrom),
  );
  const shared = [...new Set(first)].filter((spacing) => others.every((own) => own.includes(spacing)));
  // in names of files it is rounded
  if (inSpacingAngstrom !== undefined)
    return shared.filter((spacing) => spacing !== undefined && Math.abs(spacing / inSpacingAngstrom - 1) < SPACING_TOLERANCE);
  const named = of === undefined ? undefined : runs.flatMap(volumesOf).find(({ path }) => path === of);
  return named ? [named.spacingAngstrom] : shared;
}

/** What a table of many tomograms calls that of a run: a number, where it has such, else as the run is called. */
export function rowOf(
  run: string,
  { rowValues }: PointsReading,
  { volumesOf }: Pick<PlaceOptions, "volumesOf">,
): string | undefined {
  return rowValues === undefined ? run : volumesOf(run).flatMap(({ path }) => rowValues[path] ?? [])[0];
}

/** Whether the rows of each run are voxels of a tomogram that the bookkeeping names: no voxel size is needed that all runs have. */
function namesVoxels({ unit, rowValues }: PointsReading, runs: readonly string[], { volumesOf }: PlaceOptions): boolean {
  if (unit !== "voxels" || rowValues === undefined) return false;
  const named = runs.map((run) => volumesOf(run).filter(({ path }) => rowValues[path] !== undefined));
  return named.every((own) => own[0]?.spacingAngstrom !== undefined && new Set(own.map((one) => one.spacingAngstrom)).size === 1);
}

/** @param spacing undefined where each run has its own */
function volumeAt(
  run: string,
  spacing: number | undefined,
  { unit, rowValues }: PointsReading,
  { volumesOf }: PlaceOptions,
): Volume | undefined {
  const own = volumesOf(run);
  const named =
    spacing === undefined && unit === "voxels" && rowValues ? own.find(({ path }) => rowValues[path] !== undefined) : undefined;
  return named ?? own.find(({ spacingAngstrom }) => spacingAngstrom === spacing);
}

/** What the bookkeeping or the format says; of several tomograms the finest. */
function toldReading(reading: PointsReading, spacings: readonly (number | undefined)[]): Fitting | undefined {
  const { unit, pixelAngstrom, binning, isReversed = false } = reading;
  const known = spacings.filter((spacing) => spacing !== undefined).sort((a, b) => a - b);
  const spacing = known[0] ?? spacings[0];
  const as = (kind: Reading["unit"], factor: number): Fitting => ({
    reading: { binning: factor, unit: kind, isCentred: false, isReversed },
    spacing,
  });
  if (binning !== undefined) return as("pixels", binning);
  if (unit === "format") return as("voxels", 1);
  if (unit === "voxels") return spacings.length === 1 ? as("voxels", 1) : undefined;
  if (spacing === undefined) return undefined;
  if (unit === "Å") return as("Å", spacing);
  if (unit === "nm") return as("nm", Number((spacing / 10).toPrecision(12)));
  if (unit !== "pixels" || pixelAngstrom === undefined) return undefined;
  // pixels of one of the tomograms are its voxels
  const own = known.find((one) => Math.abs(one / pixelAngstrom - 1) < SPACING_TOLERANCE);
  if (own !== undefined) return { reading: { binning: 1, unit: "voxels", isCentred: false, isReversed }, spacing: own };
  return as("pixels", Number((spacing / pixelAngstrom).toPrecision(7)));
}

interface ByName {
  readonly spacings: readonly (number | undefined)[];
  readonly pairsAt: (spacing: number | undefined) => Placed;
  readonly options: PlaceOptions;
}

/** Voxels of the binning that the names of plain tables tell, where all points lie in the tomogram as such. */
function readingByName(group: readonly Listed[], runs: readonly string[], { spacings, pairsAt, options }: ByName) {
  const [{ reading }] = group as readonly [Listed, ...Listed[]];
  const isPlain = reading.unit === undefined && reading.binning === undefined && !COUNTS_PIXELS.has(reading.format);
  const pixelAngstrom = isPlain ? binnedAsNamed(group, runs, options) : undefined;
  if (pixelAngstrom === undefined) return undefined;
  const told = toldReading({ ...reading, unit: "pixels", pixelAngstrom }, spacings);
  return told && liesIn(told.reading, pairsAt(told.spacing)) ? told : undefined;
}

/** Relative difference of two spacings that are one. */
const SPACING_TOLERANCE = 0.005;

function inexpressible({ isCentred, unit }: Reading): string | undefined {
  if (isCentred) return "its coordinates count from the centre of the tomogram: write them again as voxels from its first corner";
  return unit === "parts" ? PARTS : undefined;
}

function answerOf({ unit, binning, isReversed, isCentred }: Reading, spacing: number | undefined): string {
  const factor = binning === 1 ? "" : `-${Number(binning.toPrecision(6))}`;
  const named = unit === "Å" ? "angstrom" : unit;
  const more = `${isCentred ? "-centred" : ""}${isReversed ? "-zyx" : ""}`;
  return `${named}${unit === "pixels" ? factor : ""}${more}${spacing === undefined ? "" : `-in-${spacing}`}`;
}

const slug = (text: string): string =>
  text
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, "-")
    .replace(/^-+|-+$/g, "") || "points";
