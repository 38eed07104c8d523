import { describe, expect, it } from "vitest";
import { z } from "zod";
import { aboutField, schemaWords } from "./schema-words.js";

const schema = z.strictObject({
  name: z.string().min(1).max(5),
  count: z.number().int().min(2).max(9).optional(),
  kind: z.enum(["lsf", "slurm"]).optional(),
  on: z.boolean().optional(),
  list: z.array(z.string()).max(2).optional(),
  pair: z.tuple([z.number(), z.number()]).optional(),
  address: z.url().optional(),
  own: z.string().regex(/^x/, "expected an x").optional(),
  either: z.union([z.number(), z.string().regex(/^x/, "expected a number or x")]).optional(),
  texts: z.union([z.string().regex(/^x/, "expected x or y"), z.string().regex(/^y/, "expected y")]).optional(),
  map: z.strictObject({ a: z.string() }).optional(),
});

const words = (value: object) => {
  const result = schema.safeParse({ name: "n", ...value }, { error: schemaWords });
  const [issue] = result.error?.issues ?? [];
  return issue && aboutField(issue.path.join("."), issue.message);
};

describe("words of a schema", () => {
  it.each([
    [{}, undefined],
    [{ name: null }, "name: expected a text, found null"],
    [{ name: undefined }, "name is missing (expected a text)"],
    [{ name: "" }, 'name: expected at least 1 character, found ""'],
    [{ name: "abcdef" }, 'name: expected at most 5 characters, found "abcdef"'],
    [{ name: ["a"] }, 'name: expected a text, found ["a"]'],
    [{ count: "3" }, 'count: expected a number, found "3"'],
    [{ count: "x".repeat(80) }, `count: expected a number, found "${"x".repeat(59)}…`],
    [{ count: 1 }, "count: expected at least 2, found 1"],
    [{ count: 2.5 }, "count: expected a whole number, found 2.5"],
    [{ kind: "pbs" }, 'kind: expected one of lsf, slurm, found "pbs"'],
    [{ on: "yes" }, 'on: expected true or false, found "yes"'],
    [{ list: { a: 1 } }, 'list: expected a list, found {"a":1}'],
    [{ pair: 1 }, "pair: expected a list, found 1"],
    [{ list: ["a", null] }, "list.1: expected a text, found null"],
    [{ list: ["a", "b", "c"] }, 'list: expected at most 2 entries, found ["a","b","c"]'],
    [{ address: "nowhere" }, 'address: expected an address such as https://host, found "nowhere"'],
    [{ own: "y" }, "own: expected an x"],
    [{ either: "y" }, "either: expected a number or x"],
    [{ either: [] }, "either: expected a number, or a text, found []"],
    [{ texts: "z" }, 'texts: expected x or y, or y, found "z"'],
    [{ map: "a" }, 'map: expected a mapping, found "a"'],
    [{ mapp: 1 }, 'unknown field "mapp"'],
  ])("%j: %s", (value, said) => {
    expect(words(value)).toBe(said);
  });
});
