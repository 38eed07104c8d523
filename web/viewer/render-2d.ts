import { type Contrast, greyOf } from "./contrast.js";
import { halves, type Plane, type Samples } from "./planes.js";
import { type Frame, type Placed, type Renderer, STAGE } from "./render.js";

/**
 * Draws with the processor: the same picture as the shaders'. Where WebGL is itself a program that the processor runs, as on remote desktops and in virtual
 * machines, this is several times faster.
 */
export function canvasRenderer(canvas: HTMLCanvasElement): Renderer {
  const context = canvas.getContext("2d", { alpha: false, willReadFrequently: true })!;
  let image: ImageData | undefined;
  return {
    resize(width, height) {
      if (canvas.width === width && canvas.height === height) return;
      canvas.width = width;
      canvas.height = height;
    },
    upload() {},
    draw(frame) {
      const { width, height } = canvas;
      if (image?.width !== width || image.height !== height) image = context.createImageData(width, height);
      paint(frame, width, height, image.data);
      context.putImageData(image, 0, 0);
    },
    dispose() {},
  };
}

/** Four numbers a pixel, as the shaders would draw it. */
export function paint({ planes, contrast, clip }: Frame, width: number, height: number, into: Uint8ClampedArray): void {
  const pixels = new Uint32Array(into.buffer, into.byteOffset, width * height);
  pixels.fill(pixelOf(...STAGE));
  for (const placed of planes) paintPlane(placed, contrast, clip, { pixels, width, height });
}

interface Picture {
  readonly pixels: Uint32Array;
  readonly width: number;
  readonly height: number;
}

/** A pixel as an image has it in memory. */
const pixelOf = (red: number, green: number, blue: number): number =>
  new Uint32Array(new Uint8Array([red, green, blue, 255]).buffer)[0]!;
const GREYS = Uint32Array.from({ length: 256 }, (_, grey) => pixelOf(grey, grey, grey));

function paintPlane(placed: Placed, contrast: Contrast, clip: Frame["clip"], picture: Picture): void {
  const { plane, left, top, width, height, isTransposed } = placed;
  const [columns, rows] = isTransposed ? [plane.rows, plane.columns] : [plane.columns, plane.rows];
  const [byColumn, byRow] = isTransposed ? [plane.columns, 1] : [1, plane.columns];
  const first = (start: number, edge: number) => Math.max(Math.ceil(Math.max(start, edge) - 0.5), 0);
  const end = (stop: number, edge: number, size: number) => Math.ceil(Math.min(stop, edge, size) - 0.5);
  const x0 = first(left, clip.left);
  const across = tapsOf(x0, end(left + width, clip.right, picture.width), left, columns / width, columns, byColumn);
  const y0 = first(top, clip.top);
  const down = tapsOf(y0, end(top + height, clip.bottom, picture.height), top, rows / height, rows, byRow);
  const lines = { across, down, pixels: picture.pixels, start: y0 * picture.width + x0, stride: picture.width };
  if (across.taps > 1 || down.taps > 1) drawMeans(plane, contrast, lines);
  else drawNearest(plane, contrast, lines);
}

/** Numbers of the plane that each pixel of a row or a column is drawn from. */
interface Taps {
  /** Numbers a pixel. */
  readonly taps: number;
  readonly count: number;
  /** Offsets into the plane, `taps` of each pixel after each other. */
  readonly offsets: Int32Array;
}

interface Lines {
  readonly across: Taps;
  readonly down: Taps;
  readonly pixels: Uint32Array;
  /** Index of the first pixel; `stride` leads from one row to the next. */
  readonly start: number;
  readonly stride: number;
}

function tapsOf(first: number, end: number, start: number, step: number, texels: number, by: number): Taps {
  const taps = Math.min(Math.max(Math.ceil(step - 0.01), 1), 6);
  const count = Math.max(end - first, 0);
  const offsets = new Int32Array(count * taps);
  for (let i = 0; i < offsets.length; i++) {
    const at = Math.floor((first + Math.floor(i / taps) - start + ((i % taps) + 0.5) / taps) * step);
    offsets[i] = Math.min(Math.max(at, 0), texels - 1) * by;
  }
  return { taps, count, offsets };
}

/** A pixel is one number. */
function drawNearest(plane: Plane, contrast: Contrast, { across, down, pixels, start, stride }: Lines): void {
  const bits = bitsOf(plane);
  const row = new Float64Array(bits ? 0 : across.count);
  for (let y = 0; y < down.count; y++) {
    const to = start + y * stride;
    const from = down.offsets[y]!;
    // of a coarse level several rows of pixels are the same
    if (y > 0 && down.offsets[y - 1] === from) pixels.copyWithin(to, to - stride, to - stride + across.count);
    else if (bits) lookUp(bits, from, across.offsets, greysOf(plane.dtype, contrast), pixels, to);
    else {
      row.fill(0);
      addLine(plane.data, undefined, from, across, row);
      writeGreys(row, undefined, contrast, pixels, to);
    }
  }
}

function lookUp(
  bits: Uint8Array | Uint16Array,
  from: number,
  offsets: Int32Array,
  greys: Uint32Array,
  pixels: Uint32Array,
  to: number,
): void {
  for (let x = 0; x < offsets.length; x++) pixels[to + x] = greys[bits[from + offsets[x]!]!]!;
}

/** A pixel is the mean of several numbers, without those that are none. */
function drawMeans({ dtype, data }: Plane, contrast: Contrast, { across, down, pixels, start, stride }: Lines): void {
  const numbers = dtype === "float16" ? halves() : undefined;
  const sums = new Float64Array(across.count);
  const counts = new Uint8Array(across.count);
  for (let y = 0; y < down.count; y++) {
    sums.fill(0);
    counts.fill(0);
    for (let j = y * down.taps; j < (y + 1) * down.taps; j++) addLine(data, numbers, down.offsets[j]!, across, sums, counts);
    writeGreys(sums, counts, contrast, pixels, start + y * stride);
  }
}

/** Adds the numbers of each pixel of a line; with `counts` without those that are none. */
function addLine(
  data: Samples,
  numbers: Float32Array | undefined,
  from: number,
  { taps, count, offsets }: Taps,
  sums: Float64Array,
  counts?: Uint8Array,
): void {
  for (let x = 0, i = 0; x < count; x++) {
    let sum = sums[x]!;
    for (const end = i + taps; i < end; i++) {
      const sample = data[from + offsets[i]!]!;
      const value = numbers ? numbers[sample]! : sample;
      if (counts) {
        if (Number.isNaN(value)) continue;
        counts[x]!++;
      }
      sum += value;
    }
    sums[x] = sum;
  }
}

/** `greyOf` of each sum, or of each mean; written out, since it is what drawing takes longest for. */
function writeGreys(
  sums: Float64Array,
  counts: Uint8Array | undefined,
  { low, high, gamma, isInverted }: Contrast,
  pixels: Uint32Array,
  to: number,
): void {
  const range = high - low;
  for (let x = 0; x < sums.length; x++) {
    const value = counts ? sums[x]! / counts[x]! : sums[x]!; // NaN where there is none
    const part = Math.min(Math.max((value - low) / range, 0), 1);
    const grey = gamma === 1 ? part : part ** (1 / gamma);
    pixels[to + x] = GREYS[Number.isNaN(value) ? 0 : Math.round(255 * (isInverted ? 1 - grey : grey))]!;
  }
}

/** Numbers of at most 16 bits as they are in memory: indices into `greysOf`. */
function bitsOf({ dtype, data: { buffer, byteOffset, length } }: Plane): Uint8Array | Uint16Array | undefined {
  if (dtype === "uint8" || dtype === "int8") return new Uint8Array(buffer, byteOffset, length);
  return VALUES[dtype] && new Uint16Array(buffer, byteOffset, length);
}

/** Numbers that the patterns of bits stand for, by type: those of at most 16 bits. */
const VALUES: Readonly<Partial<Record<Plane["dtype"], () => ArrayLike<number>>>> = {
  uint8: () => Uint8Array.from({ length: 256 }, (_, bits) => bits),
  int8: () => Int8Array.from({ length: 256 }, (_, bits) => bits),
  uint16: () => Uint16Array.from({ length: 65_536 }, (_, bits) => bits),
  int16: () => Int16Array.from({ length: 65_536 }, (_, bits) => bits),
  float16: halves,
};

/** Contrasts are replaced, never changed. */
const known = new WeakMap<Contrast, Map<Plane["dtype"], Uint32Array>>();

/** The pixel of each number that a type of at most 16 bits can hold. */
function greysOf(dtype: Plane["dtype"], contrast: Contrast): Uint32Array {
  const tables = known.get(contrast) ?? new Map<Plane["dtype"], Uint32Array>();
  known.set(contrast, tables);
  const there = tables.get(dtype);
  if (there) return there;
  const made = Uint32Array.from(VALUES[dtype]!(), (value) => GREYS[greyOf(value, contrast)]!);
  tables.set(dtype, made);
  return made;
}
