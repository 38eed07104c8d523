import { existsSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { tomogram } from "../../../../examples/archive/model.mjs";
import { REAL_DATA_FOLDER } from "../../../../test/real-data.js";
import { inMemory } from "../../../core/bytes.js";
import { summariseMrc, summaryText } from "./mrc-summary.js";

const data = REAL_DATA_FOLDER;

describe("a header for people", () => {
  it("has IMOD's lines", async () => {
    const bytes = tomogram([32, 24, 12], 10, 1);
    new DataView(bytes.buffer).setInt16(160, 1, true);
    new DataView(bytes.buffer).setFloat32(180, -61.5, true);
    const text = summaryText(await summariseMrc(inMemory(bytes, "full.rec")));
    expect(text.split("\n")).toEqual([
      " RO image file on unit   1 : full.rec     Size=         10 K",
      "",
      " Number of columns, rows, sections ....      32      24      12",
      " Map mode .............................    0   (byte - unsigned in file)",
      " Start cols, rows, sects, grid x,y,z ..     0     0     0    32    24    12",
      " Pixel spacing (Angstroms) ............     10.000     10.000     10.000",
      " Cell angles ..........................   90.000   90.000   90.000",
      " Fast, medium, slow axes ..............    X    Y    Z",
      " Origin on x,y,z ......................       0.0000       0.0000       0.0000",
      " Minimum density ......................         0.0000",
      " Maximum density ......................         255.00",
      " Mean density .........................         127.50",
      " tilt angles (original,current) .......    0.0    0.0  -61.5    0.0    0.0    0.0",
      " Space group,# extra bytes,idtype,lens         0        0        1        0",
      "",
      "     1 Titles :",
      "a miniature archive",
    ]);
  });

  it("refuses what is no MRC file", async () => {
    await expect(summariseMrc(inMemory(new Uint8Array(2000), "x"))).rejects.toMatchObject({
      code: expect.stringMatching(/^FORMAT_/),
    });
    await expect(summariseMrc(inMemory(new Uint8Array(10), "x"))).rejects.toMatchObject({ code: "FORMAT_TRUNCATED" });
  });

  interface Facts {
    shape: number[];
    mode: number;
    mxyz: number[];
    nstart_xyz: number[];
    origin: number[];
    dmin_dmax_dmean_header: number[];
    nsymbt: number;
    ispg: number;
    nlabl: number;
  }
  const expected = existsSync(data)
    ? (JSON.parse(readFileSync(`${data}/expected.json`, "utf8")) as Record<string, { facts: Facts }>)
    : {};
  const files = ["rec3D.rec", "EMD-3197.map", "HAADFscan.mrc", "input_mrc.mrc", "signed_ints.mrc"];
  it.skipIf(!existsSync(data)).each(files)("of %s agrees with mrcfile", async (name) => {
    const { facts } = expected[`mrc/${name}`]!;
    const summary = await summariseMrc(inMemory(readFileSync(`${data}/mrc/${name}`), name));
    expect(summary.columns_rows_sections.filter((_, axis) => axis < facts.shape.length)).toEqual(facts.shape.toReversed());
    expect(summary).toMatchObject({ mode: facts.mode, grid: facts.mxyz, start: facts.nstart_xyz, origin: facts.origin });
    expect(summary).toMatchObject({ space_group: facts.ispg, extra_bytes: facts.nsymbt });
    expect(summary.titles.length).toBe(facts.nlabl);
    for (const [at, value] of [summary.min, summary.max, summary.mean].entries())
      expect(value).toBeCloseTo(facts.dmin_dmax_dmean_header[at]!, 4);
  });
});
