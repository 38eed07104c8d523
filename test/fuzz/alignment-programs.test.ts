import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { inMemory } from "../../src/core/bytes.js";
import { parseEdf } from "../../src/formats/alignment/edf.js";
import { readRelionTiltSeries, relionSections } from "../../src/formats/alignment/relion.js";
import { isWarpLocal, parseWarpXml, warpSections } from "../../src/formats/alignment/warp.js";
import type { CtfEntry } from "../../src/formats/ctf/entry.js";
import { readRelionCtf } from "../../src/formats/ctf/relion.js";
import { parseWarpCtf } from "../../src/formats/ctf/warp.js";
import { mutations, outcome, type Reader, truncations } from "./point-files.js";
import { LONG_LINES } from "./text-formats.js";

const { texts } = JSON.parse(readFileSync(new URL("../golden/alignment/programs.json", import.meta.url), "utf8")) as {
  texts: Record<"relion5Global" | "relion5" | "relion4" | "warp", string>;
};
const NAME = "fuzz.bin";
const bytes = (text: string) => new TextEncoder().encode(text);
const words = (...list: string[]) => list.map(bytes);
const finite = (values: readonly number[]) => expect(values.every(Number.isFinite)).toBe(true);
const finiteFits = (entries: readonly CtfEntry[]) =>
  finite(
    entries.flatMap((entry) => [entry.defocus1Angstrom, entry.defocus2Angstrom, entry.azimuthDegrees, entry.phaseShiftRadians]),
  );

const relion: Reader = async (content) => {
  const { tilts } = await readRelionTiltSeries([inMemory(content, NAME)], {
    tomoName: "TS_01",
    imagePixels: [401, 300],
    pixelSizeAngstrom: 1.35,
  });
  finite(relionSections(tilts, 1.35).flatMap(({ inPlaneRotation }) => inPlaneRotation.flat()));
};
const STAR = words("nan", "1e999", "<NA>", "[1,2]", "data_", "loop_", "_rlnTomoYTilt", ";", '"', "'", "0", "9007199254740993");
const XML = words(
  "<",
  ">",
  "</",
  "<a>",
  "&",
  "&lt;",
  "<!--",
  "<![CDATA[",
  "<!DOCTYPE a>",
  '"',
  "nan",
  "1e999",
  "True",
  "<Angles>",
  "<?",
  "0",
);

const READERS: [name: string, read: Reader, corpus: string[], words: Uint8Array[]][] = [
  ["RELION 5", relion, [texts.relion5, texts.relion5.replaceAll("\n", "\r\n")], STAR],
  ["RELION 4", relion, [texts.relion4], STAR],
  [
    "CTF of RELION",
    async (content) => finiteFits(await readRelionCtf(inMemory(content, NAME), { tomoName: "TS_01" })),
    [texts.relion5, texts.relion4],
    STAR,
  ],
  [
    "Warp",
    async (content) => {
      const series = parseWarpXml(content, NAME);
      isWarpLocal(series);
      finite(
        warpSections(series, 1.35).flatMap(({ inPlaneRotation, xOffset, yOffset }) => [
          ...inPlaneRotation.flat(),
          xOffset,
          yOffset,
        ]),
      );
    },
    [texts.warp, `\ufeff${texts.warp.replaceAll("\n", "\r\n")}`],
    XML,
  ],
  ["CTF of Warp", async (content) => finiteFits(parseWarpCtf(content, NAME)), [texts.warp], XML],
  [
    "edf",
    async (content) => void parseEdf(content, NAME),
    ["#Wed May 07\nSetup.DatasetName=a\nSetup.AxisType=Single Axis\nSetup.PixelSize=0.6\nSetup.AxisA.ExcludeProjections=1,3-5\n"],
    words("=", "\\", "1-100000", "-", ",", "0", "nan"),
  ],
];
const CODES = ["read", "FORMAT_FIELD", "FORMAT_LIMIT", "FORMAT_TRUNCATED", "FORMAT_UNKNOWN", "FORMAT_UNSUPPORTED"];

describe.each(READERS)("%s: a value or our error", (_, read, corpus, pieces) => {
  const files = corpus.map(bytes);
  it("truncated at every byte", async () => {
    const seen = await truncations(read, files);
    expect([...seen].filter((code) => !CODES.includes(code))).toEqual([]);
    expect(seen).toContain("read");
    expect(seen).toContain("FORMAT_FIELD");
  });
  it("random changes and splices", async () => {
    const seen = await mutations(read, files, pieces, 404);
    expect([...seen].filter((code) => !CODES.includes(code))).toEqual([]);
  });
  it("long lines", async () => {
    for (const line of LONG_LINES) {
      for (const head of ["", "<a>", "data_a\nloop_\n_rlnTomoYTilt\n"]) {
        expect(CODES).toContain(await outcome(read, bytes(head + new TextDecoder().decode(line))));
      }
    }
  });
});
