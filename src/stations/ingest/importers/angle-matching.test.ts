import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseMdoc } from "../../../formats/mdoc/read.js";
import { parseTiltAngles } from "../../../formats/tilt-angles/read.js";
import { matchAngles, matchAnglesAsReference } from "./angle-matching.js";
import { acquisitionOrder } from "./frame-doses.js";

const names = { file: "a.rawtlt", acquisition: "a.mdoc" };
const sectionsOf = (angles: readonly number[]) =>
  acquisitionOrder(parseMdoc(angles.map((angle, z) => `[ZValue = ${z}]\nTiltAngle = ${angle}\n`).join(""), "a.mdoc"), false)
    .sections;
const linesOf = (angles: readonly (number | string)[]) => parseTiltAngles(angles.join("\n"), "a.rawtlt");
const orders = (match: { sections: readonly { acquisitionOrder: number }[] }) =>
  match.sections.map(({ acquisitionOrder: order }) => order);

describe("matching of tilt angles", () => {
  it.each<[string, (number | string)[], number[], number[]]>([
    ["each its own", ["-3.00", "0.00", "3.00"], [0.001, 3.002, -3.003], [2, 0, 1]],
    ["two of one angle in their order", [0, 0, 3], [0, 0, 3], [0, 1, 2]],
    ["the nearest of two that round alike", [0.001, 0.004], [0.0041, 0.0009], [1, 0]],
    ["equal ones before near ones", [1.01, 1.02], [1.02, 1.05], [1, 0]],
    ["signs of zero", ["-0.00"], [0.001], [0]],
  ])("%s", (_what, lines, angles, expected) => {
    expect(orders(matchAngles(linesOf(lines), sectionsOf(angles), names))).toEqual(expected);
  });

  it("an angle that is further away than 0.05°, or whose image is taken, is refused with its line", () => {
    for (const [lines, line] of [
      [[0, 1.06], 2],
      [[0, 0, 1], 2],
    ] as const) {
      expect(() => matchAngles(linesOf(lines), sectionsOf([0, 1]), names)).toThrow(
        expect.objectContaining({ code: "FORMAT_FIELD", facts: expect.objectContaining({ place: { file: "a.rawtlt", line } }) }),
      );
    }
  });

  it("names the angles without an image, and the images without an angle", () => {
    expect(() => matchAngles(linesOf([0, 7, 1, 9]), sectionsOf([0, 1, 8]), names)).toThrow(
      /has the angle 7, 9; unassigned are 8$/,
    );
    expect(() => matchAngles(linesOf([0, 7]), sectionsOf([0]), names)).toThrow(/has the angle 7; unassigned are none$/);
  });

  it("finds every image once, whatever the order of the lines and however they are rounded", () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.integer({ min: -6000, max: 6000 }), { minLength: 1, maxLength: 61 }),
        fc.infiniteStream(fc.double({ min: -0.0049, max: 0.0049, noNaN: true })),
        fc.infiniteStream(fc.nat()),
        (hundredths, noise, keys) => {
          const angles = hundredths.map((value) => value / 100);
          const shuffled = angles.map((angle) => ({ angle, key: keys.next().value })).sort((a, b) => a.key - b.key);
          // the microscope knows more decimals than the file
          const sections = sectionsOf(angles.map((angle) => angle + noise.next().value));
          const { sections: found, approximate } = matchAngles(
            linesOf(shuffled.map(({ angle }) => angle.toFixed(2))),
            sections,
            names,
          );
          expect(found.map(({ acquisitionOrder: order }) => angles[order])).toEqual(shuffled.map(({ angle }) => angle));
          expect(approximate).toBe(0);
        },
      ),
    );
  });

  /** Expected values: `numpy.round(x, 2)` against Python's `round(x, 2)`. */
  it("the reference's way rounds both sides differently and takes the first image", () => {
    expect(orders(matchAnglesAsReference(linesOf([0, 0]), sectionsOf([0, 0]), names))).toEqual([0, 0]);
    expect(() => matchAnglesAsReference(linesOf([-6.015]), sectionsOf([-6.015]), names)).toThrow(/-6\.015/);
    expect(orders(matchAngles(linesOf([-6.015]), sectionsOf([-6.015]), names))).toEqual([0]);
  });
});
