import type { z } from "zod";

/**
 * Describes what a zod schema expected and found, instead of zod's own "Invalid input: expected string, received null": "expected …,
 * found …", or "is missing (expected …)"; `aboutField` puts the field's name before either. Given as the error map of a parse:
 * `schema.safeParse(value, { error: schemaWords })`. A message of the schema itself takes precedence.
 */
export function schemaWords(issue: z.core.$ZodRawIssue): string | undefined {
  const found = issue.input === undefined ? undefined : shownValue(issue.input);
  const expected = (what: string) => (found === undefined ? `is missing (expected ${what})` : `expected ${what}, found ${found}`);
  switch (issue.code) {
    case "invalid_type":
      return expected(typeWords(issue.expected));
    case "invalid_value":
      return expected(`${issue.values.length === 1 ? "" : "one of "}${issue.values.join(", ")}`);
    case "too_small":
      return expected(`${issue.inclusive === false ? "more than" : "at least"} ${amountWords(issue.minimum, issue.origin)}`);
    case "too_big":
      return expected(`${issue.inclusive === false ? "less than" : "at most"} ${amountWords(issue.maximum, issue.origin)}`);
    case "invalid_format":
      return expected(FORMATS[issue.format] ?? issue.format);
    case "invalid_union":
      return expected(expectedOf(issue.errors));
    case "unrecognized_keys":
      return `unknown field ${issue.keys.map((key) => JSON.stringify(key)).join(", ")}`;
    default:
      return undefined;
  }
}

/** A message of `schemaWords` behind the name of what it is about. */
export function aboutField(name: string, message: string): string {
  if (name === "") return message;
  return message.startsWith("is missing") ? `${name} ${message}` : `${name}: ${message}`;
}

/** A value as a person wrote it, where it is short. */
export function shownValue(value: unknown): string {
  if (value === undefined) return "nothing";
  const text = JSON.stringify(value) ?? String(value);
  return text.length <= SHOWN_MAX ? text : foundWords(value);
}

function expectedOf(errors: readonly (readonly z.core.$ZodIssue[])[]): string {
  const whats = errors.flatMap(([first]) => {
    const what = first && /expected (.*?)(?:, found .*|\))?$/.exec(first.message)?.[1];
    return what === undefined ? [] : [what];
  });
  return whats.length === 0 ? "another value" : [...new Set(whats)].join(", or ");
}

const TYPES: Readonly<Record<string, string>> = {
  string: "a text",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  array: "a list",
  tuple: "a list",
  object: "a mapping",
  record: "a mapping",
  null: "null",
  nan: "not a number",
};

const FORMATS: Readonly<Record<string, string>> = {
  url: "an address such as https://host",
  datetime: "a date and time such as 2026-01-02T03:04:05Z",
  date: "a date such as 2026-01-02",
  regex: "another form",
};

const SHOWN_MAX = 60;

const typeWords = (type: string): string => TYPES[type] ?? type;

function foundWords(value: unknown): string {
  if (value === undefined) return "nothing";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object" && value !== null) return "a map";
  if (value === "") return "an empty text";
  const text = typeof value === "string" ? JSON.stringify(value) : String(value);
  return text.length > SHOWN_MAX ? `${text.slice(0, SHOWN_MAX)}…` : text;
}

function amountWords(amount: number | bigint, origin: string): string {
  const unit = { string: "character", array: "entry" }[origin];
  if (unit === undefined) return String(amount);
  return Number(amount) === 1 ? `1 ${unit}` : `${amount} ${unit === "entry" ? "entries" : "characters"}`;
}
