import { percentileLimits } from "../arrays/contrast/percentile.js";
import { rangeOf } from "../arrays/contrast/sample.js";
import { numbersOf } from "../arrays/plane/convert.js";
import { type PlaneSource, readPlane } from "../arrays/plane/plane.js";
import { ITEM_BYTES } from "../core/dtype.js";
import type { VolumeFacts } from "../model/page-api.js";
import { printRef } from "../model/ref.js";
import type { OpenVolume } from "./open-volume.js";
import { volumeMetadata } from "./volume-metadata.js";

/** What a page shows beside a volume. */
export async function volumeFacts(volume: OpenVolume, signal: AbortSignal | undefined): Promise<VolumeFacts> {
  const { place, key, etag, source, peeked, voxelSizeAngstrom, originAngstrom, isSequential } = volume;
  const { shape } = source.levels[0]!;
  const itemBytes = ITEM_BYTES[source.dtype];
  const [{ limits, ...metadata }, sample] = await Promise.all([volumeMetadata(volume, signal), sampleOf(volume)]);
  return {
    ref: printRef({ kind: "place", place: place.id, key }),
    etag,
    title: key.slice(key.lastIndexOf("/") + 1) || place.name,
    place: place.id,
    key,
    format: peeked?.format ?? "hdf5",
    dtype: source.dtype,
    shape,
    voxelSizeAngstrom: voxelSizeAngstrom.map((size) => size ?? null),
    originAngstrom: [...originAngstrom] as [number, number, number],
    levels: source.levels.map(({ shape: own, scale, virtual }) => ({ shape: own, scale, virtual })),
    planeBytes: [shape[1] * shape[2] * itemBytes, shape[0] * shape[2] * itemBytes, shape[0] * shape[1] * itemBytes],
    ...metadata,
    limits: limits ? { ...limits, from: "metadata" } : { ...sample.limits, from: "sample" },
    histogram: sample.histogram,
    isSequential,
  };
}

const SAMPLES = new WeakMap<OpenVolume, ReturnType<typeof sampled>>();

/** Once a volume: others may wait for it, so it does not end with the request that began it. */
function sampleOf(volume: OpenVolume): ReturnType<typeof sampled> {
  const sample = SAMPLES.get(volume) ?? sampled(volume.source, volume.isSequential ? 1 : SECTIONS);
  SAMPLES.set(volume, sample);
  sample.catch(() => SAMPLES.delete(volume));
  return sample;
}

/** Sections that are looked at, of the coarsest level; values of them, all together. */
const SECTIONS = 8;
const VALUES = 2 ** 17;
const BINS = 256;

/** Limits and a histogram of a sample: the first section, or sections spread over the middle four fifths of the volume. */
async function sampled(source: PlaneSource, sections: number) {
  const level = source.levels.length - 1;
  const [all] = source.levels[0]!.shape;
  const count = Math.min(sections, all);
  const values: number[] = [];
  for (let i = 0; i < count; i++) {
    const at = sections === 1 ? 0 : Math.min(all - 1, Math.floor(all * (0.1 + (0.8 * (i + 0.5)) / count)));
    const plane = await readPlane(source, { axis: "z", at, level });
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
