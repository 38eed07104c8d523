import { expect, it } from "vitest";
import { networkError } from "./errors.js";

const thrown = (message: string, code?: string) => Object.assign(new Error(message), code === undefined ? {} : { code });

it.each([
  [thrown("getaddrinfo ENOTFOUND host", "ENOTFOUND"), "the name of the host cannot be resolved (ENOTFOUND)", "no"],
  [
    thrown("connect ECONNREFUSED ::1:80", "ECONNREFUSED"),
    "the connection is refused: no server listens there (ECONNREFUSED)",
    "later",
  ],
  [
    new AggregateError([thrown("connect ECONNREFUSED ::1:80", "ECONNREFUSED")]),
    "the connection is refused: no server listens there (ECONNREFUSED)",
    "later",
  ],
  [
    Object.assign(thrown("fetch failed"), { cause: thrown("read ECONNRESET", "ECONNRESET") }),
    "the connection was broken off (ECONNRESET)",
    "later",
  ],
  [thrown("certificate has expired", "CERT_HAS_EXPIRED"), "certificate has expired (CERT_HAS_EXPIRED)", "no"],
  [thrown("no answer within 30 s"), "no answer within 30 s", "later"],
])("says %s in words", (error, words, retry) => {
  const { message, facts } = networkError(error, "https://host/a");
  expect([message, facts.retry]).toEqual([`https://host/a: ${words}`, retry]);
});
