import type { Context } from "hono";
import { z } from "zod";
import { EmporiumError } from "../../core/errors.js";
import { printJsonLine } from "../../core/json.js";
import { counted } from "../../core/units.js";
import {
  FRAME_HEADERS,
  type FrameFacts,
  type MicroscopyDataset,
  type MicroscopyEntry,
  type MicroscopyFrames,
  type MicroscopyList,
  THUMBNAIL_SIDE_MAX,
} from "../../model/page-api.js";
import type { FrameIndices, FrameShape, FramesGlobal } from "../../stations/catalog/frames/frame.js";
import { checkKnownId } from "../../stations/catalog/identifier.js";
import type { DatasetSummary } from "../../stations/catalog/rows/repository.js";
import { judgeConditions, quotedEtag } from "../conditions.js";
import type { ServedMicroscopy } from "../microscopy.js";
import { handedOver } from "../planes.js";
import type { Routes } from "./context.js";
import { TEXT } from "./parameters.js";
import { get } from "./route.js";

const PAGE = 500;
const PAGE_MAX = 1_000;
/** A frame is in memory as its file, as rows with their filters, and as pixels. */
const COPIES = 3;

const index = z
  .string()
  .regex(/^-?\d{1,9}$/, "expected a whole number")
  .meta({ type: "integer" })
  .transform(Number);
const AT = { c: index, z: index.optional(), t: index.optional(), p: index.optional() };
const List = {
  summary: "Data sets of the microscopy catalogue, by id; conditions as those of catalog query",
  query: z.object({
    project: TEXT.optional().meta({ description: "the part of the id before the first dash" }),
    microscope: TEXT.optional().meta({ description: "text in the microscope's name" }),
    description: TEXT.optional().meta({ description: "text in the description" }),
    start: TEXT.optional().meta({ description: "first day, by the date in the id: 2018-11-07" }),
    end: TEXT.optional().meta({ description: "last day" }),
    where: TEXT.optional().meta({ description: "a filter on columns and metadata: nbr_slices >= 10" }),
    after: TEXT.optional().meta({ description: "the `next` of the part before" }),
    limit: z.coerce.number().int().min(1).max(PAGE_MAX).default(PAGE),
  }),
};
const Frame = { summary: "What the microscopy catalogue knows of a frame", query: z.object(AT) };
const Pixels = {
  summary: "The pixels of a frame as numbers, a thumbnail of them, or the file as it is stored",
  query: z.object({
    ...AT,
    as: z.enum(["native", "png"]).default("native"),
    side: z.coerce
      .number()
      .int()
      .min(1)
      .max(THUMBNAIL_SIDE_MAX)
      .optional()
      .meta({ description: "longest side; of native alone" }),
  }),
};

/** `GET microscopy`, `GET microscopy/{id}`, and of its frames `frame` and `pixels`. */
export const microscopyRoutes: Routes = (app, { memory, microscopy, volumes }) => {
  const served = (): ServedMicroscopy => {
    if (microscopy) return microscopy;
    throw new EmporiumError("NOT_FOUND", "no microscopy catalogue is served here", {
      hint: "serve the storage of an upload, or a tree: emporium serve TREE STORAGE",
    });
  };
  get(app, "/microscopy", List, async (c, { after, limit, start, end, ...words }) => {
    const { datasetQuery } = await import("../../stations/catalog/query.js");
    const query = datasetQuery({ ...words, startDate: start, endDate: end });
    const datasets: MicroscopyEntry[] = [];
    let next: string | undefined;
    for await (const summary of served().repository.query({ ...query, after }, c.req.raw.signal)) {
      if (datasets.length === limit) {
        next = datasets.at(-1)!.id;
        break;
      }
      datasets.push(entryOf(summary));
    }
    return c.json({ datasets, next } satisfies MicroscopyList);
  });

  get(app, "/microscopy/:id", { summary: "A data set: its axes and metadata", query: z.object({}) }, async (c) => {
    const { signal } = c.req.raw;
    const { repository, placeOf } = served();
    const id = checkKnownId(c.req.param("id")!);
    const stored = await repository.findDataset(id, signal);
    if (!stored) throw new EmporiumError("NOT_FOUND", `there is no data set ${id}`, { hint: "api/v1/microscopy lists them" });
    const { datasetFacts } = await import("../../stations/catalog/dataset-facts.js");
    const facts = await datasetFacts(repository, id, signal);
    const { channels = [], slices = [], times = [], positions = [], framesGlobal } = facts;
    let place: string | undefined;
    if (framesGlobal) {
      for await (const row of repository.framesOf(id, {}, { signal })) {
        place = (await placeOf(framesGlobal.storage_dir, row, signal))?.id;
        break;
      }
    }
    return json(c, {
      ...entryOf(facts),
      channels,
      indices: { c: [...new Set(channels.map(({ index }) => index))], z: slices, t: times, p: positions },
      metadata: (stored.framesGlobal ?? stored.file)?.metadata_json ?? null,
      place,
    } satisfies MicroscopyDataset);
  });

  get(app, "/microscopy/:id/frame", Frame, async (c, at) => {
    const { row } = await served().row(c.req.param("id")!, indicesOf(at), c.req.raw.signal);
    const { channel_name: channel, file_name: name, sha256, metadata_json: metadata } = row;
    return json(c, { channel, name, sha256, metadata } satisfies FrameFacts);
  });

  get(app, "/microscopy/:id/pixels", Pixels, async (c, { as, side, ...at }) => {
    const { signal, headers } = c.req.raw;
    if (as === "png" && side !== undefined)
      throw new EmporiumError("USAGE", "side cannot be combined with as=png, which gives the file as it is");
    const found = await served().row(c.req.param("id")!, indicesOf(at), signal);
    const { row, shape } = found;
    const etag = row.sha256 === null ? undefined : quotedEtag(`${row.sha256}-${as}-${side ?? ""}`);
    const caching = { "cache-control": "no-cache", ...(etag && { etag }) };
    // the client's pixels are those of the row, and the frame may be gone all the same
    const isSame = judgeConditions(headers, { size: 0, etag }) === 304;
    if (isSame && (await served().placeOf(found.storageDir, row, signal))) return c.body(null, 304, caching);
    const bytes = bytesOf(shape);
    if (COPIES * bytes > memory.limits.planes)
      throw new EmporiumError(
        "MEMORY_LIMIT",
        `${row.file_name}: a frame of ${counted(bytes, "byte")} is larger than this server takes`,
        {
          hint: "emporium serve --memory SIZE gives it more",
        },
      );
    const leave = await volumes.turn(c.req.raw, COPIES * bytes);
    try {
      const frame = await served().frame(found, signal);
      const answer = { ...caching, [FRAME_HEADERS.proof]: frame.proof };
      if (as === "png") return body(c, frame.bytes, leave, { ...answer, "content-type": "image/png" });
      const { shrunkFrame } = await import("../../stations/catalog/frames/shrink.js");
      const sent = shrunkFrame(frame.pixels, shape, side ?? Number.POSITIVE_INFINITY);
      const { height, width, colours, depth } = sent.shape;
      return body(c, sent.pixels, leave, {
        ...answer,
        "content-type": "application/octet-stream",
        [FRAME_HEADERS.shape]: [height, width, ...(colours === 1 ? [] : [colours])].join(),
        [FRAME_HEADERS.dtype]: depth,
      });
    } catch (error) {
      leave();
      throw error;
    }
  });
};

/** Numbers of metadata keep their form: 10.0 stays 10.0. */
function json(c: Context, value: MicroscopyDataset | FrameFacts): Response {
  return c.body(printJsonLine(value as unknown as Parameters<typeof printJsonLine>[0]), 200, {
    "content-type": "application/json; charset=utf-8",
  });
}

function body(c: Context, bytes: Uint8Array, leave: () => void, headers: Record<string, string>): Response {
  return c.body(handedOver(bytes, leave), 200, { ...headers, "content-length": String(bytes.length) });
}

const bytesOf = ({ width, height, colours, depth }: FrameShape): number => width * height * colours * (depth === "uint8" ? 1 : 2);

function indicesOf({ c, z, t, p }: Partial<Record<"c" | "z" | "t" | "p", number>>): FrameIndices {
  return { channel_idx: c!, slice_idx: z ?? null, time_idx: t ?? null, pos_idx: p ?? null };
}

function entryOf({ dataset_serial, description, microscope, date_time, parent, children, framesGlobal, file }: DatasetSummary) {
  return {
    id: dataset_serial,
    description,
    microscope,
    date: date_time,
    parent,
    children,
    frames: framesGlobal && framesOf(framesGlobal),
    file: file && { name: file.file_name, sha256: file.sha256 },
  } satisfies MicroscopyEntry;
}

function framesOf(global: Omit<FramesGlobal, "metadata_json">): MicroscopyFrames {
  return {
    count: global.nbr_frames,
    width: global.im_width,
    height: global.im_height,
    colours: global.im_colors,
    dtype: global.bit_depth,
    sizes: { c: global.nbr_channels, z: global.nbr_slices, t: global.nbr_timepoints, p: global.nbr_positions },
  };
}
