import type { ByteRange } from "../core/bytes.js";
import { EmporiumError } from "../core/errors.js";

/** The part of a range that an object of `size` bytes has; without a range, all of it. */
export function clampRange(range: ByteRange | undefined, size: number): ByteRange {
  if (!range) return { offset: 0, length: size };
  checkRange(range);
  const offset = Math.min(range.offset, size);
  return { offset, length: Math.min(range.length, size - offset) };
}

/** @throws {EmporiumError} INTERNAL: ranges are made by programs, so a wrong one is a fault of ours. */
export function checkRange({ offset, length }: ByteRange): void {
  if (!Number.isSafeInteger(offset) || !Number.isSafeInteger(length) || offset < 0 || length < 0) {
    throw new EmporiumError("INTERNAL", `a byte range is made of whole numbers from 0, found offset ${offset}, length ${length}`);
  }
}
