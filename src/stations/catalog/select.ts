import { EmporiumError } from "../../core/errors.js";
import type { FrameIndices } from "./frames/frame.js";

/** The selected frames. Missing members do not restrict. */
export interface FrameSelection {
  readonly channels?: { readonly names: readonly string[] } | { readonly indices: readonly number[] } | undefined;
  readonly slices?: readonly number[] | undefined;
  readonly times?: readonly number[] | undefined;
  readonly positions?: readonly number[] | undefined;
}

/** A selection as a library's caller gives it: one value or several. */
export interface SelectionInput {
  channels?: number | string | readonly (number | string)[] | null | undefined;
  slices?: number | readonly number[] | null | undefined;
  times?: number | readonly number[] | null | undefined;
  positions?: number | readonly number[] | null | undefined;
}

/**
 * Checks a selection. Channels are all names or all indices.
 *
 * @throws {EmporiumError} USAGE for values of the wrong type, and for an empty list
 */
export function selectFrames(input: SelectionInput): FrameSelection {
  return {
    channels: channelsOf(input.channels),
    slices: integersOf("slices", input.slices),
    times: integersOf("times", input.times),
    positions: integersOf("positions", input.positions),
  };
}

/** Channels of a command line: indices where every word is a whole number, else names. */
export function channelsOfWords(words: readonly string[] | undefined): readonly (number | string)[] | undefined {
  return words?.every((word) => /^\d{1,9}$/.test(word)) ? words.map(Number) : words;
}

/** True where nothing restricts. */
export function isWhole({ channels, slices, times, positions }: FrameSelection): boolean {
  return channels === undefined && slices === undefined && times === undefined && positions === undefined;
}

/** Whether a frame is selected. The database's query has the same rule. */
export function isSelected(frame: FrameIndices & { readonly channel_name: string | null }, selection: FrameSelection): boolean {
  const { channels, slices, times, positions } = selection;
  const has = (list: readonly number[] | undefined, index: number | null) =>
    list === undefined || (index !== null && list.includes(index));
  const byChannel =
    channels === undefined ||
    ("names" in channels
      ? frame.channel_name !== null && channels.names.includes(frame.channel_name)
      : channels.indices.includes(frame.channel_idx));
  return byChannel && has(slices, frame.slice_idx) && has(times, frame.time_idx) && has(positions, frame.pos_idx);
}

/** Selected values that no frame has, in words: `slices 7, 9`. */
export function notSelected(
  selection: FrameSelection,
  rows: readonly (FrameIndices & { readonly channel_name: string | null })[],
): string[] {
  const { channels, slices, times, positions } = selection;
  const lacking = <T>(what: string, wanted: readonly T[] | undefined, of: (row: (typeof rows)[number]) => T | null): string[] => {
    const there = new Set(rows.map(of));
    const missing = [...new Set(wanted)].filter((value) => !there.has(value));
    return missing.length === 0 ? [] : [`${what} ${missing.join(", ")}`];
  };
  return [
    ...(channels && "names" in channels ? lacking("channels", channels.names, (row) => row.channel_name) : []),
    ...(channels && "indices" in channels ? lacking("channels", channels.indices, (row) => row.channel_idx) : []),
    ...lacking("slices", slices, (row) => row.slice_idx),
    ...lacking("times", times, (row) => row.time_idx),
    ...lacking("positions", positions, (row) => row.pos_idx),
  ];
}

/** The error of a selection without a match, the same for all repositories. */
export function nothingSelected(dataset: string): EmporiumError {
  return new EmporiumError(
    "NOT_FOUND",
    `No frames matched the query: ${dataset} has none of these channels, slices, times and positions`,
    {
      hint: `emporium catalog query --id ${dataset} shows its channels, slices, times and positions`,
    },
  );
}

function channelsOf(value: SelectionInput["channels"]): FrameSelection["channels"] {
  if (value === undefined || value === null) return undefined;
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  if (list.length === 0) throw wrong("channels", "an empty list", "one name or index, or several");
  if (list.every((item) => typeof item === "string")) return { names: list };
  if (list.every(isIndex)) return { indices: list };
  throw wrong("channels", shown(list), "all names or all whole numbers");
}

function integersOf(what: string, value: unknown): readonly number[] | undefined {
  if (value === undefined || value === null) return undefined;
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  if (list.length > 0 && list.every(isIndex)) return list;
  throw wrong(what, shown(list), "a whole number or several");
}

const isIndex = (item: unknown): item is number => Number.isSafeInteger(item);

const shown = (list: readonly unknown[]): string =>
  `[${list.map((item) => (typeof item === "string" ? `"${item}"` : String(item))).join(", ")}]`;

function wrong(what: string, found: string, wanted: string): EmporiumError {
  return new EmporiumError("USAGE", `${what}: expected ${wanted}, found ${found}`);
}
