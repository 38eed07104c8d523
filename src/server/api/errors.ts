import type { EmporiumError, ErrorRecord } from "../../core/errors.js";
import { redact } from "../../core/redact.js";
import type { ApiError } from "../../model/page-api.js";
import type { Place } from "../places.js";

/**
 * As the program tells it, with the names of places for where they are on this machine. A text that names another path of the machine ends there: a path
 * may hold blanks, so nothing tells where it ends.
 */
export function toApiError({ code, message, hint, file, url, path, byte }: ErrorRecord, places: readonly Place[]): ApiError {
  const inPlaces = (text: string | undefined) => text && redact(withoutPaths(inIds(text, places)));
  return { code, message: inPlaces(message)!, path: inPlaces(file ?? url ?? path), byte, hint: inPlaces(hint) };
}

function inIds(text: string, places: readonly Place[]): string {
  return places
    .flatMap(({ id, location: { path: at, url: address } }) => [at, address].map((whole) => [id, whole] as const))
    .sort(([, a = ""], [, b = ""]) => b.length - a.length) // one may lie in another
    .reduce((now, [id, whole]) => (whole === undefined || whole === "/" ? now : now.replaceAll(whole, id)), text);
}

function withoutPaths(text: string): string {
  const at = text.search(/(?<![^\s"'`(=])(?:file:\/\/|[A-Za-z]:\\|\/)(?!\s|$)/);
  return at < 0 ? text : `${text.slice(0, at)}…`;
}

export function statusOf({ code }: EmporiumError): number {
  switch (code) {
    case "USAGE":
    case "NAME_UNSAFE":
    case "LOCATION_UNKNOWN":
      return 400;
    case "TOKEN_REFUSED":
      return 401;
    case "STORE_DENIED":
    case "ADDRESS_REFUSED":
    case "TOKEN_SCOPE":
      return 403;
    case "NOT_FOUND":
    case "STORE_ABSENT":
      return 404;
    case "STORE_READONLY":
      return 405;
    case "STORE_CONFLICT":
    case "SOURCE_CHANGED":
    case "TARGET_LOCKED":
      return 409;
    case "CHANGED_MEANWHILE":
      return 412;
    case "STORE_UNAVAILABLE":
    case "STORE_THROTTLED":
    case "DATABASE_UNAVAILABLE":
    case "DATABASE_TIMEOUT":
      return 503;
    case "MEMORY_LIMIT":
    case "OBJECT_WRONG":
      return 422;
    default:
      return /^(?:FORMAT|CONFIG)_/.test(code) ? 422 : 500;
  }
}
