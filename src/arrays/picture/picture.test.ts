import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { EmporiumError } from "../../core/errors.js";
import { seededRandom } from "../../core/random.js";
import { frameOf, PICTURE_NAMES, type PictureName } from "./frame.js";
import { greyOf } from "./grey.js";
import { discSize, drawDiscs, type Picture } from "./marks.js";
import { decodePng, encodePng } from "./png.js";
import { fitPicture, renderPicture, type Section } from "./render.js";
import { framed } from "./resize.js";
import { centralSlab } from "./slab.js";

const side = fc.integer({ min: 1, max: 300 });

function plain(height: number, width: number, level: (y: number, x: number) => number = () => 90): Section {
  const grey = Uint8Array.from({ length: height * width }, (_, i) => level(Math.floor(i / width), i % width));
  return { height, width, grey, masks: [], discs: [] };
}

function pixel({ width, rgb }: Picture, x: number, y: number): number[] {
  return [...rgb.subarray(3 * (y * width + x), 3 * (y * width + x) + 3)];
}

describe("the slab of a picture", () => {
  it("is the forty planes in the middle, and of a thin volume all of it", () => {
    // numpy: range(nz)[nz // 2 - 20 : nz // 2 + 20] where the start is not below 0
    expect(centralSlab(512)).toEqual({ z0: 236, z1: 276 });
    expect(centralSlab(301)).toEqual({ z0: 130, z1: 170 });
    expect(centralSlab(40)).toEqual({ z0: 0, z1: 40 });
    for (const planes of [1, 14, 38, 39]) expect(centralSlab(planes)).toEqual({ z0: 0, z1: planes });
  });
});

describe("grey", () => {
  it("is cut off at three standard deviations and stretched to black and white", () => {
    // numpy 1.26.4: p = np.append(np.arange(100.0), [1e4, -1e4]); mean ± 3 std = −4194.9 … 4290.8
    const numbers = Float32Array.from([...Array.from({ length: 100 }, (_, i) => i), 1e4, -1e4]);
    const grey = greyOf(numbers);
    expect([grey[100], grey[101]]).toEqual([255, 0]);
    expect(grey[50]).toBe(Math.floor(((50 + 4194.9) / (4290.8 + 4194.9)) * 256));
    expect([...greyOf(Float32Array.of(0, 1, 2, 3))]).toEqual([0, 85, 170, 255]);
  });

  it("has a middle level where there is no contrast, and is dark where there is no number", () => {
    expect([...greyOf(Float32Array.of(7, 7, 7))]).toEqual([127, 127, 127]);
    expect([...greyOf(new Float32Array(2).fill(Number.NaN))]).toEqual([127, 127]);
    expect([...greyOf(Float32Array.of(Number.NaN, 1, 2, Number.POSITIVE_INFINITY))]).toEqual([0, 0, 255, 255]);
    expect([...greyOf(new Float32Array(0))]).toEqual([]);
  });

  it("does not depend on brightness and contrast of the volume", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -1000, max: 1000 }), { minLength: 2, maxLength: 50 }), (numbers) => {
        const grey = greyOf(Float64Array.from(numbers));
        const other = greyOf(Float64Array.from(numbers, (value) => value * 4 + 1024));
        for (const [i, level] of grey.entries()) expect(Math.abs(level - other[i]!)).toBeLessThan(2);
      }),
    );
  });
});

describe("frames", () => {
  it("are the sizes of the portal", () => {
    // cryoet-data-portal-backend, process_key_image, on planes of 960×928 (x, y) and 640×1000
    expect(frameOf("original", 928, 960)).toMatchObject({ width: 960, height: 928, w: 960, h: 928, turned: false });
    expect(frameOf("thumbnail", 928, 960)).toEqual({ turned: false, x: 16, y: 116, w: 928, h: 696, width: 134, height: 100 });
    expect(frameOf("snapshot", 1000, 640)).toEqual({ turned: true, x: 180, y: 80, w: 640, h: 480, width: 512, height: 384 });
    expect(frameOf("expanded", 640, 1000)).toMatchObject({ width: 1024, height: 768 });
  });

  it("lie inside the plane, whatever its size", () => {
    fc.assert(
      fc.property(side, side, fc.constantFrom(...PICTURE_NAMES), (height, width, name) => {
        const { x, y, w, h, turned, ...size } = frameOf(name, height, width);
        const [across, down] = turned ? [height, width] : [width, height];
        expect(Math.min(x, y)).toBeGreaterThanOrEqual(0);
        expect(x + w).toBeLessThanOrEqual(across + 1e-9);
        expect(y + h).toBeLessThanOrEqual(down + 1e-9);
        expect(size.width * size.height).toBeGreaterThan(0);
      }),
    );
  });
});

describe("resizing", () => {
  it("leaves a level as it is, and stays near what it is made of", () => {
    fc.assert(
      fc.property(side, side, fc.constantFrom("thumbnail" as const, "snapshot" as const), (height, width, name) => {
        const flat = framed(new Uint8Array(height * width).fill(200), height, width, frameOf(name, height, width));
        for (const level of [flat[0]!, flat.at(-1)!, flat[flat.length >> 1]!]) expect(level).toBeCloseTo(200, 3);
      }),
      { numRuns: 40 },
    );
  });

  it("keeps a slope where it is, smaller and larger", () => {
    for (const [height, width] of [
      [30, 40],
      [900, 1200],
    ] as const) {
      const slope = Float32Array.from({ length: height * width }, (_, i) => i % width);
      const frame = frameOf("snapshot", height, width);
      const small = framed(slope, height, width, frame);
      for (const x of [100, 255, 256, 400]) {
        const wanted = frame.x + (x + 0.5) * (frame.w / 512) - 0.5;
        expect(Math.abs(small[200 * 512 + x]! - wanted)).toBeLessThan(0.1);
      }
    }
  });

  it("turns counter-clockwise: the right side comes to the top", () => {
    // numpy.rot90 of a plane whose last column is bright has its first row bright
    const picture = renderPicture(
      plain(400, 200, (_, x) => (x >= 150 ? 255 : 0)),
      "thumbnail",
    );
    expect(pixel(picture, 67, 2)).toEqual([255, 255, 255]);
    expect(pixel(picture, 67, 97)).toEqual([0, 0, 0]);
    // the disc is 40 columns from the right and 230 rows down; 100 rows and 25 columns are cut off, and 200 become 1024
    const marked = renderPicture({ ...plain(400, 200), discs: [{ x: 160, y: 230, colour: [255, 0, 0] as const }] }, "expanded");
    expect(pixel(marked, 668, 74)).toEqual([222, 18, 18]);
    expect(pixel(marked, 74, 668)).toEqual([90, 90, 90]);
  });
});

describe("marks", () => {
  it("have the size that matplotlib gives them", () => {
    // matplotlib 3.8.4 at 100 dpi: scatter(s=36, linewidths=0.36) draws a disc of radius 4.17 pixels with a rim of 0.5
    const { radius, rim } = discSize(360);
    expect(radius).toBeCloseTo(4.1667, 3);
    expect(rim).toBeCloseTo(0.5, 6);
  });

  it("shine through: a disc by a fifth, a mask by nine tenths", () => {
    const covered = new Uint8Array(200 * 200);
    covered.fill(1, 0, 200 * 100);
    const picture = renderPicture(
      {
        ...plain(200, 200, () => 100),
        masks: [{ covered, colour: [0, 200, 0] }],
        discs: [{ x: 100, y: 150, colour: [255, 0, 50] as const }],
      },
      "original",
    );
    expect(pixel(picture, 10, 10)).toEqual([90, 110, 90]);
    expect(pixel(picture, 10, 150)).toEqual([100, 100, 100]);
    expect(pixel(picture, 100, 150)).toEqual([224, 20, 60]);
  });

  it("cover the same part of every picture", () => {
    const section = { ...plain(300, 400, () => 0), discs: [{ x: 199.5, y: 149.5, colour: [255, 255, 255] as const }] };
    const share = (name: PictureName) => {
      const { rgb, width, height } = renderPicture(section, name);
      const { w, h } = frameOf(name, 300, 400);
      return ((rgb.reduce((sum, byte) => sum + byte, 0) / (3 * 255)) * w * h) / (width * height);
    };
    for (const name of ["snapshot", "expanded"] as const) expect(share(name) / share("original")).toBeCloseTo(1, 1);
    expect(share("thumbnail") / share("original")).toBeCloseTo(1, 0);
  });

  it("seam 12: that lie below many others are not drawn: thousands give the picture of the same ones in small lots", () => {
    const random = seededRandom(7);
    const discs = Array.from({ length: 6000 }, (_, i) => ({
      x: random() * 80,
      y: random() * 60,
      colour: [i % 256, 255 - (i % 256), i % 7] as const,
    }));
    const frame = frameOf("expanded", 60, 80);
    const [all, lots] = [0, 1].map(() => ({
      width: frame.width,
      height: frame.height,
      rgb: new Uint8Array(3 * frame.width * frame.height),
    }));
    let asked = 0;
    const counted = {
      length: discs.length,
      at(i: number) {
        asked++;
        return discs[i];
      },
    };
    drawDiscs(all!, counted, 80, frame);
    for (let i = 0; i < discs.length; i += 1000) drawDiscs(lots!, discs.slice(i, i + 1000), 80, frame);
    const apart = all!.rgb.reduce((most, level, at) => Math.max(most, Math.abs(level - lots!.rgb[at]!)), 0);
    expect(apart).toBeLessThanOrEqual(1);
    // each is looked at once, and few are drawn
    expect(asked).toBeLessThan(1.8 * discs.length);
  });

  it("that lie outside of a picture are not in it", () => {
    const away = [-1000, 5000].flatMap((at) => [
      { x: at, y: 10, colour: [255, 0, 0] as const },
      { x: 10, y: at, colour: [255, 0, 0] as const },
    ]);
    for (const name of PICTURE_NAMES) {
      const marked = renderPicture({ ...plain(60, 80), discs: away }, name).rgb;
      expect(Buffer.compare(marked, renderPicture(plain(60, 80), name).rgb), name).toBe(0);
    }
  });
});

describe("PNG", () => {
  it("comes back as it was", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 20 }),
        fc.integer({ min: 1, max: 20 }),
        fc.infiniteStream(fc.nat(255)),
        (w, h, bytes) => {
          const rgb = Uint8Array.from({ length: 3 * w * h }, () => bytes.next().value as number);
          expect(decodePng(encodePng({ width: w, height: h, rgb }), "png")).toEqual({ width: w, height: h, rgb });
        },
      ),
    );
  });

  it("has the same bytes on every machine", () => {
    const picture = renderPicture(
      plain(120, 160, (y, x) => (x * y) % 256),
      "thumbnail",
    );
    const hash = createHash("sha256").update(encodePng(picture)).digest("hex");
    // written down when the test was made: another value means that all pictures of all trees would be made anew
    expect(hash).toBe("a77dd4ebc2655db594f1a1433767a60d1149e2e953185c7421ceba71e346dff6");
  });

  it("that is none, or is broken, is refused", () => {
    const good = encodePng({ width: 3, height: 2, rgb: new Uint8Array(18).fill(9) });
    const broken = [
      new Uint8Array(0),
      good.subarray(0, 20),
      good.subarray(0, good.length - 20),
      good.map((byte, i) => (i === 50 ? byte ^ 1 : byte)),
    ];
    for (const bytes of broken) expect(() => decodePng(bytes, "x.png")).toThrow(EmporiumError);
  });
});

describe("a picture that somebody has drawn", () => {
  it("is kept as it is, or cut and resized with its colours", () => {
    const rgb = Uint8Array.from({ length: 3 * 300 * 200 }, (_, i) => [250, 120, 10][i % 3]!);
    const drawn = { width: 300, height: 200, rgb };
    expect(fitPicture(drawn, "original")).toBe(drawn);
    const small = fitPicture(drawn, "snapshot");
    expect([small.width, small.height, pixel(small, 250, 200)]).toEqual([512, 384, [250, 120, 10]]);
  });
});
