import { describe, expect, it } from "vitest";
import { inMemory } from "../../src/core/bytes.js";
import { readCryolo } from "../../src/formats/points/cryolo.js";
import { readCsv, readCsvWithHeader } from "../../src/formats/points/csv.js";
import { readDynamo } from "../../src/formats/points/dynamo.js";
import { readEman2Box, readEman2Json } from "../../src/formats/points/eman2.js";
import { encodePoints, readPointLines } from "../../src/formats/points/ndjson.js";
import type { PointOptions, ReadPoints } from "../../src/formats/points/points.js";
import { readTardis } from "../../src/formats/points/tardis.js";
import { mutations, outcome, type Reader, truncations } from "./point-files.js";
import { LONG_LINE_BYTES, LONG_LINES } from "./text-formats.js";

const bytes = (text: string) => new TextEncoder().encode(text);
const utf16 = (text: string) => new Uint8Array(Uint16Array.from(`\ufeff${text}`, (letter) => letter.charCodeAt(0)).buffer);
const OPTIONS: PointOptions = { kind: "point", binning: 2, columns: "zyx", order: "xyz", delimiter: "," };

const using =
  (read: ReadPoints, options: Partial<PointOptions> = {}): Reader =>
  async (content) => {
    for await (const { count, positions, instanceIds } of read(inMemory(content, "fuzz.bin"), { ...OPTIONS, ...options })) {
      expect(positions.length).toBe(3 * count);
      expect([...positions, ...(instanceIds ?? [])].every(Number.isFinite)).toBe(true);
    }
  };
const lines: Reader = async (content) => {
  for await (const batch of readPointLines(inMemory(content, "fuzz.bin"))) encodePoints(batch.kind, batch);
};

const TABLE = "1,2,3\n4.5,-5,6e1\n\n7,8,9,x\n";
const POINTS = {
  count: 2,
  positions: Float64Array.of(1, 2, 3, 0.5, -6, 7e-9),
  rotations: Float64Array.from({ length: 18 }, (_, i) => i % 3),
  instanceIds: Float64Array.of(0, 9),
};
const DYNAMO = "1 1 1 0.5 -1 2 30 60 75 NaN 0 0 0 0 0 0 0 0 0 7 0 0 0 10 20 30";
const CBOX = "data_cryolo\nloop_\n_CoordinateX\n_CoordinateY\n_CoordinateZ\n_Width\n_Height\n1 2 3 4 5\n6 7 8 9 9\n";
const READERS: [string, Reader, Uint8Array[], string][] = [
  [
    "csv",
    using(readCsv),
    [TABLE, TABLE.replaceAll("\n", "\r\n"), `\ufeff${TABLE}`, '"1","2","3","a ""b""\n,c"\n4,5,6\n']
      .map(bytes)
      .concat(utf16(TABLE)),
    "1,2",
  ],
  ["csv between spaces", using(readCsv, { delimiter: " " }), [" 1  2 3\n4 5 6 x\n", '"1" 2 "3"\n'].map(bytes), "1 2"],
  ["csv_with_header", using(readCsvWithHeader), [`x,y,z\n${TABLE}`, `"x\ny",z\r\n${TABLE}`].map(bytes), "x\n1,2"],
  ["tardis", using(readTardis), [bytes("IDs,X [A],Y [A],Z [A]\n0,4,8,12\n1.0,4,4,4,0.5\n")], "x\n1,2"],
  ["dynamo_tbl", using(readDynamo, { kind: "orientedPoint" }), [bytes(`${DYNAMO}\n${DYNAMO}\n`)], "1 2"],
  ["eman2_box", using(readEman2Box), [bytes("1\t2\t3\n4 5 6\n")], "1 2"],
  ["eman2_json", using(readEman2Json), [bytes('{"boxes_3d": [[1, 2, 3, "manual", 0.5, 0], [4, 5, 6]]}')], '{"boxes_3d": 1}'],
  ["cryolo_cbox", using(readCryolo), [bytes(CBOX)], CBOX.replace("3 4", "<NA> 4")],
  ["point files", lines, (["point", "orientedPoint", "instancePoint"] as const).map((kind) => encodePoints(kind, POINTS)), "{}"],
];
const WORDS = [
  ...[
    "0",
    "-1",
    "1e999",
    "nan",
    "-inf",
    "0x10",
    "1_0",
    "",
    '"',
    '""',
    '"\n',
    ",",
    ",,,,",
    "\r",
    "\r\n",
    "\n\n",
    "\t",
    "|",
    " ",
    "=1+1",
    "@x",
  ],
  ...["\u0000", "\ufeff", "null", "{", "}", "[", "]", '"type": "line"', "1,2,3\n", "9007199254740993", "1;2;3", "4,5"],
].map(bytes);
const ALLOWED = [
  "FORMAT_FIELD",
  "FORMAT_LIMIT",
  "FORMAT_CORRUPT",
  "FORMAT_UNKNOWN",
  "FORMAT_UNSUPPORTED",
  "FORMAT_TRUNCATED",
  "read",
];

describe.each(READERS)("%s: a value or our error", (_, read, corpus, bad) => {
  it("truncated at every byte", async () => {
    const seen = await truncations(read, corpus);
    for (const code of seen) expect(ALLOWED).toContain(code);
    expect(seen).toContain("read");
    expect(await outcome(read, bytes(bad))).toBe("FORMAT_FIELD");
  });

  it("random changes and splices", async () => {
    const seen = await mutations(read, corpus, WORDS, 4180);
    for (const code of seen) expect(ALLOWED).toContain(code);
    expect(seen.size).toBeGreaterThanOrEqual(2);
  });

  it("long lines", async () => {
    for (const line of LONG_LINES) {
      for (const prefix of ["", '"', '1,2,3,"', '"x\n', "\n"]) {
        const head = bytes(prefix);
        const long = new Uint8Array(head.length + line.length);
        long.set(head);
        long.set(line, head.length);
        expect(ALLOWED).toContain(await outcome(read, long));
      }
    }
    expect(ALLOWED).toContain(await outcome(read, bytes('"\n'.repeat(LONG_LINE_BYTES / 2))));
    expect(ALLOWED).toContain(await outcome(read, bytes(`"${'""'.repeat(LONG_LINE_BYTES / 2)}`)));
  });
});
