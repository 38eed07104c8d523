import { describe, expect, it } from "vitest";
import { inMemory } from "../../core/bytes.js";
import { isEmporiumError } from "../../core/errors.js";
import { LIMITS } from "../../core/limits.js";
import { readCopick } from "./copick.js";
import type { PointOptions } from "./points.js";

const OPTIONS: PointOptions = { kind: "point", binning: 1, columns: "xyz", order: "xyz", delimiter: "," };
const TURN = [
  [0, -1, 0, 500],
  [1, 0, 0, 600],
  [0, 0, 1, 700],
  [0, 0, 0, 1],
];
const point = (x: number, y: number, z: number, more: object = {}) => ({ location: { x, y, z }, ...more });
const file = (text: string) => inMemory(new TextEncoder().encode(text), "picks.json");
const picks = (...points: unknown[]) => JSON.stringify({ pickable_object_name: "ribosome", unit: "angstrom", points });

async function read(text: string, options: Partial<PointOptions> = {}) {
  const found: { position: number[]; rotation?: number[]; id?: number }[] = [];
  for await (const { count, positions, rotations, instanceIds } of readCopick(file(text), { ...OPTIONS, ...options })) {
    for (let i = 0; i < count; i++) {
      found.push({
        position: [...positions.subarray(3 * i, 3 * i + 3)],
        ...(rotations && { rotation: [...rotations.subarray(9 * i, 9 * i + 9)] }),
        ...(instanceIds && { id: instanceIds[i]! }),
      });
    }
  }
  return found;
}
const refusal = async (text: string, options?: Partial<PointOptions>) => {
  const error: unknown = await read(text, options).catch((thrown: unknown) => thrown);
  return isEmporiumError(error) ? { code: error.code, ...error.facts.place } : error;
};

describe("readCopick", () => {
  it("divides locations by the binning, and takes the matrix as it is, whatever the order", async () => {
    const text = picks(point(40, 20, 30, { transformation_: TURN, instance_id: 3, score: 0.5 }), point(0, 50, 10));
    expect(await read(text, { binning: 10, columns: "zyx", order: "zyx" })).toEqual([
      { position: [4, 2, 3] },
      { position: [0, 5, 1] },
    ]);
    expect(await read(text, { kind: "orientedPoint", binning: 10, order: "zyx" })).toEqual([
      { position: [4, 2, 3], rotation: [0, -1, 0, 1, 0, 0, 0, 0, 1] },
      { position: [0, 5, 1], rotation: [1, 0, 0, 0, 1, 0, 0, 0, 1] },
    ]);
  });

  it("takes the file's instance ids where any is not 0, else the places in the list", async () => {
    const ids = async (list: (number | null | undefined)[], compat?: boolean) =>
      (await read(picks(...list.map((id) => point(1, 2, 3, { instance_id: id }))), { kind: "instancePoint", compat })).map(
        ({ id }) => id,
      );
    expect(await ids([1, 1, 0, 9])).toEqual([1, 1, 0, 9]);
    expect(await ids([undefined, null, 7])).toEqual([0, 0, 7]);
    expect(await ids([0, 0, 0])).toEqual([0, 1, 2]);
    expect(await ids([undefined, undefined])).toEqual([0, 1]);
    expect(await ids([4, 4, 4], true)).toEqual([0, 1, 2]);
  });

  it("reads ids and positions in step past the first batch", async () => {
    const count = 40_000;
    const found = await read(picks(...Array.from({ length: count }, (_, i) => point(i, 2 * i, 3, { instance_id: i + 5 }))), {
      kind: "instancePoint",
    });
    expect(found.length).toBe(count);
    expect(found.every(({ position: [x, y], id }, i) => x === i && y === 2 * i && id === i + 5)).toBe(true);
  });

  it.each(['{"points": null}', '{"points": []}', "{}", '\ufeff{"points": []}\r\n'])("has no points in %s", async (text) => {
    expect(await read(text, { kind: "instancePoint" })).toEqual([]);
  });

  it("reads what Python writes for scores that are no numbers", async () => {
    const text = picks(point(1, 2, 3, { score: "NaN", note: 'a "NaN" \\ NaN' })).replace(
      '"score":"NaN"',
      '"score": NaN, "x": [-Infinity]',
    );
    expect(await read(text)).toEqual([{ position: [1, 2, 3] }]);
    expect(await refusal(picks(point(1, 2, 3)).replace("3", "NaN"))).toEqual({
      code: "FORMAT_FIELD",
      file: "picks.json",
      path: "points.0.location.z",
    });
  });

  it.each<[string, string, string, string?, Partial<PointOptions>?]>([
    ["nothing", "", "FORMAT_CORRUPT"],
    ["half a document", picks(point(1, 2, 3)).slice(0, -2), "FORMAT_CORRUPT"],
    ["half a document with a NaN", `${picks(point(1, 2, 3)).slice(0, -2)}, NaN`, "FORMAT_CORRUPT"],
    ["a list", "[]", "FORMAT_FIELD"],
    ["points that are no list", '{"points": {"0": 1}}', "FORMAT_FIELD", "points"],
    ["a point that is none", picks(point(1, 2, 3), 7), "FORMAT_FIELD", "points.1"],
    ["no location", picks({}), "FORMAT_FIELD", "points.0.location"],
    ["half a location", picks({ location: { x: 1, y: 2 } }), "FORMAT_FIELD", "points.0.location.z"],
    ["a location of text", picks({ location: { x: "1", y: 2, z: 3 } }), "FORMAT_FIELD", "points.0.location.x"],
    [
      "a matrix of 3 rows",
      picks(point(1, 2, 3, { transformation_: TURN.slice(1) })),
      "FORMAT_FIELD",
      "points.0.transformation_",
      { kind: "orientedPoint" },
    ],
    [
      "a row of 3",
      picks(point(1, 2, 3, { transformation_: [...TURN.slice(1), [0, 0, 1]] })),
      "FORMAT_FIELD",
      "points.0.transformation_.3",
      { kind: "orientedPoint" },
    ],
    [
      "a matrix of text",
      picks(point(1, 2, 3, { transformation_: [["a", 0, 0, 0], ...TURN.slice(1)] })),
      "FORMAT_FIELD",
      "points.0.transformation_.0.0",
      { kind: "orientedPoint" },
    ],
    [
      "half an instance",
      picks(point(1, 2, 3, { instance_id: 0.5 })),
      "FORMAT_FIELD",
      "points.0.instance_id",
      { kind: "instancePoint" },
    ],
    [
      "an instance below 0",
      picks(point(1, 2, 3, { instance_id: -1 })),
      "FORMAT_FIELD",
      "points.0.instance_id",
      { kind: "instancePoint" },
    ],
    ["depth without end", `{"points": ${"[".repeat(200_000)}${"]".repeat(200_000)}}`, "FORMAT_FIELD", "points.0"],
  ])("refuses %s", async (_, text, code, path, options) => {
    expect(await refusal(text, options)).toEqual({ code, file: "picks.json", path });
  });

  it("refuses a document that is larger than allowed, before it is read", async () => {
    const large = { ...file("{}"), size: async () => LIMITS.tableBytes + 1, read: () => Promise.reject(new Error("read")) };
    const reading = readCopick(large, OPTIONS)[Symbol.asyncIterator]().next();
    await expect(reading).rejects.toMatchObject({ code: "FORMAT_LIMIT" });
  });
});
