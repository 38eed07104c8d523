import { type Box, boxShape, type Triple, volumeOf } from "../../core/box.js";
import type { DType } from "../../core/dtype.js";
import { type Block, eachRow } from "./block.js";
import type { NumberArray } from "./voxels.js";

export type FloatArray = Float32Array | Float64Array;

/** Voxels of a box as floats, C order. */
export interface Field {
  readonly data: FloatArray;
  readonly box: Box;
  readonly whole: Triple;
}

/** float32 where that holds all values of the type, else float64. */
function exactFloat(dtype: DType): "float32" | "float64" {
  return dtype === "float64" || dtype === "int32" || dtype === "uint32" ? "float64" : "float32";
}

/** Type of filter results: float64 for float64, float32 for all other types. */
export function filteredDtype(dtype: DType): "float32" | "float64" {
  return dtype === "float64" ? "float64" : "float32";
}

export function newFloats(dtype: "float32" | "float64", count: number): FloatArray {
  return dtype === "float64" ? new Float64Array(count) : new Float32Array(count);
}

/** A box of a block as floats without loss; shares the block's memory where it is that already. */
export function toField(block: Block, box: Box): Field {
  const { data, whole, dtype } = block;
  const isAll = box.start.every((at, axis) => at === block.box.start[axis] && box.stop[axis] === block.box.stop[axis]);
  if (isAll && (data instanceof Float32Array || data instanceof Float64Array)) return { data, box, whole };
  const floats = newFloats(exactFloat(dtype), volumeOf(boxShape(box)));
  eachRow(block.box, box, (from, to, length) => copyNumbers(data as NumberArray, from, floats, to, length));
  return { data: floats, box, whole };
}

/** The box of a field with other ends along one axis. */
export function alongAxis({ start, stop }: Box, axis: 0 | 1 | 2, from: Box): Box {
  return {
    start: start.map((at, i) => (i === axis ? from.start[i]! : at)) as Triple,
    stop: stop.map((at, i) => (i === axis ? from.stop[i]! : at)) as Triple,
  };
}

function copyNumbers(source: NumberArray, from: number, target: FloatArray, to: number, length: number): void {
  for (let i = 0; i < length; i++) target[to + i] = source[from + i]!;
}
