import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { Float, floatRepr } from "../../../core/number.js";
import { expandScalar, expandValue, formatTemplate, namesIn, parseFloating, parseInteger, type VariableValue } from "./expand.js";
import type { ConfigNode, ScalarNode } from "./nodes.js";
import { readYaml } from "./read.js";

const golden = JSON.parse(
  readFileSync(new URL("../../../../test/golden/ingest/python.golden.json", import.meta.url), "utf8"),
) as {
  templates: [string, Record<string, VariableValue>, string][];
  numbers: [string, string | null, string | null][];
};
const place = { file: "c.yaml", line: 3, column: 5 };
const format = (template: string, values: Record<string, VariableValue>) =>
  formatTemplate(template, new Map(Object.entries(values)), { place });

describe("formatTemplate", () => {
  it.each(golden.templates)("%s with %j is what Python makes of it", (template, values, expected) => {
    expect(format(template, values)).toBe(expected);
  });

  it.each(["{a.b}", "{a[0]}", "{a!r}", "{}", "{0}", "{ a }"])(
    "%s is an unknown name, with the known ones and the place",
    (template) => {
      expect(() => format(template, { a: "x", run_name: "y" })).toThrow(
        expect.objectContaining({
          code: "CONFIG_VARIABLE",
          message: expect.stringContaining("a, run_name"),
          facts: expect.objectContaining({ place }),
        }),
      );
    },
  );

  it("offers the nearest name", () => {
    expect(() => format("{run_nmae}", { run_name: "y" })).toThrow(
      expect.objectContaining({ facts: expect.objectContaining({ hint: "did you mean {run_name}?" }) }),
    );
  });

  it.each(["{a", "a}", "{a}}", "{{a}"])("the single brace in %s is refused", (template) => {
    expect(() => format(template, { a: "x" })).toThrow(expect.objectContaining({ code: "CONFIG_VARIABLE" }));
  });

  it.each(["{s:d}", "{s:.2f}", "{n:x}", "{n:%}", "{s:.2}"])("the form %s is refused where it does not fit", (template) => {
    expect(() => format(template, { s: "text", n: 3 })).toThrow(expect.objectContaining({ code: "CONFIG_VARIABLE" }));
  });

  it("a name without a value is CONFIG_EMPTY, or Python's None", () => {
    expect(() => format("{a}", { a: null })).toThrow(expect.objectContaining({ code: "CONFIG_EMPTY" }));
    expect(formatTemplate("{a}", new Map([["a", null]]), { nullText: "None" })).toBe("None");
  });

  it("does not look into values", () => {
    expect(format("{a}", { a: "{b}" })).toBe("{b}");
    expect(format("{__proto__}", { ["__proto__"]: "x", toString: "y" } as Record<string, VariableValue>).length).toBeGreaterThan(
      0,
    );
    expect(() => format("{constructor}", {})).toThrow(expect.objectContaining({ code: "CONFIG_VARIABLE" }));
  });

  it("knows its names", () => {
    expect(namesIn("{a}/{{b}}/{c:03d}{d-e}")).toEqual(["a", "c", "d-e"]);
  });
});

describe("numbers", () => {
  it.each(golden.numbers)("%j as Python's int and float", (text, asInteger, asFloat) => {
    expect(parseInteger(text)?.toString() ?? null).toBe(asInteger);
    const float = parseFloating(text);
    expect(float ? floatRepr(float.value) : null).toBe(asFloat);
  });
});

describe("expandValue", () => {
  const node = (text: string): ConfigNode => readYaml(new TextEncoder().encode(text), "c.yaml");
  const row = new Map<string, VariableValue>([
    ["x", "17.976"],
    ["q", "4"],
    ["s", "IMOD"],
    ["bad", "n/a"],
    ["empty", null],
  ]);
  const expand = (text: string, options: { row?: typeof row | undefined; compat?: boolean } = { row }) =>
    expandValue(node(text), { row: options.row, run: "r1", compat: options.compat ?? false });

  it("makes texts and numbers of a run's cells, all the way down", () => {
    expect(expand("{a: 'float {x}', b: 'int {q}', c: '{s}', d: [{e: '{s}'}, '{q}'], f: 1.0, g: null, h: plain}")).toEqual({
      a: new Float(17.976),
      b: 4,
      c: "IMOD",
      d: [{ e: "IMOD" }, "4"],
      f: new Float(1),
      g: null,
      h: "plain",
    });
  });

  it("takes float{x} without a blank for a number too", () => {
    expect(expand("'float{x}'")).toEqual(new Float(17.976));
    expect(expand("'float{x}'", { row, compat: true })).toBe("float17.976");
  });

  it("leaves maps inside lists alone under compat", () => {
    expect(expand("[{e: '{s}'}, '{s}']", { row, compat: true })).toEqual([{ e: "{s}" }, "IMOD"]);
  });

  it("notices a template for a run without a row, and no other braces", () => {
    expect(() => expand("'float {x}'", { row: undefined })).toThrow(
      expect.objectContaining({ code: "CONFIG_VARIABLE", message: expect.stringContaining("r1") }),
    );
    expect(expand("'float {x}'", { row: undefined, compat: true })).toBe("float {x}");
    expect(expand("'a {b} c'", { row: undefined })).toBe("a {b} c");
  });

  it("names the run and the cell that is no number", () => {
    expect(() => expandScalar(node("'int {bad}'") as ScalarNode, { row, run: "r1", compat: false })).toThrow(
      expect.objectContaining({ code: "CONFIG_FIELD", message: expect.stringMatching(/"n\/a" for the run r1/) }),
    );
  });

  it("does not take every word that begins with int for a number", () => {
    expect(expand("'int ernal {s}'")).toBe("int ernal IMOD");
  });
});
