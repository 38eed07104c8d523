import type { RandomAccess } from "../../core/bytes.js";
import { EmporiumError } from "../../core/errors.js";
import {
  bucketed,
  NO_SHAPES,
  type OverlayGround,
  type OverlayShapes,
  POINTS_MAX,
  tooManyPoints,
} from "../../model/overlay-bytes.js";
import { Growing } from "../mesh/growing.js";
import type { ModHeader, ModImage, ModObject, Xyz } from "./model.js";
import { readModParts } from "./read.js";

/** An object of a model that has anything to draw. */
export interface DrawnObject {
  /** In the file, from 0. */
  readonly object: number;
  readonly name: string;
  /** `#rrggbb`. */
  readonly color: string;
  /** Scattered points, or contours. */
  readonly count: number;
}

/** Objects of a model that have anything to draw. */
export async function modelObjects(source: RandomAccess, signal?: AbortSignal): Promise<DrawnObject[]> {
  const heads: { head: ModObject; points: number }[] = [];
  for await (const part of readModParts(source, { signal, points: false })) {
    if (part.kind === "object") heads.push({ head: part.head, points: 0 });
    if (part.kind === "contour") heads.at(-1)!.points += part.head.pointCount;
  }
  return heads.flatMap(({ head, points }, i) => {
    if (points === 0) return [];
    const count = head.contourKind === "scattered" ? points : head.contourCount;
    return [
      {
        object: i,
        name: head.name || `object ${i + 1}`,
        color: `#${head.color
          .map((part) =>
            Math.round(255 * Math.min(Math.max(part, 0), 1))
              .toString(16)
              .padStart(2, "0"),
          )
          .join("")}`,
        count,
      },
    ];
  });
}

/**
 * One object of an IMOD model, in Å. IMOD counts x and y from the edge of the first pixel and z from the middle of the first section; a model that was
 * made on the image in another binning has the pixel size of that.
 */
export async function readModelObject(
  source: RandomAccess,
  object: number,
  ground: OverlayGround,
  signal?: AbortSignal,
): Promise<OverlayShapes> {
  let header: ModHeader | undefined;
  let image: ModImage | undefined;
  let head: ModObject | undefined;
  const starts: number[] = [];
  const values = new Growing(Float64Array);
  const sizes = new Map<number, Float32Array>();
  for await (const part of readModParts(source, { signal })) {
    if (part.kind === "header") header = part.header;
    if (part.kind === "image") image = part.image;
    if (!("object" in part) || part.object !== object) continue;
    if (part.kind === "object") head = part.head;
    if (part.kind === "contour") starts.push(values.length / 3);
    if (part.kind === "points") {
      if (values.length / 3 + part.xyz.length / 3 > POINTS_MAX) throw tooManyPoints(source.name);
      for (let i = 0; i < part.xyz.length; i++) values.push(part.xyz[i]!);
    }
    if (part.kind === "sizes") sizes.set(part.contour, part.sizes);
  }
  if (!head || !header) throw new EmporiumError("NOT_FOUND", `${source.name} has no object ${object + 1}`);
  const placed = modelPlacement(header, image, ground);
  const xyz = Float32Array.from(values.done(), (value, i) => placed(value, (i % 3) as 0 | 1 | 2));
  const count = xyz.length / 3;
  const contours = Uint32Array.from([...starts, count]);
  const pixel = pixelOf(header, image, ground)[0];
  const radii = new Float32Array(count).fill(head.pointSize * pixel);
  for (const [contour, own] of sizes) {
    for (const [i, size] of own.entries()) if (size >= 0) radii[starts[contour]! + i] = size * pixel;
  }
  const hasRadii = radii.some((radius) => radius > 0);
  if (head.contourKind === "scattered") return bucketed({ ...NO_SHAPES, xyz, radii });
  const closed = new Uint32Array(starts.length).fill(head.contourKind === "closed" ? 1 : 0);
  return { ...NO_SHAPES, xyz, contours, closed, radii: hasRadii ? radii : NO_SHAPES.radii };
}

/** Å of a pixel of the model: of the volume itself where the model was made on an image of its size. */
function pixelOf(
  { max, pixelSizeAngstrom }: ModHeader,
  image: ModImage | undefined,
  { sizeVoxels, voxelAngstrom }: OverlayGround,
): Xyz {
  if (max.every((size, axis) => size === sizeVoxels[axis])) return voxelAngstrom;
  const told = image?.scale.every((size) => size > 0) ? image.scale : undefined;
  if (pixelSizeAngstrom === undefined) return voxelAngstrom; // in pixels, whatever those are
  return told ?? [pixelSizeAngstrom, pixelSizeAngstrom, pixelSizeAngstrom];
}

/** Bit 14: the old translation is the image's origin. */
const HAS_ORIGIN = 1 << 14;

function modelPlacement(
  header: ModHeader,
  image: ModImage | undefined,
  ground: OverlayGround,
): (value: number, axis: 0 | 1 | 2) => number {
  const pixel = pixelOf(header, image, ground);
  // of a part of the image: the pixel in all of it
  const shift = (axis: 0 | 1 | 2) =>
    image && (header.flags & HAS_ORIGIN) !== 0 && image.scale[axis] > 0
      ? (image.oldTranslation[axis] - image.translation[axis]) / image.scale[axis]
      : 0;
  const shifts = [shift(0), shift(1), shift(2)] as const;
  const half = [0, 0, 0.5] as const;
  return (value, axis) =>
    ground.originAngstrom[axis] + (value + shifts[axis] + half[axis]) * pixel[axis] - 0.5 * ground.voxelAngstrom[axis];
}
