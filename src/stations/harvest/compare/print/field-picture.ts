import type { ComparedDataset } from "../compare.js";
import { scaleOf } from "../scale.js";
import { html } from "./html-text.js";
import { lengthText } from "./scale-picture.js";

const WIDTH = 920;
const GAP = 34;
/** Shift to the right, and up, for one unit of depth. */
const DEPTH = 0.38;
const BOXES_MAX = 24;
/** Least width and height of a box in the picture: smaller ones cannot be seen. */
const LEAST = 2;
const LARGEST = 210;

interface Box {
  name: string;
  /** Depth in nanometres, 0 for a plane; `y` and `x` are in nanometres too. */
  z: number;
  y: number;
  x: number;
}

/** The fields of view as boxes on one scale, z as depth, the largest first. Undefined if fewer than two are known. */
export function fieldPicture(datasets: readonly ComparedDataset[]): string | undefined {
  const boxes = datasets
    .flatMap(boxOf)
    .sort((a, b) => Math.max(b.x, b.y) - Math.max(a.x, a.y))
    .slice(0, BOXES_MAX);
  if (boxes.length < 2) return undefined;
  const [widest, highest] = [(box: Box) => box.x + DEPTH * box.z, (box: Box) => box.y + DEPTH * box.z];
  const room = WIDTH - GAP * (boxes.length - 1);
  const scale = Math.min(room / sum(boxes.map(widest)), LARGEST / Math.max(...boxes.map(highest)));
  // a label may be wider than its box
  const widths = boxes.map((box) => Math.max(widest(box) * scale, 92));
  const shrunk = Math.min(1, room / sum(widths));
  const top = 10;
  const floor = top + Math.max(...boxes.map(highest)) * scale * shrunk;
  let left = 0;
  const drawn = boxes.map((box, at) => {
    const part = boxAt(box, left, floor, scale * shrunk);
    left += widths[at]! * shrunk + GAP;
    return part;
  });
  const bar = niceBelow(110 / (scale * shrunk));
  const barY = floor + 58;
  return `<svg class="field" viewBox="0 0 ${WIDTH} ${Math.ceil(barY + 14)}" role="img" aria-label="Fields of view as boxes on one scale">${drawn.join("")}<line class="scalebar" x1="0" x2="${(bar * scale * shrunk).toFixed(1)}" y1="${barY.toFixed(1)}" y2="${barY.toFixed(1)}"/><text class="tick start" x="${(bar * scale * shrunk + 8).toFixed(1)}" y="${(barY + 4).toFixed(1)}">${html(lengthText(bar))}</text></svg>`;
}

function boxOf({ name, record }: ComparedDataset): Box[] {
  if (!record) return [];
  const { extentNanometres } = scaleOf(record);
  const along = (axis: string) => {
    const at = record.axes.indexOf(axis);
    return at < 0 ? null : (extentNanometres[at] ?? null);
  };
  const [z, y, x] = [along("z"), along("y"), along("x")];
  // a plane has no depth
  return y === null || x === null || !Number.isFinite(x * y * (z ?? 1)) ? [] : [{ name, z: z ?? 0, y, x }];
}

function boxAt({ name, z, y, x }: Box, left: number, floor: number, scale: number): string {
  const [w, h, d] = [Math.max(x * scale, LEAST), Math.max(y * scale, LEAST), z * scale * DEPTH];
  const point = (dx: number, dy: number) => `${(left + dx).toFixed(1)},${(floor - dy).toFixed(1)}`;
  const face = (kind: string, corners: string[]) => `<polygon class="${kind}" points="${corners.join(" ")}"/>`;
  const faces = [
    face("top", [point(0, h), point(d, h + d), point(w + d, h + d), point(w, h)]),
    face("side", [point(w, 0), point(w + d, d), point(w + d, h + d), point(w, h)]),
    face("front", [point(0, 0), point(w, 0), point(w, h), point(0, h)]),
  ];
  const edges = [z, y, x].map((length) => (length === 0 ? "–" : lengthText(length))).join(" × ");
  const shown = [...name].length <= 15 ? name : `${[...name].slice(0, 14).join("")}…`;
  return `<g class="box"><title>${html(`${name}: ${edges} (z × y × x)`)}</title>${faces.join("")}<text class="name" x="${left.toFixed(1)}" y="${(floor + 18).toFixed(1)}">${html(shown)}</text><text class="tick start" x="${left.toFixed(1)}" y="${(floor + 34).toFixed(1)}">${html(widthByHeight(x, y))}</text></g>`;
}

/** `10.2 × 7.68 µm`. */
function widthByHeight(x: number, y: number): string {
  const [[a = "", unitA = ""], [b = "", unitB = ""]] = [lengthText(x).split(" "), lengthText(y).split(" ")];
  return unitA === unitB ? `${a} × ${b} ${unitA}` : `${a} ${unitA} × ${b} ${unitB}`;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

/** The largest 1, 2 or 5 times a power of ten that is not above the value. */
function niceBelow(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  return [5, 2, 1].find((factor) => factor * power <= value)! * power;
}
