import { describe, expect, it } from "vitest";
import { manualClock } from "../core/clock.js";
import { EmporiumError } from "../core/errors.js";
import { steadily } from "./steady.js";

const away = () => new EmporiumError("DATABASE_UNAVAILABLE", "terminating connection", { retry: "later" });

function make(signal?: AbortSignal) {
  const clock = manualClock();
  const told: string[] = [];
  const note = (message: string) => void told.push(message);
  const log = { debug: note, info: note, warn: note, error: note };
  return { clock, told, steady: steadily({ clock, log, signal }) };
}

describe("work in a database that may go away", () => {
  it("is done again until the server is back, and said once", async () => {
    const { clock, told, steady } = make();
    const work = () =>
      steady(async (attempt) => {
        if (attempt < 3) throw away();
        return attempt;
      });
    expect(await Promise.all([work(), work()])).toEqual([3, 3]);
    expect(told).toEqual(["the database went away (terminating connection); trying again"]);
    expect(new Set(clock.sleeps)).toEqual(new Set([50, 100, 200]));
  });

  it("is given up after a minute, with what to do", async () => {
    const { clock, steady } = make();
    await expect(steady(() => Promise.reject(away()))).rejects.toMatchObject({
      code: "DATABASE_UNAVAILABLE",
      message: "terminating connection, for 60 s by now",
      facts: { hint: expect.stringContaining("run the same command") },
    });
    expect(clock.monotonic()).toBeGreaterThanOrEqual(60_000);
    expect(Math.max(...clock.sleeps)).toBe(2_000);
  });

  it("is not done again for any other reason, nor for who has stopped", async () => {
    const { clock, steady } = make();
    for (const error of [new EmporiumError("DATABASE_CONFLICT", "twice"), new Error("a fault")]) {
      await expect(steady(() => Promise.reject(error))).rejects.toBe(error);
    }
    const stopped = make(AbortSignal.abort());
    await expect(stopped.steady(() => Promise.reject(away()))).rejects.toMatchObject({ code: "DATABASE_UNAVAILABLE" });
    expect([...clock.sleeps, ...stopped.clock.sleeps]).toEqual([]);
  });
});
