import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BLOCK_BYTES, type Block, type Blocks, newBlocks } from "./blocks.js";
import { rangeSet } from "./ranges.js";

/** What a hashing thread is told, in the order of the file: the bytes that it would read or find in memory. */
function follow(blocks: Blocks, prefix: number, from: number): { hashed: number; inMemory: number; used: number[] } {
  let [hashed, inMemory] = [from, 0];
  const used: number[] = [];
  for (const step of blocks.steps(prefix)) {
    if ("readUntil" in step) {
      expect(step.readUntil).toBeGreaterThan(hashed);
      hashed = step.readUntil;
      continue;
    }
    // it lies where its place in the file says
    expect(step.at % BLOCK_BYTES).toBe(hashed % BLOCK_BYTES);
    expect(blocks.memory[step.at]).toBe(mark(hashed));
    hashed += step.length;
    inMemory += step.length;
    used.push(step.at);
  }
  expect(hashed).toBe(Math.max(prefix, from));
  return { hashed, inMemory, used };
}

const mark = (offset: number) => 1 + ((Math.floor(offset / BLOCK_BYTES) * 7 + offset) % 250);

function fill(blocks: Blocks, block: Block, from: number, to: number): void {
  blocks.memory[block.at + (from % BLOCK_BYTES)] = mark(from);
  blocks.keep({ at: block.at, from, to });
}

describe("blocks of memory that a transfer receives in", () => {
  it("are hashed in the order of the file, whatever comes first, and what was given up is read back", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.shuffledSubarray(
          Array.from({ length: 40 }, (_, index) => index),
          { minLength: 40 },
        ),
        fc.nat(BLOCK_BYTES - 1),
        async (order, shift) => {
          const blocks = newBlocks();
          const done = rangeSet();
          let hashed = 0;
          let inMemory = 0;
          for (const index of order) {
            const from = index === 0 ? shift : index * BLOCK_BYTES;
            fill(blocks, await blocks.take(), from, (index + 1) * BLOCK_BYTES);
            done.add(index === 0 ? 0 : from, (index + 1) * BLOCK_BYTES);
            const told = follow(blocks, done.prefix, hashed);
            hashed = told.hashed;
            inMemory += told.inMemory;
            for (const at of told.used) blocks.free(at);
          }
          // the first bytes were there before
          expect([hashed, inMemory]).toEqual([40 * BLOCK_BYTES, 40 * BLOCK_BYTES - shift]);
          blocks.end();
        },
      ),
      { numRuns: 30 },
    );
  });

  it("are one memory for all transfers: the hindmost is given up where another one needs it, and given back at the end", async () => {
    const [first, second] = [newBlocks(), newBlocks()];
    const count = first.memory.length / BLOCK_BYTES;
    expect(second.memory).toBe(first.memory);
    // its first block never comes, so none of these can be hashed
    for (let index = 1; index <= count; index++) fill(first, await first.take(), index * BLOCK_BYTES, (index + 1) * BLOCK_BYTES);
    const block = await second.take();
    fill(second, block, 0, BLOCK_BYTES);
    expect(follow(second, BLOCK_BYTES, 0).inMemory).toBe(BLOCK_BYTES);
    // now the first: of what it had kept, the last block must be read
    const own = await first.take();
    fill(first, own, 0, BLOCK_BYTES);
    const { hashed, inMemory } = follow(first, (count + 1) * BLOCK_BYTES, 0);
    expect([hashed, inMemory]).toEqual([(count + 1) * BLOCK_BYTES, (count - 1) * BLOCK_BYTES]);
    first.end();
    second.end();
    const third = newBlocks();
    const all = await Promise.all(Array.from({ length: count }, () => third.take()));
    expect(new Set(all.map(({ at }) => at)).size).toBe(count);
    third.end();
  });

  it("are waited for while all are hashed, and a hashing that has died says so", async () => {
    const blocks = newBlocks();
    const count = blocks.memory.length / BLOCK_BYTES;
    for (let index = 0; index < count; index++) fill(blocks, await blocks.take(), index * BLOCK_BYTES, (index + 1) * BLOCK_BYTES);
    const { used } = follow(blocks, count * BLOCK_BYTES, 0);
    const waiting = blocks.take();
    blocks.free(used[3]!);
    expect(await waiting).toEqual({ at: used[3] });
    const never = blocks.take();
    blocks.fail(new Error("died"));
    await expect(never).rejects.toThrow("died");
    await expect(blocks.take()).rejects.toThrow("died");
    blocks.end();
  });
});
