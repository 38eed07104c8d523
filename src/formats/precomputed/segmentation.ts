import { type Box, boxShape, type Triple } from "../../core/box.js";
import { type JsonObject, printJson } from "../../core/json.js";
import { roundHalfEven } from "../../core/number.js";
import { BLOCK, encodeSegmentation } from "./compressed-segmentation.js";
import { chunkBoxes, chunkName } from "./grid.js";

/** Longest side of a chunk. */
const CHUNK = 256;

export interface SegmentationPlan {
  /** Voxels `[z, y, x]`. */
  shape: Triple;
  voxelSpacingAngstrom: number;
  /** The folder has a `mesh/` too. */
  mesh?: boolean | undefined;
}

/** A box of a mask and where it goes. */
export interface SegmentationChunk extends Box {
  /** Below the folder of the volume. */
  key: string;
}

/**
 * Voxel size in a mask's document: whole nanometres, at least 1. Meshes use it too; the state's transform restores the true size.
 */
export function statedVoxelSizeNm(voxelSpacingAngstrom: number): number {
  return Math.max(1, roundHalfEven(voxelSpacingAngstrom * 0.1, 0));
}

function segmentationInfo({ shape: [nz, ny, nx], voxelSpacingAngstrom, mesh = false }: SegmentationPlan): JsonObject {
  const size = statedVoxelSizeNm(voxelSpacingAngstrom);
  return {
    "@type": "neuroglancer_multiscale_volume",
    data_type: "uint32",
    num_channels: 1,
    type: "segmentation",
    ...(mesh ? { mesh: "mesh" } : {}),
    scales: [
      {
        key: "data",
        encoding: "compressed_segmentation",
        compressed_segmentation_block_size: [...BLOCK].reverse(),
        chunk_sizes: [[nx, ny, nz].map((length) => Math.min(length, CHUNK))],
        resolution: [size, size, size],
        size: [nx, ny, nz],
      },
    ],
  };
}

export function printSegmentationInfo(plan: SegmentationPlan): string {
  return printJson(segmentationInfo(plan));
}

/** The chunks of a mask, x fastest. All are written, even without a label: some readers report a missing one as an error. */
export function* segmentationChunks(shape: Triple): Generator<SegmentationChunk> {
  for (const box of chunkBoxes(shape, [CHUNK, CHUNK, CHUNK])) yield { ...box, key: `data/${chunkName(box)}` };
}

/**
 * The body of one chunk.
 *
 * @param labels `[z, y, x]` of the chunk's box, or of `held`, a larger one; whole numbers from 0.
 */
export function encodeSegmentationChunk(labels: Uint8Array | Uint16Array | Uint32Array, box: Box, held: Box = box): Uint8Array {
  const first = box.start.map((at, axis) => at - held.start[axis]!) as Triple;
  return encodeSegmentation(labels, boxShape(box), BLOCK, { shape: boxShape(held), first });
}

/** Names of the segments of a volume: `segment_properties/info`. */
export function segmentPropertiesInfo(labels: readonly { id: number | bigint; name: string }[]): JsonObject {
  return {
    "@type": "neuroglancer_segment_properties",
    inline: {
      ids: labels.map(({ id }) => String(id)),
      properties: [{ id: "label", type: "label", values: labels.map(({ name }) => name) }],
    },
  };
}

/** A volume without voxels whose only purpose is its mesh: one segment, 1, in voxels of 1 nm. */
export function meshVolumeInfo(upperBound: Triple, { named }: { named: boolean }): JsonObject {
  const [nz, ny, nx] = upperBound.map((length) => Math.max(1, Math.ceil(length))) as Triple;
  return {
    ...segmentationInfo({ shape: [nz, ny, nx], voxelSpacingAngstrom: 10, mesh: true }),
    ...(named ? { segment_properties: "segment_properties" } : {}),
    scales: [
      {
        key: "data",
        encoding: "compressed_segmentation",
        compressed_segmentation_block_size: [...BLOCK].reverse(),
        chunk_sizes: [[CHUNK, CHUNK, CHUNK]],
        resolution: [1, 1, 1],
        size: [nx, ny, nz],
      },
    ],
  };
}
