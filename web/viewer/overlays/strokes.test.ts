import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { packed, type Strokes } from "./strokes.js";

/** The last image that was drawn. */
let drawn: { readonly width: number; readonly data: Uint8ClampedArray };
let strokes: Strokes;
beforeAll(async () => {
  class Image {
    readonly data: Uint8ClampedArray;
    constructor(
      readonly width: number,
      readonly height: number,
    ) {
      this.data = new Uint8ClampedArray(4 * width * height);
    }
  }
  class Canvas {
    getContext = () => ({ putImageData: (image: Image) => (drawn = image) });
  }
  vi.stubGlobal("ImageData", Image);
  vi.stubGlobal("OffscreenCanvas", Canvas);
  strokes = new (await import("./strokes.js")).Strokes();
});
afterAll(() => void vi.unstubAllGlobals());

const [RED, FAINT] = [packed("#ff0000", 1), packed("#0000ff", 0.5)];

/** Alpha of a pixel, 0 to 1. */
const at = (x: number, y: number) => drawn.data[4 * (y * drawn.width + x) + 3]! / 255;
/** Alpha of all pixels together: the area that is covered. */
const area = () => drawn.data.filter((_, i) => i % 4 === 3).reduce((sum, alpha) => sum + alpha, 0) / 255;
function draw(act: () => void, { width = 40, height = 30, ratio = 1 } = {}): void {
  strokes.begin(width, height, ratio);
  act();
  strokes.end();
}

describe("strokes", () => {
  it.each([
    ["flat", 5, 10, 25, 10],
    ["steep", 10, 5, 10, 25],
    ["steep, upwards", 20.5, 25, 12.5, 6],
    ["slanting", 5, 5, 25, 20],
    ["of two equal ways", 5, 25, 20, 10],
    ["back", 25, 12.25, 5, 9.75],
    ["a point", 12, 12, 12, 12],
  ])("a line that is %s covers its length by its width, and a round end on either side", (_, u0, v0, u1, v1) => {
    draw(() => strokes.line(u0, v0, u1, v1, 4, RED));
    const wanted = 4 * Math.hypot(u1 - u0, v1 - v0) + Math.PI * 2 ** 2;
    expect(Math.abs(area() - wanted)).toBeLessThan(0.04 * wanted);
    for (const share of [0, 0.25, 0.5, 1]) {
      const [u, v] = [u0 + share * (u1 - u0), v0 + share * (v1 - v0)];
      expect(at(Math.floor(u), Math.floor(v)), `${u} ${v}`).toBe(1);
    }
  });

  it("a line is cut at the edges of the picture", () => {
    draw(() => strokes.line(-10, 15, 50, 15, 2, RED));
    expect(area()).toBeCloseTo(2 * 40, 0);
    draw(() => strokes.line(20, -10, 20, 50, 2, RED));
    expect(area()).toBeCloseTo(2 * 30, 0);
    draw(() => strokes.line(0, 29, 40, 29, 2, RED));
    expect([at(0, 29), at(39, 29), at(20, 28)]).toEqual([1, 1, 1]);
    // what is cut on the right does not begin on the left
    draw(() => strokes.line(39.5, 0, 39.5, 30, 4, RED));
    expect([at(39, 15), at(0, 15), at(0, 16)]).toEqual([1, 0, 0]);
  });

  it("a circle covers its way by its width, nothing in its middle, and a disc all of it", () => {
    draw(() => strokes.circle(20, 15, 10, 2, RED));
    expect(Math.abs(area() - 2 * Math.PI * 10 * 2)).toBeLessThan(2);
    expect([at(20, 15), at(24, 15), at(29, 15), at(10, 15), at(20, 5), at(20, 24)]).toEqual([0, 0, 1, 1, 1, 1]);
    draw(() => strokes.disc(20, 15, 8, RED));
    expect(Math.abs(area() - Math.PI * 8 ** 2)).toBeLessThan(3);
    expect([at(20, 15), at(26, 15), at(29, 15)]).toEqual([1, 1, 0]);
    // a quarter of it lies in the picture, at each of its corners
    for (const [u, v] of [
      [0, 0],
      [40, 0],
      [0, 30],
      [40, 30],
    ] as const) {
      draw(() => strokes.circle(u, v, 10, 2, RED));
      expect(Math.abs(area() - (2 * Math.PI * 10 * 2) / 4), `${u} ${v}`).toBeLessThan(1);
    }
  });

  it("a dot is two pixels wide, and four of a screen with twice as many", () => {
    draw(() => strokes.dot(20, 15, RED));
    expect([area(), at(19, 14), at(20, 15), at(21, 15), at(18, 15)]).toEqual([4, 1, 1, 0, 0]);
    draw(() => strokes.dot(20, 15, RED), { ratio: 2 });
    expect([area(), at(38, 28), at(41, 31), at(42, 31)]).toEqual([16, 1, 1, 0]);
    draw(() => strokes.dot(0, 0, RED));
    expect(area()).toBe(1);
    draw(() => strokes.dot(40, 30, RED));
    expect([area(), at(39, 29)]).toEqual([1, 1]);
  });

  it("are as large in CSS pixels on every screen", () => {
    draw(() => strokes.circle(20, 15, 10, 2, RED), { ratio: 2 });
    expect(Math.abs(area() - 4 * 2 * Math.PI * 10 * 2)).toBeLessThan(8);
    draw(() => strokes.line(5, 10, 25, 10, 4, RED), { ratio: 1.5 });
    const wanted = 1.5 ** 2 * (4 * 20 + Math.PI * 2 ** 2);
    expect(Math.abs(area() - wanted)).toBeLessThan(0.04 * wanted);
  });

  it("have a picture of the size that was asked for, with nothing of the one before", () => {
    for (const [width, height] of [
      [40, 30],
      [20, 30],
      [20, 10],
      [20, 10],
    ] as const) {
      draw(() => strokes.dot(5, 5, RED), { width, height });
      expect([drawn.width, drawn.data.length, area()]).toEqual([width, 4 * width * height, 4]);
    }
  });

  it("lie over those before, as alpha says", () => {
    const pixel = () => [...drawn.data.slice(4 * (15 * drawn.width + 20), 4 * (15 * drawn.width + 20) + 4)];
    draw(() => strokes.dot(20, 15, FAINT));
    expect(pixel()).toEqual([0, 0, 255, 128]);
    draw(() => {
      strokes.dot(20, 15, RED);
      strokes.dot(20, 15, FAINT);
    });
    expect(pixel()).toEqual([127, 0, 128, 255]);
    draw(() => {
      strokes.dot(20, 15, packed("#00ff00", 0.5));
      strokes.dot(20, 15, packed("#00ff00", 0.5));
    });
    // 1 − (1 − 128/255)² = 0.752
    expect(pixel()).toEqual([0, 255, 0, 192]);
    draw(() => {});
    expect(area()).toBe(0);
  });
});
