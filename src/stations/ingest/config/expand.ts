import { EmporiumError, type Place } from "../../../core/errors.js";
import type { Json } from "../../../core/json.js";
import { nearest } from "../../../core/nearest.js";
import { Float, fixedHalfEven } from "../../../core/number.js";
import { type ConfigNode, type ScalarNode, scalarsOf } from "./nodes.js";

/** Values of the names in `{name}`. `null`: the name has no value here, as for a run without a row in a map. */
export type Variables = ReadonlyMap<string, VariableValue>;
export type VariableValue = string | number | null;

const FIELD = /\{\{|\}\}|\{([^{}]*)\}|[{}]/g;
const SPEC = /^(?:(.)?([<>^]))?(0)?(\d+)?(?:\.(\d+))?([dfs])?$/u;
/** A whole value that is a template, as the portal's schema allows them: the only form in which a missing row is noticed. */
const TEMPLATE = /^ *(?:(?:float|int) *)?\{[a-zA-Z0-9_-]+\} *$/;

export interface FormatOptions {
  place?: Place | undefined;
  /** Text in place of a name without a value (Python prints `None`). Default: an error. */
  nullText?: string | undefined;
  /** Treats values as they stand in a glob: `*`, `?` and `[` in them lose their meaning. */
  escapeValue?: ((name: string, text: string) => string) | undefined;
}

/**
 * Python's `str.format` for plain names: `{run_name}`, `{int_run_name:03d}`, `{x:.2f}`, `{{` and `}}`. No attributes, indices or
 * conversions.
 *
 * @throws {EmporiumError} CONFIG_VARIABLE for an unknown name or a form that is not supported, CONFIG_EMPTY for a name without a
 *   value.
 */
export function formatTemplate(template: string, variables: Variables, options: FormatOptions = {}): string {
  const { place, nullText, escapeValue } = options;
  return template.replace(FIELD, (found: string, field: string | undefined) => {
    if (found === "{{") return "{";
    if (found === "}}") return "}";
    if (field === undefined) throw lonelyBrace(template, place);
    const [name, spec] = splitField(field);
    const value = variables.get(name);
    if (value === undefined) throw unknownVariable(name, variables.keys(), place);
    if (value === null) {
      if (nullText !== undefined) return nullText;
      throw new EmporiumError("CONFIG_EMPTY", `{${name}} has no value here`, {
        place,
        hint: "add a row for this run to the map that gives it",
      });
    }
    const text = spec === undefined ? String(value) : applySpec(value, spec, field, place);
    return escapeValue ? escapeValue(name, text) : text;
  });
}

/** The names that a template uses. Its braces are not checked. */
export function namesIn(template: string): string[] {
  const names: string[] = [];
  for (const [, field] of template.matchAll(FIELD)) if (field !== undefined) names.push(splitField(field)[0]);
  return names;
}

/** True for text that is nothing but a template: `{x}`, `float {x}`, `int {x}`. */
export function isTemplate(text: string): boolean {
  return TEMPLATE.test(text);
}

/** @throws {EmporiumError} CONFIG_VARIABLE when a template uses a name that is not among the known ones. */
export function checkNames(node: ScalarNode, known: ReadonlySet<string>): void {
  if (typeof node.value !== "string") return;
  for (const [found, field] of node.value.matchAll(FIELD)) {
    if (found === "{{" || found === "}}") continue;
    if (field === undefined) throw lonelyBrace(node.value, node.place);
    const [name] = splitField(field);
    if (!known.has(name)) throw unknownVariable(name, known, node.place);
  }
}

export interface ExpandOptions {
  /** The run's row of the run data map; undefined without a map or without a row. */
  row: Variables | undefined;
  /** Name of the run in messages. */
  run: string;
  /** The reference's own results: raw text without a row, maps inside lists left alone, `float{x}` a text. */
  compat: boolean;
}

/** A configured value with the templates of its strings filled in from the run's row. */
export function expandValue(node: ConfigNode, options: ExpandOptions): Json {
  if (node.kind === "scalar") return expandScalar(node, options);
  if (node.kind === "list") {
    return node.items.map((item) =>
      options.compat && item.kind !== "scalar" ? expandValue(item, { ...options, row: undefined }) : expandValue(item, options),
    );
  }
  const object: Record<string, Json> = {};
  for (const [key, child] of node.entries) {
    Object.defineProperty(object, key, {
      value: expandValue(child, options),
      enumerable: true,
      writable: true,
      configurable: true,
    });
  }
  return object;
}

/**
 * `{x}` → the row's text, `float {x}` and `int {x}` → a number.
 *
 * @throws {EmporiumError} CONFIG_VARIABLE (unknown column, run without a row), CONFIG_FIELD (text that is no number)
 */
export function expandScalar(
  { value, place }: ScalarNode,
  { row, run, compat }: ExpandOptions,
): string | number | bigint | boolean | null | Float {
  if (typeof value !== "string") return value;
  if (!row) {
    if (compat || !isTemplate(value)) return value;
    throw new EmporiumError("CONFIG_VARIABLE", `${value.trim()} needs a row of the run data map, the run ${run} has none`, {
      place,
      hint: "add a row for it to run_data_map_file, or leave the run out",
    });
  }
  const text = formatTemplate(value, row, { place, nullText: compat ? "None" : undefined });
  const wanted = /^(int|float) /.exec(text)?.[1] ?? (compat ? undefined : /^ *(int|float)\{/.exec(value)?.[1]);
  if (wanted === undefined) return text;
  const digits = text.trimStart().slice(wanted.length).trim();
  const number = wanted === "int" ? parseInteger(digits) : parseFloating(digits);
  if (number !== undefined) return number;
  if (!isTemplate(value) && !compat) return text;
  throw new EmporiumError(
    "CONFIG_FIELD",
    `${value.trim()} is ${JSON.stringify(digits)} for the run ${run}; expected ${wanted === "int" ? "an integer" : "a number"}`,
    {
      place,
      hint: "correct the cell in run_data_map_file",
    },
  );
}

/** Parses text as Python's `int(text)` does. */
export function parseInteger(text: string): number | bigint | undefined {
  if (!/^[+-]?\d+(?:_\d+)*$/.test(text.trim())) return undefined;
  const value = BigInt(text.trim().replaceAll("_", "").replace(/^\+/, ""));
  return Number.isSafeInteger(Number(value)) ? Number(value) : value;
}

/** Parses text as Python's `float(text)` does, finite values only: no JSON can hold the others. */
export function parseFloating(text: string): Float | undefined {
  const bare = text.trim().replaceAll(/(\d)_(?=\d)/g, "$1");
  if (!/^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/.test(bare)) return undefined;
  const value = Number(bare);
  return Number.isFinite(value) ? new Float(value) : undefined;
}

/** All strings of a value that are templates for a run's row. */
export function templatesOf(node: ConfigNode): ScalarNode[] {
  return [...scalarsOf(node)].filter(({ value }) => typeof value === "string" && isTemplate(value));
}

function splitField(field: string): [name: string, spec: string | undefined] {
  const colon = field.indexOf(":");
  return colon < 0 ? [field, undefined] : [field.slice(0, colon), field.slice(colon + 1)];
}

function applySpec(value: string | number, spec: string, field: string, place: Place | undefined): string {
  const match = SPEC.exec(spec);
  const [, fill, align, zero, width, precision, type] = match ?? [];
  const wantsNumber = type === "d" || type === "f";
  if (!match || (wantsNumber && typeof value !== "number") || (precision !== undefined && type !== "f")) {
    throw new EmporiumError(
      "CONFIG_VARIABLE",
      `{${field}} does not fit ${JSON.stringify(value)}; expected a form such as :03d, :.2f or :>8`,
      {
        place,
        hint: wantsNumber ? "use int_<type>_name: the variable must be a number" : "use a width, and a type d or f for numbers",
      },
    );
  }
  const text = type === "f" ? fixedHalfEven(Number(value), precision === undefined ? 6 : Number(precision)) : String(value);
  const size = width === undefined ? 0 : Number(width);
  const lacking = size - [...text].length;
  if (lacking <= 0) return text;
  const pad = (fill ?? (zero ? "0" : " ")).repeat(lacking);
  if (zero && !align) return text.startsWith("-") ? `-${pad}${text.slice(1)}` : pad + text;
  const side = align ?? (typeof value === "number" ? ">" : "<");
  if (side === "^") return pad.slice(0, Math.floor(lacking / 2)) + text + pad.slice(Math.floor(lacking / 2));
  return side === "<" ? text + pad : pad + text;
}

function unknownVariable(name: string, known: Iterable<string>, place: Place | undefined): EmporiumError {
  const names = [...known].sort();
  const near = nearest(name, names);
  const list = names.length > 24 ? `${names.slice(0, 24).join(", ")} and ${names.length - 24} more` : names.join(", ");
  return new EmporiumError("CONFIG_VARIABLE", `{${name}} is not known here; known: ${list || "none"}`, {
    place,
    hint: near === undefined ? "write {{ and }} for literal braces" : `did you mean {${near}}?`,
  });
}

function lonelyBrace(template: string, place: Place | undefined): EmporiumError {
  return new EmporiumError("CONFIG_VARIABLE", `a single { or } in ${JSON.stringify(template)}`, {
    place,
    hint: "write {{ and }} for literal braces",
  });
}
