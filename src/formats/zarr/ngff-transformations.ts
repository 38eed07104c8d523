import type { Json, JsonObject } from "../../core/json.js";
import { isJsonObject, member } from "../../core/json-fields.js";
import { toNumber } from "../../core/number.js";
import { counted } from "../../core/units.js";
import { isArray } from "./json.js";
import { checkRange, checkUnique, found, type NgffCheck, read, readNumbers, typed } from "./ngff-rules.js";

/** Transformations within transformations. */
const DEPTH_MAX = 32;

type Parameters = (check: NgffCheck, step: JsonObject, path: string, depth: number) => void;

/** Checks of the members that each kind of transformation of 0.6 needs beside its `type`. */
const KINDS: Record<string, Parameters> = {
  identity: () => undefined,
  scale: (check, step, path) => {
    readNumbers(check, step, "scale", path)?.forEach((factor, i) => {
      if (factor <= 0) check.report("range", `${path}.scale.${i}`, `expected more than 0, found ${factor}`);
    });
  },
  translation: (check, step, path) => void readNumbers(check, step, "translation", path),
  mapAxis: (check, step, path) => {
    if (!isArray(member(step, "mapAxis"))) return void read(check, step, "mapAxis", path, "list", true);
    checkAxisIndexes(check, step, "mapAxis", path, 2, 5);
  },
  projectAxis: (check, step, path) => {
    const given = ["droppedInputs", "createdOutputs"].filter((key) => Object.hasOwn(step, key));
    if (given.length === 0)
      check.report("transformation", path, "droppedInputs and createdOutputs are absent; expected one of them");
    for (const key of given) checkAxisIndexes(check, step, key, path, 1, 3);
  },
  affine: (check, step, path) => {
    if (!matrixHere(check, step, "affine", path)) return;
    rowsOf(check, step, "affine", path);
  },
  rotation: (check, step, path) => {
    if (!matrixHere(check, step, "rotation", path)) return;
    const rows = rowsOf(check, step, "rotation", path);
    const size = rows?.length ?? 0;
    if (!rows || (size >= 2 && size <= 5 && rows.every((row) => row.length === size))) return;
    check.report("transformation", `${path}.rotation`, "expected a square matrix of 2 to 5 rows");
  },
  bijection: (check, step, path, depth) => {
    for (const key of ["forward", "inverse"]) {
      const inner = read(check, step, key, path, "object", true);
      if (inner) checkTransformation(check, inner, `${path}.${key}`, depth + 1);
    }
  },
  sequence: (check, step, path, depth) => {
    read(check, step, "transformations", path, "list", true)?.forEach((item, i) => {
      const inner = typed(check, item, `${path}.transformations.${i}`, "object");
      if (inner) checkTransformation(check, inner, `${path}.transformations.${i}`, depth + 1);
    });
  },
  byDimension: (check, step, path, depth) => {
    read(check, step, "transformations", path, "list", true)?.forEach((item, i) => {
      const at = `${path}.transformations.${i}`;
      const part = typed(check, item, at, "object");
      if (!part) return;
      for (const key of ["inputAxes", "outputAxes"]) readNumbers(check, part, key, at);
      const inner = read(check, part, "transformation", at, "object", true);
      if (inner) checkTransformation(check, inner, `${at}.transformation`, depth + 1);
    });
  },
  displacements: checkField,
  coordinates: checkField,
};

/** A coordinate transformation of 0.6: its kind, and what that kind needs. Input and output are its surroundings' matter. */
export function checkTransformation(check: NgffCheck, step: JsonObject, path: string, depth = 0): void {
  if (depth > DEPTH_MAX) {
    check.report("transformation", path, `more than ${DEPTH_MAX} transformations in one another`);
    return;
  }
  read(check, step, "name", path, "string");
  const type = read(check, step, "type", path, "string", true);
  if (type === undefined) return;
  const parameters = Object.hasOwn(KINDS, type) ? KINDS[type] : undefined;
  if (parameters) parameters(check, step, path, depth);
  else check.report("transformation", `${path}.type`, found(type, Object.keys(KINDS).join(", ")));
}

function checkAxisIndexes(check: NgffCheck, step: JsonObject, key: string, path: string, least: number, most: number): void {
  const list = read(check, step, key, path, "list");
  if (!list) return;
  const at = `${path}.${key}`;
  if (list.length < least || list.length > most) {
    check.report("transformation", at, `expected ${least} to ${most}, found ${counted(list.length, "axis", "axes")}`);
  }
  checkUnique(check, list, at);
  list.forEach((axis, i) => {
    checkRange(check, typed(check, axis, `${at}.${i}`, "integer"), `${at}.${i}`, 0, 4);
  });
}

/** A matrix is here or in an array at `path`, and not in both. @returns whether it is here. */
function matrixHere(check: NgffCheck, step: JsonObject, key: string, path: string): boolean {
  const [here, there] = [Object.hasOwn(step, key), Object.hasOwn(step, "path")];
  if (there) read(check, step, "path", path, "string");
  if (here === there)
    check.report(
      "transformation",
      path,
      here ? `expected one of them, found ${key} and path` : `${key} and path are absent; expected one of them`,
    );
  return here;
}

function rowsOf(check: NgffCheck, step: JsonObject, key: string, path: string): (readonly Json[])[] | undefined {
  const rows = read(check, step, key, path, "list");
  if (!rows) return undefined;
  const sound = rows.every((row) => isArray(row) && row.every((value) => toNumber(value) !== undefined));
  if (!sound) check.report("transformation", `${path}.${key}`, found(rows, "rows of numbers"));
  return sound ? (rows as (readonly Json[])[]) : undefined;
}

function checkField(check: NgffCheck, step: JsonObject, path: string): void {
  read(check, step, "path", path, "string", true);
  const interpolation = member(step, "interpolation");
  if (interpolation === undefined || ["nearest", "linear", "cubic"].includes(interpolation as string)) return;
  check.report(
    "transformation",
    `${path}.interpolation`,
    found(isJsonObject(interpolation) ? {} : interpolation, "nearest, linear or cubic"),
  );
}
