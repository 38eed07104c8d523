import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { manualClock } from "../core/clock.js";
import type { ValidationDocument } from "../stations/ingest/validate/report/document.js";
import { keepReport } from "../stations/ingest/validate/report/kept.js";
import type { ReportedFinding } from "../stations/ingest/validate/tally.js";
import { fileStore } from "../stores/file/store.js";
import { memoryStore } from "../stores/memory/store.js";
import { parseLocation } from "../stores/url.js";
import { servedMemory } from "./memory-shares.js";
import type { Place } from "./places.js";
import { servedReports } from "./reports.js";

const place = (id: string, path: string): Place => ({
  ...{ id, name: id, kind: "tree", location: parseLocation(path) },
  store: memoryStore({ url: `memory:${id}` }),
});

const finding = (n: number): ReportedFinding => ({
  ...{ check: n % 2 === 0 ? "x.even" : "x.odd", severity: n % 10 === 0 ? "fail" : "warn", mark: "run" },
  ...{ entity: `run ${n}`, dataset: "1", run: `r${n}`, key: `1/r${n}/a.json` },
  ...{ message: "1, wanted: 2", found: "1", wanted: "2" },
});

const documentOf = (findings: readonly ReportedFinding[], skipped: ValidationDocument["skipped"] = []): ValidationDocument => ({
  ...{ status: "errors", exitStatus: 4, suite: "standardized", location: "file:///lab/tree", config: "/home/me/c.yaml" },
  counts: { passed: 0, failed: findings.length, warned: 0, skipped: 0 },
  ...{ marks: [], checks: [], runs: [], findings, skipped, pictures: [] },
});

const FIRST = { group: "check", offset: 0, limit: 100 } as const;

async function kept(location: string, ...documents: readonly ValidationDocument[]) {
  const workspace = memoryStore({ url: "memory:w" });
  for (const [n, document] of documents.entries()) {
    const clock = manualClock(Date.UTC(2026, 10, 20, 14, 0, n));
    await keepReport(workspace, document, { suite: "standardized", config: undefined, location }, { clock });
  }
  return workspace;
}
const id = (n: number) => `2026-11-20T14-00-0${n}`;

describe("reports of a server", () => {
  it("gives parts of 100,000 findings, in groups, and those that are asked for", async () => {
    const findings = Array.from({ length: 100_000 }, (_, n) => finding(n));
    const reports = servedReports(await kept("/lab/tree", documentOf(findings)), [place("tree", "/lab/tree")], undefined);
    const part = await reports.findings(id(0), { ...FIRST, offset: 50_000, limit: 2 });
    expect(part.total).toBe(100_000);
    expect(part.findings.map(({ entity, heads, size }) => [entity, heads, size])).toEqual([
      ["run 1", "x.odd", 50_000],
      ["run 3", undefined, undefined],
    ]);
    const chosen = { ...FIRST, severity: "fail", check: "x.even", q: "R9999" } as const;
    expect((await reports.findings(id(0), chosen)).findings.map(({ run }) => run)).toEqual(["r99990"]);
    expect((await reports.findings(id(0), { ...FIRST, check: "x.odd", severity: "fail" })).total).toBe(0);
  });

  it("holds no more than its share of the memory, and says what one needs that is larger", async () => {
    const texts = Array.from({ length: 1000 }, (_, n) => finding(n));
    const workspace = await kept("/lab/tree", documentOf(texts), documentOf(texts));
    const memory = servedMemory(10 * 2 ** 20);
    const reports = servedReports(workspace, [place("tree", "/lab/tree")], undefined, memory);
    const held = () => memory.figures().find(({ use }) => use === "reports")!;
    for (const n of [0, 1, 0]) {
      await reports.facts(id(n));
      expect(held().usedBytes).toBeGreaterThan(0);
      expect(held().usedBytes).toBeLessThanOrEqual(held().limitBytes);
    }
    const little = servedReports(workspace, [place("tree", "/lab/tree")], undefined, servedMemory(2 ** 20));
    await expect(little.facts(id(1))).rejects.toMatchObject({ code: "MEMORY_LIMIT" });
  });

  it("tells a repair from a check that could not be decided", async () => {
    const skips = [{ check: "x.odd", mark: "run", reason: "no file", count: 1, entities: ["run 1"] }] as const;
    const workspace = await kept(
      "/lab/tree",
      documentOf([1, 2, 3].map(finding)),
      documentOf(
        [finding(4)],
        skips.map((s) => ({ ...s, entities: [...s.entities] })),
      ),
    );
    const reports = servedReports(workspace, [place("tree", "/lab/tree")], undefined);
    expect(await reports.facts(id(1))).toMatchObject({ previous: { id: id(0) }, changes: { new: 1, same: 0, gone: 3 } });
    const gone = await reports.findings(id(1), { ...FIRST, group: "entity", change: "gone" });
    expect(gone.findings.map(({ entity, isUndecided }) => [entity, isUndecided])).toEqual([
      ["run 1", true],
      ["run 2", undefined],
      ["run 3", undefined],
    ]);
    expect((await reports.findings(id(1), FIRST)).findings.map(({ entity, change }) => [entity, change])).toEqual([
      ["run 4", "new"],
    ]);
    expect((await reports.facts(id(0))).previous).toBeUndefined();
  });

  it("shows only what is on its places, and no path of the machine", async () => {
    const workspace = await kept("/lab/tree", documentOf([finding(1)]));
    const elsewhere = servedReports(workspace, [place("tree", "/lab/tree-2")], undefined);
    expect(await elsewhere.list()).toEqual({ reports: [], elsewhere: 1, unreadable: 0 });
    await expect(elsewhere.document(id(0))).rejects.toMatchObject({ code: "NOT_FOUND" });
    const above = servedReports(workspace, [place("lab", "/lab")], undefined);
    expect(await above.list()).toMatchObject({ reports: [{ place: "lab", folder: "tree" }] });
    expect(await above.document(id(0))).toMatchObject({ location: "lab/tree", config: "c.yaml" });
  });

  it("links the files that are there now, of a Zarr its volume; in a bucket nothing is looked up", async () => {
    const folder = mkdtempSync(join(tmpdir(), "emporium-reports-"));
    mkdirSync(join(folder, "1/r1/t.zarr/0"), { recursive: true });
    writeFileSync(join(folder, "1/r1/a.json"), "{}");
    writeFileSync(join(folder, "1/r1/t.zarr/0/0.0.0"), "x");
    const keys = ["1/r1/a.json", "1/r2/a.json", "1/r1/t.zarr/0/0.0.0"];
    const document = documentOf(keys.map((key, n) => ({ ...finding(2 * n), key })));
    const filesOf = async (store: Place["store"]) => {
      const own = { ...place("tree", "/lab/tree"), store };
      return (await servedReports(await kept("/lab/tree", document), [own], undefined).findings(id(0), FIRST)).findings.map(
        ({ file }) => file,
      );
    };
    expect(await filesOf(fileStore(folder))).toEqual(["1/r1/a.json", undefined, "1/r1/t.zarr"]);
    expect(await filesOf(memoryStore())).toEqual(["1/r1/a.json", "1/r2/a.json", "1/r1/t.zarr"]);
    rmSync(folder, { recursive: true });
  });
});
