import { describe, expect, it } from "vitest";
import { applyMutant, chooseMutants, mutantsOf } from "../../scripts/mutants/mutate.mjs";

const shown = (text: string) => mutantsOf("a.ts", text).map((mutant) => `${mutant.operator}: ${mutant.old} → ${mutant.new}`);

describe("mutantsOf", () => {
  it.each<[string, string, string[]]>([
    ["a comparison", "f(a < b)", ["comparison: a < b → a <= b"]],
    ["an equality", "f(a !== b)", ["comparison: a !== b → a === b"]],
    ["and, or", "f((a && b) || c)", ["logical: a && b → a || b", "logical: (a && b) || c → (a && b) && c"]],
    ["a sum and a difference", "f(a + b - c)", ["arithmetic: a + b → a - b", "arithmetic: a + b - c → a + b + c"]],
    ["no sum of texts", "f(a + 'x' + b)", []],
    ["constants", "f([0, 1, 2, true])", ["constant: 0 → 1", "constant: 1 → 0", "constant: true → false"]],
    ["a constant with what is around it", "f(g(0, x))", ["constant: g(0, x) → g(1, x)"]],
    ["every and some", "f(a.every(b))", ["quantifier: a.every(b) → a.some(b)"]],
    ["no other method", "f(a.toString(b))", []],
    ["a negation", "f(!a)", ["negation: !a → a"]],
    ["a condition", "const c = a ? b : d", ["negation: a → !(a)"]],
    ["compared text", "f(a === 'x')", ["comparison: a === 'x' → a !== 'x'", `text: a === 'x' → a === "x~"`]],
    ["no other text", "f('x', `<`, /</) // a < b", []],
    ["no types", "type A = 0 | 1; let a: true; export const b = c as unknown as 1", []],
  ])("%s", (_, text, wanted) => {
    const calls = /^f\(/.test(text) ? 1 : 0;
    expect(shown(text).filter((each) => !each.startsWith("dropped"))).toEqual(wanted);
    expect(shown(text).filter((each) => each.startsWith("dropped"))).toHaveLength(calls);
  });

  it("drops checks, early ends and calls, but no answer at a function's end", () => {
    const text = "function f(a) { if (!a) throw g(); if (a.b) return 2; for (;;) { continue; } h(a); return a; }";
    expect(shown(text).filter((each) => each.startsWith("dropped"))).toEqual([
      "dropped: throw g(); → ;",
      "dropped: return 2; → ;",
      "dropped: continue; → ;",
      "dropped: h(a); → ;",
    ]);
  });

  it("finds the operator behind a comment that holds one, and tells its place", () => {
    const text = "export const a =\n  b /* < */ < c;";
    const [mutant] = mutantsOf("a.ts", text);
    expect(mutant).toMatchObject({ line: 2, column: 13 });
    expect(applyMutant(text, mutant!)).toBe("export const a =\n  b /* < */ <= c;");
  });
});

it("mutates a part of a page, whose text is no code", () => {
  const mutants = mutantsOf("a.tsx", "export const A = ({ b }) => <p>{b.c && <i>1 &lt; 2</i>}</p>;");
  expect(mutants.map(({ old, new: changed }) => `${old} → ${changed}`)).toEqual([
    "b.c && <i>1 &lt; 2</i> → b.c || <i>1 &lt; 2</i>",
  ]);
});

describe("chooseMutants", () => {
  const mutants = mutantsOf("a.ts", Array.from({ length: 40 }, (_, i) => `f(a${i} < b${i});`).join("\n"));

  it("chooses by the seed: the same again, others for another, and the few are among the many", () => {
    const few = chooseMutants(mutants, 5, "1");
    expect(few).toHaveLength(5);
    expect(chooseMutants(mutants, 5, "1")).toEqual(few);
    expect(chooseMutants(mutants, 5, "2")).not.toEqual(few);
    expect(chooseMutants(mutants, 20, "1")).toEqual(expect.arrayContaining(few));
    expect(chooseMutants(mutants, 500, "1")).toHaveLength(80);
  });
});
