import { availableParallelism } from "node:os";
import { fromErrorRecord } from "../../core/errors.js";
import { fewFiles } from "../../system/open-files.js";
import { turns } from "../../system/parallel.js";
import { type ThreadPool, threadPool } from "../../system/threads.js";
import { kernelModule } from "../kernels/kernels.js";
import type { ChunkedLevel } from "./chunked.js";
import type { BlockMemory, Claim } from "./memory.js";
import type { TrafficCounts } from "./traffic.js";
import type { DecodeJob, DecodePart, DecodeResult, DecoderData } from "./work/decode-job.js";

/** A box of a chunk that is to be decoded. */
export interface WantedBox {
  readonly part: Omit<DecodePart, "target">;
  /** Bytes of the box. */
  readonly bytes: number;
  /** Where it goes, if there is a place for it in the shared memory already. */
  readonly target?: number | undefined;
  /** Takes the box while it is in the shared memory. `undefined`: nothing is stored. */
  hear(at: number | undefined): void;
}

export interface DecodePool {
  readonly threads: number;
  /** Jobs that wait for a thread or run. */
  readonly jobs: number;
  /**
   * Decodes boxes of one level, one after the other on one thread, once there is a thread and memory for it.
   *
   * @param prepare makes the boxes when the job's turn comes.
   * @param counts of the volume.
   * @throws {EmporiumError} the first box's error, after all others were heard.
   */
  run(level: ChunkedLevel, prepare: () => readonly WantedBox[], counts: TrafficCounts): Promise<void>;
  end(): Promise<void>;
}

/** Scratch of a job until a job of the level has asked for more. */
const SCRATCH_BYTES = 256 * 1024;
/** Decoders make few objects. */
const YOUNG_MIB = 8;

export function decodePool(memory: () => BlockMemory, threadsWanted?: number): DecodePool {
  const threads = fewFiles ? 1 : Math.max(1, threadsWanted ?? availableParallelism());
  const turn = turns(threads);
  const needs = new WeakMap<ChunkedLevel, { scratch: number; aside: number }>();
  let pool: ThreadPool<DecodeJob, DecodeResult> | undefined;
  let jobs = 0;

  function started(): ThreadPool<DecodeJob, DecodeResult> {
    const data: DecoderData = { memory: memory().shared, module: kernelModule() };
    const entry = new URL("./work/decoder.js", import.meta.url);
    pool ??= threadPool({ entry, data, youngMiB: YOUNG_MIB, threadsMax: threads, idleMax: threads });
    return pool;
  }

  /** Runs boxes until one needs more memory. @returns how many were heard. */
  async function attempt(
    level: ChunkedLevel,
    boxes: readonly WantedBox[],
    claim: Claim,
    counts: TrafficCounts,
    errors: unknown[],
  ): Promise<number> {
    const { scratch, aside } = needs.get(level)!;
    const targets = boxes.map(({ target }, i) => target ?? claim.at[i + 1]!);
    const result = await started().run({
      name: level.name,
      coding: level.coding!,
      chunk: level.chunk,
      parts: boxes.map(({ part }, i) => ({ ...part, target: targets[i]! })),
      scratch: { at: claim.at[0]!, length: scratch },
      aside,
    });
    counts.waitSeconds += result.waitMs / 1000;
    counts.decodeSeconds += result.decodeMs / 1000;
    for (const [i, part] of result.parts.entries()) {
      counts.requests += part.reads;
      counts.storedBytes += part.storedBytes;
      counts.decodedBytes += part.decodedBytes;
      if (part.error) errors.push(fromErrorRecord(part.error));
      else boxes[i]!.hear(part.absent ? undefined : targets[i]);
    }
    if (result.need) needs.set(level, result.need);
    return result.parts.length;
  }

  return {
    threads,
    get jobs() {
      return jobs;
    },
    async run(level, prepare, counts) {
      jobs++;
      const leave = await turn();
      try {
        const errors: unknown[] = [];
        for (let rest = prepare(); rest.length > 0; ) {
          const { scratch, aside } = needs.get(level) ?? { scratch: SCRATCH_BYTES, aside: 0 };
          needs.set(level, { scratch, aside });
          const claim = await memory().claim(
            [scratch, ...rest.map(({ bytes, target }) => (target === undefined ? bytes : 0))],
            aside,
          );
          try {
            rest = rest.slice(await attempt(level, rest, claim, counts, errors));
          } finally {
            claim.release();
          }
        }
        if (errors.length > 0) throw errors[0];
      } finally {
        leave();
        jobs--;
      }
    },
    async end() {
      await pool?.end();
      pool = undefined;
    },
  };
}
