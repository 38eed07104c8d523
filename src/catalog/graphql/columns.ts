import type { Entity, Field } from "../entities.js";
import type { ValueKind } from "./shape.js";

/** The primary key, described as the other columns are. */
export const ID: Field = { column: "id", name: "id", type: "int", required: true };

/** What has a sum and a mean. */
export const isNumerical = ({ type }: Pick<Field, "type">): boolean => type === "int" || type === "float";

/** What has a smallest and a largest: the portal leaves out enums and truth values. */
export const isOrdered = ({ type }: Pick<Field, "type">): boolean => type !== "enum" && type !== "bool" && type !== "json";

/** A column by its name in the API; foreign keys are none. */
export function findColumn({ fields }: Entity, name: string): Field | undefined {
  return name === "id" ? ID : fields.find((field) => field.name === name);
}

/** How a column's values are written into the answer. */
export function valueKind({ column, type }: Pick<Field, "column" | "type">): ValueKind {
  if (column === "neuroglancer_config") return "view";
  if (type === "float" || type === "date") return type;
  return type === "json" ? "floats" : "plain";
}
