import { describe, expect, it } from "vitest";
import { laboratoryWith, mrcFile } from "../../../../../test/laboratory-kit.js";
import { decisionsOf, recognisedIn } from "../know.js";
import { configurationOf } from "./configuration.js";

const { signal } = new AbortController();
const ANGLES = [-12, -3, 6, 15];
/** Lines as CSaveAlignFile.cpp of AreTomo3 writes them. */
const ALN = `# AreTomo Alignment / Priims bprmMn\n# RawSize = 40 40 4\n# NumPatches = 0\n# AlphaOffset =     0.00\n# BetaOffset =     0.00\n# Thickness = 10\n# SEC     ROT         GMAG       TX          TY      SMEAN     SFIT    SCALE     BASE     TILT\n${ANGLES.map((angle, at) => `${at} -1 1.00000 0.000 0.000 1.00 1.00 1.00 0.00 ${angle + 2}\n`).join("")}`;
const mdoc = (angles: readonly number[]) =>
  `PixelSpacing = 2\nVoltage = 300\n\n${angles.map((angle, at) => `[ZValue = ${at}]\nTiltAngle = ${angle + 0.01}\nExposureDose = 3\n\n`).join("")}`;

async function rawtilts(files: Record<string, string | Uint8Array>) {
  const laboratory = await laboratoryWith({
    "out/TS_1.mrc": mrcFile([4, 40, 40], 2, { kind: "stack" }),
    "out/TS_1.aln": ALN,
    "out/TS_1_TLT.txt": ANGLES.map((angle, at) => `${angle.toFixed(2)} ${at + 1} 3.00\n`).join(""),
    "out/TS_1_Vol.mrc": mrcFile([6, 10, 10], 8),
    "frames/TS_1.mdoc": mdoc(ANGLES),
    ...files,
  });
  const decisions = await decisionsOf(laboratory, await recognisedIn(laboratory, signal), signal);
  const { yaml } = await configurationOf(laboratory, decisions, { sourcePrefix: "", answers: {}, heading: [] });
  return /^rawtilts:\n((?: .*\n)+)/m.exec(yaml)?.[1];
}

describe("recorded angles beside an alignment of AreTomo3", () => {
  it("are the raw tilt angles of the series, without which nothing is published of its images", async () => {
    expect(await rawtilts({})).toContain('list_glob: "out/{run_name}_TLT.txt"');
  });

  it("are not where the acquisition file says others, where the stack has another number of images, or beside a list of raw angles", async () => {
    expect(await rawtilts({ "frames/TS_1.mdoc": mdoc([-10, -1, 8, 17]) })).toBeUndefined();
    expect(await rawtilts({ "out/TS_1_TLT.txt": "-12.00 1 3.00\n15.00 2 3.00\n" })).toBeUndefined();
    const beside = await rawtilts({ "out/TS_1.rawtlt": `${ANGLES.join("\n")}\n` });
    expect(beside).toContain(".rawtlt");
    expect(beside).not.toContain("_TLT.txt");
  });
});
