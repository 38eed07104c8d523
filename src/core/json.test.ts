import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isEmporiumError } from "./errors.js";
import { type Json, parseJson, printJson, printJsonLine } from "./json.js";
import { Float } from "./number.js";

const golden = JSON.parse(
  readFileSync(new URL("../../test/golden/python-text/python-text.golden.json", import.meta.url), "utf8"),
) as {
  json: [compact: string, indented: string, sorted: string][];
};

const codeOf = (act: () => unknown): unknown => {
  try {
    act();
  } catch (error) {
    return isEmporiumError(error) ? error.code : error;
  }
  return "nothing thrown";
};

describe("printJsonLine", () => {
  it(`prints ${golden.json.length} documents as json.dumps does`, () => {
    for (const [compact] of golden.json) expect(printJsonLine(parseJson(compact))).toBe(compact);
  });
});

describe("printJson", () => {
  it(`prints ${golden.json.length} documents as json.dumps(indent=4) does`, () => {
    for (const [compact, indented] of golden.json) expect(printJson(parseJson(compact))).toBe(indented);
  });

  it("sorts keys by code points, as sort_keys=True does", () => {
    for (const [compact, , sorted] of golden.json) expect(printJson(parseJson(compact), { sortKeys: true })).toBe(sorted);
  });

  it("leaves out undefined members and refuses numbers that JSON cannot hold, naming where they stand", () => {
    expect(printJson({ a: undefined, b: 1 }, { indent: 2 })).toBe('{\n  "b": 1\n}');
    expect(() => printJson({ a: { b: [1, new Float(NaN)] } })).toThrow(/^a\.b\.1 is NaN/);
    expect(codeOf(() => printJson(Infinity))).toBe("METADATA_VALUE");
  });

  it("prints a number with a fraction as a float and a whole one as an integer", () => {
    expect([1, 1.5, new Float(1), -0, 2 ** 60, 1e21].map((value) => printJson(value))).toEqual([
      "1",
      "1.5",
      "1.0",
      "0",
      "1152921504606846976",
      "1000000000000000000000",
    ]);
  });
});

const scalars: fc.Arbitrary<Json> = fc.oneof(
  fc.constant(null),
  fc.boolean(),
  fc.maxSafeInteger().map((n) => n || 0),
  fc.bigInt({ min: 2n ** 53n, max: 2n ** 80n }),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => new Float(value)),
  fc.string({ unit: "binary" }),
);
const documents = fc.letrec<{ any: Json }>((tie) => ({
  any: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    scalars,
    fc.array(tie("any"), { maxLength: 4 }),
    fc.dictionary(fc.string({ unit: "binary" }), tie("any"), { maxKeys: 4, noNullPrototype: true }),
  ),
})).any;

describe("parseJson", () => {
  it("reads back every document that printJson prints, kinds of numbers included", () => {
    fc.assert(
      fc.property(documents, (document) => {
        expect(parseJson(printJson(document))).toEqual(document);
      }),
    );
  });

  it("takes and refuses the same texts as JSON.parse", () => {
    const pieces = fc.constantFrom(...'[]{},:"\\ 0-1.e+', "true", "null", '"a"', '"a":', "01", "1.5", "\n", "\u0000", "nul");
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 8 }), (parts) => {
        const text = parts.join("");
        let value: unknown;
        try {
          value = JSON.parse(text);
        } catch {
          expect(codeOf(() => parseJson(text))).toBe("CONFIG_SYNTAX");
          return;
        }
        expect(JSON.parse(JSON.stringify(parseJson(text)))).toEqual(value === 0 ? 0 : value);
      }),
      { numRuns: 3000 },
    );
  });

  it("keeps numbers of any length exact, or as a float where they are written as one", () => {
    const digits = "9".repeat(700);
    expect(parseJson(digits)).toBe(BigInt(digits));
    expect(parseJson("9007199254740993")).toBe(9007199254740993n);
    expect(parseJson("1e3")).toEqual(new Float(1000));
  });

  it("gives members like those of JSON.parse", () => {
    expect(Object.getOwnPropertyDescriptors(parseJson('{"a": 1, "__proto__": 2}'))).toEqual(
      Object.getOwnPropertyDescriptors(JSON.parse('{"a": 1, "__proto__": 2}')),
    );
  });

  it("makes __proto__ an own property and nobody's prototype", () => {
    const value = parseJson('{"__proto__": {"polluted": true}}') as Record<string, unknown>;
    expect(Object.keys(value)).toEqual(["__proto__"]);
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
  });

  it("says where it stopped and refuses depth without end", () => {
    expect(() => parseJson('{"a": 1,}')).toThrow('JSON: a key expected at line 1, column 9, found "}"');
    expect(() => parseJson("{a: 1}")).toThrow('JSON: a key expected at line 1, column 2, found "a: 1}"');
    expect(parseJson(' { "a" : 1 , "b" : [ 1 , 2 ] , "c" : { } } ')).toEqual({ a: 1, b: [1, 2], c: {} });
    expect(() => parseJson("[\n  1,\n]")).toThrow('JSON: a value expected at line 3, column 1, found "]"');
    expect(() => parseJson("[1 2]")).toThrow("JSON: , or ] expected at line 1, column 4");
    expect(() => parseJson("[1\n")).toThrow("JSON: , or ] expected at line 2, column 1, found the end");
    expect(codeOf(() => parseJson("[".repeat(100_000)))).toBe("CONFIG_SYNTAX");
  });
});
