import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { urlSafe } from "../../examples/portals/neuroglancer.mjs";
import { type JsonObject, printJson } from "../core/json.js";
import { parseState, stateLinks } from "./neuroglancer-state.js";

const parse = (text: string) => parseState(text, "https://x.test/#!");

describe("parseState", () => {
  it.each([
    ['{"a":1}', { a: 1 }],
    ['+{"a":1}', { a: 1 }],
    ["{'a':1_'b':[1_2&3,4]}", { a: 1, b: [1, 2, 3, 4] }],
    [`{'say':'it\\'s "so"'}`, { say: `it's "so"` }],
    [`{"a_b":'c_d&e'_"f":"g'h"}`, { a_b: "c_d&e", f: "g'h" }],
    [`{'line':'a\\nb\\\\c\\u00b5'}`, { line: "a\nb\\c\u00b5" }],
    [`{'empty':''_"too":""}`, { empty: "", too: "" }],
    [`{'a':true_'b':null_'c':-1.5e-9}`, { a: true, b: null, c: -1.5e-9 }],
    [
      `{'shader':'#uicontrol vec3 c color(default=\\"red\\")\\nvoid main() { emitRGB(c_1); } // it\\'s'}`,
      { shader: `#uicontrol vec3 c color(default="red")\nvoid main() { emitRGB(c_1); } // it's` },
    ],
  ])("%s", (text, state) => {
    expect(JSON.parse(printJson(parse(text)))).toEqual(state);
  });

  it.each([
    "",
    "+",
    "[]",
    "'a'",
    "1",
    "null",
    "{",
    "{'a'}",
    "{'a':1__'b':2}",
    "{'a':'b}",
    `{'a':"b'}`,
    "{'a':'\n'}",
    "https://x.test/",
    "{a:1}",
    `${"[".repeat(10_000)}`,
  ])("PORTAL_REPLY for %.30j", (text) => {
    expect(() => parse(text)).toThrow(expect.objectContaining({ code: "PORTAL_REPLY" }));
  });

  it("reads back whatever is written in the form without percent signs", () => {
    const value = fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 3 }));
    fc.assert(
      fc.property(value, (state) => {
        const text = decodeURIComponent(urlSafe(JSON.parse(JSON.stringify(state))));
        expect(JSON.parse(printJson(parse(text)))).toEqual(JSON.parse(JSON.stringify(state)));
      }),
    );
  });
});

describe("stateLinks", () => {
  it.each<[JsonObject, string[]]>([
    [{ layers: [{ source: "precomputed://gs://b/p" }] }, ["precomputed://gs://b/p"]],
    [{ layers: [{ source: { url: "gs://b/p|zarr3:" } }] }, ["gs://b/p|zarr3:"]],
    [{ layers: [{ source: ["n5://s3://b/p", { url: "zarr://https://h/p" }] }] }, ["n5://s3://b/p", "zarr://https://h/p"]],
    [{ layers: [{ source: "a" }, { source: "b" }, { source: "a" }] }, ["a", "b"]],
    [{ layers: { old: { type: "image", source: "x" } } }, ["x"]],
    [{ layers: [{ source: "local://annotations" }, { source: "" }, { source: 5 }, {}, null, "text"] }, []],
    [{ layers: "none" }, []],
    [{}, []],
  ])("%j", (state, links) => {
    expect(stateLinks(state)).toEqual(links);
  });
});
