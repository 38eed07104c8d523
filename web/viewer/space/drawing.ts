import { middleOf } from "../geometry.js";
import type { LayerInSpace } from "../overlay.js";
import { isWebglFast } from "../render.js";
import { openServed } from "../served.js";
import type { Session } from "../session.js";
import { drawOver } from "./box.js";
import { makePainter, type Solid } from "./scene.js";
import { layerSolids, rgbOf } from "./solids.js";
import { lookOf, type Size, sceneOf, spaceOf } from "./view.js";
import { type VolumeTexture, vectorOf, volumeTexture } from "./volume-texture.js";

/** Milliseconds without a change after which the picture is drawn as fine as it can be. */
const REST_MS = 120;
/** Milliseconds that a frame may take while something moves, and a strip of the fine picture. */
const FRAME_MS = 25;
const STRIP_MS = 60;
/** Bytes of a mask in the memory of the card, and how many are drawn. */
const MASK_BYTES = 16 * 2 ** 20;
const MASKS_MAX = 4;

export interface SpaceStatus {
  /** The picture is as fine as it can be, of the finest level that fits. */
  readonly isSharp: boolean;
  readonly level: number | undefined;
  readonly progress: number | undefined;
  readonly error: unknown;
  /** Layers that are on and are not in the picture, and why. */
  readonly notices: readonly string[];
  readonly bytes: number;
  readonly isLost: boolean;
}

export interface SpaceDrawing {
  resize(width: number, height: number): void;
  /** What is seen, drawn as fine as it can be. */
  picture(parts: { bar: boolean; box: boolean }): HTMLCanvasElement;
  retry(): void;
  close(): void;
}

/** Draws with WebGL2 what the session says. Undefined where there is none. */
export function drawSpace(
  session: Session,
  canvas: HTMLCanvasElement,
  above: HTMLCanvasElement,
  tell: (status: SpaceStatus) => void,
): SpaceDrawing | undefined {
  const options: WebGLContextAttributes = { alpha: false, antialias: false, depth: false, powerPreference: "high-performance" };
  const gl = canvas.getContext("webgl2", options);
  if (!gl) return undefined;
  const context = above.getContext("2d")!;
  let parts = makeParts(gl, session, changed, say);
  let size: Size = { width: 1, height: 1 };
  let frame = 0;
  let movedAt = 0;
  let timer: number | undefined;
  let isLost = false;
  let isClosed = false;
  // a program of the processor draws a sixth of the pixels at first
  let part = isWebglFast() ? 1 : 0.4;
  /** The fine picture that is under way: rows that are there, and how many come at a time. */
  let fine: { done: number; rows: number } | undefined;
  let isFine = false;

  const lost = (event: Event) => {
    event.preventDefault();
    isLost = true;
    say();
  };
  const restored = () => {
    // what the context held went with it
    parts.forget();
    parts = makeParts(gl, session, changed, say);
    isLost = false;
    changed();
  };
  canvas.addEventListener("webglcontextlost", lost);
  canvas.addEventListener("webglcontextrestored", restored);
  let before = session.state.get();
  const stateChanged = () => {
    const now = session.state.get();
    // where the slices lie in their panes does not count here, nor which they are where none is shown
    const isOther =
      now.space !== before.space ||
      now.contrast !== before.contrast ||
      (now.position !== before.position && spaceOf(session, now).cuts.length > 0);
    before = now;
    if (isOther) changed();
  };
  const stops = [session.state.watch(stateChanged), ...[session.painter, session.repaints].map((one) => one.watch(changed))];

  function say(): void {
    const { texture } = parts;
    const { shown } = texture;
    tell({
      isSharp: isFine && shown?.isFinest === true && !parts.isWaiting(),
      level: shown?.volume.grid.level,
      progress: texture.progress,
      error: texture.error,
      notices: parts.notices(),
      bytes: parts.bytes(),
      isLost,
    });
  }

  function changed(): void {
    if (isClosed) return;
    movedAt = performance.now();
    isFine = false;
    fine = undefined;
    schedule();
  }

  function schedule(): void {
    if (frame === 0 && !isClosed) frame = requestAnimationFrame(onFrame);
  }

  const scene = () => {
    const { low, high } = session.state.get().contrast;
    parts.texture.want([low, high]);
    return sceneOf(session, size, parts.texture, parts.solids());
  };

  function sizeCanvases(): void {
    const [width, height] = [size.width, size.height].map((length) => Math.max(Math.round(length * devicePixelRatio), 1));
    for (const one of [canvas, above]) if (one.width !== width || one.height !== height) Object.assign(one, { width, height });
  }

  function onFrame(): void {
    frame = 0;
    clearTimeout(timer);
    if (gl?.isContextLost()) return;
    const still = performance.now() - movedAt;
    if (still < REST_MS) {
      if (!isFine) drawRough();
      timer = window.setTimeout(schedule, REST_MS - still + 1);
    } else if (!isFine) drawFine(STRIP_MS);
    say();
  }

  function drawRough(): void {
    sizeCanvases();
    const began = performance.now();
    parts.painter.paint(scene(), part, part < 0.4 ? 3.5 : part < 1 ? 2 : 1);
    parts.painter.finish();
    const took = performance.now() - began;
    parts.painter.show();
    over(context, { bar: true, box: true });
    const wanted = Math.min(Math.max(part * Math.sqrt(FRAME_MS / Math.max(took, 1)), 0.2), 1);
    // another size costs another picture: small steps are not worth one
    if (Math.abs(wanted / part - 1) > 0.2) part = (part + wanted) / 2 > 0.95 ? 1 : (part + wanted) / 2;
  }

  /** Draws strip after strip, no longer than so many milliseconds, and shows the picture when it is whole. */
  function drawFine(ms: number): void {
    sizeCanvases();
    const now = scene();
    const began = performance.now();
    fine ??= { done: 0, rows: isWebglFast() ? canvas.height : Math.ceil(canvas.height / 16) };
    while (fine.done < canvas.height && performance.now() - began < ms) {
      const stripBegan = performance.now();
      const to = Math.min(fine.done + fine.rows, canvas.height);
      parts.painter.paint(now, 1, 1, [fine.done, to]);
      parts.painter.finish();
      const took = performance.now() - stripBegan;
      fine = { done: to, rows: Math.max(Math.ceil(fine.rows * Math.min(STRIP_MS / Math.max(took, 1), 4)), 8) };
    }
    if (fine.done < canvas.height) {
      schedule();
      return;
    }
    parts.painter.show();
    over(context, { bar: true, box: true });
    fine = undefined;
    isFine = true;
  }

  function over(into: CanvasRenderingContext2D, which: { bar: boolean; box: boolean }): void {
    const ratio = devicePixelRatio;
    into.setTransform(ratio, 0, 0, ratio, 0, 0);
    if (into === context) into.clearRect(0, 0, size.width, size.height);
    drawOver(into, lookOf(session, size), which);
  }

  return {
    resize(width, height) {
      const whole = (value: number) => Math.max(Math.floor(value * devicePixelRatio) / devicePixelRatio, 1);
      size = { width: whole(width), height: whole(height) };
      for (const { style } of [canvas, above]) Object.assign(style, { width: `${size.width}px`, height: `${size.height}px` });
      changed();
    },
    picture(which) {
      fine = undefined;
      isFine = false;
      drawFine(Number.POSITIVE_INFINITY);
      const { width, height } = canvas;
      const copy = Object.assign(document.createElement("canvas"), { width, height });
      const into = copy.getContext("2d", { willReadFrequently: true })!;
      into.drawImage(canvas, 0, 0);
      over(into, which);
      return copy;
    },
    retry: () => parts.texture.retry(),
    close() {
      isClosed = true;
      cancelAnimationFrame(frame);
      clearTimeout(timer);
      for (const stop of stops) stop();
      canvas.removeEventListener("webglcontextlost", lost);
      canvas.removeEventListener("webglcontextrestored", restored);
      parts.free();
      // a browser has few contexts, and ends them late
      if (!canvas.isConnected) gl.getExtension("WEBGL_lose_context")?.loseContext();
    },
  };
}

/** What lies in one context: the volume, layers, programs. */
function makeParts(gl: WebGL2RenderingContext, session: Session, changed: () => void, progressed: () => void) {
  const painter = makePainter(gl);
  const middle = vectorOf(middleOf(session.facts));
  const { low, high } = session.state.get().contrast;
  const texture = volumeTexture(gl, session.source, { window: [low, high], changed, progressed });
  const layers = layerSolids(gl, middle);
  const masks = maskTextures(gl, session, changed);
  const free = () => {
    texture.close();
    layers.free();
    masks.free();
    painter.free();
  };
  return {
    painter,
    texture,
    solids(): readonly Solid[] {
      const all = session.painter.get()?.inSpace?.() ?? [];
      return [...masks.of(all), ...layers.of(all)];
    },
    isWaiting: masks.isWaiting,
    notices: masks.notices,
    bytes: () => texture.bytes + masks.bytes(),
    free,
    forget: free,
  };
}

interface MaskPart {
  readonly stop: AbortController;
  texture?: VolumeTexture;
  error?: unknown;
}

/** Voxels of the masks that are on: each is drawn as the surface between what it holds and the rest. */
function maskTextures(gl: WebGL2RenderingContext, session: Session, changed: () => void) {
  const middle = vectorOf(middleOf(session.facts));
  const parts = new Map<string, MaskPart>();
  let left: readonly string[] = [];
  const open = async (part: MaskPart, ref: string) => {
    try {
      const source = await openServed(ref, part.stop.signal);
      if (part.stop.signal.aborted) return;
      // every label is inside: 1 and more become 255
      part.texture = volumeTexture(gl, source, { middle, bytesMax: MASK_BYTES, window: [0, 1], isEven: true, changed });
    } catch (error) {
      if (part.stop.signal.aborted) return;
      part.error = error;
      changed();
    }
  };
  const drop = (id: string) => {
    parts.get(id)?.stop.abort();
    parts.get(id)?.texture?.close();
    parts.delete(id);
  };
  return {
    of(layers: readonly LayerInSpace[]): readonly Solid[] {
      const all = layers.filter(({ layer, shapes }) => !shapes && layer.volumeRef !== undefined);
      const drawn = all.slice(0, MASKS_MAX);
      left = all.slice(MASKS_MAX).map(({ layer }) => layer.name);
      for (const id of [...parts.keys()]) if (!drawn.some(({ layer }) => layer.id === id)) drop(id);
      return drawn.flatMap(({ layer, opacity }): Solid[] => {
        let part = parts.get(layer.id);
        if (!part) {
          part = { stop: new AbortController() };
          parts.set(layer.id, part);
          void open(part, layer.volumeRef!);
        }
        const volume = part.texture?.shown?.volume;
        if (!volume) return [];
        return [{ kind: "mask", drawn: { volume, gain: 1, offset: 0, isDarkDense: false }, colour: rgbOf(layer.color), opacity }];
      });
    },
    isWaiting: () =>
      [...parts.values()].some(
        ({ texture, error }) => error === undefined && texture?.shown?.isFinest !== true && !texture?.error,
      ),
    notices: () => (left.length === 0 ? [] : [`${MASKS_MAX} masks are drawn at a time: ${left.join(", ")} is not.`]),
    bytes: () => [...parts.values()].reduce((sum, { texture }) => sum + (texture?.bytes ?? 0), 0),
    free() {
      for (const id of [...parts.keys()]) drop(id);
    },
  };
}
