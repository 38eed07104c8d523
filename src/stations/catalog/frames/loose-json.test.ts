import { describe, expect, it } from "vitest";
import { printJsonLine } from "../../../core/json.js";
import { parseLooseJson, storable } from "./loose-json.js";

describe("parseLooseJson", () => {
  it("keeps kinds of numbers, takes NaN outside of texts for null", () => {
    const text = '{"a": NaN, "b": [Infinity, -Infinity, 1.0, 2], "c": "NaN \\" Infinity"}\0\0';
    expect(printJsonLine(parseLooseJson(text)!)).toBe('{"a": null, "b": [null, null, 1.0, 2], "c": "NaN \\" Infinity"}');
  });

  it("leaves out what a database refuses, in keys too", () => {
    expect(parseLooseJson('{"a\\u0000b": "c\\u0000d\\ud800", "__proto__": 1}')).toEqual(
      JSON.parse('{"ab": "cd\ufffd", "__proto__": 1}'),
    );
    expect(storable({ x: Number.NaN, y: "𝄞" })).toEqual({ x: null, y: "𝄞" });
  });

  it("says that other text is none", () => {
    for (const text of ["", "text", "{", '{"a": NaNs}']) expect(parseLooseJson(text)).toBeUndefined();
  });
});
