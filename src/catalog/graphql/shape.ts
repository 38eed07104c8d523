import type { Page } from "./page.js";

/** The conversion of an array from the database into a part of the answer. `plan.ts` makes the query and the shape together. */
export type Shape =
  | { readonly kind: "constant" /** JSON. */; readonly text: string }
  | { readonly kind: "value"; readonly at: number; readonly as: ValueKind }
  /** Base64 of `{type}:{value}`. */
  | { readonly kind: "globalId"; readonly at: number; readonly type: string }
  /** Further fields of the same row. */
  | { readonly kind: "fields"; readonly fields: readonly ShapedField[] }
  /** The related row, or null. */
  | { readonly kind: "row"; readonly at: number; readonly fields: readonly ShapedField[] }
  | { readonly kind: "connection"; readonly at: number; readonly page: Page; readonly fields: readonly ConnectionField[] }
  /** An object for each row, or an empty list. */
  | { readonly kind: "rows"; readonly at: number; readonly fields: readonly ShapedField[] };

/**
 * `count`: a number that must fit GraphQL's `Int`, otherwise it is an error. `view`: a document whose sources are changed to this
 * server's addresses.
 */
export type ValueKind = "plain" | "float" | "floats" | "date" | "count" | "view";

export interface ShapedField {
  /** Name in the answer. */
  readonly name: string;
  readonly shape: Shape;
}

export type ConnectionField =
  | { readonly name: string; readonly kind: "constant"; readonly text: string }
  | { readonly name: string; readonly kind: "pageInfo"; readonly fields: readonly PageInfoField[] }
  | { readonly name: string; readonly kind: "edges"; readonly fields: readonly EdgeField[] };
export type PageInfoField =
  | { readonly name: string; readonly kind: "constant"; readonly text: string }
  | { readonly name: string; readonly kind: "hasNextPage" | "hasPreviousPage" | "startCursor" | "endCursor" };
export type EdgeField =
  | { readonly name: string; readonly kind: "constant"; readonly text: string }
  | { readonly name: string; readonly kind: "cursor" }
  | { readonly name: string; readonly kind: "node"; readonly fields: readonly ShapedField[] };
