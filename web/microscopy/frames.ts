import { percentileLimits } from "../../src/arrays/contrast/percentile.js";
import { parseJson } from "../../src/core/json.js";
import { isJsonObject } from "../../src/core/json-fields.js";
import { FRAME_AXES, FRAME_HEADERS, type FrameAxis, type FrameFacts, type MicroscopyDataset } from "../../src/model/page-api.js";
import { answered, base } from "../parts/api.js";

/** Indices of a frame; an axis that an older catalogue did not know has none. */
export type FrameAt = Readonly<Partial<Record<FrameAxis, number>>>;

/** Numbers of a frame: rows, the colours of a pixel together. */
export interface FramePixels {
  readonly rows: number;
  readonly columns: number;
  readonly colours: number;
  readonly values: Uint8Array | Uint16Array;
}

export interface Limits {
  readonly low: number;
  readonly high: number;
}

/** Longest side of a thumbnail on the sheet. */
export const THUMBNAIL_SIDE = 160;
/** Frames whose percentiles are the first limits. */
const SAMPLE_FRAMES = 8;

const addressOf = (id: string, what: string, at: FrameAt, more: Readonly<Record<string, string>> = {}): URL => {
  const indices = FRAME_AXES.flatMap((axis) => (at[axis] === undefined ? [] : [[axis, String(at[axis])] as const]));
  const query = new URLSearchParams({ ...Object.fromEntries(indices), ...more });
  return new URL(`api/v1/microscopy/${encodeURIComponent(id)}/${what}?${query}`, base);
};

/** Address of the file as it is stored. */
export const pngAddress = (id: string, at: FrameAt): string => addressOf(id, "pixels", at, { as: "png" }).href;

/** All of a frame, or a thumbnail. */
export const pixelsQuery = (id: string, at: FrameAt, side?: number) => ({
  queryKey: ["microscopy", id, "pixels", at, side],
  queryFn: ({ signal }: { signal: AbortSignal }) =>
    readPixels(addressOf(id, "pixels", at, side ? { side: String(side) } : {}), signal),
  staleTime: Number.POSITIVE_INFINITY,
});

async function readPixels(url: URL, signal: AbortSignal): Promise<FramePixels> {
  const reply = await answered(url, { signal });
  const [rows = 0, columns = 0, colours = 1] = (reply.headers.get(FRAME_HEADERS.shape) ?? "").split(",").map(Number);
  const bytes = await reply.arrayBuffer();
  const values = reply.headers.get(FRAME_HEADERS.dtype) === "uint16" ? new Uint16Array(bytes) : new Uint8Array(bytes);
  return { rows, columns, colours, values };
}

/** Numbers of metadata keep their form: 10.0 is shown as 10.0. */
export const datasetQuery = (id: string) => ({
  queryKey: ["microscopy", id],
  queryFn: async ({ signal }: { signal: AbortSignal }) => {
    const url = new URL(`api/v1/microscopy/${encodeURIComponent(id)}`, base);
    return parsed<MicroscopyDataset>(await answered(url, { signal }));
  },
});

export const frameQuery = (id: string, at: FrameAt) => ({
  queryKey: ["microscopy", id, "frame", at],
  queryFn: async ({ signal }: { signal: AbortSignal }) =>
    parsed<FrameFacts>(await answered(addressOf(id, "frame", at), { signal })),
});

async function parsed<T>(reply: Response): Promise<T> {
  const value = parseJson(await reply.text());
  if (!isJsonObject(value)) throw new Error("the server's answer is no object");
  return value as unknown as T;
}

/** Frames whose pixels give the first limits: each channel in the middle of its slices, then its first one. The same for everybody who opens the sheet. */
export function sampleOf({ indices }: MicroscopyDataset): readonly FrameAt[] {
  const middle = Object.fromEntries(FRAME_AXES.map((axis) => [axis, indices[axis][Math.floor(indices[axis].length / 2)]]));
  const first = Object.fromEntries(FRAME_AXES.map((axis) => [axis, indices[axis][0]]));
  const of = (at: Record<string, number | undefined>) =>
    indices.c.slice(0, SAMPLE_FRAMES).map((c) => ({ ...at, ...definedOf({ ...at, c }) }) as FrameAt);
  const all = [...of(definedOf(middle)), ...of(definedOf(first))].slice(0, SAMPLE_FRAMES);
  return [...new Map(all.map((at) => [FRAME_AXES.map((axis) => at[axis]).join(), at])).values()];
}

const definedOf = (at: Record<string, number | undefined>) =>
  Object.fromEntries(Object.entries(at).filter(([, value]) => value !== undefined));

/** Limits from the least of the 1st percentiles to the largest of the 99th, so that no frame is cut off; whole numbers. */
export function limitsOf(frames: readonly FramePixels[]): Limits | undefined {
  if (frames.length === 0) return undefined;
  const each = frames.map(({ values }) => percentileLimits(Float32Array.from(values)));
  const low = Math.floor(Math.min(...each.map(([from]) => from)));
  return { low, high: Math.max(Math.ceil(Math.max(...each.map(([, to]) => to))), low + 1) };
}

/** The frame as a screen shows it: black below `low`, white from `high`. */
export function imageOf({ rows, columns, colours, values }: FramePixels, { low, high }: Limits): ImageData {
  const image = new ImageData(columns, rows);
  const { data } = image;
  const scale = 255 / (high - low);
  for (let i = 0; i < rows * columns; i++) {
    for (let colour = 0; colour < 3; colour++) {
      // the array rounds, and holds to 0 and 255
      data[4 * i + colour] = (values[i * colours + (colours === 3 ? colour : 0)]! - low) * scale;
    }
    data[4 * i + 3] = 255;
  }
  return image;
}
