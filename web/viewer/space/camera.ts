import type { Triple } from "../../../src/core/box.js";
import { type Camera, SPACE_ZOOM } from "../state.js";

/** x, y, z; the world's triples are `[z, y, x]`. */
export type Vector = readonly [x: number, y: number, z: number];

/** The direction that somebody looks in, and what is to the right and down of the picture there. */
export interface CameraAxes {
  readonly right: Vector;
  readonly down: Vector;
  readonly forward: Vector;
}

/** From above section 0, a corner to the front: all three axes are seen. */
export const FIRST_CAMERA: Camera = { turn: 30, tilt: -55, zoom: 1 };
/** Degrees a CSS pixel that is dragged. */
const DRAG_DEGREES = 0.5;

/**
 * Axes of an orthographic view. Without turn and tilt they are those of the xy pane: x to the right, y down, z away. `turn` turns the volume about
 * its z, `tilt` then about the picture's horizontal.
 */
export function axesOf({ turn, tilt }: Pick<Camera, "turn" | "tilt">): CameraAxes {
  const [a, t] = [turn, tilt].map((degrees) => (degrees * Math.PI) / 180) as [number, number];
  const [sinA, cosA, sinT, cosT] = [Math.sin(a), Math.cos(a), Math.sin(t), Math.cos(t)];
  return {
    right: [cosA, -sinA, 0],
    down: [sinA * cosT, cosA * cosT, -sinT],
    forward: [sinA * sinT, cosA * sinT, cosT],
  };
}

/** Turns by pixels that were dragged: what is in front follows the pointer. */
export function turned(camera: Camera, across: number, down: number): Camera {
  const around = camera.turn - across * DRAG_DEGREES;
  const turn = ((((around + 180) % 360) + 360) % 360) - 180;
  // never over head: left would be right then
  const tilt = Math.min(Math.max(camera.tilt + down * DRAG_DEGREES, -180), 0);
  return { ...camera, turn: tenth(turn), tilt: tenth(tilt) };
}

/** Å a CSS pixel: at a zoom of 1 the volume fits however it is turned. */
export function angstromPerPixel(diagonal: number, width: number, height: number, zoom: number): number {
  return diagonal / Math.max(Math.min(width, height), 1) / zoom;
}

/**
 * Zooms so that a point of the picture stays where it is.
 *
 * @param from Å a CSS pixel before @param at CSS pixels from the middle of the picture @param middle of the volume, `[z, y, x]`
 */
export function zoomedAt(
  camera: Camera,
  factor: number,
  from: number,
  at: { readonly across: number; readonly down: number },
  middle: Triple,
): Camera {
  const zoom = Number(Math.min(Math.max(camera.zoom * factor, SPACE_ZOOM[0]), SPACE_ZOOM[1]).toPrecision(4));
  const kept = from * (1 - camera.zoom / zoom);
  return { ...moved(camera, at.across * kept, at.down * kept, middle), zoom };
}

/** Moves the point in the middle of the picture by so many Å of the picture. */
export function moved(camera: Camera, across: number, down: number, middle: Triple): Camera {
  if (across === 0 && down === 0) return camera;
  const axes = axesOf(camera);
  const centre = camera.centre ?? middle;
  const shifted = centre.map((value, i) => {
    const by = axes.right[2 - i]! * across + axes.down[2 - i]! * down;
    return Math.round((value + by) * 100) / 100;
  });
  return { ...camera, centre: shifted as Triple };
}

/** Where a point of the world is in the picture, CSS pixels from its upper left corner; `depth` is Å away from the middle of the picture. */
export function projected(
  { right, down, forward }: CameraAxes,
  centre: Triple,
  [z, y, x]: Triple,
  { width, height, scale }: { width: number; height: number; scale: number },
): { readonly u: number; readonly v: number; readonly depth: number } {
  const from: Vector = [x - centre[2], y - centre[1], z - centre[0]];
  return { u: width / 2 + dot(from, right) / scale, v: height / 2 + dot(from, down) / scale, depth: dot(from, forward) };
}

export const dot = (a: Vector, b: Vector): number => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];

const tenth = (degrees: number): number => Math.round(degrees * 10) / 10;
