import { existsSync, readFileSync } from "node:fs";
import {
  astFromValue,
  buildSchema,
  type GraphQLArgument,
  type GraphQLField,
  type GraphQLInputField,
  type GraphQLNamedType,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isObjectType,
  isSpecifiedScalarType,
  print,
  printSchema,
  validateSchema,
} from "graphql";
import { describe, expect, it } from "vitest";
import { SPECIFICATIONS } from "../../../test/real-data.js";
import { PORTAL_GRAPHQL_SCHEMA } from "./schema.js";

const summaryFile = new URL("graphql-schema-summary.json", SPECIFICATIONS);
const isThere = existsSync(summaryFile);

type FieldText = string | { type: string; args: Record<string, string> };
interface TypeText {
  kind: string;
  implements?: string[];
  fields?: Record<string, FieldText>;
  values?: string[];
}
interface Summary {
  types: Record<string, TypeText>;
  differences_client_vs_server: string[];
}

function described(type: GraphQLNamedType): TypeText {
  if (isEnumType(type)) return { kind: "enum", values: type.getValues().map(({ name }) => name) };
  if (isInputObjectType(type)) return { kind: "input", fields: mapped(type.getFields(), ({ type }) => String(type)) };
  if (isInterfaceType(type)) return { kind: "interface", fields: mapped(type.getFields(), fieldText) };
  if (!isObjectType(type)) return { kind: "scalar" };
  const interfaces = type.getInterfaces().map(({ name }) => name);
  return {
    kind: "object",
    ...(interfaces.length > 0 ? { implements: interfaces } : {}),
    fields: mapped(type.getFields(), fieldText),
  };
}

function fieldText({ type, args }: GraphQLField<unknown, unknown>): FieldText {
  if (args.length === 0) return String(type);
  return { type: String(type), args: Object.fromEntries(args.map((argument) => [argument.name, argumentText(argument)])) };
}

function argumentText({ type, defaultValue }: GraphQLArgument | GraphQLInputField): string {
  return defaultValue === undefined ? String(type) : `${type} = ${print(astFromValue(defaultValue, type)!)}`;
}

function mapped<T, R>(record: Record<string, T>, map: (value: T) => R): Record<string, R> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, map(value)]));
}

const ours = Object.fromEntries(
  Object.values(PORTAL_GRAPHQL_SCHEMA.getTypeMap())
    .filter(({ name }) => !name.startsWith("__"))
    .map((type) => [type.name, described(type)]),
);

/** Each difference between the two, as the summary words those that are known. */
function differences(client: Record<string, TypeText>): string[] {
  const lines: string[] = [];
  for (const name of new Set([...Object.keys(client), ...Object.keys(ours)])) {
    const [theirs, own] = [client[name], ours[name]];
    if (!theirs || !own) {
      lines.push(`${name}: client ${theirs?.kind} server ${own?.kind}`);
      continue;
    }
    expect({ ...own, fields: undefined, values: undefined }, name).toEqual({ ...theirs, fields: undefined, values: undefined });
    for (const field of new Set([...Object.keys(theirs.fields ?? {}), ...Object.keys(own.fields ?? {})])) {
      const [before, after] = [theirs.fields?.[field], own.fields?.[field]].map((text) => sortedText(text));
      if (field === "_and" || field === "_or") expect([name, before, after]).toEqual([name, undefined, `"[${name}!]"`]);
      else if (before !== after) lines.push(`${name}.${field}: client ${before} server ${after}`);
    }
    const added = own.values?.filter((value) => !theirs.values?.includes(value)) ?? [];
    const lost = theirs.values?.filter((value) => !own.values?.includes(value)) ?? [];
    if (added.length + lost.length > 0) lines.push(`enum ${name}: server only [${added}] client only [${lost}]`);
  }
  return lines.sort();
}

/** JSON has its keys in the order of the summary: types first, arguments as they are declared. */
function sortedText(field: FieldText | undefined): string | undefined {
  return field === undefined ? undefined : JSON.stringify(field);
}

describe("the schema", () => {
  it("is valid, and what is printed of it can be read again", () => {
    expect(validateSchema(PORTAL_GRAPHQL_SCHEMA)).toEqual([]);
    expect(validateSchema(buildSchema(printSchema(PORTAL_GRAPHQL_SCHEMA)))).toEqual([]);
  });

  it("can only be read", () => {
    expect(PORTAL_GRAPHQL_SCHEMA.getMutationType()).toBeUndefined();
    expect(PORTAL_GRAPHQL_SCHEMA.getSubscriptionType()).toBeUndefined();
  });

  it.skipIf(!isThere)(
    "has every type, field, argument and value of the client's, of others those that the server is known to have, and _and and _or of our own in filters",
    () => {
      const summary = JSON.parse(readFileSync(summaryFile, "utf8")) as Summary;
      expect(Object.keys(summary.types)).toHaveLength(337);
      expect(differences(summary.types)).toEqual([...summary.differences_client_vs_server].sort());
    },
  );

  it("has scalars of its own for moments and global identifiers alone", () => {
    const own = Object.values(PORTAL_GRAPHQL_SCHEMA.getTypeMap()).filter(
      (type) => "specifiedByURL" in type && !isSpecifiedScalarType(type),
    );
    expect(own.map(({ name }) => name).sort()).toEqual(["DateTime", "GlobalID"]);
  });
});

it("has its directives in places that GraphQL of October 2021 knows: graphql-core 3.2 reads no schema with another", () => {
  const places = PORTAL_GRAPHQL_SCHEMA.getDirectives().map(({ name, locations }) => [name, locations]);
  expect(Object.fromEntries(places)).toMatchObject({
    include: ["FIELD", "FRAGMENT_SPREAD", "INLINE_FRAGMENT"],
    skip: ["FIELD", "FRAGMENT_SPREAD", "INLINE_FRAGMENT"],
    deprecated: ["FIELD_DEFINITION", "ARGUMENT_DEFINITION", "INPUT_FIELD_DEFINITION", "ENUM_VALUE"],
  });
});
