import { describe, expect, it } from "vitest";
import { CUBE_CASES, EDGE_CORNERS } from "./cube-cases.js";

describe("the cases of a cube", () => {
  it("are 256, with surfaces wherever a cube is cut", () => {
    expect(CUBE_CASES.length).toBe(256);
    for (const [inside, edges] of CUBE_CASES.entries()) {
      expect(edges.length % 3, `${inside}`).toBe(0);
      expect(edges.length > 0).toBe(inside !== 0 && inside !== 255);
    }
  });

  it("use each edge that is cut, and no other", () => {
    for (const [inside, edges] of CUBE_CASES.entries()) {
      const cut = EDGE_CORNERS.flatMap((corner, edge) => {
        const other = corner | (1 << Math.floor(edge / 4));
        return ((inside >> corner) & 1) === ((inside >> other) & 1) ? [] : [edge];
      });
      expect([...new Set(edges)].sort((a, b) => a - b)).toEqual(cut);
    }
  });

  it("look outwards: one corner's triangle turns counter-clockwise seen from beyond it", () => {
    const middle = (edge: number) => {
      const corner = EDGE_CORNERS[edge]!;
      return [0, 1, 2].map((axis) => ((corner >> axis) & 1) + (Math.floor(edge / 4) === axis ? 0.5 : 0)) as number[];
    };
    for (let corner = 0; corner < 8; corner++) {
      const edges = CUBE_CASES[1 << corner]!;
      expect(edges.length).toBe(3);
      const [a, b, c] = [...edges].map(middle) as [number[], number[], number[]];
      const [u, v] = [b.map((value, i) => value - a[i]!), c.map((value, i) => value - a[i]!)] as [number[], number[]];
      const normal = [0, 1, 2].map((i) => u[(i + 1) % 3]! * v[(i + 2) % 3]! - u[(i + 2) % 3]! * v[(i + 1) % 3]!);
      const outwards = normal.reduce((sum, value, axis) => sum + value * (1 - 2 * ((corner >> axis) & 1)), 0);
      expect(outwards, `corner ${corner}`).toBeGreaterThan(0);
    }
  });
});
