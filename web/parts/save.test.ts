import { execFileSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { pythonWith } from "../../test/python-with-numpy.js";
import { csvOf } from "./save.js";

const python = pythonWith("csv");
const READ =
  "import csv, io, json, sys; print(json.dumps(list(csv.reader(io.StringIO(sys.stdin.buffer.read().decode(), newline='')))))";

describe("a table of a page as CSV", () => {
  it.skipIf(!python)("is what Python's csv reads; texts that a spreadsheet would run are guarded, numbers are not", () => {
    const text = csvOf({
      columns: ["id", "a,b"],
      rows: [
        [1, '=HYPERLINK("x")'],
        [-2.5, "two\r\nlines ünï 🦠"],
        [null, undefined],
        [true, "@x"],
        ["-3", "-x"],
      ],
    });
    expect(JSON.parse(execFileSync(python!, ["-c", READ], { input: text, encoding: "utf8" }))).toEqual([
      ["id", "a,b"],
      ["1", '\'=HYPERLINK("x")'],
      ["-2.5", "two\r\nlines ünï 🦠"],
      ["", ""],
      ["true", "'@x"],
      ["-3", "'-x"],
    ]);
    expect(text.split("\r\n")[0]).toBe('id,"a,b"');
  });
});
