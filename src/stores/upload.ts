import { EmporiumError } from "../core/errors.js";
import { placeOf } from "./faults.js";
import type { UploadPart } from "./store.js";

/** Most parts that one upload may have: S3's rule, kept by every back end so that none depends on more. */
const PARTS_MAX = 10_000;

export function checkPart(key: string, number: number): void {
  if (!Number.isInteger(number) || number < 1 || number > PARTS_MAX) {
    throw new EmporiumError("INTERNAL", `${key}: parts are numbered from 1 to ${PARTS_MAX}, found ${number}`);
  }
}

/**
 * The parts in joining order. With a key, they are about to be joined: a missing number is then an error, since the shorter
 * object would look whole.
 */
export function orderedParts<T>(held: Iterable<T>, of: (held: T) => UploadPart, joinedKey?: string): UploadPart[] {
  const parts = Array.from(held, of).sort((a, b) => a.number - b.number);
  if (joinedKey !== undefined) {
    const missing = parts.findIndex((part, i) => part.number !== i + 1);
    if (missing >= 0)
      throw new EmporiumError("STORE_FAILED", `${joinedKey}: part ${missing + 1} of ${parts.at(-1)!.number} was never sent`);
  }
  return parts;
}

/** A write that must not replace what is there now. `place` is a file or URL. */
export function conflict(name: string): EmporiumError {
  const hint = "find the other process that writes there, then run again";
  return new EmporiumError("STORE_CONFLICT", `${name} was written by another process meanwhile`, { place: placeOf(name), hint });
}
