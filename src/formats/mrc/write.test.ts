import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { toHex } from "../../core/bytes.js";
import type { DType } from "../../core/dtype.js";
import { isEmporiumError } from "../../core/errors.js";
import { parseMrcHeader } from "./header.js";
import { labelText, type MrcHeaderFields, mrcHeaderBytes } from "./write.js";

/** Headers that mrcfile wrote; the script stands beside them. */
interface Golden {
  dateMs: number;
  extra1Hex: string;
  extra2Hex: string;
  extendedHex: string;
  headers: {
    kind: "tomogram" | "tiltseries";
    shape: [number, number, number];
    dtype: DType;
    voxelSizeAngstrom: number;
    statistics: MrcHeaderFields["statistics"];
    withSource: boolean;
    withExtended: boolean;
    strictlyValid: boolean;
    headerHex: string;
  }[];
}

const golden: Golden = JSON.parse(readFileSync(new URL("../../../test/golden/mrc/headers.json", import.meta.url), "utf8"));
const bytes = (hex: string) => Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
const plain: MrcHeaderFields = {
  kind: "tomogram",
  shape: [3, 5, 7],
  dtype: "float32",
  voxelSizeAngstrom: 13.48,
  statistics: { min: -1, max: 1, mean: 0, rms: 0.5 },
  dateMs: golden.dateMs,
};

describe("mrcHeaderBytes", () => {
  for (const { withSource, withExtended, strictlyValid, headerHex, ...fields } of golden.headers) {
    const { kind, dtype, shape } = fields;
    it(`is mrcfile's, byte by byte: ${kind} ${shape.join("×")} ${dtype}${withExtended ? ", extended header carried over" : ""}`, () => {
      const source = { extra1: bytes(golden.extra1Hex), extra2: bytes(golden.extra2Hex), exttyp: withExtended ? "FEI1" : "" };
      const extendedHeader = bytes(golden.extendedHex);
      const written = mrcHeaderBytes({
        ...fields,
        dateMs: golden.dateMs,
        source: withSource ? source : undefined,
        extendedHeader: withSource ? extendedHeader : undefined,
      });
      expect(strictlyValid).toBe(true);
      expect(toHex(written.subarray(0, 1024))).toBe(headerHex);
      expect(toHex(written.subarray(1024))).toBe(withExtended ? golden.extendedHex : "");
    });
  }

  it("reads back as what was asked for", () => {
    const header = parseMrcHeader(mrcHeaderBytes({ ...plain, voxelSizeAngstrom: [4, 2, 1] }), { name: "own" });
    expect(header.shape).toEqual([3, 5, 7]);
    expect(header.voxelSizeAngstrom).toEqual([4, 2, 1]);
    expect(header.warnings).toEqual([]);
    expect(header.labels).toEqual([`${"Converted by emporium.".padEnd(60)}2026-01-02 03:04:05`]);
  });

  it("refuses what MRC cannot say", () => {
    const code = (fields: Partial<MrcHeaderFields>) => {
      try {
        mrcHeaderBytes({ ...plain, ...fields });
        return "written";
      } catch (error) {
        return isEmporiumError(error) ? error.code : error;
      }
    };
    expect(code({ dtype: "float64" })).toBe("FORMAT_UNSUPPORTED");
    expect(code({ dtype: "uint8" })).toBe("FORMAT_UNSUPPORTED");
    expect(code({ shape: [0, 1, 1] })).toBe("FORMAT_FIELD");
    expect(code({ shape: [1, 1, 2 ** 31] })).toBe("FORMAT_FIELD");
    expect(code({ label: "x".repeat(41) })).toBe("FORMAT_FIELD");
    expect(code({ label: "Ångström" })).toBe("FORMAT_FIELD");
  });

  it("puts the label's date at the end of 79 columns", () => {
    expect(labelText("Converted by emporium.", 0)).toBe(`${"Converted by emporium.".padEnd(60)}1970-01-01 00:00:00`);
  });
});
