import { isMap, isNode, LineCounter, parseDocument } from "yaml";
import type { z } from "zod";
import { EmporiumError, type Place, toErrorRecord } from "../../core/errors.js";
import { LIMITS } from "../../core/limits.js";
import { nearest } from "../../core/nearest.js";
import { aboutField, schemaWords } from "../../core/schema-words.js";
import { counted } from "../../core/units.js";
import { type DocumentKind, knownText, otherDocument } from "./document-kinds.js";

export interface CheckedYamlOptions {
  /** Name of the text in messages. */
  readonly file: string;
  /** Advice on a wrong field, for errors. */
  readonly hint: string;
  /** What the document is, where other documents may be mistaken for it. */
  readonly kind?: DocumentKind | undefined;
  /** Names of the fields that are known at a path, for hints on an unknown one. */
  knownKeys?(path: readonly PropertyKey[]): readonly string[];
  /** Accepts a text without any field, as one in which all are left out. */
  readonly mayBeEmpty?: boolean | undefined;
  /**
   * Leaves out fields that are wrong, and returns their errors beside the value, for callers that add more of their own. Default:
   * they are thrown.
   */
  readonly keepsFaults?: boolean | undefined;
  /** Changes the values before the schema sees them. */
  prepare?(raw: Readonly<Record<string, unknown>>): unknown;
}

/** A map of fields that has passed its schema. */
export interface CheckedYaml<T> {
  readonly value: T;
  readonly faults: readonly EmporiumError[];
  /** The place of a field in the text, or of the nearest map around it. */
  placeOf(path: readonly PropertyKey[], key?: boolean): Place;
}

/**
 * Understands a short document of settings that a person wrote, YAML or JSON.
 *
 * @throws {EmporiumError} CONFIG_SYNTAX, CONFIG_FIELD, CONFIG_LIMIT, with line and column.
 */
export function parseCheckedYaml<S extends z.ZodType>(
  text: string,
  schema: S,
  options: CheckedYamlOptions,
): CheckedYaml<z.output<S>> {
  const { file, hint } = options;
  if (text.length > LIMITS.configBytes) {
    throw new EmporiumError(
      "CONFIG_LIMIT",
      `${file} has ${counted(text.length, "character")}, at most ${LIMITS.configBytes} are read`,
      {
        place: { file },
      },
    );
  }
  const lines = new LineCounter();
  const placeAt = (offset: number): Place => {
    const { line, col } = lines.linePos(offset);
    return { file, line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  const document = parsed(text, file, lines, placeAt);
  const raw = plainOf(document, file);
  if (!isMap(document.contents) && !(options.mayBeEmpty && raw === null)) {
    throw new EmporiumError(
      "CONFIG_FIELD",
      `${file} holds ${raw === null ? "nothing" : "a text or a list"}; expected fields such as ${options.knownKeys?.([]).slice(0, 3).join(", ") || "name: value"}`,
      {
        place: { file, line: 1, column: 1 },
        hint,
      },
    );
  }
  const placeOf = (path: readonly PropertyKey[], key = false): Place => {
    const steps = path.map((step) => (typeof step === "symbol" ? String(step) : step));
    for (let depth = steps.length; depth > 0; depth--) {
      const node = offsetOf(document, steps.slice(0, depth), key && depth === steps.length);
      if (node !== undefined) return { ...placeAt(node), path: steps.join(".") };
    }
    return { file, line: 1, column: 1, path: steps.join(".") };
  };
  const fields = (raw ?? {}) as Record<string, unknown>;
  const known = options.knownKeys?.([]) ?? [];
  const other =
    known.length > 0 && otherDocument(Object.keys(fields), { kind: options.kind, known, hint }, { file, line: 1, column: 1 });
  if (other) throw other;
  const given = options.prepare ? options.prepare(fields) : fields;
  const result = schema.safeParse(given, { error: schemaWords });
  if (result.success) return { value: result.data, faults: [], placeOf };
  const { issues } = result.error;
  const rest = options.keepsFaults ? schema.safeParse(without(given, issues), { error: schemaWords }) : result;
  const faults = issues.flatMap((issue) => fieldErrors(issue, options, placeOf));
  if (rest.success) return { value: rest.data, faults, placeOf };
  throw withOthers(faults);
}

/** A copy without the fields that issues are of. */
function without(given: unknown, issues: readonly z.core.$ZodIssue[]): unknown {
  const copy = structuredClone(given);
  for (const issue of issues) {
    const steps = issue.code === "unrecognized_keys" ? issue.keys.map((key) => [...issue.path, key]) : [issue.path];
    for (const path of steps) removeAt(copy, path);
  }
  return copy;
}

/** Removes the field at a path; where the path leads into a list of plain values, the whole list. */
function removeAt(root: unknown, path: readonly PropertyKey[]): void {
  let [holder, at] = [root as Record<PropertyKey, unknown>, 0];
  while (at < path.length - 1) {
    const next = holder[path[at]!];
    if (typeof next !== "object" || next === null || (Array.isArray(next) && typeof next[0] !== "object")) break;
    holder = next as Record<PropertyKey, unknown>;
    at++;
  }
  if (path.length > 0) delete holder[path[at]!];
}

type Parsed = ReturnType<typeof parseDocument>;

function parsed(text: string, file: string, lines: LineCounter, placeAt: (offset: number) => Place): Parsed {
  let document: Parsed;
  try {
    document = parseDocument(text, { lineCounter: lines, prettyErrors: false, logLevel: "silent" });
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw new EmporiumError("CONFIG_LIMIT", `${file} is too deep`, { place: { file }, cause });
  }
  const [fault] = document.errors;
  if (!fault) return document;
  throw new EmporiumError("CONFIG_SYNTAX", `${file}: ${fault.message.split("\n", 1)[0]}`, {
    place: placeAt(fault.pos[0]),
    hint: "check indentation, quotes and colons here",
  });
}

function plainOf(document: Parsed, file: string): unknown {
  try {
    return document.toJS({ maxAliasCount: LIMITS.configAliases });
  } catch (cause) {
    throw new EmporiumError("CONFIG_LIMIT", `${file} has aliases that expand to too much`, { place: { file }, cause });
  }
}

/** Offset of a value, or of its key. */
function offsetOf(document: Parsed, steps: readonly (string | number)[], key: boolean): number | undefined {
  if (key) {
    const parent = steps.length === 1 ? document.contents : document.getIn(steps.slice(0, -1), true);
    const pair = isMap(parent) ? parent.items.find((item) => String(item.key) === steps.at(-1)) : undefined;
    return isNode(pair?.key) ? pair.key.range?.[0] : undefined;
  }
  const node = document.getIn(steps, true);
  return isNode(node) ? node.range?.[0] : undefined;
}

/** The first, with the others beside it. */
function withOthers([first, ...others]: readonly EmporiumError[]): EmporiumError {
  return new EmporiumError(first!.code, first!.message, { ...first!.facts, others: others.map(toErrorRecord) });
}

function fieldErrors(
  issue: z.core.$ZodIssue,
  { file, hint, knownKeys }: CheckedYamlOptions,
  placeOf: (path: readonly PropertyKey[], key?: boolean) => Place,
): EmporiumError[] {
  const name = issue.path.join(".");
  if (issue.code !== "unrecognized_keys") {
    return [
      new EmporiumError("CONFIG_FIELD", `${file}: ${aboutField(name || "the file", issue.message)}`, {
        place: placeOf(issue.path),
        hint,
      }),
    ];
  }
  return issue.keys.map((key) => {
    const known = [...(knownKeys?.(issue.path) ?? [])];
    const meant = nearest(key, known);
    const named = known.length === 0 || meant !== undefined ? "" : `; ${knownText(known)}`;
    return new EmporiumError("CONFIG_FIELD", `${file}: ${name === "" ? "" : `${name}: `}unknown field "${key}"${named}`, {
      place: placeOf([...issue.path, key], true),
      hint: meant === undefined ? hint : `did you mean ${meant}?`,
    });
  });
}
