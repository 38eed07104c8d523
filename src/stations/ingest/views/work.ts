import { contrastLimits } from "../../../arrays/contrast/limits.js";
import { labelSurfaces } from "../../../arrays/surface/marching-cubes.js";
import { simplify } from "../../../arrays/surface/simplify.js";
import { type Surface, type VoxelSurface, weld, weldFloats } from "../../../arrays/surface/surface.js";
import type { Box, Triple } from "../../../core/box.js";
import { concat } from "../../../core/bytes.js";
import { EmporiumError } from "../../../core/errors.js";
import { counted } from "../../../core/units.js";
import { encodeMeshFragment } from "../../../formats/precomputed/legacy-mesh.js";
import { encodeSegmentationChunk } from "../../../formats/precomputed/segmentation.js";
import { freeBuffersAbove } from "../../../system/garbage.js";
import type { ChunkJob, CopiesJob, FragmentResult, Jobs, MeshJob, SurfaceJob } from "./jobs.js";
import { packSurface, unpackSurface } from "./packed-surface.js";

/** Half voxels by which simpler surfaces may be off: the steps of a mask's voxels. */
const SURFACE_ERROR = 1;
/** Cells along each axis whose surfaces are made at once: of the worst of masks they take some 100 MB. */
const BLOCK_CELLS = 128;
/** Triangles of a label's surface, at most: viewers hold all of a mesh. One with more within the error is made coarser. */
const LABEL_TRIANGLES_MAX = 2_000_000;
/** Buffers of blocks that are done, at most: they are freed then. */
const GONE_BYTES = 16 * 2 ** 20;
/** Triangles of all copies of one surface, at most. More that cannot be made coarser are refused, as by the portal. */
const COPIES_TRIANGLES_MAX = 10_000_000;

export type Work = { [K in keyof Jobs]: (job: Jobs[K]["job"]) => Jobs[K]["result"] };

export const WORK: Work = {
  chunk: chunkOf,
  surface: surfaceOf,
  mesh: meshOf,
  copies: copiesOf,
  contrast: ({ slab, shape, method }) => contrastLimits(slab, shape, method),
};

function chunkOf({ labels, samples, chunk }: ChunkJob): Jobs["chunk"]["result"] {
  const body = encodeSegmentationChunk(labels, chunk, samples);
  const parts = new Map<number, VoxelSurface[]>();
  for (const cells of blocksOf({ start: samples.start, stop: samples.stop.map((at) => at - 1) as Triple })) {
    for (const [label, surface] of labelSurfaces(labels, samples, cells)) {
      parts.set(label, [...(parts.get(label) ?? []), simplify(surface, { errorMax: SURFACE_ERROR })]);
    }
    freeBuffersAbove(GONE_BYTES);
  }
  const packed = [...parts].sort(([a], [b]) => a - b).map(([label, own]) => packSurface(label, joined(own)));
  return { body, surfaces: concat(packed) };
}

function surfaceOf({ parts, voxelNm }: SurfaceJob): FragmentResult {
  const pieces = parts.map(unpackSurface);
  const total = pieces.reduce((sum, { triangles }) => sum + triangles.length / 3, 0);
  const share = (2 * LABEL_TRIANGLES_MAX) / total;
  let surface = joined(share >= 1 ? pieces : pieces.map((piece) => coarserPiece(piece, (share * piece.triangles.length) / 3)));
  if (surface.triangles.length > 3 * LABEL_TRIANGLES_MAX)
    surface = simplify(surface, { errorMax: Number.POSITIVE_INFINITY, trianglesMax: LABEL_TRIANGLES_MAX });
  const vertices = Float32Array.from(surface.positions, (half) => (half * voxelNm) / 2);
  return fragment({ positions: vertices, triangles: surface.triangles });
}

function meshOf({ trianglesMax, ...surface }: MeshJob): FragmentResult {
  return fragment(asFloats(coarser(surface, trianglesMax)));
}

/** @throws {EmporiumError} FORMAT_LIMIT where all copies together have too many triangles, however coarse. */
function copiesOf({ points, rotations, trianglesMax, ...surface }: CopiesJob): FragmentResult {
  const copies = points.length / 3;
  const { positions, triangles } = coarser(surface, Math.max(1, Math.floor(trianglesMax / copies)));
  if ((triangles.length / 3) * copies > COPIES_TRIANGLES_MAX) {
    throw new EmporiumError(
      "FORMAT_LIMIT",
      `${counted(copies, "copy", "copies")} of ${counted(triangles.length / 3, "triangle")}, ${COPIES_TRIANGLES_MAX} in all at most are shown`,
      { hint: "give a mesh of fewer triangles as mesh_source_path, without open edges" },
    );
  }
  const all = new Float32Array(copies * positions.length);
  const corners = new Uint32Array(copies * triangles.length);
  const vertices = positions.length / 3;
  for (let copy = 0; copy < copies; copy++) {
    for (let v = 0; v < vertices; v++) {
      for (let axis = 0; axis < 3; axis++) {
        let at = points[3 * copy + axis]!;
        for (let k = 0; k < 3; k++) at += rotations[9 * copy + 3 * axis + k]! * positions[3 * v + k]!;
        all[3 * (copy * vertices + v) + axis] = at;
      }
    }
    for (let i = 0; i < triangles.length; i++) corners[copy * triangles.length + i] = copy * vertices + triangles[i]!;
  }
  return fragment({ positions: all, triangles: corners });
}

/** Coarsens a piece that has too many triangles to be joined with others. */
function coarserPiece(piece: VoxelSurface, trianglesMax: number): VoxelSurface {
  return simplify(piece, { errorMax: Number.POSITIVE_INFINITY, trianglesMax });
}

/** Parts of one surface as one, with what was left dense where they were cut. */
function joined(parts: readonly VoxelSurface[]): VoxelSurface {
  return parts.length === 1 ? parts[0]! : simplify(weld(parts), { errorMax: SURFACE_ERROR });
}

function coarser(surface: Surface, trianglesMax: number): Surface {
  if (surface.triangles.length <= 3 * trianglesMax) return surface;
  return simplify(weldFloats(surface), { errorMax: Number.POSITIVE_INFINITY, trianglesMax });
}

function asFloats({ positions, triangles }: Surface): Surface<Float32Array> {
  return { positions: positions instanceof Float32Array ? positions : Float32Array.from(positions), triangles };
}

function fragment({ positions, triangles }: Surface<Float32Array>): FragmentResult {
  const upperBound: Triple = [0, 0, 0];
  for (let i = 0; i < positions.length; i++) {
    const axis = 2 - (i % 3);
    if (positions[i]! > upperBound[axis]!) upperBound[axis] = positions[i]!;
  }
  return { body: encodeMeshFragment({ vertices: positions, triangles }), triangles: triangles.length / 3, upperBound };
}

function* blocksOf({ start, stop }: Box): Generator<Box> {
  for (let z = start[0]; z < stop[0]; z += BLOCK_CELLS)
    for (let y = start[1]; y < stop[1]; y += BLOCK_CELLS)
      for (let x = start[2]; x < stop[2]; x += BLOCK_CELLS)
        yield { start: [z, y, x], stop: [z, y, x].map((at, axis) => Math.min(at + BLOCK_CELLS, stop[axis]!)) as Triple };
}
