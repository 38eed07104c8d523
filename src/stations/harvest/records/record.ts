import type { JsonObject } from "../../../core/json.js";
import type { FactSource, PeekFacts, PeekFormat, Quantity } from "../../../formats/peek/facts.js";

/** Where a value comes from: written in the file, computed from what is, or said by the portal. */
export type RecordSource = FactSource | "web";

/** How an image was taken: quantities in the unit of their source and in SI, texts, and the stage's position. Only what is known. */
export type Acquisition = PeekFacts["acquisition"];

/**
 * One image, whatever its format: the document that stations hand on. Lists go along `axes`, slowest first; null stands where nobody
 * knows. Names and form: `file_metadata.json`.
 */
export interface NormalisedRecord {
  name: string;
  format: PeekFormat | "unknown";
  shape: number[];
  /** numpy's name. */
  dtype: string | null;
  unit: (string | null)[];
  /** Of each axis in its unit. */
  voxel_size: (number | null)[];
  /** Position of the first voxel in `unit`; of precomputed volumes in voxels. */
  offset: (number | null)[];
  channels: number | null;
  axes: string[];
  contrast: { min: number; max: number } | null;
  acquisition: Acquisition;
  /** Of each field that is known. Where the axes of a field differ, those that do stand beside it: `voxel_size.z`, `acquisition.beam_current`. */
  sources: Record<string, RecordSource>;
  /** Each begins with a code: `conflict:beam_current: …`. */
  warnings: string[];
  /** What the file's own metadata say, by its own names. Of a stack: those of its first file, and `files`. */
  raw_metadata: JsonObject;
}

/** A record, and where its image is. */
export interface LocatedRecord extends NormalisedRecord {
  /** As a person would give it again. */
  location: string;
}

/** Names that facts and records call differently. */
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

/** Whether a fact of an acquisition is a quantity, and not a text or a position. */
export function isQuantity(fact: Acquisition[string] | undefined): fact is Quantity {
  return typeof fact === "object" && typeof (fact as Partial<Quantity>).si === "number";
}
