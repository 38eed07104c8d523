import { describe, expect, it } from "vitest";
import type { Box } from "../../core/box.js";
import { boxPlaces } from "./box-target.js";
import { blockMemory } from "./memory.js";

const box: Box = { start: [0, 0, 0], stop: [1, 2, 4] };
const MIB = 2 ** 20;

function places(memoryBytes = MIB) {
  const memory = blockMemory(memoryBytes, () => false);
  const boxes = boxPlaces(() => memory);
  const fill = (value: number, itemBytes = 1) => boxes.fill(box, itemBytes, false, async ({ bytes }) => void bytes.fill(value));
  return { boxes, fill };
}

describe("memory of boxes that is handed back", () => {
  it("holds the next box of its size, and one box only", async () => {
    const { boxes, fill } = places();
    const first = await fill(1);
    boxes.reuse(first);
    boxes.reuse(first);
    const [second, third] = [await fill(2), await fill(3)];
    expect(second.buffer).toBe(first.buffer);
    expect(third.buffer).not.toBe(first.buffer);
    expect([[...second], [...third]]).toEqual([new Array(8).fill(2), new Array(8).fill(3)]);
    boxes.reuse(third);
    expect((await fill(4, 2)).length).toBe(16);
  });

  it("is left alone where it is a part of other memory, or too much", async () => {
    const { boxes, fill } = places();
    const whole = new Uint8Array(16);
    boxes.reuse(whole.subarray(0, 8));
    boxes.reuse(new Uint8Array(new SharedArrayBuffer(8)));
    expect((await fill(1)).buffer).not.toBe(whole.buffer);
    const small = places(100); // a sixteenth of it does not hold 8 bytes
    const own = await small.fill(1);
    small.boxes.reuse(own);
    expect((await small.fill(2)).buffer).not.toBe(own.buffer);
  });
});

describe("(34.11) boxes of a process that stays", () => {
  it("lie in memory that glibc does not keep", async () => {
    const memory = blockMemory(8 * MIB, () => false);
    const large: Box = { start: [0, 0, 0], stop: [1, 1024, 1024] };
    for (const [spacious, bufferBytes] of [
      [true, 33 * MIB],
      [false, MIB],
    ] as const) {
      const boxes = boxPlaces(() => memory, spacious);
      const filled = await boxes.fill(large, 1, false, async ({ bytes }) => void bytes.fill(7));
      expect([filled.length, filled.buffer.byteLength]).toEqual([MIB, bufferBytes]);
      expect(filled.every((byte) => byte === 7)).toBe(true);
    }
  });
});
