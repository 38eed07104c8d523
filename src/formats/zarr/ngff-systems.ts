import type { JsonObject } from "../../core/json.js";
import { isJsonObject, member } from "../../core/json-fields.js";
import { counted } from "../../core/units.js";
import {
  type CheckedAxis,
  checkAxesTogether,
  checkAxis,
  checkDatasetPath,
  checkDatasetsOrder,
  checkNamed,
} from "./ngff-multiscales.js";
import { checkUnique, found, type NgffCheck, type NgffRelease, read, readObjects } from "./ngff-rules.js";
import { checkTransformation } from "./ngff-transformations.js";

/** Coordinate systems by their name: the number of axes of each. */
type Systems = Map<string, number>;

/** `multiscales` of 0.6: coordinate systems, and a transformation from each dataset to one of them. */
export function checkSystemMultiscales(check: NgffCheck, metadata: JsonObject, path: string, release: NgffRelease): void {
  for (const [image, at] of readObjects(check, metadata, "multiscales", path, { required: true }) ?? []) {
    const systems = checkSystems(check, image, at, true);
    const scales: (number[] | undefined)[] = [];
    for (const [dataset, where] of readObjects(check, image, "datasets", at, { required: true, unique: false }) ?? []) {
      checkDatasetPath(check, dataset, where);
      scales.push(checkDatasetTransformation(check, dataset, where, systems, release));
    }
    checkDatasetsOrder(check, scales, `${at}.datasets`);
    for (const [step, where] of readObjects(check, image, "coordinateTransformations", at) ?? []) {
      checkTransformation(check, step, where);
      checkReference(check, step, "input", where, systems, release, { path: "never", alone: true });
      checkReference(check, step, "output", where, systems, release, { path: "may", alone: true });
    }
    checkNamed(check, image, at);
  }
}

/** `scene` of 0.6: how several images stand to each other. */
export function checkScene(check: NgffCheck, metadata: JsonObject, path: string, release: NgffRelease): void {
  const scene = read(check, metadata, "scene", path, "object");
  if (!scene) return;
  const at = `${path}.scene`;
  const systems = checkSystems(check, scene, at, false);
  for (const [step, where] of readObjects(check, scene, "coordinateTransformations", at, { required: true }) ?? []) {
    checkTransformation(check, step, where);
    for (const side of ["input", "output"] as const) {
      checkReference(check, step, side, where, systems, release, { path: "may", alone: false });
    }
  }
}

function checkSystems(check: NgffCheck, owner: JsonObject, path: string, required: boolean): Systems {
  const systems: Systems = new Map();
  for (const [system, at] of readObjects(check, owner, "coordinateSystems", path, { required }) ?? []) {
    const name = read(check, system, "name", at, "string", true);
    if (name === "") check.report("empty", `${at}.name`, "an empty name");
    const list = read(check, system, "axes", at, "list", true);
    if (!list) continue;
    const where = `${at}.axes`;
    if (list.length < 1 || list.length > 5)
      check.report("axes-count", where, `expected 1 to 5, found ${counted(list.length, "axis", "axes")}`);
    checkUnique(check, list, where);
    const axes = list.map((axis, i) => checkSystemAxis(check, axis as JsonObject, `${where}.${i}`));
    const count = (type: string) => axes.filter((axis) => axis?.type === type).length;
    const [space, array] = [count("space"), count("array")];
    if ((space >= 2 && space <= 3) === array >= 2) {
      check.report(
        "axes-space",
        where,
        `expected 2 or 3 of space or 2 of array, found ${counted(space, "axis", "axes")} of space and ${array} of array`,
      );
    }
    checkAxesTogether(check, axes, where);
    if (name === undefined) continue;
    if (systems.has(name)) check.report("systems-names", `${at}.name`, `${name} appears twice`);
    systems.set(name, list.length);
  }
  return systems;
}

function checkSystemAxis(check: NgffCheck, value: JsonObject, path: string): CheckedAxis | undefined {
  const axis = checkAxis(check, value, path);
  if (!axis) return undefined;
  if (axis.name === "") check.report("empty", `${path}.name`, "an empty name");
  read(check, value, "longName", path, "string");
  read(check, value, "discrete", path, "boolean");
  return axis;
}

/** One transformation: a scale, an identity, or a sequence of scale and translation. @returns the scale. */
function checkDatasetTransformation(
  check: NgffCheck,
  dataset: JsonObject,
  path: string,
  systems: Systems,
  release: NgffRelease,
): number[] | undefined {
  const steps = readObjects(check, dataset, "coordinateTransformations", path, { required: true });
  if (!steps) return undefined;
  if (steps.length > 1) {
    check.report(
      "transformation-scale",
      `${path}.coordinateTransformations`,
      `expected 1, found ${steps.length} transformations`,
    );
  }
  const first = steps[0];
  if (!first) return undefined;
  const [step, at] = first;
  checkTransformation(check, step, at);
  checkReference(check, step, "input", at, systems, release, { path: "must", alone: false });
  const output = checkReference(check, step, "output", at, systems, release, { path: "may", alone: false });
  const type = member(step, "type");
  const parts =
    type === "sequence" ? (readObjects(check, step, "transformations", at, { unique: false, least: 0 }) ?? []) : [first];
  const types = parts.map(([part]) => member(part, "type"));
  const allowed = type === "sequence" ? ["scale", "translation"] : ["scale", "identity"];
  if (types.some((part) => !allowed.includes(part as string)) || (type === "sequence" && parts.length !== 2)) {
    const message = `expected a scale, an identity or a sequence of scale and translation, found ${[type, ...(type === "sequence" ? types : [])].join(" ")}`;
    check.report("transformation-scale", at, message, release.draft ? "strict" : "must");
  } else if (type === "sequence" && types.join() !== "scale,translation") {
    check.report("transformation-order", at, `expected scale and translation, found ${types.join(" and ")}`);
  }
  let scale: number[] | undefined;
  for (const [part, where] of parts) {
    const key = String(member(part, "type"));
    const numbers = member(part, key);
    if ((key !== "scale" && key !== "translation") || !Array.isArray(numbers)) continue;
    if (output !== undefined && numbers.length !== output) {
      check.report(
        "transformation-length",
        `${where}.${key}`,
        `${counted(numbers.length, "number")} for ${counted(output, "axis", "axes")}`,
      );
    }
    if (key === "scale") scale = numbers.map(Number);
  }
  return scale;
}

/**
 * `input` or `output`: an object with the name of a coordinate system, or the path of an array or image.
 *
 * @returns the number of axes of a system that is in the same document.
 */
function checkReference(
  check: NgffCheck,
  step: JsonObject,
  side: "input" | "output",
  path: string,
  systems: Systems,
  { draft }: NgffRelease,
  wants: { path: "must" | "may" | "never"; alone: boolean },
): number | undefined {
  const at = `${path}.${side}`;
  const value = member(step, side);
  if (!isJsonObject(value)) {
    const wanted = wants.path === "must" ? "an object with a path" : "an object with a name";
    const level = draft && typeof value === "string" ? "strict" : "must";
    check.report("reference", at, value === undefined ? `absent; expected ${wanted}` : found(value, wanted), level);
    return undefined;
  }
  const name = read(check, value, "name", at, "string");
  const target = read(check, value, "path", at, "string");
  const needed = wants.path === "must" ? "path" : "name";
  if (!Object.hasOwn(value, needed)) check.report("reference", at, found(value, `an object with a ${needed}`));
  const others = Object.keys(value).filter((key) => key !== "name" && (key !== "path" || wants.path === "never"));
  if (wants.alone && others.length > 0) check.report("reference", at, `expected a name alone, found ${others.join(", ")}`);
  if (wants.alone && target !== undefined && /^(\.\/|\.\.\/|\/)/.test(target)) {
    check.report("path-below", `${at}.path`, found(target, "a path below the group"));
  }
  if (wants.path === "must" || target !== undefined || name === undefined) return undefined;
  if (!systems.has(name)) check.report("reference-found", `${at}.name`, found(name, `one of ${[...systems.keys()].join(", ")}`));
  return systems.get(name);
}
