import { setImmediate as turn } from "node:timers/promises";
import { expect, it } from "vitest";
import { seededRandom } from "../../core/random.js";
import { type KeptChunks, keptChunks } from "./kept-chunks.js";
import { type BlockMemory, BOX_SHARE, blockMemory } from "./memory.js";

const CAPACITY = 2 ** 20;
const READERS = 12;
const READS = 40;

/** A room's memory without threads: those who read take what readers take, in their order, for some turns. */
function room() {
  const memory: BlockMemory = blockMemory(CAPACITY, () => decoded.evict() || stored.evict());
  const mayPin = (length: number) => decoded.pinnedBytes + stored.pinnedBytes + length <= (CAPACITY * 3) / 8;
  const decoded: KeptChunks = keptChunks(() => memory, { use: "decoded", bytesMax: (CAPACITY * 3) / 4, mayPin });
  const makeRoom = () => decoded.evict();
  const stored: KeptChunks = keptChunks(() => memory, { use: "stored", bytesMax: CAPACITY / 4, mayPin, makeRoom });
  return { memory, decoded, stored };
}

it("who waits for memory gets it, whatever others keep and hold while they wait", async () => {
  for (let seed = 1; seed <= 60; seed++) {
    const random = seededRandom(seed);
    const { memory, decoded, stored } = room();
    const upTo = (share: number) => 1 + Math.floor(random() * CAPACITY * share);
    const turns = async () => {
      for (let left = Math.floor(random() * 3); left > 0; left--) await turn();
    };
    let done = 0;
    const reader = async () => {
      for (let read = 0; read < READS; read++) {
        const [boxBytes, id] = [upTo(BOX_SHARE / 2), `${Math.floor(random() * 30)}`];
        const box = memory.tryTake(boxBytes, "box");
        const fetched = stored.pin(id) ?? stored.add(id, upTo(1 / 16));
        if (fetched) stored.ready(id);
        await turns();
        const claim = await memory.claim([upTo(1 / 4), upTo(1 / 8)], upTo(1 / 16));
        const kept = decoded.add(id, upTo(1 / 8));
        await turns();
        if (kept) decoded.ready(id);
        if (kept) decoded.unpin(id);
        claim.release();
        if (fetched) stored.unpin(id);
        if (box !== undefined) memory.give(box, boxBytes);
      }
      done++;
    };
    const readers = Array.from({ length: READERS }, reader);
    // each turn somebody goes on, or nobody ever will
    for (let idle = 0, before = -1; done < READERS && idle < 20; idle = memory.usedBytes === before ? idle + 1 : 0) {
      before = memory.usedBytes;
      await turn();
    }
    expect([seed, done]).toEqual([seed, READERS]);
    await Promise.all(readers);
    while (decoded.evict() || stored.evict());
    expect(memory.usedBytes).toBe(0);
    expect(memory.usedBytesMax).toBeLessThanOrEqual(CAPACITY);
  }
});
