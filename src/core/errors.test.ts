import { describe, expect, it } from "vitest";
import {
  asEmporiumError,
  EmporiumError,
  ERRORS,
  type ErrorRecord,
  formatError,
  formatPlace,
  fromErrorRecord,
  isEmporiumError,
  toErrorRecord,
} from "./errors.js";

describe("ERRORS", () => {
  it("has codes in capitals, one sentence each, and exit statuses of the contract", () => {
    for (const [code, { exit, summary }] of Object.entries(ERRORS)) {
      expect(code).toMatch(/^[A-Z]+(_[A-Z]+)*$/);
      expect(summary).toMatch(/^[A-Z].*\.$/);
      expect([1, 2, 4, 11, 12, 130]).toContain(exit);
    }
  });
});

describe("formatError", () => {
  it("writes three lines: what, where, what to do", () => {
    const error = new EmporiumError("CONFIG_GLOB_COUNT", "TS_012: expected one .rawtlt, found 0", {
      place: { file: "ingest.yaml", line: 42, column: 17, path: "rawtilts.0.sources.0" },
      hint: "narrow list_glob so that it matches one file per run",
    });
    expect(formatError(toErrorRecord(error))).toBe(
      [
        "error[CONFIG_GLOB_COUNT]: TS_012: expected one .rawtlt, found 0",
        "  at ingest.yaml:42:17 (rawtilts.0.sources.0)",
        "  hint: narrow list_glob so that it matches one file per run",
      ].join("\n"),
    );
  });

  it("leaves out the lines that have nothing to say", () => {
    expect(formatError({ code: "INTERNAL", message: "broken" })).toBe("error[INTERNAL]: broken");
  });

  it.each([
    [{ file: "tomo.rec", byte: 1024 }, "tomo.rec byte 1024"],
    [{ file: "tomo.rec", byte: 0 }, "tomo.rec byte 0"],
    [{ file: "a.yaml", line: 3 }, "a.yaml:3"],
    [{ url: "https://host/x" }, "https://host/x"],
    [{ url: "s3://bucket/x", byte: 7 }, "s3://bucket/x byte 7"],
    [{ path: "runs.0" }, "runs.0"],
    [{}, ""],
  ])("names the place %j", (place, text) => {
    expect(formatPlace(place)).toBe(text);
  });
});

describe("records", () => {
  const full: ErrorRecord = {
    code: "CONFIG_FIELD",
    message: "found, wanted",
    file: "a.yaml",
    line: 1,
    column: 2,
    path: "runs.0",
    byte: 3,
    url: "https://host/x",
    hint: "do this",
  };

  it("survive the way through JSON and back", () => {
    const copy = JSON.parse(JSON.stringify(toErrorRecord(fromErrorRecord(full)))) as ErrorRecord;
    expect(copy).toEqual(full);
  });

  it("hold only the fields that apply", () => {
    expect(Object.keys(toErrorRecord(new EmporiumError("USAGE", "no", { place: { line: undefined, file: "x" } })))).toEqual([
      "code",
      "message",
      "file",
    ]);
  });
});

describe("asEmporiumError", () => {
  it("returns ours unchanged, also when it was made by another copy of the module", () => {
    const ours = new EmporiumError("DISK_FULL", "full");
    expect(asEmporiumError(ours)).toBe(ours);
    const foreign = Object.assign(new Error("full"), { name: "EmporiumError", code: "DISK_FULL", facts: {} });
    expect(isEmporiumError(foreign)).toBe(true);
  });

  it("wraps any thrown thing and keeps it as the cause", () => {
    const cause = new TypeError("x is not a function");
    const wrapped = asEmporiumError(cause, "TASK_FAILED", { hint: "look" });
    expect([wrapped.code, wrapped.message, wrapped.cause, wrapped.facts.hint]).toEqual([
      "TASK_FAILED",
      cause.message,
      cause,
      "look",
    ]);
    expect(asEmporiumError("text").message).toBe("text");
    expect(isEmporiumError(Object.assign(new Error("ENOENT"), { code: "ENOENT" }))).toBe(false);
  });
});
