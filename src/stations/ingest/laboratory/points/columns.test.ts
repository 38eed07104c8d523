import { describe, expect, it } from "vitest";
import { otherColumns } from "./columns.js";

const rowsOf = (text: string, sign = " ") => text.split("\n").map((row) => row.split(sign));

describe("a table without names of columns", () => {
  it("has a class before x, y and z, as DeepETPicker writes it, also of a single point", () => {
    expect(otherColumns(rowsOf("1 120 310 44\n1 87 20 60\n2 99 120 61"))).toContain("nothing but the numbers 1, 2");
    expect(otherColumns(rowsOf("1.0 120.0 310.0 44.0 0.2\n1.0 87.0 20.0 60.0 0.3"))).toContain("nothing but the number 1");
    expect(otherColumns(rowsOf("1 120 310 44"))).toContain("write x, y, z of each class");
  });

  it("is a motive list where columns 2 and 3 are x and y once more", () => {
    const row = (x: number, y: number) => `220,${x},${y},1,0,0,0,${x},${y},9,0,0,0,0,0,0,0,0,0,1`;
    expect(otherColumns(rowsOf(`${row(12, 30)}\n${row(14, 8)}`, ","))).toContain("columns 8 to 10");
  });

  it("may have x, y and z before a score, or nothing else", () => {
    expect(otherColumns(rowsOf("120 310 44 0.9\n87 20 60 0.8"))).toBeUndefined();
    expect(otherColumns(rowsOf("12 3 4 0.9\n8 2 6 0.8\n7 19 5 0.7"))).toBeUndefined();
    expect(otherColumns(rowsOf("1 2 3\n1 5 6"))).toBeUndefined();
  });
});
