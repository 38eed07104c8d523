import { EmporiumError } from "../../core/errors.js";
import type { ApiError } from "../../model/page-api.js";
import { type Handler, refusal } from "../handler.js";
import { bearerOf, isOfOrigin } from "../tokens.js";
import type { Access } from "./access.js";
import { COOKIE, cookieKeys, withKey } from "./viewer.js";

/** Path of sessions: `POST` with a token begins one, `DELETE` ends it. */
const SESSION = "api/v1/session";
/** Parameter of an address that brings the key of a link. */
const KEY = "access";
/** Seconds that a session lasts; it ends with its token before. */
const SESSION_S = 30 * 24 * 60 * 60;

/**
 * Opens links and begins sessions, before everything else is answered.
 *
 * @param base path under which people find the server, with slashes at both ends @param origin of its public URL
 */
export function withSessions(
  access: Access,
  { base, origin }: { base: string; origin: string | undefined },
  others: Handler,
): Handler {
  const isSecure = origin?.startsWith("https:") ?? false;
  const cookie = (value: string, seconds: number) =>
    `${COOKIE}=${value}; Path=${base}; Max-Age=${seconds}; HttpOnly; SameSite=Lax${isSecure ? "; Secure" : ""}`;
  return async (request, path) => {
    if (path === SESSION) return session(access, request, origin, cookie);
    const { searchParams } = new URL(request.url);
    if (/^(?:GET|HEAD)$/.test(request.method) && searchParams.has(KEY)) return opened(access, request, path, cookie);
    return others(request, path);
  };
}

/** Opens a link: its key goes into a cookie, and out of the address. What the key is worth is told by the page that follows, or its being empty. */
function opened(access: Access, request: Request, path: string, cookie: (value: string, seconds: number) => string): Response {
  const { searchParams } = new URL(request.url);
  const key = searchParams.get(KEY) ?? "";
  searchParams.delete(KEY);
  const rest = searchParams.size > 0 ? `?${searchParams.toString()}` : "";
  const link = access.linkOf(key);
  const headers = new Headers({
    // relative: a proxy may have taken a folder off the path; nothing before it is taken for a scheme or a host
    location: `./${path.slice(path.lastIndexOf("/") + 1)}${rest}`,
    "cache-control": "no-store",
    "referrer-policy": "no-referrer",
  });
  if (link) headers.set("set-cookie", cookie(withKey(cookieKeys(request), key), Math.ceil(link.leftMs / 1000)));
  return new Response(null, { status: 303, headers });
}

/** Begins and ends sessions of pages: pictures, files and viewers bring no token of their own. Sessions only read; changes need the token itself. */
function session(
  access: Access,
  request: Request,
  origin: string | undefined,
  cookie: (value: string, seconds: number) => string,
): Response {
  const { tokens } = access;
  if (!/^(?:POST|DELETE)$/.test(request.method)) return refusal(405, "sessions are begun and ended", { allow: "POST, DELETE" });
  if (!isOfOrigin(request, origin))
    return failed(403, new EmporiumError("ADDRESS_REFUSED", "pages of other origins cannot sign in here"));
  const headers = { "cache-control": "no-store" };
  if (request.method === "DELETE") {
    return new Response(null, { status: 204, headers: { ...headers, "set-cookie": cookie("", 0) } });
  }
  const token = bearerOf(request);
  const value = token === undefined ? undefined : tokens?.sessionOf(token);
  if (value === undefined)
    return failed(401, new EmporiumError("TOKEN_REFUSED", "no token, or one that is wrong or has expired"));
  return new Response(null, {
    status: 204,
    headers: { ...headers, "set-cookie": cookie(withKey(cookieKeys(request), value), SESSION_S) },
  });
}

function failed(status: number, { code, message }: EmporiumError): Response {
  return Response.json({ code, message } satisfies ApiError, {
    status,
    headers: { "cache-control": "no-store", ...(status === 401 && { "www-authenticate": "Bearer" }) },
  });
}
