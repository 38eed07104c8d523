import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { randomInt, seededRandom } from "../../core/random.js";
import { encodeBlosc } from "./blosc.js";
import { BLOSC_RESULT, bloscScratchBytes, instantiateKernels, kernelModule, sharedMemory } from "./kernels.js";
import { copyBox, decodeFrame } from "./plain-blosc.js";

const HEAD = 0x01_0000;
const WINDOW = 0x04_0000;
const SCRATCH = 0x08_0000;
const OUT = 0x18_0000;
const GUARD = 256;
/** More plain bytes than a mutated header may ask for here. */
const PLAIN_MAX = 0x08_0000;

const memory = sharedMemory(0x28_0000);
const kernels = instantiateKernels(kernelModule(), memory);
const bytes = new Uint8Array(memory.buffer);

/** A frame in two parts, as a reader of remote chunks has it: `head`, and frame bytes [from, to). */
interface Given {
  head: Uint8Array;
  body: Uint8Array;
  from: number;
  scratchBytes: number;
}

type Box = [z0: number, z1: number, y0: number, y1: number, x0: number, x1: number];

/** Decodes with `around` in every byte that is not the frame; answers the result and the output, and fails where a guard has changed. */
function decode(
  { head, body, from, scratchBytes }: Given,
  around: number,
  boxOf?: (plainBytes: number) => { shape: [number, number, number]; box: Box } | undefined,
): { result: number; out: Uint8Array } {
  bytes.fill(around, HEAD - GUARD, HEAD + head.length + GUARD);
  bytes.set(head, HEAD);
  bytes.fill(around, WINDOW - GUARD, WINDOW + body.length + GUARD);
  bytes.set(body, WINDOW);
  bytes.fill(around, SCRATCH - GUARD, SCRATCH + scratchBytes + GUARD);
  const opened = kernels.openFrame(HEAD, head.length, WINDOW, from, from + body.length, SCRATCH, scratchBytes);
  if (opened !== BLOSC_RESULT.ok) return { result: opened, out: new Uint8Array(0) };
  const plainBytes = new DataView(head.buffer, head.byteOffset).getUint32(4, true);
  if (plainBytes > PLAIN_MAX) return { result: 1, out: new Uint8Array(0) };
  const part = boxOf?.(plainBytes);
  const size = part ? sizeOf(part.box) : plainBytes;
  bytes.fill(around, OUT - GUARD, OUT + plainBytes + GUARD);
  const result = part ? decodeBox(part.shape, part.box, OUT) : kernels.decodeFrame(OUT, plainBytes);
  const guarded: [number, number][] = [
    [HEAD - GUARD, HEAD],
    [HEAD + head.length, HEAD + head.length + GUARD],
    [WINDOW - GUARD, WINDOW],
    [WINDOW + body.length, WINDOW + body.length + GUARD],
    [SCRATCH - GUARD, SCRATCH],
    [SCRATCH + scratchBytes, SCRATCH + scratchBytes + GUARD],
    [OUT - GUARD, OUT],
    [OUT + size, OUT + plainBytes + GUARD],
  ];
  for (const [start, end] of guarded) {
    if (!bytes.subarray(start, end).every((byte) => byte === around)) expect.fail(`bytes in ${start}..${end} have changed`);
  }
  return { result, out: result === BLOSC_RESULT.ok ? bytes.slice(OUT, OUT + size) : new Uint8Array(0) };
}

function sizeOf([z0, z1, y0, y1, x0, x1]: Box): number {
  return (z1 - z0) * (y1 - y0) * (x1 - x0);
}

function decodeBox([planes, rows, row]: [number, number, number], [z0, z1, y0, y1, x0, x1]: Box, out: number): number {
  const width = x1 - x0;
  return kernels.decodeBox(planes, rows, row, z0, z1, y0, y1, x0, x1, out, width, width * (y1 - y0));
}

/** Frames of the C library and of ours, with blocks small enough that there are many. */
function seeds(): Uint8Array[] {
  const folder = new URL("../../../test/golden/blosc/", import.meta.url);
  const frames = readdirSync(folder)
    .filter((name) => name.endsWith(".blosc"))
    .map((name) => new Uint8Array(readFileSync(new URL(name, folder))))
    .filter((frame) => new DataView(frame.buffer).getUint32(4, true) < 20_000);
  const random = seededRandom(8);
  for (const item of [1, 2, 4, 8, 16]) {
    const voxels = Uint8Array.from({ length: item * 1500 + 7 }, (_, i) => (i % item ? (i >> 8) & 7 : randomInt(random, 7)));
    frames.push(encodeBlosc(voxels, item, { blockBytes: 512 * item }));
  }
  return frames;
}

const FIELDS = [0, 1, 2, 4, 15, 16, 17, 127, 128, 255, 256, 65535, 65536, 0x7fffffff, 0x80000000, 0xffffffff];

/** Some bytes, sizes or offsets changed, or the end cut off. */
function mutate(frame: Uint8Array, pick: (below: number) => number): Uint8Array {
  const copy = frame.slice();
  const view = new DataView(copy.buffer);
  const times = 1 + pick(6);
  const kind = pick(6);
  if (kind === 0) {
    const short = copy.subarray(0, pick(copy.length));
    if (pick(2) && short.length >= 16) view.setUint32(12, short.length, true);
    return short.slice();
  }
  for (let i = 0; i < times; i++) {
    if (kind === 1) view.setUint32(4 * pick(Math.min(copy.length >> 2, 12)), FIELDS[pick(FIELDS.length)]!, true);
    else if (kind === 2 && copy.length > 16) copy[16 + pick(Math.min(copy.length - 16, 600))] = pick(2) ? 255 : pick(256);
    else copy[pick(copy.length)] = pick(256);
  }
  if (kind === 3) copy.set([pick(256), 1 + pick(19)], 2);
  return copy;
}

describe("mutated frames", () => {
  it("never trap, never touch what is not theirs, and get the verdict of the plain decoder", () => {
    const frames = seeds();
    const random = seededRandom(20240611);
    const pick = (below: number) => randomInt(random, below);
    const verdicts = new Map<number, number>();
    for (let i = 0; i < 12_000; i++) {
      const frame = mutate(frames[pick(frames.length)]!, pick);
      const blockBytes = frame.length >= 16 ? new DataView(frame.buffer).getUint32(8, true) : 0;
      const given = { head: frame, body: frame, from: 0, scratchBytes: bloscScratchBytes(Math.min(blockBytes, PLAIN_MAX)) };
      const [zeros, others] = [decode(given, 0x00), decode(given, 0xee)];
      expect(zeros.result).toBe(others.result);
      expect(Buffer.compare(zeros.out, others.out)).toBe(0);
      verdicts.set(zeros.result, (verdicts.get(zeros.result) ?? 0) + 1);
      if (zeros.result > 0 || zeros.result === BLOSC_RESULT.badArgument) continue; // more than this memory has room for
      const twin = decodeFrame(frame);
      if (twin === "unsupported") expect(zeros.result).toBe(BLOSC_RESULT.unsupported);
      else if (twin === undefined) expect(zeros.result).toBeLessThan(0);
      else expect(Buffer.compare(zeros.out, twin), `frame ${i}`).toBe(0);
    }
    // Every verdict on a frame is met, or the mutations are too tame.
    const { ok, badHeader, unsupported, outside, badStream } = BLOSC_RESULT;
    for (const verdict of [ok, badHeader, unsupported, outside, badStream])
      expect(verdicts.get(verdict) ?? 0, `verdict ${verdict}`).toBeGreaterThan(20);
  });

  it("give the same box whatever lies around a part of them", () => {
    const frames = seeds();
    const random = seededRandom(7);
    const pick = (below: number) => randomInt(random, below);
    let good = 0;
    for (let i = 0; i < 8000; i++) {
      const frame = pick(3) ? mutate(frames[pick(frames.length)]!, pick) : frames[pick(frames.length)]!;
      const from = pick(2) ? 0 : pick(Math.min(frame.length + 1, 500));
      const given = {
        head: frame.subarray(0, pick(3) ? frame.length : pick(400)),
        body: frame.subarray(from, pick(2) ? frame.length : from + pick(frame.length - from + 1)),
        from,
        scratchBytes: 1100 + pick(70_000),
      };
      const [planes, rows] = [1 + pick(4), 1 + pick(6)];
      const picks = Array.from({ length: 6 }, () => pick(1_000_000));
      const boxOf = (plainBytes: number) => {
        if (plainBytes === 0 || plainBytes % (planes * rows)) return undefined;
        const shape: [number, number, number] = [planes, rows, plainBytes / planes / rows];
        const box = shape.flatMap((n, axis) => {
          const start = picks[axis]! % n;
          return [start, start + 1 + (picks[3 + axis]! % (n - start))];
        });
        return { shape, box: box as Box };
      };
      const [zeros, others] = [decode(given, 0x00, boxOf), decode(given, 0xee, boxOf)];
      expect(zeros.result).toBe(others.result);
      expect(Buffer.compare(zeros.out, others.out)).toBe(0);
      const whole = zeros.result === BLOSC_RESULT.ok ? decodeFrame(frame) : undefined;
      if (!(whole instanceof Uint8Array)) continue; // a broken frame may still hold a good box
      const part = boxOf(whole.length);
      if (!part) continue;
      const [z0, z1, y0, y1, x0, x1] = part.box;
      expect(Buffer.compare(zeros.out, copyBox(whole, part.shape, [z0, y0, x0], [z1, y1, x1]))).toBe(0);
      good++;
    }
    expect(good).toBeGreaterThan(300);
  });
});

/** Little-endian uint32. */
function words(...values: number[]): number[] {
  return values.flatMap((value) => [value & 255, (value >> 8) & 255, (value >> 16) & 255, value >>> 24]);
}

describe("ranges and boxes", () => {
  const frame = encodeBlosc(
    Uint8Array.from({ length: 4 * 3000 }, (_, i) => (i % 4 ? i >> 9 : (i * i) >> 9)),
    4,
    { blockBytes: 2048 },
  );
  const plain = decodeFrame(frame) as Uint8Array;
  const open = () => {
    bytes.set(frame, WINDOW);
    return kernels.openFrame(WINDOW, frame.length, WINDOW, 0, frame.length, SCRATCH, bloscScratchBytes(2048));
  };

  it("are parts of the plain bytes, at any byte", () => {
    expect(open()).toBe(BLOSC_RESULT.ok);
    for (let from = 0; from < plain.length; from += 607) {
      for (const length of [1, 2, 3, 5, 900, 5000]) {
        const to = Math.min(plain.length, from + length);
        expect(kernels.decodeRange(from, to, OUT)).toBe(BLOSC_RESULT.ok);
        expect(Buffer.compare(bytes.slice(OUT, OUT + to - from), plain.subarray(from, to))).toBe(0);
      }
    }
  });

  it("need no more of the frame than the blocks that they touch", () => {
    bytes.fill(0xee, WINDOW, WINDOW + frame.length);
    bytes.set(frame.subarray(0, 16 + 4 * 6), HEAD);
    const offsets = new Uint32Array(frame.slice(16, 16 + 4 * 6).buffer);
    const [from, to] = [offsets[2]!, offsets[3]!];
    bytes.set(frame.subarray(from, to), WINDOW);
    expect(kernels.openFrame(HEAD, 16 + 4 * 6, WINDOW, from, to, SCRATCH, bloscScratchBytes(2048))).toBe(BLOSC_RESULT.ok);
    expect(kernels.decodeRange(2 * 2048 + 5, 3 * 2048, OUT)).toBe(BLOSC_RESULT.ok);
    expect(Buffer.compare(bytes.slice(OUT, OUT + 2043), plain.subarray(2 * 2048 + 5, 3 * 2048))).toBe(0);
    expect(kernels.decodeRange(2 * 2048, 3 * 2048 + 1, OUT)).toBe(BLOSC_RESULT.outside);
  });

  it("do not take literals from behind a stream, even where its end is not wanted", () => {
    const stream = new Uint8Array(503).fill(1);
    stream.set([0xf0, 255, 255, 255, 120]); // a run of 900 literals, of which 498 are there
    const header = [2, 1, 0x20, 1, ...words(1000, 1000, 24 + stream.length, 20, stream.length)];
    bytes.fill(0xee, WINDOW, WINDOW + 2000);
    bytes.set([...header, ...stream], WINDOW);
    const length = header.length + stream.length;
    expect(kernels.openFrame(WINDOW, length, WINDOW, 0, length, SCRATCH, bloscScratchBytes(1000))).toBe(BLOSC_RESULT.ok);
    expect(kernels.decodeRange(0, 700, OUT)).toBe(BLOSC_RESULT.badStream);
  });

  it("keep the strides that the caller asks for", () => {
    open();
    bytes.fill(9, OUT, OUT + 4000);
    // 10 planes of 30 rows of 40 bytes; rows 50 apart, planes 200 apart
    expect(kernels.decodeBox(10, 30, 40, 1, 3, 4, 7, 8, 38, OUT, 50, 200)).toBe(BLOSC_RESULT.ok);
    const expected = new Uint8Array(4000).fill(9);
    for (let z = 1; z < 3; z++) {
      for (let y = 4; y < 7; y++) {
        const row = plain.subarray((z * 30 + y) * 40 + 8, (z * 30 + y) * 40 + 38);
        expected.set(row, (z - 1) * 200 + (y - 4) * 50);
      }
    }
    expect(bytes.slice(OUT, OUT + 4000)).toEqual(expected);
    bytes.set(plain, SCRATCH);
    bytes.fill(9, OUT, OUT + 4000);
    kernels.copyBox(SCRATCH, 30, 40, 1, 3, 4, 7, 8, 38, OUT, 50, 200);
    expect(bytes.slice(OUT, OUT + 4000)).toEqual(expected);
  });

  it("refuse what does not fit", () => {
    open();
    const refused = [
      [10, 30, 40, 1, 1, 0, 1, 0, 1],
      [10, 30, 40, 0, 11, 0, 1, 0, 1],
      [10, 30, 40, 0, 1, 0, 31, 0, 1],
      [10, 30, 40, 0, 1, 0, 1, 0, 41],
      [10, 30, 41, 0, 1, 0, 1, 0, 1],
      [65536, 65536, 12000, 0, 1, 0, 1, 0, 1],
    ] as const;
    for (const [planes, rows, row, z0, z1, y0, y1, x0, x1] of refused) {
      expect(decodeBox([planes, rows, row], [z0, z1, y0, y1, x0, x1], OUT)).toBe(BLOSC_RESULT.badArgument);
    }
    expect(kernels.decodeRange(0, plain.length + 1, OUT)).toBe(BLOSC_RESULT.badArgument);
    expect(kernels.decodeFrame(OUT, plain.length - 1)).toBe(BLOSC_RESULT.badArgument);
    expect(kernels.openFrame(WINDOW, frame.length, WINDOW, 0, frame.length, SCRATCH, 2048)).toBe(BLOSC_RESULT.badArgument);
    expect(kernels.decodeRange(0, 1, OUT)).toBe(BLOSC_RESULT.badArgument); // nothing is open now
  });
});
