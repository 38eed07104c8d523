import { describe, expect, it } from "vitest";
import { inMemory } from "../../core/bytes.js";
import { type EmporiumError, isEmporiumError } from "../../core/errors.js";
import { LIMITS } from "../../core/limits.js";
import { findStarColumn, findStarTable, readStar } from "./read.js";

const source = (text: string | Uint8Array) =>
  inMemory(typeof text === "string" ? new TextEncoder().encode(text) : text, "a.star");
const read = (text: string | Uint8Array) => readStar(source(text));
const errorOf = async (work: () => Promise<unknown>): Promise<EmporiumError> => {
  const error: unknown = await work().then(
    (value) => new Error(`no error: ${JSON.stringify(value)}`),
    (thrown: unknown) => thrown,
  );
  if (!isEmporiumError(error)) throw error;
  return error;
};
/** The rows of the only table. */
const rowsOf = async (text: string) => {
  const [table, ...others] = await read(text);
  expect(others).toEqual([]);
  return table!.rows;
};

const LOOP = "data_particles\n\nloop_\n_rlnX #1\n_rlnName #2\n1.5 a\n-2 b\n";

describe("STAR files", () => {
  it("loops and pairs, with names, lines and values as they stand", async () => {
    expect(await read(`# version 30001\n\ndata_general\n\n_rlnVersion 5\n_rlnName "two words"\n\n${LOOP}`)).toEqual([
      { name: "general", kind: "pairs", columns: ["rlnVersion", "rlnName"], line: 3, rows: [["5", "two words"]], lines: [5] },
      {
        name: "particles",
        kind: "loop",
        columns: ["rlnX", "rlnName"],
        line: 8,
        rows: [
          ["1.5", "a"],
          ["-2", "b"],
        ],
        lines: [13, 14],
      },
    ]);
  });

  it.each<[string, string | Uint8Array]>([
    ["CRLF", LOOP.replaceAll("\n", "\r\n")],
    ["CR", LOOP.replaceAll("\n", "\r")],
    ["a byte order mark", `\ufeff${LOOP}`],
    ["no last newline", LOOP.trimEnd()],
    ["trailing blanks and tabs", LOOP.replaceAll("\n", " \t\n").replaceAll(" ", "\t ")],
    ["comments", LOOP.replaceAll("\n", " # said\n").replace("loop_", "#\nloop_")],
    ["no numbers of columns", LOOP.replaceAll(/ #\d/g, "")],
    ["numbers from 0", LOOP.replace("#1", "#0").replace("#2", "#1")],
    ["a title before", `made by hand\n; and more\n${LOOP}`],
    ["blank lines within and after", LOOP.replaceAll("\n", "\n\n \n")],
    ["quotes that are not needed", LOOP.replace("1.5 a", `"1.5" 'a'`)],
  ])("%s makes no difference", async (_, text) => {
    const [table] = await read(text);
    expect([table!.name, table!.columns, table!.rows]).toEqual([
      "particles",
      ["rlnX", "rlnName"],
      [
        ["1.5", "a"],
        ["-2", "b"],
      ],
    ]);
  });

  it("a last line cut within its line end is whole", async () => {
    expect(await rowsOf(`${LOOP}3 c\r`)).toContainEqual(["3", "c"]);
  });

  it("quotes within quotes, empty texts and # within values", async () => {
    const text = `data_\nloop_\n_a\n_b\n'a dog's life' "say 'x' "\n"" ' '\nnot'a"quote 1#2.mrc\n"a \u0007" b" c\n`;
    expect(await rowsOf(text)).toEqual([
      ["a dog's life", "say 'x' "],
      ["", " "],
      [`not'a"quote`, "1#2.mrc"],
      [`a " b`, "c"],
    ]);
  });

  it("texts between semicolons are one value, and their row goes on behind", async () => {
    const text = "data_\nloop_\n_a\n_b\n_c\n1\n;two\n  lines\n;\n3\n4 5 6\n;7\n;  8 9\n";
    for (const each of [text, text.replaceAll("\n", "\r\n")]) {
      expect(await rowsOf(each)).toEqual([
        ["1", "two\n  lines", "3"],
        ["4", "5", "6"],
        ["7", "8", "9"],
      ]);
    }
    expect(await rowsOf("data_x\n_a 1\n_b\n;one\ndata_y\n;\n_c 2\n")).toEqual([["1", "one\ndata_y", "2"]]);
  });

  it("a pair without a value is an empty text", async () => {
    expect(await rowsOf("data_\n_a\n_b # said\n_c 1\n")).toEqual([["", "", "1"]]);
  });

  it("bytes that are not UTF-8 are Windows-1252", async () => {
    const bytes = Uint8Array.from([..."data_\nloop_\n_a\n"].map((c) => c.charCodeAt(0)).concat([0xc5, 0x0a, 0xc3, 0x85, 0x0a]));
    const [table] = await read(bytes);
    expect(table!.rows).toEqual([["Å"], ["Å"]]);
  });

  it("empty loops and blocks", async () => {
    expect(
      (await read("data_a\nloop_\n_x\ndata_b\n\ndata_c\n_y 1")).map(({ name, kind, columns, rows }) => [
        name,
        kind,
        columns,
        rows,
      ]),
    ).toEqual([
      ["a", "loop", ["x"], []],
      ["b", "pairs", [], []],
      ["c", "pairs", ["y"], [["1"]]],
    ]);
  });

  it("several tables of one block, and several blocks of one name, are all there", async () => {
    const tables = await read("data_a\n_x 1\nloop_\n_y\n2\nloop_\n_z\n3\n_w 4\ndata_a\n_v 5\n");
    expect(tables.map(({ kind, columns, rows }) => [kind, columns, rows])).toEqual([
      ["pairs", ["x"], [["1"]]],
      ["loop", ["y"], [["2"]]],
      ["loop", ["z"], [["3"]]],
      ["pairs", ["w"], [["4"]]],
      ["pairs", ["v"], [["5"]]],
    ]);
    expect(() => findStarTable(tables, "a", "a.star")).toThrow(/second block data_a.* in line 1$/);
    expect(findStarTable(tables, "b", "a.star")).toBeUndefined();
  });

  it("names that begin with data_ are values where a row has several", async () => {
    expect(await rowsOf("data_\nloop_\n_a\n_b\ndata_1.mrc 2\nloop_x 3\n")).toEqual([
      ["data_1.mrc", "2"],
      ["loop_x", "3"],
    ]);
  });

  it("values that begin as words of STAR do are values", async () => {
    expect(await rowsOf("data_\nloop_\n_a\n_b\ndose 2\nlow 3\nd 4\ndata 5\nloop 6\n")).toEqual([
      ["dose", "2"],
      ["low", "3"],
      ["d", "4"],
      ["data", "5"],
      ["loop", "6"],
    ]);
    expect(await rowsOf("data_\nloop_\n_a\ndose\nloop\n")).toEqual([["dose"], ["loop"]]);
  });

  it.each<[string, string, string, number]>([
    ["a short row", "data_\nloop_\n_a\n_b\n1 2\n3\n4 5\n", "a row of 1 value, its loop has 2 columns", 6],
    ["a short row before a block", "data_\nloop_\n_a\n_b\n1\n\ndata_b\n", "a row of 1 value", 5],
    ["a long row", "data_\nloop_\n_a\n_b\n1 2 3\n", "a row of more than 2 values", 5],
    ["a text too many", "data_\nloop_\n_a\n1\n;x\n;\n2 3\n", "a row of more than 1 values", 7],
    ["a loop without columns", "data_\nloop_\n1 2\n", "a loop_ without columns", 3],
    ["a loop of nothing", "data_\nloop_\n\ndata_b\n", "a loop_ without columns", 4],
    ["a value among columns", "data_\nloop_\n_a 1\n2\n", `"1" among the column names`, 3],
    ["an open quote in a row", "data_\nloop_\n_a\n'x\n", "a quote that is not closed", 4],
    ["an open quote in a pair", "data_\n_a 'x\n", "a quote that is not closed", 2],
    ["two values in a pair", "data_\n_a 1 2\n", `2 values for "a"`, 2],
    ["values outside a loop", "data_\n_a 1\n\n2 3\n", `"2 3" where a name`, 4],
    ["values before a loop", "data_\n2 3\nloop_\n_a\n1\n", `"2 3" where a name`, 2],
    ["a text of no name", "data_\n_a 1\n;x\n;\n", "a text that belongs to no name", 4],
  ])("%s is an error with its line", async (_, text, message, line) => {
    for (const each of [text, text.replaceAll("\n", "\r\n")]) {
      const error = await errorOf(() => read(each));
      expect(error.code).toBe("FORMAT_FIELD");
      expect(error.message).toContain(message);
      expect(error.facts.place).toEqual({ file: "a.star", line });
    }
  });

  it.each<[string, string, string]>([
    ["a last row cut short", "data_\nloop_\n_a\n_b\n1 2\n3", "FORMAT_TRUNCATED"],
    ["an open text", "data_\nloop_\n_a\n;x\n", "FORMAT_TRUNCATED"],
    ["nothing", "", "FORMAT_UNKNOWN"],
    ["no block", "x,y,z\n1,2,3\n", "FORMAT_UNKNOWN"],
    ["a loop of no block", "loop_\n_a\n1\n", "FORMAT_UNKNOWN"],
    ["UTF-16", "\u00ff\u00fed\u0000", "FORMAT_UNSUPPORTED"],
    ["too many columns", `data_\nloop_\n${"_a\n".repeat(5000)}`, "FORMAT_LIMIT"],
    ["a line without end", `data_\nloop_\n_a\n${"1".repeat(6 * 2 ** 20)}\n`, "FORMAT_LIMIT"],
    ["a text without end", `data_\nloop_\n_a\n;\n${`${"words ".repeat(20)}\n`.repeat(2e5)}`, "FORMAT_LIMIT"],
  ])("%s", async (_, text, code) => {
    const bytes = text.startsWith("\u00ff") ? Uint8Array.from(text, (c) => c.charCodeAt(0)) : text;
    expect((await errorOf(() => read(bytes))).code).toBe(code);
  });

  it("mistakes in tables that nobody wants are none", async () => {
    const text = `data_a\n_x 1 2\n'y\nloop_\n1\ndata_b\nloop_\n_x\n_y\n1\n;data_c\n;\n${LOOP}`;
    const tables = await readStar(source(text), ({ name }) => (name === "particles" ? "read" : "skip"));
    expect(tables.map(({ rows }) => rows.length)).toEqual([2]);
  });

  it("stops where it is told to", async () => {
    const offsets: number[] = [];
    const bytes = new TextEncoder().encode(`data_a\n_x 1\n${LOOP}${"1 2\n".repeat(100_000)}`);
    const counted = { ...inMemory(bytes, "a.star"), read: inMemory(bytes).read };
    counted.read = (range) => {
      offsets.push(range.offset);
      return inMemory(bytes).read(range);
    };
    const tables = await readStar(counted, ({ name }) => (name === "particles" ? "stop" : "read"));
    expect([tables.map(({ name }) => name), offsets]).toEqual([["a"], [0]]);
  });

  it("refuses more values than it may hold", async () => {
    const row = `${"x".repeat(1000)}\n`;
    const error = await errorOf(() => read(`data_\nloop_\n_a\n${row.repeat(LIMITS.headerBytes / 1000)}`));
    expect(error.code).toBe("FORMAT_LIMIT");
  });

  it("columns by name, of which there is one", async () => {
    const [table] = await read("data_\nloop_\n_a\n_b\n_a\n1 2 3\n");
    expect([findStarColumn(table!, "b", "a.star"), findStarColumn(table!, "c", "a.star")]).toEqual([1, undefined]);
    expect(() => findStarColumn(table!, "a", "a.star")).toThrow(`the column "a" appears twice`);
  });
});
