import { reductionOf } from "../../../arrays/operators/reductions/table.js";
import { voxelsOf } from "../../../arrays/operators/voxels.js";
import { ITEM_BYTES } from "../../../core/dtype.js";
import { isEmporiumError } from "../../../core/errors.js";
import type { Json, JsonObject } from "../../../core/json.js";
import { nearest } from "../../../core/nearest.js";
import type { Faults } from "./faults.js";
import type { ReduceNode } from "./nodes.js";

/** Looks for a number in the result of a reduction: in one of a single voxel, which has the fields of every other. */
export function checkValuePath(from: ReduceNode, written: string, path: readonly PropertyKey[], faults: Faults): void {
  const steps = written.split(".");
  let value = resultOfOneVoxel(from);
  for (const [at, step] of steps.entries()) {
    if (value === undefined) return;
    const before = steps.slice(0, at).join(".");
    const where = before === "" ? from.reduction : `${before} of ${from.reduction}`;
    if (Array.isArray(value)) {
      // how long lists are is known with the voxels
      value = /^\d+$/.test(step) ? value[0] : null;
      if (value !== null) continue;
    } else if (typeof value === "object" && value !== null && Object.hasOwn(value, step)) {
      value = (value as JsonObject)[step];
      continue;
    }
    faults.add(path, `${where} has no ${step}`, { hint: hintOf(value, step, before) });
    return;
  }
  if (value === undefined || value === null || typeof value === "number") return;
  const first = Array.isArray(value) ? `${written}.0` : undefined;
  faults.add(path, `${written} of ${from.reduction} is not a number`, {
    hint: first && `name a number of the list, as ${first}`,
  });
}

function hintOf(value: Json | undefined, step: string, before: string): string | undefined {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    return before === "" ? undefined : `write path: ${before}`;
  const names = Object.keys(value);
  const meant = nearest(step, names);
  return meant === undefined ? `there are ${names.join(", ")}` : `did you mean ${meant}?`;
}

/** Undefined where one voxel has none. */
function resultOfOneVoxel({ reduction, params, facts }: ReduceNode): Json | undefined {
  const one = [1, 1, 1] as const;
  const { dtype } = facts;
  try {
    const bound = reductionOf(reduction).bind(params, facts);
    const data = voxelsOf(dtype, new Uint8Array(ITEM_BYTES[dtype]));
    const isWide = data instanceof BigInt64Array || data instanceof BigUint64Array;
    if (isWide) data.fill(1n);
    else (data as Uint8Array).fill(1);
    const box = { start: [0, 0, 0], stop: one } as const;
    const core = { start: [...box.start], stop: [...box.stop] } as {
      start: [number, number, number];
      stop: [number, number, number];
    };
    return bound.finish(bound.merge([bound.partial({ data, dtype, box: core, whole: [...one] }, core)]));
  } catch (error) {
    if (isEmporiumError(error)) return undefined;
    throw error;
  }
}
