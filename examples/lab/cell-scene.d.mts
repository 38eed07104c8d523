/** Types of cell-scene.mjs. Places are voxels x, y, z. */

export interface Ellipsoid {
  centre: [x: number, y: number, z: number];
  radii: [x: number, y: number, z: number];
}

/** Voxels `[z, y, x]`. */
export const CELL_SHAPE: [z: number, y: number, x: number];
export const CELL_SPACING_ANGSTROM: number;
export const MEMBRANES: readonly Ellipsoid[];
export const VESICLES: readonly Ellipsoid[];
export const MICROTUBULES: readonly { from: number[]; to: number[] }[];
/** `rotation` is row-major over (x, y, z): reference particle → its pose; the third column points to the small subunit. */
export const RIBOSOMES: readonly { place: number[]; rotation: number[][] }[];
export const SYNTHASES: readonly number[][];
export const TUBE_POINTS: readonly { instance: number; place: number[] }[];

export function cellVoxels(): Int8Array;
export function membraneVoxels(): Int8Array;
export function ellipsoidMesh(ellipsoid: Ellipsoid): { vertices: number[][]; triangles: number[][] };
