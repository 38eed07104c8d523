import { EmporiumError } from "../../../core/errors.js";
import type { Json, JsonObject } from "../../../core/json.js";
import { isJsonObject } from "../../../core/json-fields.js";
import { nearest } from "../../../core/nearest.js";
import { counted } from "../../../core/units.js";
import type { Pattern } from "../../../engine/pattern.js";

/** Facts about a frame from its file name; unknown ones are null. */
export interface ParsedName {
  readonly channel_name: string | null;
  readonly channel_idx: number;
  readonly slice_idx: number | null;
  readonly time_idx: number | null;
  readonly pos_idx: number | null;
}

/**
 * Parses the name of a frame's file (`tif_folder`).
 *
 * @param channels the earlier names of channels in their order; a parser that numbers channels by them appends new ones
 */
export type FrameNameParser = (name: string, channels: string[]) => ParsedName;

/** Parses the name of a data set's file (`tif_id`); the result becomes metadata of the data set. */
export type DatasetNameParser = (name: string) => JsonObject;

export type NameParser =
  | { readonly of: "frame"; readonly parse: FrameNameParser }
  | { readonly of: "dataset"; readonly parse: DatasetNameParser };

export type NameParsers = ReadonlyMap<string, NameParser>;

/** The built-in parsers. */
export const NAME_PARSERS: NameParsers = new Map<string, NameParser>([
  ["parse_ml_name", { of: "dataset", parse: parseMlName }],
  ["parse_sms_name", { of: "frame", parse: parseSmsName }],
  ["parse_idx_from_name", { of: "frame", parse: (name) => parseIdxFromName(name) }],
]);

/** The parser of a name, for data sets or for frames. @throws {EmporiumError} CONFIG_FIELD */
export function nameParser(parsers: NameParsers, name: string, of: "frame"): FrameNameParser;
export function nameParser(parsers: NameParsers, name: string, of: "dataset"): DatasetNameParser;
export function nameParser(parsers: NameParsers, name: string, of: NameParser["of"]): NameParser["parse"] {
  const found = parsers.get(name);
  if (found?.of === of) return found.parse;
  const fitting = [...parsers].filter(([, parser]) => parser.of === of).map(([known]) => known);
  const meant = nearest(name, fitting);
  throw new EmporiumError(
    "CONFIG_FIELD",
    found
      ? `filename_parser: ${name} takes names of ${found.of}s apart; expected one for ${of}s`
      : `filename_parser: no parser is called "${name}"`,
    {
      place: { path: "filename_parser" },
      hint: meant === undefined ? `use one of ${fitting.join(", ")}` : `did you mean ${meant}?`,
    },
  );
}

/** `p6A1_1_CTRL1_PyProcessed.tif`: plate, number of the stack, protein. The extension stays. */
export function parseMlName(path: string): JsonObject {
  const name = fileNameOf(path);
  const [plate, stack, protein, ...rest] = name.split("_");
  if (rest.length === 0) throw nameError(name, "has fewer than 3 underscores; expected PLATE_STACK_PROTEIN_…");
  return { plate_id: plate!, stack_nbr: wholeNumber(stack!, name, "number of the stack"), protein_name: protein! };
}

/**
 * `img_<channel>_t###_p###_z###.tif`: the last three parts in any order, with three digits or more. The text before them is the
 * channel, which may hold underscores. Channels are numbered in the order in which they come.
 */
export function parseSmsName(path: string, channels: string[]): ParsedName {
  const name = fileNameOf(path);
  const parts = withoutExtension(name).split("_").slice(1);
  if (parts.length === 0) throw nameError(name, "has no underscore; expected img_CHANNEL_t###_p###_z###");
  const indices: Record<string, number> = {};
  for (const part of parts.slice(Math.max(1, parts.length - 3))) {
    const digits = part.slice(1);
    if (!/^[tpz]/.test(part) || digits.length < 3) continue;
    // a longer word with t, p or z at its start belongs to a channel's name
    if (digits.length > 3 && !/^\d+$/.test(digits)) continue;
    indices[part[0]!] = wholeNumber(digits, name, `index "${part}"`);
  }
  const channel_name = parts.length < 4 ? parts[0]! : parts.slice(0, -3).join("_");
  if (!channels.includes(channel_name)) channels.push(channel_name);
  return {
    channel_name,
    channel_idx: channels.indexOf(channel_name),
    slice_idx: indices.z ?? null,
    time_idx: indices.t ?? null,
    pos_idx: indices.p ?? null,
  };
}

/** Four runs of digits in the order of `order`: channel, slice (z), time, position. The channel's name is its number. */
export function parseIdxFromName(path: string, order = "cztp"): ParsedName {
  if ([...order].sort().join("") !== "cptz") {
    throw new EmporiumError(
      "CONFIG_FIELD",
      `order: expected each of the letters c, z, t and p once, found ${JSON.stringify(order)}`,
    );
  }
  const name = fileNameOf(path);
  const runs = withoutExtension(name).match(/\d+/g) ?? [];
  if (runs.length !== 4)
    throw nameError(name, `has ${counted(runs.length, "number")}; expected 4: channel, slice, time, position`);
  const index = (letter: string) => wholeNumber(runs[order.indexOf(letter)]!, name, "index");
  const channel_idx = index("c");
  return { channel_name: String(channel_idx), channel_idx, slice_idx: index("z"), time_idx: index("t"), pos_idx: index("p") };
}

/**
 * A parser for a configuration's pattern. Indices without a group are 0. Channels that are not numbers are numbered as they come.
 */
export function patternParser(pattern: Pattern): FrameNameParser {
  return (path, channels) => {
    const name = fileNameOf(path);
    const groups = pattern.whole(name);
    if (!groups) throw nameError(name, `does not have the form of filename_pattern, ${pattern.source}`);
    const channel_name = groups.channel ?? "";
    if (!channels.includes(channel_name)) channels.push(channel_name);
    const index = (group: string) => (groups[group] === undefined ? 0 : wholeNumber(groups[group], name, group));
    return {
      channel_name,
      channel_idx: /^\d{1,9}$/.test(channel_name) ? Number(channel_name) : channels.indexOf(channel_name),
      slice_idx: index("slice"),
      time_idx: index("time"),
      pos_idx: index("position"),
    };
  };
}

export function nameError(name: string, fault: string): EmporiumError {
  return new EmporiumError("CONFIG_FIELD", `the file name ${JSON.stringify(name)} ${fault}`, {
    place: { file: name },
    hint: "rename the file, or name another filename_parser or a filename_pattern in the configuration",
  });
}

/** Results of a user's own code are checked before use. */
export function checkParsedName(value: unknown, name: string): ParsedName {
  const fields: Record<string, unknown> = typeof value === "object" && value !== null ? { ...value } : {};
  const { channel_name = null, channel_idx } = fields;
  const whole = (index: unknown): index is number => Number.isInteger(index) && Number(index) >= 0;
  const indices = ["slice_idx", "time_idx", "pos_idx"].map((key) => fields[key] ?? null);
  if (
    whole(channel_idx) &&
    (channel_name === null || typeof channel_name === "string") &&
    indices.every((index) => index === null || whole(index))
  ) {
    const [slice_idx, time_idx, pos_idx] = indices as (number | null)[];
    return { channel_name, channel_idx, slice_idx: slice_idx!, time_idx: time_idx!, pos_idx: pos_idx! };
  }
  throw nameError(
    name,
    "has no usable indices from its parser, which must give channel_idx, slice_idx, time_idx, pos_idx and channel_name",
  );
}

export function checkParsedMetadata(value: unknown, name: string): JsonObject {
  const plain = (item: unknown): item is Json =>
    item === null ||
    ["string", "boolean"].includes(typeof item) ||
    (typeof item === "number" && Number.isFinite(item)) ||
    (Array.isArray(item) ? item.every(plain) : typeof item === "object" && Object.values(item as object).every(plain));
  if (isJsonObject(value) && plain(value)) return value as JsonObject;
  throw nameError(name, "was given no JSON object by its parser");
}

function wholeNumber(digits: string, name: string, what: string): number {
  const value = Number(digits);
  if (/^\d+$/.test(digits) && value <= 2 ** 31 - 1) return value;
  throw nameError(name, `has the ${what} ${JSON.stringify(digits)}; expected a whole number`);
}

/** Last part of a path of Windows or POSIX. */
export function fileNameOf(path: string): string {
  return path.slice(Math.max(path.lastIndexOf("/"), path.lastIndexOf("\\")) + 1);
}

/** Without `.tif` or `.tiff`, or else without its last four characters. */
function withoutExtension(name: string): string {
  return /\.tiff$/i.test(name) ? name.slice(0, -5) : name.slice(0, -4);
}
