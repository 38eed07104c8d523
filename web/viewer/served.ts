import { PLANE_HEADERS, type PlaneQuery, type VolumeFacts } from "../../src/model/page-api.js";
import { AnswerError, answered, ask, base } from "../parts/api.js";
import { isDown } from "../parts/queries.js";
import { isWhole, type Plane, type PlaneSource, samplesOf } from "./planes.js";

/** Milliseconds for which the facts of a layer hold: sections and the 3-D pane open it at the same time. */
const FACTS_MS = 10_000;
const layers = new Map<string, { readonly at: number; readonly facts: Promise<VolumeFacts> }>();

function layerFacts(ref: string): Promise<VolumeFacts> {
  const now = performance.now();
  for (const [name, { at }] of layers) if (now - at > FACTS_MS) layers.delete(name);
  const known = layers.get(ref);
  if (known) return known.facts;
  const facts = ask<VolumeFacts>(`volumes/${ref}`);
  layers.set(ref, { at: now, facts });
  facts.catch(() => layers.delete(ref));
  return facts;
}

/** The volume of a layer, for each of those who draw it. @throws {AnswerError} */
export async function openLayer(ref: string, signal: AbortSignal): Promise<PlaneSource> {
  const facts = await layerFacts(ref);
  signal.throwIfAborted();
  return servedSource(ref, facts);
}

/** A volume of the server. @throws {AnswerError} */
export async function openServed(ref: string, signal?: AbortSignal): Promise<PlaneSource> {
  return servedSource(ref, await ask<VolumeFacts>(`volumes/${ref}`, signal));
}

/** Planes of a volume whose facts are known. */
export function servedSource(ref: string, facts: VolumeFacts): PlaneSource {
  return {
    facts,
    async read(one, abort) {
      const url = new URL(`api/v1/volumes/${ref}/plane`, base);
      const [row0, column0, row1, column1] = one.box;
      const [low, high] = one.window ?? [];
      const query: PlaneQuery = { axis: one.axis, at: one.at, level: one.level, as: one.as, v: facts.etag };
      for (const [name, value] of Object.entries(query)) url.searchParams.set(name, String(value));
      if (!isWhole(facts, one)) url.searchParams.set("box", [column0, row0, column1, row1].join());
      if (low !== undefined) url.searchParams.set("low", String(low));
      if (high !== undefined) url.searchParams.set("high", String(high));
      if (one.slab > 1) url.searchParams.set("slab", String(one.slab));
      const reply = await answered(url, { signal: abort }).catch((error: unknown) => {
        if (isNoAnswer(error)) isDown.set(true);
        throw error;
      });
      const [rows, columns] = (reply.headers.get(PLANE_HEADERS.shape) ?? "").split(",").map(Number);
      const level = Number(reply.headers.get(PLANE_HEADERS.level) ?? one.level);
      const dtype = reply.headers.get(PLANE_HEADERS.dtype) ?? facts.dtype;
      const samples = samplesOf(dtype, await reply.arrayBuffer(), rows! * columns!);
      return { ...one, level, rows: rows!, columns: columns!, ...samples, absent: absentOf(reply.headers) };
    },
    close() {},
  };
}

function absentOf(headers: Headers): Plane["absent"] {
  const [count, first] = headers.get(PLANE_HEADERS.absent)?.split(" ") ?? [];
  return first === undefined ? undefined : { count: Number(count), first: decodeURIComponent(first) };
}

export const isNoAnswer = (error: unknown): boolean => error instanceof AnswerError && error.status === 0;

/** The file was replaced or changed: planes of it would be of another volume than those that are shown. */
export const isOtherSource = (error: unknown): boolean => error instanceof AnswerError && CHANGED.includes(error.error.code);
const CHANGED = ["SOURCE_CHANGED", "STORE_CONFLICT"];

/** A server that is away may be back, and a busy one says so. */
export const passes = (error: unknown): boolean => error instanceof AnswerError && (error.status === 0 || error.status === 503);
