import { parseVolumeInfo } from "../precomputed/info.js";
import { parseMetadata } from "../zarr/json.js";
import { emptyFacts, type PeekFacts } from "./facts.js";
import type { ReadKey } from "./zarr.js";

/** Encodings whose pixels are read. */
const READ_ENCODINGS: readonly string[] = ["raw", "compressed_segmentation", "jpeg", "png"];

/**
 * Facts of a precomputed volume, of its finest scale: one document. Axes are z, y, x here; the document has x first.
 *
 * @returns undefined where there is no `info`.
 * @throws {EmporiumError} as `parseVolumeInfo`.
 */
export async function peekPrecomputed(read: ReadKey, name: string): Promise<PeekFacts | undefined> {
  const bytes = await read("info");
  if (!bytes) return undefined;
  const info = parseVolumeInfo(bytes, `${name}/info`);
  const [finest] = info.scales as [(typeof info.scales)[number]];
  const facts = emptyFacts({
    name,
    format: "precomputed",
    shape: [...finest.shape],
    axes: ["z", "y", "x"],
    dtype: info.dtype,
    voxelSize: [...finest.voxelSizeNm],
    unit: ["nm", "nm", "nm"],
    offset: [...finest.offset],
    channels: info.channels,
    raw: parseMetadata(bytes, "info"),
  });
  if (!READ_ENCODINGS.includes(finest.encoding)) {
    facts.warnings.push(`encoding: pixels encoded as ${JSON.stringify(finest.encoding)} are not read`);
  }
  facts.sources = { shape: "file", dtype: "file", voxelSize: "file", offset: "file", channels: "file" };
  return facts;
}
