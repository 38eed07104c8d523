import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { blockSource, counting, type Traffic } from "./blocks.js";
import { inMemory } from "./bytes.js";

const bytes = Uint8Array.from({ length: 1000 }, (_, i) => i % 251);
const counted = () => {
  const traffic: Traffic = { requests: 0, bytes: 0 };
  return { traffic, source: counting(inMemory(bytes, "x"), traffic) };
};

describe("blockSource", () => {
  it("answers as the source does, whatever is kept", async () => {
    const range = fc.record({ offset: fc.nat(1100), length: fc.nat(400) });
    await fc.assert(
      fc.asyncProperty(
        fc.array(range, { maxLength: 12 }),
        fc.integer({ min: 1, max: 64 }),
        fc.integer({ min: 1, max: 6 }),
        async (ranges, blockBytes, kept) => {
          const source = blockSource(inMemory(bytes), {
            blockBytes,
            keptBytes: kept * blockBytes,
            ahead: (request) => request % 3,
          });
          for (const one of ranges) expect(await source.read(one)).toEqual(await inMemory(bytes).read(one));
        },
      ),
      { numRuns: 500 },
    );
  });

  it("fetches a block once, blocks side by side in one request, and nothing again that it keeps", async () => {
    const { traffic, source } = counted();
    const blocks = blockSource(source, { blockBytes: 100 });
    await blocks.read({ offset: 10, length: 20 });
    expect(traffic).toEqual({ requests: 1, bytes: 100 });
    await blocks.read({ offset: 90, length: 220 });
    expect(traffic).toEqual({ requests: 2, bytes: 400 });
    expect(blocks.holds({ offset: 0, length: 400 })).toBe(true);
    expect(blocks.holds({ offset: 399, length: 2 })).toBe(false);
    await blocks.read({ offset: 0, length: 400 });
    expect(traffic.requests).toBe(2);
  });

  it("knows the end once it was reached", async () => {
    const { traffic, source } = counted();
    const blocks = blockSource(source, { blockBytes: 600 });
    expect(await blocks.read({ offset: 700, length: 600 })).toEqual(bytes.subarray(700));
    expect(await blocks.read({ offset: 1000, length: 9 })).toEqual(new Uint8Array(0));
    expect(blocks.holds({ offset: 900, length: 5000 })).toBe(true);
    expect(traffic).toEqual({ requests: 1, bytes: 400 });
  });

  it("asks for more as it is told to", async () => {
    const { traffic, source } = counted();
    const blocks = blockSource(source, { blockBytes: 50, ahead: (request) => [1, 4][request] ?? 8 });
    await blocks.read({ offset: 0, length: 1 });
    await blocks.read({ offset: 50, length: 1 });
    expect(traffic).toEqual({ requests: 2, bytes: 250 });
    await blocks.read({ offset: 249, length: 1 });
    expect(traffic.requests).toBe(2);
  });

  it("keeps one block at least, however little it may keep", async () => {
    const { traffic, source } = counted();
    const blocks = blockSource(source, { blockBytes: 100, keptBytes: 50 });
    await blocks.read({ offset: 0, length: 10 });
    await blocks.read({ offset: 90, length: 10 });
    expect(traffic).toEqual({ requests: 1, bytes: 100 });
  });

  it("lets through what is larger than it keeps", async () => {
    const { traffic, source } = counted();
    const blocks = blockSource(source, { blockBytes: 100, keptBytes: 200 });
    expect(await blocks.read({ offset: 5, length: 500 })).toEqual(bytes.subarray(5, 505));
    expect(traffic).toEqual({ requests: 1, bytes: 500 });
  });
});
