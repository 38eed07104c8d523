import type { Box, Triple } from "../../../core/box.js";
import { EmporiumError } from "../../../core/errors.js";

/** `z0:z1,y0:y1,x0:x1`: half-open, indices of voxels. @throws {EmporiumError} USAGE */
export function parseCropBox(text: string): Box {
  const parts = text.split(",").map((part) => /^\s*(-?\d{1,15})\s*:\s*(-?\d{1,15})\s*$/.exec(part));
  if (parts.length !== 3 || parts.some((part) => part === null)) {
    throw new EmporiumError("USAGE", `the crop is ${JSON.stringify(text)}; expected z0:z1,y0:y1,x0:x1`, {
      hint: "write voxels from z0 to z1 (z1 not included), then y, then x: --crop 0:100,0:512,0:512",
    });
  }
  const box: Box = {
    start: parts.map((part) => Number(part![1])) as Triple,
    stop: parts.map((part) => Number(part![2])) as Triple,
  };
  requireNotEmpty(box);
  return box;
}

export function formatCropBox({ start, stop }: Box): string {
  return start.map((from, axis) => `${from}:${stop[axis]!}`).join(",");
}

function requireNotEmpty(box: Box): void {
  const axis = box.start.findIndex((from, i) => box.stop[i]! <= from);
  if (axis < 0) return;
  throw new EmporiumError("USAGE", `the crop ${formatCropBox(box)} is empty along ${"zyx"[axis]!}`, {
    hint: "make each end greater than its start: ends are not included",
  });
}

/**
 * @param whole the volume, in the same voxels
 * @throws {EmporiumError} USAGE for a box that is empty or not inside
 */
export function requireInside(box: Box, whole: Box, name: string): void {
  requireNotEmpty(box);
  const all = [...box.start, ...box.stop];
  const inside =
    all.every(Number.isInteger) && box.start.every((from, i) => from >= whole.start[i]! && box.stop[i]! <= whole.stop[i]!);
  if (inside) return;
  throw new EmporiumError("USAGE", `the crop ${formatCropBox(box)} is not inside of ${name}, which has ${formatCropBox(whole)}`, {
    place: { file: name },
    hint: "count voxels of the chosen scale, z first, with the volume's own offset where it has one",
  });
}

/** Lost by dividing two decimal numbers. */
const ROUNDING = 1e-6;

/**
 * The part of a coarser level that covers a box of a finer one, rounded outward: each voxel of the finer crop is inside one of
 * the coarser.
 *
 * Voxel i of the coarser level covers voxels i·factor to (i+1)·factor of the finer one. That is true of all pyramids, whatever
 * they say of the voxel's centre.
 *
 * @param factors by how much voxels of the coarser level are larger
 * @param whole the coarser level
 */
export function coarserBox({ start, stop }: Box, factors: Triple, whole: Box): Box {
  const first = start.map((from, axis) => {
    const at = Math.floor(from / factors[axis]! + ROUNDING);
    return Math.min(Math.max(at, whole.start[axis]!), whole.stop[axis]! - 1);
  }) as Triple;
  const end = stop.map((to, axis) => {
    const at = Math.ceil(to / factors[axis]! - ROUNDING);
    return Math.max(Math.min(at, whole.stop[axis]!), first[axis]! + 1);
  }) as Triple;
  return { start: first, stop: end };
}

/** By how much voxels of a level are larger: the quotient of their sizes, or of the levels' lengths if sizes are unknown. */
export function factorsOf(
  fine: { size: readonly (number | undefined)[]; shape: Triple },
  coarse: { size: readonly (number | undefined)[]; shape: Triple },
): Triple {
  return fine.shape.map((length, axis) => {
    const quotient = (coarse.size[axis] ?? Number.NaN) / (fine.size[axis] ?? Number.NaN);
    if (Number.isFinite(quotient) && quotient > 0) return quotient;
    return Math.max(1, Math.round(length / coarse.shape[axis]!));
  }) as Triple;
}
