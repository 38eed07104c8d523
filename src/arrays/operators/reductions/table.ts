import { EmporiumError } from "../../../core/errors.js";
import { contrast } from "./contrast.js";
import { histogram } from "./histogram.js";
import { maxima } from "./maxima.js";
import { points } from "./points.js";
import type { Reduction } from "./reduction.js";
import { statistics } from "./statistics.js";
import { unique } from "./unique.js";

/** All operators that make one result of a volume. */
export const REDUCTIONS: readonly Reduction[] = [contrast, histogram, maxima, points, statistics, unique];

/** @throws {EmporiumError} CONFIG_FIELD for a name that no reduction has */
export function reductionOf(name: string): Reduction {
  const found = REDUCTIONS.find((one) => one.name === name);
  if (found) return found;
  const names = REDUCTIONS.map((one) => one.name).join(", ");
  throw new EmporiumError("CONFIG_FIELD", `no reduction ${name}; there are ${names}`, { place: { path: "op" } });
}
