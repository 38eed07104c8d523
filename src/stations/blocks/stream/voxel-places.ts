import type { BlockLevel } from "../../../arrays/blocks/volume.js";
import type { LoadedVolume } from "../../../arrays/loader/volume.js";
import type { Triple } from "../../../core/box.js";

/**
 * Volumes that are laid on each other by their voxels: where none of them says how large its voxels are, those of each first level are taken to
 * be 1 nm, and to begin at one place. Where one says it, all must.
 */
export function withVoxelPlaces(volumes: readonly LoadedVolume[]): LoadedVolume[] {
  const isKnown = volumes.some(({ levels }) => levels.some(({ voxelSizeNm }) => voxelSizeNm.every((nm) => nm !== undefined)));
  if (isKnown) return [...volumes];
  return volumes.map((volume) => ({
    name: volume.name,
    identity: volume.identity,
    levels: volume.levels.map((level) => ({ ...level, ...placeOf(level, volume.levels[0]!) })),
    get traffic() {
      return volume.traffic;
    },
    leastBytes: (level) => volume.leastBytes(level),
    close: () => volume.close(),
  }));
}

/** A reduced voxel spans a whole number of the first level's, and its center is that of them together. */
function placeOf({ shape }: BlockLevel, { shape: finest }: BlockLevel): Pick<BlockLevel, "voxelSizeNm" | "offsetNm"> {
  const voxelSizeNm = shape.map((length, axis) => Math.max(1, Math.round(finest[axis]! / length))) as Triple;
  return { voxelSizeNm, offsetNm: voxelSizeNm.map((size) => (size - 1) / 2) as Triple };
}
