import type { Fans } from "./fans.js";
import { normalOf, squared } from "./quadrics.js";
import type { Surface } from "./surface.js";

/** A triangle may turn by this cosine at most. */
const TURN_COSINE_MIN = 0.2;

/** Checks on the neighbours of vertices. */
export class Neighbourhood {
  readonly #positions: Surface["positions"];
  readonly #fans: Fans;
  readonly #mark: Uint32Array;
  #stamp = 0;

  constructor({ positions }: Surface, fans: Fans) {
    this.#positions = positions;
    this.#fans = fans;
    this.#mark = new Uint32Array(fans.vertices);
  }

  /** Whether triangles close around a vertex: each neighbour is met by two of them. */
  isInner(v: number): boolean {
    const { triangles, starts, around } = this.#fans;
    const mark = this.#mark;
    const once = ++this.#stamp;
    const twice = ++this.#stamp;
    let [neighbours, met] = [0, 0];
    for (let i = starts[v]!; i < starts[v + 1]!; i++) {
      const at = 3 * around[i]!;
      for (let k = at; k < at + 3; k++) {
        const w = triangles[k]!;
        if (w === v) continue;
        if (mark[w] === twice) return false;
        if (mark[w] === once) met++;
        else neighbours++;
        mark[w] = mark[w] === once ? twice : once;
      }
    }
    return neighbours > 2 && met === neighbours;
  }

  mayCollapse(v: number, u: number): boolean {
    const { triangles, starts, around } = this.#fans;
    const mark = this.#mark;
    // neighbours of v, and which of them are neighbours of u as well
    const mine = ++this.#stamp;
    const shared = ++this.#stamp;
    for (let i = starts[v]!; i < starts[v + 1]!; i++) {
      const at = 3 * around[i]!;
      for (let k = at; k < at + 3; k++) mark[triangles[k]!] = mine;
    }
    mark[v] = 0;
    mark[u] = 0;
    let common = 0;
    let beside = 0;
    for (let i = starts[u]!; i < starts[u + 1]!; i++) {
      const at = 3 * around[i]!;
      if (this.#fans.has(at, v)) beside++;
      for (let k = at; k < at + 3; k++) {
        const w = triangles[k]!;
        if (mark[w] === mine) {
          mark[w] = shared;
          common++;
        }
      }
    }
    if (common !== 2 || beside !== 2) return false;
    for (let i = starts[u]!; i < starts[u + 1]!; i++) {
      // a triangle of u between both common neighbours would be met by one of v's
      const at = 3 * around[i]!;
      let met = 0;
      for (let k = at; k < at + 3; k++) if (mark[triangles[k]!] === shared) met++;
      if (met === 2 && !this.#fans.has(at, v) && starts[v + 1]! - starts[v]! === 3) return false;
    }
    for (let i = starts[v]!; i < starts[v + 1]!; i++) {
      const at = 3 * around[i]!;
      if (!this.#fans.has(at, u) && !this.#keepsTurn(at, v, u)) return false;
    }
    return true;
  }

  /** Whether a triangle still looks where it looked when v is where u is. */
  #keepsTurn(at: number, v: number, u: number): boolean {
    const t = this.#fans.triangles;
    const before = normalOf(this.#positions, t[at]!, t[at + 1]!, t[at + 2]!);
    const [a, b, c] = [0, 1, 2].map((k) => (t[at + k] === v ? u : t[at + k]!)) as [number, number, number];
    const after = normalOf(this.#positions, a, b, c);
    const dot = before[0] * after[0] + before[1] * after[1] + before[2] * after[2];
    return dot > TURN_COSINE_MIN * Math.sqrt(squared(before) * squared(after));
  }
}
