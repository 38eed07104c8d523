import type { Surface } from "./surface.js";

export interface SimplifyOptions {
  /** How far a surface may move, in the units of its positions: the root mean square over what a vertex stood for. */
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
/** A triangle may turn by this cosine at most. */
const TURN_COSINE_MIN = 0.2;

/**
 * A surface with fewer triangles that lies where it lay: vertices that hardly shape it are drawn into a neighbour. No vertex moves, so
 * positions stay those of the grid they came from, and the surface's box stays its box. A closed surface stays closed, an edge of two triangles stays one of two. The rim of an open
 * surface stays as it is, vertex for vertex: parts of a surface that was cut fit together as before.
 *
 * Source: Garland and Heckbert 1997, "Surface simplification using quadric error metrics", with half-edge collapses; the link condition of
 * Dey et al. 1999. Rounds of collapses that do not touch each other stand in for their queue. The same surface gives the same result on any
 * machine.
 *
 * Cost: a million triangles in about 2 s; memory some 150 bytes a vertex.
 */
export function simplify<S extends Surface>(surface: S, { errorMax, trianglesMax = 0 }: SimplifyOptions): S {
  const mesh = new Collapsing(surface);
  for (let round = 0; round < ROUNDS_MAX && mesh.count > trianglesMax; round++) {
    const limit = (errorMax * Math.min(1, (round + 1) / RAMP_ROUNDS)) ** 2;
    const removed = mesh.round(limit, trianglesMax);
    if (round >= RAMP_ROUNDS - 1 && removed <= (trianglesMax > 0 ? 0 : GAIN_MIN * mesh.vertices)) break;
  }
  return mesh.result() as S;
}

/** Distances to planes, squared and weighed: 10 sums of a symmetric 4×4, and the weight. */
const QUADRIC = 11;

class Collapsing {
  readonly #positions: Surface["positions"];
  #triangles: Uint32Array;
  /** Triangles left. */
  count: number;
  /** Vertices of the surface as it came. */
  readonly vertices: number;
  readonly #quadrics: Float64Array;
  readonly #fixed: Uint8Array;
  /** What each vertex would make of an error at least, as of the last round, and which of them may have another one since. */
  readonly #errors: Float64Array;
  readonly #changed: Uint8Array;
  /** Triangles around each vertex, as of the beginning of a round. */
  readonly #starts: Uint32Array;
  #around = new Uint32Array(0);
  readonly #least = [Infinity, Infinity, Infinity];
  readonly #greatest = [-Infinity, -Infinity, -Infinity];
  readonly #mark: Uint32Array;
  #stamp = 0;

  constructor({ positions, triangles }: Surface) {
    this.#positions = positions;
    this.#triangles = triangles.slice();
    this.count = triangles.length / 3;
    this.vertices = positions.length / 3;
    this.#quadrics = new Float64Array(QUADRIC * this.vertices);
    this.#fixed = new Uint8Array(this.vertices);
    this.#errors = new Float64Array(this.vertices);
    this.#changed = new Uint8Array(this.vertices).fill(1);
    this.#starts = new Uint32Array(this.vertices + 1);
    this.#mark = new Uint32Array(this.vertices);
    this.#compact();
    this.#index();
    for (let t = 0; t < this.count; t++) this.#addPlane(t);
    for (let v = 0; v < this.vertices; v++) if (!this.#isInner(v)) this.#fixed[v] = 1;
    for (let i = 0; i < positions.length; i++) {
      this.#least[i % 3] = Math.min(this.#least[i % 3]!, positions[i]!);
      this.#greatest[i % 3] = Math.max(this.#greatest[i % 3]!, positions[i]!);
    }
  }

  /** One round: each vertex may go once, and nothing beside it changes in the same round. @returns vertices removed. */
  round(limit: number, trianglesMax: number): number {
    const candidates = this.#candidates(limit);
    const frozen = this.#changed.fill(0);
    let removed = 0;
    let left = this.count;
    for (const v of candidates) {
      const u = frozen[v] ? undefined : this.#targetOf(v, limit, frozen);
      if (u === undefined) continue;
      for (let i = this.#starts[v]!; i < this.#starts[v + 1]!; i++) {
        const at = 3 * this.#around[i]!;
        for (let k = at; k < at + 3; k++) frozen[this.#triangles[k]!] = 1;
      }
      left -= this.#collapse(v, u);
      removed++;
      if (left <= trianglesMax) break;
    }
    this.#compact();
    this.#index();
    return removed;
  }

  result(): Surface {
    const names = new Uint32Array(this.vertices);
    const triangles = new Uint32Array(3 * this.count);
    const kept: number[] = [];
    for (let i = 0; i < triangles.length; i++) {
      const v = this.#triangles[i]!;
      if (names[v] === 0) names[v] = kept.push(v);
      triangles[i] = names[v]! - 1;
    }
    const positions = new (this.#positions.constructor as Int32ArrayConstructor)(3 * kept.length);
    for (const [i, v] of kept.entries()) {
      for (let axis = 0; axis < 3; axis++) positions[3 * i + axis] = this.#positions[3 * v + axis]!;
    }
    return { positions, triangles };
  }

  /** Vertices that may go, in the order of the error that this would make at least. Without a limit the better half of them. */
  #candidates(limit: number): Uint32Array {
    let greatest = 0;
    for (let v = 0; v < this.vertices; v++) {
      if (this.#changed[v]) this.#errors[v] = this.#fixed[v] ? Number.POSITIVE_INFINITY : this.#leastError(v);
      const error = this.#errors[v]!;
      if (error <= limit && error > greatest && error < Number.POSITIVE_INFINITY) greatest = error;
    }
    const errors = this.#errors;
    const scale = greatest > 0 ? (BUCKETS - 1) / greatest : 0;
    const counts = new Uint32Array(BUCKETS + 1);
    for (let v = 0; v < this.vertices; v++) if (errors[v]! <= greatest) counts[Math.floor(errors[v]! * scale) + 1]!++;
    for (let b = 0; b < BUCKETS; b++) counts[b + 1]! += counts[b]!;
    const order = new Uint32Array(counts[BUCKETS]!);
    for (let v = 0; v < this.vertices; v++) {
      if (errors[v]! <= greatest) order[counts[Math.floor(errors[v]! * scale)]!++] = v;
    }
    return Number.isFinite(limit) ? order : order.subarray(0, Math.ceil(order.length / 2));
  }

  /** Of drawing a vertex into any of its neighbours; each of them is behind it in one triangle. Infinite for one that is gone. */
  #leastError(v: number): number {
    const t = this.#triangles;
    let least = Number.POSITIVE_INFINITY;
    for (let i = this.#starts[v]!; i < this.#starts[v + 1]!; i++) {
      const at = 3 * this.#around[i]!;
      const error = this.#error(v, t[at] === v ? t[at + 1]! : t[at + 1] === v ? t[at + 2]! : t[at]!);
      if (error < least) least = error;
    }
    return least;
  }

  /** The neighbour that a vertex may be drawn into with the least error. */
  #targetOf(v: number, limit: number, frozen: Uint8Array): number | undefined {
    const neighbours: { u: number; error: number }[] = [];
    for (let i = this.#starts[v]!; i < this.#starts[v + 1]!; i++) {
      const at = 3 * this.#around[i]!;
      for (let k = at; k < at + 3; k++) {
        const u = this.#triangles[k]!;
        if (u === v || frozen[u] || neighbours.some((other) => other.u === u)) continue;
        const error = this.#error(v, u);
        if (error <= limit) neighbours.push({ u, error });
      }
    }
    neighbours.sort((a, b) => a.error - b.error);
    return neighbours.find(({ u }) => this.#keepsBox(v, u) && this.#mayCollapse(v, u))?.u;
  }

  /** What lies on a side of the surface's box goes along that side only. */
  #keepsBox(v: number, u: number): boolean {
    for (let axis = 0; axis < 3; axis++) {
      const at = this.#positions[3 * v + axis]!;
      if ((at === this.#least[axis] || at === this.#greatest[axis]) && this.#positions[3 * u + axis] !== at) return false;
    }
    return true;
  }

  /** Mean squared distance of one vertex's place from the planes of another. */
  #error(of: number, at: number): number {
    const q = this.#quadrics;
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

  #mayCollapse(v: number, u: number): boolean {
    // neighbours of v, and which of them are neighbours of u as well
    const mine = ++this.#stamp;
    const shared = ++this.#stamp;
    for (let i = this.#starts[v]!; i < this.#starts[v + 1]!; i++) {
      const at = 3 * this.#around[i]!;
      for (let k = at; k < at + 3; k++) this.#mark[this.#triangles[k]!] = mine;
    }
    this.#mark[v] = 0;
    this.#mark[u] = 0;
    let common = 0;
    let beside = 0;
    for (let i = this.#starts[u]!; i < this.#starts[u + 1]!; i++) {
      const at = 3 * this.#around[i]!;
      const [a, b, c] = [this.#triangles[at]!, this.#triangles[at + 1]!, this.#triangles[at + 2]!];
      const hasV = a === v || b === v || c === v;
      if (hasV) beside++;
      for (let k = at; k < at + 3; k++) {
        const w = this.#triangles[k]!;
        if (this.#mark[w] === mine) {
          this.#mark[w] = shared;
          common++;
        }
      }
    }
    if (common !== 2 || beside !== 2) return false;
    for (let i = this.#starts[u]!; i < this.#starts[u + 1]!; i++) {
      // a triangle of u between both common neighbours would be met by one of v's
      const at = 3 * this.#around[i]!;
      let met = 0;
      for (let k = at; k < at + 3; k++) if (this.#mark[this.#triangles[k]!] === shared) met++;
      if (met === 2 && !this.#has(at, v) && this.#starts[v + 1]! - this.#starts[v]! === 3) return false;
    }
    for (let i = this.#starts[v]!; i < this.#starts[v + 1]!; i++) {
      const at = 3 * this.#around[i]!;
      if (!this.#has(at, u) && !this.#keepsTurn(at, v, u)) return false;
    }
    return true;
  }

  #has(at: number, v: number): boolean {
    return this.#triangles[at] === v || this.#triangles[at + 1] === v || this.#triangles[at + 2] === v;
  }

  /** Whether a triangle still looks where it looked when v is where u is. */
  #keepsTurn(at: number, v: number, u: number): boolean {
    const t = this.#triangles;
    const before = this.#normal(t[at]!, t[at + 1]!, t[at + 2]!);
    const [a, b, c] = [0, 1, 2].map((k) => (t[at + k] === v ? u : t[at + k]!)) as [number, number, number];
    const after = this.#normal(a, b, c);
    const dot = before[0] * after[0] + before[1] * after[1] + before[2] * after[2];
    return dot > TURN_COSINE_MIN * Math.sqrt(squared(before) * squared(after));
  }

  /** @returns triangles that are gone. */
  #collapse(v: number, u: number): number {
    let gone = 0;
    for (let i = this.#starts[v]!; i < this.#starts[v + 1]!; i++) {
      const at = 3 * this.#around[i]!;
      if (this.#has(at, u)) {
        this.#triangles.fill(v, at, at + 3); // no triangle any more
        gone++;
      } else {
        for (let k = at; k < at + 3; k++) if (this.#triangles[k] === v) this.#triangles[k] = u;
      }
    }
    for (let k = 0; k < QUADRIC; k++) this.#quadrics[QUADRIC * u + k]! += this.#quadrics[QUADRIC * v + k]!;
    return gone;
  }

  #compact(): void {
    let kept = 0;
    const t = this.#triangles;
    for (let at = 0; at < 3 * this.count; at += 3) {
      if (t[at] === t[at + 1] || t[at + 1] === t[at + 2] || t[at + 2] === t[at]) continue;
      t.copyWithin(kept, at, at + 3);
      kept += 3;
    }
    this.count = kept / 3;
  }

  #index(): void {
    const starts = this.#starts.fill(0);
    const corners = 3 * this.count;
    for (let i = 0; i < corners; i++) starts[this.#triangles[i]! + 1]!++;
    for (let v = 0; v < this.vertices; v++) starts[v + 1]! += starts[v]!;
    const next = starts.slice();
    if (this.#around.length < corners) this.#around = new Uint32Array(corners);
    for (let i = 0; i < corners; i++) this.#around[next[this.#triangles[i]!]!++] = Math.floor(i / 3);
  }

  #addPlane(triangle: number): void {
    const t = this.#triangles;
    const at = 3 * triangle;
    const normal = this.#normal(t[at]!, t[at + 1]!, t[at + 2]!);
    const length = Math.sqrt(squared(normal)); // twice the area
    if (!(length > 0)) return;
    const [a, b, c] = [normal[0] / length, normal[1] / length, normal[2] / length];
    const p = 3 * t[at]!;
    const d = -(a * this.#positions[p]! + b * this.#positions[p + 1]! + c * this.#positions[p + 2]!);
    const terms = [a * a, a * b, a * c, a * d, b * b, b * c, b * d, c * c, c * d, d * d, 1];
    for (let k = at; k < at + 3; k++) {
      const o = QUADRIC * t[k]!;
      for (let i = 0; i < QUADRIC; i++) this.#quadrics[o + i]! += length * terms[i]!;
    }
  }

  #normal(a: number, b: number, c: number): [number, number, number] {
    const p = this.#positions;
    const [ux, uy, uz] = [p[3 * b]! - p[3 * a]!, p[3 * b + 1]! - p[3 * a + 1]!, p[3 * b + 2]! - p[3 * a + 2]!];
    const [vx, vy, vz] = [p[3 * c]! - p[3 * a]!, p[3 * c + 1]! - p[3 * a + 1]!, p[3 * c + 2]! - p[3 * a + 2]!];
    return [uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx];
  }

  /** Whether triangles close around a vertex: each neighbour is met by two of them. */
  #isInner(v: number): boolean {
    const once = ++this.#stamp;
    const twice = ++this.#stamp;
    let [neighbours, met] = [0, 0];
    for (let i = this.#starts[v]!; i < this.#starts[v + 1]!; i++) {
      const at = 3 * this.#around[i]!;
      for (let k = at; k < at + 3; k++) {
        const w = this.#triangles[k]!;
        if (w === v) continue;
        if (this.#mark[w] === twice) return false;
        if (this.#mark[w] === once) met++;
        else neighbours++;
        this.#mark[w] = this.#mark[w] === once ? twice : once;
      }
    }
    return neighbours > 2 && met === neighbours;
  }
}

function squared([x, y, z]: readonly [number, number, number]): number {
  return x * x + y * y + z * z;
}
