import type { ContrastMethod } from "../../../arrays/contrast/limits.js";
import type { ContrastLimits } from "../../../arrays/contrast/sample.js";
import type { Labels } from "../../../arrays/surface/marching-cubes.js";
import type { Box, Triple } from "../../../core/box.js";

/** Jobs of views that would block a process for a while: what a thread receives, and what it answers. */
export interface Jobs {
  chunk: { job: ChunkJob; result: ChunkResult };
  surface: { job: SurfaceJob; result: FragmentResult };
  mesh: { job: MeshJob; result: FragmentResult };
  copies: { job: CopiesJob; result: FragmentResult };
  contrast: { job: ContrastJob; result: ContrastLimits };
}

/** One chunk of a mask: its body, and the surfaces of its labels. */
export interface ChunkJob {
  /** Labels `[z, y, x]` of `samples`: the chunk, the layer before it on each axis, and one after it at the volume's end. */
  labels: Labels;
  samples: Box;
  chunk: Box;
}

interface ChunkResult {
  body: Uint8Array;
  /** Surfaces in half voxels, one record a label (`packSurface`), one after the other. */
  surfaces: Uint8Array;
}

/** The surface of one label out of those of all chunks. */
export interface SurfaceJob {
  parts: Uint8Array[];
  /** Nanometres that the volume states for a voxel. */
  voxelNm: number;
}

/** A surface as it is, of no more triangles than these. */
export interface MeshJob {
  positions: Float64Array;
  triangles: Uint32Array;
  trianglesMax: number;
}

/** A surface at each point, turned as the point is. */
export interface CopiesJob extends MeshJob {
  /** x, y, z each. */
  points: Float64Array;
  /** Row-major 3×3 each. */
  rotations: Float64Array;
}

/** One fragment of a mesh for Neuroglancer. */
export interface FragmentResult {
  body: Uint8Array;
  triangles: number;
  /** Upper bound of its vertices; zeros without one. */
  upperBound: Triple;
}

interface ContrastJob {
  slab: Float32Array;
  shape: Triple;
  method: ContrastMethod;
}
