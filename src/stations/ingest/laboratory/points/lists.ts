import { asEmporiumError, isEmporiumError } from "../../../../core/errors.js";
import { few } from "../../../../core/finding.js";
import { counted } from "../../../../core/units.js";
import type { PointBatch } from "../../../../formats/points/points.js";
import { POINT_READERS } from "../../../../formats/points/readers.js";
import { filesBeside } from "../../ops/files-beside.js";
import { pointCheck } from "../../ops/point-check.js";
import type { PointsReading } from "../claims.js";
import type { Decision } from "../decide.js";
import { orReason } from "../recognisers/common/reading.js";
import type { Laboratory } from "../survey/laboratory.js";
import type { PointRange, Reading } from "./readings.js";
import { rowFilter } from "./row-filter.js";

/** A tomogram that points may lie in. */
export interface Volume {
  readonly path: string;
  readonly size: readonly [x: number, y: number, z: number];
  readonly spacingAngstrom: number | undefined;
  readonly originAngstrom: readonly [x: number, y: number, z: number];
}

export interface PlaceOptions {
  readonly laboratory: Laboratory;
  readonly runs: readonly string[];
  /** Runs of which files have this very name, whatever the run is called. Default: none */
  readonly runsCalled?: ((name: string) => readonly string[]) | undefined;
  readonly volumesOf: (run: string) => readonly Volume[];
  /** Sizes of pixels that the run has otherwise, such as those of its tilt series. */
  readonly pixelsOf: (run: string) => readonly number[];
  readonly signal: AbortSignal;
}

/** Points of one list that are read, and of all lists of a group whose places are checked. */
const POINTS_MAX = 100_000;
const CHECKED_MAX = 2_000_000;

export interface Listed extends Decision {
  readonly reading: PointsReading;
  /** Rows by the tomogram that they name, where a column does. */
  readonly series?: ReadonlyMap<string, number> | undefined;
  /** Nothing names its run, which is the only one there is: a person is asked. */
  readonly isOfOnlyRun?: boolean | undefined;
}

/** The account names the file already. */
export function withoutFile(message: string, path: string): string {
  const at = message.indexOf(`${path}: `);
  return at < 0 ? message : message.slice(at + path.length + 2);
}

/** @returns a text: why the list cannot be read */
export async function readableRange(...of: Parameters<typeof rangeOf>): Promise<PointRange | string> {
  try {
    return await rangeOf(...of);
  } catch (error) {
    const { code, message } = asEmporiumError(error);
    if (!isEmporiumError(error) || (!code.startsWith("FORMAT_") && code !== "USAGE")) throw error;
    return `it cannot be read: ${withoutFile(message, of[0].path)}`;
  }
}

/** Least and greatest coordinate, as the file has them. */
async function rangeOf(
  file: Listed,
  row: string | undefined,
  volume: Volume | undefined,
  options: PlaceOptions,
): Promise<PointRange> {
  const least: [number, number, number] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
  const most: [number, number, number] = [Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY];
  let count = 0;
  const { isReversed = false } = file.reading;
  for await (const { positions, count: some } of batchesOf(file, row, volume, options)) {
    for (let i = 0; i < 3 * some; i++) {
      least[i % 3] = Math.min(least[i % 3]!, positions[i]!);
      most[i % 3] = Math.max(most[i % 3]!, positions[i]!);
    }
    count += some;
    if (count > POINTS_MAX) break;
  }
  // where the columns' names tell the order, they are read in it
  return isReversed ? { count, least: reversed(least), most: reversed(most) } : { count, least, most };
}

const reversed = ([x, y, z]: readonly [number, number, number]): [number, number, number] => [z, y, x];

/** Points of a list, x, y, z of each, in the order that its reading tells, unless another is given. @param row what its column of names has for the run */
export async function* batchesOf(
  { path, reading }: Pick<Listed, "path" | "reading">,
  row: string | undefined,
  volume: Volume | undefined,
  { laboratory, signal }: Pick<PlaceOptions, "laboratory" | "signal">,
  { binning, isReversed }: Pick<Reading, "binning" | "isReversed"> = { binning: 1, isReversed: reading.isReversed ?? false },
): AsyncGenerator<PointBatch> {
  const axes = isReversed ? "zyx" : "xyz";
  const { format, shape, delimiter = "," } = reading;
  yield* POINT_READERS[format]!.read(
    await laboratory.open(path),
    {
      kind: shape === "OrientedPoint" ? "orientedPoint" : shape === "InstanceSegmentation" ? "instancePoint" : "point",
      binning,
      columns: axes,
      order: axes,
      delimiter,
      filterValue: rowFilter(reading, row),
      tomogram: volume && { sizeVoxels: volume.size, voxelSpacingAngstrom: volume.spacingAngstrom ?? 1 },
      beside: filesBeside(laboratory.store, path, signal),
    },
    { signal },
  );
}

/** A list, or its rows of one run, with the tomogram that they are published with, and their range where it is known. */
export interface PlacedList {
  readonly file: Listed;
  readonly row: string | undefined;
  readonly volume: Volume;
  readonly range?: PointRange | undefined;
}

/** Points outside of their tomogram. */
export interface Strays {
  /** Sentences in the words of the ingest, which publishes such points with the same warning. */
  readonly notes: readonly string[];
  /** Of the first list whose points would all lie inside with their axes exchanged: the sentence on it, without its end. */
  readonly turned: string | undefined;
}

/** Looks for points that lie outside of their tomogram. What is in it as far as its range is known is not read again. */
export async function straysOf(lists: readonly PlacedList[], reading: Reading, options: PlaceOptions): Promise<Strays> {
  const found: string[] = [];
  let turned: string | undefined;
  const others: string[] = [];
  let open = CHECKED_MAX;
  let unread = 0;
  // one list with rows of several runs
  const isOne = new Set(lists.map(({ file }) => file.path)).size === 1;
  for (const { file, row, volume, range } of lists) {
    if (range !== undefined && reachesOnly(range, reading, volume)) continue;
    if (open <= 0) {
      unread++;
      continue;
    }
    const { size, spacingAngstrom } = volume;
    const reverse = file.reading.unit === "format" ? undefined : file.reading.shape === "Point" ? "columns" : "order";
    const check = pointCheck(file.path, { fit: { size, spacingAngstrom, binning: reading.binning, reverse }, compat: true });
    try {
      for await (const batch of batchesOf(file, row, volume, options, reading)) {
        check.add(batch);
        open -= batch.count;
        if (check.count > POINTS_MAX) break;
      }
    } catch (error) {
      // of a list that cannot be read the ingest says so
      if (!isEmporiumError(error) || (!error.code.startsWith("FORMAT_") && error.code !== "USAGE")) throw error;
    }
    const text = check.outsideText();
    if (text === undefined) continue;
    if (check.isTurned) turned ??= `${text}; tomogram: ${volume.path}`;
    if (found.length === 0) found.push(`${text}; tomogram: ${volume.path}.`);
    else others.push(`${isOne ? volume.path : file.path} (${check.outside} of ${check.count})`);
  }
  if (others.length > 0)
    found.push(
      isOne
        ? `Points of ${lists[0]!.file.path} lie outside of ${counted(others.length, "more tomogram")}: ${few(others, 3, "tomogram")}.`
        : `${counted(others.length, "more list has", "more lists have")} points outside of their tomogram: ${few(others, 3, "list")}.`,
    );
  if (unread > 0)
    found.push(
      `Whether the points of ${counted(unread, "more list lie", "more lists lie")} in their tomogram was not looked at: ingest run tells it.`,
    );
  return { notes: found, turned };
}

/** Part of the points outside of their tomogram above which a reading is wrong, whatever says it. */
const OUTSIDE_MOST = 0.5;
/** Points that tell it. */
const OUTSIDE_CHECKED = 20_000;

/** Whether more than half of the points of some lists lie outside of their tomograms under a reading. */
export async function areOutside(lists: readonly PlacedList[], reading: Reading, options: PlaceOptions): Promise<boolean> {
  let [count, outside] = [0, 0];
  for (const { file, row, volume, range } of lists) {
    if (count > OUTSIDE_CHECKED) break;
    if (range !== undefined && reachesOnly(range, reading, volume)) {
      count += range.count;
      continue;
    }
    const read = await orReason(async () => {
      for await (const batch of batchesOf(file, row, volume, options, { binning: 1, isReversed: reading.isReversed })) {
        for (let i = 0; i < 3 * batch.count; i += 3) {
          const isIn = volume.size.every((size, axis) => {
            const place = batch.positions[i + axis]! / reading.binning;
            return place >= -1 && place <= size;
          });
          count++;
          if (!isIn) outside++;
        }
        if (count > OUTSIDE_CHECKED) break;
      }
    });
    // of a list that cannot be read the ingest says so
    if ("reason" in read) continue;
  }
  return outside > OUTSIDE_MOST * count;
}

/** Whether all points are within the voxels of the tomogram. */
function reachesOnly({ count, least, most }: PointRange, { binning, isReversed }: Reading, { size }: Volume): boolean {
  if (count > POINTS_MAX) return false;
  return size.every((voxels, axis) => {
    const from = isReversed ? 2 - axis : axis;
    return least[from]! / binning >= 0 && most[from]! / binning <= voxels - 1;
  });
}
