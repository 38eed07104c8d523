import { GraphQLError, type GraphQLNamedType, type GraphQLObjectType, getNamedType, isObjectType } from "graphql";
import { counted } from "../../core/units.js";
import { ENTITIES, type Entity, getEntity, type Key, type List } from "../entities.js";
import { objectType, planGroups } from "./aggregate-plan.js";
import { ID, valueKind } from "./columns.js";
import { type QueryLimits, tooMuch } from "./limits.js";
import { type PageArguments, pageOf, sizeOf } from "./page.js";
import { type Clause, type Filter, type RootQuery, type RowPlan, slotOf } from "./row-plan.js";
import { argumentsOf, collectBelow, type Selected, type SelectionContext } from "./selection.js";
import type { ConnectionField, EdgeField, PageInfoField, Shape, ShapedField } from "./shape.js";

/** The queries of a request, and the shape of the answer that is made from their rows. */
export interface Plan {
  readonly queries: RootQuery[];
  readonly fields: RootField[];
}

export type RootField =
  | { readonly name: string; readonly kind: "constant"; readonly text: string }
  /** A list of the rows of one query. */
  | { readonly name: string; readonly kind: "rows"; readonly query: number; readonly fields: readonly ShapedField[] }
  /** An object whose lists each come from one query. */
  | { readonly name: string; readonly kind: "object"; readonly fields: readonly RootField[] };

export interface PlanContext extends SelectionContext {
  readonly limits: QueryLimits;
}

/** The queries planned so far, and the number of rows that they may return. */
interface Planning {
  readonly context: PlanContext;
  readonly queries: RootQuery[];
  cost: number;
}

/** A place in the selection: the rows that it may have, and the lists on the way to it. */
interface Branch {
  /** Number of rows here at most, as far as page sizes tell. */
  readonly rows: number;
  readonly lists: readonly List[];
}

/**
 * Assumed size of a list without a requested one: most lists of the portal are short, and drilling down through all levels is
 * what people do. A requested size is taken as it is; a list at the root, which may be read whole, counts as no more than the
 * largest page.
 */
const PAGE_ASSUMED = 3;

/**
 * Plans the fields at the root of a request that are not about the schema.
 *
 * @throws {GraphQLError} for arguments that contradict each other, and for a request that would cost too much.
 */
export function planRequest(context: PlanContext, selected: readonly Selected[]): Plan {
  const plan: Planning = { context, queries: [], cost: 0 };
  const fields = selected.map((field) => rootField(plan, field));
  return { queries: plan.queries, fields };
}

function rootField(plan: Planning, selected: Selected): RootField {
  const { key: name } = selected;
  if (selected.name === "__typename") return { name, kind: "constant", text: '"Query"' };
  const query = objectType(plan.context, "Query");
  const values = argumentsOf(plan.context, query, selected);
  const counted = ENTITIES.find(({ aggregate }) => aggregate === selected.name);
  if (counted) {
    const fields = aggregateFields(plan, selected, counted).map((field): RootField => {
      if (field.kind === "constant") return field;
      const { groups, fields } = planGroups(plan.context, counted, field.selected, clause(values.where));
      return { name: field.name, kind: "rows", query: plan.queries.push({ kind: "groups", groups }) - 1, fields };
    });
    return { name, kind: "object", fields };
  }
  const entity = ENTITIES.find(({ root }) => root === selected.name)!;
  const { limit, offset } = limitOffset(values.limitOffset);
  const row: RowPlan = { entity, slots: [] };
  const rows = Math.min(limit ?? PAGE_ASSUMED, plan.context.limits.page);
  const fields = rowFields(plan, row, selected, { rows, lists: [] });
  const at = plan.queries.push({ kind: "rows", row, filter: filterOf(values), limit, offset }) - 1;
  return { name, kind: "rows", query: at, fields };
}

/** Fields selected from an entity's row. The columns and related rows that they need are added to the row's slots. */
function rowFields(plan: Planning, row: RowPlan, selected: Selected, branch: Branch): ShapedField[] {
  const type = objectType(plan.context, row.entity.name);
  return collectBelow(plan.context, type, selected).map((field) => ({
    name: field.key,
    shape: rowField(plan, row, type, field, branch),
  }));
}

function rowField(plan: Planning, row: RowPlan, type: GraphQLObjectType, selected: Selected, branch: Branch): Shape {
  const { entity } = row;
  const { name } = selected;
  if (name === "__typename") return { kind: "constant", text: JSON.stringify(type.name) };
  if (name === "_id") return { kind: "globalId", at: slotOf(row, ID), type: entity.name };
  const field = name === "id" ? ID : entity.fields.find((candidate) => candidate.name === name);
  if (field) return { kind: "value", at: slotOf(row, field), as: valueKind(field) };
  const values = () => argumentsOf(plan.context, type, selected);
  for (const key of entity.keys) {
    if (key.name === name) return { kind: "value", at: slotOf(row, { column: key.column, type: "int" }), as: "plain" };
    if (key.object === name) return objectShape(plan, row, key, selected, values(), branch);
  }
  for (const list of entity.lists) {
    if (list.name === name) return connectionShape(plan, row, list, selected, values(), branch);
    if (list.aggregate === name) return aggregateShape(plan, row, list, selected, values(), branch);
  }
  throw new TypeError(`${entity.name}.${name} is in the schema and not in the entities`);
}

function objectShape(plan: Planning, row: RowPlan, key: Key, selected: Selected, values: Clause, branch: Branch): Shape {
  spend(plan, branch.rows, selected);
  const target: RowPlan = { entity: getEntity(key.target), slots: [] };
  const fields = rowFields(plan, target, selected, branch);
  const at = row.slots.push({ kind: "object", key, filter: filterOf(values), row: target }) - 1;
  return { kind: "row", at, fields };
}

function connectionShape(plan: Planning, row: RowPlan, list: List, selected: Selected, values: Clause, branch: Branch): Shape {
  const page = pageOf(values as PageArguments, plan.context.limits.page);
  const asked = typeof values.first === "number" || typeof values.last === "number";
  const rows = branch.rows * (asked ? Math.max(1, sizeOf(page)) : PAGE_ASSUMED);
  if (branch.lists.includes(list)) {
    throw tooMuch(`${row.entity.name}.${list.name} is selected within itself.`, { nodes: selected.nodes });
  }
  spend(plan, rows, selected);
  const target: RowPlan = { entity: getEntity(list.target), slots: [] };
  const inner: Branch = { rows, lists: [...branch.lists, list] };
  const connection = typeOfField(objectType(plan.context, row.entity.name), selected.name);
  const fields = collectBelow(plan.context, connection, selected).map((field) =>
    connectionField(plan, target, connection, field, inner),
  );
  const at = row.slots.push({ kind: "list", list, filter: filterOf(values), page, row: target }) - 1;
  return { kind: "connection", at, page, fields };
}

function connectionField(
  plan: Planning,
  row: RowPlan,
  type: GraphQLObjectType,
  selected: Selected,
  branch: Branch,
): ConnectionField {
  const { key: name } = selected;
  if (selected.name === "__typename") return { name, kind: "constant", text: JSON.stringify(type.name) };
  const below = typeOfField(type, selected.name);
  const inner = collectBelow(plan.context, below, selected);
  if (selected.name === "pageInfo") {
    return { name, kind: "pageInfo", fields: inner.map((field) => pageInfoField(field)) };
  }
  const fields = inner.map((field): EdgeField => {
    if (field.name === "__typename") return { name: field.key, kind: "constant", text: JSON.stringify(below.name) };
    if (field.name === "cursor") return { name: field.key, kind: "cursor" };
    return { name: field.key, kind: "node", fields: rowFields(plan, row, field, branch) };
  });
  return { name, kind: "edges", fields };
}

function aggregateShape(plan: Planning, row: RowPlan, list: List, selected: Selected, values: Clause, branch: Branch): Shape {
  const target = getEntity(list.target);
  const fields = aggregateFields(plan, selected, target).map((field): ShapedField => {
    if (field.kind === "constant") return { name: field.name, shape: field };
    spend(plan, branch.rows, selected);
    const { groups, fields } = planGroups(plan.context, target, field.selected, clause(values.where));
    const at = row.slots.push({ kind: "groups", list, groups }) - 1;
    return { name: field.name, shape: { kind: "rows", at, fields } };
  });
  return { kind: "fields", fields };
}

/** Fields selected from an aggregate such as `runsAggregate`, each list of groups by itself. */
function aggregateFields(
  plan: Planning,
  selected: Selected,
  { name }: Entity,
): ({ name: string; kind: "constant"; text: string } | { name: string; kind: "groups"; selected: Selected })[] {
  const type = objectType(plan.context, `${name}Aggregate`);
  return collectBelow(plan.context, type, selected).map((field) =>
    field.name === "__typename"
      ? { name: field.key, kind: "constant", text: JSON.stringify(type.name) }
      : { name: field.key, kind: "groups", selected: field },
  );
}

function spend(plan: Planning, rows: number, { nodes }: Selected): void {
  const { cost, totalCost } = plan.context.limits;
  plan.cost += rows;
  if (rows > cost) throw tooMuch(`The page may come to more than ${counted(cost, "row")}: ask for smaller pages.`, { nodes });
  if (plan.cost > totalCost)
    throw tooMuch(`The query may come to more than ${counted(totalCost, "row")}: ask for smaller pages.`);
}

function pageInfoField({ key: name, name: kind }: Selected): PageInfoField {
  if (kind === "__typename") return { name, kind: "constant", text: '"PageInfo"' };
  return { name, kind: kind as "hasNextPage" | "hasPreviousPage" | "startCursor" | "endCursor" };
}

function filterOf({ where, orderBy }: Clause): Filter {
  return { where: clause(where), orderBy: (orderBy ?? []) as readonly Clause[] };
}

function clause(value: unknown): Clause | undefined {
  return (value ?? undefined) as Clause | undefined;
}

/** Reads a limit and an offset; as in the portal, a limit of 0 means none. */
function limitOffset(value: unknown): { limit: number | undefined; offset: number | undefined } {
  const { limit, offset } = (value ?? {}) as { limit?: number | null; offset?: number | null };
  if ((limit ?? 0) < 0 || (offset ?? 0) < 0) {
    throw new GraphQLError("Unexpected error.", {
      extensions: { code: "ARGUMENT", reason: "limit and offset must not be negative." },
    });
  }
  if (offset && !limit) throw new GraphQLError("Cannot use offset without limit");
  return { limit: limit || undefined, offset: offset || undefined };
}

function typeOfField(parent: GraphQLObjectType, field: string): GraphQLObjectType {
  const type: GraphQLNamedType = getNamedType(parent.getFields()[field]!.type);
  if (!isObjectType(type)) throw new TypeError(`${parent.name}.${field} is not an object`);
  return type;
}
