import type { Entity, Field, Key, List } from "../entities.js";
import type { Page } from "./page.js";

/** Arguments of a request after their types have been checked: names are the schema's, values are of its scalars. */
export type Clause = Readonly<Record<string, unknown>>;

/**
 * Columns and related rows to read for each row of an entity, which becomes an array with one element for each slot. The same
 * column is read once, however often it is selected.
 */
export interface RowPlan {
  readonly entity: Entity;
  readonly slots: Slot[];
}

export type Slot = ColumnSlot | ObjectSlot | ListSlot | GroupsSlot;

/** A value of the row itself. */
interface ColumnSlot {
  readonly kind: "column";
  readonly column: string;
  readonly type: Field["type"];
}

/** The row that a key refers to: its array, or null. */
export interface ObjectSlot {
  readonly kind: "object";
  readonly key: Key;
  readonly filter: Filter;
  readonly row: RowPlan;
}

/** One page of the rows that refer to this row. */
export interface ListSlot {
  readonly kind: "list";
  readonly list: List;
  readonly filter: Filter;
  readonly page: Page;
  readonly row: RowPlan;
}

/** Aggregates of the rows that refer to this row: one array for each group, or null where there are none. */
interface GroupsSlot {
  readonly kind: "groups";
  readonly list: List;
  readonly groups: GroupsPlan;
}

export interface Filter {
  readonly where: Clause | undefined;
  readonly orderBy: readonly Clause[];
}

/** Functions over the rows of an entity that meet a condition, for each group of equal values. */
export interface GroupsPlan {
  readonly entity: Entity;
  readonly where: Clause | undefined;
  readonly functions: AggregateFunction[];
  readonly by: GroupColumn[];
  /** Relations that must be joined although no column of theirs is selected. */
  readonly paths: (readonly string[])[];
}

export type AggregateFunction =
  | { readonly name: "count" /** Values that differ, of this column; without it rows. */; readonly distinct?: Field | undefined }
  | { readonly name: "sum" | "avg" | "stddev" | "variance" | "min" | "max"; readonly of: Field };

/**
 * A column that rows are grouped by: the path of relations from the entity on, by their names in the API, and a column of the
 * last one.
 */
interface GroupColumn {
  readonly path: readonly string[];
  readonly field: Field;
}

/** One list, or one set of groups, at the root of a request. */
export type RootQuery =
  | {
      readonly kind: "rows";
      readonly row: RowPlan;
      readonly filter: Filter;
      readonly limit: number | undefined;
      readonly offset: number | undefined;
    }
  | { readonly kind: "groups"; readonly groups: GroupsPlan };

/** Index of a column in the row's array; the column is added if it is not read yet. */
export function slotOf({ slots }: RowPlan, { column, type }: Pick<Field, "column" | "type">): number {
  const found = slots.findIndex((slot) => slot.kind === "column" && slot.column === column);
  return found >= 0 ? found : slots.push({ kind: "column", column, type }) - 1;
}
