import { z } from "zod";
import type { Routes } from "./context.js";
import { noCatalogue } from "./facets.js";
import { TEXT } from "./parameters.js";
import { get } from "./route.js";

const PARAMETERS = z.object({ q: TEXT });

/** `GET search?q=…`: what is called so, by kind. */
export const searchRoutes: Routes = (app, context) => {
  const { catalogue, clock, memory } = context;
  let opened: Promise<ReturnType<typeof import("../../catalog/search.js").openSearch>> | undefined;
  const summary =
    "Datasets, runs, objects, depositions, people and files by the beginnings of words; the nearest words where nothing is found";
  get(app, "/search", { summary, query: PARAMETERS }, async (c, { q }) => {
    if (!catalogue) throw noCatalogue(context);
    opened ??= import("../../catalog/search.js").then(({ openSearch }) =>
      openSearch(catalogue.pool, clock, memory.limits.counts / 4),
    );
    const find = await opened;
    return c.json(await find(q, c.req.raw.signal));
  });
};
