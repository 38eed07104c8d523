import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { z } from "zod";
import { type Block, growBox } from "../../../arrays/operators/block.js";
import type { BoundOperator } from "../../../arrays/operators/operator.js";
import { newVoxels, type VoxelArray } from "../../../arrays/operators/voxels.js";
import { type Box, boxShape, type Triple, volumeOf } from "../../../core/box.js";
import type { DType } from "../../../core/dtype.js";
import { EmporiumError } from "../../../core/errors.js";
import type { JsonObject } from "../../../core/json.js";
import { counted } from "../../../core/units.js";
import { dtype, type NodeDocument } from "./document.js";
import { checksumOf, fileWord } from "./named-files.js";

/** An operator that may take its time, as a person's own module does. */
export type ProgramOperator = Omit<BoundOperator, "apply"> & {
  apply(blocks: readonly Block[], core: Box, signal?: AbortSignal): Block | Promise<Block>;
};

/**
 * Exports of a person's module. `apply` returns the voxels of `core` in C order, from those of `block`, which reaches as far
 * around it as the node's `halo` says and the volume goes. It must give the same for the same voxels, whatever the block.
 */
interface MapModule {
  apply(block: Block, core: Box, options: JsonObject): VoxelArray | Promise<VoxelArray>;
}

const halo = z.int().min(0).max(1024);

export const MapFields = z.strictObject({
  module: z.string().min(1),
  halo: z.union([halo.transform((all): Triple => [all, all, all]), z.tuple([halo, halo, halo])]).default([0, 0, 0]),
  dtype: dtype.optional(),
  options: z.record(z.string(), z.json()).default({}),
});

/** Version of the operator, raised when modules are called in another way. */
export const MAP_VERSION = 2;

export type MapParams = {
  /** Name of the node. */
  readonly name: string;
  /** The module as written, or its place below the graph's folder, and the checksum of its text: another text is another run. */
  readonly module: string;
  readonly sha256: string;
  readonly halo: Triple;
  readonly dtype: DType;
  readonly options: JsonObject;
};

/** @param folder of the graph @throws {EmporiumError} CONFIG_FIELD for a module that cannot be read */
export function mapParams(
  name: string,
  fields: z.output<typeof MapFields>,
  input: { readonly dtype: DType },
  folder: string,
): MapParams {
  const { module, halo: reach, options } = fields;
  let sha256: string;
  try {
    sha256 = checksumOf(module);
  } catch (cause) {
    throw new EmporiumError("CONFIG_FIELD", `map: module: ${resolve(module)} cannot be read`, {
      place: { path: "module" },
      cause,
    });
  }
  const own = { name, module: fileWord(module, folder), sha256 };
  return { ...own, halo: reach, dtype: fields.dtype ?? input.dtype, options: options as JsonObject };
}

/** Whole paths of a graph's modules, by their nodes; fields that are wrong are refused where the graph is checked. */
export function modulesOf(nodes: readonly NodeDocument[]): Record<string, string> {
  const modules = nodes.filter(({ op, module }) => op === "map" && typeof module === "string");
  return Object.fromEntries(modules.map(({ id, module }) => [id, resolve(module as string)]));
}

/** The common part of modules and programs as operators: their result has the voxels of their first input. */
export function onSameVoxels(
  params: { readonly halo: Triple; readonly dtype: DType },
  { shape, voxelSizeNm }: Pick<BoundOperator["output"], "shape" | "voxelSizeNm">,
): Omit<ProgramOperator, "apply"> {
  return {
    params: params as unknown as JsonObject,
    output: { shape, voxelSizeNm, dtype: params.dtype },
    halo: params.halo,
    scale: [1, 1, 1],
    origin: [0, 0, 0],
    inputBox: (core) => growBox(core, params.halo, shape),
  };
}

/** A person's module as an operator. It is loaded when a block is computed. @param path of the module on this machine */
export function bindMap(
  params: MapParams,
  input: { readonly shape: Triple; readonly voxelSizeNm: BoundOperator["output"]["voxelSizeNm"] },
  path?: string,
): ProgramOperator {
  return {
    ...onSameVoxels(params, input),
    async apply([block], core) {
      const { apply } = (await import(pathToFileURL(path!).href)) as MapModule;
      const data = await apply(block!, core, params.options);
      const wanted = volumeOf(boxShape(core));
      const isType = data?.constructor === newVoxels(params.dtype, 0).constructor;
      if (isType && data.length === wanted) return { data, dtype: params.dtype, box: core, whole: input.shape };
      const found = isType ? `${counted(data.length, "voxel")}` : `${data?.constructor.name ?? "nothing"}`;
      throw new EmporiumError(
        "TASK_FAILED",
        `${params.module} gave ${found}; expected ${counted(wanted, "voxel")} of ${params.dtype}`,
      );
    },
  };
}
