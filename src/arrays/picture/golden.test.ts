import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { colourBytes } from "../../model/colours.js";
import type { PictureName } from "./frame.js";
import { greyOf } from "./grey.js";
import type { Disc, Picture } from "./marks.js";
import { decodePng } from "./png.js";
import { renderPicture, type Section } from "./render.js";
import { centralSlab } from "./slab.js";

const GOLDEN = new URL("../../../test/golden/pictures/", import.meta.url);
type Sizes = readonly [x: number, y: number, z: number];
const SCENES = { wide: [64, 56, 32], tall: [480, 640, 48] } as const satisfies Record<string, Sizes>;
/** How far they may be apart, see the folder's README: what is drawn at its own size differs at the edges of discs alone. */
const KEPT = [
  { file: "wide-original.png", mean: 0.7, most: 20 },
  { file: "wide-thumbnail.png", mean: 3, most: 90 },
  { file: "tall-thumbnail.png", mean: 1.3, most: 40 },
];

/** The sum of the slab's planes of the volume that `generate.py` makes: a value is exact, and so is a sum of them. */
function plane([nx, ny, nz]: Sizes): Float32Array {
  const sum = new Float32Array(ny * nx);
  const { z0, z1 } = centralSlab(nz);
  const side = Math.min(nx, ny);
  for (let z = z0; z < z1; z++) {
    for (let y = 0; y < ny; y++) {
      for (let x = 0; x < nx; x++) {
        let hash = Math.imul(x, 374761393) + Math.imul(y, 668265263) + Math.imul(z, 1274126177);
        hash = Math.imul(hash ^ ((hash >>> 13) | 0), 1103515245);
        let value = (hash >>> 16) / 65536 - 0.5;
        for (let k = 0; k < 5; k++) {
          const [cx, cy] = [Math.floor(((2 * k + 1) * nx) / 10), Math.floor((((3 * k + 2) % 7) * ny) / 7)];
          const radius = Math.floor((side * (k + 2)) / 16);
          const square = (x - cx) ** 2 + (y - cy) ** 2 + (z - Math.floor(nz / 2)) ** 2;
          if (square >= (radius - 2) ** 2 && square <= (radius + 2) ** 2) value -= 1.5;
        }
        sum[y * nx + x]! += value;
      }
    }
  }
  return sum;
}

function section(sizes: Sizes): Section {
  const [nx, ny, nz] = sizes;
  const { z0, z1 } = centralSlab(nz);
  const covered = new Uint8Array(ny * nx);
  const limit = Math.floor(Math.min(nx, ny) / 2) ** 2;
  for (let z = z0; z < z1; z++)
    for (let y = 0; y < ny; y++)
      for (let x = 0; x < nx; x++) if ((2 * x - nx) ** 2 + (2 * y - ny) ** 2 + (2 * z - nz) ** 2 < limit) covered[y * nx + x] = 1;
  const discs: (Disc & { layer: number })[] = [];
  for (const [which, colour] of (
    [
      [0x9f, 0x31, 0x1a],
      [255, 255, 0],
    ] as const
  ).entries()) {
    for (let i = 0; i < 12; i++) {
      const z = (i * 3) % nz;
      if (z < z0 || z > z0 + 40) continue;
      const x = (((17 * i + 5 * which) * 7) % nx) + 0.99;
      const y = (((29 * i + 11 * which) * 5) % ny) + 0.99;
      discs.push({ x, y, colour, layer: which + z });
    }
  }
  discs.sort((a, b) => a.layer - b.layer);
  const masks = [{ covered, colour: colourBytes([0, 1, 1]) }];
  return { width: nx, height: ny, grey: greyOf(plane(sizes)), masks, discs };
}

/** Mean and greatest difference of two pictures' bytes. */
function difference(a: Picture, b: Picture): { mean: number; most: number } {
  const off = a.rgb.map((byte, i) => Math.abs(byte - b.rgb[i]!));
  return { mean: off.reduce((sum, one) => sum + one, 0) / off.length, most: Math.max(...off) };
}

describe("pictures as the portal's libraries draw them", () => {
  for (const { file, mean, most } of KEPT) {
    it(`${file}, to ${mean} levels on average`, () => {
      const [scene, name] = file.replace(".png", "").split("-") as [keyof typeof SCENES, PictureName];
      const golden = decodePng(readFileSync(new URL(file, GOLDEN)), file);
      const picture = renderPicture(section(SCENES[scene]), name);
      expect([picture.width, picture.height]).toEqual([golden.width, golden.height]);
      const found = difference(picture, golden);
      expect(found.mean).toBeLessThan(mean);
      expect(found.most).toBeLessThan(most);
    });
  }

  it("every kind of PNG that Pillow writes", () => {
    const expected = JSON.parse(readFileSync(new URL("kinds/expected.json", GOLDEN), "utf8")) as Record<string, number[]>;
    expect(Object.keys(expected).length).toBe(9);
    for (const [kind, colours] of Object.entries(expected)) {
      const { width, height, rgb } = decodePng(readFileSync(new URL(`kinds/${kind}.png`, GOLDEN)), kind);
      expect([width, height], kind).toEqual([7, 5]);
      // libraries round the share of a colour on white in their own ways
      for (const [i, byte] of rgb.entries()) expect(Math.abs(byte - colours[i]!), `${kind} ${i}`).toBeLessThan(2);
    }
  });
});
