import { z } from "zod";
import type { Triple } from "../../core/box.js";
import { cutBlock } from "./block.js";
import { operator, parameterFault } from "./operator.js";
import { tripleOf } from "./schemas.js";

const origin = tripleOf(z.int().min(0), "whole numbers from 0");
const size = tripleOf(z.int().min(1), "whole numbers from 1");

/** A box of the volume: `start` and `size` in voxels `[z, y, x]`. numpy: `x[z:z+dz, y:y+dy, x:x+dx]`. */
export const crop = operator({
  name: "crop",
  version: 1,
  parameters: z.strictObject({ start: origin, size }),
  prepare(params, { shape }) {
    const outside = params.start.findIndex((from, axis) => from + params.size[axis]! > shape[axis]!);
    if (outside >= 0) {
      const stop = params.start[outside]! + params.size[outside]!;
      throw parameterFault(
        "crop",
        `size.${outside}`,
        `ends at voxel ${stop} along ${"zyx"[outside]}, the volume at ${shape[outside]}`,
      );
    }
    return params;
  },
  origin: ({ start }) => start,
  outputDtype: (dtype) => dtype,
  outputShape: (_, params) => params.size,
  apply([block], core, { start }, { shape }) {
    const from = { start: shifted(core.start, start), stop: shifted(core.stop, start) };
    return { ...cutBlock(block!, from), box: core, whole: shape };
  },
});

const shifted = (at: Triple, by: Triple) => at.map((value, axis) => value + by[axis]!) as Triple;
