import { EmporiumError } from "../../../core/errors.js";
import { parseJson } from "../../../core/json.js";
import { isJsonObject } from "../../../core/json-fields.js";

/** Values that the portal exempts from a rule, by class and field of its schema. */
export interface Exclusions {
  has(className: string, field: string, value: string): boolean;
}

/** The one exception that the portal makes from rules between sections: a dataset whose acquisition files are lost. */
const STANDARD: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  Container: { collection_metadata: ["10006"] },
};

export const standardExclusions: Exclusions = exclusionsOf(STANDARD);

/**
 * A file of exclusions: `{"<class>": {"<field>": ["<value>", …]}}`. It stands in place of the built-in ones.
 *
 * @throws {EmporiumError} CONFIG_SYNTAX, CONFIG_FIELD
 */
export function parseExclusions(text: string, file: string): Exclusions {
  let parsed: unknown;
  try {
    parsed = parseJson(text);
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    throw new EmporiumError("CONFIG_SYNTAX", `no JSON: ${message}`, {
      place: { file },
      hint: "check the file of exclusions",
      cause,
    });
  }
  const fail = (path: string, wanted: string) =>
    new EmporiumError("CONFIG_FIELD", `${path || "the document"} is not ${wanted}`, { place: { file, path } });
  if (!isJsonObject(parsed)) throw fail("", "an object of classes");
  const table: Record<string, Record<string, string[]>> = {};
  for (const [className, fields] of Object.entries(parsed)) {
    if (!isJsonObject(fields)) throw fail(className, "an object of fields");
    for (const [field, values] of Object.entries(fields)) {
      if (!Array.isArray(values)) throw fail(`${className}.${field}`, "a list of values");
      table[className] = { ...table[className], [field]: values.map(String) };
    }
  }
  return exclusionsOf(table);
}

function exclusionsOf(table: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>): Exclusions {
  return {
    has: (className, field, value) =>
      Object.hasOwn(table, className) &&
      Object.hasOwn(table[className]!, field) &&
      table[className]![field]!.some((excluded) => excluded === value),
  };
}
