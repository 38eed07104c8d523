import type { DiscList, Rgb } from "../../../arrays/picture/marks.js";
import type { SectionMask } from "../../../arrays/picture/render.js";
import { centralSlab, SLAB_PLANES } from "../../../arrays/picture/slab.js";
import { readSlab } from "../../../arrays/stream/source/read-slab.js";
import { asEmporiumError, EmporiumError } from "../../../core/errors.js";
import type { TaskContext } from "../../../engine/task.js";
import { Growing } from "../../../formats/mesh/growing.js";
import { readPointLines } from "../../../formats/points/ndjson.js";
import { absent, objectName, openObject } from "../../../stores/store.js";
import { freeingPoints } from "../../../system/garbage.js";
import type { GreySection } from "./section-cache.js";

/** One file of an annotation that a picture shows. Plain JSON. */
export interface PictureLayer {
  readonly shape: "mask" | "points";
  /** Points: the ndjson. Mask: the Zarr's folder. */
  readonly key: string;
  /** Key of the MRC of a mask. */
  readonly mrc?: string;
  readonly colour: Rgb;
  /** Identity of its content: id of the task that makes it, or size and ETag of the stored file. */
  readonly made: string;
}

interface Marks {
  masks: SectionMask[];
  discs: DiscList;
}

/**
 * The marks of the layers on a section: masks with a voxel in the slab, and points in it; later planes and layers are drawn over
 * earlier ones. A missing or damaged layer is left out with a warning.
 */
export async function drawnMarks(
  section: GreySection,
  layers: readonly PictureLayer[],
  context: TaskContext,
  warnings: string[],
): Promise<Marks> {
  const masks: SectionMask[] = [];
  const points: PointList = {
    places: new Growing(Float64Array),
    heights: new Growing(Float64Array),
    layers: new Growing(Uint32Array),
  };
  for (const [order, layer] of layers.entries()) {
    const before = points.layers.length;
    try {
      if (layer.shape === "mask") masks.push(await maskOf(layer, section, context));
      else await addPoints(points, layer, order, section.planes, context);
    } catch (error) {
      context.signal.throwIfAborted();
      const { code, message } = asEmporiumError(error);
      if (code.startsWith("STORE_") && code !== "STORE_ABSENT") throw error;
      const shown = points.layers.length > before ? "only a part of it" : "nothing of it";
      warnings.push(`${message}; the pictures show ${shown}`);
    }
  }
  return { masks, discs: byHeight(points, layers) };
}

/** Points that lie in the slab, as numbers: there may be millions. */
interface PointList {
  /** x and y of each point. */
  readonly places: Growing<Float64Array>;
  /** Height of each point: one with a greater height is drawn above the others. */
  readonly heights: Growing<Float64Array>;
  /** Index of the layer of each point. */
  readonly layers: Growing<Uint32Array>;
}

function byHeight(points: PointList, layers: readonly PictureLayer[]): DiscList {
  const [places, heights, layerOf] = [points.places.done(), points.heights.done(), points.layers.done()];
  const order = Uint32Array.from({ length: layerOf.length }, (_, i) => i).sort((a, b) => heights[a]! - heights[b]! || a - b);
  const sorted = new Float64Array(places.length);
  const colourOf = new Uint32Array(order.length);
  for (const [i, from] of order.entries()) {
    sorted[2 * i] = places[2 * from]!;
    sorted[2 * i + 1] = places[2 * from + 1]!;
    colourOf[i] = layerOf[from]!;
  }
  return { places: sorted, colourOf, colours: layers.map(({ colour }) => colour) };
}

async function maskOf(
  { key, mrc, colour }: PictureLayer,
  { height, width, planes }: GreySection,
  { target, signal }: TaskContext,
): Promise<SectionMask> {
  const slab = await readSlab(target, { mrc: mrc ?? null, zarr: key }, centralSlab, signal);
  if (!slab) throw absent(target, key);
  if (slab.height !== height || slab.width !== width || slab.planes !== planes) {
    const name = objectName(target, key);
    const size = `${slab.width}×${slab.height}×${slab.planes}`;
    throw new EmporiumError("FORMAT_FIELD", `${name} has ${size} voxels, the tomogram ${width}×${height}×${planes}`, {
      place: { file: name },
    });
  }
  return { covered: Uint8Array.from(slab.sum, (count) => (count > 0 ? 1 : 0)), colour };
}

async function addPoints(
  points: PointList,
  { key }: PictureLayer,
  order: number,
  planes: number,
  { target, signal }: TaskContext,
): Promise<void> {
  if (!(await target.stat(key, { signal }))) throw absent(target, key);
  const { z0 } = centralSlab(planes);
  const free = freeingPoints();
  for await (const { count, positions } of readPointLines(await openObject(target, key, { signal }), { signal })) {
    free(count);
    for (let i = 0; i < count; i++) {
      const z = positions[3 * i + 2]!;
      if (z < z0 || z > z0 + SLAB_PLANES) continue;
      points.places.push(positions[3 * i]!);
      points.places.push(positions[3 * i + 1]!);
      points.heights.push(order + z);
      points.layers.push(order);
    }
  }
}
