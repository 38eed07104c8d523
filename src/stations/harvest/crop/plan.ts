import type { Box, Triple } from "../../../core/box.js";
import type { RandomAccess } from "../../../core/bytes.js";
import { EmporiumError } from "../../../core/errors.js";
import type { Log } from "../../../core/log.js";
import type { VolumeFormat } from "../../../model/volume-formats.js";
import type { CropArray } from "./crop-array.js";

/** Name of the file in the crop that holds its request: a second run with the same request finds it and does nothing. */
export const PROVENANCE = "crop.json";

/** A crop as it is planned from metadata, before voxels are read. */
export interface CropPlan {
  format: CropFormat;
  /** Metadata files of the crop, by their keys below it. */
  documents: ReadonlyMap<string, Uint8Array>;
  arrays: readonly CropArray[];
  levels: readonly CroppedLevel[];
  /** Sentences on metadata of the source that the crop does not keep, or has at another place. */
  warnings: readonly string[];
}

/** The crop's format is of a definite version. */
export type CropFormat = Exclude<VolumeFormat, "zarr">;

/** One level of the crop. */
export interface CroppedLevel {
  /** Folder below the crop; `""` if the crop is the array. */
  path: string;
  /** The voxels that were taken, `[z, y, x]`, in the source's coordinates. */
  box: Box;
  /** `[z, y, x]` */
  shape: Triple;
}

/** The source of a crop: files by keys below it. Keys may contain `../`, as those of precomputed volumes do. */
export interface CropSource {
  /** A whole file; undefined where there is none. */
  read(key: string, signal?: AbortSignal): Promise<Uint8Array | undefined>;
  /** A file for reading in parts, always of the same version; undefined if there is none. */
  open(key: string): Promise<RandomAccess | undefined>;
  /** The name in messages. */
  name: string;
  /** On this machine, where compressed twins (`.gz`) may exist. */
  local: boolean;
}

export interface LevelRequest {
  /** Voxels `[z, y, x]` of the level `scale`, half-open; for precomputed volumes with the scale's voxel offset added. */
  box: Box;
  /** One level to crop, 0 the finest; `all`: every level, with the box in voxels of the finest. */
  scale: number | "all";
  /** Encoding of the chunks of a precomputed crop; other formats ignore it. */
  encoding: "raw" | "jpeg";
  /** Quality of `jpeg`, 1 to 100. */
  jpegQuality: number;
  log: Log;
}

/** The levels to crop, the box's own first. @throws {EmporiumError} USAGE */
export function chosenLevels<T>(levels: readonly T[], { scale }: Pick<LevelRequest, "scale">, name: string): readonly T[] {
  if (scale === "all") return levels;
  const level = levels[scale];
  if (level !== undefined && Number.isInteger(scale)) return [level];
  throw new EmporiumError("USAGE", `${name} has no level ${scale}: its levels are 0 to ${levels.length - 1}`, {
    place: { file: name },
    hint: "choose one of these levels; 0 is the finest",
  });
}

export function textBytes(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
