/** Chunks along each axis: `ceil(shape / chunks)`. */
export function chunkGrid(shape: readonly number[], chunks: readonly number[]): number[] {
  return shape.map((length, i) => Math.ceil(length / chunks[i]!));
}

/** Key of a chunk below its array: `0.0.0` or `0/0/0`; `0` for an array without axes. */
export function chunkKey(chunk: readonly number[], separator: "." | "/"): string {
  return chunk.length === 0 ? "0" : chunk.join(separator);
}

/** All positions of a half-open box of any rank, last axis fastest. */
export function* positions(start: readonly number[], stop: readonly number[]): Generator<number[]> {
  if (start.some((from, i) => from >= stop[i]!)) return;
  const at = [...start];
  for (;;) {
    yield [...at];
    let axis = at.length - 1;
    while (axis >= 0 && ++at[axis]! >= stop[axis]!) {
      at[axis] = start[axis]!;
      axis--;
    }
    if (axis < 0) return;
  }
}

/** Intersection of a chunk and a box: `from` and `to` in the chunk, `at` in the box, all from their own first elements. */
export interface ChunkPart {
  chunk: number[];
  from: number[];
  to: number[];
  at: number[];
}

/** The chunks that a box touches, last axis fastest. */
export function* chunkParts(start: readonly number[], stop: readonly number[], chunks: readonly number[]): Generator<ChunkPart> {
  const first = start.map((from, i) => Math.floor(from / chunks[i]!));
  const end = stop.map((to, i) => Math.ceil(to / chunks[i]!));
  for (const chunk of positions(first, end)) {
    const from = chunk.map((c, i) => Math.max(start[i]! - c * chunks[i]!, 0));
    const to = chunk.map((c, i) => Math.min(stop[i]! - c * chunks[i]!, chunks[i]!));
    yield { chunk, from, to, at: chunk.map((c, i) => c * chunks[i]! + from[i]! - start[i]!) };
  }
}
