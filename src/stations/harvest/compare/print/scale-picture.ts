import type { ComparedDataset } from "../compare.js";
import { engineering } from "../quantity-text.js";
import { scaleOf } from "../scale.js";
import { html } from "./html-text.js";

/** Well-known things in their usual sizes. */
const LANDMARKS: readonly (readonly [nanometres: number, name: string])[] = [
  [4, "membrane"],
  [25, "ribosome"],
  [500, "mitochondrion"],
  [10_000, "cell"],
];

const WIDTH = 920;
const LABELS = 190;
const RIGHT = 70;
const TOP = 34;
const LINE = 9;
const GAP = 22;
const ROWS_MAX = 200;

/**
 * One voxel and the whole field on one logarithmic scale of length: a line for each axis of each data set, or one line if all
 * axes are alike. Undefined if no length is known.
 */
export function scalePicture(datasets: readonly ComparedDataset[]): string | undefined {
  const rows = datasets.slice(0, ROWS_MAX).flatMap(({ name, record }) => {
    if (!record) return [];
    const { voxelNanometres, extentNanometres } = scaleOf(record);
    const lines = record.axes.flatMap((axis, at) => {
      const [from, to] = [voxelNanometres[at] ?? null, extentNanometres[at] ?? null];
      return from === null || to === null || !Number.isFinite(to) ? [] : [{ axis, from, to }];
    });
    return lines.length === 0 ? [] : [{ name, lines }];
  });
  if (rows.length === 0) return undefined;
  const all = rows.flatMap(({ lines }) => lines.flatMap(({ from, to }) => [from, to]));
  const first = Math.floor(Math.log10(Math.min(...all)));
  const last = Math.max(first + 1, Math.ceil(Math.log10(Math.max(...all)) + 1e-9));
  const x = (nanometres: number) => LABELS + ((Math.log10(nanometres) - first) / (last - first)) * (WIDTH - LABELS - RIGHT);
  let y = TOP;
  const drawn = rows.map(({ name, lines }) => {
    const top = y;
    y += lines.length * LINE + GAP;
    return rowOf(name, lines, top, x);
  });
  const height = y + 26;
  const bottom = y - GAP / 2;
  const decades = Array.from({ length: last - first + 1 }, (_, at) => {
    const length = 10 ** (first + at);
    return `<line class="grid" x1="${px(x(length))}" x2="${px(x(length))}" y1="${TOP - 12}" y2="${px(bottom)}"/><text class="tick" x="${px(x(length))}" y="${TOP - 18}">${html(lengthText(length))}</text>`;
  });
  const landmarks = LANDMARKS.filter(([length]) => length >= 10 ** first && length <= 10 ** last).map(
    ([length, name]) =>
      `<line class="landmark" x1="${px(x(length))}" x2="${px(x(length))}" y1="${TOP - 12}" y2="${px(bottom + 6)}"/><text class="landmark" x="${px(x(length))}" y="${px(bottom + 18)}">${html(name)}</text>`,
  );
  return `<svg class="scale" viewBox="0 0 ${WIDTH} ${px(height)}" role="img" aria-label="Length of a voxel and of the field of view of each data set, logarithmic">${decades.join("")}${landmarks.join("")}${drawn.join("")}</svg>`;
}

interface AxisLine {
  axis: string;
  from: number;
  to: number;
}

function rowOf(name: string, lines: readonly AxisLine[], top: number, x: (nanometres: number) => number): string {
  const middle = top + ((lines.length - 1) * LINE) / 2;
  const bars = lines.map(({ axis, from, to }, at) => {
    const y = px(top + at * LINE);
    const tip = `${axis}: voxel ${lengthText(from)}, field ${lengthText(to)}`;
    const kind = /^[xyz]$/.test(axis) ? axis : "other";
    return `<g class="axis-${kind}"><title>${html(tip)}</title><line class="bar" x1="${px(x(from))}" x2="${px(x(to))}" y1="${y}" y2="${y}"/><circle cx="${px(x(from))}" cy="${y}" r="3.4"/><rect x="${px(x(to) - 1.6)}" y="${px(top + at * LINE - 3.4)}" width="3.2" height="6.8"/></g>`;
  });
  const least = Math.min(...lines.map(({ from }) => from));
  const most = Math.max(...lines.map(({ to }) => to));
  const ends = `<text class="end left" x="${px(x(least) - 8)}" y="${px(middle + 4)}">${html(rangeText(lines.map(({ from }) => from)))}</text><text class="end" x="${px(x(most) + 8)}" y="${px(middle + 4)}">${html(lengthText(most))}</text>`;
  return `<text class="name" x="0" y="${px(middle + 4)}">${html(shortened(name))}<title>${html(name)}</title></text>${bars.join("")}${ends}`;
}

/** `8 nm`, or `2.96–4 nm` where axes differ. */
function rangeText(lengths: readonly number[]): string {
  const [least, most] = [Math.min(...lengths), Math.max(...lengths)];
  if (lengthText(least) === lengthText(most)) return lengthText(least);
  const [from, to] = [lengthText(least).split(" "), lengthText(most).split(" ")];
  return from[1] === to[1] ? `${from[0]}–${to.join(" ")}` : `${from.join(" ")}–${to.join(" ")}`;
}

export function lengthText(nanometres: number): string {
  return engineering(Number((nanometres * 1e-9).toPrecision(3)), "m");
}

function shortened(name: string): string {
  const units = [...name];
  return units.length <= 24 ? name : `${units.slice(0, 23).join("")}…`;
}

function px(value: number): string {
  return String(Math.round(value * 10) / 10);
}
