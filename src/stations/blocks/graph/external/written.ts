import { eachRow } from "../../../../arrays/operators/block.js";
import { isInteger64, newVoxels, voxelsOf } from "../../../../arrays/operators/voxels.js";
import { type Box, boxShape, type Triple, volumeOf } from "../../../../core/box.js";
import type { WrittenStep } from "../program.js";
import { objectShape } from "../stored-array.js";
import { writtenBefore } from "./colours.js";

/**
 * Reads the array `written` for a program: voxels that neighbours of earlier colours have written, and `fill` everywhere else.
 *
 * @param core of the block @param box that and its halo
 * @returns the bytes of the box, C order
 */
export async function readWritten(
  { array, dtype, fill }: WrittenStep,
  core: Box,
  box: Box,
  read: (box: Box) => Promise<Uint8Array>,
): Promise<Uint8Array> {
  const value = isInteger64(dtype) ? BigInt(fill) : fill;
  // both have one type, which the compiler cannot know
  const target = newVoxels(dtype, volumeOf(boxShape(box))) as { fill(value: unknown): void } & Rows;
  target.fill(value);
  const block = objectShape(array);
  const at = core.start.map((from, axis) => from / block[axis]!) as Triple;
  for (const own of writtenBefore(array.colours!, at, block, box)) {
    const found = voxelsOf(dtype, await read(own)) as unknown as Rows;
    eachRow(box, own, (to, from, length) => target.set(found.subarray(from, from + length), to));
  }
  return new Uint8Array(target.buffer, target.byteOffset, target.byteLength);
}

interface Rows extends ArrayBufferView<ArrayBuffer> {
  set(values: unknown, at: number): void;
  subarray(from: number, to: number): unknown;
}
