/** Types of truth.mjs. */

export interface Particle {
  id: number;
  /** Voxels of the tomogram, from 0. */
  voxel: { x: number; y: number; z: number };
  /** Degrees. */
  relion: { rot: number; tilt: number; psi: number };
  /** Which object it belongs to, in formats that know instances. */
  instance: number;
  /** Row-major 3×3 over (x, y, z): reference particle → its pose in the tomogram. */
  rotation: number[][];
}

/** First and last voxel of each axis. */
export interface VoxelBox {
  x: [number, number];
  y: [number, number];
  z: [number, number];
}

/** Voxels of the tomogram. */
export interface MeshBox {
  min: { x: number; y: number; z: number };
  max: { x: number; y: number; z: number };
}

export const PARTICLES: readonly Particle[];
export const LABEL_BOXES: readonly (VoxelBox & { label: number })[];
export const LABEL_VOXELS: number;
export const MEMBRANE_BOX: VoxelBox;
export const SHELL_BOX: MeshBox;
export const CORE_BOX: MeshBox;
export const CAPTION_COUNT: number;
