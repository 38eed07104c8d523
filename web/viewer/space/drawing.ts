import { middleOf } from "../geometry.js";
import type { LayerInSpace } from "../overlay.js";
import { isWebglFast } from "../render.js";
import { openLayer } from "../served.js";
import type { Session } from "../session.js";
import type { ViewState } from "../state.js";
import { drawOver } from "./box.js";
import { ScenePainter, type Solid } from "./scene.js";
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

type Tell = (status: SpaceStatus) => void;
type Over = { readonly bar: boolean; readonly box: boolean };

/** Draws with WebGL2 what the session says. Undefined where there is none. */
export function drawSpace(
  session: Session,
  canvas: HTMLCanvasElement,
  above: HTMLCanvasElement,
  tell: Tell,
): SpaceDrawing | undefined {
  const options: WebGLContextAttributes = { alpha: false, antialias: false, depth: false, powerPreference: "high-performance" };
  const gl = canvas.getContext("webgl2", options);
  return gl ? new CardDrawing(session, gl, canvas, above, tell) : undefined;
}

class CardDrawing implements SpaceDrawing {
  readonly #context: CanvasRenderingContext2D;
  readonly #stop = new AbortController();
  readonly #stops: readonly (() => void)[];
  #parts: ReturnType<typeof makeParts>;
  #size: Size = { width: 1, height: 1 };
  #frame = 0;
  #movedAt = 0;
  #timer: number | undefined;
  #isLost = false;
  // a program of the processor draws a sixth of the pixels at first
  #part = isWebglFast() ? 1 : 0.4;
  /** The fine picture that is under way: rows that are there, and how many come at a time. */
  #fine: { done: number; rows: number } | undefined;
  #isFine = false;
  #before: ViewState;

  constructor(
    private readonly session: Session,
    private readonly gl: WebGL2RenderingContext,
    private readonly canvas: HTMLCanvasElement,
    private readonly above: HTMLCanvasElement,
    private readonly tell: Tell,
  ) {
    this.#context = above.getContext("2d")!;
    this.#before = session.state.get();
    this.#parts = this.#newParts();
    const { signal } = this.#stop;
    const lost = (event: Event) => {
      event.preventDefault();
      this.#isLost = true;
      this.#say();
    };
    const restored = () => {
      // what the context held went with it
      this.#parts.free();
      this.#parts = this.#newParts();
      this.#isLost = false;
      this.#changed();
    };
    canvas.addEventListener("webglcontextlost", lost, { signal });
    canvas.addEventListener("webglcontextrestored", restored, { signal });
    this.#stops = [
      session.state.watch(() => this.#stateChanged()),
      ...[session.painter, session.repaints].map((one) => one.watch(() => this.#changed())),
    ];
  }

  #newParts() {
    const { gl, session } = this;
    return makeParts(
      gl,
      session,
      () => this.#changed(),
      () => this.#say(),
    );
  }

  #stateChanged(): void {
    const [before, now] = [this.#before, this.session.state.get()];
    this.#before = now;
    // where the slices lie in their panes does not count here, nor which they are where none is shown
    const isOther =
      now.space !== before.space ||
      now.contrast !== before.contrast ||
      (now.position !== before.position && spaceOf(this.session, now).cuts.length > 0);
    if (isOther) this.#changed();
  }

  #say(): void {
    if (this.#stop.signal.aborted) return;
    const { texture, isWaiting, notices, bytes } = this.#parts;
    const { shown } = texture;
    this.tell({
      isSharp: this.#isFine && shown?.isFinest === true && !isWaiting(),
      level: shown?.volume.grid.level,
      progress: texture.progress,
      error: texture.error,
      notices: notices(),
      bytes: bytes(),
      isLost: this.#isLost,
    });
  }

  #changed(): void {
    this.#movedAt = performance.now();
    this.#isFine = false;
    this.#fine = undefined;
    this.#schedule();
  }

  #schedule(): void {
    if (this.#frame === 0 && !this.#stop.signal.aborted) this.#frame = requestAnimationFrame(() => this.#onFrame());
  }

  #scene() {
    const { low, high } = this.session.state.get().contrast;
    this.#parts.texture.want([low, high]);
    return sceneOf(this.session, this.#size, this.#parts.texture, this.#parts.solids());
  }

  #sizeCanvases(): void {
    const { width, height } = this.#size;
    const pixels = (length: number) => Math.max(Math.round(length * devicePixelRatio), 1);
    for (const one of [this.canvas, this.above])
      if (one.width !== pixels(width) || one.height !== pixels(height))
        Object.assign(one, { width: pixels(width), height: pixels(height) });
  }

  #onFrame(): void {
    this.#frame = 0;
    clearTimeout(this.#timer);
    if (this.gl.isContextLost()) return;
    const still = performance.now() - this.#movedAt;
    if (still < REST_MS) {
      if (!this.#isFine) this.#drawRough();
      this.#timer = window.setTimeout(() => this.#schedule(), REST_MS - still + 1);
    } else if (!this.#isFine) this.#drawFine(STRIP_MS);
    this.#say();
  }

  #drawRough(): void {
    this.#sizeCanvases();
    const part = this.#part;
    const began = performance.now();
    this.#parts.painter.paint(this.#scene(), part, part < 0.4 ? 3.5 : part < 1 ? 2 : 1);
    this.#parts.painter.finish();
    const took = performance.now() - began;
    this.#show();
    const wanted = Math.min(Math.max(part * Math.sqrt(FRAME_MS / Math.max(took, 1)), 0.2), 1);
    // another size costs another picture: small steps are not worth one
    if (Math.abs(wanted / part - 1) > 0.2) this.#part = (part + wanted) / 2 > 0.95 ? 1 : (part + wanted) / 2;
  }

  /** Draws strip after strip, no longer than so many milliseconds, and shows the picture when it is whole. */
  #drawFine(ms: number): void {
    this.#sizeCanvases();
    const { height } = this.canvas;
    const scene = this.#scene();
    const began = performance.now();
    let { done, rows } = this.#fine ?? { done: 0, rows: isWebglFast() ? height : Math.ceil(height / 16) };
    while (done < height && performance.now() - began < ms) {
      const stripBegan = performance.now();
      const to = Math.min(done + rows, height);
      this.#parts.painter.paint(scene, 1, 1, [done, to]);
      this.#parts.painter.finish();
      const took = performance.now() - stripBegan;
      done = to;
      rows = Math.max(Math.ceil(rows * Math.min(STRIP_MS / Math.max(took, 1), 4)), 8);
    }
    this.#isFine = done === height;
    this.#fine = this.#isFine ? undefined : { done, rows };
    if (this.#isFine) this.#show();
    else this.#schedule();
  }

  #show(): void {
    this.#parts.painter.show();
    this.#context.setTransform(1, 0, 0, 1, 0, 0);
    this.#context.clearRect(0, 0, this.above.width, this.above.height);
    this.#over(this.#context, { bar: true, box: true });
  }

  #over(into: CanvasRenderingContext2D, which: Over): void {
    into.setTransform(devicePixelRatio, 0, 0, devicePixelRatio, 0, 0);
    drawOver(into, lookOf(this.session, this.#size), which);
  }

  resize(width: number, height: number): void {
    const whole = (value: number) => Math.max(Math.floor(value * devicePixelRatio) / devicePixelRatio, 1);
    this.#size = { width: whole(width), height: whole(height) };
    for (const { style } of [this.canvas, this.above])
      Object.assign(style, { width: `${this.#size.width}px`, height: `${this.#size.height}px` });
    this.#changed();
  }

  picture(which: Over): HTMLCanvasElement {
    this.#fine = undefined;
    this.#drawFine(Number.POSITIVE_INFINITY);
    const { width, height } = this.canvas;
    const copy = Object.assign(document.createElement("canvas"), { width, height });
    const into = copy.getContext("2d", { willReadFrequently: true })!;
    into.drawImage(this.canvas, 0, 0);
    this.#over(into, which);
    return copy;
  }

  retry(): void {
    this.#parts.texture.retry();
  }

  close(): void {
    this.#stop.abort();
    cancelAnimationFrame(this.#frame);
    clearTimeout(this.#timer);
    for (const stop of this.#stops) stop();
    this.#parts.free();
    // a browser has few contexts, and ends them late
    if (!this.canvas.isConnected) this.gl.getExtension("WEBGL_lose_context")?.loseContext();
  }
}

/** What lies in one context: the volume, layers, programs. */
function makeParts(gl: WebGL2RenderingContext, session: Session, changed: () => void, progressed: () => void) {
  const painter = new ScenePainter(gl);
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
      const source = await openLayer(ref, part.stop.signal);
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
