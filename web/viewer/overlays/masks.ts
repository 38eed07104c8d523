import type { Triple } from "../../../src/core/box.js";
import { Recent } from "../../../src/core/recent.js";
import { instanceColours } from "../../../src/model/instance-colours.js";
import type { OverlayLayer, VolumeFacts } from "../../../src/model/page-api.js";
import { indexAt, PANE_AXES, PLANE_AXES, worldAt } from "../geometry.js";
import type { Axis, PaneTransform, PaneView } from "../overlay.js";
import type { PlaneSource } from "../planes.js";
import { openLayer } from "../served.js";
import { packed, type Strokes } from "./strokes.js";

interface MaskPlane {
  readonly rows: number;
  readonly columns: number;
  readonly labels: ArrayLike<number>;
  readonly picture: OffscreenCanvas;
  readonly outline: readonly Edge[];
}

/** A straight piece of an outline: row and column of both ends, and the label inside. */
type Edge = readonly [row0: number, column0: number, row1: number, column1: number, label: number];

/** Bytes of one mask's planes that are kept, all together. */
const PLANES_BYTES = 64 * 2 ** 20;
/** Planes across one axis that are asked for at a time: who scrolls gets the newest next. */
const ASKED_MAX = 2;
const FILL = 0.4;

/** Planes of one mask, as they are asked for. */
export class MaskPlanes {
  #source: PlaneSource | undefined;
  readonly #planes = new Recent<string, MaskPlane>(
    PLANES_BYTES,
    ({ rows, columns, outline }) => 8 * rows * columns + 64 * outline.length,
  );
  readonly #asked = new Map<string, Promise<void>>();
  readonly #failed = new Set<string>();
  readonly #stop = new AbortController();
  readonly #opening: Promise<void>;

  constructor(
    readonly layer: OverlayLayer,
    readonly changed: (error?: unknown) => void,
  ) {
    this.#opening = openLayer(layer.volumeRef!, this.#stop.signal).then(
      (source) => {
        this.#source = source;
        changed();
      },
      (error: unknown) => void (this.#stop.signal.aborted || changed(error)),
    );
  }

  close(): void {
    this.#stop.abort();
  }

  get #facts(): VolumeFacts | undefined {
    return this.#source?.facts;
  }

  /** When the plane of a pane is there, or cannot be. */
  async ready(pane: PaneView): Promise<void> {
    await this.#opening;
    const at = this.#sectionAt(pane);
    if (at === undefined || !this.#facts) return;
    const key = `${pane.axis} ${at}`;
    if (!this.#planes.has(key) && !this.#failed.has(key))
      await (this.#asked.get(key) ?? this.#ask(this.#facts.shape, pane.axis, at));
  }

  /** Fills the plane that is there, and asks for the one that is not. @returns whether it is there */
  fill(pane: PaneView, transform: PaneTransform, context: CanvasRenderingContext2D, opacity: number): boolean {
    const facts = this.#facts;
    const at = this.#sectionAt(pane);
    if (!facts || at === undefined) return false;
    const key = `${pane.axis} ${at}`;
    const plane = this.#planes.get(key);
    if (!plane) {
      const underWay = [...this.#asked.keys()].filter((one) => one.startsWith(pane.axis)).length;
      if (underWay < ASKED_MAX && !this.#asked.has(key) && !this.#failed.has(key)) void this.#ask(facts.shape, pane.axis, at);
      return false;
    }
    const { u, v, row, column } = this.#placed(pane, transform);
    context.save();
    context.transform(column.u, column.v, row.u, row.v, u, v);
    context.imageSmoothingEnabled = false;
    context.globalAlpha = FILL * opacity;
    context.drawImage(plane.picture, 0, 0);
    context.restore();
    return true;
  }

  /** Outlines the plane that `fill` has filled. */
  outline(pane: PaneView, transform: PaneTransform, strokes: Strokes, opacity: number): void {
    const plane = this.#planes.get(`${pane.axis} ${this.#sectionAt(pane)}`);
    if (!plane) return;
    const { u, v, row, column } = this.#placed(pane, transform);
    const tints = new Map<number, number>();
    const colourOf = labelColours(this.layer);
    for (const [r0, c0, r1, c1, label] of plane.outline) {
      const [u0, v0] = [u + c0 * column.u + r0 * row.u, v + c0 * column.v + r0 * row.v];
      const [u1, v1] = [u + c1 * column.u + r1 * row.u, v + c1 * column.v + r1 * row.v];
      if (Math.max(u0, u1) < 0 || Math.max(v0, v1) < 0 || Math.min(u0, u1) > pane.width || Math.min(v0, v1) > pane.height)
        continue;
      let tint = tints.get(label);
      if (tint === undefined) {
        tint = packed(colourOf(label), opacity);
        tints.set(label, tint);
      }
      strokes.line(u0, v0, u1, v1, 1, tint);
    }
  }

  /** Position of the first voxel's corner in a pane, and the steps of a row and of a column there, in CSS pixels. */
  #placed(pane: PaneView, transform: PaneTransform) {
    const axes = PLANE_AXES[pane.axis];
    const corner = (rows: number, columns: number) => {
      const world: [number, number, number] = [0, 0, 0];
      world[PANE_AXES[pane.axis].normal] = pane.atAngstrom;
      world[axes.row] = worldAt(this.#facts!, axes.row, rows - 0.5);
      world[axes.column] = worldAt(this.#facts!, axes.column, columns - 0.5);
      return transform.toPane(world as Triple);
    };
    const first = corner(0, 0);
    const from = ({ u, v }: { u: number; v: number }) => ({ u: u - first.u, v: v - first.v });
    return { u: first.u, v: first.v, row: from(corner(1, 0)), column: from(corner(0, 1)) };
  }

  /** The label below a point of the pane; 0 is none. */
  labelAt(pane: PaneView, world: Triple): number {
    const at = this.#sectionAt(pane);
    const plane = at === undefined ? undefined : this.#planes.get(`${pane.axis} ${at}`);
    if (!this.#facts || !plane) return 0;
    const { row, column } = PLANE_AXES[pane.axis];
    const [r, c] = [row, column].map((axis) => Math.round(indexAt(this.#facts!, axis, world[axis]!))) as [number, number];
    if (r < 0 || c < 0 || r >= plane.rows || c >= plane.columns) return 0;
    return plane.labels[r * plane.columns + c]!;
  }

  #sectionAt({ axis, atAngstrom }: PaneView): number | undefined {
    if (!this.#facts) return undefined;
    const { normal } = PANE_AXES[axis];
    const at = Math.round(indexAt(this.#facts, normal, atAngstrom));
    return at >= 0 && at < this.#facts.shape[normal] ? at : undefined;
  }

  #ask(shape: Triple, axis: Axis, at: number): Promise<void> {
    const key = `${axis} ${at}`;
    const { row, column } = PLANE_AXES[axis];
    const wanted = { axis, at, level: 0, box: [0, 0, shape[row], shape[column]], slab: 1, as: "native" } as const;
    const asked = this.#source!.read(wanted, this.#stop.signal).then(
      ({ rows, columns, data }) => {
        this.#asked.delete(key);
        this.#planes.set(key, drawn(this.layer, rows, columns, data));
        this.changed();
      },
      (error: unknown) => {
        this.#asked.delete(key);
        if (this.#stop.signal.aborted) return;
        this.#failed.add(key);
        this.changed(error);
      },
    );
    this.#asked.set(key, asked);
    return asked;
  }
}

function drawn(layer: OverlayLayer, rows: number, columns: number, labels: ArrayLike<number>): MaskPlane {
  const picture = new OffscreenCanvas(columns, rows);
  const context = picture.getContext("2d")!;
  const image = context.createImageData(columns, rows);
  const pixels = new Uint32Array(image.data.buffer);
  const tints = new Map<number, number>();
  const colourOf = labelColours(layer);
  let [last, tint] = [0, 0];
  for (let i = 0; i < pixels.length; i++) {
    const label = labels[i]!;
    if (label === 0) continue;
    // neighbours are mostly of one instance
    if (label !== last) {
      tint = tints.get(label) ?? packed(colourOf(label), 1);
      tints.set(label, tint);
      last = label;
    }
    pixels[i] = tint;
  }
  context.putImageData(image, 0, 0);
  return { rows, columns, labels, picture, outline: outlineOf(rows, columns, labels) };
}

function labelColours(layer: OverlayLayer): (label: number) => string {
  return layer.kind === "instances" ? instanceColours(layer, NO_POINTS) : () => layer.color;
}
const NO_POINTS = new Uint32Array(0);

/** Edges between different labels, in pieces as long as they are straight and the label inside is one. */
function outlineOf(rows: number, columns: number, labels: ArrayLike<number>): Edge[] {
  const edges: Edge[] = [];
  const at = (row: number, column: number) =>
    row < 0 || column < 0 || row >= rows || column >= columns ? 0 : labels[row * columns + column]!;
  for (const isAcross of [true, false]) {
    const [lines, places] = isAcross ? [rows, columns] : [columns, rows];
    for (let line = 0; line <= lines; line++) {
      let [from, inside] = [0, 0];
      for (let place = 0; place <= places; place++) {
        const before = isAcross ? at(line - 1, place) : at(place, line - 1);
        const here = isAcross ? at(line, place) : at(place, line);
        const now = place === places || before === here ? 0 : here || before;
        if (now === inside) continue;
        if (inside !== 0) edges.push(isAcross ? [line, from, line, place, inside] : [from, line, place, line, inside]);
        [from, inside] = [place, now];
      }
    }
  }
  return edges;
}
