import { useCallback, useEffect, useRef } from "react";
import type { Triple } from "../../src/core/box.js";
import { apiErrorOf } from "../parts/states.js";
import { hasScale, PANE_AXES, PANE_NAMES, voxelOf } from "./geometry.js";
import { type Measure, POINTS } from "./measure.js";
import { namesOf, titleIn } from "./names.js";
import type { Axis } from "./overlay.js";
import { drawPane, type PaneDrawing } from "./pane-draw.js";
import { isNoAnswer, isOtherSource } from "./served.js";
import { axisOf, type Hover, type PaneId, type PaneStatus, type Session } from "./session.js";
import { wheelZooms } from "./settings.js";
import { atPosition, panned, sectionOf, zoomed } from "./state.js";
import { useOf } from "./use-of.js";

/** CSS pixels that a wheel turns for a section; trackpads send many small turns. */
const WHEEL_STEP = 60;
/** A press that moved less is a click. */
const CLICK_PX = 4;

/** One plane of the volume, with everything that a pointer does there. Keys are the viewer's. */
export function Pane({
  session,
  pane,
  onDrawing,
}: {
  session: Session;
  pane: PaneId;
  onDrawing?: (pane: PaneId, drawing: PaneDrawing | undefined) => void;
}) {
  const axis = axisOf(pane);
  const box = useRef<HTMLDivElement>(null);
  const drawing = useRef<PaneDrawing>(undefined);
  const isSharp = useOf(session.status, (all) => all[pane]?.isSharp === true);
  const shown = useOf(session.status, (all) => all[pane]?.at);
  const canvas = useRef<HTMLCanvasElement>(null);
  const above = useRef<HTMLCanvasElement>(null);
  const mount = useCallback(() => {
    const made = drawPane(session, pane, canvas.current!, above.current!);
    drawing.current = made;
    onDrawing?.(pane, made);
    const observer = new ResizeObserver(([entry]) => made.resize(entry!.contentRect.width, entry!.contentRect.height));
    observer.observe(box.current!);
    return () => {
      observer.disconnect();
      made.close();
      onDrawing?.(pane, undefined);
    };
  }, [session, pane, onDrawing]);
  useEffect(mount, [mount]);
  useEffect(() => listen(session, pane, canvas.current!, () => drawing.current!), [session, pane]);
  return (
    <div className="v-pane" ref={box} data-pane={pane} data-axis={axis} data-shown={shown} data-sharp={isSharp}>
      <PaneCanvas session={session} pane={pane} canvas={canvas} />
      <canvas ref={above} className="v-above" tabIndex={-1} aria-hidden="true" />
      <PaneLabels session={session} pane={pane} axis={axis} again={() => drawing.current?.retry()} />
    </div>
  );
}

function PaneCanvas({
  session,
  pane,
  canvas,
}: {
  session: Session;
  pane: PaneId;
  canvas: React.RefObject<HTMLCanvasElement | null>;
}) {
  const axis = axisOf(pane);
  const section = useOf(session.state, (state) => sectionOf(session.facts, axis, state));
  const { normal } = PANE_AXES[axis];
  const unit = hasScale(session.facts) ? `, ${voxelOf(session.facts)[2].toFixed(2)} Å per voxel` : "";
  return (
    <canvas
      ref={canvas}
      className="v-canvas"
      role={session.isInPage ? "img" : "application"}
      tabIndex={session.isInPage ? -1 : 0}
      aria-label={`${PANE_NAMES[axis]} plane, slice ${section + 1} of ${session.facts.shape[normal]}${unit}`}
      onFocus={() => {
        session.activePane.set(pane);
      }}
    />
  );
}

function PaneLabels({ session, pane, axis, again }: { session: Session; pane: PaneId; axis: Axis; again: () => void }) {
  const status = useOf(session.status, (all) => all[pane]);
  const second = session.second.use();
  const level = status?.level === undefined ? undefined : session.facts.levels[status.level];
  const isCoarse = status?.level !== undefined && status.level > 0;
  const step = level ? Math.max(...level.scale) : 1;
  const way = useOf(session.state, (state) => state.way);
  const title = second && titleIn(pane, namesOf(session.facts, second.source.facts), way);
  const slab = useOf(session.state, (state) => state.slab);
  return (
    <>
      <span className="v-name" style={{ color: `var(--axis-${axis})` }}>
        {title ?? PANE_NAMES[axis]}
        {slab > 1 && ` · mean of ${slab}`}
      </span>
      {isCoarse && (
        <span className="v-level">
          level {status.level}
          {level?.virtual ? ` · every ${step}${step % 10 === 2 ? "nd" : "th"} voxel` : ""}
        </span>
      )}
      {status?.isSlow && <span className="v-slow" />}
      {status?.absent && <Absent chunks={status.absent} />}
      {status?.error !== undefined && !isNoAnswer(status.error) && !isOtherSource(status.error) && (
        <Failure error={status.error} again={again} />
      )}
    </>
  );
}

/** Sparse volumes leave chunks out; others may have lost some. */
function Absent({ chunks: { count, first } }: { chunks: NonNullable<PaneStatus["absent"]> }) {
  const more = count > 1 ? ` and ${count - 1} more` : "";
  return (
    <span className="v-absent">
      ⚠ not stored, drawn as the fill value: {first}
      {more}
    </span>
  );
}

/**
 * Says why a plane did not come. The last one stays. What the server's banner or that of a changed file says is not said again.
 */
function Failure({ error, again }: { error: unknown; again: () => void }) {
  const { code, message, hint } = apiErrorOf(error);
  return (
    <div className="panel error v-error" role="alert">
      <strong>✕ {code}</strong> {message} {hint}{" "}
      <button type="button" onClick={again}>
        Try again
      </button>
    </div>
  );
}

/** Wheel, drag, pinch, click, hover. */
function listen(session: Session, pane: PaneId, canvas: HTMLCanvasElement, drawing: () => PaneDrawing): () => void {
  const { facts } = session;
  const axis = axisOf(pane);
  const { u, v } = PANE_AXES[axis];
  const stop = new AbortController();
  const { signal } = stop;
  const at = (event: MouseEvent): readonly [number, number] => {
    const { left, top } = canvas.getBoundingClientRect();
    return [event.clientX - left, event.clientY - top];
  };
  const zoomAt = (point: readonly [number, number], factor: number) => {
    const placement = drawing().placement();
    const anchor = placement.toWorld(...point);
    session.update((state) => zoomed(facts, state, session.fitting(), factor, anchor, axis));
  };

  let turned = 0;
  canvas.addEventListener(
    "wheel",
    (event) => {
      if (session.isInPage && !event.ctrlKey) return;
      event.preventDefault();
      const pixels = event.deltaY * (event.deltaMode === 1 ? 30 : event.deltaMode === 2 ? 400 : 1) || event.deltaX;
      if (event.ctrlKey !== wheelZooms.get()) return zoomAt(at(event), 2 ** (-pixels / 300));
      // a notch of a mouse is a section; a trackpad sends many small turns
      const isNotch = Math.abs(pixels) >= WHEEL_STEP;
      turned = isNotch ? 0 : turned + pixels;
      const steps = isNotch
        ? Math.sign(pixels) * Math.max(1, Math.round(Math.abs(pixels) / 120))
        : Math.trunc(turned / WHEEL_STEP);
      if (!isNotch) turned -= steps * WHEEL_STEP;
      session.step(axis, steps * (event.shiftKey ? 10 : 1));
    },
    { signal, passive: false },
  );

  const pointers = new Map<number, readonly [number, number]>();
  let moved = 0;
  /** Point where the pointer rests; undefined outside of the pane. Another slice puts another voxel below it. */
  let inside: readonly [number, number] | undefined;
  const stopWatching = session.status.watch(() => {
    if (inside && session.status.get()[pane]?.isSharp) session.hover.set(drawing().hoverAt(...inside));
  });
  canvas.addEventListener(
    "pointerdown",
    (event) => {
      if (event.button > 1) return;
      canvas.setPointerCapture(event.pointerId);
      pointers.set(event.pointerId, at(event));
      moved = 0;
    },
    { signal },
  );
  canvas.addEventListener(
    "pointermove",
    (event) => {
      const now = at(event);
      const before = pointers.get(event.pointerId);
      if (before) {
        moved += Math.hypot(now[0] - before[0], now[1] - before[1]);
        const others = [...pointers].filter(([id]) => id !== event.pointerId);
        if (others[0]) {
          const [, other] = others[0];
          const spread = (point: readonly [number, number]) => Math.hypot(point[0] - other[0], point[1] - other[1]);
          if (spread(before) > 0) zoomAt([(now[0] + other[0]) / 2, (now[1] + other[1]) / 2], spread(now) / spread(before));
        } else if (moved > CLICK_PX) {
          const by: Triple = [0, 0, 0];
          by[u] = (before[0] - now[0]) * session.zoom();
          by[v] = (before[1] - now[1]) * session.zoom();
          session.update((state) => panned(facts, state, by));
        }
        pointers.set(event.pointerId, now);
      }
      const hover = drawing().hoverAt(...now);
      inside = now;
      session.hover.set(hover);
      canvas.style.cursor = hover.hit?.open ? "pointer" : "crosshair";
      followDraft(session, axis, hover.world);
    },
    { signal },
  );
  const released = (event: PointerEvent) => {
    const wasAlone = pointers.size === 1;
    if (!pointers.delete(event.pointerId) || event.type === "pointercancel" || !wasAlone || moved > CLICK_PX) return;
    session.activePane.set(pane);
    pressAt(session, axis, drawing().hoverAt(...at(event)));
  };
  canvas.addEventListener("pointerup", released, { signal });
  canvas.addEventListener("pointercancel", released, { signal });
  const left = () => {
    inside = undefined;
    session.hover.set(undefined);
  };
  canvas.addEventListener("pointerleave", left, { signal });
  canvas.addEventListener("dblclick", () => finishMeasure(session), { signal });
  return () => {
    stop.abort();
    stopWatching();
  };
}

/** Voxel, value and overlay at the crosshair, as a pointer there finds them. */
export function atCrosshair(session: Session, drawing: PaneDrawing): Hover {
  const { u, v } = drawing.placement().toPane(session.state.get().position);
  return drawing.hoverAt(u, v);
}

/** A click, or `Enter` at the crosshair: the next point of a measure, facts of what is there, or the crosshair goes there. */
export function pressAt(session: Session, axis: Axis, { world, hit }: Hover): void {
  if (session.measuring.get()) addPoint(session, axis, world);
  else if (hit?.open) hit.open();
  else session.update((state) => atPosition(session.facts, state, world));
}

/** The last point of a measure that is being drawn follows the pointer, or the crosshair. */
export function followDraft(session: Session, axis: Axis, world: Triple): void {
  const measuring = session.measuring.get();
  if (measuring?.draft?.axis !== axis) return;
  const points = [...measuring.draft.points.slice(0, -1), world];
  session.measuring.set({ ...measuring, draft: { ...measuring.draft, points } });
}

/** The next point of the measure that is being drawn, or the first of a new one. Its last point follows the pointer until it is set. */
function addPoint(session: Session, axis: Axis, world: Triple): void {
  const { kind, draft } = session.measuring.get()!;
  const set = draft?.axis === axis ? [...draft.points.slice(0, -1), world] : [world];
  const next: Measure = { kind, axis, points: set };
  if (set.length < POINTS[kind]) {
    session.measuring.set({ kind, draft: { ...next, points: [...set, world] } });
    return;
  }
  session.update((state) => ({ ...state, measures: [...state.measures, next] }));
  session.measuring.set({ kind, draft: undefined });
}

/** Ends a polyline where it is. */
export function finishMeasure(session: Session): void {
  const measuring = session.measuring.get();
  if (measuring?.kind !== "polyline" || !measuring.draft) return;
  const set = measuring.draft.points.slice(0, -1);
  const points = set.filter((point, i) => i === 0 || point.some((value, j) => value !== set[i - 1]![j]));
  if (points.length >= 2)
    session.update((state) => ({ ...state, measures: [...state.measures, { ...measuring.draft!, points }] }));
  session.measuring.set({ kind: "polyline", draft: undefined });
}
