import { execFileSync } from "node:child_process";
import { describe, expect, it, vi } from "vitest";
import { pythonWith } from "../../test/python-with-numpy.js";
import { csvOf, saveFile } from "./save.js";

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

it("a file is given under its name, and its address is kept as long as a browser needs", () => {
  vi.useFakeTimers();
  const clicked: object[] = [];
  vi.stubGlobal("document", {
    createElement: (name: string) => ({
      name,
      click() {
        clicked.push({ ...this });
      },
    }),
  });
  const revoked = vi.spyOn(URL, "revokeObjectURL");
  const created = vi.spyOn(URL, "createObjectURL").mockReturnValue("blob:1");
  try {
    saveFile("a,b", "runs.csv", "text/csv");
    expect(clicked).toEqual([expect.objectContaining({ name: "a", href: "blob:1", download: "runs.csv" })]);
    expect(created.mock.calls[0]![0]).toMatchObject({ size: 3, type: "text/csv" });
    vi.advanceTimersByTime(9_000);
    expect(revoked).not.toHaveBeenCalled();
    vi.advanceTimersByTime(2_000);
    expect(revoked.mock.calls).toEqual([["blob:1"]]);
  } finally {
    vi.useRealTimers();
    vi.restoreAllMocks();
    vi.unstubAllGlobals();
  }
});
