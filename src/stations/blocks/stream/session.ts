import type { BlockCounts } from "../../../arrays/blocks/blocks.js";
import type { Clock } from "../../../core/clock.js";
import { asEmporiumError, EmporiumError, isEmporiumError, toErrorRecord } from "../../../core/errors.js";
import type { JsonObject } from "../../../core/json.js";
import { counted } from "../../../core/units.js";
import { type BatchSource, type Share, type StreamBatch, sizeOf } from "./batch.js";
import { broken, encodeFrame, type Frame, readFrames } from "./frames.js";
import { type Grants, openGrants } from "./grants.js";
import { PROTOCOL, readHello, readRelease, readRequest, shareOf, type Wanted } from "./hello.js";
import { createRing, SHARED_MEMORY, type SharedRing } from "./shared-ring.js";
import type { Wire } from "./wire.js";

export interface SessionOptions {
  readonly source: BatchSource;
  /** Share of a client that asks for no other. */
  readonly share: Share;
  readonly token?: string | undefined;
  readonly shared: boolean;
  /** Slots unless the client asks for another number, and the most bytes of all slots. */
  readonly slots: number;
  readonly memoryBytes: number;
  /** Folder of the ring. Default {@link SHARED_MEMORY}. */
  readonly folder?: string | undefined;
  readonly version: string;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

export interface SessionReport {
  readonly batches: number;
  readonly bytes: number;
}

const HEAD_BYTES_BEFORE_HELLO = 4 * 1024;
const HEAD_BYTES = 64 * 1024;
const HELLO_MS = 10_000;
/** Reason that stops a session whose client has said `end`, or whose connection has ended. */
const LEFT = new EmporiumError("CANCELLED", "the client has left");

/**
 * Serves one client until it has all batches of its share, says `end`, or is gone. Its memory is freed then.
 *
 * @throws {EmporiumError} what reading throws, STREAM_PROTOCOL, STREAM_DENIED; CANCELLED when the signal aborts. The client is told first.
 */
export async function serveClient(wire: Wire, options: SessionOptions): Promise<SessionReport> {
  const stop = new AbortController();
  const abort = () => stop.abort(options.signal.reason);
  options.signal.addEventListener("abort", abort, { once: true });
  if (options.signal.aborted) abort();
  try {
    return await converse(wire, options, stop);
  } catch (thrown) {
    const error = asEmporiumError(thrown, "STREAM_PROTOCOL");
    await wire.write([encodeFrame("error", { ...toErrorRecord(error) })]).catch(() => {});
    throw error;
  } finally {
    options.signal.removeEventListener("abort", abort);
    stop.abort(new EmporiumError("CANCELLED", "the stream is over"));
    wire.close();
  }
}

async function converse(wire: Wire, options: SessionOptions, stop: AbortController): Promise<SessionReport> {
  let headBytesMax = HEAD_BYTES_BEFORE_HELLO;
  const frames = readFrames(wire.incoming, () => headBytesMax);
  const first = await withinTime(frames.next(), options.clock, stop.signal);
  const wanted = readHello(first.done ? undefined : first.value, options.token);
  headBytesMax = HEAD_BYTES;
  const share = shareOf(wanted, options.share);
  const memory = await openMemory(wanted, options);
  const ring = typeof memory === "string" ? undefined : memory;
  const grants = openGrants(ring?.slots);
  stop.signal.addEventListener("abort", () => grants.stop(stop.signal.reason), { once: true });
  try {
    // before the hello: to count a mask takes time, and the client may leave
    const heard = hear(frames, grants, ring).then(
      () => stop.abort(LEFT),
      (error: unknown) => stop.abort(isEmporiumError(error) ? error : LEFT),
    );
    const report = { batches: 0, bytes: 0 };
    try {
      const counts = await options.source.counts(share, stop.signal);
      await wire.write([encodeFrame("hello", welcome(options, memory, counts, share))]);
      await sendAll(wire, options.source.batches(share, stop.signal), { grants, ring }, report);
    } catch (error) {
      // a client that leaves early is served as well as one that takes everything
      if (stop.signal.reason !== LEFT) throw stop.signal.aborted ? stop.signal.reason : error;
    }
    wire.close();
    await heard;
    return report;
  } finally {
    await ring?.close();
  }
}

/** Handles the frames of a client after its hello. Ends when the client does. */
async function hear(frames: AsyncIterable<Frame>, grants: Grants, ring: SharedRing | undefined): Promise<void> {
  for await (const frame of frames) {
    if (frame.kind === "end") return;
    if (frame.kind === "request") {
      // a client asks for batches when it has mapped the memory
      ring?.unlink();
      grants.addCredits(readRequest(frame).credits);
    } else if (frame.kind === "release") {
      const { slot, credits = 1 } = readRelease(frame);
      if (slot !== undefined) grants.giveBack(slot);
      grants.addCredits(credits);
    } else throw broken(`expected "request", "release" or "end", found a frame "${frame.kind}"`);
  }
}

interface Sending {
  readonly grants: Grants;
  readonly ring: SharedRing | undefined;
}

/** @param report which tells what was sent, whatever ends it */
async function sendAll(
  wire: Wire,
  batches: AsyncIterable<StreamBatch>,
  { grants, ring }: Sending,
  report: { batches: number; bytes: number },
): Promise<void> {
  // a frame is on its way while the next slot is written
  let frame = Promise.resolve();
  for await (const batch of batches) {
    const pieces = Object.values(batch.arrays).flatMap((array) => array.pieces);
    const slot = await grants.take();
    if (ring) {
      await ring.write(slot, pieces);
      batch.done();
    }
    await frame;
    const head = encodeFrame("batch", batchHead(batch, report.batches++, ring && slot));
    frame = ring ? wire.write([head]) : wire.write([head, ...pieces]).then(() => batch.done());
    frame.catch(() => {}); // told with the next one
    report.bytes += byteCount(pieces);
  }
  await frame;
  await wire.write([encodeFrame("end", { batches: report.batches })]);
}

function batchHead(batch: StreamBatch, position: number, slot: number | undefined): JsonObject {
  let offset = 0;
  const arrays: Record<string, JsonObject> = {};
  for (const [name, { dtype, shape, pieces }] of Object.entries(batch.arrays)) {
    const bytes = byteCount(pieces);
    arrays[name] = { dtype, shape, offset, bytes };
    offset += bytes;
  }
  const { origins, ids, weights, facts = {} } = batch;
  const place = slot === undefined ? { bytes: offset } : { slot };
  return { position, ...place, arrays, origins, ids, weights, ...facts };
}

function welcome(
  { source, version }: SessionOptions,
  memory: SharedRing | string,
  counts: BlockCounts,
  share: Share,
): JsonObject {
  const { grid, arrays, batch, notes = [] } = source.facts;
  const shared =
    typeof memory === "string" ? { why: memory } : { path: memory.path, slots: memory.slots, slotBytes: memory.slotBytes };
  const own = sizeOf(counts.rank, share, batch);
  const about = { blocks: counts.epoch, share: own, batch, grid: { ...grid }, arrays };
  return { protocol: PROTOCOL, emporium: version, ...about, ...(notes.length > 0 && { notes }), shared };
}

/** @returns a text that says why batches come in the frames */
async function openMemory(wanted: Wanted, options: SessionOptions): Promise<SharedRing | string> {
  if (wanted.transport === "inline") return "the client asks for batches in the frames";
  if (!options.shared) return "the server was started without shared memory";
  const { batchBytes } = options.source.facts;
  const slots = Math.min(wanted.slots ?? options.slots, Math.floor(options.memoryBytes / Math.max(1, batchBytes)));
  if (slots < 2)
    return `two batches of ${counted(batchBytes, "byte does", "bytes do")} not fit the memory limit of ${counted(options.memoryBytes, "byte")}`;
  return createRing({ folder: options.folder ?? SHARED_MEMORY, slots, batchBytes });
}

async function withinTime<T>(work: Promise<T>, clock: Clock, signal: AbortSignal): Promise<T> {
  const stop = new AbortController();
  const late = clock.sleep(HELLO_MS, AbortSignal.any([stop.signal, signal])).then(() => {
    throw broken(`no frame in ${HELLO_MS / 1000} s; expected "hello" first`);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    work.catch(() => {});
    late.catch(() => {});
    stop.abort();
  }
}

function byteCount(pieces: readonly Uint8Array[]): number {
  return pieces.reduce((sum, piece) => sum + piece.length, 0);
}
