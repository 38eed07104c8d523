import type { RandomAccess } from "../../../../../core/bytes.js";
import type { ModHeader, ModImage, ModObject } from "../../../../../formats/mod/model.js";
import { isOutlined } from "../../../../../formats/mod/outline.js";
import { readModParts } from "../../../../../formats/mod/read.js";
import type { PointsReading } from "../../claims.js";
import type { VolumeFacts } from "../../survey/laboratory.js";

/** What is drawn in a model. */
export interface ModelFacts {
  readonly header: ModHeader;
  readonly image?: ModImage | undefined;
  /** Objects that have anything, by what that is. */
  readonly objects: readonly DrawnObject[];
  /** Views that were saved in the slicer window. */
  readonly slicers: number;
  /** There is such a view for each point, in their order: the way in which orientations of particles are noted. */
  readonly isOriented: boolean;
}

export interface DrawnObject {
  readonly name: string;
  /**
   * `points`: scattered, or one point a contour. `outline`: closed contours, each in one section. `wild`: closed by its flags, but its contours run through
   * sections, as picks do that nobody declared to be such. `lines`: open contours, and closed ones of two points. `mesh`: a surface.
   */
  readonly kind: "points" | "outline" | "wild" | "lines" | "mesh";
  readonly count: number;
}

/** Reads a model once, from front to back. @throws {EmporiumError} FORMAT_… */
export async function modelFacts(source: RandomAccess): Promise<ModelFacts> {
  const objects: {
    name: string;
    drawn: ModObject["contourKind"];
    points: number;
    contours: number;
    meshes: number;
    longest: number;
    isWild: boolean;
  }[] = [];
  let header: ModHeader | undefined;
  let image: ModImage | undefined;
  const centres: number[] = [];
  const places: number[] = [];
  let slicers = 0;
  let least = 0;
  let most = 0;
  for await (const part of readModParts(source)) {
    const object = objects.at(-1);
    if (part.kind === "header") header = part.header;
    else if (part.kind === "image") image = part.image;
    else if (part.kind === "slicerAngles") {
      slicers++;
      centres.push(...part.slicer.center);
    } else if (part.kind === "object") {
      const { name, contourKind } = part.head;
      objects.push({ name: name.trim(), drawn: contourKind, points: 0, contours: 0, meshes: 0, longest: 0, isWild: false });
    } else if (part.kind === "mesh") object!.meshes++;
    else if (part.kind === "contour" && part.head.pointCount > 0) {
      object!.points += part.head.pointCount;
      object!.contours++;
      object!.longest = Math.max(object!.longest, part.head.pointCount);
      [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    } else if (part.kind === "points") {
      for (let i = 2; i < part.xyz.length; i += 3) {
        least = Math.min(least, part.xyz[i]!);
        most = Math.max(most, part.xyz[i]!);
      }
      if (places.length < PLACES_MAX) for (const value of part.xyz) places.push(value);
      if (most - least > 1) object!.isWild = true;
    }
  }
  return {
    header: header!,
    image,
    slicers,
    isOriented: slicers > 0 && (places.length === 0 || isSame(centres, places)),
    objects: objects.flatMap(({ name, drawn, points, contours, meshes, longest, isWild }): DrawnObject[] => {
      const outlined = isOutlined(drawn, longest);
      if (meshes > 0 && (outlined || points === 0)) return [{ name, kind: "mesh", count: meshes }];
      if (points === 0) return [];
      if (drawn === "scattered" || longest === 1) return [{ name, kind: "points", count: points }];
      if (!outlined) return [{ name, kind: "lines", count: contours }];
      return [{ name, kind: isWild ? "wild" : "outline", count: isWild ? points : contours }];
    }),
  };
}

const PLACES_MAX = 300_000;
/** Same points in the same order, within a pixel: the slicer window centres on whole sections. */
const isSame = (a: readonly number[], b: readonly number[]): boolean =>
  a.length === b.length && a.every((value, at) => Math.abs(value - b[at]!) <= 1);

const sizeOf = ({ shape: [z, y, x] }: VolumeFacts) => [x, y, z] as const;

/** The model was made on an image of this very size. */
export function isDrawnOn({ header }: Pick<ModelFacts, "header">, volume: VolumeFacts): boolean {
  return sizeOf(volume).every((size, axis) => header.max[axis] === size);
}

export interface ModelPlace {
  readonly reading: Pick<PointsReading, "unit" | "pixelAngstrom">;
  /** How it is known, as the end of a sentence. */
  readonly because: string;
}

/**
 * How coordinates of a model become voxels of a tomogram. 3dmod keeps the size of a pixel and the origin of the image that a model was made on (MINX), and
 * moves the model when it is shown on another: with an origin that is another the points are elsewhere, and no factor helps.
 *
 * Source: https://bio3d.colorado.edu/imod/doc/binspec.html (MINX), https://bio3d.colorado.edu/imod/doc/3dmodguide.html (model and image coordinates)
 */
export function placeOf(
  model: ModelFacts,
  tomogram: VolumeFacts | undefined,
  spacing: number | undefined,
): ModelPlace | { elsewhere: string } {
  const { image } = model;
  if (tomogram && isDrawnOn(model, tomogram))
    return { reading: { unit: "voxels" }, because: "it was made on an image of the tomogram's size" };
  const pixel = image?.scale[0];
  if (
    pixel === undefined ||
    !(pixel > 0) ||
    !Number.isFinite(pixel) ||
    image!.scale.some((size) => Math.abs(size / pixel - 1) > 0.01)
  )
    return { reading: {}, because: "nothing says the size of its pixels" };
  // 3dmod writes 1 where the image had no pixel size
  if (Math.abs(pixel - 1) < 1e-6) return { reading: {}, because: "the image that it was made on had no pixel size" };
  const text = Number(pixel.toPrecision(5));
  if (!tomogram || spacing === undefined)
    return { reading: { unit: "pixels", pixelAngstrom: pixel }, because: `its pixels have ${text} Å` };
  if (!isSameOrigin(image!, tomogram, spacing))
    return {
      elsewhere: `it was made on an image of ${model.header.max.join("×")} pixels of ${text} Å that begins elsewhere than the tomogram`,
    };
  if (Math.abs(pixel / spacing - 1) < 0.01)
    return { reading: { unit: "voxels" }, because: "its pixels have the size and origin of the tomogram" };
  return {
    reading: { unit: "pixels", pixelAngstrom: pixel },
    because: `its pixels have ${text} Å, those of the tomogram ${Number(spacing.toPrecision(5))} Å`,
  };
}

/** IMOD keeps the origin with either sign: its own files turned it round in version 4.2. */
function isSameOrigin({ translation }: ModImage, { originAngstrom: [z, y, x] }: VolumeFacts, spacing: number): boolean {
  const origin = [x, y, z];
  return [1, -1].some((sign) => origin.every((at, axis) => Math.abs(sign * at - translation[axis]!) <= spacing));
}
