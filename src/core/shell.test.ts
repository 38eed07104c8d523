import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { quoteWord, quoteWords } from "./shell.js";

/** Words as a POSIX shell splits a command line that holds bare characters, single quotes and escaped quotes only; anything else is an error. */
function split(line: string): string[] {
  const words: string[] = [];
  const token = /((?:[A-Za-z0-9_@%+=:,./-]|'[^']*'|\\')+)( |$)/y;
  while (token.lastIndex < line.length) {
    const found = token.exec(line);
    if (!found) throw new Error(`unquoted: ${line}`);
    words.push(found[1]!.replace(/'([^']*)'|\\(')/g, "$1$2"));
  }
  return words;
}

describe("quoteWord", () => {
  it("leaves a word bare that no shell reads anything into", () => {
    for (const word of ["aws", "--only-show-errors", "s3://bucket/images/2023-05-10/", "/a/b.c,d+e=f:g@h%i"])
      expect(quoteWord(word)).toBe(word);
  });

  it.each([
    ["", "''"],
    ["a b", "'a b'"],
    ["it's", "'it'\\''s'"],
    ["$(id)", "'$(id)'"],
    ["~", "'~'"],
    ["a\nb", "'a\nb'"],
    ["é", "'é'"],
  ])("%j becomes %s", (word, quoted) => {
    expect(quoteWord(word)).toBe(quoted);
  });

  it("gives back every word, also when a line is a word of another line", () => {
    const unit = fc.oneof(
      fc.constantFrom(..."'\"\\`$ \n\t*?[]{}();&|<>#~!-"),
      fc.constantFrom("a", "é", "日", "😀", "\u202e", "\r", "\u0001"),
    );
    const words = fc.array(fc.string({ unit, maxLength: 8 }), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(words, (words) => {
        expect(split(quoteWords(words))).toEqual(words);
        expect(split(split(quoteWords(["bsub", quoteWords(words)]))[1]!)).toEqual(words);
      }),
      { numRuns: 500 },
    );
  });

  it.each(["a\0b", "\ud800", "x\udc00y"])("refuses %j, which no argument holds", (word) => {
    expect(() => quoteWord(word)).toThrow(expect.objectContaining({ code: "NAME_UNSAFE" }));
  });
});
