import type { Box, Triple } from "../../../core/box.js";
import { EmporiumError } from "../../../core/errors.js";
import { counted } from "../../../core/units.js";
import type { NdBox } from "../../../formats/zarr/read.js";
import { coarserBox, factorsOf, requireInside } from "./levels.js";
import type { CroppedLevel, LevelRequest } from "./plan.js";

/** A level of the source. */
export interface FoundLevel {
  path: string;
  shape: readonly number[];
  /** Undefined: the last three. */
  axes: SpatialAxes | undefined;
  /** One number for each axis, if the metadata say it. */
  scale: readonly number[] | undefined;
}

/**
 * The boxes of all levels: the requested one, and the others by their scale factors.
 *
 * @throws {EmporiumError} USAGE for a box that is empty or leaves the first level
 */
export function planLevels(
  levels: readonly FoundLevel[],
  { box }: LevelRequest,
  name: string,
): { box: NdBox; cropped: CroppedLevel }[] {
  const parts = levels.map((level) => {
    const axes = level.axes ?? lastAxes(level.shape.length, `${name}/${level.path}`);
    if (axes.some((axis) => axis !== undefined && axis >= level.shape.length)) throw otherRank(level, name);
    return {
      axes,
      level,
      shape: spatial(level.shape, axes, 1) as Triple,
      size: spatial<number | undefined>(level.scale ?? level.shape.map(() => undefined), axes, 1),
    };
  });
  const [base] = parts as [(typeof parts)[number]];
  requireInside(box, wholeOf(base.shape), arrayName(name, base.level.path));
  return parts.map((part) => {
    const own = part === base ? box : coarserBox(box, factorsOf(base, part), wholeOf(part.shape));
    const shape = own.stop.map((to, axis) => to - own.start[axis]!) as Triple;
    return { box: boxOfAll(own, part.level.shape, part.axes), cropped: { path: part.level.path, box: own, shape } };
  });
}

/** The name of a level's array in messages; that of the volume if it is the array. */
export function arrayName(volume: string, path: string): string {
  return path === "" ? volume : `${volume}/${path}`;
}

export function absentDocument(name: string): EmporiumError {
  return new EmporiumError("STORE_ABSENT", `${name} does not exist, though the group names it`, {
    place: { file: name },
    hint: "choose an existing level with --scale: the volume is incomplete",
  });
}

function otherRank({ path, shape }: FoundLevel, name: string): EmporiumError {
  return new EmporiumError(
    "FORMAT_FIELD",
    `${name}/${path} has ${counted(shape.length, "axis", "axes")}, fewer than the image says`,
    {
      place: { file: `${name}/${path}` },
    },
  );
}

/** The array's axes that are z, y and x; z is undefined for planes. */
type SpatialAxes = readonly [z: number | undefined, y: number | undefined, x: number | undefined];

/** Says which axes were taken where nothing names them, and there are more than three. */
export function guessedAxes([finest]: readonly FoundLevel[], name: string): string[] {
  if (!finest || finest.axes || finest.shape.length <= 3) return [];
  const others = finest.shape.slice(0, -3).join(" × ");
  return [
    `${name} has ${finest.shape.length} axes without names: the last three are taken for z, y and x, the others (${others}) whole`,
  ];
}

/** The default: the last three axes. @throws {EmporiumError} FORMAT_UNSUPPORTED for fewer than two */
function lastAxes(rank: number, name: string): SpatialAxes {
  if (rank < 2) {
    throw new EmporiumError("FORMAT_UNSUPPORTED", `${name} has ${counted(rank, "axis", "axes")}, a volume or plane is cropped`, {
      place: { file: name },
    });
  }
  return [rank > 2 ? rank - 3 : undefined, rank - 2, rank - 1];
}

/** Along z, y and x; 1 where the array has no such axis. */
function spatial<T>(values: readonly T[], axes: SpatialAxes, absent: T): [T, T, T] {
  return axes.map((axis) => (axis === undefined ? absent : values[axis]!)) as [T, T, T];
}

/** A box of all axes. Other axes than z, y and x are taken whole. */
function boxOfAll({ start, stop }: Box, shape: readonly number[], axes: SpatialAxes): NdBox {
  const box = { start: shape.map(() => 0), stop: [...shape] };
  for (const [i, axis] of axes.entries()) {
    if (axis === undefined) continue;
    box.start[axis] = start[i]!;
    box.stop[axis] = stop[i]!;
  }
  return box;
}

function wholeOf(shape: Triple): Box {
  return { start: [0, 0, 0], stop: shape };
}
