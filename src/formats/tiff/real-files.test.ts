import { existsSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { REAL_DATA } from "../../../test/real-data.js";
import { inMemory } from "../../core/bytes.js";
import { readTiffHeader } from "./header.js";

const data = REAL_DATA;
const present = existsSync(new URL("expected.json", data));

/** What tifffile 2023.2.3 found, from `expected.json`. */
interface Facts {
  tool: string;
  byteorder: string;
  bigtiff: boolean;
  pages: number;
  compression: string;
  photometric: string;
  page0_shape: number[];
  page0_dtype: string;
  samplesperpixel: number;
  tiled: boolean;
  page_shapes: string[];
}

const listed: [string, Facts][] = present
  ? Object.entries(JSON.parse(readFileSync(new URL("expected.json", data), "utf8")) as Record<string, { facts?: Facts }>).flatMap(
      ([path, { facts }]) => (facts?.page0_shape === undefined ? [] : [[path, facts] as [string, Facts]]),
    )
  : [];

describe("real TIFF files", () => {
  it.skipIf(!present)("are there to be read", () => {
    expect(listed.length).toBeGreaterThan(20);
  });
  for (const [path, facts] of listed) {
    it(`${path} has the facts of the inventory`, async () => {
      const bytes = readFileSync(new URL(path.split("/").map(encodeURIComponent).join("/"), data));
      const header = await readTiffHeader(inMemory(bytes, path));
      const { first } = header;
      const samples = first.samplesPerPixel > 1 ? [first.samplesPerPixel] : [];
      expect({
        byteorder: header.littleEndian ? "<" : ">",
        bigtiff: header.bigTiff,
        pages: header.pages,
        compression: String(first.compression),
        photometric: String(first.photometric),
        page0_shape: [first.height, first.width, ...samples],
        page0_dtype: first.dtype,
        samplesperpixel: first.samplesPerPixel,
        tiled: first.tile !== undefined,
      }).toEqual({
        byteorder: facts.byteorder,
        bigtiff: facts.bigtiff,
        pages: facts.pages,
        compression: facts.compression,
        photometric: facts.photometric,
        page0_shape: facts.page0_shape,
        page0_dtype: facts.page0_dtype,
        samplesperpixel: facts.samplesperpixel,
        tiled: facts.tiled,
      });
      expect(header.uniform).toBe(facts.page_shapes.length === 1);
      expect(header.shape).toEqual([facts.pages, first.height, first.width]);
    });
  }
});
