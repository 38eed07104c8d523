import { expect, it } from "vitest";
import { fewAlike } from "./finding.js";

it.each([
  ["one by one while they are few", ["a/TS_1/x.star", "a/TS_2/x.star"], "a/TS_1/x.star, a/TS_2/x.star"],
  ["by what they share", ["a/TS_1/x.star", "a/TS_2/x.star", "a/lam/x.star"], "a/*/x.star (3 files)"],
  ["within a name, too", ["p/hiv_Tom1_4.csv", "p/hiv_Tom12_4.csv", "p/hiv_Tom3_4.csv"], "p/hiv_Tom*_4.csv (3 files)"],
  [
    "one by one where their names share nothing",
    ["p/a.csv", "p/b.csv", "p/c.csv", "p/d.csv"],
    "p/a.csv, p/b.csv, p/c.csv and 1 more file",
  ],
  ["one by one where one lies deeper", ["a/x.csv", "b/x.csv", "c/d/x.csv"], "a/x.csv, b/x.csv, c/d/x.csv"],
  ["without a letter that stands in both ends", ["a/aXa.csv", "a/aa.csv", "a/aYa.csv"], "a/a*a.csv (3 files)"],
])("files are named %s", (_, paths, text) => {
  expect(fewAlike(paths)).toBe(text);
});

it("files are named with whose they are", () => {
  expect(fewAlike(["a/x.star"], "copick")).toBe("a/x.star (copick)");
  expect(fewAlike(["a/TS_1/x.star", "a/TS_2/x.star", "a/TS_3/x.star"], "copick")).toBe("a/TS_*/x.star (3 files, copick)");
});
