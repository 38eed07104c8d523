import type { Json, JsonObject } from "../../core/json.js";
import { isJsonObject, jsonObject, member } from "../../core/json-fields.js";
import { toNumber } from "../../core/number.js";
import { isArray, show } from "./json.js";

/**
 * Rules of OME-Zarr metadata by name. `must`: in the version's schema; otherwise the metadata are invalid. `strict`: in the
 * strict schema, or only in the specification's text: a warning, or an error in strict mode. `advice`: a recommendation, always a
 * warning.
 */
export const NGFF_RULES = {
  version: { level: "must", says: "The version is one that is known, and stands where its version wants it." },
  "version-given": { level: "strict", says: "Up to 0.4 each kind of metadata has its version." },
  "version-draft": { level: "advice", says: "Drafts are checked as their version is, those of 0.6 as its release candidate." },
  kind: {
    level: "must",
    says: "An image, label, plate, well, scene or bioformats2raw layout is present, and is the requested one.",
  },
  type: { level: "must", says: "A member has the JSON type that the schema wants." },
  required: { level: "must", says: "A member that the schema requires is there." },
  empty: { level: "must", says: "A list that needs an element has one." },
  unique: { level: "must", says: "No element of a list appears twice." },
  range: { level: "must", says: "A number is in its range." },
  recommended: { level: "strict", says: "A member that the specification recommends is there." },
  path: { level: "must", says: "A path has the characters and parts that it may have." },
  "path-below": { level: "strict", says: "A path stays below its group." },
  "axes-count": { level: "must", says: "There are 2 to 5 axes." },
  "axes-space": { level: "must", says: "2 or 3 axes are of space; since 0.6 two or more of type array do as well." },
  "axes-names": { level: "strict", says: "Names of axes are unique." },
  "axes-order": { level: "strict", says: "Time comes first, then channels and other axes, then space." },
  "axes-zyx": { level: "advice", says: "The axes of space are z, y, x in this order." },
  "axes-unit": { level: "advice", says: "An axis of space or time has a unit of UDUNITS-2." },
  transformation: { level: "must", says: "A coordinate transformation is of a known kind and has what its kind needs." },
  "transformation-scale": {
    level: "must",
    says: "A dataset has one scale; since 0.6 one transformation, a scale, an identity or both of a sequence.",
  },
  "transformation-length": { level: "strict", says: "A transformation has one number for each axis." },
  "transformation-order": { level: "strict", says: "A translation comes after the scale, once." },
  reference: { level: "must", says: "Input and output of a transformation name a path or coordinate system." },
  "systems-names": { level: "strict", says: "Names of coordinate systems are unique." },
  "reference-found": { level: "strict", says: "A coordinate system that is named exists." },
  "datasets-order": { level: "strict", says: "Datasets go from the highest resolution to the lowest." },
  color: { level: "advice", says: "A channel's colour is six hexadecimal digits." },
  "label-image": { level: "advice", says: "A label is an image as well." },
  "label-values": { level: "strict", says: "A label has one colour." },
  "plate-names": { level: "strict", says: "Rows, columns and acquisitions are told apart by their names and numbers." },
  "plate-wells": { level: "advice", says: "A well's path is that of the row and column that its indexes name." },
} as const satisfies Record<string, { level: NgffLevel; says: string }>;

export type NgffRule = keyof typeof NGFF_RULES;
export type NgffLevel = "must" | "strict" | "advice";

export interface NgffFinding {
  rule: NgffRule;
  severity: "error" | "warning";
  /** Dotted path inside the attributes: `ome.multiscales.0.axes`. */
  path: string;
  /** Expected and found value, in words. */
  message: string;
}

/** Most findings in a report. */
const FINDINGS_MAX = 1000;

/** Collects findings; a check goes on past a fault as far as it can. */
export interface NgffCheck {
  readonly findings: NgffFinding[];
  /** @param level level in place of the rule's own, for versions that differ. */
  report(rule: NgffRule, path: string, message: string, level?: NgffLevel): void;
}

export function startCheck(strict: boolean): NgffCheck {
  const findings: NgffFinding[] = [];
  return {
    findings,
    report(rule, path, message, level = NGFF_RULES[rule].level) {
      if (findings.length >= FINDINGS_MAX) return;
      const severity = level === "must" || (strict && level === "strict") ? "error" : "warning";
      findings.push({ rule, severity, path, message: `${path || "the attributes"}: ${message}` });
    },
  };
}

/** Facts in which releases of the specification differ. */
export interface NgffRelease {
  /** 0.1 to 0.6 as 1 to 6. */
  minor: number;
  /** An early draft of 0.6: coordinate systems were named by a text, and datasets had transformations of any kind. */
  draft: boolean;
}

/** The path of a member. */
export function below(path: string, key: string): string {
  return path === "" ? key : `${path}.${key}`;
}

/** Message with the expected and the found value. */
export function found(value: Json | undefined, wanted: string): string {
  return `expected ${wanted}, found ${show(value)}`;
}

type Types = { string: string; boolean: boolean; number: number; integer: number; object: JsonObject; list: readonly Json[] };

const ARTICLES: Record<keyof Types, string> = {
  string: "a text",
  boolean: "true or false",
  number: "a number",
  integer: "an integer",
  object: "an object",
  list: "a list",
};

/** A member of the type; undefined, and reported, where it is of another. Whether it must be there is `required`. */
export function read<T extends keyof Types>(
  check: NgffCheck,
  object: JsonObject,
  key: string,
  path: string,
  type: T,
  required = false,
): Types[T] | undefined {
  const value = member(object, key);
  const at = below(path, key);
  if (value === undefined) {
    if (required) check.report("required", at, `absent; expected ${ARTICLES[type]}`);
    return undefined;
  }
  return typed(check, value, at, type);
}

/** The value as the type, or undefined, reported. */
export function typed<T extends keyof Types>(check: NgffCheck, value: Json, path: string, type: T): Types[T] | undefined {
  const plain = asType(value, type);
  if (plain === undefined) check.report("type", path, found(value, ARTICLES[type]));
  return plain as Types[T] | undefined;
}

function asType(value: Json, type: keyof Types): unknown {
  if (type === "string" || type === "boolean") return typeof value === type ? value : undefined;
  if (type === "object") return jsonObject(value);
  if (type === "list") return isArray(value) ? value : undefined;
  const number = toNumber(value);
  return type === "number" || Number.isInteger(number) ? number : undefined;
}

/** A list of objects: `[element, path]` of those that are. */
export function readObjects(
  check: NgffCheck,
  object: JsonObject,
  key: string,
  path: string,
  { required = false, least = 1, unique = true }: { required?: boolean; least?: number; unique?: boolean } = {},
): [element: JsonObject, path: string][] | undefined {
  const list = read(check, object, key, path, "list", required);
  if (!list) return undefined;
  const at = below(path, key);
  if (list.length < least) check.report("empty", at, `${list.length} elements; expected ${least} or more`);
  if (unique) checkUnique(check, list, at);
  return list.flatMap((element, i): [JsonObject, string][] => {
    const item = typed(check, element, `${at}.${i}`, "object");
    return item ? [[item, `${at}.${i}`]] : [];
  });
}

export function checkUnique(check: NgffCheck, list: readonly Json[], path: string): void {
  const seen = new Map<string, number>();
  list.forEach((element, i) => {
    const text = canonical(element);
    const first = seen.get(text);
    if (first === undefined) seen.set(text, i);
    else check.report("unique", `${path}.${i}`, `the same as element ${first}`);
  });
}

/** Reports a number that is not in its range. */
export function checkRange(check: NgffCheck, value: number | undefined, path: string, least: number, greatest?: number): void {
  if (value === undefined || (value >= least && value <= (greatest ?? Number.POSITIVE_INFINITY))) return;
  const wanted = greatest === undefined ? `${least} or more` : `${least} to ${greatest}`;
  check.report("range", path, `expected ${wanted}, found ${value}`);
}

/** A list of numbers, or undefined, reported. */
export function readNumbers(check: NgffCheck, object: JsonObject, key: string, path: string): number[] | undefined {
  const list = read(check, object, key, path, "list", true);
  const numbers = list?.map((value, i) => typed(check, value, `${below(path, key)}.${i}`, "number"));
  return numbers?.every((value) => value !== undefined) ? (numbers as number[]) : undefined;
}

/** Equal values have equal texts: keys sorted, 1.0 as 1. */
function canonical(value: Json | undefined): string {
  if (isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (isJsonObject(value)) {
    return `{${Object.keys(value)
      .sort()
      .map((key) => `${JSON.stringify(key)}:${canonical(value[key])}`)
      .join(",")}}`;
  }
  return typeof value === "string" ? JSON.stringify(value) : String(toNumber(value) ?? value);
}
