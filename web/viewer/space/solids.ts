import { instanceColours } from "../../../src/model/instance-colours.js";
import type { OverlayShapes } from "../../../src/model/overlay-bytes.js";
import type { LayerInSpace } from "../overlay.js";
import { radiusAt } from "../overlays/shapes.js";
import type { Vector } from "./camera.js";
import { bufferOf, POINT_FLOATS, type Rgb, type Solid } from "./scene.js";

/** `#F0A202` as shares of one. */
export function rgbOf(hex: string): Rgb {
  const value = Number.parseInt(hex.slice(1), 16);
  return [(value >> 16) / 255, ((value >> 8) & 255) / 255, (value & 255) / 255];
}

interface Made {
  readonly shapes: OverlayShapes;
  readonly color: string;
  readonly buffers: readonly WebGLBuffer[];
  readonly solids: readonly Solid[];
}

/** Buffers of the layers that are on. Those of a layer stay as long as it is on and its shapes are the same. */
export function layerSolids(gl: WebGL2RenderingContext, middle: Vector) {
  const made = new Map<string, Made>();
  const free = (id: string) => {
    for (const buffer of made.get(id)?.buffers ?? []) gl.deleteBuffer(buffer);
    made.delete(id);
  };
  return {
    of(layers: readonly LayerInSpace[]): readonly Solid[] {
      const ids = new Set(layers.map(({ layer }) => layer.id));
      for (const id of [...made.keys()]) if (!ids.has(id)) free(id);
      return layers.flatMap((one) => {
        if (!one.shapes) return [];
        const { layer, shapes, opacity } = one;
        let known = made.get(layer.id);
        if (known?.shapes !== shapes || known.color !== layer.color) {
          free(layer.id);
          known = { shapes, color: layer.color, ...makeSolids(gl, { ...one, shapes }, middle) };
          made.set(layer.id, known);
        }
        return known.solids.map((solid) => ({ ...solid, opacity }));
      });
    },
    free() {
      for (const id of [...made.keys()]) free(id);
    },
  };
}

type WithShapes = LayerInSpace & { readonly shapes: OverlayShapes };

function makeSolids(gl: WebGL2RenderingContext, one: WithShapes, middle: Vector): Pick<Made, "buffers" | "solids"> {
  const { shapes, layer } = one;
  const colour = rgbOf(layer.color);
  if (shapes.triangles.length > 0) {
    const indices = bufferOf(gl, shapes.triangles, true);
    const buffer = bufferOf(gl, withNormals(shapes));
    const solid = { kind: "triangles", buffer, indices, count: shapes.triangles.length, colour, opacity: 1 } as const;
    return { buffers: [indices, buffer], solids: [solid] };
  }
  const [ends, alone] = shapes.contours.length > 0 ? linesOf(shapes) : [new Uint32Array(0), undefined];
  const buffers: WebGLBuffer[] = [];
  const solids: Solid[] = [];
  if (ends.length > 0) {
    const places = new Float32Array(2 * shapes.xyz.length);
    for (let i = 0; i < shapes.xyz.length; i++) places[6 * Math.floor(i / 3) + (i % 3)] = shapes.xyz[i]!;
    const [indices, buffer] = [bufferOf(gl, ends, true), bufferOf(gl, places)];
    buffers.push(indices, buffer);
    solids.push({ kind: "lines", buffer, indices, count: ends.length, colour, opacity: 1 });
  }
  const points = pointsOf(one, middle, alone);
  const count = points.length / POINT_FLOATS;
  if (count > 0) {
    const buffer = bufferOf(gl, points);
    buffers.push(buffer);
    solids.push({ kind: "spheres", buffer, count, opacity: 1 });
    if (shapes.directions.length > 0) solids.push({ kind: "cones", buffer, count, opacity: 1 });
  }
  return { buffers, solids };
}

/** Place, radius, colour and direction of each point. @param chosen undefined: all */
function pointsOf({ shapes, layer }: WithShapes, middle: Vector, chosen?: readonly number[]): Float32Array {
  const { xyz, directions, instances } = shapes;
  const colourOf = instances.length > 0 ? instanceColours(layer, instances) : () => layer.color;
  const colours = new Map<number, Rgb>();
  const count = chosen?.length ?? xyz.length / 3;
  const points = new Float32Array(POINT_FLOATS * count);
  for (let n = 0; n < count; n++) {
    const i = chosen?.[n] ?? n;
    const instance = instances[i] ?? 0;
    const colour = colours.get(instance) ?? rgbOf(colourOf(instance));
    colours.set(instance, colour);
    points.set(colour, POINT_FLOATS * n + 4);
    points[POINT_FLOATS * n + 3] = radiusAt({ shapes, layer }, i);
    for (let axis = 0; axis < 3; axis++) {
      points[POINT_FLOATS * n + axis] = xyz[3 * i + axis]! - middle[axis]!;
      points[POINT_FLOATS * n + 7 + axis] = directions[3 * i + axis] ?? 0;
    }
  }
  return points;
}

/** Both ends of each line of the contours, and points that are contours of their own. */
function linesOf({ contours, closed }: OverlayShapes): readonly [ends: Uint32Array, alone: number[]] {
  const ends: number[] = [];
  const alone: number[] = [];
  for (let c = 0; c + 1 < contours.length; c++) {
    const [from, to] = [contours[c]!, contours[c + 1]!];
    if (to - from === 1) alone.push(from);
    for (let i = from; i + 1 < to; i++) ends.push(i, i + 1);
    if (closed[c] === 1 && to - from > 2) ends.push(to - 1, from);
  }
  return [Uint32Array.from(ends), alone];
}

/** x, y, z of each corner and of its normal: the mean of its triangles', larger ones counting more. */
function withNormals({ xyz, triangles }: OverlayShapes): Float32Array {
  const corners = new Float32Array(2 * xyz.length);
  for (let i = 0; i < xyz.length; i++) corners[6 * Math.floor(i / 3) + (i % 3)] = xyz[i]!;
  for (let t = 0; t < triangles.length; t += 3) {
    const [a, b, c] = [3 * triangles[t]!, 3 * triangles[t + 1]!, 3 * triangles[t + 2]!];
    const [ux, uy, uz] = [xyz[b]! - xyz[a]!, xyz[b + 1]! - xyz[a + 1]!, xyz[b + 2]! - xyz[a + 2]!];
    const [vx, vy, vz] = [xyz[c]! - xyz[a]!, xyz[c + 1]! - xyz[a + 1]!, xyz[c + 2]! - xyz[a + 2]!];
    const [nx, ny, nz] = [uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx];
    for (const corner of [a, b, c]) {
      corners[2 * corner + 3]! += nx;
      corners[2 * corner + 4]! += ny;
      corners[2 * corner + 5]! += nz;
    }
  }
  return corners;
}
