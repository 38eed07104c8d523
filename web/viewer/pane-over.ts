import type { Triple } from "../../src/core/box.js";
import { hasScale, indexAt, PANE_AXES, worldAt } from "./geometry.js";
import { isOnSection, type Measure, printMeasured } from "./measure.js";
import type { Axis, PaneTransform } from "./overlay.js";
import type { PaneFrame } from "./pane-frame.js";
import { scaleBar } from "./scale-bar.js";
import type { Session } from "./session.js";

/** Colours of the tokens: a canvas knows no variables. */
export const AXIS_COLOURS: Readonly<Record<Axis, string>> = { x: "#e5654b", y: "#2bb673", z: "#56b4e9" };
const MEASURE_COLOUR = "#f0e442";
/** The scale bar takes no more of a pane. */
const BAR_PART = 0.25;

export interface OverParts {
  readonly overlays: boolean;
  readonly bar: boolean;
}

/** Draws layers, measures and the scale bar over the planes; not the crosshair. */
export function paintOver(
  session: Session,
  into: CanvasRenderingContext2D,
  { overlays, bar }: OverParts,
  { view: now, where }: PaneFrame,
): void {
  const isScaled = hasScale(now.facts);
  if (overlays) {
    into.save();
    session.painterOf(now.facts)?.paint(now, where, into);
    into.restore();
    const draft = session.measuring.get()?.draft;
    const all = [...session.state.get().measures, ...(draft ? [draft] : [])];
    const here = all.filter((measure) => isOnSection(measure, now.axis, now.atAngstrom, now.slabAngstrom));
    for (const one of here) drawMeasure(into, one, where, isScaled);
  }
  if (bar) drawScaleBar(into, now, now.angstromPerPixel, isScaled);
}

export function drawCrosshair(context: CanvasRenderingContext2D, position: Triple, { view, where }: PaneFrame): void {
  const { facts, width, height } = view;
  const { u, v } = PANE_AXES[view.axis];
  // through the middle of the voxel whose sections the other panes show
  const centre = where.toPane(
    position.map((_, i) => worldAt(facts, i as 0 | 1 | 2, indexAt(facts, i as 0 | 1 | 2, position[i]!))) as Triple,
  );
  const gap = 8;
  context.lineWidth = 1;
  const [x, y] = [Math.round(centre.u) + 0.5, Math.round(centre.v) + 0.5];
  for (const [across, [x0, y0, x1, y1]] of [
    [v, [0, y, x - gap, y]],
    [v, [x + gap, y, width, y]],
    [u, [x, 0, x, y - gap]],
    [u, [x, y + gap, x, height]],
  ] as const) {
    context.strokeStyle = AXIS_COLOURS[(["z", "y", "x"] as const)[across]];
    context.globalAlpha = 0.6;
    context.beginPath();
    context.moveTo(x0, y0);
    context.lineTo(x1, y1);
    context.stroke();
  }
  context.globalAlpha = 1;
}

function drawMeasure(into: CanvasRenderingContext2D, one: Measure, where: PaneTransform, isScaled: boolean): void {
  const points = one.points.map((point) => where.toPane(point));
  const [first] = points;
  if (!first) return;
  into.lineWidth = 2;
  into.strokeStyle = MEASURE_COLOUR;
  into.beginPath();
  if (one.kind === "circle" && points[1]) {
    into.arc(first.u, first.v, Math.hypot(points[1].u - first.u, points[1].v - first.v), 0, 2 * Math.PI);
  } else {
    into.moveTo(first.u, first.v);
    for (const { u, v } of points.slice(1)) into.lineTo(u, v);
  }
  into.stroke();
  for (const { u, v } of points) into.strokeRect(u - 2.5, v - 2.5, 5, 5);
  const last = points.at(-1)!;
  drawLabel(into, printMeasured(one, isScaled), last.u + 8, last.v - 8, MEASURE_COLOUR);
}

/** Lower left, 1-2-5. @returns its length in pixels */
export function drawScaleBar(
  context: CanvasRenderingContext2D,
  { width, height }: { width: number; height: number },
  angstromPerPixel: number,
  isAngstrom: boolean,
): number {
  const lengthMax = width * BAR_PART * angstromPerPixel;
  const { angstrom, label } = scaleBar(lengthMax, isAngstrom);
  const pixels = Math.round(angstrom / angstromPerPixel);
  const [left, bottom] = [16, height - 16];
  context.fillStyle = "#101214b0";
  context.fillRect(left - 6, bottom - 26, Math.max(pixels, 40) + 12, 34);
  context.fillStyle = "#ffffff";
  context.fillRect(left, bottom - 3, pixels, 3);
  context.font = '600 12px "Source Sans 3", system-ui, sans-serif';
  context.textAlign = "left";
  context.textBaseline = "alphabetic";
  context.fillText(label, left, bottom - 9);
  return pixels;
}

function drawLabel(context: CanvasRenderingContext2D, text: string, x: number, y: number, colour: string): void {
  context.font = '600 12px "Source Sans 3", system-ui, sans-serif';
  context.textBaseline = "alphabetic";
  context.fillStyle = "#101214c0";
  context.fillRect(x - 4, y - 12, context.measureText(text).width + 8, 17);
  context.fillStyle = colour;
  context.fillText(text, x, y);
}
