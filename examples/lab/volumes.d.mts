/** Types of volumes.mjs. */
import type { VolumeKind } from "./generate.mjs";

export interface VolumeSpec {
  /** Voxels `[z, y, x]`. */
  shape: [z: number, y: number, x: number];
  kind?: VolumeKind | undefined;
  runIndex?: number | undefined;
  spacingAngstrom?: number | undefined;
  bigEndian?: boolean | undefined;
  stack?: boolean | undefined;
  extended?: { type: string; bytes: number } | undefined;
  swapXY?: boolean | undefined;
  claim?: { min: number; max: number } | undefined;
  cutBytes?: number | undefined;
}

export function writeVolume(path: string, volume: VolumeSpec): Promise<void>;

/** The voxel that the formula gives, as the file stores it. */
export function voxelValue(kind: VolumeKind, runIndex: number, z: number, y: number, x: number): number;
