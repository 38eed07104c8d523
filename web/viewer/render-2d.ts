import { greyOf } from "./contrast.js";
import { type Plane, sampleAt } from "./planes.js";
import { type Frame, type Renderer, STAGE } from "./render.js";

/** Draws pixel by pixel where there is no WebGL2: slower, the same picture. */
export function canvasRenderer(canvas: HTMLCanvasElement): Renderer {
  const context = canvas.getContext("2d", { alpha: false })!;
  return {
    resize(width, height) {
      if (canvas.width === width && canvas.height === height) return;
      canvas.width = width;
      canvas.height = height;
    },
    upload() {},
    draw(frame) {
      const { width, height } = canvas;
      const image = context.createImageData(width, height);
      paint(frame, width, height, image.data);
      context.putImageData(image, 0, 0);
    },
    dispose() {},
  };
}

/** Four numbers a pixel, as the shaders would draw it. */
export function paint({ planes, contrast, clip }: Frame, width: number, height: number, into: Uint8ClampedArray): void {
  for (let at = 0; at < into.length; at += 4) into.set([...STAGE, 255], at);
  for (const { plane, left, top, width: across, height: down, isTransposed } of planes) {
    const [columns, rows] = isTransposed ? [plane.rows, plane.columns] : [plane.columns, plane.rows];
    const [stepX, stepY] = [columns / across, rows / down];
    const texels = (pixel: number, start: number, step: number, count: number): number[] => {
      const taps = Math.min(Math.max(Math.ceil(step - 0.01), 1), 6);
      return Array.from({ length: taps }, (_, i) => {
        const at = Math.floor((pixel - start + (i + 0.5) / taps) * step);
        return Math.min(Math.max(at, 0), count - 1);
      });
    };
    const [x0, x1] = [Math.max(Math.ceil(Math.max(left, clip.left) - 0.5), 0), Math.min(left + across, clip.right, width)];
    const [y0, y1] = [Math.max(Math.ceil(Math.max(top, clip.top) - 0.5), 0), Math.min(top + down, clip.bottom, height)];
    const columnsOf = Array.from({ length: Math.max(Math.ceil(x1 - 0.5), 0) }, (_, x) =>
      x < x0 ? [] : texels(x, left, stepX, columns),
    );
    for (let y = y0; y + 0.5 < y1; y++) {
      const lines = texels(y, top, stepY, rows);
      for (let x = x0; x + 0.5 < x1; x++)
        into.fill(
          greyOf(mean(plane, lines, columnsOf[x]!, isTransposed), contrast),
          4 * (y * width + x),
          4 * (y * width + x) + 3,
        );
    }
  }
}

/** Of the numbers among them; NaN where there are none. */
function mean(plane: Plane, lines: readonly number[], columns: readonly number[], isTransposed: boolean): number {
  let [sum, count] = [0, 0];
  for (const line of lines) {
    for (const column of columns) {
      const value = sampleAt(plane, isTransposed ? column * plane.columns + line : line * plane.columns + column);
      if (Number.isNaN(value)) continue;
      sum += value;
      count++;
    }
  }
  return sum / count; // NaN where count is 0
}
