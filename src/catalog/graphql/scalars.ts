import {
  GraphQLBoolean,
  GraphQLEnumType,
  GraphQLError,
  GraphQLFloat,
  GraphQLInt,
  GraphQLList,
  GraphQLNonNull,
  type GraphQLOutputType,
  GraphQLScalarType,
  GraphQLString,
  Kind,
} from "graphql";
import type { Field, Scalar } from "../entities.js";
import { PORTAL_ENUMS, type PortalEnum } from "../portal-enums.js";

/**
 * Moments with their zone, `2024-03-01T00:00:00+00:00`, as they stand in the database's answers. What is asked for may also be a bare day
 * or have no zone; it is then meant in UTC.
 */
export const DateTime = new GraphQLScalarType<string, string>({
  name: "DateTime",
  description: "Date with time (isoformat)",
  serialize: (value) => String(value),
  parseValue: parseMoment,
  parseLiteral: (node) => {
    if (node.kind !== Kind.STRING)
      throw new GraphQLError("DateTime cannot represent a value that is not a text.", { nodes: node });
    return parseMoment(node.value);
  },
});

const MOMENT =
  /^(\d{4})-(\d\d)-(\d\d)(?:[T ]([01]\d|2[0-3]):([0-5]\d)(?::([0-5]\d)(?:[.,](\d{1,9}))?)?)?(Z|[+-](?:0\d|1[0-4])(?::?[0-5]\d)?)?$/i;

/** In the one form that PostgreSQL takes for no other, whatever its `datestyle`. */
function parseMoment(value: unknown): string {
  const found = typeof value === "string" ? MOMENT.exec(value) : null;
  if (!found) throw new GraphQLError("DateTime cannot represent a value that is not of the form 2024-03-01T00:00:00+00:00.");
  const [, year = "", month = "", day = "", hour = "00", minute = "00", second = "00", fraction, zone = "Z"] = found;
  const date = new Date(Date.UTC(Number(year), Number(month) - 1, Number(day)));
  if (Number(year) < 1 || date.getUTCMonth() !== Number(month) - 1 || date.getUTCDate() !== Number(day)) {
    throw new GraphQLError("DateTime cannot represent a day that is in no calendar.");
  }
  return `${year}-${month}-${day}T${hour}:${minute}:${second}${fraction ? `.${fraction.slice(0, 6)}` : ""}${zone.toUpperCase()}`;
}

/** Base64 of `Run:501`, as Relay's global identifiers are. */
export const GlobalID = new GraphQLScalarType({
  name: "GlobalID",
  description: "The `ID` scalar type represents a unique identifier, often used to refetch an object or as key for a cache.",
  specifiedByURL: "https://relay.dev/graphql/objectidentification.htm",
});

export const ENUM_TYPES: ReadonlyMap<PortalEnum, GraphQLEnumType> = new Map(
  (Object.keys(PORTAL_ENUMS) as PortalEnum[]).map((name) => [
    name,
    new GraphQLEnumType({ name, values: Object.fromEntries(PORTAL_ENUMS[name].map((value) => [value, {}])) }),
  ]),
);

const SCALAR_TYPES: Readonly<Record<Scalar, GraphQLOutputType>> = {
  text: GraphQLString,
  int: GraphQLInt,
  float: GraphQLFloat,
  bool: GraphQLBoolean,
  date: DateTime,
  json: new GraphQLList(new GraphQLNonNull(new GraphQLList(new GraphQLNonNull(GraphQLFloat)))),
};

/** The type of a column in answers, for the present without `!`. */
export function outputType({ type, enumName }: Pick<Field, "type" | "enumName">): GraphQLOutputType {
  return type === "enum" ? ENUM_TYPES.get(enumName!)! : SCALAR_TYPES[type];
}
