import type { Block } from "../../../../arrays/operators/block.js";
import type { BoundReduction } from "../../../../arrays/operators/reductions/reduction.js";
import { reductionOf } from "../../../../arrays/operators/reductions/table.js";
import type { Box, Triple } from "../../../../core/box.js";
import { EmporiumError } from "../../../../core/errors.js";
import type { JsonObject } from "../../../../core/json.js";
import type { BlockParams } from "../../../../engine/blocks/block-stage.js";
import type { Task, TaskContext } from "../../../../engine/task.js";
import { canonicalJson } from "../../../../engine/task-id.js";
import { absent, type Store } from "../../../../stores/store.js";
import { mapLimit } from "../../../../system/parallel.js";
import type { StoredValue } from "../program.js";
import { type TreeParams, treeKeys } from "../tree.js";
import type { ReduceParams } from "./stages.js";

/** The work of the stages of reductions. Each gives the bytes of its task's object. */

const READS_IN_FLIGHT = 8;

/** Voxels that a part's task reads around its own. */
export const partHalo = ({ params }: Task): Triple => bound(params.reduce as unknown as ReduceParams).halo;

/** @param core the voxels that are the task's own */
export function part({ params }: Task, value: Block, core: Box): Uint8Array {
  return printed(bound(params.reduce as unknown as ReduceParams).partial(value, core));
}

export async function mergeParts({ params }: Task, { target, signal }: TaskContext): Promise<Uint8Array> {
  const { reduce, tree, block } = params as unknown as { reduce: ReduceParams; tree: TreeParams; block: BlockParams };
  const parts = await mapLimit(treeKeys(tree, block.index), READS_IN_FLIGHT, (key) => readPart(target, key, signal));
  return printed(bound(reduce).merge(parts));
}

export async function finishParts({ params }: Task, { target, signal }: TaskContext): Promise<Uint8Array> {
  const { reduce, from } = params as unknown as { reduce: ReduceParams; from: string };
  return printed(bound(reduce).finish(await readPart(target, from, signal)));
}

/** A number of a result. @throws {EmporiumError} METADATA_VALUE where the result has none of that name */
export async function readValue(store: Store, { key, path, isMiddle }: StoredValue, signal: AbortSignal): Promise<number> {
  let value: unknown = await readPart(store, key, signal);
  for (const step of path)
    value = typeof value === "object" && value !== null ? (value as Record<string, unknown>)[step] : undefined;
  if (isMiddle && Array.isArray(value)) return value.reduce((sum: number, one: number) => sum + one, 0) / value.length;
  if (typeof value === "number") return value;
  throw new EmporiumError("METADATA_VALUE", `the result has no number ${path.join(".")}`, {
    hint: "write the result as an output, format: json, to see it",
  });
}

function bound({ name, params, shape, dtype }: ReduceParams): BoundReduction {
  return reductionOf(name).bind(params, { shape: [...shape], dtype, voxelSizeNm: [undefined, undefined, undefined] });
}

const printed = (part: JsonObject) => new TextEncoder().encode(canonicalJson(part));

async function readPart(store: Store, key: string, signal: AbortSignal): Promise<JsonObject> {
  const bytes = await store.read(key, undefined, { signal });
  if (!bytes) throw absent(store, key);
  return JSON.parse(new TextDecoder().decode(bytes)) as JsonObject;
}
