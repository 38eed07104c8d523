import { expect, it } from "vitest";
import { planSummary } from "./plan-summary.js";

it("of an ingest has an entry for each entity, with what it reads and writes", () => {
  const entity = { title: "em.mrc", action: "write", state: "new", reads: ["a"], writes: ["b", "c"], bytes: 5 };
  const document = {
    warnings: [{ message: "look", file: "a.yaml", line: 2 }],
    plan: {
      totals: { write: 1 },
      entities: [
        { ...entity, dataset: "10001", run: "TS_1" },
        { title: "all", action: "leave" },
      ],
    },
  };
  expect(planSummary(document)).toMatchObject({
    totals: { write: 1 },
    entriesTotal: 2,
    entries: [
      { title: "em.mrc", of: "10001 / TS_1", action: "write", reads: 1, writes: 2, bytes: 5 },
      { title: "all", of: undefined, action: "leave", reads: 0, writes: 0 },
    ],
    warningsTotal: 1,
  });
});

it("of a download tells what is written, why the rest is not, and how many are not listed", () => {
  const list = [
    { rel: "a", url: "https://x.test/a", size: 7, status: "planned" },
    { rel: "b", size: null, status: "already there" },
  ];
  expect(planSummary({ files: 2, bytes: 7, list, listOmitted: 3 })).toMatchObject({
    totals: { files: 2, bytes: 7 },
    entriesTotal: 5,
    entries: [
      { title: "a", of: "https://x.test/a", bytes: 7, action: "write", why: undefined },
      { title: "b", bytes: undefined, action: "leave", why: "already there" },
    ],
  });
});

it("of a publication tells which trees are uploaded, and how much is there", () => {
  const item = { id: "10001", target: "s3://b/10001", files: 3, uploaded: 2, uploaded_bytes: 9, skipped: 1 };
  const there = { ...item, id: "10002", uploaded: 0, uploaded_bytes: 0, skipped: 3 };
  expect(planSummary({ items: [item, there, { ...item, skipped: 0 }], totals: item })).toMatchObject({
    totals: { files: 2, bytes: 9, skipped: 1 },
    entries: [
      { title: "10001", of: "s3://b/10001", bytes: 9, action: "write", why: "1 of 3 files are already there" },
      { title: "10002", action: "leave", why: "3 of 3 files are already there" },
      { action: "write", why: undefined },
    ],
  });
});

it("of a graph tells its blocks, what they read and the most memory that a stage takes", () => {
  const stage = { name: "s", tasks: 2, bytesRead: 10, memoryBytes: 100 };
  const outputs = [{ name: "out", location: "/o", objects: 4, bytes: 8 }];
  const document = { tasks: 5, notes: ["a note"], warnings: ["a warning"], outputs };
  expect(planSummary({ ...document, stages: [stage, { ...stage, memoryBytes: 50 }] })).toMatchObject({
    totals: { tasks: 5, bytesRead: 20, peakMemoryBytes: 100 },
    entries: [{ title: "out", of: "/o", action: "write", writes: 4, bytes: 8 }],
    warnings: [{ message: "a warning" }, { message: "a note" }],
  });
  expect(planSummary({ ...document, stages: [] })).toMatchObject({ totals: { bytesRead: 0, peakMemoryBytes: 0 } });
});

it("of another document is none", () => {
  for (const other of [undefined, null, [], {}, { plan: 1 }]) expect(planSummary(other)).toBeUndefined();
});
