import { EmporiumError, type ErrorCode, type ErrorFacts, isEmporiumError, type Place } from "../core/errors.js";
import { redact } from "../core/redact.js";
import { connectionInWords } from "../net/errors.js";
import { errnoOf } from "../stores/file/errors.js";

/**
 * Converts any error of the driver to an `EmporiumError`, with the driver's error as its cause. Classes are those of PostgreSQL's
 * appendix A.
 *
 * @param place the server, without its password.
 */
export function databaseError(thrown: unknown, place?: Place): EmporiumError {
  if (isEmporiumError(thrown)) return thrown;
  const [code, facts] = classify(thrown);
  return new EmporiumError(code, messageOf(thrown), { place, ...facts, cause: thrown });
}

/** PostgreSQL's five-character error code, from its own error or from ours made from it. */
export function sqlState(thrown: unknown): string | undefined {
  const error = isEmporiumError(thrown) ? thrown.facts.cause : thrown;
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  return typeof code === "string" && /^[0-9A-Z]{5}$/.test(code) && !/^E[A-Z]{4}$/.test(code) ? code : undefined;
}

/** True if no server listens at the address, unlike a server that closed the connection or is not ready. */
export function isNobodyThere(thrown: unknown): boolean {
  const errno = errnoOf(isEmporiumError(thrown) ? thrown.facts.cause : thrown);
  return errno !== undefined
    ? NOBODY.includes(errno)
    : thrown instanceof Error && /trying to connect|timeout expired/.test(thrown.message);
}

const NOBODY = ["ECONNREFUSED", "ENOENT", "ENOTFOUND", "EAI_AGAIN", "ETIMEDOUT", "EHOSTUNREACH", "ENETUNREACH"];
const LOST = [...NOBODY, "ECONNRESET", "EPIPE"];

function classify(thrown: unknown): [ErrorCode, ErrorFacts] {
  const state = sqlState(thrown);
  if (state === undefined) return classifyConnection(thrown);
  switch (state) {
    case "53100":
      return ["DISK_FULL", { hint: "free some space on the server's disk, and run it again" }];
    case "53300":
    case "57P01":
    case "57P02":
    case "57P03":
      return ["DATABASE_UNAVAILABLE", { retry: "later" }];
    case "57014":
    case "55P03":
      return ["DATABASE_TIMEOUT", { retry: "later" }];
    case "3D000":
      return ["DATABASE_DENIED", { hint: "make the database first: createdb, or CREATE DATABASE" }];
    case "42501":
      return ["DATABASE_DENIED", { hint: "ask the server's administrator for the right, or log in as the owner of the tables" }];
    case "25006":
      return ["DATABASE_DENIED", { hint: "use another login: this one may only read" }];
    case "40001":
    case "40P01":
      return ["DATABASE_FAILED", { retry: "now" }];
  }
  const kind = state.slice(0, 2);
  if (kind === "08") return ["DATABASE_UNAVAILABLE", { retry: "later" }];
  if (kind === "28") return ["DATABASE_DENIED", { hint: "check user and password; $PGPASSFILE and ~/.pgpass are read too" }];
  if (kind === "23") return ["DATABASE_CONFLICT", {}];
  return ["DATABASE_FAILED", {}];
}

function classifyConnection(thrown: unknown): [ErrorCode, ErrorFacts] {
  const message = thrown instanceof Error ? thrown.message : "";
  const cut =
    /connection (?:terminated|timeout)|timeout (?:expired|exceeded)|not queryable|connection error|closed the connection/i;
  if (LOST.includes(errnoOf(thrown) ?? "") || cut.test(message)) {
    return ["DATABASE_UNAVAILABLE", { retry: "later", hint: "check that the server runs, its address, and the network between" }];
  }
  if (/SASL|password must be a string/.test(message))
    return ["DATABASE_DENIED", { hint: "give a password: the server asks for one" }];
  if (/SSL|certificate|self.signed/i.test(message)) {
    return ["DATABASE_DENIED", { hint: "give sslmode and sslrootcert in the URL" }];
  }
  return ["DATABASE_FAILED", {}];
}

function messageOf(thrown: unknown): string {
  if (!(thrown instanceof Error)) return redact(String(thrown));
  const connection = connectionInWords(thrown);
  if (connection !== undefined) return connection;
  // both addresses of a host that has two are tried, and the driver throws the collection
  const inner = thrown instanceof AggregateError ? thrown.errors.map(String).join("; ") : thrown.message;
  const detail = "detail" in thrown && typeof thrown.detail === "string" ? `: ${thrown.detail}` : "";
  return redact(`${inner || thrown.name}${detail}`);
}
