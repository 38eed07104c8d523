import { expect, it } from "vitest";
import { doneReport, tally } from "./report.js";

it("counts boxes where boxes alone were fetched", () => {
  const facts = { dest: "/d", manifest: "/d/m", warnings: [], seconds: 1 };
  const crops = [{ url: "u", rel: "a.zarr", status: "cropped" as const }];
  const told = (more: Parameters<typeof doneReport>[1]) => doneReport(tally(), more, facts).toText().split("\n")[0];
  expect(told({ crops, fatal: undefined, left: 0 })).toMatch(/^1 cropped in /);
  expect(told({ crops: [], fatal: undefined, left: 0 })).toMatch(/^0 fetched \(0 B\) in /);
});
