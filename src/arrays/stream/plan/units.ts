import { ceilDiv, type Triple } from "../../../core/box.js";
import { LEVELS } from "./forms.js";
import type { Layout } from "./layout.js";
import { type ChunkColumn, countBegins, type Grid, type Step, type Unit } from "./shard-walk.js";

/** All units, each of `columns` columns at most, and all steps in the order in which workers take them. */
export function planUnits(grid: Grid, columns: number, itemBytes: number, isSharded: boolean): { units: Unit[]; steps: Step[] } {
  const { layout, shapes } = grid;
  const { unitRows, unitPlanes } = layout;
  const [nz, ny, nx] = shapes[0]!;
  const units: Unit[] = [];
  const steps: Step[] = [];
  const slotTasks = [0, 0];
  const slotStrips = [0, 0];
  let chunksBefore = 0;
  for (let z0 = 0; z0 < nz; z0 += unitPlanes) {
    for (let y0 = 0; y0 < ny; y0 += unitRows) {
      for (let x0 = 0; x0 < nx; x0 += columns) {
        const unit: Unit = {
          index: units.length,
          rowBytes: [],
          z0,
          z1: Math.min(z0 + unitPlanes, nz),
          y0,
          y1: Math.min(y0 + unitRows, ny),
          x0,
          x1: Math.min(x0 + columns, nx),
          steps: 0,
          firstStep: steps.length,
          columns: [],
        };
        unit.rowBytes = Array.from({ length: LEVELS }, (_, level) => levelWidth(unit.x1 - x0, level) * itemBytes);
        unit.columns = chunkColumns(unit, shapes, layout);
        for (const { z, planes, y, rows } of walk(unit, layout)) {
          const strips = ceilDiv(planes, layout.stripPlanes) * ceilDiv(rows, layout.stripRows);
          const count = strips + unit.columns.length;
          const slot = steps.length & 1;
          const step: Step = {
            unit,
            local: unit.steps++,
            z0: z,
            planes,
            y0: y,
            rows,
            strips,
            tasks: count,
            slotTasksBefore: slotTasks[slot]!,
            slotStripsBefore: slotStrips[slot]!,
            endsPlane: y + rows === unit.y1,
            chunksBefore,
          };
          steps.push(step);
          slotTasks[slot]! += count;
          slotStrips[slot]! += strips;
          if (isSharded) chunksBefore += countBegins(grid, step, unit.columns);
        }
        units.push(unit);
      }
    }
  }
  return { units, steps };
}

export function levelWidth(width: number, level: number): number {
  let w = width;
  for (let l = 0; l < level; l++) w = ceilDiv(w, 2);
  return w;
}

interface Part {
  z: number;
  planes: number;
  y: number;
  rows: number;
}

function* walk(unit: Unit, layout: Layout): Generator<Part> {
  const { stepPlanes, stepRows, chunk } = layout;
  if (!layout.followsRows) yield* planesOf(unit.z0, unit.z1, unit.y0, unit.y1, stepPlanes);
  else if (chunk[0] > 1) yield* bricks(unit, layout, LEVELS - 1, unit.z0, unit.y0);
  else {
    for (let z = unit.z0; z < unit.z1; z++) {
      for (let y = unit.y0; y < unit.y1; y += stepRows) yield { z, planes: 1, y, rows: Math.min(stepRows, unit.y1 - y) };
    }
  }
}

function* planesOf(z0: number, z1: number, y0: number, y1: number, planes: number): Generator<Part> {
  for (let z = z0; z < z1; z += planes) yield { z, planes: Math.min(planes, z1 - z), y: y0, rows: y1 - y0 };
}

/** Rows of one chunk of a level: the 2×2 chunks of the level below one after the other, so that few chunks are open at once. */
function* bricks(unit: Unit, layout: Layout, level: number, z: number, y: number): Generator<Part> {
  const [depth, height] = [layout.chunk[0] << level, layout.chunk[1] << level];
  if (z >= unit.z1 || y >= unit.y1) return;
  if (level === 0) {
    yield* planesOf(z, Math.min(z + depth, unit.z1), y, Math.min(y + height, unit.y1), layout.stepPlanes);
    return;
  }
  for (const dz of [0, depth / 2]) {
    for (const dy of [0, height / 2]) yield* bricks(unit, layout, level - 1, z + dz, y + dy);
  }
}

function chunkColumns(unit: Unit, shapes: readonly Triple[], { chunk, followsRows }: Layout): ChunkColumn[] {
  const columns: ChunkColumn[] = [];
  for (let level = 0; level < LEVELS; level++) {
    const [, height, width] = shapes[level]!;
    const yFrom = unit.y0 >> level;
    const yTo = followsRows ? yFrom + 1 : Math.min(height, ceilDiv(unit.y1, 1 << level));
    for (let y = yFrom; y < yTo; y += chunk[1]) {
      for (let x = unit.x0 >> level; x < Math.min(width, ceilDiv(unit.x1, 1 << level)); x += chunk[2]) {
        columns.push({ level, x, y, row: y - yFrom, w: Math.min(chunk[2], width - x), h: Math.min(chunk[1], height - y) });
      }
    }
  }
  return columns;
}
