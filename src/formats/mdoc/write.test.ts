import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseMdoc } from "./read.js";
import { formatMdoc, type MdocPair } from "./write.js";

describe("formatMdoc", () => {
  it("lays a file out as SerialEM does", () => {
    const text = formatMdoc({
      header: [
        ["PixelSpacing", "1.960"],
        ["Voltage", 300],
      ],
      titles: ["Tilt axis angle = 84.5, binning = 1"],
      sections: [
        {
          index: 0,
          fields: [
            ["TiltAngle", 0.001],
            ["SubFramePath", "X:\\data\\a.tif"],
          ],
        },
        { kind: "FrameSet", index: 1, fields: [] },
      ],
    });
    expect(text).toBe(
      "PixelSpacing = 1.960\nVoltage = 300\n\n[T = Tilt axis angle = 84.5, binning = 1]\n\n" +
        "[ZValue = 0]\nTiltAngle = 0.001\nSubFramePath = X:\\data\\a.tif\n\n[FrameSet = 1]\n",
    );
  });

  const word = fc.stringMatching(/^[A-Za-z][A-Za-z0-9_]{0,8}$/).filter((key) => !/^(T|__proto__)$/.test(key));
  const value = fc
    .string({ unit: "grapheme", maxLength: 20 })
    .filter((text) => text.trim() === text && !/[\r\n]|^[[\]]|[[\]]$/.test(text));
  // the typed keys want numbers, so these stay away from them
  const pairs = fc.array(
    fc.tuple(
      word.map((key) => `x${key}`),
      value,
    ),
    { maxLength: 5 },
  ) as fc.Arbitrary<MdocPair[]>;
  const sections = fc.array(
    fc.record({
      kind: fc.constantFrom("ZValue" as const, "MontSection" as const, "FrameSet" as const),
      index: fc.nat(),
      fields: pairs,
    }),
    { maxLength: 5 },
  );

  it("is read back by parseMdoc, with either line end", () => {
    fc.assert(
      fc.property(
        pairs,
        fc.array(value, { maxLength: 3 }),
        sections,
        fc.constantFrom("\n" as const, "\r\n" as const),
        (header, titles, drafts, end) => {
          const mdoc = parseMdoc(new TextEncoder().encode(formatMdoc({ header, titles, sections: drafts }, end)), "x.mdoc");
          const texts = (fields: typeof mdoc.header) => new Map([...fields].map(([key, { text }]) => [key, text]));
          expect(texts(mdoc.header)).toEqual(new Map(header));
          expect(mdoc.titles).toEqual(titles);
          expect(mdoc.sections.map(({ kind, fields }) => ({ kind, fields: texts(fields) }))).toEqual(
            drafts.map(({ kind, index, fields }) => ({ kind, fields: new Map([[kind, String(index)], ...fields]) })),
          );
        },
      ),
    );
  });

  it.each<[string, MdocPair]>([
    ["a line break in a value", ["A", "1\n[ZValue = 9]"]],
    ["the sign in a key", ["A=B", 1]],
    ["a bracket at the end of a value", ["A", "x]"]],
    ["a blank at the end of a value", ["A", "x "]],
    ["an empty key", ["", "x"]],
  ])("refuses %s", (_, pair) => {
    const refused = () => formatMdoc({ sections: [{ index: 0, fields: [pair] }] });
    expect(refused).toThrow(expect.objectContaining({ code: "FORMAT_FIELD" }));
  });
});
