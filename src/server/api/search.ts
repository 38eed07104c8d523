import { z } from "zod";
import { openSearch } from "../../catalog/search.js";
import type { Routes } from "./context.js";
import { noCatalogue } from "./facets.js";
import { TEXT } from "./parameters.js";
import { get } from "./route.js";

const PARAMETERS = z.strictObject({ q: TEXT });

/** `GET search?q=…`: what is called so, by kind. */
export const searchRoutes: Routes = (app, context) => {
  const find = context.catalogue && openSearch(context.catalogue.pool, context.clock);
  const summary =
    "Datasets, runs, objects, depositions, people and files by the beginnings of words; the nearest words where nothing is found";
  get(app, "/search", { summary, query: PARAMETERS }, async (c, { q }) => {
    if (!find) throw noCatalogue(context);
    return c.json(await find(q, c.req.raw.signal));
  });
};
