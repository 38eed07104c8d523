import type { JsonObject } from "../../../../core/json.js";
import type { Quantity } from "../../../../formats/peek/facts.js";
import type { Length } from "../quantities.js";

/** What a portal says of one image in fields of its own, and the prose beside them. */
export interface PortalFacts {
  voxelSize?: Partial<Record<SpaceAxis, Length>> | undefined;
  /** Voxels along each axis. */
  lengths?: Partial<Record<SpaceAxis, number>> | undefined;
  /** Voxels by which `lengths` may be off: they were computed from rounded numbers. Default 0. */
  lengthsWithin?: number | undefined;
  /** Slices of a set of files that holds one in each. */
  slices?: number | undefined;
  dtype?: string | undefined;
  channels?: number | undefined;
  contrast?: { min: number; max: number } | undefined;
  acquisition?: Record<string, Quantity | string> | undefined;
  /** Prose about the image, which may hold more. */
  text?: string | undefined;
  /** Fields that fill what the file lacks, and say nothing about what it has. */
  onlyFills?: boolean | undefined;
}

/** Finds the facts of one portal in its metadata. */
export interface FactsReader {
  /** The part of the metadata that the facts are in; undefined where they are not this portal's. The reference's documents name no portal. */
  entryOf(raw: JsonObject): JsonObject | undefined;
  /** @param location of the image, by which an entry with several sets or volumes is asked for the right one. */
  read(entry: JsonObject, location: string): PortalFacts;
}

export type SpaceAxis = "x" | "y" | "z";

/** What is known of the three axes; undefined for nothing. */
export function byAxis<T>(of: (axis: SpaceAxis) => T | undefined): Partial<Record<SpaceAxis, T>> | undefined {
  const found: Partial<Record<SpaceAxis, T>> = {};
  for (const axis of ["x", "y", "z"] as const) {
    const value = of(axis);
    if (value !== undefined) found[axis] = value;
  }
  return Object.keys(found).length === 0 ? undefined : found;
}
