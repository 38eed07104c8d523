import type { JsonObject } from "../../../core/json.js";
import type { FactSource, PeekFacts, PeekFormat, Quantity } from "../../../formats/peek/facts.js";

/** The source of a value: written in the file, computed from it, or the portal's. */
export type RecordSource = FactSource | "web";

/** The known acquisition settings: quantities in the source's unit and in SI, texts, and the stage's position. */
export type Acquisition = PeekFacts["acquisition"];

/** One image of any format, the document that stations exchange. Lists are along `axes`, slowest first; null is unknown. */
export interface NormalisedRecord {
  name: string;
  format: PeekFormat | "unknown";
  shape: number[];
  /** Element type by numpy's name, such as `uint16`. */
  dtype: string | null;
  unit: (string | null)[];
  /** Length of a voxel along each axis, in that axis's `unit`. */
  voxel_size: (number | null)[];
  /** Position of the first voxel in `unit`; in voxels for precomputed volumes. */
  offset: (number | null)[];
  channels: number | null;
  axes: string[];
  contrast: { min: number; max: number } | null;
  acquisition: Acquisition;
  /** The source of each known field. Axes with another source are listed too: `voxel_size.z`, `acquisition.beam_current`. */
  sources: Record<string, RecordSource>;
  /** Each begins with a code: `conflict:beam_current: …`. */
  warnings: string[];
  /** The file's own metadata under their own names; for a stack those of its first file, and the names of all `files`. */
  raw_metadata: JsonObject;
}

/** A record with the location of its image. */
export interface LocatedRecord extends NormalisedRecord {
  /** Location of the image, in the form that a user would type. */
  location: string;
}

/** The record's names of those facts that `PeekFacts` names otherwise. */
const RENAMED: Readonly<Record<string, string>> = { voxelSize: "voxel_size" };

/** @param name of the record; default the file's. */
export function recordOf(facts: PeekFacts, name: string = facts.name): NormalisedRecord {
  const sources: NormalisedRecord["sources"] = {};
  for (const [field, source] of Object.entries(facts.sources)) if (source) sources[RENAMED[field] ?? field] = source;
  return {
    name,
    format: facts.format,
    shape: [...facts.shape],
    dtype: facts.dtype,
    unit: [...facts.unit],
    voxel_size: [...facts.voxelSize],
    offset: [...facts.offset],
    channels: facts.channels,
    axes: [...facts.axes],
    contrast: facts.contrast,
    acquisition: { ...facts.acquisition },
    sources,
    warnings: [...facts.warnings],
    raw_metadata: facts.raw,
  };
}

/** Whether a fact is a quantity, and not a text or position. */
export function isQuantity(fact: Acquisition[string] | undefined): fact is Quantity {
  return typeof fact === "object" && typeof (fact as Partial<Quantity>).si === "number";
}

/** A record with its location. */
export function located(facts: PeekFacts, name: string, location: string): LocatedRecord {
  return { ...recordOf(facts, name), location };
}
