import type { Triple } from "../../../src/core/box.js";
import { instanceColours } from "../../../src/model/instance-colours.js";
import { type AxisBuckets, bucketAt, bucketsOf, type OverlayShapes } from "../../../src/model/overlay-bytes.js";
import type { OverlayLayer } from "../../../src/model/page-api.js";
import { PANE_AXES } from "../geometry.js";
import type { Axis, PaneTransform, PaneView } from "../overlay.js";
import { packed, type Strokes } from "./strokes.js";

/** Radius of points without one: half of what Neuroglancer draws then. */
const RADIUS_ANGSTROM = 50;
/** More circles in sight than this are dots: nobody tells them apart. */
export const CIRCLES_MAX = 10_000;
/** Radius in CSS pixels of a point of a contour that stands alone in a plane, such as a fiducial marker. */
const MARK_RADIUS = 5;
const LINE_WIDTH = 1.5;

export interface ShownLayer {
  readonly layer: OverlayLayer;
  readonly shapes: OverlayShapes;
  readonly opacity: number;
  /** Point that is looked at. */
  readonly chosen?: number | undefined;
}

/** World of the point at a place of the list, `[z, y, x]`. */
export function pointAt({ xyz }: OverlayShapes, i: number): Triple {
  return [xyz[3 * i + 2]!, xyz[3 * i + 1]!, xyz[3 * i]!];
}

/** Radius of a point in Å. */
export function radiusAt({ shapes, layer }: Pick<ShownLayer, "shapes" | "layer">, i: number): number {
  return shapes.radii[i] || layer.radiusAngstrom || RADIUS_ANGSTROM;
}

/** Everything that is computed once for a layer, and for its latest plane across each axis. */
interface Worked {
  radiusMax?: number;
  colourOf?: (instance: number) => string;
  readonly buckets: Partial<Record<Axis, AxisBuckets>>;
  readonly triangles: Partial<Record<Axis, TriangleBuckets>>;
  readonly near: Partial<Record<Axis, { readonly key: string; readonly found: Uint32Array }>>;
  readonly cuts: Partial<Record<Axis, { readonly key: string; readonly cut: Cut }>>;
}

/** Triangles by their middles along an axis, and the largest distance of a corner from its middle, Å. */
interface TriangleBuckets extends AxisBuckets {
  readonly reach: number;
}

/** A layer in a plane: ends of lines, and points that stand alone; x, y, z of each, Å. */
interface Cut {
  readonly lines: Float32Array;
  /** Points in which lines of contours that lie in other planes go through this one. */
  readonly dots: Float32Array;
  /** Points of contours in the plane, by their places in the list, and which of them stand alone. */
  readonly inPlane: Uint32Array;
  readonly alone: Uint32Array;
}

const WORKED = new WeakMap<OverlayShapes, Worked>();

function workedOf(shapes: OverlayShapes): Worked {
  const worked = WORKED.get(shapes) ?? { buckets: {}, triangles: {}, near: {}, cuts: {} };
  WORKED.set(shapes, worked);
  return worked;
}

function radiusMaxOf(shown: ShownLayer): number {
  const worked = workedOf(shown.shapes);
  worked.radiusMax ??= shown.shapes.radii.reduce((most, one) => Math.max(most, one), radiusAt(shown, -1));
  return worked.radiusMax;
}

/** Colours of a layer do not change while its points are there. */
function instanceColoursOf({ shapes, layer }: ShownLayer): (instance: number) => string {
  const worked = workedOf(shapes);
  worked.colourOf ??= instanceColours(layer, shapes.instances);
  return worked.colourOf;
}

function bucketsAlong(axis: Axis, { shapes }: ShownLayer): AxisBuckets {
  const { xyz, buckets: starts, places: order, zMin, zStep } = shapes;
  const worked = workedOf(shapes);
  const number = 2 - PANE_AXES[axis].normal;
  const found =
    worked.buckets[axis] ??
    // across z the list is in the order of its buckets already
    (axis === "z" && starts.length > 0
      ? { order, starts, min: zMin, step: zStep }
      : bucketsOf(xyz.length / 3, (i) => xyz[3 * i + number]!));
  worked.buckets[axis] = found;
  return found;
}

/** Points whose sphere the plane may cut. */
function near({ axis, atAngstrom, slabAngstrom }: PaneView, shown: ShownLayer): Uint32Array {
  const worked = workedOf(shown.shapes);
  const key = `${atAngstrom} ${slabAngstrom}`;
  const known = worked.near[axis];
  if (known?.key === key) return known.found;
  const { xyz, buckets } = shown.shapes;
  const reach = radiusMaxOf(shown) + slabAngstrom / 2;
  const number = 2 - PANE_AXES[axis].normal;
  const { order, starts, min, step } = bucketsAlong(axis, shown);
  const from = starts[bucketAt(atAngstrom - reach, min, step)]!;
  const to = starts[bucketAt(atAngstrom + reach, min, step) + 1]!;
  const isSorted = axis === "z" && buckets.length > 0;
  const found = new Uint32Array(to - from);
  let count = 0;
  for (let at = from; at < to; at++) {
    const i = isSorted ? at : order[at]!;
    if (Math.abs(xyz[3 * i + number]! - atAngstrom) <= reach) found[count++] = i;
  }
  worked.near[axis] = { key, found: found.subarray(0, count) };
  return worked.near[axis].found;
}

/** Points whose centres lie in the slab, in the order of their file. */
export function pointsInSlab(pane: PaneView, shown: ShownLayer): readonly number[] {
  const { xyz, places } = shown.shapes;
  const number = 2 - PANE_AXES[pane.axis].normal;
  const inside = near(pane, shown).filter((i) => Math.abs(xyz[3 * i + number]! - pane.atAngstrom) <= pane.slabAngstrom / 2);
  return [...inside].sort((a, b) => (places[a] ?? a) - (places[b] ?? b));
}

/** Å of a sphere's cut, and how far out of the slab its middle is, from 0 to 1; undefined where the plane does not cut it. */
function cutOf(radius: number, away: number, slabAngstrom: number): { radius: number; out: number } | undefined {
  const distance = Math.max(0, Math.abs(away) - slabAngstrom / 2);
  return distance < radius ? { radius: Math.sqrt(radius ** 2 - distance ** 2), out: distance / radius } : undefined;
}

/** `toPane` in numbers: it is linear, and asked for very often. Rows u, v, away; columns 1, x, y, z. */
function matrixOf({ toPane }: PaneTransform): Float64Array {
  const first = toPane([0, 0, 0]);
  const columns = [first, toPane([0, 0, 1]), toPane([0, 1, 0]), toPane([1, 0, 0])];
  const rows = (["u", "v", "away"] as const).map((name) =>
    columns.map((column, i) => (i === 0 ? column[name] : column[name] - first[name])),
  );
  return Float64Array.from(rows.flat());
}

const along = (m: Float64Array, row: 0 | 1 | 2, x: number, y: number, z: number): number =>
  m[4 * row]! + m[4 * row + 1]! * x + m[4 * row + 2]! * y + m[4 * row + 3]! * z;

/** All of a layer that a plane cuts. @returns whether points are dots: there are too many for circles */
export function paintLayer(pane: PaneView, transform: PaneTransform, strokes: Strokes, shown: ShownLayer): boolean {
  const { triangles, contours } = shown.shapes;
  const matrix = matrixOf(transform);
  if (triangles.length > 0)
    paintLines(pane, matrix, strokes, shown, Math.max(LINE_WIDTH, Math.min(3, 10 / pane.angstromPerPixel)));
  else if (contours.length > 0) paintContours(pane, matrix, strokes, shown);
  else return paintPoints(pane, matrix, strokes, shown);
  return false;
}

/** Circles where spheres are cut, fainter the further their middles lie; lines along the z-axes of particles, as long as they lie in the plane. */
function paintPoints(pane: PaneView, matrix: Float64Array, strokes: Strokes, shown: ShownLayer): boolean {
  const { shapes, layer, opacity, chosen } = shown;
  const { xyz, directions, instances } = shapes;
  const found = near(pane, shown);
  const seen = new Uint32Array(found.length);
  const places = new Float32Array(4 * found.length);
  let count = 0;
  for (let n = 0; n < found.length; n++) {
    const i = found[n]!;
    const [x, y, z] = [xyz[3 * i]!, xyz[3 * i + 1]!, xyz[3 * i + 2]!];
    const radius = radiusAt(shown, i);
    const distance = Math.max(0, Math.abs(along(matrix, 2, x, y, z)) - pane.slabAngstrom / 2);
    if (distance >= radius) continue;
    const pixels = Math.sqrt(radius ** 2 - distance ** 2) / pane.angstromPerPixel;
    const [u, v] = [along(matrix, 0, x, y, z), along(matrix, 1, x, y, z)];
    if (u < -pixels || v < -pixels || u > pane.width + pixels || v > pane.height + pixels) continue;
    places.set([u, v, pixels, distance / radius], 4 * count);
    seen[count++] = i;
  }
  const tints = new Map<string, number>();
  const tint = (color: string, shade: number) => {
    const key = `${color} ${shade}`;
    const known = tints.get(key) ?? packed(color, opacity * (1 - 0.75 * (shade / 8)));
    tints.set(key, known);
    return known;
  };
  const own = Array.from({ length: 9 }, (_, shade) => tint(layer.color, shade));
  const colourOf = instanceColoursOf(shown);
  const isDense = count > CIRCLES_MAX;
  for (let n = 0; n < count; n++) {
    const i = seen[n]!;
    const [u, v, pixels, out] = [places[4 * n]!, places[4 * n + 1]!, places[4 * n + 2]!, places[4 * n + 3]!];
    const shade = Math.floor(8 * out);
    const colour = instances.length > 0 ? tint(colourOf(instances[i]!), shade) : own[shade]!;
    if (isDense) {
      strokes.dot(u, v, colour);
      continue;
    }
    const r = Math.max(pixels, 2);
    strokes.circle(u, v, r, LINE_WIDTH, colour);
    if (directions.length > 0) {
      const length = 2 * radiusAt(shown, i);
      const [dx, dy, dz] = [length * directions[3 * i]!, length * directions[3 * i + 1]!, length * directions[3 * i + 2]!];
      const part = (row: 0 | 1 | 2) => matrix[4 * row + 1]! * dx + matrix[4 * row + 2]! * dy + matrix[4 * row + 3]! * dz;
      arrow(strokes, u, v, part(0), part(1), part(2) > 0, colour);
    }
    if (i === chosen) strokes.circle(u, v, r + 4, LINE_WIDTH, colour);
  }
  return isDense;
}

function arrow(strokes: Strokes, u: number, v: number, du: number, dv: number, isTowards: boolean, colour: number): void {
  const length = Math.hypot(du, dv);
  // it points at the one who looks, or away
  if (length < 4) {
    if (isTowards) strokes.disc(u, v, 2.5, colour);
    return;
  }
  const head = Math.min(5, length / 2) / length;
  const [tipU, tipV] = [u + du, v + dv];
  strokes.line(u, v, tipU, tipV, LINE_WIDTH, colour);
  strokes.line(tipU, tipV, tipU - head * (du + 0.6 * dv), tipV - head * (dv - 0.6 * du), LINE_WIDTH, colour);
  strokes.line(tipU, tipV, tipU - head * (du - 0.6 * dv), tipV - head * (dv + 0.6 * du), LINE_WIDTH, colour);
}

function paintLines(pane: PaneView, matrix: Float64Array, strokes: Strokes, shown: ShownLayer, width: number): void {
  const { lines } = planeCut(pane, shown);
  const colour = packed(shown.layer.color, shown.opacity);
  for (let i = 0; i < lines.length; i += 6) {
    const [x, y, z, x1, y1, z1] = [lines[i]!, lines[i + 1]!, lines[i + 2]!, lines[i + 3]!, lines[i + 4]!, lines[i + 5]!];
    const [u0, v0] = [along(matrix, 0, x, y, z), along(matrix, 1, x, y, z)];
    const [u1, v1] = [along(matrix, 0, x1, y1, z1), along(matrix, 1, x1, y1, z1)];
    if (Math.max(u0, u1) < 0 || Math.max(v0, v1) < 0 || Math.min(u0, u1) > pane.width || Math.min(v0, v1) > pane.height) continue;
    strokes.line(u0, v0, u1, v1, width, colour);
  }
}

/** Contours that lie in the plane, dots where others go through it, circles about points that stand alone in it. */
function paintContours(pane: PaneView, matrix: Float64Array, strokes: Strokes, shown: ShownLayer): void {
  paintLines(pane, matrix, strokes, shown, LINE_WIDTH);
  const { dots, alone } = planeCut(pane, shown);
  const colour = packed(shown.layer.color, shown.opacity);
  for (let i = 0; i < dots.length; i += 3) {
    const [x, y, z] = [dots[i]!, dots[i + 1]!, dots[i + 2]!];
    strokes.disc(along(matrix, 0, x, y, z), along(matrix, 1, x, y, z), 1.5, colour);
  }
  const { xyz, radii } = shown.shapes;
  for (const i of alone) {
    const [x, y, z] = [xyz[3 * i]!, xyz[3 * i + 1]!, xyz[3 * i + 2]!];
    const [u, v] = [along(matrix, 0, x, y, z), along(matrix, 1, x, y, z)];
    const r = Math.max(MARK_RADIUS, (radii[i] ?? 0) / pane.angstromPerPixel);
    strokes.circle(u, v, r, LINE_WIDTH, colour);
    if (i === shown.chosen) strokes.circle(u, v, r + 4, LINE_WIDTH, colour);
  }
}

/** The latest plane of each axis is kept: others are drawn again whenever one moves. */
function planeCut(pane: PaneView, { shapes }: ShownLayer): Cut {
  const half = Math.max(pane.slabAngstrom / 2, pane.angstromPerPixel / 2);
  const { cuts } = workedOf(shapes);
  const key = `${pane.atAngstrom} ${half}`;
  const known = cuts[pane.axis];
  if (known?.key === key) return known.cut;
  const { normal } = PANE_AXES[pane.axis];
  const cut =
    shapes.triangles.length > 0
      ? { ...NO_CUT, lines: cutTriangles(shapes, normal, pane.atAngstrom, trianglesNear(pane, shapes)) }
      : cutContours(shapes, normal, pane.atAngstrom, half);
  cuts[pane.axis] = { key, cut };
  return cut;
}

const NO_CUT: Cut = {
  lines: new Float32Array(0),
  dots: new Float32Array(0),
  inPlane: new Uint32Array(0),
  alone: new Uint32Array(0),
};

/** @param half of the thickness in which a contour lies in the plane, Å */
export function cutContours({ xyz, contours, closed }: OverlayShapes, normal: 0 | 1 | 2, at: number, half: number): Cut {
  const [lines, dots, inPlane, alone]: [number[], number[], number[], number[]] = [[], [], [], []];
  const number = 2 - normal;
  for (let c = 0; c + 1 < contours.length; c++) {
    const [from, to] = [contours[c]!, contours[c + 1]!];
    const isClosed = closed[c] === 1 && to - from > 2;
    let before = isClosed ? to - 1 : -1;
    for (let i = from; i < to; i++) {
      const away = xyz[3 * i + number]! - at;
      const isIn = Math.abs(away) <= half;
      if (before >= 0) {
        const last = xyz[3 * before + number]! - at;
        if (isIn && Math.abs(last) <= half) {
          for (const one of [before, i]) lines.push(xyz[3 * one]!, xyz[3 * one + 1]!, xyz[3 * one + 2]!);
        } else if (last * away < 0 && !isIn && Math.abs(last) > half) {
          const t = last / (last - away);
          for (let axis = 0; axis < 3; axis++) dots.push(xyz[3 * before + axis]! * (1 - t) + xyz[3 * i + axis]! * t);
        }
      }
      if (isIn) {
        inPlane.push(i);
        const next = i + 1 < to ? i + 1 : isClosed ? from : -1;
        const hasLine = [before, next].some((one) => one >= 0 && Math.abs(xyz[3 * one + number]! - at) <= half);
        if (!hasLine) alone.push(i);
      }
      before = i;
    }
  }
  return {
    lines: Float32Array.from(lines),
    dots: Float32Array.from(dots),
    inPlane: Uint32Array.from(inPlane),
    alone: Uint32Array.from(alone),
  };
}

/** Places of the triangles that a plane may cut: a surface of a million triangles has some thousands there. */
export function trianglesNear({ axis, atAngstrom }: Pick<PaneView, "axis" | "atAngstrom">, shapes: OverlayShapes): Uint32Array {
  const worked = workedOf(shapes);
  worked.triangles[axis] ??= triangleBuckets(shapes, PANE_AXES[axis].normal);
  const { order, starts, min, step, reach } = worked.triangles[axis];
  return order.subarray(starts[bucketAt(atAngstrom - reach, min, step)]!, starts[bucketAt(atAngstrom + reach, min, step) + 1]!);
}

function triangleBuckets({ xyz, triangles }: OverlayShapes, normal: 0 | 1 | 2): TriangleBuckets {
  const number = 2 - normal;
  const corner = (t: number, i: number) => xyz[3 * triangles[3 * t + i]! + number]!;
  const least = (t: number) => Math.min(corner(t, 0), corner(t, 1), corner(t, 2));
  const most = (t: number) => Math.max(corner(t, 0), corner(t, 1), corner(t, 2));
  const count = triangles.length / 3;
  let reach = 0;
  for (let t = 0; t < count; t++) reach = Math.max(reach, (most(t) - least(t)) / 2);
  return { ...bucketsOf(count, (t) => (least(t) + most(t)) / 2), reach };
}

/**
 * Ends of the lines in which a plane cuts triangles: x, y, z of two points each, Å.
 *
 * @param near places of the triangles that it may cut; undefined: any
 */
export function cutTriangles(
  { xyz, triangles }: Pick<OverlayShapes, "xyz" | "triangles">,
  normal: 0 | 1 | 2,
  at: number,
  near?: Uint32Array,
): Float32Array {
  const lines: number[] = [];
  const number = 2 - normal;
  const cutSide = (p: number, q: number, pAway: number, qAway: number) => {
    if (pAway > 0 === qAway > 0) return;
    const share = pAway / (pAway - qAway);
    for (let i = 0; i < 3; i++) lines.push(xyz[3 * p + i]! + share * (xyz[3 * q + i]! - xyz[3 * p + i]!));
  };
  const count = near?.length ?? triangles.length / 3;
  for (let i = 0; i < count; i++) {
    const t = 3 * (near?.[i] ?? i);
    const [p, q, r] = [triangles[t]!, triangles[t + 1]!, triangles[t + 2]!];
    const [a, b, c] = [xyz[3 * p + number]! - at, xyz[3 * q + number]! - at, xyz[3 * r + number]! - at];
    if (a > 0 === b > 0 && b > 0 === c > 0) continue;
    cutSide(p, q, a, b);
    cutSide(q, r, b, c);
    cutSide(r, p, c, a);
  }
  return Float32Array.from(lines);
}

/** The point below the pointer, the nearest to the plane first. */
export function pointBelow(
  pane: PaneView,
  transform: PaneTransform,
  shown: ShownLayer,
  u: number,
  v: number,
): number | undefined {
  const { xyz, contours } = shown.shapes;
  const matrix = matrixOf(transform);
  const isContour = contours.length > 0;
  let best: { i: number; away: number } | undefined;
  for (const i of isContour ? planeCut(pane, shown).inPlane : near(pane, shown)) {
    const [x, y, z] = [xyz[3 * i]!, xyz[3 * i + 1]!, xyz[3 * i + 2]!];
    const far = Math.hypot(along(matrix, 0, x, y, z) - u, along(matrix, 1, x, y, z) - v);
    const away = Math.abs(along(matrix, 2, x, y, z));
    const seen = isContour ? undefined : cutOf(radiusAt(shown, i), away, pane.slabAngstrom);
    if (!isContour && !seen) continue;
    if (far > Math.max(MARK_RADIUS + 1, (seen?.radius ?? 0) / pane.angstromPerPixel)) continue;
    const rank = isContour ? far : away;
    if (!best || rank < best.away) best = { i, away: rank };
  }
  return best?.i;
}

/** The point whose number in the file is the next or the one before; the first where none is chosen. */
export function stepFrom({ places, xyz }: OverlayShapes, at: number | undefined, direction: 1 | -1): number {
  const total = xyz.length / 3;
  const number = at === undefined ? 0 : ((places[at] ?? at) + direction + total) % total;
  return places.length > 0 ? places.indexOf(number) : number;
}

/** Index of the contour that a point is of. */
export function contourOf({ contours }: OverlayShapes, point: number): number {
  let [low, high] = [0, contours.length - 1];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (contours[middle]! <= point) low = middle;
    else high = middle;
  }
  return low;
}
