import type { ReadOptions } from "../../../core/bytes.js";
import { EmporiumError } from "../../../core/errors.js";
import type { JsonObject } from "../../../core/json.js";
import { isJsonObject, member } from "../../../core/json-fields.js";
import { LIMITS } from "../../../core/limits.js";
import { toNumber } from "../../../core/number.js";
import { counted } from "../../../core/units.js";
import { type FrameSet, type FrameShape, frameFileName, type PlannedFrame } from "./frame.js";
import { frameShapeOf } from "./frame-file.js";
import { type FrameSource, filesOf, openFrames, withStat } from "./frame-source.js";
import { parseLooseJson } from "./loose-json.js";
import { nameError } from "./name-parsers.js";
import type { SplitOptions } from "./split-options.js";
import { tagsAsJson } from "./tiff-tags.js";

/** MicroManager's file beside the images. */
const METADATA = "metadata.txt";

/**
 * A folder of TIFF files with one frame each, whose names give the indices. Size and type come from `metadata.txt`, which becomes
 * metadata of the data set, or else from the first file.
 *
 * @throws {EmporiumError} CONFIG_FIELD for names that the parser cannot parse, FORMAT_…
 */
export async function planTifFolder(source: FrameSource, options: SplitOptions): Promise<FrameSet> {
  if (source.kind !== "folder") {
    throw new EmporiumError("CONFIG_FIELD", `file_name: ${source.name} is a file; expected a folder of TIFF files`, {
      place: options.place,
      hint: "use frames_format tif_id or ome_tiff for single files",
    });
  }
  const { store } = source;
  const files = await filesOf(source, /\.tiff?$/i, options);
  if (files.length === 0) {
    throw new EmporiumError("CONFIG_EMPTY", `${source.name} holds no .tif file`, {
      place: options.place,
      hint: "check the folder's name",
    });
  }
  const channels: string[] = [];
  const frames = files.map(({ key }, file): PlannedFrame => {
    const { channel_name, channel_idx, slice_idx, time_idx, pos_idx } = options.frameName(key, channels);
    const lacking = Object.entries({ slice: slice_idx, time: time_idx, position: pos_idx }).find(([, index]) => index === null);
    if (lacking) throw nameError(key, `does not give its ${lacking[0]}`);
    const indices = { channel_idx, slice_idx: slice_idx!, time_idx: time_idx!, pos_idx: pos_idx! };
    return { ...indices, channel_name, file_name: frameFileName(indices), file, page: 0 };
  });
  const metadata = await folderMetadata(source, options);
  const { shape, warnings } = await shapeOf(source, files[0]!.key, metadata, options);
  return {
    shape,
    metadata: metadata ?? {},
    files,
    frames,
    fromFloat: false,
    onePageEach: true,
    warnings,
    async *metadataOf(asked, signal) {
      for (const { file } of asked) {
        const opened = await openFrames(store, files[file]!.key, { signal });
        yield tagsAsJson(await opened.directory(0, { signal }));
      }
    },
  };
}

/** Undefined if there is no such file. */
async function folderMetadata(source: FrameSource, options: ReadOptions): Promise<JsonObject | undefined> {
  const { store } = source;
  if (!(await store.stat(METADATA, options))) return undefined;
  const { size } = await withStat(store, METADATA, options);
  const name = `${source.name}/${METADATA}`;
  if (size > LIMITS.headerBytes) {
    throw new EmporiumError("FORMAT_LIMIT", `${name} has ${counted(size, "byte")}; at most ${LIMITS.headerBytes} are read`, {
      place: { file: name },
    });
  }
  const value = parseLooseJson(new TextDecoder().decode((await store.read(METADATA, undefined, options)) ?? new Uint8Array(0)));
  if (isJsonObject(value)) return value;
  throw new EmporiumError("FORMAT_FIELD", `${name} is not a JSON object`, {
    place: { file: name },
    hint: "repair it, or remove it: then size and type come from the first image",
  });
}

async function shapeOf(
  source: FrameSource,
  firstKey: string,
  metadata: JsonObject | undefined,
  options: ReadOptions,
): Promise<{ shape: FrameShape; warnings: string[] }> {
  const first = await openFrames(source.store, firstKey, options);
  const { fromFloat: _, signed: __, ...found } = frameShapeOf(await first.image(0, options), first.name);
  const summary = metadata && member(metadata, "Summary");
  if (!isJsonObject(summary)) return { shape: found, warnings: [] };
  const told = shapeOfSummary(summary, `${source.name}/${METADATA}`);
  const same =
    told.width === found.width && told.height === found.height && told.colours === found.colours && told.depth === found.depth;
  const say = ({ width, height, colours, depth }: FrameShape) => `${height}×${width}${colours === 3 ? "×3" : ""} ${depth}`;
  // the files are stored, so they are right
  const warnings = same ? [] : [`${METADATA} tells of ${say(told)}, the first image is ${say(found)}: the images count`];
  return { shape: found, warnings };
}

/**
 * Size and type by `Summary` of MicroManager's metadata: `PixelType` with GRAY in it is grey, anything else has colours.
 *
 * @throws {EmporiumError} FORMAT_UNSUPPORTED, FORMAT_FIELD
 */
export function shapeOfSummary(summary: JsonObject, name: string): FrameShape {
  const pixels = member(summary, "PixelType");
  const [width, height, bits] = ["Width", "Height", "BitDepth"].map((key) => toNumber(member(summary, key)));
  // cameras of 12 and 14 bits write 16 bits
  const depth = bits === 8 ? "uint8" : bits !== undefined && bits > 8 && bits <= 16 ? "uint16" : undefined;
  if (depth === undefined) {
    throw new EmporiumError(
      "FORMAT_UNSUPPORTED",
      `${name}: Bit depth must be 16 or 8, not ${String(member(summary, "BitDepth"))}`,
      {
        place: { file: name, path: "Summary.BitDepth" },
      },
    );
  }
  for (const [key, value] of [
    ["Width", width],
    ["Height", height],
  ] as const) {
    if (value !== undefined && Number.isInteger(value) && value > 0) continue;
    throw new EmporiumError(
      "FORMAT_FIELD",
      `${name}: Summary.${key} is ${String(member(summary, key))}; expected a number of pixels`,
      {
        place: { file: name, path: `Summary.${key}` },
      },
    );
  }
  return { width: width!, height: height!, colours: typeof pixels === "string" && pixels.includes("GRAY") ? 1 : 3, depth };
}
