import { DisjointSets } from "../operators/components/disjoint-sets.js";
import type { Fans } from "./fans.js";
import type { Surface } from "./surface.js";

/** A closed part keeps at least this share of the volume that it encloses, and never more than its inverse. */
const SHARE_MIN = 0.5;

/**
 * The volumes that the closed parts of a surface enclose, while its vertices are drawn into each other. Each such step may turn
 * triangles a little, and many of them can turn a small part inside out; its volume shows that. What a cavity encloses counts
 * below zero.
 */
export class Enclosed {
  readonly #positions: Surface["positions"];
  readonly #fans: Fans;
  /** The part of each vertex: a member of its own set. */
  readonly #partOf: Uint32Array;
  /** Six times the volume of each part: as it came, and now. 0 where it is open, or encloses nothing. */
  readonly #first: Float64Array;
  readonly #now: Float64Array;

  /** @param isRim 1 for vertices around which triangles do not close: their part is open, and has no volume to keep */
  constructor({ positions, triangles }: Surface, fans: Fans, isRim: Uint8Array) {
    this.#positions = positions;
    this.#fans = fans;
    const sets = new DisjointSets(fans.vertices);
    for (let at = 0; at < triangles.length; at += 3) {
      sets.join(triangles[at]! + 1, triangles[at + 1]! + 1);
      sets.join(triangles[at]! + 1, triangles[at + 2]! + 1);
    }
    this.#partOf = Uint32Array.from({ length: fans.vertices }, (_, v) => sets.find(v + 1) - 1);
    this.#first = new Float64Array(fans.vertices);
    // from the part's own vertex: large coordinates would take the digits of a small volume
    for (let at = 0; at < triangles.length; at += 3) {
      const part = this.#partOf[triangles[at]!]!;
      this.#first[part]! += this.#from(part, triangles[at]!, triangles[at + 1]!, triangles[at + 2]!);
    }
    for (let v = 0; v < fans.vertices; v++) if (isRim[v]) this.#first[this.#partOf[v]!] = 0;
    this.#now = this.#first.slice();
  }

  /** Draws v into u in what is counted, unless its part would lose or gain too much by that. @returns whether it did. */
  allows(v: number, u: number): boolean {
    const part = this.#partOf[v]!;
    const first = this.#first[part]!;
    if (first === 0) return true;
    const { triangles: t, starts, around } = this.#fans;
    let change = 0;
    for (let i = starts[v]!; i < starts[v + 1]!; i++) {
      const at = 3 * around[i]!;
      if (this.#fans.has(at, u)) continue;
      const k = t[at] === v ? 0 : t[at + 1] === v ? 1 : 2;
      change += this.#from(v, u, t[at + ((k + 1) % 3)]!, t[at + ((k + 2) % 3)]!);
    }
    const share = (this.#now[part]! + change) / first;
    if (share < SHARE_MIN || share > 1 / SHARE_MIN) return false;
    this.#now[part]! += change;
    return true;
  }

  /** Six times the volume between the vertex `from` and a triangle. */
  #from(from: number, a: number, b: number, c: number): number {
    const p = this.#positions;
    const [x, y, z] = [p[3 * from]!, p[3 * from + 1]!, p[3 * from + 2]!];
    const [ax, ay, az] = [p[3 * a]! - x, p[3 * a + 1]! - y, p[3 * a + 2]! - z];
    const [bx, by, bz] = [p[3 * b]! - x, p[3 * b + 1]! - y, p[3 * b + 2]! - z];
    const [cx, cy, cz] = [p[3 * c]! - x, p[3 * c + 1]! - y, p[3 * c + 2]! - z];
    return ax * (by * cz - bz * cy) + ay * (bz * cx - bx * cz) + az * (bx * cy - by * cx);
  }
}
