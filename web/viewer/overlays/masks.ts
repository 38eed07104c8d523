import type { Triple } from "../../../src/core/box.js";
import type { OverlayLayer, VolumeFacts } from "../../../src/model/page-api.js";
import { indexAt, PANE_AXES, PLANE_AXES, worldAt } from "../geometry.js";
import type { Axis, PaneTransform, PaneView } from "../overlay.js";
import type { PlaneSource } from "../planes.js";
import { openServed } from "../served.js";

interface MaskPlane {
  readonly rows: number;
  readonly columns: number;
  readonly labels: ArrayLike<number>;
  readonly picture: OffscreenCanvas;
  readonly outline: Path2D;
}

const PLANES_MAX = 12;
const FILL = 0.4;

/** Planes of one mask, as they are asked for. */
export class MaskPlanes {
  #source: PlaneSource | undefined;
  readonly #planes = new Map<string, MaskPlane | "asked" | "failed">();
  readonly #stop = new AbortController();

  constructor(
    readonly layer: OverlayLayer,
    readonly changed: (error?: unknown) => void,
  ) {
    openServed(layer.volumeRef!, this.#stop.signal).then(
      (source) => {
        this.#source = source;
        changed();
      },
      (error: unknown) => this.#stop.signal.aborted || changed(error),
    );
  }

  close(): void {
    this.#stop.abort();
  }

  get #facts(): VolumeFacts | undefined {
    return this.#source?.facts;
  }

  /** Draws the plane that is there, and asks for the one that is not. */
  paint(pane: PaneView, transform: PaneTransform, context: CanvasRenderingContext2D, opacity: number): void {
    const facts = this.#facts;
    const at = this.#sectionAt(pane);
    if (!facts || at === undefined) return;
    const plane = this.#planes.get(`${pane.axis} ${at}`);
    if (plane === undefined) void this.#ask(facts.shape, pane.axis, at);
    if (plane === undefined || typeof plane === "string") return;
    const { row, column } = PLANE_AXES[pane.axis];
    const corner = (rows: number, columns: number) => {
      const world: [number, number, number] = [0, 0, 0];
      world[PANE_AXES[pane.axis].normal] = pane.atAngstrom;
      world[row] = worldAt(facts, row, rows - 0.5);
      world[column] = worldAt(facts, column, columns - 0.5);
      return transform.toPane(world as Triple);
    };
    const [first, along, down] = [corner(0, 0), corner(0, 1), corner(1, 0)];
    context.save();
    context.transform(along.u - first.u, along.v - first.v, down.u - first.u, down.v - first.v, first.u, first.v);
    context.imageSmoothingEnabled = false;
    context.globalAlpha = FILL * opacity;
    context.drawImage(plane.picture, 0, 0);
    context.globalAlpha = opacity;
    context.strokeStyle = this.layer.color;
    context.lineWidth = 1 / Math.max(Math.hypot(along.u - first.u, along.v - first.v), 1e-6);
    context.stroke(plane.outline);
    context.restore();
  }

  /** The label below a point of the pane; 0 is none. */
  labelAt(pane: PaneView, world: Triple): number {
    const at = this.#sectionAt(pane);
    const plane = at === undefined ? undefined : this.#planes.get(`${pane.axis} ${at}`);
    if (!this.#facts || plane === undefined || typeof plane === "string") return 0;
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

  async #ask(shape: Triple, axis: Axis, at: number): Promise<void> {
    const key = `${axis} ${at}`;
    this.#planes.set(key, "asked");
    for (const old of [...this.#planes.keys()].slice(0, Math.max(0, this.#planes.size - PLANES_MAX))) this.#planes.delete(old);
    try {
      const { row, column } = PLANE_AXES[axis];
      const wanted = { axis, at, level: 0, box: [0, 0, shape[row], shape[column]], slab: 1, as: "native" } as const;
      const { rows, columns, data } = await this.#source!.read(wanted, this.#stop.signal);
      this.#planes.set(key, drawn(this.layer, rows, columns, data));
      this.changed();
    } catch (error) {
      if (this.#stop.signal.aborted) return;
      this.#planes.set(key, "failed");
      this.changed(error);
    }
  }
}

function drawn(layer: OverlayLayer, rows: number, columns: number, labels: ArrayLike<number>): MaskPlane {
  const picture = new OffscreenCanvas(columns, rows);
  const context = picture.getContext("2d")!;
  const image = context.createImageData(columns, rows);
  const outline = new Path2D();
  const at = (row: number, column: number) =>
    row < 0 || column < 0 || row >= rows || column >= columns ? 0 : labels[row * columns + column]!;
  const colors = new Map<number, readonly [number, number, number]>();
  const colorOf = (label: number) => {
    const found = colors.get(label) ?? rgb(layer.instanceColors?.[label] ?? layer.color);
    colors.set(label, found);
    return found;
  };
  for (let row = 0; row <= rows; row++) {
    for (let column = 0; column <= columns; column++) {
      const label = at(row, column);
      if (label !== at(row, column - 1)) {
        outline.moveTo(column, row);
        outline.lineTo(column, row + 1);
      }
      if (label !== at(row - 1, column)) {
        outline.moveTo(column, row);
        outline.lineTo(column + 1, row);
      }
      if (label === 0) continue;
      image.data.set([...colorOf(label), 255], 4 * (row * columns + column));
    }
  }
  context.putImageData(image, 0, 0);
  return { rows, columns, labels, picture, outline };
}

function rgb(hex: string): readonly [number, number, number] {
  const value = Number.parseInt(hex.slice(1), 16);
  return [value >> 16, (value >> 8) & 255, value & 255];
}
