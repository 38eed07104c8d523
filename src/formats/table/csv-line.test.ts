import { describe, expect, it } from "vitest";
import { csvCells, unguarded } from "./csv-line.js";
import { parseTable } from "./delimited.js";

describe("a line of CSV", () => {
  it("quotes what has to be, and guards what a spreadsheet would run", () => {
    expect(csvCells(["plain", "a,b", 'say "x"', "two\nlines", ""])).toBe('plain,"a,b","say ""x""","two\nlines",');
    expect(csvCells(["=1+1", "+cmd", "-x", "@a", "＝1"])).toBe("'=1+1,'+cmd,'-x,'@a,'＝1");
    expect(csvCells(["-1", "+2.5e-7", "-0.0", ".5"])).toBe("-1,+2.5e-7,-0.0,.5");
  });

  it("is read back as it was", () => {
    const cells = ["=1+1", "'quoted'", "'=1+1", "''-3", 'a "b", c', "-3", "\tx", "two\r\nlines"];
    const [row] = parseTable(csvCells(cells), ",", "x.csv");
    expect(row!.cells.map(unguarded)).toEqual(cells);
  });
});
