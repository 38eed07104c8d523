import { describe, expect, it } from "vitest";
import { encodeMod } from "../../formats/mod/write.js";
import { encodeOverlay, NO_SHAPES } from "../../model/overlay-bytes.js";
import { memoryStore } from "../../stores/memory/store.js";
import { findPoint } from "./point.js";

const { signal } = new AbortController();

/** What is found of a point of a file with this text, and its bytes as they stand in the file. */
async function found(name: string, text: string, index: number, points = 3) {
  const store = memoryStore();
  await store.write(`a/${name}`, Buffer.from(text));
  const file = { place: { store }, key: `a/${name}` };
  const read = async () => encodeOverlay({ ...NO_SHAPES, xyz: new Float32Array(3 * points) });
  const point = await findPoint({ file, read } as unknown as Parameters<typeof findPoint>[0], index, signal);
  const { offset = -1, length = -1 } = (point.stored as unknown as { is: { offset: number; length: number } }).is;
  return {
    ...point,
    bytes: Buffer.from(text)
      .subarray(offset, offset + length)
      .toString(),
  };
}

describe("a point of a file", () => {
  const rows = ['{"type":"point","location":{"x":1,"y":2.5,"z":3}}', '{"location":{"x":4,"y":5,"z":6}}', "{}"];

  it("is a line of its own, whatever lines end with", async () => {
    for (const end of ["\n", "\r\n", "\n\n"]) {
      const text = rows.join(end);
      expect(await found("p.ndjson", text, 0)).toMatchObject({ of: "point 1 of p.ndjson", value: "1 2.5 3", bytes: rows[0] });
      expect(await found("p.ndjson", text, 1)).toMatchObject({ of: "point 2 of p.ndjson", value: "4 5 6", bytes: rows[1] });
      expect(await found("p.ndjson", `${text}${end}`, 2)).toMatchObject({ value: "", bytes: rows[2] });
    }
  });

  it("is found behind what is read at once", async () => {
    // each line is a part of the window of a mebibyte that divides none
    const long = Array.from({ length: 40 }, (_, i) => `{"location":{"x":${i},"y":0,"z":0},"note":"${"ü".repeat(30_000)}"}`);
    for (const index of [0, 17, 18, 39]) {
      const { value, bytes } = await found("p.ndjson", `${long.join("\n")}\n`, index);
      expect([value, bytes === long[index]]).toEqual([`${index} 0 0`, true]);
    }
  });

  it("is no point behind the last", async () => {
    await expect(found("p.ndjson", rows.join("\n"), 3)).rejects.toMatchObject({
      code: "USAGE",
      message: "a/p.ndjson has no point 3; its points are 0 to 2",
    });
    await expect(found("p.csv", "1,2,3\n", 1, 1)).rejects.toMatchObject({
      message: "a/p.csv has no point 1; its points are 0 to 0",
    });
  });

  it("is a row of a table, behind its names and comments", async () => {
    const table = "# made by hand\nx,y,z\n1,2,3\n\n4,5,6\n7,8,9";
    expect(await found("p.csv", table, 1)).toMatchObject({ value: "4,5,6", bytes: "4,5,6", note: "the row of the table" });
    expect(await found("p.csv", "1,2,3\n4,5,6\n7,8,9\n", 0)).toMatchObject({ bytes: "1,2,3" });
  });

  it("is a row of the loop of a STAR file that has coordinates", async () => {
    const star = [
      ...["data_optics", "loop_", "_rlnOpticsGroup #1", "1", "data_particles", "loop_"],
      ...["_rlnCoordinateX #1", "_rlnCoordinateY #2", "_rlnCoordinateZ #3", " 1 2 3", " 4 5 6", " 7 8 9", ""],
    ].join("\n");
    expect(await found("p.star", star, 0)).toMatchObject({ value: "1 2 3", bytes: " 1 2 3" });
    expect(await found("p.star", star, 2)).toMatchObject({ value: "7 8 9" });
  });

  it("is the whole file where rows are not points one by one", async () => {
    expect(await found("p.csv", "1,2,3\n4,5,6\n", 0)).toMatchObject({
      value: "",
      stored: { is: { offset: 0, length: 12, says: expect.stringContaining("3 points") } },
    });
  });

  it("is three numbers of a contour of the object that is asked for", async () => {
    const contours = [{ xyz: [1, 2, 3] }, { xyz: [4, 5, 6, 7, 8, 9.5] }];
    const bytes = encodeMod({ max: [10, 10, 10], objects: [{ contours: [{ xyz: [0, 0, 0] }] }, { contours }] });
    const store = memoryStore();
    await store.write("a.mod", bytes);
    const of = (index: number) =>
      findPoint(
        { file: { place: { store }, key: "a.mod", object: 1 }, read: async () => bytes } as unknown as Parameters<
          typeof findPoint
        >[0],
        index,
        signal,
      );
    const points = [await of(0), await of(1), await of(2)];
    expect(points.map((point) => point.value)).toEqual(["1 2 3", "4 5 6", "7 8 9.5"]);
    expect(points.map((point) => point.of)).toEqual([
      "point 1 of a.mod, in contour 1 of object 2",
      "point 2 of a.mod, in contour 2 of object 2",
      "point 3 of a.mod, in contour 2 of object 2",
    ]);
    for (const { stored, value } of points) {
      const { offset } = (stored as { is: { offset: number } }).is;
      expect([0, 4, 8].map((at) => Buffer.from(bytes).readFloatBE(offset + at)).join(" ")).toBe(value);
    }
    await expect(of(3)).rejects.toMatchObject({ message: "a.mod has no point 3; its points are 0 to 2" });
    const calculated = findPoint({ read: async () => bytes } as unknown as Parameters<typeof findPoint>[0], 0, signal);
    await expect(calculated).rejects.toMatchObject({ code: "NOT_FOUND" });
  });
});
