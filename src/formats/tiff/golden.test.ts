import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { inMemory } from "../../core/bytes.js";
import { readTiffHeader } from "./header.js";

const fixtures = new URL("../../../test/fixtures/tiff/", import.meta.url);

interface Golden {
  littleEndian: boolean;
  bigTiff: boolean;
  pages: number;
  offsets: number[];
  width: number;
  height: number;
  bits: number;
  samples: number;
  dtype: string;
  compression: number;
  predictor: number;
  planar: boolean;
  tile: [number, number] | null;
  description: string;
  uniform: boolean;
}
const golden = JSON.parse(readFileSync(new URL("../../../test/golden/tiff/facts.json", import.meta.url), "utf8")) as {
  files: Record<string, Golden>;
};

describe("fixtures that tifffile wrote", () => {
  for (const file of readdirSync(fixtures)) {
    it(`${file}: pages, sizes and types as tifffile reads them`, async () => {
      const header = await readTiffHeader(inMemory(readFileSync(new URL(file, fixtures)), file));
      const { first } = header;
      const { offsets, dtype, ...facts } = golden.files[file]!;
      expect({
        littleEndian: header.littleEndian,
        bigTiff: header.bigTiff,
        pages: header.pages,
        width: first.width,
        height: first.height,
        bits: first.bitsPerSample[0],
        samples: first.samplesPerPixel,
        compression: first.compression,
        predictor: first.predictor,
        planar: first.planar,
        tile: first.tile ?? null,
        description: header.description.trimEnd(), // tifffile strips it
        uniform: header.uniform,
      }).toEqual(facts);
      const isEer = file.endsWith(".eer");
      expect([first.offset, first.dtype, header.eer]).toEqual([offsets[0], isEer ? undefined : dtype, isEer]);
      expect(header.shape).toEqual([facts.pages, facts.height, facts.width]);
    });
  }
});
