import { visibleLimits } from "./contrast.js";
import { PLANE_AXES, visibleBox } from "./geometry.js";
import type { PaneDrawing } from "./pane-draw.js";
import type { PaneId, Session } from "./session.js";

/** 1st to 99th percentile of what the pane shows that keys mean. */
export function autoLimits(
  session: Session,
  drawings: ReadonlyMap<PaneId, PaneDrawing>,
): { low: number; high: number } | undefined {
  const active = session.activePane.get();
  const pane: PaneId = drawings.has(active) ? active : "z";
  const drawing = drawings.get(pane);
  const plane = session.shown.get(pane)?.().at(-1);
  if (!drawing || !plane) return undefined;
  const view = drawing.view();
  const box = visibleBox(view.facts, view.axis, view, drawing.placement());
  if (!box) return undefined;
  const { row, column } = PLANE_AXES[view.axis];
  const { scale } = view.facts.levels[plane.level]!;
  const inPlane = (value: number, by: number, start: number, most: number) =>
    Math.min(Math.max(Math.floor(value / by) - start, 0), most);
  return visibleLimits(plane, [
    inPlane(box[0], scale[row], plane.box[0], plane.rows - 1),
    inPlane(box[1], scale[column], plane.box[1], plane.columns - 1),
    inPlane(box[2] - 1, scale[row], plane.box[0], plane.rows - 1) + 1,
    inPlane(box[3] - 1, scale[column], plane.box[1], plane.columns - 1) + 1,
  ]);
}
