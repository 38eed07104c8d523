import type { FrameShape } from "./frame.js";
import { checkPixelCount } from "./pixels.js";

/**
 * A frame as a thumbnail: each pixel is the rounded mean of `n × n`, n the least with which no side is longer than `side`; at the ends of rows and
 * columns, of those that are there. A frame that is small enough stays as it is.
 *
 * @param pixels C order, little-endian, the colours of a pixel together; so is the result, in the same type
 * @throws {EmporiumError} FORMAT_FIELD if the number of pixels is wrong
 */
export function shrunkFrame(pixels: Uint8Array, shape: FrameShape, side: number): { shape: FrameShape; pixels: Uint8Array } {
  checkPixelCount(pixels, shape, "frame");
  const { width, height, colours, depth } = shape;
  const n = Math.ceil(Math.max(width, height) / side);
  if (n <= 1) return { shape, pixels };
  const itemBytes = depth === "uint8" ? 1 : 2;
  const columns = Math.ceil(width / n);
  const rows = Math.ceil(height / n);
  const result = new Uint8Array(rows * columns * colours * itemBytes);
  const sums = new Float64Array(columns * colours);
  for (let row = 0; row < rows; row++) {
    sums.fill(0);
    const end = Math.min((row + 1) * n, height);
    for (let y = row * n; y < end; y++) {
      for (let x = 0, at = y * width * colours * itemBytes; x < width; x++) {
        const sum = Math.floor(x / n) * colours;
        for (let colour = 0; colour < colours; colour++, at += itemBytes)
          sums[sum + colour]! += itemBytes === 1 ? pixels[at]! : pixels[at]! | (pixels[at + 1]! << 8);
      }
    }
    for (let i = 0; i < sums.length; i++) {
      const column = Math.floor(i / colours);
      const count = (end - row * n) * (Math.min((column + 1) * n, width) - column * n);
      const mean = Math.round(sums[i]! / count);
      const at = (row * sums.length + i) * itemBytes;
      result[at] = mean & 255;
      if (itemBytes === 2) result[at + 1] = mean >> 8;
    }
  }
  return { shape: { ...shape, width: columns, height: rows }, pixels: result };
}
