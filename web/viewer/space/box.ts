import type { Triple } from "../../../src/core/box.js";
import type { VolumeFacts } from "../../../src/model/page-api.js";
import { extentOf, hasScale } from "../geometry.js";
import { AXIS_COLOURS, drawScaleBar } from "../pane-over.js";
import { type CameraAxes, projected } from "./camera.js";

export interface Look {
  readonly facts: VolumeFacts;
  readonly axes: CameraAxes;
  /** The point in the middle of the picture, `[z, y, x]`. */
  readonly centre: Triple;
  readonly width: number;
  readonly height: number;
  /** Å a CSS pixel. */
  readonly scale: number;
}

const NAMES = ["z", "y", "x"] as const;

/** Edges of the volume in the colours of their axes, faint behind it, and one name for each axis. */
function drawBox(context: CanvasRenderingContext2D, look: Look): void {
  const { facts, axes, centre } = look;
  const extents = ([0, 1, 2] as const).map((axis) => extentOf(facts, axis));
  const at = (corner: readonly boolean[]) =>
    projected(axes, centre, corner.map((isHigh, i) => extents[i]![isHigh ? "high" : "low"]) as Triple, look);
  const [x, y, z] = axes.forward;
  const forward = [z, y, x];
  const isFront = (axis: number, isHigh: boolean) => (isHigh ? 1 : -1) * forward[axis]! < -1e-6;
  for (const [axis, name] of NAMES.entries()) {
    const others = [0, 1, 2].filter((one) => one !== axis) as [number, number];
    let label: { u: number; v: number } | undefined;
    for (const [first, second] of [
      [false, false],
      [false, true],
      [true, false],
      [true, true],
    ] as const) {
      const corner = [false, false, false];
      [corner[others[0]], corner[others[1]]] = [first, second];
      const from = at(corner);
      corner[axis] = true;
      const to = at(corner);
      const fronts = [isFront(others[0], first), isFront(others[1], second)].filter(Boolean).length;
      context.strokeStyle = AXIS_COLOURS[name];
      context.lineWidth = 1;
      context.globalAlpha = fronts === 0 ? 0.3 : 0.8;
      context.setLineDash(fronts === 0 ? [3, 4] : []);
      context.beginPath();
      context.moveTo(from.u, from.v);
      context.lineTo(to.u, to.v);
      context.stroke();
      const middle = { u: (from.u + to.u) / 2, v: (from.v + to.v) / 2 };
      if (fronts === 1 && (!label || middle.v > label.v)) label = middle;
    }
    context.setLineDash([]);
    context.globalAlpha = 1;
    if (label)
      drawName(context, name, label, projected(axes, centre, extents.map(({ low, high }) => (low + high) / 2) as Triple, look));
  }
}

/** Beside an edge, on the side that is away from the volume. */
function drawName(
  context: CanvasRenderingContext2D,
  name: "x" | "y" | "z",
  { u, v }: { u: number; v: number },
  middle: { u: number; v: number },
): void {
  const away = Math.hypot(u - middle.u, v - middle.v) || 1;
  const [across, down] = [u + (12 * (u - middle.u)) / away, v + (12 * (v - middle.v)) / away];
  context.font = '600 13px "Source Sans 3", system-ui, sans-serif';
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.lineWidth = 3;
  context.strokeStyle = "#101214";
  context.strokeText(name, across, down);
  context.fillStyle = AXIS_COLOURS[name];
  context.fillText(name, across, down);
  context.textAlign = "left";
}

/** Box and scale bar, over the volume. */
export function drawOver(context: CanvasRenderingContext2D, look: Look, parts: { bar: boolean; box: boolean }): void {
  if (parts.box) drawBox(context, look);
  if (parts.bar) drawScaleBar(context, look, look.scale, hasScale(look.facts));
}
