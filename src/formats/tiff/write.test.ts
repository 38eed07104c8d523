import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { concat, inMemory } from "../../core/bytes.js";
import { openTiff } from "./image.js";
import { readTiffPlane } from "./read.js";
import { type TiffStack, tiffBytes, writeTiff } from "./write.js";

async function* each(planes: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* planes;
}

async function write(stack: TiffStack, planes: readonly Uint8Array[]): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  for await (const piece of writeTiff(stack, each(planes))) pieces.push(piece);
  return concat(pieces);
}

describe("writeTiff", () => {
  it("what it writes is read back, of every kind, and as long as announced", async () => {
    const stacks = fc.record({
      pages: fc.integer({ min: 1, max: 12 }),
      height: fc.integer({ min: 1, max: 9 }),
      width: fc.integer({ min: 1, max: 9 }),
      samples: fc.constantFrom<1 | 3>(1, 3),
      dtype: fc.constantFrom<TiffStack["dtype"]>("uint8", "uint16", "float32"),
      bigTiff: fc.boolean(),
      text: fc.string({ maxLength: 40 }).filter((text) => !text.includes("\0")),
    });
    await fc.assert(
      fc.asyncProperty(stacks, async ({ text, ...facts }) => {
        const stack: TiffStack = { ...facts, tags: (page) => (page === 0 ? [{ tag: 270, type: "ascii", value: text }] : []) };
        const bytes = { uint8: 1, uint16: 2, float32: 4 }[stack.dtype] * stack.height * stack.width * stack.samples;
        const planes = Array.from({ length: stack.pages }, (_, page) =>
          Uint8Array.from({ length: bytes }, (_, i) => (i * 31 + page * 7) % 251),
        );
        const file = await write(stack, planes);
        expect(file.length).toBe(tiffBytes(stack));
        const tiff = await openTiff(inMemory(file));
        expect(tiff.header).toMatchObject({ frames: stack.pages, bigTiff: stack.bigTiff, uniform: true, description: text });
        for (const [page, plane] of planes.entries()) {
          const image = await tiff.image(page);
          expect(image.type.dtype).toBe(stack.dtype);
          expect(await readTiffPlane(tiff.source, image)).toEqual(plane);
        }
      }),
      { numRuns: 60 },
    );
  });

  it("is a BigTIFF only where offsets of 4 bytes do not reach", () => {
    const stack: TiffStack = { pages: 2_000, height: 1024, width: 1024, samples: 1, dtype: "uint16" };
    expect(tiffBytes(stack)).toBeLessThan(2 ** 32);
    expect(tiffBytes({ ...stack, pages: 2_100 })).toBeGreaterThan(tiffBytes({ ...stack, pages: 2_100, bigTiff: false }));
  });

  it("refuses pixels and pages of another number than announced", async () => {
    const stack: TiffStack = { pages: 2, height: 2, width: 2, samples: 1, dtype: "uint8" };
    const plane = new Uint8Array(4);
    await expect(write(stack, [plane])).rejects.toThrow("1 page came, 2 were announced");
    await expect(write(stack, [plane, plane, plane])).rejects.toThrow("more than 2 pages");
    await expect(write(stack, [new Uint8Array(3)])).rejects.toThrow("3 bytes; expected 4");
  });
});
