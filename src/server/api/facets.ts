import { z } from "zod";
import { EmporiumError } from "../../core/errors.js";
import type { ApiContext, Routes } from "./context.js";
import { TEXT } from "./parameters.js";
import { get } from "./route.js";

const PARAMETERS = z.object({
  of: z.enum(["datasets", "runs", "annotations"]),
  where: z.string().max(65_536).transform(json).optional(),
  facet: TEXT.optional(),
  like: TEXT.min(1).optional(),
});

/** Share of the memory for counts that facets may take; the rest is for words that are searched. */
const FACETS_SHARE = 3 / 4;

/**
 * `GET facets?of=runs&where={…}`: counts of the values that a list can be filtered by; with `facet=…&like=…` the values of one
 * facet that contain a text.
 */
export const facetsRoutes: Routes = (app, context) => {
  const { catalogue, clock, memory } = context;
  let opened: Promise<ReturnType<typeof import("../../catalog/facets.js").openFacets>> | undefined;
  const summary =
    "Distinct datasets, runs or annotations by what they can be filtered by, each facet under all filters but its own";
  get(app, "/facets", { summary, query: PARAMETERS }, async (c, request) => {
    if (!catalogue) throw noCatalogue(context);
    opened ??= import("../../catalog/facets.js").then(({ openFacets }) =>
      openFacets(catalogue.pool, clock, memory.limits.counts * FACETS_SHARE),
    );
    const answer = await opened;
    return c.json(await answer(request, c.req.raw.signal));
  });
};

export function noCatalogue({ places }: ApiContext): EmporiumError {
  return new EmporiumError("NOT_FOUND", "there is no catalogue: no place is a standardised tree", {
    hint: `emporium serve TREE; served now: ${places.map(({ name }) => name).join(", ") || "nothing"}`,
  });
}

function json(text: string, { addIssue }: z.RefinementCtx): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    addIssue({ code: "custom", message: "must be JSON" });
    return z.NEVER;
  }
}
