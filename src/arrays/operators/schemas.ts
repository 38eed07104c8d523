import { z } from "zod";
import type { DType } from "../../core/dtype.js";
import { shownValue } from "../../core/schema-words.js";
import { parameterFault } from "./operator.js";
import { isInteger64 } from "./voxels.js";

/** Three values for the axes `[z, y, x]`. @param what they are, in the plural */
export function tripleOf<S extends z.ZodType>(item: S, what: string) {
  const words = (found: unknown) =>
    found === undefined
      ? `is missing (expected three ${what}, [z, y, x])`
      : `expected three ${what}, [z, y, x], found ${shownValue(found)}`;
  return z.tuple([item, item, item], { error: ({ input }) => words(input) });
}

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
