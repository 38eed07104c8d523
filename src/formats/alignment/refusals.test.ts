import { describe, expect, it } from "vitest";
import { inMemory } from "../../core/bytes.js";
import { isEmporiumError } from "../../core/errors.js";
import { parseEdf } from "./edf.js";
import { readRelionTiltSeries } from "./relion.js";
import { parseWarpXml } from "./warp.js";
import { parseXml } from "./xml.js";

async function refusal(act: () => unknown): Promise<[code: string, line: number | undefined] | undefined> {
  try {
    await act();
  } catch (error) {
    if (isEmporiumError(error)) return [error.code, error.facts.place?.line];
    throw error;
  }
  return undefined;
}

const bytes = (text: string) => new TextEncoder().encode(text);

describe("XML", () => {
  it("has elements, attributes and text; the entities that XML itself defines are read", () => {
    const root = parseXml(
      '<?xml version="1.0"?>\n<a x="1 &lt; 2">\n <b> p &amp; &#65;&#x42; &other; </b><b/><![CDATA[<c>]]></a>',
      "x.xml",
    );
    expect([root.name, root.attributes.get("x"), root.children.map(({ text }) => text), root.text]).toEqual([
      "a",
      "1 < 2",
      ["p & AB &other;", ""],
      "<c>",
    ]);
  });

  it.each([
    ["nothing", "", "FORMAT_FIELD"],
    ["no XML", "plain text", "FORMAT_FIELD"],
    ["an element that is not closed", "<a>\n<b></a>", "FORMAT_FIELD"],
    ["two roots", "<a/><b/>", "FORMAT_FIELD"],
    ["a document type", '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', "FORMAT_FIELD"],
    ["a document type in small letters", "<!doctype html><a/>", "FORMAT_FIELD"],
    ["a name that JavaScript gives a meaning", "<a><constructor/></a>", "FORMAT_FIELD"],
    ["257 levels", `${"<a>".repeat(257)}${"</a>".repeat(257)}`, "FORMAT_LIMIT"],
  ])("with %s is refused", async (_, text, code) => {
    expect((await refusal(() => parseXml(text, "x.xml")))?.[0]).toBe(code);
  });

  it("of 250 levels is read, and of more than 64 MiB refused", async () => {
    expect(parseXml(`${"<a>".repeat(250)}${"</a>".repeat(250)}`, "x.xml").name).toBe("a");
    expect(await refusal(() => parseXml(new Uint8Array(2 ** 26 + 1), "x.xml"))).toEqual(["FORMAT_LIMIT", undefined]);
  });

  it("names the line of a fault", async () => {
    expect(await refusal(() => parseXml("<a>\n\n<b></a>", "x.xml"))).toEqual(["FORMAT_FIELD", 3]);
    expect(await refusal(() => parseXml("<a>\n<!ENTITY x>\n</a>", "x.xml"))).toEqual(["FORMAT_FIELD", 2]);
  });
});

describe("a tilt series of Warp", () => {
  const series = (inside: string) => `<TiltSeries><Angles>1\n2</Angles>${inside}</TiltSeries>`;
  it.each([
    ["without angles", "<TiltSeries><AxisAngle>1</AxisAngle></TiltSeries>"],
    ["without axes", series("")],
    ["with lists of different lengths", series("<AxisAngle>1\n2\n3</AxisAngle>")],
    ["with a word for a number", series("<AxisAngle>1\nx</AxisAngle>")],
    ["with a word for True", series("<AxisAngle>1\n2</AxisAngle><UseTilt>True\nmaybe</UseTilt>")],
    ["with a grid of no size", series('<AxisAngle>1\n2</AxisAngle><GridCTF Width="0"></GridCTF>')],
    ["with a node of no value", series('<AxisAngle>1\n2</AxisAngle><GridCTF Width="1"><Node X="0"/></GridCTF>')],
  ])("%s is refused", async (_, text) => {
    expect((await refusal(() => parseWarpXml(text, "x.xml")))?.[0]).toBe("FORMAT_FIELD");
  });

  it("takes what is left out as 0 and as used", () => {
    const { tilts, pixelSizeAngstrom } = parseWarpXml(series("<AxisAngle>1\n2</AxisAngle>"), "x.xml");
    expect(tilts[1]).toEqual({
      tiltAngleDegrees: 2,
      axisAngleDegrees: 2,
      axisOffsetAngstrom: [0, 0],
      use: true,
      dose: undefined,
      moviePath: undefined,
    });
    expect(pixelSizeAngstrom).toBeUndefined();
  });
});

describe("an alignment of RELION", () => {
  const table = (name: string, columns: string[], ...rows: string[]) =>
    `data_${name}\n\nloop_\n${columns.map((column) => `_${column}\n`).join("")}${rows.join("\n")}\n\n`;
  const ANGLES = ["rlnTomoYTilt", "rlnTomoZRot", "rlnTomoXShiftAngst", "rlnTomoYShiftAngst"];
  const MATRIX = ["rlnTomoProjX", "rlnTomoProjY", "rlnTomoProjZ", "rlnTomoProjW"];
  const GLOBAL = ["rlnTomoName", "rlnTomoTiltSeriesPixelSize", "rlnTomoSizeX", "rlnTomoSizeY", "rlnTomoSizeZ"];
  const global = table("global", GLOBAL, "a 2 10 10 10");
  const read = (text: string, tomoName?: string, imagePixels: [number, number] | undefined = [10, 10]) =>
    readRelionTiltSeries([inMemory(bytes(text), "t.star")], { tomoName, imagePixels });
  const unit = "[1,0,0,0] [0,1,0,0] [0,0,1,0] [0,0,0,1]";

  it.each([
    ["before it is aligned", table("a", ["rlnTomoNominalStageTiltAngle"], "3"), undefined],
    ["of several tomograms, none of which is named", table("a", ANGLES, "1 2 3 4") + table("b", ANGLES, "1 2 3 4"), 10],
    ["with a word for a number", table("a", ANGLES, "1 2 x 4"), 8],
    ["with a value that is not there", table("a", ANGLES, "1 2 <NA> 4"), 8],
    ["with a matrix that is none", global + table("a", MATRIX, "[1,0,0] [0,1,0,0] [0,0,1,0] [0,0,0,1]"), 18],
    ["with a matrix that stretches", global + table("a", MATRIX, "[2,0,0,0] [0,1,0,0] [0,0,1,0] [0,0,0,1]"), 18],
    ["with a matrix that mirrors", global + table("a", MATRIX, "[1,0,0,0] [0,1,0,0] [0,0,-1,0] [0,0,0,1]"), 18],
    ["with matrices, and no size of the tomogram", table("a", MATRIX, unit), 8],
  ])("%s is refused", async (_, text, line) => {
    expect(await refusal(() => read(text))).toEqual(["FORMAT_FIELD", line]);
  });

  it("with matrices needs the size of the images as well", async () => {
    const text = global + table("a", MATRIX, unit);
    expect(await refusal(() => readRelionTiltSeries([inMemory(bytes(text), "t.star")]))).toEqual(["FORMAT_FIELD", 18]);
    const { tilts } = await read(text);
    expect(tilts[0]).toMatchObject({ xTiltDegrees: 0, zRotDegrees: 0, shiftAngstrom: [0, 0] });
  });

  it("of several tomograms is that of the name, and its pixel size as well", async () => {
    const both =
      table("global", GLOBAL, "a 2 1 1 1", "b 3 1 1 1") + table("a", ANGLES, "1 2 3 4") + table("b", ANGLES, "5 6 7 8");
    const { pixelSizeAngstrom, tilts, tomoName } = await read(both, "b");
    expect([tomoName, pixelSizeAngstrom, tilts[0]!.yTiltDegrees]).toEqual(["b", 3, 5]);
  });

  it("takes the only row of data_global, whatever tomogram it names", async () => {
    const text = table("global", GLOBAL, "another 2.5 1 1 1") + table("a", ANGLES, "1 2 3 4");
    expect((await read(text, "a")).pixelSizeAngstrom).toBe(2.5);
  });

  it("seam 48: with matrices that turn and have no translation, as WarpTools writes them, is refused", async () => {
    const turned = "[0.06,0.998198,0,0] [-0.998198,0.06,0,0] [0,0,1,0] [0,0,0,1]";
    const text = (row: string) => table("global", GLOBAL, "a 2 40 60 10") + table("a", MATRIX, row, unit);
    const thrown = await read(text(turned)).catch((error: unknown) => error);
    expect(isEmporiumError(thrown) ? [thrown.code, thrown.message, thrown.facts.hint] : thrown).toEqual([
      "FORMAT_FIELD",
      "t.star: the matrices of data_a have no translation, those of an alignment have one in line 11",
      expect.stringContaining("format: WARP"),
    ]);
    // one that moves is an alignment
    const { tilts } = await read(text("[1,0,0,-15] [0,1,0,-25] [0,0,1,0] [0,0,0,1]"));
    expect(tilts[0]!.shiftAngstrom).toEqual([0, 0]);
  });

  it("seam 49: of several tomograms is that called after the .tomostar of the run", async () => {
    const both =
      table("global", GLOBAL, "TS_1.tomostar 2 1 1 1", "TS_17.tomostar 3 1 1 1") +
      table("TS_1.tomostar", ANGLES, "1 2 3 4") +
      table("TS_17.tomostar", ANGLES, "5 6 7 8");
    for (const name of ["TS_17", "TS_17.tomostar", "warp/TS_17"]) {
      const { pixelSizeAngstrom, tilts, tomoName } = await read(both, name);
      expect([tomoName, pixelSizeAngstrom, tilts[0]!.yTiltDegrees]).toEqual(["TS_17.tomostar", 3, 5]);
    }
    // an exact name comes first, and part of a name is none
    const exact = both + table("TS_17", ANGLES, "9 6 7 8");
    expect((await read(exact, "TS_17")).tilts[0]!.yTiltDegrees).toBe(9);
    expect(await refusal(() => read(both, "TS_7"))).toEqual(["FORMAT_FIELD", expect.any(Number)]);
  });

  it("at ±90° about y is read with a rotation about z alone, as RELION does", async () => {
    for (const [row, y] of [
      ["[0,0,1,0] [0,1,0,0] [-1,0,0,0] [0,0,0,1]", 90],
      ["[0,0,-1,10] [0,1,0,0] [1,0,0,0] [0,0,0,1]", -90],
    ] as const) {
      const { tilts } = await read(global + table("a", MATRIX, row));
      expect(tilts[0]!.xTiltDegrees).toBe(0);
      expect(tilts[0]!.yTiltDegrees).toBeCloseTo(y, 12);
      expect(tilts[0]!.zRotDegrees).toBeCloseTo(0, 12);
    }
  });
});

describe("Etomo's data file", () => {
  it("seam 50: of revisions before 1.6 says one rotation for both axes", () => {
    const text = "#x\nSetup.RevisionNumber=1.4\nSetup.ImageRotation=-12.5\nSetup.AxisType=";
    expect(parseEdf(`${text}Dual Axis\n`, "x.edf").tiltAxisDegrees).toEqual({ a: -12.5, b: -12.5 });
    expect(parseEdf(`${text}Single Axis\n`, "x.edf").tiltAxisDegrees).toEqual({ a: -12.5, b: undefined });
    expect(parseEdf(`${text}Dual Axis\nSetup.ImageRotationA=3\n`, "x.edf").tiltAxisDegrees).toEqual({ a: 3, b: -12.5 });
  });

  it("names the dataset, its axes and what was to be left out", () => {
    const text =
      "#Wed May 07 21:10:58 CEST 2025\r\nSetup.DatasetName=pos_1\r\nSetup.AxisType=Dual Axis\r\nSetup.PixelSize=0.2\r\nSetup.ImageRotationA=83.9\r\nSetup.ImageRotationB=\r\nSetup.RawImageStackExt=st\r\nSetup.AxisB.ExcludeProjections=9,2-3\r\nSetup.X=a\\=b\r\n";
    expect(parseEdf(text, "x.edf")).toEqual({
      name: "x.edf",
      datasetName: "pos_1",
      isDualAxis: true,
      stackExtension: "st",
      pixelSizeAngstrom: 2,
      fiducialDiameterNanometre: undefined,
      tiltAxisDegrees: { a: 83.9, b: undefined },
      excluded: { a: [], b: [2, 3, 9] },
    });
  });

  it("with a list that is none is refused, with its line", async () => {
    expect(await refusal(() => parseEdf("A=1\nSetup.AxisA.ExcludeProjections=x\n", "x.edf"))).toEqual(["FORMAT_FIELD", 2]);
  });
});
