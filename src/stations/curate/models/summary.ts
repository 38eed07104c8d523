import type { RandomAccess, ReadOptions } from "../../../core/bytes.js";
import type { ModHeader, ModImage, Xyz } from "../../../formats/mod/model.js";
import { readModParts } from "../../../formats/mod/read.js";

/** What a list of models says of each: in the form of JSON, triples x, y, z, as IMOD has them. */
export interface ModelSummary {
  readonly objects: number;
  readonly contours: number;
  readonly points: number;
  readonly slicer_angles: number;
  /** Columns, rows, sections of the volume under it, as a rule. */
  readonly max: Xyz;
  /** null where the units are pixels. */
  readonly pixsize_nm: number | null;
  /** Origin of the image it was last seen on, Å; null where the model does not say. */
  readonly origin_A: Xyz | null;
  /** No point and no slicer angle: nobody has drawn anything. */
  readonly empty: boolean;
  readonly flags: number;
  /** Pixel of the image it was last seen on, Å; null for a model that no image was seen with. */
  readonly scale_A: Xyz | null;
  /** Where in the image file the volume began that was loaded, Å. */
  readonly translation_A: Xyz | null;
}

/**
 * Counts what a model holds, points unread.
 *
 * @throws {EmporiumError} as `readModParts`
 */
export async function summariseModel(source: RandomAccess, options?: ReadOptions): Promise<ModelSummary> {
  let header: ModHeader | undefined;
  let image: ModImage | undefined;
  let [objects, contours, points, slicerAngles] = [0, 0, 0, 0];
  for await (const part of readModParts(source, { ...options, points: false })) {
    if (part.kind === "header") header = part.header;
    else if (part.kind === "object") objects++;
    else if (part.kind === "contour") {
      contours++;
      points += part.head.pointCount;
    } else if (part.kind === "slicerAngles") slicerAngles++;
    else if (part.kind === "image") image = part.image;
  }
  return summaryOf(header!, image, { objects, contours, points, slicerAngles });
}

export interface ModelCounts {
  readonly objects: number;
  readonly contours: number;
  readonly points: number;
  readonly slicerAngles: number;
}

/** The old translation is the image's origin. */
const ORIGIN_BIT = 1 << 14;

export function summaryOf(header: ModHeader, image: ModImage | undefined, counts: ModelCounts): ModelSummary {
  const { objects, contours, points, slicerAngles } = counts;
  const { max, flags, pixelSizeAngstrom } = header;
  return {
    objects,
    contours,
    points,
    slicer_angles: slicerAngles,
    max,
    pixsize_nm: pixelSizeAngstrom === undefined ? null : pixelSizeAngstrom / 10,
    origin_A: image && flags & ORIGIN_BIT ? image.oldTranslation : null,
    empty: points === 0 && slicerAngles === 0,
    flags,
    scale_A: image?.scale.every((value) => value > 0 && Number.isFinite(value)) ? image.scale : null,
    translation_A: image?.translation ?? null,
  };
}
