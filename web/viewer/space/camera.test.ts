import { describe, expect, it } from "vitest";
import type { Triple } from "../../../src/core/box.js";
import { axesOf, dot, FIRST_CAMERA, moved, projected, turned, zoomedAt } from "./camera.js";

const MIDDLE: Triple = [100, 200, 300];
const VIEW = { width: 400, height: 300, scale: 2 };

describe("the camera of the 3-D pane", () => {
  it("sees the xy pane's picture where it is not turned", () => {
    const axes = axesOf({ turn: 0, tilt: 0 });
    // 20 Å further along x, y and z than the middle
    const seen = projected(axes, MIDDLE, [120, 240, 310], VIEW);
    expect([seen.u, seen.v, seen.depth]).toEqual([205, 170, 20]);
  });

  it("looks from the side at a tilt of a right angle: z runs down, y comes near", () => {
    const { u, v, depth } = projected(axesOf({ turn: 0, tilt: -90 }), MIDDLE, [120, 240, 310], VIEW);
    expect([u, v, depth].map((value) => Math.round(value * 1e9) / 1e9)).toEqual([205, 160, -40]);
  });

  it("has axes at right angles, of one handedness, wherever it looks", () => {
    for (const [turn, tilt] of [
      [0, 0],
      [33, -71],
      [-140, -10],
      [179.9, -180],
    ] as const) {
      const { right, down, forward } = axesOf({ turn, tilt });
      for (const [a, b, wanted] of [
        [right, right, 1],
        [down, down, 1],
        [forward, forward, 1],
        [right, down, 0],
        [down, forward, 0],
        [forward, right, 0],
      ] as const)
        expect(dot(a, b)).toBeCloseTo(wanted, 12);
      const across = [
        right[1] * down[2] - right[2] * down[1],
        right[2] * down[0] - right[0] * down[2],
        right[0] * down[1] - right[1] * down[0],
      ];
      for (const [i, value] of across.entries()) expect(value).toBeCloseTo(forward[i]!, 12);
    }
  });

  it("drags what is in front along, and stops before it would stand on its head", () => {
    const front: Triple = [100, 260, 300];
    const before = projected(axesOf(FIRST_CAMERA), MIDDLE, front, VIEW);
    expect(before.depth).toBeLessThan(0);
    expect(projected(axesOf(turned(FIRST_CAMERA, 20, 0)), MIDDLE, front, VIEW).u).toBeGreaterThan(before.u);
    expect(projected(axesOf(turned(FIRST_CAMERA, 0, 20)), MIDDLE, front, VIEW).v).toBeGreaterThan(before.v);
    expect(turned(FIRST_CAMERA, 0, 10_000).tilt).toBe(0);
    expect(turned(FIRST_CAMERA, 0, -10_000).tilt).toBe(-180);
    expect(turned(FIRST_CAMERA, 720, 0).turn).toBe(FIRST_CAMERA.turn);
    expect(turned({ ...FIRST_CAMERA, turn: 170 }, -40, 0).turn).toBe(-170);
  });

  it("zooms about the pointer, and moves as far as it is dragged", () => {
    const camera = { ...FIRST_CAMERA, centre: MIDDLE };
    const at = { across: 60, down: -35 };
    const nearer = zoomedAt(camera, 2, VIEW.scale, at, MIDDLE);
    expect(nearer.zoom).toBe(2);
    const axes = axesOf(camera);
    const below = MIDDLE.map(
      (value, i) => value + VIEW.scale * (axes.right[2 - i]! * at.across + axes.down[2 - i]! * at.down),
    ) as Triple;
    const { u, v } = projected(axes, nearer.centre!, below, { ...VIEW, scale: VIEW.scale / 2 });
    expect([u - 200, v - 150].map((value) => Math.abs(value))).toEqual([expect.closeTo(60, 1), expect.closeTo(35, 1)]);
    expect(zoomedAt(camera, 1e9, 2, at, MIDDLE).zoom).toBe(50);
    // from the zoom of 2 on as well
    const scale = VIEW.scale / 2;
    const again = zoomedAt(nearer, 1.5, scale, at, MIDDLE);
    const seen = projected(axes, again.centre!, below, { ...VIEW, scale: scale / 1.5 });
    expect([again.zoom, seen.u - 200, seen.v - 150].map((value) => Math.abs(value))).toEqual([
      3,
      expect.closeTo(60, 0),
      expect.closeTo(35, 0),
    ]);
    const aside = moved(FIRST_CAMERA, 30, 40, MIDDLE);
    const shown = projected(axes, aside.centre!, MIDDLE, VIEW);
    expect([shown.u, shown.v]).toEqual([expect.closeTo(185, 1), expect.closeTo(130, 1)]);
  });
});
