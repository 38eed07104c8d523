import { describe, expect, it } from "vitest";
import { memoryVolume } from "../../../../test/memory-volume.js";
import type { BlockTraffic } from "../../../arrays/loader/traffic.js";
import { manualClock } from "../../../core/clock.js";
import { EmporiumError } from "../../../core/errors.js";
import { seededRandom } from "../../../core/random.js";
import { PHASES } from "../../../engine/blocks/figures.js";
import { advise, type Layout } from "./advise.js";
import { type BlockCost, meanCost, type PreflightLoad, totalOf } from "./cost.js";
import { watchGpu } from "./gpu.js";
import { type Bound, fittingIn, predict, type Setting } from "./model.js";
import { preflightLoad } from "./preflight.js";
import { sampleBlocks } from "./sample.js";
import { volumeLoad } from "./volume-load.js";

const NOTHING: BlockCost = { wait: 0, decode: 0, copy: 0, compute: 0, encode: 0, store: 0, requests: 1, storedBytes: 2 ** 20 };
const LAYOUT: Layout = { block: [64, 64, 64], halo: [0, 0, 0], chunk: [64, 64, 64], shape: [2048, 2048, 2048] };
const BLOCKS = 600;

interface Load {
  name: string;
  bound: Bound;
  /** Means; each block's own are between 0.6 and 1.4 times as much. */
  mean: Partial<BlockCost>;
  setting: Setting;
  blockBytes?: number;
  readAgain?: number;
}

const GIB = 2 ** 30;
const setting = (given: Partial<Setting> = {}): Setting => ({ workers: 2, prefetch: 4, memoryBytes: GIB, ...given });

const LOADS: readonly Load[] = [
  { name: "slow store", bound: "io", mean: { wait: 0.4, decode: 0.01, compute: 0.02 }, setting: setting() },
  { name: "slow decode", bound: "decode", mean: { wait: 0.01, decode: 0.2, copy: 0.01, compute: 0.02 }, setting: setting() },
  { name: "slow compute", bound: "compute", mean: { wait: 0.05, decode: 0.03, compute: 0.3 }, setting: setting() },
  {
    name: "small blocks",
    bound: "requests",
    mean: { wait: 0.08, decode: 0.001, compute: 0.004, requests: 8, storedBytes: 8 * 4096 },
    setting: setting(),
  },
  {
    name: "halo-heavy",
    bound: "halo",
    mean: { wait: 0.05, decode: 0.2, copy: 0.02, compute: 0.01 },
    readAgain: 3.4,
    setting: setting({ prefetch: 8 }),
  },
  {
    name: "memory-bound",
    bound: "memory",
    mean: { wait: 0.2, decode: 0.02, compute: 0.03 },
    blockBytes: GIB / 3.5,
    setting: setting({ prefetch: 8 }),
  },
  { name: "much copying", bound: "copy", mean: { wait: 0.01, decode: 0.02, copy: 0.2, compute: 0.02 }, setting: setting() },
];

/** The costs of all blocks, each with its own share of chance. */
function costsOf({ mean }: Load, seed: number): BlockCost[] {
  const random = seededRandom(seed);
  return Array.from({ length: BLOCKS }, () => {
    const own = Object.fromEntries(PHASES.map((phase) => [phase, (mean[phase] ?? 0) * (0.6 + 0.8 * random())]));
    return { ...NOTHING, ...mean, ...own };
  });
}

function playedLoad(load: Load, costs: readonly BlockCost[], clock: ReturnType<typeof manualClock>): PreflightLoad {
  return {
    blocks: BLOCKS,
    blockBytes: load.blockBytes ?? 2 ** 20,
    readAgain: load.readAgain ?? 1,
    computesIn: "consumer",
    async run(position) {
      clock.advance(1000 * totalOf(costs[position]!));
      return costs[position]!;
    },
  };
}

/**
 * A run, event by event, which knows nothing of the model: a block is asked for when the one `prefetch` places before it was taken and memory is
 * free; threads decode in order; the consumer takes blocks in order. Answers blocks a second.
 */
function simulate(costs: readonly BlockCost[], { workers, prefetch, memoryBytes }: Setting, blockBytes: number): number {
  const room = Math.max(1, Math.floor(memoryBytes / blockBytes));
  const threads = Array<number>(workers).fill(0);
  const taken: number[] = [];
  const finished: number[] = [];
  for (const [at, cost] of costs.entries()) {
    const asked = Math.max(0, taken[at - prefetch] ?? 0, finished[at - room] ?? 0);
    const thread = threads.indexOf(Math.min(...threads));
    const decoded = Math.max(asked + cost.wait, threads[thread]!) + cost.decode + cost.copy;
    threads[thread] = decoded;
    taken.push(Math.max(decoded, finished[at - 1] ?? 0));
    finished.push(taken[at]! + cost.compute);
  }
  return costs.length / finished.at(-1)!;
}

describe("the prediction", () => {
  it.each(LOADS)("$name: within 25 % of the run, and what bounds it", async (load) => {
    const costs = costsOf(load, 5);
    const clock = manualClock();
    const played = playedLoad(load, costs, clock);
    const { costs: sampled } = await sampleBlocks(played, clock);
    const cost = meanCost(sampled);
    const predicted = predict(cost, played, load.setting);
    const real = simulate(costs, load.setting, played.blockBytes);
    expect(predicted.bound).toBe(load.bound);
    expect(predicted.blocksPerSecond / real).toBeGreaterThan(0.75);
    expect(predicted.blocksPerSecond / real).toBeLessThan(1.25);
  });

  it.each(LOADS)("$name: its advice is no slower, and gives what it says", (load) => {
    const costs = costsOf(load, 6);
    const played = playedLoad(load, costs, manualClock());
    const advice = advise(meanCost(costs), played, LAYOUT, { cores: 8, memoryBytes: load.setting.memoryBytes });
    const real = simulate(costs, advice, played.blockBytes);
    expect(real).toBeGreaterThanOrEqual(0.95 * simulate(costs, load.setting, played.blockBytes));
    expect(advice.expected.blocksPerSecond / real).toBeGreaterThan(0.75);
    expect(advice.expected.blocksPerSecond / real).toBeLessThan(1.25);
    expect(advice.neededBytes).toBeLessThanOrEqual(load.setting.memoryBytes);
  });

  it("of workers that do all of a block: one after the other, on as many as fit the memory", () => {
    const cost = { ...NOTHING, wait: 0.1, decode: 0.1, compute: 0.6, encode: 0.1, store: 0.1 };
    const load = { blocks: 100, blockBytes: GIB / 4, readAgain: 1, computesIn: "workers" } as const;
    const predicted = predict(cost, load, setting({ workers: 2 }));
    // two workers, a second a block; of which 0.2 s wait
    expect(predicted.blocksPerSecond).toBeCloseTo(2, 12);
    expect(predicted.bound).toBe("compute");
    expect(predicted.idle).toBeCloseTo(0.2, 12);
    expect(predict(cost, load, setting({ workers: 8 })).bound).toBe("memory");
    expect(predict({ ...cost, store: 2 }, load, setting()).bound).toBe("write");
    expect(predict({ ...cost, compute: 0, copy: 0.5 }, load, setting()).bound).toBe("copy");
  });
});

describe("the advice", () => {
  const load = { blocks: 10_000, blockBytes: 2 ** 20, readAgain: 1, computesIn: "consumer" } as const;

  it("asks for larger blocks where halos, requests or copying bound the run, for larger chunks where a request brings little", () => {
    const halo = { ...LAYOUT, block: [32, 32, 32], halo: [16, 16, 16] } as Layout;
    const slow = { ...NOTHING, wait: 0.5, decode: 0.5 };
    expect(advise(slow, { ...load, readAgain: 8 }, halo, { cores: 2, memoryBytes: 1000 * GIB }).block).not.toEqual([32, 32, 32]);
    expect(advise(slow, load, LAYOUT, { cores: 2, memoryBytes: GIB }).block).toEqual([64, 64, 64]);
    const copied = advise({ ...NOTHING, decode: 0.1, copy: 0.5 }, load, LAYOUT, { cores: 2, memoryBytes: GIB });
    expect([copied.expected.bound, copied.block]).toEqual(["copy", [128, 128, 128]]);
    const small = { ...NOTHING, wait: 0.5, requests: 8, storedBytes: 8 * 32 * 1024 };
    // 32 KiB a request, 256 KiB wanted: eight times the voxels
    expect(advise(small, load, LAYOUT, { cores: 2, memoryBytes: GIB }).chunk).toEqual([128, 128, 128]);
  });

  it("counts tasks of about 2 s and jobs of about 10 minutes", () => {
    const compute = { ...NOTHING, compute: 0.25 };
    const advice = advise(compute, load, LAYOUT, { cores: 2, memoryBytes: GIB });
    expect(advice.batch).toBe(8);
    expect(advice.seconds).toBeCloseTo(2500, 6);
    expect(advice.slices).toBe(5);
  });
});

describe("measuring", () => {
  it("takes eight blocks where they are alike, all over the order, and two before that do not count", async () => {
    const positions: number[] = [];
    const load = playedLoad(LOADS[0]!, [], manualClock());
    const alike = { ...NOTHING, wait: 1 };
    const clock = manualClock();
    const run = async (position: number) => {
      positions.push(position);
      return positions.length <= 2 ? { ...alike, decode: 100 } : alike;
    };
    const { costs, isSettled } = await sampleBlocks({ ...load, run }, clock);
    expect([costs.length, isSettled, positions.length]).toEqual([8, true, 10]);
    expect(meanCost(costs).decode).toBe(0);
    expect(new Set(positions.map((position) => Math.floor(position / (BLOCKS / 8)))).size).toBe(8);
  });

  it("goes on while shares vary, and ends after a minute", async () => {
    const clock = manualClock();
    let calls = 0;
    const load: PreflightLoad = {
      ...playedLoad(LOADS[0]!, [], clock),
      async run() {
        clock.advance(2500);
        return ++calls % 4 === 0 ? { ...NOTHING, wait: 1 } : { ...NOTHING, decode: 1 };
      },
    };
    const { costs, isSettled, seconds } = await sampleBlocks(load, clock);
    expect([costs.length, isSettled, seconds]).toEqual([22, false, 60]);
  });

  it("measures few blocks once each, and refuses none at all", async () => {
    const clock = manualClock();
    const load = { ...playedLoad(LOADS[0]!, costsOf(LOADS[0]!, 1), clock), blocks: 3 };
    expect(await sampleBlocks(load, clock)).toMatchObject({ costs: [{}], isSettled: false });
    expect((await sampleBlocks({ ...load, blocks: 1 }, clock)).costs).toHaveLength(1);
    await expect(sampleBlocks({ ...load, blocks: 0 }, clock)).rejects.toThrow(/no blocks/);
  });

  it("of a volume: what the store took, what decoding took, and the rest", async () => {
    const clock = manualClock();
    const traffic: { -readonly [Key in keyof BlockTraffic]: number } = { ...EMPTY_TRAFFIC };
    const volume = memoryVolume([{ shape: [8, 8, 8], chunk: [4, 4, 4] }], async () => {
      clock.advance(100);
      traffic.requests += 3;
      traffic.storedBytes += 500;
      traffic.waitSeconds += 0.06;
      traffic.decodeSeconds += 0.04;
    });
    const loaded = {
      ...volume,
      traffic,
      leastBytes: () => 0,
      levels: volume.levels.map((level) => ({ ...level, readStored: () => Promise.reject(), locate: () => Promise.reject() })),
    };
    const wanted = { level: 0, shape: [4, 4, 4], halo: [1, 1, 1], consumerSeconds: 0.5, threads: 2 } as const;
    const { load } = volumeLoad(loaded, { ...wanted, shape: [4, 4, 4], halo: [1, 1, 1] }, clock);
    expect([load.blocks, load.blockBytes, load.readAgain]).toEqual([8, 216 * 4, 216 / 64]);
    const cost = await load.run(5, undefined);
    const { wait, decode, copy, ...others } = cost;
    // 0.1 s in all: 0.06 waiting, 0.04 on two threads, 0.02 left
    expect([wait, decode, copy].map((seconds) => Math.round(1000 * seconds))).toEqual([60, 40, 20]);
    expect(others).toEqual({ compute: 0.5, encode: 0, store: 0, requests: 3, storedBytes: 500 });
    expect(volume.reads).toHaveLength(1);
    const inChunks = {
      ...loaded,
      levels: loaded.levels.map((level) => ({ ...level, chunk: [4, 8, 4] as [number, number, number] })),
    };
    // two blocks share a chunk: both are measured, and the mean is told
    const both = await volumeLoad(inChunks, { ...wanted, shape: [4, 4, 4], halo: [1, 1, 1] }, clock).load.run(0, undefined);
    expect([volume.reads.length, both.requests, both.storedBytes]).toEqual([3, 3, 500]);
    // of blocks of several chunks each is measured alone
    await volumeLoad(loaded, { ...wanted, shape: [8, 8, 4], halo: [0, 0, 0] }, clock).load.run(0, undefined);
    expect(volume.reads.length).toBe(4);
  });
});

const EMPTY_TRAFFIC: BlockTraffic = {
  requests: 0,
  storedBytes: 0,
  decodedBytes: 0,
  decodedHits: 0,
  storedHits: 0,
  misses: 0,
  absent: 0,
  waitSeconds: 0,
  decodeSeconds: 0,
  heldBytes: 0,
  heldBytesMax: 0,
  reading: 0,
  pins: 0,
};

describe("the report", () => {
  const options = { jobs: 2, memoryBytes: GIB, cores: 4, residentBytes: () => 2 ** 27 };

  it("warns where the consumer waits, and says that there is no GPU", async () => {
    const clock = manualClock();
    const report = await preflightLoad("x.zarr", playedLoad(LOADS[0]!, costsOf(LOADS[0]!, 2), clock), LAYOUT, {
      ...options,
      clock,
      command: () => Promise.reject(new EmporiumError("ENGINE_ABSENT", "nvidia-smi is not on this machine")),
    });
    expect(report.warnings.join()).toMatch(/the consumer waits \d\d %/);
    expect(report.toText()).toMatch(/bound by io/);
    expect(report.toText()).toMatch(/no GPU seen/);
    expect(Object.values(report.shares).reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 12);
  });

  it("warns where there are too few blocks to tell", async () => {
    const clock = manualClock();
    const load = { ...playedLoad(LOADS[2]!, costsOf(LOADS[2]!, 2), clock), blocks: 4 };
    const report = await preflightLoad("x.zarr", load, LAYOUT, { ...options, clock });
    expect(report.warnings).toEqual(["there are 4 blocks: starting up is a part of what was measured"]);
    expect([report.measured, report.isSettled]).toEqual([2, false]);
  });

  it("does not warn where the consumer is busy", async () => {
    const clock = manualClock();
    const report = await preflightLoad("x.zarr", playedLoad(LOADS[2]!, costsOf(LOADS[2]!, 2), clock), LAYOUT, {
      ...options,
      clock,
    });
    expect(report.warnings).toEqual([]);
    expect(report.gpu).toBeNull();
  });
});

describe("the GPU", () => {
  it("is asked five times a second until the blocks are measured", async () => {
    const answers = ["30, 1000", "90, 3000", "60, 2000"];
    const clock = manualClock();
    let end = () => {};
    const done = new Promise<void>((resolve) => {
      end = resolve;
    });
    let asked = 0;
    const use = await watchGpu(
      async (program, words) => {
        expect([program, words[0]]).toEqual(["nvidia-smi", "--query-gpu=utilization.gpu,memory.used"]);
        if (asked === 2) end();
        return { status: 0, stdout: `${answers[asked++]}\n`, stderr: "" };
      },
      clock,
      done,
    );
    expect(use).toEqual({ utilization: 0.6, memoryMiBMax: 3000, samples: 3 });
    expect(clock.sleeps.slice(0, 2)).toEqual([200, 200]);
  });

  it("is none where the driver does not answer", async () => {
    const failed = async () => ({ status: 9, stdout: "NVIDIA-SMI has failed", stderr: "" });
    expect(await watchGpu(failed, manualClock(), Promise.resolve())).toBeUndefined();
  });
});

it("one block is in memory at least, and work that takes no time is one slice", () => {
  expect([fittingIn(99, { blockBytes: 100 }), fittingIn(299, { blockBytes: 100 })]).toEqual([1, 2]);
  const load = { blocks: BLOCKS, blockBytes: 1, readAgain: 1, computesIn: "consumer" } as unknown as PreflightLoad;
  expect(advise({ ...NOTHING, storedBytes: 0 }, load, LAYOUT, { cores: 4, memoryBytes: GIB }).slices).toBe(1);
});

it("a GPU is watched until the blocks are measured, also where that fails, whose error is told elsewhere", async () => {
  const failed = Promise.reject(new Error("no block"));
  failed.catch(() => {});
  const run = async () => ({ status: 0, stdout: "50, 1000\n", stderr: "" });
  expect(await watchGpu(run, manualClock(), failed)).toEqual({ utilization: 0.5, memoryMiBMax: 1000, samples: 1 });
  const none = async () => ({ status: 9, stdout: "", stderr: "no such program" });
  expect(await watchGpu(none, manualClock(), Promise.resolve())).toBeUndefined();
});
