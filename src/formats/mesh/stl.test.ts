import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { mergeVertices } from "./merge.js";
import { parseStl } from "./stl.js";

const text = (content: string) => new TextEncoder().encode(content);
const facet = (...corners: string[]) =>
  `facet normal 0 0 1\n outer loop\n${corners.map((corner) => `  vertex ${corner}\n`).join("")} endloop\nendfacet\n`;

describe("STL", () => {
  it("has each place once, in the order of the file", () => {
    const solid = `solid\n${facet("0 0 0", "1 0 0", "1 1 0")}${facet("-0 0 0.0", "1.0 1e0 0", "0 1 0")}endsolid\n`;
    expect(parseStl(text(solid), "x")).toEqual([
      { name: "", positions: Float64Array.of(0, 0, 0, 1, 0, 0, 1, 1, 0, 0, 1, 0), triangles: Uint32Array.of(0, 1, 2, 0, 2, 3) },
    ]);
  });

  it("gives each solid, also of one name, and passes over an empty one", () => {
    const one = `Solid my part\n${facet("0 0 0", "1 0 0", "1 1 0")}END`.replace("END", "EndSolid my part\n");
    expect(parseStl(text(`\n${one}solid none\nendsolid none\n\n${one}`), "x").map(({ name }) => name)).toEqual([
      "my part",
      "my part",
    ]);
  });

  it("takes a binary file with bytes behind its facets", () => {
    const bytes = new Uint8Array(84 + 50 + 7);
    const view = new DataView(bytes.buffer);
    view.setUint32(80, 1, true);
    for (const [at, value] of [0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0].entries()) view.setFloat32(84 + at * 4, value, true);
    expect(parseStl(bytes, "x")).toEqual([
      { name: "", positions: Float32Array.of(0, 0, 0, 1, 0, 0, 0, 1, 0), triangles: Uint32Array.of(0, 1, 2) },
    ]);
  });

  it("merging changes no triangle and leaves no place twice", () => {
    const few = fc.constantFrom(-1, -0, 0, 1e-300, 0.1, 7);
    fc.assert(
      fc.property(fc.array(fc.tuple(few, few, few), { minLength: 1, maxLength: 200 }), (points) => {
        const positions = Float64Array.from(points.flat());
        const triangles = Uint32Array.from(points, (_, at) => at);
        const merged = mergeVertices({ name: "a", positions, triangles });
        const at = (part: { positions: ArrayLike<number> }, vertex: number) =>
          [0, 1, 2].map((axis) => part.positions[vertex * 3 + axis]! + 0);
        expect([...merged.triangles].map((vertex) => at(merged, vertex))).toEqual(
          points.map((_, vertex) => at({ positions }, vertex)),
        );
        const places = Array.from({ length: merged.positions.length / 3 }, (_, vertex) => at(merged, vertex).join());
        expect(new Set(places).size).toBe(places.length);
      }),
    );
  });
});
