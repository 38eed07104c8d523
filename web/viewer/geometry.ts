import type { Triple } from "../../src/core/box.js";
import type { VolumeFacts } from "../../src/model/page-api.js";
import { drawnVoxel } from "../../src/model/voxel-spacing.js";
import type { Axis, PaneTransform } from "./overlay.js";

/**
 * Indices in `[z, y, x]` of a pane's axes: `normal` to it, `u` to the right, `v` down. The yz pane stands beside the xy pane and
 * shares its y, so it lies transposed.
 */
export const PANE_AXES: Readonly<Record<Axis, { readonly normal: 0 | 1 | 2; readonly u: 0 | 1 | 2; readonly v: 0 | 1 | 2 }>> = {
  z: { normal: 0, u: 2, v: 1 },
  y: { normal: 1, u: 2, v: 0 },
  x: { normal: 2, u: 0, v: 1 },
};

export const PANE_NAMES: Readonly<Record<Axis, string>> = { z: "xy", y: "xz", x: "yz" };

/** Rows and columns of a plane as the server sends it: the faster axis along a row. */
export const PLANE_AXES: Readonly<Record<Axis, { readonly row: 0 | 1 | 2; readonly column: 0 | 1 | 2 }>> = {
  z: { row: 1, column: 2 },
  y: { row: 0, column: 2 },
  x: { row: 0, column: 1 },
};

/** Edges of a voxel in Å; 1 where the source does not say, so that such volumes are measured in voxels. */
export function voxelOf({ voxelSizeAngstrom: sizes }: VolumeFacts): Triple {
  return drawnVoxel(sizes);
}

/** Whether lengths are Å. */
export const hasScale = ({ voxelSizeAngstrom }: VolumeFacts): boolean => (voxelSizeAngstrom[2] ?? voxelSizeAngstrom[1]) !== null;

/** Nearest voxel along an axis, inside of the volume. */
export function indexAt(facts: VolumeFacts, axis: 0 | 1 | 2, world: number): number {
  const index = Math.round((world - facts.originAngstrom[axis]) / voxelOf(facts)[axis]);
  return Math.min(Math.max(index, 0), facts.shape[axis] - 1);
}

export const worldAt = (facts: VolumeFacts, axis: 0 | 1 | 2, index: number): number =>
  facts.originAngstrom[axis] + index * voxelOf(facts)[axis];

/** Positions of the volume's outer edges along an axis, half a voxel beyond the centres of the outermost voxels. */
export function extentOf(facts: VolumeFacts, axis: 0 | 1 | 2): { readonly low: number; readonly high: number } {
  const low = worldAt(facts, axis, -0.5);
  return { low, high: low + facts.shape[axis] * voxelOf(facts)[axis] };
}

export function middleOf(facts: VolumeFacts): Triple {
  return [0, 1, 2].map((i) => {
    const { low, high } = extentOf(facts, i as 0 | 1 | 2);
    return (low + high) / 2;
  }) as Triple;
}

export interface PaneSize {
  readonly width: number;
  readonly height: number;
}

/** Å a CSS pixel with which all of a volume is in sight in all panes. */
export function fittingZoom(facts: VolumeFacts, panes: readonly (PaneSize & { readonly axis: Axis })[]): number {
  const needed = panes.flatMap(({ axis, width, height }) => {
    const { u, v } = PANE_AXES[axis];
    const [across, down] = [extentOf(facts, u), extentOf(facts, v)];
    return [(across.high - across.low) / Math.max(width, 1), (down.high - down.low) / Math.max(height, 1)];
  });
  return Math.max(...needed, 1e-6);
}

/** Position and scale of a volume's planes in a pane. */
export interface Placement extends PaneTransform {
  /** CSS pixels of the upper left corner of voxel 0, on a device pixel: at whole scales each voxel has the same pixels. */
  readonly left: number;
  readonly top: number;
  /** CSS pixels a voxel of level 0. */
  readonly voxelWidth: number;
  readonly voxelHeight: number;
}

export function place(
  facts: VolumeFacts,
  axis: Axis,
  size: PaneSize,
  { centre, zoom, at, pixelRatio }: { centre: Triple; zoom: number; at: number; pixelRatio: number },
): Placement {
  const { normal, u, v } = PANE_AXES[axis];
  const [edgeU, edgeV] = [extentOf(facts, u).low, extentOf(facts, v).low];
  const snap = (value: number) => Math.round(value * pixelRatio) / pixelRatio;
  const left = snap(size.width / 2 - (centre[u] - edgeU) / zoom);
  const top = snap(size.height / 2 - (centre[v] - edgeV) / zoom);
  const section = worldAt(facts, normal, at);
  return {
    left,
    top,
    voxelWidth: voxelOf(facts)[u] / zoom,
    voxelHeight: voxelOf(facts)[v] / zoom,
    toPane: (world) => ({
      u: left + (world[u] - edgeU) / zoom,
      v: top + (world[v] - edgeV) / zoom,
      away: world[normal] - section,
    }),
    toWorld(across, down) {
      const world: Triple = [section, section, section];
      world[u] = edgeU + (across - left) * zoom;
      world[v] = edgeV + (down - top) * zoom;
      return world;
    },
  };
}

/** Voxels of level 0 in sight, `[row0, column0, row1, column1]` of the plane as the server sends it; undefined: none. */
export function visibleBox(
  facts: VolumeFacts,
  axis: Axis,
  size: PaneSize,
  { left, top, voxelWidth, voxelHeight }: Placement,
): readonly [number, number, number, number] | undefined {
  const { u, v } = PANE_AXES[axis];
  const range = (start: number, length: number, step: number, count: number) =>
    [Math.max(Math.floor(-start / step), 0), Math.min(Math.ceil((length - start) / step), count)] as const;
  const [u0, u1] = range(left, size.width, voxelWidth, facts.shape[u]);
  const [v0, v1] = range(top, size.height, voxelHeight, facts.shape[v]);
  if (u0 >= u1 || v0 >= v1) return undefined;
  return axis === "x" ? [u0, v0, u1, v1] : [v0, u0, v1, u1];
}
