import { buildSchema } from "graphql";
import { describe, expect, it } from "vitest";
import { GENERATED, queryFiles, queryTypes } from "../../scripts/query-types.mjs";
import { QUERY_LIMITS } from "../../src/catalog/graphql/limits.js";
import { PORTAL_GRAPHQL_SCHEMA } from "../../src/catalog/graphql/schema.js";
import { filesBelow, readText } from "./sources.js";

describe("answers that pages keep", () => {
  /** Where a key has no literal, anything may stand. */
  const keys = filesBelow("web", (path) => /\.tsx?$/.test(path)).flatMap((path) =>
    [...readText(path).matchAll(/queryKey: \[(.*)\]/g)].map(([, key]) => ({ path, key: key!, parts: key!.split(", ") })),
  );
  const isText = (part: string) => part.startsWith('"');
  const meet = (one: readonly string[], other: readonly string[]) =>
    one.length === other.length && one.every((part, at) => part === other[at] || !isText(part) || !isText(other[at]!));

  it("are asked in one place each: another that has the same key gets what it did not ask for", () => {
    expect(keys.length).toBeGreaterThan(15);
    const twice = keys.flatMap((one, at) =>
      keys.slice(at + 1).flatMap((other) => (meet(one.parts, other.parts) ? [[one, other]] : [])),
    );
    expect(twice.map((pair) => pair.map(({ path, key }) => `${path}: ${key}`))).toEqual([]);
  });
});

describe("what pages ask of the catalogue", () => {
  const files = queryFiles();

  it("fits the schema, and its types are those of the queries as they are", () => {
    expect(Object.keys(files).length).toBeGreaterThan(5);
    expect(readText(GENERATED), "node scripts/query-types.mjs").toBe(queryTypes(PORTAL_GRAPHQL_SCHEMA, files));
  });

  it.each(Object.entries(files))("%s keeps to the limits of a request", (_, text) => {
    const depth = [...text].reduce(
      ({ now, most }, sign) => {
        const next = now + (sign === "{" ? 1 : sign === "}" ? -1 : 0);
        return { now: next, most: Math.max(most, next) };
      },
      { now: 0, most: 0 },
    ).most;
    expect(depth).toBeLessThanOrEqual(QUERY_LIMITS.depth);
  });

  it("types what may be absent, lists and variables", () => {
    const schema = buildSchema(`
      enum Kind { a b }
      type Node { id: Int!, name: String, kinds: [Kind!]! }
      input Where { id: Int }
      type Query { nodes(where: Where, limit: Int!): [Node!]! }
    `);
    const text = queryTypes(schema, {
      "some-nodes":
        "query someNodes($where: Where, $limit: Int!) { nodes(where: $where, limit: $limit) { id other: name kinds } }",
    });
    for (const part of [
      "readonly id: number;",
      "readonly other: string | null;",
      'readonly kinds: ReadonlyArray<"a" | "b">;',
      "where?: Input | null; limit: number",
    ])
      expect(text).toContain(part);
    expect(() => queryTypes(schema, { gone: "query gone { nodes(limit: 1) { gone } }" })).toThrow(/gone/);
    expect(() => queryTypes(schema, { one: "query two { nodes(limit: 1) { id } }" })).toThrow(/called one/);
  });
});
