import { expect, it } from "vitest";
import { memoryStore } from "../../../../stores/memory/store.js";
import type { ValidateRequest } from "../run.js";
import type { ValidationDocument } from "./document.js";
import { areComparable, keepReport, listReports, readReport } from "./kept.js";

const DOCUMENT: ValidationDocument = {
  ...{ status: "ok", exitStatus: 0, suite: "standardized", location: "file:///lab/tree", config: null },
  counts: { passed: 3, failed: 0, warned: 0, skipped: 1 },
  ...{ marks: [], checks: [], runs: [], findings: [], skipped: [], pictures: [] },
};
const REQUEST: ValidateRequest = { suite: "standardized", config: undefined, location: "/lab/tree" };

it("compares only reports that looked at the same", async () => {
  const workspace = memoryStore({ url: "memory:w" });
  const requests: ValidateRequest[] = [
    REQUEST,
    { ...REQUEST, location: "/lab/tree/" },
    { ...REQUEST, filter: { run: ["TS_1"] } },
    { ...REQUEST, suite: "source", config: "c.yaml" },
    { ...REQUEST, location: "/lab/tree-2" },
  ];
  for (const [n, request] of requests.entries()) {
    const now = () => Date.parse(`2026-11-20T14:02:0${9 - n}Z`);
    await keepReport(workspace, DOCUMENT, request, { clock: { now } as never });
  }
  const { heads } = await listReports(workspace);
  expect(heads.map((head) => areComparable(heads[0]!, head))).toEqual([true, true, false, false, false]);
  expect(heads.map(({ isPart }) => isPart)).toEqual([false, false, true, false, false]);
  expect(heads.map(({ id, location }) => `${id} ${location}`)[0]).toBe("2026-11-20T14-02-09 file:///lab/tree");
  expect((await readReport(workspace, "2026-11-20T14-02-09")).document).toEqual(DOCUMENT);
});
