/** Shapes, positions and boxes of volumes: always `[z, y, x]`, slowest axis first. */
export type Triple = [z: number, y: number, x: number];

/** Half-open box `[start, stop)` in voxels. */
export interface Box {
  start: Triple;
  stop: Triple;
}

export function boxShape({ start, stop }: Box): Triple {
  return [stop[0] - start[0], stop[1] - start[1], stop[2] - start[2]];
}

export function volumeOf([z, y, x]: Triple): number {
  return z * y * x;
}

export function ceilDiv(a: number, b: number): number {
  return Math.ceil(a / b);
}

/** The part that two boxes share, or undefined. */
export function intersect(a: Box, b: Box): Box | undefined {
  const start = a.start.map((v, i) => Math.max(v, b.start[i]!)) as Triple;
  const stop = a.stop.map((v, i) => Math.min(v, b.stop[i]!)) as Triple;
  return start.every((v, i) => v < stop[i]!) ? { start, stop } : undefined;
}
