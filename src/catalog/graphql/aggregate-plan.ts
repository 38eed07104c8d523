import { GraphQLError, type GraphQLObjectType, getNamedType, isObjectType } from "graphql";
import { type Entity, getEntity } from "../entities.js";
import { findColumn, valueKind } from "./columns.js";
import type { AggregateFunction, Clause, GroupsPlan } from "./row-plan.js";
import { argumentsOf, collectBelow, type Selected, type SelectionContext } from "./selection.js";
import type { Shape, ShapedField, ValueKind } from "./shape.js";

/** An element of a group's array: a function's value, or one of the values that its rows have in common. */
type Element = { readonly kind: "function"; readonly index: number } | { readonly kind: "group"; readonly index: number };

/**
 * Plans `aggregate { … }`: which functions are computed and by what rows are grouped. A group's array has the functions first.
 *
 * @throws {GraphQLError} where rows are grouped and nothing is computed of them.
 */
export function planGroups(
  context: SelectionContext,
  entity: Entity,
  selected: Selected,
  where: Clause | undefined,
): { groups: GroupsPlan; fields: ShapedField[] } {
  const groups: GroupsPlan = { entity, where, functions: [], by: [], paths: [] };
  const type = objectType(context, `${entity.name}AggregateFunctions`);
  const fields = collectBelow(context, type, selected);
  if (!fields.some(({ name }) => name !== "groupBy" && name !== "__typename")) {
    throw new GraphQLError("No aggregate functions selected", { nodes: selected.nodes });
  }
  const places: { element: Element; as: ValueKind }[] = [];
  const place = (element: Element, as: ValueKind): Shape => ({ kind: "value", at: places.push({ element, as }) - 1, as });
  const shaped = fields.map((field): ShapedField => {
    const name = field.key;
    if (field.name === "__typename") return { name, shape: constant(type.name) };
    if (field.name === "groupBy") return { name, shape: groupShape(context, groups, entity, [], field, place) };
    if (field.name === "count") {
      const element = addFunction(groups, countOf(entity, argumentsOf(context, type, field)));
      return { name, shape: place(element, "count") };
    }
    return { name, shape: columnsShape(context, groups, field, place) };
  });
  // now that all functions are known, each element's place in the array is
  const at = places.map(({ element: { kind, index } }) => (kind === "function" ? index : groups.functions.length + index));
  return { groups, fields: shaped.map(({ name, shape }) => ({ name, shape: placed(shape, at) })) };
}

type Place = (element: Element, as: ValueKind) => Shape;

/** `sum { sizeX sizeY }`: one function over several columns. */
function columnsShape(context: SelectionContext, groups: GroupsPlan, selected: Selected, place: Place): Shape {
  const name = selected.name as "sum" | "avg" | "stddev" | "variance" | "min" | "max";
  const isExtreme = name === "min" || name === "max";
  const type = objectType(context, `${groups.entity.name}${isExtreme ? "MinMaxColumns" : "NumericalColumns"}`);
  const fields = collectBelow(context, type, selected).map((field): ShapedField => {
    if (field.name === "__typename") return { name: field.key, shape: constant(type.name) };
    const of = findColumn(groups.entity, field.name)!;
    const kind = of.type === "int" ? "count" : valueKind(of);
    return { name: field.key, shape: place(addFunction(groups, { name, of }), kind) };
  });
  return { kind: "fields", fields };
}

function groupShape(
  context: SelectionContext,
  groups: GroupsPlan,
  entity: Entity,
  path: readonly string[],
  selected: Selected,
  place: Place,
): Shape {
  const type = objectType(context, `${entity.name}GroupByOptions`);
  const fields = collectBelow(context, type, selected).map((field): ShapedField => {
    const { key: name } = field;
    if (field.name === "__typename") return { name, shape: constant(type.name) };
    const column = findColumn(entity, field.name);
    if (column) {
      const known = groups.by.findIndex((group) => group.field === column && sameAs(group.path, path));
      const index = known >= 0 ? known : groups.by.push({ path, field: column }) - 1;
      const kind = valueKind(column);
      return { name, shape: place({ kind: "group", index }, kind) };
    }
    const target = getNamedType(type.getFields()[field.name]!.type).name.replace(/GroupByOptions$/, "");
    const further = [...path, field.name];
    groups.paths.push(further);
    return { name, shape: groupShape(context, groups, getEntity(target as Entity["name"]), further, field, place) };
  });
  return { kind: "fields", fields };
}

/** `distinct` has a meaning only together with `columns`, and `columns` only together with `distinct`. */
function countOf(entity: Entity, { distinct, columns }: Clause): AggregateFunction {
  return { name: "count", distinct: distinct === true && typeof columns === "string" ? findColumn(entity, columns) : undefined };
}

/** The same function is computed once. */
function addFunction({ functions }: GroupsPlan, added: AggregateFunction): Element {
  const known = functions.findIndex((other) => {
    if (other.name === "count" || added.name === "count") {
      return other.name === "count" && added.name === "count" && other.distinct === added.distinct;
    }
    return other.name === added.name && other.of === added.of;
  });
  return { kind: "function", index: known >= 0 ? known : functions.push(added) - 1 };
}

function placed(shape: Shape, at: readonly number[]): Shape {
  if (shape.kind === "value") return { ...shape, at: at[shape.at]! };
  if (shape.kind !== "fields") return shape;
  return { kind: "fields", fields: shape.fields.map(({ name, shape: inner }) => ({ name, shape: placed(inner, at) })) };
}

function constant(text: string): Shape {
  return { kind: "constant", text: JSON.stringify(text) };
}

function sameAs(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((step, at) => step === b[at]);
}

export function objectType({ schema }: SelectionContext, name: string): GraphQLObjectType {
  const type = schema.getType(name);
  if (!isObjectType(type)) throw new TypeError(`the schema has no object ${name}`);
  return type;
}
