import { inspect } from "node:util";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { markSecret, redact, Secret } from "./redact.js";

describe("Secret", () => {
  it("prints as [secret] however it is printed, and is revealed only on request", () => {
    const secret = new Secret("hunter2hunter2");
    expect(
      [`${secret}`, JSON.stringify({ secret }), inspect({ secret }), inspect([secret], { showHidden: true })].join(),
    ).not.toContain("hunter2");
    expect(secret.reveal()).toBe("hunter2hunter2");
  });

  it("is cut from every line once it exists, also in its percent-encoded form", () => {
    new Secret("wJalr/XUtn+FEMI=");
    expect(redact("key wJalr/XUtn+FEMI= in ?k=wJalr%2FXUtn%2BFEMI%3D&x=1")).toBe("key [secret] in ?k=[secret]&x=1");
  });
});

describe("redact", () => {
  it("cuts the longer of two secrets whole when it holds the shorter", () => {
    markSecret("abcd1234");
    markSecret("abcd1234efgh5678");
    expect(redact("<abcd1234efgh5678> <abcd1234>")).toBe("<[secret]> <[secret]>");
  });

  it("does not take very short values for secrets: it would cut words", () => {
    markSecret("to");
    markSecret(undefined);
    markSecret("");
    expect(redact("to be")).toBe("to be");
  });

  it.each([
    ["postgres://me:pass@host/db", "postgres://me:[secret]@host/db"],
    ["https://user:p%40ss@host:8080/x?y=1", "https://user:[secret]@host:8080/x?y=1"],
    [
      "https://b.s3.amazonaws.com/k?X-Amz-Signature=ab12&X-Amz-Date=20260101",
      "https://b.s3.amazonaws.com/k?X-Amz-Signature=[secret]&X-Amz-Date=20260101",
    ],
    ["x?X-Amz-Security-Token=FQo%2B&a=1", "x?X-Amz-Security-Token=[secret]&a=1"],
    ["x?access_token=abc'", "x?access_token=[secret]'"],
    ["Authorization: Bearer abc.def", "Authorization: [secret]"],
    ['{"authorization":"Basic dTpw"}', '{"authorization":"[secret]"}'],
    ["authorization=token123, next", "authorization=[secret], next"],
    [
      "Authorization: AWS4-HMAC-SHA256 Credential=AKIA/2026, SignedHeaders=host, Signature=deadbeef\nHost: x",
      "Authorization: [secret]\nHost: x",
    ],
  ])("cuts what has the form of a secret: %s", (line, clean) => {
    expect(redact(line)).toBe(clean);
  });

  it.each(["https://host:8080/a@b", "s3://bucket/key", "TS_01: 10:30 done", "signature of the file", "C:\\data\\x"])(
    "leaves alone what only looks like it: %s",
    (line) => {
      expect(redact(line)).toBe(line);
    },
  );

  it("leaves no known secret in any text, and a clean text unchanged when done again", () => {
    const secret = fc.stringMatching(/^[A-Za-z0-9+/=]{8,40}$/);
    fc.assert(
      fc.property(secret, fc.string(), fc.string(), (value, before, after) => {
        markSecret(value);
        const clean = redact(`${before}${value}${after}`);
        expect(clean).not.toContain(value);
        expect(redact(clean)).toBe(clean);
      }),
      { numRuns: 200 },
    );
  });
});
