import { EmporiumError } from "../../core/errors.js";
import type { JsonObject } from "../../core/json.js";
import type { OverlayShapes } from "../../model/overlay-bytes.js";

/** A layer whose positions stand in the state itself. */
export interface LocalLayer {
  readonly name: string;
  /** `#rrggbb`. */
  readonly colour: string;
  readonly isVisible: boolean;
  readonly shapes: OverlayShapes;
  /** Colour of each instance, for points that are instances; undefined for others. */
  readonly colourOf?: ((instance: number) => string) | undefined;
}

/** 1 Å: positions are those of `OverlayShapes`. */
const ANGSTROM = [1e-10, "m"] as const;
/** Å, of a line along the z-axis of a particle: the diameter that particles have where nothing says another. */
const AXIS_ANGSTROM = 100;

const shader = (colour: string) => `void main() {
  setColor(${colour});
  setPointMarkerSize(8.0);
  setLineWidth(2.0);
  setEndpointMarkerSize(8.0, 0.0);
  setPolyLineWidth(2.0);
  setPolyEndpointMarkerSize(0.0, 0.0);
}`;

/**
 * Points, oriented points and contours as annotations that Neuroglancer keeps in its address. Of more than `positionsMax` every n-th point is taken,
 * or every n-th contour.
 *
 * @returns the layer, the positions in it and those that there are.
 * @throws {EmporiumError} METADATA_VALUE for triangles, which are no annotations.
 */
export function localLayer(
  { name, colour, isVisible, shapes, colourOf }: LocalLayer,
  positionsMax: number,
): { layer: JsonObject; drawn: number; all: number } {
  if (shapes.triangles.length > 0) throw new EmporiumError("METADATA_VALUE", `${name}: surfaces are no annotations`);
  const { annotations, drawn } =
    shapes.contours.length > 0 ? contoursOf(shapes, positionsMax) : pointsOf(shapes, positionsMax, colourOf);
  const layer = {
    type: "annotation",
    name,
    source: { url: "local://annotations", transform: { outputDimensions: { x: ANGSTROM, y: ANGSTROM, z: ANGSTROM } } },
    tab: "rendering",
    ...(colourOf && { annotationProperties: [{ id: "color", type: "rgb", default: colour }] }),
    annotations,
    annotationColor: colour,
    shader: shader(colourOf ? "prop_color()" : "defaultColor()"),
    visible: isVisible,
  };
  return { layer, drawn, all: shapes.xyz.length / 3 };
}

/** Every position has seven digits: it is a float32. */
const positionOf = ({ xyz }: OverlayShapes, i: number): number[] =>
  [0, 1, 2].map((axis) => Number(xyz[3 * i + axis]!.toPrecision(7)));

function pointsOf(shapes: OverlayShapes, positionsMax: number, colourOf: LocalLayer["colourOf"]) {
  const { xyz, directions, instances, places } = shapes;
  const step = Math.max(1, Math.ceil(xyz.length / 3 / positionsMax));
  const annotations: JsonObject[] = [];
  for (let i = 0; i < xyz.length / 3; i += step) {
    const point = positionOf(shapes, i);
    const tip = directions.length > 0 && point.map((at, axis) => at + AXIS_ANGSTROM * directions[3 * i + axis]!);
    annotations.push({
      // as the table of points beside slices numbers them
      id: String((places[i] ?? i) + 1),
      ...(tip ? { type: "line", pointA: point, pointB: tip.map((at) => Number(at.toPrecision(7))) } : { type: "point", point }),
      ...(colourOf && { props: [colourOf(instances[i] ?? 0)] }),
    });
  }
  return { annotations, drawn: annotations.length };
}

function contoursOf(shapes: OverlayShapes, positionsMax: number) {
  const { xyz, contours, closed } = shapes;
  const step = Math.max(1, Math.ceil(xyz.length / 3 / positionsMax));
  const annotations: JsonObject[] = [];
  let drawn = 0;
  for (let c = 0; c + 1 < contours.length; c += step) {
    const [from, to] = [contours[c]!, Math.min(contours[c + 1]!, contours[c]! + positionsMax - drawn)];
    if (to <= from) continue;
    const points = Array.from({ length: to - from }, (_, i) => positionOf(shapes, from + i));
    drawn += points.length;
    const isWhole = to === contours[c + 1]!;
    annotations.push({
      id: String(c + 1),
      ...(points.length === 1
        ? { type: "point", point: points[0]! }
        : { type: "polyline", points: closed[c] === 1 && isWhole && points.length > 2 ? [...points, points[0]!] : points }),
    });
  }
  return { annotations, drawn };
}
