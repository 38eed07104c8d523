import { EmporiumError, type Place } from "../../../core/errors.js";
import type { JsonObject } from "../../../core/json.js";
import type { Stat } from "../../../stores/store.js";

export type BitDepth = "uint8" | "uint16";

/** The indices of a frame. They may start at any number and have gaps. */
export interface FrameIndices {
  readonly channel_idx: number;
  /** Null only in rows of an older catalogue, where the file names did not have it. The same for time and position. */
  readonly slice_idx: number | null;
  readonly time_idx: number | null;
  readonly pos_idx: number | null;
}

/** One image of a data set, with the names of the database's columns. */
export interface FrameRow extends FrameIndices {
  readonly channel_name: string | null;
  readonly file_name: string;
  /** SHA-256 of the decoded pixels: C order, little-endian, colours of a pixel together. Null in rows of an older catalogue. */
  readonly sha256: string | null;
  readonly metadata_json: JsonObject | null;
}

/** Columns of a table of frames, in the order of files. */
export const FRAME_COLUMNS = ["channel_idx", "slice_idx", "time_idx", "pos_idx", "channel_name", "file_name", "sha256"] as const;

/** Properties that all frames of a data set share. */
export interface FrameShape {
  readonly width: number;
  readonly height: number;
  readonly colours: 1 | 3;
  readonly depth: BitDepth;
}

/** Numbers of distinct indices. */
export interface FrameCounts {
  readonly nbr_frames: number;
  readonly nbr_slices: number;
  readonly nbr_channels: number;
  readonly nbr_timepoints: number;
  readonly nbr_positions: number;
}

/** The database's row with the facts that all frames share. */
export interface FramesGlobal extends FrameCounts {
  readonly storage_dir: string;
  readonly im_width: number;
  readonly im_height: number;
  readonly im_colors: number;
  readonly bit_depth: string;
  readonly metadata_json: JsonObject | null;
}

/** A frame to store: the source of its pixels, and its name. */
export interface PlannedFrame extends FrameIndices {
  readonly channel_name: string | null;
  readonly file_name: string;
  /** Index into `FrameSet.files`. */
  readonly file: number;
  /** Index of the plane in that file. */
  readonly page: number;
}

/** A source file of frames, as it was when its header was read. */
export interface SourceFile extends Stat {
  readonly key: string;
}

/** All frames of a source, before any pixel is read. */
export interface FrameSet {
  readonly shape: FrameShape;
  /** Metadata of the data set. */
  readonly metadata: JsonObject;
  readonly files: readonly SourceFile[];
  readonly frames: readonly PlannedFrame[];
  /** Samples are real numbers that become uint16, so they must be whole. */
  readonly fromFloat: boolean;
  /** Each file is one frame, so files of several pages are refused. */
  readonly onePageEach: boolean;
  readonly warnings: readonly string[];
  /** Metadata of frames of one file, in the requested order. Read on demand. */
  metadataOf(frames: readonly PlannedFrame[], signal?: AbortSignal): AsyncIterable<JsonObject>;
}

/** `im_c006_z013_t005_p007.png`. Longer numbers are not cut. */
export function frameFileName({ channel_idx, slice_idx, time_idx, pos_idx }: { [Key in keyof FrameIndices]: number }): string {
  const digits = (index: number) => String(index).padStart(3, "0");
  return `im_c${digits(channel_idx)}_z${digits(slice_idx)}_t${digits(time_idx)}_p${digits(pos_idx)}.png`;
}

export function countFrames(frames: Iterable<FrameIndices>): FrameCounts {
  const seen = {
    channels: new Set<number>(),
    slices: new Set<number | null>(),
    times: new Set<number | null>(),
    positions: new Set<number | null>(),
  };
  let nbr_frames = 0;
  for (const { channel_idx, slice_idx, time_idx, pos_idx } of frames) {
    nbr_frames++;
    seen.channels.add(channel_idx);
    seen.slices.add(slice_idx);
    seen.times.add(time_idx);
    seen.positions.add(pos_idx);
  }
  return {
    nbr_frames,
    nbr_slices: seen.slices.size,
    nbr_channels: seen.channels.size,
    nbr_timepoints: seen.times.size,
    nbr_positions: seen.positions.size,
  };
}

export function framesGlobal(set: Pick<FrameSet, "shape" | "metadata">, counts: FrameCounts, storageDir: string): FramesGlobal {
  return {
    storage_dir: storageDir,
    nbr_frames: counts.nbr_frames,
    im_width: set.shape.width,
    im_height: set.shape.height,
    nbr_slices: counts.nbr_slices,
    nbr_channels: counts.nbr_channels,
    im_colors: set.shape.colours,
    nbr_timepoints: counts.nbr_timepoints,
    nbr_positions: counts.nbr_positions,
    bit_depth: set.shape.depth,
    metadata_json: set.metadata,
  };
}

/** Bytes of one frame's pixels. */
export function frameBytes({ width, height, colours, depth }: FrameShape): number {
  return width * height * colours * (depth === "uint8" ? 1 : 2);
}

/**
 * Refuses two frames with one name.
 *
 * @throws {EmporiumError} CONFIG_COLLISION naming both
 */
export function checkDistinct(frames: readonly PlannedFrame[], nameOf: (frame: PlannedFrame) => string, place?: Place): void {
  const first = new Map<string, PlannedFrame>();
  for (const frame of frames) {
    const before = first.get(frame.file_name);
    first.set(frame.file_name, frame);
    if (!before) continue;
    const indices = `channel ${frame.channel_idx}, slice ${frame.slice_idx}, time ${frame.time_idx}, position ${frame.pos_idx}`;
    throw new EmporiumError("CONFIG_COLLISION", `${nameOf(before)} and ${nameOf(frame)} are both ${indices}`, {
      place,
      hint: "each frame needs indices of its own: check the metadata, or the parser of file names",
    });
  }
}

/** @throws {EmporiumError} CONFIG_EMPTY, CONFIG_FIELD: an image of no size, or indices that are no whole numbers from 0. */
export function checkFrameSet({ shape, frames }: Pick<FrameSet, "shape" | "frames">, place?: Place): void {
  if (frames.length === 0) throw new EmporiumError("CONFIG_EMPTY", "there is no frame to upload", { place });
  if (!(shape.width > 0 && shape.height > 0)) {
    throw new EmporiumError("CONFIG_FIELD", `frames of ${shape.width}×${shape.height} pixels`, { place });
  }
  for (const frame of frames) {
    for (const key of ["channel_idx", "slice_idx", "time_idx", "pos_idx"] as const) {
      const index = frame[key];
      if (index !== null && Number.isInteger(index) && index >= 0 && index <= 2 ** 31 - 1) continue;
      throw new EmporiumError("CONFIG_FIELD", `${key} is ${index}; expected a whole number from 0`, { place });
    }
  }
}
