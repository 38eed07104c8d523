import { describe, expect, it } from "vitest";
import type { Clock } from "../../src/core/clock.js";
import { testFacts } from "../../test/viewer-facts.js";
import {
  asksFor,
  isWhole,
  makeCache,
  type Plane,
  type PlaneAsk,
  PlaneLoader,
  type PlaneNeed,
  sampleAt,
  samplesOf,
  valueIn,
} from "./planes.js";

const facts = testFacts();
const need = (at: number, more: Partial<PlaneNeed> = {}): PlaneNeed => ({
  axis: "z",
  at,
  slab: 1,
  visible: [0, 0, 256, 512],
  pixelsPerVoxel: 1,
  ...more,
});

describe("which plane is asked for", () => {
  it("the voxels as they are at rest, little while moving", () => {
    const { rough, sharp } = asksFor(facts, need(3));
    expect(sharp).toEqual({ axis: "z", at: 3, slab: 1, level: 0, box: [0, 0, 256, 512], as: "native" });
    expect(rough).toMatchObject({ level: 0, as: "f16" });
    expect(asksFor(testFacts({ dtype: "int16" }), need(3)).rough.as).toBe("native");
  });

  it("the level that fits where there are far more voxels than pixels", () => {
    const big = testFacts({
      shape: [8, 4096, 4096],
      levels: [0, 1, 2].map((level) => ({
        shape: [8, 4096 >> level, 4096 >> level],
        scale: [1, 2 ** level, 2 ** level],
        virtual: true,
      })),
    });
    const { rough, sharp } = asksFor(big, need(0, { visible: [0, 0, 4096, 4096], pixelsPerVoxel: 0.5 }));
    expect([sharp.level, rough.level]).toEqual([1, 2]);
    const near = asksFor(big, need(0, { visible: [1000, 1000, 1300, 1400], pixelsPerVoxel: 2 }));
    expect(near.sharp).toMatchObject({ level: 0, box: [512, 512, 1536, 1536] });
  });
});

describe("how much of a section is asked for", () => {
  // sections of 8,192 × 8,192 voxels, four levels
  const big = testFacts({
    shape: [8, 8192, 8192],
    levels: [0, 1, 2, 3].map((level) => ({
      shape: [8, 8192 >> level, 8192 >> level],
      scale: [1, 2 ** level, 2 ** level],
      virtual: true,
    })),
  });

  it("is no coarser than the coarsest level", () => {
    const all = { visible: [0, 0, 8192, 8192], pixelsPerVoxel: 0.01 } as const;
    const { rough, sharp } = asksFor(big, need(0, all));
    expect([rough.level, sharp.level]).toEqual([3, 3]);
  });

  it("is sharp where four million voxels are enough, wherever they lie", () => {
    const visible = [6000, 6000, 7900, 7900] as const;
    expect(asksFor(big, need(0, { visible, pixelsPerVoxel: 0.5 })).sharp).toMatchObject({
      level: 1,
      box: [2560, 2560, 4096, 4096],
    });
    const fewer = [6200, 6200, 8100, 8100] as const;
    expect(asksFor(big, need(0, { visible: fewer, pixelsPerVoxel: 0.5 })).sharp).toMatchObject({
      level: 0,
      box: [6144, 6144, 8192, 8192],
    });
  });

  it("is the whole section, or a part of it", () => {
    const ask = { axis: "z", at: 0, level: 0, slab: 1, as: "native" } as const;
    const isAll = (...box: [number, number, number, number]) => isWhole(facts, { ...ask, box });
    expect(isAll(0, 0, 256, 512)).toBe(true);
    expect([isAll(1, 0, 256, 512), isAll(0, 1, 256, 512), isAll(0, 0, 255, 512), isAll(0, 0, 256, 511)]).toEqual(
      Array(4).fill(false),
    );
    expect(isWhole(facts, { ...ask, level: 1, box: [0, 0, 128, 256] })).toBe(true);
    expect(isWhole(facts, { ...ask, axis: "x", box: [0, 0, 64, 256] })).toBe(true);
  });
});

describe("numbers of a plane", () => {
  it("64-bit ones become float32, the others stay", () => {
    expect(samplesOf("float64", new Float64Array([1.5, -2]).buffer, 2)).toEqual({
      dtype: "float32",
      data: new Float32Array([1.5, -2]),
    });
    expect(samplesOf("uint64", new BigUint64Array([7n]).buffer, 1).data).toEqual(new Float32Array([7]));
    expect(() => samplesOf("int16", new ArrayBuffer(6), 4)).toThrow("int16");
  });

  it("halves are read as IEEE 754 says", () => {
    const bits = [0x0000, 0x3c00, 0xc000, 0x7bff, 0x0001, 0x7c00, 0x7e00];
    const plane = { dtype: "float16", data: Uint16Array.from(bits) } as unknown as Plane;
    expect(bits.map((_, i) => sampleAt(plane, i))).toEqual([0, 1, -2, 65504, 2 ** -24, Number.POSITIVE_INFINITY, Number.NaN]);
  });

  it("a voxel of level 0 has the value of the level's voxel that holds it", () => {
    const plane: Plane = {
      ...asksFor(facts, need(0)).sharp,
      level: 1,
      box: [0, 0, 128, 256],
      rows: 2,
      columns: 3,
      dtype: "uint8",
      data: Uint8Array.of(1, 2, 3, 4, 5, 6),
    };
    expect(valueIn(facts, plane, 3, 2)).toBe(5);
    expect(valueIn(facts, plane, 4, 0)).toBeUndefined();
    // a part of the section: its first voxel is at 20, 40 of level 0
    const part: Plane = { ...plane, box: [10, 20, 12, 23] };
    expect([valueIn(facts, part, 20, 40), valueIn(facts, part, 21, 41), valueIn(facts, part, 23, 45)]).toEqual([1, 1, 6]);
    for (const [row, column] of [
      [19, 40],
      [20, 39],
      [24, 40],
      [20, 46],
    ] as const)
      expect(valueIn(facts, part, row, column)).toBeUndefined();
  });
});

/** Answers when it is told to. */
function laboratory() {
  const asked: { ask: PlaneAsk; signal: AbortSignal; answer: () => Promise<void>; fail: (error: unknown) => Promise<void> }[] =
    [];
  const [changed, held, others] = [{ is: false }, { is: false }, { areBusy: false }];
  const settlings: number[] = [];
  const shown: Plane[] = [];
  const timers: { ms: number; signal: AbortSignal | undefined; ring: () => Promise<void> }[] = [];
  const settle = async (act: () => void) => {
    act();
    for (let i = 0; i < 5; i++) await Promise.resolve();
  };
  const clock: Clock = {
    now: () => 0,
    monotonic: () => 0,
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        signal?.addEventListener("abort", () => reject(signal.reason));
        timers.push({ ms, signal, ring: () => settle(resolve) });
      }),
  };
  const states: { isSlow: boolean; error?: unknown }[] = [];
  const loader = new PlaneLoader({
    source: {
      facts,
      read: (ask, signal) =>
        new Promise((resolve, reject) => {
          const [rows, columns] = [ask.box[2] - ask.box[0], ask.box[3] - ask.box[1]];
          const plane: Plane = { ...ask, rows, columns, dtype: "float32", data: new Float32Array(rows * columns).fill(ask.at) };
          signal.addEventListener("abort", () => reject(signal.reason));
          const answer = () => settle(() => resolve(plane));
          const fail = (error: unknown) => settle(() => reject(error));
          asked.push({ ask, signal, answer, fail });
        }),
      close() {},
    },
    cache: makeCache(),
    clock,
    show: (plane) => shown.push(plane),
    state: (state) => states.push(state),
    passes: (error) => error === "away",
    isOver: () => changed.is,
    isHeld: () => held.is,
    mayReadAhead: () => !others.areBusy,
    settled: () => settlings.push(shown.length),
  });
  const open = () => asked.filter(({ signal }) => !signal.aborted);
  const ring = async (ms: number) => {
    for (const timer of timers.filter((one) => one.ms === ms && !one.signal?.aborted)) await timer.ring();
  };
  return { loader, asked, shown, states, open, ring, changed, held, others, settlings };
}
const moving = { isMoving: true, direction: 1 } as const;
const resting = { isMoving: false, direction: 1 } as const;

describe("a loader", () => {
  it("shows the rough plane first, then the sharp one, and never goes back", async () => {
    const { loader, asked, shown } = laboratory();
    loader.want(need(3), resting);
    expect(asked.map(({ ask }) => ask.as)).toEqual(["f16"]);
    await asked[0]!.answer();
    await asked[1]!.answer();
    expect([asked[1]!.ask.as, shown.map(({ as }) => as)]).toEqual(["native", ["f16", "native"]]);
  });

  it("has no more than two requests under way; they arrive while one moves, and what is wanted then comes next", async () => {
    const { loader, open, shown, ring } = laboratory();
    for (let at = 0; at < 50; at++) {
      loader.want(need(at), moving);
      expect(open().length).toBeLessThanOrEqual(2);
    }
    expect(open().map(({ ask }) => ask.at)).toEqual([0, 1]);
    await open()[0]!.answer();
    expect([shown.map(({ at }) => at), open().at(-1)?.ask.at]).toEqual([[0], 49]);
    loader.want(need(60), moving);
    await ring(80);
    expect(
      open()
        .slice(-2)
        .map(({ ask }) => ask.at),
    ).toEqual([1, 60]);
  });

  it("shows no older section after a newer one", async () => {
    const { loader, open, shown } = laboratory();
    loader.want(need(1), moving);
    loader.want(need(2), moving);
    const [first, second] = open();
    await second!.answer();
    await first!.answer();
    expect(shown.map(({ at }) => at)).toEqual([2]);
  });

  it("is sharp 80 ms after the last step", async () => {
    const { loader, open, ring, asked } = laboratory();
    loader.want(need(1), moving);
    await open()[0]!.answer();
    await ring(80);
    expect(asked.filter(({ ask }) => ask.as === "native").map(({ ask }) => ask.at)).toEqual([1]);
  });

  it("is never sharp while a key is held, however late the next step comes", async () => {
    const { loader, open, ring, asked, held } = laboratory();
    held.is = true;
    loader.want(need(1), moving);
    await open()[0]!.answer();
    await ring(80);
    expect(asked.some(({ ask }) => ask.as === "native")).toBe(false);
    held.is = false;
    await ring(80);
    expect(asked.some(({ ask }) => ask.as === "native")).toBe(true);
  });

  it("reads nothing ahead while another pane waits, and goes on once that has what it wants", async () => {
    const { loader, asked, others, settlings } = laboratory();
    others.areBusy = true;
    loader.want(need(1), resting);
    expect(loader.isBusy).toBe(true);
    await asked[0]!.answer();
    await asked[1]!.answer();
    expect([asked.length, loader.isBusy, settlings]).toEqual([2, false, [2]]);
    others.areBusy = false;
    loader.goOn();
    expect(asked.slice(2).map(({ ask }) => ask.at)).toEqual([2]);
  });

  it("fetches what comes next while nothing else is to be done, and shows it without asking again", async () => {
    const { loader, asked, shown } = laboratory();
    loader.want(need(1), resting);
    for (let i = 0; i < 6; i++) await asked[i]!.answer();
    expect(asked.slice(2, 6).map(({ ask }) => [ask.at, ask.as])).toEqual([
      [2, "f16"],
      [3, "f16"],
      [4, "f16"],
      [5, "f16"],
    ]);
    loader.want(need(2), moving);
    expect(shown.at(-1)?.at).toBe(2);
    expect(asked.some(({ ask }) => ask.at === 2 && ask.as === "native")).toBe(false);
  });

  it("says after 150 ms that it waits, and why it failed; what may pass is tried again", async () => {
    const { loader, open, ring, states, asked } = laboratory();
    loader.want(need(1), resting);
    await ring(150);
    expect(states.at(-1)).toMatchObject({ isSlow: true });
    await open()[0]!.fail("away");
    expect(states.at(-1)).toMatchObject({ error: "away" });
    const before = asked.length;
    await ring(2000);
    expect(asked.length).toBeGreaterThan(before);
  });

  it("says that it waits no more once it has what it wants, also where that was there already", async () => {
    const { loader, ring, states, asked } = laboratory();
    loader.want(need(1), resting);
    await ring(150);
    expect(states.at(-1)).toEqual({ isSlow: true, error: undefined });
    await asked[0]!.answer();
    await asked[1]!.answer();
    expect(states.at(-1)).toEqual({ isSlow: false, error: undefined });
    loader.want(need(40), resting);
    await ring(150);
    expect(states.at(-1)).toMatchObject({ isSlow: true });
    loader.want(need(1), resting);
    expect(states.at(-1)).toMatchObject({ isSlow: false });
  });

  it("asks once for what is on its way", () => {
    const { loader, asked } = laboratory();
    loader.want(need(1), resting);
    loader.goOn();
    loader.want(need(1), resting);
    expect(asked.length).toBe(1);
  });

  it("keeps to two requests at rest: of others the last one is given up, which is no failure", async () => {
    const { loader, open, states } = laboratory();
    for (const at of [1, 2, 3, 4, 5]) {
      loader.want(need(at), resting);
      for (let i = 0; i < 5; i++) await Promise.resolve();
    }
    expect(open().map(({ ask }) => ask.at)).toEqual([1, 5]);
    expect(states.every(({ error }) => error === undefined)).toBe(true);
  });

  it("says nothing of what it read ahead in vain", async () => {
    const { loader, asked, states } = laboratory();
    loader.want(need(1), resting);
    await asked[0]!.answer();
    await asked[1]!.answer();
    await asked[2]!.fail("gone");
    expect([asked[2]!.ask.at, states.at(-1)]).toEqual([2, { isSlow: false, error: undefined }]);
  });

  it("asks for nothing more once its file is another one, and shows what it has", async () => {
    const { loader, asked, shown, ring, changed } = laboratory();
    loader.want(need(1), resting);
    await asked[0]!.answer();
    changed.is = true;
    await asked[1]!.answer();
    const before = asked.length;
    loader.want(need(9), resting);
    await ring(80);
    loader.want(need(1), moving);
    expect([asked.length, shown.map(({ at, as }) => [at, as])]).toEqual([
      before,
      [
        [1, "f16"],
        [1, "f16"],
      ],
    ]);
  });

  it("ends what is under way when it is closed", () => {
    const { loader, open } = laboratory();
    loader.want(need(1), resting);
    loader.close();
    expect(open()).toEqual([]);
  });
});
