import { type GridRequest, gridOf } from "../../../arrays/blocks/grid.js";
import type { BlockVolume } from "../../../arrays/blocks/volume.js";
import type { GridFacts } from "./batch.js";

/** @param owner the volume whose voxels are the grid @throws {EmporiumError} USAGE */
export function gridFacts(owner: BlockVolume, request: GridRequest): GridFacts {
  const { bounds, shape, halo, step } = gridOf(owner.levels, request, owner.name);
  const level = request.level ?? 0;
  const { voxelSizeNm, offsetNm } = owner.levels[level]!;
  return { level, shape: bounds, block: shape, halo, step, voxelSizeNm: voxelSizeNm.map((nm) => nm ?? null), offsetNm };
}
