import type { JsonObject } from "../../../../core/json.js";
import type { Quantity } from "../../../../formats/peek/facts.js";
import type { Length } from "../quantities.js";

/** A portal's facts about one image, and the prose beside them. */
export interface PortalFacts {
  voxelSize?: Partial<Record<SpaceAxis, Length>> | undefined;
  /** Voxels along each axis. */
  lengths?: Partial<Record<SpaceAxis, number>> | undefined;
  /** The error of `lengths`, in voxels, if they were computed from rounded numbers. Default 0. */
  lengthsWithin?: number | undefined;
  /** Number of slices, if the entry is a set of files with one slice each. */
  slices?: number | undefined;
  dtype?: string | undefined;
  channels?: number | undefined;
  contrast?: { min: number; max: number } | undefined;
  acquisition?: Record<string, Quantity | string> | undefined;
  /** Prose about the image, which may contain more facts. */
  text?: string | undefined;
  /** The facts are uncertain: they fill gaps, and never contradict the file. */
  onlyFills?: boolean | undefined;
  /** Words for the image that has these facts (`the only tomogram of the run`), if nothing shows that it is the one asked for. */
  guessedOf?: string | undefined;
}

/** Finds the facts of one portal in its metadata. */
export interface FactsReader {
  /**
   * The part of the metadata with the facts; undefined for metadata of other portals. (The reference's documents name no portal.)
   */
  entryOf(raw: JsonObject): JsonObject | undefined;
  /** @param location of the image, for entries with several sets or volumes */
  read(entry: JsonObject, location: string): PortalFacts;
}

export type SpaceAxis = "x" | "y" | "z";

/** Values by axis; undefined if all are unknown. */
export function byAxis<T>(of: (axis: SpaceAxis) => T | undefined): Partial<Record<SpaceAxis, T>> | undefined {
  const found: Partial<Record<SpaceAxis, T>> = {};
  for (const axis of ["x", "y", "z"] as const) {
    const value = of(axis);
    if (value !== undefined) found[axis] = value;
  }
  return Object.keys(found).length === 0 ? undefined : found;
}
