import { type JsonObject, printJson } from "../../core/json.js";
import type { VolumeInfo, VolumeScale } from "./info.js";

/** The `info` document of a volume without shards. `parseVolumeInfo` reads it back. */
export function printVolumeInfo({ type, dtype, channels, scales }: VolumeInfo): string {
  return printJson({
    "@type": "neuroglancer_multiscale_volume",
    type,
    data_type: dtype,
    num_channels: channels,
    scales: scales.map(scaleObject),
  });
}

function scaleObject({ key, shape, offset, voxelSizeNm, chunks, encoding, block }: VolumeScale): JsonObject {
  return {
    key,
    size: xFirst(shape),
    voxel_offset: xFirst(offset),
    resolution: xFirst(voxelSizeNm),
    chunk_sizes: chunks.map(xFirst),
    encoding,
    ...(block ? { compressed_segmentation_block_size: xFirst(block) } : {}),
  };
}

function xFirst([z, y, x]: readonly [number, number, number]): number[] {
  return [x, y, z];
}
