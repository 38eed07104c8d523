import type { Triple } from "../../../src/core/box.js";
import type { OverlayShapes } from "../../../src/model/overlay-bytes.js";
import type { OverlayLayer } from "../../../src/model/page-api.js";
import { PANE_AXES } from "../geometry.js";
import type { PaneTransform, PaneView } from "../overlay.js";

/** Where nothing says a radius: half of what Neuroglancer draws then. */
const RADIUS_ANGSTROM = 50;
/** More circles than this are single dots: nobody tells them apart. */
const CIRCLES_MAX = 20_000;
const SHADES = 4;

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

function radiusAt({ shapes, layer }: Pick<ShownLayer, "shapes" | "layer">, i: number): number {
  return shapes.radii[i] || layer.radiusAngstrom || RADIUS_ANGSTROM;
}

function colorAt({ shapes, layer }: Pick<ShownLayer, "shapes" | "layer">, i: number): string {
  const instance = shapes.instances[i];
  if (instance === undefined) return layer.color;
  return layer.instanceColors?.[instance] ?? `hsl(${Math.round((instance * 137.508) % 360)} 70% 65%)`;
}

/** Points whose sphere the plane may cut. Across z their buckets tell; across y and x all are looked at. */
function* near({ axis, atAngstrom, slabAngstrom }: PaneView, shown: ShownLayer): Generator<number> {
  const { xyz, buckets, zMin, zStep, radii } = shown.shapes;
  const count = xyz.length / 3;
  const reach =
    Math.max(
      radiusAt(shown, -1),
      radii.reduce((most, one) => Math.max(most, one), 0),
    ) +
    slabAngstrom / 2;
  const normal = 2 - PANE_AXES[axis].normal;
  let [from, to] = [0, count];
  if (axis === "z" && buckets.length > 0) {
    const bucket = (z: number) => Math.min(Math.max(Math.floor((z - zMin) / zStep), 0), buckets.length - 2);
    from = buckets[bucket(atAngstrom - reach)]!;
    to = buckets[bucket(atAngstrom + reach) + 1]!;
  }
  for (let i = from; i < to; i++) if (Math.abs(xyz[3 * i + normal]! - atAngstrom) <= reach) yield i;
}

/** Å of a sphere's cut, and how far out of the slab its middle is, from 0 to 1; undefined where the plane does not cut it. */
function cut(radius: number, away: number, slabAngstrom: number): { radius: number; out: number } | undefined {
  const distance = Math.max(0, Math.abs(away) - slabAngstrom / 2);
  return distance < radius ? { radius: Math.sqrt(radius ** 2 - distance ** 2), out: distance / radius } : undefined;
}

/** Circles where spheres are cut, fainter the further their middles lie; lines along the z-axes of particles, as long as they lie in the plane. */
export function paintPoints(
  pane: PaneView,
  transform: PaneTransform,
  context: CanvasRenderingContext2D,
  shown: ShownLayer,
): void {
  const { shapes, layer, opacity, chosen } = shown;
  const paths = new Map<string, Path2D>();
  const pathOf = (color: string, shade: number) => {
    const key = `${color} ${shade}`;
    const path = paths.get(key) ?? new Path2D();
    paths.set(key, path);
    return path;
  };
  const found = [...near(pane, shown)];
  for (const i of found) {
    const world = pointAt(shapes, i);
    const { u, v, away } = transform.toPane(world);
    const seen = cut(radiusAt(shown, i), away, pane.slabAngstrom);
    if (!seen) continue;
    const pixels = seen.radius / pane.angstromPerPixel;
    if (u < -pixels || v < -pixels || u > pane.width + pixels || v > pane.height + pixels) continue;
    const path = pathOf(colorAt(shown, i), Math.min(SHADES - 1, Math.floor(seen.out * SHADES)));
    if (found.length > CIRCLES_MAX) {
      path.rect(u - 1, v - 1, 2, 2);
      continue;
    }
    const r = Math.max(pixels, 2);
    path.moveTo(u + r, v);
    path.arc(u, v, r, 0, 2 * Math.PI);
    if (shapes.directions.length > 0) {
      const length = 2 * radiusAt(shown, i);
      const tip = transform.toPane([
        world[0] + length * shapes.directions[3 * i + 2]!,
        world[1] + length * shapes.directions[3 * i + 1]!,
        world[2] + length * shapes.directions[3 * i]!,
      ]);
      arrow(path, u, v, tip.u, tip.v, tip.away - away > 0);
    }
    if (i === chosen) {
      path.moveTo(u + r + 4, v);
      path.arc(u, v, r + 4, 0, 2 * Math.PI);
    }
  }
  context.lineWidth = 1.5;
  for (const [key, path] of paths) {
    const shade = Number(key.at(-1));
    context.strokeStyle = key.slice(0, -2);
    context.globalAlpha = opacity * (1 - (0.75 * shade) / SHADES);
    context.stroke(path);
  }
  context.globalAlpha = 1;
  if (layer.kind === "model" || shapes.contours.length > 0) paintContours(pane, transform, context, shown);
}

function arrow(path: Path2D, u: number, v: number, tipU: number, tipV: number, isTowards: boolean): void {
  const [du, dv] = [tipU - u, tipV - v];
  const length = Math.hypot(du, dv);
  if (length < 4) {
    // it points at the one who looks, or away
    path.moveTo(u + 2, v);
    if (isTowards) path.arc(u, v, 2, 0, 2 * Math.PI);
    return;
  }
  const head = Math.min(5, length / 2) / length;
  path.moveTo(u, v);
  path.lineTo(tipU, tipV);
  path.lineTo(tipU - head * (du + 0.6 * dv), tipV - head * (dv - 0.6 * du));
  path.moveTo(tipU, tipV);
  path.lineTo(tipU - head * (du - 0.6 * dv), tipV - head * (dv + 0.6 * du));
}

/** Contours that lie in the plane, and dots where others go through it. */
function paintContours(pane: PaneView, transform: PaneTransform, context: CanvasRenderingContext2D, shown: ShownLayer): void {
  const { contours, closed } = shown.shapes;
  const half = Math.max(pane.slabAngstrom / 2, pane.angstromPerPixel / 2);
  const path = new Path2D();
  for (let c = 0; c + 1 < contours.length; c++) {
    const [from, to] = [contours[c]!, contours[c + 1]!];
    const places = Array.from({ length: to - from }, (_, i) => transform.toPane(pointAt(shown.shapes, from + i)));
    if (closed[c] === 1 && places.length > 2) places.push(places[0]!);
    for (let i = 1; i < places.length; i++) {
      const [a, b] = [places[i - 1]!, places[i]!];
      if (Math.abs(a.away) <= half && Math.abs(b.away) <= half) {
        path.moveTo(a.u, a.v);
        path.lineTo(b.u, b.v);
      } else if (a.away * b.away < 0) {
        const t = a.away / (a.away - b.away);
        path.rect(a.u + t * (b.u - a.u) - 1, a.v + t * (b.v - a.v) - 1, 2, 2);
      }
    }
  }
  context.globalAlpha = shown.opacity;
  context.strokeStyle = shown.layer.color;
  context.lineWidth = 1.5;
  context.stroke(path);
  context.globalAlpha = 1;
}

/** Ends of the lines in which a plane cuts triangles: x, y, z of two points each, Å. */
export function cutTriangles({ xyz, triangles }: OverlayShapes, normal: 0 | 1 | 2, at: number): number[] {
  const lines: number[] = [];
  const axis = 2 - normal;
  for (let t = 0; t < triangles.length; t += 3) {
    const corners = [triangles[t]!, triangles[t + 1]!, triangles[t + 2]!];
    const [a, b, c] = corners.map((corner) => xyz[3 * corner + axis]! - at) as [number, number, number];
    if ((a > 0 && b > 0 && c > 0) || (a <= 0 && b <= 0 && c <= 0)) continue;
    const away = [a, b, c];
    for (let side = 0; side < 3; side++) {
      const [p, q] = [side, (side + 1) % 3];
      if (away[p]! > 0 === away[q]! > 0) continue;
      const share = away[p]! / (away[p]! - away[q]!);
      for (let i = 0; i < 3; i++) {
        const from = xyz[3 * corners[p]! + i]!;
        lines.push(from + share * (xyz[3 * corners[q]! + i]! - from));
      }
    }
  }
  return lines;
}

export function paintMesh(
  pane: PaneView,
  transform: PaneTransform,
  context: CanvasRenderingContext2D,
  shown: ShownLayer,
  lines: readonly number[],
): void {
  const path = new Path2D();
  for (let i = 0; i < lines.length; i += 6) {
    const from = transform.toPane([lines[i + 2]!, lines[i + 1]!, lines[i]!]);
    const to = transform.toPane([lines[i + 5]!, lines[i + 4]!, lines[i + 3]!]);
    path.moveTo(from.u, from.v);
    path.lineTo(to.u, to.v);
  }
  context.globalAlpha = shown.opacity;
  context.strokeStyle = shown.layer.color;
  context.lineWidth = Math.max(1.5, Math.min(3, 10 / pane.angstromPerPixel));
  context.stroke(path);
  context.globalAlpha = 1;
}

/** The point below the pointer, the nearest to the plane first. */
export function pointBelow(
  pane: PaneView,
  transform: PaneTransform,
  shown: ShownLayer,
  u: number,
  v: number,
): number | undefined {
  let best: { i: number; away: number } | undefined;
  for (const i of near(pane, shown)) {
    const place = transform.toPane(pointAt(shown.shapes, i));
    const seen = cut(radiusAt(shown, i), place.away, pane.slabAngstrom);
    if (!seen || Math.hypot(place.u - u, place.v - v) > Math.max(6, seen.radius / pane.angstromPerPixel)) continue;
    if (!best || Math.abs(place.away) < best.away) best = { i, away: Math.abs(place.away) };
  }
  return best?.i;
}
