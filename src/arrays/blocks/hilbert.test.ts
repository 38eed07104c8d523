import { describe, expect, it } from "vitest";
import type { Triple } from "../../core/box.js";
import { hilbertCell } from "./hilbert.js";

/** Cells of a grid with one thing in each, in the curve's order. */
function curve(cells: Triple): Triple[] {
  const all = { low: [0, 0, 0] as Triple, high: cells };
  return Array.from({ length: cells[0] * cells[1] * cells[2] }, (_, position) => {
    const found = hilbertCell({ cells, begin: (_axis, cell) => cell }, all, position);
    expect(found.position).toBe(0);
    return found.low;
  });
}

const distance = (a: Triple, b: Triple) => a.reduce((sum, at, axis) => sum + Math.abs(at - b[axis]!), 0);

describe("hilbertCell", () => {
  it.each([2, 4, 8, 16])("visits a cube of %i³ cells by steps from face to face", (edge) => {
    const cells = curve([edge, edge, edge]);
    expect(new Set(cells.map(String)).size).toBe(edge ** 3);
    for (let at = 1; at < cells.length; at++) expect(distance(cells[at - 1]!, cells[at]!)).toBe(1);
    // it begins in one corner, and ends in a corner beside it
    expect(distance(cells[0]!, cells.at(-1)!)).toBe(edge - 1);
  });

  it.each<[Triple]>([[[1, 1, 1]], [[3, 5, 7]], [[1, 13, 1]], [[9, 1, 10]], [[2, 2, 17]]])(
    "visits each cell of %j once",
    (shape) => {
      const cells = curve(shape);
      expect(new Set(cells.map(String)).size).toBe(shape[0] * shape[1] * shape[2]);
      for (const cell of cells) expect(cell.every((at, axis) => at >= 0 && at < shape[axis]!)).toBe(true);
    },
  );

  it("keeps eight neighbors together: each aligned cube of 2ⁿ cells is left once", () => {
    const cells = curve([8, 8, 8]);
    for (const edge of [2, 4]) {
      const cube = cells.map((cell) => cell.map((at) => Math.floor(at / edge)).join());
      const changes = cube.filter((name, at) => name !== cube[at - 1]).length;
      expect(changes).toBe((8 / edge) ** 3);
    }
  });

  it("counts the things in cells, also where cells hold several or none", () => {
    // along each axis: cells of 0, 3 and 2 things
    const begins = [0, 0, 3, 5];
    const begin = (_axis: number, cell: number) => begins[Math.min(cell, 3)]!;
    const seen = new Map<string, number>();
    for (let position = 0; position < 125; position++) {
      const found = hilbertCell({ cells: [3, 3, 3], begin }, { low: [0, 0, 0], high: [5, 5, 5] }, position);
      const name = `${found.low}-${found.high}`;
      expect(found.position).toBe(seen.get(name) ?? 0);
      seen.set(name, found.position + 1);
    }
    expect([...seen.values()].sort((a, b) => a - b)).toEqual([8, 12, 12, 12, 18, 18, 18, 27]);
  });
});
