import { scanStar } from "../../../../../formats/star/scan.js";
import type { PointsReading } from "../../claims.js";
import type { Laboratory } from "../../survey/laboratory.js";
import { orReason } from "./reading.js";

/** A STAR file of particles of RELION, Warp or M, as far as it tells how to read it and what else it is the same as. */
export interface ParticleList {
  readonly path: string;
  readonly rows: number;
  /** `centred`: Å from the centre, of RELION 5. `species`: Å, of M. `parts`: from 0 to 1 over the tomogram, of Warp's matching. */
  readonly coordinates: "centred" | "pixels" | "parts" | "species";
  /** Column that names the tomogram of a row. */
  readonly nameColumn?: string | undefined;
  /** Rows by what stands in it. */
  readonly series: ReadonlyMap<string, number>;
  readonly isOriented: boolean;
  /** Origins in Å, which are to be subtracted. */
  readonly hasOriginsAngstrom: boolean;
  /** One of them is not 0: the particles were aligned. */
  readonly isShifted: boolean;
  /** Rows by the number of their class. */
  readonly classes: ReadonlyMap<number, number>;
  /** The images of a particle are one stack of all tilts, as they are since RELION 5. */
  readonly hasStacks: boolean;
  /** Å of pixels of the tilt series, and of the particles' images, where all rows have one. */
  readonly tiltPixelAngstrom?: number | undefined;
  readonly imagePixelAngstrom?: number | undefined;
  /** Coordinates with the name of the tomogram, of so many rows as are compared. */
  readonly places: ReadonlySet<string>;
  /** The same rows as numbers: x, y, z as they are in the file and the origin in Å, by the tomogram's stem. */
  readonly numbers: ReadonlyMap<string, readonly number[]>;
}

/** Numbers of a row in `ParticleList.numbers`. */
export const NUMBERS_OF_ROW = 6;

/** Rows whose places are kept: what is the same is seen by far fewer. */
const PLACES_MAX = 20_000;
/** Programs write the same coordinate with more or fewer decimals. */
const PLACE_DIGITS = 6;
const NAMES = ["rlnTomoName", "rlnMicrographName", "wrpSourceName"];
const COORDINATES: readonly (readonly [string, string, string])[] = [
  ["rlnCenteredCoordinateXAngst", "rlnCenteredCoordinateYAngst", "rlnCenteredCoordinateZAngst"],
  ["rlnCoordinateX", "rlnCoordinateY", "rlnCoordinateZ"],
  ["wrpCoordinateX1", "wrpCoordinateY1", "wrpCoordinateZ1"],
  ["wrpCoordinateX", "wrpCoordinateY", "wrpCoordinateZ"],
];
const ORIGINS = ["rlnOriginXAngst", "rlnOriginYAngst", "rlnOriginZAngst"];
const CLASS = "rlnClassNumber";
const ANGLES = ["rlnAngle#", "rlnTomoSubtomogram#", "wrpAngle#1", "wrpAngle#"];

/** Whether particles have an orientation: all three of its angles, of which some programs write one alone. */
export const hasAngles = (columns: readonly string[]): boolean =>
  ANGLES.some((angle) => ["Rot", "Tilt", "Psi"].every((one) => columns.includes(angle.replace("#", one))));

/** What a STAR file says of its particles; undefined for files without any, a reason for broken ones. */
export async function readParticleList(
  laboratory: Laboratory,
  path: string,
): Promise<ParticleList | undefined | { reason: string }> {
  const read = await orReason(() => scanParticles(laboratory, path));
  return "reason" in read ? read : read.value;
}

interface Seen {
  readonly columns: readonly string[];
  readonly coordinates: readonly [string, string, string];
  readonly texts: readonly string[];
}

async function scanParticles(laboratory: Laboratory, path: string): Promise<ParticleList | undefined> {
  const seen: Seen[] = [];
  const optics: { columns: readonly string[]; values: readonly (readonly string[])[] }[] = [];
  const series = new Map<string, number>();
  const classes = new Map<number, number>();
  const places = new Set<string>();
  const pixels = new Set<number>();
  const numbersOf = new Map<string, number[]>();
  let [rows, least, most, isShifted, hasStacks] = [0, Infinity, -Infinity, false, false];
  const wanted = ({ columns }: { columns: readonly string[] }): Seen | undefined => {
    const coordinates = COORDINATES.find((all) => all.every((one) => columns.includes(one)));
    const name = NAMES.find((one) => columns.includes(one));
    const origins = ORIGINS.every((one) => columns.includes(one)) ? ORIGINS : [];
    const plain = [...(name === undefined ? [] : [name]), ...(columns.includes(CLASS) ? [CLASS] : [])];
    const texts = coordinates && [...coordinates, ...plain, ...pixelColumns(columns), ...origins];
    return coordinates && { columns, coordinates, texts: texts! };
  };
  const source = await laboratory.open(path);
  const named = { name: path, size: () => source.size(), read: source.read.bind(source) };
  const batches = scanStar(named, (table) => {
    hasStacks ||= table.columns.includes("rlnTomoSubTomosAre2DStacks");
    if (table.name === "optics") return { texts: table.columns.map((_, at) => at) };
    const found = seen.length === 0 && table.kind === "loop" ? wanted(table) : undefined;
    if (!found) return "skip";
    seen.push(found);
    return { texts: found.texts.map((one) => table.columns.indexOf(one)) };
  });
  for await (const { table, count, texts } of batches) {
    if (table.name === "optics") {
      optics.push({ columns: table.columns, values: texts });
      continue;
    }
    rows += count;
    const [{ columns, texts: order }] = seen as [Seen];
    const names = texts[order.findIndex((one) => NAMES.includes(one))];
    const classOf = texts[order.indexOf(CLASS)];
    const sizes = pixelColumns(columns).map((column) => texts[order.indexOf(column)]!);
    const origins = ORIGINS.map((one) => texts[order.indexOf(one)]);
    for (let row = 0; row < count; row++) {
      const name = names?.[row] ?? "";
      if (names) series.set(name, (series.get(name) ?? 0) + 1);
      if (classOf) classes.set(Number(classOf[row]), (classes.get(Number(classOf[row])) ?? 0) + 1);
      if (sizes.length > 0) pixels.add(pixelOf(sizes.map((column) => Number(column[row]))));
      const numbers = [texts[0]![row]!, texts[1]![row]!, texts[2]![row]!].map(Number);
      least = Math.min(least, ...numbers);
      most = Math.max(most, ...numbers);
      const origin = origins.map((column) => Number(column?.[row] ?? 0));
      isShifted ||= origin.some((one) => one !== 0);
      if (places.size >= PLACES_MAX) continue;
      const stem = seriesStem(name);
      places.add(`${stem} ${numbers.map((one) => one.toPrecision(PLACE_DIGITS)).join(" ")}`);
      const own = numbersOf.get(stem) ?? [];
      own.push(...numbers, ...origin);
      numbersOf.set(stem, own);
    }
  }
  const [found] = seen;
  if (!found) return undefined;
  const { columns, coordinates: own } = found;
  const isInParts = own[0] === "rlnCoordinateX" && rows > 0 && least >= 0 && most <= 1;
  const ofOptics = (column: string): number | undefined => {
    const values = optics.flatMap((table) => {
      const at = table.columns.indexOf(column);
      return at < 0 ? [] : table.values[at]!;
    });
    return onlySize(values);
  };
  return {
    path,
    rows,
    coordinates: own[0].startsWith("rlnCentered")
      ? "centred"
      : own[0].startsWith("wrp")
        ? "species"
        : isInParts
          ? "parts"
          : "pixels",
    nameColumn: NAMES.find((one) => columns.includes(one)),
    series,
    isOriented: hasAngles(columns),
    hasOriginsAngstrom: columns.includes("rlnOriginXAngst"),
    isShifted,
    classes,
    hasStacks,
    tiltPixelAngstrom: ofOptics("rlnTomoTiltSeriesPixelSize"),
    imagePixelAngstrom: onlySize([...pixels]) ?? ofOptics("rlnImagePixelSize"),
    places,
    numbers: numbersOf,
  };
}

/** Columns that tell the pixel of each row: one in Å, or before RELION 3.1 the pixel of the detector in µm with the magnification. */
function pixelColumns(columns: readonly string[]): string[] {
  const own = ["rlnPixelSize", "rlnImagePixelSize"].find((one) => columns.includes(one));
  if (own !== undefined) return [own];
  const older = ["rlnDetectorPixelSize", "rlnMagnification"];
  return older.every((one) => columns.includes(one)) ? older : [];
}

const ANGSTROM_PER_UM = 10_000;

/** Å, of what `pixelColumns` has in a row. Numbers of few digits are written. */
function pixelOf([size = 0, magnification]: readonly number[]): number {
  return magnification === undefined ? size : Number(((size * ANGSTROM_PER_UM) / magnification).toPrecision(7));
}

/** A size that all values are. */
function onlySize(values: readonly (string | number)[]): number | undefined {
  const [first, ...others] = new Set(values.map(Number));
  return first !== undefined && first > 0 && others.length === 0 ? first : undefined;
}

/** `folder/TS_1.tomostar` is the tilt series `TS_1`. */
export const seriesStem = (name: string): string => name.replace(/^.*[\\/]/, "").replace(/\.tomostar$/i, "");

/** Whether one list has at least half of the places of the other, whichever is smaller. */
export function areSameParticles(a: ParticleList, b: ParticleList): boolean {
  if (a.coordinates !== b.coordinates) return false;
  const [small, large] = a.places.size <= b.places.size ? [a.places, b.places] : [b.places, a.places];
  if (small.size === 0) return false;
  let shared = 0;
  for (const place of small) if (large.has(place)) shared++;
  return shared * 2 >= small.size;
}

/**
 * How to read a list. Of RELION 4 and 5 coordinates in pixels are those of the tilt series, and origins are divided by its pixel; of Warp and of what is made
 * of its exports they are those of the particles' images.
 *
 * Source: `ParticleSet::getPosition` in RELION's particle_set.cpp (4.0), `getParticleCoordDecenteredPixel` (5.0); warpem.github.io, tomogram particle files.
 */
export function readingOf(list: ParticleList, tiltPixelAngstrom?: number): PointsReading {
  const { coordinates, isOriented, nameColumn, series } = list;
  const base = {
    shape: isOriented ? "OrientedPoint" : "Point",
    ...(nameColumn !== undefined && { rowName: nameColumn }),
  } as const;
  if (coordinates === "centred") return { ...base, format: "relion5_star", unit: "Å" };
  if (coordinates === "species") return { ...base, format: "warp_star", unit: "Å" };
  // its reader multiplies by the size of the tomogram, whichever it is
  if (coordinates === "parts") return { ...base, format: "warp_matching_star", unit: "format" };
  if ([...series.keys()].some((name) => /\.tomostar$/i.test(name))) {
    const pixel = list.imagePixelAngstrom;
    return { ...base, format: "warp_star", ...(pixel !== undefined && { unit: "pixels", pixelAngstrom: pixel }) };
  }
  const pixel = list.tiltPixelAngstrom ?? tiltPixelAngstrom;
  const { imagePixelAngstrom: image, tiltPixelAngstrom: tilt } = list;
  const isBinned = image !== undefined && tilt !== undefined && Math.abs(image / tilt - 1) > 1e-3;
  return {
    ...base,
    // relion4_star divides origins by the pixel of the particles' images, as the portal does
    format: list.hasOriginsAngstrom && isBinned ? "relion5_star" : "relion4_star",
    ...(pixel !== undefined && { unit: "pixels", pixelAngstrom: pixel }),
  };
}
