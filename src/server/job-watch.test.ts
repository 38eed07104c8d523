import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { manualClock } from "../core/clock.js";
import { jobWatch } from "./job-watch.js";

let workspace: string;
beforeEach(() => {
  workspace = mkdtempSync(join(tmpdir(), "emporium-job-watch-"));
});
afterEach(() => rmSync(workspace, { recursive: true }));

const ID = "20261121T000000-00000b";
/** A run of this process that has told so much. */
function tell(...told: object[]): void {
  mkdirSync(join(workspace, "runs", ID), { recursive: true });
  const begin = { kind: "begin", atMs: 0, nowMs: 0, id: ID, command: ["ingest", "run"], folder: "/lab", version: "1" };
  const lines = [{ ...begin, host: hostname(), pid: process.pid }, ...told].map((one) => `${JSON.stringify(one)}\n`);
  writeFileSync(join(workspace, "runs", ID, "events.ndjson"), lines.join(""));
}

it("a run that has ended is told as often as somebody asks, though nobody follows its file any more", async () => {
  tell({ kind: "over", atMs: 5, nowMs: 5, exitStatus: 130 });
  const watch = jobWatch({ workspace, clock: manualClock(10) });
  for (const _ of [1, 2]) expect(await watch.job(ID)).toMatchObject({ id: ID, life: "ended", exitStatus: 130 });
  expect(await watch.begin(ID)).toMatchObject({ id: ID, life: "ended" });
  await expect(watch.job("20261121T000000-00000c")).rejects.toMatchObject({ code: "NOT_FOUND" });
});

it("who listens is counted from the first piece of news to the last", async () => {
  tell();
  const watch = jobWatch({ workspace, clock: manualClock(10) });
  expect(watch.listeners).toBe(0);
  const news = watch.follow({ jobs: true, ids: [] }, new AbortController().signal);
  expect((await news.next()).value).toMatchObject({ event: "jobs", data: { isAll: true, jobs: [{ id: ID }] } });
  expect(watch.listeners).toBe(1);
  await news.return(undefined);
  expect(watch.listeners).toBe(0);
});
