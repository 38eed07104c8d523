import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { type BlockStatus, readBlockStatus } from "./block-status.js";

const root = mkdtempSync(join(tmpdir(), "emporium-status-"));
afterAll(() => rmSync(root, { recursive: true }));

const NONE = { done: 0, already: 0, failed: 0, blocked: 0, cancelled: 0 };
const STATUS: BlockStatus = {
  ...{ run: "r", state: "running", updatedMs: 5000, pid: 1, tasks: 9, counts: { ...NONE, done: 3 }, seconds: 20 },
  ...{ bytesDone: 0, bytesTotal: 0 },
};

async function linesAt(nowMs: number, more: Partial<BlockStatus> = {}): Promise<string[]> {
  const file = join(root, "r.status.json");
  writeFileSync(file, JSON.stringify({ ...STATUS, ...more }));
  return (await readBlockStatus(file, nowMs)).toText().trimEnd().split("\n");
}

it("a run says how fast it is, and how long it takes, where that is known and while it goes on", async () => {
  const pace = { tasksPerSecond: 0.5, bytesPerSecond: 2 ** 21, secondsLeft: 30 };
  expect(await linesAt(6000, pace)).toEqual([
    "graph r: running, 20s",
    "  3 done, of 9 blocks",
    "  0.500 blocks/s, 2.0 MiB/s, 30s left",
  ]);
  expect(await linesAt(6000)).toEqual(["graph r: running, 20s", "  3 done, of 9 blocks"]);
  expect(await linesAt(6000, { ...pace, state: "done", exitStatus: 0 })).toEqual(["graph r: done, 20s", "  3 done, of 9 blocks"]);
});

it("a run that has said nothing for more than a minute is lost", async () => {
  expect((await linesAt(65_000))[0]).toBe("graph r: running, 20s");
  expect(await linesAt(65_001)).toEqual([
    "graph r: no sign of it for 1m00s, 20s",
    "  3 done, of 9 blocks",
    "run the same command again to resume",
  ]);
});
