import type { Triple } from "../../../core/box.js";
import { PORTAL_LEVELS, type PyramidKind, pyramidShapes } from "../../../formats/zarr/ome.js";

export const LEVELS = PORTAL_LEVELS;
/** Plain bytes of a Blosc block: four blocks to a plane of a 256³ chunk of float32 read best. */
export const BLOCK_BYTES = 65_536;

/**
 * What is written, and how a level is made from the one before: `volume`: float32, mean of 2×2×2; `series` (a tilt series):
 * float32, mean of 1×2×2; `mask`: 0 and 1 as int8, any 1 survives; `labels`: uint16, every second voxel.
 */
export type VolumeForm = "volume" | "series" | "mask" | "labels";

interface FormFacts {
  kind: PyramidKind;
  dtype: "float32" | "int8" | "uint16";
  itemBytes: 4 | 1 | 2;
  /** What the job's table of 65,536 counts holds. */
  counts: "histogram" | "labels" | undefined;
}

export const FORMS: Readonly<Record<VolumeForm, FormFacts>> = {
  volume: { kind: "tomogram", dtype: "float32", itemBytes: 4, counts: "histogram" },
  series: { kind: "tiltseries", dtype: "float32", itemBytes: 4, counts: "histogram" },
  mask: { kind: "tomogram", dtype: "int8", itemBytes: 1, counts: undefined },
  labels: { kind: "tomogram", dtype: "uint16", itemBytes: 2, counts: "labels" },
};

/** Bytes of a table of counts. */
export const COUNTS_BYTES = 65_536 * 4;

/** Shapes of all levels, as the portal's layout has them. */
export function levelShapes(shape: Triple, form: VolumeForm): Triple[] {
  return pyramidShapes(shape, FORMS[form].kind, LEVELS);
}

/** Regions of the shared memory begin at multiples of 128 bytes. */
export function align(bytes: number): number {
  return Math.ceil(bytes / 128) * 128; // not by bits: rows of millions of voxels need more than 2^31 bytes, and are refused for it
}
