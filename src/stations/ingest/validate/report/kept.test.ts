import { describe, expect, it } from "vitest";
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
const at = (time: string) => ({ now: () => Date.parse(time) });

describe("reports of a workspace", () => {
  it("are named by their moment, and two of one second apart", async () => {
    const workspace = memoryStore({ url: "memory:w" });
    const second = at("2026-11-20T14:02:31.500Z");
    expect(await keepReport(workspace, DOCUMENT, REQUEST, second)).toBe("2026-11-20T14-02-31");
    expect(await keepReport(workspace, DOCUMENT, REQUEST, second)).toBe("2026-11-20T14-02-31-2");
    const { heads } = await listReports(workspace);
    expect(heads.map(({ id, location }) => [id, location])).toEqual([
      ["2026-11-20T14-02-31-2", "file:///lab/tree"],
      ["2026-11-20T14-02-31", "file:///lab/tree"],
    ]);
    expect((await readReport(workspace, "2026-11-20T14-02-31")).document).toEqual(DOCUMENT);
  });

  it("keeps the last 20 of one tree, and all of another", async () => {
    const workspace = memoryStore({ url: "memory:w" });
    const minute = (n: number) => at(`2026-11-20T14:${String(n).padStart(2, "0")}:00Z`);
    await keepReport(workspace, DOCUMENT, { ...REQUEST, location: "/lab/other" }, minute(0));
    for (let n = 1; n <= 22; n++) await keepReport(workspace, DOCUMENT, REQUEST, minute(n));
    const { heads } = await listReports(workspace);
    expect(heads.map(({ at: moment, location }) => `${moment.slice(14, 16)} ${location.slice(-5)}`)).toEqual([
      ...Array.from({ length: 20 }, (_, i) => `${String(22 - i).padStart(2, "0")} /tree`),
      "00 other",
    ]);
  });

  it("compares only what looked at the same", async () => {
    const workspace = memoryStore({ url: "memory:w" });
    const requests: ValidateRequest[] = [
      REQUEST,
      { ...REQUEST, location: "/lab/tree/" },
      { ...REQUEST, filter: { run: ["TS_1"] } },
      { ...REQUEST, suite: "source", config: "c.yaml" },
      { ...REQUEST, location: "/lab/tree-2" },
    ];
    for (const [n, request] of requests.entries()) {
      await keepReport(workspace, DOCUMENT, request, at(`2026-11-20T14:02:0${9 - n}Z`));
    }
    const { heads } = await listReports(workspace);
    expect(heads.map((head) => areComparable(heads[0]!, head))).toEqual([true, true, false, false, false]);
    expect(heads.map(({ isPart }) => isPart)).toEqual([false, false, true, false, false]);
  });

  it("counts what is no report, and reads on", async () => {
    const workspace = memoryStore({ url: "memory:w" });
    await keepReport(workspace, DOCUMENT, REQUEST, at("2026-11-20T14:02:31Z"));
    await workspace.write("reports/2026-11-20T15-00-00.jsonl", new TextEncoder().encode('{"version":1,"id":'));
    expect(await listReports(workspace)).toMatchObject({ heads: [{ id: "2026-11-20T14-02-31" }], unreadable: 1 });
    await expect(readReport(workspace, "2026-11-20T15-00-00")).rejects.toMatchObject({ code: "FORMAT_FIELD" });
    await expect(readReport(workspace, "2026-11-20T16-00-00")).rejects.toMatchObject({ code: "NOT_FOUND" });
    await expect(readReport(workspace, "../secret")).rejects.toMatchObject({ code: "NAME_UNSAFE" });
  });
});
