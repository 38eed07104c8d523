/** String or number of Python: JSON's are Python's, too. */
export const literal = (value: string | number): string => JSON.stringify(value);

/** A value of JSON in Python. What is undefined is left out. */
export function pythonOf(value: unknown): string {
  if (value === null || value === undefined) return "None";
  if (typeof value === "boolean") return value ? "True" : "False";
  if (Array.isArray(value)) return `[${value.map(pythonOf).join(", ")}]`;
  if (typeof value !== "object") return literal(value as string | number);
  const parts = Object.entries(value).filter(([, one]) => one !== undefined);
  return `{${parts.map(([name, one]) => `${literal(name)}: ${pythonOf(one)}`).join(", ")}}`;
}
