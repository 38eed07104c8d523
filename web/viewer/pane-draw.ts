import type { Triple } from "../../src/core/box.js";
import { systemClock } from "../../src/core/clock.js";
import { isDown } from "../parts/queries.js";
import {
  extentOf,
  hasScale,
  indexAt,
  PANE_AXES,
  PLANE_AXES,
  type Placement,
  place,
  visibleBox,
  voxelOf,
  worldAt,
} from "./geometry.js";
import { isOnSection, type Measure, printMeasured } from "./measure.js";
import type { Axis, PaneTransform, PaneView } from "./overlay.js";
import { isWhole, type Plane, PlaneLoader, type PlaneSource, valueIn } from "./planes.js";
import { type Frame, isWebglFast, type Placed, type Renderer, webglRenderer } from "./render.js";
import { canvasRenderer } from "./render-2d.js";
import { scaleBar } from "./scale-bar.js";
import { isOtherSource, passes } from "./served.js";
import { axisOf, type Hover, type PaneId, type Session } from "./session.js";
import { drawnBy } from "./settings.js";
import { sectionOf } from "./state.js";

/** Colours of the tokens: a canvas knows no variables. */
export const AXIS_COLOURS: Readonly<Record<Axis, string>> = { x: "#e5654b", y: "#2bb673", z: "#56b4e9" };
const MEASURE_COLOUR = "#f0e442";
/** The scale bar takes no more of a pane. */
const BAR_PART = 0.25;

export interface PaneDrawing {
  resize(width: number, height: number): void;
  placement(): Placement;
  view(): PaneView;
  hoverAt(u: number, v: number): Hover;
  /** Draws the planes now, so that the canvas can be read before the browser clears it. */
  drawNow(): HTMLCanvasElement;
  /** What lies over them, without the crosshair: for exports. Default: as it is seen. */
  paintOver(
    context: CanvasRenderingContext2D,
    parts: { readonly overlays: boolean; readonly bar: boolean },
    as?: PaneFrame,
  ): void;
  /** All of the plane with a pixel a voxel, as the file has its rows and columns. */
  native(): PaneFrame;
  retry(): void;
  close(): void;
}

/** A picture of a pane: what it shows, and where. */
export interface PaneFrame {
  readonly view: PaneView;
  readonly where: PaneTransform;
}

/** Keeps one pane's two canvases as the session says: the planes, and what lies over them. */
export function drawPane(session: Session, pane: PaneId, canvas: HTMLCanvasElement, above: HTMLCanvasElement): PaneDrawing {
  const axis = axisOf(pane);
  const context = above.getContext("2d")!;
  let size = { width: 1, height: 1 };
  let frame = 0;
  let drawn: Frame | undefined;
  let isClosed = false;
  let planes: readonly Plane[] = [];
  let source: PlaneSource = sourceNow();
  let loader = loaderFor(source);
  const by = drawnBy.get();
  const again = () => {
    drawn = undefined;
    schedule();
  };
  const isWebgl = by === "webgl" || (by === "auto" && isWebglFast());
  const renderer: Renderer = (isWebgl ? webglRenderer(canvas, again) : undefined) ?? canvasRenderer(canvas);

  const stops = [
    session.state.watch(schedule),
    session.repaints.watch(schedule),
    session.painter.watch(schedule),
    session.measuring.watch(schedule),
    session.activePane.watch(schedule),
    isDown.watch(() => isDown.get() || loader.retry()),
    session.second.watch(() => {
      if (sourceNow() !== source) {
        leave();
        planes = [];
        source = sourceNow();
        loader = loaderFor(source);
      }
      schedule();
    }),
  ];
  session.shown.set(pane, () => planes);

  function sourceNow(): PlaneSource {
    const second = session.second.get();
    return second && (pane === "z2") !== second.isOver ? second.source : session.source;
  }

  function leave(): void {
    loader.close();
    session.loaders.delete(loader);
  }

  function loaderFor(from: PlaneSource): PlaneLoader {
    const made = new PlaneLoader({
      source: from,
      cache: session.cache,
      clock: systemClock,
      passes,
      isOver: () => session.isChanged.get(),
      isHeld: () => session.isHeld,
      mayReadAhead: () => session.activePane.get() === pane && ![...session.loaders].some(({ isBusy }) => isBusy),
      settled() {
        for (const other of session.loaders) if (other !== made) other.goOn();
      },
      show(plane) {
        // a part lies over the whole of the same section, if that is there
        const beneath = planes
          .filter((one) => one.at === plane.at && one.slab === plane.slab && isWhole(from.facts, one))
          .slice(0, 1);
        planes = isWhole(from.facts, plane) ? [plane] : [...beneath, plane];
        const { at, level, absent } = plane;
        session.setStatus(pane, { ...statusNow(), at, level, absent, isSharp: plane.as === "native" });
        schedule();
      },
      state(state) {
        if (isOtherSource(state.error)) session.isChanged.set(true);
        session.setStatus(pane, { ...statusNow(), ...state });
      },
    });
    session.loaders.add(made);
    return made;
  }

  const statusNow = () => session.status.get()[pane] ?? { isSlow: false, isSharp: false };

  function schedule(): void {
    // what fits depends on all of them: planes for other sizes would be asked for in vain
    if (isClosed || frame !== 0 || session.sizes.size < session.loaders.size) return;
    frame = requestAnimationFrame(() => {
      // what comes of the cache at once is in this frame
      want();
      frame = 0;
      draw();
    });
  }

  const sectionNow = () => sectionOf(source.facts, axis, session.state.get());

  function placement(): Placement {
    return place(source.facts, axis, size, {
      centre: session.centre(),
      zoom: session.zoom(),
      at: sectionNow(),
      pixelRatio: devicePixelRatio,
    });
  }

  function view(): PaneView {
    const { facts } = source;
    const { normal } = PANE_AXES[axis];
    const { slab } = session.state.get();
    const at = sectionNow();
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

  function want(): void {
    const where = placement();
    const visible = visibleBox(source.facts, axis, size, where);
    if (!visible) return;
    const pixelsPerVoxel = Math.min(where.voxelWidth, where.voxelHeight) * devicePixelRatio;
    const need = { axis, at: sectionNow(), slab: session.state.get().slab, visible, pixelsPerVoxel };
    loader.want(need, { isMoving: session.isMoving(), direction: session.direction });
  }

  function frameOf(where: Placement): Frame {
    const { facts } = source;
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
    return { planes: placed, contrast: session.contrastOf(pane), clip };
  }

  function draw(isSure = false): void {
    const ratio = devicePixelRatio;
    const where = placement();
    const [width, height] = [Math.round(size.width * ratio), Math.round(size.height * ratio)];
    const next = frameOf(where);
    // of three panes two have the same plane as before a step: their crosshair moves, which lies above
    if (isSure || canvas.width !== width || canvas.height !== height || !isSameFrame(drawn, next)) {
      renderer.resize(width, height);
      renderer.draw(next);
      drawn = next;
    }
    if (above.width !== width || above.height !== height) Object.assign(above, { width, height });
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, size.width, size.height);
    paintOver(context, { overlays: true, bar: true });
    drawCrosshair(where);
  }

  function native(): PaneFrame {
    const { facts } = source;
    const { row, column } = PLANE_AXES[axis];
    const { normal } = PANE_AXES[axis];
    const [down, across] = [voxelOf(facts)[row], voxelOf(facts)[column]];
    const [top, left] = [extentOf(facts, row).low, extentOf(facts, column).low];
    const now = { ...view(), width: facts.shape[column], height: facts.shape[row], angstromPerPixel: across };
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

  function paintOver(
    into: CanvasRenderingContext2D,
    { overlays, bar }: { overlays: boolean; bar: boolean },
    { view: now, where }: PaneFrame = { view: view(), where: placement() },
  ): void {
    if (overlays) {
      into.save();
      session.painter.get()?.paint(now, where, into);
      into.restore();
      const draft = session.measuring.get()?.draft;
      const all = [...session.state.get().measures, ...(draft ? [draft] : [])];
      const here = all.filter((measure) => isOnSection(measure, axis, now.atAngstrom, now.slabAngstrom));
      for (const one of here) drawMeasure(into, one, where);
    }
    if (bar) drawScaleBar(into, now, now.angstromPerPixel, hasScale(source.facts));
  }

  function drawCrosshair(where: Placement): void {
    const { position } = session.state.get();
    const { u, v } = PANE_AXES[axis];
    const { facts } = source;
    // through the middle of the voxel whose sections the other panes show
    const centre = where.toPane(
      position.map((_, i) => worldAt(facts, i as 0 | 1 | 2, indexAt(facts, i as 0 | 1 | 2, position[i]!))) as Triple,
    );
    const gap = 8;
    context.lineWidth = 1;
    const [x, y] = [Math.round(centre.u) + 0.5, Math.round(centre.v) + 0.5];
    for (const [across, [x0, y0, x1, y1]] of [
      [v, [0, y, x - gap, y]],
      [v, [x + gap, y, size.width, y]],
      [u, [x, 0, x, y - gap]],
      [u, [x, y + gap, x, size.height]],
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

  function drawMeasure(into: CanvasRenderingContext2D, one: Measure, where: PaneTransform): void {
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
    drawLabel(into, printMeasured(one, hasScale(source.facts)), last.u + 8, last.v - 8, MEASURE_COLOUR);
  }

  function hoverAt(u: number, v: number): Hover {
    const { facts } = source;
    const where = placement();
    const world = where.toWorld(u, v);
    const voxel = world.map((value, i) => Math.round((value - facts.originAngstrom[i]!) / voxelOf(facts)[i]!)) as Triple;
    const { row, column } = PLANE_AXES[axis];
    const found = [...planes].reverse().map((plane) => ({ plane, value: valueIn(facts, plane, voxel[row], voxel[column]) }));
    const isInside = voxel.every((index, i) => index >= 0 && index < facts.shape[i]!);
    const best = found.find(({ value, plane }) => value !== undefined && plane.at === sectionNow());
    const hit = session.painter.get()?.hit?.(view(), where, u, v);
    return { world, voxel, value: isInside ? best?.value : undefined, level: best?.plane.level ?? 0, hit };
  }

  return {
    resize(width, height) {
      // whole device pixels: a canvas that is stretched by a part of one is blurred
      const whole = (value: number) => Math.max(Math.floor(value * devicePixelRatio) / devicePixelRatio, 1);
      size = { width: whole(width), height: whole(height) };
      for (const { style } of [canvas, above]) Object.assign(style, { width: `${size.width}px`, height: `${size.height}px` });
      session.setSize(pane, { ...size, axis });
    },
    placement,
    view,
    hoverAt,
    drawNow() {
      draw(true);
      return canvas;
    },
    paintOver,
    native,
    retry: () => loader.retry(),
    close() {
      isClosed = true;
      cancelAnimationFrame(frame);
      for (const stop of stops) stop();
      leave();
      renderer.dispose();
      session.shown.delete(pane);
      session.setSize(pane, undefined);
    },
  };
}

/** Whether two frames are the same picture. Contrasts are replaced, never changed. */
function isSameFrame(a: Frame | undefined, b: Frame): boolean {
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

/** Lower left, 1-2-5. @returns its length in pixels */
function drawScaleBar(
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
