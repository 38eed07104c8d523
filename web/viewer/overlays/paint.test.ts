import { describe, expect, it } from "vitest";
import type { Triple } from "../../../src/core/box.js";
import { NO_SHAPES, type OverlayShapes } from "../../../src/model/overlay-bytes.js";
import type { OverlayLayer } from "../../../src/model/page-api.js";
import type { Axis, PaneTransform, PaneView } from "../overlay.js";
import { CIRCLES_MAX, paintLayer, pointAt, pointBelow, type ShownLayer } from "./shapes.js";
import { packed, type Strokes } from "./strokes.js";

const WHITE = "#ffffff";
const shownOf = (shapes: Partial<OverlayShapes>, more: Partial<ShownLayer> = {}): ShownLayer => ({
  layer: { color: WHITE } as OverlayLayer,
  shapes: { ...NO_SHAPES, ...shapes },
  opacity: 1,
  ...more,
});
const paneOf = (more: Partial<PaneView> = {}): PaneView =>
  ({ axis: "z", atAngstrom: 0, slabAngstrom: 0, angstromPerPixel: 2, width: 100, height: 80, ...more }) as PaneView;
/** A pane of two Å a pixel that looks along an axis, at a section. */
const transformOf = (axis: Axis, at: number): PaneTransform => {
  const [normal, row, column] = { z: [0, 1, 2], y: [1, 0, 2], x: [2, 1, 0] }[axis] as Triple;
  return {
    toPane: (world) => ({ u: world[column]! / 2, v: world[row]! / 2, away: world[normal]! - at }),
    toWorld: () => [0, 0, 0],
  };
};

/** Strokes in words, rounded; `#` and the alpha of the colour behind each. */
function painted(shown: ShownLayer, pane = paneOf()) {
  const lines: string[] = [];
  const note =
    (name: string) =>
    (...numbers: number[]) => {
      const colour = numbers.pop()!;
      lines.push(
        `${name} ${numbers.map((value) => Math.round(100 * value) / 100).join(" ")} #${(colour >>> 24).toString()}${(colour & 0xffffff) === 0xffffff ? "" : ` of ${(colour & 0xffffff).toString(16)}`}`,
      );
    };
  const strokes = { line: note("line"), circle: note("circle"), disc: note("disc"), dot: note("dot") } as unknown as Strokes;
  const isDense = paintLayer(pane, transformOf(pane.axis, pane.atAngstrom), strokes, shown);
  return { lines, isDense };
}

describe("points in a pane", () => {
  it("are circles where their spheres are cut, fainter and smaller the further their middles lie", () => {
    // radii of 10 Å are 5 pixels; at 6 Å the cut has 8 Å, and 0.6 of the radius is the fourth of eight shades
    const xyz = Float32Array.of(20, 40, 0, 60, 40, 6, 90, 40, 10, 120, 40, -6);
    const radii = Float32Array.of(10, 10, 10, 10);
    expect(painted(shownOf({ xyz, radii })).lines.sort()).toEqual([
      "circle 10 20 5 1.5 #255",
      `circle 30 20 4 1.5 #${Math.round(255 * (1 - (0.75 * 4) / 8))}`,
      `circle 60 20 4 1.5 #${Math.round(255 * (1 - (0.75 * 4) / 8))}`,
    ]);
    // the slab is cut as a whole: half of it lies on either side
    expect(painted(shownOf({ xyz, radii }), paneOf({ slabAngstrom: 12 })).lines.sort()).toEqual([
      "circle 10 20 5 1.5 #255",
      "circle 30 20 5 1.5 #255",
      expect.stringMatching(/^circle 45 20 4.58 1.5 /), // √(10² − 4²) Å
      "circle 60 20 5 1.5 #255",
    ]);
  });

  it("are looked for as far as the largest sphere and half of the slab", () => {
    // √(60² − 56²) = 21.54 Å
    const far = shownOf({ xyz: Float32Array.of(20, 40, 62, 20, 40, 67), radii: Float32Array.of(60, 60) });
    expect(painted(far, paneOf({ slabAngstrom: 12 })).lines).toEqual([expect.stringMatching(/^circle 10 20 10.77 1.5 /)]);
  });

  it("are drawn as long as their circles reach into the pane", () => {
    const radii = new Float32Array(8).fill(10);
    // 4 and 6 pixels before and behind its edges, of circles of 5
    const xyz = Float32Array.from([
      ...[-8, 40, 0, -12, 40, 0, 208, 40, 0, 212, 40, 0],
      ...[40, -8, 0, 40, -12, 0, 40, 168, 0, 40, 172, 0],
    ]);
    expect(painted(shownOf({ xyz, radii })).lines).toEqual([
      "circle -4 20 5 1.5 #255",
      "circle 104 20 5 1.5 #255",
      "circle 20 -4 5 1.5 #255",
      "circle 20 84 5 1.5 #255",
    ]);
  });

  it("are no smaller than two pixels, have a second circle where they are chosen, and colours of their instances", () => {
    const xyz = Float32Array.of(20, 40, 0, 60, 40, 0);
    const shown = shownOf(
      { xyz, radii: Float32Array.of(1, 10), instances: Uint32Array.of(4, 5) },
      {
        layer: { color: WHITE, instanceColors: { 4: "#010203" } } as unknown as OverlayLayer,
        chosen: 0,
        opacity: 0.5,
      },
    );
    expect(painted(shown).lines).toEqual([
      "circle 10 20 2 1.5 #128 of 30201",
      "circle 10 20 6 1.5 #128 of 30201",
      "circle 30 20 5 1.5 #128",
    ]);
  });

  it("have arrows as long as they are thick where they lie in the plane, and a disc where they come towards one", () => {
    const xyz = Float32Array.of(20, 40, 0, 60, 40, 0, 100, 40, 0);
    const directions = Float32Array.of(1, 0, 0, 0, 0, 1, 0, 0, -1);
    const { lines } = painted(shownOf({ xyz, radii: Float32Array.of(10, 10, 10), directions }));
    expect(lines).toEqual([
      "circle 10 20 5 1.5 #255",
      "line 10 20 20 20 1.5 #255", // 2 · 10 Å
      "line 20 20 15 23 1.5 #255",
      "line 20 20 15 17 1.5 #255",
      "circle 30 20 5 1.5 #255",
      "disc 30 20 2.5 #255",
      "circle 50 20 5 1.5 #255",
    ]);
  });

  it("are dots where there are too many for circles", () => {
    const xyz = new Float32Array(3 * (CIRCLES_MAX + 1)).fill(20);
    for (let i = 2; i < xyz.length; i += 3) xyz[i] = 0;
    const countOf = (shown: ShownLayer) => {
      let [dots, circles] = [0, 0];
      const strokes = { dot: () => dots++, circle: () => circles++ } as unknown as Strokes;
      return [paintLayer(paneOf(), transformOf("z", 0), strokes, shown), dots, circles];
    };
    expect(countOf(shownOf({ xyz }))).toEqual([true, CIRCLES_MAX + 1, 0]);
    expect(countOf(shownOf({ xyz: xyz.subarray(3) }))).toEqual([false, 0, CIRCLES_MAX]);
    // 50 Å without a radius
    expect(painted(shownOf({ xyz: xyz.subarray(0, 3) })).lines).toEqual(["circle 10 10 25 1.5 #255"]);
  });

  it.each<[Axis, string]>([
    ["z", "circle 5 10 5 1.5 #255"],
    ["y", "circle 5 15 5 1.5 #255"],
    ["x", "circle 15 10 5 1.5 #255"],
  ])("lie where the pane across %s has them", (axis, circle) => {
    const shapes = { xyz: Float32Array.of(10, 20, 30), radii: Float32Array.of(10) };
    expect(pointAt({ ...NO_SHAPES, ...shapes }, 0)).toEqual([30, 20, 10]);
    expect(painted(shownOf(shapes), paneOf({ axis, atAngstrom: { z: 30, y: 20, x: 10 }[axis] })).lines).toEqual([circle]);
  });
});

describe("surfaces and contours in a pane", () => {
  const triangles = Uint32Array.of(0, 1, 2);

  it("are lines, wider where one looks closely, and left out where they are beside the pane", () => {
    const across = (x: number, y: number) => Float32Array.of(x, y, -10, x, y, 10, x + 20, y, 10);
    const width = (angstromPerPixel: number) => painted(shownOf({ xyz: across(0, 0), triangles }), paneOf({ angstromPerPixel }));
    expect(width(2).lines).toEqual(["line 0 0 5 0 3 #255"]);
    expect(width(4).lines).toEqual(["line 0 0 5 0 2.5 #255"]);
    expect(width(20).lines).toEqual(["line 0 0 5 0 1.5 #255"]);
    const seen = (x: number, y: number) => painted(shownOf({ xyz: across(x, y), triangles })).lines.length;
    expect([seen(-8, 0), seen(-12, 0), seen(200, 0), seen(202, 0)]).toEqual([1, 0, 1, 0]);
    expect([seen(0, -2), seen(0, 0), seen(0, 160), seen(0, 162)]).toEqual([0, 1, 1, 0]);
    // along an edge half of the line is in sight
    const upright = (x: number) => Float32Array.of(x, 0, -10, x, 0, 10, x, 20, 10);
    expect([0, 200, -1].map((x) => painted(shownOf({ xyz: upright(x), triangles })).lines.length)).toEqual([1, 1, 0]);
  });

  it("are drawn as contours that lie in it, discs where others go through, and circles about single points", () => {
    const xyz = Float32Array.of(20, 40, 0, 60, 40, 0, 10, 20, -10, 30, 60, 10, 80, 80, 0);
    const contours = Uint32Array.of(0, 2, 4, 5);
    const shown = shownOf(
      { xyz, contours, closed: Uint32Array.of(0, 0, 0), radii: Float32Array.of(0, 0, 0, 0, 20) },
      { chosen: 4 },
    );
    expect(painted(shown).lines).toEqual([
      "line 10 20 30 20 1.5 #255",
      "disc 10 20 1.5 #255",
      "circle 40 40 10 1.5 #255",
      "circle 40 40 14 1.5 #255",
    ]);
  });
});

describe("what lies below the pointer", () => {
  it("is the point whose middle is nearest to the plane, of those whose circle it is in", () => {
    const shown = shownOf({ xyz: Float32Array.of(20, 40, 6, 26, 40, 0, 120, 40, 0), radii: Float32Array.of(40, 40, 30) });
    const below = (u: number, v: number) => pointBelow(paneOf(), transformOf("z", 0), shown, u, v);
    expect([below(10, 20), below(60, 30), below(60, 36)]).toEqual([1, 2, undefined]);
    // the cut of the first has √(40² − 6²) = 39.5 Å, 19.8 pixels
    expect([below(-8, 20), below(-9.7, 20), below(-10, 20)]).toEqual([0, 0, undefined]);
  });

  it("is a small point within six pixels, and of contours the nearest", () => {
    const small = shownOf({ xyz: Float32Array.of(20, 40, 0), radii: Float32Array.of(1) });
    expect([16, 16.1].map((u) => pointBelow(paneOf(), transformOf("z", 0), small, u, 20))).toEqual([0, undefined]);
    const contour = shownOf({
      xyz: Float32Array.of(20, 40, 0, 26, 40, 0),
      contours: Uint32Array.of(0, 2),
      closed: Uint32Array.of(0),
    });
    expect([11, 12, 20].map((u) => pointBelow(paneOf(), transformOf("z", 0), contour, u, 20))).toEqual([0, 1, undefined]);
  });
});

describe("a colour of strokes", () => {
  it("has the bytes of a pixel: red, green, blue, alpha from the lowest", () => {
    expect(packed("#010203", 1).toString(16)).toBe("ff030201");
    expect(packed("#ff8000", 0.5).toString(16)).toBe("800080ff");
  });
});
