import type { Triple } from "../../core/box.js";
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

export function visit({ layout, halvesZ, shapes }: Grid, step: Step, { level, x }: ChunkColumn): Visit {
  const [depth, height, width] = layout.chunk;
  const [nz, ny] = shapes[0]!;
  const zLevel = halvesZ ? level : 0;
  const z = step.z0 >> zLevel;
  const y = step.y0 >> level;
  const chunk: Triple = [Math.floor(z / depth), Math.floor(y / height), x / width];
  const [plane, row] = [z % depth, y % height];
  const endZ = Math.min(nz, ((chunk[0] + 1) * depth) << zLevel);
  const endY = Math.min(ny, ((chunk[1] + 1) * height) << level);
  return {
    ...{ chunk, plane, row },
    begins: plane === 0 && row === 0,
    ends: step.z0 + step.planes === endZ && step.y0 + step.rows === endY,
  };
}

export function countBegins(grid: Grid, step: Step, columns: readonly ChunkColumn[]): number {
  return columns.filter((column) => visit(grid, step, column).begins).length;
}

/** The chunks of a level in the order in which they stand in their shards, whoever makes them: that in which steps end them. */
export function* chunksInOrder(g: Geometry, level: number): Generator<{ chunk: Triple; unit: number }> {
  for (const step of g.steps) {
    for (const column of step.unit.columns) {
      if (column.level !== level) continue;
      const { chunk, ends } = visit(g, step, column);
      if (ends) yield { chunk, unit: step.unit.index };
    }
  }
}
