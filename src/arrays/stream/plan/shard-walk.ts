import type { Triple } from "../../../core/box.js";
import type { ChunkColumn, Geometry, Step } from "./geometry.js";
import type { Layout } from "./layout.js";

/** What a step has of the chunk that a column is at. */
export interface Visit {
  /** Position of the chunk in the grid of its level. */
  chunk: Triple;
  /** First plane and row of the chunk that the step gives. */
  plane: number;
  row: number;
  begins: boolean;
  /** Nothing of the chunk is in later steps. */
  ends: boolean;
}

/** What it takes to know where a step is. */
export interface Grid {
  layout: Layout;
  halvesZ: boolean;
  shapes: readonly Triple[];
}

export function visit(grid: Grid, step: Step, { level, x }: ChunkColumn): Visit {
  const { layout, halvesZ, shapes } = grid;
  const { chunk } = layout;
  const zLevel = halvesZ ? level : 0;
  const z = step.z0 >> zLevel;
  const y = step.y0 >> level;
  const atZ = Math.floor(z / chunk[0]);
  const atY = Math.floor(y / chunk[1]);
  const plane = z % chunk[0];
  const row = y % chunk[1];
  const endZ = Math.min(shapes[0]![0], ((atZ + 1) * chunk[0]) << zLevel);
  const endY = Math.min(shapes[0]![1], ((atY + 1) * chunk[1]) << level);
  return {
    chunk: [atZ, atY, x / chunk[2]],
    plane,
    row,
    begins: plane === 0 && row === 0,
    ends: step.z0 + step.planes === endZ && step.y0 + step.rows === endY,
  };
}

/** Chunks that a step begins: columns of one level do so together. */
export function countBegins(grid: Grid, step: Step, columns: readonly ChunkColumn[]): number {
  let count = 0;
  for (let at = 0; at < columns.length; ) {
    const column = columns[at]!;
    let end = at;
    while (columns[end]?.level === column.level) end++;
    if (visit(grid, step, column).begins) count += end - at;
    at = end;
  }
  return count;
}

/** The chunks of a level in the order in which they stand in their shards, whoever makes them: that in which steps end them. */
export function* chunksInOrder(g: Geometry, level: number): Generator<{ chunk: Triple; unit: number }> {
  for (const unit of g.units) {
    const columns = unit.columns.filter((column) => column.level === level);
    for (let s = unit.firstStep; s < unit.firstStep + unit.steps; s++) {
      const { chunk, ends } = visit(g, g.steps[s]!, columns[0]!);
      if (!ends) continue;
      for (const { x } of columns) yield { chunk: [chunk[0], chunk[1], x / g.chunk[2]], unit: unit.index };
    }
  }
}
