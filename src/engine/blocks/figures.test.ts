import { describe, expect, it } from "vitest";
import { blockSource } from "./block-source.js";
import { collectFigures, figureRow } from "./figures.js";

const grid = { shape: [1, 1, 200], block: [1, 1, 1], bytes: 1, memoryBytes: 0, threads: 1, run: "x", params: {} } as const;
const source = blockSource({
  createdMs: 0,
  locks: [],
  stages: [
    { ...grid, name: "first", needs: [] },
    { ...grid, name: "second", needs: [] },
  ],
});

describe("collectFigures", () => {
  it("tells half and 95 of 100 within a twentieth of a decade, and sums exactly", () => {
    const figures = collectFigures(source);
    // 1 ms to 100 ms: the 50th is 50 ms, the 95th 95 ms
    for (let i = 1; i <= 100; i++) figures.add(i - 1, figureRow(i / 1000, i / 500, { phases: { wait: i / 2000, store: 0 } }));
    const [first, ...others] = figures.stages();
    expect(others).toEqual([]);
    expect([first!.name, first!.blocks, first!.again]).toEqual(["first", 100, 0]);
    for (const [found, wanted] of [
      [first!.seconds.p50, 0.05],
      [first!.seconds.p95, 0.095],
      [first!.phases.wait.p50, 0.025],
      [first!.phases.wait.p95, 0.0475],
    ] as const)
      expect(Math.abs(found / wanted - 1)).toBeLessThan(0.06);
    expect(first!.seconds.sum).toBeCloseTo(5.05, 10);
    expect(first!.cpuSeconds).toBeCloseTo(10.1, 10);
    expect(first!.phases.store).toEqual({ p50: 0, p95: 0, sum: 0 });
    expect([figures.blocks, figures.seconds]).toEqual([100, first!.seconds.sum]);
  });

  it("keeps stages apart, and counts attempts", () => {
    const figures = collectFigures(source);
    figures.add(3, figureRow(1, 1, undefined));
    figures.add(203, figureRow(100, 1, { phases: { compute: 90 } }));
    figures.addAgain(203, 2);
    expect(figures.stages()).toMatchObject([
      { name: "first", blocks: 1, again: 0 },
      { name: "second", blocks: 1, again: 2, phases: { compute: { sum: 90 } } },
    ]);
  });
});
