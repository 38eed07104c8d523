import { expect, it } from "vitest";
import { EmporiumError, type ErrorCode } from "../../core/errors.js";
import { statusOf } from "./errors.js";

/** What RFC 9110, and RFC 4918 for 422, say of each. */
const STATUSES: Readonly<Record<number, readonly ErrorCode[]>> = {
  400: ["USAGE", "NAME_UNSAFE", "LOCATION_UNKNOWN"],
  401: ["TOKEN_REFUSED"],
  403: ["STORE_DENIED", "ADDRESS_REFUSED", "TOKEN_SCOPE"],
  404: ["NOT_FOUND", "STORE_ABSENT"],
  405: ["STORE_READONLY"],
  409: ["STORE_CONFLICT", "SOURCE_CHANGED", "TARGET_LOCKED"],
  412: ["CHANGED_MEANWHILE"],
  422: ["MEMORY_LIMIT", "OBJECT_WRONG", "FORMAT_CORRUPT", "FORMAT_LIMIT", "CONFIG_FIELD"],
  500: ["INTERNAL", "STORE_PROTOCOL"],
  503: ["STORE_UNAVAILABLE", "STORE_THROTTLED", "DATABASE_UNAVAILABLE", "DATABASE_TIMEOUT"],
};

it.each(Object.entries(STATUSES).flatMap(([status, codes]) => codes.map((code) => [code, Number(status)] as const)))(
  "%s is %i",
  (code, status) => expect(statusOf(new EmporiumError(code, "x"))).toBe(status),
);
