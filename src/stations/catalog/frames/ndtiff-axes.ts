import type { JsonObject } from "../../../core/json.js";
import { toNumber } from "../../../core/number.js";
import { isJsonObject, own } from "../inputs/json-file.js";

/** Axes whose places are words ("DAPI"): numbered in the order in which they come, over all files of a data set. */
export interface Axes {
  readonly words: Map<string, string[]>;
}

const COLUMNS = { channel: "channel_idx", z: "slice_idx", time: "time_idx", position: "pos_idx" } as const;

/**
 * Indices by `Axes` of a page's metadata, which is how NDTiff files tell them: their ChannelIndex, Slice and FrameIndex stay 0 whatever was taken.
 * Axes that are not there give nothing.
 *
 * Source: NDTiffStorage 3.2, `docs`; files of versions 2 and 3.
 */
export function axisIndices(
  metadata: JsonObject,
  { words }: Axes,
): Partial<Record<(typeof COLUMNS)[keyof typeof COLUMNS], number>> {
  const result: Partial<Record<(typeof COLUMNS)[keyof typeof COLUMNS], number>> = {};
  for (const tag of Object.values(metadata)) {
    const axes = isJsonObject(tag) ? own(tag, "Axes") : undefined;
    if (!isJsonObject(axes)) continue;
    for (const [axis, column] of Object.entries(COLUMNS) as [keyof typeof COLUMNS, (typeof COLUMNS)[keyof typeof COLUMNS]][]) {
      const value = own(axes, axis);
      const number = toNumber(value);
      if (number !== undefined) result[column] = number;
      else if (typeof value === "string") {
        const known = words.get(axis) ?? [];
        words.set(axis, known);
        if (!known.includes(value)) known.push(value);
        result[column] = known.indexOf(value);
      }
    }
  }
  return result;
}
