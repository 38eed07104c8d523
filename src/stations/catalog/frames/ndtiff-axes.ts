import type { Json, JsonObject } from "../../../core/json.js";
import { isJsonObject, member } from "../../../core/json-fields.js";
import { toNumber } from "../../../core/number.js";
import { counted } from "../../../core/units.js";
import { frameFileName, type PlannedFrame } from "./frame.js";

/** The axes of a data set, collected from the pages of its NDTiff files. */
export interface Axes {
  /** Axes with words as values ("DAPI"): numbered in the order in which they come, over all files. */
  readonly words: Map<string, string[]>;
  /** Values of further axes of frames, by name. */
  readonly others: Map<PlannedFrame, Readonly<Record<string, number>>>;
}

export function noAxes(): Axes {
  return { words: new Map(), others: new Map() };
}

const COLUMNS = { channel: "channel_idx", z: "slice_idx", time: "time_idx", position: "pos_idx" } as const;
type Column = (typeof COLUMNS)[keyof typeof COLUMNS];

/** The values of a page on its axes. */
export interface AxisPlaces {
  readonly indices: Partial<Record<Column, number>>;
  readonly others: Readonly<Record<string, number>>;
  /** The channel's value if it is a word. */
  readonly channel: string | undefined;
}

/**
 * Indices from `Axes` of a page's metadata. In NDTiff files ChannelIndex, Slice and FrameIndex are always 0. Missing axes give no
 * index.
 *
 * Source: NDTiffStorage 3.2, `docs`; files of versions 2 and 3.
 */
export function axisPlaces(metadata: JsonObject, axes: Axes): AxisPlaces {
  const indices: Partial<Record<Column, number>> = {};
  const others: Record<string, number> = {};
  let channel: string | undefined;
  for (const tag of Object.values(metadata)) {
    const found = isJsonObject(tag) ? member(tag, "Axes") : undefined;
    if (!isJsonObject(found)) continue;
    for (const [axis, value] of Object.entries(found)) {
      const place = placeOn(axis, value, axes);
      if (place === undefined) continue;
      if (axis === "channel" && typeof value === "string") channel = value;
      if (Object.hasOwn(COLUMNS, axis)) indices[COLUMNS[axis as keyof typeof COLUMNS]] = place;
      else others[axis] = place;
    }
  }
  return { indices, others, channel };
}

function placeOn(axis: string, value: Json | undefined, { words }: Axes): number | undefined {
  const number = toNumber(value);
  if (number !== undefined) return number;
  if (typeof value !== "string") return undefined;
  const known = words.get(axis) ?? [];
  words.set(axis, known);
  if (!known.includes(value)) known.push(value);
  return known.indexOf(value);
}

/**
 * Frames that differ only on other axes than channel, slice, time and position, such as `row` and `column` of a stitched data
 * set: each value on these axes becomes a position, row by row, in all frames.
 *
 * @returns the frames, and a warning if positions were made so
 */
export function resolveOtherAxes(
  frames: readonly PlannedFrame[],
  { others }: Axes,
): { frames: readonly PlannedFrame[]; warning?: string } {
  const names = new Set(frames.map(({ file_name }) => file_name));
  if (names.size === frames.length || others.size === 0) return { frames };
  // rows before columns, then the others by name; axes on which all frames agree are ignored
  const axes = [...new Set([...others.values()].flatMap(Object.keys))]
    .sort((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1))
    .filter((axis) => new Set(frames.map((frame) => others.get(frame)?.[axis])).size > 1);
  const placeOf = (frame: PlannedFrame) => [frame.pos_idx ?? 0, ...axes.map((axis) => others.get(frame)?.[axis] ?? 0)];
  const places = new Map(frames.map((frame) => [placeOf(frame).join(), placeOf(frame)]));
  const sorted = [...places.values()].sort((a, b) => a.map((value, i) => value - b[i]!).find((sign) => sign !== 0) ?? 0);
  const positions = new Map(sorted.map((place, position) => [place.join(), position]));
  return {
    frames: frames.map((frame) => {
      const { channel_idx, slice_idx, time_idx } = frame;
      const indices = {
        channel_idx,
        slice_idx: slice_idx ?? 0,
        time_idx: time_idx ?? 0,
        pos_idx: positions.get(placeOf(frame).join())!,
      };
      return { ...frame, ...indices, file_name: frameFileName(indices) };
    }),
    warning: `the ${counted(positions.size, "place")} on the axes ${axes.join(", ")} are positions 0 to ${positions.size - 1}, in this order`,
  };
}

function rank(axis: string): number {
  const at = ["row", "column"].indexOf(axis);
  return at < 0 ? 2 : at;
}
