import type { Json, JsonObject } from "../../../core/json.js";
import { isJsonObject, member } from "../../../core/json-fields.js";
import { Float, toNumber } from "../../../core/number.js";
import { counted } from "../../../core/units.js";
import { isArray } from "../../../formats/zarr/json.js";

/**
 * Transformations of OME-Zarr for an array that begins `start` elements later: the translation grows by `start` times the scale.
 * If there is no translation, one is added behind the scale; if nothing moves, nothing changes.
 *
 * @param value `coordinateTransformations` of a dataset, already checked; undefined before version 0.4, and then stays
 *   undefined
 */
export function shiftedTransformations(value: Json | undefined, start: readonly number[]): Json | undefined {
  if (!isArray(value) || start.every((at) => at === 0)) return value;
  const scale = start.map((_, axis) =>
    value.reduce((product: number, step) => {
      const factors = isJsonObject(step) && member(step, "type") === "scale" ? member(step, "scale") : undefined;
      return product * (isArray(factors) ? (toNumber(factors[axis]) ?? 1) : 1);
    }, 1),
  );
  const moved = (before: readonly (Json | undefined)[]) =>
    start.map((at, axis) => new Float(clean((toNumber(before[axis]) ?? 0) + at * scale[axis]!)));
  const last = value.at(-1);
  const known = isJsonObject(last) && member(last, "type") === "translation" ? member(last, "translation") : undefined;
  if (isJsonObject(last) && isArray(known)) return [...value.slice(0, -1), { ...last, translation: moved(known) }];
  return [...value, { type: "translation", translation: moved([]) }];
}

/** Along all axes of a dataset, by its path: the element of the source at which the crop begins. */
export type Starts = ReadonlyMap<string, readonly number[]>;

/** `multiscales` with only the first image and the given datasets. */
export function shiftedMultiscales(value: Json | undefined, starts: Starts): Json {
  const first = isArray(value) ? value[0] : undefined;
  if (!isJsonObject(first)) return [];
  const kept = keptDatasets(first, starts).map(({ dataset, start }): Json => {
    const key = "coordinateTransformations";
    return {
      ...dataset,
      ...defined(key, shiftedTransformations(member(dataset, key), start)),
      ...shiftedTransform(dataset, start),
    };
  });
  return [{ ...first, datasets: kept }];
}

/** The warnings of `unmovedTransform` for the datasets that `shiftedMultiscales` keeps. */
export function unmovedMultiscales(value: Json | undefined, starts: Starts, name: string): string[] {
  const first = isArray(value) ? value[0] : undefined;
  if (!isJsonObject(first)) return [];
  return keptDatasets(first, starts).flatMap(({ dataset, path, start }) => unmovedTransform(dataset, start, `${name}/${path}`));
}

function keptDatasets(image: JsonObject, starts: Starts): { dataset: JsonObject; path: string; start: readonly number[] }[] {
  const datasets = member(image, "datasets");
  return (isArray(datasets) ? datasets : []).flatMap((dataset) => {
    const path = isJsonObject(dataset) ? member(dataset, "path") : undefined;
    const start = typeof path === "string" ? starts.get(path) : undefined;
    return start && isJsonObject(dataset) && typeof path === "string" ? [{ dataset, path, start }] : [];
  });
}

/**
 * Janelia's `transform` beside an array (axes, scale, translate), for an array that begins later.
 *
 * @param start along the array's axes, slowest first. `transform` names its axes in either order.
 * @returns the member, or nothing if there is none that fits
 */
export function shiftedTransform(attributes: JsonObject, start: readonly number[]): JsonObject {
  const transform = member(attributes, "transform");
  if (!isJsonObject(transform)) return {};
  const scale = scaleOf(transform, start.length);
  if (!scale) return {};
  const axes = member(transform, "axes");
  const turned = member(transform, "ordering") === "F" || (isArray(axes) && axes[0] === "x" && axes.at(-1) === "z");
  const along = turned ? [...start].reverse() : start;
  const before = member(transform, "translate");
  const translate = along.map(
    (at, axis) => new Float(clean(((isArray(before) ? toNumber(before[axis]) : undefined) ?? 0) + at * scale[axis]!)),
  );
  return { transform: { ...transform, translate } };
}

/**
 * A warning if the metadata have a `transform` that `shiftedTransform` leaves as it is, so that the crop lies at the wrong place
 * in it.
 *
 * @param name of the array or group, for the message
 */
export function unmovedTransform(attributes: JsonObject, start: readonly number[], name: string): string[] {
  const transform = member(attributes, "transform");
  if (!isJsonObject(transform) || start.every((at) => at === 0) || scaleOf(transform, start.length)) return [];
  return [
    `${name}: the transform still has the position of the whole volume: its scale needs ${counted(start.length, "number")}, one for each axis`,
  ];
}

/** Undefined if it has not a number for each axis. */
function scaleOf(transform: JsonObject, rank: number): number[] | undefined {
  const scale = member(transform, "scale");
  if (!isArray(scale) || scale.length !== rank) return undefined;
  const numbers = scale.flatMap((value) => toNumber(value) ?? []);
  return numbers.length === rank ? numbers : undefined;
}

/** Twelve digits: 4 × 3.1 is 12.399999999999999 in binary numbers. */
export function clean(value: number): number {
  return Number(value.toPrecision(12)) + 0;
}

function defined(key: string, value: Json | undefined): JsonObject {
  return value === undefined ? {} : { [key]: value };
}
