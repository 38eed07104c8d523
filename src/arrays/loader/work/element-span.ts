import type { Layout } from "../chunked.js";
import type { DecodePart } from "./decode-job.js";

/** First element of a box in a decoded chunk, and elements from there to behind its last one. */
export function elementSpan(
  { offset, strides }: Layout,
  { from, to }: Pick<DecodePart, "from" | "to">,
): { first: number; span: number } {
  const first = strides.reduce((sum, stride, axis) => sum + stride * from[axis]!, offset);
  return { first, span: strides.reduce((sum, stride, axis) => sum + stride * (to[axis]! - 1 - from[axis]!), 1) };
}
