import { afterAll, describe, expect, it } from "vitest";
import { dismissCrews, hireCrew } from "./crew.js";

const MiB = 2 ** 20;

afterAll(dismissCrews);

describe("idle threads", () => {
  it("seam 12: hold no memory of a large volume beside the tasks that come after it", () => {
    const large = hireCrew(1);
    expect(large.memory(64 * MiB).buffer.byteLength).toBeGreaterThanOrEqual(64 * MiB);
    large.release();
    const next = hireCrew(1);
    expect(next === large).toBe(false);
    next.release();
  });

  it("seam 12: hold little together, however many they are; those of small volumes are used again", () => {
    const crews = Array.from({ length: 4 }, () => hireCrew(2));
    for (const crew of crews) crew.memory(10 * MiB);
    for (const crew of crews) crew.release();
    const again = crews.map(() => hireCrew(2));
    expect(again.filter((crew) => crews.includes(crew))).toHaveLength(2);
    for (const crew of again) void crew.end();
  });
});
