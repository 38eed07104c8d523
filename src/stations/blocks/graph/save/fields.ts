import { z } from "zod";
import type { Triple } from "../../../../core/box.js";
import type { DType } from "../../../../core/dtype.js";
import { EmporiumError } from "../../../../core/errors.js";
import type { Facts, GraphNode } from "../nodes.js";

const length = z.int().min(1);
const block = z.tuple([length, length, length]);

/** Fields of a node `op: save` beside its inputs. */
export const SaveFields = z.strictObject({
  as: z.enum(["npy", "safetensors", "webdataset"]),
  block,
  shard: block.optional(),
});

/** Version of the operator, raised with every change of the files' bytes. */
export const SAVE_VERSION = 2;

/** Layout of the files into which a volume is cut. Plain JSON. */
export type SaveParams = {
  readonly as: "npy" | "safetensors" | "webdataset";
  /** Voxels of a sample; those at the far ends are smaller. */
  readonly block: Triple;
  /** Voxels of a file: a whole number of samples. */
  readonly file: Triple;
  /** Tensors of a file, or of each sample in it. */
  readonly tensors: readonly { readonly name: string; readonly dtype: DType }[];
  readonly shape: Triple;
  readonly voxelSizeNm: readonly (number | null)[];
  readonly offsetNm: Triple;
};

/**
 * @param inputs of one shape; what is told of voxels is the first one's
 * @throws {EmporiumError} CONFIG_FIELD
 */
export function saveParams(
  { as, block: sample, shard }: z.output<typeof SaveFields>,
  inputs: readonly { readonly name: string; readonly facts: Facts }[],
): SaveParams {
  const fault = (path: string, message: string) => new EmporiumError("CONFIG_FIELD", `save: ${message}`, { place: { path } });
  if (shard && as !== "webdataset") throw fault("shard", `shard: ${as} has a file for each block`);
  if (shard?.some((edge, axis) => edge % sample[axis]! !== 0))
    throw fault("shard", `shard: ${shard.join("×")} is not a whole number of blocks of ${sample.join("×")}`);
  const [{ name: first, facts }, ...others] = inputs as [(typeof inputs)[0], ...typeof inputs];
  if (as === "npy" && others.length > 0)
    throw fault("in", "in: a file for numpy.load has one array: take safetensors or webdataset");
  const { shape, voxelSizeNm, offsetNm } = facts;
  for (const { name, facts: other } of others)
    if (other.shape.some((length, axis) => length !== shape[axis]))
      throw fault("in", `in: ${name} has ${other.shape.join("×")} voxels, ${first} has ${shape.join("×")}`);
  const badName = inputs.find(({ name }) => !/^[\w-]+$/.test(name))?.name;
  if (badName !== undefined)
    throw fault("in", `in: ${JSON.stringify(badName)} becomes part of file names; expected letters, digits, _ and - only`);
  const tensors = inputs.map(({ name, facts: { dtype } }) => ({ name, dtype }));
  const sizes = voxelSizeNm.map((size) => size ?? null);
  return { as, block: sample, file: shard ?? sample, tensors, shape, voxelSizeNm: sizes, offsetNm };
}

/** Parameters of a `save` node; undefined for all other nodes. */
export function savedBy(node: GraphNode): SaveParams | undefined {
  return node.kind === "reduce" && node.reduction === "save" ? (node.params as unknown as SaveParams) : undefined;
}
