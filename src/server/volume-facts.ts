import { planeFacts, sampleVolume, stackPages } from "../arrays/plane/facts.js";
import type { VolumeFacts } from "../model/page-api.js";
import { printRef } from "../model/ref.js";
import type { OpenVolume } from "./open-volume.js";
import { volumeMetadata } from "./volume-metadata.js";

/** The facts that a page shows beside a volume. */
export async function volumeFacts(volume: OpenVolume, signal: AbortSignal | undefined): Promise<VolumeFacts> {
  const { place, key, etag, source, peeked, voxelSizeAngstrom, originAngstrom, isSequential } = volume;
  const [{ limits, ...metadata }, sample] = await Promise.all([volumeMetadata(volume, signal), sampleOf(volume)]);
  return {
    ref: printRef({ kind: "place", place: place.id, key }),
    etag,
    title: key.slice(key.lastIndexOf("/") + 1) || place.name,
    place: place.id,
    key,
    format: peeked?.format ?? "hdf5",
    ...planeFacts(source),
    voxelSizeAngstrom: voxelSizeAngstrom.map((size) => size ?? null),
    originAngstrom: [...originAngstrom] as [number, number, number],
    ...metadata,
    limits: limits ? { ...limits, from: "metadata" } : { ...sample.limits, from: "sample" },
    histogram: sample.histogram,
    pages: stackPages(peeked, source.levels[0]!.shape[0]),
    isSequential,
  };
}

const SAMPLES = new WeakMap<OpenVolume, ReturnType<typeof sampleVolume>>();

/** Samples the voxels of a volume once. Others may wait for the sample, so it does not end with the request that began it. */
function sampleOf(volume: OpenVolume): ReturnType<typeof sampleVolume> {
  const sample = SAMPLES.get(volume) ?? sampleVolume(volume.source, volume.isSequential ? 1 : undefined);
  SAMPLES.set(volume, sample);
  sample.catch(() => SAMPLES.delete(volume));
  return sample;
}
