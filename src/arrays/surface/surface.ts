/** A surface of triangles. */
export interface Surface<P extends Int32Array | Float32Array | Float64Array = Int32Array | Float32Array | Float64Array> {
  /** x, y, z of each vertex. */
  positions: P;
  /** Three vertices of each triangle, counter-clockwise seen from outside. */
  triangles: Uint32Array;
}

/**
 * A surface between voxels. Positions count half voxels from the volume's corner, so they are whole numbers: voxel i reaches from
 * 2i to 2i + 2.
 */
export type VoxelSurface = Surface<Int32Array>;

/** Joins parts of one surface: vertices at the same place become one. Keeps the order of the parts and of their vertices. */
export function weld(parts: readonly VoxelSurface[]): VoxelSurface {
  const total = parts.reduce((sum, { positions }) => sum + positions.length / 3, 0);
  const corners = parts.reduce((sum, { triangles }) => sum + triangles.length, 0);
  const positions = new Int32Array(3 * total);
  const triangles = new Uint32Array(corners);
  const places = placeTable(total, positions);
  let vertices = 0;
  let at = 0;
  for (const part of parts) {
    const renamed = new Uint32Array(part.positions.length / 3);
    for (let vertex = 0; vertex < renamed.length; vertex++) {
      positions.set(part.positions.subarray(3 * vertex, 3 * vertex + 3), 3 * vertices);
      const known = places.findOrAdd(vertices);
      renamed[vertex] = known;
      if (known === vertices) vertices++;
    }
    for (const vertex of part.triangles) triangles[at++] = renamed[vertex]!;
  }
  return { positions: positions.slice(0, 3 * vertices), triangles };
}

/**
 * The surface with one vertex for each place that float32 can tell apart. Many programs write each triangle or each lit side with
 * vertices of its own.
 */
export function weldFloats({ positions, triangles }: Surface): Surface<Float32Array> {
  const floats = Float32Array.from(positions, (value) => value + 0); // −0 is 0
  const welded = weld([{ positions: new Int32Array(floats.buffer), triangles }]);
  return { positions: new Float32Array(welded.positions.buffer), triangles: welded.triangles };
}

/** Vertices by their place: an open-addressed table over `positions`, which the caller fills. */
function placeTable(most: number, positions: Int32Array) {
  const size = 2 ** Math.ceil(Math.log2(Math.max(16, 2 * most)));
  const slots = new Uint32Array(size); // vertex + 1
  return {
    /** The vertex that was added at the place of this one; this one itself where it is the first. */
    findOrAdd(vertex: number): number {
      const [x, y, z] = [positions[3 * vertex]!, positions[3 * vertex + 1]!, positions[3 * vertex + 2]!];
      let slot = (Math.imul(x, 73856093) ^ Math.imul(y, 19349663) ^ Math.imul(z, 83492791)) >>> 0;
      slot = (slot ^ (slot >>> 15)) & (size - 1);
      for (; slots[slot] !== 0; slot = (slot + 1) & (size - 1)) {
        const other = slots[slot]! - 1;
        if (positions[3 * other] === x && positions[3 * other + 1] === y && positions[3 * other + 2] === z) return other;
      }
      slots[slot] = vertex + 1;
      return vertex;
    },
  };
}
