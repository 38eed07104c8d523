import { describe, expect, it } from "vitest";
import { parseJson } from "../../core/json.js";
import { Float } from "../../core/number.js";
import { deepMerge, metadataText, sameButForTime, stampMetadata } from "./metadata.js";

describe("deepMerge", () => {
  it("keeps places, merges maps, replaces the rest", () => {
    const merged = deepMerge({ b: { x: 1, y: [1, 2] }, a: 1, c: { z: 1 } }, { a: null, b: { y: [3], w: 2 }, d: 4, c: 5 });
    expect(JSON.stringify(merged)).toBe('{"b":{"x":1,"y":[3],"w":2},"a":null,"c":5,"d":4}');
  });

  it("does not take a float for a map", () => {
    expect(deepMerge({ a: new Float(1) }, { a: new Float(2) })).toEqual({ a: new Float(2) });
  });

  it("keeps its hands off prototypes", () => {
    const evil = parseJson('{"__proto__": {"polluted": 1}, "constructor": {"a": 1}}') as Record<string, never>;
    const merged = deepMerge(deepMerge({ a: 1 }, evil), evil);
    expect(Object.keys(merged)).toEqual(["a", "__proto__", "constructor"]);
    expect(({} as { polluted?: number }).polluted).toBeUndefined();
  });
});

describe("metadataText", () => {
  it("ends with the deposition's id, of the kind it was written in", () => {
    expect(metadataText({ a: new Float(1) }, { b: 2 }, 10301)).toBe(
      '{\n    "a": 1.0,\n    "b": 2,\n    "deposition_id": 10301\n}',
    );
    expect(metadataText({}, {}, "10301")).toContain('"10301"');
  });

  it("leaves an id that the configuration gives, unless it is empty", () => {
    expect(metadataText({ deposition_id: 7, a: 1 }, {}, 10301)).toBe('{\n    "deposition_id": 7,\n    "a": 1\n}');
    expect(metadataText({ deposition_id: null, a: 1 }, {}, 10301)).toBe('{\n    "deposition_id": 10301,\n    "a": 1\n}');
  });

  it("refuses what JSON cannot hold", () => {
    expect(() => metadataText({ a: new Float(Number.NaN) }, {}, 1)).toThrow(expect.objectContaining({ code: "METADATA_VALUE" }));
  });
});

describe("time", () => {
  const text = metadataText({ version: new Float(1) }, {}, 1);
  it("is whole seconds at the end, or where the configuration has it", () => {
    expect(stampMetadata(text, 1_790_000_000_999)).toBe(
      '{\n    "version": 1.0,\n    "deposition_id": 1,\n    "last_updated_at": 1790000000\n}',
    );
    expect(Object.keys(parseJson(stampMetadata('{"last_updated_at": 1, "a": 2}', 5000)) as object)).toEqual([
      "last_updated_at",
      "a",
    ]);
  });

  it("does not count in comparisons; order and form do", () => {
    expect(sameButForTime(stampMetadata(text, 1000), text)).toBe(true);
    expect(sameButForTime('{"a": 1, "b": 2}', '{"b": 2, "a": 1}')).toBe(false);
    expect(sameButForTime('{"a": 1.0}', '{"a": 1}')).toBe(false);
    expect(sameButForTime("not json", text)).toBe(false);
  });
});
