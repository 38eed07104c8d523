import { expect, it } from "vitest";
import { PHASES } from "../../../engine/blocks/figures.js";
import { figureLines, figuresOf } from "./figures.js";

type Taken = Parameters<typeof figuresOf>[1]["stages"][number];
const phase = (p50: number, p95: number, sum = 1) => ({ p50, p95, sum });
const none = Object.fromEntries(PHASES.map((name) => [name, phase(0, 0, 0)]));
const stage = (name: string, more: object = {}) =>
  ({
    name,
    blocks: 12,
    phases: { ...none, [PHASES[0]!]: phase(0.00085, 0.0123) },
    cpuSeconds: 0,
    again: 0,
    ...more,
  }) as unknown as Taken;

it("figures of a run have what its stages read, where that is known", () => {
  const report = {
    stages: [stage("a"), stage("b")],
    use: { rssBytesMax: 5, idleShare: 0.5, busySeconds: 1 },
    overheadSeconds: 0.25,
  };
  const found = figuresOf([{ name: "b", bytesRead: 7, bytesAgain: 3 }], report as never);
  expect(found.stages.map(({ name, bytesRead, bytesAgain }) => [name, bytesRead, bytesAgain])).toEqual([
    ["a", 0, 0],
    ["b", 7, 3],
  ]);
  expect(found).toMatchObject({ rssBytesMax: 5, idleShare: 0.5, overheadSeconds: 0.25 });
  expect(Object.keys(figuresOf([], { stages: [] } as never))).toEqual(["stages"]);
});

it("lines for people: a table, and what there is beside it", () => {
  expect(figureLines({ stages: [] })).toEqual([]);
  const one = { ...stage("smooth"), bytesRead: 1, bytesAgain: 0 };
  const [head, names, row, ...more] = figureLines({ stages: [one] });
  expect(head).toBe("time per block, median / 95th percentile:");
  expect(names).toMatch(new RegExp(`^  stage   blocks  +${PHASES[0]}  `));
  // numbers end below each other, names begin so
  expect([row!.length, row!.startsWith("  smooth      12  "), row!.endsWith("  -      0")]).toEqual([names!.length, true, true]);
  expect(row).toContain("850us/12ms");
  expect(more).toEqual([]);
  const long = {
    ...stage("longer-name", { again: 5, phases: { ...none, [PHASES[0]!]: phase(3.42, 12.3) } }),
    bytesRead: 1,
    bytesAgain: 2 ** 20,
  };
  const lines = figureLines({ stages: [one, long as never], rssBytesMax: 3 * 2 ** 20, idleShare: 0.126, overheadSeconds: 0.002 });
  expect([lines.length, new Set(lines.slice(1, 4).map((line) => line.length)).size]).toEqual([5, 1]);
  expect(lines[3]).toContain("3.4s/12s");
  expect(lines.at(-1)).toBe(
    "at most 3.0 MiB of memory in the worker processes, 13 % idle, 2ms overhead per block, 1.0 MiB read twice for halos",
  );
  expect(figureLines({ stages: [one], rssBytesMax: 0 }).length).toBe(3);
});
