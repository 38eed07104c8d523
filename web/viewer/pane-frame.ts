import type { Triple } from "../../src/core/box.js";
import type { VolumeFacts } from "../../src/model/page-api.js";
import type { Contrast } from "./contrast.js";
import { extentOf, PANE_AXES, PLANE_AXES, type Placement, place, visibleBox, voxelOf, worldAt } from "./geometry.js";
import type { Axis, OverlayPainter, PaneTransform, PaneView } from "./overlay.js";
import { type Plane, type PlaneNeed, valueIn } from "./planes.js";
import type { Frame, Placed } from "./render.js";
import type { Hover, Session } from "./session.js";
import { sectionOf } from "./state.js";

interface Size {
  readonly width: number;
  readonly height: number;
}

/** A picture of a pane: what it shows, and where. */
export interface PaneFrame {
  readonly view: PaneView;
  readonly where: PaneTransform;
}

/** Position and scale of a volume in a pane of so many pixels, by the state of the session. */
export function placementIn(session: Session, axis: Axis, facts: VolumeFacts, size: Size): Placement {
  return place(facts, axis, size, {
    centre: session.centre(),
    zoom: session.zoom(),
    at: sectionOf(facts, axis, session.state.get()),
    pixelRatio: devicePixelRatio,
  });
}

/** View of a volume in a pane of so many pixels, by the state of the session. */
export function viewIn(session: Session, axis: Axis, facts: VolumeFacts, size: Size): PaneView {
  const { normal } = PANE_AXES[axis];
  const { slab } = session.state.get();
  const at = sectionOf(facts, axis, session.state.get());
  return {
    axis,
    facts,
    at,
    atAngstrom: worldAt(facts, normal, at),
    slab,
    slabAngstrom: slab * voxelOf(facts)[normal],
    ...size,
    angstromPerPixel: session.zoom(),
  };
}

/** The plane that a pane needs. Undefined where nothing of the volume is in sight. */
export function needOf({ facts, axis, at, slab, ...size }: PaneView, where: Placement): PlaneNeed | undefined {
  const visible = visibleBox(facts, axis, size, where);
  const pixelsPerVoxel = Math.min(where.voxelWidth, where.voxelHeight) * devicePixelRatio;
  return visible && { axis, at, slab, visible, pixelsPerVoxel };
}

/** Planes where they lie on the canvas, in its pixels. */
export function frameOf(facts: VolumeFacts, axis: Axis, planes: readonly Plane[], contrast: Contrast, where: Placement): Frame {
  const { u, v } = PANE_AXES[axis];
  const ratio = devicePixelRatio;
  const { row, column } = PLANE_AXES[axis];
  const isTransposed = row === u;
  const placed = planes.map((plane): Placed => {
    const { scale } = facts.levels[plane.level]!;
    const [row0, column0] = plane.box;
    const [across, down] = isTransposed ? [row, column] : [column, row];
    const [firstAcross, firstDown] = isTransposed ? [row0, column0] : [column0, row0];
    const [countAcross, countDown] = isTransposed ? [plane.rows, plane.columns] : [plane.columns, plane.rows];
    return {
      plane,
      isTransposed,
      left: (where.left + firstAcross * scale[across] * where.voxelWidth) * ratio,
      top: (where.top + firstDown * scale[down] * where.voxelHeight) * ratio,
      width: countAcross * scale[across] * where.voxelWidth * ratio,
      height: countDown * scale[down] * where.voxelHeight * ratio,
    };
  });
  const clip = {
    left: where.left * ratio,
    top: where.top * ratio,
    right: (where.left + facts.shape[u] * where.voxelWidth) * ratio,
    bottom: (where.top + facts.shape[v] * where.voxelHeight) * ratio,
  };
  return { planes: placed, contrast, clip };
}

/** Whether two frames are the same picture. Contrasts are replaced, never changed. */
export function isSameFrame(a: Frame | undefined, b: Frame): boolean {
  const isSame = <T extends object>(one: T, other: T) =>
    (Object.keys(one) as (keyof T)[]).every((name) => one[name] === other[name]);
  return (
    a !== undefined &&
    a.contrast === b.contrast &&
    isSame(a.clip, b.clip) &&
    a.planes.length === b.planes.length &&
    a.planes.every((placed, i) => isSame(placed, b.planes[i]!))
  );
}

/** All of a section with a pixel a voxel, as the file has its rows and columns. */
export function nativeFrame(view: PaneView): PaneFrame {
  const { facts, axis } = view;
  const { row, column } = PLANE_AXES[axis];
  const { normal } = PANE_AXES[axis];
  const [down, across] = [voxelOf(facts)[row], voxelOf(facts)[column]];
  const [top, left] = [extentOf(facts, row).low, extentOf(facts, column).low];
  const now = { ...view, width: facts.shape[column], height: facts.shape[row], angstromPerPixel: across };
  const toPane = (world: Triple) => ({
    u: (world[column] - left) / across,
    v: (world[row] - top) / down,
    away: world[normal] - now.atAngstrom,
  });
  const toWorld = (u: number, v: number) => {
    const world: Triple = [now.atAngstrom, now.atAngstrom, now.atAngstrom];
    world[column] = left + u * across;
    world[row] = top + v * down;
    return world;
  };
  return { view: now, where: { toPane, toWorld } };
}

/** Everything at a point of the pane: the voxel, its value where a plane of its section has come, and what is drawn over it. */
export function hoverIn(
  { view, where }: PaneFrame,
  planes: readonly Plane[],
  painter: OverlayPainter | undefined,
  u: number,
  v: number,
): Hover {
  const { facts, axis } = view;
  const world = where.toWorld(u, v);
  const voxel = world.map((value, i) => Math.round((value - facts.originAngstrom[i]!) / voxelOf(facts)[i]!)) as Triple;
  const { row, column } = PLANE_AXES[axis];
  const found = [...planes].reverse().map((plane) => ({ plane, value: valueIn(facts, plane, voxel[row], voxel[column]) }));
  const isInside = voxel.every((index, i) => index >= 0 && index < facts.shape[i]!);
  const best = found.find(({ value, plane }) => value !== undefined && plane.at === view.at);
  const hit = painter?.hit?.(view, where, u, v);
  return { world, voxel, value: isInside ? best?.value : undefined, level: best?.plane.level ?? 0, hit };
}
