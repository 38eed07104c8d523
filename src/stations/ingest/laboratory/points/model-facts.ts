import type { RandomAccess } from "../../../../core/bytes.js";
import { readModParts } from "../../../../formats/mod/read.js";

/** What an IMOD model says of its own points. */
export interface ModelFacts {
  /** Size of a pixel of the volume that it was made on, Å; undefined where the model does not say it. */
  readonly pixelAngstrom: number | undefined;
  /** Origin of that volume as its header has it, Å. */
  readonly originAngstrom: readonly [x: number, y: number, z: number] | undefined;
  readonly points: number;
  /** `picks`: scattered points, or a point a contour; `outlines`: closed contours, each within one section; `lines`: anything else; `none`: no points. */
  readonly kind: "picks" | "outlines" | "lines" | "none";
}

/** @throws {EmporiumError} FORMAT_… */
export async function modelFacts(source: RandomAccess, signal: AbortSignal): Promise<ModelFacts> {
  let headerPixel: number | undefined;
  let image: { scale: readonly number[]; translation: readonly number[] } | undefined;
  let isClosed = true;
  let isScattered = true;
  let isFlat = true;
  let contours = 0;
  let points = 0;
  let height: number | undefined;
  const kinds: string[] = [];
  for await (const part of readModParts(source, { signal })) {
    if (part.kind === "header") headerPixel = part.header.pixelSizeAngstrom;
    else if (part.kind === "object") kinds.push(part.head.contourKind);
    else if (part.kind === "contour") {
      if (part.head.pointCount === 0) continue;
      contours++;
      points += part.head.pointCount;
      height = undefined;
      const kind = kinds[part.object];
      if (kind !== "scattered" && part.head.pointCount > 1) isScattered = false;
      if (kind !== "closed") isClosed = false;
    } else if (part.kind === "points") {
      for (let i = 2; i < part.xyz.length; i += 3) {
        const z = Math.round(part.xyz[i]!);
        if (height !== undefined && z !== height) isFlat = false;
        height = z;
      }
    } else if (part.kind === "image") image = part.image;
  }
  const scale = image?.scale[0];
  const pixelAngstrom = scale !== undefined && scale > 0 && scale !== 1 ? scale : headerPixel;
  const [x, y, z] = image?.translation ?? [];
  return {
    pixelAngstrom,
    originAngstrom: x === undefined || y === undefined || z === undefined ? undefined : [x, y, z],
    points,
    kind: points === 0 ? "none" : isScattered ? "picks" : isClosed && isFlat && points > 2 * contours ? "outlines" : "lines",
  };
}
