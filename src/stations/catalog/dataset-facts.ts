import { EmporiumError } from "../../core/errors.js";
import { checkKnownId } from "./identifier.js";
import type { CatalogRepository, DatasetSummary } from "./rows/repository.js";

/** The values by which frames of a data set can be selected, sorted. */
interface FrameValues {
  readonly channels: readonly { readonly index: number; readonly name: string | null }[];
  readonly slices: readonly number[];
  readonly times: readonly number[];
  readonly positions: readonly number[];
}

/** One data set, with its frames' values. */
export type DatasetFacts = DatasetSummary & Partial<FrameValues>;

/**
 * The catalogue's facts of one data set, without its metadata.
 *
 * @throws {EmporiumError} USAGE for an invalid id, NOT_FOUND
 */
export async function datasetFacts(repository: CatalogRepository, id: string, signal?: AbortSignal): Promise<DatasetFacts> {
  checkKnownId(id);
  for await (const summary of repository.query({ serial: id }, signal)) {
    return summary.frames ? { ...summary, ...(await frameValues(repository, id, signal)) } : summary;
  }
  throw noDataset(id, repository);
}

export function noDataset(id: string, repository: Pick<CatalogRepository, "name">): EmporiumError {
  return new EmporiumError("NOT_FOUND", `there is no data set ${id} in ${repository.name}`, {
    hint: "emporium catalog query lists the data sets",
  });
}

async function frameValues(repository: CatalogRepository, id: string, signal: AbortSignal | undefined): Promise<FrameValues> {
  const channels = new Map<string, { index: number; name: string | null }>();
  const [slices, times, positions] = [new Set<number>(), new Set<number>(), new Set<number>()];
  for await (const frame of repository.framesOf(id, {}, { signal })) {
    const { channel_idx: index, channel_name: name } = frame;
    channels.set(`${index} ${name ?? ""}`, { index, name });
    for (const [set, value] of [
      [slices, frame.slice_idx],
      [times, frame.time_idx],
      [positions, frame.pos_idx],
    ] as const) {
      if (value !== null) set.add(value);
    }
  }
  const sorted = (set: Set<number>) => [...set].sort((a, b) => a - b);
  return {
    channels: [...channels.values()].sort((a, b) => a.index - b.index),
    slices: sorted(slices),
    times: sorted(times),
    positions: sorted(positions),
  };
}

/** For people: one fact a line. */
export function factsText(facts: DatasetFacts): string {
  const { dataset_serial, description, microscope, date_time, parent, children, framesGlobal: frames, file } = facts;
  const rows: [string, string | undefined][] = [
    ["description", description ?? undefined],
    ["microscope", microscope ?? undefined],
    ["date", date_time],
    ["made from", parent ?? undefined],
    ["used for", children.join(", ") || undefined],
    ["file", file && `${file.storage_dir}/${file.file_name ?? "?"}`],
    ["frames", frames && `${frames.nbr_frames} of ${frames.im_width}×${frames.im_height}, ${frames.bit_depth}`],
    ["colours", frames && frames.im_colors !== 1 ? String(frames.im_colors) : undefined],
    ["channels", facts.channels?.map(({ index, name }) => (name === null ? `${index}` : `${index} ${name}`)).join(", ")],
    ["slices", facts.slices && rangesOf(facts.slices)],
    ["times", facts.times && rangesOf(facts.times)],
    ["positions", facts.positions && rangesOf(facts.positions)],
    ["stored in", frames?.storage_dir],
  ];
  const told = rows.flatMap(([name, text]) => (text === undefined ? [] : [`  ${name.padEnd(12)} ${text}`]));
  return [dataset_serial, ...told].join("\n");
}

/** `0-4, 7` */
function rangesOf(sorted: readonly number[]): string {
  const ranges: [number, number][] = [];
  for (const value of sorted) {
    const last = ranges.at(-1);
    if (last && value === last[1] + 1) last[1] = value;
    else ranges.push([value, value]);
  }
  return ranges.map(([from, to]) => (from === to ? `${from}` : `${from}-${to}`)).join(", ");
}
