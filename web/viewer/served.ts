import { PLANE_HEADERS, type PlaneQuery, type VolumeFacts } from "../../src/model/page-api.js";
import { AnswerError, answered, ask, base } from "../parts/api.js";
import { isWhole, type PlaneSource, samplesOf } from "./planes.js";

/** A volume of the server. @throws {AnswerError} */
export async function openServed(ref: string, signal?: AbortSignal): Promise<PlaneSource> {
  const facts = await ask<VolumeFacts>(`volumes/${ref}`, signal);
  return {
    facts,
    async read(one, abort) {
      const url = new URL(`api/v1/volumes/${ref}/plane`, base);
      const [row0, column0, row1, column1] = one.box;
      const query: PlaneQuery = { axis: one.axis, at: one.at, level: one.level, as: one.as, v: facts.etag };
      for (const [name, value] of Object.entries(query)) url.searchParams.set(name, String(value));
      if (!isWhole(facts, one)) url.searchParams.set("box", [column0, row0, column1, row1].join());
      if (one.slab > 1) url.searchParams.set("slab", String(one.slab));
      const reply = await answered(url, { signal: abort });
      const [rows, columns] = (reply.headers.get(PLANE_HEADERS.shape) ?? "").split(",").map(Number);
      const level = Number(reply.headers.get(PLANE_HEADERS.level) ?? one.level);
      const dtype = reply.headers.get(PLANE_HEADERS.dtype) ?? facts.dtype;
      return { ...one, level, rows: rows!, columns: columns!, ...samplesOf(dtype, await reply.arrayBuffer(), rows! * columns!) };
    },
    close() {},
  };
}

/** A server that is away may be back, and a busy one says so. */
export const passes = (error: unknown): boolean => error instanceof AnswerError && (error.status === 0 || error.status === 503);
