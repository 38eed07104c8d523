import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type ByteRange, inMemory, type RandomAccess } from "../../core/bytes.js";
import { isEmporiumError } from "../../core/errors.js";
import { readCsv, readCsvWithHeader, readTsv } from "./csv.js";
import type { PointOptions, ReadPoints } from "./points.js";
import { readTardis } from "./tardis.js";

const OPTIONS: PointOptions = { kind: "point", binning: 1, columns: "xyz", order: "xyz", delimiter: "," };
const bytes = (text: string) => new TextEncoder().encode(text);

async function points(
  source: string | Uint8Array | RandomAccess,
  options: Partial<PointOptions> = {},
  read: ReadPoints = readCsv,
) {
  const file =
    typeof source === "string"
      ? inMemory(bytes(source), "a.csv")
      : source instanceof Uint8Array
        ? inMemory(source, "a.csv")
        : source;
  const found: number[][] = [];
  for await (const { count, positions, instanceIds } of read(file, { ...OPTIONS, ...options })) {
    for (let i = 0; i < count; i++)
      found.push([...(instanceIds ? [instanceIds[i]!] : []), ...positions.subarray(3 * i, 3 * i + 3)]);
  }
  return found;
}
async function refusal(text: string, options: Partial<PointOptions> = {}, read?: ReadPoints) {
  const error: unknown = await points(text, options, read).catch((thrown: unknown) => thrown);
  return isEmporiumError(error) ? { code: error.code, ...error.facts.place, hint: error.facts.hint } : error;
}

const TWO = [
  [1, 2, 3],
  [4.5, -5, 60],
];

describe("readCsv", () => {
  it.each<[string, string, Partial<PointOptions>?]>([
    ["plain", "1,2,3\n4.5,-5,60\n"],
    ["no last line end", "1,2,3\n4.5,-5,60"],
    ["CRLF", "1,2,3\r\n4.5,-5,60\r\n"],
    ["CR", "1,2,3\r4.5,-5,60\r"],
    ["a byte order mark", "\ufeff1,2,3\n4.5,-5,60\n"],
    ["blank lines", "\n1,2,3\n \t\n\r\n4.5,-5,60\n\n\n"],
    ["rows of a spreadsheet without text", "1,2,3,\n,,,\n,,\n4.5,-5,60,\n , ,,\n"],
    ["blanks around numbers", " 1 , 2,3 \n4.5 ,\t-5, 60\n"],
    ["further columns", "1,2,3,ribosome,0.9\n4.5,-5,60,,\n"],
    ["numbers as programs write them", "1.,+2,.3e1\n45e-1,-5.0,6E+1\n"],
    ["quoted cells", '"1","2","3"\n"4.5",-5,"60","a ""b"", c\nd"\n'],
    ["a quote within a cell", '1,2,3,5" wide\n4.5,-5,60,"\n,x"\n'],
    ["quoted blank rows", '1,2,3\n"","",""\n4.5,-5,60'],
    ["tabs", "1\t2\t3\n4.5\t-5\t60\t\n", { delimiter: "\t" }],
    ["pipes", "1|2|3\n4.5|-5|60|x\n", { delimiter: "|" }],
    ["semicolons", "1;2;3\n4.5;-5;60\n", { delimiter: ";" }],
    ["spaces, as many as there are", " 1 2 3\n4.5   -5\t60 \n", { delimiter: " " }],
    ["spaces and quotes", '"1"  2 3 "a b"\n"4.5" -5 60\n', { delimiter: " " }],
    ["zyx", "3,2,1\n60,-5,4.5,7\n", { columns: "zyx" }],
    ["binning", "4,8,12\n18,-20,240\n", { binning: 4 }],
    ["zyx and binning", "6,4,2\n120,-10,9\n", { columns: "zyx", binning: 2 }],
    ["options of other formats", "1,2,3\n4.5,-5,60\n", { order: "zyx", filterValue: "TS_9", compat: true }],
  ])("%s", async (_, text, options) => {
    expect(await points(text, options)).toEqual(TWO);
  });

  it("UTF-16 with its mark, as spreadsheets save it", async () => {
    const units = Uint16Array.from("\ufeff1\t2\t3\r\n4.5\t-5\t60\r\n", (letter) => letter.charCodeAt(0));
    const little = new Uint8Array(units.buffer);
    const big = Uint8Array.from(little, (_, i) => little[i ^ 1]!);
    for (const file of [little, big]) expect(await points(file, { delimiter: "\t" })).toEqual(TWO);
  });

  it("no rows are no points", async () => {
    for (const text of ["", "\n", "\ufeff", "\r\n\r\n"]) expect(await points(text)).toEqual([]);
    for (const text of ["x,y,z", "x,y,z\n", "", "score,class\n"]) expect(await points(text, {}, readCsvWithHeader)).toEqual([]);
  });

  it("the header is the first line, whatever it holds; tsv is csv between tabs", async () => {
    for (const header of ["x,y,z", "", "0,1,2", '"x\ny",z', "µ"]) {
      expect(await points(`${header}\n1,2,3\n\n4.5,-5,60`, {}, readCsvWithHeader)).toEqual(TWO);
    }
    expect(await points("1\t2\t3\n4.5\t-5\t60", { delimiter: "," }, readTsv)).toEqual(TWO);
  });

  it.each<[string, string, number, Partial<PointOptions>?]>([
    ["words", "1,2,3\nx,y,z\n", 2],
    ["too few columns", "1,2,3\n\n4,5\n", 3],
    ["another delimiter", "1;2;3\n", 1],
    ["an empty cell", "1,2,3\n4,,6\n", 2],
    ["an empty cell that begins a row", ",2,3\n", 1],
    ["a row without numbers that says something", "1,2,3\n,,,note\n", 2],
    ["a number that is none", "1,2,3\n4,nan,6\n", 2],
    ["infinity", "-inf,2,3\n", 1],
    ["a number past all", "1,2,1e999\n", 1],
    ["hexadecimal", "0x10,2,3\n", 1],
    ["grouped digits", "1_0,2,3\n", 1],
    ["a decimal comma", "1,5;2;3\n", 1, { delimiter: ";" }],
    ["a quote that stays open", '1,2,3\n"4,5,6\n7,8,9\n', 2],
    ["a line behind a record of several", '1,2,3,"a\nb\nc"\n4,5,x\n', 4],
    ["too many tabs", "1\t\t2\t3\n", 1, { delimiter: "\t" }],
  ])("refuses %s, with the line", async (_, text, line, options) => {
    expect(await refusal(text, options)).toMatchObject({ code: "FORMAT_FIELD", file: "a.csv", line, hint: expect.any(String) });
  });

  const MOTL =
    "CCC,reserved,reserved,pIndex,wedgeWT,NA,NA,NA,NA,NA,xOffset,yOffset,zOffset,NA,NA,reserved,EulerZ(1),EulerZ(3),EulerX(2),reserved";

  it.each<[string, string, string]>([
    [
      MOTL,
      "the first three columns are called CCC, reserved, reserved; expected coordinates x, y, z; xOffset, yOffset, zOffset are columns 11, 12, 13",
      "positions are in the IMOD model",
    ],
    ["id,X,Y,Z", "expected coordinates x, y, z; X, Y, Z are columns 2, 3, 4", "file_format: tardis"],
    ["index,axis-0,axis-1,axis-2", "axis-2, axis-1, axis-0 are columns 4, 3, 2", "first three columns"],
    ["rlnTomoName,rlnCoordinateX,rlnCoordinateY,rlnCoordinateZ", "are columns 2, 3, 4", "relion4_star"],
    ["score,a,pos_z,pos_y,pos_x", "pos_x, pos_y, pos_z are columns 5, 4, 3", "first three columns"],
    ["a,b,c,x,y,z", "x, y, z are columns 4, 5, 6", "first three columns"],
    ['"tomo id",a,b,c', "the first three columns are called tomo id, a, b", "first three columns"],
    ["x,y,score", "x, y are columns 1, 2", "first three columns"],
    ["pos_z,pos_y,pos_x", "are called pos_z, pos_y, pos_x; expected coordinates x, y, z", "columns: zyx"],
    ["centroid-0,centroid-1,centroid-2", "expected coordinates x, y, z", "columns: zyx"],
    ["slice,row,col", "expected coordinates x, y, z", "columns: zyx"],
    ["y,x,z", "are called y, x, z; expected coordinates x, y, z", "first three columns"],
    [",a,score", 'the first three columns are called "", a, score', "first three columns"],
  ])("seam 51: columns that are no coordinates are an error: %s", async (header, found, hint) => {
    const text = `${header}\n${"0,".repeat(header.split(",").length - 1)}0\n`;
    const error: unknown = await points(text, {}, readCsvWithHeader).catch((thrown: unknown) => thrown);
    expect(isEmporiumError(error) && [error.code, error.facts.place?.line, error.message, error.facts.hint]).toEqual([
      "FORMAT_FIELD",
      1,
      expect.stringContaining(found),
      expect.stringContaining(hint),
    ]);
    // the reference drops the line whatever it holds
    expect(await points(text, { compat: true }, readCsvWithHeader)).toEqual([[0, 0, 0]]);
  });

  it("reads z first where columns says so, whatever the names of the columns say", async () => {
    expect(await points("pos_z,pos_y,pos_x\n1,2,3\n", { columns: "zyx" }, readCsvWithHeader)).toEqual([[3, 2, 1]]);
    expect(await points("a,b,c\n1,2,3\n", { columns: "zyx" }, readCsvWithHeader)).toEqual([[3, 2, 1]]);
    // as the portal's own fixture has it
    expect(await points("x,y,z\n1,2,3\n", { columns: "zyx" }, readCsvWithHeader)).toEqual([[3, 2, 1]]);
    expect(await points("x,y,z\n1,2,3\n", { columns: "zyx", compat: true }, readCsvWithHeader)).toEqual([[3, 2, 1]]);
  });

  it.each([
    "X [px],Y [px],Z [px],score",
    "CoordinateX,CoordinateY,CoordinateZ,CCC",
    "x_index,y_index,z_index",
    "x,y,z,xOffset,yOffset,zOffset",
    "a,b,c",
    "10,20,30",
    "particles of run 3, picked by hand, again, x",
  ])("seam 51: a header that says nothing against it is dropped: %s", async (header) => {
    expect(await points(`${header}\n1,2,3,4\n`, {}, readCsvWithHeader)).toEqual([[1, 2, 3]]);
  });

  it("a # before names of columns or a remark is none of them, and a column where the rows have as many cells", async () => {
    const blank = { delimiter: " " };
    expect(await points("# x y z\n1 2 3\n", blank, readCsvWithHeader)).toEqual([[1, 2, 3]]);
    expect(await points("# type of particle: ribosome\n1 2 3\n", blank, readCsvWithHeader)).toEqual([[1, 2, 3]]);
    expect(await refusal("# z y x\n1 2 3\n", blank, readCsvWithHeader)).toMatchObject({ line: 1, code: "FORMAT_FIELD" });
    expect(await refusal("# x y z\n1 10 20 30\n", blank, readCsvWithHeader)).toMatchObject({ line: 1, code: "FORMAT_FIELD" });
    expect(await refusal("#,x,y,z\n1,10,20,30\n", {}, readCsvWithHeader)).toMatchObject({ line: 1, code: "FORMAT_FIELD" });
  });

  it("seam 51: a table of TARDIS whose columns stand elsewhere is an error", async () => {
    const text = "X [A],Y [A],Z [A],IDs\n1,2,3,0\n";
    expect(await refusal(text, {}, readTardis)).toMatchObject({ code: "FORMAT_FIELD", line: 1 });
    await expect(points(text, {}, readTardis)).rejects.toThrow(
      "columns 2 to 4 are called Y [A], Z [A], IDs; expected coordinates x, y, z",
    );
    expect(await points(text, { compat: true }, readTardis)).toEqual([[1, 2, 3, 0]]);
  });

  it("points at the other format where a header is in the way", async () => {
    expect(await refusal("x,y,z\n1,2,3\n")).toMatchObject({ line: 1, hint: expect.stringContaining("csv_with_header") });
  });

  it("refuses records that do not end, in time that grows with their length", async () => {
    expect(await refusal(`1,2,3\n${"1".repeat(2 ** 20 + 1)}`)).toMatchObject({ code: "FORMAT_LIMIT", line: 2 });
    expect(await refusal(`1,2,3\n4,5,6,"${"x\n".repeat(2 ** 20)}`)).toMatchObject({ code: "FORMAT_LIMIT", line: 2 });
    expect(await points(`1,2,3,"${"x\n".repeat(2 ** 18)}"\n4.5,-5,60`)).toEqual(TWO);
  });

  it("what is written is read, whatever the line ends and quotes", async () => {
    const number = fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0);
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(number, number, number), { maxLength: 40 }),
        fc.constantFrom("\n", "\r\n", "\r", "\n\n"),
        fc.constantFrom(",", "\t", "|", ";", " "),
        fc.boolean(),
        async (rows, ending, delimiter, quote) => {
          const text = rows.map((row) => row.map((value) => (quote ? `"${value}"` : `${value}`)).join(delimiter)).join(ending);
          expect(await points(text, { delimiter })).toEqual(rows);
        },
      ),
      { numRuns: 300 },
    );
  });

  it("reads a gigabyte of rows in windows", async () => {
    // 2^26 rows of 16 bytes, of which only the first 2^20 are walked here
    const rows = bytes("1000,2000,30000\n".repeat(65_536));
    const ranges: ByteRange[] = [];
    const endless: RandomAccess = {
      name: "big.csv",
      size: async () => 2 ** 30,
      read: async (range) => {
        ranges.push(range);
        return rows.subarray(range.offset % rows.length, (range.offset % rows.length) + range.length);
      },
    };
    let count = 0;
    let largest = 0;
    for await (const batch of readCsv(endless, OPTIONS)) {
      count += batch.count;
      largest = Math.max(largest, batch.count);
      if (count >= 2 ** 20) break;
    }
    expect(count).toBe(2 ** 20);
    expect(largest).toBe(65_536);
    expect(ranges.every(({ offset, length }, i) => offset === i * 2 ** 20 && length === 2 ** 20)).toBe(true);
  });

  it("rows across the borders of windows are whole, also between CR and LF", async () => {
    const count = 150_000;
    const text = Array.from({ length: count }, (_, i) => `${i},${i / 8},-${i}`).join("\r\n");
    const found = await points(text);
    expect(found.length).toBe(count);
    expect(found.every(([x, y, z], i) => x === i && y === i / 8 && z === -i)).toBe(true);
    // the border falls between the two, and between the bytes of a letter
    for (const padding of [2 ** 20 - 7, 2 ** 20 - 6, 2 ** 20 - 5]) {
      expect(
        await points(
          `1,2,3,${"x".repeat(padding - 6)}å\r\n4.5,-5,60`.replace("x".repeat(600_000), `y\r\n7,8,9,${"y".repeat(600_000)}`),
        ),
      ).toEqual([TWO[0], [7, 8, 9], TWO[1]]);
    }
  });
});

describe("readTardis", () => {
  const tardis = (text: string, options?: Partial<PointOptions>) =>
    points(text, { kind: "instancePoint", ...options }, readTardis);

  it("reads ids and positions", async () => {
    const rows = "IDs,X [A],Y [A],Z [A]\r\n0,4,8,12\r\n7.0,4,4,4,0.3\r\n";
    expect(await tardis(rows, { binning: 2, columns: "zyx", order: "zyx", delimiter: ";", filterValue: "x" })).toEqual([
      [0, 2, 4, 6],
      [7, 2, 2, 2],
    ]);
  });

  it.each([
    ["half an id", "IDs,X,Y,Z\n1.5,1,2,3\n"],
    ["an id below 0", "IDs,X,Y,Z\n-1,1,2,3\n"],
    ["an id past 2^53", "IDs,X,Y,Z\n9007199254740993,1,2,3\n"],
    ["three columns", "IDs,X,Y\n1,2,3\n"],
    ["words", "IDs,X,Y,Z\na,1,2,3\n"],
  ])("refuses %s", async (_, text) => {
    expect(await refusal(text, { kind: "instancePoint" }, readTardis)).toMatchObject({ code: "FORMAT_FIELD", line: 2 });
  });
});
