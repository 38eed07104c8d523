import { Enclosed } from "./enclosed.js";
import { Fans } from "./fans.js";
import { Neighbourhood } from "./neighbourhood.js";
import { Quadrics } from "./quadrics.js";
import type { Surface } from "./surface.js";

export interface SimplifyOptions {
  /**
   * Distance that a surface may move, in the units of its positions: the root mean square over the original surface that a vertex
   * stands for.
   */
  errorMax: number;
  /** Stop as soon as there are no more triangles than these. */
  trianglesMax?: number | undefined;
}

/** Rounds in which the error that is allowed grows to its full size: what is flat goes first. */
const RAMP_ROUNDS = 6;
const ROUNDS_MAX = 60;
/** A round that removes no more of the vertices is the last, unless a number of triangles is to be reached. */
const GAIN_MIN = 0.01;
const BUCKETS = 4096;

/**
 * Reduces the triangles of a surface by edge collapses of vertices that hardly shape it into a neighbour. No vertex moves, so
 * positions stay on their grid and the bounding box stays. A closed surface stays closed, each closed part of it encloses at least
 * half and at most twice of what it did, whatever the error that is allowed, and the rim of an open one keeps every vertex, so that
 * parts of a cut surface still fit together.
 *
 * Source: Garland and Heckbert 1997, "Surface simplification using quadric error metrics", with half-edge collapses; the link
 * condition of Dey et al. 1999. Rounds of independent collapses replace their queue. Deterministic on any machine.
 *
 * Cost: a million triangles in about 2 s; memory some 170 bytes a vertex.
 */
export function simplify<S extends Surface>(surface: S, { errorMax, trianglesMax = 0 }: SimplifyOptions): S {
  const mesh = new Collapsing(surface);
  for (let round = 0; round < ROUNDS_MAX && mesh.fans.count > trianglesMax; round++) {
    const limit = (errorMax * Math.min(1, (round + 1) / RAMP_ROUNDS)) ** 2;
    const removed = mesh.round(limit, trianglesMax);
    if (round >= RAMP_ROUNDS - 1 && removed <= (trianglesMax > 0 ? 0 : GAIN_MIN * mesh.fans.vertices)) break;
  }
  return keptOf(surface, mesh.fans) as S;
}

class Collapsing {
  readonly fans: Fans;
  readonly #positions: Surface["positions"];
  readonly #quadrics: Quadrics;
  readonly #neighbourhood: Neighbourhood;
  readonly #enclosed: Enclosed;
  readonly #fixed: Uint8Array;
  /** Least error of removing each vertex, as of the last round, and flags of those whose error may have changed since. */
  readonly #errors: Float64Array;
  readonly #changed: Uint8Array;
  readonly #least = [Infinity, Infinity, Infinity];
  readonly #greatest = [-Infinity, -Infinity, -Infinity];

  constructor(surface: Surface) {
    this.fans = new Fans(surface);
    this.#positions = surface.positions;
    this.#quadrics = new Quadrics(surface);
    this.#neighbourhood = new Neighbourhood(surface, this.fans);
    const { vertices } = this.fans;
    this.#fixed = Uint8Array.from({ length: vertices }, (_, v) => (this.#neighbourhood.isInner(v) ? 0 : 1));
    this.#enclosed = new Enclosed(surface, this.fans, this.#fixed);
    this.#errors = new Float64Array(vertices);
    this.#changed = new Uint8Array(vertices).fill(1);
    for (let i = 0; i < surface.positions.length; i++) {
      this.#least[i % 3] = Math.min(this.#least[i % 3]!, surface.positions[i]!);
      this.#greatest[i % 3] = Math.max(this.#greatest[i % 3]!, surface.positions[i]!);
    }
  }

  /** One round: each vertex may go once, and nothing beside it changes in the same round. @returns vertices removed. */
  round(limit: number, trianglesMax: number): number {
    const candidates = this.#candidates(limit);
    const frozen = this.#changed.fill(0);
    const { triangles, starts, around } = this.fans;
    let removed = 0;
    let left = this.fans.count;
    for (const v of candidates) {
      const u = frozen[v] ? undefined : this.#targetOf(v, limit, frozen);
      if (u === undefined) continue;
      for (let i = starts[v]!; i < starts[v + 1]!; i++) {
        const at = 3 * around[i]!;
        for (let k = at; k < at + 3; k++) frozen[triangles[k]!] = 1;
      }
      left -= this.fans.collapse(v, u);
      this.#quadrics.merge(v, u);
      removed++;
      if (left <= trianglesMax) break;
    }
    this.fans.refresh();
    return removed;
  }

  /** Vertices that may go, in the order of the error that this would make at least. Without a limit the better half of them. */
  #candidates(limit: number): Uint32Array {
    let greatest = 0;
    for (let v = 0; v < this.fans.vertices; v++) {
      if (this.#changed[v]) this.#errors[v] = this.#fixed[v] ? Number.POSITIVE_INFINITY : this.#leastError(v);
      const error = this.#errors[v]!;
      if (error <= limit && error > greatest && error < Number.POSITIVE_INFINITY) greatest = error;
    }
    const order = inOrder(this.#errors, greatest);
    return Number.isFinite(limit) ? order : order.subarray(0, Math.ceil(order.length / 2));
  }

  /**
   * Least error of moving a vertex into any of its neighbours; each neighbour follows it in one triangle. Infinity for a removed
   * vertex.
   */
  #leastError(v: number): number {
    const { triangles: t, starts, around } = this.fans;
    let least = Number.POSITIVE_INFINITY;
    for (let i = starts[v]!; i < starts[v + 1]!; i++) {
      const at = 3 * around[i]!;
      const error = this.#quadrics.error(v, t[at] === v ? t[at + 1]! : t[at + 1] === v ? t[at + 2]! : t[at]!);
      if (error < least) least = error;
    }
    return least;
  }

  /** The neighbour that a vertex may be drawn into with the least error. */
  #targetOf(v: number, limit: number, frozen: Uint8Array): number | undefined {
    const { triangles, starts, around } = this.fans;
    const neighbours: { u: number; error: number }[] = [];
    for (let i = starts[v]!; i < starts[v + 1]!; i++) {
      const at = 3 * around[i]!;
      for (let k = at; k < at + 3; k++) {
        const u = triangles[k]!;
        if (u === v || frozen[u] || neighbours.some((other) => other.u === u)) continue;
        const error = this.#quadrics.error(v, u);
        if (error <= limit) neighbours.push({ u, error });
      }
    }
    neighbours.sort((a, b) => a.error - b.error);
    return neighbours.find(
      ({ u }) => this.#keepsBox(v, u) && this.#neighbourhood.mayCollapse(v, u) && this.#enclosed.allows(v, u),
    )?.u;
  }

  /** Vertices on a side of the surface's bounding box may move along that side only. */
  #keepsBox(v: number, u: number): boolean {
    for (let axis = 0; axis < 3; axis++) {
      const at = this.#positions[3 * v + axis]!;
      if ((at === this.#least[axis] || at === this.#greatest[axis]) && this.#positions[3 * u + axis] !== at) return false;
    }
    return true;
  }
}

/** Vertices with an error up to `greatest`, the least one first, by buckets. */
function inOrder(errors: Float64Array, greatest: number): Uint32Array {
  const scale = greatest > 0 ? (BUCKETS - 1) / greatest : 0;
  const counts = new Uint32Array(BUCKETS + 1);
  for (let v = 0; v < errors.length; v++) if (errors[v]! <= greatest) counts[Math.floor(errors[v]! * scale) + 1]!++;
  for (let b = 0; b < BUCKETS; b++) counts[b + 1]! += counts[b]!;
  const order = new Uint32Array(counts[BUCKETS]!);
  for (let v = 0; v < errors.length; v++) {
    if (errors[v]! <= greatest) order[counts[Math.floor(errors[v]! * scale)]!++] = v;
  }
  return order;
}

/** The vertices that triangles still have, in the order in which these name them. */
function keptOf(surface: Surface, { count, vertices, triangles: left }: Fans): Surface {
  const names = new Uint32Array(vertices);
  const triangles = new Uint32Array(3 * count);
  const kept: number[] = [];
  for (let i = 0; i < triangles.length; i++) {
    const v = left[i]!;
    if (names[v] === 0) names[v] = kept.push(v);
    triangles[i] = names[v]! - 1;
  }
  const positions = new (surface.positions.constructor as Int32ArrayConstructor)(3 * kept.length);
  for (const [i, v] of kept.entries()) {
    for (let axis = 0; axis < 3; axis++) positions[3 * i + axis] = surface.positions[3 * v + axis]!;
  }
  return { positions, triangles };
}
