import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isEmporiumError } from "../../core/errors.js";
import { fulfils, parseWhere } from "./where.js";

const conditions = (text: string) =>
  parseWhere(text).all.map(({ subject, operator, value }) => [
    subject.of === "column" ? subject.column : [subject.of, ...subject.path],
    operator,
    value,
  ]);

describe("parseWhere", () => {
  it("columns, paths, operators, values", () => {
    expect(
      conditions("nbr_slices>=10 and metadata.Summary.PixelType = GRAY16 AND frame.MicroManagerMetadata.Channel contains DAPI"),
    ).toEqual([
      ["nbr_slices", ">=", 10],
      [["metadata", "Summary", "PixelType"], "=", "GRAY16"],
      [["frame", "MicroManagerMetadata", "Channel"], "contains", "DAPI"],
    ]);
    expect(conditions('metadata."a key"."b.c".d != "two \\"words\\""')).toEqual([
      [["metadata", "a key", "b.c", "d"], "!=", 'two "words"'],
    ]);
    expect(conditions("metadata.z-step_um exists")).toEqual([[["metadata", "z-step_um"], "exists", null]]);
    expect(
      conditions('metadata.a = -1.5e3 and metadata.b = true and metadata.c = null and metadata.d = "1"').map((one) => one[2]),
    ).toEqual([-1500, true, null, "1"]);
    expect(conditions("metadata.and exists and metadata.contains contains x")).toHaveLength(2);
  });

  it.each([
    ["", "expected a condition"],
    ["nbr_slices", "expected an operator"],
    ["nbr_slices >", "expected a value"],
    ["nbr_slices > > 3", "expected a value"],
    ["nbr_slices > 3 or im_width > 3", "expected and with a condition behind it"],
    ["nbr_slices > 3 and", "expected and with a condition behind it"],
    ["metadata = 3", "expected metadata.KEY"],
    ["id = 3", "a column"],
    ["data_set.id = 3", "a column"],
    ['metadata."a = 3', "quoted text"],
    [Array(40).fill("im_width > 1").join(" and "), "conditions"],
  ])("refuses %.40j", (text, message) => {
    expect(() => parseWhere(text)).toThrow(message);
  });

  it("any text gives a filter or one of our errors", () => {
    fc.assert(
      fc.property(
        fc.string({
          unit: fc.constantFrom(...'metadata.x =<>!"\\and contains exists 1'.split("").concat("metadata.", " and ", "frame.")),
          maxLength: 60,
        }),
        (text) => {
          try {
            expect(parseWhere(text).all.length).toBeGreaterThan(0);
          } catch (error) {
            expect(isEmporiumError(error)).toBe(true);
          }
        },
      ),
      { numRuns: 2000 },
    );
  });
});

describe("fulfils", () => {
  const row = { microscope: "Leica", nbr_slices: 12, description: null };
  const metadata = { n: 10, s: "abc", list: [1, "x"], nested: { deep: [{ v: true }] }, nothing: null };
  const holds = (text: string) =>
    fulfils(parseWhere(text), row, metadata, [
      { a: 1, b: 2 },
      { a: 2, b: 1 },
    ]);

  it.each([
    ["microscope contains eic", true],
    ["microscope = leica", false],
    ["nbr_slices > 11 and nbr_slices <= 12", true],
    ["description exists", false],
    ["description != x", false],
    ["metadata.n = 10", true],
    ['metadata.n = "10"', false],
    ["metadata.n > 9", true],
    ["metadata.s > 9", false],
    ["metadata.s < abd", true],
    ["metadata.list contains 1", true],
    ["metadata.list contains y", false],
    ["metadata.list.1 = x", true],
    ["metadata.nested.deep.0.v = true", true],
    ["metadata.nothing = null", true],
    ["metadata.nothing exists", true],
    ["metadata.absent != 3", false],
    ["metadata.constructor exists", false],
    ["frame.a = 1 and frame.b = 2", true],
    ["frame.a = 1 and frame.b = 1", false],
  ])("%s: %s", (text, wanted) => {
    expect(holds(text)).toBe(wanted);
  });
});
