import { describe, expect, it } from "vitest";
import { type Measured, memoryWatch } from "./memory-watch.js";

const MIB = 2 ** 20;
/** A process with so many MiB beside the 150 of its program. */
const worker = (mib: number, facts: Partial<Measured> = {}): Measured => ({
  pid: undefined,
  toldBytes: (150 + mib) * MIB,
  isBusy: true,
  sinceMs: 0,
  isEnding: false,
  ...facts,
});
const memory = { bytes: 1000 * MIB, taskBytes: 900 * MIB };
const look = (workers: Measured[]) => memoryWatch(memory, () => 50 * MIB).look(workers);

describe("memoryWatch", () => {
  it("leaves processes alone below nine tenths; programs do not count", () => {
    expect(look([worker(449), worker(450), worker(-100)])).toEqual({ isFull: false, rssBytes: (150 * 3 + 799 + 50) * MIB });
  });

  it("lets nothing begin from nine tenths on, and what runs goes on", () => {
    expect(look([worker(500), worker(400)])).toMatchObject({ isFull: true });
    expect(look([worker(500), worker(499)]).end).toBeUndefined();
  });

  it("ends the one that has begun last where all is taken, and waits until it is gone", () => {
    const [old, young] = [worker(600, { sinceMs: 5 }), worker(400, { sinceMs: 6 })];
    expect(look([old, young])).toMatchObject({ isFull: true, end: young });
    const waiting = look([old, { ...young, isEnding: true }]);
    expect([waiting.isFull, waiting.end]).toEqual([true, undefined]);
  });

  it("ends those first that do nothing, the largest before", () => {
    const [first, second] = [worker(100, { isBusy: false }), worker(300, { isBusy: false })];
    expect(look([worker(600, { sinceMs: 9 }), first, second])).toMatchObject({ isFull: true, end: second });
    expect(look([first, worker(850, { isBusy: false })]).end).toMatchObject({ toldBytes: (150 + 850) * MIB });
  });

  it("counts what this process has grown", () => {
    let own = 100;
    const watch = memoryWatch(memory, (pid) => (pid === process.pid ? own * MIB : undefined));
    const one = worker(700);
    expect(watch.look([one]).isFull).toBe(false);
    own = 300;
    expect(watch.look([one]).isFull).toBe(true);
  });
});
