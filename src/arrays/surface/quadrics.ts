import type { Surface } from "./surface.js";

type Vector = [x: number, y: number, z: number];

/** Distances to planes, squared and weighed: 10 sums of a symmetric 4×4, and the weight. */
const QUADRIC = 11;

/** The planes of the triangles around each vertex. */
export class Quadrics {
  readonly #positions: Surface["positions"];
  readonly #sums: Float64Array;

  constructor({ positions, triangles }: Surface) {
    this.#positions = positions;
    this.#sums = new Float64Array((QUADRIC * positions.length) / 3);
    for (let at = 0; at < triangles.length; at += 3) this.#addPlane(triangles, at);
  }

  /** Mean squared distance of one vertex's place from the planes of another. */
  error(of: number, at: number): number {
    const q = this.#sums;
    const o = QUADRIC * of;
    const [x, y, z] = [this.#positions[3 * at]!, this.#positions[3 * at + 1]!, this.#positions[3 * at + 2]!];
    const weight = q[o + 10]!;
    if (weight === 0) return 0;
    const sum =
      x * (q[o]! * x + 2 * (q[o + 1]! * y + q[o + 2]! * z + q[o + 3]!)) +
      y * (q[o + 4]! * y + 2 * (q[o + 5]! * z + q[o + 6]!)) +
      z * (q[o + 7]! * z + 2 * q[o + 8]!) +
      q[o + 9]!;
    return Math.max(0, sum) / weight;
  }

  /** A vertex takes over the planes of another. */
  merge(from: number, into: number): void {
    for (let k = 0; k < QUADRIC; k++) this.#sums[QUADRIC * into + k]! += this.#sums[QUADRIC * from + k]!;
  }

  #addPlane(t: Uint32Array, at: number): void {
    const normal = normalOf(this.#positions, t[at]!, t[at + 1]!, t[at + 2]!);
    const length = Math.sqrt(squared(normal)); // twice the area
    if (!(length > 0)) return;
    const [a, b, c] = [normal[0] / length, normal[1] / length, normal[2] / length];
    const p = 3 * t[at]!;
    const d = -(a * this.#positions[p]! + b * this.#positions[p + 1]! + c * this.#positions[p + 2]!);
    const terms = [a * a, a * b, a * c, a * d, b * b, b * c, b * d, c * c, c * d, d * d, 1];
    for (let k = at; k < at + 3; k++) {
      const o = QUADRIC * t[k]!;
      for (let i = 0; i < QUADRIC; i++) this.#sums[o + i]! += length * terms[i]!;
    }
  }
}

/** Normal of a triangle; its length is twice the area. */
export function normalOf(p: Surface["positions"], a: number, b: number, c: number): Vector {
  const [ux, uy, uz] = [p[3 * b]! - p[3 * a]!, p[3 * b + 1]! - p[3 * a + 1]!, p[3 * b + 2]! - p[3 * a + 2]!];
  const [vx, vy, vz] = [p[3 * c]! - p[3 * a]!, p[3 * c + 1]! - p[3 * a + 1]!, p[3 * c + 2]! - p[3 * a + 2]!];
  return [uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx];
}

export function squared([x, y, z]: Vector): number {
  return x * x + y * y + z * z;
}
