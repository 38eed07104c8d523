import { z } from "zod";
import type { Triple } from "../../../../core/box.js";
import type { DType } from "../../../../core/dtype.js";
import { EmporiumError } from "../../../../core/errors.js";
import type { Facts, GraphNode } from "../nodes.js";

const length = z.int().min(1);
const block = z.tuple([length, length, length]);

/** What a node `op: save` says beside its input. */
export const SaveFields = z.strictObject({
  as: z.enum(["npy", "safetensors", "webdataset"]),
  block,
  shard: block.optional(),
});

/** Raised with every change of the files' bytes. */
export const SAVE_VERSION = 1;

/** How a volume is cut into files. Plain JSON. */
export type SaveParams = {
  readonly as: "npy" | "safetensors" | "webdataset";
  /** Voxels of a sample; those at the far ends are smaller. */
  readonly block: Triple;
  /** Voxels of a file: a whole number of samples. */
  readonly file: Triple;
  /** Of the tensor in a file. */
  readonly name: string;
  readonly dtype: DType;
  readonly shape: Triple;
  readonly voxelSizeNm: readonly (number | null)[];
  readonly offsetNm: Triple;
};

/** @throws {EmporiumError} CONFIG_FIELD */
export function saveParams(
  { as, block: sample, shard }: z.output<typeof SaveFields>,
  { name, facts }: { readonly name: string; readonly facts: Facts },
): SaveParams {
  const fault = (path: string, message: string) => new EmporiumError("CONFIG_FIELD", `save: ${message}`, { place: { path } });
  if (shard && as !== "webdataset") throw fault("shard", `shard: ${as} has a file for each block`);
  if (shard?.some((edge, axis) => edge % sample[axis]! !== 0))
    throw fault("shard", `shard: ${shard.join("×")} is no whole number of blocks of ${sample.join("×")}`);
  const { dtype, shape, voxelSizeNm, offsetNm } = facts;
  const sizes = voxelSizeNm.map((size) => size ?? null);
  return { as, block: sample, file: shard ?? sample, name, dtype, shape, voxelSizeNm: sizes, offsetNm };
}

/** What a node saves; undefined for all other nodes. */
export function savedBy(node: GraphNode): SaveParams | undefined {
  return node.kind === "reduce" && node.reduction === "save" ? (node.params as unknown as SaveParams) : undefined;
}
