import { expect, it } from "vitest";
import { ABSENT, angstrom, bytes, count, day, fixed, moment, plural, shape } from "./format.js";

it("a number that is absent is a dash, and 0 is one that is there", () => {
  for (const absent of [null, undefined])
    expect([count(absent), bytes(absent), fixed(absent), angstrom(absent), shape(1, absent, 2), day(absent)]).toEqual(
      Array(6).fill(ABSENT),
    );
  expect([count(0), bytes(0), fixed(0), angstrom(0), shape(0, 1)]).toEqual(["0", "0 B", "0.00", "0.00 Å", "0 × 1"]);
});

it("thousands are apart, and one of a thing is one", () => {
  expect([count(999), count(1000), count(1234567)]).toEqual(["999", "1\u2009000", "1\u2009234\u2009567"]);
  expect([plural(1, "run"), plural(0, "run"), plural(2000, "entry", "entries")]).toEqual([
    "1 run",
    "0 runs",
    "2\u2009000 entries",
  ]);
});

it("an ISO date is the same day in all zones, a moment one to the minute, and what is none stays", () => {
  expect(day("2026-11-20T23:59:00Z")).toBe("2026-11-20");
  expect(moment("2026-11-22T13:02:33Z")).toMatch(/^2026-11-2[123] \d\d:\d\d \S+/);
  expect(moment("yesterday")).toBe("yesterday");
});
