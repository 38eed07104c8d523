import type { FramesFormat } from "../inputs/config.js";
import { checkDistinct, checkFrameSet, type FrameSet } from "./frame.js";
import type { FrameSource } from "./frame-source.js";
import { planOmeTiff } from "./ome-tiff.js";
import type { SplitOptions, Splitter } from "./split-options.js";
import { planTifFolder } from "./tif-folder.js";
import { planTifId } from "./tif-id.js";

const SPLITTERS: Readonly<Record<FramesFormat, Splitter>> = {
  ome_tiff: planOmeTiff,
  tif_folder: planTifFolder,
  tif_id: planTifId,
};

/**
 * All frames of a source. Reads headers and names, no pixels. Errors of the source are found here, before anything is stored.
 *
 * @throws {EmporiumError} FORMAT_…, CONFIG_FIELD, CONFIG_EMPTY, CONFIG_COLLISION (two frames with the same indices),
 *   STORE_ABSENT
 */
export async function planFrames(format: FramesFormat, source: FrameSource, options: SplitOptions): Promise<FrameSet> {
  const set = await SPLITTERS[format](source, options);
  checkFrameSet(set, options.place);
  const pages = new Set(set.frames.map(({ file }) => file)).size < set.frames.length;
  checkDistinct(set.frames, ({ file, page }) => `${set.files[file]!.key}${pages ? ` page ${page}` : ""}`, options.place);
  if (options.positions === undefined || (format === "ome_tiff" && source.kind === "folder")) return set;
  const ignored = `${source.name}: the positions of the table are for folders of frames_format ome_tiff; all frames are taken`;
  return { ...set, warnings: [...set.warnings, ignored] };
}
