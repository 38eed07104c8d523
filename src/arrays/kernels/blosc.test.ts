import { readdirSync, readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Triple } from "../../core/box.js";
import { isEmporiumError } from "../../core/errors.js";
import { LIMITS } from "../../core/limits.js";
import { randomInt, seededRandom } from "../../core/random.js";
import {
  BLOSC_HEADER_BYTES,
  BloscFrame,
  bloscHeadBytes,
  bloscHeader,
  decodeBlosc,
  decodeBloscBox,
  encodeBlosc,
  readBloscHeader,
} from "./blosc.js";
import { copyBox, decodeFrame } from "./plain-blosc.js";

const folder = new URL("../../../test/golden/blosc/", import.meta.url);

function rawOf(frame: string): Uint8Array {
  return new Uint8Array(gunzipSync(readFileSync(new URL(`${frame.split(".")[0]}.raw.gz`, folder))));
}

function codeOf(action: () => unknown): string | undefined {
  try {
    action();
  } catch (error) {
    return isEmporiumError(error) ? error.code : String(error);
  }
  return undefined;
}

/** Smooth, noisy or constant voxels of any size. */
function voxelsOf(seed: number, length: number, itemBytes: number): Uint8Array {
  const random = seededRandom(seed);
  const kind = seed % 4;
  return Uint8Array.from({ length }, (_, i) => {
    if (kind === 0) return randomInt(random, 256);
    if (kind === 1) return 0;
    return i % itemBytes === 0 ? randomInt(random, 9) : Math.floor(i / itemBytes / 64) & 255;
  });
}

describe("frames of the C library", () => {
  const frames = readdirSync(folder).filter((name) => name.endsWith(".blosc"));
  for (const name of frames) {
    const raw = rawOf(name);
    const frame = new Uint8Array(readFileSync(new URL(name, folder)));
    const [, codec, , shuffle] = name.split(".")[1]!.split("-");
    const ours = (codec!.startsWith("lz4") || codec === "zstd") && shuffle !== "bitshuffle";
    it(`${ours ? "decodes" : "leaves to others"} ${name}`, () => {
      const plain = decodeBlosc(frame);
      if (ours) expect(Buffer.compare(plain!, raw)).toBe(0);
      else expect(plain).toBeUndefined();
      const twin = decodeFrame(frame);
      // the plain decoder knows LZ4 alone
      if (codec!.startsWith("lz4") && ours) expect(Buffer.compare(twin as Uint8Array, raw)).toBe(0);
      else expect(twin).toBe("unsupported");
    });
  }

  it("are of every kind that the format has", () => {
    const heads = frames.map((name) => readFileSync(new URL(name, folder)));
    const flags = new Set(heads.flatMap((head) => [1, 2, 4, 16].filter((flag) => head[2]! & flag)));
    expect([...flags].sort((a, b) => a - b)).toEqual([1, 2, 4, 16]);
    const unordered = readFileSync(new URL(frames.find((name) => name.includes("unordered"))!, folder));
    const blocks = Math.ceil(unordered.readUInt32LE(4) / unordered.readUInt32LE(8));
    const offsets = Array.from({ length: blocks }, (_, b) => unordered.readUInt32LE(16 + 4 * b));
    expect(offsets).not.toEqual([...offsets].sort((a, b) => a - b));
  });
});

describe("encodeBlosc", () => {
  it("is undone by decodeBlosc and by the plain decoder, and never grows by more than a header", () => {
    fc.assert(
      fc.property(
        fc.record({ seed: fc.nat(), item: fc.constantFrom(1, 2, 3, 4, 8, 16, 17, 255), n: fc.nat(5000), rest: fc.nat(3) }),
        fc.constantFrom(1, 100, 512, 1000, 4096, 65_536),
        ({ seed, item, n, rest }, blockBytes) => {
          const voxels = voxelsOf(seed, Math.min(n * item + rest, 20_000), item);
          const frame = encodeBlosc(voxels, item, { blockBytes });
          expect(frame.length).toBeLessThanOrEqual(voxels.length + BLOSC_HEADER_BYTES);
          expect(Buffer.compare(decodeBlosc(frame)!, voxels)).toBe(0);
          expect(Buffer.compare(decodeFrame(frame) as Uint8Array, voxels)).toBe(0);
        },
      ),
      { numRuns: 300 },
    );
  });

  it("writes the header that others expect", () => {
    const voxels = voxelsOf(2, 4 * 50_000, 4);
    const frame = encodeBlosc(voxels, 4);
    expect([...frame.subarray(0, 4)]).toEqual([2, 1, 0x21, 4]);
    expect(readBloscHeader(frame)).toEqual({
      itemBytes: 4,
      plainBytes: 200_000,
      blockBytes: 65_536,
      frameBytes: frame.length,
    });
    const offsets = new Uint32Array(frame.slice(16, 32).buffer);
    expect(offsets[0]).toBe(32);
    expect(bloscHeader({ ...readBloscHeader(frame), offsets })).toEqual(frame.subarray(0, 32));
    expect(frame.length).toBeLessThan(voxels.length / 2);
  });

  it("is a pure function of the bytes, whatever was encoded before", () => {
    const voxels = voxelsOf(3, 40_000, 4);
    const first = encodeBlosc(voxels, 4);
    encodeBlosc(voxelsOf(4, 100_000, 1), 1);
    expect(encodeBlosc(voxels, 4)).toEqual(first);
  });
});

describe("decodeBloscBox", () => {
  it("is the same slice of the whole", () => {
    fc.assert(
      fc.property(
        fc.record({
          seed: fc.nat(),
          item: fc.constantFrom(1, 2, 3, 4, 8, 16),
          blockBytes: fc.constantFrom(256, 1000, 4096, 65_536),
        }),
        fc.array(fc.integer({ min: 1, max: 17 }), { minLength: 3, maxLength: 3 }),
        fc.array(fc.nat(), { minLength: 6, maxLength: 6 }),
        ({ seed, item, blockBytes }, size, picks) => {
          const shape = size as Triple;
          const start = shape.map((n, axis) => picks[axis]! % n) as Triple;
          const stop = shape.map((n, axis) => start[axis]! + 1 + (picks[3 + axis]! % (n - start[axis]!))) as Triple;
          const voxels = voxelsOf(seed, shape[0] * shape[1] * shape[2] * item, item);
          const frame = encodeBlosc(voxels, item, { blockBytes });
          const bytes = ([z, y, x]: Triple): Triple => [z, y, x * item];
          expect(decodeBloscBox(frame, shape, item, { start, stop })).toEqual(
            copyBox(voxels, bytes(shape), bytes(start), bytes(stop)),
          );
        },
      ),
      { numRuns: 500 },
    );
  });

  it("reads frames of the C library too, and only the blocks that it needs", () => {
    const name = "steps4.4-lz4-1-shuffle-0.blosc"; // blocks of 128 KiB
    const frame = new Uint8Array(readFileSync(new URL(name, folder)));
    const shape: Triple = [8, 100, 100];
    const box = { start: [1, 2, 3] as Triple, stop: [2, 91, 57] as Triple };
    const expected = copyBox(rawOf(name), [8, 100, 400], [1, 2, 12], [2, 91, 228]);
    expect(decodeBloscBox(frame, shape, 4, box)).toEqual(expected);
    frame.fill(255, frame.length - 1000); // in the last block, which this box does not touch
    expect(decodeBloscBox(frame, shape, 4, box)).toEqual(expected);
    expect(codeOf(() => decodeBlosc(frame))).toBe("FORMAT_CORRUPT");
  });

  it("answers an empty box, and refuses a chunk of another shape or a box outside", () => {
    const frame = encodeBlosc(new Uint8Array(4 * 60), 4);
    expect(decodeBloscBox(frame, [3, 4, 5], 4, { start: [0, 0, 0], stop: [0, 4, 5] })).toEqual(new Uint8Array(0));
    expect(codeOf(() => decodeBloscBox(frame, [3, 4, 6], 4, { start: [0, 0, 0], stop: [1, 1, 1] }))).toBe("FORMAT_CORRUPT");
    expect(codeOf(() => decodeBloscBox(frame, [3, 4, 5], 4, { start: [0, 0, 0], stop: [1, 1, 6] }))).toBe("INTERNAL");
  });
});

describe("BloscFrame", () => {
  it("gives boxes of whatever frame was put in last, large and small, and refuses a broken one", () => {
    const random = seededRandom(5);
    const held = new BloscFrame();
    for (const shape of [
      [3, 4, 5],
      [16, 64, 64],
      [2, 2, 2],
    ] as Triple[]) {
      const plain = Uint8Array.from({ length: shape[0] * shape[1] * shape[2] * 4 }, () => randomInt(random, 256));
      const frame = encodeBlosc(plain, 4);
      held.room(frame.length).set(frame);
      for (const box of [
        { start: [0, 0, 0], stop: shape },
        { start: [1, 0, 1], stop: [2, 2, 2] },
      ] as { start: Triple; stop: Triple }[]) {
        expect(held.decodeBox(shape, 4, box)).toEqual(decodeBloscBox(frame, shape, 4, box));
      }
    }
    held.room(10).fill(0);
    expect(codeOf(() => held.decodeBox([2, 2, 2], 4, { start: [0, 0, 0], stop: [1, 1, 1] }))).toBe("FORMAT_CORRUPT");
  });
});

describe("a window of a frame", () => {
  const shape: Triple = [24, 32, 40];
  const plain = voxelsOf(6, 24 * 32 * 40 * 4, 4);
  const inOrder = encodeBlosc(plain, 4, { blockBytes: 4096 });
  const frames: [string, Uint8Array][] = [
    ["compressed, with blocks in order", inOrder],
    ["compressed, with blocks from the last to the first", backwards(inOrder)],
    ["of plain bytes", encodeBlosc(voxelsOf(8, plain.length, 4), 4, { blockBytes: 4096 })],
  ];

  it.each(frames)("%s, gives each box of the whole, wherever it was before", (_, frame) => {
    const held = new BloscFrame();
    const head = frame.subarray(0, bloscHeadBytes(frame, readBloscHeader(frame)));
    fc.assert(
      fc.property(fc.array(boxIn(shape), { minLength: 1, maxLength: 6 }), (boxes) => {
        held.open(head, frame.length);
        for (const box of boxes) {
          const { from, to } = held.rangeOf(shape, 4, box);
          const { at, room } = held.window(from, to);
          expect(at + room.length).toBe(to);
          room.set(frame.subarray(at, to));
          expect(Buffer.compare(held.decodeBox(shape, 4, box)!, decodeBloscBox(frame, shape, 4, box)!)).toBe(0);
        }
      }),
      { numRuns: 60 },
    );
  });

  it("is no larger than the blocks of a box, and keeps what two boxes share", () => {
    const held = new BloscFrame();
    held.open(inOrder.subarray(0, bloscHeadBytes(inOrder, readBloscHeader(inOrder))), inOrder.length);
    const planes = (from: number, to: number) => held.rangeOf(shape, 4, { start: [from, 0, 0], stop: [to, shape[1], shape[2]] });
    const [first, second] = [planes(0, 3), planes(3, 6)];
    // three planes are 3.75 blocks: four of thirty, of which the last is the first of the next three
    expect(first.to - first.from).toBeLessThan(inOrder.length / 6);
    expect(second.from).toBeLessThan(first.to);
    held.window(first.from, first.to).room.set(inOrder.subarray(first.from, first.to));
    expect(held.window(second.from, second.to).at).toBe(first.to);
  });

  it("is refused for a chunk of another shape, a frame of another length, and a table that points outside", () => {
    const held = new BloscFrame();
    const head = inOrder.slice(0, bloscHeadBytes(inOrder, readBloscHeader(inOrder)));
    const box = { start: [0, 0, 0] as Triple, stop: [1, 1, 1] as Triple };
    held.open(head, inOrder.length);
    expect(codeOf(() => held.rangeOf([24, 32, 41], 4, box))).toBe("FORMAT_CORRUPT");
    held.open(head, inOrder.length - 1);
    expect(codeOf(() => held.rangeOf(shape, 4, box))).toBe("FORMAT_CORRUPT");
    new DataView(head.buffer).setUint32(BLOSC_HEADER_BYTES, inOrder.length + 100, true);
    held.open(head, inOrder.length);
    const { from, to } = held.rangeOf(shape, 4, box);
    held.window(Math.min(from, inOrder.length), Math.min(to, inOrder.length));
    expect(codeOf(() => held.lendBox(shape, 4, box))).toBe("FORMAT_CORRUPT");
  });
});

const boxIn = (shape: Triple) =>
  fc
    .tuple(...shape.map((length) => fc.tuple(fc.integer({ min: 0, max: length - 1 }), fc.integer({ min: 1, max: length }))))
    .map((axes) => ({
      start: axes.map(([from]) => from) as Triple,
      stop: axes.map(([from, length], axis) => Math.min(from + length, shape[axis]!)) as Triple,
    }));

/** The same frame with its blocks in the file from the last to the first, as writers with many threads leave them in any order. */
function backwards(frame: Uint8Array): Uint8Array {
  const header = readBloscHeader(frame);
  const blocks = Math.ceil(header.plainBytes / header.blockBytes);
  const table = new DataView(frame.buffer, frame.byteOffset + BLOSC_HEADER_BYTES);
  const starts = Array.from({ length: blocks }, (_, block) => table.getUint32(4 * block, true));
  const bodies = starts.map((start, block) => frame.subarray(start, starts[block + 1] ?? frame.length));
  const offsets: number[] = [];
  const parts: Uint8Array[] = [];
  let at = BLOSC_HEADER_BYTES + 4 * blocks;
  for (let block = blocks - 1; block >= 0; block--) {
    offsets[block] = at;
    parts.push(bodies[block]!);
    at += bodies[block]!.length;
  }
  return new Uint8Array(Buffer.concat([bloscHeader({ ...header, frameBytes: at, offsets }), ...parts]));
}

describe("broken frames", () => {
  const frame = encodeBlosc(voxelsOf(2, 30_000, 4), 4, { blockBytes: 4096 });
  // every stream of this one is compressed
  const zeros = encodeBlosc(new Uint8Array(30_000), 4, { blockBytes: 4096 });
  const changed = (change: (view: DataView) => void, of = frame) => {
    const copy = of.slice();
    change(new DataView(copy.buffer));
    return copy;
  };

  it("are refused with the place that the caller gave", () => {
    const broken: [string, Uint8Array][] = [
      ["no header", frame.subarray(0, 15)],
      ["cut short", frame.subarray(0, frame.length - 1)],
      ["another version", changed((view) => view.setUint8(0, 3))],
      ["no item size", changed((view) => view.setUint8(3, 0))],
      ["no block size", changed((view) => view.setUint32(8, 0, true))],
      ["a block outside", changed((view) => view.setUint32(20, frame.length - 3, true))],
      ["a stream too long", changed((view) => view.setUint32(view.getUint32(16, true), 0x7fffffff, true))],
      ["a broken stream", changed((view) => view.setUint8(view.getUint32(16, true) + 4, 0x0f), zeros)],
      ["more than there is", changed((view) => view.setUint32(4, 30_001, true))],
    ];
    for (const [what, bytes] of broken) {
      let thrown: unknown;
      try {
        decodeBlosc(bytes, { file: "0/0/0" });
      } catch (error) {
        thrown = error;
      }
      expect(thrown, what).toMatchObject({ code: "FORMAT_CORRUPT", facts: { place: { file: "0/0/0" } } });
    }
  });

  it("are not given memory for what they promise past the limit", () => {
    const lying = changed((view) => view.setUint32(4, LIMITS.chunkBytes + 1, true));
    expect(codeOf(() => decodeBlosc(lying))).toBe("FORMAT_LIMIT");
  });
});
