import { type JsonObject, printJsonLine } from "../../../core/json.js";
import type { FramesGlobal } from "../frames/frame.js";

export const GLOBAL_METADATA_FILE = "global_metadata.json";

/** `global_metadata.json`: one line in Python's form, keys in the order of the older catalogue. */
export function printGlobalMetadata(global: FramesGlobal): string {
  const fields: JsonObject = {
    storage_dir: global.storage_dir,
    nbr_frames: global.nbr_frames,
    im_width: global.im_width,
    im_height: global.im_height,
    nbr_slices: global.nbr_slices,
    nbr_channels: global.nbr_channels,
    im_colors: global.im_colors,
    nbr_timepoints: global.nbr_timepoints,
    nbr_positions: global.nbr_positions,
    bit_depth: global.bit_depth,
    metadata_json: global.metadata_json,
  };
  return printJsonLine(fields);
}
