import { existsSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { REAL_DATA } from "../../../test/real-data.js";
import { inMemory } from "../../core/bytes.js";
import { isEmporiumError } from "../../core/errors.js";
import { parseCtf } from "./read.js";
import { readRelionCtf } from "./relion.js";
import { parseWarpCtf } from "./warp.js";

const bytes = (text: string) => new TextEncoder().encode(text);
const table = (name: string, columns: string[], ...rows: string[]) =>
  `data_${name}\n\nloop_\n${columns.map((column) => `_${column}\n`).join("")}${rows.join("\n")}\n\n`;
const DEFOCUS = ["rlnMicrographName", "rlnDefocusU", "rlnDefocusV", "rlnDefocusAngle"];
const read = (text: string, tomoName?: string) => readRelionCtf(inMemory(bytes(text), "t.star"), { tomoName });

async function refusal(act: () => unknown): Promise<[string, number | undefined] | undefined> {
  try {
    await act();
  } catch (error) {
    if (isEmporiumError(error)) return [error.code, error.facts.place?.line];
    throw error;
  }
  return undefined;
}

const { texts } = JSON.parse(readFileSync(new URL("../../../test/golden/alignment/programs.json", import.meta.url), "utf8")) as {
  texts: Record<"relion5Global" | "relion5" | "relion4" | "warp", string>;
};

describe("CTF of RELION", () => {
  it("5: fits of a tilt series with the angles of the stage and the movies' names", async () => {
    const entries = await read(texts.relion5, "TS_01");
    expect(entries).toHaveLength(3);
    expect(entries[1]).toEqual({
      section: 2,
      defocus1Angstrom: 39225.25,
      defocus2Angstrom: 39030.75,
      azimuthDegrees: -15.5,
      phaseShiftRadians: 0,
      crossCorrelation: 0.036367,
      maxResolutionAngstrom: 7.25,
      line: 24,
      tiltAngleDegrees: 0,
      imageName: "TS_01_001_0.0.eer",
    });
  });

  it("4: the table of one tomogram among several; what has no column is 0, a resolution null", async () => {
    const entries = await read(texts.relion4, "TS_02");
    expect(
      entries.map(({ section, defocus1Angstrom, crossCorrelation, maxResolutionAngstrom }) => [
        section,
        defocus1Angstrom,
        crossCorrelation,
        maxResolutionAngstrom,
      ]),
    ).toEqual([1, 2, 3].map((section) => [section, 39224.3, 0, null]));
    expect(await refusal(() => read(texts.relion4, "TS_03"))).toEqual(["FORMAT_FIELD", 37]);
  });

  it("phase shifts are degrees; images of another series, and those without a fit, are left out", async () => {
    const columns = [...DEFOCUS, "rlnPhaseShift"];
    const rows = ["m/TS_1_001.mrc 1 2 3 90", "m/TS_10_001.mrc 4 5 6 0", "m/TS_1_002.mrc 0 0 0 0", "m/TS_1_003.mrc 7 8 9 180"];
    const entries = await read(table("micrographs", columns, ...rows), "TS_1");
    expect(
      entries.map(({ section, defocus1Angstrom, phaseShiftRadians }) => [section, defocus1Angstrom, phaseShiftRadians]),
    ).toEqual([
      [1, 1, Math.PI / 2],
      // the third image of the series: the second has no fit
      [3, 7, Math.PI],
    ]);
    expect((await read(table("micrographs", columns, ...rows))).map(({ section }) => section)).toEqual([1, 2, 4]);
  });

  it.each([
    ["no defocus", table("micrographs", ["rlnMicrographName"], "a"), undefined],
    ["a word for a defocus", table("micrographs", DEFOCUS, "a x 1 1"), 8],
    ["two tables", table("a", DEFOCUS, "a 1 1 1") + table("b", DEFOCUS, "a 1 1 1"), 10],
  ])("with %s is refused", async (_, text, line) => {
    expect(await refusal(() => read(text))).toEqual(["FORMAT_FIELD", line]);
  });

  it("seam 49: of several tomograms gives the table called after the .tomostar of the run", async () => {
    const both = table("TS_1.tomostar", DEFOCUS, "a 1 1 1") + table("TS_17.tomostar", DEFOCUS, "a 2 3 4");
    expect((await read(both, "TS_17"))[0]).toMatchObject({ defocus1Angstrom: 2, defocus2Angstrom: 3, azimuthDegrees: 4 });
  });

  const data = REAL_DATA;
  it.skipIf(!existsSync(new URL("expected.json", data)))("of a real job has the rows of the inventory", async () => {
    const path = "ctf/relion_ctf_estimation_output.star";
    const { facts } = (
      JSON.parse(readFileSync(new URL("expected.json", data), "utf8")) as Record<
        string,
        { facts: { blocks: { name: string; rows: number }[] } }
      >
    )[path]!;
    const entries = await readRelionCtf(inMemory(readFileSync(new URL(path, data)), path), { tomoName: "TS_01" });
    expect(entries.length).toBe(facts.blocks.find(({ name }) => name === "micrographs")!.rows);
    expect(entries[0]).toMatchObject({
      section: 1,
      defocus1Angstrom: 39224.277344,
      defocus2Angstrom: 39029.84375,
      azimuthDegrees: -15.47666,
      phaseShiftRadians: 0,
      crossCorrelation: 0.036367,
      maxResolutionAngstrom: 7.166976,
      imageName: "TS_01_000_0_0.mrc",
    });
  });
});

describe("CTF of Warp", () => {
  it("is one node a tilt, µm and units of π; tilts that are not used have none", () => {
    const entries = parseWarpCtf(texts.warp, "TS_01.xml");
    expect(entries.map(({ section, tiltAngleDegrees, imageName }) => [section, tiltAngleDegrees, imageName])).toEqual([
      [1, -29.87, "TS_01_000_-30.01.eer"],
      [2, 0.21, "TS_01_001_0.0.eer"],
    ]);
    expect(entries[0]!.defocus1Angstrom).toBeCloseTo(39227, 6);
    expect(entries[0]!.defocus2Angstrom).toBeCloseTo(39027, 6);
    expect([entries[1]!.azimuthDegrees, entries[1]!.phaseShiftRadians, entries[1]!.maxResolutionAngstrom]).toEqual([
      -15.5,
      Math.PI / 2,
      null,
    ]);
    // the axis that the azimuth is of comes first, also where its defocus is the smaller one
    expect(entries[1]!.defocus1Angstrom).toBeCloseTo(38900, 6);
  });

  it.each([
    ["without a fit", texts.warp.replace(/<GridCTF Width[\s\S]*?<\/GridCTF>/, "")],
    ["over the image", texts.warp.replace('<GridCTF Width="1"', '<GridCTF Width="2"')],
    [
      "of another number of tilts",
      texts.warp.replace('<GridCTF Width="1" Height="1" Depth="3"', '<GridCTF Width="1" Height="1" Depth="2"'),
    ],
  ])("%s is refused", async (_, text) => {
    expect((await refusal(() => parseWarpCtf(text, "x.xml")))?.[0]).toBe("FORMAT_FIELD");
  });
});

describe("CTFFIND 5", () => {
  it("has more columns than CTFFIND 4, which are passed over", () => {
    const text = `# Output from CTFFind version 5.0.2, run on 2024-01-01 00:00:00
# Input file: a.mrc ; Number of micrographs: 1
# Pixel size: 1.0710 Angstroms ; acceleration voltage: 300.0 keV ; spherical aberration: 2.70 mm ; amplitude contrast: 0.07
# Box size: 512 pixels ; min. res.: 30.0 Angstroms ; max. res.: 5.0 Angstroms ; min. def.: 5000.0 um; max. def. 50000.0 um; num. frames averaged: 1
# Columns: #1 - micrograph number; #2 - defocus 1 [Angstroms]; #3 - defocus 2; #4 - azimuth of astigmatism; #5 - additional phase shift [radians]; #6 - cross correlation; #7 - spacing (in Angstroms) up to which CTF rings were fit successfully; #8 - estimated tilt axis angle; #9 - estimated tilt angle; #10 estimated sample thickness (in Angstroms)
1.000000 22000.500000 21800.250000 45.250000 0.000000 0.150000 5.123000 90.1 3.2 0.0
`;
    expect(parseCtf(text.replaceAll("\n", "\r\n"), "ctffind", "x.txt")).toEqual([
      {
        section: 1,
        defocus1Angstrom: 22000.5,
        defocus2Angstrom: 21800.25,
        azimuthDegrees: 45.25,
        phaseShiftRadians: 0,
        crossCorrelation: 0.15,
        maxResolutionAngstrom: 5.123,
        line: 6,
      },
    ]);
  });
});
