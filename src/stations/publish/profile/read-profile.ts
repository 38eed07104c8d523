import { isMap, isNode, LineCounter, parseDocument, stringify } from "yaml";
import { z } from "zod";
import { EmporiumError, type Place } from "../../../core/errors.js";
import { LIMITS } from "../../../core/limits.js";
import { nearest } from "../../../core/nearest.js";
import { schemaWords } from "../../../core/schema-words.js";
import { MOUSELIGHT } from "./mouselight.js";
import { PROFILE_PARTS, type Profile, type ProfileDocument, ProfileSchema } from "./profile.js";

const BUILT_IN: Readonly<Record<string, ProfileDocument>> = { mouselight: MOUSELIGHT };

/** The built-in profile of this name; undefined for any other word, which is a file's name. */
export function builtInProfile(name: string): Profile | undefined {
  const document = Object.hasOwn(BUILT_IN, name) ? BUILT_IN[name] : undefined;
  return document && { ...ProfileSchema.parse(document), name };
}

/** A built-in profile, as a template. */
export function printProfile(name: keyof typeof BUILT_IN = "mouselight"): string {
  return stringify(BUILT_IN[name], { lineWidth: 0 });
}

/**
 * Parses a profile, YAML or JSON.
 *
 * @param file the name in messages and plans
 * @throws {EmporiumError} CONFIG_SYNTAX, CONFIG_FIELD, CONFIG_RULE, CONFIG_LIMIT, with line and column
 */
export function parseProfile(text: string, file: string): Profile {
  const lines = new LineCounter();
  const { document, placeAt } = parsed(text, file, lines);
  let raw: unknown;
  try {
    raw = document.toJS({ maxAliasCount: LIMITS.configAliases });
  } catch (cause) {
    throw new EmporiumError("CONFIG_LIMIT", `${file} has aliases that stand for too much`, { place: { file }, cause });
  }
  if (!isMap(document.contents)) {
    throw new EmporiumError("CONFIG_FIELD", `${file} holds ${raw === null ? "nothing" : "no map"}, a map of fields is wanted`, {
      place: { file, line: 1, column: 1 },
      hint: HINT,
    });
  }
  const placeOf = (path: readonly PropertyKey[], key = false): Place => {
    const steps = path.map((step) => (typeof step === "symbol" ? String(step) : step));
    for (let depth = steps.length; depth > 0; depth--) {
      const node = nodeAt(document, steps.slice(0, depth), key && depth === steps.length);
      if (node !== undefined) return { ...placeAt(node), path: steps.join(".") };
    }
    return { file, line: 1, column: 1, path: steps.join(".") };
  };
  const result = ProfileSchema.safeParse(extended(raw as Record<string, unknown>), { error: schemaWords });
  if (!result.success) throw fieldError(result.error.issues[0]!, file, placeOf);
  const profile = { ...result.data, name: file };
  const { filters, cluster } = profile;
  if (filters.length > 0 && filters.every(({ action }) => action === "include")) {
    throw new EmporiumError("CONFIG_RULE", `${file}: filters that only include change nothing: all files are sent without them`, {
      place: placeOf(["filters"]),
      hint: 'let {action: exclude, pattern: "*"} stand first',
    });
  }
  if (cluster.kind === "none" && cluster.order !== "free") {
    throw new EmporiumError("CONFIG_RULE", `${file}: cluster.order is for jobs, but cluster.kind is none`, {
      place: placeOf(["cluster", "order"]),
      hint: "write kind: lsf or kind: slurm",
    });
  }
  return profile;
}

const HINT = "emporium publish plan --show-profile prints a complete one";

function parsed(text: string, file: string, lines: LineCounter) {
  const placeAt = (offset: number): Place => {
    const { line, col } = lines.linePos(offset);
    return { file, line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  let document: ReturnType<typeof parseDocument>;
  try {
    document = parseDocument(text, { lineCounter: lines, prettyErrors: false, logLevel: "silent" });
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw new EmporiumError("CONFIG_LIMIT", `${file} is too deep`, { place: { file }, cause });
  }
  const [fault] = document.errors;
  if (fault) {
    throw new EmporiumError("CONFIG_SYNTAX", `${file}: ${fault.message.split("\n", 1)[0]}`, {
      place: placeAt(fault.pos[0]),
      hint: "check indentation, quotes and colons here",
    });
  }
  return { document, placeAt };
}

/** Offset of a value, or of its key. */
function nodeAt(
  document: ReturnType<typeof parseDocument>,
  steps: readonly (string | number)[],
  key: boolean,
): number | undefined {
  if (key) {
    const parent = steps.length === 1 ? document.contents : document.getIn(steps.slice(0, -1), true);
    const pair = isMap(parent) ? parent.items.find((item) => String(item.key) === steps.at(-1)) : undefined;
    return isNode(pair?.key) ? pair.key.range?.[0] : undefined;
  }
  const node = document.getIn(steps, true);
  return isNode(node) ? node.range?.[0] : undefined;
}

/** The values of the extended profile, overridden by this one's. Fields that this one clears are removed. */
function extended(raw: Record<string, unknown>): unknown {
  const base = typeof raw.extends === "string" && Object.hasOwn(BUILT_IN, raw.extends) ? BUILT_IN[raw.extends] : undefined;
  const merged: Record<string, unknown> = { ...base, ...raw };
  for (const key of Object.keys(PROFILE_PARTS) as (keyof typeof PROFILE_PARTS)[]) {
    const own = raw[key];
    if (typeof own !== "object" || own === null || Array.isArray(own)) continue;
    merged[key] = withoutCleared({ ...base?.[key], ...own }, PROFILE_PARTS[key].shape);
  }
  return withoutCleared(merged, ProfileSchema.shape);
}

/** `null` clears a field. So does an empty text, where the field is optional. */
function withoutCleared(
  fields: Readonly<Record<string, unknown>>,
  shape: Readonly<Record<string, z.ZodType>>,
): Record<string, unknown> {
  const isCleared = (key: string, value: unknown) => value === null || (value === "" && shape[key] instanceof z.ZodOptional);
  return Object.fromEntries(Object.entries(fields).filter(([key, value]) => !isCleared(key, value)));
}

function fieldError(
  issue: z.core.$ZodIssue,
  file: string,
  placeOf: (path: readonly PropertyKey[], key?: boolean) => Place,
): EmporiumError {
  const name = issue.path.join(".");
  if (issue.code !== "unrecognized_keys") {
    return new EmporiumError("CONFIG_FIELD", `${file}: ${name || "the file"}: ${issue.message}`, {
      place: placeOf(issue.path),
      hint: HINT,
    });
  }
  const [key = ""] = issue.keys;
  const meant = nearest(key, keysAt(issue.path));
  return new EmporiumError("CONFIG_FIELD", `${file}: ${name === "" ? "" : `${name}: `}there is no field "${key}"`, {
    place: placeOf([...issue.path, key], true),
    hint: meant === undefined ? HINT : `did you mean ${meant}?`,
  });
}

function keysAt([part]: readonly PropertyKey[]): string[] {
  if (part === undefined) return Object.keys(ProfileSchema.shape);
  return Object.hasOwn(PROFILE_PARTS, part) ? Object.keys(PROFILE_PARTS[part as keyof typeof PROFILE_PARTS].shape) : [];
}
