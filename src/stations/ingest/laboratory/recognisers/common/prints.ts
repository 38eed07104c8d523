import { createHash } from "node:crypto";
import { openBlockVolume } from "../../../../../arrays/loader/volume.js";
import { numbersOf } from "../../../../../arrays/plane/convert.js";
import type { RandomAccess } from "../../../../../core/bytes.js";
import { type MrcHeader, readMrcHeader } from "../../../../../formats/mrc/header.js";
import { decodePlaneValues, readMrcPlanes } from "../../../../../formats/mrc/read.js";
import { mapLimit } from "../../../../../system/parallel.js";
import type { Laboratory, Surveyed } from "../../survey/laboratory.js";
import { orReason } from "./reading.js";

/** Rows in the middle of a section that tell it from others: noise is the same in no two. */
const ROWS = 8;
const READS_IN_FLIGHT = 8;

/** Of each section what tells it from others, whatever type its numbers are stored in; undefined where it has one value alone. */
export type Prints = readonly (string | undefined)[];

/** By file, which all views of a laboratory share: each project of a folder is looked at after the whole. */
const known = new WeakMap<Surveyed, Map<string, Promise<Prints | undefined>>>();

/**
 * What tells the sections of a stack or a volume from others. Undefined for what cannot be read.
 *
 * @param sections which of them, by their place from 0 to 1. Default: all, for stacks
 */
export function printsOf(laboratory: Laboratory, path: string, sections?: readonly number[]): Promise<Prints | undefined> {
  const file = laboratory.get(path);
  if (!file) return Promise.resolve(undefined);
  const all = known.get(file) ?? new Map<string, Promise<Prints | undefined>>();
  known.set(file, all);
  const key = sections?.join(" ") ?? "";
  const found = all.get(key) ?? readPrints(laboratory, path, sections);
  all.set(key, found);
  return found;
}

async function readPrints(laboratory: Laboratory, path: string, sections?: readonly number[]): Promise<Prints | undefined> {
  return readRows(laboratory, path, printOf, sections);
}

/** Makes something of the middle rows of sections, and of their number of columns. */
type OfRows<T> = (values: Float32Array, columns: number) => T;

async function readRows<T>(
  laboratory: Laboratory,
  path: string,
  ofRows: OfRows<T>,
  sections?: readonly number[],
): Promise<readonly T[] | undefined> {
  const { format, volume } = laboratory.get(path) ?? {};
  if (!volume || (format !== "mrc" && format !== "zarr")) return undefined;
  const count = volume.shape[0];
  const wanted =
    sections?.map((part) => Math.min(count - 1, Math.floor(part * count))) ?? Array.from({ length: count }, (_, z) => z);
  const rowsOf = format === "mrc" ? rowsOfMrc : rowsOfZarr;
  const read = await orReason(() => rowsOf(laboratory, path, wanted, ofRows));
  return "value" in read ? read.value : undefined;
}

async function rowsOfMrc<T>(laboratory: Laboratory, path: string, wanted: readonly number[], ofRows: OfRows<T>): Promise<T[]> {
  const source = await laboratory.open(path);
  const header = await readMrcHeader(source);
  const middle = middleRows(header.shape[1]);
  return mapLimit(wanted, READS_IN_FLIGHT, async (z) => ofRows(await bandOf(source, header, z, middle), header.shape[2]));
}

/** Some rows of a section, as values. */
async function bandOf(source: RandomAccess, header: MrcHeader, z: number, band: Band): Promise<Float32Array> {
  const { first, count } = band;
  const [, rows, columns] = header.shape;
  const rowBytes = Math.floor(header.sectionBytes / rows);
  const offset = header.dataOffset + z * header.sectionBytes + first * rowBytes;
  const bytes = await source.read({ offset, length: count * rowBytes });
  return decodePlaneValues(bytes, { ...header, shape: [1, count, columns] });
}

async function rowsOfZarr<T>(laboratory: Laboratory, path: string, wanted: readonly number[], ofRows: OfRows<T>): Promise<T[]> {
  const volume = await openBlockVolume({ store: laboratory.store, key: path }, { threads: 1 });
  try {
    const level = volume.levels[0]!;
    const [, rows, columns] = level.shape;
    const { first, count } = middleRows(rows);
    return await mapLimit(wanted, 1, async (z) => {
      const bytes = await level.read({ start: [z, first, 0], stop: [z + 1, first + count, columns] });
      return ofRows(Float32Array.from(numbersOf(bytes, level.dtype)), columns);
    });
  } finally {
    await volume.close?.();
  }
}

interface Band {
  readonly first: number;
  readonly count: number;
}

function middleRows(rows: number): Band {
  const count = Math.min(ROWS, rows);
  return { first: Math.floor((rows - count) / 2), count };
}

function printOf(values: Float32Array, columns: number): string | undefined {
  if (values.length === 0 || values.every((value) => value === values[0])) return undefined;
  return createHash("sha256")
    .update(`${columns}\0`)
    .update(new Uint8Array(values.buffer, values.byteOffset, values.byteLength))
    .digest("hex");
}

/** Two volumes that are not made of each other are far from it: they have noise of their own. */
const OPPOSITE_MOST = -0.999;

/** Whether one of two volumes of one size is the other with its contrast turned over, as pickers ask for it, in whatever scale. */
export async function areOpposite(laboratory: Laboratory, a: string, b: string): Promise<boolean> {
  const rows = await Promise.all(
    [a, b].map((path) => readRows(laboratory, path, (values) => Float64Array.from(values), COMPARED)),
  );
  const [first, second] = rows;
  return (
    first !== undefined &&
    second !== undefined &&
    first.every((values, at) => values.length === second[at]!.length && correlation(values, second[at]!) <= OPPOSITE_MOST)
  );
}

/** Columns of the middle rows whose noise is compared, at most, and over how many of them what is no noise is taken away. */
const NOISE_COLUMNS_MAX = 256;
const SMOOTH_COLUMNS = 8;
/**
 * What a volume and a half of it have in common is at least the root of a half, since one is the mean of both halves. Two volumes of other images have
 * nothing in common but what is no noise, such as a slope.
 */
const NOISE_LEAST = 0.5;

/** Noise of the middle rows of some sections, by section; empty for what cannot be read. */
export type Noise = readonly Float64Array[];

/** What of three sections is noise: of a volume it is what it has in common with one that was made of the same images, and with no other. */
export async function noiseOf(laboratory: Laboratory, path: string): Promise<Noise> {
  return (await readRows(laboratory, path, noiseOfRows, COMPARED)) ?? [];
}

/** Whether two volumes of one size were made of the same images, or one of a part of them, as halves are: their noise is alike. */
export function areOfOneNoise(a: Noise, b: Noise): boolean {
  return (
    a.length > 0 &&
    a.length === b.length &&
    a.every((values, at) => values.length === b[at]!.length && correlation(values, b[at]!) >= NOISE_LEAST)
  );
}

function noiseOfRows(values: Float32Array, columns: number): Float64Array {
  const used = Math.min(columns - (columns % SMOOTH_COLUMNS), NOISE_COLUMNS_MAX);
  const rows = values.length / columns;
  const noise = new Float64Array(rows * used);
  for (let row = 0; row < rows; row++) {
    for (let first = 0; first < used; first += SMOOTH_COLUMNS) {
      const start = row * columns + Math.floor((columns - used) / 2) + first;
      const piece = values.subarray(start, start + SMOOTH_COLUMNS);
      const mean = piece.reduce((sum, one) => sum + one, 0) / SMOOTH_COLUMNS;
      for (const [at, value] of piece.entries()) noise[row * used + first + at] = value - mean;
    }
  }
  return noise;
}

/** Pieces of an image along each side, whose means are compared. */
const PIECES = 16;
/** Stacks whose images an alignment has turned and shifted; `_aligned` may also be said of their frames. */
const MAY_BE_TURNED = /(?:\.ali|[_ ]ali(?:gned)?\.(?:mrc|st))$/i;
/** What two renderings of one image have in common, and images of two specimens do not: frames, shadows and ice are much alike. */
const ALIKE_LEAST = 0.8;
const NEIGHBOURS_MAX = 4;

/**
 * Whether two stacks show the same images: some are the same number by number, or the middle ones look alike, as they do when they were binned or weighted
 * by dose. Undefined where one of them cannot be read, or shows nothing, and where one alone is aligned: turned and shifted it looks otherwise.
 */
export async function showTheSame(laboratory: Laboratory, a: string, b: string): Promise<boolean | undefined> {
  const [first, second] = await Promise.all([printsOf(laboratory, a), printsOf(laboratory, b)]);
  if (!first || !second || !first.some(Boolean) || !second.some(Boolean)) return undefined;
  const all = new Set(second);
  if (first.some((print) => print !== undefined && all.has(print))) return true;
  return (await looksAlike(laboratory, a, b)) || (MAY_BE_TURNED.test(a) === MAY_BE_TURNED.test(b) ? false : undefined);
}

/** Compares the middle ones; of a stack in the order of recording, which begins with the least tilt, its first ones with the middle one of the other, too. */
async function looksAlike(laboratory: Laboratory, a: string, b: string): Promise<boolean> {
  const [one, other] = [a, b].map((path) => ({ path, count: laboratory.get(path)!.volume!.shape[0] })) as [Stack, Stack];
  const reach = Math.min(NEIGHBOURS_MAX, Math.abs(one.count - other.count));
  const places = Array.from({ length: 2 * reach + 1 }, (_, at) => middleOf(other) - reach + at);
  if (await hasLike(laboratory, one, other, [...places, ...FIRST_ONES])) return true;
  return hasLike(laboratory, other, one, FIRST_ONES);
}

interface Stack {
  readonly path: string;
  readonly count: number;
}

const FIRST_ONES: readonly number[] = [0, 1];
const middleOf = ({ count }: Stack): number => Math.floor(count / 2);

/** Whether one of these sections of the other stack looks like the middle one of the first. */
async function hasLike(laboratory: Laboratory, first: Stack, other: Stack, places: readonly number[]): Promise<boolean> {
  const middle = await piecesOf(laboratory, first.path, middleOf(first));
  for (const z of new Set(places)) {
    const piece = z < 0 || z >= other.count ? undefined : await piecesOf(laboratory, other.path, z);
    if (middle && piece && correlation(middle, piece) >= ALIKE_LEAST) return true;
  }
  return false;
}

/** Places of the sections of volumes that are compared, from 0 to 1. */
const COMPARED = [0.4, 0.5, 0.6];

/**
 * Whether two volumes of one size show the same in their middle, as tomograms of one alignment do however they were filtered. The corners are left out: of
 * many tomograms they are empty alike.
 */
export async function showTheSameInside(laboratory: Laboratory, a: string, b: string): Promise<boolean> {
  const [one, other] = [a, b].map((path) => laboratory.get(path)?.volume?.shape);
  if (!one || !other || !one.every((length, axis) => length === other[axis])) return false;
  for (const part of COMPARED) {
    const z = Math.floor(part * one[0]);
    const [first, second] = [await piecesOf(laboratory, a, z), await piecesOf(laboratory, b, z)];
    if (!first || !second || correlation(first.filter(isInside), second.filter(isInside)) < ALIKE_LEAST) return false;
  }
  return true;
}

/**
 * Whether the shorter one of two volumes has sections of the longer one: somebody has trimmed it, or a copy broke off. Sections are compared where most
 * volumes show something.
 */
export async function holdsSectionsOf(laboratory: Laboratory, a: string, b: string): Promise<boolean> {
  const [one, other] = [a, b].map((path) => laboratory.get(path)?.volume?.shape);
  if (!one || !other || one[0] === other[0] || one[1] !== other[1] || one[2] !== other[2]) return false;
  const [short, long] = one[0] < other[0] ? [a, b] : [b, a];
  const own = await printsOf(laboratory, short, COMPARED);
  if (!own?.every((print) => print !== undefined)) return false;
  const all = new Set(await printsOf(laboratory, long));
  return own.every((print) => all.has(print));
}

/** Of each compared section the place of the rows that are looked at first. */
const BANDS = [1 / 6, 1 / 2, 5 / 6];
const BAND_ROWS = 4;
/** What has so little of a value in these rows has it in no half of its voxels. */
const FLAT_BANDS_LEAST = 0.2;

/**
 * Part of the voxels in sections of the middle that hold the most frequent value, from 0 to 1: of a few rows alone, where these hold little of it, as
 * those of most tomograms do. Undefined for what cannot be read.
 */
export async function flatPartOf(laboratory: Laboratory, path: string): Promise<number | undefined> {
  const { format, volume } = laboratory.get(path) ?? {};
  if (format !== "mrc" || !volume) return undefined;
  const read = await orReason(async () => {
    const source = await laboratory.open(path);
    const header = await readMrcHeader(source);
    const sections = COMPARED.map((part) => Math.floor(part * header.shape[0]));
    const rows = header.shape[1];
    const count = Math.min(BAND_ROWS, rows);
    const bands = await mapLimit(sections, READS_IN_FLIGHT, (z, at) =>
      bandOf(source, header, z, { first: Math.floor(BANDS[at]! * (rows - count)), count }),
    );
    const inBands = mostFrequentPart(bands);
    if (inBands < FLAT_BANDS_LEAST) return inBands;
    let [flat, all] = [0, 0];
    for (const z of sections) {
      const bytes = await readMrcPlanes(source, header, z, z + 1);
      const voxels = rows * header.shape[2];
      flat += isEmpty(bytes) ? voxels : timesOfMajority(decodePlaneValues(bytes, header));
      all += voxels;
    }
    return flat / all;
  });
  return "value" in read ? read.value : undefined;
}

function mostFrequentPart(bands: readonly Float32Array[]): number {
  const counts = new Map<number, number>();
  let [most, all] = [0, 0];
  for (const values of bands) {
    all += values.length;
    for (const value of values) {
      const count = (counts.get(value) ?? 0) + 1;
      counts.set(value, count);
      if (count > most) most = count;
    }
  }
  return most / all;
}

/** Whether all bytes are the same, as those of a section that nobody has filled. */
const isEmpty = (bytes: Uint8Array): boolean => Buffer.compare(bytes.subarray(1), bytes.subarray(0, -1)) === 0;

/**
 * How often the value comes that fills more than half, if one does: each other one takes one of it away, and it is left over (Boyer and Moore). Sorting
 * would take 50 times as long.
 */
function timesOfMajority(values: Float32Array): number {
  let most: number | undefined;
  let left = 0;
  for (let i = 0; i < values.length; i++) {
    if (left === 0) most = values[i];
    left += values[i] === most ? 1 : -1;
  }
  let times = 0;
  for (let i = 0; i < values.length; i++) if (values[i] === most) times++;
  return times;
}

const isInside = (_: number, piece: number): boolean =>
  [Math.floor(piece / PIECES), piece % PIECES].every((at) => at >= PIECES / 4 && at < (3 * PIECES) / 4);

/** Means of the pieces of a section. */
async function piecesOf(laboratory: Laboratory, path: string, z: number): Promise<Float64Array | undefined> {
  if (laboratory.get(path)?.format !== "mrc") return undefined;
  const read = await orReason(async () => {
    const source = await laboratory.open(path);
    const header = await readMrcHeader(source);
    const [, rows, columns] = header.shape;
    if (rows < PIECES || columns < PIECES) return undefined;
    const values = decodePlaneValues(await readMrcPlanes(source, header, z, z + 1), header);
    const sums = new Float64Array(PIECES * PIECES);
    const counts = new Float64Array(PIECES * PIECES);
    for (let at = 0; at < rows * columns; at++) {
      const row = Math.floor(at / columns);
      const piece = Math.floor((row * PIECES) / rows) * PIECES + Math.floor(((at - row * columns) * PIECES) / columns);
      sums[piece]! += values[at]!;
      counts[piece]!++;
    }
    return sums.map((sum, piece) => sum / counts[piece]!);
  });
  return "value" in read ? read.value : undefined;
}

/** Of two lists of one length, from -1 to 1; 0 where one of them has one value alone. */
export function correlation(a: Float64Array, b: Float64Array): number {
  const mean = (values: Float64Array) => values.reduce((sum, one) => sum + one, 0) / values.length;
  const [meanA, meanB] = [mean(a), mean(b)];
  let [ab, aa, bb] = [0, 0, 0];
  for (const [at, one] of a.entries()) {
    ab += (one - meanA) * (b[at]! - meanB);
    aa += (one - meanA) ** 2;
    bb += (b[at]! - meanB) ** 2;
  }
  return aa === 0 || bb === 0 ? 0 : ab / Math.sqrt(aa * bb);
}
