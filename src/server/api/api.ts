import { Hono } from "hono";
import { z } from "zod";
import { EmporiumError, isEmporiumError, toErrorRecord } from "../../core/errors.js";
import type { ApiError } from "../../model/page-api.js";
import type { BodyLimit } from "../bodies.js";
import type { Handler } from "../handler.js";
import { sentJson } from "../json-reply.js";
import { type Holder, isOfOrigin } from "../tokens.js";
import { actionRoutes } from "./actions.js";
import type { ApiContext, Routes, Writing } from "./context.js";
import { curateRoutes } from "./curate.js";
import { downloadRoutes } from "./downloads.js";
import { statusOf, toApiError } from "./errors.js";
import { facetsRoutes } from "./facets.js";
import { harvestRoutes } from "./harvest.js";
import { jobRoutes } from "./jobs.js";
import { lineageRoutes } from "./lineage.js";
import { microscopyRoutes } from "./microscopy.js";
import { neuroglancerRoutes } from "./neuroglancer.js";
import { overlayRoutes } from "./overlays.js";
import { placeRoutes } from "./places.js";
import { reportRoutes } from "./reports.js";
import { get, openApi, setHolder } from "./route.js";
import { savedViewRoutes } from "./saved-views.js";
import { searchRoutes } from "./search.js";
import { serverRoutes } from "./server.js";
import { submissionRoutes } from "./submissions.js";
import { volumeRoutes } from "./volumes.js";

const ROUTES: readonly Routes[] = [
  serverRoutes,
  placeRoutes,
  volumeRoutes,
  lineageRoutes,
  downloadRoutes,
  facetsRoutes,
  searchRoutes,
  microscopyRoutes,
  neuroglancerRoutes,
  overlayRoutes,
  jobRoutes,
  actionRoutes,
  submissionRoutes,
  savedViewRoutes,
  reportRoutes,
  harvestRoutes,
  curateRoutes,
];

/** The API of the pages: JSON and planes at `/api/v1/`. Errors are those of the program. */
export function apiHandler(context: ApiContext, routes = ROUTES): Handler {
  // the path behind the mount: a copy of the request that has it would cost more than all routing
  const app = new Hono({ getPath: (_request, options) => (options!.env as unknown as { path: string }).path });
  app.use(async (c, next) => {
    if (/^(?:GET|HEAD)$/.test(c.req.method)) return next();
    if (!context.writing) return readOnlyApi();
    setHolder(c, allowed(context.writing, c.req.raw));
    return next();
  });
  for (const add of routes) add(app, context);
  get(app, "/openapi.json", { summary: "This list", query: z.object({}) }, (c) => c.json(described));
  const described = openApi(app, context.server.version, { writes: context.writing !== undefined });
  app.notFound((c) => c.json({ code: "NOT_FOUND", message: "not found" } satisfies ApiError, 404));
  app.onError((error, c) => {
    if (isEmporiumError(error)) {
      const status = statusOf(error);
      const retry = { "retry-after": String(Math.ceil((error.facts.retryAfterMs ?? 1000) / 1000)) };
      const headers = { "cache-control": "no-store", ...(status === 503 && retry), ...(status === 401 && ASKS) };
      return c.json(toApiError(toErrorRecord(error), context.places), status as 400, headers);
    }
    if (error.name === "AbortError") return c.body(null, 499 as 400); // nobody is there any more
    context.log.error(error.message, { path: c.req.path });
    return c.json({ code: "INTERNAL", message: "the request failed; see the server's log" } satisfies ApiError, 500);
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

const ASKS = { "www-authenticate": "Bearer" };

/**
 * Holder of the token of a request that changes something.
 *
 * @throws {EmporiumError} ADDRESS_REFUSED for the page of another origin; TOKEN_REFUSED
 */
function allowed({ tokens, origin }: Writing, request: Request): Holder {
  if (!isOfOrigin(request, origin)) {
    throw new EmporiumError("ADDRESS_REFUSED", "pages of other origins cannot make changes here", {
      hint: "open the page at the address that emporium serve printed",
    });
  }
  const holder = tokens.holderOf(request);
  if (holder) return holder;
  throw new EmporiumError("TOKEN_REFUSED", "changes need a token; the request has none, or a wrong or expired one", {
    hint: "open the address that emporium serve --write printed, which ends with #token=…",
  });
}

/** Limit in bytes of a JSON body below `/api/v1`. */
const BODY_BYTES = 1024 * 1024;

/** Body limit of the API where pages can make changes. */
export const apiBodies: BodyLimit = (method) => (/^(?:POST|PUT|DELETE)$/.test(method) ? BODY_BYTES : undefined);

/** The answer to write requests where nothing can be changed. */
export function readOnlyApi(): Response {
  const error: ApiError = {
    code: "STORE_READONLY",
    message: "the server is read-only",
    hint: "start it with emporium serve --write --token-file FILE to allow changes",
  };
  return Response.json(error, { status: 405, headers: { allow: "GET, HEAD, OPTIONS", "cache-control": "no-store" } });
}
