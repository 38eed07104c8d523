import fc from "fast-check";
import { expect, it } from "vitest";
import { findJsonPlace } from "./json-place.js";

const textAt = (text: string, pointer: string) => {
  const bytes = new TextEncoder().encode(text);
  const place = findJsonPlace(bytes, pointer);
  return place && new TextDecoder().decode(bytes.subarray(place.offset, place.offset + place.length));
};

it("finds the text of a value: members, elements, names with slashes, quotes and letters of several bytes", () => {
  const text = `{ "a/b": 1.50, "µ \\"~": [ {"x": -0.0e3}, "}" , [] ], "twice": 1, "twice" : 2 }`;
  expect(textAt(text, "/a~1b")).toBe("1.50");
  expect(textAt(text, '/µ "~0/0/x')).toBe("-0.0e3");
  expect(textAt(text, '/µ "~0/1')).toBe('"}"');
  expect(textAt(text, "/twice")).toBe("2");
  expect(textAt(text, "")).toBe(text);
  for (const absent of ["/b", '/µ "~0/3', '/µ "~0/01', "/a~1b/x", "twice", "/toString"]) {
    expect([absent, textAt(text, absent)]).toEqual([absent, undefined]);
  }
});

it("finds what JSON.parse finds, however the document is printed", () => {
  fc.assert(
    fc.property(fc.json(), fc.constantFrom(0, 1, 4), (json, indent) => {
      const document: unknown = JSON.parse(json);
      const text = JSON.stringify(document, null, indent);
      const visit = (value: unknown, pointer: string) => {
        expect(JSON.parse(textAt(text, pointer)!)).toEqual(JSON.parse(JSON.stringify(value)));
        if (typeof value !== "object" || value === null) return;
        for (const [name, child] of Object.entries(value)) {
          visit(child, `${pointer}/${name.replaceAll("~", "~0").replaceAll("/", "~1")}`);
        }
      };
      visit(document, "");
    }),
  );
});

it("of a document that is cut short it finds what is there", () => {
  for (const text of ['{"', '{"a', '{"a\\', '{"a"', '{"a":', '{"a":1,"', "[", '["'])
    expect([text, textAt(text, "/0/x")]).toEqual([text, undefined]);
  expect(textAt('{"a":"b', "/a")).toBe('"b');
});

it("of what is no JSON it finds anything or nothing, and ends", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), fc.constantFrom("", "/a", "/0", "/0/0"), (bytes, pointer) => {
      const place = findJsonPlace(bytes, pointer);
      if (place) expect(place.length).toBeGreaterThan(0);
    }),
  );
});
