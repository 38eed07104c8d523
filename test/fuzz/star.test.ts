import { describe, expect, it } from "vitest";
import { inMemory } from "../../src/core/bytes.js";
import type { PointOptions, ReadPoints } from "../../src/formats/points/points.js";
import { readRelion3 } from "../../src/formats/points/relion3.js";
import { readRelion4 } from "../../src/formats/points/relion4.js";
import { readRelion5 } from "../../src/formats/points/relion5.js";
import { readStopgap } from "../../src/formats/points/stopgap.js";
import { readTomoman } from "../../src/formats/points/tomoman.js";
import { readWarp } from "../../src/formats/points/warp.js";
import { readStar } from "../../src/formats/star/read.js";
import { mutations, outcome, truncations } from "./point-files.js";
import { LONG_LINES } from "./text-formats.js";

const CODES = ["FORMAT_FIELD", "FORMAT_LIMIT", "FORMAT_TRUNCATED", "FORMAT_UNKNOWN", "FORMAT_UNSUPPORTED"];
const NAME = "fuzz.bin";

type Reader = (bytes: Uint8Array) => Promise<void>;

/** Reads all points and looks at them: whole batches of numbers, or one of our errors that names the file. */
const points =
  (reader: ReadPoints, more: Partial<PointOptions> = {}): Reader =>
  async (bytes) => {
    const options: PointOptions = { kind: "orientedPoint", binning: 2, columns: "xyz", order: "zyx", delimiter: ",", ...more };
    for await (const { count, positions, rotations } of reader(inMemory(bytes, NAME), options)) {
      expect([positions.length, rotations?.length]).toEqual([3 * count, 9 * count]);
      if (positions.some(Number.isNaN) || rotations?.some(Number.isNaN)) throw new Error("a number that is none");
    }
  };

const tables: Reader = async (bytes) => {
  for (const { columns, rows, lines } of await readStar(inMemory(bytes, NAME))) {
    expect(lines.length).toBe(rows.length);
    expect(rows.every((row) => row.length === columns.length)).toBe(true);
  }
};

const PIXELS = "_rlnCoordinateX #1\n_rlnCoordinateY #2\n_rlnCoordinateZ #3\n_rlnAngleRot #4\n_rlnAngleTilt #5\n_rlnAnglePsi #6\n";
const ANGSTROM = "_rlnOriginXAngst\n_rlnOriginYAngst\n_rlnOriginZAngst\n_rlnOpticsGroup\n";
const RELION_3 = `\ndata_\n\nloop_\n${PIXELS}_rlnMicrographName #7\n_rlnTomoName\n1.5 2 -3e1 10 20 30 'a b.tomostar' TS_1\n+4. .5 6 0 90 -180 "c" 2\n`;
const RELION_4 = `# version\ndata_optics\nloop_\n_rlnOpticsGroup\n_rlnImagePixelSize\n1 1.5\n2 3\n\ndata_particles\n\nloop_\n${PIXELS}${ANGSTROM}_rlnTomoName\n1 2 3 4 5 6 7 8 9 1 TS_1\n1 2 3 4 5 6 7 8 9 2 TS_2\n`;
const RELION_5 = RELION_4.replaceAll("_rlnCoordinate", "_rlnCenteredCoordinate")
  .replaceAll(/(Coordinate[XYZ])/g, "$1Angst")
  .replace(
    "data_particles",
    "data_global\n_rlnTomoSizeX 100\n_rlnTomoSizeY 90\n_rlnTomoSizeZ 80\n_rlnTomoTiltSeriesPixelSize 2\n\ndata_particles",
  );
const STOPGAP =
  "data_stopgap_motivelist\nloop_\n_tomo_num\n_orig_x\n_orig_y\n_orig_z\n_x_shift\n_y_shift\n_z_shift\n_phi\n_psi\n_the\n1 2 3 4 5 6 7 8 9 10\n2 2 3 4 5 6 7 8 9 10\n";
const M =
  "data_\nloop_\n_wrpCoordinateX1\n_wrpCoordinateY1\n_wrpCoordinateZ1\n_wrpAngleRot1\n_wrpAngleTilt1\n_wrpAnglePsi1\n_wrpSourceName\n1 2 3 4 5 6 TS_1.tomostar\n";
const SYNTAX = `title\ndata_a # said\n_k "v w"\n_l\n;text\n more\n;\n_m 'x'y'\ndata_b\nloop_\n_n\n_o\n1 ''\n;2\n; 3\n4\n;5\n;\n`;

const READERS: [string, string, Reader][] = [
  ["tables", SYNTAX, tables],
  ["RELION 3", RELION_3, points(readRelion3)],
  ["TOMOMAN", RELION_3, points(readTomoman, { filterValue: "2" })],
  ["RELION 4", RELION_4, points(readRelion4)],
  ["RELION 5", RELION_5, points(readRelion5)],
  ["STOPGAP", STOPGAP, points(readStopgap, { filterValue: "1" })],
  ["Warp", RELION_3, points(readWarp, { filterValue: "c" })],
  ["M", M, points(readWarp)],
];

const WORDS = ["\n;", "\n;\n", "data_\n", "\nloop_\n", "_rlnX ", "'", '"', " #", "\t", "\r", "\u0007", "1e999", "-", "."];

describe.each(READERS)("STAR (%s): a value or our error", (_, text, read) => {
  const corpus = [text, text.replaceAll("\n", "\r\n"), `\ufeff${text}`].map((each) => new TextEncoder().encode(each));

  it("what is mutated here can be read", async () => {
    for (const bytes of corpus) expect(await outcome(read, bytes)).toBe("read");
  });

  it("truncated at every byte", async () => {
    expect([...(await truncations(read, corpus))]).toEqual(
      expect.arrayContaining(["FORMAT_UNKNOWN", "FORMAT_TRUNCATED", "read"]),
    );
  });

  it("each word set to what it never is", async () => {
    const seen = new Set<string>();
    const words = [
      "0",
      "-1",
      "1e999",
      "nan",
      "9007199254740993",
      "",
      "#",
      "'",
      ";",
      "data_",
      "loop_",
      "_",
      "__proto__",
      "constructor",
    ];
    for (const { 0: word, index } of text.matchAll(/\S+/g)) {
      for (const other of words) {
        const changed = text.slice(0, index) + other + text.slice(index + word.length);
        seen.add(await outcome(read, new TextEncoder().encode(changed)));
      }
    }
    expect([...seen]).toContain("FORMAT_FIELD");
  });

  it("random changes and splices", async () => {
    const words = WORDS.map((word) => new TextEncoder().encode(word));
    for (const code of await mutations(read, corpus, words, 91)) expect(["read", ...CODES]).toContain(code);
  });
});

describe("STAR files: long lines", () => {
  it.each(LONG_LINES.map((line) => new TextDecoder().decode(line)).map((line) => [line.slice(0, 3), line]))(
    "%j…",
    async (_, line) => {
      for (const prefix of ["", "data_", "data_\n_a ", "data_\nloop_\n_", "data_\nloop_\n_a\n'", "data_\nloop_\n_a\n;"]) {
        expect(["read", ...CODES]).toContain(await outcome(tables, new TextEncoder().encode(prefix + line)));
      }
    },
  );
});
