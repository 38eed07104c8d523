import { type Box, type Triple, volumeOf } from "../../core/box.js";
import { EmporiumError } from "../../core/errors.js";
import type { StoreOptions } from "../../stores/location.js";
import type { Store } from "../../stores/store.js";
import type { BlockLevel, BlockVolume } from "../blocks/volume.js";
import type { VoxelPlace } from "../plane/plane.js";
import type { AxisSelection } from "./axes.js";
import type { ChunkedLevel } from "./chunked.js";
import { locateVoxel } from "./locate.js";
import { openLevels, type PlacedVolume } from "./open.js";
import { type ReadContext, type ReadContextOptions, readContext } from "./read-context.js";
import { type ChunkReader, chunkReader } from "./reader.js";
import type { StoredBlock } from "./stored.js";
import type { BlockTraffic } from "./traffic.js";
import { voxelIdentity } from "./voxel-identity.js";

export interface OpenBlockVolumeOptions extends ReadContextOptions {
  /** Positions along axes beside z, y and x: `{ t: 3, c: 1 }`. Default 0. */
  readonly select?: AxisSelection | undefined;
  /** Memory and threads that the volume shares with others; `memoryBytes`, `threads` and `clock` are the context's then. Default: its own. */
  readonly context?: ReadContext | undefined;
  readonly store?: StoreOptions | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** A level whose chunks can also be had as they are stored. */
export interface LoadedLevel extends BlockLevel {
  /**
   * The chunks that a box touches, still compressed, in one buffer.
   *
   * @throws {EmporiumError} FORMAT_UNSUPPORTED where a format has no chunks that others could decode; and as `read`.
   */
  readStored(box: Box, options?: { signal?: AbortSignal | undefined }): Promise<StoredBlock>;
  /** The place where a voxel is stored (see `locateVoxel`); undefined where its chunk is not. */
  locate(voxel: Triple, signal?: AbortSignal): Promise<VoxelPlace | undefined>;
}

/** A volume that was opened by its location. */
export interface LoadedVolume extends BlockVolume {
  readonly levels: readonly LoadedLevel[];
  /** Counts of what was read since the volume was opened. */
  readonly traffic: BlockTraffic;
  /** Memory that a read of a level needs, whatever is kept: one chunk as it is stored and decoded, twice. */
  leastBytes(level: number): number;
}

/**
 * Opens a volume for reading by boxes: Zarr 2 and 3 (OME-Zarr images and arrays), N5, Neuroglancer precomputed, TIFF stacks, datasets of local
 * HDF5 files (`file.h5#/volume`), and every format of `formats/registry.ts` whose voxels lie plainly.
 *
 * Only metadata are read: no voxel before the first `read`. Levels keep decoded and stored chunks, together no more than
 * `memoryBytes`; volumes of one `context` all of them together.
 *
 * @param location a path or URL, perhaps with its format: `zarr://…`, `…|n5:`; or a key of an open store.
 * @throws {EmporiumError} FORMAT_UNKNOWN, FORMAT_UNSUPPORTED, STORE_ABSENT, LOCATION_UNKNOWN, USAGE (`select`), and what stores and
 *   formats throw
 */
export async function openBlockVolume(
  location: string | PlacedVolume,
  options: OpenBlockVolumeOptions = {},
): Promise<LoadedVolume> {
  const context = options.context ?? readContext(options);
  const opened = await openLevels(location, { ...options, indexes: context.indexes() });
  const reader = chunkReader({ ...opened, context });
  const close = context.closing(() => opened.close?.());
  return {
    name: opened.name,
    // read side by side, so in any order
    identity: [...opened.identity].sort((a, b) => (a.key < b.key ? -1 : 1)),
    notes: [...new Set(opened.levels.flatMap(({ notes = [] }) => notes))],
    levels: opened.levels.map((level) => loadedLevel(level, reader, opened.store)),
    leastBytes: (level) => leastBytes(opened.levels[level]!),
    get traffic() {
      return reader.traffic();
    },
    async close() {
      // threads that others read with go on
      if (options.context) await close();
      else await context.close();
    },
  };
}

/** Memory of decoders beside a chunk. */
const WORK_BYTES = 2 ** 20;

function leastBytes({ chunk, shape, codec, itemBytes }: ChunkedLevel): number {
  // of frames that are decoded in part, nothing behind the end of the array
  const decoded = codec === "blosc-lz4" ? (chunk.map((length, axis) => Math.min(length, shape[axis]!)) as Triple) : chunk;
  // what is claimed at once is half of the memory at most
  return 2 * (2 * volumeOf(decoded) * itemBytes + WORK_BYTES);
}

function loadedLevel(level: ChunkedLevel, reader: ChunkReader, store: Store): LoadedLevel {
  const { name, folder, shape, dtype, chunk, shard, voxelSizeNm, offsetNm, codec } = level;
  return {
    shape,
    dtype,
    chunk,
    shard,
    voxelSizeNm,
    offsetNm,
    codec,
    async read(box, { signal, absent } = {}) {
      const cells: Triple[] = [];
      const bytes = await reader.read(level, insideOf(box, shape, name), signal, absent && ((cell) => cells.push(cell)));
      if (cells[0]) {
        const place = await level.find(cells[0], signal);
        absent!({ count: cells.length, first: place?.key ?? `${folder ?? name} ${cells[0].join("/")}` });
      }
      return bytes;
    },
    ...(folder !== undefined && { voxelIdentity: (options) => voxelIdentity(store, folder, options) }),
    locate: (voxel, signal) => locateVoxel(store, level, voxel, signal),
    readStored: async (box, options) => reader.readStored(level, insideOf(box, shape, name), options?.signal),
  };
}

function insideOf(box: Box, shape: Triple, name: string): Box {
  const inside = shape.every((length, axis) => {
    const [from, to] = [box.start[axis]!, box.stop[axis]!];
    return Number.isInteger(from) && Number.isInteger(to) && from >= 0 && from <= to && to <= length;
  });
  if (inside) return box;
  throw new EmporiumError(
    "USAGE",
    `${name}: box from ${box.start.join(",")} to ${box.stop.join(",")} is outside of the level of ${shape.join("×")} voxels`,
    { place: { file: name } },
  );
}
