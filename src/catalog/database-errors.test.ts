import { describe, expect, it } from "vitest";
import { EmporiumError } from "../core/errors.js";
import { markSecret } from "../core/redact.js";
import { databaseError, isNobodyThere, sqlState } from "./database-errors.js";

const thrown = (message: string, facts: object = {}) => Object.assign(new Error(message), facts);

describe("errors of the driver", () => {
  it.each([
    ["53100", "DISK_FULL", undefined],
    ["53300", "DATABASE_UNAVAILABLE", "later"],
    ["57P01", "DATABASE_UNAVAILABLE", "later"],
    ["57P03", "DATABASE_UNAVAILABLE", "later"],
    ["08006", "DATABASE_UNAVAILABLE", "later"],
    ["57014", "DATABASE_TIMEOUT", "later"],
    ["55P03", "DATABASE_TIMEOUT", "later"],
    ["28P01", "DATABASE_DENIED", undefined],
    ["3D000", "DATABASE_DENIED", undefined],
    ["42501", "DATABASE_DENIED", undefined],
    ["25006", "DATABASE_DENIED", undefined],
    ["23505", "DATABASE_CONFLICT", undefined],
    ["40001", "DATABASE_FAILED", "now"],
    ["42P01", "DATABASE_FAILED", undefined],
  ])("of class %s are %s", (code, ours, retry) => {
    const error = databaseError(thrown("said so", { code }), { url: "postgresql://h/d" });
    expect(error).toMatchObject({ code: ours, message: "said so", facts: { place: { url: "postgresql://h/d" } } });
    expect(error.facts.retry).toBe(retry);
    expect(sqlState(error)).toBe(code);
  });

  it.each([
    ["Connection terminated unexpectedly", {}, "DATABASE_UNAVAILABLE"],
    ["timeout exceeded when trying to connect", {}, "DATABASE_UNAVAILABLE"],
    ["Client has encountered a connection error and is not queryable", {}, "DATABASE_UNAVAILABLE"],
    ["SASL: SCRAM-SERVER-FIRST-MESSAGE: client password must be a string", {}, "DATABASE_DENIED"],
    ["The server does not support SSL connections", {}, "DATABASE_DENIED"],
    ["self-signed certificate in certificate chain", { code: "SELF_SIGNED_CERT_IN_CHAIN" }, "DATABASE_DENIED"],
    ["who knows", {}, "DATABASE_FAILED"],
  ])("that say %s are typed", (message, facts, code) => {
    const error = databaseError(thrown(message, facts));
    expect([error.code, error.message, sqlState(error)]).toEqual([code, message, undefined]);
  });

  it.each([
    ["connect ECONNREFUSED 127.0.0.1:1", "ECONNREFUSED", "the connection is refused: no server listens there (ECONNREFUSED)"],
    ["getaddrinfo ENOTFOUND db", "ENOTFOUND", "the name of the host cannot be resolved (ENOTFOUND)"],
    ["write EPIPE", "EPIPE", "the connection was broken off (EPIPE)"],
  ])("of a connection, as %s, are told in words", (message, code, words) => {
    expect(databaseError(thrown(message, { code }))).toMatchObject({ code: "DATABASE_UNAVAILABLE", message: words });
  });

  it("know nobody from somebody who broke off", () => {
    const nobody = ["connect ECONNREFUSED", "timeout exceeded when trying to connect"];
    expect(isNobodyThere(thrown(nobody[0]!, { code: "ECONNREFUSED" }))).toBe(true);
    expect(isNobodyThere(databaseError(thrown(nobody[0]!, { code: "ENOENT" })))).toBe(true);
    expect(isNobodyThere(thrown(nobody[1]!))).toBe(true);
    for (const code of ["57P03", "57P01", "ECONNRESET", "EPIPE"]) expect(isNobodyThere(thrown("x", { code })), code).toBe(false);
    expect(isNobodyThere(thrown("Connection terminated unexpectedly"))).toBe(false);
  });

  it("tell the detail, one sentence for both addresses of a host, and no secret", () => {
    markSecret("canary-password");
    const detail = databaseError(thrown("duplicate key", { code: "23505", detail: "Key (dataset_serial)=(X) already exists." }));
    expect(detail.message).toBe("duplicate key: Key (dataset_serial)=(X) already exists.");
    const both = databaseError(
      Object.assign(new AggregateError([new Error("no ::1"), new Error("no 127.0.0.1")]), { code: "ECONNREFUSED" }),
    );
    expect(both).toMatchObject({
      code: "DATABASE_UNAVAILABLE",
      message: "the connection is refused: no server listens there (ECONNREFUSED)",
    });
    expect(databaseError(thrown("at postgres://u:canary-password@h")).message).not.toContain("canary");
    const ours = new EmporiumError("DISK_FULL", "x");
    expect(databaseError(ours)).toBe(ours);
  });
});
