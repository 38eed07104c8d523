import type { Triple } from "../../../core/box.js";
import { EmporiumError } from "../../../core/errors.js";
import type { NdBox } from "../../../formats/zarr/read.js";
import { coarserBox, factorsOf, requireInside } from "./levels.js";
import type { CroppedLevel, LevelRequest } from "./plan.js";
import { boxOfAll, lastAxes, type SpatialAxes, spatial, wholeOf } from "./zarr-axes.js";

/** A level as it was found. */
export interface FoundLevel {
  path: string;
  shape: readonly number[];
  /** Undefined: the last three. */
  axes: SpatialAxes | undefined;
  /** One number an axis, where the file says it. */
  scale: readonly number[] | undefined;
}

/**
 * The boxes of all levels: the first as requested, the others by their scale factors.
 *
 * @throws {EmporiumError} USAGE for a box that is empty or leaves the first level.
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
  requireInside(box, wholeOf(base.shape), base.level.path === "" ? name : `${name}/${base.level.path}`);
  return parts.map((part) => {
    const own = part === base ? box : coarserBox(box, factorsOf(base, part), wholeOf(part.shape));
    const shape = own.stop.map((to, axis) => to - own.start[axis]!) as Triple;
    return { box: boxOfAll(own, part.level.shape, part.axes), cropped: { path: part.level.path, box: own, shape } };
  });
}

export function absentDocument(name: string): EmporiumError {
  return new EmporiumError("STORE_ABSENT", `${name} does not exist, though the group names it`, {
    place: { file: name },
    hint: "the volume is incomplete; choose an existing level with --scale",
  });
}

function otherRank({ path, shape }: FoundLevel, name: string): EmporiumError {
  return new EmporiumError("FORMAT_FIELD", `${name}/${path} has ${shape.length} axes, fewer than the image says`, {
    place: { file: `${name}/${path}` },
  });
}
