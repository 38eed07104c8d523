import { describe, expect, it } from "vitest";
import { isEmporiumError } from "../../core/errors.js";
import { lastPathComponent, mdocNumbers, parseMdoc, tiltAxisAngle } from "./read.js";

const refusal = (text: string) => {
  try {
    parseMdoc(text, "TS_1.mdoc");
  } catch (error) {
    if (isEmporiumError(error)) return { code: error.code, line: error.facts.place?.line, message: error.message };
  }
  return undefined;
};

describe("parseMdoc", () => {
  it("splits the lines of the header at the first sign and skips those without", () => {
    const { header } = parseMdoc("ImageFile = a=b.mrc\nnothing here\n= empty\nPixelSpacing=1.5\n", "x.mdoc");
    expect([...header].map(([key, { text, line }]) => [key, text, line])).toEqual([
      ["ImageFile", "a=b.mrc", 1],
      ["", "empty", 3],
      ["PixelSpacing", "1.5", 4],
    ]);
  });

  it("takes any blanks around the sign of a heading", () => {
    const { sections, titles } = parseMdoc("[T=one]\n[ZValue=4]\n[T = within a section]\n[FrameSet  =  0 ]\n", "x.mdoc");
    expect(sections.map(({ kind, zValue, line }) => [kind, zValue, line])).toEqual([
      ["ZValue", 4, 2],
      ["FrameSet", undefined, 4],
    ]);
    expect(titles).toEqual(["one"]);
    expect(sections[0]?.fields.get("T")?.text).toBe("within a section");
  });

  it("keeps the place of a repeated key and the last value", () => {
    const [section] = parseMdoc("[ZValue = 0]\nA = 1\nB = 2\nA = 3\n", "x.mdoc").sections;
    expect([...section!.fields.keys()]).toEqual(["ZValue", "A", "B"]);
    expect(section!.fields.get("A")).toEqual({ text: "3", line: 4 });
  });

  it.each([
    ["[ZValue = 0]\r\nTiltAngle = three\r\n", 2, 'TiltAngle is "three"'],
    ["[ZValue = one]\nTiltAngle = 3\n", 1, 'ZValue is "one"'],
    ["[ZValue = 1.5]\n", 1, "a whole number"],
    ["[ZValue = nan]\n", 1, "a whole number"],
    ["Voltage = high\n[ZValue = 0]\n", 1, 'Voltage is "high"'],
    ["[ZValue = 0]\nNumSubFrames = 0x10\n", 2, "NumSubFrames"],
    ["[ZValue = 0]\nExposureTime =\n", 2, 'ExposureTime is ""'],
  ])("refuses %j and names the line", (text, line, message) => {
    expect(refusal(text)).toEqual({ code: "FORMAT_FIELD", line, message: expect.stringContaining(message) });
  });

  it.each(["nan", "NaN", "-nan", "inf", "-Infinity", "-nan(ind)", "1.#QNAN"])("takes %s as not given", (text) => {
    const [section] = parseMdoc(`[ZValue = 0]\nExposureDose = ${text}\n`, "x.mdoc").sections;
    expect(section?.exposureDose).toBeUndefined();
    expect(section?.fields.get("ExposureDose")?.text).toBe(text);
  });

  it("reads every line end, and UTF-16 with its mark", () => {
    const texts = ["\n", "\r\n", "\r"].map((end) => ["PixelSpacing = 2", "[ZValue = 0]", "TiltAngle = 1"].join(end));
    const units = Uint16Array.from(`\ufeff${texts[0]}`, (character) => character.charCodeAt(0));
    const utf16 = new Uint8Array(units.buffer);
    const readings = [...texts, utf16].map((content) => parseMdoc(content, "x.mdoc"));
    for (const reading of readings) expect(reading).toEqual(readings[0]);
    expect(readings[0]?.sections[0]?.tiltAngleDegrees).toBe(1);
  });
});

describe("tiltAxisAngle", () => {
  it.each([
    ["Tilt axis angle = 84.7, binning = 1 spot = 6 camera = 0", 84.7],
    ["    Tilt axis angle = -86.7,", -86.7],
    ["SerialEM: Digitized on a microscope", undefined],
    ["Tilt axis angle = unknown", undefined],
  ])("finds it in %j", (title, angle) => {
    expect(tiltAxisAngle(parseMdoc(`[T = ${title}]\n`, "x.mdoc"))).toBe(angle);
  });
});

describe("lastPathComponent", () => {
  // python3.11: pathlib.PureWindowsPath(path).name
  it.each([
    ["X:\\data\\pos_01_000.tif", "pos_01_000.tif"],
    ["/mnt/data/a b.eer", "a b.eer"],
    ["frame.tif", "frame.tif"],
    ["C:frame.tif", "frame.tif"],
    ["C:\\frames\\", "frames"],
    ["C:\\frames\\.", "frames"],
    ["C:\\", undefined],
    ["", undefined],
    ["\\\\server\\share\\x\\y.tif", "y.tif"],
    ["\\\\server\\share", undefined],
    ["..\\y.tif", "y.tif"],
    ["a/..", ".."],
  ])("gives of %j what Windows' rules give", (path, name) => {
    expect(lastPathComponent(path)).toBe(name);
  });
});

describe("mdocNumbers", () => {
  it("gives all numbers, or none when one is a word", () => {
    const [section] = parseMdoc("[ZValue = 0]\nA = 1 -2.5\t3e1\nB = 1 two\nC =\n", "x.mdoc").sections;
    expect(["A", "B", "C", "D"].map((key) => mdocNumbers(section!.fields, key))).toEqual([
      [1, -2.5, 30],
      undefined,
      undefined,
      undefined,
    ]);
  });
});
