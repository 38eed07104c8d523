import { EmporiumError } from "../../../core/errors.js";
import type { Json, JsonObject } from "../../../core/json.js";
import { counted } from "../../../core/units.js";
import { type FrameSet, frameFileName, type PlannedFrame } from "./frame.js";
import { frameShapeOf, signedNote } from "./frame-file.js";
import { type FrameSource, openFrames, withStat } from "./frame-source.js";
import { storable } from "./loose-json.js";
import type { SplitOptions } from "./split-options.js";
import { tagsAsJson } from "./tiff-tags.js";

/** Lengths of a stack, from its first page's description. */
export interface StackLengths {
  readonly channels: number;
  readonly slices: number;
  readonly times: number;
  readonly positions: number;
  /** The number of pages, if it is given. */
  readonly images: number | undefined;
}

/**
 * One TIFF whose first ImageDescription, ImageJ's, gives the order of its pages: channels fastest, then slices, positions, and
 * times slowest.
 *
 * @throws {EmporiumError} FORMAT_FIELD if it contradicts the number of pages; FORMAT_UNSUPPORTED for other colours and depths
 */
export async function planTifId(source: FrameSource, options: SplitOptions): Promise<FrameSet> {
  if (source.kind !== "file") {
    throw new EmporiumError("CONFIG_FIELD", `file_name: ${source.name} is a folder; expected one TIFF file`, {
      place: options.place,
      hint: "use frames_format tif_folder for folders",
    });
  }
  const { store, key } = source;
  const stat = await withStat(store, key, options);
  const file = await openFrames(store, key, options);
  const { fromFloat, signed, ...shape } = frameShapeOf(await file.image(0, options), file.name, { float32: true, signed: true });
  if (shape.colours !== 1) {
    throw new EmporiumError("FORMAT_UNSUPPORTED", `${file.name}: Bit depth must be 16 or 8, not one for each of 3 colours`, {
      place: { file: file.name },
      hint: "frames_format ome_tiff and tif_folder take colours",
    });
  }
  const lengths = stackLengths(file.description, file.name);
  const { channels, slices, times, positions, images } = lengths;
  const wanted = channels * slices * times * positions;
  if (wanted !== file.pages || (images !== undefined && images !== file.pages)) {
    throw new EmporiumError(
      "FORMAT_FIELD",
      `${file.name}: ${counted(file.pages, "page")}, the description promises ${images === undefined || images === wanted ? "" : `images=${images} and `}${counted(channels, "channel")} × ${counted(slices, "slice")} × ${counted(times, "frame")} × ${positions} positions`,
      {
        place: { file: file.name },
        hint: "save the stack again with ImageJ, which writes what is there; or upload it as a file",
      },
    );
  }
  const frames: PlannedFrame[] = [];
  for (let page = 0; page < wanted; page++) {
    const channel_idx = page % channels;
    const slice_idx = Math.floor(page / channels) % slices;
    const pos_idx = Math.floor(page / (channels * slices)) % positions;
    const time_idx = Math.floor(page / (channels * slices * positions));
    const indices = { channel_idx, slice_idx, time_idx, pos_idx };
    frames.push({ ...indices, channel_name: null, file_name: frameFileName(indices), file: 0, page });
  }
  const parsed = options.datasetName?.(key) ?? {};
  return {
    shape,
    metadata: storable({ ...parsed, file_origin: source.origin } as Json) as JsonObject,
    files: [stat],
    frames,
    fromFloat,
    onePageEach: false,
    warnings: signed ? [`${file.name}: ${signedNote(shape)}`] : [],
    async *metadataOf(asked, signal) {
      const again = await openFrames(store, key, { signal });
      for (const { page } of asked) yield tagsAsJson(await again.directory(page, { signal }), ["IJMetadata"]);
    },
  };
}

/**
 * Lines `channels=2`, `slices=3`, `frames=1`, `positions=1`, `images=6` of a description. A missing length is 1.
 *
 * @throws {EmporiumError} FORMAT_FIELD for one that is no whole number from 1
 */
export function stackLengths(description: string, name: string): StackLengths {
  const lengths: Record<string, number> = {};
  for (const line of description.split(/\r\n?|\n/)) {
    const key = ["channels", "slices", "frames", "positions", "images"].find((word) => line.startsWith(`${word}=`));
    if (key === undefined || Object.hasOwn(lengths, key)) continue;
    const text = line.slice(key.length + 1).trim();
    if (!/^[1-9]\d{0,8}$/.test(text)) {
      throw new EmporiumError(
        "FORMAT_FIELD",
        `${name}: ImageDescription has ${key}=${text.slice(0, 40)}; expected a whole number from 1`,
        {
          place: { file: name },
        },
      );
    }
    lengths[key] = Number(text);
  }
  const { channels = 1, slices = 1, frames: times = 1, positions = 1, images } = lengths;
  return { channels, slices, times, positions, images };
}
