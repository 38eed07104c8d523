/** Samples of one component, row by row, `stride` from row to row. */
export interface Samples {
  data: Uint8Array;
  stride: number;
  /** Size in samples of the picture; the data behind it pad the last blocks. */
  width: number;
  height: number;
}

/**
 * The samples of a component that was stored coarser than the picture, as many as the picture has pixels.
 *
 * Twice as coarse: a sample is ¾ of the nearest and ¼ of the next one, as the Independent JPEG Group's library has it ("fancy
 * upsampling", with its roundings). Other factors: each sample is repeated.
 */
export function upsampled(samples: Samples, across: number, down: number, width: number, height: number): Samples {
  if (across === 1 && down === 1) return samples;
  const smooth = samples.width > 2;
  if (across === 2 && down === 1 && smooth) return widened(samples, width, height);
  if (across === 2 && down === 2 && smooth) return doubled(samples, width, height);
  if (across === 1 && down === 2) return heightened(samples, width, height);
  const data = new Uint8Array(width * height);
  for (let y = 0; y < height; y++) {
    const row = Math.floor(y / down) * samples.stride;
    for (let x = 0; x < width; x++) data[y * width + x] = samples.data[row + Math.floor(x / across)]!;
  }
  return { data, stride: width, width, height };
}

function widened({ data, stride, width: w }: Samples, width: number, height: number): Samples {
  const out = new Uint8Array(width * height);
  for (let y = 0; y < height; y++) {
    const row = y * stride;
    for (let x = 0; x < width; x++) {
      const i = x >> 1;
      const near = data[row + i]!;
      const other = x & 1 ? (i + 1 < w ? data[row + i + 1]! : near) : i > 0 ? data[row + i - 1]! : near;
      out[y * width + x] = (3 * near + other + (x & 1 ? 2 : 1)) >> 2;
    }
  }
  return { data: out, stride: width, width, height };
}

function heightened({ data, stride, height: h }: Samples, width: number, height: number): Samples {
  const out = new Uint8Array(width * height);
  for (let y = 0; y < height; y++) {
    const [row, other] = neighbours(y, h, stride);
    const bias = y & 1 ? 2 : 1;
    for (let x = 0; x < width; x++) out[y * width + x] = (3 * data[row + x]! + data[other + x]! + bias) >> 2;
  }
  return { data: out, stride: width, width, height };
}

function doubled({ data, stride, width: w, height: h }: Samples, width: number, height: number): Samples {
  const out = new Uint8Array(width * height);
  const columns = new Int32Array(w);
  for (let y = 0; y < height; y++) {
    const [row, other] = neighbours(y, h, stride);
    for (let i = 0; i < w; i++) columns[i] = 3 * data[row + i]! + data[other + i]!;
    for (let x = 0; x < width; x++) {
      const i = x >> 1;
      const near = columns[i]!;
      const beside = x & 1 ? (i + 1 < w ? columns[i + 1]! : near) : i > 0 ? columns[i - 1]! : near;
      out[y * width + x] = (3 * near + beside + (x & 1 ? 7 : 8)) >> 4;
    }
  }
  return { data: out, stride: width, width, height };
}

/** Starts of the nearest row and of the next one: above for even rows, below for odd ones. */
function neighbours(y: number, rows: number, stride: number): [near: number, other: number] {
  const near = y >> 1;
  const other = Math.min(rows - 1, Math.max(0, y & 1 ? near + 1 : near - 1));
  return [near * stride, other * stride];
}

/** Red, green and blue of each pixel in place of luminance and two differences of colour, by the library's 16-bit fractions. */
export function toRgb(pixels: Uint8Array): void {
  const clamp = (value: number) => Math.max(0, Math.min(value, 255));
  for (let at = 0; at + 2 < pixels.length; at += 3) {
    const y = pixels[at]!;
    const cb = pixels[at + 1]! - 128;
    const cr = pixels[at + 2]! - 128;
    pixels[at] = clamp(y + ((91881 * cr + 32768) >> 16));
    pixels[at + 1] = clamp(y + ((-22554 * cb - 46802 * cr + 32768) >> 16));
    pixels[at + 2] = clamp(y + ((116130 * cb + 32768) >> 16));
  }
}
