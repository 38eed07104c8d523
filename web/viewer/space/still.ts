import { middleOf } from "../geometry.js";
import { STAGE } from "../render.js";
import type { Session } from "../session.js";
import { drawOver } from "./box.js";
import type { Vector } from "./camera.js";
import type { SpaceDrawing, SpaceStatus } from "./drawing.js";
import { type Grid, gridFor } from "./grid.js";
import type { Ground } from "./scene.js";
import { diagonalOf, lookOf, type Size, spaceOf } from "./view.js";
import { groundOf, vectorOf } from "./volume-texture.js";
import { readGrid } from "./voxels.js";

/** Voxels that are read, and pixels along a side that are worked out: the processor does it alone. */
const VOXELS = 2 ** 20;
const PIXELS = 240;
/** Milliseconds without a change before the picture is drawn. */
const REST_MS = 80;

const NO_WEBGL =
  "This browser has no WebGL2: instead of a picture that turns, a still maximum projection of every few voxels is shown for each view.";

/** A maximum projection by the processor, for browsers without WebGL2: a still picture, another for each view. */
export function drawStill(
  session: Session,
  canvas: HTMLCanvasElement,
  above: HTMLCanvasElement,
  tell: (status: SpaceStatus) => void,
): SpaceDrawing {
  const { facts, source } = session;
  const [context, over] = [canvas.getContext("2d", { alpha: false })!, above.getContext("2d")!];
  const stop = new AbortController();
  let size: Size = { width: 1, height: 1 };
  let timer: number | undefined;
  let voxels: Uint8Array | undefined;
  let progress: number | undefined = 0;
  let error: unknown;
  let isSharp = false;
  const grid = gridFor(facts, VOXELS);
  const ground = groundOf(facts, grid, vectorOf(middleOf(facts)));

  const say = () =>
    tell({
      ...{ isSharp, level: grid.level, progress, error, bytes: 0, isLost: false },
      notices: [NO_WEBGL],
    });

  async function load(): Promise<void> {
    const { low, high } = session.state.get().contrast;
    const all = new Uint8Array(grid.shape[0] * grid.shape[1] * grid.shape[2]);
    error = undefined;
    try {
      await readGrid(
        source,
        grid,
        [low, high],
        (section, bytes) => {
          all.set(bytes, section * bytes.length);
          progress = Math.min((progress ?? 0) + 1 / grid.shape[0], 1);
        },
        stop.signal,
      );
      voxels = all;
    } catch (failure) {
      if (stop.signal.aborted) return;
      error = failure;
    }
    progress = undefined;
    draw();
  }

  function draw(): void {
    const ratio = devicePixelRatio;
    const [width, height] = [Math.round(size.width * ratio), Math.round(size.height * ratio)];
    for (const one of [canvas, above]) Object.assign(one, { width, height });
    context.fillStyle = `rgb(${STAGE.join()})`;
    context.fillRect(0, 0, width, height);
    if (voxels) {
      const part = PIXELS / Math.max(width, height);
      const [across, down] = [width, height].map((length) => Math.max(Math.round(length * part), 1)) as [number, number];
      const small = new OffscreenCanvas(across, down);
      const image = new ImageData(project(session, size, { voxels, grid, ground }, [across, down]), across, down);
      small.getContext("2d")!.putImageData(image, 0, 0);
      context.imageSmoothingEnabled = true;
      context.drawImage(small, 0, 0, width, height);
    }
    over.setTransform(ratio, 0, 0, ratio, 0, 0);
    over.clearRect(0, 0, size.width, size.height);
    drawOver(over, lookOf(session, size), { bar: true, box: true });
    isSharp = voxels !== undefined;
    say();
  }

  const again = () => {
    isSharp = false;
    clearTimeout(timer);
    timer = window.setTimeout(draw, REST_MS);
  };
  const stopWatching = session.state.watch(again);
  void load();
  return {
    resize(width, height) {
      size = { width: Math.max(Math.floor(width), 1), height: Math.max(Math.floor(height), 1) };
      for (const { style } of [canvas, above]) Object.assign(style, { width: `${size.width}px`, height: `${size.height}px` });
      again();
    },
    picture(which) {
      draw();
      const copy = Object.assign(document.createElement("canvas"), { width: canvas.width, height: canvas.height });
      const into = copy.getContext("2d", { willReadFrequently: true })!;
      into.drawImage(canvas, 0, 0);
      into.setTransform(devicePixelRatio, 0, 0, devicePixelRatio, 0, 0);
      drawOver(into, lookOf(session, size), which);
      return copy;
    },
    retry: () => void load(),
    close() {
      stop.abort();
      clearTimeout(timer);
      stopWatching();
    },
  };
}

/** Pixels of so many columns and rows. */
function project(
  session: Session,
  size: Size,
  { voxels, grid, ground }: { voxels: Uint8Array; grid: Grid; ground: Ground },
  [across, down]: readonly [number, number],
): Uint8ClampedArray<ArrayBuffer> {
  const { facts } = session;
  const look = lookOf(session, size);
  const { isDarkDense } = spaceOf(session, session.state.get());
  const middle = vectorOf(middleOf(facts));
  const centre = vectorOf(look.centre).map((value, i) => value - middle[i]!) as unknown as Vector;
  const pixels = new Uint8ClampedArray(4 * across * down);
  const unit = Math.max(Math.min(...ground.voxel), diagonalOf(session) / 400);
  for (let v = 0; v < down; v++) {
    for (let u = 0; u < across; u++) {
      const [right, below] = [(u + 0.5 - across / 2) * (size.width / across), (v + 0.5 - down / 2) * (size.height / down)];
      const from = centre.map(
        (value, i) => value + look.scale * (look.axes.right[i]! * right + look.axes.down[i]! * below),
      ) as unknown as Vector;
      const most = mostAlong(voxels, grid, ground, from, look.axes.forward, unit, isDarkDense);
      for (let i = 0; i < 3; i++) pixels[4 * (v * across + u) + i] = STAGE[i]! + ((255 - STAGE[i]!) * Math.max(most, 0)) / 255;
      pixels[4 * (v * across + u) + 3] = 255;
    }
  }
  return pixels;
}

/** The densest voxel that a ray goes through; -1 where it passes by. */
function mostAlong(
  voxels: Uint8Array,
  { shape }: Grid,
  { low, high, first, voxel }: Ground,
  from: Vector,
  along: Vector,
  unit: number,
  isDarkDense: boolean,
): number {
  let [near, far] = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
  for (let i = 0; i < 3; i++) {
    const step = Math.abs(along[i]!) < 1e-6 ? 1e-6 : along[i]!;
    const [a, b] = [(low[i]! - from[i]!) / step, (high[i]! - from[i]!) / step];
    near = Math.max(near, Math.min(a, b));
    far = Math.min(far, Math.max(a, b));
  }
  let most = -1;
  for (let t = near + unit / 2; t < far; t += unit) {
    const [x, y, z] = [0, 1, 2].map((i) => Math.floor((from[i]! + along[i]! * t - first[i]!) / voxel[i]!)) as [
      number,
      number,
      number,
    ];
    const value =
      voxels[
        (Math.min(Math.max(z, 0), shape[0] - 1) * shape[1] + Math.min(Math.max(y, 0), shape[1] - 1)) * shape[2] +
          Math.min(Math.max(x, 0), shape[2] - 1)
      ]!;
    most = Math.max(most, isDarkDense ? 255 - value : value);
  }
  return most;
}
