import { describe, expect, it } from "vitest";
import { manualClock } from "../core/clock.js";
import { admission } from "./admission.js";

const MIB = 2 ** 20;

describe("(34.11) admission", () => {
  const later = () => {
    let done = () => {};
    const promise = new Promise<void>((resolve) => {
      done = resolve;
    });
    return { promise, done };
  };
  const settled = () => new Promise((resolve) => setTimeout(resolve, 20));

  it("begins nothing beside other work while the process is full, and all of it in its order afterwards", async () => {
    let resident = 0;
    let freed = 0;
    const clock = { ...manualClock(), sleep: () => new Promise<void>((resolve) => setTimeout(resolve, 1)) };
    const { run } = admission({ fullBytes: 100 * MIB, clock, residentBytes: () => resident * MIB, free: () => freed++ });
    const begun: string[] = [];
    const work = ["a", "b", "c", "d"].map((name) => ({ name, ...later() }));
    const all = work.map(({ name, promise }) =>
      run(() => {
        begun.push(name);
        if (name === "b") resident = 101;
        return promise;
      }),
    );
    await settled();
    expect(begun).toEqual(["a", "b"]);
    expect(freed).toBe(1); // the clock stands still: not again before half a second is over
    work[0]!.done();
    await settled();
    expect(begun).toEqual(["a", "b"]);
    // nothing is under way any more: one begins, however full it is
    work[1]!.done();
    await settled();
    expect(begun).toEqual(["a", "b", "c"]);
    resident = 60;
    await settled();
    expect(begun).toEqual(["a", "b", "c", "d"]);
    for (const { done } of work) done();
    await Promise.all(all);
  });

  it("begins no more at once than there is room for, before what is begun shows in the process", async () => {
    let nowMs = 0;
    let workedMs = 0;
    let freed = 0;
    const clock = {
      ...manualClock(),
      monotonic: () => nowMs,
      sleep: () => new Promise<void>((resolve) => setTimeout(resolve, 1)),
    };
    const { run } = admission({
      fullBytes: 100 * MIB,
      clock,
      residentBytes: () => 50 * MIB,
      usedMs: () => workedMs,
      free: () => freed++,
    });
    const work = Array.from({ length: 12 }, later);
    let begun = 0;
    const all = work.map(({ promise }) =>
      run(() => {
        begun++;
        return promise;
      }),
    );
    await settled();
    // 32 MiB each until they are seen
    expect([begun, freed]).toEqual([2, 0]);
    // one that is done needs nothing any more
    work[0]!.done();
    await settled();
    expect(begun).toBe(3);
    // a busy machine: a second says nothing, work does
    nowMs = 1100;
    await settled();
    expect(begun).toBe(3);
    workedMs = 2100;
    await settled();
    expect(begun).toBe(5);
    // what waits for bytes of others is seen after ten seconds
    nowMs = 12_000;
    await settled();
    expect(begun).toBe(7);
    for (const { done } of work) done();
    await Promise.all(all);
    expect(begun).toBe(12);
  });

  it("lets the next one in when work fails, or when who waits has gone", async () => {
    const clock = manualClock();
    const { run } = admission({ fullBytes: 0, clock, residentBytes: () => 1, free: () => {} });
    await expect(run(() => Promise.reject(new Error("damaged")))).rejects.toThrow("damaged");
    const first = later();
    const held = run(() => first.promise);
    const gone = AbortSignal.abort(new Error("gone"));
    await expect(run(async () => 1, gone)).rejects.toThrow("gone");
    first.done();
    await held;
    expect(await run(async () => 2)).toBe(2);
  });

  it("has threads ended that keep what they needed, where the process is full and nothing is under way", async () => {
    let resident = 200;
    let rested = 0;
    const { run } = admission({
      fullBytes: 100 * MIB,
      clock: manualClock(),
      residentBytes: () => resident * MIB,
      free: () => {},
      rest: async () => {
        await settled();
        rested++;
        resident = 50;
      },
    });
    expect(await run(async () => rested)).toBe(1);
    // there is room now
    expect(await run(async () => rested)).toBe(1);
  });
});
