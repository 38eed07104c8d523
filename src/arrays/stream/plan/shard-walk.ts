import type { Triple } from "../../../core/box.js";
import type { Layout } from "./layout.js";

/** A chunk column of a unit at one level: chunks that follow each other along the walk are appended by the same task list. */
export interface ChunkColumn {
  level: number;
  /** First voxel of the column at its level: x, and y where z is halved. */
  x: number;
  y: number;
  /** First row inside the step's rows at this level. */
  row: number;
  /** Voxels inside the volume along x; rows inside it (not of a series). */
  w: number;
  h: number;
}

export interface Unit {
  index: number;
  /** Bytes of a row of the unit at each level: rows follow each other without gaps. */
  rowBytes: number[];
  z0: number;
  z1: number;
  y0: number;
  y1: number;
  x0: number;
  x1: number;
  steps: number;
  /** Index of its first step among all steps of the job. */
  firstStep: number;
  columns: ChunkColumn[];
}

export interface Step {
  unit: Unit;
  /** Position inside the unit. */
  local: number;
  z0: number;
  planes: number;
  y0: number;
  rows: number;
  strips: number;
  tasks: number;
  /** Tasks (and strips) of all earlier steps that used the same slot. */
  slotTasksBefore: number;
  slotStripsBefore: number;
  /** The step ends its plane of the unit: its rows are the last ones. */
  endsPlane: boolean;
  /** Chunks of shards that earlier steps begin. */
  chunksBefore: number;
}

/** Part of a chunk that a step gives, for one column of chunks. */
export interface Visit {
  /** Position of the chunk in the grid of its level. */
  chunk: Triple;
  /** First plane and row of the chunk that the step gives. */
  plane: number;
  row: number;
  begins: boolean;
  /** Later steps hold nothing of the chunk. */
  ends: boolean;
}

/** Facts from which the position of a step in its chunks follows. */
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
