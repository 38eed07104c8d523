import { z } from "zod";
import { isFloat } from "../../../../arrays/operators/voxels.js";
import type { Triple } from "../../../../core/box.js";
import { EmporiumError } from "../../../../core/errors.js";
import type { Facts, GraphNode } from "../nodes.js";

const length = z.number().positive();

/** Fields of a node `op: meshes` beside its input. */
export const MeshesFields = z.strictObject({ voxelSizeNm: z.tuple([length, length, length]).optional() });

/** A surface lies between two voxels. */
export const MESHES_HALO: Triple = [1, 1, 1];

/** Version of the operator, raised with every change of the surfaces' bytes. */
export const MESHES_VERSION = 1;

/** Voxel size and offset that place the surfaces in the world, nanometers along z, y and x. Plain JSON. */
export type MeshesParams = { readonly voxelSizeNm: Triple; readonly offsetNm: Triple };

/** @throws {EmporiumError} CONFIG_FIELD for voxels that are no labels, or have no size */
export function meshesParams({ voxelSizeNm: given }: z.output<typeof MeshesFields>, facts: Facts): MeshesParams {
  const fault = (path: string, message: string) => new EmporiumError("CONFIG_FIELD", `meshes: ${message}`, { place: { path } });
  const { dtype, voxelSizeNm, offsetNm } = facts;
  if (isFloat(dtype) || dtype === "complex64" || dtype === "uint4")
    throw fault("in", `in: takes integers, not ${dtype}: put components before it`);
  const [sz, sy, sx] = given ?? voxelSizeNm;
  if (sz === undefined || sy === undefined || sx === undefined)
    throw fault("voxelSizeNm", "the volume does not say how large its voxels are: give voxelSizeNm, along z, y and x");
  return { voxelSizeNm: [sz, sy, sx], offsetNm };
}

/** Parameters of a `meshes` node; undefined for all other nodes. */
export function meshesOf(node: GraphNode): MeshesParams | undefined {
  return node.kind === "reduce" && node.reduction === "meshes" ? (node.params as unknown as MeshesParams) : undefined;
}
