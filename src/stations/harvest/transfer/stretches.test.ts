import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { gapsOf, rangeSet } from "./ranges.js";
import { type Stretch, stretchPlan } from "./stretches.js";

const arbitraryRanges = fc.array(
  fc.tuple(fc.nat(1000), fc.nat(100)).map(([from, length]) => [from, from + length] as const),
  { maxLength: 30 },
);

describe("range sets", () => {
  it("hold what a set of single bytes would", () => {
    fc.assert(
      fc.property(arbitraryRanges, (ranges) => {
        const set = rangeSet();
        const bytes = new Set<number>();
        for (const [from, to] of ranges) {
          set.add(from, to);
          for (let at = from; at < to; at++) bytes.add(at);
        }
        const found = set.ranges.flatMap(([from, to]) => Array.from({ length: to - from }, (_, i) => from + i));
        expect(found).toEqual([...bytes].sort((a, b) => a - b));
        expect(set.bytes).toBe(bytes.size);
        for (const [index, [from]] of set.ranges.entries())
          if (index > 0) expect(from).toBeGreaterThan(set.ranges[index - 1]![1]);
        let prefix = 0;
        while (bytes.has(prefix)) prefix++;
        expect(set.prefix).toBe(prefix);
      }),
      { numRuns: 500 },
    );
  });

  it("and their gaps make up the whole", () => {
    fc.assert(
      fc.property(arbitraryRanges, fc.integer({ min: 1101, max: 2000 }), (ranges, size) => {
        const set = rangeSet(ranges);
        const all = rangeSet([...set.ranges, ...gapsOf(set.ranges, size)]);
        expect(all.ranges).toEqual([[0, size]]);
        expect(gapsOf(set.ranges, size).reduce((sum, [from, to]) => sum + to - from, set.bytes)).toBe(size);
      }),
    );
  });
});

describe("stretches", () => {
  /** Any order of taking, advancing, giving back and going on fetches every byte, and none twice. */
  it("cover every missing byte once, whatever the connections do", () => {
    const step = fc.record({
      connection: fc.nat(5),
      do: fc.constantFrom("take", "fetch", "fetch", "give back", "extend"),
      bytes: fc.nat(400),
      speed: fc.nat(9),
    });
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 3000 }),
        arbitraryRanges,
        fc.integer({ min: 1, max: 80 }),
        fc.array(step, { maxLength: 200 }),
        fc.constantFrom(1, 64),
        (size, kept, least, steps, multiple) => {
          const done = rangeSet(kept.map(([from, to]) => [Math.min(from, size), Math.min(to, size)] as const));
          const missing = size - done.bytes;
          const plan = stretchPlan(size, done, least, multiple);
          const held = new Map<number, Stretch>();
          const fetched = rangeSet();
          let bytes = 0;
          const fetch = (stretch: Stretch, count: number) => {
            const to = Math.min(stretch.to, stretch.at + count);
            bytes += to - stretch.at;
            fetched.add(stretch.at, to);
            stretch.at = to;
          };
          for (const { connection, do: what, bytes: count, speed } of steps) {
            const stretch = held.get(connection);
            if (what === "take" && !stretch) {
              const taken = plan.take(count, { speed, leastBytes: count / 10 });
              if (taken) {
                taken.speed = speed;
                held.set(connection, taken);
              }
            } else if (stretch && what === "fetch") fetch(stretch, count);
            else if (stretch && what === "extend") plan.extend(stretch);
            else if (stretch && what === "give back") {
              plan.release(stretch);
              held.delete(connection);
            }
          }
          for (const stretch of held.values()) plan.release(stretch);
          for (let stretch = plan.take(1000); stretch; stretch = plan.take(1000)) {
            fetch(stretch, 10_000);
            plan.release(stretch);
          }
          expect(bytes).toBe(missing);
          expect(plan.finished).toBe(true);
          for (const [from, to] of fetched.ranges) done.add(from, to);
          expect(done.bytes).toBe(size);
        },
      ),
      { numRuns: 500 },
    );
  });

  it("are taken in the order of the file, and a rest that is worth no request goes with the last", () => {
    const plan = stretchPlan(1000, rangeSet([[100, 300]]), 50);
    expect([plan.take(80), plan.take(400), plan.take(260)].map((stretch) => [stretch!.at, stretch!.to])).toEqual([
      [0, 100],
      [300, 700],
      [700, 1000],
    ]);
  });

  it("begin at multiples of a step, but behind bytes that are there", () => {
    const plan = stretchPlan(1000, rangeSet([[100, 300]]), 50, 64);
    const ends = [plan.take(100), plan.take(400), plan.take(100)].map((stretch) => [stretch!.at, stretch!.to]);
    expect(ends).toEqual([
      [0, 100],
      [300, 704],
      [704, 832],
    ]);
    const last = plan.take(500)!;
    expect([last.at, last.to]).toEqual([832, 1000]);
    last.at = 900; // no multiple of 64 lies between that leaves a share
    const share = plan.take(10, { speed: 0, leastBytes: 50 });
    expect(share && [share.at % 64, share.to]).toEqual([0, 704]);
  });

  it("the one that will be ready last is shared, by the speeds of both", () => {
    const plan = stretchPlan(2000, rangeSet(), 10);
    const [fast, slow] = [plan.take(1000)!, plan.take(1000)!];
    fast.speed = 100;
    slow.speed = 10;
    const share = plan.take(500, { speed: 30, leastBytes: 10 })!;
    expect([slow.to, share.at, share.to]).toEqual([1250, 1250, 2000]);
    slow.at = 1245;
    share.at = 1995;
    fast.at = 985;
    expect(plan.take(500, { speed: 30, leastBytes: 10 })).toBeUndefined();
  });
});
