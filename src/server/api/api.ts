import { Hono } from "hono";
import { z } from "zod";
import { isEmporiumError, toErrorRecord } from "../../core/errors.js";
import type { ApiError } from "../../model/page-api.js";
import type { Handler } from "../handler.js";
import { sentJson } from "../json-reply.js";
import type { ApiContext, Routes } from "./context.js";
import { curateRoutes } from "./curate.js";
import { statusOf, toApiError } from "./errors.js";
import { facetsRoutes } from "./facets.js";
import { harvestRoutes } from "./harvest.js";
import { jobRoutes } from "./jobs.js";
import { microscopyRoutes } from "./microscopy.js";
import { neuroglancerRoutes } from "./neuroglancer.js";
import { overlayRoutes } from "./overlays.js";
import { placeRoutes } from "./places.js";
import { reportRoutes } from "./reports.js";
import { get, openApi } from "./route.js";
import { searchRoutes } from "./search.js";
import { serverRoutes } from "./server.js";
import { volumeRoutes } from "./volumes.js";

const ROUTES: readonly Routes[] = [
  serverRoutes,
  placeRoutes,
  volumeRoutes,
  facetsRoutes,
  searchRoutes,
  microscopyRoutes,
  neuroglancerRoutes,
  overlayRoutes,
  jobRoutes,
  reportRoutes,
  harvestRoutes,
  curateRoutes,
];

/** What pages ask: JSON and planes at `/api/v1/`. Errors are those of the program. */
export function apiHandler(context: ApiContext, routes = ROUTES): Handler {
  // the path behind the mount: a copy of the request that has it would cost more than all routing
  const app = new Hono({ getPath: (_request, options) => (options!.env as unknown as { path: string }).path });
  for (const add of routes) add(app, context);
  get(app, "/openapi.json", { summary: "This list", query: z.object({}) }, (c) => c.json(described));
  const described = openApi(app, context.server.version);
  app.notFound((c) => c.json({ code: "NOT_FOUND", message: "nothing is here" } satisfies ApiError, 404));
  app.onError((error, c) => {
    if (isEmporiumError(error)) {
      const status = statusOf(error);
      const retry = { "retry-after": String(Math.ceil((error.facts.retryAfterMs ?? 1000) / 1000)) };
      const headers = { "cache-control": "no-store", ...(status === 503 && retry) };
      return c.json(toApiError(toErrorRecord(error), context.places), status as 400, headers);
    }
    if (error.name === "AbortError") return c.body(null, 499 as 400); // nobody is there any more
    context.log.error(error.message, { path: c.req.path });
    return c.json({ code: "INTERNAL", message: "this failed; the server's log says why" } satisfies ApiError, 500);
  });
  return async (request, path) => {
    const begun = context.clock.monotonic();
    const answer = await app.fetch(request, { path: `/${path}` });
    const { headers } = answer;
    headers.set("x-content-type-options", "nosniff");
    if (!headers.has("cache-control")) headers.set("cache-control", "no-cache");
    headers.set("cross-origin-resource-policy", "same-origin");
    const response = await sentJson(request, answer);
    response.headers.append("server-timing", `total;dur=${(context.clock.monotonic() - begun).toFixed(1)}`);
    return response;
  };
}
