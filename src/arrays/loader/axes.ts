import type { Triple } from "../../core/box.js";
import { EmporiumError } from "../../core/errors.js";
import { counted } from "../../core/units.js";
import type { SpatialAxes } from "./chunked.js";

/** Positions along the axes that are not z, y or x, by their names: `{ t: 3, c: 1 }`. Default 0. */
export type AxisSelection = Readonly<Record<string, number>>;

/** Three axes of an array, and where it is cut along the others. */
export interface SelectedAxes {
  readonly axes: SpatialAxes;
  /** Index along each axis of the array at which it is cut; 0 along z, y, x. */
  readonly at: readonly number[];
  /** Cuts that nobody asked for, as sentences for a person. */
  readonly notes: readonly string[];
}

/** Names of axes where the array has none: as in OME-Zarr, the last three are z, y, x. */
export const LAST_NAMES = ["t", "c", "z", "y", "x"];

/** The last three axes. */
export function lastAxes(rank: number): SpatialAxes {
  return [rank > 2 ? rank - 3 : undefined, rank > 1 ? rank - 2 : undefined, rank > 0 ? rank - 1 : undefined];
}

/**
 * Cuts an array at the wanted positions.
 *
 * @param names names of the array's axes, if it has any.
 * @throws {EmporiumError} USAGE for an axis that the array does not have, or a position behind its end; FORMAT_UNSUPPORTED for
 *   arrays of less than two axes.
 */
export function selectAxes(
  shape: readonly number[],
  axes: SpatialAxes,
  names: readonly (string | null)[] | undefined,
  wanted: AxisSelection,
  name: string,
): SelectedAxes {
  if (axes[1] === undefined || axes[2] === undefined || axes.some((axis) => axis !== undefined && axis >= shape.length)) {
    throw new EmporiumError(
      "FORMAT_UNSUPPORTED",
      `${name}: ${counted(shape.length, "axis", "axes")}, a volume has y and x at least`,
      {
        place: { file: name, path: "shape" },
      },
    );
  }
  const own = names ?? shape.map((_, axis) => LAST_NAMES.at(axis - shape.length) ?? null);
  const at = shape.map(() => 0);
  for (const [axisName, position] of Object.entries(wanted)) {
    const axis = own.findIndex((one) => one?.toLowerCase() === axisName.toLowerCase());
    // t and c may always be given: most volumes have neither
    if (axis < 0 && position === 0) continue;
    if (axis < 0 || axes.includes(axis)) throw wrongAxis(name, axisName, own, axes);
    if (!(Number.isInteger(position) && position >= 0 && position < shape[axis]!)) {
      throw new EmporiumError(
        "USAGE",
        `${name}: ${axisName} ${position} is outside of the array, which has 0 to ${shape[axis]! - 1}`,
        {
          place: { file: name },
        },
      );
    }
    at[axis] = position;
  }
  const chosen = new Set(Object.keys(wanted).map((axisName) => axisName.toLowerCase()));
  const others = shape.flatMap((length, axis) => {
    const axisName = own[axis] ?? `number ${axis + 1}`;
    return length > 1 && !axes.includes(axis) && !chosen.has(axisName.toLowerCase()) ? [{ name: axisName, length }] : [];
  });
  return { axes, at, notes: firstOf(others) };
}

/** Axes of which one position is read, where nobody chose it. */
export function firstOf(others: readonly { readonly name: string; readonly length: number }[]): string[] {
  if (others.length === 0) return [];
  const list = others.map(({ name, length }) => `${name} (${length})`).join(", ");
  return [`position 0 of ${others.length === 1 ? "axis" : "axes"} ${list} is read: blocks have z, y and x`];
}

function wrongAxis(name: string, wanted: string, own: readonly (string | null)[], axes: SpatialAxes): EmporiumError {
  const others = own.filter((_, axis) => !axes.includes(axis)).map((one) => one ?? "(no name)");
  return new EmporiumError("USAGE", `${name}: the array has no axis ${wanted}, for which a position is given`, {
    place: { file: name },
    hint: others.length > 0 ? `use the axes z, y, x and ${others.join(", ")}` : "leave it out: the array has z, y, x alone",
  });
}

/** Picks the numbers along z, y and x; `absent` along an axis that the array does not have. */
export function spatial<T>(values: readonly T[], axes: SpatialAxes, absent: T): [T, T, T] {
  return axes.map((axis) => (axis === undefined ? absent : values[axis]!)) as [T, T, T];
}

/** The position of a chunk of all axes from that of z, y, x. */
export function wholeCell(cell: Triple, { axes, at }: SelectedAxes, chunks: readonly number[]): number[] {
  const whole = at.map((position, axis) => Math.floor(position / chunks[axis]!));
  axes.forEach((axis, i) => {
    if (axis !== undefined) whole[axis] = cell[i]!;
  });
  return whole;
}

/** Elements from the start of a chunk to the first voxel of the cut. */
export function cutOffset({ at }: SelectedAxes, chunks: readonly number[], strides: readonly number[]): number {
  return at.reduce((sum, position, axis) => sum + (position % chunks[axis]!) * strides[axis]!, 0);
}
