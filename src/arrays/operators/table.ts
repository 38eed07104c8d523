import { EmporiumError } from "../../core/errors.js";
import { nearest } from "../../core/nearest.js";
import { affine } from "./affine.js";
import { cast } from "./cast.js";
import { clip } from "./clip.js";
import { crop } from "./crop.js";
import { downsample } from "./downsample.js";
import { gaussian } from "./gaussian.js";
import { gradient } from "./gradient.js";
import { lut } from "./lut.js";
import { mask } from "./mask.js";
import { median } from "./median.js";
import { morphology } from "./morphology.js";
import type { Operator } from "./operator.js";
import { threshold } from "./threshold.js";

/** All operators that are a function of voxels, one file each. Reductions and components are in `reductions/` and `components/`. */
export const OPERATORS: readonly Operator[] = [
  affine,
  cast,
  clip,
  crop,
  downsample,
  gaussian,
  gradient,
  lut,
  mask,
  median,
  morphology,
  threshold,
];

/** @throws {EmporiumError} CONFIG_FIELD for a name that no operator has */
export function operatorOf(name: string): Operator {
  const found = OPERATORS.find((one) => one.name === name);
  if (found) return found;
  const names = OPERATORS.map((one) => one.name);
  const near = nearest(name, names);
  throw new EmporiumError("CONFIG_FIELD", `no operator ${name}; there are ${names.join(", ")}`, {
    place: { path: "op" },
    ...(near && { hint: `did you mean ${near}?` }),
  });
}
