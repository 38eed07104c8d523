import type { JsonObject } from "../../core/json.js";

export type PeekFormat = "tiff" | "mrc" | "dm3" | "dm4" | "zarr" | "n5" | "precomputed" | "hdf5" | "nrrd" | "nifti";

/** Name that pages give to the part of a file or folder that holds its metadata. */
export function writtenIn(format: string | undefined): "header" | "metadata of the volume" {
  return format !== undefined && HEADER_FORMATS.has(format) ? "header" : "metadata of the volume";
}

/** Formats of files that begin with their metadata. */
const HEADER_FORMATS: ReadonlySet<string> = new Set<PeekFormat>(["mrc", "tiff", "dm3", "dm4", "nrrd", "nifti"]);

/** Origin of a fact: written in the file, or computed from what is written there. */
export type FactSource = "file" | "derived";

/** A measured quantity in the unit of its source, and in SI. */
export interface Quantity {
  value: number;
  unit: string;
  si: number;
}

/** One image of a file or folder, as its metadata describe it; no pixels were read. Lists go along `axes`, slowest first. */
export interface PeekFacts {
  name: string;
  format: PeekFormat;
  /** Version of the format: `2` or `3` of Zarr, `BigTIFF`. */
  version: string | undefined;
  shape: number[];
  axes: string[];
  /** Type of the elements by numpy's name; null for unknown ones. */
  dtype: string | null;
  /** Voxel size along each axis; null where the file does not say. */
  voxelSize: (number | null)[];
  unit: (string | null)[];
  /** Position of the first voxel, in `unit`; of precomputed volumes in voxels. */
  offset: (number | null)[];
  channels: number | null;
  /** Grey values that are shown as black and white, or least and greatest. */
  contrast: { min: number; max: number } | null;
  /**
   * Acquisition by the names of the normalised record: `beam_energy`, `dwell_time`, `microscope`, `stage` (x, y, z, alpha, beta),
   * …
   */
  acquisition: Record<string, Quantity | string | Record<string, Quantity>>;
  /** Origins of `shape`, `voxelSize` and every other fact that is there. */
  sources: Partial<Record<string, FactSource>>;
  /** Warnings, each of which begins with a code: `print-resolution: …`. */
  warnings: string[];
  /** Number of pages of a TIFF, and the way in which they were counted. */
  pages?: { count: number; by: "PageNumber" | "ImageJ" | "OME" | "stride" | "chain" } | undefined;
  /** Spread of a TIFF's pages over slices, channels and times, where ImageJ or OME gives it; `order` is fastest first. */
  dimensions?: { order: string; z: number; c: number; t: number } | undefined;
  /** The file's own metadata, by its own names. */
  raw: JsonObject;
}

/** Facts to which a format adds what it knows. */
export function emptyFacts(
  given: Pick<PeekFacts, "name" | "format" | "shape" | "axes" | "dtype" | "raw"> & Partial<PeekFacts>,
): PeekFacts {
  const unknown = given.shape.map(() => null);
  return {
    version: undefined,
    voxelSize: [...unknown],
    unit: [...unknown],
    offset: [...unknown],
    channels: null,
    contrast: null,
    acquisition: {},
    sources: { shape: "file", dtype: "file" },
    warnings: [],
    ...given,
  };
}

/** Nanometres of one unit of length; undefined for an unknown or empty one, never 1. */
export function nanometresPer(unit: string | null | undefined): number | undefined {
  if (unit === null || unit === undefined) return undefined;
  const plain = unit.trim().normalize("NFKC");
  if (Object.hasOwn(NANOMETRES, plain)) return NANOMETRES[plain];
  const lower = plain.toLowerCase();
  return Object.hasOwn(NANOMETRES, lower) ? NANOMETRES[lower] : undefined;
}

/** A unit as tables write it: formats spell the ångström in four ways. */
export function unitSymbol(unit: string): string {
  return nanometresPer(unit) === NANOMETRES.Å ? "Å" : unit;
}

/** NFKC has turned the micro sign into the Greek letter, and the ångström sign into the letter. */
const NANOMETRES: Readonly<Record<string, number>> = {
  pm: 1e-3,
  picometer: 1e-3,
  Å: 0.1,
  A: 0.1,
  ångström: 0.1,
  angstrom: 0.1,
  angstroms: 0.1,
  nm: 1,
  nanometer: 1,
  nanometers: 1,
  nanometre: 1,
  μm: 1000,
  um: 1000,
  micron: 1000,
  microns: 1000,
  micrometer: 1000,
  micrometers: 1000,
  micrometre: 1000,
  "\\u00b5m": 1000,
  mm: 1e6,
  millimeter: 1e6,
  cm: 1e7,
  centimeter: 1e7,
  inch: 25.4e6,
  inches: 25.4e6,
  m: 1e9,
  meter: 1e9,
  metre: 1e9,
};

/** A value as metadata can hold it: no NaN or infinity, no `-0`. */
export function finite(value: number | undefined): number | null {
  return value !== undefined && Number.isFinite(value) ? value + 0 : null;
}

/** True where every member is there. */
export function allKnown(values: readonly (number | string | null)[]): boolean {
  return values.length > 0 && values.every((value) => value !== null);
}
