import type { Triple } from "../../../core/box.js";
import type { DType } from "../../../core/dtype.js";
import { PORTAL_LEVELS, type PyramidKind, pyramidShapes } from "../../../formats/zarr/ome.js";
import { CONVERT, type IntegerKind } from "../../kernels/kernels.js";

export const LEVELS = PORTAL_LEVELS;
/** Plain bytes of a Blosc block: four blocks to a plane of a 256³ chunk of float32 read best. */
export const BLOCK_BYTES = 65_536;

/** Element types that a volume is kept in where it need not become float32. */
export type IntegerType = "int8" | "uint8" | "int16" | "uint16" | "int32" | "uint32";

type MeanForm = "volume" | "series";

/**
 * Form of the output: type of its voxels, and reduction from each level to the next. `volume`: float32, mean of 2×2×2; `series`
 * (a tilt series): float32, mean of 1×2×2; `mask`: 0 and 1 as int8, any 1 survives; `labels`: uint16, every second voxel.
 *
 * `volume-int16`, `series-uint8` and so on: the Zarr keeps the source's integers, while an MRC is float32 as ever. A level is the
 * mean of the level above AS STORED, rounded to the nearest and halves to the even one: `numpy.rint`. So each level follows from
 * the one above it alone, as it does of float32, and whoever has the tree can check it without the source. Rounding means of
 * means once, from a chain of floats that is stored nowhere, would lie nearer to the mean of the 64 voxels, by half a grey value at most.
 */
export type VolumeForm = MeanForm | "mask" | "labels" | `${MeanForm}-${IntegerType}`;

export interface FormFacts {
  kind: PyramidKind;
  /** Reduction rule: the mean, any 1, or the first of the voxels in the level above. */
  reduce: "mean" | "any" | "stride";
  /** Type of all levels of the Zarr, and of voxels in memory. */
  dtype: "float32" | IntegerType;
  itemBytes: 4 | 1 | 2;
  /** Name of the integers for the kernels, where the Zarr keeps the source's; otherwise undefined. */
  integers: IntegerKind | undefined;
  /** Type of the MRC's voxels. */
  mrc: { dtype: "float32" | "int8" | "uint16"; itemBytes: 4 | 1 | 2 };
  /** Contents of the job's table of 65,536 counts; undefined where it has none. */
  counts: "histogram" | "labels" | undefined;
}

const ITEM_BYTES = { int8: 1, uint8: 1, int16: 2, uint16: 2, int32: 4, uint32: 4 } as const satisfies Record<IntegerType, number>;
const INTEGER_TYPES = Object.keys(ITEM_BYTES) as IntegerType[];
const FLOAT32 = { dtype: "float32", itemBytes: 4 } as const;

const BASIC: Readonly<Record<MeanForm | "mask" | "labels", FormFacts>> = {
  volume: { kind: "tomogram", reduce: "mean", ...FLOAT32, integers: undefined, mrc: FLOAT32, counts: "histogram" },
  series: { kind: "tiltseries", reduce: "mean", ...FLOAT32, integers: undefined, mrc: FLOAT32, counts: "histogram" },
  mask: {
    ...{ kind: "tomogram", reduce: "any", dtype: "int8", itemBytes: 1, integers: undefined, counts: undefined },
    mrc: { dtype: "int8", itemBytes: 1 },
  },
  labels: {
    ...{ kind: "tomogram", reduce: "stride", dtype: "uint16", itemBytes: 2, integers: undefined, counts: "labels" },
    mrc: { dtype: "uint16", itemBytes: 2 },
  },
};

const keeping = (form: MeanForm) =>
  INTEGER_TYPES.map((dtype): [VolumeForm, FormFacts] => [
    `${form}-${dtype}`,
    { ...BASIC[form], dtype, itemBytes: ITEM_BYTES[dtype], integers: CONVERT[dtype] },
  ]);

export const FORMS = {
  ...BASIC,
  ...Object.fromEntries([...keeping("volume"), ...keeping("series")]),
} as Readonly<Record<VolumeForm, FormFacts>>;

/** The type that keeps voxels as they are: 4-bit ones as uint8; undefined for those that are no integers of 32 bits at most. */
export function integerTypeOf(dtype: DType): IntegerType | undefined {
  if (dtype === "uint4" || dtype === "bool") return "uint8";
  return INTEGER_TYPES.find((type) => type === dtype);
}

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
