import type { Clock } from "../../../../core/clock.js";
import { asEmporiumError, EmporiumError, isEmporiumError } from "../../../../core/errors.js";
import type { JsonObject } from "../../../../core/json.js";
import { broken, encodeFrame, type Frame, readFrames } from "../../stream/frames.js";
import { PROTOCOL } from "../../stream/hello.js";
import { createRing, SHARED_MEMORY, type SharedRing } from "../../stream/shared-ring.js";
import { type Wire, wireOf } from "../../stream/wire.js";
import { type Child, startChild } from "./child.js";

/** One batch for a program. */
export interface ProgramBatch {
  /** Fields of the batch frame: arrays, origins, core. */
  readonly head: JsonObject;
  /** The bytes of its arrays, one behind the other. */
  readonly pieces: readonly Uint8Array[];
  readonly result: { readonly dtype: string; readonly shape: readonly number[]; readonly bytes: number };
}

export interface ProgramOptions {
  readonly command: readonly string[];
  /** Names for CUDA_VISIBLE_DEVICES; undefined leaves it as it is. */
  readonly gpus: readonly string[] | undefined;
  readonly timeoutMs: number;
  /** Fields of the hello frame: facts that do not change from batch to batch. */
  readonly hello: JsonObject;
  /** Bytes of the arrays of the largest batch, and of its result. */
  readonly batchBytes: number;
  readonly resultBytes: number;
  readonly clock: Clock;
}

/** A person's program that computes batches, one after the other. */
export interface Program {
  /**
   * @returns the bytes of the result
   * @throws {EmporiumError} PROGRAM_FAILED; the program is of no use any more unless `isAlive`
   */
  compute(batch: ProgramBatch, signal: AbortSignal | undefined): Promise<Uint8Array>;
  readonly isAlive: boolean;
  /** Tells it to end, and ends it if it does not. */
  close(): Promise<void>;
}

const SLOTS = 2;
const PAGE_BYTES = 4096;
const HEAD_BYTES_MAX = 64 * 1024;
/** A program that is told to end gets so long. */
const END_MS = 2_000;

/** Starts a program and waits until it asks for blocks. @throws {EmporiumError} PROGRAM_FAILED, STREAM_PROTOCOL */
export async function startProgram(options: ProgramOptions): Promise<Program> {
  const { command, gpus, clock, timeoutMs, resultBytes } = options;
  const child = startChild(command, gpus, clock);
  const wire = wireOf(child.socket, child.socket);
  const frames = readFrames(wire.incoming, () => HEAD_BYTES_MAX, resultBytes);
  const talk: Talk = { child, frames, wire, clock, timeoutMs };
  try {
    const ring = await greet(talk, options);
    child.setIdle(true);
    return converse(talk, ring, options);
  } catch (error) {
    child.kill();
    throw error;
  }
}

interface Talk {
  readonly child: Child;
  readonly frames: AsyncGenerator<Frame, void, void>;
  readonly wire: Wire;
  readonly clock: Clock;
  readonly timeoutMs: number;
}

/** Hello and the first request. */
async function greet(talk: Talk, { hello, batchBytes, resultBytes }: ProgramOptions): Promise<SharedRing | undefined> {
  const { head } = await nextFrame(talk, "hello");
  if (head.protocol !== PROTOCOL) throw broken(`expected ${PROTOCOL}, found protocol ${String(head.protocol)}`);
  const memory =
    head.transport === "inline"
      ? "the program asks for batches in the frames"
      : await createRing({ folder: SHARED_MEMORY, slots: SLOTS, batchBytes: pages(batchBytes) + resultBytes });
  const ring = typeof memory === "string" ? undefined : memory;
  try {
    const shared = ring ? { path: ring.path, slots: ring.slots, slotBytes: ring.slotBytes } : { why: memory as string };
    await talk.wire.write([encodeFrame("hello", { protocol: PROTOCOL, ...hello, shared })]).catch(() => {}); // its end is told below
    await nextFrame(talk, "request");
    ring?.unlink();
    return ring;
  } catch (error) {
    await ring?.close();
    throw error;
  }
}

function converse(talk: Talk, ring: SharedRing | undefined, { batchBytes }: ProgramOptions): Program {
  const { child, wire, clock } = talk;
  const resultOffset = pages(batchBytes);
  let isAlive = true;
  let position = 0;
  void child.ended.then(() => {
    isAlive = false;
    void ring?.close();
  });
  async function exchange({ head, pieces, result }: ProgramBatch, signal: AbortSignal | undefined): Promise<Uint8Array> {
    const slot = position % SLOTS;
    if (ring) await ring.write(slot, pieces);
    const bytes = pieces.reduce((sum, piece) => sum + piece.length, 0);
    const frame = encodeFrame("batch", { ...head, position: position++, ...(ring ? { slot, resultOffset } : { bytes }) });
    await wire.write(ring ? [frame] : [frame, ...pieces]).catch(() => {}); // its end is told below
    const answer = await nextFrame(talk, "result", signal);
    checkResult(answer, result);
    if (ring) return ring.read(slot, resultOffset, result.bytes);
    if (answer.payload?.length === result.bytes) return answer.payload;
    throw broken(`expected ${result.bytes}, found a result of ${answer.payload?.length ?? 0} bytes`);
  }
  async function attempt(batch: ProgramBatch, signal: AbortSignal | undefined): Promise<Uint8Array> {
    signal?.throwIfAborted();
    child.setIdle(false);
    try {
      return await exchange(batch, signal);
    } catch (error) {
      if (!isOfBlock(error)) {
        isAlive = false;
        child.kill();
      }
      throw error;
    } finally {
      child.setIdle(true);
    }
  }
  let last: Promise<unknown> = Promise.resolve();
  return {
    get isAlive() {
      return isAlive;
    },
    compute(batch, signal) {
      const own = last.then(() => attempt(batch, signal));
      last = own.catch(() => {});
      return own;
    },
    async close() {
      isAlive = false;
      await wire.write([encodeFrame("end", {})]).catch(() => {});
      const stop = new AbortController();
      const late = clock.sleep(END_MS, stop.signal).catch(() => {});
      await Promise.race([child.ended, late]);
      stop.abort();
      child.kill();
    },
  };
}

/** An error that the program told itself: it goes on with other blocks. */
const OF_BLOCK = "told by the program";
const isOfBlock = (error: unknown) => isEmporiumError(error) && error.facts.cause === OF_BLOCK;

/** @throws {EmporiumError} PROGRAM_FAILED for a program that ends, tells an error or takes too long; the signal's reason */
async function nextFrame(talk: Talk, kind: Frame["kind"], signal?: AbortSignal): Promise<Frame> {
  const { child, frames, clock, timeoutMs } = talk;
  const stop = new AbortController();
  const stopped = signal ? AbortSignal.any([stop.signal, signal]) : stop.signal;
  const late = clock.sleep(timeoutMs, stopped).then(() => {
    throw failed(`gave no answer in ${timeoutMs / 1000} s`, child.tail, "now", "allow more with timeout, in seconds");
  });
  try {
    const next = await Promise.race([frames.next(), late]);
    if (next.done) throw await endedError(child);
    const frame = next.value;
    if (frame.kind === "error") throw toldError(frame.head);
    if (frame.kind !== kind) throw broken(`expected "${kind}", found a frame "${frame.kind}"`);
    return frame;
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  } finally {
    late.catch(() => {});
    stop.abort();
  }
}

async function endedError(child: Child): Promise<EmporiumError> {
  child.setIdle(false);
  const how = await child.ended;
  return failed(how, child.tail, "now");
}

function toldError({ message, tail }: JsonObject): EmporiumError {
  return failed(`failed: ${String(message)}`, String(tail ?? ""), "no", undefined, OF_BLOCK);
}

function failed(what: string, tail: string, retry: "no" | "now", hint?: string, cause?: string): EmporiumError {
  const wrote = tail === "" ? undefined : `it wrote: ${tail}`;
  return new EmporiumError("PROGRAM_FAILED", `the program ${what}`, {
    retry,
    cause,
    hint: [hint, wrote].filter(Boolean).join("; ") || undefined,
  });
}

function checkResult({ head }: Frame, { dtype, shape }: ProgramBatch["result"]): void {
  const found = Array.isArray(head.shape) ? head.shape.join("×") : "nothing";
  if (head.dtype === dtype && found === shape.join("×")) return;
  throw new EmporiumError(
    "PROGRAM_FAILED",
    `the program gave ${found} voxels of ${String(head.dtype)}; expected ${shape.join("×")} of ${dtype}`,
  );
}

const pages = (bytes: number) => Math.ceil(bytes / PAGE_BYTES) * PAGE_BYTES;

/** An error of a program with the block at which it happened. */
export function atBlock(error: unknown, where: string): EmporiumError {
  const { code, message, facts } = asEmporiumError(error, "PROGRAM_FAILED");
  return new EmporiumError(code, `${where}: ${message}`, facts);
}
