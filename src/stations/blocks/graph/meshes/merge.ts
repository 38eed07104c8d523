import { type VoxelSurface, weld } from "../../../../arrays/surface/surface.js";
import type { TriangleMesh } from "../../../../formats/precomputed/legacy-mesh.js";
import type { MeshesParams } from "./fields.js";

/**
 * The surface of a label of what all blocks found, in nanometers. Triangles are in the order of their places, so the same surface has the same bytes
 * however the volume was cut.
 */
export function mergeSurfaces(parts: readonly VoxelSurface[], { voxelSizeNm, offsetNm }: MeshesParams): TriangleMesh {
  const { positions, triangles } = weld(parts);
  const order = Uint32Array.from({ length: triangles.length / 3 }, (_, at) => at);
  order.sort((a, b) => compare(positions, triangles, a, b));
  const numbers = new Int32Array(positions.length / 3).fill(-1);
  const corners = new Uint32Array(triangles.length);
  const vertices = new Float32Array(positions.length);
  let count = 0;
  order.forEach((triangle, at) => {
    for (let corner = 0; corner < 3; corner++) {
      const vertex = triangles[3 * triangle + corner]!;
      if (numbers[vertex]! < 0) {
        // x, y, z in half voxels; the world's axes are z, y, x
        for (let i = 0; i < 3; i++) {
          const axis = 2 - i;
          vertices[3 * count + i] = offsetNm[axis]! + (positions[3 * vertex + i]! / 2) * voxelSizeNm[axis]!;
        }
        numbers[vertex] = count++;
      }
      corners[3 * at + corner] = numbers[vertex]!;
    }
  });
  return { vertices, triangles: corners };
}

/** By the places of the corners, in the order in which a triangle has them. */
function compare(positions: Int32Array, triangles: Uint32Array, a: number, b: number): number {
  for (let corner = 0; corner < 3; corner++) {
    const [va, vb] = [3 * triangles[3 * a + corner]!, 3 * triangles[3 * b + corner]!];
    for (let axis = 2; axis >= 0; axis--) {
      const difference = positions[va + axis]! - positions[vb + axis]!;
      if (difference !== 0) return difference;
    }
  }
  return 0;
}
