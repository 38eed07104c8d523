import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { type Mdoc, type MdocSection, parseMdoc } from "./read.js";

const fixtures = new URL("../../../test/fixtures/mdoc/", import.meta.url);
const golden = JSON.parse(readFileSync(new URL("../../../test/golden/mdoc/facts.json", import.meta.url), "utf8")) as {
  files: Record<string, { unknownHeader: Record<string, string>; sections: { unknown: Record<string, string> }[] }>;
};

function sectionInGoldenWords(section: MdocSection, unknown: readonly string[]) {
  return {
    kind: section.kind,
    numbers: {
      ZValue: section.zValue ?? null,
      TiltAngle: section.tiltAngleDegrees ?? null,
      ExposureTime: section.exposureTimeSeconds ?? null,
      ExposureDose: section.exposureDose ?? null,
      PixelSpacing: section.pixelSpacingAngstrom ?? null,
      RotationAngle: section.rotationAngleDegrees ?? null,
      NumSubFrames: section.numSubFrames ?? null,
    },
    subFrameName: section.subFrameName ?? null,
    dateTime: section.dateTime ?? null,
    unknown: textsOf(section.fields, unknown),
  };
}

function textsOf(fields: Mdoc["header"], keys: readonly string[]) {
  return Object.fromEntries(keys.map((key) => [key, fields.get(key)?.text]));
}

describe("fixtures that mdocfile reads", () => {
  for (const file of readdirSync(fixtures)) {
    it(`${file}: titles, fields and numbers are mdocfile's`, () => {
      const mdoc = parseMdoc(readFileSync(new URL(file, fixtures)), file);
      const want = golden.files[file]!;
      const spacing = mdoc.header.get("PixelSpacing")?.text;
      expect({
        titles: mdoc.titles,
        pixelSpacing: spacing === undefined ? null : Number(spacing),
        unknownHeader: textsOf(mdoc.header, Object.keys(want.unknownHeader)),
        sections: mdoc.sections.map((section, at) =>
          sectionInGoldenWords(section, Object.keys(want.sections[at]?.unknown ?? {})),
        ),
      }).toEqual(want);
    });
  }
});
