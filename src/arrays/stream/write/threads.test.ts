import { beforeEach, describe, expect, it } from "vitest";
import { endIdleThreads, takeThreads } from "./threads.js";

const MiB = 2 ** 20;

// test files may share a process, and its idle threads
beforeEach(endIdleThreads);

describe("idle threads", () => {
  it("seam 12: hold no memory of a large volume beside the tasks that come after it", () => {
    const large = takeThreads(1);
    expect(large.memory(64 * MiB).buffer.byteLength).toBeGreaterThanOrEqual(64 * MiB);
    large.release();
    const next = takeThreads(1);
    expect([next === large, next.heldBytes]).toEqual([true, 0]);
    void next.end();
  });

  it("seam 12: hold little together, however many they are; those of small volumes keep theirs", () => {
    const groups = Array.from({ length: 4 }, () => takeThreads(2));
    for (const group of groups) group.memory(10 * MiB);
    for (const group of groups) group.release();
    const again = groups.map(() => takeThreads(2));
    expect(again.map((group) => groups.includes(group))).toEqual([true, true, true, true]);
    expect(again.filter(({ heldBytes }) => heldBytes > 0)).toHaveLength(2);
    for (const group of again) void group.end();
  });
});
