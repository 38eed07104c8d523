import { EmporiumError } from "../core/errors.js";
import type { Handler } from "./handler.js";

/** Origins whose pages may read this server's answers. Its own pages always may. */
export type CorsPolicy =
  | { readonly kind: "none" }
  /** Every origin. */
  | { readonly kind: "any" }
  /** These origins. */
  | { readonly kind: "some"; readonly origins: readonly string[] };

/** The policy that allows no other origin: another page open in a browser on this machine can read nothing. */
export const OWN_ORIGIN: CorsPolicy = { kind: "none" };

const METHODS = "GET, HEAD, POST, OPTIONS";
/** Request headers that readers of chunks and clients of GraphQL send. */
const ASKED_HEADERS = "Content-Type, Range, If-Match, If-None-Match, If-Modified-Since, If-Range, Cache-Control";
const EXPOSED_HEADERS = "Accept-Ranges, Content-Length, Content-Range, ETag, Last-Modified";
const MAX_AGE_S = 600;

/**
 * The policy for origins as a person writes them.
 *
 * @param origins `https://neuroglancer-demo.appspot.com`, or `*` for every origin.
 * @throws {EmporiumError} USAGE for an invalid origin.
 */
export function corsPolicy(origins: readonly string[]): CorsPolicy {
  if (origins.includes("*")) return { kind: "any" };
  return origins.length === 0 ? OWN_ORIGIN : { kind: "some", origins: origins.map(originOf) };
}

function originOf(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  // a path, a login or a query is no part of an origin
  if (!url || !/^https?:$/.test(url.protocol) || `${url.origin}/` !== url.href) {
    throw new EmporiumError("USAGE", `expected an origin as https://viewer.example.org, found --cors ${JSON.stringify(text)}`, {
      hint: "give scheme and host, and the port if it is not the default; * allows every origin",
    });
  }
  return url.origin;
}

/**
 * Lets pages of other origins read a handler's answers, within the policy. Their requests never carry credentials, and they
 * cannot write anything.
 */
export function withCors(policy: CorsPolicy, handler: Handler): Handler {
  return async (request, path) => {
    if (changesSomething(request, path))
      return request.method === "OPTIONS" ? preflight(OWN_ORIGIN, request) : handler(request, path);
    const response = request.method === "OPTIONS" ? preflight(policy, request) : await handler(request, path);
    for (const [name, value] of Object.entries(corsHeaders(policy, request))) response.headers.append(name, value);
    // without CORS a page can still show pictures of others, unless they say no
    if (policy.kind === "any") response.headers.set("cross-origin-resource-policy", "cross-origin");
    return response;
  };
}

/**
 * Whether a request, or the one that a preflight announces, changes something: `--cors` lets pages of other origins only read.
 */
function changesSomething({ method, headers }: Request, path: string): boolean {
  const asked = method === "OPTIONS" ? (headers.get("access-control-request-method") ?? "GET") : method;
  return path.startsWith("api/") && !/^(?:GET|HEAD)$/.test(asked);
}

/** CORS headers of an answer. Where they differ by origin, `Vary` tells caches so. */
function corsHeaders(policy: CorsPolicy, request: Request): Record<string, string> {
  const origin = request.headers.get("origin");
  const may = policy.kind === "any" || (policy.kind === "some" && origin !== null && policy.origins.includes(origin));
  return {
    ...(policy.kind === "some" ? { vary: "Origin" } : {}),
    ...(may
      ? {
          "access-control-allow-origin": policy.kind === "any" ? "*" : origin!,
          "access-control-expose-headers": EXPOSED_HEADERS,
        }
      : {}),
  };
}

/** The answer to a preflight request. If the answer does not contain its origin, a browser stops. */
function preflight(policy: CorsPolicy, request: Request): Response {
  if (policy.kind === "none") return new Response(null, { status: 204, headers: { allow: METHODS } });
  const isPrivate = request.headers.get("access-control-request-private-network") === "true";
  return new Response(null, {
    status: 204,
    headers: {
      "access-control-allow-methods": METHODS,
      "access-control-allow-headers": ASKED_HEADERS,
      "access-control-max-age": String(MAX_AGE_S),
      // Chromium asks for this where a public page reads from this machine
      ...(isPrivate ? { "access-control-allow-private-network": "true" } : {}),
    },
  });
}
