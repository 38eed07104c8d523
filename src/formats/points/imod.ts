import type { RandomAccess, ReadOptions } from "../../core/bytes.js";
import { EmporiumError } from "../../core/errors.js";
import type { ModSlicerAngles } from "../mod/model.js";
import { readModParts } from "../mod/read.js";
import type { PointBatch, PointOptions, ReadPoints } from "./points.js";
import { flipRotation, slicerRotation } from "./rotation.js";
import { scipySlicerRotation } from "./scipy-rotation.js";

const BATCH_POINTS = 16_384;

/**
 * IMOD models. Points are those of every contour of every object, in the order of the file; oriented points are the slicer angles
 * that were saved with it, and the contours are skipped then. Coordinates are taken as stored: pixels of the volume the model was
 * made on.
 */
export const readImodPoints: ReadPoints = (source, options, read) =>
  options.kind === "orientedPoint" ? slicerPoints(source, options, read) : contourPoints(source, options, read);

async function* contourPoints(
  source: RandomAccess,
  { columns, binning }: PointOptions,
  read: ReadOptions | undefined,
): AsyncGenerator<PointBatch> {
  const [x, y, z] = columns === "zyx" ? [2, 1, 0] : [0, 1, 2];
  let positions = new Float64Array(3 * BATCH_POINTS);
  let count = 0;
  for await (const part of readModParts(source, { signal: read?.signal })) {
    if (part.kind !== "points") continue;
    const { xyz, offset } = part;
    for (let i = 0; i < xyz.length; i += 3) {
      positions[3 * count] = xyz[i + x!]! / binning;
      positions[3 * count + 1] = xyz[i + y!]! / binning;
      positions[3 * count + 2] = xyz[i + z!]! / binning;
      requireFinite(source.name, positions, 3 * count, offset + 4 * i);
      if (++count < BATCH_POINTS) continue;
      yield { count, positions };
      // the consumer may keep a batch
      positions = new Float64Array(3 * BATCH_POINTS);
      count = 0;
    }
  }
  if (count > 0) yield { count, positions: positions.subarray(0, 3 * count) };
}

async function* slicerPoints(
  source: RandomAccess,
  { order, binning, compat }: PointOptions,
  read: ReadOptions | undefined,
): AsyncGenerator<PointBatch> {
  const slicers: { slicer: ModSlicerAngles; offset: number }[] = [];
  for await (const part of readModParts(source, { signal: read?.signal, points: false })) {
    if (part.kind === "slicerAngles") slicers.push(part);
    // nothing announces how many there are, so only the mark at the end tells that all of them came
    if (part.kind === "end" && !part.marked) {
      throw new EmporiumError("FORMAT_TRUNCATED", `${source.name}: the model ends without IEOF, slicer angles may be missing`, {
        place: { file: source.name, byte: await source.size() },
        hint: "copy the file again, or save it again with 3dmod",
      });
    }
  }
  if (slicers.length === 0) {
    throw new EmporiumError("FORMAT_FIELD", `${source.name}: no slicer angles, an oriented point needs one each`, {
      place: { file: source.name },
      hint: "save slicer angles in 3dmod's slicer window, or take the contours as a Point source",
    });
  }
  const positions = new Float64Array(3 * slicers.length);
  const rotations = new Float64Array(9 * slicers.length);
  for (const [i, { slicer, offset }] of slicers.entries()) {
    const [x, y, z] = order === "zyx" ? slicer.center.toReversed() : slicer.center;
    positions.set([x! / binning, y! / binning, z! / binning], 3 * i);
    requireFinite(source.name, positions, 3 * i, offset);
    if (!slicer.angles.every(Number.isFinite)) throw notFinite(source.name, `slicer angles ${slicer.angles.join(", ")}`, offset);
    (compat ? scipySlicerRotation : slicerRotation)(...slicer.angles, rotations, 9 * i);
    if (order === "zyx") flipRotation(rotations, 9 * i);
  }
  yield { count: slicers.length, positions, rotations };
}

function requireFinite(file: string, positions: Float64Array, at: number, byte: number): void {
  // one sum is finite where all three are, but for numbers no float32 holds
  if (Number.isFinite(positions[at]! + positions[at + 1]! + positions[at + 2]!)) return;
  throw notFinite(file, `a point at ${positions.subarray(at, at + 3).join(", ")}`, byte);
}

function notFinite(file: string, found: string, byte: number): EmporiumError {
  const hint = "delete this point in 3dmod";
  return new EmporiumError("FORMAT_FIELD", `${file}: ${found}; expected finite numbers`, { place: { file, byte }, hint });
}
