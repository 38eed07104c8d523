import { type Box, boxShape, type Triple } from "../../core/box.js";

/** Elements in memory, `[z, y, x]`: `offset` and `strides` count elements. */
export interface Elements {
  readonly bytes: Uint8Array;
  readonly offset: number;
  readonly strides: Triple;
}

/** Strides of a box that is packed in C order. */
export function packed(shape: Triple): Triple {
  return [shape[1] * shape[2], shape[2], 1];
}

/** Bytes in the widest words that fit. */
type Words = Uint8Array | Uint16Array | Uint32Array;

/**
 * Copies a box of elements between two layouts.
 *
 * Cost: about 1 ns for 8 bytes where both have rows without gaps and lie at multiples of a word, else for an element.
 */
export function copyElementBox(source: Elements, target: Elements, shape: Triple, itemBytes: number): void {
  if (shape[0] <= 0 || shape[1] <= 0 || shape[2] <= 0) return;
  const whole = source.strides[2] === 1 && target.strides[2] === 1;
  const unit = whole ? wordOf(source, target, shape[2], itemBytes) : itemBytes;
  const scale = itemBytes / unit;
  const from = words(source.bytes, unit);
  const to = words(target.bytes, unit);
  if (!from || !to) {
    copyBytes(source, target, shape, itemBytes);
    return;
  }
  const width = shape[2] * scale;
  const [fromStep, toStep] = whole ? [1, 1] : [source.strides[2], target.strides[2]];
  for (let z = 0; z < shape[0]; z++) {
    for (let y = 0; y < shape[1]; y++) {
      const at = (source.offset + z * source.strides[0] + y * source.strides[1]) * scale;
      const out = (target.offset + z * target.strides[0] + y * target.strides[1]) * scale;
      if (fromStep === 1 && toStep === 1) copyRow(from, at, to, out, width);
      else for (let x = 0, a = at, b = out; x < width; x++, a += fromStep, b += toStep) to[b] = from[a]!;
    }
  }
}

/** Short rows by a loop: a call of `set` takes as long as to copy some hundred words. */
const LOOP_WORDS_MAX = 128;

function copyRow(from: Words, at: number, to: Words, out: number, width: number): void {
  if (width > LOOP_WORDS_MAX) (to as Uint8Array).set((from as Uint8Array).subarray(at, at + width), out);
  else for (let x = 0; x < width; x++) to[out + x] = from[at + x]!;
}

/** The widest word at whose multiples all rows begin and end. Never wider than 4 bytes: a float64 may lose the bits of a NaN. */
function wordOf(source: Elements, target: Elements, width: number, itemBytes: number): number {
  const bytes = [width, source.offset, target.offset, ...source.strides.slice(0, 2), ...target.strides.slice(0, 2)].map(
    (count) => count * itemBytes,
  );
  bytes.push(source.bytes.byteOffset, target.bytes.byteOffset);
  return [4, 2].find((word) => bytes.every((count) => count % word === 0)) ?? 1;
}

function words(bytes: Uint8Array, unit: number): Words | undefined {
  if (unit === 1) return bytes;
  if (bytes.byteOffset % unit !== 0 || unit > 4) return undefined;
  const View = unit === 4 ? Uint32Array : Uint16Array;
  return new View(bytes.buffer as ArrayBuffer, bytes.byteOffset, Math.floor(bytes.length / unit));
}

/** Elements of 8 bytes without rows, or at odd addresses. */
function copyBytes(source: Elements, target: Elements, [nz, ny, nx]: Triple, itemBytes: number): void {
  for (let z = 0; z < nz; z++)
    for (let y = 0; y < ny; y++)
      for (let x = 0; x < nx; x++) {
        const from = (source.offset + z * source.strides[0] + y * source.strides[1] + x * source.strides[2]) * itemBytes;
        const to = (target.offset + z * target.strides[0] + y * target.strides[1] + x * target.strides[2]) * itemBytes;
        for (let b = 0; b < itemBytes; b++) target.bytes[to + b] = source.bytes[from + b]!;
      }
}

/** Fills a box of elements with one value. */
export function fillElementBox(fill: Uint8Array, target: Elements, shape: Triple): void {
  const itemBytes = fill.length;
  if (fill.every((byte) => byte === fill[0]) && target.strides[2] === 1) {
    const [plane, row] = target.strides;
    for (let z = 0; z < shape[0]; z++)
      for (let y = 0; y < shape[1]; y++) {
        const at = (target.offset + z * plane + y * row) * itemBytes;
        target.bytes.fill(fill[0]!, at, at + shape[2] * itemBytes);
      }
    return;
  }
  copyElementBox({ bytes: fill, offset: 0, strides: [0, 0, 0] }, target, shape, itemBytes);
}

/** Where a chunk and a box meet. */
export interface ChunkPart {
  readonly cell: Triple;
  /** In the chunk, from its own first voxel. */
  readonly inChunk: Box;
  /** First voxel in the box. */
  readonly at: Triple;
  readonly shape: Triple;
}

/** The chunks that a box touches, x fastest. */
export function partsOf(box: Box, chunk: Triple): ChunkPart[] {
  const first = box.start.map((from, axis) => Math.floor(from / chunk[axis]!)) as Triple;
  const end = box.stop.map((to, axis) => Math.ceil(to / chunk[axis]!)) as Triple;
  const parts: ChunkPart[] = [];
  if (box.start.some((from, axis) => from >= box.stop[axis]!)) return parts;
  for (let z = first[0]; z < end[0]; z++)
    for (let y = first[1]; y < end[1]; y++) for (let x = first[2]; x < end[2]; x++) parts.push(partOf([z, y, x], box, chunk));
  return parts;
}

function partOf(cell: Triple, box: Box, chunk: Triple): ChunkPart {
  const start: Triple = [0, 0, 0];
  const stop: Triple = [0, 0, 0];
  const at: Triple = [0, 0, 0];
  for (let axis = 0; axis < 3; axis++) {
    const origin = cell[axis]! * chunk[axis]!;
    start[axis] = Math.max(box.start[axis]! - origin, 0);
    stop[axis] = Math.min(box.stop[axis]! - origin, chunk[axis]!);
    at[axis] = origin + start[axis]! - box.start[axis]!;
  }
  const inChunk = { start, stop };
  return { cell, inChunk, at, shape: boxShape(inChunk) };
}
