import type { RandomAccess, ReadOptions } from "../../../core/bytes.js";
import type { ModHeader, ModImage, Xyz } from "../../../formats/mod/model.js";
import { readModParts } from "../../../formats/mod/read.js";

/** A row of a list of models. In the form of JSON; triples are x, y, z. */
export interface ModelSummary {
  readonly objects: number;
  readonly contours: number;
  readonly points: number;
  readonly slicer_angles: number;
  /** Columns, rows, sections of the volume under it, as a rule. */
  readonly max: Xyz;
  /** null where the units are pixels. */
  readonly pixsize_nm: number | null;
  /** Origin of the image it was last drawn on, Å; null where the model does not say. */
  readonly origin_A: Xyz | null;
  /** No point and no slicer angle. */
  readonly empty: boolean;
  readonly flags: number;
  /** Pixel of the image it was last drawn on, Å; null where the model does not say. */
  readonly scale_A: Xyz | null;
  /** The start of the loaded volume in the image file, Å. */
  readonly translation_A: Xyz | null;
}

/**
 * Reads all but the points.
 *
 * @throws {EmporiumError} as `readModParts`
 */
export async function summariseModel(source: RandomAccess, options?: ReadOptions): Promise<ModelSummary> {
  let header: ModHeader | undefined;
  let image: ModImage | undefined;
  let [objects, contours, points, slicer_angles] = [0, 0, 0, 0];
  for await (const part of readModParts(source, { ...options, points: false })) {
    if (part.kind === "header") header = part.header;
    else if (part.kind === "object") objects++;
    else if (part.kind === "contour") {
      contours++;
      points += part.head.pointCount;
    } else if (part.kind === "slicerAngles") slicer_angles++;
    else if (part.kind === "image") image = part.image;
  }
  return summaryOf(header!, image, { objects, contours, points, slicer_angles });
}

/** The old translation is the image's origin. */
const ORIGIN_BIT = 1 << 14;

export function summaryOf(
  header: ModHeader,
  image: ModImage | undefined,
  counts: Pick<ModelSummary, "objects" | "contours" | "points" | "slicer_angles">,
): ModelSummary {
  const { objects, contours, points, slicer_angles } = counts;
  const { max, flags, pixelSizeAngstrom } = header;
  return {
    objects,
    contours,
    points,
    slicer_angles,
    max,
    pixsize_nm: pixelSizeAngstrom === undefined ? null : pixelSizeAngstrom / 10,
    origin_A: image && flags & ORIGIN_BIT ? image.oldTranslation : null,
    empty: points === 0 && slicer_angles === 0,
    flags,
    scale_A: image?.scale.every((value) => value > 0 && Number.isFinite(value)) ? image.scale : null,
    translation_A: image?.translation ?? null,
  };
}
