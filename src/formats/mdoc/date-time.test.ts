import { describe, expect, it } from "vitest";
import { mdocTimeMs } from "./date-time.js";

describe("mdocTimeMs", () => {
  it.each([
    ["28-Apr-18  11:38:54", Date.UTC(2018, 3, 28, 11, 38, 54)],
    ["08-Oct-2021  07:39:08", Date.UTC(2021, 9, 8, 7, 39, 8)],
    ["1-jan-09 00:00:59", Date.UTC(2009, 0, 1, 0, 0, 59)],
    ["31-Dec-99  23:59:59", Date.UTC(1999, 11, 31, 23, 59, 59)],
    ["2021-10-08 07:39:08.5", Date.UTC(2021, 9, 8, 7, 39, 8, 500)],
    ["2021-10-08T07:39:08", Date.UTC(2021, 9, 8, 7, 39, 8)],
    ["29-Feb-24  00:00:00", Date.UTC(2024, 1, 29)],
  ])("reads %j", (text, time) => {
    expect(mdocTimeMs(text)).toBe(time);
  });

  it.each([
    "",
    "29-Feb-23  00:00:00",
    "31-Apr-18 10:00:00",
    "28-Xyz-18 11:38:54",
    "28-Apr-18 24:00:00",
    "28-Apr-18",
    "28/04/18 11:38:54",
  ])("gives nothing for %j", (text) => {
    expect(mdocTimeMs(text)).toBeUndefined();
  });
});
