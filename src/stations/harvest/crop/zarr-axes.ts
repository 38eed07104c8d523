import type { Box, Triple } from "../../../core/box.js";
import { EmporiumError } from "../../../core/errors.js";
import type { NdBox } from "../../../formats/zarr/read.js";

/** Which axes of an array are z, y and x; undefined for z of planes. */
export type SpatialAxes = readonly [z: number | undefined, y: number | undefined, x: number | undefined];

/** The last three axes, where nothing says otherwise. @throws {EmporiumError} FORMAT_UNSUPPORTED for fewer than two. */
export function lastAxes(rank: number, name: string): SpatialAxes {
  if (rank < 2) {
    throw new EmporiumError("FORMAT_UNSUPPORTED", `${name} has ${rank} axes, a volume or plane is cropped`, {
      place: { file: name },
    });
  }
  return [rank > 2 ? rank - 3 : undefined, rank - 2, rank - 1];
}

/** Along z, y and x; 1 where the array has no such axis. */
export function spatial<T>(values: readonly T[], axes: SpatialAxes, absent: T): [T, T, T] {
  return axes.map((axis) => (axis === undefined ? absent : values[axis]!)) as [T, T, T];
}

/** A box of all axes: those that are not of space are taken whole. */
export function boxOfAll({ start, stop }: Box, shape: readonly number[], axes: SpatialAxes): NdBox {
  const box = { start: shape.map(() => 0), stop: [...shape] };
  for (const [i, axis] of axes.entries()) {
    if (axis === undefined) continue;
    box.start[axis] = start[i]!;
    box.stop[axis] = stop[i]!;
  }
  return box;
}

export function wholeOf(shape: Triple): Box {
  return { start: [0, 0, 0], stop: shape };
}
