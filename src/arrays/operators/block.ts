import { type Box, boxShape, type Triple, volumeOf } from "../../core/box.js";
import type { DType } from "../../core/dtype.js";
import { EmporiumError } from "../../core/errors.js";
import { newVoxels, type VoxelArray } from "./voxels.js";

/** A part of a volume in memory. */
export interface Block {
  /** The voxels of `box` in C order. */
  readonly data: VoxelArray;
  readonly dtype: DType;
  /** Which voxels of the whole volume these are: what is wanted and the halo around it, as far as the volume reaches. */
  readonly box: Box;
  /** Voxels of the whole volume, `[z, y, x]`. An edge rule applies at its border only. */
  readonly whole: Triple;
}

/** A box with `halo` voxels more on each side, as far as the volume reaches. */
export function growBox({ start, stop }: Box, halo: Triple, whole: Triple): Box {
  return {
    start: start.map((at, axis) => Math.max(0, at - halo[axis]!)) as Triple,
    stop: stop.map((at, axis) => Math.min(whole[axis]!, at + halo[axis]!)) as Triple,
  };
}

function holdsBox(outer: Box, inner: Box): boolean {
  return inner.start.every((at, axis) => at >= outer.start[axis]! && inner.stop[axis]! <= outer.stop[axis]!);
}

/** A box of a block, in memory of its own. @throws {EmporiumError} INTERNAL for a box that the block does not hold */
export function cutBlock(block: Block, box: Box): Block {
  needBox(block, box);
  const { data, dtype, whole } = block;
  const cut = newVoxels(dtype, volumeOf(boxShape(box)));
  eachRow(block.box, box, (from, to, length) => copyRow(data, from, cut, to, length));
  return { data: cut, dtype, box, whole };
}

/** @throws {EmporiumError} INTERNAL unless the block holds the box */
export function needBox(block: Block, box: Box): void {
  if (holdsBox(block.box, box)) return;
  throw new EmporiumError("INTERNAL", `a block of the voxels ${words(block.box)} does not hold ${words(box)}`);
}

/** For each row of `box` along x: where it begins in the memory of `outer` and in the box's own, and how long it is. */
export function eachRow(outer: Box, box: Box, row: (from: number, to: number, length: number) => void): void {
  const [, ny, nx] = boxShape(outer);
  const [dz, dy, length] = boxShape(box);
  const [oz, oy, ox] = box.start.map((at, axis) => at - outer.start[axis]!) as Triple;
  for (let z = 0; z < dz; z++)
    for (let y = 0; y < dy; y++) row(((z + oz) * ny + y + oy) * nx + ox, (z * dy + y) * length, length);
}

function copyRow(source: VoxelArray, from: number, target: VoxelArray, to: number, length: number): void {
  const row = source.subarray(from, from + length);
  // both have one type, which the compiler cannot know
  (target as { set(values: unknown, at: number): void }).set(row, to);
}

function words({ start, stop }: Box): string {
  return start.map((at, axis) => `${at}–${stop[axis]}`).join(" × ");
}
