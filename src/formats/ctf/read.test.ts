import { existsSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { REAL_DATA } from "../../../test/real-data.js";
import { isEmporiumError } from "../../core/errors.js";
import { type CtfTableFormat, ctfFormat, parseCtf } from "./read.js";

const refusal = (text: string, format: CtfTableFormat) => {
  try {
    parseCtf(text, format, "TS_1.txt");
  } catch (error) {
    if (isEmporiumError(error)) return { code: error.code, line: error.facts.place?.line };
  }
  return undefined;
};

const row = (
  section: number,
  d1: number,
  d2: number,
  azimuth: number,
  phase: number,
  cc: number | null,
  res: number | null,
  line: number,
) => ({
  section,
  defocus1Angstrom: d1,
  defocus2Angstrom: d2,
  azimuthDegrees: azimuth,
  phaseShiftRadians: phase,
  crossCorrelation: cc,
  maxResolutionAngstrom: res,
  line,
});

describe("ctfFormat", () => {
  it.each([
    ["CTFFIND", "ctffind"],
    ["ctffind", "ctffind"],
    ["Gctf", "gctf"],
    ["GCTF", "gctf"],
    ["imod", "imod"],
    ["RELION", "relion"],
    ["Warp", "warp"],
    ["unknown", undefined],
    ["", undefined],
  ])("%j means %s", (name, format) => {
    expect(ctfFormat(name)).toBe(format);
  });
});

describe("CTFFIND tables", () => {
  it("are read with one header line, whatever it holds", () => {
    const rows = "1 25120.5 24980.1 42.5 0.0 0.11 9.8\n2 25010.0 24890.0 41.0 0.0 0.15 7.2\n";
    const wanted = [row(1, 25120.5, 24980.1, 42.5, 0, 0.11, 9.8, 2), row(2, 25010, 24890, 41, 0, 0.15, 7.2, 3)];
    expect(parseCtf(`# header\n${rows}`, "ctffind", "x.txt")).toEqual(wanted);
    expect(parseCtf(`section defocus1 defocus2\n${rows}`, "ctffind", "x.txt")).toEqual(wanted);
  });

  it("lose no row where there is no header", () => {
    expect(parseCtf("1 2 3 4 5 6 7", "ctffind", "x.txt")).toEqual([row(1, 2, 3, 4, 5, 6, 7, 1)]);
  });

  it("are read as CTFFIND 4 writes them: several comment lines, sections as decimals, no fit as inf", () => {
    const text = [
      "# Output from CTFFind version 4.1.14, run on 2021-01-01 00:00:00",
      "# Input file: stack.mrc ; Number of micrographs: 2",
      "# Pixel size: 1.350 Angstroms ; acceleration voltage: 300.0 keV",
      "# Box size: 512 pixels ; min. res.: 30.0 Angstroms",
      "# Columns: #1 - micrograph number; #2 - defocus 1 [Angstroms]; …",
      "1.000000 21015.250000 20480.125000 -31.500000 0.000000 0.087500 4.250000",
      "2.000000 21100.000000 20500.000000 -30.000000 1.570796 -0.010000 inf",
      "",
    ].join("\r\n");
    expect(parseCtf(text, "ctffind", "x.txt")).toEqual([
      row(1, 21015.25, 20480.125, -31.5, 0, 0.0875, 4.25, 6),
      row(2, 21100, 20500, -30, 1.570796, -0.01, null, 7),
    ]);
  });

  it.each([
    ["# h\n1 2 3 4 5 6\n", 2],
    ["# h\n1.5 2 3 4 5 6 7\n", 2],
    ["# h\n1 2 3 4 5 6 7\n2 nan 3 4 5 6 7\n", 3],
    ["header\nanother\n", 2],
  ])("are refused as %j, with the line", (text, line) => {
    expect(refusal(text, "ctffind")).toEqual({ code: "FORMAT_FIELD", line });
  });

  it("of nothing but comments are empty", () => {
    expect(["", "\n\n", "# header\n", "header only\n"].map((text) => parseCtf(text, "ctffind", "x.txt"))).toEqual([
      [],
      [],
      [],
      [],
    ]);
  });
});

describe("Gctf tables", () => {
  it("have seven columns, or six without phase shift; the section is rounded, to even on a tie", () => {
    const text = "# a\n; b\n% c\n\n1 20000 19000 45 0.5 0.1 5\n2.4 20000 19000 45 0.1 5\n3.5 1 2 3 4 5\n";
    expect(parseCtf(text, "gctf", "x.txt")).toEqual([
      row(1, 20000, 19000, 45, 0.5, 0.1, 5, 5),
      row(2, 20000, 19000, 45, 0, 0.1, 5, 6),
      row(4, 1, 2, 3, 0, 4, 5, 7),
    ]);
  });

  it.each(["1 2 3 4 5\n", "1 2 3 4 5 6 7 8\n", "header line of six words here\n"])("are refused as %j", (text) => {
    expect(refusal(text, "gctf")).toEqual({ code: "FORMAT_FIELD", line: 1 });
  });
});

describe("IMOD defocus files", () => {
  it("without header hold one defocus in nm; the first row may end with a version", () => {
    expect(parseCtf("1 1 -60.0 -60.0 7589 2\n2 2 -57.0 -57.0 7600.5\n", "imod", "x.defocus")).toEqual([
      row(1, 75890, 75890, 0, 0, 0, 0, 1),
      row(2, 76005, 76005, 0, 0, 0, 0, 2),
    ]);
  });

  it("with astigmatism hold two and the azimuth; rows at tilt 0 stay, the header does not", () => {
    expect(parseCtf("1 0 0. 0. 0 3\n1 1 0.0 0.0 3665 3472 -62.10\n", "imod", "x.defocus")).toEqual([
      row(1, 36650, 34720, -62.1, 0, 0, 0, 2),
    ]);
  });

  it.each([
    ["degrees", 5, "1 1 0 0 3665 3472 -62.1 90", -62.1, Math.PI / 2],
    ["degrees, with a cut-on frequency", 37, "1 1 0 0 3665 3472 -62.1 180 0.02", -62.1, Math.PI],
    ["radians", 15, "1 1 0 0 3665 3472 1.5707963267948966 3.141592653589793", 90, Math.PI],
    ["degrees, without astigmatism", 4, "1 1 0 0 3665 90", 0, Math.PI / 2],
    ["degrees, tilts inverted", 21, "1 1 0 0 3665 3472 -62.1 90", -62.1, Math.PI / 2],
  ])("give phase shifts in radians and azimuths in degrees: %s", (_, flag, text, azimuth, phase) => {
    const [entry] = parseCtf(`${flag} 0 0. 0. 0. 3\n${text}\n`, "imod", "x.defocus");
    expect([entry?.azimuthDegrees, entry?.phaseShiftRadians]).toEqual([azimuth, phase]);
  });

  it.each([
    ["astigmatism without its header", "1 1 0.0 0.0 3665 3472 -62.10\n2 2 3.0 3.0 3665 3472 -62.10\n", 1],
    ["a row cut short", "1 0 0. 0. 0 3\n1 1 0.0 0.0 3665 3472 -62.10\n2 2 3.0 3.0 3665\n", 3],
    ["views from 0", "0 0 -3.0 -3.0 3665\n1 1 0.0 0.0 3665\n", 1],
    ["a word", "1 1 0.0 0.0 high\n", 1],
  ])("are refused with %s", (_, text, line) => {
    expect(refusal(text, "imod")).toEqual({ code: "FORMAT_FIELD", line });
  });

  it("that are blank give no entries", () => {
    expect(["", " \n\n"].map((text) => parseCtf(text, "imod", "x.defocus"))).toEqual([[], []]);
  });
});

describe("the real table", () => {
  const data = REAL_DATA;
  const path = "ctf/TS_run1_ctffind4.txt";
  it.skipIf(!existsSync(new URL("expected.json", data)))("has the facts of the inventory", () => {
    const expected = JSON.parse(readFileSync(new URL("expected.json", data), "utf8")) as Record<
      string,
      { facts: { data_rows: number; first: number[]; last: number[] } }
    >;
    const { facts } = expected[path]!;
    const entries = parseCtf(readFileSync(new URL(path, data)), "ctffind", path);
    const columns = entries.map((entry) => Object.values(entry).slice(0, 7));
    expect([entries.length, columns[0], columns.at(-1)]).toEqual([
      facts.data_rows,
      facts.first.slice(0, 7),
      facts.last.slice(0, 7),
    ]);
  });
});
