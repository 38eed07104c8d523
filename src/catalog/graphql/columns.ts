import type { Entity, Field } from "../entities.js";
import type { ValueKind } from "./shape.js";

/** The primary key as a field like the other columns. */
export const ID: Field = { column: "id", name: "id", type: "int", required: true };

/** Whether a column has a sum and a mean. */
export const isNumerical = ({ type }: Pick<Field, "type">): boolean => type === "int" || type === "float";

/** Whether a column has a minimum and a maximum: the portal leaves out enums and truth values. */
export const isOrdered = ({ type }: Pick<Field, "type">): boolean => type !== "enum" && type !== "bool" && type !== "json";

/** Finds a column by its name in the API; foreign keys are not among them. */
export function findColumn({ fields }: Entity, name: string): Field | undefined {
  return name === "id" ? ID : fields.find((field) => field.name === name);
}

/** The way in which a column's values are written into the answer. */
export function valueKind({ column, type }: Pick<Field, "column" | "type">): ValueKind {
  if (column === "neuroglancer_config") return "view";
  if (type === "float" || type === "date") return type;
  return type === "json" ? "floats" : "plain";
}
