import { z } from "zod/v4";
import type { DType } from "../../core/dtype.js";
import { parameterFault } from "./operator.js";
import { isInteger64 } from "./voxels.js";

/** Types that are written. */
export const WRITTEN_DTYPES = [
  ...(["bool", "int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64"] as const),
  ...(["float32", "float64"] as const),
] as const;
export const writtenDtype = z.enum(WRITTEN_DTYPES);

/** @throws {EmporiumError} CONFIG_FIELD for types that a filter cannot compute with */
export function needNumbers(name: string, dtype: DType): void {
  if (isInteger64(dtype) || dtype === "float16" || dtype === "complex64" || dtype === "uint4")
    throw parameterFault(name, "in", `takes integers up to 32 bits, float32 and float64, not ${dtype}: put a cast before it`);
}

/** Neighbours that count: those that share a face (6), also an edge (18), also a corner (26). */
export const connectivity = z.union([z.literal(6), z.literal(18), z.literal(26)], { error: "expected 6, 18 or 26" });
export type Connectivity = z.infer<typeof connectivity>;
