import {
  GraphQLBoolean,
  GraphQLEnumType,
  GraphQLFloat,
  type GraphQLInputFieldConfigMap,
  GraphQLInputObjectType,
  type GraphQLInputType,
  GraphQLInt,
  GraphQLList,
  GraphQLNonNull,
  GraphQLString,
} from "graphql";
import { ENTITIES, type Entity, type EntityName, type Field } from "../entities.js";
import type { PortalEnum } from "../portal-enums.js";
import { DateTime, ENUM_TYPES } from "./scalars.js";

const EQUALITY = ["_eq", "_neq"] as const;
const MEMBERSHIP = ["_in", "_nin"] as const;
const ORDER = ["_gt", "_gte", "_lt", "_lte"] as const;
const PATTERNS = ["_like", "_nlike", "_ilike", "_nilike", "_regex", "_nregex", "_iregex", "_niregex"] as const;

export type Operator =
  | (typeof EQUALITY)[number]
  | (typeof MEMBERSHIP)[number]
  | (typeof ORDER)[number]
  | (typeof PATTERNS)[number]
  | "_is_null";

function comparators(name: string, type: GraphQLInputType, operators: readonly Operator[]): GraphQLInputObjectType {
  const fields: GraphQLInputFieldConfigMap = {};
  for (const operator of [...EQUALITY, ...MEMBERSHIP, ...operators]) {
    const isList = MEMBERSHIP.some((member) => member === operator);
    fields[operator] = { type: isList ? new GraphQLList(new GraphQLNonNull(type)) : type };
  }
  return new GraphQLInputObjectType({ name, fields: { ...fields, _is_null: { type: GraphQLBoolean } } });
}

const INT = comparators("IntComparators", GraphQLInt, ORDER);
const COMPARATORS = {
  int: INT,
  float: comparators("FloatComparators", GraphQLFloat, ORDER),
  text: comparators("StrComparators", GraphQLString, [...ORDER, ...PATTERNS]),
  bool: comparators("BoolComparators", GraphQLBoolean, []),
  date: comparators("DatetimeComparators", DateTime, ORDER),
} as const;
const ENUM_COMPARATORS = new Map<PortalEnum, GraphQLInputObjectType>(
  [...ENUM_TYPES].map(([name, type]) => [
    name,
    comparators(`${name[0]!.toUpperCase()}${name.slice(1)}EnumComparators`, type, ORDER),
  ]),
);

/** Input type of the comparisons with a column; undefined for a matrix, which has none. */
function comparatorsOf({ type, enumName }: Field): GraphQLInputObjectType | undefined {
  if (type === "enum") return ENUM_COMPARATORS.get(enumName!);
  return type === "json" ? undefined : COMPARATORS[type];
}

const OrderBy = new GraphQLEnumType({
  name: "orderBy",
  values: { asc: {}, asc_nulls_first: {}, asc_nulls_last: {}, desc: {}, desc_nulls_first: {}, desc_nulls_last: {} },
});

export const LimitOffsetClause = new GraphQLInputObjectType({
  name: "LimitOffsetClause",
  fields: { limit: { type: GraphQLInt }, offset: { type: GraphQLInt } },
});

/** The input types of one entity. */
export interface EntityInputs {
  readonly where: GraphQLInputObjectType;
  readonly orderBy: GraphQLInputObjectType;
  readonly countColumns: GraphQLEnumType;
  readonly aggregateWhere: GraphQLInputObjectType;
}

const INPUTS = new Map<EntityName, EntityInputs>(ENTITIES.map((entity) => [entity.name, makeInputs(entity)]));

export function inputsOf(name: EntityName): EntityInputs {
  return INPUTS.get(name)!;
}

function makeInputs(entity: Entity): EntityInputs {
  const { name, fields } = entity;
  const countColumns = new GraphQLEnumType({
    name: `${name}CountColumns`,
    values: Object.fromEntries([...fields.map((field) => [field.name, {}]), ["id", {}]]),
  });
  const where = new GraphQLInputObjectType({ name: `${name}WhereClause`, fields: () => whereFields(entity) });
  const orderBy = new GraphQLInputObjectType({ name: `${name}OrderByClause`, fields: () => orderFields(entity) });
  const count = new GraphQLInputObjectType({
    name: `${name}AggregateWhereClauseCount`,
    fields: {
      arguments: { type: countColumns },
      distinct: { type: GraphQLBoolean },
      filter: { type: where },
      predicate: { type: INT },
    },
  });
  const aggregateWhere = new GraphQLInputObjectType({
    name: `${name}AggregateWhereClause`,
    fields: { count: { type: new GraphQLNonNull(count) } },
  });
  return { where, orderBy, countColumns, aggregateWhere };
}

/**
 * Fields of a `where`, with `_and` and `_or`, which the portal lacks: a relation can be used twice, once for masks and once for
 * points.
 */
function whereFields({ name, fields, keys, lists }: Entity): GraphQLInputFieldConfigMap {
  const config: GraphQLInputFieldConfigMap = {};
  for (const { name: list, target, aggregate } of lists) {
    config[list] = { type: inputsOf(target).where };
    config[aggregate] = { type: inputsOf(target).aggregateWhere };
  }
  for (const { name: key, object, target } of keys) {
    config[object] = { type: inputsOf(target).where };
    config[key] = { type: INT };
  }
  for (const field of fields) {
    const type = comparatorsOf(field);
    if (type) config[field.name] = { type };
  }
  const all = { type: new GraphQLList(new GraphQLNonNull(inputsOf(name).where)) };
  return { ...config, id: { type: INT }, _and: all, _or: all };
}

function orderFields({ fields, keys }: Entity): GraphQLInputFieldConfigMap {
  const config: GraphQLInputFieldConfigMap = {};
  for (const { object, target } of keys) config[object] = { type: inputsOf(target).orderBy };
  for (const { name } of fields) config[name] = { type: OrderBy };
  return { ...config, id: { type: OrderBy } };
}
