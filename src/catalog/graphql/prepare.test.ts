import { describe, expect, it } from "vitest";
import { QUERY_LIMITS } from "./limits.js";
import { type GraphqlRequest, prepareRequest, RefusedRequest } from "./prepare.js";

function errorsOf(request: GraphqlRequest): { message: string; code: unknown }[] {
  try {
    prepareRequest(request, QUERY_LIMITS);
    return [];
  } catch (error) {
    if (!(error instanceof RefusedRequest)) throw error;
    return error.errors.map(({ message, extensions }) => ({ message, code: extensions.code }));
  }
}

const repeated = (count: number, text: (at: number) => string, join = " ") =>
  Array.from({ length: count }, (_, at) => text(at)).join(join);
const nested = (count: number, open: string, inner: string, close: string) => open.repeat(count) + inner + close.repeat(count);

/** Requests that are small, or cheap to send, and would be dear to answer. None of them gets as far as a statement. */
const HOSTILE: readonly [name: string, request: GraphqlRequest][] = [
  [
    "a cycle of relations down to any depth",
    { query: `{ runs { ${nested(40, "dataset { runs { edges { node { ", "id", "} } } }")} } }` },
  ],
  [
    "a cycle within the depth",
    { query: "{ runs { tomograms { edges { node { run { tomograms { edges { node { id } } } } } } } } }" },
  ],
  [
    "a cycle of two lists",
    {
      query:
        "{ datasets { runs { edges { node { tomograms { edges { node { run { dataset { runs { edges { node { id } } } } } } } } } } } } }",
    },
  ],
  [
    "large pages within each other",
    {
      query:
        "{ depositions { datasets(first: 100) { edges { node { runs(first: 100) { edges { node { tomograms(first: 100) { edges { node { id } } } } } } } } } } }",
    },
  ],
  [
    "large last pages within each other",
    {
      query:
        "{ datasets { runs(last: 100) { edges { node { tomograms(last: 100) { edges { node { authors(last: 100) { edges { node { id } } } } } } } } } } }",
    },
  ],
  [
    "many wide branches",
    {
      query: `{ datasets(limitOffset: {limit: 100}) { ${repeated(25, (at) => `a${at}: runs(first: 100) { edges { node { id } } }`)} } }`,
    },
  ],
  ["a flood of aliases at the root", { query: `{ ${repeated(31, (at) => `a${at}: runs { id }`)} }` }],
  ["a flood of aliases of a column", { query: `{ runs { ${repeated(500, (at) => `a${at}: name`)} } }` }],
  ["the same field again and again", { query: `{ runs { ${repeated(900, () => "id")} } }` }],
  ["aliases of aggregates", { query: `{ ${repeated(100, (at) => `a${at}: runsAggregate { aggregate { count } }`)} }` }],
  [
    "fragments that double",
    {
      query: `{ runs { ...f0 } } ${repeated(30, (at) => `fragment f${at} on Run { ...f${at + 1} ...f${at + 1} }`)} fragment f30 on Run { id }`,
    },
  ],
  [
    "fragments that double fields",
    {
      query: `{ runs { ...f0 } } ${repeated(14, (at) => `fragment f${at} on Run { x${at}: dataset { id } ...f${at + 1} y${at}: dataset { runs { edges { node { ...f${at + 1} } } } } }`)} fragment f14 on Run { id }`,
    },
  ],
  ["a fragment of itself", { query: "{ runs { ...f } } fragment f on Run { id dataset { runs { edges { node { ...f } } } } }" }],
  ["many uses of fragments", { query: `{ runs { ${"...f ".repeat(200)} } } fragment f on Run { id }` }],
  ["many inline fragments", { query: `{ runs { ${"... { id } ".repeat(300)} } }` }],
  ["a flood of directives", { query: `{ runs { id ${"@include(if: true) ".repeat(60)} } }` }],
  ["a flood of unknown directives", { query: `{ runs { id ${"@a ".repeat(1500)} } }` }],
  ["a million values in a list", { query: `{ runs(where: {id: {_in: [${"1,".repeat(1_000_000)}]}}) { id } }` }],
  [
    "a million values in a variable",
    {
      query: "query ($ids: [Int!]) { runs(where: {id: {_in: $ids}}) { id } }",
      variables: { ids: Array.from({ length: 200_000 }, () => 1) },
    },
  ],
  ["a filter that nests without end", { query: `{ runs(where: ${nested(600, "{dataset: {runs: ", "{}", "}}")}) { id } }` }],
  [
    "a filter in a variable that nests without end",
    { query: "query ($w: RunWhereClause) { runs(where: $w) { id } }", variables: { w: nestedClause(20_000) } },
  ],
  ["brackets without end", { query: "{".repeat(100_000) }],
  ["lists of lists without end", { query: `{ runs(where: {id: {_in: ${"[".repeat(50_000)}` }],
  ["an order by a thousand columns", { query: `{ runs(orderBy: [${"{name: asc}".repeat(700)}]) { id } }` }],
  [
    "questions about the schema in a circle",
    { query: `{ __schema { types { ${nested(5, "fields { type { ", "name", "} }")} } } }` },
  ],
  ["a thousand operations", { query: repeated(700, (at) => `query q${at} { runs { id } }`) }],
  ["a text without end", { query: `{ runs(where: {name: {_eq: "${"x".repeat(5_000_000)}` }],
  ["a number without end", { query: `{ runs(where: {id: {_eq: ${"9".repeat(1_000_000)}}}) { id } }` }],
  ["operations that write", { query: "mutation { deleteRun(where: {id: {_eq: 1}}) { id } }" }],
];

function nestedClause(depth: number): object {
  let clause: object = {};
  for (let at = 0; at < depth; at++) clause = at % 2 === 0 ? { dataset: clause } : { runs: clause };
  return clause;
}

describe("hostile requests", () => {
  it.each(HOSTILE)("%s", (_name, request) => {
    const errors = errorsOf(request);
    expect(errors.length).toBeGreaterThan(0);
    expect(errors.length).toBeLessThanOrEqual(21);
    for (const { message } of errors) expect(message.length).toBeLessThan(500);
  });

  it("are refused for what they are", () => {
    const codes = Object.fromEntries(HOSTILE.map(([name, request]) => [name, errorsOf(request)[0]!.code]));
    const others = Object.keys(codes).filter((name) => codes[name] !== "LIMIT");
    // these are no GraphQL, or not of this schema
    expect(others).toEqual(["a fragment of itself", "questions about the schema in a circle", "operations that write"]);
  });
});

describe("what may be asked", () => {
  const statementOf = (request: GraphqlRequest) => prepareRequest(request, QUERY_LIMITS).statement;

  it("has lists of a hundred thousand values, written out or in variables, as one parameter", () => {
    const ids = Array.from({ length: 99_990 }, (_, at) => at);
    const parameter = `{${ids.map((id) => `"${id}"`).join(",")}}`;
    expect(statementOf({ query: `{ runs(where: {id: {_in: [${ids}]}}) { id } }` })?.parameters).toEqual([parameter]);
    const query = "query ($ids: [Int!]) { runs(where: {id: {_in: $ids}}) { id } }";
    expect(statementOf({ query, variables: { ids } })?.parameters).toEqual([parameter]);
  });

  it("is every column, with every alias that is allowed, in one row", () => {
    const aliases = repeated(30, (at) => `a${at}: run { id }`);
    const fields =
      "alignment { id } deposition { id } run { id } tomogramVoxelSpacing { id } authors { edges { node { id } } } authorsAggregate { aggregate { count } }";
    const columns = prepareRequest(
      { query: '{ __type(name: "Tomogram") { fields { name args { name } } } }' },
      QUERY_LIMITS,
    ).fields;
    const text = (columns[0] as { text: string }).text;
    const scalars = (JSON.parse(text) as { fields: { name: string; args: unknown[] }[] }).fields.filter(
      ({ args }) => args.length === 0,
    );
    const query = `{ tomograms { ${scalars.map(({ name }) => name).join(" ")} ${aliases} ${fields} } }`;
    const statement = statementOf({ query })!;
    const values = argumentsOfFirst("json_build_array", statement.sql);
    expect(values).toBeLessThanOrEqual(100); // PostgreSQL's most
    expect(values).toBeGreaterThan(75);
  });

  it("is the whole schema, in the words of graphql-js and of older tools", async () => {
    const { getIntrospectionQuery } = await import("graphql");
    for (const query of [getIntrospectionQuery(), getIntrospectionQuery({ descriptions: false, inputValueDeprecation: true })]) {
      const { statement, fields, errors } = prepareRequest({ query, operationName: "IntrospectionQuery" }, QUERY_LIMITS);
      expect([statement, errors]).toEqual([undefined, []]);
      expect((fields[0] as { text: string }).text.length).toBeGreaterThan(100_000);
    }
  });
});

function argumentsOfFirst(name: string, sql: string): number {
  const start = sql.indexOf(`${name}(`) + name.length;
  let depth = 0;
  let count = 1;
  for (const character of sql.slice(start)) {
    if (character === "(") depth++;
    else if (character === ",") count += depth === 1 ? 1 : 0;
    else if (character === ")" && --depth === 0) break;
  }
  return count;
}

describe("requests that are none", () => {
  it.each<[GraphqlRequest, string]>([
    [{}, "Must provide query string."],
    [{ query: " " }, "Must provide query string."],
    [{ query: 5 }, "Must provide query string."],
    [{ query: "{ runs { id }" }, "Syntax Error: Expected Name, found <EOF>."],
    [{ query: "{ nothing { id } }" }, 'Cannot query field "nothing" on type "Query".'],
    [{ query: "{ runs }" }, 'Field "runs" of type "[Run!]!" must have a selection of subfields. Did you mean "runs { ... }"?'],
    [{ query: '{ runs(where: {id: {_eq: "x"}}) { id } }' }, 'Int cannot represent non-integer value: "x"'],
    [{ query: "{ runs(where: {name: {zzz: 1}}) { id } }" }, 'Field "zzz" is not defined by type "StrComparators".'],
    [
      { query: "{ tomograms(where: {processing: {_eq: cooked}}) { id } }" },
      'Value "cooked" does not exist in "tomogram_processing_enum" enum.',
    ],
    [
      { query: "{ runs(where: {id: {_eq: 3000000000}}) { id } }" },
      "Int cannot represent non 32-bit signed integer value: 3000000000",
    ],
    [
      { query: "query ($n: Int!) { runs(where: {id: {_eq: $n}}) { id } }" },
      'Variable "$n" of required type "Int!" was not provided.',
    ],
    [
      { query: "query ($n: Int) { runs(where: {id: {_eq: $n}}) { id } }", variables: { n: 1.5 } },
      'Variable "$n" got invalid value 1.5; Int cannot represent non-integer value: 1.5',
    ],
    [{ query: "{ runs { id } }", variables: [1] }, "Variables must be an object."],
    [
      { query: "query a { runs { id } } query b { runs { id } }" },
      "Must provide operation name if query contains multiple operations.",
    ],
    [{ query: "query a { runs { id } }", operationName: "c" }, 'Unknown operation named "c".'],
    [{ query: "mutation { __typename }" }, "Schema is not configured to execute mutation operation."],
    [{ query: "subscription { __typename }" }, "Schema is not configured to execute subscription operation."],
  ])("%j", (request, message) => {
    expect(errorsOf(request)[0]?.message).toBe(message);
  });
});
