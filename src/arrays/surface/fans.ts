import type { Surface } from "./surface.js";

/** The triangles of a surface, and those around each vertex as of the last call of `refresh`. */
export class Fans {
  readonly triangles: Uint32Array;
  /** Triangles left. */
  count: number;
  /** Vertices of the surface as it came. */
  readonly vertices: number;
  /** `around[starts[v], starts[v + 1])` are the triangles of vertex v. */
  readonly starts: Uint32Array;
  around = new Uint32Array(0);

  constructor({ positions, triangles }: Surface) {
    this.triangles = triangles.slice();
    this.count = triangles.length / 3;
    this.vertices = positions.length / 3;
    this.starts = new Uint32Array(this.vertices + 1);
    this.refresh();
  }

  has(at: number, v: number): boolean {
    return this.triangles[at] === v || this.triangles[at + 1] === v || this.triangles[at + 2] === v;
  }

  /** Draws a vertex into a neighbour. @returns triangles that are gone. */
  collapse(v: number, u: number): number {
    const { triangles, starts, around } = this;
    let gone = 0;
    for (let i = starts[v]!; i < starts[v + 1]!; i++) {
      const at = 3 * around[i]!;
      if (this.has(at, u)) {
        triangles.fill(v, at, at + 3); // no triangle any more
        gone++;
      } else {
        for (let k = at; k < at + 3; k++) if (triangles[k] === v) triangles[k] = u;
      }
    }
    return gone;
  }

  /** Leaves out triangles that are gone. */
  refresh(): void {
    let kept = 0;
    const t = this.triangles;
    for (let at = 0; at < 3 * this.count; at += 3) {
      if (t[at] === t[at + 1] || t[at + 1] === t[at + 2] || t[at + 2] === t[at]) continue;
      t.copyWithin(kept, at, at + 3);
      kept += 3;
    }
    this.count = kept / 3;
    const starts = this.starts.fill(0);
    for (let i = 0; i < kept; i++) starts[t[i]! + 1]!++;
    for (let v = 0; v < this.vertices; v++) starts[v + 1]! += starts[v]!;
    const next = starts.slice();
    if (this.around.length < kept) this.around = new Uint32Array(kept);
    for (let i = 0; i < kept; i++) this.around[next[t[i]!]!++] = Math.floor(i / 3);
  }
}
