import { describe, expect, it } from "vitest";
import { type Contrast, greyOf } from "./contrast.js";
import { type Plane, type Samples, sampleAt } from "./planes.js";
import { type Placed, STAGE } from "./render.js";
import { canvasRenderer, paint } from "./render-2d.js";

const [ROWS, COLUMNS] = [7, 9];
const numbers = Array.from({ length: ROWS * COLUMNS }, (_, i) => (i * 37) % 101);

/** By the exponents and fractions of IEEE 754. */
function halfBits(value: number): number {
  if (value === 0) return 0;
  const exponent = Math.floor(Math.log2(value));
  return ((exponent + 15) << 10) | Math.round((value / 2 ** exponent - 1) * 1024);
}

const PLANES: Readonly<Record<Plane["dtype"], Samples>> = {
  uint8: Uint8Array.from(numbers),
  int8: Int8Array.from(numbers, (value) => value - 50),
  uint16: Uint16Array.from(numbers, (value) => value * 600),
  int16: Int16Array.from(numbers, (value) => (value - 50) * 600),
  uint32: Uint32Array.from(numbers, (value) => value * 40_000_000),
  int32: Int32Array.from(numbers, (value) => (value - 50) * 40_000_000),
  float16: Uint16Array.from(numbers, halfBits),
  float32: Float32Array.from(numbers, (value, i) => (i % 11 === 5 ? Number.NaN : value / 7)),
};

/** What a pixel is by its definition: the number under its middle, or the mean of those under the middles of its parts. */
function pixelBy({ plane, left, top, width, height, isTransposed }: Placed, contrast: Contrast, x: number, y: number): number {
  const [columns, rows] = isTransposed ? [plane.rows, plane.columns] : [plane.columns, plane.rows];
  const under = (pixel: number, start: number, step: number, count: number) => {
    const taps = Math.min(Math.max(Math.ceil(step - 0.01), 1), 6);
    return Array.from({ length: taps }, (_, i) => {
      const at = Math.floor((pixel - start + (i + 0.5) / taps) * step);
      return Math.min(Math.max(at, 0), count - 1);
    });
  };
  const values = under(y, top, rows / height, rows)
    .flatMap((line) =>
      under(x, left, columns / width, columns).map((column) =>
        sampleAt(plane, isTransposed ? column * plane.columns + line : line * plane.columns + column),
      ),
    )
    .filter((value) => !Number.isNaN(value));
  return greyOf(values.reduce((sum, value) => sum + value, 0) / values.length, contrast);
}

describe("a canvas that the processor draws on", () => {
  it("has the size that it was last given, and is left alone where that is the same", () => {
    let sized = 0;
    const images: { width: number; height: number; data: Uint8ClampedArray }[] = [];
    const context = {
      createImageData: (width: number, height: number) => ({ width, height, data: new Uint8ClampedArray(4 * width * height) }),
      putImageData: (image: (typeof images)[0]) => images.push(image),
    };
    const size = { width: 1, height: 1 };
    const canvas = {
      getContext: () => context,
      get width() {
        return size.width;
      },
      set width(value: number) {
        size.width = value;
        sized++;
      },
      get height() {
        return size.height;
      },
      set height(value: number) {
        size.height = value;
      },
    } as unknown as HTMLCanvasElement;
    const renderer = canvasRenderer(canvas);
    for (const [width, height] of [
      [3, 2],
      [3, 2],
      [3, 4],
      [5, 4],
    ] as const) {
      renderer.resize(width, height);
      renderer.draw({ planes: [], contrast: {}, clip: {} } as unknown as Parameters<typeof renderer.draw>[0]);
    }
    expect([size, sized]).toEqual([{ width: 5, height: 4 }, 3]);
    expect(images.map(({ width, height }) => [width, height])).toEqual([
      [3, 2],
      [3, 2],
      [3, 4],
      [5, 4],
    ]);
    expect([...images[0]!.data.slice(0, 4)]).toEqual([...STAGE, 255]);
  });

  it("draws nothing beside a plane's place, however coarse it is", () => {
    const plane = { dtype: "uint8", data: Uint8Array.of(10, 200), rows: 2, columns: 1 } as unknown as Plane;
    const contrast = { low: 0, high: 255, gamma: 1, isInverted: false };
    const clip = { left: 0, top: 0, right: 6, bottom: 6 };
    const fine = { ...plane, data: Uint8Array.of(1, 2, 3, 4, 5, 6), rows: 6 } as unknown as Plane;
    const right = { plane: fine, left: 3, top: 0, width: 3, height: 6, isTransposed: false };
    const left = { plane, left: 0, top: 0, width: 3, height: 6, isTransposed: false };
    const [alone, both] = [new Uint8ClampedArray(144), new Uint8ClampedArray(144)];
    paint({ planes: [right], contrast, clip }, 6, 6, alone);
    paint({ planes: [right, left], contrast, clip }, 6, 6, both);
    const redsOf = (data: Uint8ClampedArray, x: number) => [0, 1, 2, 3, 4, 5].map((y) => data[4 * (6 * y + x)]);
    for (const x of [3, 4, 5]) expect(redsOf(both, x)).toEqual(redsOf(alone, x));
    for (const x of [0, 1, 2]) expect(redsOf(both, x)).toEqual([10, 10, 10, 200, 200, 200]);
  });
});

describe("slices drawn by the processor", () => {
  const [width, height] = [40, 30];
  for (const dtype of Object.keys(PLANES) as Plane["dtype"][])
    for (const isTransposed of [false, true])
      for (const [across, down] of [
        [31.5, 24.25],
        [4.5, 3.5],
        [20, 3],
      ] as const)
        it(`${dtype}${isTransposed ? ", transposed" : ""}, ${across} by ${down} pixels, are what each pixel is by its definition`, () => {
          const data = PLANES[dtype];
          const all = Array.from(data, (_, i) => sampleAt({ dtype, data } as Plane, i)).filter((value) => !Number.isNaN(value));
          const [low, high] = [Math.min(...all), Math.max(...all)];
          for (const contrast of [
            { low, high, gamma: 1, isInverted: false },
            { low: low + (high - low) / 5, high: high - (high - low) / 3, gamma: 1.7, isInverted: true },
          ]) {
            const plane = { dtype, data, rows: ROWS, columns: COLUMNS } as Plane;
            const placed = { plane, left: 3.25, top: -1.5, width: across, height: down, isTransposed };
            const clip = { left: 4, top: 0, right: 33, bottom: 21.75 };
            const into = new Uint8ClampedArray(4 * width * height);
            paint({ planes: [placed], contrast, clip }, width, height, into);
            const wanted = Array.from({ length: width * height }, (_, i) => {
              const [x, y] = [i % width, Math.floor(i / width)];
              const isIn = (at: number, start: number, stop: number) => at + 0.5 >= start && at + 0.5 < stop;
              const isInside =
                isIn(x, Math.max(placed.left, clip.left), Math.min(placed.left + across, clip.right)) &&
                isIn(y, Math.max(placed.top, clip.top), Math.min(placed.top + down, clip.bottom));
              const grey = pixelBy(placed, contrast, x, y);
              return isInside ? [grey, grey, grey, 255] : [...STAGE, 255];
            });
            expect([...into]).toEqual(wanted.flat());
          }
        });
});
