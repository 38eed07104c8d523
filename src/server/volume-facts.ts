import { percentileLimits } from "../arrays/contrast/percentile.js";
import { numbersOf } from "../arrays/plane/convert.js";
import { readPlane } from "../arrays/plane/plane.js";
import { ITEM_BYTES } from "../core/dtype.js";
import type { VolumeFacts } from "../model/page-api.js";
import { printRef } from "../model/ref.js";
import type { OpenVolume } from "./open-volume.js";

type Sample = Pick<VolumeFacts, "limits" | "histogram">;

/** What a page shows beside a volume. */
export async function volumeFacts(volume: OpenVolume, signal: AbortSignal | undefined): Promise<VolumeFacts> {
  const { place, key, etag, source, peeked, voxelSizeAngstrom, originAngstrom } = volume;
  const { shape } = source.levels[0]!;
  const itemBytes = ITEM_BYTES[source.dtype];
  return {
    ref: printRef({ kind: "place", place: place.id, key }),
    etag,
    title: key.slice(key.lastIndexOf("/") + 1) || place.name,
    place: place.id,
    key,
    format: peeked?.format ?? "hdf5",
    kind: shape[0] === 1 ? "image" : "volume",
    dtype: source.dtype,
    shape,
    voxelSizeAngstrom: voxelSizeAngstrom.map((size) => size ?? null),
    originAngstrom: [...originAngstrom] as [number, number, number],
    levels: source.levels.map(({ shape: own, scale, virtual }) => ({ shape: own, scale, virtual })),
    planeBytes: [shape[1] * shape[2] * itemBytes, shape[0] * shape[2] * itemBytes, shape[0] * shape[1] * itemBytes],
    ...(await sampled(volume, signal)),
    isTiltSeries: false,
    warnings: peeked?.warnings ?? [],
    sources: {},
  };
}

/** Sections that are looked at, of the coarsest level; values of them, all together. */
const SECTIONS = 8;
const VALUES = 2 ** 17;
const BINS = 256;

/** Limits and a histogram of a sample: sections spread over the middle four fifths of the volume. */
async function sampled({ source }: OpenVolume, signal: AbortSignal | undefined): Promise<Sample> {
  const level = source.levels.length - 1;
  const [sections] = source.levels[0]!.shape;
  const count = Math.min(SECTIONS, sections);
  const values: number[] = [];
  for (let i = 0; i < count; i++) {
    const at = Math.min(sections - 1, Math.floor(sections * (0.1 + (0.8 * (i + 0.5)) / count)));
    const plane = await readPlane(source, { axis: "z", at, level }, { signal });
    const numbers = numbersOf(plane.bytes, plane.dtype);
    const each = Math.max(1, Math.ceil((numbers.length * count) / VALUES));
    for (let n = 0; n < numbers.length; n += each) if (Number.isFinite(numbers[n])) values.push(numbers[n]!);
  }
  return summed(Float32Array.from(values));
}

function summed(sample: Float32Array): Sample {
  const [low, high] = percentileLimits(sample);
  let [min, max] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of sample) {
    if (value < min) min = value;
    if (value > max) max = value;
  }
  if (!(min < max)) [min, max] = [low, high];
  const counts = new Array<number>(BINS).fill(0);
  for (const value of sample) counts[Math.min(BINS - 1, Math.floor(((value - min) / (max - min)) * BINS))]!++;
  return { limits: { low, high, from: "sample" }, histogram: { min, max, counts } };
}
