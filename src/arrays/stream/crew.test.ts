import { beforeEach, describe, expect, it } from "vitest";
import { dismissCrews, hireCrew } from "./crew.js";

const MiB = 2 ** 20;

// test files may share a process, and its idle threads
beforeEach(dismissCrews);

describe("idle threads", () => {
  it("seam 12: hold no memory of a large volume beside the tasks that come after it", () => {
    const large = hireCrew(1);
    expect(large.memory(64 * MiB).buffer.byteLength).toBeGreaterThanOrEqual(64 * MiB);
    large.release();
    const next = hireCrew(1);
    expect([next === large, next.heldBytes]).toEqual([true, 0]);
    void next.end();
  });

  it("seam 12: hold little together, however many they are; those of small volumes keep theirs", () => {
    const crews = Array.from({ length: 4 }, () => hireCrew(2));
    for (const crew of crews) crew.memory(10 * MiB);
    for (const crew of crews) crew.release();
    const again = crews.map(() => hireCrew(2));
    expect(again.map((crew) => crews.includes(crew))).toEqual([true, true, true, true]);
    expect(again.filter(({ heldBytes }) => heldBytes > 0)).toHaveLength(2);
    for (const crew of again) void crew.end();
  });
});
