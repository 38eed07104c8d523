import { ITEM_BYTES } from "../../core/dtype.js";
import { nanometresPer, type PeekFacts } from "../../formats/peek/facts.js";
import type { VolumeFacts } from "../../model/page-api.js";
import { percentileLimits } from "../contrast/percentile.js";
import { rangeOf } from "../contrast/sample.js";
import { numbersOf } from "./convert.js";
import { type PlaneSource, readPlane } from "./plane.js";

/** Facts of a volume that its planes tell. */
export function planeFacts({ dtype, levels }: PlaneSource): Pick<VolumeFacts, "dtype" | "shape" | "levels" | "planeBytes"> {
  const { shape } = levels[0]!;
  const itemBytes = ITEM_BYTES[dtype];
  return {
    dtype,
    shape,
    levels: levels.map(({ shape: own, scale, virtual }) => ({ shape: own, scale, virtual })),
    planeBytes: [shape[1] * shape[2] * itemBytes, shape[0] * shape[2] * itemBytes, shape[0] * shape[1] * itemBytes],
  };
}

/** Voxel size and origin along z, y and x, in Å. */
export interface VolumeGeometry {
  readonly voxelSizeAngstrom: readonly (number | undefined)[];
  readonly originAngstrom: readonly number[];
}

/** Voxel sizes and origin in Å, `[z, y, x]`, by a file's header. An unknown voxel size is undefined, an unknown origin 0. */
export function geometryOf({ axes, voxelSize, unit, offset }: PeekFacts): VolumeGeometry {
  const along = (values: readonly (number | null)[]) =>
    ["z", "y", "x"].map((name) => {
      const axis = axes.indexOf(name);
      const nanometres = nanometresPer(unit[axis]);
      const value = values[axis];
      return value === undefined || value === null || nanometres === undefined
        ? undefined
        : inAngstrom(value * (nanometres * 10));
    });
  return { voxelSizeAngstrom: along(voxelSize), originAngstrom: along(offset).map((value) => value ?? 0) };
}

/** A line that says that slices show one sample only, for files whose pixels have several; otherwise none. */
export function firstSample({ format, raw }: PeekFacts): string[] {
  const samples = format === "tiff" ? Number(raw.SamplesPerPixel ?? 1) : 1;
  return samples > 1 ? [`samples: each pixel has ${samples} (as RGB has 3); slices show the first one`] : [];
}

/** Length rounded to seven digits: many were float32, or divided by ten. */
export function inAngstrom(length: number): number {
  return Number(length.toPrecision(7));
}

/**
 * Slices, channels and times of a file's pages, where they are more than slices and the file gives as many as there are sections.
 */
export function stackPages(peeked: PeekFacts | undefined, sections: number): VolumeFacts["pages"] {
  const pages = peeked?.dimensions;
  return pages && pages.c * pages.t > 1 && pages.z * pages.c * pages.t === sections ? pages : undefined;
}

/** Names that microscopes and IMOD give to tilt series. */
export const isNamedTiltSeries = (name: string): boolean => /\.(?:st|ali|preali)$/i.test(name);

/** Kind of a volume, by its key and by what is known of it. */
export function kindOf(
  key: string,
  { shape, isTiltSeries, isTomogram }: Pick<VolumeFacts, "shape" | "isTiltSeries"> & { readonly isTomogram: boolean },
): VolumeFacts["kind"] {
  const [sections, rows] = shape;
  if (isTiltSeries) return "tilt series";
  if (/_segmentationmask\.[^/]*$/.test(key)) return "mask";
  if (/(?:^|\/)Frames\//.test(key)) return "frame";
  if (isTomogram || /(?:^|\/)Tomograms\//.test(key) || (/\.rec$/i.test(key) && sections > 1)) return "tomogram";
  return sections === 1 || rows === 1 ? "image" : "volume";
}

/** Sections that are looked at, of the coarsest level; values of them, all together. */
const SECTIONS = 8;
const VALUES = 2 ** 17;
const BINS = 256;
/** A section of more voxels is not read whole, but the middle of it. */
const SECTION_VOXELS = 2 ** 26;
const SIDE = 4_096;

/**
 * Limits and a histogram of a sample of a volume: of sections spread over its middle four fifths, at its coarsest level. Of a section of more than
 * 2^26 voxels the middle is read, so memory does not grow with a volume.
 *
 * @param sections number of sections; a single one is the first, which is reached soonest where a file is read from its front
 * @throws {EmporiumError} what `readPlane` throws
 */
export async function sampleVolume(source: PlaneSource, sections = SECTIONS) {
  const level = source.levels.length - 1;
  const [all] = source.levels[0]!.shape;
  const [, rows, columns] = source.levels[level]!.shape;
  const box = rows * columns > SECTION_VOXELS ? middleOf(rows, columns) : undefined;
  const count = Math.min(sections, all);
  const values: number[] = [];
  for (let i = 0; i < count; i++) {
    const at = sections === 1 ? 0 : Math.min(all - 1, Math.floor(all * (0.1 + (0.8 * (i + 0.5)) / count)));
    const plane = await readPlane(source, { axis: "z", at, level, box });
    const numbers = numbersOf(plane.bytes, plane.dtype);
    const each = Math.max(1, Math.ceil((numbers.length * count) / VALUES));
    for (let n = 0; n < numbers.length; n += each) if (Number.isFinite(numbers[n])) values.push(numbers[n]!);
  }
  const sample = Float32Array.from(values);
  const [low, high] = percentileLimits(sample);
  const range = rangeOf(sample);
  const { min, max } = range && range.min < range.max ? range : { min: low, max: high };
  const counts = new Array<number>(BINS).fill(0);
  for (const value of sample) counts[Math.min(BINS - 1, Math.floor(((value - min) / (max - min)) * BINS))]!++;
  return { limits: { low, high }, histogram: { min, max, counts } };
}

function middleOf(rows: number, columns: number): readonly [number, number, number, number] {
  const [v0, u0] = [rows, columns].map((length) => Math.max(0, Math.floor((length - SIDE) / 2))) as [number, number];
  return [u0, v0, Math.min(columns, u0 + SIDE), Math.min(rows, v0 + SIDE)];
}
