import type { Json, JsonObject } from "../../core/json.js";
import { counted } from "../../core/units.js";
import { below, checkUnique, found, type NgffCheck, read, readNumbers, readObjects, typed } from "./ngff-rules.js";

/** `multiscales` of 0.1 to 0.5: axes, datasets, and a scale for each. */
export function checkMultiscales(check: NgffCheck, metadata: JsonObject, path: string, minor: number): void {
  for (const [image, at] of readObjects(check, metadata, "multiscales", path, { required: true }) ?? []) {
    const axes = checkAxes(check, image, at, minor);
    if (minor >= 4 && Object.hasOwn(image, "coordinateTransformations")) checkScaling(check, image, at, axes);
    const scales: (number[] | undefined)[] = [];
    for (const [dataset, where] of readObjects(check, image, "datasets", at, { required: true, unique: false }) ?? []) {
      checkDatasetPath(check, dataset, where);
      if (minor >= 4) scales.push(checkScaling(check, dataset, where, axes));
    }
    checkDatasetsOrder(check, scales, `${at}.datasets`);
    checkNamed(check, image, at);
  }
}

/** Name, kind and parameters of the downscaling, which strict readers want. */
export function checkNamed(check: NgffCheck, image: JsonObject, path: string): void {
  read(check, image, "name", path, "string");
  for (const key of ["name", "type", "metadata"]) {
    if (!Object.hasOwn(image, key)) check.report("recommended", `${path}.${key}`, "absent");
  }
}

export function checkDatasetPath(check: NgffCheck, dataset: JsonObject, path: string): void {
  const value = read(check, dataset, "path", path, "string", true);
  if (value === undefined || !value.split("/").some((part) => part === "" || part === "." || part === "..")) return;
  check.report("path-below", `${path}.path`, found(value, "a path below the group"));
}

/** Resolutions must not rise from one dataset to the next. */
export function checkDatasetsOrder(check: NgffCheck, scales: readonly (readonly number[] | undefined)[], path: string): void {
  scales.forEach((scale, i) => {
    const before = scales[i - 1];
    if (!scale || !before || scale.length !== before.length || !scale.some((size, axis) => size < before[axis]!)) return;
    check.report("datasets-order", `${path}.${i}`, `scale ${scale.join(", ")} after ${before.join(", ")}`);
  });
}

/** @returns the number of axes, if known. */
function checkAxes(check: NgffCheck, image: JsonObject, path: string, minor: number): number | undefined {
  if (minor < 3) return undefined; // always t, c, z, y, x
  const list = read(check, image, "axes", path, "list", true);
  if (!list) return undefined;
  const at = `${path}.axes`;
  if (list.length < 2 || list.length > 5)
    check.report("axes-count", at, `expected 2 to 5, found ${counted(list.length, "axis", "axes")}`);
  checkUnique(check, list, at);
  if (minor === 3) {
    list.forEach((axis, i) => {
      typed(check, axis, `${at}.${i}`, "string");
    });
    return list.length;
  }
  const axes = list.map((axis, i) => checkAxis(check, axis, `${at}.${i}`));
  const spatial = axes.filter((axis) => axis?.type === "space").length;
  if (spatial < 2 || spatial > 3)
    check.report("axes-space", at, `expected 2 or 3, found ${counted(spatial, "axis", "axes")} of space`);
  checkAxesTogether(check, axes, at);
  return list.length;
}

export interface CheckedAxis {
  name: string | undefined;
  type: string | undefined;
}

const PREFIX = "(?:atto|centi|deci|exa|femto|giga|hecto|kilo|mega|micro|milli|nano|peta|pico|tera|yocto|yotta|zepto|zetta)?";

/** The units that 0.4 and 0.5 list. */
const UNITS: Record<string, RegExp> = {
  space: new RegExp(`^(${PREFIX}meter|angstrom|foot|inch|mile|parsec|yard)$`),
  time: new RegExp(`^(${PREFIX}second|day|hour|minute)$`),
};

export function checkAxis(check: NgffCheck, value: Json, path: string): CheckedAxis | undefined {
  const axis = typed(check, value, path, "object");
  if (!axis) return undefined;
  const name = read(check, axis, "name", path, "string", true);
  const type = read(check, axis, "type", path, "string");
  const unit = read(check, axis, "unit", path, "string");
  const known = type !== undefined && Object.hasOwn(UNITS, type) ? UNITS[type] : undefined;
  if (known && unit === undefined) check.report("axes-unit", `${path}.unit`, `absent; expected a unit of ${type}`);
  else if (known && !known.test(unit!))
    check.report(
      "axes-unit",
      `${path}.unit`,
      found(unit, `a unit of ${type}, such as ${type === "time" ? "second" : "angstrom"},`),
    );
  return { name, type };
}

/** Names and order, which the schemas cannot say. */
export function checkAxesTogether(check: NgffCheck, axes: readonly (CheckedAxis | undefined)[], path: string): void {
  const names = axes.flatMap((axis) => axis?.name ?? []);
  if (new Set(names).size < names.length) check.report("axes-names", path, `${names.join(", ")}: a name appears twice`);
  const ranks = axes.map((axis) => (axis?.type === "time" ? 0 : axis?.type === "space" ? 2 : 1));
  if (ranks.some((rank, i) => i > 0 && rank < ranks[i - 1]!)) {
    check.report("axes-order", path, `${axes.map((axis) => axis?.type ?? "other").join(", ")}; expected time, others, space`);
  }
  const spatial = axes.flatMap((axis) => (axis?.type === "space" ? (axis.name ?? "") : [])).join("");
  if (/^[xyz]{2,3}$/.test(spatial) && spatial !== "zyx".slice(-spatial.length)) {
    check.report("axes-zyx", path, `${[...spatial].join(", ")}; expected ${[..."zyx".slice(-spatial.length)].join(", ")}`);
  }
}

/** A list with one scale, and translations. @returns the scale. */
function checkScaling(check: NgffCheck, owner: JsonObject, path: string, axes: number | undefined): number[] | undefined {
  const steps = readObjects(check, owner, "coordinateTransformations", path, { required: true, unique: false });
  if (!steps) return undefined;
  const at = `${path}.coordinateTransformations`;
  const scales: (number[] | undefined)[] = [];
  steps.forEach(([step, where], i) => {
    const type = read(check, step, "type", where, "string", true);
    if (type === undefined) return;
    if (type !== "scale" && type !== "translation") {
      check.report("transformation", `${where}.type`, found(type, "scale or translation"));
      return;
    }
    const numbers = readNumbers(check, step, type, where);
    if (type === "scale") scales.push(numbers);
    else if (i !== 1) check.report("transformation-order", where, "expected one translation after the scale");
    if (numbers && numbers.length < 2)
      check.report("range", `${where}.${type}`, `${counted(numbers.length, "number")}; expected 2 or more`);
    if (numbers && axes !== undefined && numbers.length !== axes) {
      check.report(
        "transformation-length",
        `${where}.${type}`,
        `${counted(numbers.length, "number")} for ${counted(axes, "axis", "axes")}`,
      );
    }
  });
  if (scales.length !== 1) check.report("transformation-scale", at, `expected 1, found ${counted(scales.length, "scale")}`);
  return scales[0];
}

/** `omero`: how channels are shown. */
export function checkOmero(check: NgffCheck, metadata: JsonObject, path: string, minor: number): void {
  const omero = read(check, metadata, "omero", path, "object");
  if (!omero) return;
  const at = below(path, "omero");
  for (const [channel, where] of readObjects(check, omero, "channels", at, { required: true, least: 0, unique: false }) ?? []) {
    const window = read(check, channel, "window", where, "object", minor < 6);
    if (window) for (const key of ["start", "min", "end", "max"]) read(check, window, key, `${where}.window`, "number", true);
    const color = read(check, channel, "color", where, "string", minor < 6);
    if (color !== undefined && !/^[0-9a-f]{6}$/i.test(color))
      check.report("color", `${where}.color`, found(color, "6 hexadecimal digits"));
    for (const key of ["label", "family"]) read(check, channel, key, where, "string");
    read(check, channel, "active", where, "boolean");
  }
}
