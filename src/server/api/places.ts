import { z } from "zod";
import { EmporiumError } from "../../core/errors.js";
import type { Place } from "../places.js";
import type { Routes } from "./context.js";
import { get } from "./route.js";

const PAGE = 500;
const PAGE_MAX = 1_000;

const List = {
  summary: "What is directly in a folder of a place",
  query: z.object({
    prefix: z.string().max(4096).default("").meta({ description: "the folder: a key that ends with /; empty: the place itself" }),
    after: z.string().max(4096).optional().meta({ description: "the `next` of the part before" }),
    limit: z.coerce.number().int().min(1).max(PAGE_MAX).default(PAGE),
  }),
};
const Facts = {
  summary: "What a file or volume is by its header, as harvest inspect prints it",
  query: z.object({ key: z.string().min(1).max(4096), exact: z.stringbool().default(false) }),
};

/** `GET places/{place}/list` and `GET places/{place}/facts`. */
export const placeRoutes: Routes = (app, { places }) => {
  const named = (id: string | undefined): Place => {
    const place = places.find((one) => one.id === id);
    if (!place) throw new EmporiumError("NOT_FOUND", "there is no such location", { hint: "see api/v1/server for the list" });
    return place;
  };
  get(app, "/places/:place/list", List, async (c, { prefix, after, limit }) => {
    const { listFolder } = await import("../listing.js");
    return c.json(await listFolder(named(c.req.param("place")), prefix, { after, limit, signal: c.req.raw.signal }));
  });
  get(app, "/places/:place/facts", Facts, async (c, { key, exact }) => {
    const { factsOf } = await import("../file-facts.js");
    const text = await factsOf(named(c.req.param("place")), key, exact, c.req.raw.signal);
    return c.body(text, 200, { "content-type": "application/json; charset=utf-8" });
  });
};
