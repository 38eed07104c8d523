import { describe, expect, it } from "vitest";
import { inMemory } from "../../../../core/bytes.js";
import { readPointFacts } from "./points.js";

const facts = (text: string) => readPointFacts(inMemory(new TextEncoder().encode(text), "points.ndjson"));
const at = (x: number, rest = "") => `{"type": "point", "location": {"x": ${x}, "y": 2, "z": 3.5}${rest}}`;

describe("readPointFacts", () => {
  it("counts points, with the least and greatest coordinates and where they stand", async () => {
    const { count, low, high, noPoint } = await facts(`${at(4)}\r\n\n${at(-1)}\n${at(9)}`);
    expect([count, noPoint.count, low.x, high.x]).toEqual([3, 0, { value: -1, line: 3 }, { value: 9, line: 4 }]);
  });

  it("counts distinct instances", async () => {
    const ids = [1, 1, 2, 9].map((id) => at(0, `, "instance_id": ${id}`));
    expect((await facts(ids.join("\n"))).instances).toBe(3);
  });

  it.each([
    ["{"],
    ["[1]"],
    ['{"location": {"x": 1, "y": 2}}'],
    ['{"location": null}'],
    ['{"location": {"x": "1", "y": 2, "z": 3}}'],
    ["null"],
  ])("counts %s as no point, and goes on", async (line) => {
    const { count, noPoint } = await facts(`${at(1)}\n${line}\n${at(2)}\n`);
    expect([count, noPoint.count, noPoint.line]).toEqual([2, 1, 2]);
  });

  it("takes numpy's tolerance for a rotation: a matrix of seven digits passes, one of four does not", async () => {
    const rotation = (digits: number) => {
      const [cosine, sine] = [Math.cos(1), Math.sin(1)].map((value) => Number(value.toFixed(digits)));
      return at(0, `, "xyz_rotation_matrix": [[${cosine}, ${-sine!}, 0], [${sine}, ${cosine}, 0], [0, 0, 1]]`).replace(
        "point",
        "orientedPoint",
      );
    };
    const exact = await facts(rotation(7));
    expect([exact.matrices, exact.determinant.count, exact.unitRows.count, exact.orthogonal.count]).toEqual([1, 0, 0, 0]);
    const rough = await facts(rotation(4));
    expect([rough.determinant.count, rough.unitRows.count]).toEqual([1, 1]);
  });

  it("counts a matrix that holds no numbers", async () => {
    const body = [`[[1, 0, 0], [0, 1, 0], [0, 0, null]]`, `[[1, 0, 0], [0, 1, 0]]`, `5`].map((matrix) =>
      at(0, `, "xyz_rotation_matrix": ${matrix}`),
    );
    expect((await facts(body.join("\n"))).notThreeByThree).toMatchObject({ count: 3, line: 1 });
  });
});
