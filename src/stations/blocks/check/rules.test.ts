import { describe, expect, it } from "vitest";
import type { BlockLevel } from "../../../arrays/blocks/volume.js";
import { BLOCK_RULES } from "./check.js";

type Subject = Parameters<(typeof BLOCK_RULES)[number]["judge"]>[0];
const level = (shape: number[], voxelSizeNm: (number | undefined)[], more: object = {}) =>
  ({ shape, voxelSizeNm, offsetNm: [0, 0, 0], dtype: "int16", chunk: [4, 4, 4], ...more }) as unknown as BlockLevel;
const block = (more: object) => ({ level: 0, box: { start: [0, 0, 0], stop: [4, 4, 4] }, min: 0, max: 9, notFinite: 0, ...more });

/** What a rule finds: the place, and what is there. */
function found(
  code: string,
  { levels = [level([8, 8, 8], [2, 2, 2])], kind = "image", blocks = [], values = [], expect: own = {} }: Record<string, unknown>,
) {
  const sample = { blocks, values: Float64Array.from(values as number[]), lost: [] };
  const expected = { contrastShareMin: 0.1, ...(own as object) };
  const subject = { volume: { name: "v", levels }, kind, sample, expect: expected } as unknown as Subject;
  const rule = BLOCK_RULES.find((one) => one.code === code)!;
  return rule.judge(subject).map(({ place, found }) => [place?.path, found]);
}

describe("rules of voxels", () => {
  it("blocks of one value that is not 0 are too many where that is all there is; other levels do not count", () => {
    const constant = (blocks: object[]) => found("blocks.constant", { blocks }).length;
    for (const value of [1, 7]) expect(constant([1, 2, 3].map(() => block({ min: value, max: value })))).toBe(1);
    expect(constant([1, 2, 3].map(() => block({ min: 0, max: 0 })))).toBe(0);
    const others = [1, 2, 3, 4, 5, 6, 7, 8, 9].map(() => block({ level: 1, min: 7, max: 7 }));
    expect(constant([block({}), ...others])).toBe(0);
    expect(constant([block({}), ...others.map((one) => ({ ...one, level: 0, fault: new Error("x") }))])).toBe(0);
  });

  it("voxels that are no numbers are counted, with the first block that has any", () => {
    const blocks = [block({}), block({ notFinite: 2, box: { start: [4, 0, 0], stop: [8, 4, 4] } }), block({ notFinite: 3 })];
    expect(found("blocks.finite", { blocks })).toEqual([["level 0, 4,0,0 to 8,4,4", "5 in 2 sampled blocks"]]);
    expect(found("blocks.finite", { blocks: [block({})] })).toEqual([]);
  });

  it("percentiles lie apart by a share of the range, which is 255 for bytes", () => {
    // of ten values the 99th percentile is the ninth, the nearest below
    const outlier = [0, 1, 2, 3, 4, 5, 6, 7, 8, 1000];
    expect(found("contrast.width", { values: outlier })).toEqual([["levels.0", "0 to 8, of 0 to 1000"]]);
    expect(found("contrast.width", { values: [-50, 1, 2, 3, 4, 5, 6, 7, 60, 60] })).toEqual([]);
    expect(found("contrast.width", { values: [-500, -490, -480, -470, -460, -450, -445, -440, -430, -400] })).toEqual([]);
    const bytes = (share: number) => ({
      levels: [level([8, 8, 8], [2, 2, 2], { dtype: "uint8" })],
      values: outlier.map((value) => Math.min(value, 9)),
      expect: { contrastShareMin: share },
    });
    expect([found("contrast.width", bytes(8 / 255)).length, found("contrast.width", bytes(9 / 255)).length]).toEqual([0, 1]);
    expect(found("contrast.width", { kind: "labels", values: outlier })).toEqual([]);
    expect(found("contrast.width", { values: [5, 5, 5] }).length).toBe(1);
  });
});

it("of a volume without a level nothing can be said", () => {
  expect(() => found("contrast.width", { levels: [], values: [1, 2, 3] })).toThrow(
    expect.objectContaining({ code: "FORMAT_FIELD", message: "v has no level" }),
  );
});

describe("rules of levels", () => {
  const levels = (voxelSizeNm: number[], more: object = {}) => [level([8, 8, 8], [2, 2, 2]), level([4, 4, 4], voxelSizeNm, more)];
  it("a coarser level is coarser along some axis, and finer along none", () => {
    for (const size of [
      [4, 4, 4],
      [4, 2, 2],
    ])
      expect(found("levels.monotone", { levels: levels(size) })).toEqual([]);
    for (const size of [
      [2, 2, 2],
      [4, 1, 4],
      [1, 1, 4],
    ])
      expect(found("levels.monotone", { levels: levels(size) })).toEqual([["levels.1.voxelSizeNm", `${size.join(", ")} nm`]]);
  });

  it("levels fill the same part of the world within one of their voxels; the level that does not is named", () => {
    const moved = (nm: number) => found("levels.consistent", { levels: levels([4, 4, 4], { offsetNm: [1 + nm, 1, 1] }) });
    expect([moved(0), moved(4), moved(-4)]).toEqual([[], [], []]);
    for (const nm of [4.5, -4.5]) expect(moved(nm).map(([path]) => path)).toEqual(["levels.1"]);
  });
});
