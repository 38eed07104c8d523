import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseObj } from "./obj.js";

const parse = (text: string) =>
  parseObj(new TextEncoder().encode(text), "x.obj").map(({ name, positions, triangles }) => ({
    name,
    positions: [...positions],
    triangles: [...triangles],
  }));
const SQUARE = "v 0 0 0\nv 1 0 0\nv 1 1 0\nv 0 1 0\n";

describe("OBJ", () => {
  it("makes a fan of a polygon", () => {
    expect(parse(`${SQUARE}v -1 0.5 0\nf 1 2 3 4 5\n`)[0]!.triangles).toEqual([0, 1, 2, 0, 2, 3, 0, 3, 4]);
  });

  it("counts negative vertices from those before the face", () => {
    expect(parse("v 0 0 0\nv 1 0 0\nv 1 1 0\nf -3 -2 -1\nv 9 9 9\nf -1 1 2\n")[0]!.triangles).toEqual([0, 1, 2, 3, 0, 1]);
  });

  it("takes faces before their vertices", () => {
    expect(parse(`f 1 2 3\n${SQUARE}`)).toEqual([{ name: "", positions: [0, 0, 0, 1, 0, 0, 1, 1, 0], triangles: [0, 1, 2] }]);
  });

  it("gives each object its own vertices, in the order of the file", () => {
    expect(parse(`${SQUARE}o a\ng x\nf 4 3 1\no b #2\nf 1 2 3\no a\nf 4 2 1\n`)).toEqual([
      { name: "a", positions: [0, 0, 0, 1, 0, 0, 1, 1, 0, 0, 1, 0], triangles: [3, 2, 0, 3, 1, 0] },
      { name: "b #2", positions: [0, 0, 0, 1, 0, 0, 1, 1, 0], triangles: [0, 1, 2] },
    ]);
  });

  it("goes by groups where there are no objects", () => {
    expect(
      parse(`${SQUARE}f 1 2 3\ng left wing\nf 1 3 4\ng\nf 2 3 4\n`).map(({ name, triangles }) => [name, triangles.length / 3]),
    ).toEqual([
      ["", 2],
      ["left wing", 1],
    ]);
  });

  it("keeps the faces before the first object", () => {
    expect(parse(`${SQUARE}g x\nf 1 2 3\no a\nf 1 3 4\n`).map(({ name }) => name)).toEqual(["", "a"]);
  });

  it.each(["\n", "\r\n", "\r"])("reads lines that end with %j", (end) => {
    expect(
      parse(`# a mesh ${end}${SQUARE.replaceAll("\n", `\t ${end}${end}`)}f 1/2 2/ 3/// # corner${end}`)[0]!.triangles,
    ).toEqual([0, 1, 2]);
  });

  it("reads what was written, whatever blocks its text is read in", () => {
    const number = fc.double({ noNaN: true, noDefaultInfinity: true });
    fc.assert(
      fc.property(
        fc.array(fc.tuple(number, number, number), { minLength: 3 }),
        fc.constantFrom("\n", "\r\n", "\r"),
        fc.nat(40),
        (points, end, pad) => {
          // the filling brings an edge of a block to another place each time
          const filling = `# ${"·".repeat(50)}${end}`.repeat(2540) + "#".repeat(pad) + end;
          const text =
            filling +
            points.map((point) => `v ${point.join(" ")}${end}`).join("") +
            points.map((_, at) => `f 1 2 ${at + 1}${end}`).join("");
          const [part] = parse(text);
          expect(part).toEqual({
            name: "",
            positions: points.flat().map((value) => value + 0),
            triangles: points.flatMap((_, at) => [0, 1, at]),
          });
        },
      ),
      { numRuns: 60 },
    );
  });
});
