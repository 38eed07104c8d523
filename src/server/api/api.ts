import { Hono } from "hono";
import { type EmporiumError, isEmporiumError, toErrorRecord } from "../../core/errors.js";
import type { ApiError } from "../../model/page-api.js";
import type { Handler } from "../handler.js";
import type { Place } from "../places.js";
import type { ApiContext, Routes } from "./context.js";
import { serverRoutes } from "./server.js";
import { volumeRoutes } from "./volumes.js";

const ROUTES: readonly Routes[] = [serverRoutes, volumeRoutes];

/** What pages ask: JSON and planes at `/api/v1/`. Errors are those of the program. */
export function apiHandler(context: ApiContext): Handler {
  const app = new Hono();
  for (const add of ROUTES) add(app, context);
  app.notFound((c) => c.json({ code: "NOT_FOUND", message: "nothing is here" } satisfies ApiError, 404));
  app.onError((error, c) => {
    if (isEmporiumError(error))
      return c.json(told(error, context.places), statusOf(error) as 400, { "cache-control": "no-store" });
    if (error.name === "AbortError") return c.body(null, 499 as 400); // nobody is there any more
    context.log.error(error.message, { path: c.req.path });
    return c.json({ code: "INTERNAL", message: "this failed; the server's log says why" } satisfies ApiError, 500);
  });
  return async (request, path) => {
    const url = new URL(request.url);
    url.pathname = `/${path}`;
    const response = await app.fetch(new Request(url, request));
    response.headers.set("x-content-type-options", "nosniff");
    if (!response.headers.has("cache-control")) response.headers.set("cache-control", "no-cache");
    response.headers.set("cross-origin-resource-policy", "same-origin");
    return response;
  };
}

/** As the program tells it, with the names of places for where they are on this machine. */
function told(error: EmporiumError, places: readonly Place[]): ApiError {
  const { code, message, hint, file, url, path, byte } = toErrorRecord(error);
  const inPlaces = (text: string | undefined) =>
    text &&
    places
      .flatMap(({ id, location: { path: at, url: address } }) => [at, address].map((whole) => [id, whole] as const))
      .reduce((now, [id, whole]) => (whole === undefined || whole === "/" ? now : now.replaceAll(whole, id)), text);
  return { code, message: inPlaces(message)!, path: inPlaces(file ?? url ?? path), byte, hint: inPlaces(hint) };
}

function statusOf({ code }: EmporiumError): number {
  switch (code) {
    case "USAGE":
    case "NAME_UNSAFE":
      return 400;
    case "STORE_DENIED":
      return 403;
    case "NOT_FOUND":
    case "STORE_ABSENT":
      return 404;
    case "STORE_CONFLICT":
    case "SOURCE_CHANGED":
      return 409;
    case "STORE_UNAVAILABLE":
    case "STORE_THROTTLED":
      return 503;
    default:
      return code.startsWith("FORMAT_") ? 422 : 500;
  }
}
