import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { concat, inMemory } from "../../core/bytes.js";
import { isEmporiumError } from "../../core/errors.js";
import { countPoints, encodePoints, PointTally, readPointLines } from "./ndjson.js";
import type { PointBatch, PointKind } from "./points.js";

const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
const file = (text: string) => inMemory(new TextEncoder().encode(text), "a.ndjson");

async function read(text: string) {
  const batches: (PointBatch & { kind: PointKind })[] = [];
  for await (const batch of readPointLines(file(text))) batches.push(batch);
  return batches;
}
async function refusal(text: string) {
  const error: unknown = await read(text).catch((thrown: unknown) => thrown);
  return isEmporiumError(error) ? { code: error.code, ...error.facts.place } : error;
}

const number = fc.double({ noNaN: true, noDefaultInfinity: true });
const points = (kind: PointKind) =>
  fc
    .array(
      fc.record({
        position: fc.tuple(number, number, number),
        rotation: fc.array(number, { minLength: 9, maxLength: 9 }),
        id: fc.maxSafeNat(),
      }),
      { maxLength: 300 },
    )
    .map(
      (list): PointBatch => ({
        count: list.length,
        positions: Float64Array.from(list.flatMap(({ position }) => position)),
        rotations: kind === "orientedPoint" ? Float64Array.from(list.flatMap(({ rotation }) => rotation)) : undefined,
        instanceIds: kind === "instancePoint" ? Float64Array.from(list, ({ id }) => id) : undefined,
      }),
    );

describe("encodePoints", () => {
  it("writes the lines of the format's description, in Python's hand", () => {
    const positions = Float64Array.of(1, 2, 3, -0, 1e21, 1.5e-7);
    expect(decode(encodePoints("point", { count: 2, positions }))).toBe(
      '{"type": "point", "location": {"x": 1.0, "y": 2.0, "z": 3.0}}\n' +
        '{"type": "point", "location": {"x": -0.0, "y": 1e+21, "z": 1.5e-7}}\n',
    );
    const rotations = Float64Array.of(0, -Math.SQRT1_2, Math.SQRT1_2, 1, 0, 0, 0, Math.SQRT1_2, Math.SQRT1_2);
    expect(decode(encodePoints("orientedPoint", { count: 1, positions: Float64Array.of(1.3, 2.6, 3.8), rotations }))).toBe(
      '{"type": "orientedPoint", "location": {"x": 1.3, "y": 2.6, "z": 3.8}, "xyz_rotation_matrix": ' +
        "[[0.0, -0.7071067811865476, 0.7071067811865476], [1.0, 0.0, 0.0], [0.0, 0.7071067811865476, 0.7071067811865476]]}\n",
    );
    expect(
      decode(encodePoints("instancePoint", { count: 1, positions: Float64Array.of(2, 4, 6), instanceIds: Float64Array.of(-0) })),
    ).toBe('{"type": "instancePoint", "location": {"x": 2.0, "y": 4.0, "z": 6.0}, "instance_id": 0}\n');
    expect(encodePoints("point", { count: 0, positions: new Float64Array() })).toHaveLength(0);
  });

  it.each<PointKind>(["point", "orientedPoint", "instancePoint"])("what is written is read, bit by bit: %s", async (kind) => {
    await fc.assert(
      fc.asyncProperty(points(kind), fc.constantFrom("\n", "\r\n", "\n \n"), fc.boolean(), async (batch, ending, ended) => {
        let text = decode(encodePoints(kind, batch)).replaceAll("\n", ending);
        if (!ended) text = text.trimEnd();
        const found = await read(text);
        expect(found).toEqual(batch.count === 0 ? [] : [{ kind, ...batch }]);
      }),
      { numRuns: 100 },
    );
  });

  it.each<[string, PointKind, Partial<PointBatch>]>([
    ["a coordinate that is no number", "point", { positions: Float64Array.of(1, 2, 3, 4, Number.NaN, 6) }],
    ["an infinite coordinate", "instancePoint", { positions: Float64Array.of(1, 2, 3, 4, 5, Number.POSITIVE_INFINITY) }],
    ["a matrix that is none", "orientedPoint", { rotations: new Float64Array(18).fill(Number.NaN, 10, 11) }],
    ["an instance below 0", "instancePoint", { instanceIds: Float64Array.of(0, -1) }],
    ["half an instance", "instancePoint", { instanceIds: Float64Array.of(0, 0.5) }],
  ])("refuses %s, and names the point", (_, kind, wrong) => {
    const batch = { count: 2, positions: new Float64Array(6), rotations: new Float64Array(18), instanceIds: new Float64Array(2) };
    let thrown: unknown;
    try {
      encodePoints(kind, { ...batch, ...wrong }, 40);
    } catch (error) {
      thrown = error;
    }
    expect(isEmporiumError(thrown) && [thrown.code, thrown.message]).toEqual([
      "METADATA_VALUE",
      expect.stringContaining("point 41 "),
    ]);
  });

  it.each<[PointKind, PointBatch]>([
    ["point", { count: 2, positions: new Float64Array(3) }],
    ["orientedPoint", { count: 1, positions: new Float64Array(3) }],
    ["instancePoint", { count: 1, positions: new Float64Array(3) }],
  ])("refuses a batch without what a %s needs", (kind, batch) => {
    expect(() => encodePoints(kind, batch)).toThrow(/; expected /);
  });
});

describe("readPointLines", () => {
  it("reads what others write: more keys, other blanks, an empty file", async () => {
    expect(await read('\ufeff{"location":{"z":3,"y":2,"x":1},"type":"point","note":[]}')).toEqual([
      { kind: "point", count: 1, positions: Float64Array.of(1, 2, 3), rotations: undefined, instanceIds: undefined },
    ]);
    for (const empty of ["", "\n", "\r\n \n"]) expect(await read(empty)).toEqual([]);
  });

  it("reads lines across the borders of its windows", async () => {
    const count = 40_000;
    const positions = Float64Array.from({ length: 3 * count }, (_, i) => i / 7);
    const batches = await read(decode(encodePoints("point", { count, positions })));
    expect(batches.map((batch) => batch.count)).toEqual([16_384, 16_384, 40_000 - 2 * 16_384]);
    const joined = batches.flatMap((batch) => [...batch.positions]);
    expect(joined.length).toBe(3 * count);
    expect(joined.every((value, i) => value === positions[i])).toBe(true);
  });

  const good = '{"type": "point", "location": {"x": 1.0, "y": 2.0, "z": 3.0}}\n';
  const place = '"location": {"x": 1, "y": 2, "z": 3}';
  it.each([
    ["no JSON", "{"],
    ["a list", "[]"],
    ["null", "null"],
    ["no type", `{${place}}`],
    ["another type", `{"type": "line", ${place}}`],
    ["no location", '{"type": "point"}'],
    ["half a location", '{"type": "point", "location": {"x": 1, "y": 2}}'],
    ["a location of text", '{"type": "point", "location": {"x": 1, "y": 2, "z": "3"}}'],
    ["a number that JSON has not", '{"type": "point", "location": {"x": 1, "y": 2, "z": NaN}}'],
    ["a number past all", '{"type": "point", "location": {"x": 1, "y": 2, "z": 1e999}}'],
    ["another kind than the first", `{"type": "instancePoint", ${place}, "instance_id": 1}`],
    ["two points in a line", good.trim() + good.trim()],
  ])("refuses %s, with the line", async (_, line) => {
    expect(await refusal(`${good}\r\n${good}${line}\n${good}`)).toEqual({ code: "FORMAT_FIELD", file: "a.ndjson", line: 4 });
  });
  it.each([
    ["no matrix", `{"type": "orientedPoint", ${place}}`],
    ["a matrix of two rows", `{"type": "orientedPoint", ${place}, "xyz_rotation_matrix": [[1,0,0],[0,1,0]]}`],
    ["rows of nine", `{"type": "orientedPoint", ${place}, "xyz_rotation_matrix": [[1,0,0,0,1,0,0,0,1]]}`],
    ["a matrix of text", `{"type": "orientedPoint", ${place}, "xyz_rotation_matrix": [[1,0,0],[0,1,0],[0,0,"1"]]}`],
    ["no instance", `{"type": "instancePoint", ${place}}`],
    ["an instance below 0", `{"type": "instancePoint", ${place}, "instance_id": -1}`],
  ])("refuses %s", async (_, line) => {
    expect(await refusal(line)).toEqual({ code: "FORMAT_FIELD", file: "a.ndjson", line: 1 });
  });

  it("refuses a line without end", async () => {
    expect(await refusal(`${good}"${"x".repeat(2 ** 20 + 1)}`)).toEqual({ code: "FORMAT_LIMIT", file: "a.ndjson", line: 2 });
  });
});

describe("counts for metadata", () => {
  it("are the same while writing and from the file", async () => {
    const batches: PointBatch[] = [
      { count: 3, positions: new Float64Array(9), instanceIds: Float64Array.of(1, 1, 2) },
      { count: 2, positions: new Float64Array(6), instanceIds: Float64Array.of(2, 9) },
    ];
    const tally = new PointTally();
    for (const batch of batches) tally.add(batch);
    const written = await countPoints(inMemory(concat(batches.map((batch) => encodePoints("instancePoint", batch)))));
    for (const { lines, instances } of [tally, written]) expect([lines, instances]).toEqual([5, 3]);
    const { lines, instances } = await countPoints(inMemory(encodePoints("point", batches[0]!)));
    expect([lines, instances]).toEqual([3, 0]);
    expect((await countPoints(inMemory(new Uint8Array(0)))).lines).toBe(0);
  });
});
