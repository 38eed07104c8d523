import type { z } from "zod";

/**
 * Describes what a zod schema found and expected, instead of zod's own "Invalid input: expected string, received null". Given as the error
 * map of a parse: `schema.safeParse(value, { error: schemaWords })`. A message of the schema itself takes precedence.
 */
export function schemaWords(issue: z.core.$ZodRawIssue): string | undefined {
  const found = foundWords(issue.input);
  switch (issue.code) {
    case "invalid_type":
      return `${found} found, ${typeWords(issue.expected)} wanted`;
    case "invalid_value":
      return `${found} found, ${issue.values.length === 1 ? "" : "one of "}${issue.values.join(", ")} wanted`;
    case "too_small":
      return `${sizeWords(issue.input) ?? found} found, ${issue.inclusive === false ? "more than" : "at least"} ${amountWords(issue.minimum, issue.origin)} wanted`;
    case "too_big":
      return `${sizeWords(issue.input) ?? found} found, ${issue.inclusive === false ? "less than" : "at most"} ${amountWords(issue.maximum, issue.origin)} wanted`;
    case "invalid_format":
      return `${found} found, ${FORMATS[issue.format] ?? issue.format} wanted`;
    case "invalid_union":
      return unionWords(issue.errors, found);
    case "unrecognized_keys":
      return `there is no field ${issue.keys.map((key) => JSON.stringify(key)).join(", ")}`;
    default:
      return undefined;
  }
}

const TYPES: Readonly<Record<string, string>> = {
  string: "a text",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  array: "a list",
  tuple: "a list",
  object: "a map of fields",
  record: "a map of fields",
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

/** Values with a length are described by their length. */
function sizeWords(value: unknown): string | undefined {
  if (typeof value === "string" && value !== "") return `a text of ${value.length} characters`;
  return Array.isArray(value) ? `a list of ${value.length}` : undefined;
}

function amountWords(amount: number | bigint, origin: string): string {
  const unit = { string: "character", array: "entry" }[origin];
  if (unit === undefined) return String(amount);
  return Number(amount) === 1 ? `1 ${unit}` : `${amount} ${unit === "entry" ? "entries" : "characters"}`;
}

/** The message of an alternative if one has its own, otherwise the types of all alternatives. */
function unionWords(errors: readonly (readonly z.core.$ZodIssue[])[], found: string): string {
  const issues = errors.flatMap(([first]) => first ?? []);
  const own = issues.find(({ code, message }) => code !== "invalid_type" && !/^(?:Invalid|Too|Unrecognized)\b/.test(message));
  if (own) return own.message;
  const types = issues.flatMap((issue) => (issue.code === "invalid_type" ? typeWords(issue.expected) : []));
  return `${found} found, ${types.length === 0 ? "another value" : [...new Set(types)].join(" or ")} wanted`;
}
