import { describe, expect, it } from "vitest";
import { z } from "zod";
import { schemaWords } from "./schema-words.js";

const schema = z.strictObject({
  name: z.string().min(1).max(5),
  count: z.number().int().min(2).max(9).optional(),
  kind: z.enum(["lsf", "slurm"]).optional(),
  on: z.boolean().optional(),
  list: z.array(z.string()).max(2).optional(),
  pair: z.tuple([z.number(), z.number()]).optional(),
  address: z.url().optional(),
  own: z.string().regex(/^x/, "an x wanted").optional(),
  either: z.union([z.number(), z.string().regex(/^x/, "a number or x wanted")]).optional(),
  texts: z.union([z.string().regex(/^x/, "x or y wanted"), z.string().regex(/^y/, "y wanted")]).optional(),
  map: z.strictObject({ a: z.string() }).optional(),
});

const words = (value: object) => {
  const result = schema.safeParse({ name: "n", ...value }, { error: schemaWords });
  const [issue] = result.error?.issues ?? [];
  return issue && `${issue.path.join(".")}: ${issue.message}`;
};

describe("words of a schema", () => {
  it.each([
    [{}, undefined],
    [{ name: null }, "name: null found, a text wanted"],
    [{ name: undefined }, "name: nothing found, a text wanted"],
    [{ name: "" }, "name: an empty text found, at least 1 character wanted"],
    [{ name: "abcdef" }, "name: a text of 6 characters found, at most 5 characters wanted"],
    [{ name: ["a"] }, "name: a list found, a text wanted"],
    [{ count: "3" }, 'count: "3" found, a number wanted'],
    [{ count: "x".repeat(80) }, `count: "${"x".repeat(59)}… found, a number wanted`],
    [{ count: 1 }, "count: 1 found, at least 2 wanted"],
    [{ count: 2.5 }, "count: 2.5 found, a whole number wanted"],
    [{ kind: "pbs" }, 'kind: "pbs" found, one of lsf, slurm wanted'],
    [{ on: "yes" }, 'on: "yes" found, true or false wanted'],
    [{ list: { a: 1 } }, "list: a map found, a list wanted"],
    [{ pair: 1 }, "pair: 1 found, a list wanted"],
    [{ list: ["a", null] }, "list.1: null found, a text wanted"],
    [{ list: ["a", "b", "c"] }, "list: a list of 3 found, at most 2 entries wanted"],
    [{ address: "nowhere" }, 'address: "nowhere" found, an address such as https://host wanted'],
    [{ own: "y" }, "own: an x wanted"],
    [{ either: "y" }, "either: a number or x wanted"],
    [{ either: [] }, "either: a list found, a number or a text wanted"],
    [{ texts: "z" }, "texts: x or y wanted"],
    [{ map: "a" }, 'map: "a" found, a map of fields wanted'],
    [{ mapp: 1 }, ': there is no field "mapp"'],
  ])("%j: %s", (value, said) => {
    expect(words(value)).toBe(said);
  });
});
