import type { Placement } from "./geometry.js";
import type { PaneView } from "./overlay.js";
import { frameOf, hoverIn, isSameFrame, nativeFrame, needOf, type PaneFrame, placementIn, viewIn } from "./pane-frame.js";
import { drawCrosshair, type OverParts, paintOver } from "./pane-over.js";
import { panePlanes } from "./pane-planes.js";
import { type Frame, isWebglFast, type Renderer, webglRenderer } from "./render.js";
import { canvasRenderer } from "./render-2d.js";
import { axisOf, type Hover, type PaneId, type Session } from "./session.js";
import { drawnBy } from "./settings.js";

export interface PaneDrawing {
  resize(width: number, height: number): void;
  placement(): Placement;
  view(): PaneView;
  hoverAt(u: number, v: number): Hover;
  /** Draws the planes now, so that the canvas can be read before the browser clears it. */
  drawNow(): HTMLCanvasElement;
  /** Draws what lies over the planes, without the crosshair: for exports. Default of `as`: the pane as it is seen. */
  paintOver(context: CanvasRenderingContext2D, parts: OverParts, as?: PaneFrame): void;
  /** All of the plane with a pixel a voxel, as the file has its rows and columns. */
  native(): PaneFrame;
  retry(): void;
  close(): void;
}

/** Keeps one pane's two canvases as the session says: the planes, and what lies over them. */
export function drawPane(session: Session, pane: PaneId, canvas: HTMLCanvasElement, above: HTMLCanvasElement): PaneDrawing {
  const axis = axisOf(pane);
  const context = above.getContext("2d")!;
  let size = { width: 1, height: 1 };
  let frame = 0;
  let drawn: Frame | undefined;
  let isClosed = false;
  const planes = panePlanes(session, pane, schedule);
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
  ];
  session.shown.set(pane, () => planes.shown);

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

  const placement = () => placementIn(session, axis, planes.source.facts, size);
  const view = () => viewIn(session, axis, planes.source.facts, size);
  const now = (): PaneFrame => ({ view: view(), where: placement() });

  function want(): void {
    const need = needOf(view(), placement());
    if (need) planes.want(need, { isMoving: session.isMoving(), direction: session.direction });
  }

  function draw(isSure = false): void {
    const ratio = devicePixelRatio;
    const where = placement();
    const [width, height] = [Math.round(size.width * ratio), Math.round(size.height * ratio)];
    const next = frameOf(planes.source.facts, axis, planes.shown, session.contrastOf(pane), where);
    // of three panes two have the same plane as before a step: their crosshair moves, which lies above
    if (isSure || canvas.width !== width || canvas.height !== height || !isSameFrame(drawn, next)) {
      renderer.resize(width, height);
      renderer.draw(next);
      drawn = next;
    }
    if (above.width !== width || above.height !== height) Object.assign(above, { width, height });
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, size.width, size.height);
    const as = { view: view(), where };
    paintOver(session, context, { overlays: true, bar: true }, as);
    if (!session.isInPage) drawCrosshair(context, session.state.get().position, as);
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
    hoverAt: (u, v) => hoverIn(now(), planes.shown, session.painterOf(planes.source.facts), u, v),
    drawNow() {
      draw(true);
      return canvas;
    },
    paintOver: (into, parts, as = now()) => paintOver(session, into, parts, as),
    native: () => nativeFrame(view()),
    retry: planes.retry,
    close() {
      isClosed = true;
      cancelAnimationFrame(frame);
      for (const stop of stops) stop();
      planes.close();
      renderer.dispose();
      session.shown.delete(pane);
      session.setSize(pane, undefined);
    },
  };
}
