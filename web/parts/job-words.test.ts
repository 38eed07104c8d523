import { describe, expect, it } from "vitest";
import type { JobBrief } from "../../src/model/page-api.js";
import { doneShare, endOf, titleOf } from "./job-words.js";

const progress = (parts: Partial<JobBrief["progress"]>): JobBrief["progress"] => ({
  ...{
    fraction: 1,
    tasksTotal: 50,
    tasksDone: 0,
    tasksAlready: 0,
    tasksFailed: 0,
    tasksBlocked: 0,
    bytesTotal: 0,
    bytesDone: 0,
    seconds: 1,
  },
  ...parts,
});

describe("a job in words (37.5)", () => {
  it.each([
    ["ingest run lab/batch.yaml lab/input tree --import-everything", "Ingest: batch"],
    ["ingest validate standardized tree/", "Validate the tree: tree"],
    ["verify demo-out/portal", "Verify: portal"],
    ["publish tree out s3://bucket/10001", "Publish: out"],
    ["harvest download EMPIAR-12407 data", "Download: EMPIAR-12407"],
    ["catalog import --replace", "Import into the catalogue"],
    ["engine resume 2026", "engine resume: 2026"],
    ["--workspace /w ingest run --import-everything -- lab/imod.yaml lab/input tree", "Ingest: imod"],
    ["ingest run --plan 7", "Ingest"],
    ["harvest describe verify", "harvest describe: verify"],
    ["x", "x"],
  ])("%s", (line, title) => {
    expect(titleOf(line.split(" "))).toBe(title);
  });

  it("a stopped one stands where its work stands: by bytes, else by parts, and by parts where some were there already", () => {
    const stopped = (parts: Partial<JobBrief["progress"]>) => doneShare({ life: "ended", progress: progress(parts) });
    expect(stopped({ tasksDone: 27 })).toBe(0.54);
    expect(stopped({ tasksDone: 27, bytesTotal: 100, bytesDone: 46 })).toBe(0.46);
    expect(stopped({ tasksDone: 27, tasksAlready: 20, bytesTotal: 100, bytesDone: 100 })).toBe(0.54);
    expect(stopped({ tasksDone: 49, bytesTotal: 100, bytesDone: 100 })).toBe(0.98);
    expect(stopped({ tasksTotal: 1000, tasksDone: 999, bytesTotal: 100, bytesDone: 100 })).toBe(0.99);
    expect(stopped({ tasksDone: 50 })).toBe(1);
    expect(doneShare({ life: "running", progress: progress({ fraction: 0.3, tasksDone: 27 }) })).toBe(0.3);
  });

  it("one of which a part failed is done in part, and one of which nothing is done has failed", () => {
    const said = (exitStatus: number, parts: Partial<JobBrief["progress"]>) =>
      endOf({ exitStatus, progress: progress(parts) }).says;
    expect(said(3, { tasksDone: 48, tasksFailed: 2 })).toBe("done in part: 2 failed of 50");
    expect(said(3, { tasksDone: 41, tasksFailed: 9, tasksBlocked: 8 })).toBe("done in part: 1 failed, 8 blocked of 50");
    expect(said(3, { tasksFailed: 50 })).toBe("failed with status 3");
    // a watch that is ended before its files are complete
    expect(said(3, { tasksTotal: 0 })).toBe("done in part");
    expect(said(2, { tasksTotal: 0 })).toBe("failed with status 2");
    expect(said(130, { tasksDone: 27 })).toBe("stopped");
    expect(said(0, { tasksDone: 50 })).toBe("ended well");
  });
});
