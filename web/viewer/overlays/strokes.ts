/**
 * Lines, circles and discs, tens of thousands at a time, as pixels. Drawn in software, the circles of 20,000 points take a third of what instanced
 * quads of WebGL2 take and a fifth of what paths of a canvas do; 33,000 dots take a fiftieth. Where there is a GPU, all three are quick.
 */
export class Strokes {
  #width = 0;
  #height = 0;
  #ratio = 1;
  #image = new ImageData(1, 1);
  #canvas = new OffscreenCanvas(1, 1);

  /** Nothing is drawn yet. @param width CSS pixels @param ratio device pixels for one of them */
  begin(width: number, height: number, ratio: number): void {
    [this.#width, this.#height, this.#ratio] = [Math.ceil(width * ratio), Math.ceil(height * ratio), ratio];
    if (this.#image.width !== this.#width || this.#image.height !== this.#height) {
      this.#image = new ImageData(this.#width, this.#height);
      this.#canvas = new OffscreenCanvas(this.#width, this.#height);
    } else this.#image.data.fill(0);
  }

  /** Picture of everything drawn since `begin`; it stays until the next one. */
  end(): OffscreenCanvas {
    this.#canvas.getContext("2d")!.putImageData(this.#image, 0, 0);
    return this.#canvas;
  }

  /** Ends are round. */
  line(u0: number, v0: number, u1: number, v1: number, width: number, colour: number): void {
    const ratio = this.#ratio;
    const half = (width * ratio) / 2;
    const [x0, y0, dx, dy] = [u0 * ratio, v0 * ratio, (u1 - u0) * ratio, (v1 - v0) * ratio];
    const squared = dx * dx + dy * dy;
    const reach = half + 0.5;
    const isFlat = Math.abs(dx) >= Math.abs(dy);
    // pixel by pixel along the longer way, those near the line across it
    const [from, way, other, slope] = isFlat ? [x0, dx, y0, dy / (dx || 1)] : [y0, dy, x0, dx / dy];
    const spread = reach * Math.sqrt(1 + slope * slope);
    const [alongMax, acrossMax] = isFlat ? [this.#width, this.#height] : [this.#height, this.#width];
    const first = Math.max(0, Math.floor(Math.min(from, from + way) - reach));
    const last = Math.min(alongMax - 1, Math.floor(Math.max(from, from + way) + reach));
    for (let a = first; a <= last; a++) {
      const middle = other + (Math.min(Math.max(a + 0.5, Math.min(from, from + way)), Math.max(from, from + way)) - from) * slope;
      const end = Math.min(acrossMax - 1, Math.floor(middle + spread));
      for (let b = Math.max(0, Math.floor(middle - spread)); b <= end; b++) {
        const [x, y] = isFlat ? [a, b] : [b, a];
        const [fromX, fromY] = [x + 0.5 - x0, y + 0.5 - y0];
        const part = squared > 0 ? Math.min(1, Math.max(0, (fromX * dx + fromY * dy) / squared)) : 0;
        this.#blend(x, y, half + 0.5 - Math.sqrt((fromX - part * dx) ** 2 + (fromY - part * dy) ** 2), colour);
      }
    }
  }

  circle(u: number, v: number, radius: number, width: number, colour: number): void {
    this.#ring(u * this.#ratio, v * this.#ratio, radius * this.#ratio, (width * this.#ratio) / 2, colour);
  }

  disc(u: number, v: number, radius: number, colour: number): void {
    const half = (radius * this.#ratio) / 2;
    this.#ring(u * this.#ratio, v * this.#ratio, half, half, colour);
  }

  /** A square of two pixels: what is left of a circle among very many. */
  dot(u: number, v: number, colour: number): void {
    const size = Math.max(2, Math.round(2 * this.#ratio));
    const [left, top] = [Math.round(u * this.#ratio) - (size >> 1), Math.round(v * this.#ratio) - (size >> 1)];
    for (let y = Math.max(0, top); y < Math.min(this.#height, top + size); y++)
      for (let x = Math.max(0, left); x < Math.min(this.#width, left + size); x++) this.#blend(x, y, 1, colour);
  }

  #ring(x: number, y: number, radius: number, half: number, colour: number): void {
    const [outer, inner] = [radius + half + 0.5, radius - half - 0.5];
    const bottom = Math.min(this.#height - 1, Math.floor(y + outer));
    for (let row = Math.max(0, Math.floor(y - outer)); row <= bottom; row++) {
      const down = row + 0.5 - y;
      const far = outer * outer - down * down;
      if (far <= 0) continue;
      const reach = Math.sqrt(far);
      // nothing of the row is in the hole
      const hole = inner > 0 && Math.abs(down) < inner ? Math.sqrt(inner * inner - down * down) : 0;
      const right = Math.min(this.#width - 1, Math.floor(x + reach));
      for (let column = Math.max(0, Math.floor(x - reach)); column <= right; column++) {
        if (hole > 1 && column + 0.5 > x - hole && column + 0.5 < x + hole) {
          column = Math.max(column, Math.floor(x + hole) - 1);
          continue;
        }
        const across = column + 0.5 - x;
        this.#blend(column, row, half + 0.5 - Math.abs(Math.sqrt(across * across + down * down) - radius), colour);
      }
    }
  }

  /** @param cover part of the pixel, from 0 to 1 */
  #blend(x: number, y: number, cover: number, colour: number): void {
    if (cover <= 0) return;
    const { data } = this.#image;
    const at = 4 * (y * this.#width + x);
    const alpha = (Math.min(1, cover) * (colour >>> 24)) / 255;
    const below = (data[at + 3]! / 255) * (1 - alpha);
    const all = alpha + below;
    if (all <= 0) return;
    data[at] = ((colour & 255) * alpha + data[at]! * below) / all;
    data[at + 1] = (((colour >> 8) & 255) * alpha + data[at + 1]! * below) / all;
    data[at + 2] = (((colour >> 16) & 255) * alpha + data[at + 2]! * below) / all;
    data[at + 3] = 255 * all;
  }
}

/** Four bytes of a colour as a stroke has it. @param hex `#rrggbb` */
export function packed(hex: string, opacity: number): number {
  const value = Number.parseInt(hex.slice(1), 16);
  return ((Math.round(255 * opacity) << 24) | ((value & 255) << 16) | (value & 0xff00) | (value >> 16)) >>> 0;
}
