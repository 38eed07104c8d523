/** The corner where each edge begins; it ends one step further along its axis. */
export const EDGE_CORNERS: readonly number[] = [0, 1, 2].flatMap((axis) =>
  [0, 1, 2, 3, 4, 5, 6, 7].filter((corner) => ((corner >> axis) & 1) === 0),
);

/** Corners around each face, counter-clockwise seen from outside the cube. */
const FACES: readonly (readonly number[])[] = [
  [0, 4, 6, 2],
  [1, 3, 7, 5],
  [0, 1, 5, 4],
  [2, 6, 7, 3],
  [0, 2, 3, 1],
  [4, 5, 7, 6],
];

function edgeBetween(a: number, b: number): number {
  const axis = Math.log2(a ^ b);
  const base = Math.min(a, b);
  return [0, 1, 2, 3, 4, 5, 6, 7].filter((corner) => ((corner >> axis) & 1) === 0).indexOf(base) + 4 * axis;
}

function trianglesOf(inside: number): number[] {
  const isInside = (corner: number) => ((inside >> corner) & 1) === 1;
  const next = new Map<number, number>();
  for (const face of FACES) {
    for (const [at, corner] of face.entries()) {
      const before = face[(at + 3) % 4]!;
      if (!isInside(corner) || isInside(before)) continue;
      let last = at; // the run of inside corners that begins here
      while (isInside(face[(last + 1) % 4]!)) last++;
      next.set(edgeBetween(before, corner), edgeBetween(face[last % 4]!, face[(last + 1) % 4]!));
    }
  }
  const triangles: number[] = [];
  while (next.size > 0) {
    const loop: number[] = [];
    for (let edge = next.keys().next().value; edge !== undefined; ) {
      const following = next.get(edge);
      if (following === undefined) break;
      next.delete(edge);
      loop.push(edge);
      edge = following;
    }
    triangles.push(...fill(loop)!);
  }
  return triangles;
}

/** Triangles that fill a loop of edges without a line across a face: the cube on its other side might draw the same one. */
function fill(loop: readonly number[]): number[] | undefined {
  if (loop.length < 3) return [];
  const [first, last] = [loop[0]!, loop.at(-1)!];
  for (let at = 1; at < loop.length - 1; at++) {
    const isAllowed = (at === 1 || !onOneFace(first, loop[at]!)) && (at === loop.length - 2 || !onOneFace(loop[at]!, last));
    const left = isAllowed && fill(loop.slice(0, at + 1));
    const right = left && fill(loop.slice(at));
    if (right) return [first, loop[at]!, last, ...left, ...right];
  }
  return undefined;
}

function onOneFace(a: number, b: number): boolean {
  const ends = (edge: number) => {
    const corner = EDGE_CORNERS[edge]!;
    return [corner, corner | (1 << Math.floor(edge / 4))];
  };
  return FACES.some((face) => [...ends(a), ...ends(b)].every((corner) => face.includes(corner)));
}

/**
 * Triangles of a surface between the eight samples of a cube, for every choice of samples that lie inside it. Corner c has x =
 * bit 0, y = bit 1, z = bit 2; case n has those corners inside whose bits n has. An edge is 4·axis + k: the axis (0 = x) it runs
 * along and which of the four it is.
 *
 * A face whose inside corners lie across from each other is cut so that these stay apart, whichever of the two cubes at the face
 * is asked. So neighbours always agree, and surfaces close: every vertex lies on an edge of the grid, every side of a triangle is
 * shared by two.
 *
 * Source: Lorensen and Cline 1987, "Marching cubes"; the table is made from that one rule instead of being copied.
 */
export const CUBE_CASES: readonly Uint8Array[] = Array.from({ length: 256 }, (_, inside) => Uint8Array.from(trianglesOf(inside)));
