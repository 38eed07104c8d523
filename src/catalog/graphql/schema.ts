import {
  DirectiveLocation,
  GraphQLBoolean,
  GraphQLDeprecatedDirective,
  GraphQLDirective,
  type GraphQLFieldConfigArgumentMap,
  type GraphQLFieldConfigMap,
  GraphQLID,
  GraphQLInt,
  GraphQLInterfaceType,
  GraphQLList,
  GraphQLNonNull,
  GraphQLObjectType,
  type GraphQLOutputType,
  GraphQLSchema,
  GraphQLString,
  specifiedDirectives,
} from "graphql";
import { ENTITIES, type Entity, type EntityName, type Field } from "../entities.js";
import { ID, isNumerical, isOrdered } from "./columns.js";
import { GlobalID, outputType } from "./scalars.js";
import { inputsOf, LimitOffsetClause } from "./schema-inputs.js";

type Fields = GraphQLFieldConfigMap<unknown, unknown>;

const Node = new GraphQLInterfaceType({
  name: "Node",
  description: "An object with a Globally Unique ID",
  fields: { _id: { type: new GraphQLNonNull(GlobalID), description: "The Globally Unique ID of this object" } },
});
const EntityInterface = new GraphQLInterfaceType({ name: "EntityInterface", fields: Node.toConfig().fields });

const PageInfo = new GraphQLObjectType({
  name: "PageInfo",
  description: "Information to aid in pagination.",
  fields: {
    hasNextPage: { type: new GraphQLNonNull(GraphQLBoolean) },
    hasPreviousPage: { type: new GraphQLNonNull(GraphQLBoolean) },
    startCursor: { type: GraphQLString },
    endCursor: { type: GraphQLString },
  },
});

interface EntityOutputs {
  readonly object: GraphQLObjectType;
  readonly connection: GraphQLObjectType;
  readonly aggregate: GraphQLObjectType;
  readonly groupBy: GraphQLObjectType;
}

const OUTPUTS = new Map<EntityName, EntityOutputs>(ENTITIES.map((entity) => [entity.name, makeOutputs(entity)]));

/**
 * The portal's schema without its mutations, made of the entities. Nothing in it resolves: a request is planned as a whole and asked in
 * one statement (`plan.ts`, `statement.ts`).
 */
export const PORTAL_GRAPHQL_SCHEMA = new GraphQLSchema({
  query: new GraphQLObjectType({ name: "Query", fields: rootFields() }),
  types: [EntityInterface, GraphQLID], // named by clients' copies of the schema
  directives: specifiedDirectives.map((directive) => (directive === GraphQLDeprecatedDirective ? deprecated() : directive)),
});

/** `@deprecated` in the places that GraphQL of October 2021 knows: clients with a library of that age can read no schema with a newer one. */
function deprecated(): GraphQLDirective {
  const { locations, ...config } = GraphQLDeprecatedDirective.toConfig();
  return new GraphQLDirective({
    ...config,
    locations: locations.filter((place) => place !== DirectiveLocation.DIRECTIVE_DEFINITION),
  });
}

function rootFields(): Fields {
  const fields: Fields = {};
  for (const { name, root, aggregate, about } of ENTITIES) {
    const { object, aggregate: aggregateType } = OUTPUTS.get(name)!;
    fields[root] = {
      description: about,
      type: new GraphQLNonNull(listOf(object)),
      args: { ...filterArguments(name), limitOffset: { type: LimitOffsetClause, defaultValue: null } },
    };
    fields[aggregate] = { type: new GraphQLNonNull(aggregateType), args: whereArgument(name) };
  }
  return fields;
}

function makeOutputs(entity: Entity): EntityOutputs {
  const { name, about } = entity;
  const object = new GraphQLObjectType({
    name,
    description: about,
    interfaces: [EntityInterface, Node],
    fields: () => objectFields(entity),
  });
  const edge = new GraphQLObjectType({
    name: `${name}Edge`,
    fields: { cursor: { type: new GraphQLNonNull(GraphQLString) }, node: { type: new GraphQLNonNull(object) } },
  });
  const connection = new GraphQLObjectType({
    name: `${name}Connection`,
    fields: { pageInfo: { type: new GraphQLNonNull(PageInfo) }, edges: { type: new GraphQLNonNull(listOf(edge)) } },
  });
  const groupBy = new GraphQLObjectType({ name: `${name}GroupByOptions`, fields: () => groupFields(entity) });
  return { object, connection, groupBy, aggregate: makeAggregate(entity, groupBy) };
}

function makeAggregate({ name, fields }: Entity, groupBy: GraphQLObjectType): GraphQLObjectType {
  const columns = (suffix: string, takes: (field: Field) => boolean) =>
    new GraphQLObjectType({
      name: `${name}${suffix}`,
      fields: Object.fromEntries([...fields, ID].filter(takes).map((field) => [field.name, { type: outputType(field) }])),
    });
  const numerical = columns("NumericalColumns", isNumerical);
  const ordered = columns("MinMaxColumns", isOrdered);
  const functions = new GraphQLObjectType({
    name: `${name}AggregateFunctions`,
    fields: {
      sum: { type: numerical },
      avg: { type: numerical },
      stddev: { type: numerical },
      variance: { type: numerical },
      min: { type: ordered },
      max: { type: ordered },
      groupBy: { type: groupBy },
      count: {
        type: GraphQLInt,
        args: {
          distinct: { type: GraphQLBoolean, defaultValue: false },
          columns: { type: inputsOf(name).countColumns, defaultValue: null },
        },
      },
    },
  });
  return new GraphQLObjectType({ name: `${name}Aggregate`, fields: { aggregate: { type: listOf(functions) } } });
}

function objectFields({ fields, keys, lists }: Entity): Fields {
  const config: Fields = { _id: { type: new GraphQLNonNull(GlobalID) }, id: { type: new GraphQLNonNull(GraphQLInt) } };
  for (const list of lists) {
    const { connection, aggregate } = OUTPUTS.get(list.target)!;
    config[list.name] = {
      type: new GraphQLNonNull(connection),
      args: { ...filterArguments(list.target), ...pageArguments() },
    };
    config[list.aggregate] = { type: aggregate, args: whereArgument(list.target) };
  }
  for (const key of keys) {
    config[key.object] = { type: OUTPUTS.get(key.target)!.object, args: filterArguments(key.target) };
    config[key.name] = { type: required(GraphQLInt, key.required) };
  }
  for (const field of fields) config[field.name] = { type: required(outputType(field), field.required) };
  return config;
}

function groupFields({ fields, keys, lists }: Entity): Fields {
  const config: Fields = {};
  for (const { name, target } of lists) config[name] = { type: OUTPUTS.get(target)!.groupBy };
  for (const { object, target } of keys) config[object] = { type: OUTPUTS.get(target)!.groupBy };
  for (const field of [...fields, ID]) config[field.name] = { type: outputType(field) };
  return config;
}

function whereArgument(name: EntityName): GraphQLFieldConfigArgumentMap {
  return { where: { type: inputsOf(name).where, defaultValue: null } };
}

function filterArguments(name: EntityName): GraphQLFieldConfigArgumentMap {
  return {
    ...whereArgument(name),
    orderBy: { type: new GraphQLList(new GraphQLNonNull(inputsOf(name).orderBy)), defaultValue: [] },
  };
}

function pageArguments(): GraphQLFieldConfigArgumentMap {
  return {
    before: {
      type: GraphQLString,
      defaultValue: null,
      description: "Returns the items in the list that come before the cursor.",
    },
    after: { type: GraphQLString, defaultValue: null, description: "Returns the items in the list that come after the cursor." },
    first: { type: GraphQLInt, defaultValue: null, description: "Returns the first n items from the list." },
    last: { type: GraphQLInt, defaultValue: null, description: "Returns the last n items from the list." },
  };
}

function listOf(type: GraphQLOutputType): GraphQLList<GraphQLOutputType> {
  return new GraphQLList(new GraphQLNonNull(type));
}

function required(type: GraphQLOutputType, isRequired: boolean): GraphQLOutputType {
  return isRequired ? new GraphQLNonNull(type as Exclude<GraphQLOutputType, GraphQLNonNull<GraphQLOutputType>>) : type;
}
