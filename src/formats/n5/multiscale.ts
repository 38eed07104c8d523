import type { Json, JsonObject } from "../../core/json.js";
import { isJsonObject, member } from "../../core/json-fields.js";
import { toNumber } from "../../core/number.js";
import { isArray } from "../zarr/json.js";

/** Size and place of voxels, axes slowest first. */
export interface N5Calibration {
  axes: string[] | undefined;
  voxelSize: number[];
  unit: string[] | undefined;
  /** Centre of the first voxel, in `unit`; undefined where the metadata do not say. */
  offset: number[] | undefined;
}

/** One level of a multiscale group. */
export interface N5Level {
  /** Key below the group. */
  path: string;
  /** Factors by which it is coarser than the first, slowest axis first; undefined where the group does not say. */
  factors: number[] | undefined;
  calibration: N5Calibration | undefined;
}

/**
 * The levels in a group's attributes: Janelia's `multiscales`, else `scales` (a list of factors for each level), else undefined:
 * the group may still hold `s0`, `s1`, ….
 */
export function n5Levels(attributes: JsonObject): N5Level[] | undefined {
  const multiscales = member(attributes, "multiscales");
  const first = isArray(multiscales) ? multiscales[0] : undefined;
  const datasets = isJsonObject(first) ? member(first, "datasets") : undefined;
  if (isArray(datasets) && datasets.length > 0) {
    const levels = datasets.map((one): N5Level | undefined => {
      const path = isJsonObject(one) ? member(one, "path") : undefined;
      if (typeof path !== "string" || !isLevelPath(path)) return undefined;
      return { path, factors: undefined, calibration: transformOf(member(one as JsonObject, "transform")) };
    });
    if (levels.every((level) => level !== undefined)) return levels as N5Level[];
  }
  const scales = member(attributes, "scales");
  if (!isArray(scales) || scales.length === 0) return undefined;
  const factors = scales.map(numbers);
  if (factors.some((one) => one === undefined)) return undefined;
  return factors.map((one, i) => ({ path: `s${i}`, factors: one!.reverse(), calibration: undefined }));
}

/** Factors by which a level is coarser than the first, from its own attributes. */
export function n5Factors(attributes: JsonObject): number[] | undefined {
  return numbers(member(attributes, "downsamplingFactors"))?.reverse();
}

/**
 * Voxel size in the attributes of a dataset or group: `transform` (Janelia; lists follow its axes), `pixelResolution` with unit
 * and dimensions, or a list `pixelResolution` or `resolution` with `units`. Undefined unless it is one positive number an axis.
 */
export function n5Calibration(attributes: JsonObject): N5Calibration | undefined {
  const transform = transformOf(member(attributes, "transform"));
  if (transform) return transform;
  const units = textsOf(member(attributes, "units")) ?? [];
  for (const key of ["pixelResolution", "resolution"]) {
    const value = member(attributes, key);
    const list = numbers(isJsonObject(value) ? member(value, "dimensions") : value);
    if (!list?.every((size) => size > 0)) continue;
    const one = isJsonObject(value) ? member(value, "unit") : (member(attributes, "unit") ?? undefined);
    const unit = typeof one === "string" ? list.map(() => one) : units.length === list.length ? units : undefined;
    const axes = textsOf(member(attributes, "axes"));
    const offset = numbers(member(attributes, "offset"));
    return {
      axes: axes?.length === list.length ? axes.reverse() : undefined,
      voxelSize: list.reverse(),
      unit: unit && [...unit].reverse(),
      offset: offset?.length === list.length ? offset.reverse() : undefined,
    };
  }
  return undefined;
}

/** Axes, and lists along them. They are C order (z first) where `ordering` does not say otherwise: the names decide. */
function transformOf(value: Json | undefined): N5Calibration | undefined {
  if (!isJsonObject(value)) return undefined;
  const scale = numbers(member(value, "scale"));
  if (!scale?.every((size) => size > 0)) return undefined;
  const axes = textsOf(member(value, "axes"));
  const translate = numbers(member(value, "translate"));
  const units = textsOf(member(value, "units"));
  const fits = <T>(list: T[] | undefined) => (list?.length === scale.length ? list : undefined);
  const named = fits(axes);
  const turn = member(value, "ordering") === "F" || (named !== undefined && named[0] === "x" && named.at(-1) === "z");
  const slowestFirst = <T>(list: T[] | undefined) => (list && turn ? [...list].reverse() : list);
  return {
    axes: slowestFirst(named),
    voxelSize: slowestFirst(scale)!,
    unit: slowestFirst(fits(units)),
    offset: slowestFirst(fits(translate)),
  };
}

function numbers(value: Json | undefined): number[] | undefined {
  if (!isArray(value) || value.length === 0 || value.length > 32) return undefined;
  const list = value.map(toNumber);
  return list.every((one) => one !== undefined && Number.isFinite(one)) ? (list as number[]) : undefined;
}

function textsOf(value: Json | undefined): string[] | undefined {
  return isArray(value) && value.length <= 32 && value.every((one) => typeof one === "string")
    ? [...(value as string[])]
    : undefined;
}

/** True for a path that may become part of a key. */
function isLevelPath(path: string): boolean {
  return path.split("/").every((part) => part !== "" && part !== "." && part !== "..") && !/[\\\u0000-\u001f]/.test(path);
}
