import { createHash } from "node:crypto";
import { EmporiumError } from "../../../core/errors.js";
import { counted } from "../../../core/units.js";
import type { FrameShape } from "./frame.js";

/**
 * Identifies a frame: the SHA-256 of its decoded pixels, not of its file, since encoders write different PNG files of one image.
 *
 * @param pixels C order, little-endian, the colours of a pixel together
 */
export function pixelHash(pixels: Uint8Array): string {
  return createHash("sha256").update(pixels).digest("hex");
}

/** Pixels with red and blue exchanged, as the older catalogue stored colours. A copy. */
export function swapRedAndBlue(pixels: Uint8Array, { depth }: Pick<FrameShape, "depth">): Uint8Array {
  const itemBytes = depth === "uint8" ? 1 : 2;
  const swapped = new Uint8Array(pixels);
  for (let at = 0; at < pixels.length; at += 3 * itemBytes) {
    swapped.set(pixels.subarray(at, at + itemBytes), at + 2 * itemBytes);
    swapped.set(pixels.subarray(at + 2 * itemBytes, at + 3 * itemBytes), at);
  }
  return swapped;
}

/** @throws {EmporiumError} FORMAT_FIELD if the number of pixels is wrong */
export function checkPixelCount(pixels: Uint8Array, { width, height, colours, depth }: FrameShape, name: string): void {
  const wanted = width * height * colours * (depth === "uint8" ? 1 : 2);
  if (pixels.length === wanted) return;
  throw new EmporiumError(
    "FORMAT_FIELD",
    `${name}: ${counted(pixels.length, "byte")} of pixels, ${height}×${width}×${colours} ${depth} are ${wanted}`,
  );
}
