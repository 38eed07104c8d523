import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Step } from "./shard-walk.js";
import { countTasks, taskOrder } from "./task-order.js";

const steps = fc.array(
  fc
    .tuple(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 30 }))
    .map(([strips, encodes]) => ({ strips, tasks: strips + encodes }) as Step),
  { minLength: 1, maxLength: 12 },
);

describe("the order of tasks", () => {
  it("has each once, and behind all that it waits for", () => {
    fc.assert(
      fc.property(steps, (all) => {
        const place = taskOrder(all);
        const numbers = all.map(() => ({ reads: [] as number[], encodes: [] as number[] }));
        for (let number = 0; number < countTasks(all); number++) {
          const { step, task } = place(number);
          const { reads, encodes } = numbers[step]!;
          const isRead = task < all[step]!.strips;
          // inside of a step they come in its own order
          expect(task).toBe(isRead ? reads.length : all[step]!.strips + encodes.length);
          (isRead ? reads : encodes).push(number);
        }
        for (const [step, { reads, encodes }] of numbers.entries()) {
          expect([reads.length, encodes.length]).toEqual([all[step]!.strips, all[step]!.tasks - all[step]!.strips]);
          expect(encodes[0]).toBeGreaterThan(reads.at(-1)!);
          if (step > 0) expect(encodes[0]).toBeGreaterThan(numbers[step - 1]!.encodes.at(-1)!);
          if (step > 1) expect(reads[0]).toBeGreaterThan(numbers[step - 2]!.encodes.at(-1)!);
        }
      }),
    );
  });

  it("spreads reads among the encode tasks of the step before", () => {
    const place = taskOrder([{ strips: 2, tasks: 8 } as Step, { strips: 2, tasks: 8 } as Step]);
    const words = Array.from({ length: 16 }, (_, number) => {
      const { step, task } = place(number);
      return `${task < 2 ? "r" : "e"}${step}`;
    });
    expect(words.join(" ")).toBe("r0 r0 e0 e0 r1 e0 e0 r1 e0 e0 e1 e1 e1 e1 e1 e1");
  });
});
