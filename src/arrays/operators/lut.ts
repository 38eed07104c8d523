import { z } from "zod";
import { castRow } from "./cast.js";
import { operator, parameterFault } from "./operator.js";
import { pointwise, type RowWork } from "./pointwise.js";
import { writtenDtype } from "./schemas.js";
import { isFloat, isInteger64, type NumberArray } from "./voxels.js";

/** Entries of a table that stands in a graph. */
const ENTRIES_MAX = 1_048_576;

/**
 * Other values for labels: `table` (voxel i becomes `table[i]`: `np.take(table, x)`) or `map` (`{ "7": 1, "9": 1 }`). What neither names becomes
 * `otherwise`: a number (default 0) or `keep`. Written as `dtype`, by default the input's, saturating.
 */
export const lut = operator({
  name: "lut",
  version: 1,
  parameters: z
    .strictObject({
      table: z.array(z.number()).max(ENTRIES_MAX).optional(),
      map: z.record(z.string().regex(/^-?\d+$/, "expected whole numbers as names"), z.number()).optional(),
      otherwise: z.union([z.number(), z.literal("keep")], { error: "expected a number or keep" }).default(0),
      dtype: writtenDtype.optional(),
    })
    .refine(({ table, map }) => (table === undefined) !== (map === undefined), "expected table or map, one of them")
    .refine(
      ({ table, map }) => (table?.length ?? 1) > 0 && (map === undefined || Object.keys(map).length > 0),
      "expected at least one entry, found none",
    ),
  prepare(params, { dtype }) {
    if (isFloat(dtype) || dtype === "complex64" || dtype === "uint4")
      throw parameterFault("lut", "in", `takes integers, not ${dtype}`);
    return params;
  },
  outputDtype: (dtype, params) => params.dtype ?? dtype,
  apply([block], core, { table, map, otherwise }, { dtype, shape }) {
    const wide = isInteger64(block!.dtype);
    const values = new Map(
      (table ? table.map((to, from) => [from, to] as const) : pairs(map!)).map(([from, to]) => [
        wide ? BigInt(from) : Number(from),
        to,
      ]),
    );
    return pointwise(
      block!,
      core,
      dtype,
      shape,
      lookUp(values, otherwise, castRow("float64", dtype, true, true), castRow(block!.dtype, dtype, true, true)),
    );
  },
});

const pairs = (map: Readonly<Record<string, number>>) => Object.entries(map).map(([from, to]) => [from, to] as const);

function lookUp(
  values: ReadonlyMap<number | bigint, number>,
  otherwise: number | "keep",
  write: RowWork,
  keep: RowWork,
): RowWork {
  let row = new Float64Array(0);
  return (source, from, target, to, length) => {
    if (row.length < length) row = new Float64Array(length);
    for (let i = 0; i < length; i++) {
      // a voxel that is kept is written below, in its own type
      row[i] = values.get((source as NumberArray)[from + i]!) ?? (otherwise === "keep" ? 0 : otherwise);
    }
    write(row, 0, target, to, length);
    if (otherwise !== "keep") return;
    for (let i = 0; i < length; i++)
      if (!values.has((source as NumberArray)[from + i]!)) keep(source, from + i, target, to + i, 1);
  };
}
