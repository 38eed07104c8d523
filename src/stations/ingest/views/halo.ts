import type { Labels } from "../../../arrays/surface/marching-cubes.js";
import { type Box, boxShape, type Triple, volumeOf } from "../../../core/box.js";
import { spaciousBytes } from "../../../core/bytes.js";

/** A chunk of a volume of labels with what surfaces need around it. */
export interface HaloedChunk {
  key: string;
  chunk: Box;
  /** One more sample before the chunk along each axis, and after it at the volume's end: zeros outside the volume. */
  samples: Box;
  /** Labels of `samples` in C order, in a buffer of its own. */
  labels: Labels;
}

const NOTHING = new Uint8Array(0);

/**
 * The chunks of a volume, each read once, with the last layer of samples of those before it: exactly one of two neighbours then
 * sees the boundary between them.
 *
 * @param chunks in their order, x fastest.
 * Memory: two sections of the volume and two layers of a row of chunks, beside the chunk.
 */
export async function* haloed(
  shape: Triple,
  chunks: Iterable<Box & { key: string }>,
  read: (box: Box) => Promise<Labels>,
): AsyncGenerator<HaloedChunk> {
  const [, ny, nx] = shape;
  // what was read last along z, y and x; the next ones are gathered while these are in use
  let above: Labels | undefined;
  let aboveNext: Labels | undefined;
  let behind: Labels | undefined;
  let behindNext: Labels | undefined;
  let left: Labels | undefined;
  for (const { key, start, stop } of chunks) {
    const chunk: Box = { start, stop };
    let own: Labels = await read(chunk);
    const [depth, height, width] = boxShape(chunk);
    const Row = own.constructor as Uint32ArrayConstructor;
    if (start[1] === 0 && start[2] === 0) {
      above = aboveNext;
      aboveNext = new Row(ny * nx);
    }
    if (start[2] === 0) {
      behind = behindNext;
      behindNext = new Row(depth * nx);
    }
    const samples: Box = {
      start: start.map((at) => at - 1) as Triple,
      stop: stop.map((at, axis) => at + (at === shape[axis] ? 1 : 0)) as Triple,
    };
    const [, rows, columns] = boxShape(samples);
    const count = volumeOf(boxShape(samples));
    const labels: Labels = new Row(spaciousBytes(count * Row.BYTES_PER_ELEMENT).buffer, 0, count);
    /** Index in `labels` of the sample (z, y, x) of the volume. */
    const place = (z: number, y: number, x: number) =>
      ((z - samples.start[0]) * rows + y - samples.start[1]) * columns + x - samples.start[2];
    const fromX = Math.max(0, start[2] - 1);
    if (above && start[0] > 0) {
      for (let y = Math.max(0, start[1] - 1); y < stop[1]; y++)
        labels.set(above.subarray(y * nx + fromX, y * nx + stop[2]), place(start[0] - 1, y, fromX));
    }
    for (let z = 0; z < depth; z++) {
      if (behind && start[1] > 0)
        labels.set(behind.subarray(z * nx + fromX, z * nx + stop[2]), place(start[0] + z, start[1] - 1, fromX));
      for (let y = 0; y < height; y++) {
        const at = place(start[0] + z, start[1] + y, start[2]);
        const row = (z * height + y) * width;
        if (left && start[2] > 0) labels[at - 1] = left[z * height + y]!;
        labels.set(own.subarray(row, row + width), at);
      }
    }
    left = keepLast(own, chunk, nx, aboveNext!, behindNext!);
    // the caller works on the samples while this generator waits: without this the chunk would stay in memory beside them
    own = NOTHING;
    yield { key, chunk, samples, labels };
  }
}

/** Puts the last section and row of a chunk where the chunks above and behind will look. @returns its last column */
function keepLast(own: Labels, chunk: Box, nx: number, above: Labels, behind: Labels): Labels {
  const [depth, height, width] = boxShape(chunk);
  const [, top, first] = chunk.start;
  const last = { z: (depth - 1) * height * width, y: (height - 1) * width };
  const left = new (own.constructor as Uint32ArrayConstructor)(depth * height);
  for (let y = 0; y < height; y++) above.set(own.subarray(last.z + y * width, last.z + (y + 1) * width), (top + y) * nx + first);
  for (let z = 0; z < depth; z++) {
    const plane = z * height * width;
    behind.set(own.subarray(plane + last.y, plane + last.y + width), z * nx + first);
    for (let y = 0; y < height; y++) left[z * height + y] = own[plane + (y + 1) * width - 1]!;
  }
  return left;
}
