import type { IntegerType, VolumeForm } from "../../../arrays/stream/plan/forms.js";
import type { ShardCodec } from "../../../arrays/stream/plan/layout.js";
import type { MaskSelection } from "../../../arrays/stream/plan/selection.js";
import type { Triple } from "../../../core/box.js";

/** Versions of OME-Zarr that are written: 0.4 as the portal has it, 0.5 in shards. */
export type OmeZarrVersion = "0.4" | "0.5";

/** Parameters of a volume task. Keys are the target's, except `source`. */
export interface VolumeParams {
  kind: "tomogram" | "tiltseries";
  /** A segmentation instead of a float32 volume: int8 0 and 1, or uint16. Its kind is `tomogram`. */
  form?: "mask" | "labels";
  /** Form `mask`: what becomes 1. */
  select?: MaskSelection;
  /** Wanted shape `[z, y, x]` of a mask or labels, in voxels, whatever the source has. */
  targetShape?: Triple;
  /** Integer type of the source, which the Zarr of a volume without `form` keeps. Default: float32. */
  dtype?: IntegerType;
  source: string;
  mrc: string | null;
  /** Ends with `/`. */
  zarr: string | null;
  /** The entity's metadata file, written last, and its text without the time. Null for a volume without an entity. */
  metadataKey: string | null;
  metadata: string | null;
  /** Å. Null: the source's own. */
  spacingAngstrom: number | null;
  scaleZ: boolean;
  /** Origin, start, cell angles and labels of the source, too. A deposition's volumes begin at 0, as the portal wants it. */
  keepPlace?: boolean;
  /** Default 0.4. */
  omeZarr?: OmeZarrVersion;
  /** Compression of chunks in OME-Zarr 0.5. Default `blosc-lz4`. */
  codec?: ShardCodec;
  /** Plain bytes that a shard holds at most. Default 2 GiB. */
  shardBytes?: number;
  /** The reference's values: odd edges averaged with zeros, axis order ignored. */
  compat: boolean;
  /** Hash every object once more when it is whole. */
  checksum?: "sha256" | null;
  force?: boolean;
}

export function formOf({ form, scaleZ, dtype }: VolumeParams): VolumeForm {
  return form ?? keepingForm(scaleZ ? "volume" : "series", dtype);
}

/** The form of a volume or series whose Zarr keeps a type; without one it is float32. */
export function keepingForm(form: "volume" | "series", dtype: IntegerType | undefined): VolumeForm {
  return dtype === undefined ? form : `${form}-${dtype}`;
}

/** Parameters of a task that writes shards (OME-Zarr 0.5); none for 0.4, which is the default. */
export function shardParams({
  omeZarr,
  codec = "blosc-lz4",
  shardBytes,
}: {
  omeZarr?: OmeZarrVersion | undefined;
  codec?: ShardCodec | undefined;
  shardBytes?: number | undefined;
}): Pick<VolumeParams, "omeZarr" | "codec" | "shardBytes"> {
  return omeZarr === "0.5" ? { omeZarr, codec, ...(shardBytes !== undefined && { shardBytes }) } : {};
}
