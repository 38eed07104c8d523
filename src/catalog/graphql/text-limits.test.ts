import fc from "fast-check";
import { Kind, Lexer, parse, Source, TokenKind } from "graphql";
import { describe, expect, it } from "vitest";
import { QUERY_LIMITS } from "./limits.js";
import { checkText } from "./text-limits.js";

/** What the library's own lexer finds: all tokens, whatever they are in. */
function lexed(text: string): number {
  const lexer = new Lexer(new Source(text));
  let tokens = 0;
  while (lexer.advance().kind !== TokenKind.EOF) tokens++;
  return tokens;
}

const limits = { ...QUERY_LIMITS, tokens: 1e6, listValues: 1e6, brackets: 1e6 };
const all = (text: string) => {
  const { tokens, listValues } = checkText(text, limits);
  return tokens + listValues;
};

describe("checkText", () => {
  it.each([
    "",
    '{ runs(where: {id: {_eq: -1.5e+3}}) { id } } # a comment } with , "things"\n',
    '{ a(x: "te\\"xt, {", y: """block " \\""" text\n""", z: "\\\\") }',
    "fragment f on Run { ...g, ... on Run @include(if: $x) { _id } }",
    "\uFEFF\t{ a ,,, b }",
  ])("counts %j as the library does", (text) => {
    expect(all(text)).toBe(lexed(text));
  });

  it("does not count values of lists among the tokens, and what stands in objects of lists it does", () => {
    expect(checkText('[1, -2.5, "x", a, $v]', limits)).toEqual({ tokens: 3, listValues: 5 });
    expect(checkText("[{name: asc} {id: desc}]", limits)).toEqual({ tokens: 12, listValues: 0 });
    expect(checkText("[[1,2],[3]]", limits)).toEqual({ tokens: 6, listValues: 3 });
  });

  it("counts any text that the library can read as it does", () => {
    const piece = fc.constantFrom(
      "{",
      "}",
      "(",
      ")",
      "[",
      "]",
      "...",
      "!",
      "$",
      "@",
      ":",
      "=",
      "|",
      "&",
      " ",
      ",",
      "\n",
      "name",
      "_x1",
      "-12",
      "3.5e-7",
      "0",
      '"a, {b} \\" c"',
      '"""x " y\n"""',
      '""',
      "# note { \n",
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 60 }), (pieces) => {
        const text = pieces.join(" ");
        expect(all(text)).toBe(lexed(text));
      }),
      { numRuns: 1000 },
    );
  });

  it("ends at any text", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 200 }), (text) => all(text) <= text.length),
      { numRuns: 1000 },
    );
  });

  it("lets through what the parser takes", () => {
    const text = "query Q($a: [Int!] = [1, 2]) { runs(where: {id: {_in: $a}}) { id } }";
    expect(parse(text).definitions[0]!.kind).toBe(Kind.OPERATION_DEFINITION);
    expect(() => checkText(text, QUERY_LIMITS)).not.toThrow();
  });
});
