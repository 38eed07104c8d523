import { availableParallelism } from "node:os";
import { fromErrorRecord } from "../../core/errors.js";
import { once } from "../../core/once.js";
import { fewFiles } from "../../system/open-files.js";
import { turns } from "../../system/parallel.js";
import { type ThreadPool, threadPool } from "../../system/threads.js";
import { type Kernels, kernelModule } from "../kernels/kernels.js";
import type { ChunkedLevel } from "./chunked.js";
import type { BlockMemory } from "./memory.js";
import type { TrafficCounts } from "./traffic.js";
import type { DecodeJob, DecodePart, DecodeResult, DecoderData } from "./work/decode-job.js";

/** Decoders of all formats for jobs on the calling thread, loaded when first needed. */
const decoders = once(() => import("./work/run-job.js"));

/** A box of a chunk that is to be decoded. */
export interface WantedBox {
  /** Bytes of shared memory for the duration of the job, for the box or what it is decoded from. */
  readonly bytes: number;
  /** @param at address of its `bytes` */
  place(at: number): PlacedBox;
}

export interface PlacedBox {
  readonly part: DecodePart;
  /** Bytes of the voxels that are decoded for it. */
  readonly wantedBytes: number;
  /** Takes the box while it is in the shared memory. `undefined`: nothing is stored. */
  hear(at: number | undefined): void;
  /** Called when no thread writes to the box any more, whether it was heard or not. */
  release?(): void;
}

export interface DecodePool {
  readonly threads: number;
  /** Jobs that wait for a thread or run. */
  readonly jobs: number;
  /** About how long it takes to read and decode so many bytes of voxels, by the latest jobs of the level; undefined before the first. */
  expectedMs(level: ChunkedLevel, bytes: number): number | undefined;
  /**
   * Decodes boxes of one level, one after the other on one thread, once there is a thread and memory for it.
   *
   * @param counts traffic of the volume, to which this adds.
   * @param here on the calling thread, which stands still meanwhile.
   * @throws {EmporiumError} the first box's error, after all others were heard.
   */
  run(level: ChunkedLevel, boxes: readonly WantedBox[], counts: TrafficCounts, here?: boolean): Promise<void>;
  /** Ends threads that do nothing just now: the next work starts others. */
  rest(): Promise<void>;
  end(): Promise<void>;
}

/** Scratch of a job until a job of the level has asked for more. */
const SCRATCH_BYTES = 256 * 1024;
/** Heap of a thread for young objects, in MiB: decoders make few objects. */
const YOUNG_MIB = 2;

/** Weight of a job that took longer than expected: other programs delay some jobs, a slow disk or codec delays all. */
const WEIGHT = 1 / 16;

export function decodePool(memory: () => BlockMemory, kernels: () => Kernels, threadsWanted?: number): DecodePool {
  const threads = fewFiles ? 1 : Math.max(1, threadsWanted ?? availableParallelism());
  const turn = turns(threads);
  const needs = new WeakMap<ChunkedLevel, { scratch: number; aside: number }>();
  const times = decodeTimes();
  let pool: ThreadPool<DecodeJob, DecodeResult> | undefined;
  let jobs = 0;

  function started(): ThreadPool<DecodeJob, DecodeResult> {
    const data: DecoderData = { memory: memory().shared, module: kernelModule() };
    const entry = new URL("./work/decoder.js", import.meta.url);
    pool ??= threadPool({ entry, data, youngMiB: YOUNG_MIB, threadsMax: threads, idleMax: threads });
    return pool;
  }

  /** Runs boxes until one needs more memory. @returns number of boxes that were heard. */
  async function attempt(
    level: ChunkedLevel,
    boxes: readonly PlacedBox[],
    scratchAt: number,
    counts: TrafficCounts,
    errors: unknown[],
    here: boolean,
  ): Promise<number> {
    const { scratch, aside } = needs.get(level)!;
    const job: DecodeJob = {
      name: level.name,
      coding: level.coding!,
      chunk: level.chunk,
      parts: boxes.map(({ part }) => part),
      scratch: { at: scratchAt, length: scratch },
      aside,
    };
    const result = here ? await runHere(job) : await started().run(job);
    counts.waitSeconds += result.waitMs / 1000;
    counts.decodeSeconds += result.decodeMs / 1000;
    for (const [i, part] of result.parts.entries()) {
      counts.requests += part.reads;
      counts.storedBytes += part.storedBytes;
      counts.decodedBytes += part.decodedBytes;
      if (part.error) errors.push(fromErrorRecord(part.error));
      else boxes[i]!.hear(part.absent ? undefined : job.parts[i]!.target);
    }
    if (result.need) needs.set(level, result.need);
    // where nothing is stored there is nothing to learn of what is
    else if (!result.parts.some(({ absent }) => absent)) times.learn(level, boxes, result);
    return result.parts.length;
  }

  async function runHere(job: DecodeJob): Promise<DecodeResult> {
    // the threads get theirs first
    if (jobs > 1) await new Promise<void>((resolve) => setImmediate(resolve));
    const { runJob } = await decoders();
    return runJob(job, kernels(), memory().bytes());
  }

  return {
    threads,
    get jobs() {
      return jobs;
    },
    expectedMs: times.expectedMs,
    async run(level, boxes, counts, here = false) {
      jobs++;
      const leave = here ? () => {} : await turn();
      try {
        const errors: unknown[] = [];
        for (let rest = boxes; rest.length > 0; ) {
          const { scratch, aside } = needs.get(level) ?? { scratch: SCRATCH_BYTES, aside: 0 };
          needs.set(level, { scratch, aside });
          const claim = await memory().claim([scratch, ...rest.map(({ bytes }) => bytes)], aside);
          const [scratchAt, ...places] = claim.at;
          const placed: PlacedBox[] = [];
          try {
            for (const [i, box] of rest.entries()) placed.push(box.place(places[i]!));
            rest = rest.slice(await attempt(level, placed, scratchAt!, counts, errors, here));
          } finally {
            for (const { release } of placed) release?.();
            claim.release();
          }
        }
        if (errors.length > 0) throw errors[0];
      } finally {
        leave();
        jobs--;
      }
    },
    async rest() {
      await pool?.rest();
    },
    async end() {
      await pool?.end();
      pool = undefined;
    },
  };
}

/** Milliseconds per byte of voxels for each level, learnt from its latest jobs. */
function decodeTimes() {
  const msPerByte = new WeakMap<ChunkedLevel, number>();

  function learn(level: ChunkedLevel, boxes: readonly PlacedBox[], { waitMs, decodeMs }: DecodeResult): void {
    const bytes = boxes.reduce((sum, { wantedBytes }) => sum + wantedBytes, 0);
    if (bytes === 0) return;
    const latest = (waitMs + decodeMs) / bytes;
    const before = msPerByte.get(level) ?? latest;
    msPerByte.set(level, Math.min(latest, before + WEIGHT * (latest - before)));
  }

  function expectedMs(level: ChunkedLevel, bytes: number): number | undefined {
    const ms = msPerByte.get(level);
    return ms === undefined ? undefined : ms * bytes;
  }

  return { learn, expectedMs };
}
