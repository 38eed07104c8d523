import { describe, expect, it } from "vitest";
import { runReport } from "./ingest-report.js";
import type { IngestPlan } from "./plan.js";
import { formatPlan, planReport } from "./report.js";

const place = { file: "c.yaml", line: 7, column: 3 };
const plan: IngestPlan = {
  refusals: [],
  refusedRuns: new Map(),
  account: () => Promise.reject(new Error("no source")),
  createdMs: 0,
  locks: ["dataset-1"],
  tasks: [
    {
      id: "t",
      title: "tomogram 100 of a (10.500 Å)",
      run: "ingest/volume",
      params: {},
      inputs: [{ key: "lab/a.rec", size: 2048 }],
      outputs: ["1/a/x.mrc"],
      needs: [],
      bytes: 2048,
      memoryBytes: 3 * 2 ** 20,
      threads: 1,
      place,
    },
  ],
  entities: [
    {
      kind: "tomogram",
      title: "tomogram a",
      dataset: "1",
      run: "a",
      action: "write",
      reads: ["/in/lab/a.rec"],
      writes: ["1/a/x.mrc"],
      bytes: 2048,
      place,
    },
    { kind: "run", title: "run b", dataset: "1", action: "leave", why: "filtered out", reads: [], writes: [], bytes: 0 },
  ],
  failures: [
    {
      entity: "tomogram c",
      dataset: "1",
      run: "c",
      error: { code: "FORMAT_TRUNCATED", message: "too short", file: "c.rec", byte: 9, hint: "copy it again" },
    },
  ],
  warnings: [{ message: "odd header", run: "a" }],
  ids: [],
};

describe("a plan's report", () => {
  it("for people says what is read, written, left and why, how much is wrong and what it costs", () => {
    expect(formatPlan(plan)).toBe(
      `dataset 1, run a
  write  tomogram a, 2.0 KiB
           from /in/lab/a.rec
           to   1/a/x.mrc

dataset 1
  leave  run b: filtered out

1 task reads 2.0 KiB, at most 3.0 MiB of buffers each

Warnings:
  odd header

1 cannot be imported`,
    );
  });

  it("for programs is plain JSON with flat errors", () => {
    const report = JSON.parse(JSON.stringify(planReport(plan))) as Record<string, unknown>;
    expect(report).toMatchObject({
      totals: { tasks: 1, bytesRead: 2048, peakMemoryBytes: 3 * 2 ** 20, left: 1, failed: 1 },
      errors: [{ code: "FORMAT_TRUNCATED", file: "c.rec", byte: 9, run: "c" }],
      tasks: [{ reads: [{ key: "lab/a.rec", bytes: 2048 }], writes: ["1/a/x.mrc"] }],
    });
  });

  it("says of each output what the target holds of it", () => {
    const comparison = {
      of: () => "changed" as const,
      ofAll: (keys: readonly string[]) => (keys.length > 0 ? ("changed" as const) : undefined),
    };
    expect(formatPlan(plan, comparison)).toContain(
      "  changed  tomogram a, 2.0 KiB\n             from /in/lab/a.rec\n             to   1/a/x.mrc\n",
    );
    expect(formatPlan(plan, comparison)).toContain("  leave    run b: filtered out\n");
    expect(formatPlan(plan, comparison)).toContain("on the target: 0 new, 0 the same, 1 changed");
    const document = planReport(plan, comparison);
    expect(document.tasks.map(({ state }) => state)).toEqual(["changed"]);
    expect(document.entities.map(({ state }) => state)).toEqual(["changed", undefined]);
    expect(document.totals).toMatchObject({ new: 0, same: 0, changed: 1 });
  });

  it("says once what is said of many runs, also where the numbers differ, and of a run that was done as well", () => {
    const axis = (run: string, degrees: string) => ({
      message: `alignment 100 of ${run}: the tilt axis is at ${degrees}°`,
      run,
      place,
    });
    const warnings = [
      axis("TS_1", "-85.3"),
      axis("TS_2", "-84.9"),
      axis("TS_10", "-85.1"),
      { message: "odd header 7", run: "TS_1" },
    ];
    const said = "alignment 100 of TS_1: the tilt axis is at -85.3°; likewise in 3 runs: TS_1, TS_10, TS_2";
    expect(formatPlan({ ...plan, warnings })).toContain(`Warnings:\n  ${said} (c.yaml:7:3)\n  odd header 7\n\n`);
    const done = { status: "done", exitStatus: 0, done: 1, already: 0, failed: 0, blocked: 0, cancelled: 0, seconds: 1 };
    const run = { ...done, interrupted: 0, results: [] } as unknown as Parameters<typeof runReport>[1];
    expect(runReport({ ...plan, failures: [], warnings }, run, []).toText()).toMatch(
      new RegExp(`read in .*\\nwarning: ${said}\\nwarning: odd header 7$`),
    );
  });

  it("says each of what differs in numbers alone, but is of one run", () => {
    const of = (run: string, id: number) => ({ message: `tomogram ${id} of ${run}: its header has no voxel size`, run, place });
    const text = formatPlan({ ...plan, warnings: [of("a", 100), of("a", 101), of("b", 100), of("a", 101)] });
    expect(text).toContain("tomogram 100 of a: its header has no voxel size; in 2 runs: a, b");
    expect(text.match(/tomogram 101 of a: its header has no voxel size \(/g)).toHaveLength(1);
  });

  it("shows the first few of many files", () => {
    const many = { ...plan.entities[0]!, reads: Array.from({ length: 60 }, (_, i) => `/in/f${i}.tif`) };
    const text = formatPlan({ ...plan, entities: [many] });
    expect(text).toContain("from /in/f2.tif\n           from … and 57 more");
    expect(text).not.toContain("f3.tif");
  });
});
