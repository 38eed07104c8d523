import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isEmporiumError } from "../../core/errors.js";
import {
  decodeShardIndex,
  emptyShardIndex,
  encodeShard,
  encodeShardIndex,
  entryOf,
  findInShard,
  planReads,
  recentShardIndexes,
  type ShardLayout,
  shardIndexBytes,
} from "./shard.js";

const layout = (grid: number[], rest: Partial<ShardLayout> = {}): ShardLayout => ({
  grid,
  location: "end",
  littleEndian: true,
  checksum: true,
  ...rest,
});

function refusal(work: () => unknown): unknown {
  try {
    work();
    return "done";
  } catch (error) {
    if (!isEmporiumError(error)) throw error;
    return [error.code, error.message];
  }
}

describe("index of a shard", () => {
  it("is what was put in, whatever the layout", () => {
    const entry = fc.option(fc.record({ offset: fc.nat({ max: 2 ** 40 }), length: fc.nat({ max: 2 ** 40 }) }));
    const any = fc.record({
      entries: fc.array(entry, { minLength: 6, maxLength: 6 }),
      littleEndian: fc.boolean(),
      checksum: fc.boolean(),
    });
    fc.assert(
      fc.property(any, ({ entries, littleEndian, checksum }) => {
        const index = emptyShardIndex([2, 3]);
        entries.forEach((item, i) => {
          if (item) [index.offsets[i], index.lengths[i]] = [item.offset, item.length];
        });
        const where = layout([2, 3], { littleEndian, checksum });
        const bytes = encodeShardIndex(index, where);
        expect(bytes.length).toBe(shardIndexBytes(where));
        expect(decodeShardIndex(bytes, where)).toEqual(index);
        expect(findInShard(index, [1, 2])).toEqual(entries[5] ?? undefined);
      }),
    );
  });

  it("counts entries in C order", () => {
    expect(entryOf([2, 3, 4], [1, 2, 3])).toBe(23);
    expect(entryOf([], [])).toBe(0);
  });

  it("is refused with one bit changed, where it has a checksum", () => {
    const where = layout([2, 2]);
    const index = emptyShardIndex([2, 2]);
    index.offsets[1] = 5;
    index.lengths[1] = 7;
    const bytes = encodeShardIndex(index, where);
    for (let bit = 0; bit < 8 * bytes.length; bit++) {
      const damaged = bytes.slice();
      damaged[bit >> 3]! ^= 1 << (bit & 7);
      expect(refusal(() => decodeShardIndex(damaged, where, { name: "c/0" }))).toEqual([
        "FORMAT_CORRUPT",
        expect.stringMatching(/^c\/0: index: crc32c/),
      ]);
    }
  });

  it("may not name bytes past the shard's end, nor half of an absent chunk", () => {
    const where = layout([1], { checksum: false });
    const entry = (offset: bigint, length: bigint) => new Uint8Array(new BigUint64Array([offset, length]).buffer);
    const decode = (offset: bigint, length: bigint) =>
      refusal(() => decodeShardIndex(entry(offset, length), where, { shardBytes: 100 }));
    expect(decode(84n, 16n)).toBe("done");
    expect(decode(84n, 17n)).toEqual(["FORMAT_CORRUPT", expect.stringContaining("17 bytes from 84, the shard ends at 100")]);
    expect(decode(2n ** 64n - 1n, 2n ** 64n - 1n)).toBe("done");
    for (const [offset, length] of [
      [2n ** 64n - 1n, 0n],
      [0n, 2n ** 64n - 1n],
      [2n ** 63n, 2n ** 63n],
      [2n ** 53n, 1n],
    ] as const) {
      expect(decode(offset, length)).toEqual(["FORMAT_CORRUPT", expect.any(String)]);
    }
    expect(refusal(() => decodeShardIndex(new Uint8Array(15), where))).toEqual([
      "FORMAT_TRUNCATED",
      "shard: 15 bytes of index, it has 16",
    ]);
  });
});

describe("a shard in memory", () => {
  const pieces = [Uint8Array.of(1, 2), undefined, new Uint8Array(), Uint8Array.of(3)];
  it.each(["start", "end"] as const)("with its index at the %s", (location) => {
    const where = layout([4], { location });
    const bytes = encodeShard(pieces, where);
    const length = shardIndexBytes(where);
    expect(bytes.length).toBe(length + 3);
    const index = decodeShardIndex(location === "start" ? bytes.subarray(0, length) : bytes.subarray(3), where, {
      shardBytes: bytes.length,
    });
    const found = pieces.map((_, i) => {
      const range = findInShard(index, [i]);
      return range && bytes.slice(range.offset, range.offset + range.length);
    });
    expect(found).toEqual(pieces);
  });
  it("wants as many chunks as it has", () => {
    expect(refusal(() => encodeShard(pieces, layout([3])))).toEqual(["FORMAT_FIELD", "4 chunks given, the shard has 3"]);
  });
});

describe("requests for pieces of a shard", () => {
  const piece = (offset: number, length: number) => ({ range: { offset, length }, piece: `${offset}` });
  it("join what lies side by side or a little apart, in the order of the shard", () => {
    const plan = planReads([piece(100, 10), piece(0, 100), piece(110 + 32 * 1024, 1), piece(10 ** 6, 5)]);
    expect(plan.map(({ range, pieces }) => [range.offset, range.length, pieces.map((item) => [item.at, item.piece])])).toEqual([
      [
        0,
        111 + 32 * 1024,
        [
          [0, "0"],
          [100, "100"],
          [110 + 32 * 1024, `${110 + 32 * 1024}`],
        ],
      ],
      [10 ** 6, 5, [[0, "1000000"]]],
    ]);
  });
  it("hold 16 MiB at most, if one piece is not larger", () => {
    const MiB = 2 ** 20;
    const plan = planReads(Array.from({ length: 5 }, (_, i) => piece(i * 6 * MiB, 6 * MiB)));
    expect(plan.map(({ range }) => range.length / MiB)).toEqual([12, 12, 6]);
    expect(planReads([piece(0, 40 * MiB)]).length).toBe(1);
  });
  it("keep pieces that overlap whole", () => {
    const [read] = planReads([piece(0, 100), piece(10, 20)]);
    expect(read).toMatchObject({
      range: { offset: 0, length: 100 },
      pieces: [
        { at: 0, length: 100 },
        { at: 10, length: 20 },
      ],
    });
  });
});

it("indexes of shards are remembered up to a number of bytes", () => {
  const indexes = recentShardIndexes();
  // 16 bytes an entry: sixteen of a mebibyte fit
  for (let i = 0; i < 40; i++) indexes.set(`shard ${i}`, emptyShardIndex([64, 32, 32]));
  expect([indexes.size, indexes.has("shard 39"), indexes.has("shard 23")]).toEqual([16, true, false]);
});
